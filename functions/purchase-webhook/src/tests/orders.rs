//! What orders and refunds are worth, as they arrive.

use serde_json::json;
use testkit::shop::TestShop;
use testkit::shopify::{line, order, refund, refund_line, set};

use super::{available, deliver, record};

const ID: u64 = 820_982_911_946_154_508;

#[tokio::test]
async fn a_paid_order_becomes_points_with_a_receipt() {
    let shop = TestShop::open().await;
    record(&shop, "orders/paid", &order(ID, "49.95")).await;
    assert_eq!(available(&shop).await, 499);
    let stored = shop.order(ID).await;
    assert_eq!(stored.record.posted().0, 499);
    let ada = shop.by_email("ada@example.com").await.unwrap();
    assert_eq!(shop.ledger(&ada.id).await, [(499, 499)]);
    assert_eq!(ada.contact.unwrap().name.as_deref(), Some("Ada Baker"));
    assert!(ada.account.is_member());
}

#[tokio::test]
async fn repeats_and_old_pictures_change_nothing() {
    let shop = TestShop::open().await;
    let (mut unpaid, paid) = (order(1, "20.00"), order(1, "20.00"));
    unpaid["financial_status"] = json!("pending");
    unpaid["updated_at"] = json!("2026-11-20T09:00:01-05:00");
    for _ in 0..3 {
        record(&shop, "orders/paid", &paid).await;
        record(&shop, "orders/create", &unpaid).await;
    }
    assert_eq!(available(&shop).await, 200);
    let ada = shop.by_email("ada@example.com").await.unwrap();
    assert_eq!(shop.ledger(&ada.id).await.len(), 1);
}

#[tokio::test]
async fn two_deliveries_of_one_second_end_the_same_in_any_order() {
    let mut ends = Vec::new();
    for turned in [false, true] {
        let shop = TestShop::open().await;
        let (mut a, mut b) = (order(1, "20.00"), order(1, "20.00"));
        a["total_price"] = json!("21.00");
        b["total_price"] = json!("22.00");
        let (first, second) = if turned { (b, a) } else { (a, b) };
        record(&shop, "orders/updated", &first).await;
        record(&shop, "orders/updated", &second).await;
        ends.push(shop.order(1).await.record);
    }
    assert_eq!(ends[0].state, ends[1].state);
    assert_eq!(ends[0].posted(), ends[1].posted());
}

#[tokio::test]
async fn another_currency_is_kept_and_worth_nothing() {
    let shop = TestShop::open().await;
    let mut foreign = order(1, "20.00");
    foreign["currency"] = json!("EUR");
    record(&shop, "orders/paid", &foreign).await;
    assert_eq!(available(&shop).await, 0);
    let stored = shop.order(1).await;
    let rules = shop.services.store.rules(&shop.id, shop.services.clock.now()).await.unwrap();
    let because = stored.record.standing(&rules.programs, None).because.unwrap().to_string();
    assert!(because.contains("EUR") && because.contains("USD"), "{because}");
}

#[tokio::test]
async fn a_refund_in_the_buyers_currency_is_converted_by_the_orders_rate() {
    let shop = TestShop::open().await;
    let mut sold = order(1, "100.00");
    sold["presentment_currency"] = json!("EUR");
    sold["total_price_set"] = set("100.00", "USD", "80.00", "EUR");
    let mut back = refund(2, 1, "40.00");
    back["transactions"][0]["currency"] = json!("EUR");
    record(&shop, "orders/paid", &sold).await;
    record(&shop, "refunds/create", &back).await;
    assert_eq!(available(&shop).await, 500);
}

#[tokio::test]
async fn a_test_order_is_worth_nothing() {
    let shop = TestShop::open().await;
    let mut test = order(1, "20.00");
    test["test"] = json!(true);
    record(&shop, "orders/paid", &test).await;
    assert_eq!(available(&shop).await, 0);
}

