//! Many customers like one: what she left in the table is copied straight into it, so that a
//! night can be measured on a hundred thousand of them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "only tests use it, and a failure here is a failed test"
)]

use std::collections::HashMap;
use std::ops::Range;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, StreamSpecification, WriteRequest};
use loyalty::account::Due;
use loyalty::ids::{CustomerId, ShopId};
use platform::store::keys::due_bucket;
use platform::store::table::{DUE_MAIL, DUE_POINTS, PK, SK};

use crate::shop::{TABLE, TestShop};

/// What the ids of the model's orders begin with: the copies have another number there.
pub const ORDERS: &str = "700000000";

/// The most items DynamoDB takes at once.
const BATCH: usize = 25;

type Item = HashMap<String, AttributeValue>;

/// Everything a shop's customer has in the table.
#[derive(Debug, Clone)]
pub struct Model {
    client: Client,
    shop: ShopId,
    customer: CustomerId,
    items: Vec<Item>,
}

impl Model {
    /// What a shop's only customer has. The ids of her orders begin with [`ORDERS`].
    pub async fn of(shop: &TestShop, customer: &CustomerId) -> Self {
        let client = shop.database.client();
        let mut pages = client.scan().table_name(TABLE).into_paginator().items().send();
        let mut items = Vec::new();
        let own = format!("SHOP#{}", shop.id);
        while let Some(item) = pages.next().await {
            let item = item.expect("the table answers");
            // The shop's own partition is nobody's.
            if item.get(PK).and_then(|pk| pk.as_s().ok()) != Some(&own) {
                items.push(item);
            }
        }
        Self { client, shop: shop.id.clone(), customer: customer.clone(), items }
    }

    /// Writes a copy for each of these numbers, below 10⁸, due when `due` says. The table's
    /// stream doesn't hear of them.
    pub async fn copy(&self, numbers: Range<u64>, due: impl Fn(u64) -> Due) {
        self.stream(false).await;
        let mut batch = Vec::new();
        for number in numbers {
            let due = due(number);
            for item in self.copied(number, due) {
                let put = PutRequest::builder().set_item(Some(item)).build().unwrap();
                batch.push(WriteRequest::builder().put_request(put).build());
                if batch.len() == BATCH {
                    self.write(std::mem::take(&mut batch)).await;
                }
            }
        }
        self.write(batch).await;
        self.stream(true).await;
    }

    /// The customer that a number stands for.
    pub fn customer(number: u64) -> CustomerId {
        // Spread as drawn ids are: neighbours are nothing alike.
        CustomerId::from_bits(number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn copied(&self, number: u64, due: Due) -> Vec<Item> {
        let customer = Self::customer(number);
        let named = [
            (self.customer.as_str().to_owned(), customer.as_str().to_owned()),
            (ORDERS.to_owned(), format!("8{number:08}")),
        ];
        let mut items = Vec::new();
        for item in &self.items {
            let mut copy: Item =
                item.iter().map(|(name, value)| (name.clone(), renamed(value, &named))).collect();
            let text = |name| item.get(name).and_then(|value| value.as_s().ok()).cloned();
            let (pk, sk) = (text(PK).unwrap_or_default(), text(SK).unwrap_or_default());
            if sk == "ACCOUNT" {
                self.is_due(&mut copy, due);
            }
            if pk == copy.get(PK).and_then(|pk| pk.as_s().ok()).cloned().unwrap_or_default() {
                // Named by what identifies her, which is each copy's own.
                copy.insert(PK.to_owned(), AttributeValue::S(format!("{pk}{number:08}")));
            }
            items.push(copy);
        }
        items
    }

    /// Puts an account under the nights that look at it next.
    fn is_due(&self, account: &mut Item, due: Due) {
        let mut map = HashMap::new();
        for (index, name, date) in [(DUE_MAIL, "m", due.mail), (DUE_POINTS, "p", due.points)] {
            account.remove(index.partition);
            let Some(date) = date else { continue };
            let bucket = due_bucket(&self.shop, date, 0);
            account.insert(index.partition.to_owned(), AttributeValue::S(bucket));
            map.insert(name.to_owned(), AttributeValue::S(date.to_string()));
        }
        account.insert("d".to_owned(), AttributeValue::M(map));
    }

    async fn write(&self, batch: Vec<WriteRequest>) {
        if batch.is_empty() {
            return;
        }
        let written = self.client.batch_write_item().request_items(TABLE, batch).send().await;
        let left = written.expect("the batch is written").unprocessed_items;
        assert!(left.is_none_or(|left| left.is_empty()), "the engine does all of a batch");
    }

    async fn stream(&self, enabled: bool) {
        let mut stream = StreamSpecification::builder().stream_enabled(enabled);
        if enabled {
            let view = aws_sdk_dynamodb::types::StreamViewType::NewAndOldImages;
            stream = stream.stream_view_type(view);
        }
        let stream = stream.build().unwrap();
        let request = self.client.update_table().table_name(TABLE);
        request.stream_specification(stream).send().await.expect("the stream is switched");
    }
}

/// The same with other names in every text and every key.
fn renamed(value: &AttributeValue, named: &[(String, String)]) -> AttributeValue {
    let text = |text: &String| {
        named.iter().fold(text.clone(), |text, (old, new)| text.replace(old.as_str(), new))
    };
    match value {
        AttributeValue::S(one) => AttributeValue::S(text(one)),
        AttributeValue::L(list) => {
            AttributeValue::L(list.iter().map(|one| renamed(one, named)).collect())
        }
        AttributeValue::M(map) => {
            let map = map.iter().map(|(name, one)| (text(name), renamed(one, named)));
            AttributeValue::M(map.collect())
        }
        other => other.clone(),
    }
}
