//! Events as the sources tell them: what each is called, its body, and what it means.

use jiff::Timestamp;
use serde_json::{Value, json};
use testkit::{shopify, square};

use super::history::{Door, Event, Meaning, SQUARE_ORDERS, SQUARE_PEOPLE};

/// A picture of an order at `second`.
#[expect(clippy::indexing_slicing, reason = "writing a key of a JSON object never panics")]
pub(crate) fn picture(
    order: u64,
    second: i64,
    cents: i64,
    paid: bool,
    cancelled: bool,
    buyer: Option<u64>,
) -> Event {
    let total = decimal(cents);
    let mut body = shopify::order(order, &total);
    let updated = format!("2026-11-20T09:00:{second:02}-05:00");
    body["updated_at"] = json!(updated);
    body["financial_status"] = json!(if paid { "paid" } else { "pending" });
    body["cancelled_at"] = if cancelled { json!(updated) } else { Value::Null };
    let email = buyer.map(email);
    body["customer"] = buyer.map_or(Value::Null, |who| shopify::customer(who, &self::email(who)));
    body["email"] = json!(email.clone().unwrap_or_default());
    body["contact_email"] = json!(email);
    let topic = match (paid, cancelled) {
        (false, _) => "orders/create",
        (true, true) => "orders/cancelled",
        (true, false) => "orders/paid",
    };
    let guest = false;
    let meaning = Meaning::Picture { order, second, cents, paid, cancelled, buyer, guest };
    Event { door: Door::Shopify, topic, body: bytes(&body), meaning }
}

/// Refund `number` of an order.
pub(crate) fn refund(order: u64, number: u64, cents: i64) -> Event {
    let id = order.wrapping_mul(1000).wrapping_add(number.wrapping_mul(10));
    let body = shopify::refund(id, order, &decimal(cents));
    let meaning = Meaning::Refund { order, cents };
    Event { door: Door::Shopify, topic: "refunds/create", body: bytes(&body), meaning }
}

/// A customer's record.
pub(crate) fn record(person: u64) -> Event {
    let body = shopify::customer(person, &email(person));
    let meaning = Meaning::Person(person);
    Event { door: Door::Shopify, topic: "customers/create", body: bytes(&body), meaning }
}

/// Something signed that nobody can read.
pub(crate) fn garbage(salt: u64) -> Event {
    let body = format!("garbage {salt}").into_bytes();
    Event { door: Door::Shopify, topic: "orders/paid", body, meaning: Meaning::Garbage }
}

/// A request to forget somebody.
pub(crate) fn redact() -> Event {
    let body =
        json!({"shop_id": 1, "shop_domain": "x", "customer": {"id": 1}, "orders_to_redact": []});
    let meaning = Meaning::Redact;
    Event { door: Door::Shopify, topic: "customers/redact", body: bytes(&body), meaning }
}

/// The same, bought by a guest: only her address says who she is.
#[expect(clippy::indexing_slicing, reason = "writing a key of a JSON object never panics")]
pub(crate) fn as_guest(event: &Event) -> Event {
    let mut body: Value = serde_json::from_slice(&event.body).unwrap_or_default();
    if body.get("customer").is_some() {
        body["customer"] = Value::Null;
    }
    let mut meaning = event.meaning;
    if let Meaning::Picture { guest, .. } = &mut meaning {
        *guest = true;
    }
    Event { body: bytes(&body), meaning, ..event.clone() }
}

/// What a person said about mail, under her record.
pub(crate) fn consent(person: u64) -> Event {
    let body = json!({"customer_id": person, "email_address": email(person),
        "email_marketing_consent": {"state": "subscribed", "opt_in_level": "single_opt_in",
            "consent_updated_at": "2026-11-20T09:00:00-05:00"}});
    let topic = "customers_email_marketing_consent/update";
    Event { door: Door::Shopify, topic, body: bytes(&body), meaning: Meaning::Person(person) }
}

/// That a person withdrew what she said about mail, as Shopify tells it: topic and body.
pub(crate) fn withdrawal(person: u64, at: Timestamp) -> (&'static str, Vec<u8>) {
    let body = json!({"customer_id": person, "email_address": email(person),
        "email_marketing_consent": {"state": "unsubscribed", "opt_in_level": null,
            "consent_updated_at": at.to_string()}});
    ("customers_email_marketing_consent/update", bytes(&body))
}

