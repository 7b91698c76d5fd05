//! The nights: work that time brings, done per shop and local date.
//!
//! One hourly schedule starts, in each nightly function, every shop whose clock shows 04:00 or
//! later and whose run for that date isn't done: time zones, new shops, missed nights and clock
//! changes by one rule. A run reads what is due and nothing else, page by page, and keeps how
//! far it is; when the time of an invocation ends, another goes on from there. Whatever a night
//! does is keyed by its date or marked in the account in the same transaction, so that twice is
//! once.

mod call;
pub mod letters;

use std::future::Future;

use jiff::Timestamp;
use jiff::civil::{Date, Time, time};
use loyalty::ids::{CustomerId, ShopId};
use loyalty::program::Program;
use tokio::time::Instant;

pub use self::call::{Call, CallError, NIGHT_GOES_ON, wake};
use crate::store::StoreError;
use crate::store::keys::Nightly;
use crate::{Clock, Store};

/// The local time from which on a night's run may start.
pub const FROM: Time = time(4, 0, 0, 0);

/// Accounts in a page: few enough to be done in seconds, and read in one request.
const PAGE: u16 = 50;

/// What a nightly function does.
pub trait Work: Sync {
    /// What looking at somebody needs to know of the shop, read once an invocation.
    type Scene: Send + Sync;

    /// Which function it is.
    const FUNCTION: Nightly;

    /// What comes before anybody is looked at, and each time the run goes on.
    fn begin(
        &self,
        shop: &ShopId,
        night: Date,
        until: Instant,
    ) -> impl Future<Output = Result<Self::Scene, StoreError>> + Send;

    /// Looks at a page of customers. Whoever can't be worked off for good is told of in the
    /// log and left; an error means that the same may work later.
    fn look(
        &self,
        shop: &ShopId,
        night: Date,
        scene: &Self::Scene,
        customers: Vec<CustomerId>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// How working on a shop's night ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Everybody due was looked at; so many in all.
    Done {
        /// Accounts looked at, each as often as an index named her.
        looked: u64,
    },
    /// The time ended before the work did.
    Unfinished,
    /// There was nothing to do: it is done, not begun, or another invocation is at it.
    Nothing,
}

/// The local date whose night is the latest that has begun.
pub fn night_of(program: &Program, now: Timestamp) -> Option<Date> {
    let local = now.to_zoned(program.shop.zone.clone());
    let (date, time) = (local.date(), local.time());
    if time >= FROM { Some(date) } else { date.yesterday().ok() }
}

/// Works off what is due of a shop's latest night, until it is done or `until` has come.
pub async fn work_off<W: Work>(
    store: &Store,
    clock: &Clock,
    work: &W,
    shop: &ShopId,
    until: Instant,
) -> Result<Ended, StoreError> {
    let rules = store.rules(shop, clock.now()).await?;
    let Some(version) = rules.programs.in_force(clock.now()) else { return Ok(Ended::Nothing) };
    let Some(night) = night_of(&version.program, clock.now()) else { return Ok(Ended::Nothing) };
    let known = store.run(shop, W::FUNCTION, night).await?;
    if known.as_ref().is_some_and(|run| run.done) {
        return Ok(Ended::Nothing);
    }
    // Each invocation gets somewhere, however little time it has: it begins the run, or works
    // off a page. One that never did would be woken for ever.
    let mut got_somewhere = known.is_none();
    let Some(mut run) = store.start_run(shop, W::FUNCTION, night).await? else {
        return Ok(Ended::Nothing);
    };
    if got_somewhere && Instant::now() >= until {
        return Ok(Ended::Unfinished);
    }
    let scene = work.begin(shop, night, until).await?;
    while !run.done {
        if got_somewhere && Instant::now() >= until {
            return Ok(Ended::Unfinished);
        }
        let page = store.due_page(shop, W::FUNCTION, night, &run, PAGE).await?;
        let looked = u64::try_from(page.customers.len()).unwrap_or(u64::MAX);
        if looked > 0 {
            work.look(shop, night, &scene, page.customers).await?;
        }
        run.looked = run.looked.saturating_add(looked);
        run.done = page.next.is_none();
        run.cursor = page.next;
        // Empty buckets cost no write: whoever goes on reads them again.
        if looked > 0 || run.done {
            if !store.keep_run(shop, W::FUNCTION, night, &run).await? {
                // Another invocation is at it, and got further.
                return Ok(Ended::Nothing);
            }
            run.version = run.version.saturating_add(1);
            got_somewhere = true;
        }
    }
    store.spread(shop, W::FUNCTION, run.looked).await?;
    Ok(Ended::Done { looked: run.looked })
}
