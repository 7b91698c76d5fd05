//! Against servers that answer as the sources do, on a real table.

use platform::Secrets;
use platform::identity::Identities;
use platform::store::Recorded;
use serde_json::{Value, json};
use testkit::shop::TestShop;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::{Told, square};

/// A shop whose sources are stand-ins.
struct Shop {
    shop: TestShop,
    server: MockServer,
    lookups: Lookups,
}

fn payment(updated: &str, customer: Option<&str>) -> Value {
    json!({"id": "P1", "status": "COMPLETED", "order_id": "SALE1", "customer_id": customer,
        "amount_money": {"amount": 1250, "currency": "USD"},
        "created_at": "2026-11-20T14:00:00Z", "updated_at": updated})
}

fn sale() -> Value {
    json!({"order": {"updated_at": "2026-11-20T14:00:05Z",
    "total_money": {"amount": 1250, "currency": "USD"},
    "line_items": [
        {"uid": "U1", "quantity": "2", "gross_sales_money": {"amount": 750, "currency": "USD"}},
        {"uid": "U2", "quantity": "1", "item_type": "GIFT_CARD",
            "gross_sales_money": {"amount": 500, "currency": "USD"}},
    ]}})
}

fn customer() -> Value {
    json!({"customer": {"id": "C1", "given_name": "Ada", "email_address": "ada@example.com",
        "updated_at": "2026-11-20T13:00:00Z"}})
}

impl Shop {
    async fn open() -> Self {
        let mut shop = TestShop::open().await;
        shop.services.secrets = Secrets::from_lists([
            ("corner-bakery/square-token".to_owned(), "sq-token".to_owned()),
            ("corner-bakery/shopify-token".to_owned(), "shop-token".to_owned()),
            ("identity".to_owned(), "identity-key".to_owned()),
        ]);
        let server = MockServer::start().await;
        shop.services.sites = std::sync::Arc::new(platform::Sites {
            square_api: Some(server.uri()),
            shopify_api: Some(server.uri()),
            ..platform::Sites::default()
        });
        let lookups = Lookups::new().unwrap();
        let shop = Self { shop, server, lookups };
        for id in ["P1", "P2"] {
            let mut payment = payment("2026-11-20T14:00:05Z", Some("C1"));
            payment["id"] = json!(id);
            shop.has(&format!("/v2/payments/{id}"), json!({ "payment": payment })).await;
        }
        shop
    }

    async fn answers(&self, at: &str, answer: ResponseTemplate) {
        // The newest answer to a path is the one given.
        Mock::given(method("GET"))
            .and(path(at))
            .respond_with(answer)
            .with_priority(next_priority())
            .mount(&self.server)
            .await;
    }

    async fn has(&self, at: &str, body: Value) {
        self.answers(at, ResponseTemplate::new(200).set_body_json(body)).await;
    }

    fn scene<'a>(&'a self, source: Source, identities: &'a Identities) -> Scene<'a> {
        let now = self.shop.services.clock.now();
        Scene { shop: &self.shop.id, source, identities, origin: Origin::Live, now }
    }

    /// Square tells of a payment.
    async fn told(&self, payment: Value) -> Recorded {
        let event = json!({"type": "payment.updated", "event_id": "E1",
            "created_at": "2026-11-20T14:00:06Z",
            "data": {"type": "payment", "id": "P1", "object": {"payment": payment}}});
        let Ok(Told::Order(observation)) = square::read(event.to_string().as_bytes()).1 else {
            panic!("a payment tells of an order")
        };
        let identities = self.shop.identities();
        let scene = self.scene(Source::Square, &identities);
        self.shop.services.store.record(&scene, &observation).await.unwrap()
    }

    async fn work_off(&self) -> Worked {
        let services = &self.shop.services;
        let due = services.store.due_work(&self.shop.id, 100, services.clock.now()).await.unwrap();
        self.lookups.work_off(services, &self.shop.id, due.lookups).await.unwrap()
    }

