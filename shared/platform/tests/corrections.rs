//! Corrections, and walks over all customers, over the embedded engine.
#![cfg(test)]

use loyalty::Points;
use loyalty::ids::{OrderRef, Source};
use loyalty::ledger::Origin;
use loyalty::posting::NotCorrected;
use loyalty::program::CORNER_BAKERY;
use platform::store::{
    Act, ActWhat, Applied, CorrectedOrder, Correction, CorrectionError, CustomersCursor, Scene,
    Whence,
};
use testkit::shop::TestShop;

/// A shop where Ada bought under version 1, ten points per dollar, and version 2 gives so many.
async fn shop(points: u8) -> TestShop {
    let shop = TestShop::open().await;
    shop.buys(1, 50, "2026-11-22T11:00:00Z").await;
    let changed = CORNER_BAKERY.replace("points = 10\n", &format!("points = {points}\n"));
    let now = shop.services.clock.now();
    let applied = shop.services.store.apply_program(&changed, now).await.unwrap();
    assert!(matches!(applied, Applied::Saved { version: 2, .. }));
    shop
}

async fn correct(
    shop: &TestShop,
    insist: Option<&str>,
    preview: bool,
) -> Result<CorrectedOrder, CorrectionError> {
    let order = OrderRef { source: Source::Shopify, id: "1".parse().unwrap() };
    let correction = Correction { order: &order, version: 2, insist, by: Whence::Command };
    let identities = shop.identities();
    let (now, origin) = (shop.services.clock.now(), Origin::Correct);
    let scene =
        Scene { shop: &shop.id, source: Source::Shopify, identities: &identities, origin, now };
    let store = &shop.services.store;
    if preview {
        store.preview_correction(&scene, &correction).await
    } else {
        store.correct_order(&scene, &correction).await
    }
}

#[tokio::test]
async fn a_corrected_order_brings_the_difference_once_and_stands_in_the_audit_log() {
    let shop = shop(12).await;
    let ada = shop.by_email("ada@example.com").await.unwrap().id;
    let preview = correct(&shop, None, true).await.unwrap();
    let store = &shop.services.store;
    assert_eq!(shop.ledger(&ada).await, [(500, 500)], "a preview writes nothing");
    assert!(store.acts(&shop.id).await.unwrap().is_empty());
    let (one, other) = tokio::join!(correct(&shop, None, false), correct(&shop, None, false));
    let deltas = [one.unwrap().delta, other.unwrap().delta];
    assert!(deltas.contains(&preview.delta) && deltas.contains(&Points::ZERO), "{deltas:?}");
    assert_eq!((preview.from, preview.delta, &preview.customer), (1, Points(100), &ada));
    assert_eq!(shop.ledger(&ada).await, [(500, 500), (100, 600)]);
    let acts = store.acts(&shop.id).await.unwrap();
    let [Act { by: Whence::Command, what, why: None, .. }] = &acts[..] else {
        panic!("one act: {acts:?}");
    };
    let ActWhat::Corrected { from, to, delta, .. } = what else {
        panic!("{what:?}");
    };
    assert_eq!((*from, *to, *delta), (1, 2, Points(100)));
    // A refund is counted by the rules the order has now.
    shop.refunds(1, 50, "2026-11-23T11:00:00Z").await;
    assert_eq!(shop.ledger(&ada).await.last(), Some(&(-600, 0)));
}

#[tokio::test]
async fn a_correction_that_takes_points_needs_a_reason_which_is_kept() {
    let shop = shop(8).await;
    let ada = shop.by_email("ada@example.com").await.unwrap().id;
    for preview in [true, false] {
        let refused = correct(&shop, None, preview).await;
        let down = NotCorrected::Downward(Points(-100));
        assert!(matches!(refused, Err(CorrectionError::Refused(why)) if why == down));
    }
    assert_eq!(shop.ledger(&ada).await, [(500, 500)]);
    correct(&shop, Some("the rate was a typing error"), false).await.unwrap();
    assert_eq!(shop.ledger(&ada).await, [(500, 500), (-100, 400)]);
    let acts = shop.services.store.acts(&shop.id).await.unwrap();
    assert_eq!(acts[0].why.as_deref(), Some("the rate was a typing error"));
}

#[tokio::test]
async fn a_walk_over_all_customers_meets_each_once_and_goes_on_from_text() {
    let shop = TestShop::open().await;
    for buyer in 1..=3 {
        shop.purchase(buyer, (buyer, 10, "2026-11-22T11:00:00Z"), Origin::Live).await;
    }
    shop.set_now("2027-02-01T12:00:00Z");
    for buyer in 4..=5 {
        shop.purchase(buyer, (buyer, 10, "2027-02-01T11:00:00Z"), Origin::Live).await;
    }
    let now = shop.services.clock.now();
    let store = &shop.services.store;
    let (mut met, mut cursor, mut pages) = (Vec::new(), None::<CustomersCursor>, 0);
    loop {
        let page = store.customers_page(&shop.id, cursor, 2, now).await.unwrap();
        assert!(page.customers.len() <= 2);
        met.extend(page.customers);
        pages += 1;
        let Some(next) = page.next else { break };
        cursor = Some(next.to_string().parse().unwrap());
    }
    met.sort();
    met.dedup();
    assert_eq!(met.len(), 5);
    assert!(pages <= 4, "{pages}");
    assert!("yesterday".parse::<CustomersCursor>().is_err());
}
