//! Withdrawals of consent on their way to the sources: work of the drain like messages.

use jiff::{SignedDuration, Timestamp};
use loyalty::ids::{CustomerId, ShopId};
use serde::{Deserialize, Serialize};

use super::item::Put;
use super::keys::{Entity, send_bucket, time};
use super::{Store, StoreError, Write};

/// How long one is kept.
const LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Somebody's withdrawal that the sources are to know of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errand {
    /// Counts writes.
    pub version: u64,
    /// Who withdrew.
    pub customer: CustomerId,
    /// When she said it.
    pub at: Timestamp,
    /// When it is tried next; `None`: nothing is left to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// Attempts that failed.
    #[serde(default)]
    pub tries: u16,
    /// Why the last one did. No personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Errand {
    fn put(&self, shop: &ShopId) -> Result<Put, StoreError> {
        let next = Self { version: self.version.saturating_add(1), ..self.clone() };
        let key = Entity::Withdrawal(&self.customer, self.at).key(shop);
        let put = Put::new(key, &next)?.expires(self.at.checked_add(LIFE).unwrap_or(self.at));
        let put = match self.due {
            Some(due) => {
                let place = format!("{}#withdrawal#{}", time(due), self.customer);
                put.due(&send_bucket(shop, due), &place)
            }
            None => put,
        };
        Ok(put.if_version("version", self.version))
    }
}

impl Store {
    /// Keeps a withdrawal that the sources are to know of; one that is kept already stays as
    /// it is. Says whether it is new.
    pub async fn plan_withdrawal(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (customer, due) = (customer.clone(), Some(now));
        let errand = Errand { version: 0, customer, at, due, tries: 0, why: None };
        Ok(self.put_surely(errand.put(shop)?).await? == Write::Done)
    }

    /// Keeps what became of an errand: later, or done. Whoever was faster stands.
    pub async fn keep_errand(&self, shop: &ShopId, errand: &Errand) -> Result<(), StoreError> {
        self.put_surely(errand.put(shop)?).await?;
        Ok(())
    }
}
