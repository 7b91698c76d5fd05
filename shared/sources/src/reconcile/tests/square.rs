//! Square.

use serde_json::{Value, json};
use testkit::square::{customer, money, payment, refund};

use super::source::{Shop, counts};

/// A payment of ten dollars by customer C1 that changed at a time of 21 November.
fn paid(id: &str, time: &str) -> Value {
    let mut payment = payment(id, 1000);
    payment["updated_at"] = json!(format!("2026-11-21T{time}Z"));
    payment["customer_id"] = json!("C1");
    payment
}

/// The sale of a payment: goods of eight dollars, and a gift card.
async fn has_sale(shop: &Shop, id: &str) {
    let line = |uid: &str, cents: i64, kind: &str| json!({"uid": uid, "quantity": "1", "item_type": kind, "gross_sales_money": money(cents)});
    let lines = [line("U1", 800, "ITEM"), line("U2", 200, "GIFT_CARD")];
    let sale = json!({"order": {"updated_at": "2026-11-21T01:00:00Z",
        "total_money": money(1000), "line_items": lines}});
    shop.serves(&format!("/v2/orders/S-{id}"), sale).await;
}

#[tokio::test]
async fn missed_payments_of_every_location_are_found_with_their_lines_and_their_customer() {
    let shop = Shop::on_square().await;
    let ada = json!({"customer": customer("C1", "ada@example.com")});
    shop.serves("/v2/customers/C1", ada).await;
    for (id, time) in [("P1", "01:00:00"), ("P2", "02:00:00"), ("P3", "03:00:00")] {
        shop.has.payment(paid(id, time));
        has_sale(&shop, id).await;
    }
    let mut elsewhere = paid("P4", "04:00:00");
    elsewhere["location_id"] = json!("LSTALL");
    shop.has.payment(elsewhere);
    has_sale(&shop, "P4").await;
    let found = shop.night("2026-11-22").await;
    assert_eq!(counts(&found), (4, 4, 0));
    let ada = shop.shop.by_square_id("C1").await.unwrap();
    assert_eq!(ada.account.wallet.balance().unwrap().0, 320);
    assert_eq!(ada.contact.unwrap().name.as_deref(), Some("Ada Baker"));
    let store = &shop.shop.services.store;
    let ledger = store.ledger(&shop.shop.id, &ada.id, None, 10).await.unwrap();
    let live = ledger.entries.iter().any(|one| one.origin == loyalty::ledger::Origin::Live);
    assert_eq!((ledger.entries.len(), live), (4, false), "one entry each, none of them news");
    assert_eq!(shop.shop.payment("P1").await.lookup, None);
}

#[tokio::test]
async fn a_missed_refund_is_taken_back_and_what_is_known_costs_no_write() {
    let shop = Shop::on_square().await;
    shop.serves("/v2/customers/C1", json!({"customer": customer("C1", "ada@example.com")})).await;
    for id in ["P1", "P2"] {
        shop.has.payment(paid(id, "01:00:00"));
        has_sale(&shop, id).await;
    }
    shop.night("2026-11-22").await;
    shop.shop.set_now("2026-11-23T09:00:00Z");
    let before = shop.units();
    assert_eq!(counts(&shop.night("2026-11-23").await), (2, 0, 0));
    assert_eq!(shop.units() - before, 2, "the mark and the report");
    let mut refund = refund("R1", "P1", 500);
    refund["updated_at"] = json!("2026-11-22T15:00:00Z");
    shop.has.refund(refund);
    shop.shop.set_now("2026-11-24T09:00:00Z");
    let found = shop.night("2026-11-24").await;
    assert_eq!(found.to_string(), "1 sale brought up to date: square:P1");
    let ada = shop.shop.by_square_id("C1").await.unwrap();
    assert_eq!(ada.account.wallet.balance().unwrap().0, 120);
}

#[tokio::test]
async fn a_payment_whose_sale_is_gone_counts_by_its_amount() {
    let shop = Shop::on_square().await;
    shop.has.payment(paid("P1", "01:00:00"));
    assert_eq!(counts(&shop.night("2026-11-22").await), (1, 1, 0));
    assert_eq!(shop.shop.payment("P1").await.record.posted().0, 100);
}

#[tokio::test]
async fn a_payment_that_cannot_be_read_is_counted() {
    let shop = Shop::on_square().await;
    let mut odd = paid("P1", "01:00:00");
    odd["status"] = json!("ada@example.com");
    shop.has.payment(odd);
    let found = shop.night("2026-11-22").await;
    assert_eq!((counts(&found), found.unreadable.count), ((1, 0, 0), 1));
}