#[tokio::test]
async fn a_pos_sale_with_a_customer_earns_like_any_other() {
    let shop = TestShop::open().await;
    let mut pos = order(1, "7.50");
    pos["source_name"] = json!("pos");
    pos["location_id"] = json!(655_441_491_u64);
    pos["user_id"] = json!(548_380_009_u64);
    record(&shop, "orders/paid", &pos).await;
    assert_eq!(available(&shop).await, 75);
}

#[tokio::test]
async fn a_gift_card_earns_when_it_is_spent_not_when_it_is_bought() {
    let shop = TestShop::open().await;
    let mut sold = order(1, "70.00");
    let mut card = line(11, "50.00", 1);
    card["gift_card"] = json!(true);
    sold["line_items"] = json!([line(10, "20.00", 1), card]);
    record(&shop, "orders/paid", &sold).await;
    assert_eq!(available(&shop).await, 200);
    let mut back = refund(2, 1, "50.00");
    back["refund_line_items"] = json!([refund_line(11, "50.00", "0.00")]);
    record(&shop, "refunds/create", &back).await;
    assert_eq!(available(&shop).await, 200);
}

#[tokio::test]
async fn tips_and_shipping_do_not_earn_by_default() {
    let shop = TestShop::open().await;
    let mut sold = order(1, "28.00");
    sold["total_tip_received"] = json!("3.00");
    sold["line_items"] = json!([line(10, "20.00", 1)]);
    sold["shipping_lines"] = json!([{"id": 5, "price": "5.00", "tax_lines": []}]);
    record(&shop, "orders/paid", &sold).await;
    assert_eq!(available(&shop).await, 200);
}

#[tokio::test]
async fn included_tax_counts_and_added_tax_does_not() {
    for (included, total, points) in [(true, "11.90", 119), (false, "13.80", 119)] {
        let shop = TestShop::open().await;
        let mut sold = order(1, total);
        sold["taxes_included"] = json!(included);
        sold["line_items"] = json!([line(10, "11.90", 1)]);
        sold["line_items"][0]["tax_lines"] =
            json!([{"price": "1.90", "rate": 0.19, "title": "VAT"}]);
        record(&shop, "orders/paid", &sold).await;
        assert_eq!(available(&shop).await, points, "taxes_included: {included}");
    }
}

#[tokio::test]
async fn currencies_without_and_with_three_decimals_count_in_their_own_units() {
    for (currency, total, per, points) in
        [("JPY", "1500", "100", 150), ("KWD", "4.995", "1.000", 49)]
    {
        let toml = format!(
            "[shop]\nid = 'corner-bakery'\nname = 'Bakery'\npreset = 'us'\n\
             currency = '{currency}'\ntimezone = 'Asia/Tokyo'\n\
             [program]\nname = 'Regulars'\neffective_from = 2020-01-01\n\
             membership = 'automatic'\n\
             [[earn]]\nper = 'amount'\npoints = 10\namount = '{per}'\n"
        );
        let shop = TestShop::with_program(&toml).await;
        let mut sold = order(1, total);
        sold["currency"] = json!(currency);
        sold["presentment_currency"] = json!(currency);
        sold["total_price_set"] = set(total, currency, total, currency);
        for zero in ["total_outstanding", "total_tip_received"] {
            sold[zero] = json!("0");
        }
        record(&shop, "orders/paid", &sold).await;
        assert_eq!(available(&shop).await, points, "{currency}");
    }
}

#[tokio::test]
async fn ids_of_64_bits_keep_every_digit() {
    let shop = TestShop::open().await;
    let id = 18_446_744_073_709_551_615_u64;
    let mut sold = order(id, "10.00");
    sold["line_items"][0]["id"] = json!(id);
    record(&shop, "orders/paid", &sold).await;
    let stored = shop.order(id).await;
    assert_eq!(stored.record.state.lines.unwrap().value[0].id, id.into());
    assert_eq!(available(&shop).await, 100);
}

