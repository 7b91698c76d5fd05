//! The order object, as its look-up answers it: the lines of a sale.

use std::collections::BTreeMap;

use jiff::Timestamp;
use loyalty::CurrencyCode;
use loyalty::ids::SourceId;
use loyalty::money::parse_decimal;
use loyalty::order::{Basket, Line, LineKind};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Deserialize;

use super::money::{Money, optional, required};
use crate::Unreadable;
use crate::read::{at, filled};

/// A looked-up sale: its lines, and what they come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SquareOrder {
    /// The lines. Service charges are part of the total and of no line, so they never
    /// count.
    pub lines: Vec<Line>,
    /// All of it, tips left out.
    pub basket: Basket,
    /// When this was true.
    pub updated_at: Timestamp,
}

#[derive(Debug, Deserialize)]
pub(super) struct Order {
    #[serde(default)]
    line_items: Vec<Item>,
    #[serde(default)]
    taxes: Vec<Tax>,
    total_money: Option<Money>,
    total_tip_money: Option<Money>,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct Item {
    uid: Option<String>,
    quantity: String,
    item_type: Option<String>,
    catalog_object_id: Option<String>,
    gross_sales_money: Option<Money>,
    total_discount_money: Option<Money>,
    total_tax_money: Option<Money>,
    total_service_charge_money: Option<Money>,
    total_money: Option<Money>,
    #[serde(default)]
    applied_taxes: Vec<Applied>,
}

#[derive(Debug, Deserialize)]
struct Tax {
    uid: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    applied_money: Option<Money>,
}

#[derive(Debug, Deserialize)]
struct Applied {
    tax_uid: Option<String>,
    applied_money: Option<Money>,
}

/// The taxes of a sale by their uid: whether prices include them.
struct Taxes<'a> {
    included: BTreeMap<&'a str, bool>,
    currency: CurrencyCode,
}

/// What a looked-up order tells.
///
/// Prices include tax where every tax of the sale is included in them. Where some are and
/// some aren't, the sale counts as one with tax added: its lines' tax is then the added
/// part alone, and a tax that their price includes stays in the price, which counts whole.
pub(super) fn looked_up(order: Order) -> Result<SquareOrder, Unreadable> {
    let (total, currency) = required(order.total_money.as_ref(), "order.total_money")?;
    let tip = optional(order.total_tip_money.as_ref(), currency, "order.total_tip_money")?;
    let total = total.checked_sub(tip).filter(|total| *total >= 0);
    let total = total.ok_or_else(|| at("order.total_tip_money", "more than the total"))?;
    let updated_at = order.updated_at.or(order.created_at);
    let taxes = Taxes::of(&order.taxes, currency);
    let items = order.line_items.iter().enumerate();
    Ok(SquareOrder {
        lines: items.map(|(place, item)| line(place, item, &taxes)).collect::<Result<_, _>>()?,
        basket: Basket { total, taxes_included: taxes.all_included() },
        updated_at: updated_at.ok_or_else(|| at("order.updated_at", "missing"))?,
    })
}

fn line(place: usize, item: &Item, taxes: &Taxes<'_>) -> Result<Line, Unreadable> {
    let discount = item.total_discount_money.as_ref();
    let discount = optional(discount, taxes.currency, "order.line_items.total_discount_money")?;
    let included = taxes.included(item)?;
    let tax = item.total_tax_money.as_ref();
    let tax = optional(tax, taxes.currency, "order.line_items.total_tax_money")?;
    let gross = gross(item, taxes, discount, tax, included)?;
    let (quantity, price) = quantity_and_price(&item.quantity, gross)?;
    let added = tax.checked_sub(included).unwrap_or(0).max(0);
    // Lines have a uid; a place stands in where one doesn't, the same at every look-up.
    let id = filled(&item.uid).unwrap_or_else(|| format!("line {place}"));
    Ok(Line {
        id: SourceId::from(id.as_str()),
        quantity,
        price,
        discount,
        tax: if taxes.all_included() { tax } else { added },
        // What is keyed in as an amount alone is goods like any other.
        kind: match item.item_type.as_deref() {
            Some("GIFT_CARD") => LineKind::GiftCard,
            _ => LineKind::Goods,
        },
        product: filled(&item.catalog_object_id).map(|id| SourceId::from(id.as_str())),
        sku: None,
    })
}

