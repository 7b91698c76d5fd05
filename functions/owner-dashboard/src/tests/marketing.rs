//! Whether the shop's marketing mail is held.

use http::Method;
use serde_json::json;

use super::{Api, NOW};

const MARKETING: &str = "/api/v1/shops/corner-bakery/marketing";

#[tokio::test]
async fn marketing_goes_on_until_somebody_holds_it_and_again_when_she_lets_it() {
    let api = Api::open().await;
    let on = json!({ "paused": false, "paused_at": null, "by_itself": false, "why": null });
    assert_eq!(api.read(MARKETING).await, on);
    assert_eq!(api.write(MARKETING, json!({ "paused": false })).await, on, "it did");
    let held = json!({
        "paused": true, "paused_at": NOW, "by_itself": false,
        "why": "somebody held it by the API"
    });
    assert_eq!(api.write(MARKETING, json!({ "paused": true })).await, held);
    assert_eq!(api.write(MARKETING, json!({ "paused": true })).await, held, "said twice");
    assert_eq!(api.read(MARKETING).await, held);
    assert_eq!(api.write(MARKETING, json!({ "paused": false })).await, on);
    assert_eq!(api.read(MARKETING).await, on);
}

#[tokio::test]
async fn what_is_no_answer_to_whether_changes_nothing() {
    let api = Api::open().await;
    for body in [json!({}), json!({ "paused": "no" }), json!({ "paused": true, "why": "x" })] {
        api.post(MARKETING, body).await.problem(400, "unreadable-body");
    }
    let nowhere = "/api/v1/shops/nowhere/marketing";
    api.get(nowhere).await.problem(404, "unknown-shop");
    api.post(nowhere, json!({ "paused": true })).await.problem(404, "unknown-shop");
    for method in [Method::GET, Method::POST] {
        api.ask(method, MARKETING, None).await.problem(401, "unauthorized");
    }
    assert_eq!(api.read(MARKETING).await["paused"], false);
}
