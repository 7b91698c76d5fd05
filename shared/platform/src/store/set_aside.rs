//! What is set aside: signed bodies that couldn't be read, and things to do later.
//!
//! Both are keyed by the body's hash, so that repeats are one.

use std::collections::BTreeMap;
use std::io::Write as _;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use loyalty::ids::{CustomerId, OrderRef, ShopId};
use loyalty::month::Month;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::item::{self, Put};
use super::keys::{Entity, Key, List};
use super::{Scene, Store, StoreError, Write, table};

/// A DynamoDB item holds 400 KB; keys and the rest need little of it.
const PART_BYTES: usize = 300_000;

/// How long a dead letter is kept.
const DEAD_LETTER_LIFE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The topic of tasks that ask whether an order is the same sale as another.
pub const SAME_SALE: &str = "same-sale";

/// The topic of tasks that ask the owner to write a withdrawal of consent down at a source,
/// which can't be told of it.
pub const WITHDRAWAL: &str = "withdrawal";

/// The topic of tasks that tell the owner of a customer whose points stay, because no notice
/// of their expiry reaches her: "cannot be reached". The body is the customer's id.
pub const UNREACHED: &str = "cannot-be-reached";

/// A signed body that couldn't be used, kept with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Its id: the hash of topic and body.
    pub id: String,
    /// What it came as, such as `shopify orders/paid`.
    pub topic: String,
    /// What was wrong with it. No personal data: keys and types, not values.
    pub reason: String,
    /// When it came.
    pub at: Timestamp,
    /// Length of the body in bytes.
    pub bytes: u64,
    /// Parts it is kept in.
    pub parts: u16,
}

/// Something that a later job or a person has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The topic it came as.
    pub topic: String,
    /// SHA-256 of the body: a body runs once.
    pub hash: String,
    /// When it came.
    pub at: Timestamp,
    /// The body, as it came.
    pub body: String,
    /// Parts the body is kept in beside it where it is too large for one item; else 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    parts: u16,
    /// Whether it is done.
    pub done: bool,
}

fn is_zero(count: &u16) -> bool {
    *count == 0
}

impl Store {
    /// Keeps a body that couldn't be used. Once this returns, it can be replayed.
    pub async fn keep_dead_letter(
        &self,
        shop: &ShopId,
        topic: &str,
        body: &[u8],
        reason: &str,
        now: Timestamp,
    ) -> Result<DeadLetter, StoreError> {
        let packed = packed(body)?;
        let parts: Vec<&[u8]> = packed.chunks(PART_BYTES).collect();
        let letter = DeadLetter {
            id: hash(&[topic.as_bytes(), b"\n", body]),
            topic: topic.to_owned(),
            reason: reason.chars().take(1000).collect(),
            at: now,
            bytes: u64::try_from(body.len()).unwrap_or(u64::MAX),
            parts: u16::try_from(parts.len()).unwrap_or(u16::MAX),
        };
        let expires = now.checked_add(DEAD_LETTER_LIFE).unwrap_or(now).as_second();
        let expires = AttributeValue::N(expires.to_string());
        // The head goes last: while it is missing, nothing claims that the letter is whole.
        for (number, part) in (1_u16..).zip(parts) {
            let key = Entity::DeadLetter(&letter.id, number).key(shop);
            self.put_surely(part_of(key, part)?.with(table::EXPIRES_AT, expires.clone())).await?;
        }
        let month = Month::of(now.to_zoned(jiff::tz::TimeZone::UTC).date());
        let head = Put::new(Entity::DeadLetter(&letter.id, 0).key(shop), &letter)?
            .with(table::EXPIRES_AT, expires)
            .listed(List::DeadLetters(month).place(shop, now, &letter.id));
        self.put_surely(head).await?;
        Ok(letter)
    }

