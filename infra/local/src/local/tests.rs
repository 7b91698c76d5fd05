mod cloud;

use axum::body::Body;
use http_body_util::BodyExt;
use platform::{Clock, Services};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::cli::Data;
use crate::home::Home;
use crate::{serve, server};

const HERE: [u8; 4] = [127, 0, 0, 1];

async fn system() -> Router {
    cloudy_system().await.0
}

/// The system, and what it sends to.
async fn cloudy_system() -> (Router, Cloud) {
    let mut home = Home::open(&Data::Memory, &|_| None).await.unwrap();
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    home.apply(&serve::sample().unwrap(), now).await.unwrap();
    let secrets = platform::Secrets::from_lists([
        ("identity".to_owned(), "key".to_owned()),
        ("corner-bakery/shopify".to_owned(), "corner-bakery-sample-secret".to_owned()),
        ("corner-bakery/square".to_owned(), "corner-bakery-square-secret".to_owned()),
    ]);
    let sites = platform::Sites {
        public_url: Some("https://regulars.example.com".to_owned()),
        shopify: [("corner-bakery.myshopify.com".to_owned(), "corner-bakery".parse().unwrap())]
            .into(),
        ..platform::Sites::default()
    };
    let clock = MovableClock::new(Clock::fixed(now));
    let services = Services {
        store: home.store.clone(),
        secrets,
        sites: std::sync::Arc::new(sites),
        clock: clock.clock(),
        metrics: Default::default(),
    };
    let cloud = Cloud::new(home.embedded.clone(), clock.clock());
    let time = Time { clock, machine: None };
    (server::router(&services, time, cloud.clone()), cloud)
}

async fn ask(system: &Router, from: [u8; 4], request: Request) -> (u16, Value) {
    let mut request = request;
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((from, 40_000))));
    let answer = system.clone().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::from(text)))
}

fn get(path: &str) -> Request {
    Request::get(path).body(Body::empty()).unwrap()
}

fn post(path: &str, body: impl Into<Body>) -> Request {
    Request::post(path).body(body.into()).unwrap()
}

async fn moved(system: &Router, body: &str) -> (u16, Value) {
    ask(system, HERE, post("/_local/clock", body.to_owned())).await
}

