//! The one definition of the table, for the local system, the tests and Terraform.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
};

use super::StoreError;

/// The table's partition key.
pub const PK: &str = "pk";
/// The table's sort key.
pub const SK: &str = "sk";
/// What DynamoDB deletes by, some time after; every reader compares for itself.
pub const EXPIRES_AT: &str = "expires_at";

/// An index: sparse (only items that have its key stand in it) and keys-only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: &'static str,
    /// Its partition key.
    pub partition: &'static str,
    /// Its sort key.
    pub sort: &'static str,
}

/// Accounts by the day mail may be due: `<shop>#<date>#<shard>`.
pub const DUE_MAIL: Index = Index { name: "due_mail", partition: "dm", sort: PK };
/// Accounts by the day points may be due: `<shop>#<date>#<shard>`.
pub const DUE_POINTS: Index = Index { name: "due_points", partition: "dp", sort: PK };
/// Work by the hour it is due: `<shop>#<hour>`, `<time>#<id>`.
pub const DUE_SEND: Index = Index { name: "due_send", partition: "ds", sort: "dt" };
/// Lists: `<shop>#<entity>[#<state>]#<month or shard>`, `<time>#<id>`.
pub const LIST: Index = Index { name: "list", partition: "lp", sort: "ls" };

/// Every index.
pub const INDEXES: [Index; 4] = [DUE_MAIL, DUE_POINTS, DUE_SEND, LIST];

/// Every key attribute of the table and its indexes; all are strings.
pub fn key_attributes() -> Vec<&'static str> {
    let mut names = vec![PK, SK];
    for index in INDEXES {
        for name in [index.partition, index.sort] {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// Creates the table; one that exists is left as it is. Says whether it was created.
pub async fn create(client: &Client, name: &str) -> Result<bool, StoreError> {
    let mut request = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key(PK, KeyType::Hash)?)
        .key_schema(key(SK, KeyType::Range)?)
        .stream_specification(
            StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(StreamViewType::NewAndOldImages)
                .build()
                .map_err(StoreError::request)?,
        );
    for attribute in key_attributes() {
        let definition = AttributeDefinition::builder()
            .attribute_name(attribute)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .map_err(StoreError::request)?;
        request = request.attribute_definitions(definition);
    }
    for index in INDEXES {
        let projection = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
        let definition = GlobalSecondaryIndex::builder()
            .index_name(index.name)
            .key_schema(key(index.partition, KeyType::Hash)?)
            .key_schema(key(index.sort, KeyType::Range)?)
            .projection(projection)
            .build()
            .map_err(StoreError::request)?;
        request = request.global_secondary_indexes(definition);
    }
    match request.send().await {
        Ok(_) => Ok(true),
        Err(SdkError::ServiceError(error))
            if matches!(error.err(), CreateTableError::ResourceInUseException(_)) =>
        {
            Ok(false)
        }
        Err(error) => Err(StoreError::unavailable(error)),
    }
}

fn key(name: &str, kind: KeyType) -> Result<KeySchemaElement, StoreError> {
    KeySchemaElement::builder()
        .attribute_name(name)
        .key_type(kind)
        .build()
        .map_err(StoreError::request)
}
