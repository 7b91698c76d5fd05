//! The engine's table of stream records, over a second connection: the engine numbers
//! and reads records by a computed column without an index, and never removes one.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, params};

use super::EmbeddedError;

/// A record's number is kept as text and compared as an integer. The first index serves
/// the next number of a table, the second the reading of a shard after a position.
const INDEXES: &str = "
    CREATE INDEX IF NOT EXISTS regulars_stream_by_table
        ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
    CREATE INDEX IF NOT EXISTS regulars_stream_by_shard
        ON _stream_records (table_name, shard_id, CAST(sequence_number AS INTEGER));";

const TRIM: &str = "
    DELETE FROM _stream_records
    WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) <= ?2";

/// What the engine adds to a stored number to show one of 21 digits, as DynamoDB's are.
const SHOWN_ABOVE_STORED: u128 = 100_000_000_000_000_000_000;

/// `_stream_records` in the database file.
pub(super) struct StreamTable {
    connection: Mutex<Connection>,
    file: PathBuf,
}

impl StreamTable {
    /// A connection to a file the engine has opened before, so that its tables are there.
    /// It waits five seconds for the engine's lock, as the engine does for ours.
    pub(super) fn open(file: PathBuf) -> Result<Self, EmbeddedError> {
        let connection = Connection::open(&file).and_then(|connection| {
            // Both connections move the log into the file, so both must flush it there.
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            Ok(connection)
        });
        match connection {
            Ok(connection) => Ok(Self { connection: Mutex::new(connection), file }),
            Err(source) => Err(EmbeddedError::Stream { path: file, source }),
        }
    }

    pub(super) fn index(&self) -> Result<(), EmbeddedError> {
        self.with(|connection| connection.execute_batch(INDEXES))
    }

    pub(super) fn trim(&self, table: &str, up_to: &str) -> Result<usize, EmbeddedError> {
        let up_to = stored_number(up_to)?;
        self.with(|connection| connection.prepare_cached(TRIM)?.execute(params![table, up_to]))
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, EmbeddedError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        work(&connection)
            .map_err(|source| EmbeddedError::Stream { path: self.file.clone(), source })
    }
}

fn stored_number(shown: &str) -> Result<i64, EmbeddedError> {
    shown
        .parse::<u128>()
        .ok()
        .and_then(|number| number.checked_sub(SHOWN_ABOVE_STORED))
        .and_then(|number| i64::try_from(number).ok())
        .ok_or_else(|| EmbeddedError::SequenceNumber(shown.to_owned()))
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
    use aws_smithy_types::body::SdkBody;
    use serde_json::{Value, json};

    use super::super::tests::{put, toy_table};
    use super::super::{Connector, Embedded, EmbeddedError, FILE_NAME};
    use super::*;

    async fn ask(connector: &Connector, operation: &str, request: Value) -> Value {
        let mut http = HttpRequest::new(SdkBody::from(request.to_string()));
        http.headers_mut().insert("x-amz-target", format!("DynamoDBStreams_20120810.{operation}"));
        let reply = connector.call(http).await.unwrap();
        serde_json::from_slice(reply.body().bytes().unwrap()).unwrap()
    }

    /// All records of the toy table's stream.
    async fn records(embedded: &Embedded) -> Vec<Value> {
        let connector = embedded.connector();
        let streams = ask(&connector, "ListStreams", json!({ "TableName": "toy" })).await;
        let arn = &streams["Streams"][0]["StreamArn"];
        let stream = ask(&connector, "DescribeStream", json!({ "StreamArn": arn })).await;
        let shard = &stream["StreamDescription"]["Shards"][0]["ShardId"];
        let from_start = json!({
            "StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON",
        });
        let iterator = ask(&connector, "GetShardIterator", from_start).await;
        let page = json!({ "ShardIterator": iterator["ShardIterator"] });
        ask(&connector, "GetRecords", page).await["Records"].as_array().unwrap().clone()
    }

    fn number(record: &Value) -> &str {
        record["dynamodb"]["SequenceNumber"].as_str().unwrap()
    }

    #[tokio::test]
    async fn stream_records_are_listed_in_order_and_trimmed_up_to_one() {
        let embedded = Embedded::temporary().unwrap();
        let client = toy_table(&embedded).await;
        for id in ["a", "b", "c"] {
            put(&client, id).await;
        }

        let all = records(&embedded).await;
        let ids: Vec<_> = all.iter().map(|r| &r["dynamodb"]["Keys"]["pk"]["S"]).collect();
        assert_eq!(ids, ["a", "b", "c"]);

        assert_eq!(embedded.trim_stream("another", number(&all[1])).unwrap(), 0);
        assert_eq!(embedded.trim_stream("toy", number(&all[1])).unwrap(), 2);
        assert_eq!(embedded.trim_stream("toy", number(&all[1])).unwrap(), 0);
        assert_eq!(records(&embedded).await, [all[2].clone()]);
    }

    #[tokio::test]
    async fn a_stream_trimmed_to_nothing_goes_on_numbering_upwards() {
        let embedded = Embedded::temporary().unwrap();
        let client = toy_table(&embedded).await;
        put(&client, "a").await;
        let first = records(&embedded).await;
        embedded.trim_stream("toy", number(&first[0])).unwrap();
        assert!(records(&embedded).await.is_empty());

        put(&client, "b").await;
        assert!(number(&records(&embedded).await[0]) > number(&first[0]));
    }

    #[test]
    fn a_number_no_stream_gave_out_is_refused() {
        let embedded = Embedded::temporary().unwrap();
        for number in ["", "17", "abc", "99999999999999999999999999999999999999"] {
            let error = embedded.trim_stream("toy", number).unwrap_err();
            assert!(matches!(error, EmbeddedError::SequenceNumber(_)), "{error}");
        }
    }

    #[test]
    fn the_engines_questions_to_the_stream_table_use_the_indexes() {
        let embedded = Embedded::temporary().unwrap();
        embedded.index_streams().unwrap();
        let connection = Connection::open(embedded.dir().join(FILE_NAME)).unwrap();
        let plan = |sql: &str| -> String {
            let sql = format!("EXPLAIN QUERY PLAN {sql}");
            connection.query_row(&sql, [], |row| row.get("detail")).unwrap()
        };
        // As in the engine's `storage.rs`.
        let next = "SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1
            FROM _stream_records WHERE table_name = 'toy'";
        let after = "SELECT event_name FROM _stream_records
            WHERE table_name = 'toy' AND shard_id = 's' AND CAST(sequence_number AS INTEGER) > 7
            ORDER BY CAST(sequence_number AS INTEGER) ASC LIMIT 10";
        let trim = TRIM.replace("?1", "'toy'").replace("?2", "7");

        assert!(plan(next).contains("regulars_stream_by_table (table_name=?)"), "{}", plan(next));
        let range = "regulars_stream_by_shard (table_name=? AND shard_id=? AND <expr>>?)";
        assert!(plan(after).contains(range), "{}", plan(after));
        let range = "regulars_stream_by_table (table_name=? AND <expr><?)";
        assert!(plan(&trim).contains(range), "{}", plan(&trim));
    }
}
