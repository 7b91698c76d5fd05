//! The door: size, signature, topic, and only then the body.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use loyalty::ids::ShopId;
use platform::problem::Problem;
use platform::store::StoreError;
use platform::{Services, signature};

use crate::answer::{Outcome, come_again, refused};
use crate::shopify::{self, Delivery, Failure};

/// `POST /webhooks/shopify/{shop}`.
pub(crate) async fn shopify(
    State(services): State<Services>,
    Path(shop): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let unverified_body = match body {
        Ok(body) => body,
        Err(rejection) => return unread(&rejection),
    };
    let shop: Option<ShopId> = shop.parse().ok();
    let signed = header(&headers, "x-shopify-hmac-sha256");
    if !is_signed(&services, shop.as_ref(), &unverified_body, signed).await {
        platform::count!("webhook_refused", source = "shopify");
        return refused();
    }
    // Only a known shop's secret can have signed it.
    let Some(shop) = shop else { return refused() };
    let delivery = Delivery {
        topic: header(&headers, "x-shopify-topic").unwrap_or_default(),
        triggered_at: header(&headers, "x-shopify-triggered-at").and_then(|at| at.parse().ok()),
        body: &unverified_body,
    };
    take(&services, &shop, &delivery).await
}

/// Checks the signature by the shop's secrets; on a failure once more by secrets loaded
/// anew, because they may have been rotated. An unknown shop costs the same.
async fn is_signed(
    services: &Services,
    shop: Option<&ShopId>,
    body: &[u8],
    signed: Option<&str>,
) -> bool {
    let fits = || {
        let secrets = shop.map(|shop| services.secrets.of_shop(shop, "shopify"));
        signature::shopify(&secrets.unwrap_or_default(), body, signed)
    };
    fits() || (services.secrets.refresh(services.clock.now()).await && fits())
}

/// Takes a verified delivery in.
async fn take(services: &Services, shop: &ShopId, delivery: &Delivery<'_>) -> Response {
    let topic = delivery.topic;
    match shopify::take(services, shop, delivery).await {
        Ok(outcome) => {
            let outcome_name = name(&outcome);
            tracing::info!(%shop, topic, outcome = outcome_name, "webhook taken");
            outcome.into_response()
        }
        Err(Failure::Store(error)) if error.is_transient() => {
            log_failure(shop, topic, &error);
            come_again()
        }
        Err(Failure::Store(error)) => {
            log_failure(shop, topic, &error);
            set_aside(services, shop, delivery, error.to_string()).await
        }
        Err(Failure::Unreadable(reason)) => set_aside(services, shop, delivery, reason).await,
    }
}

/// Keeps what couldn't be used and answers 200: asked to come again it would only fail
/// again, and after eight failures Shopify deletes the subscription.
async fn set_aside(
    services: &Services,
    shop: &ShopId,
    delivery: &Delivery<'_>,
    reason: String,
) -> Response {
    let topic = format!("shopify {}", delivery.topic);
    let now = services.clock.now();
    match services.store.keep_dead_letter(shop, &topic, delivery.body, &reason, now).await {
        Ok(letter) => {
            let id = letter.id.as_str();
            tracing::error!(%shop, topic, id, reason, "webhook set aside");
            platform::count!("dead_letter", source = "shopify");
            Outcome::SetAside { reason }.into_response()
        }
        Err(error) => {
            log_failure(shop, delivery.topic, &error);
            come_again()
        }
    }
}

fn unread(rejection: &BytesRejection) -> Response {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let detail = "the body is larger than 2 MB";
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail).into_response()
        }
        _ => {
            let detail = "the body ended before it was whole; send it again";
            Problem::new(StatusCode::BAD_REQUEST, "unread", detail).into_response()
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn log_failure(shop: &ShopId, topic: &str, error: &StoreError) {
    tracing::error!(%shop, topic, error = error.chain(), "webhook not recorded");
}

fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Recorded { .. } => "recorded",
        Outcome::Kept => "kept",
        Outcome::Ignored => "ignored",
        Outcome::SetAside { .. } => "set_aside",
    }
}
