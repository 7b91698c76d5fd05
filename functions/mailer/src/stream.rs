//! The table's stream: every change is planned once, and nothing is sent.
//!
//! Records come at least once, late, and out of order over items. What they plan is keyed by
//! its trigger, so that a repeat plans nothing. A record that can never be worked off becomes
//! a dead letter and its neighbours go on; one that may be later is handed back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use loyalty::ids::{CustomerId, ShopId};
use loyalty::ledger::{Cause, Change as What, Entry};
use loyalty::mail::plan::{Scene, drafts};
use loyalty::mail::{Draft, Kind, MailMode, Receipts, WhyNot};
use platform::bus::{BusError, BusEvent};
use platform::store::{Change, Changed, Decision, MessageState, Status, StoreError};
use platform::telemetry::chain;
use platform::{count, store};
use serde::Deserialize;
use serde_json::Value;
use sources::withdrawals::Withdrawal;
use thiserror::Error;

use crate::Mailer;
use crate::follow_up::is_opened;
use crate::heard::told_at;
use crate::invoke::{Detail, WORK_DUE};
use crate::tell;

/// The topic of dead letters that were records of the stream.
const DEAD_TOPIC: &str = "stream";

/// A record of the stream.
#[derive(Debug)]
pub struct Record {
    /// Its place in the stream.
    pub sequence_number: String,
    /// The keys of the item, as JSON: all of it that a dead letter keeps.
    pub keys: String,
    change: Result<Option<Changed>, PlanError>,
}

#[derive(Deserialize)]
struct Raw {
    dynamodb: RawChange,
}

#[derive(Deserialize)]
struct RawChange {
    #[serde(rename = "SequenceNumber", default)]
    sequence_number: String,
    #[serde(rename = "Keys", default)]
    keys: Value,
    #[serde(rename = "OldImage")]
    old: Option<Value>,
    #[serde(rename = "NewImage")]
    new: Option<Value>,
}

impl Record {
    /// Reads a record as Lambda hands it over. One that can't be read is a record still: it
    /// is set aside like any other that can't be used.
    pub fn read(record: Value) -> Self {
        let change = match serde_json::from_value::<Raw>(record) {
            Ok(Raw { dynamodb }) => dynamodb,
            Err(_) => {
                let change = Err(PlanError::Record("it is no record of a stream"));
                let (sequence_number, keys) = (String::new(), "null".to_owned());
                return Self { sequence_number, keys, change };
            }
        };
        let RawChange { sequence_number, keys, old, new } = change;
        let sk = keys.pointer("/sk/S").and_then(Value::as_str).unwrap_or_default();
        let change = match Changed::concerns(sk) {
            Some(with_old) => read_images(old.filter(|_| with_old), new),
            None => Ok(None),
        };
        Self { sequence_number, keys: keys.to_string(), change }
    }
}

/// The change that images tell. Errors of reading them may quote what they found.
fn read_images(old: Option<Value>, new: Option<Value>) -> Result<Option<Changed>, PlanError> {
    let image = |image: Option<Value>| image.map(serde_json::from_value).transpose();
    let unreadable = |_| PlanError::Record("its images aren't items");
    let (old, new) = (image(old).map_err(unreadable)?, image(new).map_err(unreadable)?);
    Ok(Changed::read(old, new)?)
}

/// A record wasn't worked off.
#[derive(Debug, Error)]
pub(crate) enum PlanError {
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bus.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The record itself.
    #[error("the record can't be read: {0}")]
    Record(&'static str),
}

impl PlanError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Bus(error) => error.is_transient(),
            Self::Record(_) => false,
        }
    }

    /// Without what was found in an item, which may be somebody's address.
    fn reason(&self) -> String {
        match self {
            Self::Store(error) => error.chain(),
            other => chain(other),
        }
    }
}

/// What working off a batch remembers of it.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    statuses: BTreeMap<ShopId, Status>,
    /// Shops that have work which is due at once.
    due: BTreeSet<ShopId>,
    events: Vec<(usize, BusEvent)>,
    /// Accounts as they stood with the commits of this batch.
    accounts: BTreeMap<(ShopId, CustomerId, u64), AtCommit>,
}

/// What of an account, as it stood with a commit, spares asking for it.
#[derive(Debug, Clone, Copy)]
struct AtCommit {
    /// Orders that counted.
    orders: i64,
    /// Whether nobody else's account was involved.
    alone: bool,
}

impl Mailer {
    /// Works a batch of records off, and gives the sequence numbers of those to be tried
    /// again.
    pub async fn stream(&self, records: Vec<Record>) -> Vec<String> {
        let mut batch = Batch::default();
        let mut failed = BTreeSet::new();
        batch.remember(records.iter().filter_map(|one| one.change.as_ref().ok()?.as_ref()));
        for (index, record) in records.iter().enumerate() {
            let done = match &record.change {
                Ok(Some(changed)) => self.changed(changed, index, &mut batch).await,
                Ok(None) => Ok(()),
                Err(error) => {
                    if !self.set_aside(record, error).await {
                        failed.insert(index);
                    }
                    continue;
                }
            };
            if let Err(error) = done
                && !self.set_aside(record, &error).await
            {
                failed.insert(index);
            }
        }
        for (index, error) in self.publish(std::mem::take(&mut batch.events)).await {
            let record = records.get(index);
            let error = PlanError::Bus(error);
            if let Some(record) = record
                && !self.set_aside(record, &error).await
            {
                failed.insert(index);
            }
        }
        self.wake(&batch.due).await;
        let number = |index: usize| Some(records.get(index)?.sequence_number.clone());
        failed.into_iter().filter_map(number).collect()
    }

