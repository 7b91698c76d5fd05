//! Bodies as Shopify sends them, of our own making, and their signature.

use http::Request;
use platform::signature;
use serde_json::{Value, json};

use crate::shop::SECRET;

/// A paid order of one line, bought by customer `9001` (Ada, `ada@example.com`). A test
/// changes the fields it is about.
pub fn order(id: u64, total: &str) -> Value {
    json!({
        "id": id,
        "admin_graphql_api_id": format!("gid://shopify/Order/{id}"),
        "name": format!("#{}", id % 10_000),
        "created_at": "2026-11-20T09:00:00-05:00",
        "processed_at": "2026-11-20T09:00:00-05:00",
        "updated_at": "2026-11-20T09:00:05-05:00",
        "cancelled_at": null,
        "closed_at": null,
        "test": false,
        "currency": "USD",
        "presentment_currency": "USD",
        "financial_status": "paid",
        "fulfillment_status": null,
        "source_name": "web",
        "location_id": null,
        "email": "ada@example.com",
        "contact_email": "ada@example.com",
        "phone": null,
        "customer_locale": "en-US",
        "customer": customer(9001, "ada@example.com"),
        "taxes_included": false,
        "total_price": total,
        "total_price_set": set(total, "USD", total, "USD"),
        "subtotal_price": total,
        "current_total_price": total,
        "total_discounts": "0.00",
        "total_tax": "0.00",
        "total_outstanding": "0.00",
        "total_tip_received": "0.00",
        "line_items": [line(id.wrapping_add(1), total, 1)],
        "shipping_lines": [],
        "refunds": []
    })
}

/// A line of goods.
pub fn line(id: u64, price: &str, quantity: u32) -> Value {
    json!({
        "id": id,
        "title": "Country loaf",
        "quantity": quantity,
        "current_quantity": quantity,
        "price": price,
        "price_set": set(price, "USD", price, "USD"),
        "gift_card": false,
        "product_id": 7_001,
        "variant_id": 7_101,
        "sku": "LOAF-COUNTRY",
        "taxable": true,
        "total_discount": "0.00",
        "tax_lines": [],
        "discount_allocations": []
    })
}

/// A customer record with a confirmed address.
pub fn customer(id: u64, email: &str) -> Value {
    json!({
        "id": id,
        "email": email,
        "first_name": "Ada",
        "last_name": "Baker",
        "phone": null,
        "state": "enabled",
        "verified_email": true,
        "currency": "USD",
        "created_at": "2026-11-01T10:00:00-05:00",
        "updated_at": "2026-11-20T09:00:00-05:00",
        "addresses": [],
        "default_address": null
    })
}

/// A refund of `amount` that moved money and names no goods.
pub fn refund(id: u64, order: u64, amount: &str) -> Value {
    json!({
        "id": id,
        "order_id": order,
        "created_at": "2026-11-21T10:00:00-05:00",
        "processed_at": "2026-11-21T10:00:00-05:00",
        "note": null,
        "restock": false,
        "refund_line_items": [],
        "refund_shipping_lines": [],
        "order_adjustments": [],
        "duties": [],
        "transactions": [{
            "id": id.wrapping_add(1),
            "order_id": order,
            "kind": "refund",
            "status": "success",
            "amount": amount,
            "currency": "USD",
            "created_at": "2026-11-21T10:00:01-05:00",
            "processed_at": "2026-11-21T10:00:01-05:00"
        }]
    })
}

/// An entry of a refund's goods.
pub fn refund_line(line: u64, subtotal: &str, tax: &str) -> Value {
    json!({
        "id": line.wrapping_add(500),
        "line_item_id": line,
        "quantity": 1,
        "restock_type": "no_restock",
        "subtotal_set": set(subtotal, "USD", subtotal, "USD"),
        "total_tax_set": set(tax, "USD", tax, "USD")
    })
}

/// An amount in the shop's and in the buyer's currency.
pub fn set(shop: &str, shop_currency: &str, theirs: &str, their_currency: &str) -> Value {
    json!({
        "shop_money": {"amount": shop, "currency_code": shop_currency},
        "presentment_money": {"amount": theirs, "currency_code": their_currency}
    })
}

/// The signature of a body by the sample secret.
pub fn signed(body: &[u8]) -> String {
    signature::sign_shopify(&SECRET.into(), body)
}

/// A signed delivery to the corner bakery, ready for a router.
pub fn delivery<B: From<Vec<u8>>>(topic: &str, body: Vec<u8>) -> Request<B> {
    let mut request = Request::new(B::from(Vec::new()));
    let signature = signed(&body);
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = http::Uri::from_static("/webhooks/shopify/corner-bakery");
    let headers = request.headers_mut();
    for (name, value) in [
        ("content-type", "application/json"),
        ("x-shopify-topic", topic),
        ("x-shopify-hmac-sha256", &signature),
        ("x-shopify-shop-domain", "corner-bakery.myshopify.com"),
        ("x-shopify-api-version", "2026-10"),
        ("x-shopify-webhook-id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
        ("x-shopify-triggered-at", "2026-11-20T14:00:06.123456Z"),
    ] {
        // Topics and the rest are plain ASCII; what isn't, is left out.
        if let Ok(value) = http::HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    *request.body_mut() = B::from(body);
    request
}
