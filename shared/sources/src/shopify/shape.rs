//! Which resource a body is, by the keys it has.

use std::collections::BTreeMap;

use crate::Unreadable;
use crate::read::{Any, parse};

/// A resource that Shopify sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Order,
    OrderEdit,
    Refund,
    Customer,
    Consent,
    Shop,
    CustomerMerge,
    DataRequest,
    CustomerRedact,
    ShopRedact,
    /// An id and nothing else: what stands for a body too large for the bus.
    IdAlone,
}

/// Keys that a resource has, and keys that another resource with those keys has too and
/// it hasn't. No body fits two of them.
const SHAPES: [(Shape, &[&str], &[&str]); 10] = [
    (Shape::Order, &["id", "line_items", "financial_status", "total_price"], &["order_id"]),
    (Shape::OrderEdit, &["order_edit"], &["id"]),
    (Shape::Refund, &["id", "order_id", "refund_line_items", "transactions"], &["line_items"]),
    (Shape::Customer, &["id", "verified_email", "state"], &["line_items", "shop_owner"]),
    (Shape::Consent, &["customer_id", "email_marketing_consent"], &["line_items"]),
    (Shape::Shop, &["id", "plan_name", "shop_owner"], &["line_items"]),
    (
        Shape::CustomerMerge,
        &["admin_graphql_api_customer_kept_id", "admin_graphql_api_customer_deleted_id"],
        &[],
    ),
    (Shape::DataRequest, &["shop_id", "customer", "orders_requested"], &["orders_to_redact"]),
    (Shape::CustomerRedact, &["shop_id", "customer", "orders_to_redact"], &["orders_requested"]),
    (Shape::ShopRedact, &["shop_id", "shop_domain"], &["customer"]),
];

/// The resource a body is; `None` for one we don't know.
pub(super) fn of(body: &str) -> Result<Option<Shape>, Unreadable> {
    let keys: BTreeMap<String, Any> = parse(body)?;
    if keys.len() == 1 && keys.contains_key("id") {
        return Ok(Some(Shape::IdAlone));
    }
    let fits = |(_, has, hasnt): &&(Shape, &[&str], &[&str])| {
        has.iter().all(|key| keys.contains_key(*key))
            && !hasnt.iter().any(|key| keys.contains_key(*key))
    };
    Ok(SHAPES.iter().find(fits).map(|(shape, _, _)| *shape))
}

impl Shape {
    /// As a person would call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Order => "an order",
            Self::OrderEdit => "an order edit",
            Self::Refund => "a refund",
            Self::Customer => "a customer",
            Self::Consent => "a consent to e-mail",
            Self::Shop => "a shop",
            Self::CustomerMerge => "a merge of customers",
            Self::DataRequest => "a request for data",
            Self::CustomerRedact => "a request to forget a customer",
            Self::ShopRedact => "a request to forget a shop",
            Self::IdAlone => "an id alone",
        }
    }
}