    /// Puts events on the bus, and gives those that aren't there with the record they came
    /// from.
    async fn publish(&self, events: Vec<(usize, BusEvent)>) -> Vec<(usize, BusError)> {
        let (indexes, events): (Vec<usize>, Vec<BusEvent>) = events.into_iter().unzip();
        let put = self.bus.put(&events).await;
        indexes.into_iter().zip(put).filter_map(|(index, put)| Some((index, put.err()?))).collect()
    }

    /// Says on the bus that shops have work which is due. It is found within the hour
    /// anyway, so that nothing is lost where this fails.
    pub(crate) async fn wake(&self, shops: &BTreeSet<ShopId>) {
        let time = self.services.clock.now();
        let event = |shop: &ShopId| {
            let detail = serde_json::to_string(&Detail { shop: shop.clone() }).ok()?;
            Some(BusEvent { detail_type: WORK_DUE.to_owned(), detail, time })
        };
        let events: Vec<BusEvent> = shops.iter().filter_map(event).collect();
        for error in self.bus.put(&events).await.into_iter().filter_map(Result::err) {
            tracing::warn!(error = chain(&error), "the drain wasn't woken: it comes by the hour");
        }
    }

    /// Keeps a record that can never be worked off, by its keys: it is planned again from
    /// the item. `false`: it may be worked off later, or keeping it failed.
    async fn set_aside(&self, record: &Record, error: &PlanError) -> bool {
        let (number, reason) = (record.sequence_number.as_str(), error.reason());
        if error.is_transient() {
            tracing::warn!(number, error = reason, "a change wasn't planned: tried again");
            return false;
        }
        tracing::error!(number, keys = record.keys, error = reason, "a change can't be planned");
        count!("stream_dead_letters");
        let Some(shop) = shop_of(&record.keys) else { return true };
        let (store, now) = (&self.services.store, self.services.clock.now());
        let body = record.keys.as_bytes();
        let kept = store.keep_dead_letter(&shop, DEAD_TOPIC, body, &reason, now).await;
        if let Err(error) = &kept {
            tracing::error!(number, error = error.chain(), "a dead letter wasn't kept");
        }
        kept.is_ok()
    }

    async fn changed(
        &self,
        changed: &Changed,
        index: usize,
        batch: &mut Batch,
    ) -> Result<(), PlanError> {
        let now = self.services.clock.now();
        let events = tell::events(changed, now);
        let events = events.map_err(|_| PlanError::Record("its event can't be written"))?;
        batch.events.extend(events.into_iter().map(|event| (index, event)));
        let Changed { shop, change } = changed;
        match change {
            Change::Entered { customer, entry } => {
                self.entered(shop, customer, entry, batch).await?;
            }
            Change::Contact { customer, before, after } => {
                self.said(shop, customer, before.as_deref(), after, batch).await?;
            }
            Change::Order { before, after, .. } => {
                if let Some(at) = told_at(before.as_deref(), after) {
                    self.heard(shop, at).await?;
                }
                let at = after.lookup.as_ref().and_then(|lookup| lookup.at);
                batch.wants_drain(shop, at, now);
            }
            Change::Message { customer, before, after } => {
                self.asked(shop, customer, before.as_deref(), after).await?;
                let was = before.as_ref().and_then(|before| before.due);
                let news = after.due.filter(|_| after.state == MessageState::Waiting);
                batch.wants_drain(shop, news.filter(|due| Some(*due) != was), now);
            }
            Change::FollowUp { before, after } => {
                if is_opened(before.as_deref(), after) {
                    self.opened(shop, after, batch).await?;
                }
            }
            Change::Survey { .. } | Change::Account { .. } => {}
        }
        Ok(())
    }

    /// Plans what a ledger entry asks to be told.
    async fn entered(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        entry: &Entry,
        batch: &mut Batch,
    ) -> Result<(), PlanError> {
        let (store, now) = (&self.services.store, self.services.clock.now());
        let rules = store.rules(shop, now).await?;
        let Some(version) = rules.programs.current(now) else { return Ok(()) };
        let program = &version.program;
        let receipts = program.mail.receipts;
        // Only these ask whether it is her first.
        let asks = receipts == Receipts::First || !program.mail.off.contains(&Kind::Welcome);
        let first_order = match &entry.cause {
            Cause::Order { order, what: What::Paid | What::Claimed }
                if asks && !batch.knows_earlier(shop, customer, entry) =>
            {
                let first = store.first_order(shop, customer).await?;
                first.is_none_or(|(_, first)| first == *order)
            }
            _ => false,
        };
        let scene = Scene { receipts, first_order, zone: &program.shop.zone };
        let drafts = drafts(std::slice::from_ref(entry), &scene);
        let alone = batch.at(shop, customer, entry).is_some_and(|account| account.alone);
        self.plan(shop, customer, drafts, alone, batch).await
    }

