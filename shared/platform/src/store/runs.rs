//! Nightly runs: one record per shop, function and local date.
//!
//! A run is started once, works its date's buckets page by page, and keeps where it got
//! to. What asks for work puts it where a run will still look.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use loyalty::account::{Account, Due, moved};
use loyalty::ids::{CustomerId, ShopId};
use loyalty::program::Programs;
use serde::{Deserialize, Serialize};

use super::item::{self, Put};
use super::keys::{ACCOUNT, Entity, Nightly, customer_partition, due_bucket, runs};
use super::messages::customer_of;
use super::table::{DUE_MAIL, DUE_POINTS, Index};
use super::{Item, Store, StoreError, Write, retry, table};

/// Over how many buckets a day's due accounts are spread, by function. It only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shards {
    #[serde(rename = "m")]
    pub(super) mail: u16,
    #[serde(rename = "p")]
    pub(super) points: u16,
    #[serde(rename = "v", default)]
    version: u64,
}

impl Default for Shards {
    fn default() -> Self {
        Self { mail: 1, points: 1, version: 0 }
    }
}

impl Shards {
    fn of(&self, function: Nightly) -> u16 {
        match function {
            Nightly::Mail => self.mail,
            Nightly::Points => self.points,
        }
    }

    fn set(&mut self, function: Nightly, count: u16) {
        match function {
            Nightly::Mail => self.mail = count,
            Nightly::Points => self.points = count,
        }
    }
}

/// The most buckets of a day: one partition of an index takes a thousand writes a second, so
/// that this many take more than any night writes.
const MOST_SHARDS: u16 = 64;

/// Accounts in one bucket from which on the next ones are spread over more.
const CROWDED: u64 = 5_000;

/// Where among `count` buckets an account stands.
pub(super) fn shard_of(customer: &CustomerId, count: u16) -> u16 {
    let bytes = customer.as_str().bytes();
    let hash = bytes.fold(0_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    u16::try_from(hash.checked_rem(count.max(1).into()).unwrap_or(0)).unwrap_or(0)
}

/// How far a run looks back that finds none before it: a shop's nights may begin long after
/// its customers did.
const DAYS_AT_FIRST: i32 = 400;

/// Runs looked through for the last that was done.
const LOOKED_BACK: i32 = 30;

/// A nightly run of a shop for a local date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Counts writes.
    pub version: u64,
    /// The first date whose buckets it reads: those of nights that were missed, and of the
    /// last two that were done, because an index follows the table a little later.
    #[serde(rename = "f")]
    pub from: Date,
    /// How far it is; `None`: at the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// Buckets of a date when the run began.
    pub shards: u16,
    /// Accounts looked at.
    #[serde(rename = "l", default)]
    pub looked: u64,
    /// Whether every bucket is worked off.
    pub done: bool,
}

/// A place among the buckets of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The bucket's date.
    #[serde(rename = "d")]
    pub date: Date,
    /// Which of its buckets.
    #[serde(rename = "s")]
    pub shard: u16,
    /// The last account that was looked at there.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub after: Option<CustomerId>,
}

/// Accounts that are due, as an index has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuePage {
    /// Whose.
    pub customers: Vec<CustomerId>,
    /// Where to go on; `None`: that was all.
    pub next: Option<Cursor>,
}

impl Store {
    /// A run; `None` where it hasn't started.
    pub async fn run(
        &self,
        shop: &ShopId,
        function: Nightly,
        date: Date,
    ) -> Result<Option<Run>, StoreError> {
        self.get(&Entity::Run(function, date).key(shop)).await?.map(item::read).transpose()
    }

