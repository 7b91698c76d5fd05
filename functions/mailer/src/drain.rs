//! Works off what is due: claims, sends, settles; and looks orders up at their sources.
//!
//! Shops take turns, a message each, so that a slow one holds up no other. SES takes a mail
//! or doesn't, or its answer is lost: then the message stays claimed, and SES's own event
//! settles it. Where none came by the end of the claim, marketing is never sent again, and
//! what she has a right to know once more.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use loyalty::ids::{OrderRef, ShopId};
use loyalty::mail::{Kind, WhyNot};
use platform::mail::{Quota, SendError};
use platform::store::{
    Claimed, Desk, Errand, Kept, MessageState, ReliedOn, StoreError, StoredOrder, Wanted,
};
use sources::withdrawals::{Withdrawal, WrittenBack};
use tokio::time::Instant;

use crate::Mailer;
use crate::letter::{self, LetterError};
use crate::lookout::{Decided, decide};

/// Work of a shop taken at once.
const AT_ONCE: usize = 100;

/// How often a message is decided about anew, because something changed meanwhile.
const ATTEMPTS: u32 = 5;

/// How often SES is asked again that has had enough for the moment.
const THROTTLED_ATTEMPTS: u32 = 3;

/// How long a message waits that SES had no room for.
const THROTTLED_FOR: SignedDuration = SignedDuration::from_mins(1);

/// How long a message waits until somebody may have done something about it.
const HELD_FOR: SignedDuration = SignedDuration::from_hours(1);

/// How long that is tried.
const HELD_AT_MOST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a drain did.
#[derive(Debug, Default)]
pub struct Drained {
    /// Messages that SES took.
    pub sent: u64,
    /// Messages that wait, for a reason of the rules or of SES's.
    pub waiting: u64,
    /// Messages left out.
    pub dropped: u64,
    /// Messages that can't be sent, or of which nobody knows.
    pub failed: u64,
    /// Orders looked up.
    pub looked_up: u64,
    /// Whether the time ended before the work did.
    pub more: bool,
    /// What kept something from being worked off; it stays due.
    pub error: Option<StoreError>,
}

/// What became of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Sent,
    Waiting,
    Dropped,
    Failed,
}

/// A shop's work, as it was found.
#[derive(Debug, Default)]
struct Queue {
    messages: VecDeque<Kept>,
    errands: VecDeque<Errand>,
    lookups: VecDeque<(OrderRef, StoredOrder)>,
}

impl Mailer {
    /// Works off what is due of these shops, for as long as `budget` lasts: mail first, then
    /// what asks the sources, which may be slow. What isn't done stays due, and is found by the
    /// next drain.
    pub async fn drain(&self, shops: &[ShopId], budget: Duration) -> Drained {
        let ends = Instant::now().checked_add(budget);
        let mut drained = Drained::default();
        let mut open: Vec<ShopId> = shops.to_vec();
        while !open.is_empty() {
            let mut queues = BTreeMap::new();
            let mut more = Vec::new();
            for shop in std::mem::take(&mut open) {
                match self.due(&shop).await {
                    Ok((queue, rest)) => {
                        // Only what gets done makes room for more.
                        if rest && !queue.messages.is_empty() {
                            more.push(shop.clone());
                        }
                        queues.insert(shop, queue);
                    }
                    Err(error) => drained.error = Some(error),
                }
            }
            let failed = self.take_turns(&mut queues, ends, &mut drained).await;
            drained.more = ends.is_some_and(|ends| Instant::now() >= ends);
            if !drained.more {
                open = more.into_iter().filter(|shop| !failed.contains(shop)).collect();
            }
        }
        drained
    }

