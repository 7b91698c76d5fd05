//! Whose an order is.

use platform::store::ConsentState;
use serde_json::{Value, json};
use testkit::shop::TestShop;
use testkit::shopify::{customer, order};

use super::{available, record};

/// An order without a customer record.
fn guest(id: u64, email: Option<&str>, phone: Option<&str>) -> Value {
    let mut order = order(id, "10.00");
    order["customer"] = Value::Null;
    order["contact_email"] = json!(email);
    order["email"] = json!(email.unwrap_or(""));
    order["phone"] = json!(phone);
    order
}

/// An order of the customer record `who` with this address and number.
fn of(id: u64, who: u64, email: Option<&str>, phone: Option<&str>) -> Value {
    let mut order = order(id, "10.00");
    order["customer"] = customer(who, "");
    order["customer"]["email"] = json!(email);
    order["customer"]["phone"] = json!(phone);
    order["email"] = json!(email);
    order["contact_email"] = json!(email);
    order
}

async fn points(shop: &TestShop, email: &str) -> Option<i64> {
    let found = shop.by_email(email).await?;
    Some(found.account.wallet.available().unwrap().0)
}

#[tokio::test]
async fn an_order_without_any_identity_is_kept_until_somebody_is_named() {
    let shop = TestShop::open().await;
    record(&shop, "orders/paid", &guest(1, None, None)).await;
    let stored = shop.order(1).await;
    assert_eq!((stored.record.customer.clone(), stored.record.posted().0), (None, 0));
    let mut named = order(1, "10.00");
    named["updated_at"] = json!("2026-11-20T10:00:00-05:00");
    record(&shop, "orders/updated", &named).await;
    assert_eq!(available(&shop).await, 100);
}

#[tokio::test]
async fn a_guest_with_only_an_address_earns_and_keeps_it_when_she_registers() {
    let shop = TestShop::open().await;
    record(&shop, "orders/paid", &guest(1, Some(" Eve@Example.com "), None)).await;
    assert_eq!(points(&shop, "eve@example.com").await, Some(100));
    record(&shop, "customers/create", &customer(77, "eve@example.com")).await;
    record(&shop, "orders/paid", &of(2, 77, Some("eve@example.com"), None)).await;
    assert_eq!(points(&shop, "eve@example.com").await, Some(200));
    assert_eq!(
        shop.by_shopify_id(77).await.unwrap().id,
        shop.by_email("eve@example.com").await.unwrap().id
    );
}

#[tokio::test]
async fn a_guest_with_somebody_elses_phone_earns_for_herself_and_gains_nothing() {
    let shop = TestShop::open().await;
    record(&shop, "orders/paid", &of(1, 1, Some("ada@example.com"), Some("+12127365000"))).await;
    record(&shop, "orders/paid", &guest(2, Some("eve@example.com"), Some("(212) 736-5000"))).await;
    assert_eq!(points(&shop, "ada@example.com").await, Some(100));
    assert_eq!(points(&shop, "eve@example.com").await, Some(100));
    let by_phone = shop.by_phone("+12127365000").await.unwrap();
    assert_eq!(by_phone.id, shop.by_email("ada@example.com").await.unwrap().id);
}

#[tokio::test]
async fn a_guest_with_somebody_elses_address_credits_her_and_leaves_no_key() {
    let shop = TestShop::open().await;
    record(&shop, "orders/paid", &of(1, 1, Some("ada@example.com"), None)).await;
    record(&shop, "orders/paid", &guest(2, Some("ada@example.com"), Some("+12127365001"))).await;
    assert_eq!(points(&shop, "ada@example.com").await, Some(200));
    assert!(shop.by_phone("+12127365001").await.is_none());
}

#[tokio::test]
async fn a_number_alone_is_enough() {
    let shop = TestShop::open().await;
    record(&shop, "orders/paid", &guest(1, None, Some("212 736 5000"))).await;
    record(&shop, "orders/paid", &guest(2, None, Some("+1 (212) 736-5000"))).await;
    let found = shop.by_phone("+12127365000").await.unwrap();
    assert_eq!(found.account.wallet.available().unwrap().0, 200);
}

