//! The store: DynamoDB, spoken to directly. There is no trait over it; tests and the
//! local system run the same code on an embedded engine.
//!
//! Every write is conditional, on a version or on absence, and what belongs together is
//! one transaction. A write that lost a race is planned again from what is there now.

mod addressee;
mod audit;
mod birthdays;
mod changes;
mod consents;
mod corrections;
mod customers;
mod due;
mod errands;
mod follow_ups;
mod history;
mod item;
pub mod keys;
mod lookups;
mod mail_mode;
mod mail_nights;
mod mail_settings;
mod marketing;
mod merges;
mod messages;
mod people;
mod points_nights;
mod purchases;
mod reads;
mod reconciled;
mod records;
mod retry;
mod runs;
mod said;
mod set_aside;
mod shops;
mod silence;
mod surveys;
pub mod table;
mod template_faults;
mod trials;
mod walks;

use std::collections::{BTreeMap, HashMap};
use std::error::Error as StdError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConsumedCapacity, ReturnConsumedCapacity, TransactWriteItem,
};
use loyalty::ids::ShopId;
use thiserror::Error;

pub use self::addressee::{Addressee, BY_PURCHASES};
pub use self::audit::{Act, What as ActWhat};
pub use self::birthdays::{BirthdayBy, BirthdayChange, BirthdaySet};
pub use self::changes::{Change, Changed};
pub use self::consents::{ConsentProof, EndedConsent, shopify_grade};
pub use self::corrections::{CorrectedOrder, Correction, CorrectionError};
pub use self::customers::{CursorError, CustomersCursor, CustomersPage};
pub use self::due::DueWork;
pub use self::errands::Errand;
pub use self::follow_ups::{
    Closing, FollowUp, FollowUpAct, FollowUpError, FollowedUp, Goodwill, Step,
};
pub use self::lookups::Lookup;
pub use self::mail_mode::{MailChange, MailMode, Whence};
pub use self::mail_nights::{Approval, ApprovalAnswer, Settled};
pub use self::mail_settings::MailSettingsError;
pub use self::marketing::{MARKETING_PAUSED, MarketingPause, WhyHeld};
pub use self::merges::{CandidateState, Deed, MergeCandidate, MergeError, UNDO_WITHIN};
pub(crate) use self::messages::short_hash;
pub use self::messages::{
    Among, Bounced, Claim, Claimed, Decided, DecidedOn, Decision, DecisionPlace, Desk, Heard, Kept,
    LEASE, Message, MessagePage, Place, ReliedOn, State as MessageState, Wanted, trigger_of_tag,
    trigger_tag,
};
pub use self::people::{Buyer, Contact, Person, Scene};
pub use self::points_nights::PointsDone;
pub use self::purchases::{Observation, Recorded};
pub use self::reads::{Customer, LedgerPage, StoredOrder};
pub use self::reconciled::{
    BackfillProgress, Compared, Found, Outcome, Reconciled, Reconciliation,
};
pub use self::records::Known;
pub use self::runs::{Cursor, DuePage, Run};
pub use self::said::Said;
pub use self::set_aside::{DeadLetter, SAME_SALE, Task, UNREACHED, WITHDRAWAL};
pub use self::shops::{Applied, Rules, Settings, Status};
pub use self::silence::{Heard as LastHeard, SILENCE};
pub use self::surveys::{
    Answer, AnswerPlace, Answered, Answering, AnswersPage, Asked, COUNTER_PLACES, CounterAnswer,
    LONGEST_COMMENT, NoAnswerPlace, Survey, closes,
};
pub use self::template_faults::{MAIL_TEMPLATE, TemplateFault};
pub use self::trials::fresh_key;
pub use self::walks::Walk;

/// An item as DynamoDB has it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The table of a deployment.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    table: String,
    rules: shops::RulesCache,
    shards: Arc<RwLock<BTreeMap<ShopId, runs::Shards>>>,
    written: Arc<AtomicU64>,
    read: Arc<AtomicU64>,
}

