//! Events on EventBridge's bus.

use std::time::Duration;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_eventbridge::operation::put_events::PutEventsError;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use jiff::Timestamp;
use thiserror::Error;

/// What our events name as their source.
pub const SOURCE: &str = "regulars";

/// The most entries of one call.
const MOST_ENTRIES: usize = 10;

/// The most bytes of one call, and so of one event: less than the service's megabyte.
const MOST_BYTES: usize = 1_000_000;

/// What an entry counts for beside its texts: its time.
const ENTRY_BYTES: usize = 14;

/// How often an entry that failed is put again, alone.
const ATTEMPTS: u32 = 3;

/// The first pause before that; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusEvent {
    /// What happened, such as `PointsChanged`.
    pub detail_type: String,
    /// More about it, a JSON object.
    pub detail: String,
    /// When it happened.
    pub time: Timestamp,
}

impl BusEvent {
    fn bytes(&self) -> usize {
        let texts = [SOURCE, &self.detail_type, &self.detail];
        texts.iter().fold(ENTRY_BYTES, |sum, text| sum.saturating_add(text.len()))
    }
}

/// An event isn't on the bus, or may not be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BusError {
    /// Too big for the bus, now and ever.
    #[error("the event has {bytes} bytes, and EventBridge takes less than {MOST_BYTES}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// EventBridge won't take it however often it comes.
    #[error("EventBridge refuses the event: {code}")]
    Refused {
        /// Its code for the reason.
        code: String,
    },
    /// It may be taken later. It may be on the bus already: whoever listens must bear an
    /// event twice.
    #[error("EventBridge didn't take the event: {reason}")]
    Unavailable {
        /// Its code, or what went wrong on the way.
        reason: String,
    },
}

impl BusError {
    /// Whether putting it again may help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    fn of(code: &str) -> Self {
        let passes = matches!(
            code,
            "ThrottlingException"
                | "Throttling"
                | "TooManyRequestsException"
                | "RequestLimitExceeded"
                | "InternalException"
                | "InternalFailure"
                | "InternalError"
                | "InternalServerError"
                | "ServiceUnavailable"
                | "ServiceUnavailableException"
        );
        match passes {
            true => Self::Unavailable { reason: code.to_owned() },
            false => Self::Refused { code: code.to_owned() },
        }
    }
}

/// The bus our events go to.
#[derive(Debug, Clone)]
pub struct Bus {
    client: Client,
    name: String,
}

impl Bus {
    /// The bus of that name.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// Puts events; a result for each, in their order.
    pub async fn put(&self, events: &[BusEvent]) -> Vec<Result<(), BusError>> {
        let mut results = Vec::with_capacity(events.len());
        for call in calls(events) {
            results.extend(self.put_one_call(call).await);
        }
        results
    }

    /// Puts what fits one call. An event that is refused takes no other with it. The SDK
    /// has tried a call again that failed as a whole; what failed in one that went well is
    /// ours to put again.
    async fn put_one_call(&self, events: &[BusEvent]) -> Vec<Result<(), BusError>> {
        if let [event] = events {
            return vec![self.put_alone(event).await];
        }
        let mut results = match self.call(events).await {
            Ok(results) => results,
            Err(error) if error.is_transient() => return vec![Err(error); events.len()],
            Err(_) => {
                let mut results = Vec::with_capacity(events.len());
                for event in events {
                    results.push(self.put_alone(event).await);
                }
                return results;
            }
        };
        for (event, result) in events.iter().zip(&mut results) {
            if result.as_ref().is_err_and(BusError::is_transient) {
                *result = self.put_alone(event).await;
            }
        }
        results
    }

    async fn put_alone(&self, event: &BusEvent) -> Result<(), BusError> {
        let bytes = event.bytes();
        if bytes >= MOST_BYTES {
            return Err(BusError::TooLarge { bytes });
        }
        let mut pause = FIRST_PAUSE;
        for _ in 1..ATTEMPTS {
            match self.call_alone(event).await? {
                Err(error) if error.is_transient() => tokio::time::sleep(pause).await,
                result => return result,
            }
            pause = pause.saturating_mul(2);
        }
        self.call_alone(event).await?
    }

    async fn call_alone(&self, event: &BusEvent) -> Result<Result<(), BusError>, BusError> {
        let results = self.call(std::slice::from_ref(event)).await?;
        Ok(results.into_iter().next().unwrap_or_else(|| Err(no_answer())))
    }

    /// One call; its error is one for all of its events.
    async fn call(&self, events: &[BusEvent]) -> Result<Vec<Result<(), BusError>>, BusError> {
        let entries = events.iter().map(|event| self.entry(event)).collect();
        let call = self.client.put_events().set_entries(Some(entries));
        let answer = call.send().await.map_err(|error| failed(&error))?;
        let mut told = answer.entries.unwrap_or_default().into_iter();
        Ok(events.iter().map(|_| told.next().map_or_else(|| Err(no_answer()), result)).collect())
    }

    fn entry(&self, event: &BusEvent) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(&event.detail_type)
            .detail(&event.detail)
            .time(DateTime::from_millis(event.time.as_millisecond()))
            .build()
    }
}

fn result(entry: PutEventsResultEntry) -> Result<(), BusError> {
    entry.error_code.map_or(Ok(()), |code| Err(BusError::of(&code)))
}

fn no_answer() -> BusError {
    BusError::Unavailable { reason: "no answer for this event".to_owned() }
}

/// What a call's failure means for each of its events.
fn failed<R>(error: &SdkError<PutEventsError, R>) -> BusError {
    let unavailable = |reason: &str| BusError::Unavailable { reason: reason.to_owned() };
    match error {
        SdkError::ServiceError(answer) => answer
            .err()
            .code()
            .map_or_else(|| unavailable("an answer without a code"), BusError::of),
        SdkError::TimeoutError(_) => unavailable("no answer in time"),
        SdkError::DispatchFailure(_) => unavailable("the connection failed"),
        SdkError::ConstructionFailure(_) => unavailable("the request couldn't be made"),
        _ => unavailable("an answer that can't be read"),
    }
}

/// Events in the calls they fit in, in their order. One that fits none is a call of its
/// own, which is never made.
fn calls(events: &[BusEvent]) -> Vec<&[BusEvent]> {
    let mut calls = Vec::new();
    let mut rest = events;
    while !rest.is_empty() {
        let mut bytes: usize = 0;
        let fits = rest.iter().take(MOST_ENTRIES).take_while(|event| {
            bytes = bytes.saturating_add(event.bytes());
            bytes < MOST_BYTES
        });
        let (call, left) = rest.split_at(fits.count().max(1).min(rest.len()));
        calls.push(call);
        rest = left;
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(bytes: usize) -> BusEvent {
        let detail = "x".repeat(bytes);
        let time = "2026-11-22T12:00:00Z".parse().unwrap();
        BusEvent { detail_type: "PointsChanged".to_owned(), detail, time }
    }

    fn sizes(events: &[BusEvent]) -> Vec<usize> {
        calls(events).into_iter().map(<[BusEvent]>::len).collect()
    }

    #[test]
    fn a_call_has_ten_events_and_less_than_a_megabyte() {
        assert_eq!(sizes(&[]), Vec::<usize>::new());
        assert_eq!(sizes(&vec![event(1); 23]), [10, 10, 3]);
        assert_eq!(sizes(&vec![event(400_000); 5]), [2, 2, 1]);
        let one_too_big = [event(1), event(2_000_000), event(1), event(1)];
        assert_eq!(sizes(&one_too_big), [1, 1, 2]);
    }
}
