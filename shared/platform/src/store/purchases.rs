//! Purchases: an observation of an order becomes points, in one transaction of the
//! order, the account and the ledger entry.

use jiff::civil::Date;
use loyalty::Points;
use loyalty::account::{Counted, Facts};
use loyalty::ids::{CustomerId, OrderRef};
use loyalty::ledger::Entry;
use loyalty::month::Month;
use loyalty::order::{Order, Stamp, Stamped};
use loyalty::posting::{self, Context};
use loyalty::program::Programs;
use loyalty::whose::{Claims, Whose};

use super::item::Put;
use super::keys::{Entity, List};
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
        let programs = &rules.programs;
        let claims = observation
            .buyer
            .as_ref()
            .map(|(_, buyer)| buyer.claims(scene.source, scene.identities));

        let mut record = stored.record.clone();
        record.state = record.state.merge(observation.state.clone());
        if let (Some((stamp, _)), Some(claims)) = (&observation.buyer, &claims) {
            record.state = record.state.merge(buyer_known(*stamp, claims));
        }
        let counts_now = {
            let mut tried = record.clone();
            tried.take_snapshot(programs);
            tried.snapshot != stored.record.snapshot
        };
        if stored.version > 0 && record.state == stored.record.state && !counts_now {
            let customer = stored.record.customer;
            return Ok(Plan {
                recorded: Recorded { customer, ..Recorded::default() },
                ..Plan::default()
            });
        }

        let context =
            Context { programs, order: &observation.order, now: scene.now, origin: scene.origin };
        let today = today(programs, scene);
        let whose = self.whose_order(scene, &stored, &record.state, claims.as_ref()).await?;
        let buyer = observation.buyer.as_ref().map(|(_, buyer)| buyer.clone()).unwrap_or_default();
        let Some(mut bound) = self.bind(scene, whose, &buyer).await? else {
            record.take_snapshot(programs);
            let recorded = Recorded { changed: true, ..Recorded::default() };
            return Ok(Plan {
                puts: vec![put_order(scene, &stored, &record, &observation.order)?],
                recorded,
            });
        };

        let mut plan = Plan::default();
        plan.recorded.changed = true;
        if let Some(former) = &stored.record.customer {
            let (former, account) = self.account(scene.shop, former.clone()).await?;
            if former != bound.customer {
                let others = self
                    .others(scene, &former, &observation.order, &stored, &account.facts, today)
                    .await?;
                let read_version = account.version;
                let mut former = Bound {
                    customer: former,
                    account,
                    read_version,
                    contact: None,
                    gains: Vec::new(),
                };
                let entries =
                    posting::release(&context, &mut record, &mut former.account, &others)?;
                self.add_account(scene, &mut plan, &mut former, entries, today).await?;
            }
        }
        record.customer = Some(bound.customer.clone());
        plan.recorded.customer = record.customer.clone();
        let entries =
            posting::post(&context, &stored.record.state, &mut record, &mut bound.account)?;
        if bound.read_version == 0 {
            bound.account.version = bound.account.version.max(1);
        }
        plan.puts.extend(bound.puts(scene.shop)?);
        self.add_account(scene, &mut plan, &mut bound, entries, today).await?;
        plan.puts.push(put_order(scene, &stored, &record, &observation.order)?);
        Ok(plan)
    }

    /// Whose the order is. A buyer who is settled, and of whom nothing new is said, needs
    /// no look at identities.
    async fn whose_order(
        &self,
        scene: &Scene<'_>,
        stored: &StoredOrder,
        state: &Order,
        claims: Option<&Claims<Identity>>,
    ) -> Result<Whose<Identity>, StoreError> {
        let before = &stored.record.state;
        let same = |a: &Option<Stamped<String>>, b: &Option<Stamped<String>>| {
            a.as_ref().map(|a| &a.value) == b.as_ref().map(|b| &b.value)
        };
        let settled = match &state.customer {
            Some(_) => same(&state.customer, &before.customer),
            None => same(&state.email, &before.email) && same(&state.phone, &before.phone),
        };
        match (&stored.record.customer, claims) {
            (Some(customer), _) if settled => {
                Ok(Whose::Known { customer: customer.clone(), gains: Vec::new() })
            }
            (None, None) if stored.version == 0 => Ok(Whose::Nobody),
            (Some(customer), None) => {
                Ok(Whose::Known { customer: customer.clone(), gains: Vec::new() })
            }
            (None, None) => Ok(Whose::Nobody),
            // A body that only hints doesn't unsettle an order whose record is known.
            (Some(customer), Some(claims))
                if claims.record.is_none() && state.customer.is_some() =>
            {
                Ok(Whose::Known { customer: customer.clone(), gains: Vec::new() })
            }
            (_, Some(claims)) => self.whose(scene.shop, scene.source, claims).await,
        }
    }

    /// What a customer's other orders count for. The list is an index, which follows the
    /// table a little later: that it is whole is seen by its fold being her facts.
    async fn others(
        &self,
        scene: &Scene<'_>,
        customer: &CustomerId,
        leaving: &OrderRef,
        stored: &StoredOrder,
        facts: &Facts,
        today: Date,
    ) -> Result<Vec<Counted>, StoreError> {
        let leaving = Entity::Order(leaving).key(scene.shop);
        for attempt in 1.. {
            let mut keys = self.list(&List::OrdersOf(customer).partition(scene.shop)).await?;
            keys.retain(|key| *key != leaving);
            let mut others = Vec::new();
            for item in self.get_all(keys).await? {
                let other = stored_order(item)?;
                others.extend(
                    other
                        .record
                        .counted
                        .filter(|_| other.record.customer.as_ref() == Some(customer)),
                );
            }
            let all = others.iter().chain(&stored.record.counted);
            let months = |facts: &Facts| facts.ever;
            if months(&Facts::of(all, Month::of(today))?) == months(facts) {
                return Ok(others);
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    /// Adds an account's write and its entries to a plan, if it changed.
    async fn add_account(
        &self,
        scene: &Scene<'_>,
        plan: &mut Plan,
        bound: &mut Bound,
        entries: Vec<Entry>,
        today: Date,
    ) -> Result<(), StoreError> {
        if bound.account.version == bound.read_version {
            return Ok(());
        }
        bound.account.due = self.due(scene.shop, &bound.account, today).await?;
        plan.puts.push(put_account(scene.shop, bound)?);
        for entry in entries {
            plan.recorded.delta = plan.recorded.delta.plus(entry.delta)?;
            let key = Entity::Ledger(&bound.customer, entry.number).key(scene.shop);
            plan.puts.push(Put::new(key, &entry)?.if_absent());
        }
        Ok(())
    }
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

/// The order's write. Its place in its customer's list stays where it was first put.
fn put_order(
    scene: &Scene<'_>,
    stored: &StoredOrder,
    record: &loyalty::posting::Record,
    order: &OrderRef,
) -> Result<Put, StoreError> {
    let placed = record.state.sale.as_ref().map(|sale| sale.value.placed_at);
    let at =
        record.snapshot.as_ref().map(|snapshot| snapshot.paid_at).or(placed).unwrap_or(scene.now);
    let list = match &record.customer {
        Some(customer) => List::OrdersOf(customer).partition(scene.shop),
        None => {
            let day = at.to_zoned(jiff::tz::TimeZone::UTC).date();
            List::Unclaimed(Month::of(day)).partition(scene.shop)
        }
    };
    let listed = match &stored.listed {
        Some(listed) if listed.list == list => listed.clone(),
        _ => super::keys::Listed::at(list, at, &order.to_string()),
    };
    let version = stored.version.saturating_add(1);
    let version = aws_sdk_dynamodb::types::AttributeValue::N(version.to_string());
    Ok(Put::new(Entity::Order(order).key(scene.shop), record)?
        .with(VERSION, version)
        .listed(listed)
        .if_version(VERSION, stored.version))
}

/// The shop's local day; UTC's for a shop without a program, which counts nothing yet.
fn today(programs: &Programs, scene: &Scene<'_>) -> Date {
    match programs.latest() {
        Some(latest) => latest.program.local_day(scene.now),
        None => scene.now.to_zoned(jiff::tz::TimeZone::UTC).date(),
    }
}
