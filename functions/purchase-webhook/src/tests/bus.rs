//! Shopify's events as its partner bus delivers them.

use jiff::civil::date;
use loyalty::month::Month;
use platform::store::DeadLetter;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use testkit::shop::TestShop;
use testkit::shopify::{order, refund};

use super::available;
use super::door::{http_event, invoke};
use crate::bus::{BusError, handle, is_shopifys};

/// An envelope as EventBridge hands it over. The metadata's names are those of the HTTP
/// headers, in a case of their own.
fn envelope(topic: &str, payload: &Value) -> Value {
    json!({
        "version": "0",
        "id": "b1f4f0a5-2a54-4f0e-9d5a-3f0d54a1b0c7",
        "detail-type": "shopifyWebhook",
        "source": "aws.partner/shopify.com/1234567/corner-bakery",
        "account": "123456789012",
        "time": "2026-11-20T14:00:07Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {
            "payload": payload,
            "metadata": {
                "Content-Type": "application/json",
                "X-Shopify-Topic": topic,
                "X-Shopify-Shop-Domain": "corner-bakery.myshopify.com",
                "X-Shopify-Hmac-SHA256": "c2lnbmF0dXJlcyBtZWFuIG5vdGhpbmcgaGVyZQ==",
                "X-Shopify-Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
                "X-Shopify-API-Version": "2026-10",
                "X-Shopify-Triggered-At": "2026-11-20T14:00:06.123456Z"
            }
        }
    })
}

fn raw(event: &Value) -> Box<RawValue> {
    to_raw_value(event).unwrap()
}

async fn arrives(shop: &TestShop, event: &Value) -> Result<(), BusError> {
    assert!(is_shopifys(&raw(event)));
    handle(&shop.services, &raw(event)).await
}

async fn letters(shop: &TestShop) -> Vec<DeadLetter> {
    let month = Month::of(date(2026, 11, 1));
    shop.services.store.dead_letters(&shop.id, month).await.unwrap()
}

#[tokio::test]
async fn an_event_earns_like_the_webhook() {
    let (by_bus, by_http) = (TestShop::open().await, TestShop::open().await);
    for (topic, body) in
        [("orders/paid", order(1, "49.95")), ("refunds/create", refund(2, 1, "10.00"))]
    {
        for _ in 0..2 {
            arrives(&by_bus, &envelope(topic, &body)).await.unwrap();
        }
        super::record(&by_http, topic, &body).await;
    }
    assert_eq!(available(&by_bus).await, 399);
    let (ours, theirs) = (by_bus.order(1).await.record, by_http.order(1).await.record);
    assert_eq!(ours.state, theirs.state);
    assert_eq!(ours.posted(), theirs.posted());
    // The same sale by both ways is one sale.
    super::record(&by_bus, "orders/paid", &order(1, "49.95")).await;
    assert_eq!(available(&by_bus).await, 399);
}

#[tokio::test]
async fn the_domain_is_known_in_any_case_and_by_any_case_of_its_name() {
    let shop = TestShop::open().await;
    let mut event = envelope("orders/paid", &order(1, "10.00"));
    event["detail"]["metadata"] = json!({"x-shopify-topic": "orders/paid",
        "X-SHOPIFY-SHOP-DOMAIN": "Corner-Bakery.MyShopify.com"});
    arrives(&shop, &event).await.unwrap();
    assert_eq!(available(&shop).await, 100);
}

#[tokio::test]
async fn ids_of_64_bits_keep_every_digit() {
    let shop = TestShop::open().await;
    let id = 18_446_744_073_709_551_615_u64;
    arrives(&shop, &envelope("orders/paid", &order(id, "10.00"))).await.unwrap();
    assert_eq!(shop.order(id).await.record.posted().0, 100);
}

