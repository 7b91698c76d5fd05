//! Square: from an event's body, or an answer of its API, to what it tells.
//!
//! Sales are driven by payments: they come for every sale, those at the till included,
//! where order events don't. So an order of ours is one payment, and the payments of one
//! sale share a visit. Order events carry no amounts and tell nothing here; a sale's lines
//! are looked up ([`SquareOrder`]).

mod customer;
mod money;
mod order;
mod payment;
mod refund;
mod shape;

use jiff::Timestamp;
use platform::store::Observation;
use serde::Deserialize;

pub use self::order::SquareOrder;
use self::shape::Shape;
use crate::read::{Any, at, parse, text};
use crate::{PersonTold, Told, Unreadable};

/// Characters of an event's type that are kept: the longest that Square documents has
/// about half as many, and the rest of a made-up one is nobody's business.
const TYPE_LENGTH: usize = 64;

/// An event, with the object that its type promises.
#[derive(Debug, Deserialize)]
struct Event<T> {
    created_at: Option<Timestamp>,
    data: Data<T>,
}

#[derive(Debug, Deserialize)]
struct Data<T> {
    object: T,
}

#[derive(Debug, Deserialize)]
struct Probe {
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Debug, Deserialize)]
struct OfPayment {
    payment: payment::Payment,
}

#[derive(Debug, Deserialize)]
struct OfRefund {
    refund: refund::Refund,
}

#[derive(Debug, Deserialize)]
struct OfCustomer {
    customer: customer::Customer,
}

#[derive(Debug, Deserialize)]
struct OfOrder {
    order: order::Order,
}

/// Reads an event: its type, empty where it can't be told, and what it tells.
pub fn read(body: &[u8]) -> (String, Result<Told, Unreadable>) {
    match kind(body) {
        Ok((kind, body)) => {
            let told = told(&kind, body);
            (kind.chars().take(TYPE_LENGTH).collect(), told)
        }
        Err(unreadable) => (String::new(), Err(unreadable)),
    }
}

fn kind(body: &[u8]) -> Result<(String, &str), Unreadable> {
    let body = text(body)?;
    let probe: Probe = parse(body)?;
    Ok((probe.kind.ok_or_else(|| at("type", "missing"))?, body))
}

/// What an event tells: its type is believed only if it brings the object of that type.
fn told(kind: &str, body: &str) -> Result<Told, Unreadable> {
    let expected = match kind {
        "payment.created" | "payment.updated" => Shape::Payment,
        "refund.created" | "refund.updated" => Shape::Refund,
        "customer.created" | "customer.updated" | "customer.deleted" => Shape::Customer,
        "oauth.authorization.revoked" => Shape::Revocation,
        _ => return Ok(Told::Nothing),
    };
    shape::expect(expected, body)?;
    match expected {
        Shape::Payment => {
            let Event { created_at, data } = parse::<Event<OfPayment>>(body)?;
            let told = payment::observation(data.object.payment, created_at)?;
            Ok(Told::Order(Box::new(told)))
        }
        Shape::Refund => {
            let Event { created_at, data } = parse::<Event<OfRefund>>(body)?;
            let told = refund::observation(data.object.refund, created_at)?;
            Ok(told.map_or(Told::Nothing, |told| Told::Order(Box::new(told))))
        }
        Shape::Customer => Ok(customer::told(parse(body)?, kind == "customer.deleted")),
        Shape::Revocation => Ok(Told::Disconnected),
    }
}

/// Reads the API's answer about a payment. It is the object that events carry, so it tells
/// the same.
pub fn payment_answer(body: &[u8]) -> Result<Observation, Unreadable> {
    payment::observation(parse::<OfPayment>(text(body)?)?.payment, None)
}

#[derive(Debug, Deserialize)]
struct PaymentList {
    #[serde(default)]
    payments: Vec<Any>,
    cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
struct RefundList {
    #[serde(default)]
    refunds: Vec<Any>,
    cursor: Option<String>,
}

/// A page of a list, each of its objects read by itself, and how to ask for the next one.
pub type ListAnswer = (Vec<Result<Observation, Unreadable>>, Option<String>);

/// Reads a page of the API's list of payments: objects as events carry them.
pub fn payments_answer(body: &[u8]) -> Result<ListAnswer, Unreadable> {
    let PaymentList { payments, cursor } = parse(text(body)?)?;
    let read = |raw: &Any| parse(raw.get()).and_then(|one| payment::observation(one, None));
    Ok((payments.iter().map(read).collect(), cursor))
}

/// Reads a page of the API's list of refunds; those of no payment tell nothing.
pub fn refunds_answer(body: &[u8]) -> Result<ListAnswer, Unreadable> {
    let RefundList { refunds, cursor } = parse(text(body)?)?;
    let read = |raw: &Any| parse(raw.get()).and_then(|one| refund::observation(one, None));
    Ok((refunds.iter().filter_map(|raw| read(raw).transpose()).collect(), cursor))
}

/// Reads the API's answer about an order: the lines that a payment doesn't tell.
pub fn order_answer(body: &[u8]) -> Result<SquareOrder, Unreadable> {
    order::looked_up(parse::<OfOrder>(text(body)?)?.order)
}

/// Reads the API's answer about a customer.
pub fn customer_answer(body: &[u8]) -> Result<PersonTold, Unreadable> {
    Ok(parse::<OfCustomer>(text(body)?)?.customer.told())
}

#[cfg(test)]
mod tests;
