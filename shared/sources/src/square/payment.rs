//! The payment object: an order of ours.

use jiff::Timestamp;
use loyalty::ids::{OrderRef, Source, SourceId};
use loyalty::order::{Charge, Order as State, Payment as Paid, Sale, Stamp};
use platform::store::{Buyer, Observation, Person};
use serde::Deserialize;

use super::money::{Money, optional, required};
use crate::Unreadable;
use crate::read::{at, filled};

/// Characters of a channel's name that are kept, as for Shopify's: ids of applications
/// are shorter.
const CHANNEL_LENGTH: usize = 40;

#[derive(Debug, Deserialize)]
pub(super) struct Payment {
    id: String,
    status: Option<String>,
    amount_money: Option<Money>,
    tip_money: Option<Money>,
    refunded_money: Option<Money>,
    order_id: Option<String>,
    location_id: Option<String>,
    customer_id: Option<String>,
    buyer_email_address: Option<String>,
    application_details: Option<Application>,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct Application {
    square_product: Option<String>,
    application_id: Option<String>,
}

/// What a payment tells; `sent_at` is when the event that brought it was made.
pub(super) fn observation(
    payment: Payment,
    sent_at: Option<Timestamp>,
) -> Result<Observation, Unreadable> {
    let updated_at = payment.updated_at.or(payment.created_at).or(sent_at);
    let updated_at = updated_at.ok_or_else(|| at("payment.updated_at", "missing"))?;
    // Never the event's time: an example of Square's own is older than its object, so it
    // would let an older picture win.
    let stamp = Stamp { updated_at, triggered_at: None };
    let sale = sale(&payment, updated_at)?;
    Ok(Observation {
        order: order_ref(&payment.id, "payment.id")?,
        state: State::observed(stamp, sale, None),
        buyer: buyer(&payment).map(|buyer| (stamp, buyer)),
    })
}

/// The order that a payment is.
pub(super) fn order_ref(payment: &str, path: &str) -> Result<OrderRef, Unreadable> {
    let id = payment.parse().map_err(|_| at(path, "no id of a payment that we can keep"))?;
    Ok(OrderRef { source: Source::Square, id })
}

fn sale(payment: &Payment, updated_at: Timestamp) -> Result<Sale, Unreadable> {
    // Not `total_money`: that has the tip in it.
    let (total, currency) = required(payment.amount_money.as_ref(), "payment.amount_money")?;
    let refunded = payment.refunded_money.as_ref();
    Ok(Sale {
        currency,
        payment: state(payment.status.as_deref())?,
        test: false,
        total,
        current_total: None,
        outstanding: 0,
        refunded: optional(refunded, currency, "payment.refunded_money")?,
        // A payment doesn't say; the looked-up sale does.
        taxes_included: false,
        shipping: Charge::default(),
        tip: optional(payment.tip_money.as_ref(), currency, "payment.tip_money")?,
        presentment: None,
        placed_at: payment.created_at.unwrap_or(updated_at),
        location: filled(&payment.location_id).map(|id| SourceId::from(id.as_str())),
        channel: payment.application_details.as_ref().and_then(channel),
        visit: filled(&payment.order_id),
    })
}

/// Square's `status`. A payment that was cancelled or failed never completes: whoever pays
/// after all makes another one.
fn state(status: Option<&str>) -> Result<Paid, Unreadable> {
    match status {
        Some("COMPLETED") => Ok(Paid::Paid),
        Some("APPROVED" | "PENDING") => Ok(Paid::Unpaid),
        Some("CANCELED" | "FAILED") => Ok(Paid::Voided),
        Some(_) => Err(at("payment.status", "a state we don't know")),
        None => Err(at("payment.status", "missing")),
    }
}

/// The application that took the payment, which tells a mirror from a till; else Square's
/// own product.
fn channel(application: &Application) -> Option<String> {
    let name = filled(&application.application_id).or_else(|| filled(&application.square_product));
    name.map(|name| name.chars().take(CHANNEL_LENGTH).collect())
}

/// The buyer, as far as a payment tells. Her record's contents are the customer's own
/// events' to tell; the address beside it is whatever was given for the receipt.
fn buyer(payment: &Payment) -> Option<Buyer> {
    let record = filled(&payment.customer_id).map(|id| Person { id, ..Person::default() });
    let email = filled(&payment.buyer_email_address);
    (record.is_some() || email.is_some()).then_some(Buyer { record, email, phone: None })
}
