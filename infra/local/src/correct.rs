//! `regulars program correct`: past orders counted by another version, shown first.

#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::sync::Arc;

use jiff::civil::Date;
use loyalty::Points;
use loyalty::ids::{OrderRef, ShopId};
use loyalty::ledger::Origin;
use loyalty::posting::{NotCorrected, Record};
use loyalty::program::Programs;
use platform::identity::Identities;
use platform::store::{Correction, CorrectionError, Scene, StoreError, Walk, Whence};
use platform::telemetry::Metrics;
use platform::{Clock, Services, Sites};

use crate::cli::{CorrectArgs, Data, Environment};
use crate::console;
use crate::failure::Failure;
use crate::home::{Home, has_data};
use crate::mail;
use crate::stack::Stack;

/// Customers looked at between two notes of how far it is.
const PAGE: usize = 50;

/// Orders that are told one by one; the others are counted.
const TOLD: usize = 20;

/// What correcting did, or would do.
#[derive(Debug, Default)]
struct Corrected {
    orders: u64,
    points: i64,
    customers: u64,
    /// Orders that the rules don't let be corrected, by why.
    refused: Vec<(OrderRef, String)>,
    told: Vec<String>,
    same: u64,
}

/// Shows what a correction would do, or does it.
pub(crate) async fn run(args: &CorrectArgs, environment: Environment<'_>) -> Result<(), Failure> {
    console::say(told(args, environment, Clock::system()).await?);
    Ok(())
}

async fn told(
    args: &CorrectArgs,
    environment: Environment<'_>,
    clock: Clock,
) -> Result<String, Failure> {
    if args.insist.as_deref().is_some_and(|reason| reason.trim().is_empty()) {
        return Err(Failure::new("--insist wants the reason: customers are shown it"));
    }
    if let Some(name) = &args.stack {
        let stack = Stack::open(name, environment).await?;
        let (shop, _) = stack.shop(args.shop.as_ref()).await?;
        let services = stack.services(&stack.vault().all().await?, environment, clock);
        return walk(args, &services, &shop).await;
    }
    // Asking after nothing shouldn't make it.
    if !has_data(&args.data) {
        return Err(Failure::new(format!("there is no data in {}", args.data.display())));
    }
    let home = Home::open(&Data::Dir(args.data.clone()), environment).await?;
    let (shop, _) = mail::shop(&home, args.shop.as_ref(), &args.data).await?;
    let services = Services {
        store: home.store.clone(),
        secrets: home.secrets.lists(),
        sites: Arc::new(Sites::default()),
        clock,
        metrics: Metrics::default(),
    };
    walk(args, &services, &shop).await
}

async fn walk(args: &CorrectArgs, services: &Services, shop: &ShopId) -> Result<String, Failure> {
    let cannot = |error: StoreError| Failure::because("orders can't be corrected", &error);
    let now = services.clock.now();
    let rules = services.store.rules(shop, now).await.map_err(cannot)?;
    if rules.programs.version(args.to_version).is_none() {
        let known: Vec<String> =
            rules.programs.iter().map(|version| version.number.to_string()).collect();
        return Err(Failure::new(format!(
            "{shop} has no program version {}: it has {}",
            args.to_version,
            known.join(", ")
        )));
    }
    let identities = services.identities(shop).await.map_err(cannot)?;
    let all = correct_all(args, services, shop, (&rules.programs, &identities)).await;
    Ok(all.map_err(cannot)?.text(args, shop))
}

async fn correct_all(
    args: &CorrectArgs,
    services: &Services,
    shop: &ShopId,
    rules: (&Programs, &Identities),
) -> Result<Corrected, StoreError> {
    let (store, now) = (&services.store, services.clock.now());
    let name = args.name();
    // What is only shown is shown whole.
    let mut walk = if args.apply { store.walk(shop, &name).await? } else { Walk::default() };
    if walk.done {
        walk = walk.again();
    }
    let mut corrected = Corrected::default();
    loop {
        let page = store.customers_page(shop, walk.cursor(), PAGE, now).await?;
        for customer in &page.customers {
            let before = corrected.orders;
            for (order, record) in store.orders_bound_to(shop, customer).await? {
                if args.means(&record, rules.0) {
                    let one = (shop, &order);
                    correct_one(args, services, one, rules.1, &mut corrected).await?;
                }
            }
            corrected.customers =
                corrected.customers.saturating_add(u64::from(corrected.orders > before));
        }
        let further = walk.further(page.customers.len(), page.next.as_ref());
        walk = match args.apply {
            true => match store.keep_walk(shop, &name, &further).await? {
                Some(kept) => kept,
                // Somebody else does the same, and got further.
                None => return Ok(corrected),
            },
            false => further,
        };
        if walk.done {
            return Ok(corrected);
        }
    }
}

