//! A new shop's history: what its sources have from before it came to us.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use loyalty::Points;
use loyalty::ids::{CustomerId, OrderRef, ShopId, Source};
use loyalty::ledger::Origin;
use platform::Services;
use platform::store::{BackfillProgress, Outcome, Recorded, Scene, StoreError, StoredOrder};
use thiserror::Error;
use tokio::time::Instant;

use super::pace::Stop;
use super::work::{Course, Step, Work};
use crate::api::{ShopifyAccess, Span};

/// What is to be brought in, and what it is to bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backfill {
    /// From which source.
    pub source: Source,
    /// Sales made since then, as far as the source still has them.
    pub since: Timestamp,
    /// Whether they earn points. Else they count for rhythm, tier and first order alone.
    pub earns: bool,
    /// Points that every member found gets, once; 0 for none.
    pub gift: Points,
    /// Whether it is only counted what would be brought in.
    pub dry_run: bool,
}

/// What was brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backfilled {
    /// Orders and refunds that the source named this time.
    pub named: u64,
    /// Sales that are new here, or would be, since it was begun. A kill may leave those of one
    /// page uncounted.
    pub brought: u32,
    /// Points they earned this time.
    pub points: Points,
    /// Members who got the opening gift this time.
    pub gifts: u32,
    /// Answers that couldn't be read, or counted, this time.
    pub unreadable: u32,
    /// How it ended.
    pub outcome: Outcome,
}

/// A history can't be brought in.
#[derive(Debug, Error)]
pub enum BackfillError {
    /// There are no rules to count it by.
    #[error("the shop has no program: `regulars program apply` it first")]
    NoProgram,
    /// Somebody else does the same.
    #[error("another backfill of this source runs: let it end")]
    Overtaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Brings a source's history in, with the origin `backfill`, which causes no mail. Broken off
/// and asked for again, it goes on where it was; done, it looks at nothing twice.
pub async fn backfill(
    services: &Services,
    access: &ShopifyAccess,
    shop: &ShopId,
    wish: &Backfill,
    until: Instant,
) -> Result<Backfilled, BackfillError> {
    let now = services.clock.now();
    if services.store.rules(shop, now).await?.programs.is_empty() {
        return Err(BackfillError::NoProgram);
    }
    let known = services.store.backfill(shop, wish.source).await?;
    let mut history = History::new(services, shop, wish, known, now);
    let span = Span {
        from: history.progress.from,
        to: history.progress.to,
        made_since: Some(history.progress.from),
    };
    let worked = match Work::new(services, access, (shop, wish.source), until).await {
        Ok(mut work) => work.through(&mut history, &span).await,
        Err(stop) => Err(stop),
    };
    history.told.outcome = match worked.map_or_else(Stop::outcome, |()| Ok(Outcome::Done)) {
        Ok(outcome) => outcome,
        Err(Stop::Store(error)) => return Err(error.into()),
        Err(_) => return Err(BackfillError::Overtaken),
    };
    history.progress.done = history.told.outcome == Outcome::Done;
    if history.told.outcome != Outcome::NoToken && !history.keep().await? {
        return Err(BackfillError::Overtaken);
    }
    history.told.brought = history.progress.brought;
    Ok(history.told)
}

/// A history on its way in.
#[derive(Debug)]
struct History<'a> {
    services: &'a Services,
    shop: &'a ShopId,
    wish: &'a Backfill,
    progress: BackfillProgress,
    told: Backfilled,
    /// Who was asked about the gift already.
    gifted: BTreeSet<CustomerId>,
}

impl<'a> History<'a> {
    /// Goes on with what was begun, if the same was wished then and it isn't done: else from
    /// the start.
    fn new(
        services: &'a Services,
        shop: &'a ShopId,
        wish: &'a Backfill,
        known: BackfillProgress,
        now: Timestamp,
    ) -> Self {
        // The start is told in months, so a day later it is another.
        let is_same = known.version > 0 && known.earns == wish.earns && wish.since >= known.from;
        let goes_on = is_same && !known.done && !wish.dry_run;
        let progress = match goes_on {
            true => known,
            false => BackfillProgress {
                version: known.version,
                from: wish.since,
                to: now,
                earns: wish.earns,
                reached: BTreeMap::new(),
                brought: 0,
                done: false,
            },
        };
        let told = Backfilled {
            named: 0,
            brought: 0,
            points: Points::ZERO,
            gifts: 0,
            unreadable: 0,
            outcome: Outcome::Done,
        };
        Self { services, shop, wish, progress, told, gifted: BTreeSet::new() }
    }

    async fn keep(&mut self) -> Result<bool, StoreError> {
        if self.wish.dry_run {
            return Ok(true);
        }
        let source = self.wish.source;
        self.services.store.keep_backfill(self.shop, source, &mut self.progress).await
    }
}

impl Course for History<'_> {
    fn origin(&self) -> Origin {
        Origin::Backfill
    }

    fn reached(&mut self) -> &mut BTreeMap<String, Timestamp> {
        &mut self.progress.reached
    }

    /// A sale that came by a webhook before there was a program counts for nothing yet.
    fn takes(&self, known: &StoredOrder) -> bool {
        known.record.snapshot.is_none()
    }

    fn is_dry(&self) -> bool {
        self.wish.dry_run
    }

    async fn about_to(&mut self, steps: &[Step]) -> Result<(), Stop> {
        if self.wish.dry_run {
            let new = steps.iter().filter(|step| step.is_new()).count();
            let new = u32::try_from(new).unwrap_or(u32::MAX);
            self.progress.brought = self.progress.brought.saturating_add(new);
        }
        Ok(())
    }

    async fn record(&mut self, scene: &Scene<'_>, step: &Step) -> Result<Recorded, StoreError> {
        let (store, earns) = (&self.services.store, self.wish.earns);
        let recorded = store.record_history(scene, &step.observation, earns).await?;
        self.told.points = self.told.points.plus(recorded.delta)?;
        if step.is_new() {
            self.progress.brought = self.progress.brought.saturating_add(1);
        }
        Ok(recorded)
    }

    async fn met(&mut self, customers: BTreeSet<CustomerId>) -> Result<(), StoreError> {
        if self.wish.gift <= Points::ZERO || self.wish.dry_run {
            return Ok(());
        }
        let (store, now) = (&self.services.store, self.services.clock.now());
        for customer in customers {
            if !self.gifted.insert(customer.clone()) {
                continue;
            }
            if store.give_opening(self.shop, &customer, self.wish.gift, now).await? {
                self.told.gifts = self.told.gifts.saturating_add(1);
            }
        }
        Ok(())
    }

    fn unreadable(&mut self, _: Option<&OrderRef>) {
        self.told.unreadable = self.told.unreadable.saturating_add(1);
    }

    async fn turned(&mut self, named: usize, more: bool) -> Result<(), Stop> {
        self.told.named = self.told.named.saturating_add(u64::try_from(named).unwrap_or(u64::MAX));
        if more && !self.keep().await? { Err(Stop::Overtaken) } else { Ok(()) }
    }
}
