//! Decisions: what a night found for somebody and what became of it, and why nothing was told
//! of what happened.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{AttributeValue, Select};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use loyalty::ids::{CustomerId, ShopId};
use loyalty::mail::{About, Draft, Kind, WhyNot};
use loyalty::night::Fact;
use serde::{Deserialize, Serialize};

use super::{Message, customer_of};
use crate::store::item::{self, Put};
use crate::store::keys::{DECISIONS, Entity, Key, List, Listed, customer_partition};
use crate::store::reads::key_of;
use crate::store::{Item, Store, StoreError, table};

/// Thirteen months.
const LIFE: SignedDuration = SignedDuration::from_hours(396 * 24);

/// What was decided about one kind of mail to somebody on a day, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The local day.
    pub date: Date,
    /// The kind.
    pub kind: Kind,
    /// What would cause it.
    pub trigger: String,
    /// What was decided.
    #[serde(default)]
    pub outcome: Decided,
    /// Why not, where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<WhyNot>,
    /// What it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
    /// The test that held her out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
    /// What is told if it is approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<Draft>,
    /// When that was decided.
    pub at: Timestamp,
}

/// What was decided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decided {
    /// It is left out.
    #[default]
    Skipped,
    /// It is to be told: what became of it is told by the message of its trigger.
    Planned,
    /// A test held her out, by chance.
    HeldOut,
    /// It waits for the owner's approval.
    Awaiting,
    /// The owner said no.
    Refused,
    /// The owner didn't say anything for too long.
    Lapsed,
}

impl Decision {
    /// That something isn't told of, for this reason.
    pub fn skipped(date: Date, kind: Kind, trigger: String, why: WhyNot, at: Timestamp) -> Self {
        let (why, outcome) = (Some(why), Decided::Skipped);
        Self { date, kind, trigger, outcome, why, facts: Vec::new(), test: None, draft: None, at }
    }

    fn listed(&self, shop: &ShopId, customer: &CustomerId) -> Listed {
        let awaiting = self.outcome == Decided::Awaiting;
        let list = List::Decisions { awaiting, date: self.date }.partition(shop);
        Listed { list, place: place(self.kind, customer) }
    }

    /// Its write, under whatever condition.
    pub(in crate::store) fn put(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
    ) -> Result<Put, StoreError> {
        let key = Entity::Decision(customer, self.date, self.kind.as_str()).key(shop);
        let expires = self.at.checked_add(LIFE).unwrap_or(Timestamp::MAX);
        Ok(Put::new(key, self)?.expires(expires).listed(self.listed(shop, customer)))
    }

    /// Whether it isn't kept any more, though it may still be there.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.at.checked_add(LIFE).is_ok_and(|over| over <= now)
    }
}

/// A decision and whom it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedOn {
    /// Whom.
    pub customer: CustomerId,
    /// The decision.
    pub decision: Decision,
}

impl DecidedOn {
    /// Where it stands among its day's.
    pub fn place(&self) -> DecisionPlace {
        place(self.decision.kind, &self.customer)
    }

    /// Whether a message tells what was decided: alone, or with what else the night found.
    fn is_told_by(&self, message: &Message) -> bool {
        let trigger = &self.decision.trigger;
        let among = match &message.draft.about {
            About::Night { reasons, .. } => reasons.iter().any(|one| one.trigger() == *trigger),
            _ => false,
        };
        among || message.trigger() == *trigger
    }
}

fn place(kind: Kind, customer: &CustomerId) -> DecisionPlace {
    format!("{}#{customer}", kind.as_str())
}

/// Where a page of a day's decisions goes on: after a kind's customer.
pub type DecisionPlace = String;

impl Store {
    /// Keeps a decision; the day's first of a kind stands.
    pub async fn keep_decision(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        decision: &Decision,
    ) -> Result<(), StoreError> {
        self.put_surely(decision.put(shop, customer)?.if_absent()).await?;
        Ok(())
    }

    /// The decisions about a customer, oldest first.
    pub async fn decisions(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        now: Timestamp,
    ) -> Result<Vec<Decision>, StoreError> {
        let found = self.query_all(&customer_partition(shop, customer), DECISIONS).await?;
        let mut found: Vec<Decision> =
            found.into_iter().map(item::read).collect::<Result<_, _>>()?;
        found.retain(|decision| !decision.is_over(now));
        Ok(found)
    }

