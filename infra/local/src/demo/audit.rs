//! Looks at everything that is in the table afterwards, and at what should be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use loyalty::account::{Account, Facts};
use loyalty::ids::{CustomerId, OrderRef, Source};
use loyalty::ledger::{Cause, Entry, Occasion};
use loyalty::month::Month;
use loyalty::posting::Record;
use loyalty::program::Programs;
use platform::Store;
use platform::identity::Identities;
use platform::store::StoreError;
use platform::store::keys::Nightly;
use tokio::task::JoinSet;

use super::people::Person;
use super::{Play, expected, workers};
use crate::failure::Failure;
use crate::home::Home;

/// Ledger entries in one read.
const PAGE: u16 = 200;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Audited {
    pub(super) orders: BTreeMap<Source, u64>,
    pub(super) unclaimed: u64,
    pub(super) ledger_entries: u64,
    pub(super) issued: i64,
    pub(super) clawed_back: i64,
    /// Points that nights gave, and in how many gifts.
    pub(super) given: i64,
    pub(super) gifts: u64,
    /// Points that expired.
    pub(super) expired: i64,
    /// Tiers reached, and taken away.
    pub(super) risen: u64,
    pub(super) fallen: u64,
    pub(super) outstanding: i64,
    pub(super) tiers: BTreeMap<String, u64>,
    pub(super) customers: BTreeSet<CustomerId>,
    /// Everybody with a ledger: those merged away keep theirs.
    pub(super) ledgers: BTreeSet<CustomerId>,
    /// What was bought, by day and money kept, under every name a customer has or had.
    pub(super) bought: BTreeMap<CustomerId, Vec<(Date, i64)>>,
    /// Everything that isn't as it should be, as sentences.
    pub(super) problems: Vec<String>,
}

/// A sale as it should be, and as it stands in the table.
struct Audit {
    id: OrderRef,
    /// Money that counts.
    kept: i64,
    /// Whether its buyer is known.
    claimed: bool,
    record: Record,
}

/// What should stand in the table of one sale.
struct Expected {
    id: OrderRef,
    kept: i64,
    claimed: bool,
}

/// The accounts of one person, those that were merged away among them.
#[derive(Default)]
struct Accounts {
    /// What each customer id leads to.
    leads_to: BTreeMap<CustomerId, CustomerId>,
    accounts: BTreeMap<CustomerId, Account>,
    /// Each id's own ledger.
    ledgers: BTreeMap<CustomerId, Vec<Entry>>,
}

impl Accounts {
    fn of(&self, customer: &CustomerId) -> Option<&Account> {
        self.accounts.get(self.leads_to.get(customer)?)
    }
}

/// The eyes of one worker.
#[derive(Clone)]
struct Auditor {
    store: Store,
    play: Arc<Play>,
    programs: Programs,
    identities: Identities,
    /// Whether the year had its nights.
    nights: bool,
}

