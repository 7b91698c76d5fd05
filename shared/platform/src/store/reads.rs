//! Reads for people: customers, ledgers, orders.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnConsumedCapacity};
use jiff::Timestamp;
use loyalty::Points;
use loyalty::account::Account;
use loyalty::ids::{CustomerId, OrderRef, ShopId};
use loyalty::ledger::Entry;
use loyalty::posting::Record;

use super::item;
use super::keys::{self, Entity, Key, LEDGER, List, Listed, customer_partition};
use super::{Contact, Item, Lookup, Store, StoreError, retry, table};
use crate::identity::Identity;

/// Items in one `BatchGetItem`.
const BATCH: usize = 100;

/// A customer with her account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Her id.
    pub id: CustomerId,
    /// What she has.
    pub account: Account,
    /// Who she is; `None` once erased.
    pub contact: Option<Contact>,
}

/// A part of a ledger, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerPage {
    /// The entries.
    pub entries: Vec<Entry>,
    /// The number to go on before; `None` at the end.
    pub next: Option<u64>,
}

/// An order as it stands in the table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredOrder {
    /// Counts writes; 0 for one that isn't there.
    pub version: u64,
    /// What is known and was made of it.
    pub record: Record,
    /// Where it is listed.
    pub listed: Option<Listed>,
    /// What is to be looked up about it.
    pub lookup: Option<Lookup>,
}

impl Store {
    /// The customer an identity leads to.
    pub async fn find_customer(
        &self,
        shop: &ShopId,
        identity: &Identity,
    ) -> Result<Option<CustomerId>, StoreError> {
        let found = self.get(&Entity::Identity(identity).key(shop)).await?;
        Ok(found.and_then(|found| item::text(&found, "customer")?.parse().ok()))
    }

    /// A customer, or the one she was merged into; `None` for an unknown id.
    pub async fn customer(
        &self,
        shop: &ShopId,
        id: &CustomerId,
    ) -> Result<Option<Customer>, StoreError> {
        let (id, account) = self.account(shop, id.clone()).await?;
        if account.version == 0 {
            return Ok(None);
        }
        let contact = self.contact(shop, &id).await?;
        Ok(Some(Customer { id, account, contact }))
    }

    /// A part of a customer's ledger, newest first, of entries numbered below `before`.
    pub async fn ledger(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        before: Option<u64>,
        limit: u16,
    ) -> Result<LedgerPage, StoreError> {
        let last = before.map_or(u64::MAX, |before| before.saturating_sub(1));
        let to = match before {
            Some(_) => Entity::Ledger(customer, last).key(shop).sk,
            // Sorts behind every number.
            None => format!("{LEDGER}~"),
        };
        let answer = self
            .query()
            .consistent_read(true)
            .key_condition_expression(format!(
                "{} = :pk AND {} BETWEEN :from AND :to",
                table::PK,
                table::SK
            ))
            .expression_attribute_values(
                ":pk",
                AttributeValue::S(customer_partition(shop, customer)),
            )
            .expression_attribute_values(":from", AttributeValue::S(LEDGER.to_owned()))
            .expression_attribute_values(":to", AttributeValue::S(to))
            .scan_index_forward(false)
            .limit(i32::from(limit))
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        self.has_read(answer.consumed_capacity());
        let more = answer.last_evaluated_key.is_some();
        let items = answer.items.unwrap_or_default();
        let entries: Vec<Entry> = items.into_iter().map(item::read).collect::<Result<_, _>>()?;
        let next = entries.last().map(|entry| entry.number).filter(|_| more);
        Ok(LedgerPage { entries, next })
    }

