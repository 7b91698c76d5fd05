//! Working through a source's lists: what isn't known here as it is there is recorded.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use loyalty::ids::{CustomerId, OrderRef, ShopId, Source};
use loyalty::ledger::Origin;
use loyalty::order::{Books, Order, Payment, Stamp, Stamped};
use loyalty::worth;
use platform::Services;
use platform::identity::Identities;
use platform::store::{Observation, Recorded, Scene, StoreError, StoredOrder};
use tokio::time::Instant;

use super::asker::{Asker, Named, Page};
use super::pace::{Stop, in_time, patiently};
use crate::api::{ApiError, ShopifyAccess, Span};
use crate::lookup::{Failure, add_lines, square_customer};

/// What the work is done for: a night's comparison, or a new shop's history.
pub(super) trait Course {
    /// How the facts reach us.
    fn origin(&self) -> Origin;

    /// How far each list was worked through.
    fn reached(&mut self) -> &mut BTreeMap<String, Timestamp>;

    /// Whether an order that is known as it is at the source is recorded all the same.
    fn takes(&self, known: &StoredOrder) -> bool;

    /// Whether nothing is to be written.
    fn is_dry(&self) -> bool {
        false
    }

    /// What is about to be recorded. What it says about that is kept before it is done: a
    /// run that goes on after a kill finds nothing new any more.
    async fn about_to(&mut self, steps: &[Step]) -> Result<(), Stop>;

    /// Records a step.
    async fn record(&mut self, scene: &Scene<'_>, step: &Step) -> Result<Recorded, StoreError>;

    /// Whose orders a page named.
    async fn met(&mut self, customers: BTreeSet<CustomerId>) -> Result<(), StoreError>;

    /// An order that can't be read, or can't be counted.
    fn unreadable(&mut self, order: Option<&OrderRef>);

    /// A page of so many was worked through; there are more, where that is so.
    async fn turned(&mut self, named: usize, more: bool) -> Result<(), Stop>;
}

/// An order that isn't known here as it is at the source.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) observation: Observation,
    /// What is known.
    pub(super) before: StoredOrder,
}

/// A source of a shop, and what recording takes.
#[derive(Debug)]
pub(super) struct Work<'a> {
    services: &'a Services,
    shop: &'a ShopId,
    source: Source,
    identities: Identities,
    asker: Asker<'a>,
    until: Instant,
}

/// What a page comes to.
#[derive(Debug, Default)]
struct Plan {
    steps: Vec<Step>,
    customers: BTreeSet<CustomerId>,
}

impl Step {
    /// Whether the sale wasn't known at all.
    pub(super) fn is_new(&self) -> bool {
        self.before.record.state.sale.is_none() && self.observation.state.sale.is_some()
    }

    /// Whether what was paid or went back is known otherwise after it.
    pub(super) fn repairs(&self) -> bool {
        let before = &self.before.record.state;
        let after = before.clone().merge(self.observation.state.clone());
        worth::books(before) != worth::books(&after) || before.cancelled != after.cancelled
    }

    /// When the sale was made, where it tells.
    pub(super) fn placed_at(&self) -> Option<Timestamp> {
        self.observation.state.sale.as_ref().map(|sale| sale.value.placed_at)
    }
}

