//! The machinery around the mailer: SES and the bus of a history, its part of the table's
//! stream, and SES's events on their way.

use std::sync::{Mutex, MutexGuard};

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use loyalty::ids::CustomerId;
use platform::Clock;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use testkit::aws::Cloud;
use testkit::embedded::{Connector, Embedded, Stream, sequence_number};
use testkit::ses::SendQuota;
use tokio::time::Instant;

use super::Batch;
use super::watch::Watch;
use crate::simulate::events;
use crate::simulate::history::{Event, History, Meaning};
use crate::simulate::model::Violation;
use crate::simulate::raw::Raw;

/// When a history with mail begins: an hour after its purchases, at ten in New York.
const BEGINNING: &str = "2026-11-20T15:00:00Z";

/// Records read at once.
const PAGE: usize = 1_000;

/// From then on SES's events come that are late.
const LATE: SignedDuration = SignedDuration::from_mins(30);

/// The machinery of one history.
#[derive(Debug)]
pub(crate) struct Post {
    /// SES, the bus, and the time it is.
    pub(crate) cloud: Cloud,
    pub(super) shop: String,
    connector: Connector,
    table: &'static str,
    began: Instant,
    beginning: Timestamp,
    seed: u64,
    /// Whether two who were one are taken apart.
    apart: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    stream: Stream,
    /// What the stream brought, and whether it was worked off.
    records: Vec<(Value, bool)>,
    feedback: Vec<Letter>,
    /// Events of SES's so far.
    told: u64,
    watch: Watch,
}

/// An event of SES's on its way.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    number: u64,
    pub(super) event: Box<RawValue>,
    /// Comes late.
    late: bool,
    /// Comes once more.
    again: bool,
}

impl Post {
    /// The machinery for a history, on a database where others may have been before.
    pub(crate) async fn new(
        database: &Embedded,
        table: &'static str,
        mut stream: Stream,
        history: &History,
    ) -> Result<Self, String> {
        let beginning = BEGINNING.parse().map_err(|_| "the time isn't readable".to_owned())?;
        let began = Instant::now();
        let clock = Clock::new(move || since(beginning, began));
        let cloud = Cloud::new(database.clone(), clock);
        cloud.ses.set_quota(SendQuota { a_second: None, ..SendQuota::default() });
        for (person, fate) in &history.fates {
            cloud.ses.set_fate(&events::email(*person), *fate);
        }
        while !stream.read_on(PAGE).await.map_err(|error| error.to_string())?.is_empty() {}
        let (records, feedback, told, watch) = (Vec::new(), Vec::new(), 0, Watch::default());
        let state = Mutex::new(State { stream, records, feedback, told, watch });
        let (shop, connector, seed) = (history.shop(), database.connector(), history.seed);
        let undone = |event: &Event| matches!(event.meaning, Meaning::Undone { .. });
        let apart = history.events.iter().any(undone);
        Ok(Self { cloud, shop, connector, table, began, beginning, seed, apart, state })
    }

