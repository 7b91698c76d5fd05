//! An order is a state, and every observation of it only improves what we know.
//!
//! Webhooks repeat, arrive late and out of order; edits and refunds come as more
//! webhooks. So an observation *is* a partial [`Order`], and [`Order::merge`] is the
//! join of a semilattice: commutative, associative, idempotent. Whatever arrives, how
//! often and in which order, the state that results is the same, and so are the points.

mod merge;
mod refund;

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use self::merge::{Stamp, Stamped};
pub(crate) use self::merge::{nanos, nanos_option};
pub use self::refund::{Named, NamedLine, Refund, RefundPayment, RefundState};
use crate::ids::SourceId;
use crate::money::{CurrencyCode, Money, minor_units};

/// What is known of one sale. Field names in storage are short: the item is written
/// with every purchase and pays by the kilobyte.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The newest picture of money and state.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub sale: Option<Stamped<Sale>>,
    /// The newest known lines; looked up later where a source's body has none.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Stamped<Vec<Line>>>,
    /// The whole sale, where this is one of several payments for it.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub basket: Option<Stamped<Basket>>,
    /// Identity of the source's customer record.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Stamped<String>>,
    /// Identity of the order's own e-mail address: a hint, never a key to an account.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Stamped<String>>,
    /// Identity of the order's own phone number: a hint too.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Stamped<String>>,
    /// Refunds by their id at the source.
    #[serde(rename = "r", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refunds: BTreeMap<String, Refund>,
    /// What the source's own books say was received and refunded; overrules the rest.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub books: Option<Stamped<Books>>,
    /// Cancelled once is cancelled.
    #[serde(rename = "x", default, skip_serializing_if = "is_false")]
    pub cancelled: bool,
    /// Voided once is voided.
    #[serde(rename = "v", default, skip_serializing_if = "is_false")]
    pub voided: bool,
    /// Whether any snapshot showed it before money was received.
    #[serde(rename = "u", default, skip_serializing_if = "is_false")]
    pub seen_unpaid: bool,
    /// `updated_at` of the earliest snapshot that showed money received.
    #[serde(rename = "f", default, with = "nanos_option")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_paid: Option<Timestamp>,
}

/// One snapshot's money and state, in the order's own currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// The order's own (shop-money) currency.
    #[serde(rename = "c")]
    pub currency: CurrencyCode,
    /// How far it is paid.
    #[serde(rename = "s")]
    pub payment: Payment,
    /// A test order is worth nothing.
    #[serde(rename = "t", default, skip_serializing_if = "is_false")]
    pub test: bool,
    /// Everything the buyer owes or paid, before returns, in minor units.
    #[serde(rename = "a")]
    pub total: i64,
    /// The same after edits and returns, where the source tells it apart.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub current_total: Option<i64>,
    /// Still to be paid.
    #[serde(rename = "o", default, skip_serializing_if = "is_zero")]
    pub outstanding: i64,
    /// What the source says was refunded in all (Square's `refunded_money`).
    #[serde(rename = "r", default, skip_serializing_if = "is_zero")]
    pub refunded: i64,
    /// Whether prices include tax.
    #[serde(rename = "i", default, skip_serializing_if = "is_false")]
    pub taxes_included: bool,
    /// Shipping after its discounts.
    #[serde(rename = "h", default, skip_serializing_if = "Charge::is_zero")]
    pub shipping: Charge,
    /// Tips that aren't lines.
    #[serde(rename = "g", default, skip_serializing_if = "is_zero")]
    pub tip: i64,
    /// What the total is in the buyer's currency, where that is another one.
    #[serde(rename = "q", default, skip_serializing_if = "Option::is_none")]
    pub presentment: Option<Presentment>,
    /// When the sale was made at the source.
    #[serde(rename = "p", with = "nanos")]
    pub placed_at: Timestamp,
    /// The source's location.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub location: Option<SourceId>,
    /// The source's name for the channel, such as `web` or `pos`.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// What payments of one visit share (Square's `order_id`).
    #[serde(rename = "y", default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<String>,
}

/// What the lines of a looked-up sale come to as a whole. At Square an order of ours is
/// one payment, and the lines belong to the sale that it pays, alone or with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basket {
    /// All of it, tips left out, minor units: what a payment's part is a part of.
    #[serde(rename = "a")]
    pub total: i64,
    /// Whether prices include tax.
    #[serde(rename = "i", default, skip_serializing_if = "is_false")]
    pub taxes_included: bool,
}

/// How far an order is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payment {
    /// Nothing received: Shopify's pending, authorized and expired.
    #[serde(rename = "u")]
    Unpaid,
    /// A part received: Shopify's `partially_paid`.
    #[serde(rename = "d")]
    Deposit,
    /// All received, refunded or not: Shopify's paid, `partially_refunded` and refunded,
    /// Square's COMPLETED.
    #[serde(rename = "p")]
    Paid,
    /// Called off before money moved.
    #[serde(rename = "v")]
    Voided,
}

