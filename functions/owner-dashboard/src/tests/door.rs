//! Who is let in, and what is at the door for who isn't.

use axum::Router;
use axum::routing::get;
use http::Method;

use super::Api;

const CUSTOMERS: &str = "/api/v1/shops/corner-bakery/customers?shopify_id=1";

/// Every guarded path, well formed.
const GUARDED: [&str; 4] = [
    CUSTOMERS,
    "/api/v1/shops/corner-bakery/customers/c1",
    "/api/v1/shops/corner-bakery/customers/c1/ledger",
    "/api/v1/shops/corner-bakery/orders/shopify/1",
];

#[tokio::test]
async fn any_token_of_the_list_opens_whatever_the_schemes_case() {
    let api = Api::open().await;
    for authorization in
        ["Bearer the-older-token", "Bearer the-newer-token", "bearer the-newer-token"]
    {
        let answer = api.ask(Method::GET, CUSTOMERS, Some(authorization)).await;
        assert_eq!(answer.status, 200, "{authorization}: {}", answer.body);
    }
}

#[tokio::test]
async fn without_a_good_token_every_path_is_refused() {
    let api = Api::open().await;
    let refused = [
        None,
        Some(""),
        Some("Bearer"),
        Some("Bearer "),
        Some("Bearer the"),
        Some("Bearer the-newer-tokenx"),
        Some("Bearer the-older-token, the-newer-token"),
        Some("Basic the-newer-token"),
        Some("the-newer-token"),
    ];
    for path in GUARDED {
        for authorization in refused {
            let answer = api.ask(Method::GET, path, authorization).await;
            let detail = answer.problem(401, "unauthorized");
            assert!(detail.contains("Authorization: Bearer <token>"), "{detail}");
            assert!(detail.contains("regulars secrets set"), "{detail}");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
    }
}

#[tokio::test]
async fn a_bad_path_or_method_tells_nothing_without_a_token() {
    let api = Api::open().await;
    let bad = "/api/v1/shops/UPPER/customers/c1";
    api.ask(Method::GET, bad, None).await.problem(401, "unauthorized");
    api.ask(Method::POST, CUSTOMERS, None).await.problem(401, "unauthorized");
}

#[tokio::test]
async fn where_no_token_is_configured_nothing_is_accepted() {
    for secrets in [&[][..], &[("api", " , ")], &[("corner-bakery/api", "the-newer-token")]] {
        let api = Api::with_secrets(secrets).await;
        api.get(CUSTOMERS).await.problem(401, "unauthorized");
        let empty = api.ask(Method::GET, CUSTOMERS, Some("Bearer ")).await;
        empty.problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn the_document_is_for_anybody() {
    let api = Api::with_secrets(&[]).await;
    let answer = api.ask(Method::GET, "/api/v1/openapi.json", None).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn an_unknown_path_below_api_is_a_problem() {
    let api = Api::open().await;
    for path in [
        "/api",
        "/api/v2",
        "/api/v1/shops",
        "/api/v1/shops/corner-bakery/customers/c1/orders",
        "/api/v1/shops/corner-bakery/customers/",
        "/api/v1/shops/corner-bakery/orders/shopify",
        "/api/v1/shops//customers/c1/",
    ] {
        let answer = api.get(path).await;
        let detail = answer.problem(404, "unknown-route");
        assert!(detail.contains("/api/v1/openapi.json"), "{detail}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_a_problem_that_names_the_right_one() {
    let api = Api::open().await;
    for path in GUARDED.into_iter().chain(["/api/v1/openapi.json"]) {
        let token = format!("Bearer {}", super::TOKEN);
        let answer = api.ask(Method::POST, path, Some(&token)).await;
        assert!(answer.problem(405, "wrong-method").contains("GET"));
        assert_eq!(answer.header("allow"), "GET,HEAD", "{path}");
    }
}

#[tokio::test]
async fn other_functions_can_be_mounted_beside_it() {
    let api = Api::open().await;
    let page = Router::new().route("/page", get(|| async { "page" }));
    let other = page.fallback(|| async { (http::StatusCode::NOT_FOUND, "none of ours") });
    let both = Api { router: api.router.clone().merge(other), ..api };
    assert_eq!(both.get("/page").await.status, 200);
    assert_eq!(both.get("/elsewhere").await.header("content-type"), "text/plain; charset=utf-8");
    both.get("/api/v1/elsewhere").await.problem(404, "unknown-route");
    assert_eq!(both.get(CUSTOMERS).await.status, 200);
}
