//! Square's events, from the signature to the points.

mod odd;
mod people;
mod signature;
mod twins;

use http::StatusCode;
use jiff::civil::date;
use loyalty::month::Month;
use platform::store::DeadLetter;
use serde_json::{Value, json};
use testkit::shop::TestShop;
use testkit::square::{customer, delivery, event, money, payment, refund};

use super::send;

/// Delivers a signed event, which must be answered 200, and gives the outcome.
#[track_caller]
fn deliver<'a>(
    shop: &'a TestShop,
    kind: &'a str,
    object: &Value,
) -> impl Future<Output = Value> + use<'a> {
    let caller = std::panic::Location::caller();
    let request = delivery(event(kind, object).to_string().into_bytes());
    async move {
        let (status, answer) = send(shop, request).await;
        assert_eq!(status, StatusCode::OK, "{kind} at {caller}: {answer}");
        answer
    }
}

/// Delivers an event that must be recorded.
#[track_caller]
fn record<'a>(
    shop: &'a TestShop,
    kind: &'a str,
    object: &Value,
) -> impl Future<Output = ()> + use<'a> {
    let caller = std::panic::Location::caller();
    let answer = deliver(shop, kind, object);
    async move {
        let answer = answer.await;
        assert_eq!(answer["outcome"], "recorded", "{kind} at {caller}: {answer}");
    }
}

async fn pays(shop: &TestShop, payment: Value) {
    record(shop, "payment.updated", &json!({"payment": payment})).await;
}

async fn gets_back(shop: &TestShop, refund: Value) {
    record(shop, "refund.updated", &json!({"refund": refund})).await;
}

/// A payment by the customer record `C1`.
fn hers(id: &str, cents: i64) -> Value {
    let mut payment = payment(id, cents);
    payment["customer_id"] = json!("C1");
    payment
}

/// What the customer behind a record has.
async fn points_of(shop: &TestShop, record: &str) -> i64 {
    let found = shop.by_square_id(record).await.expect("the record is known");
    found.account.wallet.available().unwrap().0
}

async fn points(shop: &TestShop) -> i64 {
    points_of(shop, "C1").await
}

async fn letters(shop: &TestShop) -> Vec<DeadLetter> {
    let month = Month::of(date(2026, 11, 1));
    shop.services.store.dead_letters(&shop.id, month).await.unwrap()
}

#[tokio::test]
async fn a_payment_earns_once_it_is_completed() {
    let shop = TestShop::open().await;
    let mut approved = hers("P1", 4995);
    approved["status"] = json!("APPROVED");
    approved["updated_at"] = json!("2026-11-20T14:00:01Z");
    record(&shop, "payment.created", &json!({"payment": approved})).await;
    assert_eq!(points(&shop).await, 0);
    for _ in 0..3 {
        pays(&shop, hers("P1", 4995)).await;
        pays(&shop, approved.clone()).await;
    }
    assert_eq!(points(&shop).await, 499);
    let her = shop.by_square_id("C1").await.unwrap();
    assert_eq!(shop.ledger(&her.id).await, [(499, 499)]);
    assert!(her.account.is_member());
}

#[tokio::test]
async fn a_payment_that_was_called_off_earns_nothing_and_stays_so() {
    for status in ["CANCELED", "FAILED"] {
        let shop = TestShop::open().await;
        let mut off = hers("P1", 1000);
        off["status"] = json!(status);
        pays(&shop, off).await;
        assert_eq!(points(&shop).await, 0, "{status}");
        let mut odd = hers("P1", 1000);
        odd["updated_at"] = json!("2026-11-20T15:00:00Z");
        pays(&shop, odd).await;
        assert_eq!(points(&shop).await, 0, "{status}");
    }
}

#[tokio::test]
async fn cash_and_a_gift_card_earn_when_they_are_spent() {
    let shop = TestShop::open().await;
    let mut cash = hers("P1", 700);
    cash["source_type"] = json!("CASH");
    cash["cash_details"] =
        json!({"buyer_supplied_money": money(1000), "change_back_money": money(300)});
    cash.as_object_mut().unwrap().remove("card_details");
    pays(&shop, cash).await;
    assert_eq!(points(&shop).await, 70);
    let mut card = hers("P2", 300);
    card["card_details"]["card"]["card_brand"] = json!("SQUARE_GIFT_CARD");
    pays(&shop, card).await;
    assert_eq!(points(&shop).await, 100);
}

