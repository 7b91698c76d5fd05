//! Shopify: from a verified delivery to what it says.
//!
//! The signature covers neither topic nor shop nor time. So the shop is the one whose
//! secret fits, the topic only says which shape the body should have, and what a body
//! does follows from the body alone: an order is cancelled because it says so, not
//! because it came as `orders/cancelled`.

mod customer;
mod fetch;
mod merge;
mod money;
mod order;
mod refund;
mod shape;

pub(crate) use self::money::of_books as minor_of;

use jiff::Timestamp;
use platform::store::Observation;
use serde::Deserialize;

use crate::read::{Any, parse, text};
use crate::{Told, Unreadable};

/// A delivery that is known to be Shopify's.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// Its topic, as the header says; empty without one.
    pub topic: &'a str,
    /// When it was triggered, as the header says.
    pub triggered_at: Option<Timestamp>,
    /// Its body.
    pub body: &'a [u8],
}

/// Reads a delivery: the topic is believed only if the body has its exact shape.
pub fn read(delivery: &Delivery<'_>) -> Result<Told, Unreadable> {
    use shape::Shape;
    let expected = match delivery.topic {
        "orders/create" | "orders/paid" | "orders/updated" | "orders/cancelled" => Shape::Order,
        "orders/edited" => Shape::OrderEdit,
        "refunds/create" => Shape::Refund,
        "customers/create" | "customers/update" => Shape::Customer,
        "customers_email_marketing_consent/update" => Shape::Consent,
        "app/uninstalled" => Shape::Shop,
        "customers/merge" => Shape::CustomerMerge,
        "customers/data_request" => Shape::DataRequest,
        "customers/redact" => Shape::CustomerRedact,
        "shop/redact" => Shape::ShopRedact,
        "" => return Err(Unreadable("the topic header is missing".to_owned())),
        _ => return Ok(Told::Nothing),
    };
    let body = text(delivery.body)?;
    let found = shape::of(body)?;
    if found == Some(Shape::IdAlone) {
        return fetch::by_id(expected, body, delivery.triggered_at);
    }
    if found != Some(expected) {
        let found = found.map_or("no shape we know", Shape::name);
        let expected = expected.name();
        return Err(Unreadable(format!("the topic says {expected}, the body is {found}")));
    }
    Ok(match expected {
        Shape::Order => {
            Told::Order(Box::new(order::observation(parse(body)?, delivery.triggered_at)?))
        }
        Shape::Refund => Told::Order(Box::new(refund::observation(parse(body)?)?)),
        // It names lines and no amounts; the order as it is now has them.
        Shape::OrderEdit => fetch::edited(body)?,
        Shape::Customer => Told::Person(Box::new(customer::told(&parse(body)?))),
        Shape::Consent => {
            Told::Person(Box::new(customer::consent_told(&parse(body)?, delivery.triggered_at)?))
        }
        Shape::Shop => Told::Disconnected,
        Shape::CustomerMerge => merge::told(&parse(body)?)?,
        Shape::DataRequest | Shape::CustomerRedact | Shape::ShopRedact => Told::Task,
        // No topic expects it.
        Shape::IdAlone => Told::Nothing,
    })
}

#[derive(Debug, Deserialize)]
struct OfOrder {
    order: order::Order,
}

/// Reads the Admin API's answer about an order. It is the resource that the topics
/// `orders/*` carry, so it tells the same.
pub fn order_answer(body: &[u8]) -> Result<Observation, Unreadable> {
    order::observation(parse::<OfOrder>(text(body)?)?.order, None)
}

#[derive(Debug, Deserialize)]
struct OfOrders {
    orders: Vec<Any>,
}

#[derive(Debug, Deserialize)]
struct Probe {
    id: u64,
}

/// Orders by their numbers, each with what it tells or why it can't be read.
pub type OrdersAnswer = Vec<(u64, Result<Observation, Unreadable>)>;

/// Reads the Admin API's answer about several orders, each by itself: one that can't be read
/// is in nobody's way. With the number of each.
pub fn orders_answer(body: &[u8]) -> Result<OrdersAnswer, Unreadable> {
    let read = |raw: &Any| {
        let Probe { id } = parse(raw.get())?;
        let told = parse(raw.get()).and_then(|order| order::observation(order, None));
        Ok((id, told))
    };
    parse::<OfOrders>(text(body)?)?.orders.iter().map(read).collect()
}

#[cfg(test)]
mod tests;