/// An amount and the tax on it, in minor units of the order's currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// As the price is shown: with tax where prices include it.
    #[serde(rename = "a")]
    pub amount: i64,
    /// Its tax.
    #[serde(rename = "t", default, skip_serializing_if = "is_zero")]
    pub tax: i64,
}

impl Charge {
    fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

/// An order's total in two currencies: the exact rate that refunds are converted by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presentment {
    /// The buyer's currency.
    #[serde(rename = "c")]
    pub currency: CurrencyCode,
    /// The total in it.
    #[serde(rename = "b")]
    pub theirs: Decimal,
    /// The total in the order's own currency.
    #[serde(rename = "o")]
    pub ours: Decimal,
}

/// One line, in minor units of the order's currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its id at the source.
    #[serde(rename = "i")]
    pub id: SourceId,
    /// How many were ordered.
    #[serde(rename = "q")]
    pub quantity: i64,
    /// The price of one.
    #[serde(rename = "p")]
    pub price: i64,
    /// Discounts on the whole line, its share of the order's discounts included.
    #[serde(rename = "d", default, skip_serializing_if = "is_zero")]
    pub discount: i64,
    /// Tax on the whole line.
    #[serde(rename = "t", default, skip_serializing_if = "is_zero")]
    pub tax: i64,
    /// What kind of line it is.
    #[serde(rename = "k", default, skip_serializing_if = "LineKind::is_goods")]
    pub kind: LineKind,
    /// Product id at the source.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub product: Option<SourceId>,
    /// Stock-keeping unit.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
}

/// What kind of line it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LineKind {
    /// Something bought.
    #[default]
    #[serde(rename = "o")]
    Goods,
    /// A gift card: money kept for later, which earns when it is spent.
    #[serde(rename = "g")]
    GiftCard,
    /// A tip.
    #[serde(rename = "t")]
    Tip,
}

impl LineKind {
    fn is_goods(&self) -> bool {
        *self == Self::Goods
    }
}

/// What a source's own books say (Shopify's `totalReceivedSet`, `totalRefundedSet`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    /// Received in all, minor units.
    #[serde(rename = "i")]
    pub received: i64,
    /// Refunded in all, minor units.
    #[serde(rename = "o")]
    pub refunded: i64,
}

impl Order {
    /// When its source last said something new of it, by the source's own time: what is
    /// copied from long ago is no news.
    pub fn told_at(&self) -> Option<Timestamp> {
        let sale = self.sale.as_ref().map(|sale| sale.stamp.updated_at);
        let refunds = self.refunds.values();
        let made = refunds.clone().filter_map(|refund| refund.created_at);
        let paid = refunds.flat_map(|refund| refund.payments.values());
        sale.into_iter().chain(made).chain(paid.map(|payment| payment.updated_at)).max()
    }

    /// When it was paid, as far as is known: where it was seen unpaid before, the first
    /// snapshot that showed money; else the moment of the sale itself. A snapshot's own
    /// time would be wrong there: a tag edited today on an order of two years ago sends
    /// a paid snapshot of today.
    pub fn paid_at(&self) -> Option<Timestamp> {
        let sale = &self.sale.as_ref()?.value;
        let first_paid = self.first_paid?;
        Some(if self.seen_unpaid { first_paid } else { sale.placed_at.min(first_paid) })
    }

    /// The amounts given back since a moment, one for each refund that moved money then;
    /// `None` where one isn't in this currency, or not a whole number of its minor units.
    pub fn returned_since(&self, since: Timestamp, currency: CurrencyCode) -> Option<Vec<Money>> {
        let own = self.sale.as_ref().map(|sale| sale.value.currency);
        let payments = self.refunds.values().flat_map(|refund| refund.payments.values());
        let moved = payments.filter(|payment| {
            payment.state == RefundState::Succeeded && payment.updated_at >= since
        });
        let amount = |payment: &RefundPayment| {
            let in_it = payment.currency.or(own) == Some(currency);
            let minor = minor_units(payment.amount, currency).ok().filter(|_| in_it)?;
            Some(Money { minor, currency })
        };
        moved.map(amount).collect()
    }

    /// An observation of a snapshot's money and state: sets what follows from it too.
    pub fn observed(stamp: Stamp, sale: Sale, lines: Option<Vec<Line>>) -> Self {
        let paid = matches!(sale.payment, Payment::Paid | Payment::Deposit);
        Self {
            voided: sale.payment == Payment::Voided,
            seen_unpaid: sale.payment == Payment::Unpaid,
            first_paid: paid.then_some(stamp.updated_at),
            lines: lines.map(|lines| Stamped { stamp, value: lines }),
            sale: Some(Stamped { stamp, value: sale }),
            ..Self::default()
        }
    }
}

pub(crate) fn is_false(flag: &bool) -> bool {
    !flag
}

pub(crate) fn is_zero(amount: &i64) -> bool {
    *amount == 0
}