impl<'a> Work<'a> {
    /// The work on a source, if there is something to ask it by.
    pub(super) async fn new(
        services: &'a Services,
        access: &'a ShopifyAccess,
        (shop, source): (&'a ShopId, Source),
        until: Instant,
    ) -> Result<Self, Stop> {
        let asker = Asker::new(services, access, (shop, source), until)?;
        let identities = services.identities(shop).await?;
        Ok(Self { services, shop, source, identities, asker, until })
    }

    /// Works through every list of the source.
    pub(super) async fn through<C: Course>(
        &mut self,
        course: &mut C,
        span: &Span,
    ) -> Result<(), Stop> {
        let lists = self.asker.lists().await?;
        // A list that was there before and isn't any more holds nothing up.
        course.reached().retain(|list, _| lists.contains(list));
        for list in &lists {
            course.reached().entry(list.clone()).or_insert(span.from);
        }
        for list in &lists {
            self.list(course, list, span).await?;
        }
        Ok(())
    }

    async fn list<C: Course>(
        &mut self,
        course: &mut C,
        list: &str,
        span: &Span,
    ) -> Result<(), Stop> {
        let from = course.reached().get(list).copied().unwrap_or(span.from);
        let span = Span { from, ..*span };
        let mut cursor: Option<String> = None;
        loop {
            let page = self.asker.page(list, &span, cursor.as_deref()).await?;
            self.turn(course, &page).await?;
            let last = page.named.iter().filter_map(Named::at).max().unwrap_or(from);
            let reached = if page.next.is_some() { last.min(span.to) } else { span.to };
            let known = course.reached().entry(list.to_owned()).or_insert(from);
            *known = reached.max(*known);
            course.turned(page.named.len(), page.next.is_some()).await?;
            if page.next.is_none() {
                return Ok(());
            }
            if page.next == cursor {
                return Err(Stop::Refused("the source's list has no end".to_owned()));
            }
            cursor = page.next;
        }
    }

    /// Works through a page.
    async fn turn<C: Course>(&mut self, course: &mut C, page: &Page) -> Result<(), Stop> {
        let mut plan = self.plan(course, page).await?;
        if course.is_dry() {
            return course.about_to(&plan.steps).await;
        }
        for step in &mut plan.steps {
            self.complete(course, step).await?;
        }
        course.about_to(&plan.steps).await?;
        for step in &plan.steps {
            in_time(self.until)?;
            let recorded = self.record(course, step).await?;
            plan.customers.extend(recorded.and_then(|recorded| recorded.customer));
        }
        course.met(plan.customers).await?;
        Ok(())
    }

    async fn record<C: Course>(
        &self,
        course: &mut C,
        step: &Step,
    ) -> Result<Option<Recorded>, StoreError> {
        let (shop, source, now) = (self.shop, self.source, self.services.clock.now());
        let identities = &self.identities;
        let scene = Scene { shop, source, identities, origin: course.origin(), now };
        match course.record(&scene, step).await {
            Ok(recorded) => Ok(Some(recorded)),
            Err(error) if error.is_transient() => Err(error),
            // One that can't be counted holds up no other.
            Err(error) => {
                let (order, error) = (&step.observation.order, error.chain());
                tracing::error!(%shop, %order, error, "an order can't be counted");
                course.unreadable(Some(order));
                Ok(None)
            }
        }
    }

    async fn plan<C: Course>(&mut self, course: &mut C, page: &Page) -> Result<Plan, Stop> {
        let orders = page.named.iter().filter_map(Named::order);
        let mut stored = self.services.store.orders(self.shop, orders).await?;
        let customers = stored.values().filter_map(|known| known.record.customer.clone());
        let mut plan = Plan { customers: customers.collect(), steps: Vec::new() };
        let asked = page.named.iter().filter_map(|named| named.is_stale(course, &stored));
        let asked: Vec<u64> = asked.collect();
        let mut contents: BTreeMap<u64, _> = self.asker.orders(&asked).await?.into_iter().collect();
        for named in &page.named {
            let observation = match named {
                Named::Changed { number, .. } => match contents.remove(number) {
                    Some(Ok(observation)) => observation,
                    Some(Err(unreadable)) => {
                        self.is_unreadable(course, named.order(), &unreadable.0);
                        continue;
                    }
                    // Gone meanwhile.
                    None if asked.contains(number) => continue,
                    None => match named.order() {
                        Some(order) => nothing_of(order),
                        None => continue,
                    },
                },
                Named::Told(observation) => (**observation).clone(),
                Named::Unreadable(unreadable) => {
                    self.is_unreadable(course, None, &unreadable.0);
                    continue;
                }
            };
            let before = stored.remove(&observation.order).unwrap_or_default();
            let observation = with_books(observation, &before.record.state, named);
            if is_news(&observation, &before) || course.takes(&before) {
                plan.steps.push(Step { observation, before });
            }
        }
        Ok(plan)
    }

    fn is_unreadable<C: Course>(&self, course: &mut C, order: Option<&OrderRef>, why: &str) {
        let shop = self.shop;
        tracing::warn!(%shop, order = order.map(ToString::to_string), why, "unreadable answer");
        course.unreadable(order);
    }

    /// Adds to a sale of Square's that wasn't known what its payment doesn't say: its lines,
    /// and who the customer is.
    async fn complete<C: Course>(&self, course: &C, step: &mut Step) -> Result<(), Stop> {
        let Some(api) = self.asker.square().filter(|_| step.is_new()) else { return Ok(()) };
        let observation = &mut step.observation;
        let sale = observation.state.sale.as_ref().map(|sale| &sale.value);
        let visit = sale.filter(|sale| sale.payment == Payment::Paid);
        if let Some(visit) = visit.and_then(|sale| sale.visit.clone()) {
            let mut state = Order::default();
            match patiently(self.until, async || add_lines(&api, &visit, &mut state).await).await {
                // Without its lines the amount counts.
                Err(Stop::Refused(_)) => {}
                found => found?,
            }
            observation.state = observation.state.clone().merge(state);
        }
        let record = observation.buyer.as_ref().and_then(|(_, buyer)| buyer.record.as_ref());
        let Some(record) = record else { return Ok(()) };
        let (shop, source, now) = (self.shop, self.source, self.services.clock.now());
        let (identities, origin) = (&self.identities, course.origin());
        let scene = Scene { shop, source, identities, origin, now };
        let mut failed = None;
        let told = patiently(self.until, async || {
            match square_customer(self.services, &scene, &api, &record.id).await {
                Err(Failure::Store(error)) => {
                    failed = Some(error);
                    Ok(())
                }
                Err(Failure::Api(error)) => Err(error),
                _ => Ok::<(), ApiError>(()),
            }
        });
        match told.await {
            Ok(()) => {}
            // She is known by her number alone then.
            Err(Stop::Refused(_)) => {}
            Err(stop) => return Err(stop),
        }
        failed.map_or(Ok(()), |error| Err(error.into()))
    }
}

impl Named {
    fn order(&self) -> Option<&OrderRef> {
        match self {
            Self::Changed { order, .. } => Some(order),
            Self::Told(observation) => Some(&observation.order),
            Self::Unreadable(_) => None,
        }
    }

