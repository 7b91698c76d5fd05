//! Faults beneath the SDK: what DynamoDB, SES, EventBridge, the network and Lambda do to a
//! function, on purpose and by a seed.
//!
//! Every attempt of every SDK call passes [`Faulty`], so the SDK's real retry and
//! time-out code runs above it. What happens to a call is decided by *where* it is
//! (which delivery, which attempt at it, which call of that attempt) and by nothing
//! else, so taking one delivery out of a history changes nothing about the others.
#![expect(
    clippy::indexing_slicing,
    reason = "indexing JSON values never panics on reading, and the bodies written to are objects"
)]

mod answers;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::sync::Notify;

use self::answers::{conflict, throttled};
use crate::aws::{self, Connector};

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The request never left.
    NotSent,
    /// It was done, and the answer never came back.
    ReplyLost,
    /// The service was too busy, in one of its ways of saying so.
    Throttled,
    /// Another transaction was in the way, or seemed to be.
    Conflict,
    /// No answer at all, done or not, until the SDK gives up waiting.
    Timeout,
    /// A query answers with a part of its page and where to go on.
    HalfPage,
    /// A batch leaves keys unprocessed.
    Unprocessed,
    /// The function is killed, before it is done or after.
    Killed,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 8] = [
        Self::NotSent,
        Self::ReplyLost,
        Self::Throttled,
        Self::Conflict,
        Self::Timeout,
        Self::HalfPage,
        Self::Unprocessed,
        Self::Killed,
    ];

    /// As the command line names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not-sent",
            Self::ReplyLost => "reply-lost",
            Self::Throttled => "throttled",
            Self::Conflict => "conflict",
            Self::Timeout => "timeout",
            Self::HalfPage => "half-page",
            Self::Unprocessed => "unprocessed",
            Self::Killed => "killed",
        }
    }

    /// Whether it can befall an operation.
    pub fn befalls(self, operation: &str) -> bool {
        match self {
            Self::Conflict => {
                matches!(operation, "TransactWriteItems" | "PutItem" | "UpdateItem" | "DeleteItem")
            }
            Self::HalfPage => operation == "Query",
            Self::Unprocessed => operation == "BatchGetItem",
            _ => true,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No fault has this name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{0}` is no fault: use not-sent, reply-lost, throttled, conflict, timeout, half-page, unprocessed or killed"
)]
pub struct FaultError(String);

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let found = Self::ALL.into_iter().find(|fault| fault.as_str() == text);
        found.ok_or_else(|| FaultError(text.to_owned()))
    }
}

/// Where a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which delivery.
    pub delivery: u32,
    /// Which attempt at it, from 0.
    pub attempt: u32,
    /// Which call of that attempt, from 0; the SDK's own retries count.
    pub call: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "delivery {} attempt {} call {}", self.delivery, self.attempt, self.call)
    }
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fate {
    /// The fault, if any. One that can't befall the operation does nothing.
    pub fault: Option<Fault>,
    /// Tells the kinds of one fault apart: which error, done or not.
    pub variant: u32,
    /// Time until the service gets it.
    pub there: Duration,
    /// Time until the answer is back.
    pub back: Duration,
}

/// What leaves the table as it was.
const UNCHANGED_BY: [&str; 7] =
    ["GetItem", "BatchGetItem", "Query", "Scan", "SendEmail", "GetAccount", "PutEvents"];

/// Decides what happens to the call at a place.
pub type Decide = dyn Fn(Place, &str) -> Fate + Send + Sync;

/// A call that was made, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Where.
    pub place: Place,
    /// The service's operation.
    pub operation: String,
    /// The fault it met.
    pub fault: Option<Fault>,
    /// Of a mail, the message it is, as its tag says.
    pub message: Option<String>,
}

/// A connector that lets things go wrong.
#[derive(Clone)]
pub struct Faulty {
    inner: Connector,
    decide: Arc<Decide>,
    made: Arc<Mutex<Vec<Made>>>,
    writes: Arc<AtomicU64>,
}

/// What [`attempt`] keeps beside the function it runs.
struct Running {
    delivery: u32,
    attempt: u32,
    calls: Cell<u32>,
    killed: Arc<Notify>,
}

tokio::task_local! {
    static RUNNING: Running;
}

/// Runs one attempt of a function at a delivery; `None` if it was killed.
pub async fn attempt<T>(
    delivery: u32,
    attempt: u32,
    function: impl Future<Output = T>,
) -> Option<T> {
    let killed = Arc::new(Notify::new());
    let running = Running { delivery, attempt, calls: Cell::new(0), killed: Arc::clone(&killed) };
    tokio::select! {
        biased;
        done = RUNNING.scope(running, function) => Some(done),
        () = killed.notified() => None,
    }
}

impl Faulty {
    /// A connector over `inner` whose calls meet what `decide` says.
    pub fn new(inner: impl Into<Connector>, decide: Arc<Decide>) -> Self {
        Self { inner: inner.into(), decide, made: Arc::default(), writes: Arc::default() }
    }

    /// The calls made since the last time this was asked, in their order.
    pub fn take_made(&self) -> Vec<Made> {
        std::mem::take(&mut *self.made())
    }

    /// Writing calls so far: while this stays, nothing in the table changed.
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// The calls made since they were last taken, which stay.
    pub fn made_so_far(&self) -> Vec<Made> {
        self.made().clone()
    }

    fn made(&self) -> MutexGuard<'_, Vec<Made>> {
        self.made.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        // A call outside an attempt is a test's own and meets nothing.
        let Some((place, killed)) = here() else { return self.inner.call(request).await };
        let operation = aws::operation(&request);
        let fate = (self.decide)(place, &operation);
        let fault = fate.fault.filter(|fault| fault.befalls(&operation));
        if !UNCHANGED_BY.contains(&operation.as_str()) {
            self.writes.fetch_add(1, Ordering::Relaxed);
        }
        let message = (operation == "SendEmail").then(|| message_of(request.body())).flatten();
        self.made().push(Made { place, operation: operation.clone(), fault, message });
        tokio::time::sleep(fate.there).await;
        let answer = match fault {
            None => self.inner.call(request).await,
            Some(fault) => self.fail(fault, fate.variant, &operation, request, &killed).await,
        };
        tokio::time::sleep(fate.back).await;
        answer
    }

    async fn fail(
        &self,
        fault: Fault,
        variant: u32,
        operation: &str,
        request: HttpRequest,
        killed: &Notify,
    ) -> Result<HttpResponse, ConnectorError> {
        let done = variant % 2 == 1;
        match fault {
            Fault::NotSent => Err(ConnectorError::io("not sent".into())),
            Fault::ReplyLost => {
                self.inner.call(request).await?;
                Err(ConnectorError::io("reply lost".into()))
            }
            Fault::Timeout => {
                if done {
                    self.inner.call(request).await?;
                }
                std::future::pending().await
            }
            Fault::Killed => {
                if done {
                    self.inner.call(request).await?;
                }
                killed.notify_one();
                std::future::pending().await
            }
            Fault::Throttled => Ok(throttled(operation, variant, &request)),
            Fault::Conflict => Ok(conflict(operation, variant, &request)),
            Fault::HalfPage => self.inner.call(half_page(request)).await,
            Fault::Unprocessed => self.unprocessed(request).await,
        }
    }

    /// Answers a batch for all but its last key of each table.
    async fn unprocessed(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let mut asked = body_of(request.body());
        let mut left = json!({});
        for (table, batch) in asked["RequestItems"].as_object_mut().into_iter().flatten() {
            let keys = batch["Keys"].as_array_mut();
            // A batch of one is answered: a real table gets on as well.
            if let Some(last) = keys.filter(|keys| keys.len() > 1).and_then(Vec::pop) {
                let mut rest = batch.clone();
                rest["Keys"] = json!([last]);
                left[table] = rest;
            }
        }
        let response = self.inner.call(with_body(request, &asked)).await?;
        let mut answer = body_of(response.body());
        answer["UnprocessedKeys"] = left;
        Ok(reply(response.status().as_u16(), &answer))
    }
}

fn here() -> Option<(Place, Arc<Notify>)> {
    RUNNING
        .try_with(|running| {
            let call = running.calls.get();
            running.calls.set(call.saturating_add(1));
            let Running { delivery, attempt, .. } = *running;
            (Place { delivery, attempt, call }, Arc::clone(&running.killed))
        })
        .ok()
}

/// The same query, answered one item at a time unless it asked for fewer anyway.
fn half_page(request: HttpRequest) -> HttpRequest {
    let mut asked = body_of(request.body());
    if asked["Limit"].is_null() {
        asked["Limit"] = json!(1);
    }
    with_body(request, &asked)
}

fn body_of(body: &SdkBody) -> Value {
    body.bytes().and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default()
}

/// The message that a mail's tag names.
fn message_of(mail: &SdkBody) -> Option<String> {
    let mail = body_of(mail);
    let tag = mail["EmailTags"].as_array()?.iter().find(|tag| tag["Name"] == "message")?;
    tag["Value"].as_str().map(str::to_owned)
}

fn with_body(mut request: HttpRequest, body: &Value) -> HttpRequest {
    *request.body_mut() = SdkBody::from(body.to_string());
    request
}

fn reply(status: u16, body: &Value) -> HttpResponse {
    let status = http::StatusCode::from_u16(status).unwrap_or_default();
    HttpResponse::new(status.into(), SdkBody::from(body.to_string()))
}

impl HttpConnector for Faulty {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let faulty = self.clone();
        HttpConnectorFuture::new(async move { Faulty::call(&faulty, request).await })
    }
}

impl HttpClient for Faulty {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faulty").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// How often each fault met each operation, so that a point never hit is seen.
pub type Tally = BTreeMap<(String, Option<Fault>), u64>;

/// Adds calls to a tally.
pub fn tally(tally: &mut Tally, made: &[Made]) {
    for one in made {
        let count = tally.entry((one.operation.clone(), one.fault)).or_default();
        *count = count.saturating_add(1);
    }
}