/// Audits everybody.
pub(super) async fn everything(home: &Home<'_>, play: &Arc<Play>) -> Result<Audited, Failure> {
    let unreadable = |error| Failure::because("the audit couldn't read the table", &error);
    let rules = home.store.rules(&play.shop, play.year.end).await.map_err(unreadable)?;
    let nights = home.store.latest_runs(&play.shop, Nightly::Mail, 1).await.map_err(unreadable)?;
    let secrets = home.secrets.lists();
    let key = secrets.identity_key();
    let key = key.map_err(|error| Failure::because("the audit can't tell who is who", &error))?;
    let auditor = Auditor {
        store: home.store.clone(),
        play: Arc::clone(play),
        programs: rules.programs.clone(),
        identities: Identities::new(play.shop.clone(), key, "US"),
        nights: !nights.is_empty(),
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
    for customer in &audited.ledgers {
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
        for (source, count) in other.orders {
            let sum = self.orders.entry(source).or_default();
            *sum = sum.saturating_add(count);
        }
        self.ledgers.extend(other.ledgers);
        self.unclaimed = self.unclaimed.saturating_add(other.unclaimed);
        self.ledger_entries = self.ledger_entries.saturating_add(other.ledger_entries);
        self.issued = self.issued.saturating_add(other.issued);
        self.clawed_back = self.clawed_back.saturating_add(other.clawed_back);
        self.outstanding = self.outstanding.saturating_add(other.outstanding);
        self.given = self.given.saturating_add(other.given);
        self.gifts = self.gifts.saturating_add(other.gifts);
        self.expired = self.expired.saturating_add(other.expired);
        self.risen = self.risen.saturating_add(other.risen);
        self.fallen = self.fallen.saturating_add(other.fallen);
        self.bought.extend(other.bought);
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

    /// Counts what an entry moved, and the tier it changed.
    fn count(&mut self, entry: &Entry) {
        let delta = entry.delta.0;
        let sum = match &entry.cause {
            Cause::Order { .. } | Cause::ExpiryReversed { .. } if delta > 0 => &mut self.issued,
            Cause::Order { .. } | Cause::ExpiryReversed { .. } => &mut self.clawed_back,
            Cause::Gift { .. } | Cause::Goodwill { .. } => {
                self.gifts = self.gifts.saturating_add(1);
                &mut self.given
            }
            Cause::Expired { .. } => &mut self.expired,
            // No points move, or only from one account to another.
            Cause::Reviewed { .. }
            | Cause::MergedInto { .. }
            | Cause::MergedFrom { .. }
            | Cause::SplitFrom { .. }
            | Cause::SplitOff { .. } => &mut 0,
        };
        *sum = sum.saturating_add(delta);
        if entry.promotion.is_some() {
            let is_down = matches!(entry.cause, Cause::Reviewed { why } if why.is_down());
            let count = if is_down { &mut self.fallen } else { &mut self.risen };
            *count = count.saturating_add(1);
        }
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
        let mut sales = Vec::new();
        let mut customers = BTreeSet::new();
        for expected in expectations(person)? {
            let Expected { id, kept, claimed } = expected;
            let stored = self.store.order(shop, &id).await?;
            customers.extend(stored.record.customer.clone());
            found.expect(&format!("{id} found"), stored.version > 0, true);
            let sources = found.orders.entry(id.source).or_default();
            *sources = sources.saturating_add(1);
            sales.push(Audit { id, kept, claimed, record: stored.record });
        }
        let account = person.account.iter().map(|one| (Source::Shopify, one.id.to_string()));
        let records = person.till.ids().map(|id| (Source::Square, id.to_owned()));
        for (source, id) in account.chain(records) {
            let identity = self.identities.customer(source, &id);
            let customer = self.store.find_customer(shop, &identity).await?;
            found.expect(&format!("{source} record {id} found"), customer.is_some(), true);
            customers.extend(customer);
        }
        let accounts = self.accounts(&mut found, &customers).await?;
        let whom = || format!("customers of {:?} ({:?})", person.email, person.known);
        found.expect(&whom(), accounts.accounts.len(), person.customers());
        for (customer, account) in &accounts.accounts {
            self.account(&mut found, (customer, account), &accounts, &sales);
        }
        for sale in &sales {
            self.sale(&mut found, sale, &accounts);
        }
        self.birthdays(&mut found, person, &accounts);
        found.customers = accounts.accounts.into_keys().collect();
        found.ledgers = accounts.ledgers.into_keys().collect();
        Ok(found)
    }

    /// Everything that these ids lead to.
    async fn accounts(
        &self,
        found: &mut Audited,
        customers: &BTreeSet<CustomerId>,
    ) -> Result<Accounts, StoreError> {
        let mut all = Accounts::default();
        for customer in customers {
            let known = self.store.customer(&self.play.shop, customer).await?;
            found.expect(&format!("account {customer} found"), known.is_some(), true);
            let Some(known) = known else { continue };
            for id in [customer, &known.id] {
                if !all.ledgers.contains_key(id) {
                    let entries = ledger(&self.store, &self.play, id).await?;
                    all.ledgers.insert(id.clone(), entries);
                }
            }
            all.leads_to.insert(customer.clone(), known.id.clone());
            all.accounts.insert(known.id, known.account);
        }
        Ok(all)
    }

    /// Σ ledger = available + pending; Σ lots − debt = available; the facts are the fold
    /// over the orders.
    fn account(
        &self,
        found: &mut Audited,
        (customer, account): (&CustomerId, &Account),
        accounts: &Accounts,
        sales: &[Audit],
    ) {
        let wallet = &account.wallet;
        let own = accounts.ledgers.get(customer).map(Vec::as_slice).unwrap_or_default();
        let ledger: i64 = own.iter().map(|entry| entry.delta.0).sum();
        let available = wallet.available().map_or(i64::MIN, |points| points.0);
        let pending = wallet.pending().map_or(i64::MIN, |points| points.0);
        let lots: i64 = wallet.lots().map(|(_, lot)| lot.points.0).sum();
        found.outstanding = found.outstanding.saturating_add(ledger);
        let what = |what: &str| format!("{what} of {customer}");
        found.expect(&what("the ledger's sum"), ledger, available.saturating_add(pending));
        found.expect(&what("Σ lots − debt"), lots.saturating_sub(wallet.debt().0), available);
        let newest = own.first().map_or(0, |entry| entry.balance_after.0);
        found.expect(&what("the newest balance"), newest, ledger);

        let leads_here = |one: &CustomerId| accounts.leads_to.get(one) == Some(customer);
        for (id, entries) in accounts.ledgers.iter().filter(|(id, _)| leads_here(id)) {
            let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
            found.ledger_entries = found.ledger_entries.saturating_add(count);
            entries.iter().for_each(|entry| found.count(entry));
            if id != customer {
                let left: i64 = entries.iter().map(|entry| entry.delta.0).sum();
                found.expect(&format!("what is left of {id}, merged away,"), left, 0);
            }
        }

        let hers =
            sales.iter().filter(|sale| sale.record.customer.as_ref().is_some_and(leads_here));
        let counted = hers.filter_map(|sale| sale.record.counted.as_ref());
        let bought: Vec<(Date, i64)> = counted.clone().map(|one| (one.day, one.kept)).collect();
        let names = accounts.leads_to.keys().filter(|id| leads_here(id));
        found.bought.extend(names.map(|id| (id.clone(), bought.clone())));
        let facts = Facts::of(counted, Month::of(self.play.year.last_day));
        let ever = facts.unwrap_or_default().ever;
        found.expect(&what("money kept"), account.facts.ever.spend, ever.spend);
        found.expect(&what("orders counted"), account.facts.ever.orders, ever.orders);
        let tier = account.tier.as_ref().map(|tier| tier.id.to_string());
        let tiers = found.tiers.entry(tier.unwrap_or_else(|| "none".to_owned())).or_default();
        *tiers = tiers.saturating_add(1);
    }

    /// Each birthday brought its gift, whatever mail she gets; nothing else did.
    fn birthdays(&self, found: &mut Audited, person: &Person, accounts: &Accounts) {
        let entries = accounts.ledgers.values().flatten();
        let gifts: Vec<i64> = entries.filter_map(gift_of).collect();
        let each = expected::POINTS_OF_A_BIRTHDAY;
        let whole = gifts.iter().all(|points| *points == each);
        found.expect(&format!("every gift to {:?} of {each} points", person.email), whole, true);
        if let Some(expected) = expected::birthdays(&self.play.year, person).filter(|_| self.nights)
        {
            let what = format!("birthday gifts to {:?}", person.email);
            found.expect(&what, gifts.len(), expected);
        }
    }

    /// posted = target = what the ledgers have for it = what the money that is left makes.
    fn sale(&self, found: &mut Audited, sale: &Audit, accounts: &Accounts) {
        let Audit { id, record, .. } = sale;
        let what = |what: &str| format!("{what} of {id}");
        let account = record.customer.as_ref().and_then(|customer| accounts.of(customer));
        let standing = record.standing(&self.programs, account);
        let posted = record.posted().0;
        found.expect(&what("what was posted"), posted, standing.target.0);
        let entries = accounts.ledgers.values().flatten();
        let entries = entries.filter(|entry| order_of(entry) == Some(id));
        let ledger: i64 = entries.map(|entry| entry.delta.0).sum();
        found.expect(&what("what the ledger has"), ledger, posted);

        let kept = standing.worth.as_ref().map_or(0, |worth| worth.kept);
        found.expect(&what("money kept"), kept, sale.kept);
        found.expect(&what("whether somebody is known"), record.customer.is_some(), sale.claimed);
        if record.customer.is_none() {
            found.unclaimed = found.unclaimed.saturating_add(1);
            return;
        }
        let tier = record.snapshot.as_ref().and_then(|snapshot| snapshot.tier.as_ref());
        let tier = tier.map(|tier| tier.as_str()).unwrap_or_default();
        found.expect(&what("points"), posted, expected::points(sale.kept, tier));
    }
}

/// What should stand in the table of everything a person bought.
fn expectations(person: &Person) -> Result<Vec<Expected>, StoreError> {
    let mut all = Vec::new();
    for order in &person.orders {
        let buyer = &order.buyer;
        all.push(Expected {
            id: order_ref(Source::Shopify, &order.id.to_string())?,
            kept: expected::kept_of_order(order),
            claimed: buyer.customer.is_some() || buyer.email.is_some() || buyer.phone.is_some(),
        });
    }
    for payment in &person.payments {
        all.push(Expected {
            id: order_ref(Source::Square, &payment.id)?,
            kept: expected::kept_of_payment(payment),
            claimed: payment.at_last().customer.is_some(),
        });
    }
    Ok(all)
}

/// The order that an entry is about.
fn order_of(entry: &Entry) -> Option<&OrderRef> {
    match &entry.cause {
        Cause::Order { order, .. } | Cause::ExpiryReversed { order } => Some(order),
        _ => None,
    }
}

/// The points of a birthday's gift.
fn gift_of(entry: &Entry) -> Option<i64> {
    let is_birthdays = matches!(entry.cause, Cause::Gift { occasion: Occasion::Birthday });
    is_birthdays.then_some(entry.delta.0)
}

fn order_ref(source: Source, id: &str) -> Result<OrderRef, StoreError> {
    let id = id.parse().map_err(|error| StoreError::Request(Box::new(error)))?;
    Ok(OrderRef { source, id })
}
