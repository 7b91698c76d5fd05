//! Nightly runs: one record per shop, function and local date.
//!
//! A run is started once, works its date's buckets page by page, and keeps where it got
//! to. What asks for work puts it where a run will still look.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use jiff::civil::Date;
use loyalty::account::{Account, Due, moved};
use loyalty::ids::ShopId;
use loyalty::program::Programs;
use serde::{Deserialize, Serialize};

use super::item::{self, Put};
use super::keys::{Entity, Nightly, runs};
use super::{Store, StoreError, Write, table};

/// A nightly run of a shop for a local date.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Counts writes.
    pub version: u64,
    /// The last account done; the next page begins after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Buckets of the date when the run began.
    pub shards: u16,
    /// Whether every bucket is worked off.
    pub done: bool,
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
    /// date's buckets. Says whether this call started it.
    pub async fn start_run(
        &self,
        shop: &ShopId,
        function: Nightly,
        date: Date,
        shards: u16,
    ) -> Result<bool, StoreError> {
        let run = Run { version: 1, cursor: None, shards, done: false };
        let put = Put::new(Entity::Run(function, date).key(shop), &run)?.if_absent();
        Ok(self.put_surely(put).await? == Write::Done)
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
    async fn latest_started(
        &self,
        shop: &ShopId,
        function: Nightly,
    ) -> Result<Option<Date>, StoreError> {
        let prefix = runs(function);
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression(format!(
                "{} = :pk AND begins_with({}, :prefix)",
                table::PK,
                table::SK
            ))
            .expression_attribute_values(":pk", AttributeValue::S(Entity::Settings.key(shop).pk))
            .expression_attribute_values(":prefix", AttributeValue::S(prefix.clone()))
            .scan_index_forward(false)
            .limit(1)
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        let latest = answer.items().first().and_then(|item| item::text(item, table::SK));
        Ok(latest.and_then(|sk| sk.strip_prefix(&prefix)?.parse().ok()))
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

    async fn due_date(
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
        let before = current.map_or(today, |current| current.min(today));
        Ok(moved(current, new, self.unstarted(shop, function, before).await?))
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
