//! Bodies about what changed on an order: refunds and edits.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::money::{decimal, number, set};
use super::order_body::line_body;
use super::{Channel, Line, Picture, Refund, RefundLine, Sender, local};

/// A refund, by itself or inside an order.
pub(crate) fn refund_body(
    sender: &Sender,
    picture: &Picture<'_>,
    at: Timestamp,
    refund: &Refund,
) -> Value {
    let currency = picture.order.currency;
    let made = local(sender, at);
    let row = |(index, row): (u64, &RefundLine)| {
        let line = &row.line;
        json!({
            "id": refund.id.saturating_add(index),
            "line_item": line_body(picture, line),
            "line_item_id": line.id,
            "location_id": null,
            "quantity": line.quantity,
            "restock_type": "no_restock",
            "subtotal": number(line.net()),
            "subtotal_set": set(line.net(), currency),
            "total_tax": number(line.tax()),
            "total_tax_set": set(line.tax(), currency),
        })
    };
    let shipping = match refund.shipping {
        0 => json!([]),
        shipping => json!([{
            "id": refund.id.saturating_add(71),
            "shipping_line_id": picture.order.id.saturating_add(5),
            "subtotal_amount_set": set(shipping, currency),
            "tax_amount_set": set(0, currency),
        }]),
    };
    json!({
        "id": refund.id,
        "admin_graphql_api_id": format!("gid://shopify/Refund/{}", refund.id),
        "created_at": made,
        "duties": [],
        "note": refund.note,
        "order_adjustments": [],
        "order_id": picture.order.id,
        "processed_at": made,
        "refund_line_items": (1_u64..).zip(&refund.lines).map(row).collect::<Value>(),
        "refund_shipping_lines": shipping,
        "restock": false,
        "return": null,
        "total_duties_set": set(0, currency),
        "transactions": transactions(picture, &made, refund),
        "user_id": 548_380_113,
    })
}

fn transactions(picture: &Picture<'_>, made: &str, refund: &Refund) -> Value {
    let order = picture.order;
    let Some((id, amount)) = refund.payment else { return json!([]) };
    let source_name = match order.channel {
        Channel::Web => "web".to_owned(),
        Channel::Connector(app) => app.to_string(),
    };
    let unsettled = json!({ "amount": "0.0", "currency": order.currency });
    json!([{
        "id": id,
        "admin_graphql_api_id": format!("gid://shopify/OrderTransaction/{id}"),
        "amount": decimal(amount),
        "amount_rounding": null,
        "authorization": null,
        "created_at": made,
        "currency": order.currency,
        "device_id": null,
        "error_code": null,
        "gateway": "shopify_payments",
        "kind": "refund",
        "location_id": null,
        "manual_payment_gateway": false,
        "message": "Transaction approved",
        "order_id": order.id,
        "parent_id": id.saturating_sub(1),
        "payment_id": format!("#{}.2", order.number),
        "processed_at": made,
        "receipt": {},
        "source_name": source_name,
        "status": "success",
        "test": order.test,
        "total_unsettled_set": { "presentment_money": unsettled, "shop_money": unsettled },
        "user_id": null,
    }])
}

/// An edit: which lines came and went.
pub(crate) fn edit_body(
    sender: &Sender,
    order: u64,
    edit: u64,
    at: Timestamp,
    (added, removed): (Option<&Line>, &[RefundLine]),
) -> Value {
    let delta = |line: &Line| json!({ "id": line.id, "delta": line.quantity });
    json!({
        "order_edit": {
            "id": edit,
            "app_id": null,
            "committed_at": local(sender, at),
            "created_at": local(sender, at),
            "discounts": { "line_item": { "additions": [], "removals": [] } },
            "line_items": {
                "additions": added.into_iter().map(delta).collect::<Value>(),
                "removals": removed.iter().map(|row| delta(&row.line)).collect::<Value>(),
            },
            "notify_customer": false,
            "order_id": order,
            "shipping_lines": { "additions": [], "removals": [] },
            "staff_note": "",
            "user_id": 548_380_113,
        },
    })
}
