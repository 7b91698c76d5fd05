//! What is to be looked up at a source: a marker on the order, in the index of work that
//! is due. The webhook only sets it; whoever drains that index asks the source, and what
//! it answers is merged as one more observation.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use loyalty::ids::{OrderRef, ShopId};
use serde::{Deserialize, Serialize};

use super::item::{self, Put};
use super::keys::{Entity, send_bucket, time};
use super::reads::VERSION;
use super::{Item, Scene, Store, StoreError, StoredOrder, Write, retry};

/// The marker's attribute.
const LOOKUP: &str = "e";

/// After so long a look-up that keeps failing is given up.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Pauses between attempts; the last one stays.
const PAUSES: [SignedDuration; 5] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(3),
    SignedDuration::from_hours(12),
];

/// Something to be looked up about an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookup {
    /// Since when.
    #[serde(rename = "f")]
    pub since: Timestamp,
    /// The latest moment whose picture was asked for, where that was told. One asked for
    /// while an earlier one is on its way makes another marker of it, which stays.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// When it is tried next; `None` once it was given up.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Attempts that failed.
    #[serde(rename = "t", default)]
    pub tries: u16,
    /// Why the last one did. No personal data.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Lookup {
    /// One that is due at once.
    pub(super) fn new(now: Timestamp) -> Self {
        Self { since: now, as_of: None, at: Some(now), tries: 0, why: None }
    }

    /// The marker an order's item has.
    pub(super) fn of(item: &Item) -> Result<Option<Self>, StoreError> {
        match item.get(LOOKUP) {
            Some(AttributeValue::M(lookup)) => item::read(lookup.clone()).map(Some),
            _ => Ok(None),
        }
    }

    /// An order's write with this marker on it.
    pub(super) fn on(&self, put: Put, shop: &ShopId, order: &OrderRef) -> Result<Put, StoreError> {
        let marker: Item = serde_dynamo::to_item(self).map_err(StoreError::request)?;
        let put = put.with(LOOKUP, AttributeValue::M(marker));
        Ok(match self.at {
            Some(at) => put.due(&send_bucket(shop, at), &format!("{}#{order}", time(at))),
            None => put,
        })
    }

    /// After a failure: later, or never.
    fn failed(&self, why: &str, wait: Option<SignedDuration>, now: Timestamp) -> Self {
        let pause = PAUSES.get(usize::from(self.tries)).or(PAUSES.last()).copied();
        let pause = wait.or(pause).unwrap_or(GIVE_UP_AFTER);
        let given_up = now.duration_since(self.since) >= GIVE_UP_AFTER;
        Self {
            since: self.since,
            as_of: self.as_of,
            at: now.checked_add(pause).ok().filter(|_| !given_up),
            tries: self.tries.saturating_add(1),
            why: Some(why.chars().take(200).collect()),
        }
    }
}

impl Store {
    /// Notes that an order is to be fetched from its source, unless a picture of it as it
    /// was at `as_of`, or later, is known. Repeats write nothing.
    pub async fn want_lookup(
        &self,
        scene: &Scene<'_>,
        order: &OrderRef,
        as_of: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let wanted = |stored: &StoredOrder| {
            let known = stored.record.state.sale.as_ref().map(|sale| sale.stamp.updated_at);
            if known.zip(as_of).is_some_and(|(known, as_of)| known >= as_of) {
                return None;
            }
            // One that waits may be on its way to the source this moment, and come back with
            // an older picture than this: it is told apart by the moment asked for.
            let as_of = Some(as_of.unwrap_or(scene.now));
            match stored.lookup.as_ref().filter(|lookup| lookup.at.is_some()) {
                Some(waits) if waits.as_of >= as_of => None,
                Some(waits) => Some(Lookup { as_of, ..waits.clone() }),
                None => Some(Lookup { as_of, ..Lookup::new(scene.now) }),
            }
        };
        self.mark(scene.shop, order, wanted).await
    }

    /// Notes that a look-up failed: it is tried again after `wait`, or after a pause that
    /// grows, and given up after a week.
    pub async fn lookup_failed(
        &self,
        shop: &ShopId,
        order: &OrderRef,
        why: &str,
        wait: Option<SignedDuration>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.mark(shop, order, |stored| Some(stored.lookup.as_ref()?.failed(why, wait, now))).await
    }

    /// Sets an order's marker. Nothing else of it changes, so no points do.
    async fn mark(
        &self,
        shop: &ShopId,
        order: &OrderRef,
        lookup: impl Fn(&StoredOrder) -> Option<Lookup>,
    ) -> Result<(), StoreError> {
        for attempt in 1.. {
            let stored = self.order(shop, order).await?;
            let Some(lookup) = lookup(&stored) else { return Ok(()) };
            let version = AttributeValue::N(stored.version.saturating_add(1).to_string());
            let mut put = Put::new(Entity::Order(order).key(shop), &stored.record)?
                .with(VERSION, version)
                .if_version(VERSION, stored.version);
            if let Some(listed) = &stored.listed {
                put = put.listed(listed.clone());
            }
            if self.put(lookup.on(put, shop, order)?).await? == Write::Done {
                return Ok(());
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }
}
