//! People: contact data in one item each, and the identities that find them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use loyalty::account::Account;
use loyalty::birthday::Birthday;
use loyalty::consent::{Consent, Fact};
use loyalty::ids::{CustomerId, ShopId, Source};
use loyalty::ledger::{Entry, Origin};
use loyalty::month::Month;
use loyalty::whose::{Claims, Found, Owner, RecordClaims, Whose, whose};
use serde::{Deserialize, Serialize};

use super::birthdays::BirthdayChange;
use super::item::{self, Check, Put};
use super::keys::{Entity, List, due_bucket};
use super::runs::shard_of;
use super::table::{DUE_MAIL, DUE_POINTS};
use super::{Store, StoreError, Write, retry};
use crate::identity::{Identities, Identity};

/// Times a merged account is followed to the one that stands for it. Square makes a new
/// record with every merge, so the way from a person's first record is one step longer each
/// time; no way leads in circles, and this is only where following one is called broken.
const MERGES_FOLLOWED: usize = 1000;

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
    /// Her birthday.
    pub birthday: Option<Birthday>,
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
    /// Her birthday. No year of it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthday: Option<Birthday>,
    /// Who last changed it or took it away, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthday_change: Option<BirthdayChange>,
    /// Sources that have a record of her, with the time of the newest we know.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub records: BTreeMap<Source, Option<Timestamp>>,
    /// The ids of those records: what a source is told about her by. Records that became known
    /// before ids were kept have theirs once they are told of again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub record_ids: BTreeMap<Source, BTreeSet<String>>,
    /// Identities that lead to her, as `kind#digest`: what erasing her must find.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub identities: BTreeSet<String>,
    /// What she said about mail, and what her mailbox answered.
    #[serde(default, deserialize_with = "super::consents::read")]
    #[serde(skip_serializing_if = "Consent::is_empty")]
    pub consent: Consent,
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
        self.record_ids.entry(source).or_default().insert(person.id.clone());
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
        self.hears_birthday(person.birthday);
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
    /// Whom the identities lead to: orders and contact data are hers.
    pub(super) owner: CustomerId,
    /// Whose account stands for her: herself, unless she was merged into another.
    pub(super) holder: CustomerId,
    pub(super) account: Account,
    /// The account's version as it was read; 0 for a new one.
    pub(super) read_version: u64,
    /// Her contact data, where it has to be written.
    pub(super) contact: Option<Contact>,
    /// Identities that lead to her from now on.
    pub(super) gains: Vec<Identity>,
    /// What else is written with it.
    pub(super) more: Vec<Put>,
}

