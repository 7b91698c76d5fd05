//! The order resource, as the topics `orders/*` carry it.
//!
//! Only what counts is read. Fields that came and went between the API versions 2025-10
//! and 2026-10, or are null without the right to see customers' data, are optional.

use jiff::Timestamp;
use loyalty::CurrencyCode;
use loyalty::ids::{OrderRef, Source, SourceId};
use loyalty::order::{Charge, Line, LineKind, Order as State, Payment, Presentment, Sale, Stamp};
use platform::store::{Buyer, Observation};
use serde::Deserialize;

use super::customer::Customer;
use super::money::{MoneySet, currency, decimal, minor, sum};
use super::refund::{Refund, refunds};
use crate::Unreadable;
use crate::read::{Any, at};

#[derive(Debug, Deserialize)]
pub(super) struct Order {
    id: u64,
    created_at: Option<Timestamp>,
    processed_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    cancelled_at: Option<Timestamp>,
    #[serde(default)]
    test: bool,
    currency: String,
    presentment_currency: Option<String>,
    financial_status: Option<String>,
    source_name: Option<String>,
    location_id: Option<u64>,
    email: Option<String>,
    contact_email: Option<String>,
    phone: Option<String>,
    customer_locale: Option<String>,
    customer: Option<Customer>,
    #[serde(default)]
    taxes_included: bool,
    total_price: String,
    total_price_set: Option<MoneySet>,
    current_total_price: Option<String>,
    total_outstanding: Option<String>,
    total_tip_received: Option<String>,
    line_items: Vec<LineItem>,
    #[serde(default)]
    shipping_lines: Vec<ShippingLine>,
    #[serde(default)]
    refunds: Vec<Refund>,
}

#[derive(Debug, Deserialize)]
struct LineItem {
    id: u64,
    quantity: i64,
    price: String,
    #[serde(default)]
    gift_card: bool,
    product_id: Option<u64>,
    sku: Option<String>,
    /// There only on a tip that was given as a line.
    tip: Option<Any>,
    #[serde(default)]
    tax_lines: Vec<TaxLine>,
    #[serde(default)]
    discount_allocations: Vec<Allocation>,
}

#[derive(Debug, Deserialize)]
struct ShippingLine {
    price: Option<String>,
    discounted_price: Option<String>,
    #[serde(default)]
    is_removed: bool,
    #[serde(default)]
    tax_lines: Vec<TaxLine>,
}

