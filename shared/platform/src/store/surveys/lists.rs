//! Surveys and answers at the counter, for people to read and count.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use loyalty::ids::{CustomerId, ShopId};
use loyalty::month::Month;
use loyalty::survey::{Question, Score};
use thiserror::Error;

use super::{Answer, CounterAnswer, Survey};
use crate::store::keys::{COUNTER_ANSWERS, Entity, Key, List, SURVEYS};
use crate::store::messages::{Place, customer_of};
use crate::store::{Contact, Item, Store, StoreError, item, table};

/// Answers read for one page at most: whoever wants few of many gets short pages.
const READ_AT_MOST: usize = 1000;

/// What stands in the list of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Somebody who was asked by mail.
    Somebody(CustomerId, Survey),
    /// An answer at the counter, by nobody knows whom.
    Counter(CounterAnswer),
}

impl Asked {
    /// What was asked.
    pub fn question(&self) -> Question {
        match self {
            Self::Somebody(_, survey) => survey.question,
            Self::Counter(counter) => counter.question,
        }
    }

    /// The answer that counts; `None`: there is none.
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Somebody(_, survey) => survey.answer(),
            Self::Counter(counter) => Some(&counter.answer),
        }
    }

    /// Its score.
    pub fn score(&self) -> Option<Score> {
        self.question().score(self.answer()?.score).ok()
    }

    /// The survey, where somebody was asked.
    pub fn survey(&self) -> Option<&Survey> {
        match self {
            Self::Somebody(_, survey) => Some(survey),
            Self::Counter(_) => None,
        }
    }

    fn read(found: Item) -> Result<Option<Self>, StoreError> {
        let sk = item::text(&found, table::SK).unwrap_or_default();
        if sk.starts_with(COUNTER_ANSWERS) {
            return item::read(found).map(|counter| Some(Self::Counter(counter)));
        }
        let customer = item::text(&found, table::PK).and_then(|pk| customer_of(&pk));
        match customer.filter(|_| sk.starts_with(SURVEYS)) {
            Some(customer) => {
                item::read(found).map(|survey| Some(Self::Somebody(customer, survey)))
            }
            None => Ok(None),
        }
    }
}

/// Where an answer stands among those of its month: pages go on from there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerPlace {
    /// The month it is listed under.
    pub month: Month,
    place: Place,
}

/// A text that is no answer's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this isn't a place among answers")]
pub struct NoAnswerPlace;

/// As a link can carry it.
impl fmt::Display for AnswerPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{} {}", self.month, self.place.as_str());
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(text))
    }
}

impl FromStr for AnswerPlace {
    type Err = NoAnswerPlace;

    fn from_str(text: &str) -> Result<Self, NoAnswerPlace> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| NoAnswerPlace)?;
        let text = String::from_utf8(bytes).map_err(|_| NoAnswerPlace)?;
        let (month, place) = text.split_once(' ').ok_or(NoAnswerPlace)?;
        let month = month.parse().map_err(|_| NoAnswerPlace)?;
        let at = place.split('#').next().unwrap_or_default();
        at.parse::<Timestamp>().map_err(|_| NoAnswerPlace)?;
        Ok(Self { month, place: Place::read(place) })
    }
}

/// A part of a month's answers, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswersPage {
    /// The answers.
    pub answers: Vec<Asked>,
    /// Where to go on; `None`: these were the last.
    pub next: Option<AnswerPlace>,
}

impl Store {
    /// Everybody who was asked in a month (UTC), and the answers that were given at the counter
    /// in it, in no order. Their list follows the table a little later.
    pub async fn asked_in(&self, shop: &ShopId, month: Month) -> Result<Vec<Asked>, StoreError> {
        let keys = self.list(&List::Surveys(month).partition(shop)).await?;
        let mut asked = Vec::new();
        for found in self.get_all(keys).await? {
            asked.extend(Asked::read(found)?);
        }
        Ok(asked)
    }

    /// Answers to what was asked in a month (UTC), and those given at the counter in it, newest
    /// first, from below a place on.
    pub async fn answers_page(
        &self,
        shop: &ShopId,
        month: Month,
        before: Option<AnswerPlace>,
        limit: usize,
        is_wanted: impl Fn(&Asked) -> bool,
    ) -> Result<AnswersPage, StoreError> {
        let list = List::Surveys(month).partition(shop);
        let (mut answers, mut seen) = (Vec::new(), 0_usize);
        let mut next = before.map(|before| before.place);
        let at = |place: Option<Place>| place.map(|place| AnswerPlace { month, place });
        while seen < READ_AT_MOST {
            let (places, more) = self.newest(&list, next.as_ref()).await?;
            seen = seen.saturating_add(places.len());
            let mut found = self.found_at(&places).await?;
            for (place, key) in places {
                if answers.len() == limit {
                    return Ok(AnswersPage { answers, next: at(next) });
                }
                answers.extend(found.remove(&(key.pk, key.sk)).filter(&is_wanted));
                next = Some(place);
            }
            if !more {
                return Ok(AnswersPage { answers, next: None });
            }
        }
        Ok(AnswersPage { answers, next: at(next) })
    }

    async fn found_at(
        &self,
        places: &[(Place, Key)],
    ) -> Result<BTreeMap<(String, String), Asked>, StoreError> {
        let keys = places.iter().map(|(_, key)| key.clone()).collect();
        let mut found = BTreeMap::new();
        for one in self.get_all(keys).await? {
            let part = |name| item::text(&one, name).unwrap_or_default();
            let key = (part(table::PK), part(table::SK));
            if let Some(asked) = Asked::read(one)? {
                found.insert(key, asked);
            }
        }
        Ok(found)
    }

    /// The contact data of these customers themselves, of those who have any.
    pub async fn contacts(
        &self,
        shop: &ShopId,
        customers: impl IntoIterator<Item = &CustomerId>,
    ) -> Result<BTreeMap<CustomerId, Contact>, StoreError> {
        let keys: BTreeMap<String, Key> = customers
            .into_iter()
            .map(|one| (one.to_string(), Entity::Contact(one).key(shop)))
            .collect();
        let mut contacts = BTreeMap::new();
        for found in self.get_all(keys.into_values().collect()).await? {
            let customer = item::text(&found, table::PK).and_then(|pk| customer_of(&pk));
            if let Some(customer) = customer {
                contacts.insert(customer, item::read(found)?);
            }
        }
        Ok(contacts)
    }
}
