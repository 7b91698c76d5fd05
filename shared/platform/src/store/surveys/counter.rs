//! Answers at the counter: anonymous, and so many a minute.
//!
//! A minute has its places, each written if absent: that is the rate limit, and nothing has
//! to count.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use loyalty::ids::ShopId;
use loyalty::survey::Score;

use super::{Answer, CounterAnswer};
use crate::store::keys::{COUNTER_ANSWERS, Entity};
use crate::store::{Store, StoreError, Write, item, table};

/// Answers that a shop's counter takes in a minute.
pub const COUNTER_PLACES: u16 = 20;

/// Places that one answer asks for before it is told to come again.
const TRIES: u8 = 3;

impl Store {
    /// Keeps an answer given at the counter, if its minute has a place left; `None`: it has
    /// none, and nothing is kept.
    pub async fn answer_at_counter(
        &self,
        shop: &ShopId,
        score: Score,
        comment: Option<String>,
        now: Timestamp,
    ) -> Result<Option<CounterAnswer>, StoreError> {
        for _ in 0..TRIES {
            let taken = self.taken_places(shop, now).await?;
            let free: Vec<u16> =
                (0..COUNTER_PLACES).filter(|place| !taken.contains(place)).collect();
            // Any of them: who comes at the same moment then rarely wants the same.
            let Some(slot) = fastrand::choice(&free).copied() else { return Ok(None) };
            let answer = Answer { at: now, score: score.value(), comment: comment.clone() };
            let answer = CounterAnswer { question: score.question(), answer, slot };
            if self.put_surely(answer.put(shop)?).await? == Write::Done {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    /// The places of a minute that are taken.
    async fn taken_places(
        &self,
        shop: &ShopId,
        now: Timestamp,
    ) -> Result<BTreeSet<u16>, StoreError> {
        let minute = Entity::CounterAnswer(now, 0).key(shop).pk;
        let answer = self
            .query()
            .consistent_read(true)
            .key_condition_expression(format!("{} = :pk", table::PK))
            .projection_expression(table::SK)
            .expression_attribute_values(":pk", AttributeValue::S(minute))
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        self.has_read(answer.consumed_capacity());
        let place = |item| {
            let sk = item::text(item, table::SK)?;
            sk.strip_prefix(COUNTER_ANSWERS)?.parse().ok()
        };
        Ok(answer.items().iter().filter_map(place).collect())
    }
}