    /// Starts a run, or goes on with it: from this commit on nothing new is put into its
    /// date's buckets. `None`: a later one has started, which looks at what this one would.
    pub async fn start_run(
        &self,
        shop: &ShopId,
        function: Nightly,
        date: Date,
    ) -> Result<Option<Run>, StoreError> {
        for attempt in 1.. {
            if let Some(run) = self.run(shop, function, date).await? {
                return Ok(Some(run));
            }
            let Some(run) = self.new_run(shop, function, date).await? else { return Ok(None) };
            let put = Put::new(Entity::Run(function, date).key(shop), &run)?.if_absent();
            if self.put(put).await? == Write::Done {
                return Ok(Some(run));
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    /// A run as it would read its buckets if it began now, or as it began; nothing is written.
    /// `None`: a later one has started.
    pub async fn preview_run(
        &self,
        shop: &ShopId,
        function: Nightly,
        date: Date,
    ) -> Result<Option<Run>, StoreError> {
        match self.run(shop, function, date).await? {
            Some(run) => Ok(Some(Run { cursor: None, ..run })),
            None => self.new_run(shop, function, date).await,
        }
    }

    async fn new_run(
        &self,
        shop: &ShopId,
        function: Nightly,
        date: Date,
    ) -> Result<Option<Run>, StoreError> {
        let earlier = self.latest_runs(shop, function, LOOKED_BACK).await?;
        if earlier.first().is_some_and(|(latest, _)| *latest > date) {
            return Ok(None);
        }
        let done = earlier.iter().find(|(_, run)| run.done).map(|(date, _)| *date);
        let from = match done {
            Some(done) => done.yesterday().unwrap_or(done),
            None => date.checked_sub(DAYS_AT_FIRST.days()).unwrap_or(date),
        };
        let shards = self.shards(shop).await?.of(function);
        Ok(Some(Run { version: 1, from, cursor: None, shards, looked: 0, done: false }))
    }

    /// Keeps a run's progress. `Ok(false)`: another invocation did meanwhile.
    pub async fn keep_run(
        &self,
        shop: &ShopId,
        function: Nightly,
        date: Date,
        run: &Run,
    ) -> Result<bool, StoreError> {
        let next = Run { version: run.version.saturating_add(1), ..run.clone() };
        let key = Entity::Run(function, date).key(shop);
        let put = Put::new(key, &next)?.if_version("version", run.version);
        Ok(self.put_surely(put).await? == Write::Done)
    }

    /// The latest local date whose run has started.
    pub(super) async fn latest_started(
        &self,
        shop: &ShopId,
        function: Nightly,
    ) -> Result<Option<Date>, StoreError> {
        let latest = self.latest_run_items(shop, function, 1).await?;
        Ok(latest.first().and_then(|item| date_of(function, item)))
    }

    /// The latest runs, the last one first.
    pub async fn latest_runs(
        &self,
        shop: &ShopId,
        function: Nightly,
        limit: i32,
    ) -> Result<Vec<(Date, Run)>, StoreError> {
        let mut runs = Vec::new();
        for item in self.latest_run_items(shop, function, limit).await? {
            let Some(date) = date_of(function, &item) else { continue };
            runs.push((date, item::read(item)?));
        }
        Ok(runs)
    }

    async fn latest_run_items(
        &self,
        shop: &ShopId,
        function: Nightly,
        limit: i32,
    ) -> Result<Vec<Item>, StoreError> {
        let answer = self
            .query()
            .consistent_read(true)
            .key_condition_expression(format!(
                "{} = :pk AND begins_with({}, :prefix)",
                table::PK,
                table::SK
            ))
            .expression_attribute_values(":pk", AttributeValue::S(Entity::Settings.key(shop).pk))
            .expression_attribute_values(":prefix", AttributeValue::S(runs(function)))
            .scan_index_forward(false)
            .limit(limit)
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        self.has_read(answer.consumed_capacity());
        Ok(answer.items.unwrap_or_default())
    }

    /// The next accounts of a run's buckets, at most `limit`, from where it is. A page may be
    /// empty before the end.
    pub async fn due_page(
        &self,
        shop: &ShopId,
        function: Nightly,
        date: Date,
        run: &Run,
        limit: u16,
    ) -> Result<DuePage, StoreError> {
        let index = index_of(function);
        let at = run.cursor.clone().unwrap_or(Cursor { date: run.from, shard: 0, after: None });
        let after = at.after.as_ref().map(|after| customer_partition(shop, after));
        let condition = match after {
            Some(_) => format!("{} = :bucket AND {} > :after", index.partition, index.sort),
            None => format!("{} = :bucket", index.partition),
        };
        let after = after.map(|after| (":after".to_owned(), AttributeValue::S(after)));
        let bucket = AttributeValue::S(due_bucket(shop, at.date, at.shard));
        let values = after.into_iter().chain([(":bucket".to_owned(), bucket)]).collect();
        let answer = self
            .query()
            .index_name(index.name)
            .key_condition_expression(condition)
            .set_expression_attribute_values(Some(values))
            .limit(i32::from(limit))
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        self.has_read(answer.consumed_capacity());
        let more = answer.last_evaluated_key.is_some();
        let items = answer.items.unwrap_or_default();
        let whose = |item: &Item| {
            let is_account = item::text(item, table::SK).is_some_and(|sk| sk == ACCOUNT);
            item::text(item, table::PK).filter(|_| is_account).and_then(|pk| customer_of(&pk))
        };
        let customers: Vec<CustomerId> = items.iter().filter_map(whose).collect();
        let next = match customers.last().filter(|_| more) {
            Some(last) => Some(Cursor { after: Some(last.clone()), ..at }),
            None => following(&at, date, run.shards),
        };
        Ok(DuePage { customers, next })
    }

    /// Over how many buckets this shop's due accounts are spread, read strongly.
    pub(super) async fn shards(&self, shop: &ShopId) -> Result<Shards, StoreError> {
        let found = self.get(&Entity::Shards.key(shop)).await?;
        let shards: Shards = found.map(item::read).transpose()?.unwrap_or_default();
        let mut known = self.shards.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        known.insert(shop.clone(), shards);
        Ok(shards)
    }

    /// The same as far as it is known here: too few is never wrong, because a run reads every
    /// bucket there may be. So only the nights, which put thousands off to one day, ask for it.
    pub(super) fn shards_known(&self, shop: &ShopId) -> Shards {
        let known = self.shards.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        known.get(shop).copied().unwrap_or_default()
    }

    /// Spreads a day's accounts over more buckets from now on, where a run that looked at so
    /// many found them crowded. Who races loses: the next crowded night sees to it.
    pub async fn spread(
        &self,
        shop: &ShopId,
        function: Nightly,
        looked: u64,
    ) -> Result<(), StoreError> {
        let mut shards = self.shards(shop).await?;
        let wanted = u16::try_from(looked.div_ceil(CROWDED)).unwrap_or(MOST_SHARDS);
        let wanted = wanted.min(MOST_SHARDS);
        if wanted <= shards.of(function) {
            return Ok(());
        }
        let read = shards.version;
        shards.set(function, wanted);
        shards.version = read.saturating_add(1);
        self.put(Put::new(Entity::Shards.key(shop), &shards)?.if_version("v", read)).await?;
        Ok(())
    }

    /// Where the nights should look at an account next, by
    /// `due = max(min(current, earliest new), first local date whose run hasn't started)`.
    /// Reads runs only where a date moves.
    pub(super) async fn due(
        &self,
        shop: &ShopId,
        account: &Account,
        programs: &Programs,
        now: Timestamp,
    ) -> Result<Due, StoreError> {
        let (current, today) = (account.due, programs.today(now));
        let mail = account.earliest_mail();
        let program = programs.current(now).map(|version| &version.program);
        let points = program.and_then(|program| account.earliest_points(program, today));
        Ok(Due {
            mail: self.due_date(shop, Nightly::Mail, current.mail, mail, today).await?,
            points: self.due_date(shop, Nightly::Points, current.points, points, today).await?,
        })
    }

    /// The same for one of the functions, where `new` is what the facts ask for.
    pub(super) async fn due_date(
        &self,
        shop: &ShopId,
        function: Nightly,
        current: Option<Date>,
        new: Option<Date>,
        today: Date,
    ) -> Result<Option<Date>, StoreError> {
        let stays = match (current, new) {
            (Some(current), new) => current >= today && new.is_none_or(|new| current <= new),
            (None, new) => new.is_none(),
        };
        if stays {
            return Ok(current);
        }
        // A shop whose nights never ran has no bucket behind it: what stands, stays.
        let first = match self.latest_started(shop, function).await? {
            // After missed nights the first that hasn't run is long over, and the run that makes
            // up for them may have read its bucket before this is written: today's bucket is
            // read by tomorrow's run again.
            Some(latest) => latest.tomorrow().unwrap_or(latest).max(today),
            None => current.map_or(today, |current| current.min(today)),
        };
        Ok(moved(current, new, first))
    }

    /// The first local date whose run hasn't started; `otherwise` where none ever has.
    pub(super) async fn unstarted(
        &self,
        shop: &ShopId,
        function: Nightly,
        otherwise: Date,
    ) -> Result<Date, StoreError> {
        let latest = self.latest_started(shop, function).await?;
        Ok(latest.map_or(otherwise, |latest| latest.tomorrow().unwrap_or(latest)))
    }
}

fn index_of(function: Nightly) -> Index {
    match function {
        Nightly::Mail => DUE_MAIL,
        Nightly::Points => DUE_POINTS,
    }
}

fn date_of(function: Nightly, item: &Item) -> Option<Date> {
    item::text(item, table::SK)?.strip_prefix(&runs(function))?.parse().ok()
}

/// The bucket after this one, up to the run's own date.
fn following(at: &Cursor, last: Date, shards: u16) -> Option<Cursor> {
    let shard = at.shard.saturating_add(1);
    if shard < shards {
        return Some(Cursor { shard, after: None, ..at.clone() });
    }
    let date = at.date.tomorrow().ok().filter(|date| *date <= last)?;
    Some(Cursor { date, shard: 0, after: None })
}