    async fn order(&self) -> StoredOrder {
        let order = OrderRef { source: Source::Square, id: "P1".parse().unwrap() };
        self.shop.services.store.order(&self.shop.id, &order).await.unwrap()
    }

    async fn asked(&self) -> usize {
        self.server.received_requests().await.unwrap().len()
    }
}

/// Counts down, because the lower goes first.
fn next_priority() -> u8 {
    use std::sync::atomic::{AtomicU8, Ordering};
    static NEXT: AtomicU8 = AtomicU8::new(250);
    NEXT.fetch_sub(1, Ordering::Relaxed)
}

const DONE: Worked = Worked { done: 1, failed: 0, waiting: 0 };
const FAILED: Worked = Worked { done: 0, failed: 1, waiting: 0 };
const WAITING: Worked = Worked { done: 0, failed: 0, waiting: 1 };

#[tokio::test]
async fn a_sales_lines_and_its_customer_are_looked_up_and_counted_once() {
    let shop = Shop::open().await;
    shop.has("/v2/orders/SALE1", sale()).await;
    shop.has("/v2/customers/C1", customer()).await;
    shop.told(payment("2026-11-20T14:00:05Z", Some("C1"))).await;
    assert_eq!(shop.order().await.record.posted().0, 125, "by the amount, as long as it is all");
    assert_eq!(shop.work_off().await, DONE);
    assert_eq!(shop.order().await.record.posted().0, 75, "a gift card earns when it is spent");
    let ada = shop.shop.by_email("ada@example.com").await.unwrap();
    assert_eq!(ada.account.wallet.balance().unwrap().0, 75);
    assert_eq!(ada.contact.unwrap().name.as_deref(), Some("Ada"));
    let asked = shop.asked().await;
    assert_eq!(shop.work_off().await, Worked::default());
    shop.told(payment("2026-11-20T14:00:05Z", Some("C1"))).await;
    assert_eq!((shop.work_off().await, shop.asked().await), (Worked::default(), asked));
}

#[tokio::test]
async fn a_part_of_a_sale_has_its_part_of_the_lines() {
    let shop = Shop::open().await;
    let mut whole = sale();
    whole["order"]["total_money"]["amount"] = json!(2500);
    whole["order"]["line_items"][0]["gross_sales_money"]["amount"] = json!(2000);
    shop.has("/v2/orders/SALE1", whole).await;
    shop.has("/v2/customers/C1", customer()).await;
    shop.told(payment("2026-11-20T14:00:05Z", Some("C1"))).await;
    shop.work_off().await;
    // Goods of 20.00 in 25.00, of which 12.50 is paid here: 10.00.
    assert_eq!(shop.order().await.record.posted().0, 100);
}

#[tokio::test]
async fn a_customer_that_is_filled_in_late_is_asked_for_again() {
    let shop = Shop::open().await;
    shop.has("/v2/orders/SALE1", sale()).await;
    shop.has("/v2/customers/C1", customer()).await;
    shop.has("/v2/payments/P1", json!({"payment": payment("2026-11-20T14:00:05Z", None)})).await;
    shop.told(payment("2026-11-20T14:00:05Z", None)).await;
    assert_eq!(shop.work_off().await, FAILED);
    assert_eq!(shop.work_off().await, Worked::default(), "not before a minute");
    let filled = payment("2026-11-20T14:00:05Z", Some("C1"));
    shop.has("/v2/payments/P1", json!({ "payment": filled })).await;
    shop.shop.set_now("2026-11-22T12:02:00Z");
    assert_eq!(shop.work_off().await, DONE);
    assert_eq!(shop.order().await.lookup, None);
    let ada = shop.shop.by_email("ada@example.com").await.unwrap();
    assert_eq!(ada.account.wallet.balance().unwrap().0, 75);
}

