//! Who may come in: the signature covers the URL that Square was given, and the body.

use std::sync::Arc;

use axum::body::Body;
use http::{HeaderValue, Request, StatusCode};
use platform::signature::sign_square;
use serde_json::json;
use testkit::shop::{PUBLIC_URL, SQUARE_SECRET, TestShop};
use testkit::square::{delivery, event, signed};

use super::super::send;
use super::{hers, letters};

const SIGNATURE: &str = "x-square-hmacsha256-signature";

fn body() -> Vec<u8> {
    event("payment.updated", &json!({"payment": hers("P1", 1000)})).to_string().into_bytes()
}

/// A delivery with this signature.
fn with_signature(signature: Option<&str>) -> Request<Body> {
    let mut request: Request<Body> = delivery(body());
    request.headers_mut().remove(SIGNATURE);
    if let Some(signature) = signature {
        request.headers_mut().insert(SIGNATURE, HeaderValue::from_str(signature).unwrap());
    }
    request
}

/// Refused, and nothing was stored.
async fn refused(shop: &TestShop, request: Request<Body>) {
    let (status, answer) = send(shop, request).await;
    assert_eq!((status, &answer["status"]), (StatusCode::UNAUTHORIZED, &json!(401)));
    assert_eq!(shop.payment("P1").await.version, 0);
    assert!(letters(shop).await.is_empty());
}

#[tokio::test]
async fn a_missing_wrong_or_broken_signature_is_refused() {
    let shop = TestShop::open().await;
    let right = signed(&body());
    refused(&shop, with_signature(None)).await;
    refused(&shop, with_signature(Some(""))).await;
    refused(&shop, with_signature(right.get(..40))).await;
    refused(&shop, with_signature(Some(right.trim_end_matches('=')))).await;
    refused(&shop, with_signature(Some("%%% no base64 %%%"))).await;
    refused(&shop, with_signature(Some(&signed(b"{}")))).await;
    let (status, _) = send(&shop, with_signature(Some(&right))).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn a_signature_for_another_url_shop_or_source_is_refused() {
    let shop = TestShop::open().await;
    let signed_for = |secret: &str, url: &str| sign_square(&secret.into(), url, &body());
    let ours = format!("{PUBLIC_URL}/webhooks/square/corner-bakery");
    for url in [
        "",
        "http://regulars.example.com/webhooks/square/corner-bakery",
        "https://elsewhere.example.com/webhooks/square/corner-bakery",
        &format!("{PUBLIC_URL}/webhooks/square/harbour-books"),
        &format!("{PUBLIC_URL}/webhooks/shopify/corner-bakery"),
        &format!("{ours}/"),
        &format!("{ours}?x=1"),
    ] {
        refused(&shop, with_signature(Some(&signed_for(SQUARE_SECRET, url)))).await;
    }
    for secret in ["harbour-books-square-secret", testkit::shop::SECRET] {
        refused(&shop, with_signature(Some(&signed_for(secret, &ours)))).await;
    }
    let (status, _) = send(&shop, with_signature(Some(&signed_for(SQUARE_SECRET, &ours)))).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn a_rightly_signed_event_at_another_shops_door_is_refused() {
    let shop = TestShop::open().await;
    for path in ["/webhooks/square/harbour-books", "/webhooks/square/NOT%20A%23SHOP"] {
        let mut request: Request<Body> = delivery(body());
        *request.uri_mut() = http::Uri::from_static(path);
        refused(&shop, request).await;
    }
}

#[tokio::test]
async fn the_host_a_request_names_does_not_count() {
    let shop = TestShop::open().await;
    let url = "https://elsewhere.example.com/webhooks/square/corner-bakery";
    let signature = sign_square(&SQUARE_SECRET.into(), url, &body());
    let mut request = with_signature(Some(&signature));
    for name in ["host", "x-forwarded-host"] {
        request.headers_mut().insert(name, HeaderValue::from_static("elsewhere.example.com"));
    }
    refused(&shop, request).await;
}

#[tokio::test]
async fn a_deployment_that_does_not_know_its_url_refuses_everything() {
    let mut shop = TestShop::open().await;
    let mut sites = (*shop.services.sites).clone();
    sites.public_url = None;
    shop.services.sites = Arc::new(sites);
    refused(&shop, delivery(body())).await;
    let path = "/webhooks/square/corner-bakery";
    for url in ["", path] {
        let signature = sign_square(&SQUARE_SECRET.into(), url, &body());
        refused(&shop, with_signature(Some(&signature))).await;
    }
}
