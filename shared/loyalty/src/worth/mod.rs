//! What an order is worth: received, kept, target.
//!
//! Everything is computed from the merged state and the order's [`Snapshot`] alone, in
//! exact fractions, and rounded once. The formulas are those of the rules page:
//!
//! - `eligible paid = eligible lines × received ÷ total`
//! - a refund's eligible share is `eligible net named ÷ everything named, gross`; one
//!   that names nothing has the order's own `eligible paid ÷ received`
//! - `kept = max(0, eligible paid − eligible refunded)`, to the minor unit, half up
//! - `target = Σ earning rules over what is kept`, rounded once
//!
//! Goods taken off before the order was paid never were part of the sale: they leave
//! both the lines and the total they are set against.

mod kept;
mod target;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ids::TierId;
use crate::ledger::Receipt;
use crate::money::{CurrencyCode, Overflow, Points, exact, round_half_up, whole};
use crate::month::Month;
use crate::order::{
    Books, Named, Order, Payment, Refund, RefundPayment, RefundState, Sale, Stamped,
};
use crate::program::{Program, ProgramVersion};

/// What was decided about an order when money first arrived for it, and never again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The program version in force when it was paid.
    #[serde(rename = "v")]
    pub program: u32,
    /// When it was paid.
    #[serde(rename = "p", with = "crate::order::nanos")]
    pub paid_at: Timestamp,
    /// The member's tier before this order's own promotion; `None` until it has a member.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<TierId>,
    /// The month at whose end its points expire; `None`: not by their age.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<Month>,
    /// The local day its points can be spent from; `None`: at once.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub matures: Option<Date>,
    /// Whether another payment of the same visit was counted before: then it is no order
    /// of its own.
    #[serde(rename = "a", default, skip_serializing_if = "crate::order::is_false")]
    pub again: bool,
    /// Whether it may be a sale that another source told already.
    #[serde(rename = "h", default, skip_serializing_if = "crate::order::is_false")]
    pub held: bool,
    /// Whether it counts for rhythm, tier and first order alone, and earns no points: a sale
    /// from before the program, which the owner didn't want to pay for.
    #[serde(rename = "o", default, skip_serializing_if = "crate::order::is_false")]
    pub facts_only: bool,
}

impl Snapshot {
    /// The snapshot of an order paid at `paid_at` under `version`.
    pub fn taken(version: &ProgramVersion, paid_at: Timestamp) -> Self {
        let program = &version.program;
        let day = program.local_day(paid_at);
        let pending = jiff::Span::new().try_days(i64::from(program.pending_days)).ok();
        Self {
            program: version.number,
            paid_at,
            tier: None,
            lot: program.lot_of(day),
            matures: pending
                .filter(|_| program.pending_days > 0)
                .and_then(|pending| day.checked_add(pending).ok()),
            again: false,
            held: false,
            facts_only: false,
        }
    }
}

/// Why an order is worth nothing whatever was paid.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unworthy {
    /// Only refunds or look-ups have arrived so far.
    #[error("the order itself hasn't arrived yet")]
    NotSeen,
    /// A test order.
    #[error("it is a test order")]
    Test,
    /// Its currency isn't the shop's.
    #[error(
        "it is in {found}, but the shop counts in {shop}: it earns nothing, and is never added up"
    )]
    ForeignCurrency {
        /// The order's.
        found: CurrencyCode,
        /// The shop's.
        shop: CurrencyCode,
    },
    /// A refund's currency is neither the order's nor the buyer's.
    #[error("a refund is in {0}, which is neither the order's currency nor the buyer's")]
    ForeignRefund(CurrencyCode),
    /// It came through a channel that only mirrors sales made elsewhere.
    #[error("it only mirrors a sale made elsewhere: the program ignores `{0}`")]
    Mirrored(String),
    /// An amount that can't be, such as a negative total.
    #[error("its {0} is negative")]
    Negative(&'static str),
}

/// The money of an order, before any rule of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Received, minor units.
    pub received: i64,
    /// What it is set against: the total without goods taken off before payment.
    pub total: i64,
}

/// What an order is worth under its snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worth {
    /// Money received, minor units.
    pub received: i64,
    /// Money that went back, minor units, half-up.
    pub refunded: i64,
    /// What of it counts, minor units.
    pub kept: i64,
    /// Points it should have: the target.
    pub points: Points,
    /// How they came about.
    pub receipt: Receipt,
}

