//! What is no sale and no person, and what can't be used.

use http::StatusCode;
use loyalty::ids::Source;
use serde_json::json;
use testkit::shop::TestShop;
use testkit::square::{customer, delivery, event, refund};

use super::super::send;
use super::{deliver, hers, letters, pays, points, record};

#[tokio::test]
async fn a_revoked_authorization_disconnects_square_alone() {
    let shop = TestShop::open().await;
    let revoked = json!({"revocation": {"revoked_at": "2026-11-20T14:00:00Z"}});
    record(&shop, "oauth.authorization.revoked", &revoked).await;
    let status = shop.services.store.status(&shop.id).await.unwrap();
    let gone: Vec<_> = status.disconnected.keys().copied().collect();
    assert_eq!(gone, [Source::Square]);
}

#[tokio::test]
async fn events_of_no_use_are_acknowledged() {
    let shop = TestShop::open().await;
    let order = json!({"order_created": {"order_id": "SALE", "version": 1, "state": "OPEN"}});
    for (kind, object) in [
        ("order.created", order.clone()),
        ("order.updated", json!({"order_updated": {"order_id": "SALE"}})),
        ("order.fulfillment.updated", json!({"order_fulfillment_updated": {}})),
        ("loyalty.account.updated", json!({"loyalty_account": {"id": "x"}})),
        ("loyalty.event.created", json!({"loyalty_event": {"id": "x"}})),
        ("catalog.version.updated", json!({"catalog_version": {}})),
        ("something.new", order),
    ] {
        assert_eq!(deliver(&shop, kind, &object).await["outcome"], "ignored", "{kind}");
    }
    assert!(letters(&shop).await.is_empty());
}

#[tokio::test]
async fn a_type_that_does_not_fit_its_object_does_nothing_and_is_kept() {
    let shop = TestShop::open().await;
    let cases = [
        ("payment.updated", json!({"refund": refund("R1", "P1", 100)})),
        ("refund.updated", json!({"payment": hers("P1", 1000)})),
        ("customer.created", json!({"payment": hers("P1", 1000)})),
        ("customer.deleted", json!({"payment": hers("P1", 1000)})),
        ("oauth.authorization.revoked", json!({"payment": hers("P1", 1000)})),
    ];
    let count = cases.len();
    for (kind, object) in cases {
        let answer = deliver(&shop, kind, &object).await;
        assert_eq!(answer["outcome"], "set_aside", "{kind}");
        let reason = answer["reason"].as_str().unwrap();
        assert!(reason.starts_with("the type says "), "{reason}");
    }
    assert_eq!(letters(&shop).await.len(), count);
    assert_eq!(shop.payment("P1").await.version, 0);
    assert!(shop.services.store.status(&shop.id).await.unwrap().disconnected.is_empty());
    assert!(shop.services.store.open_tasks(&shop.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn signed_garbage_is_kept_whole_once_and_answered_200() {
    let shop = TestShop::open().await;
    let mut broken = event("payment.updated", &json!({"payment": hers("P1", 1000)}));
    broken["data"]["object"]["payment"]["amount_money"]["currency"] = json!("UNKNOWN_CURRENCY");
    let broken = broken.to_string();
    let odd: [&[u8]; 6] =
        [b"", b"not json", b"{\"type\":", b"\xff\xfe", b"[1e400]", broken.as_bytes()];
    for body in odd {
        for _ in 0..2 {
            let (status, answer) = send(&shop, delivery(body.to_vec())).await;
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
async fn amounts_too_large_to_count_are_set_aside_and_harm_nothing() {
    let shop = TestShop::open().await;
    pays(&shop, hers("P1", 1000)).await;
    let huge = json!({"payment": hers("P2", i64::MAX)});
    assert_eq!(deliver(&shop, "payment.updated", &huge).await["outcome"], "set_aside");
    assert_eq!(points(&shop).await, 100);
}

#[tokio::test]
async fn a_payment_mirrored_at_shopify_is_held_as_a_possible_twin() {
    let shop = TestShop::open().await;
    pays(&shop, hers("P1", 1000)).await;
    record(&shop, "customer.updated", &json!({"customer": customer("C1", "ada@example.com")}))
        .await;
    let mut mirror = testkit::shopify::order(1, "10.00");
    mirror["processed_at"] = json!("2026-11-20T09:05:00-05:00");
    super::super::record(&shop, "orders/paid", &mirror).await;
    assert_eq!(super::super::available(&shop).await, 100, "one sale, told twice, earns once");
}
