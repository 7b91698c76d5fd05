//! People who are one: merging accounts, undoing it, and those who may be one.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use loyalty::account::{Account, Counted, Due, Facts, LotKey, Place};
use loyalty::ids::{CustomerId, OrderRef, ShopId};
use loyalty::ledger::{Cause, Entry, Origin};
use loyalty::merging::{self, Occasion, Party, Since};
use loyalty::month::Month;
use loyalty::posting::Record;
use loyalty::whose::{Found, Likeness, Whose};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::item::{self, Put};
use super::keys::{Entity, LEDGER, List, customer_partition};
use super::reads::stored_order;
use super::{Person, Scene, Store, StoreError, Write, retry, table};
use crate::identity::Identity;

/// How long a merge can be undone.
pub const UNDO_WITHIN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Something done to a shop's customers.
#[derive(Debug, Clone, Copy)]
pub struct Deed<'a> {
    /// The shop.
    pub shop: &'a ShopId,
    /// How it came about.
    pub origin: Origin,
    /// When.
    pub now: Timestamp,
}

/// Two customers who may be one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeCandidate {
    /// One of them.
    pub a: CustomerId,
    /// The other; her id is the greater.
    pub b: CustomerId,
    /// Why.
    pub likeness: Likeness,
    /// Since when.
    pub at: Timestamp,
    /// What became of it.
    pub state: CandidateState,
    /// Counts writes.
    pub version: u64,
}

/// What became of a merge candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CandidateState {
    /// It waits for a person.
    Open,
    /// They are one.
    Merged,
    /// They are two.
    Dismissed,
}

/// People couldn't be merged, or a merge not undone.
#[derive(Debug, Error)]
pub enum MergeError {
    /// There is no such customer.
    #[error("there is no customer {0}")]
    Unknown(CustomerId),
    /// She wasn't merged into anybody.
    #[error("{0} wasn't merged into anybody")]
    NotMerged(CustomerId),
    /// The account that stands for her was merged on.
    #[error("{0} was merged into {1} since: undo that first")]
    MergedOn(CustomerId, CustomerId),
    /// It is too long ago.
    #[error("it was merged at {0}: a merge can be undone for 30 days")]
    TooLate(Timestamp),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Makes one of the customers behind records that became one at their source. A record
    /// nobody heard of yet is one too: what comes late under its id then finds its way.
    pub async fn merge_records(
        &self,
        scene: &Scene<'_>,
        kept: &str,
        gone: &[String],
    ) -> Result<(), StoreError> {
        let record = |id: &str| Person { id: id.to_owned(), ..Person::default() };
        let stays = self.observe_person(scene, &record(kept), None).await?;
        let deed = Deed { shop: scene.shop, origin: Origin::Merge, now: scene.now };
        for id in gone {
            let goes = self.observe_person(scene, &record(id), None).await?;
            match self.merge(&deed, &stays, &goes).await {
                Ok(_) => {}
                Err(MergeError::Store(error)) => return Err(error),
                // Both were just seen: nothing else can be wrong with them.
                Err(error) => return Err(StoreError::request(error)),
            }
        }
        Ok(())
    }

    /// Merges a customer who turned out to be another; says whether there was one.
    pub(super) async fn join(
        &self,
        scene: &Scene<'_>,
        found: &Found<Identity>,
    ) -> Result<bool, StoreError> {
        let (Some(same), Whose::Known { customer, .. }) = (&found.same, &found.whose) else {
            return Ok(false);
        };
        let deed = Deed { shop: scene.shop, origin: Origin::Merge, now: scene.now };
        match self.merge(&deed, same, customer).await {
            Ok(_) => Ok(true),
            Err(MergeError::Store(error)) => Err(error),
            Err(error) => Err(StoreError::request(error)),
        }
    }

