//! What Lambda hands over, told apart by its raw JSON: records of the table's stream, a bus
//! event that says there is work, or the hourly schedule.

use std::time::Duration;

use loyalty::ids::ShopId;
use platform::store::StoreError;
use platform::telemetry::chain;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use thiserror::Error;

use crate::Mailer;
use crate::stream::Record;

/// What our event that there is work to do is called on the bus. Its detail names the shop.
pub const WORK_DUE: &str = "WorkDue";

/// An event wasn't worked off. Lambda tries again, and then keeps it.
#[derive(Debug, Error)]
pub enum MailerError {
    /// It is nothing that this function takes.
    #[error(
        "the mailer takes records of the table's stream, the bus event {WORK_DUE}, and the hourly \
         schedule's {{\"hourly\": …}}"
    )]
    Unknown,
    /// It looks like one of those and can't be read.
    #[error("the event can't be read")]
    Unreadable(#[source] serde_json::Error),
    /// The table didn't answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Deserialize)]
struct Probe {
    #[serde(rename = "Records")]
    records: Option<Vec<Value>>,
    #[serde(rename = "detail-type")]
    detail_type: Option<String>,
    detail: Option<Detail>,
    hourly: Option<serde::de::IgnoredAny>,
}

/// What our event says.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Detail {
    pub(crate) shop: ShopId,
}

/// The answer that a stream's batch gets.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchAnswer {
    /// Records to be tried again, and with them everything after the first.
    pub batch_item_failures: Vec<ItemFailure>,
}

/// A record to be tried again.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemFailure {
    /// Its sequence number.
    pub item_identifier: String,
}

/// Works an event off within `budget`, and gives the answer that Lambda expects.
pub async fn handle(
    mailer: &Mailer,
    payload: &RawValue,
    budget: Duration,
) -> Result<Box<RawValue>, MailerError> {
    let probe: Probe = serde_json::from_str(payload.get()).map_err(MailerError::Unreadable)?;
    if let Some(records) = probe.records {
        let failed = mailer.stream(records.into_iter().map(Record::read).collect()).await;
        let failures = failed.into_iter().map(|item_identifier| ItemFailure { item_identifier });
        let answer = BatchAnswer { batch_item_failures: failures.collect() };
        return serde_json::value::to_raw_value(&answer).map_err(MailerError::Unreadable);
    }
    let hourly = probe.hourly.is_some();
    let shops = match (probe.detail_type.as_deref(), probe.detail, probe.hourly) {
        (Some(WORK_DUE), Some(detail), _) => vec![detail.shop],
        (_, _, Some(_)) => mailer.services.secrets.shops(),
        _ => return Err(MailerError::Unknown),
    };
    let looked = match hourly {
        true => mailer.look_for_silence(&shops).await,
        false => Ok(()),
    };
    let drained = mailer.drain(&shops, budget).await;
    // Most hours nothing is due, and a log of nothing hides what is.
    if drained.did_something() {
        tracing::info!(
            sent = drained.sent,
            waiting = drained.waiting,
            dropped = drained.dropped,
            failed = drained.failed,
            looked_up = drained.looked_up,
            "drained"
        );
    }
    if drained.more {
        mailer.wake(&shops.into_iter().collect()).await;
    }
    // Everything that could be done is done; what the table kept from being done is tried
    // again, with the same outcome for what was.
    match drained.error.or(looked.err()) {
        None => Ok(RawValue::NULL.to_owned()),
        Some(error) => {
            tracing::error!(error = chain(&error), "not everything was worked off");
            Err(error.into())
        }
    }
}
