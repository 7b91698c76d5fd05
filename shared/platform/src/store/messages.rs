//! Messages: what is to be told to whom, and what became of it.
//!
//! A message stands under its customer and its trigger, so that one trigger is one message.
//! It is claimed, sent, settled: the claim is one transaction with everything the decision
//! rests on, so that it holds at the moment of its commit. SES has no idempotency token, so
//! what nobody answered for is settled by SES's own events, else by the claim's end.

mod claims;
mod decisions;
mod pages;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use loyalty::consent::{Channel, Consent, Teller};
use loyalty::ids::{CustomerId, ShopId};
use loyalty::mail::{Class, Draft, Kind, WhyNot};
use loyalty::month::Month;
use loyalty::program::{ConsentGrade, Preset};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use self::claims::{Claimed, Desk, Wanted};
pub use self::decisions::{Decided, DecidedOn, Decision, DecisionPlace};
pub use self::pages::{Among, MessagePage, Place};
use super::item::{self, Put};
use super::keys::{Entity, List, MESSAGES, send_bucket, time};
use super::{Item, Store, StoreError, Write, retry};

/// How long a claim holds: longer than SES's events take, so that a claim that ended with
/// none of them was most likely never sent.
pub const LEASE: SignedDuration = SignedDuration::from_mins(15);

/// How long a message is kept: as long as the decisions of a night.
const LIFE: SignedDuration = SignedDuration::from_hours(396 * 24);

/// How far a message is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for its time.
    #[default]
    Waiting,
    /// Somebody is about to send it.
    Claimed,
    /// SES took it.
    Sent,
    /// Whether SES took it isn't known, and won't be asked again.
    Unknown,
    /// It can't be sent.
    Failed,
    /// It was left out.
    Dropped,
}

/// Somebody's word that she will send it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// When it was committed: the moment the message was begun.
    #[serde(rename = "a", with = "jiff::fmt::serde::timestamp::microsecond::required")]
    pub at: Timestamp,
    /// Until when it holds.
    #[serde(rename = "u", with = "jiff::fmt::serde::timestamp::microsecond::required")]
    pub until: Timestamp,
    /// What is told.
    #[serde(rename = "k")]
    pub kinds: Vec<Kind>,
    /// Whether it goes to the owner instead.
    #[serde(rename = "o", default, skip_serializing_if = "std::ops::Not::not")]
    pub to_owner: bool,
    /// Whose account counts it.
    #[serde(rename = "h")]
    pub holder: CustomerId,
    /// Which claim of this message it is, from 1.
    #[serde(rename = "n")]
    pub number: u8,
    /// Whether the owner's own words make marketing of what else would be none.
    #[serde(rename = "m", default, skip_serializing_if = "std::ops::Not::not")]
    pub marketing: bool,
    /// The yes that it relies on, where it is marketing.
    #[serde(rename = "y", default, skip_serializing_if = "Option::is_none")]
    pub relied_on: Option<ReliedOn>,
}

/// A yes to marketing mail as it stood when a mail relied on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReliedOn {
    /// How well it is shown.
    #[serde(rename = "g")]
    pub grade: ConsentGrade,
    /// Who told.
    #[serde(rename = "s")]
    pub teller: Teller,
    /// When she said it.
    #[serde(rename = "a", with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
}

impl ReliedOn {
    /// The yes that marketing mail of a shop of this country may rely on.
    pub fn of(consent: &Consent, preset: Preset) -> Option<Self> {
        let yes = consent.relied_on(Channel::Email, preset)?;
        Some(Self { grade: yes.grade?, teller: yes.teller, at: yes.at })
    }
}

impl Claim {
    /// The class of what is told: that of the section that asks the most.
    pub fn class(&self) -> Class {
        if self.marketing {
            return Class::Marketing;
        }
        self.kinds.iter().map(|kind| kind.class()).max().unwrap_or(Class::Marketing)
    }

    /// Whether the caps count it.
    fn counts(&self) -> bool {
        !self.to_owner && self.class() > Class::AskedFor
    }
}

/// A mail that came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounced {
    /// When.
    #[serde(rename = "a", with = "jiff::fmt::serde::timestamp::microsecond::required")]
    pub at: Timestamp,
    /// Whether for good.
    #[serde(rename = "p")]
    pub permanent: bool,
}