    /// A page of a local day's decisions of a kind or of all, by kind and customer: those that
    /// wait for approval, or the others. An index names them, which follows the table a little
    /// later; the items decide.
    pub async fn decisions_of(
        &self,
        shop: &ShopId,
        (date, awaiting): (Date, bool),
        kind: Option<Kind>,
        after: Option<&DecisionPlace>,
        limit: u16,
    ) -> Result<(Vec<DecidedOn>, Option<DecisionPlace>), StoreError> {
        let kind = kind.map(|kind| format!("{}#", kind.as_str()));
        let mut condition = format!("{} = :list", table::LIST.partition);
        let list = List::Decisions { awaiting, date }.partition(shop);
        let mut values = vec![(":list".to_owned(), AttributeValue::S(list))];
        // One condition on the place is all there may be: after a place, else of a kind.
        match (after, &kind) {
            (Some(after), kind) => {
                condition.push_str(&format!(" AND {} BETWEEN :after AND :end", table::LIST.sort));
                let end = kind.as_ref().map_or_else(|| "~".to_owned(), |kind| format!("{kind}~"));
                // Nothing sorts between a place and the place with a character behind it.
                values.push((":after".to_owned(), AttributeValue::S(format!("{after}!"))));
                values.push((":end".to_owned(), AttributeValue::S(end)));
            }
            (None, Some(kind)) => {
                condition.push_str(&format!(" AND begins_with({}, :kind)", table::LIST.sort));
                values.push((":kind".to_owned(), AttributeValue::S(kind.clone())));
            }
            (None, None) => {}
        }
        let answer = self
            .query()
            .index_name(table::LIST.name)
            .key_condition_expression(condition)
            .set_expression_attribute_values(Some(values.into_iter().collect()))
            .limit(i32::from(limit))
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        self.has_read(answer.consumed_capacity());
        let more = answer.last_evaluated_key.is_some();
        let named = answer.items.unwrap_or_default();
        let last = named.last().and_then(|last| item::text(last, table::LIST.sort));
        let mut found = Vec::new();
        for item in self.get_all(named.iter().map(key_of).collect()).await? {
            found.extend(decided_on(item)?);
        }
        found.retain(|one| (one.decision.outcome == Decided::Awaiting) == awaiting);
        found.sort_by(|a, b| {
            let place = |one: &DecidedOn| (one.decision.kind.as_str(), one.customer.clone());
            place(a).cmp(&place(b))
        });
        Ok((found, last.filter(|_| more)))
    }
}

impl Store {
    /// What was decided about these customers on a local day about a kind, in no order.
    pub async fn decisions_on(
        &self,
        shop: &ShopId,
        (date, kind): (Date, Kind),
        customers: &[CustomerId],
    ) -> Result<Vec<DecidedOn>, StoreError> {
        let key = |one: &CustomerId| Entity::Decision(one, date, kind.as_str()).key(shop);
        let keys: BTreeSet<Key> = customers.iter().map(key).collect();
        let mut found = Vec::new();
        for item in self.get_all(keys.into_iter().collect()).await? {
            found.extend(decided_on(item)?);
        }
        Ok(found)
    }

    /// How many decisions about a kind wait for approval, of a local day. Counted in an index,
    /// which follows the table a little later.
    pub async fn count_awaiting(
        &self,
        shop: &ShopId,
        date: Date,
        kind: Kind,
    ) -> Result<u64, StoreError> {
        let list = List::Decisions { awaiting: true, date }.partition(shop);
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(table::LIST.name)
            .select(Select::Count)
            .key_condition_expression(format!(
                "{} = :list AND begins_with({}, :kind)",
                table::LIST.partition,
                table::LIST.sort
            ))
            .expression_attribute_values(":list", AttributeValue::S(list))
            .expression_attribute_values(":kind", AttributeValue::S(format!("{}#", kind.as_str())))
            .into_paginator()
            .send();
        let mut count = 0_u64;
        while let Some(page) = pages.next().await {
            let page = page.map_err(StoreError::unavailable)?;
            count = count.saturating_add(u64::try_from(page.count).unwrap_or(0));
        }
        Ok(count)
    }

    /// The messages that tell what was planned, one for each decision in their order; `None`
    /// where nothing was, or it isn't kept any more. What one night tells together stands
    /// under the first of its reasons: then all of hers are read.
    pub async fn told_by(
        &self,
        shop: &ShopId,
        decided: &[DecidedOn],
    ) -> Result<Vec<Option<Message>>, StoreError> {
        let is_planned = |one: &DecidedOn| one.decision.outcome == Decided::Planned;
        let key = |one: &DecidedOn| Entity::Message(&one.customer, &one.decision.trigger).key(shop);
        let keys: BTreeSet<Key> = decided.iter().filter(|one| is_planned(one)).map(key).collect();
        let mut known: BTreeMap<Key, Message> = BTreeMap::new();
        for item in self.get_all(keys.into_iter().collect()).await? {
            known.insert(key_of(&item), super::read(item)?);
        }
        let mut hers: BTreeMap<&CustomerId, Vec<Message>> = BTreeMap::new();
        let mut told = Vec::new();
        for one in decided {
            let alone = known.get(&key(one)).filter(|_| is_planned(one));
            if alone.is_some() || !is_planned(one) {
                told.push(alone.cloned());
                continue;
            }
            if !hers.contains_key(&one.customer) {
                hers.insert(&one.customer, self.messages(shop, &one.customer).await?);
            }
            let mut among = hers.get(&one.customer).into_iter().flatten();
            told.push(among.find(|message| one.is_told_by(message)).cloned());
        }
        Ok(told)
    }
}

fn decided_on(found: Item) -> Result<Option<DecidedOn>, StoreError> {
    let customer = item::text(&found, table::PK).and_then(|pk| customer_of(&pk));
    let decision = item::read(found)?;
    Ok(customer.map(|customer| DecidedOn { customer, decision }))
}
