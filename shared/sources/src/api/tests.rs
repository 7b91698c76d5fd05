//! Against a server that answers as the sources do.

use std::time::Instant;

use serde_json::{Value, json};
use wiremock::matchers::{any, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

const TOKEN: &str = "sq0atp-very-secret";

fn square_at(base_url: &str) -> SquareApi {
    SquareApi::new(base_url, TOKEN.into()).unwrap()
}

/// A Square whose every answer is this.
async fn answering(answer: ResponseTemplate) -> (MockServer, SquareApi) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let api = square_at(&server.uri());
    (server, api)
}

/// How asking fails. Whatever happens, no error tells the token or what a body said.
async fn failure(answer: ResponseTemplate) -> ApiError {
    let (_server, api) = answering(answer).await;
    let error = api.payment("P1").await.unwrap_err();
    let told = format!("{error:?} {}", platform::telemetry::chain(&error));
    assert!(!told.contains(TOKEN) && !told.contains("ada@"), "{told}");
    error
}

fn payment() -> Value {
    json!({"payment": {"id": "P1", "status": "COMPLETED", "customer_id": "C1",
        "amount_money": {"amount": 1250, "currency": "USD"},
        "created_at": "2026-11-20T14:00:00Z", "updated_at": "2026-11-20T14:00:05Z"}})
}

#[tokio::test]
async fn square_is_asked_with_token_and_version_and_read_like_its_events() {
    let server = MockServer::start().await;
    let order = json!({"order": {"updated_at": "2026-11-20T14:00:05Z",
        "total_money": {"amount": 700, "currency": "USD"},
        "line_items": [{"uid": "U1", "quantity": "2",
            "gross_sales_money": {"amount": 700, "currency": "USD"}}]}});
    let customer = json!({"customer": {"id": "C1", "given_name": "Ada"}});
    for (at, answer) in [
        ("/v2/payments/P1", payment()),
        ("/v2/orders/SALE1", order),
        ("/v2/customers/C1", customer),
    ] {
        Mock::given(method("GET"))
            .and(path(at))
            .and(header("authorization", format!("Bearer {TOKEN}")))
            .and(header("square-version", "2025-10-16"))
            .respond_with(ResponseTemplate::new(200).set_body_json(answer))
            .mount(&server)
            .await;
    }
    // A slash at the end of the URL is nothing to trip over.
    let api = square_at(&format!("{}/", server.uri()));
    let payment = api.payment("P1").await.unwrap();
    assert_eq!(payment.order.to_string(), "square:P1");
    assert_eq!(payment.buyer.unwrap().1.record.unwrap().id, "C1");
    let order = api.order("SALE1").await.unwrap();
    assert_eq!((order.basket.total, order.lines[0].price), (700, 350));
    assert_eq!(api.customer("C1").await.unwrap().person.name.as_deref(), Some("Ada"));
}

#[tokio::test]
async fn shopify_is_asked_with_its_token_and_read_like_its_webhooks() {
    let server = MockServer::start().await;
    let order = json!({"order": {"id": 17, "currency": "USD", "financial_status": "paid",
        "total_price": "10.00", "updated_at": "2026-11-20T09:00:05-05:00", "line_items": [],
        "customer": {"id": 9, "email": "ada@example.com"}}});
    Mock::given(method("GET"))
        .and(path("/admin/api/2026-07/orders/17.json"))
        .and(header("x-shopify-access-token", TOKEN))
        .respond_with(ResponseTemplate::new(200).set_body_json(order))
        .mount(&server)
        .await;
    let api = ShopifyApi::new(&server.uri(), TOKEN.into()).unwrap();
    let told = api.order(17).await.unwrap();
    assert_eq!(told.order.to_string(), "shopify:17");
    assert_eq!(told.state.sale.unwrap().value.total, 1000);
    assert_eq!(told.buyer.unwrap().1.record.unwrap().id, "9");
    assert!(matches!(api.order(18).await, Err(ApiError::NotFound)));
}

#[tokio::test]
async fn a_slow_source_is_left_after_the_time_limit() {
    let slow = ResponseTemplate::new(200).set_body_json(payment());
    let (server, _) = answering(slow.set_delay(Duration::from_secs(30))).await;
    let http = Http::within(Duration::from_millis(100)).unwrap();
    let api = SquareApi::over(&http, &server.uri(), &TOKEN.into()).unwrap();
    let began = Instant::now();
    let error = api.payment("P1").await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(10));
    assert!(error.is_transient());
    assert!(matches!(error, ApiError::Unavailable { code, .. } if code == "timed out"));
}

#[tokio::test]
async fn a_source_that_is_not_there_may_be_later() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let api = square_at(&format!("http://127.0.0.1:{port}"));
    let error = api.payment("P1").await.unwrap_err();
    assert!(error.is_transient());
    assert!(matches!(error, ApiError::Unavailable { code, .. } if code == "not reached"));
}

