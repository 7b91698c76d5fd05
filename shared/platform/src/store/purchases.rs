//! Purchases: an observation of an order becomes points, in one transaction of the
//! order, the account and the ledger entry.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use loyalty::Points;
use loyalty::account::{Counted, Facts};
use loyalty::ids::{CustomerId, OrderRef};
use loyalty::ledger::Entry;
use loyalty::month::Month;
use loyalty::order::{Order, Stamp, Stamped};
use loyalty::posting::{self, Context, Record};
use loyalty::program::Programs;
use loyalty::whose::{Claims, Whose};

use super::item::Put;
use super::keys::{Entity, List, Listed};
use super::people::{Bound, put_account};
use super::reads::{StoredOrder, VERSION, stored_order};
use super::{Buyer, Scene, Store, StoreError, Write, retry};
use crate::identity::Identity;

/// What a source told about an order.
#[derive(Debug, Clone)]
pub struct Observation {
    /// Which order.
    pub order: OrderRef,
    /// What it told, without the buyer.
    pub state: Order,
    /// The buyer, and when that was true.
    pub buyer: Option<(Stamp, Buyer)>,
}

/// What an observation did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Whose the order is.
    pub customer: Option<CustomerId>,
    /// Points it brought or took, over all accounts it touched.
    pub delta: Points,
    /// Whether anything was written.
    pub changed: bool,
}

/// A planned write.
#[derive(Debug, Default)]
struct Plan {
    puts: Vec<Put>,
    recorded: Recorded,
}

