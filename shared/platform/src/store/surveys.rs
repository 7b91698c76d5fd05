//! Surveys: what was asked about an order, and what was answered.
//!
//! A survey stands under its customer and order, so that an order is asked about once and its
//! answer counts once. Comments stand there and nowhere else: they are erased with her.

mod answering;
mod counter;
mod lists;

use jiff::{SignedDuration, Timestamp};
use loyalty::Points;
use loyalty::ids::{CustomerId, OrderRef, ShopId, TierId};
use loyalty::month::Month;
use loyalty::survey::{NoSuchScore, OPEN_DAYS, Question, Score};
use serde::{Deserialize, Serialize};

pub use self::answering::{Answered, Answering};
pub use self::counter::COUNTER_PLACES;
pub use self::lists::{AnswerPlace, AnswersPage, Asked, NoAnswerPlace};
use super::item::{self, Put};
use super::keys::{Entity, List};
use super::{Store, StoreError};

/// The longest comment, in characters.
pub const LONGEST_COMMENT: usize = 2_000;

/// Answers of one survey that are kept: the latest.
pub(super) const ANSWERS_KEPT: usize = 10;

/// Products of an order that its survey remembers.
pub(super) const PRODUCTS_KEPT: usize = 10;

/// A survey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// Counts writes.
    pub version: u64,
    /// The order it asks about.
    pub order: OrderRef,
    /// What it asks.
    pub question: Question,
    /// When the mail that asks went out, to the second.
    pub asked_at: Timestamp,
    /// What was answered, oldest first: the last counts. The latest ten are kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
    /// How many answers there were.
    #[serde(default)]
    pub answered: u32,
    /// Her tier when she first answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<TierId>,
    /// What the order was of, as its source names it: ten products at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
    /// Points that her first answer brought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<Points>,
    /// The follow-up that a low score of it opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up: Option<String>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// When.
    pub at: Timestamp,
    /// The score, within its question's.
    pub score: u8,
    /// What she wrote. Personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// An answer given at the counter, by nobody knows whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterAnswer {
    /// What was asked.
    pub question: Question,
    /// When, what and in which words.
    #[serde(flatten)]
    pub answer: Answer,
    /// Its place in its minute.
    pub slot: u16,
}

impl Survey {
    /// One that was asked about an order at `asked_at`.
    pub fn asked(order: OrderRef, question: Question, asked_at: Timestamp) -> Self {
        Self {
            version: 1,
            order,
            question,
            asked_at,
            answers: Vec::new(),
            answered: 0,
            tier: None,
            products: Vec::new(),
            points: None,
            follow_up: None,
        }
    }

    /// When it closes.
    pub fn closes_at(&self) -> Timestamp {
        closes(self.asked_at)
    }

    /// The answer that counts; `None`: there is none.
    pub fn answer(&self) -> Option<&Answer> {
        self.answers.last()
    }

    /// Its score.
    pub fn score(&self) -> Option<Score> {
        self.answer().and_then(|answer| self.question.score(answer.score).ok())
    }

    /// Its write, without a condition. It stands in the list of the month it was asked in, at
    /// the time of its last answer.
    pub(super) fn put(&self, shop: &ShopId, customer: &CustomerId) -> Result<Put, StoreError> {
        let at = self.answer().map_or(self.asked_at, |answer| answer.at);
        let id = format!("{customer} {}", self.order);
        let list = List::Surveys(month(self.asked_at));
        let key = Entity::Survey(customer, &self.order).key(shop);
        Ok(Put::new(key, self)?.listed(list.place(shop, at, &id)))
    }
}

impl CounterAnswer {
    /// Its score.
    pub fn score(&self) -> Result<Score, NoSuchScore> {
        self.question.score(self.answer.score)
    }

    /// Its write, if its place is free.
    pub(super) fn put(&self, shop: &ShopId) -> Result<Put, StoreError> {
        let at = self.answer.at;
        let list = List::Surveys(month(at));
        let id = format!("counter {}", self.slot);
        let key = Entity::CounterAnswer(at, self.slot).key(shop);
        Ok(Put::new(key, self)?.listed(list.place(shop, at, &id)).if_absent())
    }
}

/// When a survey closes that was asked at `asked_at`.
pub fn closes(asked_at: Timestamp) -> Timestamp {
    let open = SignedDuration::from_hours(i64::from(OPEN_DAYS).saturating_mul(24));
    asked_at.checked_add(open).unwrap_or(Timestamp::MAX)
}

/// The month surveys are listed under: by UTC, for all shops.
pub(super) fn month(at: Timestamp) -> Month {
    Month::of(at.to_zoned(jiff::tz::TimeZone::UTC).date())
}

impl Store {
    /// Keeps that a customer was asked about an order, unless that is known.
    pub async fn keep_survey(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        survey: &Survey,
    ) -> Result<(), StoreError> {
        self.put_surely(survey.put(shop, customer)?.if_absent()).await?;
        Ok(())
    }

    /// The survey about an order, by whom it asked; `None`: it isn't known that it was asked.
    pub async fn survey(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        order: &OrderRef,
    ) -> Result<Option<Survey>, StoreError> {
        let found = self.get(&Entity::Survey(customer, order).key(shop)).await?;
        found.map(item::read).transpose()
    }
}
