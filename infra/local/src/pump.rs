//! What carries events between the functions in AWS: the stream to the mailer, the bus and
//! the hour too, and SES's events to mail feedback.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mailer::invoke::{self, WORK_DUE};
use mailer::{Mailer, stream::Record};
use platform::Services;
use platform::nights::NIGHT_GOES_ON;
use platform::store::keys::Nightly;
use platform::telemetry::chain;
use reengagement_scan::Scan;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use sources::api::ShopifyAccess;
use testkit::aws::Cloud;
use testkit::embedded::{Stream, sequence_number};
use tier_recalculation::Recalculation;
use tokio::sync::{mpsc, oneshot};

use crate::clock::{ClockError, MovableClock};
use crate::failure::Failure;
use crate::home::TABLE;
use crate::server::Stop;

/// Records handed over at once.
const BATCH: usize = 500;

/// How long a drain may take, as the Lambda's does.
const BUDGET: Duration = Duration::from_secs(300);

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// How often it is looked whether something came up.
const EVERY: Duration = Duration::from_millis(250);

/// How often, in such looks, work is looked for that nothing woke: the hour's turn, which here
/// comes sooner because a clock may be moved.
const SELDOM: u32 = 8;

/// Hands events on.
pub(crate) struct Pump {
    pub(crate) mailer: Mailer,
    scan: Scan,
    recalculation: Recalculation,
    services: Services,
    cloud: Cloud,
    stream: Stream,
    /// Whether SES's events are handed on too.
    answers: bool,
}

impl Pump {
    /// A pump that begins with what was left over.
    pub(crate) async fn open(services: &Services, cloud: &Cloud) -> Result<Self, Failure> {
        let cannot = |error: &dyn std::error::Error| {
            Failure::new(format!("mail can't be worked off: {}", chain(error)))
        };
        let mailer = Mailer::new(services.clone(), cloud.mail(), cloud.events());
        let mailer = mailer.map_err(|error| cannot(&error))?;
        let scan = Scan { services: services.clone(), bus: cloud.events() };
        let access = ShopifyAccess::new().map_err(|error| cannot(&error))?;
        let recalculation = Recalculation::new(services.clone(), cloud.events(), access);
        let stream = Stream::open(&cloud.embedded, TABLE).await;
        let stream = stream.map_err(|error| cannot(&error))?;
        let (services, cloud) = (services.clone(), cloud.clone());
        Ok(Self { mailer, scan, recalculation, services, cloud, stream, answers: true })
    }

    /// The same, for somebody who hands SES's events on herself.
    pub(crate) fn without_answers(mut self) -> Self {
        self.answers = false;
        self
    }

    /// Hands on what came up, and what that brings, until nothing more does.
    pub(crate) async fn turn(&mut self) -> Result<(), Failure> {
        loop {
            let read = self.stream.next(BATCH).await;
            let records = read.map_err(|error| Failure::because("the stream failed", &error))?;
            let planned = self.plan(&records).await?;
            let mut quiet = records.is_empty();
            for event in self.cloud.bus.take_events() {
                quiet &= !self.hand_on(&event).await;
            }
            let answers = if self.answers { self.cloud.ses.take_events() } else { Vec::new() };
            for event in answers {
                quiet = false;
                feed_back(&self.services, &event).await;
            }
            if quiet || !planned {
                return Ok(());
            }
        }
    }

    /// The hourly schedule's turn: the nights first, so that what they find goes out with the
    /// same hour where it is time.
    pub(crate) async fn hour(&mut self) -> Result<(), Failure> {
        self.night().await?;
        self.drain().await
    }

    /// The nightly functions' part of it.
    pub(crate) async fn night(&mut self) -> Result<(), Failure> {
        let hourly = self.hourly();
        self.invoke_points(&hourly).await;
        self.invoke_letters(&hourly).await;
        self.turn().await
    }

    /// The mailer's part of it.
    pub(crate) async fn drain(&mut self) -> Result<(), Failure> {
        let hourly = self.hourly();
        self.invoke(&hourly).await;
        self.turn().await
    }

    fn hourly(&self) -> Value {
        json!({ "hourly": self.services.clock.now().to_string() })
    }

    /// Lives every hour that begins after `from` and up to `until`, in order, with the clock put
    /// to each of them.
    pub(crate) async fn live_through(
        &mut self,
        from: Timestamp,
        until: Timestamp,
        mut put: impl FnMut(Timestamp),
    ) -> Result<(), Failure> {
        let mut next = following_hour(from);
        while next <= until {
            put(next);
            self.hour().await?;
            next = following_hour(next);
        }
        Ok(())
    }

    /// Hands one of our own events on to the function that listens to it; `false`: none does.
    async fn hand_on(&self, event: &Value) -> bool {
        let text = |pointer| event.pointer(pointer).and_then(Value::as_str);
        let of = |function: Nightly| text("/detail/function") == Some(function.deployed());
        match text("/detail-type") {
            Some(WORK_DUE) => self.invoke(event).await,
            Some(NIGHT_GOES_ON) if of(Nightly::Mail) => self.invoke_letters(event).await,
            Some(NIGHT_GOES_ON) if of(Nightly::Points) => self.invoke_points(event).await,
            _ => return false,
        }
        true
    }

