//! DynamoDB in this process: the engine of `dynoxide-rs` (SQLite inside) beneath the
//! real SDK, for tests and for the local system.
//!
//! A request goes SDK → [`Connector`] → engine on the calling task, without a socket
//! and without a thread, so a run is repeatable and a paused clock stays paused. Other
//! processes reach the same database through [`Embedded::serve`].

mod connector;
mod engine;
mod records;
mod replays;
mod stream;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Region};
use dynoxide::{Database, DynoxideError};
use tempfile::TempDir;
use thiserror::Error;
use tokio::net::TcpListener;

pub use self::connector::Connector;
use self::engine::Engine;
pub use self::records::{Stream, StreamError, sequence_number};
use self::stream::StreamTable;

/// The database's name inside its directory. SQLite keeps `-wal` and `-shm` beside it
/// while it is open.
const FILE_NAME: &str = "regulars.db";

/// Memory seen as a directory. The engine's own in-memory database can't be reached by
/// the second connection that [`Embedded::index_streams`] needs.
const MEMORY_BACKED: &str = "/dev/shm";

/// One embedded database: a file, or a temporary one that goes away with the value.
///
/// Clones are the same database, and so are its connectors and clients: each of them
/// keeps it open.
#[derive(Clone)]
pub struct Embedded {
    open: Arc<Open>,
}

/// The fields are dropped in this order: both connections close before a temporary
/// directory goes.
struct Open {
    engine: Engine,
    stream: StreamTable,
    dir: PathBuf,
    _temporary: Option<TempDir>,
}

/// What a database must survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Durability {
    /// The death of the process, at any moment. Not a power cut: the last transactions
    /// are then lost, though the file stays whole.
    Process,
    /// Nothing: the file goes away with the value.
    None,
}

/// The embedded database can't do what was asked of it. Nothing here is worth a retry.
#[derive(Debug, Error)]
pub enum EmbeddedError {
    /// The directory can't be made.
    #[error("cannot make the data directory {}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// SQLite takes paths in UTF-8 only.
    #[error("the path {} is not UTF-8, which SQLite needs", path.display())]
    Path {
        /// The database file.
        path: PathBuf,
    },
    /// The file is no database of ours, is locked, or can't be written.
    #[error("cannot open the database {}", path.display())]
    Open {
        /// The database file.
        path: PathBuf,
        /// What the engine said.
        #[source]
        source: DynoxideError,
    },
    /// The stream records can't be indexed or trimmed.
    #[error("cannot work on the stream records in {}", path.display())]
    Stream {
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: rusqlite::Error,
    },
    /// No stream of this engine has given out such a sequence number.
    #[error("`{0}` is not a sequence number of a stream here")]
    SequenceNumber(String),
    /// The socket server ended for another reason than its shutdown.
    #[error("the database's socket server failed: {0}")]
    Serve(String),
}

impl Embedded {
    /// Opens `dir/regulars.db`, making both if they are missing. What a reply has
    /// confirmed is there after a restart, after `kill -9` too, but not after a power
    /// cut.
    ///
    /// Other processes may have the same file open; a write waits up to five seconds
    /// for theirs.
    ///
    /// # Errors
    ///
    /// When the directory can't be made or the file can't be opened as a database.
    pub fn open(dir: &Path) -> Result<Self, EmbeddedError> {
        std::fs::create_dir_all(dir)
            .map_err(|source| EmbeddedError::Directory { path: dir.to_owned(), source })?;
        Self::with(dir.to_owned(), Durability::Process, None)
    }

    /// An empty database in memory-backed storage, or in the system's temporary
    /// directory where there is none. It is deleted when the last clone, connector and
    /// client of it is dropped; a killed process leaves it behind.
    ///
    /// # Errors
    ///
    /// When neither place can be written.
    pub fn temporary() -> Result<Self, EmbeddedError> {
        let named = || {
            let mut builder = tempfile::Builder::new();
            builder.prefix("regulars-");
            builder
        };
        let temporary = named()
            .tempdir_in(MEMORY_BACKED)
            .or_else(|_| named().tempdir())
            .map_err(|source| EmbeddedError::Directory { path: std::env::temp_dir(), source })?;
        Self::with(temporary.path().to_owned(), Durability::None, Some(temporary))
    }