#[tokio::test]
async fn two_payments_of_one_sale_are_one_order_and_both_earn() {
    let shop = TestShop::open().await;
    for (id, cents) in [("P1", 1000), ("P2", 2500)] {
        let mut part = hers(id, cents);
        part["order_id"] = json!("SALE");
        pays(&shop, part).await;
    }
    assert_eq!(points(&shop).await, 350);
    let ever = shop.by_square_id("C1").await.unwrap().account.facts.ever;
    assert_eq!((ever.orders, ever.spend), (1, 3500));
    pays(&shop, hers("P3", 100)).await;
    assert_eq!(shop.by_square_id("C1").await.unwrap().account.facts.ever.orders, 2);
}

#[tokio::test]
async fn a_payment_that_comes_back_to_her_is_an_order_of_hers_again() {
    let shop = TestShop::open().await;
    for (who, at) in [("C1", "14:01:00"), ("C2", "14:02:00"), ("C1", "14:03:00")] {
        let mut put_to = hers("P1", 1000);
        put_to["customer_id"] = json!(who);
        put_to["updated_at"] = json!(format!("2026-11-20T{at}Z"));
        pays(&shop, put_to).await;
    }
    assert_eq!((points(&shop).await, points_of(&shop, "C2").await), (100, 0));
    assert_eq!(shop.by_square_id("C1").await.unwrap().account.facts.ever.orders, 1);
}

#[tokio::test]
async fn tips_earn_nothing_by_default() {
    let shop = TestShop::open().await;
    let mut tipped = hers("P1", 1000);
    tipped["tip_money"] = money(250);
    tipped["total_money"] = money(1250);
    pays(&shop, tipped).await;
    assert_eq!(points(&shop).await, 100);
}

#[tokio::test]
async fn refunds_count_once_they_are_completed_each_once() {
    let shop = TestShop::open().await;
    pays(&shop, hers("P1", 4995)).await;
    let mut pending = refund("R1", "P1", 1000);
    pending["status"] = json!("PENDING");
    pending["updated_at"] = json!("2026-11-21T15:00:00Z");
    record(&shop, "refund.created", &json!({"refund": pending.clone()})).await;
    assert_eq!(points(&shop).await, 499);
    for _ in 0..2 {
        gets_back(&shop, refund("R1", "P1", 1000)).await;
        gets_back(&shop, pending.clone()).await;
    }
    assert_eq!(points(&shop).await, 399);
    gets_back(&shop, refund("R2", "P1", 995)).await;
    for (id, status) in [("R3", "REJECTED"), ("R4", "FAILED")] {
        let mut failed = refund(id, "P1", 500);
        failed["status"] = json!(status);
        gets_back(&shop, failed).await;
    }
    assert_eq!(points(&shop).await, 300);
    gets_back(&shop, refund("R5", "P1", 3000)).await;
    let her = shop.by_square_id("C1").await.unwrap();
    assert_eq!(
        shop.ledger(&her.id).await,
        [(499, 499), (-100, 399), (-99, 300), (-300, 0)],
        "rounded once per order, whatever came in parts"
    );
}

#[tokio::test]
async fn what_went_back_is_the_larger_of_refunds_and_the_payments_own_sum() {
    let shop = TestShop::open().await;
    let mut sold = hers("P1", 2000);
    sold["refunded_money"] = money(700);
    sold["updated_at"] = json!("2026-11-21T15:00:00Z");
    pays(&shop, sold).await;
    assert_eq!(points(&shop).await, 130, "the payment knows of a refund that hasn't come");
    gets_back(&shop, refund("R1", "P1", 700)).await;
    assert_eq!(points(&shop).await, 130, "it has come now, and counts once");
    gets_back(&shop, refund("R2", "P1", 500)).await;
    assert_eq!(points(&shop).await, 80, "this one the payment doesn't know of yet");
}

#[tokio::test]
async fn a_refund_before_its_payment_counts_when_the_payment_comes() {
    let shop = TestShop::open().await;
    gets_back(&shop, refund("R1", "P1", 1000)).await;
    pays(&shop, hers("P1", 4995)).await;
    assert_eq!(points(&shop).await, 399);
}

#[tokio::test]
async fn a_refund_linked_to_no_payment_is_of_no_use() {
    let shop = TestShop::open().await;
    let mut unlinked = refund("R1", "P1", 1000);
    unlinked.as_object_mut().unwrap().remove("payment_id");
    unlinked["unlinked"] = json!(true);
    let answer = deliver(&shop, "refund.updated", &json!({"refund": unlinked})).await;
    assert_eq!(answer["outcome"], "ignored");
    assert_eq!(shop.payment("P1").await.version, 0);
}

