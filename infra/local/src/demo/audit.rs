//! Looks at everything that is in the table afterwards, and at what should be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use loyalty::account::{Account, Facts};
use loyalty::ids::{CustomerId, OrderRef, Source};
use loyalty::ledger::{Cause, Entry};
use loyalty::month::Month;
use loyalty::posting::Record;
use loyalty::program::Programs;
use platform::Store;
use platform::identity::Identities;
use platform::store::StoreError;
use tokio::task::JoinSet;

use super::people::{Known, Person};
use super::{Play, expected, workers};
use crate::failure::Failure;
use crate::home::Home;
use crate::shopify::Order;

/// Ledger entries in one read.
const PAGE: u16 = 200;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Audited {
    pub(super) orders: u64,
    pub(super) unclaimed: u64,
    pub(super) ledger_entries: u64,
    pub(super) issued: i64,
    pub(super) clawed_back: i64,
    pub(super) outstanding: i64,
    pub(super) tiers: BTreeMap<String, u64>,
    pub(super) customers: BTreeSet<CustomerId>,
    /// Everything that isn't as it should be, as sentences.
    pub(super) problems: Vec<String>,
}

/// An order as it was made, and as it stands in the table.
struct Audit<'a> {
    order: &'a Order,
    id: OrderRef,
    record: Record,
}

/// The eyes of one worker.
#[derive(Clone)]
struct Auditor {
    store: Store,
    play: Arc<Play>,
    programs: Programs,
    identities: Identities,
}

/// Audits everybody.
pub(super) async fn everything(home: &Home<'_>, play: &Arc<Play>) -> Result<Audited, Failure> {
    let unreadable = |error| Failure::because("the audit couldn't read the table", &error);
    let rules = home.store.rules(&play.shop, play.year.end).await.map_err(unreadable)?;
    let secrets = home.secrets.lists();
    let key = secrets.identity_key();
    let key = key.map_err(|error| Failure::because("the audit can't tell who is who", &error))?;
    let auditor = Auditor {
        store: home.store.clone(),
        play: Arc::clone(play),
        programs: rules.programs.clone(),
        identities: Identities::new(play.shop.clone(), key, "US"),
    };
    let mut working = JoinSet::new();
    for worker in 0..workers() {
        let auditor = auditor.clone();
        working.spawn(async move {
            let mut found = Vec::new();
            for (index, person) in auditor.play.people.iter().enumerate() {
                if index.checked_rem(workers()) == Some(worker) {
                    found.push(auditor.person(person).await.map(|one| (index, one)));
                }
            }
            found
        });
    }
    let mut found = BTreeMap::new();
    while let Some(part) = working.join_next().await {
        let part = part.map_err(|error| Failure::because("the audit panicked", &error))?;
        for one in part {
            let (index, one) = one.map_err(unreadable)?;
            found.insert(index, one);
        }
    }
    Ok(found.into_values().fold(Audited::default(), Audited::plus))
}

/// The ledger entries of everybody who was found.
pub(super) async fn ledger_entries(
    home: &Home<'_>,
    play: &Play,
    audited: &Audited,
) -> Result<u64, Failure> {
    let mut count = 0_usize;
    for customer in &audited.customers {
        let entries = ledger(&home.store, play, customer).await;
        let entries =
            entries.map_err(|error| Failure::because("the ledger couldn't be read", &error))?;
        count = count.saturating_add(entries.len());
    }
    Ok(u64::try_from(count).unwrap_or(u64::MAX))
}

/// A whole ledger, newest first.
async fn ledger(
    store: &Store,
    play: &Play,
    customer: &CustomerId,
) -> Result<Vec<Entry>, StoreError> {
    let mut entries = Vec::new();
    let mut before = None;
    loop {
        let page = store.ledger(&play.shop, customer, before, PAGE).await?;
        entries.extend(page.entries);
        match page.next {
            Some(next) => before = Some(next),
            None => return Ok(entries),
        }
    }
}

impl Audited {
    fn plus(mut self, other: Self) -> Self {
        self.orders = self.orders.saturating_add(other.orders);
        self.unclaimed = self.unclaimed.saturating_add(other.unclaimed);
        self.ledger_entries = self.ledger_entries.saturating_add(other.ledger_entries);
        self.issued = self.issued.saturating_add(other.issued);
        self.clawed_back = self.clawed_back.saturating_add(other.clawed_back);
        self.outstanding = self.outstanding.saturating_add(other.outstanding);
        for (tier, count) in other.tiers {
            let sum = self.tiers.entry(tier).or_default();
            *sum = sum.saturating_add(count);
        }
        self.problems.extend(other.problems);
        for customer in other.customers {
            if !self.customers.insert(customer.clone()) {
                self.problems.push(format!("two people share the account {customer}"));
            }
        }
        self
    }

    /// Notes that something isn't as it should be.
    fn expect<T: PartialEq + std::fmt::Display>(&mut self, what: &str, found: T, expected: T) {
        if found != expected {
            self.problems.push(format!("{what} is {found}, not {expected}"));
        }
    }
}