    /// Works queues off, one thing of each shop after the other, and gives the shops whose
    /// work the table kept from going on.
    async fn take_turns(
        &self,
        queues: &mut BTreeMap<ShopId, Queue>,
        ends: Option<Instant>,
        drained: &mut Drained,
    ) -> BTreeSet<ShopId> {
        let mut failed = BTreeSet::new();
        for mail in [true, false] {
            let mut finished = BTreeSet::new();
            while finished.len() < queues.len() {
                for (shop, queue) in queues.iter_mut() {
                    if ends.is_some_and(|ends| Instant::now() >= ends) {
                        return failed;
                    }
                    if finished.contains(shop) || failed.contains(shop) {
                        finished.insert(shop.clone());
                        continue;
                    }
                    let done = match mail {
                        true => self.next_message(shop, queue, drained).await,
                        false => self.next_question(shop, queue, drained).await,
                    };
                    match done {
                        Ok(true) => {}
                        Ok(false) => {
                            finished.insert(shop.clone());
                        }
                        Err(error) => {
                            tracing::warn!(%shop, error = error.chain(), "work stays due");
                            drained.error = Some(error);
                            failed.insert(shop.clone());
                        }
                    }
                }
            }
        }
        failed
    }

    /// A shop's next message; `false`: there is none.
    async fn next_message(
        &self,
        shop: &ShopId,
        queue: &mut Queue,
        drained: &mut Drained,
    ) -> Result<bool, StoreError> {
        let Some(kept) = queue.messages.pop_front() else { return Ok(false) };
        match self.work(shop, kept.clone()).await {
            Ok(ended) => drained.count(ended),
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => {
                // It would be the same each time.
                let (id, error) = (&kept.message.id, error.chain());
                tracing::error!(%shop, message = id, error, "a message can't be worked off");
                self.services.store.message_failed(shop, &kept, &error).await?;
                drained.count(Ended::Failed);
            }
        }
        Ok(true)
    }

    /// A shop's next question to a source; `false`: there is none.
    async fn next_question(
        &self,
        shop: &ShopId,
        queue: &mut Queue,
        drained: &mut Drained,
    ) -> Result<bool, StoreError> {
        if let Some(errand) = queue.errands.pop_front() {
            self.run_errand(shop, errand, self.services.clock.now()).await?;
            return Ok(true);
        }
        let Some(lookup) = queue.lookups.pop_front() else { return Ok(false) };
        let worked = self.lookups.work_off(&self.services, shop, vec![lookup]).await?;
        drained.looked_up = drained.looked_up.saturating_add(worked.done.into());
        Ok(true)
    }

    /// What is due of a shop, and whether there is more.
    async fn due(&self, shop: &ShopId) -> Result<(Queue, bool), StoreError> {
        let now = self.services.clock.now();
        let due = self.services.store.due_work(shop, AT_ONCE, now).await?;
        for key in &due.unreadable {
            tracing::error!(%shop, key, "work that is due can't be read: it is left");
        }
        let (messages, errands) = (due.messages.into(), due.errands.into());
        Ok((Queue { messages, errands, lookups: due.lookups.into() }, due.more))
    }

    /// Tells the sources that somebody withdrew, or asks the owner to.
    async fn run_errand(
        &self,
        shop: &ShopId,
        errand: Errand,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (customer, at, tries) = (errand.customer.clone(), errand.at, errand.tries);
        let withdrawal = Withdrawal { customer, at, tries };
        let told = self.withdrawals.write_back(&self.services, shop, &withdrawal).await?;
        let errand = match told {
            WrittenBack::Done => Errand { due: None, why: None, ..errand },
            WrittenBack::Later { why, wait, next } => {
                tracing::warn!(%shop, customer = %errand.customer, why, "a withdrawal waits");
                let (due, tries) = (now.checked_add(wait).ok(), next.tries);
                Errand { due, tries, why: Some(why), ..errand }
            }
            WrittenBack::ByHand { why, .. } => Errand { due: None, why: Some(why), ..errand },
        };
        self.services.store.keep_errand(shop, &errand).await
    }

