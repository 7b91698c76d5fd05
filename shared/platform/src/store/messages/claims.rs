//! Claiming a message, and what follows: one transaction with all that its decision rests
//! on.

use jiff::Timestamp;
use loyalty::account::Account;
use loyalty::ids::{CustomerId, ShopId};
use loyalty::mail::{Class, Kind, WhyNot};

use super::{Claim, Kept, LEASE, Message, ReliedOn, State, read};
use crate::store::item::{Check, Put};
use crate::store::keys::Entity;
use crate::store::{Contact, Status, Store, StoreError, Write, retry};

/// Everything that deciding about a message to somebody rests on.
#[derive(Debug, Clone)]
pub struct Desk {
    /// Who stands for her.
    pub holder: CustomerId,
    /// Her account, or that of who stands for her.
    pub account: Account,
    /// Her contact data; `None` once erased.
    pub contact: Option<Contact>,
    /// The shop's status.
    pub status: Status,
}

/// What is to be sent of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The sections that go.
    pub kinds: Vec<Kind>,
    /// Whether it goes to the owner instead.
    pub to_owner: bool,
    /// Sections that don't, and why.
    pub without: Vec<(Kind, WhyNot)>,
    /// Whether the owner's own words make marketing of it.
    pub marketing: bool,
    /// The yes it relies on, where it is marketing.
    pub relied_on: Option<ReliedOn>,
}

/// How claiming ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// It is ours to send.
    Ours(Box<Message>),
    /// Something it rests on changed meanwhile: decide again.
    Changed,
}

impl Store {
    /// Reads what deciding about a message to a customer rests on.
    pub async fn desk(&self, shop: &ShopId, customer: &CustomerId) -> Result<Desk, StoreError> {
        let status = self.status(shop).await?;
        let (holder, account) = self.account(shop, customer.clone()).await?;
        let contact = self.contact(shop, &holder).await?;
        Ok(Desk { holder, account, contact, status })
    }

    /// A message as it stands now.
    pub async fn message(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        trigger: &str,
    ) -> Result<Option<Message>, StoreError> {
        self.get(&Entity::Message(customer, trigger).key(shop)).await?.map(read).transpose()
    }

    /// Claims a message for sending what is wanted of it, and counts it for the caps. It holds only if
    /// nothing of the desk has changed: not what she said about mail, not her account, not
    /// the shop's mail mode. From its commit on the mail counts as begun.
    pub async fn claim(
        &self,
        shop: &ShopId,
        kept: &Kept,
        desk: &Desk,
        wanted: Wanted,
        now: Timestamp,
    ) -> Result<Claimed, StoreError> {
        let Wanted { kinds, to_owner, without, marketing, relied_on } = wanted;
        let Some(contact) = &desk.contact else { return Ok(Claimed::Changed) };
        let known = &kept.message;
        let number = known.claim.as_ref().map_or(0, |claim| claim.number).saturating_add(1);
        let until = now.checked_add(LEASE).unwrap_or(Timestamp::MAX);
        let holder = desk.holder.clone();
        let mut claim =
            Claim { at: now, until, kinds, to_owner, holder, number, marketing, relied_on };
        // What isn't marketing relies on no yes.
        claim.relied_on = relied_on.filter(|_| claim.class() == Class::Marketing);
        let mut account = freed(desk, known);
        if claim.counts() {
            account.sent.take(&claim.kinds, claim.class(), now);
        }
        let mut message = known.clone();
        message.state = State::Claimed;
        message.due = Some(until);
        message.waits_for = None;
        message.without = without;
        message.claim = Some(claim);
        let mut puts = vec![message.put(shop, &kept.customer)?];
        let contact =
            Check::version(Entity::Contact(&desk.holder).key(shop), "version", contact.version);
        let status = Check::version(Entity::Status.key(shop), "version", desk.status.version);
        let mut checks = vec![contact, status];
        if account == desk.account {
            let key = Entity::Account(&desk.holder).key(shop);
            checks.push(Check::version(key, "n", desk.account.version));
        } else {
            puts.push(self.put_next(shop, &desk.holder, account)?);
        }
        message.version = message.version.saturating_add(1);
        Ok(match self.write_checked(puts, checks).await? {
            Write::Done => Claimed::Ours(message.into()),
            Write::Refused | Write::Collided => Claimed::Changed,
        })
    }

    /// Settles a claim by SES's answer: it was sent, under SES's id.
    pub async fn message_sent(
        &self,
        shop: &ShopId,
        kept: &Kept,
        ses_id: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.settle(shop, kept, false, |message| message.sent(ses_id.to_owned(), now)).await
    }

    /// Gives a claim back: SES surely didn't take it. It is decided about again at `due`.
    pub async fn message_held(
        &self,
        shop: &ShopId,
        kept: &Kept,
        why: &str,
        due: Timestamp,
    ) -> Result<(), StoreError> {
        self.settle(shop, kept, true, |message| {
            message.state = State::Waiting;
            message.due = Some(due);
            message.trouble = Some(why.to_owned());
            message.tries = message.tries.saturating_add(1);
        })
        .await
    }