/// A message. Names in storage are short and times are whole microseconds: it is written
/// four times, and a kilobyte is what a write unit holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Counts writes.
    #[serde(rename = "v")]
    pub version: u64,
    /// Its id: what SES's tags and the API name it by.
    #[serde(rename = "i")]
    pub id: String,
    /// What it was planned to tell.
    #[serde(rename = "d")]
    pub draft: Draft,
    /// When it was planned.
    #[serde(rename = "p", with = "jiff::fmt::serde::timestamp::microsecond::required")]
    pub planned_at: Timestamp,
    /// How far it is.
    #[serde(rename = "s")]
    pub state: State,
    /// When it is looked at next; `None` once it is settled.
    #[serde(
        rename = "t",
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::microsecond::optional"
    )]
    pub due: Option<Timestamp>,
    /// Why it waits.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<WhyNot>,
    /// Who is sending it, or sent it.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// Sections that were left out, and why.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<(Kind, WhyNot)>,
    /// SES's id of it.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub ses_id: Option<String>,
    /// When SES took it.
    #[serde(
        rename = "a",
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::microsecond::optional"
    )]
    pub sent_at: Option<Timestamp>,
    /// When the recipient's server took it.
    #[serde(
        rename = "e",
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::microsecond::optional"
    )]
    pub delivered_at: Option<Timestamp>,
    /// When it came back.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub bounced: Option<Bounced>,
    /// When it was called spam.
    #[serde(
        rename = "m",
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::microsecond::optional"
    )]
    pub complained_at: Option<Timestamp>,
    /// What is wrong with it, and what to do. No personal data.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Whether it failed by being tried until it made no sense any more.
    #[serde(rename = "g", default, skip_serializing_if = "std::ops::Not::not")]
    pub gave_up: bool,
    /// Times sending it failed.
    #[serde(rename = "n", default, skip_serializing_if = "is_zero")]
    pub tries: u16,
}

fn is_zero(count: &u16) -> bool {
    *count == 0
}

/// A message and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Whose.
    pub customer: CustomerId,
    /// The message as it stands.
    pub message: Message,
}

/// What SES says became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// SES sent it on, under its own id.
    Sent {
        /// When.
        at: Timestamp,
        /// SES's id.
        ses_id: String,
    },
    /// The recipient's server took it.
    Delivered {
        /// When.
        at: Timestamp,
    },
    /// It came back.
    Bounced(Bounced),
    /// It was called spam.
    Complained {
        /// When.
        at: Timestamp,
    },
    /// SES took it and didn't send it on after all.
    Rejected {
        /// SES's id.
        ses_id: String,
        /// Why, without personal data.
        why: String,
    },
}

impl Message {
    /// A message to be written; as soon as it is due it is looked at.
    pub fn new(shop: &ShopId, customer: &CustomerId, draft: Draft, now: Timestamp) -> Self {
        Self {
            version: 0,
            id: id(shop, customer, &draft.about.trigger()),
            planned_at: now,
            state: State::Waiting,
            due: Some(draft.due.max(now)),
            draft,
            waits_for: None,
            claim: None,
            without: Vec::new(),
            ses_id: None,
            sent_at: None,
            delivered_at: None,
            bounced: None,
            complained_at: None,
            trouble: None,
            gave_up: false,
            tries: 0,
        }
    }

    /// What it is keyed by.
    pub fn trigger(&self) -> String {
        self.draft.about.trigger()
    }

    /// Whether its owner has to look at it: it failed, or waits after a failure.
    pub fn is_troubled(&self) -> bool {
        self.state == State::Failed || (self.state == State::Waiting && self.trouble.is_some())
    }

    /// SES took it: by its answer, or by its event. Nobody has to settle it any more.
    fn sent(&mut self, ses_id: String, at: Timestamp) {
        let rejected = self.state == State::Failed && self.ses_id.as_ref() == Some(&ses_id);
        if !rejected {
            self.state = State::Sent;
            self.due = None;
            self.trouble = None;
        }
        self.ses_id.get_or_insert(ses_id);
        self.sent_at = Some(self.sent_at.map_or(at, |known| known.min(at)));
    }

    /// Takes in what SES says. Its events come late, twice and in any order.
    pub fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Sent { at, ses_id } => self.sent(ses_id, at),
            Heard::Delivered { at } => {
                self.delivered_at = Some(self.delivered_at.map_or(at, |known| known.min(at)));
            }
            Heard::Bounced(bounced) => {
                // For good goes before for now, and the first goes before a later one.
                let weight = |one: &Bounced| (!one.permanent, one.at);
                let known = self.bounced.filter(|known| weight(known) <= weight(&bounced));
                self.bounced = Some(known.unwrap_or(bounced));
            }
            Heard::Complained { at } => {
                self.complained_at = Some(self.complained_at.map_or(at, |known| known.min(at)));
            }
            Heard::Rejected { ses_id, why } => {
                self.state = State::Failed;
                self.due = None;
                self.trouble = Some(why);
                // What SES, or its answer to us, says later of this very mail changes nothing.
                self.ses_id = Some(ses_id);
            }
        }
    }

    /// Its write as its next version, with its places in the indexes.
    pub(in crate::store) fn put(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
    ) -> Result<Put, StoreError> {
        let version = self.version;
        let next = Self { version: version.saturating_add(1), ..self.clone() };
        let month = Month::of(self.planned_at.to_zoned(jiff::tz::TimeZone::UTC).date());
        let list = List::Messages { troubled: self.is_troubled(), month };
        let key = Entity::Message(customer, &self.trigger()).key(shop);
        let mut put = Put::new(key, &next)?
            .listed(list.place(shop, self.planned_at, &self.id))
            .expires(self.planned_at.checked_add(LIFE).unwrap_or(Timestamp::MAX));
        if let Some(due) = self.due {
            put = put.due(&send_bucket(shop, due), &format!("{}#{}", time(due), self.id));
        }
        Ok(put.if_version("v", version))
    }
}

