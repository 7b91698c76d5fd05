//! The order resource, as the topics `orders/*` carry it.

use serde_json::{Value, json};

use super::money::{decimal, set};
use super::people_body::{address, customer_body};
use super::refund_body::refund_body;
use super::{Channel, Line, Picture, Sender, local};

/// Fields that an order of this shop never fills.
const EMPTY: [&str; 19] = [
    "browser_ip",
    "cart_token",
    "client_details",
    "closed_at",
    "current_total_additional_fees_set",
    "current_total_duties_set",
    "device_id",
    "landing_site_ref",
    "merchant_of_record_app_id",
    "note",
    "original_total_additional_fees_set",
    "original_total_duties_set",
    "payment_terms",
    "po_number",
    "reference",
    "referring_site",
    "source_identifier",
    "source_url",
    "user_id",
];

/// Where the bakery is.
const LOCATION: u64 = 88_400_132_017;

/// An order as it stands in a picture.
pub(crate) fn order_body(sender: &Sender, picture: &Picture<'_>) -> Value {
    let mut body = fixed(sender, picture);
    let Value::Object(fields) = &mut body else { return body };
    let mut put = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    for name in EMPTY {
        put(name, Value::Null);
    }
    state(sender, picture, &mut put);
    amounts(picture, &mut put);
    people(sender, picture, &mut put);
    body
}

/// What never changes.
fn fixed(sender: &Sender, picture: &Picture<'_>) -> Value {
    let order = picture.order;
    let (app, source_name) = match order.channel {
        Channel::Web => (580_111, "web".to_owned()),
        Channel::Connector(app) => (app, app.to_string()),
    };
    let copied = order.channel != Channel::Web;
    let placed = local(sender, picture.placed);
    let token = format!("{:016x}", order.id.rotate_left(17));
    json!({
        "id": order.id,
        "admin_graphql_api_id": format!("gid://shopify/Order/{}", order.id),
        "app_id": app,
        "buyer_accepts_marketing": false,
        "checkout_token": if copied { Value::Null } else { json!(token) },
        "confirmation_number": format!("{:09X}", order.id & 0xF_FFFF_FFFF),
        "confirmed": true,
        "created_at": placed,
        "currency": order.currency,
        "customer_locale": "en-US",
        "duties_included": false,
        "estimated_taxes": false,
        "landing_site": if copied { Value::Null } else { json!("/") },
        "line_item_groups": [],
        "location_id": if copied { json!(LOCATION) } else { Value::Null },
        "merchant_business_entity_id": "MTcyMDM4ODQ0MDE",
        "name": format!("#{}", order.number),
        "note_attributes": [],
        "number": order.number.saturating_sub(1000),
        "order_number": order.number,
        "order_status_url": format!("https://{}/orders/{token}/authenticate", sender.domain),
        "payment_gateway_names": ["shopify_payments"],
        "presentment_currency": order.currency,
        "processed_at": placed,
        "returns": [],
        "source_name": source_name,
        "tags": "",
        "tax_exempt": false,
        "taxes_included": false,
        "test": order.test,
        "token": token,
    })
}

/// What changes with each step.
fn state(sender: &Sender, picture: &Picture<'_>, put: &mut impl FnMut(&str, Value)) {
    let order = picture.order;
    put("cancel_reason", json!(picture.cancelled.map(|_| "other")));
    put("cancelled_at", json!(picture.cancelled.map(|at| local(sender, at))));
    put("financial_status", json!(picture.financial_status()));
    put("fulfillment_status", json!(picture.fulfilled.map(|_| "fulfilled")));
    put("fulfillments", fulfillments(sender, picture));
    put("updated_at", json!(local(sender, picture.at)));
    put("line_items", picture.lines.iter().map(|line| line_body(picture, line)).collect());
    put("shipping_lines", shipping_lines(order.id, order.shipping, order.currency));
    let refunds = picture.refunds.iter();
    let refunds = refunds.map(|(at, refund)| refund_body(sender, picture, *at, refund));
    put("refunds", refunds.collect());
}

fn amounts(picture: &Picture<'_>, put: &mut impl FnMut(&str, Value)) {
    let order = picture.order;
    let sum = |of: fn(&Line) -> i64| {
        picture.lines.iter().fold(0_i64, |sum, line| sum.saturating_add(of(line)))
    };
    let left = |of: fn(&Line) -> i64| {
        let back = picture.refunds.iter().flat_map(|(_, refund)| &refund.lines);
        back.fold(sum(of), |left, row| left.saturating_sub(of(&row.line)))
    };
    let goods = sum(|line| line.product.price.saturating_mul(line.quantity));
    let discount = |line: &Line| line.discount;
    let with_sets = [
        ("current_subtotal_price", left(Line::net)),
        ("current_total_discounts", left(discount)),
        ("current_total_price", picture.current_total()),
        ("current_total_tax", left(Line::tax)),
        ("subtotal_price", sum(Line::net)),
        ("total_discounts", sum(discount)),
        ("total_line_items_price", goods),
        ("total_price", picture.total()),
        ("total_tax", sum(Line::tax)),
    ];
    for (name, minor) in with_sets {
        put(name, json!(decimal(minor)));
        put(&format!("{name}_set"), set(minor, order.currency));
    }
    let only_sets = [
        ("current_shipping_price_set", order.shipping),
        ("total_cash_rounding_payment_adjustment_set", 0),
        ("total_cash_rounding_refund_adjustment_set", 0),
        ("total_shipping_price_set", order.shipping),
    ];
    for (name, minor) in only_sets {
        put(name, set(minor, order.currency));
    }
    put("total_outstanding", json!(decimal(picture.outstanding())));
    put("total_tip_received", json!(decimal(order.tip)));
    put("total_weight", json!(weight(picture)));
    put("tax_lines", tax_lines(sum(Line::tax), order.currency));
    put("discount_applications", discount_applications(order.discount_code));
    put("discount_codes", discount_codes(order.discount_code, sum(discount)));
}

