//! Square's events, from the signature to the points.

use std::sync::Arc;

use axum::body::Body;
use http::{HeaderValue, Request, StatusCode};
use jiff::civil::date;
use loyalty::ids::Source;
use loyalty::month::Month;
use platform::signature::sign_square;
use platform::store::{ConsentState, DeadLetter};
use serde_json::{Value, json};
use testkit::shop::{PUBLIC_URL, SQUARE_SECRET, TestShop};
use testkit::square::{customer, delivery, event, money, payment, refund, signed};

use super::send;

const SIGNATURE: &str = "x-square-hmacsha256-signature";

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

// --- Who may come in -----------------------------------------------------------------

fn body() -> Vec<u8> {
    event("payment.updated", &json!({"payment": hers("P1", 1000)})).to_string().into_bytes()
}

/// A delivery with this signature.
fn with_signature(signature: Option<&str>) -> Request<Body> {
    let mut request: Request<Body> = delivery(body());
    request.headers_mut().remove(SIGNATURE);
    if let Some(signature) = signature {
        request.headers_mut().insert(SIGNATURE, HeaderValue::from_str(signature).unwrap());
    }
    request
}

/// Refused, and nothing was stored.
async fn refused(shop: &TestShop, request: Request<Body>) {
    let (status, answer) = send(shop, request).await;
    assert_eq!((status, &answer["status"]), (StatusCode::UNAUTHORIZED, &json!(401)));
    assert_eq!(shop.payment("P1").await.version, 0);
    assert!(letters(shop).await.is_empty());
}