    /// Works one message off.
    async fn work(&self, shop: &ShopId, mut kept: Kept) -> Result<Ended, StoreError> {
        let store = &self.services.store;
        for _ in 0..ATTEMPTS {
            let now = self.services.clock.now();
            if kept.message.due.is_none_or(|due| due > now) {
                // Somebody else is on it, or was.
                return Ok(Ended::Waiting);
            }
            if let Some(ended) = self.attempt(shop, &kept, now).await? {
                return Ok(ended);
            }
            let trigger = kept.message.trigger();
            match store.message(shop, &kept.customer, &trigger).await? {
                Some(message) => kept.message = message,
                None => return Ok(Ended::Dropped),
            }
        }
        // Somebody keeps writing what it rests on: it stays due.
        Ok(Ended::Waiting)
    }

    /// Decides about a message and does what was decided. `None`: something it rests on
    /// changed meanwhile.
    async fn attempt(
        &self,
        shop: &ShopId,
        kept: &Kept,
        now: Timestamp,
    ) -> Result<Option<Ended>, StoreError> {
        let store = &self.services.store;
        if kept.message.is_open_at(now) && !kept.message.may_repeat() {
            store.message_unknown(shop, kept).await?;
            return Ok(Some(Ended::Failed));
        }
        let desk = store.desk(shop, &kept.customer).await?;
        let rules = store.rules(shop, now).await?;
        let Some(version) = rules.programs.current(now) else {
            return self.hold(shop, kept, "the shop has no program in force", now).await.map(Some);
        };
        let decided = decide(&self.services, shop, kept, &desk, &version.program, now).await?;
        let (news, to_owner, without) = match decided {
            Decided::Send { news, to_owner, without } => (news, to_owner, without),
            Decided::Wait { until, why } => {
                store.message_waits(shop, kept, until, why).await?;
                return Ok(Some(Ended::Waiting));
            }
            Decided::Drop(reasons) => return self.leave_out(shop, kept, &reasons).await.map(Some),
        };
        let settings = store.mail_settings(shop).await?;
        let occasion = letter::Occasion {
            shop,
            kept,
            desk: &desk,
            program: &version.program,
            settings: &settings,
            news: &news,
            to_owner,
            configuration_sets: self.configuration_sets.as_deref(),
        };
        let letter = match letter::write(&occasion) {
            Ok(letter) => letter,
            Err(error @ LetterError::Settings(_)) => {
                return self.hold(shop, kept, &error.to_string(), now).await.map(Some);
            }
            Err(error @ LetterError::Address(_)) => {
                store.message_failed(shop, kept, &error.to_string()).await?;
                return Ok(Some(Ended::Failed));
            }
        };
        let quota = self.mail.quota(now).await;
        if let Some(why) = no_room(&quota) {
            return self.hold(shop, kept, why, now).await.map(Some);
        }
        let kinds = news.iter().map(|one| one.kind()).collect();
        let relied_on = desk
            .contact
            .as_ref()
            .and_then(|contact| ReliedOn::of(&contact.consent, version.program.shop.preset));
        let wanted = Wanted { kinds, to_owner, without, marketing: false, relied_on };
        match self.claim(shop, kept, &desk, wanted, now).await? {
            Some(ours) => self.send(shop, &ours, &letter, &quota).await.map(Some),
            None => Ok(None),
        }
    }

    async fn claim(
        &self,
        shop: &ShopId,
        kept: &Kept,
        desk: &Desk,
        wanted: Wanted,
        now: Timestamp,
    ) -> Result<Option<Kept>, StoreError> {
        Ok(match self.services.store.claim(shop, kept, desk, wanted, now).await? {
            Claimed::Ours(message) => {
                Some(Kept { customer: kept.customer.clone(), message: *message })
            }
            Claimed::Changed => None,
        })
    }

