//! From typed values to items and back, and the conditions they are written under.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Put as SdkPut};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::keys::{Key, Listed};
use super::{Item, StoreError, table};

/// An item to write, and what must hold for it.
#[derive(Debug, Clone)]
pub(super) struct Put {
    pub(super) item: Item,
    pub(super) condition: Option<Condition>,
}

/// A condition on the item that stands there now.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) expression: String,
    pub(super) names: Option<HashMap<String, String>>,
    pub(super) values: Option<HashMap<String, AttributeValue>>,
}

impl Put {
    /// A value at its key.
    pub(super) fn new(key: Key, value: &impl Serialize) -> Result<Self, StoreError> {
        let mut item: Item = serde_dynamo::to_item(value).map_err(StoreError::request)?;
        // Absent is cheaper than NULL, and all that reading back needs.
        item.retain(|_, attribute| !attribute.is_null());
        item.insert(table::PK.to_owned(), AttributeValue::S(key.pk));
        item.insert(table::SK.to_owned(), AttributeValue::S(key.sk));
        Ok(Self { item, condition: None })
    }

    /// With one more attribute.
    pub(super) fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.item.insert(name.to_owned(), value);
        self
    }

    /// Rubbish from then on.
    pub(super) fn expires(self, at: Timestamp) -> Self {
        self.with(table::EXPIRES_AT, AttributeValue::N(at.as_second().to_string()))
    }

    /// Standing in a list.
    pub(super) fn listed(self, listed: Listed) -> Self {
        self.with(table::LIST.partition, AttributeValue::S(listed.list))
            .with(table::LIST.sort, AttributeValue::S(listed.place))
    }

    /// Standing in the index of work that is due.
    pub(super) fn due(self, bucket: &str, place: &str) -> Self {
        self.with(table::DUE_SEND.partition, AttributeValue::S(bucket.to_owned()))
            .with(table::DUE_SEND.sort, AttributeValue::S(place.to_owned()))
    }

    /// Only if nothing stands there.
    pub(super) fn if_absent(mut self) -> Self {
        self.condition = Some(Condition::absent());
        self
    }

    /// Only if `attribute` of what stands there still is `version`; for version 0, only
    /// if nothing stands there.
    pub(super) fn if_version(mut self, attribute: &str, version: u64) -> Self {
        self.condition = Some(Condition::version(attribute, version));
        self
    }

    pub(super) fn in_transaction(self, table: &str) -> Result<SdkPut, StoreError> {
        let mut put = SdkPut::builder().table_name(table).set_item(Some(self.item));
        if let Some(condition) = self.condition {
            put = put
                .condition_expression(condition.expression)
                .set_expression_attribute_names(condition.names)
                .set_expression_attribute_values(condition.values);
        }
        put.build().map_err(StoreError::request)
    }
}

impl Condition {
    fn absent() -> Self {
        let expression = format!("attribute_not_exists({})", table::PK);
        Self { expression, names: None, values: None }
    }

    fn version(attribute: &str, version: u64) -> Self {
        if version == 0 {
            return Self::absent();
        }
        let version = AttributeValue::N(version.to_string());
        Self {
            expression: "#version = :version".to_owned(),
            names: Some([("#version".to_owned(), attribute.to_owned())].into()),
            values: Some([(":version".to_owned(), version)].into()),
        }
    }
}

/// An item that isn't written, and must stand as it was read for others to be.
#[derive(Debug, Clone)]
pub(super) struct Check {
    key: Key,
    condition: Condition,
}

impl Check {
    /// That `attribute` still is `version`; for version 0, that nothing stands there.
    pub(super) fn version(key: Key, attribute: &str, version: u64) -> Self {
        Self { key, condition: Condition::version(attribute, version) }
    }

    pub(super) fn in_transaction(self, name: &str) -> Result<ConditionCheck, StoreError> {
        let Condition { expression, names, values } = self.condition;
        ConditionCheck::builder()
            .table_name(name)
            .key(table::PK, AttributeValue::S(self.key.pk))
            .key(table::SK, AttributeValue::S(self.key.sk))
            .condition_expression(expression)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .build()
            .map_err(StoreError::request)
    }
}

/// Reads a typed value out of an item.
pub(super) fn read<T: DeserializeOwned>(item: Item) -> Result<T, StoreError> {
    let key = || {
        let part = |name: &str| item.get(name).and_then(|part| part.as_s().ok()).cloned();
        let (pk, sk) = (part(table::PK), part(table::SK));
        format!("{} / {}", pk.unwrap_or_default(), sk.unwrap_or_default())
    };
    let key = key();
    serde_dynamo::from_item(item)
        .map_err(|source| StoreError::Unreadable { key, source: Box::new(source) })
}

/// A whole number of an item; 0 where there is none.
pub(super) fn number(item: &Item, name: &str) -> u64 {
    let text = item.get(name).and_then(|value| value.as_n().ok());
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// A text of an item.
pub(super) fn text(item: &Item, name: &str) -> Option<String> {
    item.get(name).and_then(|value| value.as_s().ok()).cloned()
}
