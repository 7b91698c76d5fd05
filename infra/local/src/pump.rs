//! What carries events between the functions in AWS: the stream to the mailer, the bus and
//! the hour too, and SES's events to mail feedback.

use std::time::Duration;

use mailer::invoke::{self, WORK_DUE};
use mailer::{Mailer, stream::Record};
use platform::Services;
use platform::telemetry::chain;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use testkit::aws::Cloud;
use testkit::embedded::{Stream, sequence_number};

use crate::failure::Failure;
use crate::home::TABLE;
use crate::server::Stop;

/// Records handed over at once.
const BATCH: usize = 500;

/// How long a drain may take, as the Lambda's does.
const BUDGET: Duration = Duration::from_secs(300);

/// How often it is looked whether something came up.
const EVERY: Duration = Duration::from_millis(250);

/// How often, in such looks, work is looked for that nothing woke: the hour's turn, which here
/// comes sooner because a clock may be moved.
const SELDOM: u32 = 8;

/// Hands events on.
pub(crate) struct Pump {
    pub(crate) mailer: Mailer,
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
        let stream = Stream::open(&cloud.embedded, TABLE).await;
        let stream = stream.map_err(|error| cannot(&error))?;
        Ok(Self { mailer, services: services.clone(), cloud: cloud.clone(), stream, answers: true })
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
                if event.get("detail-type").and_then(Value::as_str) == Some(WORK_DUE) {
                    quiet = false;
                    self.invoke(&event).await;
                }
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

    /// The hourly schedule's turn.
    pub(crate) async fn hour(&mut self) -> Result<(), Failure> {
        let now = self.services.clock.now().to_string();
        self.invoke(&json!({ "hourly": now })).await;
        self.turn().await
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

    /// Keeps handing on until the process is told to stop.
    pub(crate) async fn keep_working(mut self, stop: Stop) {
        let work = async {
            for round in (0..SELDOM).cycle() {
                let turned = if round == 0 { self.hour().await } else { self.turn().await };
                if let Err(failure) = turned {
                    tracing::error!(%failure, "events aren't handed on: tried again");
                }
                tokio::time::sleep(EVERY).await;
            }
        };
        tokio::select! {
            () = work => {}
            () = stop.told() => {}
        }
    }
}

/// Hands on what SES says became of a mail.
pub(crate) async fn feed_back(services: &Services, event: &Value) {
    let Ok(payload) = to_raw_value(event) else { return };
    if let Err(error) = mail_feedback::handle(services, &payload).await {
        tracing::error!(error = chain(&error), "what became of a mail wasn't taken in");
    }
}
