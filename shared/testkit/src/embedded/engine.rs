//! From an operation's name and JSON to the engine's typed methods and back. The
//! engine's own HTTP server does the same, but offers no way in without a socket.

use std::sync::{Mutex, PoisonError};

use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::replays::{Known, Replays};

/// The targets' prefixes: the API's name and version.
const TABLES: &str = "DynamoDB_20120810.";
const STREAMS: &str = "DynamoDBStreams_20120810.";

/// The engine reports a refused value through the JSON reader, marked like this.
const REFUSED_VALUE: [&str; 2] = ["VALIDATION_REQUEST:", "VALIDATION:"];

/// The database, and the transactions whose repetition it must recognise.
pub(super) struct Engine {
    database: Database,
    replays: Mutex<Replays>,
}

/// An answer as it goes over the wire.
pub(super) struct Reply {
    /// 200; 400 where the request is refused; 500 where the engine fails.
    pub(super) status: u16,
    /// JSON.
    pub(super) body: Vec<u8>,
}

impl Engine {
    pub(super) fn new(database: Database) -> Self {
        Self { database, replays: Mutex::default() }
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    /// Runs one operation to its end, refusals included.
    pub(super) fn answer(&self, target: &str, body: &[u8]) -> Reply {
        match self.run(target, body) {
            Ok(body) => Reply { status: 200, body },
            Err(error) => Reply { status: error.status_code(), body: error.to_json().into_bytes() },
        }
    }

    /// The operations this product uses; PartiQL, tags and vectors are to be had over
    /// the socket only.
    fn run(&self, target: &str, body: &[u8]) -> dynoxide::Result<Vec<u8>> {
        let db = &self.database;
        let name = target.strip_prefix(TABLES).or_else(|| target.strip_prefix(STREAMS));
        match name.unwrap_or_default() {
            "GetItem" => json(body, |request| db.get_item(request)),
            "PutItem" => json(body, |request| db.put_item(request)),
            "UpdateItem" => json(body, |request| db.update_item(request)),
            "DeleteItem" => json(body, |request| db.delete_item(request)),
            "Query" => json(body, |request| db.query(request)),
            "Scan" => json(body, |request| db.scan(request)),
            "BatchGetItem" => json(body, |request| db.batch_get_item(request)),
            "BatchWriteItem" => json(body, |request| db.batch_write_item(request)),
            "TransactGetItems" => json(body, |request| db.transact_get_items(request)),
            "TransactWriteItems" => self.transact_write(body),
            "CreateTable" => json(body, |request| db.create_table(request)),
            "UpdateTable" => json(body, |request| db.update_table(request)),
            "DeleteTable" => json(body, |request| db.delete_table(request)),
            "DescribeTable" => json(body, |request| db.describe_table(request)),
            "ListTables" => json(body, |request| db.list_tables(request)),
            "UpdateTimeToLive" => json(body, |request| db.update_time_to_live(request)),
            "DescribeTimeToLive" => json(body, |request| db.describe_time_to_live(request)),
            "ListStreams" => json(body, |request| db.list_streams(request)),
            "DescribeStream" => json(body, |request| db.describe_stream(request)),
            "GetShardIterator" => json(body, |request| db.get_shard_iterator(request)),
            "GetRecords" => json(body, |request| db.get_records(request)),
            _ => Err(DynoxideError::ValidationException(format!(
                "the embedded database has no operation `{target}`"
            ))),
        }
    }

    /// The engine remembers `ClientRequestToken`s itself, but goes through all of the
    /// last ten minutes at each call, and the SDK sends one with every transaction:
    /// after 8,000 a call takes three times as long. So the token stays here.
    fn transact_write(&self, body: &[u8]) -> dynoxide::Result<Vec<u8>> {
        let mut request: TransactWriteItemsRequest = read(body)?;
        let Some(token) = request.client_request_token.take() else {
            return write(&self.database.transact_write_items(request)?);
        };
        // Held until the answer is known: of two calls with one token, one runs.
        let mut replays = self.replays.lock().unwrap_or_else(PoisonError::into_inner);
        match replays.find(&token, body) {
            Known::Same(reply) => Ok(reply),
            Known::Other => Err(DynoxideError::IdempotentParameterMismatchException(format!(
                "the request token `{token}` was used for another transaction"
            ))),
            Known::New => {
                let reply = write(&self.database.transact_write_items(request)?)?;
                replays.keep(token, body, &reply);
                Ok(reply)
            }
        }
    }
}

fn json<Request: DeserializeOwned, Answer: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Request) -> dynoxide::Result<Answer>,
) -> dynoxide::Result<Vec<u8>> {
    write(&operation(read(body)?)?)
}

fn read<Request: DeserializeOwned>(body: &[u8]) -> dynoxide::Result<Request> {
    serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        match REFUSED_VALUE.iter().find_map(|mark| text.strip_prefix(mark)) {
            Some(refusal) => DynoxideError::ValidationException(refusal.to_owned()),
            None => DynoxideError::SerializationException(text),
        }
    })
}

fn write<Answer: Serialize>(answer: &Answer) -> dynoxide::Result<Vec<u8>> {
    serde_json::to_vec(answer)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
