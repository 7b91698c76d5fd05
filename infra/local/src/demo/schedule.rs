//! How a person's webhooks arrive: some twice, some late, some in the wrong order.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use loyalty::ids::Source;

use super::Year;
use super::people::Person;
use crate::shopify::{self, CONSENT, CUSTOMER_CREATED};
use crate::square::{self, RefundStatus};

/// A refund within so long may overtake what it refunds.
const A_DAYS_WORK: SignedDuration = SignedDuration::from_hours(20);

/// What a delivery tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A step of one of the person's sales.
    Sale { sale: Sale, step: usize },
    /// Her account at Shopify.
    Account,
    /// A step of her records at Square.
    Record { step: usize },
}

/// One of a person's sales, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sale {
    /// An order at Shopify.
    Order(usize),
    /// A payment at Square.
    Payment(usize),
}

impl Subject {
    /// The sale it tells of.
    pub(super) fn sale(self) -> Option<Sale> {
        match self {
            Self::Sale { sale, .. } => Some(sale),
            Self::Account | Self::Record { .. } => None,
        }
    }

    /// Who tells it.
    pub(super) fn source(self) -> Source {
        match self {
            Self::Sale { sale: Sale::Order(_), .. } | Self::Account => Source::Shopify,
            Self::Sale { sale: Sale::Payment(_), .. } | Self::Record { .. } => Source::Square,
        }
    }
}

/// One delivery of a webhook.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    /// When it arrives.
    pub(crate) at: Timestamp,
    pub(crate) triggered_at: Timestamp,
    pub(crate) topic: &'static str,
    pub(crate) subject: Subject,
    /// Whether it came before.
    pub(crate) repeat: bool,
}

/// A person's deliveries as they arrive. The same person and seed make the same ones.
pub(super) fn of(year: &Year, person: &Person, index: usize) -> Vec<Delivery> {
    let mut rng = Rng::with_seed(year.seed ^ u64::try_from(index).unwrap_or(0).rotate_left(32));
    let mut all = Vec::new();
    if let Some(account) = &person.account {
        all.push(first(account.created_at, CUSTOMER_CREATED, Subject::Account, &mut rng));
        if person.consents.is_some() {
            // When she follows the link in the mail that asks her to confirm.
            let at = later(account.created_at, SignedDuration::from_secs(rng.i64(90..1_800)));
            all.push(first(at, CONSENT, Subject::Account, &mut rng));
        }
    }
    for (place, step) in person.till.steps.iter().enumerate() {
        all.push(first(step.at, step.topic, Subject::Record { step: place }, &mut rng));
    }
    all.extend(of_sales(person, (0, 0), &mut rng));
    arriving(year, all, &mut rng)
}

/// The deliveries of what somebody bought since she came back: of her orders and payments from
/// these places on.
pub(super) fn since(
    year: &Year,
    person: &Person,
    index: usize,
    from: (usize, usize),
) -> Vec<Delivery> {
    let index = u64::try_from(index).unwrap_or(0).rotate_left(32);
    let mut rng = Rng::with_seed(year.seed ^ index ^ person.absences.rotate_left(48));
    let all = of_sales(person, from, &mut rng);
    arriving(year, all, &mut rng)
}

/// The deliveries of her orders and payments from these places on.
fn of_sales(person: &Person, from: (usize, usize), rng: &mut Rng) -> Vec<Delivery> {
    let mut all = Vec::new();
    for (place, order) in person.orders.iter().enumerate().skip(from.0) {
        let steps = order.steps.iter();
        let told = steps.map(|step| (step.at, shopify::topics(&step.change)));
        let mut own = in_order(Sale::Order(place), told, rng);
        disturb(refunded_at_shopify(order), &mut own, rng);
        all.extend(own);
    }
    for (place, payment) in person.payments.iter().enumerate().skip(from.1) {
        let steps = payment.steps.iter().enumerate();
        let told = steps.map(|(index, step)| (step.at, square::topics(payment, index)));
        let mut own = in_order(Sale::Payment(place), told, rng);
        disturb(refunded_at_square(payment), &mut own, rng);
        all.extend(own);
    }
    all
}

