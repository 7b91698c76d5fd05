//! Whether purchases still reach us: what was heard, and the shops of which nothing was for
//! too many opening hours.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use loyalty::ids::ShopId;
use platform::store::{StoreError, StoredOrder};
use platform::telemetry::Metric;

use crate::Mailer;

/// What this process noted already: a look at the table each hour and shop is enough.
#[derive(Debug, Default)]
pub(crate) struct Noted(Mutex<BTreeMap<ShopId, Timestamp>>);

/// How much later than what was noted something has to be to be worth a look at the table.
const LOOKED_EVERY: SignedDuration = SignedDuration::from_hours(1);

impl Noted {
    fn is_news(&self, shop: &ShopId, at: Timestamp) -> bool {
        let noted = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        noted.get(shop).is_none_or(|noted| at.duration_since(*noted) >= LOOKED_EVERY)
    }

    fn keep(&self, shop: &ShopId, at: Timestamp) {
        let mut noted = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        noted.insert(shop.clone(), at);
    }
}

/// When the source said what is new of a changed order; `None`: nothing, or nothing that it
/// told us by itself.
pub(crate) fn told_at(before: Option<&StoredOrder>, after: &StoredOrder) -> Option<Timestamp> {
    let was = before.and_then(|before| before.record.state.told_at());
    // We asked: an answer says nothing of what would have come unasked.
    let answered =
        before.is_some_and(|before| before.lookup.is_some() && before.lookup != after.lookup);
    after.record.state.told_at().filter(|at| !answered && Some(*at) > was)
}

impl Mailer {
    /// Notes that a purchase was heard of, of a shop that is watched.
    pub(crate) async fn heard(&self, shop: &ShopId, at: Timestamp) -> Result<(), StoreError> {
        let now = self.services.clock.now();
        // A source whose clock is ahead mustn't make a silence shorter.
        let at = at.min(now);
        if !self.heard.is_news(shop, at) {
            return Ok(());
        }
        let store = &self.services.store;
        let rules = store.rules(shop, now).await?;
        let current = rules.programs.current(now);
        if current.is_none_or(|version| version.program.shop.hours.is_none()) {
            return Ok(());
        }
        store.note_heard(shop, at).await?;
        self.heard.keep(shop, at);
        Ok(())
    }

    /// Looks which of these shops have been silent for too long, asks their owners, and tells
    /// how many there are. What kept one from being looked at keeps no other.
    pub(crate) async fn look_for_silence(&self, shops: &[ShopId]) -> Result<(), StoreError> {
        let (mut silent, mut failed) = (0_u64, None);
        for shop in shops {
            match self.is_silent(shop).await {
                Ok(true) => silent = silent.saturating_add(1),
                Ok(false) => {}
                Err(error) => failed = Some(error),
            }
        }
        if silent > 0 {
            tracing::warn!(silent, "shops of which no purchase was heard for too long");
            self.services.metrics.tell(Metric::SilentShops, silent, self.services.clock.now());
        }
        failed.map_or(Ok(()), Err)
    }

    async fn is_silent(&self, shop: &ShopId) -> Result<bool, StoreError> {
        let (store, now) = (&self.services.store, self.services.clock.now());
        let rules = store.rules(shop, now).await?;
        let Some(version) = rules.programs.current(now) else { return Ok(false) };
        // Who isn't watched costs no look; what was open as a task then is closed by hand.
        if version.program.shop.hours.is_none() {
            return Ok(false);
        }
        let Some(known) = store.last_heard(shop).await? else { return Ok(false) };
        if version.program.shop.is_silent(known.at, now) {
            return store.note_silence(shop, &known, now).await;
        }
        if known.silent_since.is_some() {
            store.end_silence(shop, &known).await?;
        }
        Ok(false)
    }
}
