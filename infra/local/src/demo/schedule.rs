//! How a person's webhooks arrive: some twice, some late, some in the wrong order.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use super::Year;
use super::people::Person;
use crate::shopify::{CONSENT, CUSTOMER_CREATED, Change, Order, topics};

/// What a delivery tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A step of one of the person's orders.
    Order { order: usize, step: usize },
    /// Her own record.
    Account,
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
    for (number, order) in person.orders.iter().enumerate() {
        let mut own = in_order(number, order, &mut rng);
        disturb(order, &mut own, &mut rng);
        all.extend(own);
    }
    let repeats: Vec<Delivery> = all.iter().flat_map(|one| repeats(one, &mut rng)).collect();
    all.extend(repeats);
    let last = year.end.checked_sub(SignedDuration::from_secs(1)).unwrap_or(year.end);
    for one in &mut all {
        one.at = one.at.min(last);
    }
    // Stable, so that what arrives at one moment keeps its order.
    all.sort_by_key(|one| one.at);
    all
}

/// An order's deliveries, each a moment after what it tells of.
fn in_order(number: usize, order: &Order, rng: &mut Rng) -> Vec<Delivery> {
    let mut all = Vec::new();
    for (index, step) in order.steps.iter().enumerate() {
        let subject = Subject::Order { order: number, step: index };
        for (place, topic) in (0_i64..).zip(topics(&step.change)) {
            let at = later(step.at, SignedDuration::from_millis(place.saturating_mul(170)));
            all.push(first(at, topic, subject, rng));
        }
    }
    all
}

fn first(at: Timestamp, topic: &'static str, subject: Subject, rng: &mut Rng) -> Delivery {
    let triggered_at = later(at, SignedDuration::from_micros(rng.i64(100..90_000)));
    let at = later(triggered_at, SignedDuration::from_millis(rng.i64(900..2_500)));
    Delivery { at, triggered_at, topic, subject, repeat: false }
}

/// Most orders' webhooks arrive in their order. Of some the refund comes first, of some
/// one is hours late, of some they all overtake each other.
fn disturb(order: &Order, deliveries: &mut [Delivery], rng: &mut Rng) {
    let refunded = order.steps.iter().find(|step| matches!(step.change, Change::Refunded(_)));
    let near = |refund: Timestamp| {
        order
            .steps
            .first()
            .is_some_and(|placed| refund.duration_since(placed.at) < SignedDuration::from_hours(20))
    };
    match (rng.u32(0..100), refunded) {
        (0..40, Some(refund)) if near(refund.at) => {
            for one in deliveries.iter_mut().filter(|one| one.triggered_at < refund.at) {
                one.at = later(refund.at, SignedDuration::from_secs(rng.i64(5..900)));
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

/// How many first deliveries arrived behind a later one of the same order.
pub(super) fn out_of_order(deliveries: &[Delivery]) -> u64 {
    let mut newest = std::collections::BTreeMap::new();
    let mut count = 0_u64;
    for one in deliveries.iter().filter(|one| !one.repeat) {
        let Subject::Order { order, .. } = one.subject else { continue };
        let seen = newest.entry(order).or_insert(one.triggered_at);
        if one.triggered_at < *seen {
            count = count.saturating_add(1);
        }
        *seen = one.triggered_at.max(*seen);
    }
    count
}