#[tokio::test]
async fn a_refund_before_its_order_counts_when_the_order_comes() {
    let shop = TestShop::open().await;
    record(&shop, "refunds/create", &refund(2, 1, "10.00")).await;
    record(&shop, "orders/paid", &order(1, "49.95")).await;
    assert_eq!(available(&shop).await, 399);
}

#[tokio::test]
async fn a_cancellation_after_a_refund_takes_the_rest_and_a_late_paid_changes_nothing() {
    let shop = TestShop::open().await;
    let sold = order(1, "49.95");
    record(&shop, "orders/paid", &sold).await;
    record(&shop, "refunds/create", &refund(2, 1, "10.00")).await;
    let mut cancelled = sold.clone();
    cancelled["cancelled_at"] = json!("2026-11-21T12:00:00-05:00");
    cancelled["updated_at"] = json!("2026-11-21T12:00:00-05:00");
    cancelled["financial_status"] = json!("partially_refunded");
    record(&shop, "orders/cancelled", &cancelled).await;
    record(&shop, "orders/paid", &sold).await;
    let ada = shop.by_email("ada@example.com").await.unwrap();
    assert_eq!(shop.ledger(&ada.id).await, [(499, 499), (-100, 399), (-399, 0)]);
}

#[tokio::test]
async fn an_order_edited_down_before_payment_and_up_after_follows_the_money() {
    let shop = TestShop::open().await;
    let mut pending = order(1, "100.00");
    pending["financial_status"] = json!("pending");
    pending["total_outstanding"] = json!("100.00");
    pending["line_items"] = json!([line(10, "60.00", 1), line(11, "40.00", 1)]);
    record(&shop, "orders/create", &pending).await;
    assert_eq!(shop.order(1).await.record.posted().0, 0);

    // Shopify tells an edit before payment as a refund entry without a transaction.
    let mut edit = refund(2, 1, "0.00");
    edit["created_at"] = json!("2026-11-20T09:30:00-05:00");
    edit["transactions"] = json!([]);
    edit["refund_line_items"] = json!([refund_line(11, "40.00", "0.00")]);
    let mut paid = pending.clone();
    paid["financial_status"] = json!("paid");
    paid["updated_at"] = json!("2026-11-20T10:00:00-05:00");
    paid["current_total_price"] = json!("60.00");
    paid["total_outstanding"] = json!("0.00");
    paid["refunds"] = json!([edit]);
    record(&shop, "orders/paid", &paid).await;
    assert_eq!(available(&shop).await, 600);

    let mut up = paid.clone();
    up["line_items"].as_array_mut().unwrap().push(line(12, "25.00", 1));
    up["total_price"] = json!("125.00");
    up["total_price_set"] = set("125.00", "USD", "125.00", "USD");
    up["current_total_price"] = json!("85.00");
    up["total_outstanding"] = json!("25.00");
    up["financial_status"] = json!("partially_paid");
    up["updated_at"] = json!("2026-11-20T11:00:00-05:00");
    record(&shop, "orders/updated", &up).await;
    assert_eq!(available(&shop).await, 600);
    up["total_outstanding"] = json!("0.00");
    up["financial_status"] = json!("paid");
    up["updated_at"] = json!("2026-11-20T12:00:00-05:00");
    record(&shop, "orders/updated", &up).await;
    assert_eq!(available(&shop).await, 850);
}

#[tokio::test]
async fn a_deposit_earns_for_what_was_paid_and_the_rest_when_it_comes() {
    let shop = TestShop::open().await;
    let mut cake = order(1, "90.00");
    cake["financial_status"] = json!("partially_paid");
    cake["total_outstanding"] = json!("60.00");
    record(&shop, "orders/updated", &cake).await;
    assert_eq!(available(&shop).await, 300);
    cake["financial_status"] = json!("paid");
    cake["total_outstanding"] = json!("0.00");
    cake["updated_at"] = json!("2026-11-21T09:00:00-05:00");
    record(&shop, "orders/paid", &cake).await;
    assert_eq!(available(&shop).await, 900);
}

