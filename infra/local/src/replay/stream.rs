//! A part of the table's stream that the mailer couldn't work off: read again while it is
//! there, and handed to the mailer as Lambda would.

use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::operation::get_shard_iterator::GetShardIteratorError;
use aws_sdk_dynamodbstreams::types::{Record, ShardIteratorType, StreamRecord};
use aws_sdk_lambda::primitives::Blob;
use serde_json::{Map, Value, json};

use super::attribute::of_stream;
use super::letter::Batch;
use crate::failure::Failure;
use crate::stack::{STREAMS, Stack, refused};

/// Records handed over at once: few enough for what Lambda takes in one call.
const AT_ONCE: usize = 25;

/// Pages read before a part of the stream counts as unreadable: an open shard never ends.
const MOST_PAGES: usize = 100;

/// What became of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Handed {
    /// So many were worked off.
    All(usize),
    /// The stream doesn't have them any more.
    Gone,
    /// The mailer couldn't, and why.
    Failed(String),
}

/// Hands a batch to the mailer.
pub(super) async fn hand_over(
    stack: &Stack,
    lambda: &aws_sdk_lambda::Client,
    batch: &Batch,
) -> Result<Handed, Failure> {
    let Some(records) = records(stack, batch).await? else { return Ok(Handed::Gone) };
    for some in records.chunks(AT_ONCE) {
        if let Err(why) = to_mailer(stack, lambda, some).await {
            return Ok(Handed::Failed(why));
        }
    }
    Ok(Handed::All(records.len()))
}

/// Has the mailer work records off, as Lambda would. What it couldn't do is why.
pub(super) async fn to_mailer(
    stack: &Stack,
    lambda: &aws_sdk_lambda::Client,
    records: &[Value],
) -> Result<(), String> {
    let name = stack.record.function("mailer").ok_or("the stack names no mailer")?;
    let payload = Blob::new(json!({ "Records": records }).to_string());
    let answer = lambda.invoke().function_name(name).payload(payload).send().await;
    let answer = answer.map_err(|error| refused("the mailer can't be run", &error).to_string())?;
    let failed = format!("the mailer fails: look at the log of {name}");
    if answer.function_error().is_some() {
        return Err(failed);
    }
    let body = answer.payload().map(Blob::as_ref).unwrap_or_default();
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    match body.get("batchItemFailures").and_then(Value::as_array) {
        Some(failures) if failures.is_empty() => Ok(()),
        Some(failures) => Err(format!(
            "the mailer couldn't work {} of them off: look at the log of {name}",
            failures.len()
        )),
        None => Err(failed),
    }
}

/// The records of a batch; `None` where the first of them are gone.
async fn records(stack: &Stack, batch: &Batch) -> Result<Option<Vec<Value>>, Failure> {
    let client = Client::new(&stack.connection.service(STREAMS));
    let iterator = client
        .get_shard_iterator()
        .stream_arn(&batch.stream_arn)
        .shard_id(&batch.shard_id)
        .shard_iterator_type(ShardIteratorType::AtSequenceNumber)
        .sequence_number(&batch.start_sequence_number)
        .send()
        .await;
    let mut iterator = match iterator {
        Ok(answer) => answer.shard_iterator,
        Err(error) if error.as_service_error().is_some_and(is_gone) => return Ok(None),
        Err(error) => return Err(refused("the table's stream can't be read", &error)),
    };
    let mut found = Vec::new();
    for _ in 0..MOST_PAGES {
        let Some(at) = iterator.take() else { break };
        let page = client.get_records().shard_iterator(at).send().await;
        let page = match page {
            Ok(page) => page,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_trimmed_data_access_exception()) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(refused("the table's stream can't be read", &error)),
        };
        for record in page.records.unwrap_or_default() {
            let number = record.dynamodb().and_then(StreamRecord::sequence_number);
            let order = number.map(|number| is_up_to(number, &batch.end_sequence_number));
            if order != Some(true) {
                return Ok(Some(found));
            }
            let is_last = number == Some(batch.end_sequence_number.as_str());
            found.push(as_lambda_has_it(&record, &batch.stream_arn));
            if is_last {
                return Ok(Some(found));
            }
        }
        iterator = page.next_shard_iterator;
    }
    Ok(Some(found))
}

fn is_gone(error: &GetShardIteratorError) -> bool {
    error.is_trimmed_data_access_exception() || error.is_resource_not_found_exception()
}

/// Whether a sequence number stands no later than another. They have up to 40 digits.
fn is_up_to(number: &str, end: &str) -> bool {
    let [number, end] = [number, end].map(|digits| digits.trim_start_matches('0'));
    (number.len(), number) <= (end.len(), end)
}

fn as_lambda_has_it(record: &Record, stream_arn: &str) -> Value {
    let image = |image: Option<&std::collections::HashMap<String, _>>| {
        image.map(|image| {
            let attributes: Map<String, Value> =
                image.iter().map(|(name, one)| (name.clone(), of_stream(one))).collect();
            Value::Object(attributes)
        })
    };
    let change = record.dynamodb();
    let mut dynamodb = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            dynamodb.insert(name.to_owned(), value);
        }
    };
    put("Keys", image(change.and_then(StreamRecord::keys)));
    put("OldImage", image(change.and_then(StreamRecord::old_image)));
    put("NewImage", image(change.and_then(StreamRecord::new_image)));
    put("SequenceNumber", change.and_then(StreamRecord::sequence_number).map(Value::from));
    put("SizeBytes", change.and_then(StreamRecord::size_bytes).map(Value::from));
    put("StreamViewType", Some("NEW_AND_OLD_IMAGES".into()));
    let at = change.and_then(StreamRecord::approximate_creation_date_time);
    put("ApproximateCreationDateTime", at.map(|at| Value::from(at.secs())));
    let mut whole = json!({
        "eventID": record.event_id(),
        "eventName": record.event_name().map(aws_sdk_dynamodbstreams::types::OperationType::as_str),
        "eventVersion": record.event_version(),
        "eventSource": "aws:dynamodb",
        "awsRegion": record.aws_region(),
        "eventSourceARN": stream_arn,
        "dynamodb": dynamodb,
    });
    // What DynamoDB removes by itself says so here.
    if let (Some(identity), Some(whole)) = (record.user_identity(), whole.as_object_mut()) {
        let identity = json!({ "principalId": identity.principal_id(), "type": identity.r#type() });
        whole.insert("userIdentity".to_owned(), identity);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_are_compared_as_numbers() {
        assert!(is_up_to("900", "1000") && is_up_to("1000", "1000"));
        assert!(!is_up_to("1001", "1000") && !is_up_to("100000000000000000000000000001", "9"));
        assert!(is_up_to("00900", "1000"));
    }
}
