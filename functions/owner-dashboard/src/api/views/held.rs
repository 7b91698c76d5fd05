//! Orders that are held, as the API shows them.

use jiff::Timestamp;
use loyalty::ids::OrderRef;
use serde::Serialize;
use utoipa::ToSchema;

use super::OrderName;

/// Orders that are held.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct HeldOrders {
    orders: Vec<HeldOrder>,
}

/// An order that is held.
#[derive(Debug, Serialize, ToSchema)]
struct HeldOrder {
    /// The order.
    order: OrderName,
    /// Since when.
    since: Timestamp,
}

impl FromIterator<(OrderRef, Timestamp)> for HeldOrders {
    fn from_iter<I: IntoIterator<Item = (OrderRef, Timestamp)>>(held: I) -> Self {
        let held = held.into_iter();
        let orders = held.map(|(order, since)| HeldOrder { order: (&order).into(), since });
        Self { orders: orders.collect() }
    }
}