impl Store {
    /// Whose identities these are now.
    pub(super) async fn whose(
        &self,
        shop: &ShopId,
        claims: &Claims<Identity>,
    ) -> Result<Found<Identity>, StoreError> {
        let mut asked: BTreeSet<&Identity> = BTreeSet::new();
        match &claims.record {
            Some(record) => {
                asked.insert(&record.id);
                let of_record = record.email.iter().chain(&record.phone);
                asked.extend(of_record.chain(&claims.email).chain(&claims.phone));
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
        // Only where a record meets somebody else's confirmed address does it matter
        // whether that person has a record already.
        let meets = claims.record.as_ref().filter(|record| record.email_verified);
        let met = meets.and_then(|record| {
            let met = record.email.as_ref().and_then(&owner)?;
            (Some(&met) != owner(&record.id).as_ref()).then_some(met)
        });
        let has_other_record = match met {
            Some(customer) => self.has_record(shop, customer).await?,
            None => false,
        };
        let found = whose(claims, |identity| {
            owner(identity).map(|customer| Owner { customer, has_other_record })
        });
        self.unalike_only(shop, found).await
    }

    /// Whether a customer, or anybody her account stands for, has a record at any source.
    async fn has_record(&self, shop: &ShopId, customer: CustomerId) -> Result<bool, StoreError> {
        let (holder, account) = self.account(shop, customer).await?;
        let family = self.family(shop, &holder, &account).await?;
        let keys = family.iter().map(|one| Entity::Contact(one).key(shop)).collect();
        for found in self.get_all(keys).await? {
            let contact: Contact = item::read(found)?;
            if !contact.records.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Leaves out likenesses of people who are one already.
    async fn unalike_only(
        &self,
        shop: &ShopId,
        mut found: Found<Identity>,
    ) -> Result<Found<Identity>, StoreError> {
        if found.same.is_none() && found.maybe.is_empty() {
            return Ok(found);
        }
        let mut known = BTreeSet::new();
        if let Whose::Known { customer, .. } = &found.whose {
            known.insert(self.account(shop, customer.clone()).await?.0);
        }
        if let Some(same) = found.same.take() {
            let (holder, _) = self.account(shop, same).await?;
            let mut two = false;
            for one in &known {
                two |= self.are_two(shop, one, &holder).await?;
            }
            // What a person said of the two holds against what a record says.
            found.same = (known.insert(holder.clone()) && !two).then_some(holder);
        }
        for (customer, likeness) in std::mem::take(&mut found.maybe) {
            let (holder, _) = self.account(shop, customer).await?;
            if known.insert(holder.clone()) {
                found.maybe.push((holder, likeness));
            }
        }
        Ok(found)
    }

    /// Plans the person's side of a write: her account as it is, and what must be written
    /// for a new customer or for identities gained.
    pub(super) async fn bind(
        &self,
        scene: &Scene<'_>,
        whose: Whose<Identity>,
        buyer: &Buyer,
    ) -> Result<Option<Bound>, StoreError> {
        let (owner, holder, account, contact, gains) = match whose {
            Whose::Nobody => return Ok(None),
            Whose::New(identities) => {
                let customer = CustomerId::from_bits(fastrand::u64(..));
                let contact = Some(Contact::new(buyer, scene.now));
                (customer.clone(), customer, Account::default(), contact, identities)
            }
            Whose::Known { customer, gains } => {
                let (holder, account) = self.account(scene.shop, customer.clone()).await?;
                let contact = match gains.is_empty() {
                    true => None,
                    false => self.contact(scene.shop, &customer).await?,
                };
                (customer, holder, account, contact, gains)
            }
        };
        let contact = contact.map(|mut contact| {
            if let Some(person) = &buyer.record {
                contact.learn(scene.source, person);
            }
            contact
        });
        let read_version = account.version;
        let more = Vec::new();
        Ok(Some(Bound { owner, holder, account, read_version, contact, gains, more }))
    }

    /// A customer's account, or that of the one who stands for her; empty for an unknown
    /// id.
    ///
    /// A merge may be undone between the reads. An account that is handed out says itself
    /// whom it stands for, and whoever writes it does so under its version: so what is
    /// written by way of a pointer is written only while the pointer holds.
    pub(super) async fn account(
        &self,
        shop: &ShopId,
        customer: CustomerId,
    ) -> Result<(CustomerId, Account), StoreError> {
        let mut here = (customer.clone(), self.account_item(shop, &customer).await?);
        for _ in 0..MERGES_FOLLOWED {
            let Some(merged) = &here.1.merged else { return Ok(here) };
            let into = merged.into.clone();
            let next = self.account_item(shop, &into).await?;
            here = match next.stands_for.contains(&here.0) {
                true => (into, next),
                // Undone meanwhile: from the start again.
                false => (customer.clone(), self.account_item(shop, &customer).await?),
            };
        }
        Err(StoreError::Contended { attempts: 0 })
    }

    pub(super) async fn account_item(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
    ) -> Result<Account, StoreError> {
        let found = self.get(&Entity::Account(customer).key(shop)).await?;
        Ok(found.map(item::read).transpose()?.unwrap_or_default())
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
        consent: Option<&Fact>,
    ) -> Result<CustomerId, StoreError> {
        let buyer = Buyer { record: Some(person.clone()), ..Buyer::default() };
        let claims = buyer.claims(scene.source, scene.identities);
        let rules = self.rules(scene.shop, scene.now).await?;
        for attempt in 1.. {
            let found = self.whose(scene.shop, &claims).await?;
            if self.join(scene, &found).await? {
                continue;
            }
            // A record has an id, so it is somebody's.
            let Some(mut bound) = self.bind(scene, found.whose, &buyer).await? else { break };
            let birthday = self.learn(scene, &mut bound, person, consent).await?;
            let mut checks = Vec::new();
            let says = consent.is_some() || birthday.is_some();
            if says && bound.read_version > 0 {
                // Asked once more after her contact was read: a merge that came between wrote
                // it again, and nobody else would tell who stands for her now.
                let (holder, account) = self.account(scene.shop, bound.owner.clone()).await?;
                if holder != bound.holder {
                    retry::pause(attempt).await?;
                    continue;
                }
                if holder != bound.owner {
                    // A merge undone meanwhile makes it nobody's business but hers.
                    let key = Entity::Account(&holder).key(scene.shop);
                    checks.push(Check::version(key, "n", account.version));
                }
            }
            bound.more.extend(self.candidates(scene, &bound.holder, &found.maybe).await?);
            let mut puts = bound.puts(scene.shop)?;
            if bound.read_version == 0 {
                loyalty::posting::welcome(&rules.programs, &mut bound.account, scene.now);
                bound.account.version = bound.account.version.max(1);
            }
            let today = rules.programs.today(scene.now);
            let due = self.birthday_due(scene.shop, &bound.account, birthday, today).await?;
            if bound.read_version > 0 && due != bound.account.due.mail {
                bound.account.version = bound.read_version.saturating_add(1);
            }
            bound.account.due.mail = due;
            if bound.account.version != bound.read_version {
                puts.push(self.put_account(scene.shop, &bound)?);
                // It is written under its version, and so needs no look besides.
                checks.clear();
            }
            if self.write_checked(puts, checks).await? == Write::Done {
                return Ok(bound.owner);
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    /// Takes what a record says into the planned contact; plans to write it only if it
    /// says something new. Gives her birthday where that is.
    async fn learn(
        &self,
        scene: &Scene<'_>,
        bound: &mut Bound,
        person: &Person,
        consent: Option<&Fact>,
    ) -> Result<Option<Birthday>, StoreError> {
        let must = bound.contact.is_some();
        let known = match bound.contact.take() {
            Some(contact) => contact,
            None => self.contact(scene.shop, &bound.owner).await?.unwrap_or_default(),
        };
        let mut contact = known.clone();
        contact.learn(scene.source, person);
        let birthday = contact.birthday.filter(|_| contact.birthday != known.birthday);
        if let Some(fact) = consent {
            let told = scene.identities;
            let told = person.email.as_ref().and_then(|email| told.email(email));
            let told = told.unwrap_or_else(|| scene.identities.customer(scene.source, &person.id));
            bound.more.extend(contact.hears(scene.shop, fact, Some(&told), scene.now)?);
        }
        // Mail is sent by what is known of the one who stands for her.
        if bound.holder != bound.owner && (consent.is_some() || birthday.is_some()) {
            let said = consent.map(Consent::from).unwrap_or_default();
            let told = self.tell_holder(scene.shop, &bound.holder, &said, birthday).await?;
            bound.more.extend(told);
        }
        bound.contact = (must || contact != known).then_some(contact);
        Ok(birthday)
    }
}

impl Contact {
    /// The write of it as its next version, with identities that lead to it from now on.
    pub(super) fn put(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        gains: &[Identity],
    ) -> Result<Put, StoreError> {
        let mut next = self.clone();
        next.version = self.version.saturating_add(1);
        next.identities.extend(gains.iter().map(ToString::to_string));
        let month = Month::of(next.created_at.to_zoned(jiff::tz::TimeZone::UTC).date());
        let place = List::Customers(month).place(shop, next.created_at, customer.as_str());
        let put = Put::new(Entity::Contact(customer).key(shop), &next)?;
        Ok(put.listed(place).if_version("version", self.version))
    }
}

impl Bound {
    /// Entries about an order of hers, which say so where another account stands for her.
    pub(super) fn entered(&self, entries: Vec<Entry>) -> impl Iterator<Item = Entry> + use<> {
        let of = Some(self.owner.clone()).filter(|owner| *owner != self.holder);
        entries.into_iter().map(move |entry| Entry { of: of.clone(), ..entry })
    }

    /// Writes of the person's own data: contact, and identities that now lead to her.
    pub(super) fn puts(&self, shop: &ShopId) -> Result<Vec<Put>, StoreError> {
        let mut puts = self.more.clone();
        if let Some(contact) = &self.contact {
            puts.push(contact.put(shop, &self.owner, &self.gains)?);
        }
        for identity in &self.gains {
            let owner = BTreeMap::from([("customer", &self.owner)]);
            puts.push(Put::new(Entity::Identity(identity).key(shop), &owner)?.if_absent());
        }
        Ok(puts)
    }
}

impl Store {
    /// The account's write, with its places in the due indexes.
    pub(super) fn put_account(&self, shop: &ShopId, bound: &Bound) -> Result<Put, StoreError> {
        self.put_account_of(shop, &bound.holder, &bound.account, bound.read_version)
    }

    /// The write of an account that was read as this version, with its places in the due
    /// indexes.
    pub(super) fn put_account_of(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        account: &Account,
        read_version: u64,
    ) -> Result<Put, StoreError> {
        let mut put = Put::new(Entity::Account(customer).key(shop), account)?;
        let shards = self.shards_known(shop);
        let places = [
            (DUE_MAIL, account.due.mail, shards.mail),
            (DUE_POINTS, account.due.points, shards.points),
        ];
        for (index, date, count) in places {
            if let Some(date) = date {
                let bucket = due_bucket(shop, date, shard_of(customer, count));
                put = put.with(index.partition, AttributeValue::S(bucket));
            }
        }
        Ok(put.if_version("n", read_version))
    }
}
