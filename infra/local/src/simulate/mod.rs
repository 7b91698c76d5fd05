//! The simulator: seeded histories of shops, with everything going wrong that can.
//!
//! Real handlers and the real store on the embedded engine, one thread, a paused clock:
//! deliveries repeat, overlap and come in any order, every call to DynamoDB may meet a
//! fault beneath the SDK, functions are killed, and after every step the promises are
//! checked against a small model that shares no code with the product. The first broken
//! promise is shrunk and printed with its seed, which plays it again exactly.
//!
//! A later function adds its events to `events.rs`, their meaning to `model.rs`, and
//! its router to the product in `product.rs`.

pub(crate) mod command;
mod events;
mod history;
mod mail;
mod model;
mod play;
mod product;
pub(crate) mod raw;
mod systematic;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use testkit::faults::{self, Fault, Made, Place, Tally};

pub(crate) use self::history::Kind;
use self::history::{Delivery, History};
use self::play::{Faults, Played, World};

/// Histories in one database before a new one is made: a stream grows with every write.
const HISTORIES_PER_WORLD: u64 = 200;

/// Times a failing history is played again to make it smaller.
const SHRINK_BUDGET: u32 = 300;

/// What to simulate.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// How many histories.
    pub(crate) histories: u64,
    /// The seed of the first; each next one has the next seed.
    pub(crate) seed: u64,
    /// Faults that may happen.
    pub(crate) faults: Vec<Fault>,
    /// How much happens in a history.
    pub(crate) kind: Kind,
    /// Also each fault at each call of each handler, and every order of six events.
    pub(crate) systematic: bool,
    /// Also every pair of faults.
    pub(crate) pairs: bool,
}

/// What a simulation found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Report {
    /// Histories played.
    pub(crate) histories: u64,
    /// Deliveries of them.
    pub(crate) deliveries: u64,
    /// Calls to DynamoDB by operation and fault.
    pub(crate) tally: Tally,
    /// The first broken promise, told in full.
    pub(crate) failure: Option<String>,
}

/// Simulates, telling `progress` of each history played.
pub(crate) fn run(options: &Options, progress: impl FnMut(u64)) -> Result<Report, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(simulate(options, progress))
}

async fn simulate(options: &Options, mut progress: impl FnMut(u64)) -> Result<Report, String> {
    let mut report = Report::default();
    if options.systematic {
        systematic::run(options, &mut report).await?;
    }
    let mut world = World::new().await?;
    for number in 0..options.histories {
        if report.failure.is_some() {
            break;
        }
        if number > 0 && number.is_multiple_of(HISTORIES_PER_WORLD) {
            world.check_shops().await?;
            world = World::new().await?;
        }
        let history = History::of(options.seed.wrapping_add(number), options.kind);
        let faults = Faults::Seeded(options.faults.clone());
        report.take(play(&world, &history, &faults).await?, &history, &faults).await?;
        progress(1);
    }
    if report.failure.is_none()
        && let Err(violation) = world.check_shops().await
    {
        report.failure = Some(violation);
    }
    Ok(report)
}

/// Plays a history with the product.
async fn play(world: &World, history: &History, faults: &Faults) -> Result<Played, String> {
    // The product draws customer ids and pauses from this: the same for the same seed.
    fastrand::seed(history.seed);
    let post = world.post(history).await?;
    let faulty = world.faulty(history, faults, post.as_ref());
    let product = world.product(history, &faulty, post.as_ref()).await?;
    Ok(world.play(history, &faulty, post, product).await)
}

impl Report {
    /// Adds what another thread found.
    fn add(&mut self, other: Self) {
        self.histories = self.histories.saturating_add(other.histories);
        self.deliveries = self.deliveries.saturating_add(other.deliveries);
        for (at, count) in other.tally {
            let sum = self.tally.entry(at).or_default();
            *sum = sum.saturating_add(count);
        }
        self.failure = self.failure.take().or(other.failure);
    }

    /// Counts a played history; a failed one is made smaller and told.
    async fn take(
        &mut self,
        played: Played,
        history: &History,
        faults: &Faults,
    ) -> Result<(), String> {
        self.histories = self.histories.saturating_add(1);
        let deliveries = u64::try_from(history.deliveries.len()).unwrap_or(u64::MAX);
        self.deliveries = self.deliveries.saturating_add(deliveries);
        faults::tally(&mut self.tally, &played.made);
        if played.violation.is_some() && self.failure.is_none() {
            let small = shrink(history, faults, played).await?;
            self.failure = Some(small.told());
        }
        Ok(())
    }
}

/// A failing history and the faults it needs.
#[derive(Debug, Clone)]
struct Failing {
    history: History,
    faults: BTreeMap<Place, (Fault, u32)>,
    played: Played,
}

