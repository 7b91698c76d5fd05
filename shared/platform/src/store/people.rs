//! People: contact data in one item each, and the identities that find them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use loyalty::account::Account;
use loyalty::ids::{CustomerId, ShopId, Source};
use loyalty::ledger::Origin;
use loyalty::month::Month;
use loyalty::whose::{Claims, Owner, RecordClaims, Whose, whose};
use serde::{Deserialize, Serialize};

use super::item::{self, Put};
use super::keys::{Entity, List, due_bucket};
use super::table::{DUE_MAIL, DUE_POINTS};
use super::{Store, StoreError, Write, retry};
use crate::identity::{Identities, Identity};

/// Times a merged account is followed to the one that stands for it.
const MERGES_FOLLOWED: usize = 8;

/// A source's own customer record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// Its id at the source.
    pub id: String,
    /// Her address there.
    pub email: Option<String>,
    /// Whether the source says the address was confirmed.
    pub email_verified: bool,
    /// Her number there.
    pub phone: Option<String>,
    /// Her name.
    pub name: Option<String>,
    /// Her language, as BCP 47.
    pub language: Option<String>,
    /// When this was true; `None`: the source doesn't say.
    pub updated_at: Option<Timestamp>,
}

/// Who a body says bought something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Buyer {
    /// The source's own customer record, where there is one.
    pub record: Option<Person>,
    /// The address on the order.
    pub email: Option<String>,
    /// The number on the order.
    pub phone: Option<String>,
}

/// Everything about a person that names her. Erased as one item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Counts writes.
    pub version: u64,
    /// When she became known.
    pub created_at: Timestamp,
    /// Her name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Her address, as she writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Her number, as she writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Her language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Sources that have a record of her, with the time of the newest we know.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub records: BTreeMap<Source, Option<Timestamp>>,
    /// Identities that lead to her, as `kind#digest`: what erasing her must find.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub identities: BTreeSet<String>,
    /// What she said about marketing mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
}

/// What a person said about marketing mail. Absence is not consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// What she said.
    pub state: ConsentState,
    /// Where.
    pub source: Source,
    /// The source's own word for how sure it is, such as `confirmed_opt_in`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// What a person said about marketing mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConsentState {
    /// Yes.
    Subscribed,
    /// No more.
    Unsubscribed,
    /// Asked, and hasn't answered.
    Pending,
    /// Nothing.
    None,
}

impl Buyer {
    /// The identities a body claims.
    pub(super) fn claims(&self, source: Source, identities: &Identities) -> Claims<Identity> {
        let email = |text: &Option<String>| text.as_ref().and_then(|text| identities.email(text));
        let phone = |text: &Option<String>| text.as_ref().and_then(|text| identities.phone(text));
        let record = self.record.as_ref().map(|person| RecordClaims {
            id: identities.customer(source, &person.id),
            email: email(&person.email),
            email_verified: person.email_verified,
            phone: phone(&person.phone),
        });
        Claims { record, email: email(&self.email), phone: phone(&self.phone) }
    }
}

impl Contact {
    fn new(buyer: &Buyer, now: Timestamp) -> Self {
        let guest = buyer.record.is_none();
        Self {
            created_at: now,
            email: buyer.email.clone().filter(|_| guest),
            phone: buyer.phone.clone().filter(|_| guest),
            ..Self::default()
        }
    }

    /// Takes in what a source's record says, unless something newer from there is known.
    fn learn(&mut self, source: Source, person: &Person) {
        let known = self.records.get(&source).copied();
        if known.is_some_and(|known| person.updated_at < known) {
            return;
        }
        self.records.insert(source, person.updated_at);
        let fields = [
            (&mut self.name, &person.name),
            (&mut self.email, &person.email),
            (&mut self.phone, &person.phone),
            (&mut self.language, &person.language),
        ];
        for (ours, theirs) in fields {
            if theirs.is_some() {
                ours.clone_from(theirs);
            }
        }
    }

