//! Sales that two sources told, and what becomes of their doubts when they move.

use loyalty::ids::{OrderRef, Source};
use loyalty::ledger::Origin;
use loyalty::posting::Twin;
use platform::store::Scene;
use serde_json::{Value, json};
use testkit::shop::TestShop;
use testkit::square::{customer, payment};

use super::{pays, points_of, record};

/// Ada's payment, known by the address on its receipt, which Shopify told of too.
async fn held() -> TestShop {
    let shop = TestShop::open().await;
    let order = testkit::shopify::order(1, "10.00");
    crate::tests::record(&shop, "orders/paid", &order).await;
    let mut told_again = payment("P1", 1000);
    told_again["buyer_email_address"] = json!("ada@example.com");
    pays(&shop, told_again).await;
    assert_eq!(crate::tests::available(&shop).await, 100);
    assert_eq!(waiting(&shop).await, 1);
    shop
}

/// The same payment once Square knows that it is Ben's, whose record is `C2`.
fn bens() -> Value {
    let mut moved = payment("P1", 1000);
    moved["customer_id"] = json!("C2");
    moved["updated_at"] = json!("2026-11-20T15:00:00Z");
    moved
}

/// Orders a person is asked about.
async fn waiting(shop: &TestShop) -> usize {
    shop.services.store.open_tasks(&shop.id).await.unwrap().len()
}

async fn judge(shop: &TestShop, twin: Twin) -> bool {
    let order = OrderRef { source: Source::Square, id: "P1".parse().unwrap() };
    let (identities, now) = (shop.identities(), shop.services.clock.now());
    let (source, origin) = (Source::Square, Origin::Adjust);
    let scene = Scene { shop: &shop.id, source, identities: &identities, origin, now };
    shop.services.store.judge_twin(&scene, &order, twin).await.unwrap().is_some()
}

#[tokio::test]
async fn who_gets_a_held_order_without_a_twin_earns_by_it_and_nobody_is_asked_any_more() {
    let shop = held().await;
    pays(&shop, bens()).await;
    assert_eq!(points_of(&shop, "C2").await, 100);
    assert_eq!(waiting(&shop).await, 0);
}

#[tokio::test]
async fn an_order_judged_to_be_a_sale_of_its_own_is_held_again_by_a_twin_where_it_moves() {
    let shop = held().await;
    assert!(judge(&shop, Twin::Different).await);
    assert_eq!((crate::tests::available(&shop).await, waiting(&shop).await), (200, 0));
    record(&shop, "customer.created", &json!({"customer": customer("C2", "ben@example.com")}))
        .await;
    let mut order = testkit::shopify::order(2, "10.00");
    order["customer"] = Value::Null;
    order["email"] = json!("ben@example.com");
    order["contact_email"] = json!("ben@example.com");
    crate::tests::record(&shop, "orders/paid", &order).await;
    pays(&shop, bens()).await;
    assert_eq!((crate::tests::available(&shop).await, points_of(&shop, "C2").await), (100, 100));
    assert_eq!(waiting(&shop).await, 1, "about Ben's order nobody said anything");
    assert!(judge(&shop, Twin::Different).await);
    assert_eq!((points_of(&shop, "C2").await, waiting(&shop).await), (200, 0));
}

#[tokio::test]
async fn an_order_judged_to_be_the_same_sale_stays_so_and_can_be_judged_where_it_moves() {
    let shop = held().await;
    assert!(judge(&shop, Twin::Same).await);
    pays(&shop, bens()).await;
    assert_eq!(points_of(&shop, "C2").await, 0);
    assert!(judge(&shop, Twin::Different).await, "a person may change her mind");
    assert_eq!(points_of(&shop, "C2").await, 100);
}
