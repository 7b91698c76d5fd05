//! EventBridge's bus in this process: what is put on it is kept, and handed out as its
//! rules would.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::aws::Reply;
use crate::journal::{Journal, JournalError};

/// The operation it has.
const PUT_EVENTS: &str = "AWSEvents.PutEvents";

/// EventBridge's limits on a call.
const MOST_ENTRIES: usize = 10;
const MOST_BYTES: usize = 1024 * 1024;

/// The longest name of what happened.
const LONGEST_DETAIL_TYPE: usize = 128;

/// An event on the bus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The bus's id of it.
    pub id: String,
    /// When it was taken.
    pub at: Timestamp,
    /// When it happened, as its sender says.
    pub time: Timestamp,
    /// The bus it was put on.
    pub bus: String,
    /// Who put it there.
    pub source: String,
    /// What happened.
    pub detail_type: String,
    /// More about it.
    pub detail: Value,
}

impl Entry {
    /// As a rule's target gets it.
    pub fn event(&self) -> Value {
        json!({
            "version": "0",
            "id": self.id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": "123456789012",
            "time": self.time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": "us-east-1",
            "resources": [],
            "detail": self.detail,
        })
    }
}

/// The bus. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Bus {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    entries: Vec<Entry>,
    /// How many of them were handed to rules.
    handed_out: usize,
    /// What befalls the next entries.
    failures: VecDeque<Option<String>>,
    journal: Option<Journal>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Put>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Put {
    time: Option<f64>,
    #[serde(default)]
    source: String,
    #[serde(default)]
    detail_type: String,
    #[serde(default)]
    detail: String,
    event_bus_name: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
}

impl Bus {
    /// A bus that forgets with the process.
    pub fn new() -> Self {
        Self::default()
    }

    /// A bus that keeps its events in a file, a line each, and knows what is there already.
    /// Rules get what comes from now on.
    ///
    /// # Errors
    ///
    /// When the file can't be opened or holds something else.
    pub fn kept_in(path: &Path) -> Result<Self, JournalError> {
        let (journal, entries) = Journal::open::<Entry>(path)?;
        let handed_out = entries.len();
        let state = State { entries, handed_out, journal: Some(journal), ..State::default() };
        Ok(Self { state: Arc::new(Mutex::new(state)) })
    }

    /// Answers a request as EventBridge would; `target` names the operation.
    pub fn answer(&self, target: &str, body: &[u8], now: Timestamp) -> Reply {
        if target != PUT_EVENTS {
            let message = format!("the local EventBridge has no `{target}`");
            return Reply::error(400, "UnknownOperationException", &message);
        }
        let put: PutEvents = match serde_json::from_slice(body) {
            Ok(put) => put,
            Err(error) => return Reply::error(400, "SerializationException", &error.to_string()),
        };
        let count = put.entries.len();
        if !(1..=MOST_ENTRIES).contains(&count) {
            let message = format!("1 validation error detected: {count} entries, not 1 to 10");
            return Reply::error(400, "ValidationException", &message);
        }
        let bytes = put.entries.iter().map(Put::bytes).fold(0, usize::saturating_add);
        if bytes >= MOST_BYTES {
            let message = "Total size of the entries in the request is over the limit.";
            return Reply::error(400, "ValidationException", message);
        }
        let mut state = self.state();
        let taken: Vec<_> = put.entries.into_iter().map(|entry| state.take(entry, now)).collect();
        let failed = taken.iter().filter(|result| result.is_err()).count();
        let told = taken.into_iter().map(|result| match result {
            Ok(id) => json!({ "EventId": id }),
            Err((code, message)) => json!({ "ErrorCode": code, "ErrorMessage": message }),
        });
        let told: Vec<Value> = told.collect();
        Reply { status: 200, body: json!({ "FailedEntryCount": failed, "Entries": told }) }
    }

    /// The events so far, in their order.
    pub fn entries(&self) -> Vec<Entry> {
        self.state().entries.clone()
    }

    /// The events since this was last asked, as rules hand them to their targets.
    pub fn take_events(&self) -> Vec<Value> {
        let mut state = self.state();
        let new = state.entries.get(state.handed_out..).unwrap_or_default();
        let events = new.iter().map(Entry::event).collect();
        state.handed_out = state.entries.len();
        events
    }