#[tokio::test]
async fn a_customer_filled_in_late_claims_the_order() {
    let shop = TestShop::open().await;
    pays(&shop, payment("P1", 1000)).await;
    let unclaimed = shop.payment("P1").await.record;
    assert_eq!((unclaimed.customer.clone(), unclaimed.posted().0), (None, 0));
    let mut named = hers("P1", 1000);
    named["updated_at"] = json!("2026-11-20T14:04:00.000000001Z");
    pays(&shop, named).await;
    assert_eq!(points(&shop).await, 100);
    // A repeat of the first, which doesn't know her, takes nothing from her.
    pays(&shop, payment("P1", 1000)).await;
    assert_eq!(points(&shop).await, 100);
}

#[tokio::test]
async fn an_address_for_the_receipt_is_enough_to_earn_and_no_key_to_an_account() {
    let shop = TestShop::open().await;
    let mut guest = payment("P1", 1000);
    guest["buyer_email_address"] = json!("ada@example.com");
    pays(&shop, guest).await;
    assert_eq!(super::available(&shop).await, 100);
    // Square confirms no address, so a record that claims this one is somebody else.
    record(&shop, "customer.created", &json!({"customer": customer("C9", "ada@example.com")}))
        .await;
    let (ada, other) = (shop.by_email("ada@example.com").await, shop.by_square_id("C9").await);
    assert_ne!(ada.unwrap().id, other.unwrap().id);
}

#[tokio::test]
async fn another_currency_is_kept_and_worth_nothing() {
    let shop = TestShop::open().await;
    let mut foreign = hers("P1", 1000);
    for field in ["amount_money", "total_money"] {
        foreign[field]["currency"] = json!("CAD");
    }
    pays(&shop, foreign).await;
    assert_eq!(points(&shop).await, 0);
    let stored = shop.payment("P1").await;
    let rules = shop.services.store.rules(&shop.id, shop.services.clock.now()).await.unwrap();
    let because = stored.record.standing(&rules.programs, None).because.unwrap().to_string();
    assert!(because.contains("CAD") && because.contains("USD"), "{because}");
}

/// Every order in which `count` things can come.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else { return vec![Vec::new()] };
    let mut all = Vec::new();
    for shorter in orders(last) {
        for place in 0..=shorter.len() {
            let mut one = shorter.clone();
            one.insert(place, last);
            all.push(one);
        }
    }
    all
}

/// One sale of 20.00 with 5.00 refunded, as the six events that tell it: approved,
/// completed, claimed, refunding, refunded, and the sum of what went back.
fn six_events(payment_id: &str, customer_id: &str, refund_id: &str) -> [(&'static str, Value); 6] {
    let at = |status: &str, at: &str| {
        let mut payment = payment(payment_id, 2000);
        payment["status"] = json!(status);
        payment["updated_at"] = json!(at);
        payment
    };
    let approved = at("APPROVED", "2026-11-20T14:00:01Z");
    let completed = at("COMPLETED", "2026-11-20T14:00:05Z");
    let mut claimed = at("COMPLETED", "2026-11-20T14:03:00Z");
    claimed["customer_id"] = json!(customer_id);
    let mut summed = at("COMPLETED", "2026-11-21T15:00:02Z");
    summed["customer_id"] = json!(customer_id);
    summed["refunded_money"] = money(500);
    let mut refunding = refund(refund_id, payment_id, 500);
    refunding["status"] = json!("PENDING");
    refunding["updated_at"] = json!("2026-11-21T15:00:00Z");
    [
        ("payment.created", json!({"payment": approved})),
        ("payment.updated", json!({"payment": completed})),
        ("payment.updated", json!({"payment": claimed})),
        ("refund.created", json!({"refund": refunding})),
        ("refund.updated", json!({"refund": refund(refund_id, payment_id, 500)})),
        ("payment.updated", json!({"payment": summed})),
    ]
}

#[tokio::test]
async fn six_events_end_at_the_same_points_in_any_order() {
    let shop = TestShop::open().await;
    // Of the 720 orders every 13th: which comes first, and which last, takes all turns. The
    // state alone is tested in all of them where the bodies are read.
    // A sale and a customer for each order, so that one table does for all of them.
    for (number, order) in orders(6).iter().step_by(13).enumerate() {
        let (customer, refund) = (format!("C{number}"), format!("R{number}"));
        let events = six_events(&format!("P{number}"), &customer, &refund);
        for place in order {
            let (kind, object) = &events[*place];
            record(&shop, kind, object).await;
        }
        assert_eq!(points_of(&shop, &customer).await, 150, "{order:?}");
    }
}