async fn correct_one(
    args: &CorrectArgs,
    services: &Services,
    (shop, order): (&ShopId, &OrderRef),
    identities: &Identities,
    corrected: &mut Corrected,
) -> Result<(), StoreError> {
    let (source, origin, now) = (order.source, Origin::Correct, services.clock.now());
    let scene = Scene { shop, source, identities, origin, now };
    let (version, insist, by) = (args.to_version, args.insist.as_deref(), Whence::Command);
    let correction = Correction { order, version, insist, by };
    let done = match args.apply {
        true => services.store.correct_order(&scene, &correction).await,
        false => services.store.preview_correction(&scene, &correction).await,
    };
    match done {
        Ok(done) if done.from == version => corrected.same = corrected.same.saturating_add(1),
        Ok(done) => {
            corrected.orders = corrected.orders.saturating_add(1);
            corrected.points = corrected.points.saturating_add(done.delta.0);
            if corrected.told.len() < TOLD {
                let Points(delta) = done.delta;
                let line = format!("{order} of {}: {delta:+} points", done.customer);
                corrected.told.push(line);
            }
        }
        Err(CorrectionError::Refused(NotCorrected::NotCounted)) => {}
        Err(CorrectionError::Refused(why)) => {
            corrected.refused.push((order.clone(), why.to_string()));
        }
        Err(CorrectionError::Store(error)) => return Err(error),
    }
    Ok(())
}

impl CorrectArgs {
    /// What tells this correction from another: how far it is, is kept by it.
    fn name(&self) -> String {
        let day = |day: Option<Date>| day.map_or_else(String::new, |day| day.to_string());
        let from = self.from_version.map_or_else(String::new, |version| version.to_string());
        let (first, last) = (day(self.paid_from), day(self.paid_to));
        let insists = if self.insist.is_some() { " insisting" } else { "" };
        format!("correct {from}-{} {first}-{last}{insists}", self.to_version)
    }

    /// Whether an order is among those that are meant.
    fn means(&self, record: &Record, programs: &Programs) -> bool {
        let Some(snapshot) = &record.snapshot else { return false };
        let Some(version) = programs.version(snapshot.program) else { return false };
        let paid = version.program.local_day(snapshot.paid_at);
        self.from_version.is_none_or(|from| from == snapshot.program)
            && self.paid_from.is_none_or(|from| from <= paid)
            && self.paid_to.is_none_or(|to| paid <= to)
    }
}

impl Corrected {
    fn text(&self, args: &CorrectArgs, shop: &ShopId) -> String {
        let Self { orders, points, customers, same, .. } = self;
        let version = args.to_version;
        let begins = if args.apply { "Corrected" } else { "Would correct" };
        let mut text = format!(
            "{begins} {orders} orders of {customers} customers of {shop} to version {version}: \
             {points:+} points.",
        );
        for line in &self.told {
            let _ = write!(text, "\n- {line}");
        }
        let more = orders.saturating_sub(u64::try_from(self.told.len()).unwrap_or(u64::MAX));
        if more > 0 {
            let _ = write!(text, "\n- and {more} more");
        }
        if *same > 0 {
            let _ = write!(text, "\n{same} are counted by it already.");
        }
        if !self.refused.is_empty() {
            let _ = write!(text, "\n{} stay as they are:", self.refused.len());
            for (order, why) in self.refused.iter().take(TOLD) {
                let _ = write!(text, "\n- {order}: {why}");
            }
        }
        if !args.apply {
            text.push_str("\nNothing was changed: --apply does it.");
        }
        text
    }
}