#[tokio::test]
async fn a_sale_that_stays_nobodys_is_not_asked_about_for_ever() {
    let shop = Shop::open().await;
    shop.has("/v2/orders/SALE1", sale()).await;
    shop.has("/v2/payments/P1", json!({"payment": payment("2026-11-20T14:00:05Z", None)})).await;
    shop.told(payment("2026-11-20T14:00:05Z", None)).await;
    for (time, worked) in [("12:00", FAILED), ("12:10", FAILED), ("13:00", DONE)] {
        shop.shop.set_now(&format!("2026-11-22T{time}:00Z"));
        assert_eq!(shop.work_off().await, worked, "{time}");
    }
    let order = shop.order().await;
    assert_eq!((order.lookup, order.record.customer), (None, None));
    assert!(order.record.state.lines.is_some());
}

#[tokio::test]
async fn without_a_token_nothing_is_asked_and_the_amount_counts() {
    let mut shop = Shop::open().await;
    shop.shop.services.secrets =
        Secrets::from_lists([("identity".to_owned(), "identity-key".to_owned())]);
    shop.told(payment("2026-11-20T14:00:05Z", Some("C1"))).await;
    assert_eq!((shop.work_off().await, shop.asked().await), (WAITING, 0));
    let stored = shop.order().await;
    assert_eq!(stored.record.posted().0, 125);
    let why = stored.lookup.unwrap().why.unwrap();
    assert!(why.contains("no square-token"), "{why}");
    assert_eq!(shop.work_off().await, Worked::default(), "it is in nobody's way");
    shop.shop.set_now("2026-11-29T12:00:01Z");
    assert_eq!(shop.work_off().await, WAITING, "and tried again a week later");
    assert_eq!(shop.work_off().await, Worked::default(), "for the last time");
    assert_eq!(shop.order().await.lookup.unwrap().at, None);
}

#[tokio::test]
async fn who_asks_us_to_wait_is_not_asked_until_then() {
    let shop = Shop::open().await;
    let wait = ResponseTemplate::new(429).insert_header("retry-after", "120");
    shop.answers("/v2/orders/SALE1", wait).await;
    shop.told(payment("2026-11-20T14:00:05Z", Some("C1"))).await;
    assert_eq!(shop.work_off().await, FAILED);
    // Another payment is due at once, and has to wait as well.
    let mut second = payment("2026-11-20T14:00:05Z", Some("C1"));
    second["id"] = json!("P2");
    shop.told(second).await;
    let asked = shop.asked().await;
    assert_eq!((shop.work_off().await, shop.asked().await), (WAITING, asked));
    shop.has("/v2/orders/SALE1", sale()).await;
    shop.has("/v2/customers/C1", customer()).await;
    shop.shop.set_now("2026-11-22T12:02:00Z");
    assert_eq!(shop.work_off().await, Worked { done: 2, ..Worked::default() });
}

#[tokio::test]
async fn a_refused_token_rests_and_its_reason_is_kept() {
    let shop = Shop::open().await;
    shop.answers("/v2/orders/SALE1", ResponseTemplate::new(401)).await;
    shop.told(payment("2026-11-20T14:00:05Z", Some("C1"))).await;
    assert_eq!(shop.work_off().await, FAILED);
    let lookup = shop.order().await.lookup.unwrap();
    assert_eq!(
        lookup.why.as_deref(),
        Some("the source doesn't accept the token: connect the shop to it again")
    );
    shop.has("/v2/orders/SALE1", sale()).await;
    shop.has("/v2/customers/C1", customer()).await;
    shop.shop.set_now("2026-11-22T12:11:00Z");
    assert_eq!(shop.work_off().await, DONE);
}

