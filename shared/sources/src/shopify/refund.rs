//! The refund resource: by itself (`refunds/create`) and inside an order.

use std::collections::BTreeMap;

use jiff::Timestamp;
use loyalty::ids::{OrderRef, Source};
use loyalty::order::{
    Named, NamedLine, Order as State, Refund as Known, RefundPayment, RefundState, Stamp, Stamped,
};
use platform::store::Observation;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::money::{MoneySet, currency, decimal, of_set_or_number};
use crate::Unreadable;
use crate::read::at;

#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    id: u64,
    order_id: Option<u64>,
    created_at: Option<Timestamp>,
    processed_at: Option<Timestamp>,
    #[serde(default)]
    refund_line_items: Vec<RefundLine>,
    #[serde(default)]
    refund_shipping_lines: Vec<RefundShippingLine>,
    #[serde(default)]
    order_adjustments: Vec<Adjustment>,
    #[serde(default)]
    transactions: Vec<Transaction>,
    total_duties_set: Option<MoneySet>,
}

#[derive(Debug, Deserialize)]
struct RefundLine {
    line_item_id: u64,
    quantity: i64,
    subtotal: Option<serde_json::Number>,
    subtotal_set: Option<MoneySet>,
    total_tax: Option<serde_json::Number>,
    total_tax_set: Option<MoneySet>,
}

#[derive(Debug, Deserialize)]
struct RefundShippingLine {
    subtotal_amount_set: Option<MoneySet>,
    tax_amount_set: Option<MoneySet>,
}

/// Before there were refund shipping lines, shipping went back as an adjustment, with
/// the opposite sign.
#[derive(Debug, Deserialize)]
struct Adjustment {
    kind: Option<String>,
    amount: Option<String>,
    tax_amount: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Transaction {
    id: u64,
    kind: Option<String>,
    status: Option<String>,
    amount: Option<String>,
    currency: Option<String>,
    created_at: Option<Timestamp>,
    processed_at: Option<Timestamp>,
}

/// What a refund body tells of its order.
pub(super) fn observation(refund: Refund) -> Result<Observation, Unreadable> {
    let order = refund.order_id.ok_or_else(|| at("order_id", "missing"))?;
    let id = order.to_string().parse().map_err(|error| at("order_id", error))?;
    let refunds = refunds(&[refund])?;
    Ok(Observation {
        order: OrderRef { source: Source::Shopify, id },
        state: State { refunds, ..State::default() },
        buyer: None,
    })
}

/// Refunds by their id.
pub(super) fn refunds(refunds: &[Refund]) -> Result<BTreeMap<String, Known>, Unreadable> {
    refunds.iter().map(|refund| Ok((refund.id.to_string(), known(refund)?))).collect()
}

fn known(refund: &Refund) -> Result<Known, Unreadable> {
    let created = refund.created_at.or(refund.processed_at);
    let updated_at = created.unwrap_or(Timestamp::UNIX_EPOCH);
    let mut payments = BTreeMap::new();
    for transaction in &refund.transactions {
        // A refund also lists what it undid, such as a voided authorization.
        if transaction.kind.as_deref() == Some("refund") {
            payments.insert(transaction.id.to_string(), payment(transaction, updated_at)?);
        }
    }
    let stamp = Stamp { updated_at, triggered_at: None };
    let named = named(refund)?;
    let named = (named != Named::default()).then_some(Stamped { stamp, value: named });
    Ok(Known { created_at: created, named, payments })
}

fn payment(transaction: &Transaction, made: Timestamp) -> Result<RefundPayment, Unreadable> {
    let amount = decimal(transaction.amount.as_deref(), "transactions.amount")?;
    if amount < Decimal::ZERO {
        return Err(at("transactions.amount", "it is negative"));
    }
    let code = transaction.currency.as_deref().filter(|code| !code.is_empty());
    Ok(RefundPayment {
        state: match transaction.status.as_deref() {
            Some("success") => RefundState::Succeeded,
            Some("failure" | "error") => RefundState::Failed,
            _ => RefundState::Pending,
        },
        amount,
        currency: code.map(|code| currency(code, "transactions.currency")).transpose()?,
        updated_at: transaction.processed_at.or(transaction.created_at).unwrap_or(made),
    })
}

fn named(refund: &Refund) -> Result<Named, Unreadable> {
    let mut named = Named::default();
    for line in &refund.refund_line_items {
        let (set, number) = (line.subtotal_set.as_ref(), line.subtotal.as_ref());
        let (tax_set, tax) = (line.total_tax_set.as_ref(), line.total_tax.as_ref());
        named.lines.push(NamedLine {
            line: line.line_item_id.into(),
            quantity: line.quantity.max(0),
            subtotal: of_set_or_number(set, number, "refund_line_items.subtotal")?,
            tax: of_set_or_number(tax_set, tax, "refund_line_items.total_tax")?,
        });
    }
    named.lines.sort_by(|a, b| a.line.cmp(&b.line));
    for line in &refund.refund_shipping_lines {
        let path = "refund_shipping_lines.subtotal_amount_set";
        named.shipping += of_set_or_number(line.subtotal_amount_set.as_ref(), None, path)?;
        let path = "refund_shipping_lines.tax_amount_set";
        named.shipping_tax += of_set_or_number(line.tax_amount_set.as_ref(), None, path)?;
    }
    if refund.refund_shipping_lines.is_empty() {
        for adjustment in &refund.order_adjustments {
            if adjustment.kind.as_deref() == Some("shipping_refund") {
                let path = "order_adjustments.amount";
                named.shipping += decimal(adjustment.amount.as_deref(), path)?.abs();
                let path = "order_adjustments.tax_amount";
                named.shipping_tax += decimal(adjustment.tax_amount.as_deref(), path)?.abs();
            }
        }
    }
    named.duties = of_set_or_number(refund.total_duties_set.as_ref(), None, "total_duties_set")?;
    Ok(named)
}
