//! Finding what never arrived: what a shop's sources have is compared with what we know.
//!
//! Webhooks may be lost. So every night each source that a shop is connected to, and has a
//! token of, is asked what changed since the last time, with two days of overlap; whatever
//! isn't known here as it is there goes through the same merge as a webhook, with the origin
//! `reconcile`, which causes no mail. The same work brings a new shop's history in.

mod asker;
mod backfill;
mod night;
mod pace;
#[cfg(test)]
mod tests;
mod work;

use std::collections::BTreeMap;

use jiff::civil::Date;
use loyalty::ids::{ShopId, Source};
use platform::Services;
use platform::store::{Outcome, Reconciliation, StoreError};
use tokio::time::Instant;

pub use self::backfill::{Backfill, BackfillError, Backfilled, backfill};
use self::night::Night;
use self::pace::Stop;
use crate::api::ShopifyAccess;

/// The sources, in the order in which they are asked.
const SOURCES: [Source; 2] = [Source::Shopify, Source::Square];

/// Compares what is known of a shop's sales with its sources, for a night, and gives what was
/// found. Done for a date it does nothing more; ended before its end, by `until`, by a source
/// or by a kill, it goes on from there when called again. Only the store's own failures are
/// errors: what a source does is in the report.
pub async fn night(
    services: &Services,
    access: &ShopifyAccess,
    shop: &ShopId,
    date: Date,
    until: Instant,
) -> Result<Reconciliation, StoreError> {
    let now = services.clock.now();
    let known = services.store.reconciliation(shop, date).await?;
    let new = || Reconciliation { version: 0, date, at: now, sources: BTreeMap::new() };
    let mut report = known.unwrap_or_else(new);
    for source in SOURCES {
        let before = report.sources.get(&source).cloned();
        let is_done = before.as_ref().is_some_and(|before| before.outcome == Outcome::Done);
        if is_done || !is_connected(services, shop, source) {
            continue;
        }
        let mut night = Night::new(services, (shop, source), report).await?;
        let outcome = match night.compare(access, until).await {
            Ok(()) => Ok(Outcome::Done),
            Err(stop) => stop.outcome(),
        };
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(Stop::Store(error)) => return Err(error),
            // Another run of the night: it reports for both.
            Err(_) => return night.kept().await,
        };
        report = match night.end(outcome, before.as_ref()).await? {
            Ok(report) => report,
            Err(night) => return night.kept().await,
        };
    }
    Ok(report)
}

/// Whether a shop uses a source: something of it is set.
fn is_connected(services: &Services, shop: &ShopId, source: Source) -> bool {
    let kinds: &[&str] = match source {
        Source::Shopify => &["shopify", "shopify-token", "shopify-client-id"],
        Source::Square => &["square", "square-token"],
    };
    kinds.iter().any(|kind| !services.secrets.of_shop(shop, kind).is_empty())
}
