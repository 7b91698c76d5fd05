//! Messages for people to read, newest first.

use std::collections::BTreeMap;
use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use loyalty::ids::ShopId;
use loyalty::mail::{Class, Kind};
use loyalty::month::Month;

use super::{DecidedOn, Decision, Kept, LIFE, Message, customer_of, read};
use crate::store::keys::{Key, List, Listed};
use crate::store::reads::key_of;
use crate::store::{Customer, Store, StoreError, item, table};

/// Messages read at once while looking for those that are wanted.
const AT_ONCE: i32 = 100;
/// Messages read for one page at most: whoever wants few of many gets short pages.
const READ_AT_MOST: usize = 1000;

/// Where a message stands among the others: pages go on from there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(String);

impl Place {
    /// The place of a message of this id that was planned then.
    pub fn of(planned_at: Timestamp, id: &str) -> Self {
        Self(Listed::at(String::new(), planned_at, id).place)
    }

    /// A place as a list has it.
    pub(in crate::store) fn read(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// As a list has it.
    pub(in crate::store) fn as_str(&self) -> &str {
        &self.0
    }
}

/// As it stands in a link, without what a link would need encoded: `<time>_<id>`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.replace('#', "_"))
    }
}

/// Messages, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagePage {
    /// The messages.
    pub messages: Vec<Kept>,
    /// Whether there may be more: their place is below that.
    pub next: Option<Place>,
}

/// Which messages of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among {
    /// All.
    All,
    /// Those in trouble: failed, or waiting after a failure.
    Troubled,
    /// The others.
    Untroubled,
}

impl Message {
    /// What it tells, or was to tell.
    pub fn kinds(&self) -> &[Kind] {
        self.claim.as_ref().map_or(&self.draft.sections, |claim| &claim.kinds)
    }

    /// The class of what it tells: that of the section that asks the most.
    pub fn class(&self) -> Class {
        self.kinds().iter().map(|kind| kind.class()).max().unwrap_or(Class::Marketing)
    }

    /// Where it stands among the others.
    pub fn place(&self) -> Place {
        Place::of(self.planned_at, &self.id)
    }

    /// Whether it isn't kept any more, though it may still be there.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.planned_at.checked_add(LIFE).is_ok_and(|over| over <= now)
    }
}

impl Store {
    /// Messages planned in a month (UTC), newest first, from below a place on.
    pub async fn message_page(
        &self,
        shop: &ShopId,
        month: Month,
        among: Among,
        before: Option<Place>,
        limit: usize,
        is_wanted: impl Fn(&Message) -> bool,
    ) -> Result<MessagePage, StoreError> {
        let lists: &[bool] = match among {
            Among::All => &[true, false],
            Among::Troubled => &[true],
            Among::Untroubled => &[false],
        };
        let (mut messages, mut next, mut seen) = (Vec::new(), before, 0_usize);
        while seen < READ_AT_MOST {
            let (mut places, mut more) = (BTreeMap::new(), false);
            for troubled in lists {
                let list = List::Messages { troubled: *troubled, month }.partition(shop);
                let (found, has_more) = self.newest(&list, next.as_ref()).await?;
                more |= has_more;
                places.extend(found);
            }
            // What is below the end of a list that goes on isn't whole yet.
            let most = usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
            more |= places.len() > most;
            let places: BTreeMap<Place, Key> = places.into_iter().rev().take(most).collect();
            let mut found = BTreeMap::new();
            for item in self.get_all(places.values().cloned().collect()).await? {
                let customer = item::text(&item, table::PK).and_then(|pk| customer_of(&pk));
                let message = read(item)?;
                // The index follows the table a little later: the item itself decides.
                let stands = among == Among::All || lists.contains(&message.is_troubled());
                if let Some(customer) = customer.filter(|_| stands && is_wanted(&message)) {
                    found.insert(message.place(), Kept { customer, message });
                }
            }
            seen = seen.saturating_add(places.len());
            for place in places.into_keys().rev() {
                if messages.len() == limit {
                    return Ok(MessagePage { messages, next });
                }
                messages.extend(found.remove(&place));
                next = Some(place);
            }
            if !more {
                return Ok(MessagePage { messages, next: None });
            }
        }
        Ok(MessagePage { messages, next })
    }

    /// The newest places of a list below one, and whether there are more.
    pub(in crate::store) async fn newest(
        &self,
        list: &str,
        before: Option<&Place>,
    ) -> Result<(Vec<(Place, Key)>, bool), StoreError> {
        let mut condition = format!("{} = :list", table::LIST.partition);
        if before.is_some() {
            condition = format!("{condition} AND {} < :before", table::LIST.sort);
        }
        let before = before.map(|place| (":before".to_owned(), AttributeValue::S(place.0.clone())));
        let list = (":list".to_owned(), AttributeValue::S(list.to_owned()));
        let answer = self
            .query()
            .index_name(table::LIST.name)
            .key_condition_expression(condition)
            .set_expression_attribute_values(Some(before.into_iter().chain([list]).collect()))
            .scan_index_forward(false)
            .limit(AT_ONCE)
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        self.has_read(answer.consumed_capacity());
        let more = answer.last_evaluated_key.is_some();
        let items = answer.items.unwrap_or_default();
        let place = |item| item::text(item, table::LIST.sort).unwrap_or_default();
        Ok((items.iter().map(|item| (Place(place(item)), key_of(item))).collect(), more))
    }

    /// Every message to a customer and to those who were merged into her, newest first.
    pub async fn messages_to(
        &self,
        shop: &ShopId,
        customer: &Customer,
        now: Timestamp,
    ) -> Result<Vec<Kept>, StoreError> {
        let mut found = Vec::new();
        for one in self.family(shop, &customer.id, &customer.account).await? {
            let messages = self.messages(shop, &one).await?.into_iter();
            let kept = messages.filter(|message| !message.is_over(now));
            found.extend(kept.map(|message| Kept { customer: one.clone(), message }));
        }
        found.sort_by_cached_key(|kept| std::cmp::Reverse(kept.message.place()));
        Ok(found)
    }

    /// What was decided about a customer and those who were merged into her, newest first.
    pub async fn decided_about(
        &self,
        shop: &ShopId,
        customer: &Customer,
        now: Timestamp,
    ) -> Result<Vec<DecidedOn>, StoreError> {
        let mut found = Vec::new();
        for one in self.family(shop, &customer.id, &customer.account).await? {
            let decisions = self.decisions(shop, &one, now).await?.into_iter();
            found.extend(decisions.map(|decision| DecidedOn { customer: one.clone(), decision }));
        }
        found.sort_by_key(|one| std::cmp::Reverse((one.decision.at, one.decision.kind)));
        Ok(found)
    }

    /// The same, without whose it is.
    pub async fn decisions_about(
        &self,
        shop: &ShopId,
        customer: &Customer,
        now: Timestamp,
    ) -> Result<Vec<Decision>, StoreError> {
        let found = self.decided_about(shop, customer, now).await?;
        Ok(found.into_iter().map(|one| one.decision).collect())
    }
}