fn people(sender: &Sender, picture: &Picture<'_>, put: &mut impl FnMut(&str, Value)) {
    let order = picture.order;
    let buyer = &order.buyer;
    let address = match (&buyer.customer, order.channel) {
        (Some(customer), Channel::Web) => address(customer),
        _ => Value::Null,
    };
    put("shipping_address", if order.shipping > 0 { address.clone() } else { Value::Null });
    put("billing_address", address);
    put("contact_email", json!(buyer.email));
    put("email", json!(buyer.email.as_deref().unwrap_or_default()));
    put("phone", json!(buyer.phone));
    let mut customer = buyer.customer.as_ref().map(|customer| customer_body(sender, customer));
    if let Some(Value::Object(fields)) = &mut customer {
        // Inside an order the list of addresses is missing.
        fields.remove("addresses");
    }
    put("customer", json!(customer));
}

/// A line, in an order or named by a refund.
pub(super) fn line_body(picture: &Picture<'_>, line: &Line) -> Value {
    let product = line.product;
    let currency = picture.order.currency;
    let left = picture.left_of(line);
    let fulfilled = picture.fulfilled.is_some();
    let allocations = match line.discount {
        0 => json!([]),
        amount => json!([{
            "amount": decimal(amount),
            "amount_set": set(amount, currency),
            "discount_application_index": 0,
        }]),
    };
    json!({
        "id": line.id,
        "admin_graphql_api_id": format!("gid://shopify/LineItem/{}", line.id),
        "attributed_staffs": [],
        "current_quantity": left,
        "discount_allocations": allocations,
        "duties": [],
        "fulfillable_quantity": if fulfilled { 0 } else { left },
        "fulfillment_service": if product.gift_card { "gift_card" } else { "manual" },
        "fulfillment_status": fulfilled.then_some("fulfilled"),
        "gift_card": product.gift_card,
        "grams": product.grams,
        "name": product.title,
        "price": decimal(product.price),
        "price_set": set(product.price, currency),
        "product_exists": true,
        "product_id": product.id,
        "properties": [],
        "quantity": line.quantity,
        "requires_shipping": !product.gift_card,
        "sales_line_item_group_id": null,
        "sku": product.sku,
        "tax_lines": tax_lines(line.tax(), currency),
        "taxable": product.taxable,
        "title": product.title,
        "total_discount": "0.00",
        "total_discount_set": set(0, currency),
        "variant_id": product.id.saturating_add(31),
        "variant_inventory_management": null,
        "variant_title": null,
        "vendor": "Corner Bakery",
    })
}

fn tax_lines(tax: i64, currency: &str) -> Value {
    if tax == 0 {
        return json!([]);
    }
    json!([{
        "channel_liable": false,
        "price": decimal(tax),
        "price_set": set(tax, currency),
        "rate": 0.08875,
        "title": "New York Sales Tax",
    }])
}

fn discount_applications(code: Option<&str>) -> Value {
    code.map_or_else(
        || json!([]),
        |code| {
            json!([{
                "allocation_method": "across",
                "code": code,
                "target_selection": "entitled",
                "target_type": "line_item",
                "type": "discount_code",
                "value": "10.0",
                "value_type": "percentage",
            }])
        },
    )
}

fn discount_codes(code: Option<&str>, amount: i64) -> Value {
    let one = |code| json!([{ "amount": decimal(amount), "code": code, "type": "percentage" }]);
    code.map_or_else(|| json!([]), one)
}

fn fulfillments(sender: &Sender, picture: &Picture<'_>) -> Value {
    let Some(at) = picture.fulfilled else { return json!([]) };
    let order = picture.order;
    json!([{
        "id": order.id.saturating_add(7),
        "admin_graphql_api_id": format!("gid://shopify/Fulfillment/{}", order.id.saturating_add(7)),
        "created_at": local(sender, at),
        "location_id": LOCATION,
        "name": format!("#{}.1", order.number),
        "order_id": order.id,
        "service": "manual",
        "shipment_status": null,
        "status": "success",
        "tracking_company": null,
        "tracking_number": null,
        "updated_at": local(sender, at),
    }])
}

fn shipping_lines(order: u64, shipping: i64, currency: &str) -> Value {
    if shipping == 0 {
        return json!([]);
    }
    let price = set(shipping, currency);
    json!([{
        "id": order.saturating_add(5),
        "carrier_identifier": null,
        "code": "bicycle",
        "current_discounted_price_set": price,
        "discount_allocations": [],
        "discounted_price": decimal(shipping),
        "discounted_price_set": price,
        "is_removed": false,
        "phone": null,
        "price": decimal(shipping),
        "price_set": price,
        "requested_fulfillment_service_id": null,
        "source": "shopify",
        "tax_lines": [],
        "title": "By bicycle",
    }])
}

fn weight(picture: &Picture<'_>) -> i64 {
    let grams = |line: &&Line| i64::from(line.product.grams).saturating_mul(line.quantity);
    picture.lines.iter().map(grams).fold(0, i64::saturating_add)
}
