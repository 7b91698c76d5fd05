//! Shopify.

use std::time::Duration;

use loyalty::ids::Source;
use platform::store::Outcome;
use serde_json::{Value, json};
use testkit::shopify::{order, refund};
use wiremock::matchers::{method, path};
use wiremock::{Mock, ResponseTemplate};

use super::source::{Shop, counts};
use crate::Told;
use crate::shopify::{Delivery, read};

/// An order of ten dollars by Ada that changed at a time of 21 November.
fn sold(id: u64, time: &str) -> Value {
    let mut order = order(id, "10.00");
    order["updated_at"] = json!(format!("2026-11-21T{time}Z"));
    order
}

/// An order whose webhook arrives, too.
async fn told(shop: &Shop, order: &Value) {
    let body = order.to_string();
    let triggered_at = order["updated_at"].as_str().unwrap().parse().ok();
    let delivery = Delivery { topic: "orders/paid", triggered_at, body: body.as_bytes() };
    let Ok(Told::Order(observation)) = read(&delivery) else { panic!("an order") };
    let identities = shop.shop.identities();
    let now = shop.shop.services.clock.now();
    let origin = loyalty::ledger::Origin::Live;
    let (id, source, identities) = (&shop.shop.id, Source::Shopify, &identities);
    let scene = platform::store::Scene { shop: id, source, identities, origin, now };
    shop.shop.services.store.record(&scene, &observation).await.unwrap();
    shop.has.order(order.clone());
}

async fn points(shop: &Shop) -> i64 {
    let ada = shop.shop.by_email("ada@example.com").await.unwrap();
    ada.account.wallet.balance().unwrap().0
}

#[tokio::test]
async fn sales_whose_webhooks_never_came_are_found_on_every_page() {
    let shop = Shop::on_shopify().await;
    for id in 1..=5 {
        shop.has.order(sold(id, &format!("0{id}:00:00")));
    }
    told(&shop, &sold(3, "03:00:00")).await;
    let found = shop.night("2026-11-22").await;
    assert_eq!(counts(&found), (5, 4, 0));
    assert_eq!(
        found.to_string(),
        "4 missed sales repaired: shopify:1, shopify:2, shopify:4, shopify:5"
    );
    assert_eq!((points(&shop).await, shop.has.pages()), (500, 3));
    let ada = shop.shop.by_email("ada@example.com").await.unwrap();
    let store = &shop.shop.services.store;
    let ledger = store.ledger(&shop.shop.id, &ada.id, None, 10).await.unwrap();
    let origins: Vec<_> = ledger.entries.iter().map(|entry| entry.origin).collect();
    let reconciled = origins.iter().filter(|one| **one == loyalty::ledger::Origin::Reconcile);
    assert_eq!((reconciled.count(), origins.len()), (4, 5));
}

#[tokio::test]
async fn what_is_known_costs_no_write_but_the_nights_own_two() {
    let shop = Shop::on_shopify().await;
    for id in 1..=2 {
        told(&shop, &sold(id, "01:00:00")).await;
    }
    let before = shop.units();
    assert_eq!(counts(&shop.night("2026-11-22").await), (2, 0, 0));
    // The mark, and the report.
    assert_eq!(shop.units() - before, 2);
    let asked = shop.has.pages();
    let again = shop.night("2026-11-22").await;
    assert_eq!(again.to_string(), "2 checked, nothing missing");
    assert_eq!((shop.units() - before, shop.has.pages()), (2, asked), "once a night is enough");
}

#[tokio::test]
async fn a_refund_whose_webhook_never_came_is_taken_back() {
    let shop = Shop::on_shopify().await;
    told(&shop, &sold(1, "01:00:00")).await;
    told(&shop, &sold(2, "01:00:00")).await;
    let mut refunded = sold(2, "02:00:00");
    refunded["financial_status"] = json!("partially_refunded");
    refunded["refunds"] = json!([refund(7, 2, "4.00")]);
    shop.has.order(refunded);
    let found = shop.night("2026-11-22").await;
    assert_eq!(counts(&found), (2, 0, 1));
    assert_eq!(found.to_string(), "1 sale brought up to date: shopify:2");
    assert_eq!(points(&shop).await, 160);
}

