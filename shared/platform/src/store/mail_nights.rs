//! What the mail nights read and write.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use loyalty::ids::{CustomerId, ShopId};
use loyalty::mail::Kind;
use loyalty::trial::Trial;
use serde::{Deserialize, Serialize};

use super::item::{self, Put};
use super::keys::{ACCOUNT, APPROVALS, Entity, Key, TESTS};
use super::messages::customer_of;
use super::{Decided, DecidedOn, Item, Store, StoreError, Write, retry, table};
use crate::nights::letters::{Plan, Scene, Somebody};

/// How long a batch waits for the owner.
const WAITS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long it is kept: as long as its decisions.
const LIFE: SignedDuration = SignedDuration::from_hours(396 * 24);

/// Gaps counted, after which the old ones count half: the shop's rhythm follows its season.
const GAPS_ENOUGH: u32 = 10_000;

/// A night's letters of a kind that wait for the owner's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Counts writes.
    pub version: u64,
    /// The night.
    pub date: Date,
    /// The kind.
    pub kind: Kind,
    /// Since when it waits.
    pub since: Timestamp,
    /// Until when; nothing of it goes out after.
    pub until: Timestamp,
    /// What the owner said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<ApprovalAnswer>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// Whether every letter of it was released or left out.
    #[serde(default)]
    pub settled: bool,
}

/// What an owner says about a night's letters of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApprovalAnswer {
    /// All go.
    All,
    /// Only those to these customers go.
    Some(Vec<CustomerId>),
    /// None goes.
    None,
}

/// How many letters of a batch were settled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settled {
    /// Those that go.
    pub released: u32,
    /// Those that don't.
    pub left_out: u32,
    /// Whether none is left.
    pub done: bool,
}

impl ApprovalAnswer {
    fn allows(&self, customer: &CustomerId) -> bool {
        match self {
            Self::All => true,
            Self::Some(customers) => customers.contains(customer),
            Self::None => false,
        }
    }
}

/// How often a shop's customers come: counts of usual gaps, in days.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Rhythm {
    version: u64,
    gaps: BTreeMap<u16, u32>,
}

impl Rhythm {
    fn median(&self) -> Option<u16> {
        let all = self.gaps.values().fold(0_u32, |sum, count| sum.saturating_add(*count));
        let half = all.div_ceil(2);
        let mut seen = 0_u32;
        self.gaps.iter().find_map(|(days, count)| {
            seen = seen.saturating_add(*count);
            (seen >= half.max(1)).then_some(*days)
        })
    }

    fn take_in(&mut self, gaps: &BTreeMap<u16, u32>) {
        for (days, count) in gaps {
            let known = self.gaps.entry(*days).or_default();
            *known = known.saturating_add(*count);
        }
        let all = self.gaps.values().fold(0_u32, |sum, count| sum.saturating_add(*count));
        if all > GAPS_ENOUGH {
            self.gaps.values_mut().for_each(|count| *count = count.div_euclid(2));
            self.gaps.retain(|_, count| *count > 0);
        }
    }
}

impl Store {
    /// The customers a night looks at, with one strong read of each account and contact: two
    /// read units. Whoever isn't due there any more is left out.
    pub async fn due_people(
        &self,
        shop: &ShopId,
        night: Date,
        customers: &[CustomerId],
    ) -> Result<Vec<Somebody>, StoreError> {
        let keys = customers
            .iter()
            .flat_map(|id| [Entity::Account(id).key(shop), Entity::Contact(id).key(shop)]);
        let mut accounts: BTreeMap<CustomerId, Item> = BTreeMap::new();
        let mut contacts: BTreeMap<CustomerId, Item> = BTreeMap::new();
        for found in self.get_all(keys.collect::<Vec<Key>>()).await? {
            let part = |name| item::text(&found, name).unwrap_or_default();
            let Some(customer) = customer_of(&part(table::PK)) else { continue };
            let into = if part(table::SK) == ACCOUNT { &mut accounts } else { &mut contacts };
            into.insert(customer, found);
        }
        let mut people = Vec::new();
        for (id, account) in accounts {
            let contact = contacts.remove(&id);
            match self.somebody(id, account, contact) {
                Ok(one) => {
                    people.extend(Some(one).filter(|one| Scene::is_due(&one.account, night)))
                }
                // One that can't be read keeps nobody else from being looked at.
                Err(error) => tracing::error!(%shop, error = error.chain(), "not looked at"),
            }
        }
        Ok(people)
    }