    /// What befalls the next entries, one each in their order: an error's code, or nothing.
    pub fn fail_next<'a>(&self, codes: impl IntoIterator<Item = Option<&'a str>>) {
        self.state().failures.extend(codes.into_iter().map(|code| code.map(str::to_owned)));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl State {
    /// Takes an entry, or says with code and text why not.
    fn take(&mut self, put: Put, now: Timestamp) -> Result<String, (String, String)> {
        if let Some(Some(code)) = self.failures.pop_front() {
            return Err((code, "made up".to_owned()));
        }
        let wrong = |code: &str, message: &str| Err((code.to_owned(), message.to_owned()));
        let invalid = |what: &str| {
            let message = format!("Parameter {what} is not valid.");
            wrong("InvalidArgument", &message)
        };
        if put.source.is_empty() {
            return invalid("Source");
        }
        if put.source.starts_with("aws.") {
            return wrong("NotAuthorizedForSourceException", "Not authorized for the source.");
        }
        if !(1..=LONGEST_DETAIL_TYPE).contains(&put.detail_type.len()) {
            return invalid("DetailType");
        }
        let Ok(detail @ Value::Object(_)) = serde_json::from_str(&put.detail) else {
            return wrong("MalformedDetail", "Detail is malformed.");
        };
        let time = match put.time {
            None => Some(now),
            Some(seconds) => SignedDuration::try_from_secs_f64(seconds)
                .ok()
                .and_then(|since| Timestamp::from_duration(since).ok()),
        };
        let Some(time) = time else { return invalid("Time") };
        let number = self.entries.len();
        let entry = Entry {
            id: format!("{number:08x}-0000-4000-8000-{:012x}", now.as_millisecond()),
            at: now,
            time,
            bus: put.event_bus_name.unwrap_or_else(|| "default".to_owned()),
            source: put.source,
            detail_type: put.detail_type,
            detail,
        };
        if let Some(journal) = &mut self.journal
            && let Err(error) = journal.add(&entry)
        {
            return wrong("InternalFailure", &format!("the event isn't kept: {error}"));
        }
        let id = entry.id.clone();
        self.entries.push(entry);
        Ok(id)
    }
}

impl Put {
    fn bytes(&self) -> usize {
        let texts = [&self.source, &self.detail_type, &self.detail];
        let texts = texts.into_iter().chain(&self.resources).map(String::len);
        texts.fold(14, usize::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-22T12:00:00Z";

    fn put(bus: &Bus, entries: Value) -> Reply {
        let body = json!({ "Entries": entries }).to_string();
        bus.answer(PUT_EVENTS, body.as_bytes(), NOW.parse().unwrap())
    }

    fn entry(detail: &str) -> Value {
        json!({
            "Source": "regulars", "DetailType": "PointsChanged", "Detail": detail,
            "EventBusName": "shop", "Time": 1_795_000_000.25,
        })
    }

    #[test]
    fn an_entry_is_kept_and_handed_to_rules_once() {
        let bus = Bus::new();
        let reply = put(&bus, json!([entry(r#"{"shop":"a"}"#)]));
        assert_eq!((reply.status, &reply.body["FailedEntryCount"]), (200, &json!(0)));
        let [kept] = bus.entries().try_into().unwrap();
        assert_eq!(kept.bus, "shop");
        assert_eq!(kept.time.to_string(), "2026-11-18T11:06:40.25Z");
        let [event] = bus.take_events().try_into().unwrap();
        assert_eq!(event["detail-type"], "PointsChanged");
        assert_eq!(event["detail"]["shop"], "a");
        assert_eq!(event["id"], reply.body["Entries"][0]["EventId"]);
        assert!(bus.take_events().is_empty());
    }

    #[test]
    fn what_is_wrong_with_one_entry_is_no_others_loss() {
        let bus = Bus::new();
        let mut aws = entry("{}");
        aws["Source"] = json!("aws.ses");
        let mut nameless = entry("{}");
        nameless["DetailType"] = json!("");
        let reply = put(&bus, json!([entry("{"), entry("[1]"), aws, nameless, entry("{}")]));
        let codes: Vec<_> =
            (0..5).map(|at| reply.body["Entries"][at]["ErrorCode"].clone()).collect();
        let expected = json!([
            "MalformedDetail",
            "MalformedDetail",
            "NotAuthorizedForSourceException",
            "InvalidArgument",
            null
        ]);
        assert_eq!((json!(codes), &reply.body["FailedEntryCount"]), (expected, &json!(4)));
        assert_eq!(bus.entries().len(), 1);
    }

    #[test]
    fn a_call_too_long_or_too_big_is_refused() {
        let bus = Bus::new();
        for entries in [
            json!([]),
            json!(vec![entry("{}"); 11]),
            json!([entry(&format!("{{\"a\":\"{}\"}}", "x".repeat(MOST_BYTES)))]),
        ] {
            let reply = put(&bus, entries);
            assert_eq!((reply.status, &reply.body["__type"]), (400, &json!("ValidationException")));
        }
        assert_eq!(bus.answer("AWSEvents.ListRules", b"{}", NOW.parse().unwrap()).status, 400);
    }

    #[test]
    fn a_bus_that_is_kept_knows_its_events_and_hands_out_none_twice() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("events.jsonl");
        let bus = Bus::kept_in(&path).unwrap();
        put(&bus, json!([entry("{}")]));
        let before = bus.entries();
        drop(bus);
        let bus = Bus::kept_in(&path).unwrap();
        assert_eq!(bus.entries(), before);
        assert!(bus.take_events().is_empty());
    }
}