#[tokio::test]
async fn what_keeps_failing_is_given_up_after_a_week_and_still_counts_by_its_amount() {
    let shop = Shop::open().await;
    shop.answers("/v2/orders/SALE1", ResponseTemplate::new(500)).await;
    shop.told(payment("2026-11-20T14:00:05Z", Some("C1"))).await;
    let mut failures = 0;
    for hour in (0..240).step_by(3) {
        let now = "2026-11-22T12:00:00Z".parse::<Timestamp>().unwrap();
        shop.shop.set_now(&(now + SignedDuration::from_hours(hour)).to_string());
        failures += shop.work_off().await.failed;
    }
    assert!((10..25).contains(&failures), "{failures} attempts");
    let order = shop.order().await;
    let lookup = order.lookup.unwrap();
    assert_eq!((lookup.at, u32::from(lookup.tries)), (None, failures));
    assert!(lookup.why.unwrap().contains("isn't available"));
    assert_eq!(order.record.posted().0, 125);
}

#[tokio::test]
async fn an_order_too_large_to_be_sent_is_fetched() {
    let shop = Shop::open().await;
    shop.has(
        "/admin/api/2026-07/orders/17.json",
        json!({"order": testkit::shopify::order(17, "10.00")}),
    )
    .await;
    let order = OrderRef { source: Source::Shopify, id: "17".parse().unwrap() };
    let identities = shop.shop.identities();
    let scene = shop.scene(Source::Shopify, &identities);
    shop.shop.services.store.want_lookup(&scene, &order, None).await.unwrap();
    assert_eq!(shop.work_off().await, DONE);
    assert_eq!(shop.shop.order(17).await.record.posted().0, 100);
    assert_eq!(shop.shop.order(17).await.lookup, None);
}

#[tokio::test]
async fn an_edit_that_comes_while_the_order_is_being_fetched_is_fetched_too() {
    let shop = Shop::open().await;
    let path = "/admin/api/2026-07/orders/17.json";
    let before = json!({"order": testkit::shopify::order(17, "10.00")});
    let slow = std::time::Duration::from_millis(500);
    shop.answers(path, ResponseTemplate::new(200).set_body_json(before).set_delay(slow)).await;
    let order = OrderRef { source: Source::Shopify, id: "17".parse().unwrap() };
    let identities = shop.shop.identities();
    let scene = shop.scene(Source::Shopify, &identities);
    let store = &shop.shop.services.store;
    let edited = |at: &str| at.parse().ok();
    store.want_lookup(&scene, &order, edited("2026-11-20T14:00:04Z")).await.unwrap();
    let second = async {
        while shop.asked().await == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        store.want_lookup(&scene, &order, edited("2026-11-20T15:00:00Z")).await.unwrap();
    };
    tokio::join!(shop.work_off(), second);
    let mut after = testkit::shopify::order(17, "8.00");
    after["updated_at"] = json!("2026-11-20T15:00:00Z");
    shop.has(path, json!({ "order": after })).await;
    shop.work_off().await;
    assert_eq!(shop.shop.order(17).await.record.posted().0, 80);
    assert_eq!(shop.shop.order(17).await.lookup, None);
    assert_eq!(shop.work_off().await, Worked::default());
}

#[tokio::test]
async fn an_order_that_cannot_be_counted_holds_up_no_other() {
    let shop = Shop::open().await;
    shop.has("/v2/orders/SALE1", sale()).await;
    shop.has("/v2/customers/C1", customer()).await;
    let mut endless = sale();
    endless["order"]["line_items"][0]["gross_sales_money"]["amount"] = json!(i64::MAX);
    endless["order"]["total_money"]["amount"] = json!(1);
    shop.has("/v2/orders/SALE2", endless).await;
    let mut first = payment("2026-11-20T14:00:05Z", Some("C1"));
    first["order_id"] = json!("SALE2");
    shop.has("/v2/payments/P1", json!({ "payment": first.clone() })).await;
    shop.told(first).await;
    shop.shop.set_now("2026-11-22T12:00:01Z");
    let mut second = payment("2026-11-20T14:00:05Z", Some("C1"));
    second["id"] = json!("P2");
    shop.told(second).await;
    assert_eq!(shop.work_off().await, Worked { done: 1, failed: 1, waiting: 0 });
    let lookup = shop.order().await.lookup.unwrap();
    assert!(lookup.why.unwrap().contains("64 bits"));
}