    async fn invoke_letters(&self, event: &Value) {
        let Ok(payload) = to_raw_value(event) else { return };
        let handled = Box::pin(reengagement_scan::handle(&self.scan, &payload, BUDGET)).await;
        if let Err(error) = handled {
            tracing::error!(error = chain(&error), "the mail night failed: it is tried again");
        }
    }

    async fn invoke_points(&self, event: &Value) {
        let Ok(payload) = to_raw_value(event) else { return };
        let function = &self.recalculation;
        let handled = Box::pin(tier_recalculation::handle(function, &payload, BUDGET)).await;
        if let Err(error) = handled {
            tracing::error!(error = chain(&error), "the points night failed: it is tried again");
        }
    }

    /// Has changes planned. `false`: some are to be handed over again, later.
    async fn plan(&mut self, records: &[Value]) -> Result<bool, Failure> {
        let failed = self.mailer.stream(records.iter().cloned().map(Record::read).collect()).await;
        // The first that failed is where it goes on, as with Lambda's checkpoint.
        let first =
            records.iter().position(|one| failed.iter().any(|id| id == sequence_number(one)));
        let done = first.unwrap_or(records.len());
        if let Some(last) = done.checked_sub(1).and_then(|last| records.get(last)) {
            let noted = self.stream.done(last);
            noted.map_err(|error| Failure::because("the stream can't be trimmed", &error))?;
        }
        Ok(first.is_none())
    }

    async fn invoke(&self, event: &Value) {
        let Ok(payload) = to_raw_value(event) else { return };
        // Boxed, as in the Lambda: the compiler gives up on laying out so deep a future.
        if let Err(error) = Box::pin(invoke::handle(&self.mailer, &payload, BUDGET)).await {
            tracing::error!(error = chain(&error), "the mailer failed: what is due stays due");
        }
    }

    /// Keeps handing on, on a thread of its own, until the process is told to stop; and lives
    /// through hours when it is asked to.
    pub(crate) fn keep_working(
        self,
        clock: MovableClock,
        stop: Stop,
    ) -> Result<TimeMachine, Failure> {
        let cannot = |error| Failure::because("cannot work events off", &error);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(cannot)?;
        let (asks, asked) = mpsc::channel(1);
        let work = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = self.work(&clock, asked) => {}
                    () = stop.told() => {}
                }
            });
        };
        std::thread::Builder::new().name("events".to_owned()).spawn(work).map_err(cannot)?;
        Ok(TimeMachine(asks))
    }

    async fn work(mut self, clock: &MovableClock, mut asked: mpsc::Receiver<Journey>) {
        for round in (0..SELDOM).cycle() {
            let turned = if round == 0 { self.hour().await } else { self.turn().await };
            if let Err(failure) = turned {
                tracing::error!(%failure, "events aren't handed on: tried again");
            }
            let journey = tokio::time::timeout(EVERY, asked.recv()).await;
            let Ok(Some(Journey { wanted, arrived })) = journey else { continue };
            let came = self.travel(clock, wanted).await;
            // Whoever asked may have gone.
            let _ = arrived.send(came);
        }
    }

    /// Puts the clock forward hour by hour, and lives each of them.
    async fn travel(
        &mut self,
        clock: &MovableClock,
        wanted: Timestamp,
    ) -> Result<Timestamp, ClockError> {
        let from = clock.now();
        let put = |hour| {
            if let Err(error) = clock.set(hour) {
                tracing::error!(%error, "the clock went on by itself");
            }
        };
        if let Err(failure) = self.live_through(from, wanted, put).await {
            tracing::error!(%failure, "an hour wasn't lived to its end: what is due stays due");
        }
        // So many hours take a while, in which the clock went on.
        let came = clock.set(wanted.max(clock.now()));
        if let Err(failure) = self.turn().await {
            tracing::error!(%failure, "events aren't handed on: tried again");
        }
        came
    }
}

/// A moment that somebody wants to be at, and where to say when it is.
struct Journey {
    wanted: Timestamp,
    arrived: oneshot::Sender<Result<Timestamp, ClockError>>,
}

/// Puts the clock forward through every hour in between.
#[derive(Debug, Clone)]
pub(crate) struct TimeMachine(mpsc::Sender<Journey>);

impl TimeMachine {
    /// Goes there, and says what time it is then; `None`: nobody works events off any more.
    pub(crate) async fn go_to(&self, wanted: Timestamp) -> Option<Result<Timestamp, ClockError>> {
        let (arrived, came) = oneshot::channel();
        self.0.send(Journey { wanted, arrived }).await.ok()?;
        came.await.ok()
    }
}

/// The first full hour after a moment.
fn following_hour(at: Timestamp) -> Timestamp {
    let into = SignedDuration::from_secs(at.as_second().rem_euclid(3600));
    let rest = HOUR.checked_sub(into).unwrap_or(HOUR);
    let begun = Timestamp::from_second(at.as_second()).unwrap_or(at);
    begun.checked_add(rest).unwrap_or(Timestamp::MAX)
}

/// Hands on what SES says became of a mail.
pub(crate) async fn feed_back(services: &Services, event: &Value) {
    let Ok(payload) = to_raw_value(event) else { return };
    if let Err(error) = mail_feedback::handle(services, &payload).await {
        tracing::error!(error = chain(&error), "what became of a mail wasn't taken in");
    }
}
