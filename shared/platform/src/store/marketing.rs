//! Whether a shop's marketing mail is held, by a person or by itself because too much of its
//! mail came back or was called spam.
//!
//! It stands in the shop's status, which every claim of a message has as a condition. How mail
//! is received is counted from the messages themselves when something bad is heard, so that
//! mail that arrives pays nothing for it.

use jiff::{SignedDuration, Timestamp};
use loyalty::ids::ShopId;
use loyalty::mail::reputation::{BadReception, LOOKED_AT, Reception};
use loyalty::month::Month;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::messages::{Among, Message, State};
use super::set_aside::hash;
use super::{Status, Store, StoreError, Whence};

/// The topic of tasks that ask the owner to look why marketing stopped by itself.
pub const MARKETING_PAUSED: &str = "marketing-paused";

/// Mail goes out at the latest so long after it was planned, but for the little that waits
/// for somebody to mend something.
const PLANNED_BEFORE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The newest messages tell enough of more than these.
const LOOKED_THROUGH: usize = 2000;

/// Messages in one page of them.
const PAGE: usize = 500;

/// Why marketing mail is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyHeld {
    /// A person said so, by this door.
    ByHand(Whence),
    /// It stopped by itself.
    ByItself(BadReception),
}

/// Marketing mail that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketingPause {
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub why: WhyHeld,
}

impl MarketingPause {
    /// What the owner's task says.
    fn task(&self) -> String {
        json!({ "at": self.at, "why": self.why }).to_string()
    }
}

impl Status {
    /// Holds marketing or lets it go on; says whether that is a change.
    fn change_marketing(&mut self, pause: Option<MarketingPause>, now: Timestamp) -> bool {
        if self.marketing_paused.is_some() == pause.is_some() {
            return false;
        }
        if pause.is_none() {
            self.marketing_resumed_at = Some(now);
        }
        self.marketing_paused = pause;
        true
    }
}

impl Store {
    /// Holds a shop's marketing mail, or lets it go on, as a person says; gives its status
    /// then. Set to what it is, nothing changes. The task of one that stopped by itself is
    /// done with it.
    pub async fn set_marketing_paused(
        &self,
        shop: &ShopId,
        paused: bool,
        by: Whence,
        now: Timestamp,
    ) -> Result<Status, StoreError> {
        let pause = paused.then_some(MarketingPause { at: now, why: WhyHeld::ByHand(by) });
        let mut lifted = None;
        let (status, _) = self
            .change_status(shop, |status| {
                lifted = status.marketing_paused.filter(|_| !paused);
                status.change_marketing(pause, now)
            })
            .await?;
        if let Some(lifted) = lifted {
            let hash = hash(&[lifted.task().as_bytes()]);
            self.close_task(shop, MARKETING_PAUSED, &hash).await?;
        }
        Ok(status)
    }

    /// Holds a shop's marketing mail where too much of its mail of the last days, or since
    /// somebody let it go on, came back or was called spam; and asks its owner, once each
    /// time. Gives why, where it stopped with this.
    pub async fn guard_marketing(
        &self,
        shop: &ShopId,
        now: Timestamp,
    ) -> Result<Option<BadReception>, StoreError> {
        let status = self.status(shop).await?;
        let mut stopped = None;
        let mut pause = status.marketing_paused;
        if pause.is_none() {
            let since = now.checked_sub(LOOKED_AT).unwrap_or(now);
            let since = status.marketing_resumed_at.map_or(since, |resumed| resumed.max(since));
            let Some(bad) = self.reception(shop, since, now).await?.verdict() else {
                return Ok(None);
            };
            let by_itself = MarketingPause { at: now, why: WhyHeld::ByItself(bad) };
            let changed =
                self.change_status(shop, |status| status.change_marketing(Some(by_itself), now));
            let (status, is_news) = changed.await?;
            pause = status.marketing_paused;
            stopped = is_news.then_some(bad);
        }
        // Also for one whose task wasn't kept when it stopped.
        if let Some(pause) = pause.filter(|pause| matches!(pause.why, WhyHeld::ByItself(_))) {
            self.keep_task(shop, MARKETING_PAUSED, &pause.task(), now).await?;
        }
        Ok(stopped)
    }

    /// How a shop's mail was received since then, by its newest messages.
    async fn reception(
        &self,
        shop: &ShopId,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Reception, StoreError> {
        let planned = since.checked_sub(PLANNED_BEFORE).unwrap_or(since);
        let (mut month, first) = (month_of(now), month_of(planned));
        let (mut reception, mut seen) = (Reception::default(), 0_usize);
        while month >= first {
            let mut before = None;
            loop {
                let page = self.message_page(shop, month, Among::All, before, PAGE, |_| true);
                let page = page.await?;
                for kept in page.messages {
                    if kept.message.planned_at < planned || seen == LOOKED_THROUGH {
                        return Ok(reception);
                    }
                    seen = seen.saturating_add(1);
                    count(&mut reception, &kept.message, since);
                }
                before = page.next;
                if before.is_none() {
                    break;
                }
            }
            month = month.plus(-1);
        }
        Ok(reception)
    }
}

fn month_of(at: Timestamp) -> Month {
    Month::of(at.to_zoned(jiff::tz::TimeZone::UTC).date())
}

/// Counts a message in. What the owner alone got says nothing of customers.
fn count(reception: &mut Reception, message: &Message, since: Timestamp) {
    if message.claim.as_ref().is_none_or(|claim| claim.to_owner) {
        return;
    }
    let lately = |at: Option<Timestamp>| at.is_some_and(|at| at >= since);
    let bounced = message.bounced.filter(|bounced| bounced.permanent).map(|bounced| bounced.at);
    let one = |count: &mut u64, is_one: bool| *count = count.saturating_add(is_one.into());
    one(&mut reception.sent, message.state == State::Sent && lately(message.sent_at));
    one(&mut reception.bounced, lately(bounced));
    one(&mut reception.complained, lately(message.complained_at));
}
