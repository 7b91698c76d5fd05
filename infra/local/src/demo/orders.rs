//! What a person buys, visit by visit.

use fastrand::Rng;
use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};

use super::Year;
use super::bakery::{BICYCLE, CAKE, CODE_TAKES, CODES, GIFT_CARDS, SHELF};
use super::people::{Known, Person, Place, pick, pick_ref};
use super::{fate, till};
use crate::shopify::{Change, Channel, Line, Order, Product, Step, percent_of};
use crate::square::Payment;

/// Below every order's id.
const FIRST_ORDER: u64 = 6_100_000_000_000;

/// A person's orders have ids of their own range: more than she can make in ten years.
const ORDERS_EACH: u64 = 10_000;

/// Ids of what belongs to an order follow from the order's.
pub(super) const IDS_OF_AN_ORDER: u64 = 200;

/// What a person bought, each in time.
#[derive(Debug, Default)]
pub(super) struct Bought {
    /// In the web shop, with what a connector copied there from the till.
    pub(super) orders: Vec<Order>,
    /// At the till.
    pub(super) payments: Vec<Payment>,
    /// In so many visits.
    pub(super) visits: u64,
}

/// All that a person buys from her first visit on, and before `until`: the first in any case.
pub(super) fn of(
    year: &Year,
    person: &Person,
    index: u32,
    (from, until): (Timestamp, Timestamp),
    rng: &mut Rng,
) -> Bought {
    let mut bought = Bought::default();
    let mut visit = from;
    loop {
        let serial = serial(person, index, &bought);
        if person.comes_by(visit, rng) == Place::Till {
            till::visit(year, person, serial, visit, &mut bought, rng);
        } else {
            bought.orders.push(order(year, person, serial, visit, rng));
        }
        bought.visits = bought.visits.saturating_add(1);
        visit = within_hours(year, next(visit, person.gap, rng), person.hour, rng);
        if visit >= until || bought.visits >= ORDERS_EACH {
            return bought;
        }
    }
}

/// The same from the visit on that ends an absence. That one leaves no doubt that she was
/// there: who has an account buys something by it, and keeps it.
pub(super) fn after_an_absence(
    year: &Year,
    person: &Person,
    index: u32,
    (from, until): (Timestamp, Timestamp),
    rng: &mut Rng,
) -> Bought {
    if person.account.as_ref().is_none_or(|account| account.created_at > from) {
        return of(year, person, index, (from, until), rng);
    }
    let mut bought = Bought::default();
    let serial = serial(person, index, &bought);
    let paid = Step { at: from, change: Change::Placed { paid: true } };
    bought.orders.push(Order { steps: vec![paid], ..basket(person, serial, from, rng) });
    bought.visits = 1;
    let next = within_hours(year, next(from, person.gap, rng), person.hour, rng);
    if next < until {
        let person = Person { visits: person.visits.saturating_add(1), ..person.clone() };
        let more = of(year, &person, index, (next, until), rng);
        bought.orders.extend(more.orders);
        bought.payments.extend(more.payments);
        bought.visits = bought.visits.saturating_add(more.visits);
    }
    bought
}

/// The number of a person's next visit, which nobody else's has.
fn serial(person: &Person, index: u32, bought: &Bought) -> u64 {
    let before = person.visits.saturating_add(bought.visits);
    u64::from(index).saturating_mul(ORDERS_EACH).saturating_add(before).saturating_add(1)
}