    /// A ledger's entries written at `from` or later, oldest first.
    pub async fn ledger_since(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        from: Timestamp,
        page: u16,
    ) -> Result<Vec<Entry>, StoreError> {
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let part = self.ledger(shop, customer, before, page).await?;
            let older = part.entries.iter().any(|entry| entry.at < from);
            found.extend(part.entries.into_iter().filter(|entry| entry.at >= from));
            before = part.next.filter(|_| !older);
            if before.is_none() {
                found.reverse();
                return Ok(found);
            }
        }
    }

    /// The first order that is known of a customer, or of anybody her account stands for,
    /// and when it was paid. It is read from an index, which follows the table a little later.
    pub async fn first_order(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
    ) -> Result<Option<(Timestamp, OrderRef)>, StoreError> {
        let (holder, account) = self.account(shop, customer.clone()).await?;
        let mut first = None;
        for one in self.family(shop, &holder, &account).await? {
            let list = List::OrdersOf(&one).partition(shop);
            let found = self
                .query()
                .index_name(table::LIST.name)
                .key_condition_expression(format!("{} = :list", table::LIST.partition))
                .expression_attribute_values(":list", AttributeValue::S(list))
                .limit(1)
                .send()
                .await
                .map_err(StoreError::unavailable)?;
            self.has_read(found.consumed_capacity());
            for item in found.items.unwrap_or_default() {
                let place = item::text(&item, table::LIST.sort).unwrap_or_default();
                let at = place.split('#').next().and_then(|at| at.parse().ok());
                let here = at.zip(super::merges::order_ref(&item));
                first = match (first, here) {
                    (Some(known), Some(here)) => Some(std::cmp::min(known, here)),
                    (known, here) => known.or(here),
                };
            }
        }
        Ok(first)
    }

    /// What each of these orders has brought by now, of those that an account stands for.
    pub async fn posted_to(
        &self,
        shop: &ShopId,
        holder: &CustomerId,
        account: &Account,
        orders: impl IntoIterator<Item = OrderRef>,
    ) -> Result<BTreeMap<OrderRef, Points>, StoreError> {
        let keys: Vec<Key> =
            orders.into_iter().map(|order| Entity::Order(&order).key(shop)).collect();
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        let family = self.family(shop, holder, account).await?;
        let mut posted = BTreeMap::new();
        for item in self.get_all(keys).await? {
            let Some(order) = super::merges::order_ref(&item) else { continue };
            let record = stored_order(item)?.record;
            if record.customer.as_ref().is_some_and(|customer| family.contains(customer)) {
                posted.insert(order, record.posted());
            }
        }
        Ok(posted)
    }

    /// An order; an empty one of version 0 where none is known.
    pub async fn order(&self, shop: &ShopId, order: &OrderRef) -> Result<StoredOrder, StoreError> {
        let found = self.get(&Entity::Order(order).key(shop)).await?;
        found.map_or_else(|| Ok(StoredOrder::default()), stored_order)
    }

    /// The keys a list holds of a span of time, both ends included, in its order.
    pub(super) async fn listed_between(
        &self,
        partition: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Key>, StoreError> {
        let (from, to) = (keys::time(from), keys::time(to));
        let mut pages = self
            .query()
            .index_name(table::LIST.name)
            .key_condition_expression(format!(
                "{} = :list AND {} BETWEEN :from AND :to",
                table::LIST.partition,
                table::LIST.sort
            ))
            .expression_attribute_values(":list", AttributeValue::S(partition.to_owned()))
            .expression_attribute_values(":from", AttributeValue::S(from))
            // Places go on behind the time with a #.
            .expression_attribute_values(":to", AttributeValue::S(format!("{to}~")))
            .into_paginator()
            .send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(StoreError::unavailable)?;
            self.has_read(page.consumed_capacity());
            let items = page.items.unwrap_or_default();
            keys.extend(items.iter().map(key_of));
        }
        Ok(keys)
    }

    /// When the newest of a list was put there; `None`: it is empty. Read from an index, which
    /// follows the table a little later.
    pub async fn latest_in(
        &self,
        shop: &ShopId,
        list: List<'_>,
    ) -> Result<Option<Timestamp>, StoreError> {
        let found = self
            .query()
            .index_name(table::LIST.name)
            .key_condition_expression(format!("{} = :list", table::LIST.partition))
            .expression_attribute_values(":list", AttributeValue::S(list.partition(shop)))
            .scan_index_forward(false)
            .limit(1)
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        self.has_read(found.consumed_capacity());
        let place = found.items().first().and_then(|item| item::text(item, table::LIST.sort));
        Ok(place.and_then(|place| place.split('#').next()?.parse().ok()))
    }

    /// The keys a list holds, in its order.
    pub(super) async fn list(&self, partition: &str) -> Result<Vec<Key>, StoreError> {
        let mut pages = self
            .query()
            .index_name(table::LIST.name)
            .key_condition_expression(format!("{} = :list", table::LIST.partition))
            .expression_attribute_values(":list", AttributeValue::S(partition.to_owned()))
            .into_paginator()
            .send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(StoreError::unavailable)?;
            self.has_read(page.consumed_capacity());
            let items = page.items.unwrap_or_default();
            keys.extend(items.iter().map(key_of));
        }
        Ok(keys)
    }

    /// Items by their keys, read strongly, in no order; those that aren't there are left
    /// out.
    pub(super) async fn get_all(&self, keys: Vec<Key>) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        for batch in keys.chunks(BATCH) {
            let mut asked: Vec<Item> = batch.iter().map(key_item).collect();
            for attempt in 1.. {
                let request = KeysAndAttributes::builder()
                    .consistent_read(true)
                    .set_keys(Some(std::mem::take(&mut asked)))
                    .build()
                    .map_err(StoreError::request)?;
                let answer = self
                    .client
                    .batch_get_item()
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .request_items(&self.table, request);
                let answer = answer.send().await.map_err(StoreError::unavailable)?;
                self.has_read(answer.consumed_capacity());
                items.extend(answer.responses.into_iter().flatten().flat_map(|(_, found)| found));
                // What DynamoDB had no time for is asked for again.
                let left = answer.unprocessed_keys.into_iter().flatten();
                asked = left.flat_map(|(_, left)| left.keys).collect();
                if asked.is_empty() {
                    break;
                }
                retry::pause(attempt).await?;
            }
        }
        Ok(items)
    }
}

pub(super) fn stored_order(item: Item) -> Result<StoredOrder, StoreError> {
    let version = item::number(&item, VERSION);
    let part = |name| item::text(&item, name);
    let listed = part(table::LIST.partition)
        .zip(part(table::LIST.sort))
        .map(|(list, place)| Listed { list, place });
    let lookup = Lookup::of(&item)?;
    Ok(StoredOrder { version, record: item::read(item)?, listed, lookup })
}

/// The attribute that counts an order's writes.
pub(super) const VERSION: &str = "v";

pub(super) fn key_of(item: &Item) -> Key {
    let part = |name| item::text(item, name).unwrap_or_default();
    Key { pk: part(table::PK), sk: part(table::SK) }
}

fn key_item(key: &Key) -> Item {
    [
        (table::PK.to_owned(), AttributeValue::S(key.pk.clone())),
        (table::SK.to_owned(), AttributeValue::S(key.sk.clone())),
    ]
    .into()
}
