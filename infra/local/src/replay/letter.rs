//! A message of the queue, told by its shape: where it was to go, and with what.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::stack::Record;

/// What is to be done with a message.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Letter {
    /// A function was to run with this.
    Invoke {
        /// Its name at AWS.
        function: String,
        /// With what, byte for byte.
        payload: String,
        /// What it was, in words.
        what: String,
    },
    /// The mailer was to read this part of the table's stream.
    Stream(Batch),
    /// Nothing that we know.
    Unknown(&'static str),
}

/// A part of the table's stream.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Batch {
    /// The stream.
    pub(super) stream_arn: String,
    /// Its shard.
    pub(super) shard_id: String,
    /// The first record.
    pub(super) start_sequence_number: String,
    /// The last.
    pub(super) end_sequence_number: String,
    /// How many records.
    pub(super) batch_size: usize,
}

/// What Lambda writes about an event or a batch that it gave up on.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GivenUp<'a> {
    request_context: Context,
    #[serde(borrow)]
    request_payload: Option<&'a RawValue>,
    #[serde(rename = "DDBStreamBatchInfo")]
    batch: Option<Batch>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    function_arn: String,
    condition: Option<String>,
}

/// What tells events of a bus and of the schedule apart.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "detail-type")]
    detail_type: Option<String>,
    hourly: Option<Value>,
}

/// Tells what a message is: by its body, and by its attributes where EventBridge or the
/// Scheduler put it there.
pub(super) fn read(record: &Record, body: &str, attributes: &HashMap<String, String>) -> Letter {
    if let Ok(given_up) = serde_json::from_str::<GivenUp<'_>>(body) {
        return of_lambda(record, given_up);
    }
    let Ok(event) = serde_json::from_str::<Event>(body) else {
        return Letter::Unknown("its body isn't of any shape we know");
    };
    let why = attributes.get("ERROR_CODE").map_or_else(String::new, |code| format!(" ({code})"));
    let target = attributes.get("TARGET_ARN").and_then(|arn| function(arn));
    let what = match (&event.detail_type, &event.hourly) {
        (Some(kind), _) => format!("the event {kind}{why}"),
        (None, Some(hour)) => {
            let hour = hour.as_str().unwrap_or_default();
            format!("the hour {hour} of the schedule{why}")
        }
        (None, None) => return Letter::Unknown("it is no event of ours"),
    };
    // The schedule has the mailer alone for its target.
    let mailer = || record.function("mailer").filter(|_| event.hourly.is_some());
    match target.or_else(mailer) {
        Some(target) => invoke(record, target, body, what),
        None => Letter::Unknown("it doesn't say which function it was for"),
    }
}

fn of_lambda(record: &Record, given_up: GivenUp<'_>) -> Letter {
    let GivenUp { request_context: Context { function_arn, condition }, .. } = &given_up;
    let why = condition.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
    if let Some(batch) = given_up.batch {
        return Letter::Stream(batch);
    }
    let target = function(function_arn);
    match (target, given_up.request_payload) {
        (Some(target), Some(payload)) => {
            invoke(record, target, payload.get(), format!("what it was given{why}"))
        }
        (None, _) => Letter::Unknown("it doesn't say which function it was for"),
        (_, None) => Letter::Unknown("it doesn't have what the function was given"),
    }
}

/// Whoever can write to the queue mustn't have other functions of the account run.
fn invoke(record: &Record, function: &str, payload: &str, what: String) -> Letter {
    if !record.functions.values().any(|ours| ours == function) {
        return Letter::Unknown("the function it was for isn't of this stack");
    }
    Letter::Invoke { function: function.to_owned(), payload: payload.to_owned(), what }
}

/// The name in a function's ARN, which may go on with an alias or a version.
fn function(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    (parts.nth(2) == Some("lambda") && parts.nth(2) == Some("function"))
        .then(|| parts.next())
        .flatten()
}
