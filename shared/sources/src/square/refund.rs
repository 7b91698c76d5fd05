//! The refund object: money that goes back, and names no goods.

use jiff::Timestamp;
use loyalty::order::{Order as State, Refund as Known, RefundPayment, RefundState};
use platform::store::Observation;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::money::{Money, required};
use super::payment::order_ref;
use crate::Unreadable;
use crate::read::{at, filled};

#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    id: String,
    payment_id: Option<String>,
    status: Option<String>,
    amount_money: Option<Money>,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
}

/// What a refund tells of its payment; `sent_at` is when the event that brought it was
/// made. A refund that isn't linked to a payment tells nothing: no sale of ours is
/// smaller for it.
pub(super) fn observation(
    refund: Refund,
    sent_at: Option<Timestamp>,
) -> Result<Option<Observation>, Unreadable> {
    let Some(payment) = filled(&refund.payment_id) else { return Ok(None) };
    let (minor, currency) = required(refund.amount_money.as_ref(), "refund.amount_money")?;
    let amount = Decimal::try_new(minor, currency.exponent())
        .map_err(|_| at("refund.amount_money", "too large"))?;
    let updated_at = refund.updated_at.or(refund.created_at).or(sent_at);
    let moved = RefundPayment {
        state: match refund.status.as_deref() {
            Some("COMPLETED") => RefundState::Succeeded,
            Some("REJECTED" | "FAILED") => RefundState::Failed,
            _ => RefundState::Pending,
        },
        amount,
        currency: Some(currency),
        updated_at: updated_at.ok_or_else(|| at("refund.updated_at", "missing"))?,
    };
    // At Square a refund is its one movement of money, so they share the id.
    let known = Known {
        created_at: refund.created_at,
        named: None,
        payments: [(refund.id.clone(), moved)].into(),
    };
    Ok(Some(Observation {
        order: order_ref(&payment, "refund.payment_id")?,
        state: State { refunds: [(refund.id, known)].into(), ..State::default() },
        buyer: None,
    }))
}
