//! Works off what is due: claims, sends, settles; and looks orders up at their sources.
//!
//! Shops take turns, a message each, so that a slow one holds up no other. SES takes a mail
//! or doesn't, or its answer is lost: then the message stays claimed, and SES's own event
//! settles it. Where none came by the end of the claim, marketing is never sent again, and
//! what she has a right to know once more.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use loyalty::ids::{OrderRef, ShopId};
use platform::store::{Errand, Kept, StoreError, StoredOrder};
use sources::withdrawals::{Withdrawal, WrittenBack};
use tokio::time::Instant;

use crate::Mailer;

/// Work of a shop taken at once.
const AT_ONCE: usize = 100;

/// How often a message is decided about anew, because something changed meanwhile.
const ATTEMPTS: u32 = 5;

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
pub(crate) enum Ended {
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

impl Queue {
    fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.errands.is_empty() && self.lookups.is_empty()
    }
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
            let is_open = |shop: &ShopId| !failed.contains(shop);
            more.retain(is_open);
            let is_left = |(shop, queue): (&ShopId, &Queue)| is_open(shop) && !queue.is_empty();
            // Said only of work that is left: a word for nothing would wake the next drain, and
            // that one the next.
            let over = ends.is_some_and(|ends| Instant::now() >= ends);
            drained.more = over && (!more.is_empty() || queues.iter().any(is_left));
            if !over {
                open = more;
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
        let mut worked = false;
        for mail in [true, false] {
            let mut finished = BTreeSet::new();
            while finished.len() < queues.len() {
                for (shop, queue) in queues.iter_mut() {
                    // Something is done however little time there is, so that drains that wake
                    // each other come to an end.
                    if worked && ends.is_some_and(|ends| Instant::now() >= ends) {
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
                        Ok(true) => worked = true,
                        Ok(false) => {
                            finished.insert(shop.clone());
                        }
                        Err(error) => {
                            tracing::warn!(%shop, error = error.chain(), "work stays due");
                            drained.error = Some(error);
                            worked = true;
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
