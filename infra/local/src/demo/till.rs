//! What happens at the till, which is Square's: payments, and the records it keeps of who
//! pays.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use super::Year;
use super::bakery::CONNECTOR;
use super::orders::{Bought, lines, order_id, order_number};
use super::people::{Person, between};
use crate::shopify::{self, Channel, Customer, Line, Order};
use crate::square::{
    CUSTOMER_CREATED, CUSTOMER_DELETED, CUSTOMER_UPDATED, Change, Merge, Payment, Record, Refund,
    RefundStatus, Step, Tender, id_of, record_id_of,
};

/// A person has at most so many records there.
const RECORDS_EACH: u64 = 10;

/// The two parts of a visit that is paid in two.
const PARTS: u64 = 2;

/// What Square keeps of one person.
#[derive(Debug, Clone, Default)]
pub(crate) struct TillRecords {
    /// What Square tells about it, in time.
    pub(crate) steps: Vec<RecordStep>,
}

/// A record was made, changed or merged away.
#[derive(Debug, Clone)]
pub(crate) struct RecordStep {
    pub(crate) at: Timestamp,
    pub(crate) topic: &'static str,
    /// The record as it is then.
    pub(crate) record: Record,
    pub(crate) merge: Option<Merge>,
}

impl TillRecords {
    /// Made from the moment on that the till asks for a name. Every seventh person gets a
    /// second one, from another hand at the till, and most of those Square merges.
    pub(super) fn kept(
        year: &Year,
        person: &Customer,
        serial: u64,
        (from, to): (Timestamp, Timestamp),
        rng: &mut Rng,
    ) -> Self {
        let made = later(from, SignedDuration::from_secs(60));
        let birthday = birthday(rng);
        let id =
            |place: u64| record_id_of(serial.saturating_mul(RECORDS_EACH).saturating_add(place));
        let record = |place: u64, at| Record {
            id: id(place),
            first_name: person.first_name,
            last_name: person.last_name,
            email: person.email.clone(),
            phone: person.phone.clone(),
            birthday: birthday.clone(),
            unsubscribed: false,
            version: 0,
            created_at: at,
            updated_at: at,
        };
        let mut steps = vec![RecordStep::made(record(0, made))];
        if rng.u32(0..100) < 14 {
            let again = between(made, to, rng);
            // The second one often lacks something.
            let mut second = record(1, again);
            second.email = second.email.filter(|_| second.phone.is_none());
            steps.push(RecordStep::made(second));
            if rng.u32(0..100) < 80 {
                let at = between(later(again, SignedDuration::from_hours(1)), to, rng);
                steps.extend(merged(&[record(0, made), record(1, again)], record(2, at), at));
            }
        } else if rng.u32(0..100) < 10 {
            let at = between(made, to, rng);
            let left = Record { unsubscribed: true, version: 1, updated_at: at, ..record(0, made) };
            let topic = CUSTOMER_UPDATED;
            steps.push(RecordStep { at, topic, record: left, merge: None });
        }
        steps.retain(|step| step.at < year.end);
        Self { steps }
    }

    /// Which record a payment of that moment is put to.
    fn at(&self, at: Timestamp, rng: &mut Rng) -> Option<String> {
        let mut there: Vec<&String> = Vec::new();
        for step in self.steps.iter().filter(|step| step.at <= at) {
            match step.topic {
                CUSTOMER_CREATED => there.push(&step.record.id),
                CUSTOMER_DELETED => there.retain(|id| **id != step.record.id),
                _ => {}
            }
        }
        there.get(rng.usize(0..there.len().max(1))).map(|id| (*id).clone())
    }

    /// How many there are in the end.
    pub(crate) fn left(&self) -> usize {
        let count = |topic| self.steps.iter().filter(|step| step.topic == topic).count();
        count(CUSTOMER_CREATED).saturating_sub(count(CUSTOMER_DELETED))
    }

