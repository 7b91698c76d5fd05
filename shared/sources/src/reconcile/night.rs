//! One source on one night.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use loyalty::Points;
use loyalty::ids::{CustomerId, OrderRef, ShopId, Source};
use loyalty::ledger::Origin;
use platform::Services;
use platform::store::{
    Compared, Outcome, Reconciled, Reconciliation, Recorded, Rules, Scene, StoreError, StoredOrder,
};
use tokio::time::Instant;

use super::pace::Stop;
use super::work::{Course, Step, Work};
use crate::api::{ShopifyAccess, Span};

/// What was compared is compared once more for so long: sources list changes late.
const OVERLAP: SignedDuration = SignedDuration::from_hours(48);

/// What changed later than this before now is left for the next night: its webhook is on its
/// way.
const UNDERWAY: SignedDuration = SignedDuration::from_mins(15);

/// A source on a night.
#[derive(Debug)]
pub(super) struct Night<'a> {
    services: &'a Services,
    shop: &'a ShopId,
    source: Source,
    rules: Arc<Rules>,
    mark: Reconciled,
    report: Reconciliation,
    compared: Compared,
}

impl<'a> Night<'a> {
    /// Goes on from what the report says of the source.
    pub(super) async fn new(
        services: &'a Services,
        (shop, source): (&'a ShopId, Source),
        report: Reconciliation,
    ) -> Result<Self, StoreError> {
        let rules = services.store.rules(shop, services.clock.now()).await?;
        let mark = services.store.reconciled(shop, source).await?;
        let compared = report.sources.get(&source).cloned().unwrap_or_default();
        Ok(Self { services, shop, source, rules, mark, report, compared })
    }

    /// Asks the source, from where it was left to shortly before now.
    pub(super) async fn compare(
        &mut self,
        access: &ShopifyAccess,
        until: Instant,
    ) -> Result<(), Stop> {
        let now = self.services.clock.now();
        let since = if self.mark.version > 0 { self.mark.to } else { now };
        let from = since.checked_sub(OVERLAP).unwrap_or(since);
        let to = now.checked_sub(UNDERWAY).unwrap_or(now).max(from);
        let span = Span { from, to, made_since: None };
        let mut work = Work::new(self.services, access, (self.shop, self.source), until).await?;
        work.through(self, &span).await
    }

    /// Keeps how it ended, and up to when nothing is missing. `Err`: another run of the night
    /// was faster.
    pub(super) async fn end(
        mut self,
        outcome: Outcome,
        before: Option<&Compared>,
    ) -> Result<Result<Reconciliation, Self>, StoreError> {
        // Every list's changes up to then are known here.
        if let Some(to) = self.compared.reached.values().min() {
            let (store, mark) = (&self.services.store, &self.mark);
            store.keep_reconciled(self.shop, self.source, mark, *to).await?;
        }
        if outcome == Outcome::Done {
            self.compared.reached.clear();
        }
        self.compared.outcome = outcome;
        if Some(&self.compared) == before || self.keep().await? {
            return Ok(Ok(self.report));
        }
        Ok(Err(self))
    }

    /// The report as it stands in the table.
    pub(super) async fn kept(self) -> Result<Reconciliation, StoreError> {
        let kept = self.services.store.reconciliation(self.shop, self.report.date).await?;
        Ok(kept.unwrap_or(self.report))
    }

    /// Keeps what was found so far. `Ok(false)`: another run of the night did meanwhile.
    async fn keep(&mut self) -> Result<bool, StoreError> {
        self.report.at = self.services.clock.now();
        self.report.sources.insert(self.source, self.compared.clone());
        self.services.store.keep_reconciliation(self.shop, &mut self.report).await
    }

    async fn keep_or_stop(&mut self) -> Result<(), Stop> {
        if self.keep().await? { Ok(()) } else { Err(Stop::Overtaken) }
    }
}

impl Course for Night<'_> {
    fn origin(&self) -> Origin {
        Origin::Reconcile
    }

    fn reached(&mut self) -> &mut BTreeMap<String, Timestamp> {
        &mut self.compared.reached
    }

    fn takes(&self, _: &StoredOrder) -> bool {
        false
    }

    async fn about_to(&mut self, steps: &[Step]) -> Result<(), Stop> {
        let mut is_news = false;
        for step in steps {
            let order = &step.observation.order;
            if step.is_new() {
                // A sale from before the program, touched now, isn't one that was missed.
                let placed = step.placed_at();
                let counts = placed.is_some_and(|at| self.rules.programs.in_force(at).is_some());
                is_news |= counts && self.compared.missed.add(order);
            } else if step.repairs() && !self.compared.missed.has(order) {
                is_news |= self.compared.repaired.add(order);
            }
        }
        if is_news { self.keep_or_stop().await } else { Ok(()) }
    }

    async fn record(&mut self, scene: &Scene<'_>, step: &Step) -> Result<Recorded, StoreError> {
        let recorded = self.services.store.record(scene, &step.observation).await?;
        let order = &step.observation.order;
        let is_told = step.is_new() || self.compared.missed.has(order);
        if recorded.delta != Points::ZERO && !is_told {
            self.compared.repaired.add(order);
        }
        Ok(recorded)
    }

    async fn met(&mut self, _: BTreeSet<CustomerId>) -> Result<(), StoreError> {
        Ok(())
    }

    fn unreadable(&mut self, order: Option<&OrderRef>) {
        match order {
            Some(order) => {
                self.compared.unreadable.add(order);
            }
            None => self.compared.unreadable.add_unnamed(),
        }
    }

    async fn turned(&mut self, named: usize, more: bool) -> Result<(), Stop> {
        let named = u32::try_from(named).unwrap_or(u32::MAX);
        self.compared.checked = self.compared.checked.saturating_add(named);
        if more { self.keep_or_stop().await } else { Ok(()) }
    }
}
