//! Who may come in, and what happens to what can't be read.

use axum::body::Body;
use http::{Request, StatusCode};
use jiff::civil::date;
use loyalty::month::Month;
use serde_json::{Value, json};
use testkit::shop::TestShop;
use testkit::shopify::{delivery, order, refund};

use super::{available, deliver, record, send};

fn paid(id: u64) -> Vec<u8> {
    serde_json::to_vec(&order(id, "10.00")).unwrap()
}

/// Refused, and nothing was stored.
async fn refused(shop: &TestShop, request: Request<Body>) {
    let (status, answer) = send(shop, request).await;
    assert_eq!((status, &answer["status"]), (StatusCode::UNAUTHORIZED, &json!(401)));
    assert_eq!(shop.order(1).await.version, 0);
    assert!(letters(shop).await.is_empty());
}

async fn letters(shop: &TestShop) -> Vec<platform::store::DeadLetter> {
    let month = Month::of(date(2026, 11, 1));
    shop.services.store.dead_letters(&shop.id, month).await.unwrap()
}

#[tokio::test]
async fn a_missing_wrong_or_truncated_signature_is_refused() {
    let shop = TestShop::open().await;
    let with = |signature: Option<&str>| {
        let mut request: Request<Body> = delivery("orders/paid", paid(1));
        request.headers_mut().remove("x-shopify-hmac-sha256");
        if let Some(signature) = signature {
            request.headers_mut().insert("x-shopify-hmac-sha256", signature.parse().unwrap());
        }
        request
    };
    let right = testkit::shopify::signed(&paid(1));
    refused(&shop, with(None)).await;
    refused(&shop, with(Some(""))).await;
    refused(&shop, with(right.get(..40))).await;
    refused(&shop, with(Some(&testkit::shopify::signed(&paid(2))))).await;
}

#[tokio::test]
async fn a_changed_body_is_refused() {
    let shop = TestShop::open().await;
    let mut request: Request<Body> = delivery("orders/paid", paid(1));
    *request.body_mut() = Body::from(paid(3));
    refused(&shop, request).await;
}

#[tokio::test]
async fn an_unknown_shop_gets_the_very_same_answer() {
    let shop = TestShop::open().await;
    let to = |path: &'static str| {
        let mut request: Request<Body> = delivery("orders/paid", paid(1));
        *request.uri_mut() = http::Uri::from_static(path);
        request
    };
    let mut wrong: Request<Body> = delivery("orders/paid", paid(1));
    wrong.headers_mut().remove("x-shopify-hmac-sha256");
    let known = send(&shop, wrong).await;
    for path in ["/webhooks/shopify/nobody", "/webhooks/shopify/NOT%20A%23SHOP"] {
        assert_eq!(send(&shop, to(path)).await, known, "{path}");
    }
}