/// The store couldn't do what was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// DynamoDB didn't do it, and may when asked again.
    #[error("DynamoDB didn't answer as hoped ({code})")]
    Unavailable {
        /// DynamoDB's own code, or what went wrong on the way.
        code: String,
        /// The error.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// Others wrote the same items each time; it may work when asked again.
    #[error("others kept writing the same items through {attempts} attempts")]
    Contended {
        /// Attempts made.
        attempts: u32,
    },
    /// A number left the range of 64 bits: asking again won't help.
    #[error(transparent)]
    Overflow(#[from] loyalty::Overflow),
    /// An item isn't as this version writes it: asking again won't help.
    #[error("the item {key} isn't readable")]
    Unreadable {
        /// The item.
        key: String,
        /// Why.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A request that can't be built: a mistake of ours.
    #[error("a request to DynamoDB couldn't be built")]
    Request(#[source] Box<dyn StdError + Send + Sync>),
    /// A saved program that this version can't read, or one that can't follow another.
    #[error("{0}")]
    Program(String),
    /// The deployment lacks a secret.
    #[error(transparent)]
    Secrets(#[from] crate::secrets::SecretsError),
}

impl StoreError {
    /// Whether the same may work when asked again.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Contended { .. } | Self::Secrets(_))
    }

    /// The error and its causes on one line, for the log. Of an item that can't be read
    /// only its key: the cause quotes what was found, which may be somebody's address.
    pub fn chain(&self) -> String {
        match self {
            Self::Unreadable { .. } => self.to_string(),
            _ => crate::telemetry::chain(self),
        }
    }

    /// What DynamoDB said, or that it said nothing.
    pub fn unavailable<E, R>(error: SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        let code = error.code().unwrap_or(match &error {
            SdkError::TimeoutError(_) => "timed out",
            SdkError::DispatchFailure(_) => "not reached",
            SdkError::ConstructionFailure(_) => "not sent",
            _ => "unknown",
        });
        Self::Unavailable { code: code.to_owned(), source: Box::new(error) }
    }

    pub(crate) fn request(error: impl StdError + Send + Sync + 'static) -> Self {
        Self::Request(Box::new(error))
    }
}

/// How a conditional write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    /// It is in the table.
    Done,
    /// A condition failed: what stands there isn't what was planned on.
    Refused,
    /// Another transaction was in the way: nothing is known about the conditions.
    Collided,
}

impl Store {
    /// A store on `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
            rules: Default::default(),
            shards: Arc::default(),
            written: Arc::default(),
            read: Arc::default(),
        }
    }

    /// The client it speaks through.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The table's name.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Write units consumed through this store since it was made, indexes included, in
    /// tenths: as DynamoDB reported them.
    pub fn write_units_x10(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Read units consumed through this store since it was made, in tenths: as DynamoDB
    /// reported them.
    pub fn read_units_x10(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    fn has_written<'a>(&self, capacity: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        self.written.fetch_add(tenths(capacity), Ordering::Relaxed);
    }

    fn has_read<'a>(&self, capacity: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        self.read.fetch_add(tenths(capacity), Ordering::Relaxed);
    }

    /// A query of the table, which says what it consumed.
    fn query(&self) -> QueryFluentBuilder {
        let query = self.client.query().table_name(&self.table);
        query.return_consumed_capacity(ReturnConsumedCapacity::Total)
    }

    /// An item, read strongly.
    async fn get(&self, key: &keys::Key) -> Result<Option<Item>, StoreError> {
        let request = self.client.get_item().table_name(&self.table).consistent_read(true);
        let answer = request
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .key(table::PK, AttributeValue::S(key.pk.clone()))
            .key(table::SK, AttributeValue::S(key.sk.clone()))
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        self.has_read(answer.consumed_capacity());
        Ok(answer.item)
    }

    /// Writes one item under its condition.
    async fn put(&self, put: item::Put) -> Result<Write, StoreError> {
        let mut request = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(put.item))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        if let Some(condition) = put.condition {
            request = request
                .condition_expression(condition.expression)
                .set_expression_attribute_names(condition.names)
                .set_expression_attribute_values(condition.values);
        }
        match request.send().await {
            Ok(answer) => {
                self.has_written(answer.consumed_capacity());
                Ok(Write::Done)
            }
            Err(error) => retry::lost(error.code()).ok_or_else(|| StoreError::unavailable(error)),
        }
    }

    /// Writes one item and stays until it is in the table, or its condition refuses it.
    async fn put_surely(&self, put: item::Put) -> Result<Write, StoreError> {
        for attempt in 1.. {
            match self.put(put.clone()).await? {
                Write::Collided => retry::pause(attempt).await?,
                ended => return Ok(ended),
            }
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    /// Writes all of them or none; a single one without the price of a transaction.
    async fn write(&self, puts: Vec<item::Put>) -> Result<Write, StoreError> {
        self.write_checked(puts, Vec::new()).await
    }

    /// Writes all of them or none, and only if the others still stand as they were read.
    async fn write_checked(
        &self,
        mut puts: Vec<item::Put>,
        checks: Vec<item::Check>,
    ) -> Result<Write, StoreError> {
        if puts.len() == 1
            && checks.is_empty()
            && let Some(put) = puts.pop()
        {
            return self.put(put).await;
        }
        if puts.is_empty() {
            return Ok(Write::Done);
        }
        let mut request = self
            .client
            .transact_write_items()
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        for put in puts {
            let put = put.in_transaction(&self.table)?;
            request = request.transact_items(TransactWriteItem::builder().put(put).build());
        }
        for check in checks {
            let check = check.in_transaction(&self.table)?;
            let check = TransactWriteItem::builder().condition_check(check).build();
            request = request.transact_items(check);
        }
        match request.send().await {
            Ok(answer) => {
                self.has_written(answer.consumed_capacity());
                Ok(Write::Done)
            }
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled))
                    if retry::all_lost(cancelled.cancellation_reasons()) =>
                {
                    Ok(Write::Collided)
                }
                _ => retry::lost(error.code()).ok_or_else(|| StoreError::unavailable(error)),
            },
        }
    }
}

/// Units in tenths.
fn tenths<'a>(capacity: impl IntoIterator<Item = &'a ConsumedCapacity>) -> u64 {
    let units = capacity.into_iter().filter_map(ConsumedCapacity::capacity_units);
    // Units are reported as floating point; half units are the finest there are.
    #[expect(
        clippy::float_arithmetic,
        clippy::as_conversions,
        reason = "DynamoDB reports units as f64; tenths of them are far below 2^53"
    )]
    let tenths = units.map(|units| (units * 10.0).round() as u64);
    tenths.sum()
}
