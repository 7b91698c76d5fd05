//! Purchases: an observation of an order becomes points, in one transaction of the
//! order, the account and the ledger entry.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use loyalty::Points;
use loyalty::account::{Account, Counted, TWINS_WITHIN, looks_alike};
use loyalty::ids::{CustomerId, OrderRef, Source};
use loyalty::ledger::Entry;
use loyalty::month::Month;
use loyalty::order::{Order, Payment, Stamp, Stamped};
use loyalty::posting::{self, Context, Record, Twin};
use loyalty::program::Programs;
use loyalty::whose::{Claims, Found, Whose};

use super::item::Put;
use super::keys::{Entity, List, Listed};
use super::people::Bound;
use super::reads::{StoredOrder, VERSION, stored_order};
use super::{Buyer, Lookup, Scene, Store, StoreError, Write, merges, retry};
use crate::identity::Identity;

/// How close an account's latest order of another source must be before its list of orders
/// is asked for one that looks like the same sale: webhooks may come a day late.
const TWINS_NEAR: SignedDuration = SignedDuration::from_hours(36);

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
pub(super) struct Plan {
    pub(super) puts: Vec<Put>,
    recorded: Recorded,
    /// Whose people have to be made one before it can be planned.
    first: Option<Found<Identity>>,
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
        self.take_in(scene, observation, Answers::Nothing).await
    }

    /// Takes in what looking an order up at its source found, having been `asked` to: there
    /// is nothing more to look up then, unless more was asked for meanwhile.
    pub async fn record_looked_up(
        &self,
        scene: &Scene<'_>,
        observation: &Observation,
        asked: Option<&Lookup>,
    ) -> Result<Recorded, StoreError> {
        self.take_in(scene, observation, Answers::Lookup(asked)).await
    }

    /// Takes in an order from a source's history: paid before any program was in force it is
    /// counted by the first one, and unless it `earns`, for her facts alone.
    pub async fn record_history(
        &self,
        scene: &Scene<'_>,
        observation: &Observation,
        earns: bool,
    ) -> Result<Recorded, StoreError> {
        self.take_in(scene, observation, Answers::History { earns }).await
    }

    async fn take_in(
        &self,
        scene: &Scene<'_>,
        observation: &Observation,
        answers: Answers<'_>,
    ) -> Result<Recorded, StoreError> {
        for attempt in 1.. {
            let plan = self.plan(scene, observation, answers).await?;
            // A merge by itself is right whatever becomes of the order. Done after it, it
            // would be lost with a function killed in between: a repeat says nothing new.
            if let Some(found) = plan.first
                && self.join(scene, &found).await?
            {
                continue;
            }
            if self.write(plan.puts).await? == Write::Done {
                return Ok(plan.recorded);
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    async fn plan(
        &self,
        scene: &Scene<'_>,
        observation: &Observation,
        answers: Answers<'_>,
    ) -> Result<Plan, StoreError> {
        let stored = self.order(scene.shop, &observation.order).await?;
        let rules = self.rules(scene.shop, scene.now).await?;
        let case = Case { scene, observation, stored: &stored, programs: &rules.programs, answers };
        let claims = observation
            .buyer
            .as_ref()
            .map(|(_, buyer)| buyer.claims(scene.source, scene.identities));
        let record = case.merged(claims.as_ref());
        let lookup = case.lookup(&record);
        if stored.version > 0 && record == stored.record && lookup == stored.lookup {
            let customer = stored.record.customer;
            let recorded = Recorded { customer, ..Recorded::default() };
            return Ok(Plan { recorded, ..Plan::default() });
        }
        let found = match case.settled(&record.state, claims) {
            Settled::Yes(whose) => Found { whose, same: None, maybe: Vec::new() },
            Settled::Ask(claims) => self.whose(scene.shop, &claims).await?,
        };
        if found.same.is_some() {
            return Ok(Plan { first: Some(found), ..Plan::default() });
        }
        let buyer = observation.buyer.as_ref().map(|(_, buyer)| buyer.clone()).unwrap_or_default();
        match self.bind(scene, found.whose, &buyer).await? {
            Some(mut bound) => {
                bound.more.extend(self.candidates(scene, &bound.holder, &found.maybe).await?);
                self.plan_for(&case, record, bound).await
            }
            None => {
                let puts = vec![case.put_order(&record)?];
                let recorded = Recorded { changed: true, ..Recorded::default() };
                Ok(Plan { puts, recorded, first: None })
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
        let passed_on = self.leave_former(case, &mut plan, &mut record, &mut bound).await?;
        record.customer = Some(bound.owner.clone());
        plan.recorded.customer.clone_from(&record.customer);
        let before = &case.stored.record.state;
        let mut context = case.context();
        context.twin = self.has_twin(case, &record, &bound).await?;
        let posted = posting::post(&context, before, &mut record, &mut bound.account)?;
        let entries = passed_on.into_iter().chain(bound.entered(posted)).collect();
        let task = match (case.stored.record.waits(), record.waits()) {
            (false, true) => self.twin_task(case.scene, &case.observation.order).await?,
            (true, false) => self.close_twin_task(case.scene, &case.observation.order).await?,
            _ => None,
        };
        plan.puts.extend(task);
        if bound.read_version == 0 {
            bound.account.version = bound.account.version.max(1);
        }
        plan.puts.extend(bound.puts(case.scene.shop)?);
        self.add_account(case, &mut plan, &mut bound, entries).await?;
        plan.puts.push(case.put_order(&record)?);
        Ok(plan)
    }

    /// Takes the order off the account it was bound to, if that turns out to be another.
    /// Where one account stands for the former customer and the present one, gives the
    /// entries that pass it on within that account.
    async fn leave_former(
        &self,
        case: &Case<'_>,
        plan: &mut Plan,
        record: &mut Record,
        now_of: &mut Bound,
    ) -> Result<Vec<Entry>, StoreError> {
        let Some(former) = &case.stored.record.customer else { return Ok(Vec::new()) };
        if *former == now_of.owner {
            return Ok(Vec::new());
        }
        let (holder, account) = self.account(case.scene.shop, former.clone()).await?;
        if holder == now_of.holder {
            let passed_on = posting::pass_on(&case.context(), record, &mut now_of.account)?;
            let Some([left, came]) = passed_on else { return Ok(Vec::new()) };
            let left = Entry { of: Some(former.clone()).filter(|of| *of != holder), ..left };
            return Ok([left].into_iter().chain(now_of.entered(vec![came])).collect());
        }
        let others = self.others(case, &holder, &account).await?;
        let mut former = Bound {
            owner: former.clone(),
            holder,
            read_version: account.version,
            account,
            contact: None,
            gains: Vec::new(),
            more: Vec::new(),
        };
        let entries = posting::release(&case.context(), record, &mut former.account, &others)?;
        let entries = former.entered(entries).collect();
        self.add_account(case, plan, &mut former, entries).await?;
        Ok(Vec::new())
    }

    /// What an account's other orders count for.
    async fn others(
        &self,
        case: &Case<'_>,
        holder: &CustomerId,
        account: &Account,
    ) -> Result<Vec<Counted>, StoreError> {
        let month = Month::of(case.today());
        let orders = self.orders_of(case.scene.shop, holder, account, month).await?;
        let others = orders.into_iter().filter(|(order, _)| *order != case.observation.order);
        Ok(others.filter_map(|(_, record)| record.counted).collect())
    }

    /// Whether the account has an order of another source that looks like the same sale.
    /// Its latest ones the account knows; older ones are asked for, and only where it has
    /// any of another source about that time.
    async fn has_twin(
        &self,
        case: &Case<'_>,
        record: &Record,
        bound: &Bound,
    ) -> Result<bool, StoreError> {
        let source = case.observation.order.source;
        let (Some(snapshot), Some(sale), None) =
            (&record.snapshot, &record.state.sale, &record.counted)
        else {
            return Ok(false);
        };
        if record.is_mirror(case.programs) {
            return Ok(false);
        }
        let near = |at: Timestamp| snapshot.paid_at.duration_since(at).abs() <= TWINS_NEAR;
        let mut others = bound.account.latest.iter().filter(|(other, _)| **other != source);
        if !others.any(|(_, latest)| near(latest.paid_at)) {
            return Ok(false);
        }
        let shop = case.scene.shop;
        let moment = |sign: i32| {
            let by = TWINS_WITHIN.checked_mul(sign).unwrap_or(TWINS_WITHIN);
            snapshot.paid_at.checked_add(by).unwrap_or(snapshot.paid_at)
        };
        let mut keys = Vec::new();
        for one in self.family(shop, &bound.holder, &bound.account).await? {
            let list = List::OrdersOf(&one).partition(shop);
            keys.extend(self.listed_between(&list, moment(-1), moment(1)).await?);
        }
        for found in self.get_all(keys).await? {
            let Some(other) = merges::order_ref(&found) else { continue };
            let stored = stored_order(found)?.record;
            let (Some(theirs), Some(paid)) = (&stored.state.sale, &stored.snapshot) else {
                continue;
            };
            if stored.is_mirror(case.programs) {
                continue;
            }
            let ours = (source, &sale.value, snapshot.paid_at);
            if looks_alike(ours, (other.source, &theirs.value, paid.paid_at)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Says whether an order that is held is the same sale as another. `Ok(None)`: it isn't
    /// held.
    pub async fn judge_twin(
        &self,
        scene: &Scene<'_>,
        order: &OrderRef,
        twin: Twin,
    ) -> Result<Option<Recorded>, StoreError> {
        let (order, state, buyer) = (order.clone(), Order::default(), None);
        let observation = Observation { order, state, buyer };
        for attempt in 1.. {
            let stored = self.order(scene.shop, &observation.order).await?;
            let mut record = stored.record.clone();
            let held = record.snapshot.as_ref().is_some_and(|snapshot| snapshot.held);
            let Some(owner) = record.customer.clone().filter(|_| held) else { return Ok(None) };
            record.judged = Some(twin);
            let rules = self.rules(scene.shop, scene.now).await?;
            let (stored, programs) = (&stored, &rules.programs);
            let (observation, answers) = (&observation, Answers::Nothing);
            let case = Case { scene, observation, stored, programs, answers };
            let whose = Whose::Known { customer: owner, gains: Vec::new() };
            let Some(bound) = self.bind(scene, whose, &Buyer::default()).await? else {
                return Ok(None);
            };
            let plan = self.plan_for(&case, record, bound).await?;
            if self.write(plan.puts).await? == Write::Done {
                return Ok(Some(plan.recorded));
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    /// Adds an account's write and its entries to a plan, if it changed.
    pub(super) async fn add_account(
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
        bound.account.due = self.due(shop, &bound.account, case.programs, case.scene.now).await?;
        plan.puts.push(self.put_account(shop, bound)?);
        for entry in entries {
            plan.recorded.delta = plan.recorded.delta.plus(entry.delta)?;
            let key = Entity::Ledger(&bound.holder, entry.number).key(shop);
            plan.puts.push(Put::new(key, &entry)?.if_absent());
        }
        Ok(())
    }
}

/// One observation of one order, with what is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) observation: &'a Observation,
    pub(super) stored: &'a StoredOrder,
    pub(super) programs: &'a Programs,
    pub(super) answers: Answers<'a>,
}

/// What an observation answers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answers<'a> {
    /// Nothing: it came by itself.
    Nothing,
    /// A look-up, with the marker as it was when the source was asked.
    Lookup(Option<&'a Lookup>),
    /// A question for what was sold before the program.
    History {
        /// Whether that earns points.
        earns: bool,
    },
}

/// Whether it is known whose the order is.
enum Settled {
    Yes(Whose<Identity>),
    Ask(Claims<Identity>),
}

impl<'a> Case<'a> {
    pub(super) fn context(&self) -> Context<'a> {
        let Scene { now, origin, .. } = *self.scene;
        let order = &self.observation.order;
        Context { programs: self.programs, order, now, origin, twin: false }
    }

    /// The shop's local day.
    fn today(&self) -> jiff::civil::Date {
        self.programs.today(self.scene.now)
    }

    /// What is to be looked up at the source once this is written. Square's bodies name
    /// neither lines nor, at first, whose a payment is.
    fn lookup(&self, record: &Record) -> Option<Lookup> {
        let known = &self.stored.lookup;
        if let Answers::Lookup(asked) = self.answers {
            return known.clone().filter(|known| Some(known) != asked);
        }
        let sale = record.state.sale.as_ref().map(|sale| &sale.value);
        let wanted = self.observation.order.source == Source::Square
            && record.state.lines.is_none()
            && sale.is_some_and(|sale| sale.payment == Payment::Paid && sale.visit.is_some());
        let new = || wanted.then(|| Lookup::new(self.scene.now));
        known.clone().or_else(new)
    }

    /// What is known now, with the snapshot taken if it can be.
    fn merged(&self, claims: Option<&Claims<Identity>>) -> Record {
        let mut record = self.stored.record.clone();
        record.state = record.state.merge(self.observation.state.clone());
        if let (Some((stamp, _)), Some(claims)) = (&self.observation.buyer, claims) {
            record.state = record.state.merge(buyer_known(*stamp, claims));
        }
        match self.answers {
            Answers::History { earns } => record.take_history(self.programs, earns),
            Answers::Nothing | Answers::Lookup(_) => record.take_snapshot(self.programs),
        }
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
    pub(super) fn put_order(&self, record: &Record) -> Result<Put, StoreError> {
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
        let put = Put::new(Entity::Order(order).key(scene.shop), record)?
            .with(VERSION, version)
            .listed(listed)
            .if_version(VERSION, stored.version);
        match self.lookup(record) {
            Some(lookup) => lookup.on(put, scene.shop, order),
            None => Ok(put),
        }
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