    /// Takes in what she said about mail, unless something newer is known.
    fn consents(&mut self, consent: &Consent) {
        if self.consent.as_ref().is_none_or(|known| known.at <= consent.at) {
            self.consent = Some(consent.clone());
        }
    }
}

/// Who observes what, and where.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The shop.
    pub shop: &'a ShopId,
    /// The source that tells.
    pub source: Source,
    /// The shop's identities.
    pub identities: &'a Identities,
    /// How it reached us.
    pub origin: Origin,
    /// When.
    pub now: Timestamp,
}

/// A person as a write is planned for her.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    pub(super) customer: CustomerId,
    pub(super) account: Account,
    /// The account's version as it was read; 0 for a new one.
    pub(super) read_version: u64,
    /// Her contact data, where it has to be written.
    pub(super) contact: Option<Contact>,
    /// Identities that lead to her from now on.
    pub(super) gains: Vec<Identity>,
}

impl Store {
    /// Whose identities these are now.
    pub(super) async fn whose(
        &self,
        shop: &ShopId,
        source: Source,
        claims: &Claims<Identity>,
    ) -> Result<Whose<Identity>, StoreError> {
        let mut asked: Vec<&Identity> = Vec::new();
        match &claims.record {
            Some(record) => {
                asked.push(&record.id);
                asked.extend(record.email.iter().chain(&record.phone));
            }
            None => asked.extend(claims.email.as_ref().or(claims.phone.as_ref())),
        }
        let keys = asked.iter().map(|identity| Entity::Identity(identity).key(shop)).collect();
        let mut owners = BTreeMap::new();
        for found in self.get_all(keys).await? {
            let pk = item::text(&found, super::table::PK);
            let owner = item::text(&found, "customer").and_then(|id| id.parse().ok());
            if let (Some(pk), Some(customer)) = (pk, owner) {
                owners.insert(pk, customer);
            }
        }
        let owner = |identity: &Identity| -> Option<CustomerId> {
            owners.get(&Entity::Identity(identity).key(shop).pk).cloned()
        };
        // Only where a new record meets a known address does it matter whether that
        // person has a record already.
        let meets = claims.record.as_ref().filter(|record| owner(&record.id).is_none());
        let met = meets.and_then(|record| record.email.as_ref()).and_then(owner);
        let has_other_record = match met {
            Some(customer) => {
                let contact = self.contact(shop, &customer).await?;
                contact.is_some_and(|contact| contact.records.contains_key(&source))
            }
            None => false,
        };
        Ok(whose(claims, |identity| {
            owner(identity).map(|customer| Owner { customer, has_other_record })
        }))
    }

    /// Plans the person's side of a write: her account as it is, and what must be written
    /// for a new customer or for identities gained.
    pub(super) async fn bind(
        &self,
        scene: &Scene<'_>,
        whose: Whose<Identity>,
        buyer: &Buyer,
    ) -> Result<Option<Bound>, StoreError> {
        let (customer, account, contact, gains) = match whose {
            Whose::Nobody => return Ok(None),
            Whose::New(identities) => {
                let customer = CustomerId::from_bits(fastrand::u64(..));
                (customer, Account::default(), Some(Contact::new(buyer, scene.now)), identities)
            }
            Whose::Known { customer, gains } => {
                let (customer, account) = self.account(scene.shop, customer).await?;
                let contact = match gains.is_empty() {
                    true => None,
                    false => self.contact(scene.shop, &customer).await?,
                };
                (customer, account, contact, gains)
            }
        };
        let contact = contact.map(|mut contact| {
            if let Some(person) = &buyer.record {
                contact.learn(scene.source, person);
            }
            contact
        });
        let read_version = account.version;
        Ok(Some(Bound { customer, account, read_version, contact, gains }))
    }

    /// A customer's account, or that of the one she was merged into; empty for an unknown
    /// id.
    pub(super) async fn account(
        &self,
        shop: &ShopId,
        mut customer: CustomerId,
    ) -> Result<(CustomerId, Account), StoreError> {
        for _ in 0..MERGES_FOLLOWED {
            let found = self.get(&Entity::Account(&customer).key(shop)).await?;
            let account: Account = found.map(item::read).transpose()?.unwrap_or_default();
            match account.merged_into {
                Some(into) => customer = into,
                None => return Ok((customer, account)),
            }
        }
        Err(StoreError::Contended { attempts: 0 })
    }