    /// Sends a claimed message and settles it.
    async fn send(
        &self,
        shop: &ShopId,
        ours: &Kept,
        letter: &platform::mail::Letter,
        quota: &Quota,
    ) -> Result<Ended, StoreError> {
        let store = &self.services.store;
        let mut pause = quota.pause;
        for attempt in 1.. {
            // One after the other is within the rate, and others send at the same time: SES
            // says where it is too much.
            tokio::time::sleep(pause).await;
            let sent = self.mail.send(letter).await;
            let now = self.services.clock.now();
            let id = &ours.message.id;
            match sent {
                Ok(ses_id) => {
                    store.message_sent(shop, ours, &ses_id, now).await?;
                    return Ok(Ended::Sent);
                }
                Err(SendError::Throttled { .. }) if attempt < THROTTLED_ATTEMPTS => {
                    pause = pause.saturating_mul(2).max(Duration::from_millis(100));
                }
                Err(error @ SendError::Throttled { .. }) => {
                    let due = now.checked_add(THROTTLED_FOR).unwrap_or(now);
                    store.message_held(shop, ours, error.reason(), due).await?;
                    return Ok(Ended::Waiting);
                }
                Err(error @ SendError::Held { .. }) => {
                    tracing::warn!(%shop, message = id, why = error.reason(), "mail is held");
                    return self.hold(shop, ours, error.reason(), now).await;
                }
                Err(error @ SendError::Refused { .. }) => {
                    tracing::warn!(%shop, message = id, why = error.reason(), "mail refused");
                    store.message_failed(shop, ours, error.reason()).await?;
                    return Ok(Ended::Failed);
                }
                Err(error @ SendError::Unknown { .. }) => {
                    let why = error.reason();
                    tracing::warn!(%shop, message = id, why, "it isn't known whether mail went out");
                    return Ok(Ended::Waiting);
                }
            }
        }
        Ok(Ended::Waiting)
    }

    /// Puts a message off until somebody may have done something about what is wrong.
    async fn hold(
        &self,
        shop: &ShopId,
        kept: &Kept,
        why: &str,
        now: Timestamp,
    ) -> Result<Ended, StoreError> {
        let store = &self.services.store;
        let due = now.checked_add(HELD_FOR).unwrap_or(now);
        store.message_held(shop, kept, why, due).await?;
        if now.duration_since(kept.message.planned_at) < HELD_AT_MOST {
            return Ok(Ended::Waiting);
        }
        // Most kinds make no sense any more long before; the others end here.
        let Some(message) = store.message(shop, &kept.customer, &kept.message.trigger()).await?
        else {
            return Ok(Ended::Dropped);
        };
        let kept = Kept { customer: kept.customer.clone(), message };
        store.message_given_up(shop, &kept).await?;
        Ok(Ended::Failed)
    }

    /// Leaves a message out for its reasons. One that may have been sent before is of unknown
    /// end instead, and one that trouble kept until now has failed.
    async fn leave_out(
        &self,
        shop: &ShopId,
        kept: &Kept,
        reasons: &[(Kind, WhyNot)],
    ) -> Result<Ended, StoreError> {
        let store = &self.services.store;
        if kept.message.state == MessageState::Claimed {
            store.message_unknown(shop, kept).await?;
            return Ok(Ended::Failed);
        }
        let late = reasons.iter().any(|(_, why)| *why == WhyNot::Stale);
        if late && kept.message.trouble.is_some() {
            store.message_given_up(shop, kept).await?;
            return Ok(Ended::Failed);
        }
        store.message_dropped(shop, kept, reasons).await?;
        Ok(Ended::Dropped)
    }
}

/// Why SES has no room for one more mail, if it hasn't.
fn no_room(quota: &Quota) -> Option<&'static str> {
    if !quota.sending {
        Some("SES doesn't send for this account: look at its console, Account dashboard")
    } else if quota.left_today == Some(0) {
        Some("the day's quota of SES is used up: ask AWS for a higher one")
    } else {
        None
    }
}

impl Drained {
    /// Whether there was anything to do.
    pub fn did_something(&self) -> bool {
        let Self { sent, waiting, dropped, failed, looked_up, .. } = *self;
        [sent, waiting, dropped, failed, looked_up].iter().any(|count| *count > 0)
    }

    fn count(&mut self, ended: Ended) {
        let count = match ended {
            Ended::Sent => &mut self.sent,
            Ended::Waiting => &mut self.waiting,
            Ended::Dropped => &mut self.dropped,
            Ended::Failed => &mut self.failed,
        };
        *count = count.saturating_add(1);
    }
}