    /// The table as it is.
    pub(super) fn raw(&self) -> Raw<'_> {
        Raw { connector: &self.connector, table: self.table }
    }

    /// The table's name.
    pub(super) fn table(&self) -> &'static str {
        self.table
    }

    /// The shop was looked through until the history begins, as the hourly schedule does: a
    /// shop that never was is looked through for nine days back.
    pub(super) async fn is_drained_until_now(&self) {
        let item = json!({
            "pk": {"S": format!("SHOP#{}", self.shop)}, "sk": {"S": "DRAINED"},
            "version": {"N": "1"}, "from": {"S": self.at(0).to_string()},
        });
        self.raw().ask("PutItem", &json!({"TableName": self.table, "Item": item})).await;
    }

    /// The moment so many milliseconds from the beginning.
    pub(crate) fn at(&self, millis: u64) -> Timestamp {
        let millis = SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX));
        self.beginning.checked_add(millis).unwrap_or(Timestamp::MAX)
    }

    /// The moment it is.
    pub(super) fn now(&self) -> Timestamp {
        since(self.beginning, self.began)
    }

    /// What the history was made from.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// Whether two who were one are taken apart in it.
    pub(super) fn comes_apart(&self) -> bool {
        self.apart
    }

    /// Waits until the moment so long from the beginning.
    pub(super) async fn wait_until(&self, from_the_beginning: std::time::Duration) {
        tokio::time::sleep_until(self.began + from_the_beginning).await;
    }

    /// Reads what is new in the stream.
    pub(super) async fn read_on(&self) -> Result<usize, String> {
        // The engine answers at once, so nobody else reads meanwhile.
        let mut stream = self.state().stream.clone();
        let mut news = Vec::new();
        loop {
            let page = stream.read_on(PAGE).await.map_err(|error| error.to_string())?;
            if page.is_empty() {
                break;
            }
            let own = page.iter().filter(|record| is_of(record, &self.shop));
            news.extend(own.cloned());
        }
        let mut state = self.state();
        state.stream = stream;
        let count = news.len();
        state.records.extend(news.into_iter().map(|record| (record, false)));
        Ok(count)
    }

    /// The records that a batch holds.
    pub(super) fn batch(&self, batch: Batch) -> Vec<Value> {
        let state = self.state();
        let again = batch == Batch::Again;
        let open = state.records.iter().filter(|(_, done)| again || !done);
        let mut records: Vec<Value> = open.map(|(record, _)| record.clone()).collect();
        match batch {
            Batch::Whole | Batch::Again => {}
            Batch::Part(of_256) => {
                records.truncate(records.len().saturating_mul(usize::from(of_256)) / 256);
            }
            Batch::Backwards => records.reverse(),
            Batch::Shuffled(seed) => Rng::with_seed(seed).shuffle(&mut records),
        }
        records
    }

    /// Notes what was worked off of a batch.
    pub(super) fn worked_off(&self, batch: &[Value], failed: &[String]) {
        let mut state = self.state();
        let numbers = batch.iter().map(sequence_number);
        let done: std::collections::BTreeSet<_> =
            numbers.filter(|number| !failed.iter().any(|one| one == number)).collect();
        for (record, is_done) in &mut state.records {
            *is_done |= done.contains(sequence_number(record));
        }
    }

    /// Whether every record was worked off.
    pub(super) fn is_worked_off(&self) -> bool {
        self.state().records.iter().all(|(_, done)| *done)
    }

    /// SES's events that come now, in some order. A fifth never comes at all.
    pub(super) fn feedback(&self, order: u64) -> Vec<Letter> {
        let news = self.cloud.ses.take_events();
        let mut state = self.state();
        for event in news {
            state.told = state.told.saturating_add(1);
            let number = state.told;
            let mut rng = Rng::with_seed(self.seed.rotate_left(17) ^ number);
            let (lost, late, again) = (rng.u8(..5) == 0, rng.u8(..5) == 0, rng.u8(..4) == 0);
            if let Ok(event) = to_raw_value(&event)
                && !lost
            {
                state.feedback.push(Letter { number, event, late, again });
            }
        }
        let late_ones = self.now().duration_since(self.beginning) >= LATE;
        let come = state.feedback.iter().filter(|letter| late_ones || !letter.late);
        let mut letters: Vec<Letter> = come.cloned().collect();
        Rng::with_seed(order).shuffle(&mut letters);
        letters
    }

    /// Notes that an event of SES's was taken in.
    pub(super) async fn heard(&self, letter: &Letter) -> Result<(), Violation> {
        {
            let mut state = self.state();
            match state.feedback.iter_mut().find(|one| one.number == letter.number) {
                Some(known) if known.again => known.again = false,
                _ => state.feedback.retain(|one| one.number != letter.number),
            }
        }
        let event: Value = serde_json::from_str(letter.event.get()).unwrap_or_default();
        self.noted_feedback(&event, self.now()).await
    }

    /// Notes as whom somebody is known.
    pub(crate) fn is_known(&self, person: u64, customer: &CustomerId) {
        self.watch(|watch| watch.is_known(person, customer.as_str()));
    }

    /// Looks at the watch, or notes something there.
    pub(super) fn watch<T>(&self, look: impl FnOnce(&mut Watch) -> T) -> T {
        look(&mut self.state().watch)
    }

    /// The stream's place, for the next history.
    pub(crate) fn stream(&self) -> Stream {
        self.state().stream.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn since(beginning: Timestamp, began: Instant) -> Timestamp {
    let passed = SignedDuration::try_from(began.elapsed()).unwrap_or(SignedDuration::MAX);
    beginning.checked_add(passed).unwrap_or(Timestamp::MAX)
}

/// Whether a record is of a shop's item.
fn is_of(record: &Value, shop: &str) -> bool {
    let pk = record.pointer("/dynamodb/Keys/pk/S").and_then(Value::as_str);
    pk.is_some_and(|pk| pk.split('#').nth(1) == Some(shop))
}