    /// The number of an order whose contents have to be asked for.
    fn is_stale<C: Course>(
        &self,
        course: &C,
        stored: &BTreeMap<OrderRef, StoredOrder>,
    ) -> Option<u64> {
        let Self::Changed { order, number, updated_at, .. } = self else { return None };
        let Some(known) = stored.get(order) else { return Some(*number) };
        let sale = known.record.state.sale.as_ref();
        let is_known = sale.is_some_and(|sale| sale.stamp.updated_at >= *updated_at);
        (!is_known || course.takes(known)).then_some(*number)
    }
}

fn nothing_of(order: &OrderRef) -> Observation {
    Observation { order: order.clone(), state: Order::default(), buyer: None }
}

/// Adds what the source's books say where it isn't what follows from all that is known.
fn with_books(mut observation: Observation, before: &Order, named: &Named) -> Observation {
    let Named::Changed { updated_at, books, .. } = named else { return observation };
    let known = worth::books(&before.clone().merge(observation.state.clone()));
    if known.is_some_and(|known: Books| known != *books) {
        let stamp = Stamp { updated_at: *updated_at, triggered_at: None };
        observation.state.books = Some(Stamped { stamp, value: *books });
    }
    observation
}

/// Whether an observation says more than is known.
fn is_news(observation: &Observation, before: &StoredOrder) -> bool {
    let known = &before.record;
    known.state.clone().merge(observation.state.clone()) != known.state
        || (known.customer.is_none() && observation.buyer.is_some())
}