    /// Ids of all there ever were.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        let made = self.steps.iter().filter(|step| step.topic == CUSTOMER_CREATED);
        made.map(|step| step.record.id.as_str())
    }

    /// Whether Square made one record of several.
    pub(crate) fn were_merged(&self) -> bool {
        self.steps.iter().any(|step| step.merge.is_some())
    }
}

impl RecordStep {
    fn made(record: Record) -> Self {
        Self { at: record.created_at, topic: CUSTOMER_CREATED, record, merge: None }
    }
}

/// Two in five tell the till their birthday, most of them without the year.
fn birthday(rng: &mut Rng) -> Option<String> {
    let (month, day) = (rng.u8(1..=12), rng.u8(1..=28));
    let year = if rng.u32(0..100) < 30 { rng.u16(1940..2005) } else { 0 };
    (rng.u32(0..100) < 40).then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// The new record, and the end of each old one.
fn merged(old: &[Record], new: Record, at: Timestamp) -> Vec<RecordStep> {
    let from = old.iter().map(|record| record.id.clone()).collect();
    let merge = Merge { from, to: new.id.clone() };
    let mut steps = vec![RecordStep { merge: Some(merge.clone()), ..RecordStep::made(new) }];
    for (place, record) in (1_i64..).zip(old) {
        let at = later(at, SignedDuration::from_millis(place.saturating_mul(180)));
        let record = Record { version: 2, updated_at: at, ..record.clone() };
        let merge = Some(merge.clone());
        steps.push(RecordStep { at, topic: CUSTOMER_DELETED, record, merge });
    }
    steps
}

/// A visit: one payment, sometimes two for one basket; now and then a connector copies it
/// into the web shop.
pub(super) fn visit(
    year: &Year,
    person: &Person,
    serial: u64,
    at: Timestamp,
    bought: &mut Bought,
    rng: &mut Rng,
) {
    let basket = lines(person, serial, false, rng);
    let due = basket.iter().fold(0_i64, |sum, line| sum.saturating_add(line.gross()));
    let tip = if rng.u32(0..100) < 25 { rng.i64(1..4).saturating_mul(50) } else { 0 };
    let in_two = due > 600 && rng.u32(0..100) < 4;
    let first = if in_two { rng.i64(200..due.saturating_sub(200)) } else { due };
    let mut payments = vec![payment(person, (serial, 0), (first, tip), at, rng)];
    if in_two {
        let after = later(at, SignedDuration::from_secs(rng.i64(15..90)));
        let rest = due.saturating_sub(first);
        payments.push(payment(person, (serial, 1), (rest, 0), after, rng));
    }
    for payment in &mut payments {
        payment.steps.retain(|step| step.at < year.end);
    }
    payments.retain(|payment| !payment.steps.is_empty());
    let copied = !in_two && person.account.is_some() && rng.u32(0..1_000) < 9;
    if copied && payments.iter().any(|payment| payment.at_last().completed.is_some()) {
        bought.orders.push(copy(person, serial, at, basket, tip));
    }
    bought.payments.extend(payments);
}

/// The order that a connector makes of a visit: the same goods and amount, a moment later.
fn copy(person: &Person, serial: u64, at: Timestamp, lines: Vec<Line>, tip: i64) -> Order {
    let at = later(at, SignedDuration::from_secs(95));
    let change = shopify::Change::Placed { paid: true };
    Order {
        id: order_id(serial),
        number: order_number(serial),
        channel: Channel::Connector(CONNECTOR),
        currency: "USD",
        test: false,
        buyer: person.buyer(at),
        lines,
        discount_code: None,
        shipping: 0,
        tip,
        steps: vec![shopify::Step { at, change }],
    }
}

fn payment(
    person: &Person,
    (serial, part): (u64, u64),
    (amount, tip): (i64, i64),
    at: Timestamp,
    rng: &mut Rng,
) -> Payment {
    let tender = match rng.u32(0..100) {
        0..22 => Tender::Cash,
        22..28 => Tender::GiftCard,
        28..70 => Tender::Card("VISA"),
        70..90 => Tender::Card("MASTERCARD"),
        _ => Tender::Card("AMERICAN_EXPRESS"),
    };
    let at = later(at, SignedDuration::from_millis(rng.i64(1..1_000)));
    let number = serial.saturating_mul(PARTS).saturating_add(part);
    let (customer, named) = match (person.till.at(at, rng), rng.u32(0..100)) {
        (Some(id), 0..55) => (Some(id), None),
        (Some(id), 55..95) => (None, Some(id)),
        _ => (None, None),
    };
    let payment = Payment {
        id: id_of("payment", number, 29),
        order: id_of("order", serial, 28),
        amount,
        tip,
        tender,
        customer,
        steps: Vec::new(),
    };
    let mut story = Story { payment, number, at, refunds: 0, rng };
    story.is_paid();
    if let Some(id) = named {
        story.is_named(id);
    }
    story.told()
}

/// A payment whose story is being written.
struct Story<'a> {
    payment: Payment,
    number: u64,
    at: Timestamp,
    refunds: u64,
    rng: &'a mut Rng,
}

