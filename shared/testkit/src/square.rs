//! Events as Square sends them, of our own making, and their signature.

use http::Request;
use platform::signature;
use serde_json::{Value, json};

use crate::shop::{PUBLIC_URL, SQUARE_SECRET};

/// Where the corner bakery's events are sent.
const PATH: &str = "/webhooks/square/corner-bakery";

/// A completed card payment of `cents`, of the sale `S-<id>`, by nobody known. A test
/// changes the fields it is about.
pub fn payment(id: &str, cents: i64) -> Value {
    json!({
        "id": id,
        "status": "COMPLETED",
        "amount_money": money(cents),
        "total_money": money(cents),
        "approved_money": money(cents),
        "source_type": "CARD",
        "card_details": {
            "status": "CAPTURED",
            "card": {"card_brand": "VISA", "last_4": "1111", "card_type": "CREDIT"},
            "entry_method": "CONTACTLESS"
        },
        "location_id": "LBAKERY",
        "order_id": format!("S-{id}"),
        "application_details": {"square_product": "SQUARE_POS", "application_id": "sq0idp-bakery"},
        "receipt_number": "0001",
        "delay_action": "CANCEL",
        "version_token": "v-1",
        "created_at": "2026-11-20T14:00:00.120Z",
        "updated_at": "2026-11-20T14:00:05.450Z"
    })
}

/// A completed refund of `cents` of a payment.
pub fn refund(id: &str, payment: &str, cents: i64) -> Value {
    json!({
        "id": id,
        "status": "COMPLETED",
        "amount_money": money(cents),
        "payment_id": payment,
        "order_id": format!("S-{id}"),
        "location_id": "LBAKERY",
        "reason": "stale",
        "created_at": "2026-11-21T15:00:00.000Z",
        "updated_at": "2026-11-21T15:00:01.000Z"
    })
}

/// A customer record. Square confirms no address.
pub fn customer(id: &str, email: &str) -> Value {
    json!({
        "id": id,
        "given_name": "Ada",
        "family_name": "Baker",
        "email_address": email,
        "phone_number": null,
        "preferences": {"email_unsubscribed": false},
        "creation_source": "DIRECTORY",
        "created_at": "2026-11-01T15:00:00.250Z",
        "updated_at": "2026-11-20T14:00:00Z",
        "version": 1
    })
}

/// An amount in US cents.
pub fn money(cents: i64) -> Value {
    json!({"amount": cents, "currency": "USD"})
}

/// An event of this type with this as `data.object`, such as `{"payment": …}`.
pub fn event(kind: &str, object: &Value) -> Value {
    json!({
        "merchant_id": "MCORNERBAKERY",
        "type": kind,
        "event_id": "8c1f5a52-4d0f-4e4f-9a55-3f0d54a1b0c7",
        "created_at": "2026-11-20T14:00:06.322945116Z",
        "data": {"type": kind.split('.').next(), "id": "x", "object": object}
    })
}

/// The signature of a body by the sample secret, for the URL that Square was given.
pub fn signed(body: &[u8]) -> String {
    signature::sign_square(&SQUARE_SECRET.into(), &format!("{PUBLIC_URL}{PATH}"), body)
}

/// A signed delivery to the corner bakery, ready for a router.
pub fn delivery<B: From<Vec<u8>>>(body: Vec<u8>) -> Request<B> {
    let mut request = Request::new(B::from(Vec::new()));
    let signature = signed(&body);
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = http::Uri::from_static(PATH);
    let headers = request.headers_mut();
    for (name, value) in [
        ("content-type", "application/json"),
        ("x-square-hmacsha256-signature", signature.as_str()),
        ("square-environment", "Production"),
        ("square-initial-delivery-timestamp", "2026-11-20T14:00:07Z"),
    ] {
        // All of it is plain ASCII.
        if let Ok(value) = http::HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    *request.body_mut() = B::from(body);
    request
}