    fn somebody(
        &self,
        id: CustomerId,
        account: Item,
        contact: Option<Item>,
    ) -> Result<Somebody, StoreError> {
        let (account, contact) = (item::read(account)?, contact.map(item::read).transpose()?);
        Ok(Somebody { id, account, contact })
    }

    /// Somebody as a night would look at her, whenever she is due.
    pub async fn night_person(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
    ) -> Result<Somebody, StoreError> {
        let (id, account) = self.account(shop, customer.clone()).await?;
        let contact = self.contact(shop, &id).await?;
        Ok(Somebody { id, account, contact })
    }

    /// Does what a night's plan says about somebody, in one transaction; plans again where she
    /// changed meanwhile.
    pub async fn keep_mail_night(
        &self,
        shop: &ShopId,
        scene: &Scene,
        somebody: Somebody,
        night: Date,
        now: Timestamp,
    ) -> Result<Option<Plan>, StoreError> {
        let (mut somebody, mut told) = (somebody, Vec::new());
        for attempt in 1.. {
            if !Scene::is_due(&somebody.account, night) {
                return Ok(None);
            }
            let plan = scene.plan(&somebody, night, now)?;
            for kind in plan.awaiting() {
                self.open_approval(shop, night, kind, now).await?;
            }
            let puts =
                self.mail_night_puts(shop, scene, &somebody, (&plan, &told), (night, now))?;
            if self.write(puts).await? == Write::Done {
                return Ok(Some(plan));
            }
            retry::pause(attempt).await?;
            let read = somebody.account.version;
            somebody = self.night_person(shop, &somebody.id).await?;
            if somebody.account.version == read {
                // It isn't her account that was in the way: some of it was told before, under
                // another of her names or before its mark was kept.
                told = self.told_before(shop, &somebody.id, &plan).await?;
            }
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    fn mail_night_puts(
        &self,
        shop: &ShopId,
        scene: &Scene,
        somebody: &Somebody,
        (plan, told): (&Plan, &[String]),
        (night, now): (Date, Timestamp),
    ) -> Result<Vec<Put>, StoreError> {
        let id = &somebody.id;
        let read = somebody.account.version;
        let mut puts = vec![self.put_account_of(shop, id, &plan.account, read)?];
        for entry in &plan.entries {
            puts.push(Put::new(Entity::Ledger(id, entry.number).key(shop), entry)?.if_absent());
        }
        for decision in plan.decisions(night, now, scene.program()) {
            puts.push(decision.put(shop, id)?);
        }
        for message in plan.messages(shop, id, now) {
            if !told.contains(&message.trigger()) {
                puts.push(message.put(shop, id)?);
            }
        }
        Ok(puts)
    }

    async fn told_before(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        plan: &Plan,
    ) -> Result<Vec<String>, StoreError> {
        let mut told = Vec::new();
        for draft in &plan.drafts {
            let trigger = draft.about.trigger();
            if self.message(shop, customer, &trigger).await?.is_some() {
                told.push(trigger);
            }
        }
        Ok(told)
    }

    /// The shop's tests, running or not.
    pub async fn trials(&self, shop: &ShopId) -> Result<Vec<Trial>, StoreError> {
        let pk = Entity::Settings.key(shop).pk;
        self.query_all(&pk, TESTS).await?.into_iter().map(item::read).collect()
    }

    /// Starts a test under its id. `Ok(false)`: there is one of that id.
    pub async fn start_trial(&self, shop: &ShopId, trial: &Trial) -> Result<bool, StoreError> {
        let put = Put::new(Entity::Test(&trial.id).key(shop), trial)?.if_absent();
        Ok(self.put_surely(put).await? == Write::Done)
    }

    /// Ends a test with the local day `last`, if it runs longer. `None`: there is none of that
    /// id.
    pub async fn end_trial(
        &self,
        shop: &ShopId,
        id: &str,
        last: Date,
    ) -> Result<Option<Trial>, StoreError> {
        let known = self.get(&Entity::Test(id).key(shop)).await?;
        let Some(known) = known else { return Ok(None) };
        let known: Trial = item::read(known)?;
        let ended = Trial { ends: known.ends.min(last), ..known };
        self.put_surely(Put::new(Entity::Test(id).key(shop), &ended)?).await?;
        Ok(Some(ended))
    }

    /// The median of its customers' usual gaps between purchase days; `None`: not known yet.
    pub async fn rhythm(&self, shop: &ShopId) -> Result<Option<u16>, StoreError> {
        let known = self.get(&Entity::Rhythm.key(shop)).await?;
        Ok(known.map(item::read::<Rhythm>).transpose()?.and_then(|rhythm| rhythm.median()))
    }

    /// Takes in how often those come who were looked at. Losing a race loses a few of many.
    pub async fn note_gaps(
        &self,
        shop: &ShopId,
        gaps: &BTreeMap<u16, u32>,
    ) -> Result<(), StoreError> {
        if gaps.is_empty() {
            return Ok(());
        }
        let known = self.get(&Entity::Rhythm.key(shop)).await?;
        let mut rhythm: Rhythm = known.map(item::read).transpose()?.unwrap_or_default();
        let read = rhythm.version;
        rhythm.take_in(gaps);
        rhythm.version = read.saturating_add(1);
        self.put(Put::new(Entity::Rhythm.key(shop), &rhythm)?.if_version("version", read)).await?;
        Ok(())
    }

    /// Has a night's letters of a kind wait for the owner, if they don't yet.
    async fn open_approval(
        &self,
        shop: &ShopId,
        date: Date,
        kind: Kind,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let until = now.checked_add(WAITS).unwrap_or(Timestamp::MAX);
        let (answer, answered_at) = (None, None);
        let approval = Approval {
            version: 1,
            date,
            kind,
            since: now,
            until,
            answer,
            answered_at,
            settled: false,
        };
        self.put_surely(approval.put(shop)?.if_absent()).await?;
        Ok(())
    }

    /// What waits for the owner, or waited, oldest first.
    pub async fn approvals(
        &self,
        shop: &ShopId,
        now: Timestamp,
    ) -> Result<Vec<Approval>, StoreError> {
        let pk = Entity::Settings.key(shop).pk;
        let found = self.query_all(&pk, APPROVALS).await?.into_iter();
        let mut found: Vec<Approval> = found.map(item::read).collect::<Result<_, _>>()?;
        let is_over = |one: &Approval| one.since.checked_add(LIFE).is_ok_and(|over| over <= now);
        found.retain(|one| !is_over(one));
        Ok(found)
    }

    /// One of them.
    pub async fn approval(
        &self,
        shop: &ShopId,
        date: Date,
        kind: Kind,
    ) -> Result<Option<Approval>, StoreError> {
        let key = Entity::Approval(date, kind.as_str()).key(shop);
        self.get(&key).await?.map(item::read).transpose()
    }

    /// Keeps what the owner says. `Ok(None)`: it was answered before, or waited too long.
    pub async fn answer_approval(
        &self,
        shop: &ShopId,
        (date, kind): (Date, Kind),
        answer: &ApprovalAnswer,
        now: Timestamp,
    ) -> Result<Option<Approval>, StoreError> {
        for attempt in 1.. {
            let known = self.approval(shop, date, kind).await?;
            let Some(known) = known.filter(|known| known.is_open(now)) else { return Ok(None) };
            let version = known.version.saturating_add(1);
            let (answer, answered_at) = (Some(answer.clone()), Some(now));
            let next = Approval { version, answer, answered_at, ..known.clone() };
            if self.put(next.put(shop)?.if_version("version", known.version)).await? == Write::Done
            {
                return Ok(Some(next));
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    /// Releases or leaves out the next letters of a batch, at most `limit`, as the owner said
    /// or because she didn't for too long. `true`: that was the last of them.
    pub async fn settle_approval(
        &self,
        shop: &ShopId,
        approval: &Approval,
        now: Timestamp,
        limit: u16,
    ) -> Result<bool, StoreError> {
        Ok(self.settle_letters(shop, approval, now, limit).await?.done)
    }

    /// The same, telling what became of them.
    pub async fn settle_letters(
        &self,
        shop: &ShopId,
        approval: &Approval,
        now: Timestamp,
        limit: u16,
    ) -> Result<Settled, StoreError> {
        let mut settled = Settled { done: approval.settled, ..Settled::default() };
        if approval.settled || approval.is_open(now) {
            return Ok(settled);
        }
        let (day, kind) = ((approval.date, true), Some(approval.kind));
        let (found, more) = self.decisions_of(shop, day, kind, None, limit).await?;
        for one in &found {
            let count = match self.settle_letter(shop, approval, one, now).await? {
                Decided::Planned => &mut settled.released,
                _ => &mut settled.left_out,
            };
            *count = count.saturating_add(1);
        }
        if more.is_some() || !found.is_empty() {
            return Ok(settled);
        }
        let version = approval.version.saturating_add(1);
        let next = Approval { version, settled: true, ..approval.clone() };
        self.put(next.put(shop)?.if_version("version", approval.version)).await?;
        settled.done = true;
        Ok(settled)
    }

    async fn settle_letter(
        &self,
        shop: &ShopId,
        approval: &Approval,
        one: &DecidedOn,
        now: Timestamp,
    ) -> Result<Decided, StoreError> {
        let DecidedOn { customer, decision } = one;
        let mut next = decision.clone();
        let draft = next.draft.take();
        let allowed = approval.answer.as_ref().map(|answer| answer.allows(customer));
        next.outcome = match allowed {
            Some(true) => Decided::Planned,
            Some(false) => Decided::Refused,
            None => Decided::Lapsed,
        };
        if let Some(draft) = draft.filter(|_| next.outcome == Decided::Planned) {
            self.plan_message(shop, customer, draft, now).await?;
        }
        // Who settles the same letter at the same time writes the same.
        self.put_surely(next.put(shop, customer)?).await?;
        Ok(next.outcome)
    }
}

impl Approval {
    /// What it is named by: `<date>.<kind>`.
    pub fn id(&self) -> String {
        format!("{}.{}", self.date, self.kind.as_str())
    }

    /// Whether the owner may still say.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.answer.is_none() && now < self.until
    }

    fn put(&self, shop: &ShopId) -> Result<Put, StoreError> {
        let key = Entity::Approval(self.date, self.kind.as_str()).key(shop);
        let expires = self.since.checked_add(LIFE).unwrap_or(Timestamp::MAX);
        Ok(Put::new(key, self)?.expires(expires))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rhythm_of_a_shop_is_the_median_of_its_customers() {
        let mut rhythm = Rhythm::default();
        assert_eq!(rhythm.median(), None);
        rhythm.take_in(&[(7, 3), (14, 1), (30, 2)].into());
        assert_eq!(rhythm.median(), Some(7));
        rhythm.take_in(&[(30, 5)].into());
        assert_eq!(rhythm.median(), Some(30));
    }

    #[test]
    fn old_gaps_count_less_once_there_are_many() {
        let mut rhythm = Rhythm::default();
        rhythm.take_in(&[(7, GAPS_ENOUGH), (300, 1)].into());
        assert_eq!(rhythm.gaps, [(7, GAPS_ENOUGH / 2)].into());
    }
}
