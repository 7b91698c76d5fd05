//! Follow-ups: low scores that wait for a person.
//!
//! A follow-up holds no words of the customer's: those stand in her survey.

mod acts;

use jiff::Timestamp;
use loyalty::Points;
use loyalty::ids::{CustomerId, OrderRef, ShopId};
use loyalty::month::Month;
use loyalty::survey::{AnswerBy, HELD_FOR, Question, Score};
use serde::{Deserialize, Serialize};

pub use self::acts::{Closing, FollowUpAct, FollowUpError, Goodwill};
use super::item::{self, Put};
use super::keys::{Entity, List};
use super::{Store, StoreError, Whence, short_hash};

/// A low score that waits, or waited, for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// Counts writes.
    pub version: u64,
    /// Its id: of the survey's customer and order.
    pub id: String,
    /// Who gave the score, as the survey has her.
    pub customer: CustomerId,
    /// The order the survey asked about.
    pub order: OrderRef,
    /// What it asked.
    pub question: Question,
    /// The score as it now stands: she may have changed her mind since.
    pub score: u8,
    /// Whether she wrote something too.
    pub with_words: bool,
    /// When it was opened, the last time.
    pub opened_at: Timestamp,
    /// Which opening that was, from 1.
    pub round: u32,
    /// How she may be answered; `None`: she didn't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_by: Option<AnswerBy>,
    /// What was done, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// When it was closed; `None`: it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
}

/// Something a person did about a follow-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// By which door it came.
    pub by: Whence,
    /// What.
    #[serde(flatten)]
    pub what: FollowedUp,
}

/// What a person did about a follow-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "did", rename_all = "snake_case")]
pub enum FollowedUp {
    /// Answered by mail.
    Answered {
        /// The message's trigger.
        trigger: String,
    },
    /// Called her.
    Called,
    /// Gave her points.
    Gave {
        /// How many.
        points: Points,
        /// The entry in her ledger.
        entry: u64,
    },
    /// Closed it.
    Closed,
}

impl FollowedUp {
    /// Whether it answered her, by mail or by a call.
    fn is_answer(&self) -> bool {
        matches!(self, Self::Answered { .. } | Self::Called)
    }
}

impl FollowUp {
    /// The id of the follow-up of a survey.
    pub fn id(shop: &ShopId, customer: &CustomerId, order: &OrderRef) -> String {
        let mut id = short_hash(&format!("follow-up\n{shop}\n{customer}\n{order}"));
        id.truncate(13);
        id
    }

    /// One that a low score opens.
    pub fn opened(
        shop: &ShopId,
        customer: &CustomerId,
        order: &OrderRef,
        score: Score,
        now: Timestamp,
    ) -> Self {
        Self {
            version: 1,
            id: Self::id(shop, customer, order),
            customer: customer.clone(),
            order: order.clone(),
            question: score.question(),
            score: score.value(),
            with_words: false,
            opened_at: now,
            round: 1,
            answer_by: None,
            steps: Vec::new(),
            closed_at: None,
        }
    }

    /// Whether it waits for somebody.
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }

    /// Until when marketing mail to her waits for it, unless it is closed before.
    pub fn holds_until(&self) -> Timestamp {
        self.opened_at.checked_add(HELD_FOR).unwrap_or(Timestamp::MAX)
    }

    /// Whether somebody has answered or called her since it was opened.
    pub fn was_answered(&self) -> bool {
        self.since_opened().any(FollowedUp::is_answer)
    }

    /// Whether she was given points since it was opened.
    pub fn was_given_points(&self) -> bool {
        self.since_opened().any(|did| matches!(did, FollowedUp::Gave { .. }))
    }

    /// What was done since it was opened: after it was last closed.
    fn since_opened(&self) -> impl Iterator<Item = &FollowedUp> {
        let steps = self.steps.iter().rev().map(|step| &step.what);
        steps.take_while(|did| **did != FollowedUp::Closed)
    }

    /// The triggers of the answers by mail, oldest first.
    fn answers(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.steps.iter().filter_map(|step| match &step.what {
            FollowedUp::Answered { trigger } => Some(trigger.as_str()),
            _ => None,
        })
    }

    /// Its write, without a condition.
    pub(super) fn put(&self, shop: &ShopId) -> Result<Put, StoreError> {
        let listed = match self.closed_at {
            None => List::OpenFollowUps.place(shop, self.opened_at, &self.id),
            Some(at) => {
                let month = super::surveys::month(at);
                List::ClosedFollowUps(month).place(shop, at, &self.id)
            }
        };
        Ok(Put::new(Entity::FollowUp(&self.id).key(shop), self)?.listed(listed))
    }
}

impl Store {
    /// A follow-up by its id.
    pub async fn follow_up(&self, shop: &ShopId, id: &str) -> Result<Option<FollowUp>, StoreError> {
        self.get(&Entity::FollowUp(id).key(shop)).await?.map(item::read).transpose()
    }

    /// The follow-ups that wait for somebody, the longest waiting first. Their list follows the
    /// table a little later.
    pub async fn open_follow_ups(&self, shop: &ShopId) -> Result<Vec<FollowUp>, StoreError> {
        let mut found = self.follow_ups_in(shop, List::OpenFollowUps).await?;
        found.retain(FollowUp::is_open);
        found.sort_by(|a, b| (a.opened_at, &a.id).cmp(&(b.opened_at, &b.id)));
        Ok(found)
    }

    /// The follow-ups that were closed in a month (UTC), the last closed first.
    pub async fn closed_follow_ups(
        &self,
        shop: &ShopId,
        month: Month,
    ) -> Result<Vec<FollowUp>, StoreError> {
        let mut found = self.follow_ups_in(shop, List::ClosedFollowUps(month)).await?;
        found.retain(|one| one.closed_at.is_some_and(|at| super::surveys::month(at) == month));
        found.sort_by(|a, b| (b.closed_at, &b.id).cmp(&(a.closed_at, &a.id)));
        Ok(found)
    }

    async fn follow_ups_in(
        &self,
        shop: &ShopId,
        list: List<'_>,
    ) -> Result<Vec<FollowUp>, StoreError> {
        let keys = self.list(&list.partition(shop)).await?;
        self.get_all(keys).await?.into_iter().map(item::read).collect()
    }
}