#[tokio::test]
async fn an_unknown_domain_is_an_error_so_that_lambda_keeps_the_event() {
    let shop = TestShop::open().await;
    let mut event = envelope("orders/paid", &order(1, "10.00"));
    event["detail"]["metadata"]["X-Shopify-Shop-Domain"] = json!("harbour-books.myshopify.com");
    let error = arrives(&shop, &event).await.unwrap_err();
    assert!(matches!(&error, BusError::UnknownShop(domain) if domain.starts_with("harbour-")));
    assert!(error.to_string().contains("REGULARS_SHOPIFY_SHOPS"), "{error}");
    assert_eq!(shop.order(1).await.version, 0);
    assert!(letters(&shop).await.is_empty());
}

#[tokio::test]
async fn an_envelope_that_is_none_is_an_error() {
    let shop = TestShop::open().await;
    let mut nameless = envelope("orders/paid", &order(1, "10.00"));
    nameless["detail"]["metadata"]["X-Shopify-Shop-Domain"] = json!(null);
    let mut empty = envelope("orders/paid", &order(1, "10.00"));
    empty["detail"] = json!({});
    for event in [nameless, empty] {
        assert!(matches!(arrives(&shop, &event).await, Err(BusError::Unreadable(_))));
    }
    assert_eq!(shop.order(1).await.version, 0);
}

#[tokio::test]
async fn a_body_that_can_not_be_read_is_kept_and_no_error() {
    let shop = TestShop::open().await;
    let mut broken = order(1, "10.00");
    broken["total_price"] = json!("ada@example.com");
    let bodies = [
        ("orders/paid", broken),
        ("orders/paid", refund(2, 1, "10.00")),
        ("refunds/create", json!({"id": 5})),
        ("orders/paid", json!("text")),
    ];
    let count = bodies.len();
    for (topic, body) in bodies {
        arrives(&shop, &envelope(topic, &body)).await.unwrap();
    }
    let kept = letters(&shop).await;
    assert_eq!(kept.len(), count);
    assert!(kept.iter().all(|letter| !letter.reason.contains("ada@")));
    assert_eq!(shop.order(1).await.version, 0);
}

#[tokio::test]
async fn an_order_over_the_inline_limit_is_no_dead_letter() {
    let shop = TestShop::open().await;
    arrives(&shop, &envelope("orders/paid", &json!({"id": 1}))).await.unwrap();
    assert!(letters(&shop).await.is_empty());
    assert!(shop.order(1).await.record.state.sale.is_none());
}

#[tokio::test]
async fn an_event_of_the_bus_never_becomes_a_request() {
    let shop = TestShop::open().await;
    let envelope = envelope("orders/paid", &order(1, "10.00"));
    let request = http_event("{}", false);
    // A request with a source of its own is asked for as an event, and is none.
    let mut claimed = request.clone();
    claimed["source"] = envelope["source"].clone();
    assert!(matches!(arrives(&shop, &claimed).await, Err(BusError::Unreadable(_))));
    assert!(invoke(&shop, &claimed).await.is_err());
    // An event that wears a request's context goes nowhere as a request.
    let mut disguised = envelope.clone();
    for (key, value) in request.as_object().unwrap() {
        disguised[key] = value.clone();
    }
    assert!(is_shopifys(&raw(&disguised)));
    assert!(invoke(&shop, &disguised).await.is_err());
    assert_eq!(shop.order(1).await.version, 0);
}

#[test]
fn a_request_is_no_event_of_the_bus_whatever_its_body_says() {
    let body = envelope("orders/paid", &order(1, "10.00")).to_string();
    assert!(!is_shopifys(&raw(&http_event(&body, false))));
    let events = [
        json!({"source": "aws.events", "detail": {}}),
        json!({"source": "aws.partner/example.com/shopify.com/"}),
        json!({"source": ["aws.partner/shopify.com/"]}),
        json!({"detail": {"source": "aws.partner/shopify.com/1/x"}}),
        json!([]),
    ];
    for event in events {
        assert!(!is_shopifys(&raw(&event)), "{event}");
    }
}
