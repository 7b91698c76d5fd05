//! Decisions that left no message: why nothing was told.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use loyalty::ids::{CustomerId, ShopId};
use loyalty::mail::{Kind, WhyNot};
use serde::{Deserialize, Serialize};

use crate::store::item::{self, Put};
use crate::store::keys::{DECISIONS, Entity, customer_partition};
use crate::store::{Store, StoreError, table};

/// Thirteen months.
const LIFE: SignedDuration = SignedDuration::from_hours(396 * 24);

/// A kind of mail that somebody didn't get on a day, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The local day.
    pub date: Date,
    /// The kind.
    pub kind: Kind,
    /// What would have caused it.
    pub trigger: String,
    /// Why not.
    pub why: WhyNot,
    /// When that was decided.
    pub at: Timestamp,
}

impl Store {
    /// Keeps a decision; the day's first of a kind stands.
    pub async fn keep_decision(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        decision: &Decision,
    ) -> Result<(), StoreError> {
        let key = Entity::Decision(customer, decision.date, decision.kind.as_str()).key(shop);
        let expires = decision.at.checked_add(LIFE).unwrap_or(Timestamp::MAX);
        self.put_surely(Put::new(key, decision)?.expires(expires).if_absent()).await?;
        Ok(())
    }

    /// The decisions about a customer, oldest first.
    pub async fn decisions(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        now: Timestamp,
    ) -> Result<Vec<Decision>, StoreError> {
        let mut found = self.query_all(&customer_partition(shop, customer), DECISIONS).await?;
        let now = u64::try_from(now.as_second()).unwrap_or(0);
        found.retain(|decision| item::number(decision, table::EXPIRES_AT) > now);
        found.into_iter().map(item::read).collect()
    }
}