    /// Merges `gone` into `kept`. Says whether they were two until now.
    pub async fn merge(
        &self,
        deed: &Deed<'_>,
        kept: &CustomerId,
        gone: &CustomerId,
    ) -> Result<bool, MergeError> {
        let Deed { shop, origin, now } = *deed;
        let rules = self.rules(shop, now).await?;
        for attempt in 1.. {
            let (kept, mut account) = self.known(shop, kept).await?;
            let (gone, mut other) = self.known(shop, gone).await?;
            if kept == gone {
                return Ok(false);
            }
            let versions = (account.version, other.version);
            let occasion = Occasion { programs: &rules.programs, now, origin };
            let mut party = Party { id: &kept, account: &mut account };
            let mut leaving = Party { id: &gone, account: &mut other };
            let [taken_in, handed_over] =
                merging::merge(&occasion, &mut party, &mut leaving).map_err(StoreError::from)?;
            let today = rules.programs.today(now);
            let hers = self.contact(shop, &gone).await?;
            let birthday = hers.as_ref().and_then(|contact| contact.birthday);
            account.due = self.due(shop, &account, &rules.programs, now).await?;
            account.due.mail = self.birthday_due(shop, &account, birthday, today).await?;
            // The one that stands for it now has what is due.
            other.due = Due::default();
            let mut puts = vec![
                self.put_account_of(shop, &kept, &account, versions.0)?,
                self.put_account_of(shop, &gone, &other, versions.1)?,
                put_entry(shop, &kept, &taken_in)?,
                put_entry(shop, &gone, &handed_over)?,
            ];
            // What she said about mail under the other name still holds. It is written again
            // as it is, so that what she says at this moment isn't heard by the other alone:
            // one of the two then plans again from what is there.
            if let Some(contact) = hers {
                let said = &contact.consent;
                puts.extend(self.tell_holder(shop, &kept, said, contact.birthday).await?);
                puts.push(contact.put(shop, &gone, &[])?);
            }
            puts.extend(self.close_candidate(shop, &kept, &gone, CandidateState::Merged).await?);
            if self.write(puts).await? == Write::Done {
                return Ok(true);
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS }.into())
    }