    /// Plans what something that was said about mail asks for.
    async fn said(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        before: Option<&store::Contact>,
        after: &store::Contact,
        batch: &mut Batch,
    ) -> Result<(), PlanError> {
        let known: BTreeSet<_> =
            before.into_iter().flat_map(|before| before.consent.history()).collect();
        let news = after.consent.history().filter(|fact| !known.contains(fact));
        let drafts = news.filter_map(Draft::consent).collect();
        if let Some(withdrawal) = Withdrawal::between(customer, before, after) {
            let (store, now) = (&self.services.store, self.services.clock.now());
            if store.plan_withdrawal(shop, customer, withdrawal.at, now).await? {
                batch.wants_drain(shop, Some(now), now);
            }
        }
        self.plan(shop, customer, drafts, false, batch).await
    }

    /// Keeps drafts as messages; or the decision that there will be none.
    async fn plan(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        drafts: Vec<Draft>,
        alone: bool,
        batch: &mut Batch,
    ) -> Result<(), PlanError> {
        let (store, now) = (&self.services.store, self.services.clock.now());
        for draft in drafts {
            let mode = batch.status(self, shop).await?.mode();
            if let Some(why) = too_early(mode, &draft) {
                self.skip(shop, customer, &draft, why).await?;
                continue;
            }
            let planned = match alone {
                true => store.plan_message_alone(shop, customer, draft, now).await?,
                false => store.plan_message(shop, customer, draft, now).await?,
            };
            batch.wants_drain(shop, planned, now);
        }
        Ok(())
    }

    /// Keeps why nothing will be told of something.
    async fn skip(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        draft: &Draft,
        why: WhyNot,
    ) -> Result<(), PlanError> {
        let (store, at) = (&self.services.store, self.services.clock.now());
        let rules = store.rules(shop, at).await?;
        let date = rules.programs.today(at);
        for kind in &draft.sections {
            let (kind, trigger) = (*kind, draft.about.trigger());
            let decision = Decision::skipped(date, kind, trigger, why, at);
            store.keep_decision(shop, customer, &decision).await?;
        }
        Ok(())
    }
}

impl Batch {
    /// A shop's status, as it was when this batch first asked: planning is no decision to
    /// send, which asks again.
    async fn status(&mut self, mailer: &Mailer, shop: &ShopId) -> Result<&Status, StoreError> {
        if !self.statuses.contains_key(shop) {
            let status = mailer.services.store.status(shop).await?;
            self.statuses.insert(shop.clone(), status);
        }
        Ok(self.statuses.entry(shop.clone()).or_default())
    }

    /// Remembers the accounts of a batch: its records are one transaction's, and more.
    fn remember<'a>(&mut self, changes: impl Iterator<Item = &'a Changed>) {
        for Changed { shop, change } in changes {
            let Change::Account { customer, after, .. } = change else { continue };
            let alone = after.stands_for.is_empty() && after.merged.is_none();
            let orders = after.facts.ever.orders;
            let key = (shop.clone(), customer.clone(), after.version);
            self.accounts.insert(key, AtCommit { orders, alone });
        }
    }

    /// The account as it stood with the commit of an entry, if it is in the batch.
    fn at(&self, shop: &ShopId, customer: &CustomerId, entry: &Entry) -> Option<AtCommit> {
        self.accounts.get(&(shop.clone(), customer.clone(), entry.number)).copied()
    }

    /// Whether it is known that she had an order before this entry's.
    fn knows_earlier(&self, shop: &ShopId, customer: &CustomerId, entry: &Entry) -> bool {
        self.at(shop, customer, entry).is_some_and(|account| account.orders > 1)
    }

    /// Asks for a drain of what is due of a shop by now.
    pub(crate) fn wants_drain(&mut self, shop: &ShopId, at: Option<Timestamp>, now: Timestamp) {
        if at.is_some_and(|at| at <= now) && !self.due.contains(shop) {
            self.due.insert(shop.clone());
        }
    }
}

/// Why a draft is none, because mail isn't live or wasn't when it happened.
fn too_early(mode: MailMode, draft: &Draft) -> Option<WhyNot> {
    match mode {
        MailMode::Off => Some(WhyNot::NotLive),
        MailMode::Live { since } if draft.fact_at < since => Some(WhyNot::BeforeLive),
        MailMode::Owner | MailMode::Live { .. } => None,
    }
}

/// The shop that an item's keys name.
fn shop_of(keys: &str) -> Option<ShopId> {
    #[derive(Deserialize)]
    struct Keys {
        pk: BTreeMap<String, String>,
    }
    let keys: Keys = serde_json::from_str(keys).ok()?;
    keys.pk.get("S")?.split('#').nth(1)?.parse().ok()
}
