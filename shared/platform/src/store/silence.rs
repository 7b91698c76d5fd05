//! When a purchase was last heard of, so that somebody notices when no more come.
//!
//! The stream's consumer notes it, not the webhook, whose write would be one more with every
//! purchase: at most once an hour and shop. The hourly job asks whether that is long ago.

use jiff::{SignedDuration, Timestamp};
use loyalty::ids::ShopId;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::item::{self, Put};
use super::keys::Entity;
use super::set_aside::hash;
use super::{Store, StoreError, Write, retry};

/// The topic of tasks that ask the owner why nothing is heard of purchases any more.
pub const SILENCE: &str = "silence";

/// What was heard within it of what is noted isn't noted too.
const NOTED_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// When a shop was last heard of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// Counts writes.
    pub version: u64,
    /// When a purchase changed, by its source's own time; up to an hour more may have passed
    /// by what was heard since.
    pub at: Timestamp,
    /// Since when it is known, and its owner asked, that nothing was heard for too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_since: Option<Timestamp>,
}

impl Heard {
    /// Whether hearing of something that happened then is worth a write.
    fn is_news(&self, at: Timestamp) -> bool {
        self.version == 0 || at.duration_since(self.at) >= NOTED_EVERY
    }

    /// What the task of its silence says: one for each.
    fn task(&self) -> String {
        json!({ "heard_at": self.at }).to_string()
    }

    fn put(&self, shop: &ShopId) -> Result<Put, StoreError> {
        let next = Self { version: self.version.saturating_add(1), ..*self };
        Ok(Put::new(Entity::Heard.key(shop), &next)?.if_version("version", self.version))
    }
}

impl Store {
    /// When a purchase of a shop was last heard of; `None`: never.
    pub async fn last_heard(&self, shop: &ShopId) -> Result<Option<Heard>, StoreError> {
        self.get(&Entity::Heard.key(shop)).await?.map(item::read).transpose()
    }

    /// Notes that a purchase was heard of. The end of a silence is noted at once, and closes
    /// its task; else at most one an hour is worth a write.
    pub async fn note_heard(&self, shop: &ShopId, at: Timestamp) -> Result<(), StoreError> {
        for attempt in 1.. {
            let known = self.last_heard(shop).await?.unwrap_or_default();
            let ends = known.silent_since.filter(|_| at > known.at);
            if ends.is_none() && !known.is_news(at) {
                return Ok(());
            }
            if ends.is_some() {
                self.close_silence(shop, &known).await?;
            }
            let heard = Heard { at, silent_since: None, ..known };
            if self.put(heard.put(shop)?).await? == Write::Done {
                return Ok(());
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    /// Notes that nothing was heard of a shop for too long since `known`, and asks its owner:
    /// once for each silence, however often it is noted. Says whether it is one still.
    pub async fn note_silence(
        &self,
        shop: &ShopId,
        known: &Heard,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if known.silent_since.is_none() {
            let silent = Heard { silent_since: Some(now), ..*known };
            if self.put_surely(silent.put(shop)?).await? != Write::Done {
                // It was heard of meanwhile; else the next hour notes it.
                return Ok(false);
            }
        }
        if !self.keep_task(shop, SILENCE, &known.task(), now).await? {
            return Ok(true);
        }
        // Whoever heard of it meanwhile found no task to close.
        let heard = self.last_heard(shop).await?.unwrap_or_default();
        if heard.at == known.at {
            return Ok(true);
        }
        self.close_silence(shop, known).await?;
        Ok(false)
    }

    /// Takes a silence back that is none by other hours.
    pub async fn end_silence(&self, shop: &ShopId, known: &Heard) -> Result<(), StoreError> {
        self.close_silence(shop, known).await?;
        let heard = Heard { silent_since: None, ..*known };
        // Who was faster knows better.
        self.put_surely(heard.put(shop)?).await?;
        Ok(())
    }

    async fn close_silence(&self, shop: &ShopId, known: &Heard) -> Result<(), StoreError> {
        let hash = hash(&[known.task().as_bytes()]);
        self.close_task(shop, SILENCE, &hash).await?;
        Ok(())
    }
}