/// Deliveries as they arrive: some twice, none after the year.
fn arriving(year: &Year, mut all: Vec<Delivery>, rng: &mut Rng) -> Vec<Delivery> {
    let repeats: Vec<Delivery> = all.iter().flat_map(|one| repeats(one, rng)).collect();
    all.extend(repeats);
    let last = year.end.checked_sub(SignedDuration::from_secs(1)).unwrap_or(year.end);
    for one in &mut all {
        one.at = one.at.min(last);
    }
    // Stable, so that what arrives at one moment keeps its order.
    all.sort_by_key(|one| one.at);
    all
}

/// A sale's deliveries, each a moment after what it tells of.
fn in_order(
    sale: Sale,
    told: impl Iterator<Item = (Timestamp, &'static [&'static str])>,
    rng: &mut Rng,
) -> Vec<Delivery> {
    let mut all = Vec::new();
    for (step, (at, topics)) in told.enumerate() {
        let subject = Subject::Sale { sale, step };
        for (place, topic) in (0_i64..).zip(topics) {
            let at = later(at, SignedDuration::from_millis(place.saturating_mul(170)));
            all.push(first(at, topic, subject, rng));
        }
    }
    all
}

/// When money of a sale first went back, if that was within a day of it.
fn refunded_at_shopify(order: &shopify::Order) -> Option<Timestamp> {
    let placed = order.steps.first()?.at;
    let mut steps = order.steps.iter();
    let refund = steps.find(|step| matches!(step.change, shopify::Change::Refunded(_)))?;
    Some(refund.at).filter(|at| at.duration_since(placed) < A_DAYS_WORK)
}

/// The same at Square.
fn refunded_at_square(payment: &square::Payment) -> Option<Timestamp> {
    let paid = payment.steps.first()?.at;
    let moved = |step: &&square::Step| {
        matches!(step.change, square::Change::Refund(_, RefundStatus::Completed))
    };
    let refund = payment.steps.iter().find(moved)?;
    Some(refund.at).filter(|at| at.duration_since(paid) < A_DAYS_WORK)
}

fn first(at: Timestamp, topic: &'static str, subject: Subject, rng: &mut Rng) -> Delivery {
    let triggered_at = later(at, SignedDuration::from_micros(rng.i64(100..90_000)));
    let at = later(triggered_at, SignedDuration::from_millis(rng.i64(900..2_500)));
    Delivery { at, triggered_at, topic, subject, repeat: false }
}

/// Most sales' webhooks arrive in their order. Of some the refund comes first, of some
/// one is hours late, of some they all overtake each other.
fn disturb(refunded: Option<Timestamp>, deliveries: &mut [Delivery], rng: &mut Rng) {
    match (rng.u32(0..100), refunded) {
        (0..40, Some(refunded)) => {
            for one in deliveries.iter_mut().filter(|one| one.triggered_at < refunded) {
                one.at = later(refunded, SignedDuration::from_secs(rng.i64(5..900)));
            }
        }
        (0..3, _) => {
            let place = rng.usize(0..deliveries.len().max(1));
            if let Some(one) = deliveries.get_mut(place) {
                one.at = later(one.at, SignedDuration::from_secs(rng.i64(60..70_000)));
            }
        }
        (3..8, _) => {
            for one in deliveries.iter_mut() {
                one.at = later(one.at, SignedDuration::from_secs(rng.i64(0..120)));
            }
        }
        _ => {}
    }
}

/// A sender that missed our answer sends again.
fn repeats(first: &Delivery, rng: &mut Rng) -> Vec<Delivery> {
    let count = match rng.u32(0..1_000) {
        0..130 => 1,
        130..142 => 2,
        _ => 0,
    };
    (0..count)
        .map(|_| {
            let at = later(first.at, SignedDuration::from_secs(rng.i64(1..14_400)));
            Delivery { at, repeat: true, ..first.clone() }
        })
        .collect()
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(at)
}

/// How many first deliveries, of those that count, arrived behind a later one of the same
/// sale.
pub(super) fn out_of_order(deliveries: &[Delivery], counts: impl Fn(&Delivery) -> bool) -> u64 {
    let mut newest = std::collections::BTreeMap::new();
    let mut count = 0_u64;
    for one in deliveries.iter().filter(|one| !one.repeat && counts(one)) {
        let Some(sale) = one.subject.sale() else { continue };
        let seen = newest.entry(sale).or_insert(one.triggered_at);
        if one.triggered_at < *seen {
            count = count.saturating_add(1);
        }
        *seen = one.triggered_at.max(*seen);
    }
    count
}