/// 26 characters that 130 bits of a hash make.
fn id(shop: &ShopId, customer: &CustomerId, trigger: &str) -> String {
    short_hash(&format!("{shop}\n{customer}\n{trigger}"))
}

/// 26 letters and digits, `a`–`z` and `2`–`7`, of a text's SHA-256.
pub(crate) fn short_hash(text: &str) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let (mut bits, mut count) = (0_u32, 0_u32);
    let mut id = String::with_capacity(26);
    for byte in Sha256::digest(text) {
        bits = (bits << 8) | u32::from(byte);
        count = count.saturating_add(8);
        while count >= 5 && id.len() < 26 {
            count = count.saturating_sub(5);
            let letter = usize::try_from((bits >> count) & 31).unwrap_or(0);
            id.push(LETTERS.get(letter).copied().map_or('a', char::from));
        }
        bits &= 0xFF;
    }
    id
}

pub(super) fn read(item: Item) -> Result<Message, StoreError> {
    item::read(item)
}

/// Whose an item below a customer's partition is.
pub(super) fn customer_of(pk: &str) -> Option<CustomerId> {
    pk.rsplit_once("#CUST#")?.1.parse().ok()
}

impl Store {
    /// Keeps a message to be told, unless its trigger caused one before, under whatever name
    /// she has. Says when it is due where it is new.
    pub async fn plan_message(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        draft: Draft,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let (holder, account) = self.account(shop, customer.clone()).await?;
        let family = self.family(shop, &holder, &account).await?;
        let trigger = draft.about.trigger();
        let others = family.iter().filter(|one| *one != customer);
        let keys = others.map(|one| Entity::Message(one, &trigger).key(shop)).collect();
        if !self.get_all(keys).await?.is_empty() {
            return Ok(None);
        }
        self.plan_message_alone(shop, customer, draft, now).await
    }

    /// The same for somebody who is known to have no other name.
    pub async fn plan_message_alone(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        draft: Draft,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let message = Message::new(shop, customer, draft, now);
        let written = self.put_surely(message.put(shop, customer)?).await?;
        Ok(message.due.filter(|_| written == Write::Done))
    }

    /// A customer's messages, by trigger.
    pub async fn messages(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
    ) -> Result<Vec<Message>, StoreError> {
        let pk = super::keys::customer_partition(shop, customer);
        self.query_all(&pk, MESSAGES).await?.into_iter().map(read).collect()
    }

    /// Takes in what SES says of a message. `None`: there is no such message. Its `trigger`,
    /// where that is known, spares reading all of hers.
    pub async fn message_heard(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        id: &str,
        trigger: Option<&str>,
        heard: &[Heard],
    ) -> Result<Option<Message>, StoreError> {
        for attempt in 1.. {
            let messages = match trigger {
                Some(trigger) => self.message(shop, customer, trigger).await?.into_iter().collect(),
                None => self.messages(shop, customer).await?,
            };
            let Some(known) = messages.into_iter().find(|message| message.id == id) else {
                return Ok(None);
            };
            let mut message = known.clone();
            heard.iter().for_each(|heard| message.hear(heard.clone()));
            if message == known || self.put(message.put(shop, customer)?).await? == Write::Done {
                return Ok(Some(message));
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }
}

/// The longest value of a tag that SES takes.
const LONGEST_TAG: usize = 256;

/// A trigger as SES's tags can carry it; `None` where it is too long.
pub fn trigger_tag(trigger: &str) -> Option<String> {
    Some(BASE64_URL_SAFE_NO_PAD.encode(trigger)).filter(|tag| tag.len() <= LONGEST_TAG)
}

/// The trigger that a tag carries.
pub fn trigger_of_tag(tag: &str) -> Option<String> {
    String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(tag).ok()?).ok()
}

#[cfg(test)]
mod tests;
