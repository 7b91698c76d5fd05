//! Against a server that answers as Shopify's GraphQL does, on a real table.

use loyalty::consent::{Act, Fact};
use loyalty::ledger::Origin;
use platform::Secrets;
use platform::store::{Deed, Person, Scene};
use serde_json::Value;
use testkit::shop::TestShop;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::api::Http;

const SAID: &str = "2026-11-22T11:58:00Z";

/// A shop whose Shopify is a stand-in that accepts.
struct Shop {
    shop: TestShop,
    server: MockServer,
    withdrawals: Withdrawals,
}

fn accepted() -> ResponseTemplate {
    let payload = json!({"data": {"customerEmailMarketingConsentUpdate": {"userErrors": []}}});
    ResponseTemplate::new(200).set_body_json(payload)
}

impl Shop {
    async fn open() -> Self {
        let shop = Self::bare().await;
        shop.knows(Source::Shopify, "706405506930370084").await;
        shop
    }

    async fn bare() -> Self {
        let mut shop = TestShop::open().await;
        shop.services.secrets = Secrets::from_lists([
            ("corner-bakery/shopify-token".to_owned(), "shop-token".to_owned()),
            ("identity".to_owned(), "identity-key".to_owned()),
        ]);
        let server = MockServer::start().await;
        shop.services.sites = std::sync::Arc::new(platform::Sites {
            shopify_api: Some(server.uri()),
            ..platform::Sites::default()
        });
        let shop = Self { shop, server, withdrawals: Withdrawals::new().unwrap() };
        shop.answers(accepted()).await;
        shop
    }

    async fn answers(&self, answer: ResponseTemplate) {
        self.server.reset().await;
        Mock::given(any()).respond_with(answer).mount(&self.server).await;
    }

    /// A source has a record of Ada.
    async fn knows(&self, source: Source, id: &str) {
        let identities = self.shop.identities();
        let (now, origin) = (self.shop.services.clock.now(), Origin::Live);
        let scene = Scene { shop: &self.shop.id, source, identities: &identities, origin, now };
        let person = Person {
            id: id.to_owned(),
            email: Some("ada@example.com".to_owned()),
            email_verified: true,
            updated_at: Some(now),
            ..Person::default()
        };
        self.shop.services.store.observe_person(&scene, &person, None).await.unwrap();
    }

    async fn ada(&self) -> (CustomerId, Contact) {
        let ada = self.shop.by_email("ada@example.com").await.unwrap();
        (ada.id, ada.contact.unwrap())
    }

    /// Ada withdraws, as `teller` tells: what that asks to be written back.
    async fn withdraws(&self, teller: Teller) -> Withdrawal {
        let (id, before) = self.ada().await;
        let act = Act::Unsubscribed { channel: Channel::Email, teller };
        self.shop.ada_says(SAID, act).await;
        let (_, after) = self.ada().await;
        Withdrawal::between(&id, Some(&before), &after).unwrap()
    }

    async fn writes_back(&self, withdrawal: &Withdrawal) -> WrittenBack {
        let Self { shop, withdrawals, .. } = self;
        withdrawals.write_back(&shop.services, &shop.id, withdrawal).await.unwrap()
    }

    /// Bodies of what Shopify was asked.
    async fn asked(&self) -> Vec<Value> {
        let asked = self.server.received_requests().await.unwrap();
        asked.iter().map(|request| request.body_json().unwrap()).collect()
    }

    async fn tasks(&self) -> Vec<Value> {
        let tasks = self.shop.services.store.open_tasks(&self.shop.id).await.unwrap();
        tasks
            .iter()
            .map(|task| {
                assert_eq!(task.topic, WITHDRAWAL);
                serde_json::from_str(&task.body).unwrap()
            })
            .collect()
    }
}

/// Whom an outcome leaves to the owner, and why.
fn by_hand(outcome: &WrittenBack) -> (Vec<Source>, &str) {
    match outcome {
        WrittenBack::ByHand { sources, why } => (sources.iter().copied().collect(), why),
        other => panic!("{other:?}"),
    }
}