#[tokio::test]
async fn the_books_overrule_what_follows_from_an_orders_body() {
    let shop = Shop::on_shopify().await;
    told(&shop, &sold(1, "01:00:00")).await;
    let mut received_less = sold(1, "01:00:00");
    received_less["received"] = json!("8.00");
    shop.has.order(received_less);
    assert_eq!(counts(&shop.night("2026-11-22").await), (1, 0, 1));
    assert_eq!(points(&shop).await, 80);
    shop.shop.set_now("2026-11-23T09:00:00Z");
    let before = shop.units();
    assert_eq!(counts(&shop.night("2026-11-23").await), (1, 0, 0), "and then they agree");
    assert_eq!(shop.units() - before, 2);
}

#[tokio::test]
async fn the_next_night_goes_back_two_days_and_what_is_underway_is_left_to_it() {
    let shop = Shop::on_shopify().await;
    shop.has.order(sold(1, "01:00:00"));
    let mut just_now = sold(2, "00:00:00");
    just_now["updated_at"] = json!("2026-11-22T11:50:00Z");
    shop.has.order(just_now);
    assert_eq!(counts(&shop.night("2026-11-22").await), (1, 1, 0));
    shop.shop.set_now("2026-11-23T09:00:00Z");
    // Listed late, though it changed before the last night.
    shop.has.order(sold(3, "00:30:00"));
    assert_eq!(counts(&shop.night("2026-11-23").await), (3, 2, 0));
    assert_eq!(points(&shop).await, 300);
}

#[tokio::test]
async fn a_source_that_asks_us_to_wait_is_waited_for() {
    let shop = Shop::on_shopify().await;
    shop.has.order(sold(1, "01:00:00"));
    let throttled = json!({"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        "extensions": {"cost": {"requestedQueryCost": 502, "throttleStatus":
            {"maximumAvailable": 2000.0, "currentlyAvailable": 500, "restoreRate": 100.0}}}});
    shop.has.instead([
        Some(ResponseTemplate::new(429).insert_header("retry-after", "1.0")),
        Some(ResponseTemplate::new(200).set_body_json(throttled)),
        Some(ResponseTemplate::new(503)),
    ]);
    let began = std::time::Instant::now();
    assert_eq!(counts(&shop.night("2026-11-22").await), (1, 1, 0));
    assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_wait_longer_than_the_time_there_is_ends_the_night_and_the_next_run_goes_on() {
    let shop = Shop::on_shopify().await;
    for id in 1..=5 {
        shop.has.order(sold(id, &format!("0{id}:00:00")));
    }
    let wait = ResponseTemplate::new(429).insert_header("retry-after", "600");
    shop.has.instead([None, Some(wait)]);
    let first = shop.night("2026-11-22").await;
    assert!(matches!(&first.outcome, Outcome::Unfinished(_)));
    assert_eq!(
        first.to_string(),
        "not finished (the source asks us to wait 600 s); \
         2 missed sales repaired: shopify:1, shopify:2"
    );
    let found = shop.night("2026-11-22").await;
    assert_eq!(found.missed.count, 5, "{found}");
    assert_eq!((points(&shop).await, found.outcome), (500, Outcome::Done));
}

#[tokio::test]
async fn killed_between_pages_it_goes_on_from_the_last_one() {
    let shop = Shop::on_shopify().await;
    for id in 1..=6 {
        shop.has.order(sold(id, &format!("0{id}:00:00")));
    }
    let slow = ResponseTemplate::new(503).set_delay(Duration::from_secs(60));
    shop.has.instead([None, None, Some(slow)]);
    let killed = tokio::time::timeout(Duration::from_secs(2), shop.night("2026-11-22")).await;
    assert!(killed.is_err(), "it was in the middle of it");
    assert_eq!(points(&shop).await, 400);
    let pages = shop.has.pages();
    let found = shop.night("2026-11-22").await;
    assert_eq!((found.missed.count, points(&shop).await), (6, 600), "{found}");
    assert_eq!(shop.has.pages() - pages, 2, "from the fourth order on");
}

#[tokio::test]
async fn a_token_that_ends_midway_is_asked_for_anew() {
    let shop = Shop::with(&[("shopify-client-id", "id"), ("shopify", "secret")]).await;
    for id in 1..=3 {
        shop.has.order(sold(id, &format!("0{id}:00:00")));
    }
    shop.has.instead([None, Some(ResponseTemplate::new(401))]);
    let grant = |token: &str| {
        let body = json!({"access_token": token, "expires_in": 86399});
        let answer = ResponseTemplate::new(200).set_body_json(body);
        Mock::given(method("POST")).and(path("/admin/oauth/access_token")).respond_with(answer)
    };
    grant("first").up_to_n_times(1).mount(&shop.server).await;
    grant("second").mount(&shop.server).await;
    assert_eq!(counts(&shop.night("2026-11-22").await), (3, 3, 0));
    let asked = shop.server.received_requests().await.unwrap();
    let grants = asked.iter().filter(|one| one.url.path() == "/admin/oauth/access_token");
    assert_eq!((grants.count(), shop.has.pages()), (2, 2));
}

