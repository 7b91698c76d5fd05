//! Ledgers, page by page.

use serde_json::Value;

use super::bakery::{paid, refund};
use super::{Api, redacted};

const CUSTOMERS: &str = "/api/v1/shops/corner-bakery/customers";

#[tokio::test]
async fn every_change_comes_with_its_receipt_newest_first() {
    let api = Api::open().await;
    let id = api.tell("1", paid(49_95)).await;
    api.tell("2", paid(50_000)).await;
    api.tell("3", paid(10_01)).await;
    api.tell("1", refund("r1", 10_00)).await;

    let body = api.read(&format!("{CUSTOMERS}/{id}/ledger")).await;
    insta::assert_snapshot!(redacted(&body, &[(id.as_str(), "jon")]));
}

#[tokio::test]
async fn her_balance_is_that_of_the_newest_entry() {
    let api = Api::open().await;
    let id = api.tell("1", paid(49_95)).await;
    api.tell("1", refund("r1", 10_00)).await;
    let customer = api.read(&format!("{CUSTOMERS}/{id}")).await;
    let ledger = api.read(&format!("{CUSTOMERS}/{id}/ledger?limit=1")).await;
    assert_eq!(ledger["entries"][0]["balance_after"], customer["points"]["available"]);
    assert_eq!(customer["points"]["available"], 399);
}

/// Follows `next` to the end, and returns every page.
async fn pages(api: &Api, ledger: &str, limit: u16) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut before = String::new();
    loop {
        let body = api.read(&format!("{ledger}?limit={limit}{before}")).await;
        pages.push(body["entries"].as_array().unwrap().clone());
        match &body["next"] {
            Value::String(next) => before = format!("&before={next}"),
            Value::Null => return pages,
            other => panic!("next is {other}"),
        }
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_repeat_or_empty_end() {
    let api = Api::open().await;
    let mut id = api.tell("1", paid(1_00)).await;
    for order in 2..=6 {
        id = api.tell(&order.to_string(), paid(order * 1_00)).await;
    }
    let ledger = format!("{CUSTOMERS}/{id}/ledger");
    let whole = api.read(&ledger).await["entries"].as_array().unwrap().clone();
    assert_eq!(whole.len(), 6);

    for (limit, lengths) in
        [(1, vec![1; 6]), (2, vec![2, 2, 2]), (4, vec![4, 2]), (6, vec![6]), (200, vec![6])]
    {
        let pages = pages(&api, &ledger, limit).await;
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), lengths, "limit {limit}");
        assert_eq!(pages.concat(), whole, "limit {limit}");
    }
}

#[tokio::test]
async fn a_page_asked_for_again_is_the_same_whatever_was_entered_since() {
    let api = Api::open().await;
    let mut id = api.tell("1", paid(1_00)).await;
    for order in ["2", "3", "4"] {
        id = api.tell(order, paid(1_00)).await;
    }
    let first = api.read(&format!("{CUSTOMERS}/{id}/ledger?limit=2")).await;
    let second = format!("{CUSTOMERS}/{id}/ledger?before={}", first["next"].as_str().unwrap());
    let before = api.read(&second).await;
    api.tell("5", paid(1_00)).await;
    assert_eq!(api.read(&second).await, before);
}

#[tokio::test]
async fn a_customer_without_entries_has_an_empty_ledger() {
    let api = Api::open().await;
    let jon = super::bakery::jon();
    let id = api.meet("corner-bakery", loyalty::ids::Source::Shopify, &jon, None).await;
    let body = api.read(&format!("{CUSTOMERS}/{id}/ledger")).await;
    insta::assert_snapshot!(body, @r#"{"entries":[],"next":null}"#);
}

#[tokio::test]
async fn an_unreadable_limit_or_cursor_is_refused_with_what_is_allowed() {
    let api = Api::open().await;
    let id = api.tell("1", paid(1_00)).await;
    for limit in ["0", "201", "-1", "ten", "", "70000"] {
        let answer = api.get(&format!("{CUSTOMERS}/{id}/ledger?limit={limit}")).await;
        assert!(answer.problem(400, "unreadable-limit").contains("1 to 200"));
    }
    for cursor in ["", "-1", "x", "99999999999999999999999"] {
        let answer = api.get(&format!("{CUSTOMERS}/{id}/ledger?before={cursor}")).await;
        assert!(answer.problem(400, "unreadable-cursor").contains("`next`"));
    }
    let answer = api.get(&format!("{CUSTOMERS}/{id}/ledger?after=1")).await;
    assert!(answer.problem(400, "unreadable-query").contains("`before`"));
}
