//! What only a person can say: who is one, and which order is the same sale.

use loyalty::ids::{OrderRef, Source};
use platform::store::Person;
use serde_json::{Value, json};

use super::Api;
use super::bakery::{BAKERY, order, paid};

const SHOP: &str = "/api/v1/shops/corner-bakery";

fn record(id: &str, email: &str) -> Person {
    Person { id: id.to_owned(), email: Some(email.to_owned()), ..Person::default() }
}

async fn points(api: &Api, id: &str) -> Value {
    api.read(&format!("{SHOP}/customers/{id}")).await["points"]["available"].clone()
}

#[tokio::test]
async fn two_who_look_alike_are_listed_until_they_are_merged_and_the_merge_can_be_undone() {
    let api = Api::open().await;
    let jon = api.tell("1", paid(10_00)).await;
    let other = api.meet(BAKERY, Source::Square, &record("SQ1", "jon@example.com"), None).await;
    let square = OrderRef { source: Source::Square, id: "p1".parse().unwrap() };
    let buyer = Person { id: "SQ1".to_owned(), ..Person::default() };
    api.tell_at(BAKERY, &square, paid(20_00), Some(buyer)).await;

    let listed = api.read(&format!("{SHOP}/merge-candidates")).await;
    let pair = &listed["candidates"][0];
    assert_eq!(
        (listed["candidates"].as_array().unwrap().len(), &pair["likeness"]),
        (1, &json!("email"))
    );

    let merged =
        api.write(&format!("{SHOP}/customers/{jon}/merge"), json!({ "other": other })).await;
    assert_eq!((&merged["id"], &merged["points"]["available"]), (&json!(jon), &json!(300)));
    assert_eq!(points(&api, other.as_str()).await, 300);
    assert_eq!(api.read(&format!("{SHOP}/merge-candidates")).await["candidates"], json!([]));
    let ledger = api.read(&format!("{SHOP}/customers/{jon}/ledger")).await;
    assert_eq!(ledger["entries"][0]["cause"], json!({"kind": "merged_from", "customer": other}));

    let undone = api.write(&format!("{SHOP}/customers/{other}/undo-merge"), json!({})).await;
    assert_eq!((&undone["id"], &undone["points"]["available"]), (&json!(other), &json!(200)));
    assert_eq!(points(&api, jon.as_str()).await, 100);
    let again = api.post(&format!("{SHOP}/customers/{other}/undo-merge"), json!({})).await;
    assert!(again.problem(409, "not-merged").contains("wasn't merged"));
}

#[tokio::test]
async fn two_who_are_two_are_dismissed_once() {
    let api = Api::open().await;
    api.tell("1", paid(10_00)).await;
    api.meet(BAKERY, Source::Square, &record("SQ1", "jon@example.com"), None).await;
    let pair = api.read(&format!("{SHOP}/merge-candidates")).await["candidates"][0].clone();
    let body = json!({"a": pair["b"], "b": pair["a"]});
    let path = format!("{SHOP}/merge-candidates/dismiss");
    assert_eq!(api.write(&path, body.clone()).await, json!({"changed": true}));
    assert_eq!(api.write(&path, body).await, json!({"changed": false}));
    assert_eq!(api.read(&format!("{SHOP}/merge-candidates")).await["candidates"], json!([]));
}

#[tokio::test]
async fn what_cannot_be_merged_is_refused_with_a_reason() {
    let api = Api::open().await;
    let jon = api.tell("1", paid(10_00)).await;
    let path = format!("{SHOP}/customers/{jon}/merge");
    api.post(&path, json!({"other": "nobody"})).await.problem(404, "unknown-customer");
    for body in [json!({}), json!({"other": "a b"}), json!({"others": "x"}), json!([])] {
        let problem = api.post(&path, body.clone()).await;
        assert_eq!(problem.body["type"], "about:blank#unreadable-body", "{body}");
    }
    // With herself there is nothing to do.
    assert_eq!(api.write(&path, json!({ "other": jon })).await["points"]["available"], 100);
}

#[tokio::test]
async fn an_order_that_another_source_may_have_told_waits_for_a_person() {
    let api = Api::open().await;
    let jon = api.tell("1", paid(10_00)).await;
    let other = api.meet(BAKERY, Source::Square, &record("SQ1", "x@example.com"), None).await;
    api.write(&format!("{SHOP}/customers/{jon}/merge"), json!({ "other": other })).await;
    let buyer = || Some(Person { id: "SQ1".to_owned(), ..Person::default() });
    let square = |id: &str| OrderRef { source: Source::Square, id: id.parse().unwrap() };
    api.tell_at(BAKERY, &square("p1"), paid(10_00), buyer()).await;
    api.tell_at(BAKERY, &square("p2"), paid(10_00), buyer()).await;
    api.tell_at(BAKERY, &square("p3"), paid(11_00), buyer()).await;
    assert_eq!(points(&api, jon.as_str()).await, 210, "only the other amount counts");

    let held = api.read(&format!("{SHOP}/held-orders")).await;
    let ids: Vec<&Value> =
        held["orders"].as_array().unwrap().iter().map(|held| &held["order"]["id"]).collect();
    assert_eq!(ids.len(), 2);
    let stands = api.read(&format!("{SHOP}/orders/square/p1")).await;
    assert!(stands["why"].as_str().unwrap().starts_with("it is held"), "{stands}");
    assert_eq!((&stands["target"], &stands["posted"]), (&json!(0), &json!(0)));

    let judged = |id: &str| format!("{SHOP}/orders/square/{id}/same-sale");
    let same = api.write(&judged("p1"), json!({"same": true})).await;
    assert_eq!(
        (&same["posted"], &same["why"]),
        (&json!(0), &json!("it is the same sale as an order from another source"))
    );
    let different = api.write(&judged("p2"), json!({"same": false})).await;
    assert_eq!((&different["posted"], &different["why"]), (&json!(100), &Value::Null));
    assert_eq!(points(&api, jon.as_str()).await, 310);
    let customer = api.read(&format!("{SHOP}/customers/{jon}")).await;
    assert_eq!(
        (&customer["orders"], &customer["window_spend"]["amount"]),
        (&json!(3), &json!("31.00"))
    );
    assert_eq!(api.read(&format!("{SHOP}/held-orders")).await["orders"], json!([]));
    // A person may change her mind.
    api.write(&judged("p2"), json!({"same": true})).await;
    assert_eq!(points(&api, jon.as_str()).await, 210);
    api.post(&judged("p3"), json!({"same": true})).await.problem(409, "not-held");
    let shopify = format!("{SHOP}/orders/shopify/{}/same-sale", order("1").id);
    api.post(&shopify, json!({"same": true})).await.problem(409, "not-held");
}