#[tokio::test]
async fn during_a_rotation_old_and_new_secrets_are_accepted() {
    let shop = TestShop::open().await;
    for secrets in ["corner-bakery-sample-secret, next", "next, corner-bakery-sample-secret"] {
        let shop = shop.clone().with_secrets(secrets);
        record(&shop, "orders/paid", &order(1, "10.00")).await;
    }
    let after = shop.clone().with_secrets("next");
    let (status, _) = send(&after, delivery("orders/paid", paid(2))).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_body_over_2_mb_is_413_and_one_below_is_read() {
    let shop = TestShop::open().await;
    let of = |bytes: usize| {
        let mut body = order(1, "10.00");
        body["note"] = json!("x".repeat(bytes));
        serde_json::to_vec(&body).unwrap()
    };
    let (status, answer) = send(&shop, delivery("orders/paid", of(2 * 1024 * 1024))).await;
    assert_eq!((status, &answer["status"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!(413)));
    let (status, _) = send(&shop, delivery("orders/paid", of(1_900_000))).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(available(&shop).await, 100);
}

#[tokio::test]
async fn an_unknown_topic_is_acknowledged() {
    let shop = TestShop::open().await;
    let answer = deliver(&shop, "products/update", &json!({"id": 1})).await;
    assert_eq!(answer["outcome"], "ignored");
    assert!(letters(&shop).await.is_empty());
}

#[tokio::test]
async fn a_topic_that_does_not_fit_its_body_does_nothing_and_is_kept() {
    let shop = TestShop::open().await;
    let bodies = [
        ("orders/paid", refund(2, 1, "10.00")),
        ("refunds/create", order(1, "10.00")),
        ("app/uninstalled", order(1, "10.00")),
        ("customers/redact", order(1, "10.00")),
        ("customers/create", order(1, "10.00")),
        ("shop/redact", json!({"shop_id": 1, "shop_domain": "x", "customer": {"id": 1}})),
    ];
    let count = bodies.len();
    for (topic, body) in bodies {
        let answer = deliver(&shop, topic, &body).await;
        assert_eq!(answer["outcome"], "set_aside", "{topic}");
        let reason = answer["reason"].as_str().unwrap();
        assert!(reason.starts_with("the topic says "), "{reason}");
    }
    assert_eq!(letters(&shop).await.len(), count);
    assert_eq!(shop.order(1).await.version, 0);
    let status = shop.services.store.status(&shop.id).await.unwrap();
    assert!(status.disconnected.is_empty());
    assert!(shop.services.store.open_tasks(&shop.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn signed_garbage_is_kept_whole_once_and_answered_200() {
    let shop = TestShop::open().await;
    let deep = "[".repeat(10_000);
    let odd: [&[u8]; 6] = [b"", b"not json", b"{\"id\":", b"\xff\xfe", b"[1e400]", deep.as_bytes()];
    for body in odd {
        for _ in 0..2 {
            let (status, answer) = send(&shop, delivery("orders/paid", body.to_vec())).await;
            assert_eq!((status, &answer["outcome"]), (StatusCode::OK, &json!("set_aside")));
        }
    }
    let kept = letters(&shop).await;
    assert_eq!(kept.len(), odd.len());
    let now = shop.services.clock.now();
    for letter in kept {
        let store = &shop.services.store;
        let (_, body) = store.dead_letter(&shop.id, &letter.id, now).await.unwrap().unwrap();
        assert!(odd.contains(&body.as_slice()), "{} came back changed", letter.reason);
    }
}

#[tokio::test]
async fn a_large_dead_letter_comes_back_from_its_parts() {
    let shop = TestShop::open().await;
    // Random, so that it doesn't shrink: 1.5 MB in parts of 300 kB.
    let mut body = vec![0; 1_500_000];
    fastrand::Rng::with_seed(7).fill(&mut body);
    let (status, _) = send(&shop, delivery("orders/paid", body.clone())).await;
    assert_eq!(status, StatusCode::OK);
    let letter = letters(&shop).await.remove(0);
    assert!(letter.parts >= 5);
    let now = shop.services.clock.now();
    let found = shop.services.store.dead_letter(&shop.id, &letter.id, now).await.unwrap();
    assert!(found.unwrap().1 == body);
    shop.set_now("2026-12-07T12:00:00Z");
    let now = shop.services.clock.now();
    let late = shop.services.store.dead_letter(&shop.id, &letter.id, now).await.unwrap();
    assert_eq!(late, None, "14 days are over, whatever DynamoDB has deleted");
}

#[tokio::test]
async fn what_is_wrong_is_told_without_the_value() {
    let shop = TestShop::open().await;
    type Change = fn(&mut Value);
    let wrong: [(&str, Change); 6] = [
        ("`customer.id`: missing, or of another type than expected", |order| {
            order["customer"]["id"] = json!("ada@example.com");
        }),
        ("`total_price`: `-1.00`", |order| order["total_price"] = json!("-1.00")),
        ("`line_items.price`", |order| order["line_items"][0]["price"] = json!("1.005")),
        ("`currency`", |order| order["currency"] = json!("DOLLAR")),
        ("`financial_status`", |order| order["financial_status"] = json!("ada@example.com")),
        ("`updated_at`", |order| order["updated_at"] = json!("ada@example.com")),
    ];
    for (place, change) in wrong {
        let mut body = order(1, "10.00");
        change(&mut body);
        let answer = deliver(&shop, "orders/paid", &body).await;
        let reason = answer["reason"].as_str().unwrap_or_default();
        let key = place.split(':').next().unwrap();
        assert!(reason.starts_with(key), "{reason} should be about {key}");
        assert!(!reason.contains("ada@"), "{reason}");
    }
}

#[tokio::test]
async fn amounts_too_large_to_count_are_set_aside_and_harm_nothing() {
    let shop = TestShop::open().await;
    record(&shop, "orders/paid", &order(1, "10.00")).await;
    let mut huge = order(2, "92233720368547758.07");
    huge["line_items"][0]["quantity"] = json!(i64::MAX);
    let answer = deliver(&shop, "orders/paid", &huge).await;
    assert_eq!(answer["outcome"], "set_aside", "{answer}");
    assert_eq!(available(&shop).await, 100);
}

#[tokio::test]
async fn an_envelope_of_the_bus_over_http_is_refused_unsigned_and_kept_signed() {
    let shop = TestShop::open().await;
    let envelope = json!({
        "version": "0", "id": "1", "detail-type": "shopifyWebhook",
        "source": "aws.partner/shopify.com/1/corner-bakery",
        "detail": {"payload": order(1, "10.00"), "metadata": {"X-Shopify-Topic": "orders/paid"}}
    });
    let mut unsigned: Request<Body> =
        delivery("orders/paid", serde_json::to_vec(&envelope).unwrap());
    unsigned.headers_mut().remove("x-shopify-hmac-sha256");
    refused(&shop, unsigned).await;
    assert_eq!(deliver(&shop, "orders/paid", &envelope).await["outcome"], "set_aside");
    assert_eq!(shop.order(1).await.version, 0);
}

#[tokio::test]
async fn privacy_topics_are_kept_as_tasks_once() {
    let shop = TestShop::open().await;
    let bodies = [
        (
            "customers/redact",
            json!({"shop_id": 1, "shop_domain": "x", "customer": {"id": 1}, "orders_to_redact": []}),
        ),
        (
            "customers/data_request",
            json!({"shop_id": 1, "shop_domain": "x", "customer": {"id": 1}, "orders_requested": []}),
        ),
        ("shop/redact", json!({"shop_id": 1, "shop_domain": "x"})),
    ];
    for _ in 0..2 {
        for (topic, body) in &bodies {
            assert_eq!(deliver(&shop, topic, body).await["outcome"], "kept", "{topic}");
        }
    }
    assert_eq!(shop.services.store.open_tasks(&shop.id).await.unwrap().len(), bodies.len());
}

#[tokio::test]
async fn an_uninstalled_app_is_noted_the_first_time() {
    let shop = TestShop::open().await;
    let gone = json!({"id": 548_380_009_u64, "name": "Corner Bakery", "email": "owner@example.com",
        "plan_name": "basic", "shop_owner": "Grace", "myshopify_domain": null});
    record(&shop, "app/uninstalled", &gone).await;
    let first = shop.services.store.status(&shop.id).await.unwrap();
    shop.set_now("2026-11-23T12:00:00Z");
    record(&shop, "app/uninstalled", &gone).await;
    assert_eq!(shop.services.store.status(&shop.id).await.unwrap(), first);
    assert!(first.disconnected.contains_key(&loyalty::ids::Source::Shopify));
}

/// Invokes the function as Lambda does.
pub(super) async fn invoke(
    shop: &TestShop,
    event: &Value,
) -> Result<Value, platform::invoke::InvokeError> {
    let payload = serde_json::value::to_raw_value(event).unwrap();
    let router = crate::router(shop.services.clone());
    let answer = platform::invoke::http(router, payload).await?;
    Ok(serde_json::from_str(answer.get()).unwrap())
}

pub(super) fn http_event(body: &str, base64: bool) -> Value {
    let signature = testkit::shopify::signed(&paid(1));
    json!({
        "version": "2.0", "routeKey": "POST /webhooks/shopify/{shop}",
        "rawPath": "/webhooks/shopify/corner-bakery", "rawQueryString": "",
        "headers": {"content-type": "application/json", "x-shopify-topic": "orders/paid",
            "x-shopify-hmac-sha256": signature},
        "requestContext": {"accountId": "1", "apiId": "a", "domainName": "d", "domainPrefix": "p",
            "http": {"method": "POST", "path": "/webhooks/shopify/corner-bakery",
                "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "x"},
            "requestId": "r", "routeKey": "$default", "stage": "$default",
            "time": "22/Nov/2026:12:00:00 +0000", "timeEpoch": 1_795_348_800_000_u64},
        "body": body, "isBase64Encoded": base64
    })
}

#[tokio::test]
async fn a_lambda_event_is_answered_with_a_plain_or_a_base64_body() {
    use base64::prelude::*;
    let plain = String::from_utf8(paid(1)).unwrap();
    for (body, base64) in [(plain.clone(), false), (BASE64_STANDARD.encode(&plain), true)] {
        let shop = TestShop::open().await;
        let answer = invoke(&shop, &http_event(&body, base64)).await.unwrap();
        assert_eq!(answer["statusCode"], 200, "{answer}");
        assert_eq!(available(&shop).await, 100);
    }
}

#[tokio::test]
async fn an_event_that_is_no_request_never_becomes_one() {
    let shop = TestShop::open().await;
    let bus = json!({"source": "aws.partner/shopify.com/1/x", "detail-type": "shopifyWebhook", "detail": {}});
    let mut mixed = http_event("{}", false);
    mixed["source"] = json!("aws.partner/shopify.com/1/x");
    for event in [bus, mixed, json!({}), json!([]), json!({"requestContext": {}})] {
        assert!(invoke(&shop, &event).await.is_err(), "{event}");
    }
}