/// Takes away deliveries and faults as long as the history still fails: halves of them
/// first, then smaller and smaller parts.
async fn shrink(history: &History, faults: &Faults, played: Played) -> Result<Failing, String> {
    let met = play::met(history, faults, &played.made);
    let mut failing = Failing { history: history.clone(), faults: met, played };
    let mut budget = SHRINK_BUDGET;
    let mut part = failing.history.deliveries.len().max(failing.faults.len());
    while part > 0 && budget > 0 {
        let places: Vec<Place> = failing.faults.keys().copied().collect();
        for some in places.chunks(part) {
            let mut tried = failing.clone();
            tried.faults.retain(|place, _| !some.contains(place));
            failing.replace_if_failing(tried, &mut budget).await?;
        }
        let deliveries: Vec<Delivery> = failing.history.deliveries.clone();
        let mut smaller = false;
        for some in deliveries.chunks(part) {
            let kept = |delivery: &Delivery| !some.iter().any(|one| one.id == delivery.id);
            let mut tried = failing.clone();
            tried.history.deliveries.retain(kept);
            smaller |= failing.replace_if_failing(tried, &mut budget).await?;
        }
        // What one pass takes away may have kept something else in.
        if part > 1 || !smaller {
            part /= 2;
        }
    }
    Ok(failing)
}

impl Failing {
    async fn replace_if_failing(
        &mut self,
        mut tried: Self,
        budget: &mut u32,
    ) -> Result<bool, String> {
        if *budget == 0 || tried.history.deliveries.is_empty() {
            return Ok(false);
        }
        *budget = budget.saturating_sub(1);
        // Events nobody is told of never happened, as far as the model is asked.
        let told = |event: &usize| tried.history.deliveries.iter().any(|one| one.event == *event);
        let dropped: Vec<usize> =
            (0..tried.history.events.len()).filter(|one| !told(one)).collect();
        let Some(history) = tried.history.without(&dropped) else { return Ok(false) };
        let world = World::new().await?;
        let faults = Faults::Listed(tried.faults.clone());
        tried.played = play(&world, &history, &faults).await?;
        // Made smaller it mustn't become another failure, such as a history whose people
        // never come.
        let kind = |played: &Played| played.violation.as_deref().map(kind_of);
        let fails = kind(&tried.played) == kind(&self.played);
        if fails {
            tried.history = history;
            *self = tried;
        }
        Ok(fails)
    }

    /// The failure for a person to read.
    fn told(&self) -> String {
        let mut text = String::new();
        let violation = self.played.violation.as_deref().unwrap_or("nothing is broken");
        let seed = self.history.seed;
        // Writing to a String can't fail.
        let _ = writeln!(text, "{violation}\n\nseed {seed}; made smaller, it takes:");
        for delivery in &self.history.deliveries {
            let event = self.history.events.get(delivery.event);
            let meaning = event.map(|event| (event.topic, event.meaning));
            let _ =
                writeln!(text, "  delivery {} at {} ms: {meaning:?}", delivery.id, delivery.starts);
        }
        for (place, (fault, variant)) in &self.faults {
            let _ = writeln!(text, "  {place}: {fault} ({variant})");
        }
        let _ = writeln!(text, "\nwhat happened:");
        // Calls of one kind that nothing happened to are told together.
        let plain = |made: &Made| (made.place.delivery, made.place.attempt, made.operation.clone());
        let same = |a: &Made, b: &Made| (a.fault, b.fault) == (None, None) && plain(a) == plain(b);
        for made in self.played.made.chunk_by(same) {
            let Some(first) = made.first() else { continue };
            let fault = first.fault.map_or(String::new(), |fault| format!(" met {fault}"));
            let more = if made.len() > 1 { format!(" ×{}", made.len()) } else { String::new() };
            let _ = writeln!(text, "  {}: {}{more}{fault}", first.place, first.operation);
        }
        for line in &self.played.trace {
            let _ = writeln!(text, "  {line}");
        }
        text
    }
}

/// What a violation is about: how it begins, whatever it names.
fn kind_of(violation: &str) -> String {
    violation.chars().filter(|one| !one.is_ascii_digit()).take(12).collect()
}

/// How often each fault met each operation, as a table; 0 shows a point never hit.
pub(crate) fn fault_table(tally: &Tally, kinds: &[Fault]) -> String {
    let mut operations: Vec<&String> = tally.keys().map(|(operation, _)| operation).collect();
    operations.dedup();
    let mut text = format!("{:<20}{:>12}", "operation", "no fault");
    for kind in kinds {
        let _ = write!(text, "{:>12}", kind.as_str());
    }
    for operation in operations {
        let count = |fault| tally.get(&(operation.clone(), fault)).copied().unwrap_or_default();
        let _ = write!(text, "\n{operation:<20}{:>12}", count(None));
        for kind in kinds {
            let shown = match kind.befalls(operation) {
                true => count(Some(*kind)).to_string(),
                false => "-".to_owned(),
            };
            let _ = write!(text, "{shown:>12}");
        }
    }
    text
}

#[cfg(test)]
mod canary;
#[cfg(test)]
mod tests;