#[tokio::test]
async fn a_token_that_is_taken_back_midway_ends_the_night_and_the_next_one_goes_on() {
    let shop = Shop::with(&[("shopify-client-id", "id"), ("shopify", "secret")]).await;
    let body = json!({"access_token": "token", "expires_in": 86399});
    let grant = ResponseTemplate::new(200).set_body_json(body);
    Mock::given(path("/admin/oauth/access_token")).respond_with(grant).mount(&shop.server).await;
    for id in 1..=3 {
        shop.has.order(sold(id, &format!("0{id}:00:00")));
    }
    let refused = || Some(ResponseTemplate::new(401));
    shop.has.instead([None, refused(), refused()]);
    let found = shop.night("2026-11-22").await;
    assert_eq!(
        found.to_string(),
        "refused (the source doesn't accept the token: connect the shop to it again); \
         2 missed sales repaired: shopify:1, shopify:2"
    );
    shop.shop.set_now("2026-11-27T09:00:00Z");
    assert_eq!(shop.night("2026-11-27").await.missed.count, 1, "however late");
    assert_eq!(points(&shop).await, 300);
}

#[tokio::test]
async fn without_a_token_it_says_so_and_asks_nothing() {
    let shop = Shop::with(&[("shopify", "secret")]).await;
    let found = shop.night("2026-11-22").await;
    assert_eq!(found.to_string(), "no token, cannot check");
    let units = shop.units();
    assert_eq!(shop.night("2026-11-22").await.outcome, Outcome::NoToken);
    assert_eq!((shop.units(), shop.has.pages()), (units, 0));
    assert!(shop.server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_source_the_shop_does_not_use_is_not_in_the_report() {
    let shop = Shop::with(&[]).await;
    let report = shop.night_within("2026-11-22", Duration::from_secs(5)).await;
    assert!(report.sources.is_empty());
    assert_eq!(shop.units(), Shop::with(&[]).await.units(), "nor is there one");
}

#[tokio::test]
async fn an_order_that_cannot_be_read_holds_up_no_other_and_is_named() {
    let shop = Shop::on_shopify().await;
    let mut odd = sold(1, "01:00:00");
    odd["financial_status"] = json!("ada@example.com");
    shop.has.order(odd);
    shop.has.order(sold(2, "02:00:00"));
    let found = shop.night("2026-11-22").await;
    assert_eq!(counts(&found), (2, 1, 0));
    assert_eq!(
        found.to_string(),
        "1 missed sale repaired: shopify:2; 1 sale that can't be read: shopify:1"
    );
}

#[tokio::test]
async fn an_order_whose_books_cannot_be_read_holds_up_no_other() {
    let shop = Shop::on_shopify().await;
    let mut odd = sold(1, "01:00:00");
    odd["received"] = json!(null);
    shop.has.order(odd);
    shop.has.order(sold(2, "02:00:00"));
    let found = shop.night("2026-11-22").await;
    assert_eq!((counts(&found), found.unreadable.count), ((2, 1, 0), 1));
}

#[tokio::test]
async fn without_time_nothing_is_asked() {
    let shop = Shop::on_shopify().await;
    let report = shop.night_within("2026-11-22", Duration::ZERO).await;
    let compared = &report.sources[&Source::Shopify];
    assert!(matches!(&compared.outcome, Outcome::Unfinished(why) if why.contains("no time")));
    assert_eq!(shop.has.pages(), 0);
}

#[tokio::test]
async fn a_sale_from_before_the_program_that_is_touched_now_is_not_called_missed() {
    let shop = Shop::on_shopify().await;
    let mut old = sold(1, "01:00:00");
    for field in ["created_at", "processed_at"] {
        old[field] = json!("2019-01-05T10:00:00Z");
    }
    shop.has.order(old);
    assert_eq!(counts(&shop.night("2026-11-22").await), (1, 0, 0));
}