/// Why a worth couldn't be told.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WorthError {
    /// It is worth nothing, for this reason.
    #[error(transparent)]
    Unworthy(#[from] Unworthy),
    /// Numbers beyond 64 bits.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// The money received for an order.
///
/// Shopify: nothing while pending, authorized, expired or voided; of a deposit what isn't
/// outstanding; else the total less goods removed before it was paid. The source's own
/// books overrule, unless the sale is known as it was later. Square: the amount of a completed payment, tips left out.
pub fn received(order: &Order, shop: CurrencyCode) -> Result<Received, WorthError> {
    let sale = &order.sale.as_ref().ok_or(Unworthy::NotSeen)?.value;
    if sale.test {
        return Err(Unworthy::Test.into());
    }
    if sale.currency != shop {
        return Err(Unworthy::ForeignCurrency { found: sale.currency, shop }.into());
    }
    if sale.total < 0 {
        return Err(Unworthy::Negative("total").into());
    }
    let removed = removed_before_payment(order, sale)?;
    let total = sale.total.checked_sub(removed).ok_or(Overflow)?.max(0);
    let received = match (&order.books, sale.payment) {
        (Some(books), _) if !is_older(books, order) => books.value.received,
        _ if order.voided => 0,
        (_, Payment::Unpaid | Payment::Voided) => 0,
        (_, Payment::Deposit) => sale
            .current_total
            .unwrap_or(total)
            .checked_sub(sale.outstanding)
            .ok_or(Overflow)?
            .clamp(0, sale.total),
        (_, Payment::Paid) => total,
    };
    // One payment of several: what its lines are shared by is the whole sale.
    let basket = order.basket.as_ref().map(|basket| basket.value.total);
    Ok(Received { received, total: basket.unwrap_or(total) })
}

/// Whether books were read before the sale became what is known of it: money may have
/// arrived in between.
fn is_older(books: &Stamped<Books>, order: &Order) -> bool {
    let sale = order.sale.as_ref().map(|sale| sale.stamp.updated_at);
    sale.is_some_and(|sale| books.stamp.updated_at < sale)
}

/// What is known to have been received for an order and to have gone back, as its source's
/// books would say it, in the order's own currency. `None`: there is no telling, or it is
/// worth nothing anyway.
pub fn books(order: &Order) -> Option<Books> {
    let sale = &order.sale.as_ref()?.value;
    let received = received(order, sale.currency).ok()?.received;
    let refunded = round_half_up(&refunded(order, sale).ok()?).ok()?;
    Some(Books { received, refunded })
}

/// Everything that went back, in minor units.
fn refunded(order: &Order, sale: &Sale) -> Result<crate::money::Exact, Unworthy> {
    let mut sum = whole(0);
    for (payment, _) in successful(order) {
        sum += returned(sale, payment)?;
    }
    // The source's sums may be older than a refund we know of, never larger than the truth.
    let books = order.books.as_ref().map_or(0, |books| books.value.refunded);
    Ok(sum.max(whole(sale.refunded)).max(whole(books)))
}

/// Refunds that moved no money and are older than the first paid snapshot: the way
/// Shopify tells that goods were taken off an order not yet paid.
fn edits_before_payment(order: &Order) -> impl Iterator<Item = &Refund> {
    order.refunds.values().filter(|refund| {
        let before = match (refund.created_at, order.first_paid) {
            (Some(created), Some(paid)) => created < paid,
            _ => false,
        };
        before && !refund.moved_money()
    })
}

fn removed_before_payment(order: &Order, sale: &Sale) -> Result<i64, WorthError> {
    let mut removed = whole(0);
    for named in edits_before_payment(order).filter_map(|refund| refund.named.as_ref()) {
        removed += kept::gross(&named.value, sale) * whole_unit(sale);
    }
    Ok(round_half_up(&removed)?)
}

/// Minor units in one whole unit of the order's currency.
fn whole_unit(sale: &Sale) -> crate::money::Exact {
    let units = 10_i64.checked_pow(sale.currency.exponent());
    whole(units.unwrap_or(1))
}

/// What moved back to the buyer by one payment, in minor units of the order's currency.
fn returned(sale: &Sale, payment: &RefundPayment) -> Result<crate::money::Exact, Unworthy> {
    let amount = exact(payment.amount) * whole_unit(sale);
    match (payment.currency, &sale.presentment) {
        (None, _) => Ok(amount),
        (Some(currency), _) if currency == sale.currency => Ok(amount),
        (Some(currency), Some(rate)) if currency == rate.currency && !rate.theirs.is_zero() => {
            Ok(amount * exact(rate.ours) / exact(rate.theirs))
        }
        (Some(currency), _) => Err(Unworthy::ForeignRefund(currency)),
    }
}

/// Successful refund payments of an order, each transaction once even if two refunds
/// list it, with what its refund names.
fn successful(order: &Order) -> Vec<(&RefundPayment, Option<&Named>)> {
    let mut seen = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    for refund in order.refunds.values() {
        for (id, payment) in &refund.payments {
            if payment.state == RefundState::Succeeded && seen.insert(id) {
                found.push((payment, refund.named.as_ref().map(|named| &named.value)));
            }
        }
    }
    found
}

/// What an order is worth under the rules its snapshot names.
pub fn worth(order: &Order, snapshot: &Snapshot, program: &Program) -> Result<Worth, WorthError> {
    let money = received(order, program.shop.currency)?;
    let sale = &order.sale.as_ref().ok_or(Unworthy::NotSeen)?.value;
    if let Some(channel) = sale.channel.as_ref().filter(|name| program.base.ignore.contains(name)) {
        return Err(Unworthy::Mirrored(channel.clone()).into());
    }
    let kept = kept::Kept::of(order, sale, &money, program)?;
    target::target(order, sale, snapshot, program, &money, &kept)
}

#[cfg(test)]
mod tests;