    fn with(
        dir: PathBuf,
        durability: Durability,
        temporary: Option<TempDir>,
    ) -> Result<Self, EmbeddedError> {
        let file = dir.join(FILE_NAME);
        let path = file.to_str().ok_or_else(|| EmbeddedError::Path { path: file.clone() })?;
        let database = open_database(path, durability)
            .map_err(|source| EmbeddedError::Open { path: file.clone(), source })?;
        let stream = StreamTable::open(file)?;
        let open = Open { engine: Engine::new(database), stream, dir, _temporary: temporary };
        let embedded = Self { open: Arc::new(open) };
        embedded.index_streams()?;
        Ok(embedded)
    }

    /// The directory the database file is in.
    pub fn dir(&self) -> &Path {
        &self.open.dir
    }

    /// The SDK's way in, for a client built elsewhere: its `http_client`.
    pub fn connector(&self) -> Connector {
        Connector::new(Arc::clone(&self.open))
    }

    /// A client of this database, which reads nothing from the environment. It signs,
    /// retries and backs off as against AWS; `client.config().to_builder()` changes
    /// that.
    pub fn client(&self) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::from_keys("embedded", "embedded", None))
            .endpoint_url("http://embedded.invalid")
            .retry_config(RetryConfig::standard())
            .http_client(self.connector())
            .build();
        Client::from_conf(config)
    }

    /// Speaks DynamoDB's wire protocol, that of its streams included, on `listener` for
    /// other processes, until `shutdown` resolves and the requests under way are
    /// answered. Any credentials do; the region doesn't matter.
    ///
    /// Requests that come this way don't pass the [`Connector`], and a
    /// `ClientRequestToken` seen on one way is unknown on the other.
    ///
    /// # Errors
    ///
    /// When the listener fails.
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), EmbeddedError> {
        let database = self.open.engine.database().clone();
        dynoxide::server::serve_with_shutdown(listener, database, shutdown)
            .await
            .map_err(EmbeddedError::Serve)
    }

    /// Makes the two indexes that keep numbering and reading a stream's records at the
    /// same cost however many there are; without them each write scans all earlier
    /// ones. Opening does this already, and again changes nothing.
    ///
    /// # Errors
    ///
    /// When SQLite refuses.
    pub fn index_streams(&self) -> Result<(), EmbeddedError> {
        self.open.stream.index()
    }

    /// Removes the stream records of `table` up to and including `up_to_sequence`, a
    /// sequence number as the stream gives it, and says how many went. A consumer calls
    /// it with what it has worked off.
    ///
    /// New records are numbered by the wall clock's microseconds, and at least one above
    /// those that are left: after a full trim only a clock set back could repeat a number.
    ///
    /// # Errors
    ///
    /// When `up_to_sequence` is no sequence number, or SQLite refuses.
    pub fn trim_stream(&self, table: &str, up_to_sequence: &str) -> Result<usize, EmbeddedError> {
        self.open.stream.trim(table, up_to_sequence)
    }
}

