//! A new shop's history.

use std::time::Duration;

use loyalty::Points;
use loyalty::ids::Source;
use platform::store::Outcome;
use serde_json::{Value, json};
use testkit::shopify::order;
use tokio::time::Instant;
use wiremock::ResponseTemplate;

use super::super::*;
use super::source::Shop;

/// An order of ten dollars by Ada, on a day of 2019: before the program.
fn sold(id: u64, day: &str) -> Value {
    let mut order = order(id, "10.00");
    for field in ["created_at", "processed_at", "updated_at"] {
        order[field] = json!(format!("2019-{day}T10:00:00Z"));
    }
    order
}

fn wish() -> Backfill {
    Backfill {
        source: Source::Shopify,
        since: "2018-11-22T12:00:00Z".parse().unwrap(),
        earns: false,
        gift: Points::ZERO,
        dry_run: false,
    }
}

async fn bring(shop: &Shop, wish: &Backfill) -> Backfilled {
    let until = Instant::now() + Duration::from_secs(30);
    backfill(&shop.shop.services, &shop.access, &shop.shop.id, wish, until).await.unwrap()
}

async fn ada(shop: &Shop) -> (i64, usize) {
    let ada = shop.shop.by_email("ada@example.com").await.unwrap();
    (ada.account.wallet.balance().unwrap().0, ada.account.facts.days.len())
}

async fn with_three() -> Shop {
    let shop = Shop::on_shopify().await;
    for (id, day) in [(1, "03-01"), (2, "04-01"), (3, "05-01")] {
        shop.has.order(sold(id, day));
    }
    shop
}

#[tokio::test]
async fn old_sales_count_for_her_rhythm_and_earn_nothing_unless_that_is_wished() {
    let shop = with_three().await;
    let told = bring(&shop, &wish()).await;
    assert_eq!((told.brought, told.points.0, told.outcome), (3, 0, Outcome::Done));
    assert_eq!(ada(&shop).await, (0, 3));
    let shop = with_three().await;
    let told = bring(&shop, &Backfill { earns: true, ..wish() }).await;
    assert_eq!((told.brought, told.points.0), (3, 300));
    assert_eq!(ada(&shop).await, (300, 3));
}

#[tokio::test]
async fn every_member_found_gets_the_opening_gift_once() {
    let shop = with_three().await;
    let gift = Backfill { gift: Points(50), ..wish() };
    assert_eq!(bring(&shop, &gift).await.gifts, 1);
    assert_eq!(ada(&shop).await, (50, 3));
    // Done, and asked for once more.
    let again = bring(&shop, &gift).await;
    assert_eq!((again.gifts, again.brought), (0, 0));
    assert_eq!(ada(&shop).await, (50, 3));
}

#[tokio::test]
async fn the_gift_also_finds_who_is_known_already() {
    let shop = with_three().await;
    bring(&shop, &wish()).await;
    assert_eq!(bring(&shop, &Backfill { gift: Points(50), ..wish() }).await.gifts, 1);
    assert_eq!(ada(&shop).await, (50, 3));
}

#[tokio::test]
async fn broken_off_it_goes_on_where_it_was() {
    let shop = with_three().await;
    let wait = ResponseTemplate::new(429).insert_header("retry-after", "600");
    shop.has.instead([None, Some(wait)]);
    let first = bring(&shop, &wish()).await;
    assert!(matches!(first.outcome, Outcome::Unfinished(_)));
    assert_eq!(first.brought, 2);
    let pages = shop.has.pages();
    let second = bring(&shop, &wish()).await;
    assert_eq!((second.brought, second.outcome), (3, Outcome::Done));
    assert_eq!((ada(&shop).await, shop.has.pages() - pages), ((0, 3), 1));
}

#[tokio::test]
async fn a_dry_run_counts_and_writes_nothing() {
    let shop = with_three().await;
    let units = shop.units();
    let told = bring(&shop, &Backfill { gift: Points(50), dry_run: true, ..wish() }).await;
    assert_eq!((told.named, told.brought, told.gifts), (3, 3, 0));
    assert_eq!(shop.units(), units);
}

#[tokio::test]
async fn without_a_token_there_is_no_history() {
    let shop = Shop::with(&[("shopify", "secret")]).await;
    assert_eq!(bring(&shop, &wish()).await.outcome, Outcome::NoToken);
}
