//! What comparing with the sources came to: how far it got, and what each night found.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use loyalty::ids::{OrderRef, ShopId, Source};
use serde::{Deserialize, Serialize};

use super::item::{self, Put};
use super::keys::{Entity, RECONCILIATIONS};
use super::reads::stored_order;
use super::{Store, StoreError, StoredOrder, Write, merges, table};

/// How long a night's report is kept: 13 months.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 396);

/// Orders that a report names; the rest it only counts.
const NAMED: usize = 200;

/// Up to when what we know was compared with a source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    /// Counts writes; 0 where nothing was compared yet.
    pub version: u64,
    /// What changed there up to this time is known here.
    pub to: Timestamp,
}

/// What a night's comparison with a shop's sources found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// Counts writes; 0 for one that isn't kept yet.
    pub version: u64,
    /// The local date of the night.
    pub date: Date,
    /// When it was last written.
    pub at: Timestamp,
    /// By source; one that the shop isn't connected to isn't there.
    pub sources: BTreeMap<Source, Compared>,
}

/// What comparing with one source came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// Orders and refunds that the source named.
    #[serde(rename = "n")]
    pub checked: u32,
    /// Sales that weren't known here.
    #[serde(rename = "m", default, skip_serializing_if = "Found::is_empty")]
    pub missed: Found,
    /// Sales that were known otherwise.
    #[serde(rename = "r", default, skip_serializing_if = "Found::is_empty")]
    pub repaired: Found,
    /// Answers about an order that couldn't be read, or that can't be counted.
    #[serde(rename = "u", default, skip_serializing_if = "Found::is_empty")]
    pub unreadable: Found,
    /// How it ended.
    #[serde(rename = "o")]
    pub outcome: Outcome,
    /// How far each list of the source was worked through, while it isn't done.
    #[serde(rename = "p", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reached: BTreeMap<String, Timestamp>,
}

/// Orders that were found, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// How many.
    #[serde(rename = "n")]
    pub count: u32,
    /// The first of them.
    #[serde(rename = "o")]
    pub orders: BTreeSet<OrderRef>,
}

/// How comparing with a source ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "k", content = "w", rename_all = "snake_case")]
pub enum Outcome {
    /// Everything that changed was looked at.
    Done,
    /// There is nothing to ask the source by.
    NoToken,
    /// There was no time for the rest, or the source had none: the next run goes on. Why.
    Unfinished(String),
    /// The source won't tell: a person has to do something. Why.
    Refused(String),
}

impl Found {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether an order is named.
    pub fn has(&self, order: &OrderRef) -> bool {
        self.orders.contains(order)
    }

    /// Counts one that has no name.
    pub fn add_unnamed(&mut self) {
        self.count = self.count.saturating_add(1);
    }

    /// Counts an order, unless it is named already. Says whether it is new.
    pub fn add(&mut self, order: &OrderRef) -> bool {
        if self.orders.contains(order) {
            return false;
        }
        self.count = self.count.saturating_add(1);
        if self.orders.len() < NAMED {
            self.orders.insert(order.clone());
        }
        true
    }
}

impl Default for Compared {
    fn default() -> Self {
        Self {
            checked: 0,
            missed: Found::default(),
            repaired: Found::default(),
            unreadable: Found::default(),
            outcome: Outcome::Unfinished("it isn't at its end yet".to_owned()),
            reached: BTreeMap::new(),
        }
    }
}

impl fmt::Display for Compared {
    /// For a person: `3 missed sales repaired: shopify:17, …`, `no token, cannot check`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Outcome::NoToken => return f.write_str("no token, cannot check"),
            Outcome::Done => {}
            Outcome::Unfinished(why) => write!(f, "not finished ({why}); ")?,
            Outcome::Refused(why) => write!(f, "refused ({why}); ")?,
        }
        let parts = [
            (&self.missed, "missed sale", "repaired"),
            (&self.repaired, "sale", "brought up to date"),
            (&self.unreadable, "sale", "that can't be read"),
        ];
        let mut said = false;
        for (found, what, how) in parts {
            if found.is_empty() {
                continue;
            }
            let (and, plural) =
                (if said { "; " } else { "" }, if found.count == 1 { "" } else { "s" });
            let orders: Vec<String> = found.orders.iter().map(ToString::to_string).collect();
            write!(f, "{and}{} {what}{plural} {how}: {}", found.count, orders.join(", "))?;
            let more = usize::try_from(found.count).unwrap_or(usize::MAX);
            if more > found.orders.len() {
                f.write_str(", …")?;
            }
            said = true;
        }
        if said { Ok(()) } else { write!(f, "{} checked, nothing missing", self.checked) }
    }
}

/// How far a source's history is brought in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackfillProgress {
    /// Counts writes; 0 where none was begun.
    pub version: u64,
    /// From when on it was asked for.
    pub from: Timestamp,
    /// Up to when changes are looked at: when it began.
    pub to: Timestamp,
    /// Whether these orders earn points.
    #[serde(default)]
    pub earns: bool,
    /// How far each list of the source was worked through.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reached: BTreeMap<String, Timestamp>,
    /// Orders that are new here.
    pub brought: u32,
    /// Whether all of it is in.
    pub done: bool,
}