/// The next visit: about a gap later.
fn next(visit: Timestamp, gap: SignedDuration, rng: &mut Rng) -> Timestamp {
    let percent = rng.i64(60..141);
    let seconds = gap.as_secs().saturating_mul(percent).div_euclid(100);
    visit.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

/// That day, about her usual hour.
pub(super) fn within_hours(year: &Year, visit: Timestamp, hour: i8, rng: &mut Rng) -> Timestamp {
    let day = visit.to_zoned(year.sender.zone.clone()).date();
    let time = Time::new(hour, rng.i8(0..60), rng.i8(0..60), 0).unwrap_or(Time::midnight());
    let local = day.to_datetime(time).to_zoned(year.sender.zone.clone());
    local.map_or(visit, |local| local.timestamp())
}

fn order(year: &Year, person: &Person, serial: u64, at: Timestamp, rng: &mut Rng) -> Order {
    let mut order = Order { test: rng.u32(0..1_000) < 4, ..basket(person, serial, at, rng) };
    if rng.u32(0..1_000) < 36 {
        order.lines.extend(pick_ref(&GIFT_CARDS, rng).map(|card| line(serial, 9, card, 1, false)));
    }
    fate::decide(year, &mut order, serial, at, rng);
    order
}

/// An order as she fills its basket; nothing has happened to it yet.
fn basket(person: &Person, serial: u64, at: Timestamp, rng: &mut Rng) -> Order {
    let code = if rng.u32(0..100) < 8 { pick(&CODES, rng) } else { None };
    Order {
        id: order_id(serial),
        number: order_number(serial),
        channel: Channel::Web,
        currency: "USD",
        test: false,
        buyer: person.buyer(at),
        lines: lines(person, serial, code.is_some(), rng),
        discount_code: code,
        shipping: if rng.u32(0..100) < 20 { BICYCLE } else { 0 },
        tip: 0,
        steps: Vec::new(),
    }
}

pub(super) fn order_id(serial: u64) -> u64 {
    FIRST_ORDER.saturating_add(serial)
}

pub(super) fn order_number(serial: u64) -> u64 {
    serial.saturating_add(1_000)
}

/// A basket from the shelf.
pub(super) fn lines(person: &Person, serial: u64, discounted: bool, rng: &mut Rng) -> Vec<Line> {
    let mut chosen: Vec<(&'static Product, i64)> = Vec::new();
    for _ in 0..rng.u32(1..4) {
        let product = match rng.u32(0..100) {
            0..75 => pick(&person.favourites, rng),
            75..98 => pick_ref(&SHELF, rng),
            _ => Some(&CAKE),
        };
        let known = |one: &&'static Product| chosen.iter().any(|(other, _)| other.id == one.id);
        if let Some(product) = product.filter(|product| !known(product)) {
            chosen.push((product, quantity(product, rng)));
        }
    }
    (0_u64..)
        .zip(chosen)
        .map(|(index, (product, quantity))| line(serial, index, product, quantity, discounted))
        .collect()
}

/// A line of an order, discounted unless it is a gift card.
pub(super) fn line(
    serial: u64,
    index: u64,
    product: &'static Product,
    quantity: i64,
    discounted: bool,
) -> Line {
    let full = product.price.saturating_mul(quantity);
    let takes = discounted && !product.gift_card;
    Line {
        id: id_of(serial, index),
        product,
        quantity,
        discount: if takes { percent_of(full, CODE_TAKES) } else { 0 },
    }
}

/// An id of something that belongs to an order.
pub(super) fn id_of(serial: u64, index: u64) -> u64 {
    let first = serial.saturating_mul(IDS_OF_AN_ORDER).saturating_add(14_300_000_000_000);
    first.saturating_add(index)
}

fn quantity(product: &Product, rng: &mut Rng) -> i64 {
    match product.price {
        0..500 => rng.i64(1..4),
        500..1_000 => 1_i64.saturating_add(i64::from(rng.u32(0..100) < 20)),
        _ => 1,
    }
}

/// One order of the year is in another currency than the shop's.
pub(super) fn pay_one_abroad(people: &mut [Person]) {
    let known = people.iter_mut().filter(|person| person.known == Known::Account);
    if let Some(order) = known.flat_map(|person| person.orders.iter_mut().skip(1)).next() {
        order.currency = "EUR";
    }
}