#[tokio::test]
async fn the_clock_is_told_set_and_advanced() {
    let system = system().await;
    let now = ask(&system, HERE, get("/_local/clock")).await;
    assert_eq!(now, (200, json!({ "now": "2026-11-22T12:00:00Z" })));
    let set = moved(&system, r#"{"now":"2026-12-01T00:00:00Z"}"#).await;
    assert_eq!(set, (200, json!({ "now": "2026-12-01T00:00:00Z" })));
    let advanced = moved(&system, r#"{"advance":"P1DT2H"}"#).await;
    assert_eq!(advanced, (200, json!({ "now": "2026-12-02T02:00:00Z" })));
}

#[tokio::test]
async fn a_move_that_cannot_be_is_a_problem() {
    let system = system().await;
    let (status, problem) = moved(&system, r#"{"now":"2026-11-22T11:59:59Z"}"#).await;
    assert_eq!((status, problem["type"].as_str()), (409, Some("about:blank#clock-backwards")));
    for body in [
        "",
        "{}",
        "[]",
        r#"{"now":"noon"}"#,
        r#"{"advance":"1"}"#,
        r#"{"advance":"P9999Y"}"#,
        r#"{"now":"2026-12-01T00:00:00Z","advance":"P1D"}"#,
        r#"{"later":"P1D"}"#,
    ] {
        let (status, problem) = moved(&system, body).await;
        assert_eq!((status, problem["status"].as_u64()), (400, Some(400)), "{body}: {problem}");
    }
    let now = ask(&system, HERE, get("/_local/clock")).await;
    assert_eq!(now.1["now"], "2026-11-22T12:00:00Z");
}

#[tokio::test]
async fn the_control_plane_answers_this_machine_only() {
    let system = system().await;
    let (status, _) = ask(&system, [192, 0, 2, 7], get("/_local/clock")).await;
    assert_eq!(status, 403);
    let unknown_peer = system.clone().oneshot(get("/_local/clock")).await.unwrap();
    assert_eq!(unknown_peer.status().as_u16(), 403);
    let healthy = ask(&system, [192, 0, 2, 7], get("/healthz")).await;
    assert_eq!(healthy, (200, Value::from("ok")));
}

#[tokio::test]
async fn a_page_from_elsewhere_cannot_move_the_clock() {
    let system = system().await;
    let from = |origin: &str| {
        let mut request = post("/_local/clock", r#"{"advance":"P1D"}"#);
        request.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
        request
    };
    for origin in ["https://example.com", "null", "http://localhost.example.com"] {
        assert_eq!(ask(&system, HERE, from(origin)).await.0, 403, "{origin}");
    }
    for origin in ["http://localhost:8787", "http://127.0.0.1:8787", "http://[::1]:8787"] {
        assert_eq!(ask(&system, HERE, from(origin)).await.0, 200, "{origin}");
    }
}

fn event(name: &str) -> String {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/purchase-webhook");
    std::fs::read_to_string(format!("{dir}/{name}.json")).unwrap()
}

async fn run_event(system: &Router, event: String) -> (u16, Value) {
    ask(system, HERE, post("/_local/run/purchase-webhook", event)).await
}

#[tokio::test]
async fn a_function_is_run_with_an_event_and_answers_in_its_format() {
    let system = system().await;
    let (status, answer) = run_event(&system, event("shopify-orders-paid")).await;
    assert_eq!((status, &answer["statusCode"]), (200, &json!(200)), "{answer}");
    assert_eq!(answer["isBase64Encoded"], false);
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    // 2 loaves, 6 croissants and 2 sandwiches, less a tenth: 53.19; the gift card and the
    // tarts, taken off before they were paid, count nothing.
    assert_eq!(body, json!({ "outcome": "recorded", "points": 531, "news": true }));

    let forged = event("shopify-orders-paid").replace("Sourdough", "Sawdust");
    assert_eq!(run_event(&system, forged).await.1["statusCode"], 401);
}

#[tokio::test]
async fn every_sample_event_is_taken_and_none_is_set_aside() {
    let system = system().await;
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/purchase-webhook");
    for file in std::fs::read_dir(dir).unwrap() {
        let event = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let (status, answer) = run_event(&system, event.clone()).await;
        if answer.is_null() {
            // From Shopify's bus, which waits for no answer.
            assert_eq!((status, event.contains("\"detail-type\"")), (200, true), "{event}");
            continue;
        }
        assert_eq!(answer["statusCode"], 200, "{answer}");
        assert!(!answer["body"].as_str().unwrap().contains("set_aside"), "{answer} {event}");
    }
}

#[tokio::test]
async fn what_the_bus_brings_earns_as_what_was_posted() {
    let system = system().await;
    assert_eq!(run_event(&system, event("shopify-bus-orders-paid")).await, (200, Value::Null));
    let (_, answer) = run_event(&system, event("shopify-orders-paid")).await;
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["points"], 0, "the bus brought them already: {body}");
}

#[tokio::test]
async fn a_bus_event_of_a_shop_that_is_not_here_says_so() {
    let system = system().await;
    let other =
        event("shopify-bus-orders-paid").replace("corner-bakery.myshopify.com", "x.myshopify.com");
    let (status, problem) = run_event(&system, other).await;
    assert_eq!((status, problem["type"].as_str()), (400, Some("about:blank#bus-event")));
    assert!(problem["detail"].as_str().unwrap().contains("x.myshopify.com"), "{problem}");
}

#[tokio::test]
async fn what_is_no_function_or_no_event_is_refused() {
    let system = system().await;
    let (status, problem) = ask(&system, HERE, post("/_local/run/mailer", "{}")).await;
    assert_eq!(status, 404);
    assert!(problem["detail"].as_str().unwrap().contains("purchase-webhook"), "{problem}");
    for event in ["", "[]", "{}", r#"{"version":"1.0"}"#, r#"{"version":"2.0"}"#] {
        let (status, problem) = run_event(&system, event.to_owned()).await;
        assert_eq!((status, problem["status"].as_u64()), (400, Some(400)), "{event}: {problem}");
    }
}

#[tokio::test]
async fn what_is_nowhere_is_a_problem() {
    let system = system().await;
    for path in ["/", "/favicon.ico", "/_local/nothing", "/_local"] {
        let (status, problem) = ask(&system, HERE, get(path)).await;
        assert_eq!((status, problem["status"].as_u64()), (404, Some(404)), "{path}");
    }
}