    /// Undoes the merge of `gone`: she has again what she had, with what her own orders
    /// brought since, as far as it wasn't spent.
    pub async fn undo_merge(&self, deed: &Deed<'_>, gone: &CustomerId) -> Result<(), MergeError> {
        let Deed { shop, origin, now } = *deed;
        let rules = self.rules(shop, now).await?;
        for attempt in 1.. {
            let mut other = self.own_account(shop, gone).await?;
            let Some(merged) = other.merged.clone() else {
                return Err(MergeError::NotMerged(gone.clone()));
            };
            if now.duration_since(merged.at) > UNDO_WITHIN {
                return Err(MergeError::TooLate(merged.at));
            }
            let kept = merged.into;
            let mut account = self.own_account(shop, &kept).await?;
            if let Some(on) = &account.merged {
                return Err(MergeError::MergedOn(kept, on.into.clone()));
            }
            let versions = (account.version, other.version);
            let today = rules.programs.today(now);
            let hers: BTreeSet<CustomerId> =
                self.family(shop, gone, &other).await?.into_iter().collect();
            let all = self.orders_of(shop, &kept, &account, Month::of(today)).await?;
            let (own, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, record)| {
                record.customer.as_ref().is_some_and(|customer| hers.contains(customer))
            });
            let month = Month::of(today);
            let moved = self.moved_since(shop, &kept, merged.entry, &hers).await?;
            let since = Since { moved, facts: facts(&own, month)?, rest: facts(&rest, month)? };
            let occasion = Occasion { programs: &rules.programs, now, origin };
            let mut party = Party { id: &kept, account: &mut account };
            let mut returning = Party { id: gone, account: &mut other };
            let undone = merging::undo(&occasion, &mut party, &mut returning, since)
                .map_err(StoreError::from)?;
            let Some([gave, got]) = undone else {
                return Err(MergeError::NotMerged(gone.clone()));
            };
            account.due = self.due(shop, &account, &rules.programs, now).await?;
            other.due = self.due(shop, &other, &rules.programs, now).await?;
            let today = rules.programs.today(now);
            let birthday = self.contact(shop, gone).await?.and_then(|contact| contact.birthday);
            other.due.mail = self.birthday_due(shop, &other, birthday, today).await?;
            let mut puts = vec![
                self.put_account_of(shop, &kept, &account, versions.0)?,
                self.put_account_of(shop, gone, &other, versions.1)?,
                put_entry(shop, &kept, &gave)?,
                put_entry(shop, gone, &got)?,
            ];
            puts.extend(self.two_are_two(deed, &kept, gone).await?);
            if self.write(puts).await? == Write::Done {
                return Ok(());
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS }.into())
    }

    /// Those an account stands for, itself first: who was merged into it, who into them,
    /// and so on.
    pub(super) async fn family(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        account: &Account,
    ) -> Result<Vec<CustomerId>, StoreError> {
        let mut family = vec![customer.clone()];
        let mut open = account.stands_for.clone();
        while !open.is_empty() {
            let keys = open.iter().map(|one| Entity::Account(one).key(shop)).collect();
            family.append(&mut open);
            for found in self.get_all(keys).await? {
                let account: Account = item::read(found)?;
                open.extend(account.stands_for.into_iter().filter(|one| !family.contains(one)));
            }
        }
        Ok(family)
    }

    /// Every order that counts in an account's facts. Lists are an index, which follows
    /// the table a little later: that they are whole is seen by their sum being her facts'.
    pub(super) async fn orders_of(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        account: &Account,
        month: Month,
    ) -> Result<Vec<(OrderRef, Record)>, StoreError> {
        let family = self.family(shop, customer, account).await?;
        for attempt in 1.. {
            let mut orders = Vec::new();
            for one in &family {
                let keys = self.list(&List::OrdersOf(one).partition(shop)).await?;
                for found in self.get_all(keys).await? {
                    let order = order_ref(&found);
                    let record = stored_order(found)?.record;
                    let hers = record.customer.as_ref() == Some(one);
                    orders.extend(order.filter(|_| hers).map(|order| (order, record)));
                }
            }
            if facts(&orders, month)?.ever == account.facts.ever {
                return Ok(orders);
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    /// What orders brought and took in an account since its entry `after`, as long as they
    /// were those of `whose`: one that left them since has taken its points along.
    async fn moved_since(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        after: u64,
        whose: &BTreeSet<CustomerId>,
    ) -> Result<Vec<(Place, loyalty::Points)>, StoreError> {
        let first = format!("{LEDGER}{:010}", after.saturating_add(1));
        let mut pages = self
            .query()
            .consistent_read(true)
            .key_condition_expression(format!(
                "{} = :pk AND {} BETWEEN :first AND :last",
                table::PK,
                table::SK
            ))
            .expression_attribute_values(
                ":pk",
                AttributeValue::S(customer_partition(shop, customer)),
            )
            .expression_attribute_values(":first", AttributeValue::S(first))
            .expression_attribute_values(":last", AttributeValue::S(format!("{LEDGER}~")))
            .into_paginator()
            .send();
        let mut entries = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(StoreError::unavailable)?;
            self.has_read(page.consumed_capacity());
            for found in page.items.unwrap_or_default() {
                let entry: Entry = item::read(found)?;
                let (Cause::Order { order, .. } | Cause::ExpiryReversed { order }) = entry.cause
                else {
                    continue;
                };
                if entry.of.is_some_and(|of| whose.contains(&of)) {
                    entries.push((order, entry.delta));
                }
            }
        }
        let orders: BTreeSet<&OrderRef> = entries.iter().map(|(order, _)| order).collect();
        let keys = orders.into_iter().map(|order| Entity::Order(order).key(shop)).collect();
        let mut places = BTreeMap::new();
        for found in self.get_all(keys).await? {
            let order = order_ref(&found);
            // Taken once, so it is still the one they were counted by.
            let snapshot = stored_order(found)?.record.snapshot;
            places.extend(order.zip(snapshot).map(|(order, snapshot)| {
                let lot = LotKey::from(snapshot.lot);
                (order, Place { lot, matures: snapshot.matures })
            }));
        }
        let placed = |(order, delta)| Some((*places.get(&order)?, delta));
        Ok(entries.into_iter().filter_map(placed).collect())
    }

    /// A customer's own account, merged or not.
    async fn own_account(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
    ) -> Result<Account, MergeError> {
        let found = self.get(&Entity::Account(customer).key(shop)).await?;
        let account = found.map(item::read).transpose()?;
        account.ok_or_else(|| MergeError::Unknown(customer.clone()))
    }

    /// The account that stands for a customer who is known.
    async fn known(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
    ) -> Result<(CustomerId, Account), MergeError> {
        let (holder, account) = self.account(shop, customer.clone()).await?;
        match account.version {
            0 => Err(MergeError::Unknown(customer.clone())),
            _ => Ok((holder, account)),
        }
    }

    /// Plans to keep those who may be the same person as `customer`, each pair once.
    pub(super) async fn candidates(
        &self,
        scene: &Scene<'_>,
        customer: &CustomerId,
        maybe: &[(CustomerId, Likeness)],
    ) -> Result<Vec<Put>, StoreError> {
        let mut puts = Vec::new();
        for (other, likeness) in maybe {
            let key = Entity::MergeCandidate(customer, other).key(scene.shop);
            if self.get(&key).await?.is_some() {
                continue;
            }
            let (a, b) = (customer.min(other).clone(), customer.max(other).clone());
            let place = List::MergeCandidates.place(scene.shop, scene.now, &format!("{a}.{b}"));
            let (likeness, at, state) = (*likeness, scene.now, CandidateState::Open);
            let candidate = MergeCandidate { a, b, likeness, at, state, version: 1 };
            puts.push(Put::new(key, &candidate)?.listed(place).if_absent());
        }
        Ok(puts)
    }

    /// Open merge candidates who aren't one by now, oldest first.
    pub async fn merge_candidates(&self, shop: &ShopId) -> Result<Vec<MergeCandidate>, StoreError> {
        let keys = self.list(&List::MergeCandidates.partition(shop)).await?;
        let mut candidates: Vec<MergeCandidate> =
            self.get_all(keys).await?.into_iter().map(item::read).collect::<Result<_, _>>()?;
        candidates.retain(|candidate| candidate.state == CandidateState::Open);
        candidates.sort_by_key(|candidate| candidate.at);
        // Two may have become one by way of others, whose merge knows nothing of this pair.
        let mut two = Vec::new();
        for candidate in candidates {
            let (a, _) = self.account(shop, candidate.a.clone()).await?;
            let (b, _) = self.account(shop, candidate.b.clone()).await?;
            two.extend(Some(candidate).filter(|_| a != b));
        }
        Ok(two)
    }

    /// Notes that two customers are two people. Says whether they were a candidate.
    pub async fn dismiss_candidate(
        &self,
        shop: &ShopId,
        a: &CustomerId,
        b: &CustomerId,
    ) -> Result<bool, StoreError> {
        for attempt in 1.. {
            let put = self.close_candidate(shop, a, b, CandidateState::Dismissed).await?;
            let Some(put) = put else { return Ok(false) };
            if self.put(put).await? == Write::Done {
                return Ok(true);
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    /// Plans to note that two who were one are two, whether or not anybody was asked about
    /// them: else the next word of the source that they are one would undo the undoing.
    async fn two_are_two(
        &self,
        deed: &Deed<'_>,
        a: &CustomerId,
        b: &CustomerId,
    ) -> Result<Option<Put>, StoreError> {
        let state = CandidateState::Dismissed;
        let key = Entity::MergeCandidate(a, b).key(deed.shop);
        if self.get(&key).await?.is_some() {
            return self.close_candidate(deed.shop, a, b, state).await;
        }
        let (a, b) = (a.min(b).clone(), a.max(b).clone());
        // It stands in no list: why they were taken for one isn't asked any more.
        let (likeness, at) = (Likeness::Email, deed.now);
        let candidate = MergeCandidate { a, b, likeness, at, state, version: 1 };
        Ok(Some(Put::new(key, &candidate)?.if_absent()))
    }

    /// Whether a person said that two customers are two.
    pub(super) async fn are_two(
        &self,
        shop: &ShopId,
        a: &CustomerId,
        b: &CustomerId,
    ) -> Result<bool, StoreError> {
        let found = self.get(&Entity::MergeCandidate(a, b).key(shop)).await?;
        let candidate: Option<MergeCandidate> = found.map(item::read).transpose()?;
        Ok(candidate.is_some_and(|candidate| candidate.state == CandidateState::Dismissed))
    }

    async fn close_candidate(
        &self,
        shop: &ShopId,
        a: &CustomerId,
        b: &CustomerId,
        state: CandidateState,
    ) -> Result<Option<Put>, StoreError> {
        let key = Entity::MergeCandidate(a, b).key(shop);
        let Some(found) = self.get(&key).await? else { return Ok(None) };
        let candidate: MergeCandidate = item::read(found)?;
        if candidate.state == state {
            return Ok(None);
        }
        let version = candidate.version.saturating_add(1);
        let next = MergeCandidate { state, version, ..candidate.clone() };
        Ok(Some(Put::new(key, &next)?.if_version("version", candidate.version)))
    }
}

fn facts(orders: &[(OrderRef, Record)], month: Month) -> Result<Facts, StoreError> {
    let counted: Vec<&Counted> =
        orders.iter().filter_map(|(_, record)| record.counted.as_ref()).collect();
    Ok(Facts::of(counted, month)?)
}

/// The write of a ledger's entry. They never change.
pub(super) fn put_entry(
    shop: &ShopId,
    customer: &CustomerId,
    entry: &Entry,
) -> Result<Put, StoreError> {
    Ok(Put::new(Entity::Ledger(customer, entry.number).key(shop), entry)?.if_absent())
}

/// Which order an item is, by its key.
pub(super) fn order_ref(found: &super::Item) -> Option<OrderRef> {
    let pk = item::text(found, table::PK)?;
    let mut parts = pk.split('#').skip(3);
    Some(OrderRef { source: parts.next()?.parse().ok()?, id: parts.next()?.parse().ok()? })
}
