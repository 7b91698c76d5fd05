//! Dead letters, tried again.

use loyalty::ledger::Origin;
use loyalty::month::Month;
use platform::store::DeadLetter;
use testkit::shop::TestShop;
use testkit::shopify::order;

use super::available;
use crate::replay::{Replayed, replay};

/// Sets a body aside, as if a version that couldn't read it had.
async fn set_aside(shop: &TestShop, topic: &str, body: &[u8]) -> DeadLetter {
    let (store, now) = (&shop.services.store, shop.services.clock.now());
    store.keep_dead_letter(&shop.id, topic, body, "a mistake of ours", now).await.unwrap()
}

async fn letters(shop: &TestShop) -> usize {
    let month: Month = "2026-11".parse().unwrap();
    shop.services.store.dead_letters(&shop.id, month).await.unwrap().len()
}

#[tokio::test]
async fn a_body_that_can_be_read_now_counts_once_and_is_a_dead_letter_no_more() {
    let shop = TestShop::open().await;
    let body = serde_json::to_vec(&order(1, "10.00")).unwrap();
    let letter = set_aside(&shop, "shopify orders/paid", &body).await;
    let replayed = replay(&shop.services, &shop.id, &letter).await.unwrap();
    assert_eq!(replayed, Replayed::Taken);
    let points = available(&shop).await;
    assert!(points > 0);
    assert_eq!(letters(&shop).await, 0);
    let ada = shop.by_email("ada@example.com").await.unwrap();
    let ledger = shop.services.store.ledger(&shop.id, &ada.id, None, 10).await.unwrap();
    assert_eq!(ledger.entries[0].origin, Origin::Replay);

    assert_eq!(replay(&shop.services, &shop.id, &letter).await.unwrap(), Replayed::Gone);
    let again = set_aside(&shop, "shopify orders/paid", &body).await;
    assert_eq!(replay(&shop.services, &shop.id, &again).await.unwrap(), Replayed::Taken);
    assert_eq!(available(&shop).await, points, "an order counts once");
}

#[tokio::test]
async fn what_still_cant_be_read_stays_with_its_reason_and_what_isnt_a_sources_is_left() {
    let shop = TestShop::open().await;
    let garbage = set_aside(&shop, "shopify orders/paid", b"not json").await;
    let replayed = replay(&shop.services, &shop.id, &garbage).await.unwrap();
    assert!(matches!(replayed, Replayed::Stays { .. }), "{replayed:?}");
    let stream = set_aside(&shop, "stream", b"{}").await;
    assert_eq!(replay(&shop.services, &shop.id, &stream).await.unwrap(), Replayed::NotOurs);
    assert_eq!(letters(&shop).await, 2);
}