impl Store {
    /// Up to when what we know was compared with a source.
    pub async fn reconciled(
        &self,
        shop: &ShopId,
        source: Source,
    ) -> Result<Reconciled, StoreError> {
        let found = self.get(&Entity::Reconciled(source).key(shop)).await?;
        found.map_or_else(|| Ok(Reconciled::default()), item::read)
    }

    /// Keeps how far a source was compared: never less than before. Whoever was faster stands.
    pub async fn keep_reconciled(
        &self,
        shop: &ShopId,
        source: Source,
        known: &Reconciled,
        to: Timestamp,
    ) -> Result<(), StoreError> {
        if known.version > 0 && to <= known.to {
            return Ok(());
        }
        let next = Reconciled { version: known.version.saturating_add(1), to };
        let key = Entity::Reconciled(source).key(shop);
        self.put_surely(Put::new(key, &next)?.if_version("version", known.version)).await?;
        Ok(())
    }

    /// What a night found; `None` where it hasn't looked.
    pub async fn reconciliation(
        &self,
        shop: &ShopId,
        date: Date,
    ) -> Result<Option<Reconciliation>, StoreError> {
        self.get(&Entity::Reconciliation(date).key(shop)).await?.map(item::read).transpose()
    }

    /// Keeps what a night found so far; its version counts up. `Ok(false)`: another run of the
    /// night did meanwhile.
    pub async fn keep_reconciliation(
        &self,
        shop: &ShopId,
        report: &mut Reconciliation,
    ) -> Result<bool, StoreError> {
        let read = report.version;
        report.version = read.saturating_add(1);
        let put = Put::new(Entity::Reconciliation(report.date).key(shop), report)?
            .expires(report.at.checked_add(KEPT).unwrap_or(report.at))
            .if_version("version", read);
        Ok(self.put_surely(put).await? == Write::Done)
    }

    /// What the latest nights before a date found, newest first: at most `limit`.
    pub async fn reconciliations(
        &self,
        shop: &ShopId,
        before: Option<Date>,
        limit: u16,
        now: Timestamp,
    ) -> Result<Vec<Reconciliation>, StoreError> {
        let end = before.map_or_else(|| "~".to_owned(), |date| date.to_string());
        let answer = self
            .query()
            .consistent_read(true)
            .key_condition_expression(format!(
                "{} = :pk AND {} BETWEEN :first AND :end",
                table::PK,
                table::SK
            ))
            .expression_attribute_values(":pk", AttributeValue::S(Entity::Settings.key(shop).pk))
            .expression_attribute_values(":first", AttributeValue::S(RECONCILIATIONS.to_owned()))
            .expression_attribute_values(
                ":end",
                AttributeValue::S(format!("{RECONCILIATIONS}{end}")),
            )
            .scan_index_forward(false)
            // The end itself is read along, and left out.
            .limit(i32::from(limit).saturating_add(1))
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        self.has_read(answer.consumed_capacity());
        let reports = answer.items.unwrap_or_default().into_iter().map(item::read);
        let reports: Vec<Reconciliation> = reports.collect::<Result<_, _>>()?;
        let kept = |one: &Reconciliation| {
            now.duration_since(one.at) < KEPT && before.is_none_or(|before| one.date < before)
        };
        Ok(reports.into_iter().filter(kept).take(limit.into()).collect())
    }

    /// Orders as they stand in the table; those that aren't there are left out.
    pub async fn orders(
        &self,
        shop: &ShopId,
        orders: impl IntoIterator<Item = &OrderRef>,
    ) -> Result<BTreeMap<OrderRef, StoredOrder>, StoreError> {
        // A key may be asked for only once.
        let orders: BTreeSet<&OrderRef> = orders.into_iter().collect();
        let keys = orders.into_iter().map(|order| Entity::Order(order).key(shop)).collect();
        let mut found = BTreeMap::new();
        for item in self.get_all(keys).await? {
            let Some(order) = merges::order_ref(&item) else { continue };
            found.insert(order, stored_order(item)?);
        }
        Ok(found)
    }

    /// How far a source's history is brought in.
    pub async fn backfill(
        &self,
        shop: &ShopId,
        source: Source,
    ) -> Result<BackfillProgress, StoreError> {
        let found = self.get(&Entity::Backfill(source).key(shop)).await?;
        found.map_or_else(|| Ok(BackfillProgress::default()), item::read)
    }

    /// Keeps how far it is; its version counts up. `Ok(false)`: another run did meanwhile.
    pub async fn keep_backfill(
        &self,
        shop: &ShopId,
        source: Source,
        progress: &mut BackfillProgress,
    ) -> Result<bool, StoreError> {
        let read = progress.version;
        progress.version = read.saturating_add(1);
        let put = Put::new(Entity::Backfill(source).key(shop), progress)?;
        Ok(self.put_surely(put.if_version("version", read)).await? == Write::Done)
    }
}