impl Auditor {
    async fn person(&self, person: &Person) -> Result<Audited, StoreError> {
        let mut found = Audited::default();
        let shop = &self.play.shop;
        let mut orders = Vec::new();
        let mut customers = BTreeSet::new();
        for order in &person.orders {
            let id = order_ref(order)?;
            let stored = self.store.order(shop, &id).await?;
            customers.extend(stored.record.customer.clone());
            found.expect(&format!("{id} found"), stored.version > 0, true);
            orders.push(Audit { order, id, record: stored.record });
        }
        if let Some(account) = &person.account {
            let identity = self.identities.customer(Source::Shopify, &account.id.to_string());
            customers.extend(self.store.find_customer(shop, &identity).await?);
        }
        let accounts = usize::from(person.known != Known::WalkIn && !nobody_yet(person));
        found.expect(&format!("accounts of {:?}", person.email), customers.len(), accounts);

        let (mut account, mut entries) = (None, Vec::new());
        for customer in &customers {
            let known = self.store.customer(shop, customer).await?;
            found.expect(&format!("account {customer} found"), known.is_some(), true);
            account = known.map(|known| known.account);
            entries = ledger(&self.store, &self.play, customer).await?;
        }
        if let (Some(account), Some(customer)) = (&account, customers.first()) {
            self.account(&mut found, customer, account, &entries, &orders);
        }
        for order in &orders {
            self.order(&mut found, order, account.as_ref(), &entries);
        }
        found.customers = customers;
        Ok(found)
    }

    /// Σ ledger = available + pending; Σ lots − debt = available; the facts are the fold
    /// over the orders.
    fn account(
        &self,
        found: &mut Audited,
        customer: &CustomerId,
        account: &Account,
        entries: &[Entry],
        orders: &[Audit<'_>],
    ) {
        let wallet = &account.wallet;
        let deltas = entries.iter().map(|entry| entry.delta.0);
        found.issued = deltas.clone().filter(|delta| *delta > 0).sum();
        found.clawed_back = deltas.clone().filter(|delta| *delta < 0).sum();
        let ledger: i64 = deltas.sum();
        let available = wallet.available().map_or(i64::MIN, |points| points.0);
        let pending = wallet.pending().map_or(i64::MIN, |points| points.0);
        let lots: i64 = wallet.lots().map(|(_, lot)| lot.points.0).sum();
        found.outstanding = ledger;
        let what = |what: &str| format!("{what} of {customer}");
        found.expect(&what("the ledger's sum"), ledger, available.saturating_add(pending));
        found.expect(&what("Σ lots − debt"), lots.saturating_sub(wallet.debt().0), available);
        let newest = entries.first().map_or(0, |entry| entry.balance_after.0);
        found.expect(&what("the newest balance"), newest, ledger);
        found.ledger_entries = u64::try_from(entries.len()).unwrap_or(u64::MAX);

        let counted = orders.iter().filter_map(|order| order.record.counted.as_ref());
        let facts = Facts::of(counted, Month::of(self.play.year.last_day));
        let ever = facts.map_or(i64::MIN, |facts| facts.ever.spend);
        found.expect(&what("money kept"), account.facts.ever.spend, ever);
        let tier = account.tier.as_ref().map(|tier| tier.id.to_string());
        found.tiers.insert(tier.unwrap_or_else(|| "none".to_owned()), 1);
    }

    /// posted = target(final state) = what the ledger has of it, and the money kept and
    /// the points are those of the demo's own sums.
    fn order(
        &self,
        found: &mut Audited,
        Audit { order, id, record }: &Audit<'_>,
        account: Option<&Account>,
        entries: &[Entry],
    ) {
        found.orders = found.orders.saturating_add(1);
        let what = |what: &str| format!("{what} of {id}");
        let standing = record.standing(&self.programs, account);
        let posted = record.posted().0;
        found.expect(&what("what is posted"), posted, standing.target.0);
        let of_order = |entry: &&Entry| match &entry.cause {
            Cause::Order { order, .. } | Cause::ExpiryReversed { order } => order == id,
            _ => false,
        };
        let ledger: i64 = entries.iter().filter(of_order).map(|entry| entry.delta.0).sum();
        found.expect(&what("what the ledger has"), ledger, posted);

        let kept = standing.worth.as_ref().map_or(0, |worth| worth.kept);
        let expected = expected::kept(order);
        found.expect(&what("money kept"), kept, expected);
        if record.customer.is_none() {
            found.unclaimed = found.unclaimed.saturating_add(1);
            return;
        }
        let tier = record.snapshot.as_ref().and_then(|snapshot| snapshot.tier.as_ref());
        let tier = tier.map(|tier| tier.as_str()).unwrap_or_default();
        found.expect(&what("points"), posted, expected::points(expected, tier));
    }
}

/// Whether nothing was ever delivered of a person.
fn nobody_yet(person: &Person) -> bool {
    person.account.is_none() && person.orders.is_empty()
}

fn order_ref(order: &Order) -> Result<OrderRef, StoreError> {
    let id = order.id.to_string().parse().map_err(|error| StoreError::Request(Box::new(error)))?;
    Ok(OrderRef { source: Source::Shopify, id })
}