    /// A customer's contact data.
    pub async fn contact(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
    ) -> Result<Option<Contact>, StoreError> {
        self.get(&Entity::Contact(customer).key(shop)).await?.map(item::read).transpose()
    }

    /// Takes in a source's customer record, and what she said about mail where the
    /// source tells. A person not known yet becomes a customer, and a member where the
    /// program takes everybody.
    pub async fn observe_person(
        &self,
        scene: &Scene<'_>,
        person: &Person,
        consent: Option<&Consent>,
    ) -> Result<CustomerId, StoreError> {
        let buyer = Buyer { record: Some(person.clone()), ..Buyer::default() };
        let claims = buyer.claims(scene.source, scene.identities);
        let rules = self.rules(scene.shop, scene.now).await?;
        for attempt in 1.. {
            let whose = self.whose(scene.shop, scene.source, &claims).await?;
            // A record has an id, so it is somebody's.
            let Some(mut bound) = self.bind(scene, whose, &buyer).await? else { break };
            self.learn(scene, &mut bound, person, consent).await?;
            let mut puts = bound.puts(scene.shop)?;
            if bound.read_version == 0 {
                loyalty::posting::welcome(&rules.programs, &mut bound.account, scene.now);
                bound.account.version = bound.account.version.max(1);
                puts.push(put_account(scene.shop, &bound)?);
            }
            if self.write(puts).await? == Write::Done {
                return Ok(bound.customer);
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    /// Takes what a record says into the planned contact; plans to write it only if it
    /// says something new.
    async fn learn(
        &self,
        scene: &Scene<'_>,
        bound: &mut Bound,
        person: &Person,
        consent: Option<&Consent>,
    ) -> Result<(), StoreError> {
        let must = bound.contact.is_some();
        let known = match bound.contact.take() {
            Some(contact) => contact,
            None => self.contact(scene.shop, &bound.customer).await?.unwrap_or_default(),
        };
        let mut contact = known.clone();
        contact.learn(scene.source, person);
        if let Some(consent) = consent {
            contact.consents(consent);
        }
        bound.contact = (must || contact != known).then_some(contact);
        Ok(())
    }
}

impl Bound {
    /// Writes of the person's own data: contact, and identities that now lead to her.
    pub(super) fn puts(&self, shop: &ShopId) -> Result<Vec<Put>, StoreError> {
        let mut puts = Vec::new();
        if let Some(contact) = &self.contact {
            let mut next = contact.clone();
            next.version = contact.version.saturating_add(1);
            next.identities.extend(self.gains.iter().map(ToString::to_string));
            let month = Month::of(next.created_at.to_zoned(jiff::tz::TimeZone::UTC).date());
            let place = List::Customers(month).place(shop, next.created_at, self.customer.as_str());
            let put = Put::new(Entity::Contact(&self.customer).key(shop), &next)?;
            puts.push(put.listed(place).if_version("version", contact.version));
        }
        for identity in &self.gains {
            let owner = BTreeMap::from([("customer", &self.customer)]);
            puts.push(Put::new(Entity::Identity(identity).key(shop), &owner)?.if_absent());
        }
        Ok(puts)
    }
}

/// The account's write, with its places in the due indexes.
pub(super) fn put_account(shop: &ShopId, bound: &Bound) -> Result<Put, StoreError> {
    let Bound { customer, account, read_version, .. } = bound;
    let mut put = Put::new(Entity::Account(customer).key(shop), account)?;
    for (index, date) in [(DUE_MAIL, account.due.mail), (DUE_POINTS, account.due.points)] {
        if let Some(date) = date {
            // One bucket a day until a shop needs more: a run reads every count ever used.
            put = put.with(index.partition, AttributeValue::S(due_bucket(shop, date, 0)));
        }
    }
    Ok(put.if_version("n", *read_version))
}
