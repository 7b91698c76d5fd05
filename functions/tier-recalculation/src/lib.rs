//! The points night, per shop and local date: what never arrived is fetched from the sources;
//! then everybody due is looked at. Pending points mature, points expire that were given notice
//! of in time, tiers are reviewed, and who is active again is.
//!
//! It mails nobody: what is to be told is found by the mail night, and by the stream.

use std::time::Duration;

use jiff::civil::Date;
use loyalty::ids::{CustomerId, ShopId};
use platform::Services;
use platform::bus::Bus;
use platform::nights::{Call, CallError, Work, night_of, wake};
use platform::store::StoreError;
use platform::store::keys::Nightly;
use serde_json::value::RawValue;
use sources::api::ShopifyAccess;
use sources::reconcile;
use tokio::time::Instant;

/// Customers that meet a new program at once.
const AT_ONCE: usize = 50;

/// The function, and what it works with.
#[derive(Debug, Clone)]
pub struct Recalculation {
    /// The table, secrets, clock.
    pub services: Services,
    /// The event bus, which has a run go on in another invocation.
    pub bus: Bus,
    access: ShopifyAccess,
}

impl Recalculation {
    /// The function over these; `access` asks the sources.
    pub fn new(services: Services, bus: Bus, access: ShopifyAccess) -> Self {
        Self { services, bus, access }
    }
}

/// Works an event off within `budget`; what is left then goes on in another invocation.
pub async fn handle(
    function: &Recalculation,
    payload: &RawValue,
    budget: Duration,
) -> Result<(), CallError> {
    let call = Call::read(payload)?;
    let begun = Instant::now();
    if call == Call::Hour {
        // Sources may be slow: they have half of the time, and the next hour goes on.
        let until = begun.checked_add(budget / 2).unwrap_or(begun);
        function.reconcile(until).await;
    }
    let until = begun.checked_add(budget).unwrap_or(begun);
    let shops = call.shops(&function.services);
    let budget = budget.saturating_sub(begun.elapsed());
    let mut unfinished = call.answer(&function.services, function, budget).await?;
    for shop in shops {
        // A night comes before what a new program brings everybody.
        if !unfinished.contains(&shop) && !function.meet_program(&shop, until).await? {
            unfinished.push(shop);
        }
    }
    wake(&function.bus, Nightly::Points, &unfinished, function.services.clock.now()).await;
    Ok(())
}

impl Recalculation {
    /// Compares every shop's sales with its sources, once a night. What a source does is in
    /// the shop's report; nothing of it keeps the night from being worked off.
    async fn reconcile(&self, until: Instant) {
        for shop in self.services.secrets.shops() {
            if let Err(error) = self.reconcile_shop(&shop, until).await {
                tracing::error!(%shop, error = error.chain(), "not compared with its sources");
            }
        }
    }

    /// Has everybody meet the program version in force, once: it may raise tiers, and nothing
    /// else comes of it before each account's own day. `false`: there was no time for all.
    async fn meet_program(&self, shop: &ShopId, until: Instant) -> Result<bool, StoreError> {
        let (store, now) = (&self.services.store, self.services.clock.now());
        let rules = store.rules(shop, now).await?;
        let Some(version) = rules.programs.in_force(now) else { return Ok(true) };
        let Some(night) = night_of(&version.program, now) else { return Ok(true) };
        // Nobody was there before the first, and the night of a later one begins with it.
        if version.number < 2 || version.program.local_day(version.effective_from) > night {
            return Ok(true);
        }
        let name = format!("program {}", version.number);
        let mut walk = store.walk(shop, &name).await?;
        while !walk.done {
            let page = store.customers_page(shop, walk.cursor(), AT_ONCE, now).await?;
            let passed = page.customers.len();
            self.look(shop, night, &(), page.customers).await?;
            let further = walk.further(passed, page.next.as_ref());
            match store.keep_walk(shop, &name, &further).await? {
                Some(kept) => walk = kept,
                None => return Ok(true),
            }
            // After a page: whoever never did one would be woken for ever.
            if !walk.done && Instant::now() >= until {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn reconcile_shop(&self, shop: &ShopId, until: Instant) -> Result<(), StoreError> {
        let now = self.services.clock.now();
        let rules = self.services.store.rules(shop, now).await?;
        let Some(version) = rules.programs.in_force(now) else { return Ok(()) };
        let Some(night) = night_of(&version.program, now) else { return Ok(()) };
        Box::pin(reconcile::night(&self.services, &self.access, shop, night, until)).await?;
        Ok(())
    }
}

impl Work for Recalculation {
    type Scene = ();

    const FUNCTION: Nightly = Nightly::Points;

    async fn begin(
        &self,
        _shop: &ShopId,
        _night: Date,
        _until: Instant,
    ) -> Result<Self::Scene, StoreError> {
        Ok(())
    }

    async fn look(
        &self,
        shop: &ShopId,
        night: Date,
        _scene: &Self::Scene,
        customers: Vec<CustomerId>,
    ) -> Result<(), StoreError> {
        let (store, now) = (&self.services.store, self.services.clock.now());
        for customer in customers {
            match store.points_night(shop, &customer, night, now).await {
                Ok(done) => {
                    for change in &done.night.changes {
                        tracing::info!(%shop, %customer, %change, "a points night");
                    }
                }
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => {
                    // It would be the same each night.
                    tracing::error!(%shop, %customer, error = error.chain(), "not looked at");
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
