//! Bodies that stand for others. What whole bodies are worth is tested through the door.

use super::*;

#[track_caller]
fn told(topic: &str, body: &str) -> Result<Told, Unreadable> {
    read(&Delivery { topic, triggered_at: None, body: body.as_bytes() })
}

#[track_caller]
fn fetches(topic: &str, body: &str, expected: &str) {
    match told(topic, body) {
        Ok(Told::Fetch { order, .. }) => assert_eq!(order.to_string(), expected),
        other => panic!("{topic} told {other:?}"),
    }
}

#[track_caller]
fn unreadable(topic: &str, body: &str, reason: &str) {
    match told(topic, body) {
        Err(Unreadable(found)) => assert!(found.starts_with(reason), "{found}"),
        Ok(told) => panic!("{topic} told {told:?}"),
    }
}

#[test]
fn an_order_too_large_to_be_sent_is_to_be_fetched() {
    for topic in ["orders/create", "orders/paid", "orders/updated", "orders/cancelled"] {
        fetches(topic, r#"{"id": 18446744073709551615}"#, "shopify:18446744073709551615");
    }
}

#[test]
fn an_edit_names_no_amounts_so_its_order_is_to_be_fetched() {
    let edit = r#"{"order_edit": {"id": 1, "order_id": 22, "line_items": {"additions": []}}}"#;
    fetches("orders/edited", edit, "shopify:22");
    unreadable("orders/edited", r#"{"order_edit": {"id": 1}}"#, "`order_edit`: missing");
}

#[test]
fn what_is_not_an_order_can_not_be_fetched_by_its_id() {
    let too_large = "the body was too large to be sent, and a";
    for topic in [
        "refunds/create",
        "customers/create",
        "customers/update",
        "customers/merge",
        "customers_email_marketing_consent/update",
    ] {
        unreadable(topic, r#"{"id": 5}"#, too_large);
    }
    unreadable("app/uninstalled", r#"{"id": 5}"#, "the topic says a shop, the body is an id alone");
    unreadable("orders/edited", r#"{"id": 5}"#, "the topic says an order edit");
}

#[test]
fn an_id_that_is_no_number_or_has_company_is_no_order() {
    unreadable("orders/paid", r#"{"id": "ada@example.com"}"#, "`id`: missing, or of another type");
    unreadable("orders/paid", r#"{"id": -1}"#, "`id`: missing, or of another type");
    unreadable("orders/paid", r#"{"id": 1, "name": "x"}"#, "the topic says an order");
    unreadable("orders/paid", r#"{"number": 1}"#, "the topic says an order");
}

#[test]
fn no_reason_repeats_what_stood_in_the_body() {
    for (field, value) in [
        ("currency", "ada@example.com"),
        ("total_price", "ada@example.com"),
        ("total_price", "-17.99"),
        ("total_price", "1.005"),
        ("total_price", "92233720368547758070000"),
    ] {
        let mut order = serde_json::json!({
            "id": 1, "updated_at": "2026-11-20T09:00:00Z", "currency": "USD",
            "financial_status": "paid", "total_price": "1.00", "line_items": [],
        });
        order[field] = serde_json::json!(value);
        let Err(Unreadable(reason)) = told("orders/paid", &order.to_string()) else {
            panic!("{field} was read");
        };
        assert!(reason.starts_with(&format!("`{field}`: ")), "{reason}");
        assert!(!reason.contains(value) && !reason.contains("17.99"), "{reason}");
    }
}