#[tokio::test]
async fn a_wait_is_as_long_as_asked_but_never_beyond_an_hour() {
    const MADE: &str = "Sun, 22 Nov 2026 12:00:00 GMT";
    for (after, seconds) in [
        (Some("7"), 7),
        (Some("2.0"), 2),
        (Some("2.5"), 3),
        (Some("0"), 0),
        (Some("86400"), 3600),
        (Some("Sun, 22 Nov 2026 12:00:30 GMT"), 30),
        (Some("Sun, 22 Nov 2026 11:00:00 GMT"), 0),
        (Some("Mon, 22 Nov 2027 12:00:00 GMT"), 3600),
        (Some("soon"), 60),
        (Some("-5"), 60),
        (Some("99999999999999999999999"), 60),
        (None, 60),
    ] {
        let mut answer = ResponseTemplate::new(429).insert_header("date", MADE);
        if let Some(after) = after {
            answer = answer.insert_header("retry-after", after);
        }
        let error = failure(answer).await;
        assert!(error.is_transient());
        match error {
            ApiError::Throttled { wait } => assert_eq!(wait.as_secs(), seconds, "{after:?}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn shopify_may_ask_to_wait_too() {
    let (server, _) =
        answering(ResponseTemplate::new(429).insert_header("retry-after", "2.0")).await;
    let api = ShopifyApi::new(&server.uri(), TOKEN.into()).unwrap();
    match api.order(17).await {
        Err(ApiError::Throttled { wait }) => assert_eq!(wait, Duration::from_secs(2)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_status_says_whether_to_ask_again() {
    let body = json!({"errors": [{"detail": "ada@example.com"}]});
    for (status, transient, expected) in [
        (401, false, "the source doesn't accept the token: connect the shop to it again"),
        (403, false, "the source doesn't accept the token: connect the shop to it again"),
        (404, false, "the source has nothing with this id"),
        (410, false, "the source has nothing with this id"),
        (400, false, "the source's answer can't be used: its status is 400"),
        (408, true, "the source isn't available (status 408 Request Timeout)"),
        (500, true, "the source isn't available (status 500 Internal Server Error)"),
        (503, true, "the source isn't available (status 503 Service Unavailable)"),
    ] {
        let error = failure(ResponseTemplate::new(status).set_body_json(&body)).await;
        assert_eq!(error.is_transient(), transient, "{status}");
        assert_eq!(platform::telemetry::chain(&error), expected);
    }
}

#[tokio::test]
async fn a_token_is_not_carried_on_to_where_an_answer_points() {
    let elsewhere = MockServer::start().await;
    let there = ResponseTemplate::new(200).set_body_json(payment());
    Mock::given(any()).respond_with(there).expect(0).mount(&elsewhere).await;
    let away = ResponseTemplate::new(302).insert_header("location", elsewhere.uri().as_str());
    assert!(matches!(failure(away).await, ApiError::Unreadable(_)));
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_told_without_its_values() {
    let answer = |body: &str| ResponseTemplate::new(200).set_body_string(body);
    let mut odd = payment();
    odd["payment"]["status"] = json!("ada@example.com");
    for (body, reason) in [
        ("<html>ada@example.com</html>".to_owned(), "`.`: this isn't JSON"),
        (String::new(), "`.`: the JSON ends too early"),
        (json!({"order": {}}).to_string(), "`.`: missing, or of another type than expected"),
        (odd.to_string(), "`payment.status`: a state we don't know"),
    ] {
        match failure(answer(&body)).await {
            ApiError::Unreadable(Unreadable(found)) => assert_eq!(found, reason),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_answer_of_over_2_mb_is_not_read_to_its_end() {
    let sized = |bytes: usize| {
        let mut body = payment();
        body["payment"]["note"] = json!("x".repeat(bytes));
        ResponseTemplate::new(200).set_body_json(body)
    };
    match failure(sized(2 * 1024 * 1024)).await {
        ApiError::Unreadable(Unreadable(found)) => assert_eq!(found, "it is larger than 2 MB"),
        other => panic!("{other:?}"),
    }
    let (_server, api) = answering(sized(1_900_000)).await;
    assert!(api.payment("P1").await.is_ok());
}

#[tokio::test]
async fn an_id_is_one_part_of_the_path_whatever_stands_in_it() {
    let (server, api) = answering(ResponseTemplate::new(404)).await;
    for id in ["a/b?c#d e", "../customers/C1", "%2e%2e", "ä"] {
        assert!(matches!(api.payment(id).await, Err(ApiError::NotFound)), "{id}");
    }
    let asked: Vec<_> = server.received_requests().await.unwrap();
    let paths: Vec<_> = asked.iter().map(|request| request.url.path()).collect();
    assert_eq!(
        paths,
        [
            "/v2/payments/a%2Fb%3Fc%23d%20e",
            "/v2/payments/..%2Fcustomers%2FC1",
            "/v2/payments/%252e%252e",
            "/v2/payments/%C3%A4"
        ]
    );
    for id in ["", ".", ".."] {
        assert!(matches!(api.payment(id).await, Err(ApiError::NotFound)), "{id}");
    }
    assert_eq!(server.received_requests().await.unwrap().len(), 4, "these aren't asked at all");
}

#[test]
fn what_can_not_be_asked_with_is_refused_at_once_and_not_shown() {
    for url in ["", "connect.squareup.com", "mailto:ada@example.com"] {
        assert!(matches!(SquareApi::new(url, TOKEN.into()), Err(SetupError::Url)), "{url}");
    }
    let error = SquareApi::new("https://connect.squareup.com", "two\nlines".into()).unwrap_err();
    assert!(matches!(error, SetupError::Token));
    let api = square_at("https://connect.squareup.com");
    assert!(!format!("{api:?}").contains(TOKEN));
}
