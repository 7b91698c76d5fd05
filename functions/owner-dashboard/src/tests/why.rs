//! Why somebody gets a kind of mail, or doesn't.

use jiff::civil::date;
use loyalty::consent::State;
use loyalty::ids::Source;
use serde_json::{Value, json};

use super::bakery::{BAKERY, jon};
use super::nights::{NIGHT, local, somebody};
use super::{Api, redacted};

impl Api {
    async fn why(&self, customer: &str, kind: &str) -> Value {
        self.read(&format!("/api/v1/shops/corner-bakery/customers/{customer}/why?kind={kind}"))
            .await
    }
}

fn answer(why: &Value) -> &str {
    why["answer"].as_str().unwrap()
}

#[tokio::test]
async fn before_a_letter_it_says_when_one_comes_and_why() {
    let api = Api::live_since(date(2026, 1, 1)).await;
    let days = [1, 8, 15].map(|day| date(2026, 11, day));
    let jon = api.buys_on(&jon(), &days).await;
    let why = api.why(jon.as_str(), "win-back").await;
    insta::assert_snapshot!(redacted(&why, &[(jon.as_str(), "jon")]));
}

#[tokio::test]
async fn after_a_letter_it_says_what_became_of_it_and_when_the_second_comes() {
    let api = Api::live_since(date(2026, 1, 1)).await;
    let jon = api.is_away(&jon()).await;
    api.mail_night(NIGHT).await;
    let why = api.later(&local(NIGHT, 8)).why(jon.as_str(), "win-back").await;
    assert_eq!(
        answer(&why),
        "The mail of 2026-11-23 waits until 2026-11-23 09:00; the next comes about on 2026-12-14."
    );
    assert_eq!(why["decision"]["message"]["id"], why["message"]["id"]);
    assert_eq!(why["coming"]["day"], "2026-12-14");
}

#[tokio::test]
async fn what_would_keep_a_letter_is_named() {
    let api = Api::live_since(date(2026, 1, 1)).await;
    let id = api.is_away(&jon()).await;
    api.meet(BAKERY, Source::Shopify, &jon(), Some(State::Unsubscribed)).await;
    let why = api.why(id.as_str(), "win-back").await;
    assert_eq!(why["gate"]["verdict"], "drop");
    assert_eq!(why["gate"]["reason"]["code"], "no-consent");
    assert_eq!(
        answer(&why),
        "No win-back mail has come about for her so far; the next night finds one, and as \
         things stand it wouldn't go: there is no sufficient consent to marketing mail."
    );
    api.mail_night(NIGHT).await;
    let why = api.later(&local(NIGHT, 10)).why(id.as_str(), "win-back").await;
    let left_out = "The mail of 2026-11-23 was left out, because there is no sufficient consent";
    assert!(answer(&why).starts_with(left_out), "{why}");
    assert_eq!(why["decision"]["outcome"], "skipped");
}

#[tokio::test]
async fn a_letter_that_waits_for_approval_says_so_and_one_that_lapsed_too() {
    let api = Api::live_since(date(2026, 11, 1)).await;
    let jon = api.is_away(&jon()).await;
    api.mail_night(NIGHT).await;
    let api = api.later(&local(NIGHT, 10));
    let why = api.why(jon.as_str(), "win-back").await;
    assert!(answer(&why).starts_with("The mail of 2026-11-23 waits for your approval; "), "{why}");
    assert_eq!(why["sending"], "approve");
    let path = "/api/v1/shops/corner-bakery/approvals/2026-11-23.win-back";
    api.write(path, json!({ "approve": "none" })).await;
    let why = api.why(jon.as_str(), "win-back").await;
    assert!(answer(&why).starts_with("The mail of 2026-11-23 wasn't approved; "), "{why}");
}

#[tokio::test]
async fn where_nothing_is_to_come_it_says_why() {
    let api = Api::live_since(date(2026, 1, 1)).await;
    let stranger = api.meet(BAKERY, Source::Shopify, &somebody(1), None).await;
    let why = api.why(stranger.as_str(), "win-back").await;
    assert_eq!(why["coming"], Value::Null);
    assert!(answer(&why).contains("because she never bought"), "{why}");
    let why = api.why(stranger.as_str(), "birthday").await;
    assert!(answer(&why).contains("because her birthday isn't known"), "{why}");
    let why = api.why(stranger.as_str(), "receipt").await;
    assert!(answer(&why).contains("with what happens, not with time"), "{why}");
}

#[tokio::test]
async fn who_or_what_is_not_known_is_refused() {
    let api = Api::open().await;
    let path = "/api/v1/shops/corner-bakery/customers/nobody/why";
    api.get(&format!("{path}?kind=win-back")).await.problem(404, "unknown-customer");
    for query in ["", "?kind=news"] {
        let answer = api.get(&format!("{path}{query}")).await;
        assert!(answer.problem(400, "unreadable-kind").contains("win-back"));
    }
}