#[tokio::test]
async fn a_missing_wrong_or_broken_signature_is_refused() {
    let shop = TestShop::open().await;
    let right = signed(&body());
    refused(&shop, with_signature(None)).await;
    refused(&shop, with_signature(Some(""))).await;
    refused(&shop, with_signature(right.get(..40))).await;
    refused(&shop, with_signature(Some(right.trim_end_matches('=')))).await;
    refused(&shop, with_signature(Some("%%% no base64 %%%"))).await;
    refused(&shop, with_signature(Some(&signed(b"{}")))).await;
    let (status, _) = send(&shop, with_signature(Some(&right))).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn a_signature_for_another_url_shop_or_source_is_refused() {
    let shop = TestShop::open().await;
    let signed_for = |secret: &str, url: &str| sign_square(&secret.into(), url, &body());
    let ours = format!("{PUBLIC_URL}/webhooks/square/corner-bakery");
    for url in [
        "",
        "http://regulars.example.com/webhooks/square/corner-bakery",
        "https://elsewhere.example.com/webhooks/square/corner-bakery",
        &format!("{PUBLIC_URL}/webhooks/square/harbour-books"),
        &format!("{PUBLIC_URL}/webhooks/shopify/corner-bakery"),
        &format!("{ours}/"),
        &format!("{ours}?x=1"),
    ] {
        refused(&shop, with_signature(Some(&signed_for(SQUARE_SECRET, url)))).await;
    }
    for secret in ["harbour-books-square-secret", testkit::shop::SECRET] {
        refused(&shop, with_signature(Some(&signed_for(secret, &ours)))).await;
    }
    let (status, _) = send(&shop, with_signature(Some(&signed_for(SQUARE_SECRET, &ours)))).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn a_rightly_signed_event_at_another_shops_door_is_refused() {
    let shop = TestShop::open().await;
    for path in ["/webhooks/square/harbour-books", "/webhooks/square/NOT%20A%23SHOP"] {
        let mut request: Request<Body> = delivery(body());
        *request.uri_mut() = http::Uri::from_static(path);
        refused(&shop, request).await;
    }
}

#[tokio::test]
async fn the_host_a_request_names_does_not_count() {
    let shop = TestShop::open().await;
    let url = "https://elsewhere.example.com/webhooks/square/corner-bakery";
    let signature = sign_square(&SQUARE_SECRET.into(), url, &body());
    let mut request = with_signature(Some(&signature));
    for name in ["host", "x-forwarded-host"] {
        request.headers_mut().insert(name, HeaderValue::from_static("elsewhere.example.com"));
    }
    refused(&shop, request).await;
}

#[tokio::test]
async fn a_deployment_that_does_not_know_its_url_refuses_everything() {
    let mut shop = TestShop::open().await;
    let mut sites = (*shop.services.sites).clone();
    sites.public_url = None;
    shop.services.sites = Arc::new(sites);
    refused(&shop, delivery(body())).await;
    let path = "/webhooks/square/corner-bakery";
    for url in ["", path] {
        let signature = sign_square(&SQUARE_SECRET.into(), url, &body());
        refused(&shop, with_signature(Some(&signature))).await;
    }
}

// --- Payments and refunds ------------------------------------------------------------

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

// --- People --------------------------------------------------------------------------

#[tokio::test]
async fn a_record_brings_name_and_address_and_newer_data_wins() {
    let shop = TestShop::open().await;
    pays(&shop, hers("P1", 1000)).await;
    let mut newer = customer("C1", "ada@example.com");
    newer["given_name"] = json!("Augusta");
    newer["updated_at"] = json!("2026-11-21T14:00:00.000000001Z");
    record(&shop, "customer.updated", &json!({"customer": newer})).await;
    record(&shop, "customer.created", &json!({"customer": customer("C1", "ada@example.com")}))
        .await;
    let her = shop.by_email("ada@example.com").await.unwrap();
    assert_eq!(her.id, shop.by_square_id("C1").await.unwrap().id);
    assert_eq!(her.account.wallet.available().unwrap().0, 100);
    assert_eq!(her.contact.unwrap().name.as_deref(), Some("Augusta Baker"));
}

#[tokio::test]
async fn unsubscribing_is_kept_and_nothing_there_is_a_consent() {
    let shop = TestShop::open().await;
    let consent = async || shop.by_square_id("C1").await.unwrap().contact.unwrap().consent;
    let mut her = customer("C1", "ada@example.com");
    record(&shop, "customer.created", &json!({"customer": her.clone()})).await;
    assert_eq!(consent().await, None);
    her["preferences"]["email_unsubscribed"] = json!(true);
    her["updated_at"] = json!("2026-11-21T14:00:00Z");
    record(&shop, "customer.updated", &json!({"customer": her.clone()})).await;
    let known = consent().await.unwrap();
    assert_eq!((known.state, known.source), (ConsentState::Unsubscribed, Source::Square));
    assert_eq!(known.at.to_string(), "2026-11-21T14:00:00Z");
    // Taken back at Square, it is still no consent.
    her["preferences"]["email_unsubscribed"] = json!(false);
    her["updated_at"] = json!("2026-11-22T14:00:00Z");
    record(&shop, "customer.updated", &json!({"customer": her})).await;
    assert_eq!(consent().await.unwrap().state, ConsentState::Unsubscribed);
}

#[tokio::test]
async fn a_merge_is_taken_in_with_the_record_that_is_new_with_it() {
    let shop = TestShop::open().await;
    pays(&shop, hers("P1", 1000)).await;
    let context = json!({"merge": {"from_customer_ids": ["C1"], "to_customer_id": "C2"}});
    let created =
        json!({"customer": customer("C2", "ada@example.com"), "event_context": context.clone()});
    record(&shop, "customer.created", &created).await;
    let deleted = json!({"customer": customer("C1", "old@example.com"), "event_context": context});
    record(&shop, "customer.deleted", &deleted).await;
    let kept = shop.by_square_id("C2").await.unwrap();
    assert_eq!(kept.contact.unwrap().email.as_deref(), Some("ada@example.com"));
    assert!(shop.by_email("old@example.com").await.is_none());
}

#[tokio::test]
async fn a_deleted_record_is_a_task_for_a_person() {
    let shop = TestShop::open().await;
    let deleted = json!({"customer": customer("C1", "ada@example.com")});
    for _ in 0..2 {
        assert_eq!(deliver(&shop, "customer.deleted", &deleted).await["outcome"], "kept");
    }
    let tasks = shop.services.store.open_tasks(&shop.id).await.unwrap();
    assert_eq!(tasks.len(), 1);
}

// --- Everything else -----------------------------------------------------------------

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
    super::record(&shop, "orders/paid", &mirror).await;
    assert_eq!(super::available(&shop).await, 100, "one sale, told twice, earns once");
}