#[derive(Debug, Deserialize)]
struct TaxLine {
    price: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Allocation {
    amount: Option<String>,
}

/// What an order body tells.
pub(super) fn observation(
    order: Order,
    triggered_at: Option<Timestamp>,
) -> Result<Observation, Unreadable> {
    let updated_at = order.updated_at.or(triggered_at).or(order.created_at);
    let updated_at = updated_at.ok_or_else(|| at("updated_at", "missing"))?;
    let stamp = Stamp { updated_at, triggered_at };
    let sale = sale(&order, updated_at)?;
    let lines = lines(&order, sale.currency)?;
    let state = State {
        cancelled: order.cancelled_at.is_some(),
        refunds: refunds(&order.refunds)?,
        ..State::observed(stamp, sale, Some(lines))
    };
    let id = order.id.to_string().parse().map_err(|error| at("id", error))?;
    let order_ref = OrderRef { source: Source::Shopify, id };
    Ok(Observation { order: order_ref, state, buyer: Some((stamp, buyer(&order))) })
}

fn sale(order: &Order, updated_at: Timestamp) -> Result<Sale, Unreadable> {
    let currency = currency(&order.currency, "currency")?;
    let total =
        not_negative(minor(Some(&order.total_price), currency, "total_price")?, "total_price")?;
    let current_total = order
        .current_total_price
        .as_deref()
        .map(|text| minor(Some(text), currency, "current_total_price"))
        .transpose()?;
    let tip = match order.line_items.iter().any(|line| line.tip.is_some()) {
        // Given as lines, the tips are in the total once already.
        true => 0,
        false => minor(order.total_tip_received.as_deref(), currency, "total_tip_received")?,
    };
    Ok(Sale {
        currency,
        payment: payment(order.financial_status.as_deref())?,
        test: order.test,
        total,
        // Only where it says something else than the total, which is seldom.
        current_total: current_total.filter(|current| *current != total),
        outstanding: minor(order.total_outstanding.as_deref(), currency, "total_outstanding")?,
        refunded: 0,
        taxes_included: order.taxes_included,
        shipping: shipping(order, currency)?,
        tip,
        presentment: presentment(order, currency)?,
        placed_at: order.processed_at.or(order.created_at).unwrap_or(updated_at),
        location: order.location_id.map(SourceId::from),
        visit: None,
        channel: order.source_name.clone().map(|name| name.chars().take(40).collect()),
    })
}

/// Shopify's `financial_status`.
fn payment(status: Option<&str>) -> Result<Payment, Unreadable> {
    match status {
        None | Some("pending" | "authorized" | "expired") => Ok(Payment::Unpaid),
        Some("partially_paid") => Ok(Payment::Deposit),
        Some("paid" | "partially_refunded" | "refunded") => Ok(Payment::Paid),
        Some("voided") => Ok(Payment::Voided),
        Some(_) => Err(at("financial_status", "a state we don't know")),
    }
}

fn shipping(order: &Order, currency: CurrencyCode) -> Result<Charge, Unreadable> {
    let kept = || order.shipping_lines.iter().filter(|line| !line.is_removed);
    let price = |line: &ShippingLine| {
        let text = line.discounted_price.as_deref().or(line.price.as_deref());
        minor(text, currency, "shipping_lines.price")
    };
    let tax = kept().flat_map(|line| &line.tax_lines);
    Ok(Charge {
        amount: sum(kept().map(price), "shipping_lines.price")?,
        tax: taxes(tax, currency, "shipping_lines.tax_lines.price")?,
    })
}

fn taxes<'a>(
    lines: impl Iterator<Item = &'a TaxLine>,
    currency: CurrencyCode,
    path: &str,
) -> Result<i64, Unreadable> {
    sum(lines.map(|line| minor(line.price.as_deref(), currency, path)), path)
}

/// The total in the buyer's currency, where that is another one.
fn presentment(order: &Order, ours: CurrencyCode) -> Result<Option<Presentment>, Unreadable> {
    let (Some(set), Some(_)) = (&order.total_price_set, &order.presentment_currency) else {
        return Ok(None);
    };
    let path = "total_price_set.presentment_money";
    let currency = currency(&set.presentment_money.currency_code, path)?;
    if currency == ours {
        return Ok(None);
    }
    let theirs = decimal(Some(&set.presentment_money.amount), path)?;
    let ours = decimal(Some(&set.shop_money.amount), "total_price_set.shop_money")?;
    Ok(Some(Presentment { currency, theirs, ours }))
}

fn lines(order: &Order, currency: CurrencyCode) -> Result<Vec<Line>, Unreadable> {
    let line = |item: &LineItem| {
        let kind = match (item.gift_card, &item.tip) {
            (true, _) => LineKind::GiftCard,
            (false, Some(_)) => LineKind::Tip,
            (false, None) => LineKind::Goods,
        };
        let path = "line_items.discount_allocations.amount";
        let discounts = item.discount_allocations.iter();
        Ok(Line {
            id: item.id.into(),
            quantity: not_negative(item.quantity, "line_items.quantity")?,
            price: not_negative(
                minor(Some(&item.price), currency, "line_items.price")?,
                "line_items.price",
            )?,
            discount: sum(discounts.map(|one| minor(one.amount.as_deref(), currency, path)), path)?,
            tax: taxes(item.tax_lines.iter(), currency, "line_items.tax_lines.price")?,
            kind,
            product: item.product_id.map(SourceId::from),
            sku: item.sku.clone().filter(|sku| !sku.is_empty()),
        })
    };
    order.line_items.iter().map(line).collect()
}

fn not_negative(number: i64, path: &str) -> Result<i64, Unreadable> {
    if number < 0 { Err(at(path, "it is negative")) } else { Ok(number) }
}

/// The buyer: the source's own customer record, and what stands on the order itself.
fn buyer(order: &Order) -> Buyer {
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let mut record = order.customer.as_ref().map(Customer::person);
    if let Some(person) = &mut record {
        person.language = person.language.take().or_else(|| filled(&order.customer_locale));
    }
    Buyer {
        record,
        email: filled(&order.email).or_else(|| filled(&order.contact_email)),
        phone: filled(&order.phone),
    }
}