/// A line's price as it is shown, before discounts.
///
/// In the US, Canada and Japan Square takes a tax that prices include off a line's gross
/// sales, elsewhere it leaves it in. Which of the two it did shows in what the line comes
/// to; where nothing fits, the gross stands as it is.
fn gross(
    item: &Item,
    taxes: &Taxes<'_>,
    discount: i64,
    tax: i64,
    included: i64,
) -> Result<i64, Unreadable> {
    let path = "order.line_items.gross_sales_money";
    let Taxes { currency, .. } = *taxes;
    let gross = required(item.gross_sales_money.as_ref(), path)?.0;
    if included == 0 {
        return Ok(gross);
    }
    let service = item.total_service_charge_money.as_ref();
    let service = optional(service, currency, "order.line_items.total_service_charge_money")?;
    let total = item.total_money.as_ref();
    let total = optional(total, currency, "order.line_items.total_money")?;
    let too_large = || at(path, "too large");
    let whole = gross.checked_add(tax).and_then(|sum| sum.checked_sub(discount));
    let whole = whole.ok_or_else(too_large)?;
    let taken_off = whole == total || whole.checked_add(service) == Some(total);
    if taken_off { gross.checked_add(included).ok_or_else(too_large) } else { Ok(gross) }
}

/// A line's quantity and the price of one. What is sold by weight, or comes to an amount
/// that doesn't divide evenly, is one of its whole price: a line is worth price ×
/// quantity, and that must be exact. Only a rule that counts items sees the difference.
fn quantity_and_price(text: &str, gross: i64) -> Result<(i64, i64), Unreadable> {
    let path = "order.line_items.quantity";
    let quantity = parse_decimal(text).map_err(|_| at(path, "no quantity"))?;
    if quantity < Decimal::ZERO {
        return Err(at(path, "it is negative"));
    }
    let whole = if quantity.fract().is_zero() { quantity.to_i64() } else { None };
    let divided = whole.and_then(|whole| {
        let even = gross.checked_rem(whole)? == 0;
        even.then_some((whole, gross.checked_div(whole)?))
    });
    Ok(divided.unwrap_or((1, gross)))
}

impl<'a> Taxes<'a> {
    fn of(taxes: &'a [Tax], currency: CurrencyCode) -> Self {
        // One that came to nothing says nothing about how prices are shown.
        let came_to_something = |tax: &&Tax| {
            tax.applied_money.as_ref().is_none_or(|money| !matches!(money.minor(), Some(0)))
        };
        let included = |tax: &'a Tax| {
            let included = tax.kind.as_deref() == Some("INCLUSIVE");
            (tax.uid.as_deref().unwrap_or_default(), included)
        };
        let included = taxes.iter().filter(came_to_something).map(included).collect();
        Self { included, currency }
    }

    fn all_included(&self) -> bool {
        !self.included.is_empty() && self.included.values().all(|included| *included)
    }

    /// What of a line's tax its price includes.
    fn included(&self, item: &Item) -> Result<i64, Unreadable> {
        let path = "order.line_items.applied_taxes.applied_money";
        let included = |applied: &&Applied| {
            let uid = applied.tax_uid.as_deref().unwrap_or_default();
            self.included.get(uid).copied().unwrap_or(false)
        };
        item.applied_taxes.iter().filter(included).try_fold(0_i64, |sum, applied| {
            let one = optional(applied.applied_money.as_ref(), self.currency, path)?;
            sum.checked_add(one).ok_or_else(|| at(path, "too large"))
        })
    }
}