/// How long an outcome asks to wait, why, and what then.
fn later(outcome: WrittenBack) -> (i64, String, Withdrawal) {
    match outcome {
        WrittenBack::Later { why, wait, next } => (wait.as_secs(), why, next),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_withdrawal_is_written_down_at_shopify_with_its_own_time() {
    let shop = Shop::open().await;
    let withdrawal = shop.withdraws(Teller::Own).await;
    assert_eq!(withdrawal.at.to_string(), SAID);
    assert_eq!(shop.writes_back(&withdrawal).await, WrittenBack::Done);
    let asked = shop.server.received_requests().await.unwrap();
    let [request] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(request.method.as_str(), "POST");
    assert_eq!(request.url.path(), "/admin/api/2026-07/graphql.json");
    assert_eq!(request.headers["x-shopify-access-token"], "shop-token");
    assert_eq!(request.headers["content-type"], "application/json");
    let body: Value = request.body_json().unwrap();
    assert!(body["query"].as_str().unwrap().contains("customerEmailMarketingConsentUpdate("));
    assert_eq!(
        body["variables"],
        json!({"input": {
            "customerId": "gid://shopify/Customer/706405506930370084",
            "emailMarketingConsent":
                {"marketingState": "UNSUBSCRIBED", "consentUpdatedAt": SAID},
        }})
    );
    assert!(shop.tasks().await.is_empty());
}

#[tokio::test]
async fn what_shopify_told_isnt_told_to_shopify() {
    let shop = Shop::open().await;
    let withdrawal = shop.withdraws(Teller::Shopify).await;
    assert_eq!(shop.writes_back(&withdrawal).await, WrittenBack::Done);
    assert!(shop.asked().await.is_empty() && shop.tasks().await.is_empty());
}

#[tokio::test]
async fn at_square_the_owner_does_it_and_is_asked_once() {
    let shop = Shop::bare().await;
    shop.knows(Source::Square, "SQ1").await;
    let withdrawal = shop.withdraws(Teller::Own).await;
    for _ in 0..2 {
        let outcome = shop.writes_back(&withdrawal).await;
        assert_eq!(by_hand(&outcome).0, [Source::Square]);
    }
    let (ada, _) = shop.ada().await;
    let task = json!({"customer": ada, "source": "square", "at": SAID});
    assert_eq!(shop.tasks().await, [task]);
    assert!(shop.asked().await.is_empty());
}

#[tokio::test]
async fn each_source_but_the_one_that_told_is_told() {
    let shop = Shop::open().await;
    shop.knows(Source::Square, "SQ1").await;
    let square = shop.shop.by_square_id("SQ1").await.unwrap();
    let (ada, _) = shop.ada().await;
    if square.id != ada {
        let deed = Deed {
            shop: &shop.shop.id,
            origin: Origin::Adjust,
            now: shop.shop.services.clock.now(),
        };
        shop.shop.services.store.merge(&deed, &ada, &square.id).await.unwrap();
    }
    let withdrawal = shop.withdraws(Teller::Square).await;
    assert_eq!(shop.writes_back(&withdrawal).await, WrittenBack::Done);
    assert_eq!((shop.asked().await.len(), shop.tasks().await.len()), (1, 0));
    // As the one she was before, she is still who she is.
    let as_before = Withdrawal { customer: square.id, ..withdrawal };
    assert_eq!(shop.writes_back(&as_before).await, WrittenBack::Done);
    assert_eq!(shop.asked().await.len(), 2);
}

#[tokio::test]
async fn who_thought_better_of_it_or_is_gone_isnt_told_of() {
    let shop = Shop::open().await;
    let withdrawal = shop.withdraws(Teller::Own).await;
    let (channel, teller) = (Channel::Email, Teller::Own);
    let grade = Some(loyalty::program::ConsentGrade::OwnForm);
    let yes = Act::Subscribed { channel, teller, grade, hers: true, wording: None };
    shop.shop.ada_says("2026-11-22T11:59:00Z", yes).await;
    assert_eq!(shop.writes_back(&withdrawal).await, WrittenBack::Done);
    let nobody = Withdrawal { customer: "nobody".parse().unwrap(), ..withdrawal };
    assert_eq!(shop.writes_back(&nobody).await, WrittenBack::Done);
    assert!(shop.asked().await.is_empty() && shop.tasks().await.is_empty());
}

#[tokio::test]
async fn a_customer_shopify_no_longer_has_needs_nothing() {
    let shop = Shop::open().await;
    let errors = json!([{"field": ["input", "customerId"], "message": "Customer not found"}]);
    let payload = json!({"data": {"customerEmailMarketingConsentUpdate": {"userErrors": errors}}});
    shop.answers(ResponseTemplate::new(200).set_body_json(payload)).await;
    let withdrawal = shop.withdraws(Teller::Own).await;
    assert_eq!(shop.writes_back(&withdrawal).await, WrittenBack::Done);
}

#[tokio::test]
async fn what_shopify_will_never_take_is_the_owners_at_once_and_names_nobody() {
    let user_error = json!({"data": {"customerEmailMarketingConsentUpdate": {"userErrors": [
        {"code": "INVALID", "field": ["input", "email"], "message": "ada@example.com is wrong"}]}}});
    let denied = json!({"data": null, "errors": [{"message": "Access denied for ada@example.com",
        "extensions": {"code": "ACCESS_DENIED"}}]});
    let odd = json!({"errors": [{"message": "ada@example.com"}]});
    let ok = |body: &Value| ResponseTemplate::new(200).set_body_json(body);
    for (answer, expected) in [
        (ok(&user_error), "the source refused it (INVALID at `input.email`)"),
        (
            ok(&denied),
            "the source's token isn't allowed this: give the app the scope write_customers and \
             connect the shop again",
        ),
        (ok(&odd), "the source refused it (no code)"),
        (
            ResponseTemplate::new(401),
            "the source doesn't accept the token: connect the shop to it again",
        ),
        (ResponseTemplate::new(404), "the source's answer can't be used: its status is 404"),
        (ok(&json!({"data": {}})), "the source's answer can't be used: it has no data"),
        (ok(&json!({})), "the source's answer can't be used: it has no data"),
        (
            ResponseTemplate::new(200).set_body_string("<html>ada@example.com"),
            "the source's answer can't be used: `.`: this isn't JSON",
        ),
    ] {
        let shop = Shop::open().await;
        shop.answers(answer).await;
        let withdrawal = shop.withdraws(Teller::Own).await;
        let outcome = shop.writes_back(&withdrawal).await;
        assert_eq!(by_hand(&outcome), ([Source::Shopify].to_vec(), expected));
        assert_eq!(shop.tasks().await.len(), 1, "{expected}");
    }
}

#[tokio::test]
async fn without_a_token_a_domain_or_her_id_the_owner_does_it() {
    let mut shop = Shop::open().await;
    let withdrawal = shop.withdraws(Teller::Own).await;
    let sites = std::mem::take(&mut shop.shop.services.sites);
    let outcome = shop.writes_back(&withdrawal).await;
    assert!(by_hand(&outcome).1.contains("REGULARS_SHOPIFY_SHOPS"), "{outcome:?}");
    shop.shop.services.sites = sites;
    shop.shop.services.secrets =
        Secrets::from_lists([("identity".to_owned(), "identity-key".to_owned())]);
    let outcome = shop.writes_back(&withdrawal).await;
    assert!(by_hand(&outcome).1.contains("no shopify-token"), "{outcome:?}");
    assert_eq!(shop.tasks().await.len(), 1, "one withdrawal is one task, whatever was wrong");
    assert!(shop.asked().await.is_empty());
}

#[tokio::test]
async fn a_shopify_that_is_busy_is_told_when_it_says_and_one_that_is_down_ever_later() {
    let throttled = json!({"errors": [{"message": "Throttled",
            "extensions": {"code": "THROTTLED"}}],
        "extensions": {"cost": {"requestedQueryCost": 10, "actualQueryCost": null,
            "throttleStatus": {"maximumAvailable": 1000.0, "currentlyAvailable": 1,
                "restoreRate": 0.0}}}});
    let throttled = |rate: &str, missing: u64| {
        let mut body = throttled.clone();
        body["extensions"]["cost"]["requestedQueryCost"] = json!(missing);
        body["extensions"]["cost"]["throttleStatus"]["restoreRate"] =
            serde_json::from_str(rate).unwrap();
        ResponseTemplate::new(200).set_body_json(body)
    };
    for (answer, seconds, expected) in [
        // Never sooner than the first pause, and never by a nought.
        (throttled("50.0", 11), 60, "Shopify asks us to wait"),
        (throttled("1", 301), 301, "Shopify asks us to wait"),
        (throttled("0.0", 11), 60, "Shopify asks us to wait"),
        (throttled("1.0", 10_000_000), 3600, "Shopify asks us to wait"),
        (
            ResponseTemplate::new(429).insert_header("retry-after", "120"),
            120,
            "Shopify asks us to wait",
        ),
        (
            ResponseTemplate::new(503),
            60,
            "the source isn't available (status 503 Service Unavailable)",
        ),
        (
            ResponseTemplate::new(200).set_body_json(json!({"errors": [{"message": "x",
                "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]})),
            60,
            "the source isn't available (internal_server_error)",
        ),
    ] {
        let shop = Shop::open().await;
        shop.answers(answer).await;
        let withdrawal = shop.withdraws(Teller::Own).await;
        let (wait, why, next) = later(shop.writes_back(&withdrawal).await);
        assert_eq!((wait, why.as_str(), next.tries), (seconds, expected, 1));
        assert!(shop.tasks().await.is_empty());
        // What is kept meanwhile is read back, and done when Shopify is there again.
        let kept = serde_json::to_string(&next).unwrap();
        shop.answers(accepted()).await;
        let next = serde_json::from_str(&kept).unwrap();
        assert_eq!(shop.writes_back(&next).await, WrittenBack::Done);
    }
}

#[tokio::test]
async fn a_shopify_that_is_slow_is_told_later_and_after_an_hour_the_owner_does_it() {
    let mut shop = Shop::open().await;
    shop.answers(accepted().set_delay(std::time::Duration::from_secs(30))).await;
    let http = Http::within(std::time::Duration::from_millis(100)).unwrap();
    shop.withdrawals = Withdrawals::over(&ShopifyAccess::over(&http));
    let mut withdrawal = shop.withdraws(Teller::Own).await;
    let mut waited = 0;
    for tries in 1.. {
        match shop.writes_back(&withdrawal).await {
            WrittenBack::Later { why, wait, next } => {
                assert_eq!(
                    (why.as_str(), next.tries),
                    ("the source isn't available (timed out)", tries)
                );
                waited += wait.as_mins();
                withdrawal = next;
            }
            outcome => {
                assert_eq!(by_hand(&outcome).0, [Source::Shopify]);
                break;
            }
        }
    }
    assert_eq!((waited, shop.tasks().await.len()), (55, 1));
}

#[tokio::test]
async fn only_a_change_to_no_is_written_back() {
    let shop = Shop::open().await;
    let (ada, before) = shop.ada().await;
    assert_eq!(Withdrawal::between(&ada, None, &before), None, "nothing was said");
    let withdrawal = shop.withdraws(Teller::Own).await;
    let (_, after) = shop.ada().await;
    assert_eq!(Withdrawal::between(&ada, Some(&after), &after), None, "said again");
    assert_eq!(Withdrawal::between(&ada, None, &after), Some(withdrawal), "and at once");
    let mut complained = before.clone();
    let at = SAID.parse().unwrap();
    complained.consent.hear(&Fact { at, act: Act::Complained });
    assert_eq!(Withdrawal::between(&ada, Some(&before), &complained), None);
}