/// How far a payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pay {
    Approved,
    Completed,
    Canceled,
}

/// A payment at the till at `second`.
#[expect(clippy::indexing_slicing, reason = "writing a key of a JSON object never panics")]
pub(crate) fn payment(order: u64, second: i64, cents: i64, pay: Pay, buyer: Option<u64>) -> Event {
    let mut body = square::payment(&format!("P{order}"), cents);
    body["updated_at"] = json!(format!("2026-11-20T14:00:{second:02}.450Z"));
    body["customer_id"] = json!(buyer.map(|buyer| format!("SQ{buyer}")));
    body["status"] = json!(match pay {
        Pay::Approved => "APPROVED",
        Pay::Completed => "COMPLETED",
        Pay::Canceled => "CANCELED",
    });
    let (paid, cancelled) = (pay == Pay::Completed, pay == Pay::Canceled);
    let guest = false;
    let meaning = Meaning::Picture { order, second, cents, paid, cancelled, buyer, guest };
    at_till("payment.updated", &json!({ "payment": body }), meaning)
}

/// Refund `number` of a payment.
pub(crate) fn till_refund(order: u64, number: u64, cents: i64) -> Event {
    let body = square::refund(&format!("R{order}-{number}"), &format!("P{order}"), cents);
    at_till("refund.updated", &json!({ "refund": body }), Meaning::Refund { order, cents })
}

/// A customer's record at Square.
pub(crate) fn till_record(person: u64) -> Event {
    let id = format!("SQ{person}");
    let body = square::customer(&id, &email(person));
    at_till("customer.updated", &json!({ "customer": body }), Meaning::Person(person))
}

/// Square made one record of two.
pub(crate) fn merged_at_square(kept: u64, gone: u64) -> Event {
    let body = square::customer(&format!("SQ{gone}"), "");
    let merge =
        json!({"from_customer_ids": [format!("SQ{gone}")], "to_customer_id": format!("SQ{kept}")});
    let object = json!({"customer": body, "event_context": {"merge": merge}});
    at_till("customer.deleted", &object, Meaning::Merged { kept, gone })
}

/// Shopify made one record of two.
pub(crate) fn merged_at_shopify(kept: u64, gone: u64) -> Event {
    let body = json!({
        "admin_graphql_api_customer_kept_id": format!("gid://shopify/Customer/{kept}"),
        "admin_graphql_api_customer_deleted_id": format!("gid://shopify/Customer/{gone}"),
        "admin_graphql_api_job_id": null, "status": "completed", "errors": []});
    let meaning = Meaning::Merged { kept, gone };
    Event { door: Door::Shopify, topic: "customers/merge", body: bytes(&body), meaning }
}

/// A person says who is one, or who isn't.
pub(crate) fn by_hand(meaning: Meaning) -> Event {
    Event { door: Door::Hand, topic: "by hand", body: Vec::new(), meaning }
}

/// What a look-up of a payment of `cents` finds: `goods`, and a gift card for the rest.
pub(crate) fn lines(order: u64, cents: i64, goods: i64) -> Event {
    let body = json!({"order": {"updated_at": "2026-11-20T14:00:30Z",
    "total_money": square::money(cents),
    "line_items": [
        {"uid": "U1", "quantity": "1", "gross_sales_money": square::money(goods)},
        {"uid": "U2", "quantity": "1", "item_type": "GIFT_CARD",
            "gross_sales_money": square::money(cents - goods)},
    ]}});
    let meaning = Meaning::Lines { order, goods };
    Event { door: Door::LookUp, topic: "order", body: bytes(&body), meaning }
}

fn at_till(topic: &'static str, object: &Value, meaning: Meaning) -> Event {
    let body = bytes(&square::event(topic, object));
    Event { door: Door::Square, topic, body, meaning }
}

/// The order's name among all sources.
pub(crate) fn name(order: u64) -> String {
    if order < SQUARE_ORDERS { format!("shopify:{order}") } else { format!("square:P{order}") }
}

/// Where a person is written to.
pub(crate) fn email(person: u64) -> String {
    if person < SQUARE_PEOPLE {
        format!("person-{person}@example.com")
    } else {
        format!("SQ{person}@till.example.com")
    }
}

fn decimal(cents: i64) -> String {
    format!("{}.{:02}", cents.div_euclid(100), cents.rem_euclid(100))
}

fn bytes(body: &Value) -> Vec<u8> {
    body.to_string().into_bytes()
}