#[tokio::test]
async fn an_order_edit_names_no_amounts_so_its_order_is_to_be_fetched() {
    let shop = TestShop::open().await;
    let edit = json!({"order_edit": {"id": 1, "order_id": 2, "committed_at": "2026-11-20T09:00:00-05:00",
        "line_items": {"additions": [{"id": 3, "delta": 1}], "removals": []}}});
    let units = || shop.services.store.write_units_x10();
    assert_eq!(deliver(&shop, "orders/edited", &edit).await["outcome"], "kept");
    let written = units();
    assert_eq!(deliver(&shop, "orders/edited", &edit).await["outcome"], "kept");
    assert_eq!(units(), written, "a repeat writes nothing");
    let wanted = shop.services.store.due_work(&shop.id, 9, shop.services.clock.now()).await;
    assert_eq!(wanted.unwrap().lookups.len(), 1);
    // Where the order as it was then, or later, is known, there is nothing to fetch.
    record(&shop, "orders/updated", &order(3, "10.00")).await;
    let mut known = edit.clone();
    known["order_edit"]["order_id"] = json!(3);
    deliver(&shop, "orders/edited", &known).await;
    assert_eq!(shop.order(3).await.lookup, None);
}

#[tokio::test]
async fn an_order_too_large_to_be_sent_is_to_be_fetched() {
    let shop = TestShop::open().await;
    let answer = deliver(&shop, "orders/paid", &json!({"id": 1})).await;
    assert_eq!(answer["outcome"], "kept");
    assert!(shop.order(1).await.record.state.sale.is_none());
    let refund = deliver(&shop, "refunds/create", &json!({"id": 1})).await;
    let reason = refund["reason"].as_str().unwrap();
    assert!(reason.starts_with("the body was too large to be sent"), "{reason}");
}

#[tokio::test]
async fn fields_that_came_and_went_may_be_missing_or_null() {
    let shop = TestShop::open().await;
    let mut bare = order(1, "10.00");
    let fields = bare.as_object_mut().unwrap();
    for gone in [
        "presentment_currency",
        "total_price_set",
        "current_total_price",
        "total_outstanding",
        "total_tip_received",
        "shipping_lines",
        "refunds",
        "contact_email",
        "customer_locale",
        "location_id",
        "cancelled_at",
        "source_name",
        "processed_at",
        "phone",
    ] {
        fields.remove(gone);
    }
    for null in ["email", "created_at"] {
        fields[null] = json!(null);
    }
    record(&shop, "orders/paid", &bare).await;
    assert_eq!(available(&shop).await, 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 16)]
async fn deliveries_at_the_same_time_add_up() {
    let shop = TestShop::open().await;
    let mut deliveries = tokio::task::JoinSet::new();
    // Sixteen at once, forty orders of one customer she has never been, each twice.
    for id in (1..=40_u64).chain(1..=40) {
        let shop = shop.clone();
        deliveries.spawn(async move { until_taken(&shop, &order(id, "10.00")).await });
    }
    deliveries.join_all().await;
    assert_eq!(available(&shop).await, 4000);
    let ada = shop.by_email("ada@example.com").await.unwrap();
    assert_eq!(shop.ledger(&ada.id).await.len(), 40);
}

/// Sends as Shopify does: again after a 503.
async fn until_taken(shop: &TestShop, body: &serde_json::Value) {
    for _ in 0..8 {
        let body = serde_json::to_vec(body).unwrap();
        let (status, _) = super::send(shop, testkit::shopify::delivery("orders/paid", body)).await;
        match status.as_u16() {
            200 => return,
            503 => {}
            other => panic!("answered {other}"),
        }
    }
    panic!("not taken after eight attempts");
}
