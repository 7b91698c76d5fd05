//! Through the front door: signed requests, and what then stands in the table.

mod bus;
mod door;
mod merges;
mod orders;
mod people;
mod replay;
mod square;
mod units;

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use testkit::shop::TestShop;
use testkit::shopify::delivery;
use tower::ServiceExt;

/// Sends a request, and gives the status and the answer's JSON.
async fn send(shop: &TestShop, request: Request<Body>) -> (StatusCode, Value) {
    let router = crate::router(shop.services.clone());
    let answer = router.oneshot(request).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// Delivers a signed body, which must be answered 200, and gives the outcome.
#[track_caller]
fn deliver<'a>(
    shop: &'a TestShop,
    topic: &'a str,
    body: &'a Value,
) -> impl Future<Output = Value> + use<'a> {
    let caller = std::panic::Location::caller();
    let request = delivery(topic, serde_json::to_vec(body).unwrap());
    async move {
        let (status, answer) = send(shop, request).await;
        assert_eq!(status, StatusCode::OK, "{topic} at {caller}: {answer}");
        answer
    }
}

/// Delivers a body that must be recorded.
#[track_caller]
fn record<'a>(
    shop: &'a TestShop,
    topic: &'a str,
    body: &'a Value,
) -> impl Future<Output = ()> + use<'a> {
    let caller = std::panic::Location::caller();
    let answer = deliver(shop, topic, body);
    async move {
        let answer = answer.await;
        assert_eq!(answer["outcome"], "recorded", "{topic} at {caller}: {answer}");
    }
}

/// What Ada, the buyer of the sample order, has.
async fn available(shop: &TestShop) -> i64 {
    let ada = shop.by_email("ada@example.com").await.expect("Ada is known");
    ada.account.wallet.available().unwrap().0
}