#[tokio::test]
async fn a_record_with_somebody_elses_number_or_unconfirmed_address_is_a_new_person() {
    let shop = TestShop::open().await;
    record(&shop, "orders/paid", &of(1, 1, Some("ada@example.com"), Some("+12127365000"))).await;
    record(&shop, "orders/paid", &of(2, 2, None, Some("+12127365000"))).await;
    let mut unconfirmed = of(3, 3, Some("ada@example.com"), None);
    unconfirmed["customer"]["verified_email"] = json!(false);
    record(&shop, "orders/paid", &unconfirmed).await;
    assert_eq!(points(&shop, "ada@example.com").await, Some(100));
    let ids =
        [shop.by_shopify_id(1).await, shop.by_shopify_id(2).await, shop.by_shopify_id(3).await];
    let mut ids: Vec<_> = ids.into_iter().map(|found| found.unwrap().id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn an_order_that_turns_out_to_be_somebody_elses_moves_with_its_points() {
    let shop = TestShop::open().await;
    record(&shop, "orders/paid", &of(1, 1, Some("ada@example.com"), None)).await;
    record(&shop, "orders/paid", &of(2, 1, Some("ada@example.com"), None)).await;
    let mut moved = of(2, 2, Some("ben@example.com"), None);
    moved["updated_at"] = json!("2026-11-20T11:00:00-05:00");
    record(&shop, "orders/updated", &moved).await;
    assert_eq!(points(&shop, "ada@example.com").await, Some(100));
    assert_eq!(points(&shop, "ben@example.com").await, Some(100));
    let (ada, ben) = (shop.by_shopify_id(1).await.unwrap(), shop.by_shopify_id(2).await.unwrap());
    assert_eq!(shop.ledger(&ada.id).await, [(100, 100), (100, 200), (-100, 100)]);
    assert_eq!((ada.account.facts.ever.orders, ben.account.facts.ever.orders), (1, 1));
}

#[tokio::test]
async fn a_late_body_with_an_older_buyer_moves_nothing() {
    let shop = TestShop::open().await;
    let mut newer = guest(1, Some("ben@example.com"), None);
    newer["updated_at"] = json!("2026-11-20T11:00:00-05:00");
    record(&shop, "orders/updated", &newer).await;
    record(&shop, "orders/paid", &guest(1, Some("ada@example.com"), Some("+12127365000"))).await;
    assert_eq!(points(&shop, "ben@example.com").await, Some(100));
    assert_eq!(points(&shop, "ada@example.com").await, None);
}

#[tokio::test]
async fn a_customer_record_makes_a_member_and_newer_data_wins() {
    let shop = TestShop::open().await;
    let mut newer = customer(5, "ada@example.com");
    newer["first_name"] = json!("Augusta");
    newer["updated_at"] = json!("2026-11-21T09:00:00-05:00");
    record(&shop, "customers/update", &newer).await;
    record(&shop, "customers/create", &customer(5, "ada@example.com")).await;
    let ada = shop.by_shopify_id(5).await.unwrap();
    assert!(ada.account.is_member());
    assert_eq!(ada.account.tier.unwrap().id.as_str(), "bronze");
    assert_eq!(ada.contact.unwrap().name.as_deref(), Some("Augusta Baker"));
}

#[tokio::test]
async fn consent_is_kept_with_its_time_and_older_news_does_not_undo_it() {
    let shop = TestShop::open().await;
    let consent = |state: &str, at: Value| {
        json!({"customer_id": 5, "email_address": "ada@example.com", "email_marketing_consent":
            {"state": state, "opt_in_level": "confirmed_opt_in", "consent_updated_at": at}})
    };
    let topic = "customers_email_marketing_consent/update";
    record(&shop, topic, &consent("unsubscribed", json!("2026-11-21T09:00:00-05:00"))).await;
    record(&shop, topic, &consent("subscribed", json!("2026-11-20T09:00:00-05:00"))).await;
    let known = shop.by_email("ada@example.com").await.unwrap().contact.unwrap().consent.unwrap();
    assert_eq!(known.state, ConsentState::Unsubscribed);
    record(&shop, topic, &consent("subscribed", json!("2026-11-22T09:00:00-05:00"))).await;
    let known = shop.by_email("ada@example.com").await.unwrap().contact.unwrap().consent.unwrap();
    assert_eq!(
        (known.state, known.level.as_deref()),
        (ConsentState::Subscribed, Some("confirmed_opt_in"))
    );
}