impl Story<'_> {
    fn chance(&mut self, per_mille: u32) -> bool {
        self.rng.u32(0..1_000) < per_mille
    }

    fn happens(&mut self, change: Change) {
        self.payment.steps.push(Step { at: self.at, change });
    }

    /// Lets some seconds pass.
    fn later(&mut self, from: i64, to: i64) {
        let millis = self.rng.i64(from.saturating_mul(1_000)..to.saturating_mul(1_000));
        self.at = later(self.at, SignedDuration::from_millis(millis));
    }

    fn is_paid(&mut self) {
        if self.payment.tender != Tender::Cash {
            self.happens(Change::Approved);
            if self.chance(12) {
                self.later(20, 300);
                return self.happens(Change::Voided);
            }
            self.later(1, 40);
        }
        self.happens(Change::Completed);
        if self.payment.tender != Tender::Cash && self.chance(300) {
            self.later(60, 1_200);
            self.happens(Change::Settled);
        }
        if self.chance(46) {
            self.is_refunded();
        }
    }

    /// Some at once, most days later; in full, tip and all, or in part, and now and then
    /// a part again.
    fn is_refunded(&mut self) {
        match self.chance(300) {
            true => self.later(120, 1_800),
            false => self.later(3_600, 120 * 3_600),
        }
        let whole = self.payment.total();
        let amount = match self.chance(300) {
            true => whole,
            false => self.rng.i64(1..=whole.max(1)),
        };
        self.refund(amount);
        if amount < whole && self.chance(150) {
            self.later(1_800, 24 * 3_600);
            let amount = self.rng.i64(1..=whole.saturating_sub(amount));
            self.refund(amount);
        }
    }

    fn refund(&mut self, amount: i64) {
        self.refunds = self.refunds.saturating_add(1);
        let serial = self.number.saturating_mul(RECORDS_EACH).saturating_add(self.refunds);
        let id = format!("{}_{}", self.payment.id, id_of("refund", serial, 43));
        let refund = Refund { id, amount, reason: "not as it should be" };
        self.happens(Change::Refund(refund.clone(), RefundStatus::Pending));
        self.later(2, 3_000);
        // A bank that refuses, and the money stays.
        let status = match self.chance(70) {
            true => RefundStatus::Rejected,
            false => RefundStatus::Completed,
        };
        self.happens(Change::Refund(refund, status));
    }

    /// Square finds out whose it is a while after it was paid.
    fn is_named(&mut self, id: String) {
        let first = self.payment.steps.first().map_or(self.at, |step| step.at);
        self.at = first;
        self.later(45, 5_400);
        self.happens(Change::Named(id));
    }

    /// In time; no two things at one moment, because a picture knows only its time.
    fn told(mut self) -> Payment {
        self.payment.steps.sort_by_key(|step| step.at);
        let mut last = Timestamp::MIN;
        for step in &mut self.payment.steps {
            if step.at.as_millisecond() <= last.as_millisecond() {
                step.at = later(last, SignedDuration::from_millis(7));
            }
            last = step.at;
        }
        self.payment
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(at)
}