/// The engine keeps a write-ahead log, and by default flushes it to the disk with every
/// transaction, which takes longer than the transaction. Its switches for bulk loading
/// are the public way to choose otherwise.
fn open_database(path: &str, durability: Durability) -> dynoxide::Result<Database> {
    let database = Database::new(path)?;
    match durability {
        Durability::Process => database.disable_bulk_loading()?, // synchronous = NORMAL
        Durability::None => database.enable_bulk_loading()?,     // synchronous = OFF
    }
    Ok(database)
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("dir", &self.dir()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_sdk_dynamodb::types::{
        AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
        KeyType, Projection, ProjectionType, ScalarAttributeType, StreamSpecification,
        StreamViewType,
    };
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;

    use super::*;

    /// A table `toy` with a stream and a sparse keys-only index `due`.
    pub(super) async fn toy_table(embedded: &Embedded) -> Client {
        let attribute = |name| {
            let attribute = AttributeDefinition::builder().attribute_name(name);
            attribute.attribute_type(ScalarAttributeType::S).build().unwrap()
        };
        let key = |name, kind| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
        };
        let keys_only = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
        let due = GlobalSecondaryIndex::builder()
            .index_name("due")
            .key_schema(key("due", KeyType::Hash))
            .key_schema(key("pk", KeyType::Range))
            .projection(keys_only);
        let stream = StreamSpecification::builder()
            .stream_enabled(true)
            .stream_view_type(StreamViewType::NewAndOldImages);
        let client = embedded.client();
        client
            .create_table()
            .table_name("toy")
            .billing_mode(BillingMode::PayPerRequest)
            .set_attribute_definitions(Some(["pk", "sk", "due"].map(attribute).to_vec()))
            .key_schema(key("pk", KeyType::Hash))
            .key_schema(key("sk", KeyType::Range))
            .global_secondary_indexes(due.build().unwrap())
            .stream_specification(stream.build().unwrap())
            .send()
            .await
            .unwrap();
        client
    }

    pub(super) fn text(value: &str) -> AttributeValue {
        AttributeValue::S(value.to_owned())
    }

    pub(super) async fn put(client: &Client, id: &str) {
        let put = client.put_item().table_name("toy").item("pk", text(id)).item("sk", text("ITEM"));
        put.item("size", AttributeValue::N("3".to_owned())).send().await.unwrap();
    }

    pub(super) async fn get(client: &Client, id: &str) -> Option<HashMap<String, AttributeValue>> {
        let get = client.get_item().table_name("toy").key("pk", text(id)).key("sk", text("ITEM"));
        get.send().await.unwrap().item
    }

    #[tokio::test]
    async fn data_survives_reopening_the_directory() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("not/yet/there");
        let embedded = Embedded::open(&dir).unwrap();
        put(&toy_table(&embedded).await, "a").await;
        drop(embedded);

        let reopened = Embedded::open(&dir).unwrap();
        assert_eq!(reopened.dir(), dir);
        assert!(get(&reopened.client(), "a").await.is_some());
    }

    #[tokio::test]
    async fn data_survives_the_death_of_the_process() {
        let home = tempfile::tempdir().unwrap();
        let embedded = Embedded::open(home.path()).unwrap();
        put(&toy_table(&embedded).await, "a").await;

        // The files as a process killed now would leave them.
        let left = tempfile::tempdir().unwrap();
        for name in [FILE_NAME.to_owned(), format!("{FILE_NAME}-wal")] {
            std::fs::copy(home.path().join(&name), left.path().join(&name)).unwrap();
        }
        let survivor = Embedded::open(left.path()).unwrap();
        assert!(get(&survivor.client(), "a").await.is_some());
    }

    #[tokio::test]
    async fn a_temporary_database_goes_with_its_last_client_and_leaves_nothing() {
        let embedded = Embedded::temporary().unwrap();
        let dir = embedded.dir().to_owned();
        let client = toy_table(&embedded).await;
        drop(embedded);
        put(&client, "a").await;
        assert!(dir.join(FILE_NAME).exists());
        drop(client);
        assert!(!dir.exists());
    }

    #[test]
    fn what_cannot_be_opened_is_named() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join(FILE_NAME);
        std::fs::write(&file, "no database, but long enough to be read as the head of one")
            .unwrap();
        let error = Embedded::open(home.path()).unwrap_err();
        assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");

        let error = Embedded::open(&file).unwrap_err();
        assert!(matches!(error, EmbeddedError::Directory { .. }), "{error}");
        assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
    }

    #[tokio::test]
    async fn another_process_reaches_the_same_items_over_a_socket_until_shutdown() {
        let embedded = Embedded::temporary().unwrap();
        put(&toy_table(&embedded).await, "a").await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn({
            let embedded = embedded.clone();
            async move { embedded.serve(listener, async { drop(stopped.await) }).await }
        });

        let body = r#"{"TableName":"toy","Key":{"pk":{"S":"a"},"sk":{"S":"ITEM"}}}"#;
        let request = format!(
            "POST / HTTP/1.1\r\nhost: embedded\r\nconnection: close\r\n\
             content-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\
             x-amz-target: DynamoDB_20120810.GetItem\r\nx-amz-date: 20261122T070000Z\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=any, SignedHeaders=host, Signature=any\r\n\
             \r\n{body}",
            body.len(),
        );
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains(r#""size":{"N":"3"}"#), "{answer}");

        stop.send(()).unwrap();
        serving.await.unwrap().unwrap();
    }
}