    /// A dead letter and its body; `None` where there is none, or its time is over.
    pub async fn dead_letter(
        &self,
        shop: &ShopId,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<(DeadLetter, Vec<u8>)>, StoreError> {
        let Some(head) = self.get(&Entity::DeadLetter(id, 0).key(shop)).await? else {
            return Ok(None);
        };
        if item::number(&head, table::EXPIRES_AT) <= u64::try_from(now.as_second()).unwrap_or(0) {
            return Ok(None);
        }
        let letter: DeadLetter = item::read(head)?;
        let parts = (1..=letter.parts).map(|number| Entity::DeadLetter(id, number).key(shop));
        let body = self.unpacked(parts).await?;
        Ok(Some((letter, body)))
    }

    /// Removes a dead letter that was taken after all.
    pub async fn remove_dead_letter(
        &self,
        shop: &ShopId,
        letter: &DeadLetter,
    ) -> Result<(), StoreError> {
        // The head goes first: without it nothing claims that the letter is there.
        for part in 0..=letter.parts {
            let Key { pk, sk } = Entity::DeadLetter(&letter.id, part).key(shop);
            let request = self.client.delete_item().table_name(&self.table);
            request
                .key(table::PK, AttributeValue::S(pk))
                .key(table::SK, AttributeValue::S(sk))
                .send()
                .await
                .map_err(StoreError::unavailable)?;
        }
        Ok(())
    }

    /// What was packed into these parts.
    async fn unpacked(&self, parts: impl Iterator<Item = Key>) -> Result<Vec<u8>, StoreError> {
        let mut body = flate2::write::GzDecoder::new(Vec::new());
        for key in parts {
            let part = self.get(&key).await?;
            let packed = part.as_ref().and_then(|part| part.get("z")?.as_b().ok());
            body.write_all(packed.map_or(&[], |blob| blob.as_ref()))
                .map_err(StoreError::request)?;
        }
        body.finish().map_err(StoreError::request)
    }

    /// Dead letters of a month (UTC), oldest first.
    pub async fn dead_letters(
        &self,
        shop: &ShopId,
        month: Month,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let keys = self.list(&List::DeadLetters(month).partition(shop)).await?;
        self.get_all(keys).await?.into_iter().map(item::read).collect()
    }

    /// Keeps something to do. One that is kept already, or done, stays as it is; says
    /// whether this one is new.
    pub async fn keep_task(
        &self,
        shop: &ShopId,
        topic: &str,
        body: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let hash = hash(&[body.as_bytes()]);
        let (topic, body) = (topic.to_owned(), body.to_owned());
        let mut task = Task { topic, hash, at: now, body, parts: 0, done: false };
        let topic = task.topic.as_str();
        if task.body.len() > PART_BYTES {
            // What is kept already needs no parts again; what is done may have lost them.
            if self.get(&Entity::Task(topic, &task.hash).key(shop)).await?.is_some() {
                return Ok(false);
            }
            let packed = packed(std::mem::take(&mut task.body).as_bytes())?;
            // The task goes last: while it is missing, nothing claims that it is whole.
            for part in packed.chunks(PART_BYTES) {
                task.parts = task.parts.saturating_add(1);
                let key = Entity::TaskPart(&task.hash, task.parts).key(shop);
                self.put_surely(part_of(key, part)?).await?;
            }
        }
        let put = Put::new(Entity::Task(topic, &task.hash).key(shop), &task)?
            .listed(List::OpenTasks.place(shop, now, &task.hash))
            .if_absent();
        Ok(self.put_surely(put).await? == Write::Done)
    }

    /// Plans the task of judging an order that is held, anew where it was done before; nothing
    /// where it is open already.
    pub(super) async fn twin_task(
        &self,
        scene: &Scene<'_>,
        order: &OrderRef,
    ) -> Result<Option<Put>, StoreError> {
        let (key, task) = twin_task(scene, order);
        let known: Option<Task> = self.get(&key).await?.map(item::read).transpose()?;
        let place = List::OpenTasks.place(scene.shop, scene.now, &task.hash);
        let put = Put::new(key, &task)?.listed(place);
        Ok(match known {
            None => Some(put.if_absent()),
            // Whoever writes it writes the order with it, which is under its version.
            Some(known) => Some(put).filter(|_| known.done),
        })
    }

    /// Plans to close it.
    pub(super) async fn close_twin_task(
        &self,
        scene: &Scene<'_>,
        order: &OrderRef,
    ) -> Result<Option<Put>, StoreError> {
        let (key, _) = twin_task(scene, order);
        let Some(found) = self.get(&key).await? else { return Ok(None) };
        let task = Task { done: true, ..item::read(found)? };
        Ok(Some(Put::new(key, &task)?))
    }

    /// Notes that a task is done; `false`: there is no such task, or it is done already.
    pub async fn close_task(
        &self,
        shop: &ShopId,
        topic: &str,
        hash: &str,
    ) -> Result<bool, StoreError> {
        let key = Entity::Task(topic, hash).key(shop);
        let Some(found) = self.get(&key).await? else { return Ok(false) };
        let task: Task = item::read(found)?;
        if task.done {
            return Ok(false);
        }
        // Doing it twice does no harm, and nobody else writes it.
        self.put_surely(Put::new(key, &Task { done: true, ..task })?).await?;
        Ok(true)
    }

    /// Open tasks, oldest first.
    pub async fn open_tasks(&self, shop: &ShopId) -> Result<Vec<Task>, StoreError> {
        let keys = self.list(&List::OpenTasks.partition(shop)).await?;
        let mut tasks = Vec::new();
        for item in self.get_all(keys).await? {
            let mut task: Task = item::read(item)?;
            if task.parts > 0 {
                let hash = task.hash.as_str();
                let parts = 1..=task.parts;
                let body = self.unpacked(parts.map(|part| Entity::TaskPart(hash, part).key(shop)));
                task.body = String::from_utf8(body.await?).map_err(StoreError::request)?;
            }
            tasks.push(task);
        }
        Ok(tasks)
    }
}

/// The task of judging an order that is held.
fn twin_task(scene: &Scene<'_>, order: &OrderRef) -> (Key, Task) {
    let body = order.to_string();
    let hash = hash(&[body.as_bytes()]);
    let topic = SAME_SALE.to_owned();
    let key = Entity::Task(SAME_SALE, &hash).key(scene.shop);
    (key, Task { topic, hash, at: scene.now, body, parts: 0, done: false })
}

/// The task of a customer who can't be reached, anew where it was done before.
pub(super) fn unreached(
    shop: &ShopId,
    customer: &CustomerId,
    now: Timestamp,
) -> Result<Put, StoreError> {
    let body = customer.to_string();
    let hash = hash(&[body.as_bytes()]);
    let topic = UNREACHED.to_owned();
    let key = Entity::Task(UNREACHED, &hash).key(shop);
    let place = List::OpenTasks.place(shop, now, &hash);
    let task = Task { topic, hash, at: now, body, parts: 0, done: false };
    Ok(Put::new(key, &task)?.listed(place))
}

/// A body as it is kept.
fn packed(body: &[u8]) -> Result<Vec<u8>, StoreError> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(body).map_err(StoreError::request)?;
    gzip.finish().map_err(StoreError::request)
}

/// A part of what was packed.
fn part_of(key: Key, part: &[u8]) -> Result<Put, StoreError> {
    let part = AttributeValue::B(Blob::new(part));
    Ok(Put::new(key, &BTreeMap::<String, String>::new())?.with("z", part))
}

pub(super) fn hash(parts: &[&[u8]]) -> String {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update(part);
    }
    sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