    /// It can't be sent, for good; a claim is given back.
    pub async fn message_failed(
        &self,
        shop: &ShopId,
        kept: &Kept,
        why: &str,
    ) -> Result<(), StoreError> {
        self.settle(shop, kept, true, |message| {
            message.state = State::Failed;
            message.due = None;
            message.trouble = Some(why.to_owned());
            message.tries = message.tries.saturating_add(1);
        })
        .await
    }

    /// What kept it from being sent has lasted until it made no sense any more.
    pub async fn message_given_up(&self, shop: &ShopId, kept: &Kept) -> Result<(), StoreError> {
        self.settle(shop, kept, true, |message| {
            message.state = State::Failed;
            message.due = None;
            message.gave_up = true;
        })
        .await
    }

    /// Whether SES took it will never be known; it stays counted.
    pub async fn message_unknown(&self, shop: &ShopId, kept: &Kept) -> Result<(), StoreError> {
        self.settle(shop, kept, false, |message| {
            message.state = State::Unknown;
            message.due = None;
        })
        .await
    }

    /// It waits, for a reason of the rules.
    pub async fn message_waits(
        &self,
        shop: &ShopId,
        kept: &Kept,
        until: Timestamp,
        why: WhyNot,
    ) -> Result<(), StoreError> {
        self.settle(shop, kept, false, |message| {
            message.due = Some(until);
            message.waits_for = Some(why);
        })
        .await
    }

    /// It is left out, each section for its reason.
    pub async fn message_dropped(
        &self,
        shop: &ShopId,
        kept: &Kept,
        without: &[(Kind, WhyNot)],
    ) -> Result<(), StoreError> {
        self.settle(shop, kept, false, |message| {
            message.state = State::Dropped;
            message.due = None;
            message.waits_for = None;
            message.without = without.to_vec();
        })
        .await
    }

    /// Writes what became of a message, if it still stands where it was when that was found
    /// out: under the same claim. `give_back`: the claim doesn't count for the caps after all.
    async fn settle(
        &self,
        shop: &ShopId,
        kept: &Kept,
        give_back: bool,
        change: impl Fn(&mut Message),
    ) -> Result<(), StoreError> {
        let Kept { customer, message: ours } = kept;
        let trigger = ours.trigger();
        let stand = |message: &Message| {
            let claim = message.claim.as_ref().map(|claim| claim.number);
            (message.state, claim)
        };
        for attempt in 1.. {
            // Most often nobody touched it since; if somebody did, the write says so.
            let known = match attempt {
                1 => Some(ours.clone()),
                _ => self.message(shop, customer, &trigger).await?,
            };
            let Some(known) = known else { return Ok(()) };
            // SES's event may have settled it, or another claim begun.
            if stand(&known) != stand(ours) {
                return Ok(());
            }
            let mut next = known.clone();
            change(&mut next);
            let mut puts = vec![next.put(shop, customer)?];
            let claim = known.claim.as_ref().filter(|_| known.state == State::Claimed);
            if let Some(claim) = claim.filter(|claim| give_back && claim.counts()) {
                let (holder, mut account) = self.account(shop, claim.holder.clone()).await?;
                account.sent = account.sent.without(&claim.kinds, claim.at);
                puts.push(self.put_next(shop, &holder, account)?);
            }
            if self.write(puts).await? == Write::Done {
                return Ok(());
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    /// An account's write as its next version. Its due dates stay: no points move.
    fn put_next(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        mut account: Account,
    ) -> Result<Put, StoreError> {
        let read_version = account.version;
        account.version = account.version.saturating_add(1);
        self.put_account_of(shop, customer, &account, read_version)
    }
}

/// The account without what an earlier claim of this message counted.
fn freed(desk: &Desk, message: &Message) -> Account {
    let mut account = desk.account.clone();
    if message.state == State::Claimed
        && let Some(claim) = message.claim.as_ref().filter(|claim| claim.counts())
    {
        account.sent = account.sent.without(&claim.kinds, claim.at);
    }
    account
}

impl Desk {
    /// What went to her without what an earlier claim of this message counted.
    pub fn sent_before(&self, message: &Message) -> loyalty::mail::Sent {
        freed(self, message).sent
    }
}

impl Message {
    /// Whether a claim has ended and it isn't known whether SES took the mail.
    pub fn is_open_at(&self, now: Timestamp) -> bool {
        self.state == State::Claimed && self.due.is_none_or(|due| due <= now)
    }

    /// Whether a mail that may have been sent may be sent once more: marketing never, others
    /// once.
    pub fn may_repeat(&self) -> bool {
        let once = |claim: &Claim| claim.class() != Class::Marketing && claim.number < 2;
        self.claim.as_ref().is_some_and(once)
    }
}
