//! `regulars backfill`: what a new shop sold before it came here. It counts for rhythm, tier
//! and first order, earns points only if that is wished, and causes no mail.

#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use jiff::{Span, Timestamp};
use loyalty::Points;
use loyalty::ids::{ShopId, Source};
use loyalty::program::Programs;
use platform::store::Outcome;
use platform::telemetry::Metrics;
use platform::{Clock, Services, Sites};
use sources::api::ShopifyAccess;
use sources::reconcile::{Backfill, Backfilled, backfill};
use tokio::time::Instant;

use crate::cli::{BackfillArgs, Data, Environment};
use crate::console;
use crate::failure::Failure;
use crate::home::{Home, has_data};
use crate::mail;
use crate::stack::Stack;

/// Nobody waits for longer; the same command goes on then.
const LONGEST: Duration = Duration::from_hours(12);

/// What Shopify shows to every app: about as many months.
const SHOWN_MONTHS: u16 = 1;

/// Brings a source's history in. A running server may have the data open at the same time.
pub(crate) async fn run(args: &BackfillArgs, environment: Environment<'_>) -> Result<(), Failure> {
    console::say(told(args, environment, Clock::system()).await?);
    Ok(())
}

async fn told(
    args: &BackfillArgs,
    environment: Environment<'_>,
    clock: Clock,
) -> Result<String, Failure> {
    if let Some(name) = &args.stack {
        let stack = Stack::open(name, environment).await?;
        let (shop, _) = stack.shop(args.shop.as_ref()).await?;
        let services = stack.services(&stack.vault().all().await?, environment, clock);
        return bring(args, &services, &shop).await;
    }
    // Asking after nothing shouldn't make it.
    if !has_data(&args.data) {
        return Err(Failure::new(format!("there is no data in {}", args.data.display())));
    }
    let home = Home::open(&Data::Dir(args.data.clone()), environment).await?;
    let (shop, _) = mail::shop(&home, args.shop.as_ref(), &args.data).await?;
    let sites = Sites::from_env(environment)
        .map_err(|error| Failure::because("the environment can't be read", &error))?;
    let services = Services {
        store: home.store.clone(),
        secrets: home.secrets.lists(),
        sites: Arc::new(sites),
        clock,
        metrics: Metrics::default(),
    };
    bring(args, &services, &shop).await
}

async fn bring(args: &BackfillArgs, services: &Services, shop: &ShopId) -> Result<String, Failure> {
    let cannot =
        |error: &dyn std::error::Error| Failure::because("the history can't be brought in", error);
    let now = services.clock.now();
    let rules = services.store.rules(shop, now).await.map_err(|error| cannot(&error))?;
    let wish = Backfill {
        source: args.source,
        since: since(now, args.months, &rules.programs),
        earns: args.earn_points,
        gift: Points(args.opening_gift.unwrap_or_default()),
        dry_run: args.dry_run,
    };
    let access = ShopifyAccess::new().map_err(|error| cannot(&error))?;
    let until = Instant::now() + LONGEST;
    let brought = backfill(services, &access, shop, &wish, until).await;
    summary(args, &brought.map_err(|error| cannot(&error))?)
}

/// So many months ago, at the shop.
fn since(now: Timestamp, months: u16, programs: &Programs) -> Timestamp {
    let day = programs.today(now);
    let first = day.checked_sub(Span::new().months(i64::from(months))).unwrap_or(day);
    let midnight = first.to_zoned(jiff::tz::TimeZone::UTC);
    midnight.map_or(now, |midnight| midnight.timestamp())
}

/// What was done; a failure where a person has to do something first.
fn summary(args: &BackfillArgs, brought: &Backfilled) -> Result<String, Failure> {
    let source = name(args.source);
    match &brought.outcome {
        Outcome::NoToken => {
            let kind = match args.source {
                Source::Shopify => "shopify-token or shopify-client-id",
                Source::Square => "square-token",
            };
            return Err(Failure::new(format!(
                "there is no token to ask {source} by: `regulars secrets set` keeps the shop's \
                 {kind}"
            )));
        }
        Outcome::Refused(why) => {
            return Err(Failure::new(format!("{source} won't tell: {why}")));
        }
        Outcome::Done | Outcome::Unfinished(_) => {}
    }
    let Backfilled { named, brought: sales, points, gifts, unreadable, .. } = brought;
    let how = if args.dry_run { "would be brought in" } else { "brought in" };
    let (named, sales) = (several(*named, "change"), several((*sales).into(), "new sale"));
    let mut text = format!("{source} told of {named}; {sales} {how}");
    // Writing to a String can't fail.
    let _ = match (args.dry_run, args.earn_points) {
        (true, _) => Ok(()),
        (false, true) => write!(text, ", which earned {points} points"),
        (false, false) => write!(text, ", for rhythm, tier and first order alone"),
    };
    if args.source == Source::Shopify && args.months > SHOWN_MONTHS {
        text.push_str(
            "\nIt shows orders older than 60 days only to an app with the scope read_all_orders",
        );
    }
    if let Some(gift) = args.opening_gift.filter(|_| !args.dry_run) {
        let _ = write!(
            text,
            "\n{} got the opening gift of {gift} points",
            several((*gifts).into(), "member")
        );
    }
    if *unreadable > 0 {
        let _ = write!(text, "\n{unreadable} couldn't be read or counted: the log names them");
    }
    if let Outcome::Unfinished(why) = &brought.outcome {
        let _ = write!(text, "\nNot finished ({why}): the same command goes on from here");
    }
    Ok(text)
}

/// So many of something.
fn several(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn name(source: Source) -> &'static str {
    match source {
        Source::Shopify => "Shopify",
        Source::Square => "Square",
    }
}
