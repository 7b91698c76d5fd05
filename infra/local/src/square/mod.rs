//! What Square sends: payments as they change, refunds, customers' records, and the
//! envelope that each of them comes in.
//!
//! The demo and the sample events are made of this. It knows nothing of points.

mod bodies;
mod notice;

use jiff::Timestamp;

pub(crate) use self::bodies::{Merge, customer_object, payment_object, refund_object};
pub(crate) use self::notice::{
    CUSTOMER_CREATED, CUSTOMER_DELETED, CUSTOMER_UPDATED, Notice, customer_notice, payment_notice,
    topics,
};

/// The seller, as Square knows it.
pub(crate) const MERCHANT: &str = "MLQ4C0RNERBAK";

/// Where the bakery's till stands.
pub(crate) const LOCATION: &str = "LTQ7KILNSTRT2";

/// What all payments here are in.
pub(crate) const CURRENCY: &str = "USD";

/// A payment, and all that ever happens to it. Amounts in minor units.
#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) id: String,
    /// Square's order: what payments of one visit share.
    pub(crate) order: String,
    /// Without the tip.
    pub(crate) amount: i64,
    pub(crate) tip: i64,
    pub(crate) tender: Tender,
    /// The record that Square found at once.
    pub(crate) customer: Option<String>,
    /// What happened, in its order.
    pub(crate) steps: Vec<Step>,
}

/// What was paid with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tender {
    /// A card of this brand, as Square spells it.
    Card(&'static str),
    /// One of the shop's own gift cards.
    GiftCard,
    Cash,
}

/// Something that happened to a payment.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) at: Timestamp,
    pub(crate) change: Change,
}

/// What happened.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// The card's bank agreed; nothing was taken yet.
    Approved,
    /// The money was taken.
    Completed,
    /// Square worked out its fee.
    Settled,
    /// Square found the buyer's record.
    Named(String),
    /// A refund got this far.
    Refund(Refund, RefundStatus),
    /// It was called off before the money was taken.
    Voided,
}

/// Money on its way back.
#[derive(Debug, Clone)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) reason: &'static str,
}

/// How far a refund got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefundStatus {
    Pending,
    Completed,
    Rejected,
}

/// A person as Square keeps her.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) first_name: &'static str,
    pub(crate) last_name: &'static str,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    /// `YYYY-MM-DD`; the year is 0000 where she didn't tell it.
    pub(crate) birthday: Option<String>,
    pub(crate) unsubscribed: bool,
    pub(crate) version: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// A payment as it stood after some of its steps.
#[derive(Debug)]
pub(crate) struct Picture<'a> {
    pub(crate) payment: &'a Payment,
    pub(crate) created: Timestamp,
    /// When the payment itself last changed; a refund that hasn't moved money changes none.
    pub(crate) updated: Timestamp,
    /// When the money was taken.
    pub(crate) completed: Option<Timestamp>,
    pub(crate) voided: bool,
    pub(crate) settled: bool,
    pub(crate) customer: Option<&'a str>,
    /// Refunds whose money moved.
    pub(crate) refunds: Vec<&'a Refund>,
}

impl Payment {
    /// The payment after its first `steps` steps.
    pub(crate) fn after(&self, steps: usize) -> Picture<'_> {
        let created = self.steps.first().map_or(Timestamp::UNIX_EPOCH, |step| step.at);
        let mut picture = Picture {
            payment: self,
            created,
            updated: created,
            completed: None,
            voided: false,
            settled: false,
            customer: self.customer.as_deref(),
            refunds: Vec::new(),
        };
        for step in self.steps.iter().take(steps) {
            picture.happens(step);
        }
        picture
    }

    /// The payment after everything.
    pub(crate) fn at_last(&self) -> Picture<'_> {
        self.after(self.steps.len())
    }

    /// Tip included.
    pub(crate) fn total(&self) -> i64 {
        self.amount.saturating_add(self.tip)
    }
}

impl<'a> Picture<'a> {
    fn happens(&mut self, step: &'a Step) {
        match &step.change {
            Change::Approved => {}
            Change::Completed => self.completed = Some(step.at),
            Change::Settled => self.settled = true,
            Change::Named(customer) => self.customer = Some(customer),
            Change::Refund(refund, RefundStatus::Completed) => self.refunds.push(refund),
            Change::Refund(..) => return,
            Change::Voided => self.voided = true,
        }
        self.updated = step.at;
    }

    /// Money that went back.
    pub(crate) fn refunded(&self) -> i64 {
        self.refunds.iter().fold(0, |sum, refund| sum.saturating_add(refund.amount))
    }

    /// Square's word for how far it is.
    pub(crate) fn status(&self) -> &'static str {
        match (self.voided, self.completed.is_some()) {
            (true, _) => "CANCELED",
            (false, true) => "COMPLETED",
            (false, false) => "APPROVED",
        }
    }
}

/// A time as Square prints it: UTC, to the millisecond.
fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// An id as Square makes them: letters and digits that tell nothing. The same `kind` and
/// `serial` make the same one.
pub(crate) fn id_of(kind: &str, serial: u64, length: usize) -> String {
    let seed = kind.bytes().fold(serial.wrapping_add(0x51_7C_C1), |seed, byte| {
        seed.rotate_left(9).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ u64::from(byte)
    });
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..length).map(|_| rng.alphanumeric()).collect()
}

/// An id of a record: in upper case.
pub(crate) fn record_id_of(serial: u64) -> String {
    id_of("customer", serial, 26).to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millisecond(1_795_000_000_123 + second * 1_000).unwrap()
    }

    fn payment() -> Payment {
        let refund = Refund { id: "R".to_owned(), amount: 250, reason: "" };
        let steps = [
            Change::Approved,
            Change::Completed,
            Change::Refund(refund.clone(), RefundStatus::Pending),
            Change::Named("C".to_owned()),
            Change::Refund(refund, RefundStatus::Completed),
        ];
        let steps = (0..).zip(steps).map(|(second, change)| Step { at: at(second), change });
        Payment {
            id: id_of("payment", 1, 29),
            order: id_of("order", 1, 28),
            amount: 1_000,
            tip: 150,
            tender: Tender::Card("VISA"),
            customer: None,
            steps: steps.collect(),
        }
    }

    #[test]
    fn a_payment_is_approved_then_completed_then_named_then_refunded() {
        let payment = payment();
        let told = |steps| {
            let picture = payment.after(steps);
            (picture.status(), picture.customer, picture.refunded())
        };
        assert_eq!(told(1), ("APPROVED", None, 0));
        assert_eq!(told(2), ("COMPLETED", None, 0));
        assert_eq!(told(3), ("COMPLETED", None, 0));
        assert_eq!(told(4), ("COMPLETED", Some("C"), 0));
        assert_eq!(told(5), ("COMPLETED", Some("C"), 250));
    }

    #[test]
    fn a_refund_that_is_only_asked_for_leaves_the_payment_as_it_was() {
        let payment = payment();
        assert_eq!((payment.after(3).updated, payment.after(4).updated), (at(1), at(3)));
    }

    #[test]
    fn a_time_has_milliseconds_and_an_id_is_the_same_each_time() {
        assert_eq!(utc(at(0)), "2026-11-18T11:06:40.123Z");
        assert_eq!(id_of("payment", 7, 29), id_of("payment", 7, 29));
        assert_ne!(id_of("payment", 7, 29), id_of("payment", 8, 29));
        assert_ne!(id_of("payment", 7, 29), id_of("order", 7, 29));
        assert!(record_id_of(3).bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
    }
}
