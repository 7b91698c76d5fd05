//! Work that is due: messages to send, claims to settle, orders to look up. It stands in
//! one index by shop and hour; how far that was worked off is kept, so that looking costs
//! what is due and no hour is ever forgotten.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use loyalty::ids::{OrderRef, ShopId};
use serde::{Deserialize, Serialize};

use super::item::{self, Put};
use super::keys::{Entity, Key, MESSAGES, ORDER, WITHDRAWALS, send_bucket, time};
use super::messages::{self, customer_of};
use super::reads::{key_of, stored_order};
use super::{Errand, Kept, Store, StoreError, StoredOrder, Write, merges, table};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// How far back a shop is looked through that never was.
const AT_FIRST: i64 = 9 * 24;

/// Hours that are always looked at again: the index follows the table a little later, and
/// clocks differ by a little.
const ALWAYS: SignedDuration = SignedDuration::from_hours(2);

/// Work of a shop that is due.
#[derive(Debug, Clone, Default)]
pub struct DueWork {
    /// Messages, soonest first.
    pub messages: Vec<Kept>,
    /// Orders to look up, soonest first.
    pub lookups: Vec<(OrderRef, StoredOrder)>,
    /// Withdrawals that the sources are to know of.
    pub errands: Vec<Errand>,
    /// Items that can't be read, by key.
    pub unreadable: Vec<String>,
    /// Whether there may be more.
    pub more: bool,
}

/// From which hour on there may be work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Drained {
    version: u64,
    from: Timestamp,
}

impl Store {
    /// What of a shop's work is due at `now`, soonest first; at most `limit` of each
    /// kind.
    pub async fn due_work(
        &self,
        shop: &ShopId,
        limit: usize,
        now: Timestamp,
    ) -> Result<DueWork, StoreError> {
        let known = self.get(&Entity::Drained.key(shop)).await?;
        let known: Option<Drained> = known.map(item::read).transpose()?;
        let hours = SignedDuration::from_hours(AT_FIRST);
        let first = now.checked_sub(hours).unwrap_or(now);
        let always = hour_of(now.checked_sub(ALWAYS).unwrap_or(now));
        let from = known.as_ref().map_or(first, |known| known.from).min(always);
        let (mut hour, mut nothing_before) = (hour_of(from), None);
        let mut work = DueWork::default();
        // Each kind by itself: neither stands in the other's way.
        let (mut messages, mut lookups) = (Vec::new(), Vec::new());
        while hour <= now {
            for key in self.due_in(&send_bucket(shop, hour), now).await? {
                nothing_before.get_or_insert(hour);
                let asks_a_source = key.sk == ORDER || key.sk.starts_with(WITHDRAWALS);
                let kind = if asks_a_source { &mut lookups } else { &mut messages };
                if kind.len() < limit {
                    kind.push(key);
                } else {
                    work.more = true;
                }
            }
            let Ok(next) = hour.checked_add(HOUR) else { break };
            hour = next;
        }
        let found = messages.into_iter().chain(lookups).collect();
        self.read_due(found, now, &mut work).await?;
        let reached = nothing_before.unwrap_or(hour).min(always);
        self.keep_drained(shop, known, reached).await?;
        Ok(work)
    }

    /// Reads what an index named. It follows the table a little later: the items decide.
    async fn read_due(
        &self,
        keys: Vec<Key>,
        now: Timestamp,
        work: &mut DueWork,
    ) -> Result<(), StoreError> {
        let mut lookups = Vec::new();
        for found in self.get_all(keys).await? {
            let part = |name| item::text(&found, name).unwrap_or_default();
            let (pk, sk) = (part(table::PK), part(table::SK));
            if sk == ORDER {
                let Some(order) = merges::order_ref(&found) else { continue };
                match stored_order(found) {
                    Ok(stored) => {
                        let at = stored.lookup.as_ref().and_then(|lookup| lookup.at);
                        lookups.extend(at.filter(|at| *at <= now).map(|at| (at, order, stored)));
                    }
                    Err(_) => work.unreadable.push(format!("{pk} / {sk}")),
                }
            } else if sk.starts_with(MESSAGES) {
                match (customer_of(&pk), messages::read(found)) {
                    (Some(customer), Ok(message)) => {
                        let kept = Kept { customer, message };
                        work.messages.extend(Some(kept).filter(|kept| is_due(kept, now)));
                    }
                    _ => work.unreadable.push(format!("{pk} / {sk}")),
                }
            } else if sk.starts_with(WITHDRAWALS) {
                match item::read::<Errand>(found) {
                    Ok(errand) => {
                        let due = errand.due.is_some_and(|due| due <= now);
                        work.errands.extend(Some(errand).filter(|_| due));
                    }
                    Err(_) => work.unreadable.push(format!("{pk} / {sk}")),
                }
            }
        }
        lookups.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        work.lookups = lookups.into_iter().map(|(_, order, stored)| (order, stored)).collect();
        work.messages.sort_by(|a, b| {
            let order = |kept: &Kept| (kept.message.due, kept.message.id.clone());
            order(a).cmp(&order(b))
        });
        Ok(())
    }

    /// Notes from which hour on there may be work. Losing a race costs a second look.
    async fn keep_drained(
        &self,
        shop: &ShopId,
        known: Option<Drained>,
        from: Timestamp,
    ) -> Result<(), StoreError> {
        let version = known.as_ref().map_or(0, |known| known.version);
        if known.is_some_and(|known| known.from >= from) {
            return Ok(());
        }
        let next = Drained { version: version.saturating_add(1), from };
        let put = Put::new(Entity::Drained.key(shop), &next)?.if_version("version", version);
        match self.put(put).await? {
            Write::Done | Write::Refused | Write::Collided => Ok(()),
        }
    }

    async fn due_in(&self, bucket: &str, now: Timestamp) -> Result<Vec<Key>, StoreError> {
        let mut pages = self
            .query()
            .index_name(table::DUE_SEND.name)
            .key_condition_expression(format!(
                "{} = :bucket AND {} < :now",
                table::DUE_SEND.partition,
                table::DUE_SEND.sort
            ))
            .expression_attribute_values(":bucket", AttributeValue::S(bucket.to_owned()))
            .expression_attribute_values(":now", AttributeValue::S(format!("{}~", time(now))))
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
}

fn is_due(kept: &Kept, now: Timestamp) -> bool {
    kept.message.due.is_some_and(|due| due <= now)
}

/// The beginning of an hour, as buckets are named.
fn hour_of(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    let begin = second.saturating_sub(second.rem_euclid(3600));
    Timestamp::from_second(begin).unwrap_or(at)
}