impl Store {
    /// Takes an observation of an order in, posts what it changes, and returns once that
    /// is in the table. Repeats write nothing. Losing a race plans again from what is
    /// there then, a bounded number of times.
    pub async fn record(
        &self,
        scene: &Scene<'_>,
        observation: &Observation,
    ) -> Result<Recorded, StoreError> {
        for attempt in 1.. {
            let plan = self.plan(scene, observation).await?;
            if self.write(plan.puts).await? == Write::Done {
                return Ok(plan.recorded);
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    async fn plan(&self, scene: &Scene<'_>, observation: &Observation) -> Result<Plan, StoreError> {
        let stored = self.order(scene.shop, &observation.order).await?;
        let rules = self.rules(scene.shop, scene.now).await?;
        let case = Case { scene, observation, stored: &stored, programs: &rules.programs };
        let claims = observation
            .buyer
            .as_ref()
            .map(|(_, buyer)| buyer.claims(scene.source, scene.identities));
        let record = case.merged(claims.as_ref());
        if stored.version > 0 && record == stored.record {
            let customer = stored.record.customer;
            let recorded = Recorded { customer, ..Recorded::default() };
            return Ok(Plan { recorded, ..Plan::default() });
        }
        let whose = match case.settled(&record.state, claims) {
            Settled::Yes(whose) => whose,
            Settled::Ask(claims) => self.whose(scene.shop, scene.source, &claims).await?,
        };
        let buyer = observation.buyer.as_ref().map(|(_, buyer)| buyer.clone()).unwrap_or_default();
        match self.bind(scene, whose, &buyer).await? {
            Some(bound) => self.plan_for(&case, record, bound).await,
            None => {
                let puts = vec![case.put_order(&record)?];
                Ok(Plan { puts, recorded: Recorded { changed: true, ..Recorded::default() } })
            }
        }
    }

    /// Plans an order that is somebody's.
    async fn plan_for(
        &self,
        case: &Case<'_>,
        mut record: Record,
        mut bound: Bound,
    ) -> Result<Plan, StoreError> {
        let mut plan = Plan::default();
        plan.recorded.changed = true;
        self.leave_former(case, &mut plan, &mut record, &bound.customer).await?;
        record.customer = Some(bound.customer.clone());
        plan.recorded.customer.clone_from(&record.customer);
        let before = &case.stored.record.state;
        let entries = posting::post(&case.context(), before, &mut record, &mut bound.account)?;
        if bound.read_version == 0 {
            bound.account.version = bound.account.version.max(1);
        }
        plan.puts.extend(bound.puts(case.scene.shop)?);
        self.add_account(case, &mut plan, &mut bound, entries).await?;
        plan.puts.push(case.put_order(&record)?);
        Ok(plan)
    }

    /// Takes the order off the account it was bound to, if that turns out to be another.
    async fn leave_former(
        &self,
        case: &Case<'_>,
        plan: &mut Plan,
        record: &mut Record,
        now_of: &CustomerId,
    ) -> Result<(), StoreError> {
        let Some(former) = &case.stored.record.customer else { return Ok(()) };
        let (customer, account) = self.account(case.scene.shop, former.clone()).await?;
        if customer == *now_of {
            return Ok(());
        }
        let others = self.others(case, &customer, &account.facts).await?;
        let read_version = account.version;
        let mut former =
            Bound { customer, account, read_version, contact: None, gains: Vec::new() };
        let entries = posting::release(&case.context(), record, &mut former.account, &others)?;
        self.add_account(case, plan, &mut former, entries).await
    }

    /// What a customer's other orders count for. The list is an index, which follows the
    /// table a little later: that it is whole is seen by its sum being her facts'.
    async fn others(
        &self,
        case: &Case<'_>,
        customer: &CustomerId,
        facts: &Facts,
    ) -> Result<Vec<Counted>, StoreError> {
        let shop = case.scene.shop;
        let leaving = Entity::Order(&case.observation.order).key(shop);
        for attempt in 1.. {
            let mut keys = self.list(&List::OrdersOf(customer).partition(shop)).await?;
            keys.retain(|key| *key != leaving);
            let mut others = Vec::new();
            for item in self.get_all(keys).await? {
                let record = stored_order(item)?.record;
                let hers = record.customer.as_ref() == Some(customer);
                others.extend(record.counted.filter(|_| hers));
            }
            let all = others.iter().chain(&case.stored.record.counted);
            if Facts::of(all, Month::of(case.today()))?.ever == facts.ever {
                return Ok(others);
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    /// Adds an account's write and its entries to a plan, if it changed.
    async fn add_account(
        &self,
        case: &Case<'_>,
        plan: &mut Plan,
        bound: &mut Bound,
        entries: Vec<Entry>,
    ) -> Result<(), StoreError> {
        if bound.account.version == bound.read_version {
            return Ok(());
        }
        let shop = case.scene.shop;
        bound.account.due = self.due(shop, &bound.account, case.today()).await?;
        plan.puts.push(put_account(shop, bound)?);
        for entry in entries {
            plan.recorded.delta = plan.recorded.delta.plus(entry.delta)?;
            let key = Entity::Ledger(&bound.customer, entry.number).key(shop);
            plan.puts.push(Put::new(key, &entry)?.if_absent());
        }
        Ok(())
    }
}

/// One observation of one order, with what is there.
#[derive(Debug, Clone, Copy)]
struct Case<'a> {
    scene: &'a Scene<'a>,
    observation: &'a Observation,
    stored: &'a StoredOrder,
    programs: &'a Programs,
}

/// Whether it is known whose the order is.
enum Settled {
    Yes(Whose<Identity>),
    Ask(Claims<Identity>),
}

impl<'a> Case<'a> {
    fn context(&self) -> Context<'a> {
        let Scene { now, origin, .. } = *self.scene;
        let order = &self.observation.order;
        Context { programs: self.programs, order, now, origin, twin: false }
    }

    /// The shop's local day; UTC's for a shop without a program, which counts nothing yet.
    fn today(&self) -> Date {
        let now = self.scene.now;
        match self.programs.current(now) {
            Some(current) => current.program.local_day(now),
            None => now.to_zoned(TimeZone::UTC).date(),
        }
    }

    /// What is known now, with the snapshot taken if it can be.
    fn merged(&self, claims: Option<&Claims<Identity>>) -> Record {
        let mut record = self.stored.record.clone();
        record.state = record.state.merge(self.observation.state.clone());
        if let (Some((stamp, _)), Some(claims)) = (&self.observation.buyer, claims) {
            record.state = record.state.merge(buyer_known(*stamp, claims));
        }
        record.take_snapshot(self.programs);
        record
    }

    /// Whose the order is goes by the merged state, like everything else: a late body
    /// with an older buyer doesn't move it. Where nothing new is said, nobody is asked.
    fn settled(&self, state: &Order, claims: Option<Claims<Identity>>) -> Settled {
        let before = &self.stored.record.state;
        let decisive = decisive(state);
        if let Some(customer) = &self.stored.record.customer {
            let told = claims.as_ref().is_some_and(|claims| claims.record.is_some());
            let news = decisive.is_some() && decisive != self::decisive(before);
            // A record that isn't in this body has brought its news already.
            if !news || (state.customer.is_some() && !told) {
                let customer = customer.clone();
                return Settled::Yes(Whose::Known { customer, gains: Vec::new() });
            }
        }
        let record = claims.and_then(|claims| claims.record);
        if decisive.is_none() && record.is_none() {
            return Settled::Yes(Whose::Nobody);
        }
        let hint = |known: &Option<Stamped<String>>| known.as_ref()?.value.parse().ok();
        Settled::Ask(Claims { record, email: hint(&state.email), phone: hint(&state.phone) })
    }

    /// The order's write. Its place in its customer's list stays where it was first put.
    fn put_order(&self, record: &Record) -> Result<Put, StoreError> {
        let Self { scene, stored, .. } = self;
        let order = &self.observation.order;
        let placed = record.state.sale.as_ref().map(|sale| sale.value.placed_at);
        let paid = record.snapshot.as_ref().map(|snapshot| snapshot.paid_at);
        let at = paid.or(placed).unwrap_or(scene.now);
        let list = match &record.customer {
            Some(customer) => List::OrdersOf(customer).partition(scene.shop),
            None => {
                let month = Month::of(at.to_zoned(TimeZone::UTC).date());
                List::Unclaimed(month).partition(scene.shop)
            }
        };
        let listed = match &stored.listed {
            Some(listed) if listed.list == list => listed.clone(),
            _ => Listed::at(list, at, &order.to_string()),
        };
        let version = AttributeValue::N(stored.version.saturating_add(1).to_string());
        Ok(Put::new(Entity::Order(order).key(scene.shop), record)?
            .with(VERSION, version)
            .listed(listed)
            .if_version(VERSION, stored.version))
    }
}

/// The one identity that decides whose an order is: the source's record, else the address
/// on the order, else the number.
fn decisive(state: &Order) -> Option<&String> {
    let known = state.customer.as_ref().or(state.email.as_ref()).or(state.phone.as_ref());
    known.map(|stamped| &stamped.value)
}

/// The buyer's identities as the order knows them.
fn buyer_known(stamp: Stamp, claims: &Claims<Identity>) -> Order {
    let known = |identity: Option<&Identity>| {
        identity.map(|identity| Stamped { stamp, value: identity.to_string() })
    };
    Order {
        customer: known(claims.record.as_ref().map(|record| &record.id)),
        email: known(claims.email.as_ref()),
        phone: known(claims.phone.as_ref()),
        ..Order::default()
    }
}
