//! A table's stream, read as Lambda's event source mapping reads it.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use thiserror::Error;

use super::{Connector, Embedded, EmbeddedError};

/// The stream can't be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the table's stream can't be read: {0}")]
pub struct StreamError(String);

/// A reader of a table's stream, with the place it has got to.
#[derive(Debug, Clone)]
pub struct Stream {
    embedded: Embedded,
    connector: Connector,
    table: String,
    arn: String,
    shard: String,
    after: Option<String>,
}

impl Stream {
    /// A reader that begins with the oldest record there is.
    ///
    /// # Errors
    ///
    /// When the table has no stream.
    pub async fn open(embedded: &Embedded, table: &str) -> Result<Self, StreamError> {
        let connector = embedded.connector();
        let streams = ask(&connector, "ListStreams", &json!({ "TableName": table })).await?;
        let arn = text(streams.pointer("/Streams/0/StreamArn"))?;
        let stream = ask(&connector, "DescribeStream", &json!({ "StreamArn": arn })).await?;
        let shard = text(stream.pointer("/StreamDescription/Shards/0/ShardId"))?;
        let (embedded, table) = (embedded.clone(), table.to_owned());
        Ok(Self { embedded, connector, table, arn, shard, after: None })
    }

    /// The next records, oldest first and at most so many, as Lambda hands them over; none
    /// where there are none yet. The same again until [`Stream::done`] says they are worked
    /// off.
    ///
    /// # Errors
    ///
    /// When the engine doesn't answer as AWS does.
    pub async fn next(&self, limit: usize) -> Result<Vec<Value>, StreamError> {
        let place = match &self.after {
            None => json!({ "ShardIteratorType": "TRIM_HORIZON" }),
            Some(after) => {
                json!({ "ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after })
            }
        };
        let mut from = json!({ "StreamArn": self.arn, "ShardId": self.shard });
        if let (Some(from), Value::Object(place)) = (from.as_object_mut(), place) {
            from.extend(place);
        }
        let iterator = ask(&self.connector, "GetShardIterator", &from).await?;
        let page = json!({ "ShardIterator": iterator.get("ShardIterator"), "Limit": limit });
        let mut page = ask(&self.connector, "GetRecords", &page).await?;
        match page.get_mut("Records").map(Value::take) {
            Some(Value::Array(records)) => Ok(records),
            _ => Ok(Vec::new()),
        }
    }

    /// The next records as [`Stream::next`] has them, and on: they don't come again, though
    /// the engine keeps them.
    ///
    /// # Errors
    ///
    /// When the engine doesn't answer as AWS does.
    pub async fn read_on(&mut self, limit: usize) -> Result<Vec<Value>, StreamError> {
        let records = self.next(limit).await?;
        if let Some(last) = records.last() {
            self.after = Some(sequence_number(last).to_owned());
        }
        Ok(records)
    }

    /// Lets the engine forget what was read on.
    ///
    /// # Errors
    ///
    /// When the engine can't.
    pub fn forget(&self) -> Result<(), EmbeddedError> {
        match &self.after {
            Some(after) => self.embedded.trim_stream(&self.table, after).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Notes that records up to this one are worked off, and lets the engine forget them.
    ///
    /// # Errors
    ///
    /// When it isn't a record of this stream's, or the engine can't forget it.
    pub fn done(&mut self, record: &Value) -> Result<(), EmbeddedError> {
        let number = sequence_number(record);
        self.embedded.trim_stream(&self.table, number)?;
        self.after = Some(number.to_owned());
        Ok(())
    }
}

/// A record's place in its stream.
pub fn sequence_number(record: &Value) -> &str {
    record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str).unwrap_or_default()
}

fn text(value: Option<&Value>) -> Result<String, StreamError> {
    let found = value.and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| StreamError("the table has no stream".to_owned()))
}

async fn ask(connector: &Connector, operation: &str, body: &Value) -> Result<Value, StreamError> {
    let mut request = HttpRequest::new(SdkBody::from(body.to_string()));
    request.headers_mut().insert("x-amz-target", format!("DynamoDBStreams_20120810.{operation}"));
    let reply = connector.call(request).await.map_err(|error| StreamError(error.to_string()))?;
    let body = reply.body().bytes().unwrap_or_default();
    let answer: Value =
        serde_json::from_slice(body).map_err(|error| StreamError(error.to_string()))?;
    match reply.status().as_u16() {
        200 => Ok(answer),
        status => Err(StreamError(format!("{operation} was answered {status}: {answer}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{put, toy_table};
    use super::*;

    #[tokio::test]
    async fn records_come_again_until_they_are_worked_off() {
        let embedded = Embedded::temporary().unwrap();
        let client = toy_table(&embedded).await;
        let mut stream = Stream::open(&embedded, "toy").await.unwrap();
        assert!(stream.next(10).await.unwrap().is_empty());
        for id in ["a", "b", "c"] {
            put(&client, id).await;
        }
        let first = stream.next(2).await.unwrap();
        assert_eq!(first.len(), 2);
        assert_eq!(first[0]["dynamodb"]["NewImage"]["pk"]["S"], "a");
        assert_eq!(stream.next(2).await.unwrap(), first);
        stream.done(&first[1]).unwrap();
        let rest = stream.next(10).await.unwrap();
        assert_eq!(rest.len(), 1);
        stream.done(&rest[0]).unwrap();
        assert!(stream.next(10).await.unwrap().is_empty());
        put(&client, "d").await;
        assert_eq!(stream.next(10).await.unwrap().len(), 1);
        assert_eq!(stream.read_on(10).await.unwrap().len(), 1);
        assert!(stream.read_on(10).await.unwrap().is_empty());
        stream.forget().unwrap();
        put(&client, "e").await;
        assert_eq!(stream.read_on(10).await.unwrap()[0]["dynamodb"]["NewImage"]["pk"]["S"], "e");
    }
}
