//! What a refund says: which goods it names, and which money moved.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::merge::{Stamped, nanos, nanos_option};
use crate::ids::SourceId;
use crate::money::CurrencyCode;

/// One refund of an order. At Shopify it names goods *and* holds the transactions, which
/// move independently; a refund may name goods and move no money, or the reverse.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// When it was made at the source.
    #[serde(rename = "a", default, with = "nanos_option")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// The goods it names.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub named: Option<Stamped<Named>>,
    /// The money, by transaction id.
    #[serde(rename = "m", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub payments: BTreeMap<String, RefundPayment>,
}

/// What a refund names, in the order's own currency.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Lines.
    #[serde(rename = "l", default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<NamedLine>,
    /// Shipping, and the tax on it.
    #[serde(rename = "s", default, skip_serializing_if = "Decimal::is_zero")]
    pub shipping: Decimal,
    /// Tax on the shipping.
    #[serde(rename = "t", default, skip_serializing_if = "Decimal::is_zero")]
    pub shipping_tax: Decimal,
    /// Duties, which never count.
    #[serde(rename = "d", default, skip_serializing_if = "Decimal::is_zero")]
    pub duties: Decimal,
}

/// A line that a refund names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedLine {
    /// The line's id at the source.
    #[serde(rename = "i")]
    pub line: SourceId,
    /// How many.
    #[serde(rename = "q")]
    pub quantity: i64,
    /// Their price after discounts; with tax where prices include it.
    #[serde(rename = "s")]
    pub subtotal: Decimal,
    /// Their tax.
    #[serde(rename = "t", default, skip_serializing_if = "Decimal::is_zero")]
    pub tax: Decimal,
}

/// One movement of money back to the buyer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundPayment {
    /// How far it got.
    #[serde(rename = "s")]
    pub state: RefundState,
    /// How much, in `currency`.
    #[serde(rename = "a")]
    pub amount: Decimal,
    /// Its currency; `None`: the order's own.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<CurrencyCode>,
    /// When this was true.
    #[serde(rename = "u", with = "nanos")]
    pub updated_at: Timestamp,
}

/// How far a refund's money got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RefundState {
    /// It didn't move, and won't.
    #[serde(rename = "f")]
    Failed,
    /// It hasn't moved yet.
    #[serde(rename = "p")]
    Pending,
    /// It moved. Never undone: a later contrary report is a mistake of the wire.
    #[serde(rename = "s")]
    Succeeded,
}

impl Refund {
    /// Whether any of its money moved.
    pub fn moved_money(&self) -> bool {
        self.payments.values().any(|payment| payment.state == RefundState::Succeeded)
    }
}

/// Success wins, else the newest; ties by the rest, so that the order is total.
impl Ord for RefundPayment {
    fn cmp(&self, other: &Self) -> Ordering {
        let succeeded = |payment: &Self| payment.state == RefundState::Succeeded;
        succeeded(self)
            .cmp(&succeeded(other))
            .then_with(|| self.updated_at.cmp(&other.updated_at))
            .then_with(|| self.state.cmp(&other.state))
            .then_with(|| self.amount.cmp(&other.amount))
            .then_with(|| self.currency.cmp(&other.currency))
    }
}

impl PartialOrd for RefundPayment {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
