//! What a source's history brings besides orders: the opening gift.

use jiff::Timestamp;
use loyalty::Points;
use loyalty::ids::{CustomerId, ShopId};
use loyalty::opening;
use serde_json::json;

use super::item::Put;
use super::keys::Entity;
use super::{Store, StoreError, Write, retry};

impl Store {
    /// Gives a member points because the program opened and she had bought before: once per
    /// account, however often it is asked for. Says whether she got them now.
    pub async fn give_opening(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        points: Points,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        for attempt in 1.. {
            let (holder, mut account) = self.account(shop, customer.clone()).await?;
            let once = Entity::Idempotency(&format!("opening-gift {holder}")).key(shop);
            if self.get(&once).await?.is_some() {
                return Ok(false);
            }
            let rules = self.rules(shop, now).await?;
            let read_version = account.version;
            let given = opening::give(&rules.programs, &mut account, points, now)?;
            let Some(entry) = given else { return Ok(false) };
            account.due = self.due(shop, &account, &rules.programs, now).await?;
            let puts = vec![
                Put::new(once, &json!({ "at": now }))?.if_absent(),
                self.put_account_of(shop, &holder, &account, read_version)?,
                Put::new(Entity::Ledger(&holder, entry.number).key(shop), &entry)?.if_absent(),
            ];
            if self.write(puts).await? == Write::Done {
                return Ok(true);
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }
}
