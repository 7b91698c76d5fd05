//! `regulars nights`: lives the hours of a span of days on the data of this machine, one after
//! the other, and says what the nights among them did.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use loyalty::ids::ShopId;
use loyalty::mail::Kind;
use platform::store::keys::Nightly;
use platform::store::{Decided, StoreError};
use platform::{Clock, Store};
use testkit::ses::SendQuota;

use crate::cli::{DEFAULT_LISTEN, Data, Environment, NightsArgs};
use crate::clock::MovableClock;
use crate::console;
use crate::failure::Failure;
use crate::home::{Home, Lock, has_data};
use crate::mail;
use crate::pump::Pump;
use crate::serve::{self, Running};

/// Runs looked at for the summary: more days than can be asked for.
const RUNS: i32 = 500;

/// The most days in one go.
const MOST_DAYS: i32 = 400;

/// Decisions read at once.
const PAGE: u16 = 200;

/// What the nights of a shop did.
#[derive(Debug, Default, PartialEq, Eq)]
struct Lived {
    /// By function: nights, and accounts looked at in them.
    nights: BTreeMap<&'static str, (usize, u64)>,
    decisions: BTreeMap<(Kind, Decided), usize>,
    mails: usize,
}

/// Lives the days of a span.
pub(crate) async fn run(args: &NightsArgs, environment: Environment<'_>) -> Result<(), Failure> {
    console::say(told(args, environment).await?);
    Ok(())
}

async fn told(args: &NightsArgs, environment: Environment<'_>) -> Result<String, Failure> {
    let NightsArgs { from, to, data, .. } = args;
    let days = to.since(*from).map_or(i32::MAX, |span| span.get_days());
    if !(0..MOST_DAYS).contains(&days) {
        return Err(Failure::new(format!(
            "--from {from} --to {to} isn't a span of 1 to {MOST_DAYS} days"
        )));
    }
    // Asking after nothing shouldn't make it.
    if !has_data(data) {
        return Err(Failure::new(format!("there is no data in {}", data.display())));
    }
    let _lock = Lock::of_server(data)?;
    let home = Home::open(&Data::Dir(data.clone()), environment).await?;
    let (shop, settings) = mail::shop(&home, args.shop.as_ref(), data).await?;
    let zone = TimeZone::get(&settings.zone)
        .map_err(|error| Failure::because("the shop's time zone isn't known", &error))?;
    let (begin, end) = span(*from, *to, &zone)?;
    let clock = MovableClock::new(Clock::fixed(begin));
    let sites = serve::sites(&home, environment, DEFAULT_LISTEN)?;
    let cloud = serve::cloud(&home, &Data::Dir(data.clone()), clock.clock())?;
    // Days pass in seconds: no rate a second means anything.
    cloud.ses.set_quota(SendQuota { a_day: None, a_second: None, ..SendQuota::default() });
    let before = cloud.ses.mails().len();
    let running = Running { home, applied: Vec::new(), clock: clock.clone(), sites, cloud };
    let mut pump = Pump::open(&running.services(), &running.cloud).await?;
    pump.turn().await?;
    let put = |hour| drop(clock.set(hour));
    pump.live_through(begin, end, put).await?;
    let store = &running.home.store;
    let mut lived = lived(store, &shop, *from, *to)
        .await
        .map_err(|error| Failure::because("what the nights did can't be read", &error))?;
    lived.mails = running.cloud.ses.mails().len().saturating_sub(before);
    Ok(lived.text(&shop, *from, *to))
}

/// The hours of these days: from the first midnight to the last, by the shop's clock.
fn span(from: Date, to: Date, zone: &TimeZone) -> Result<(Timestamp, Timestamp), Failure> {
    let begins = |day: Date| day.to_zoned(zone.clone()).map(|begin| begin.timestamp());
    let end = to.checked_add(1.day()).and_then(begins);
    begins(from)
        .and_then(|begin| Ok((begin, end?)))
        .map_err(|error| Failure::because("the calendar ends here", &error))
}

async fn lived(store: &Store, shop: &ShopId, from: Date, to: Date) -> Result<Lived, StoreError> {
    let mut lived = Lived::default();
    for function in [Nightly::Points, Nightly::Mail] {
        let runs = store.latest_runs(shop, function, RUNS).await?;
        let among = runs.iter().filter(|(date, run)| (from..=to).contains(date) && run.done);
        let (nights, looked) = among.fold((0_usize, 0_u64), |(nights, looked), (_, run)| {
            (nights.saturating_add(1), looked.saturating_add(run.looked))
        });
        lived.nights.insert(function.deployed(), (nights, looked));
    }
    for day in from.series(1.day()).take_while(|day| *day <= to) {
        for awaiting in [false, true] {
            let mut after = None;
            loop {
                let page = store.decisions_of(shop, (day, awaiting), None, after.as_ref(), PAGE);
                let (found, next) = page.await?;
                for one in found {
                    let key = (one.decision.kind, one.decision.outcome);
                    let count = lived.decisions.entry(key).or_default();
                    *count = count.saturating_add(1);
                }
                after = next;
                if after.is_none() {
                    break;
                }
            }
        }
    }
    Ok(lived)
}

impl Lived {
    fn text(&self, shop: &ShopId, from: Date, to: Date) -> String {
        let mut text = format!("{shop}, {from} to {to}\n");
        for (function, (nights, looked)) in &self.nights {
            let _ = write!(text, "\n  {function:<20} {nights} nights, {looked} accounts looked at");
        }
        if self.nights.values().all(|(nights, _)| *nights == 0) {
            text.push_str("\n  No night of these was left to live: later ones have begun.");
        }
        let mut kinds: BTreeMap<Kind, Vec<String>> = BTreeMap::new();
        for ((kind, outcome), count) in &self.decisions {
            kinds.entry(*kind).or_default().push(format!("{count} {}", words(*outcome)));
        }
        for (kind, outcomes) in &kinds {
            let _ = write!(text, "\n  {:<20} {}", kind.as_str(), outcomes.join(", "));
        }
        let _ = write!(text, "\n  {:<20} {} sent", "mail", self.mails);
        text
    }
}

fn words(outcome: Decided) -> &'static str {
    match outcome {
        Decided::Skipped => "left out",
        Decided::Planned => "to be told",
        Decided::HeldOut => "held out by a test",
        Decided::Awaiting => "waiting for approval",
        Decided::Refused => "refused",
        Decided::Lapsed => "lapsed",
    }
}

#[cfg(test)]
mod tests;
