//! The door: size, signature, and only then the body.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use loyalty::ids::{ShopId, Source};
use loyalty::ledger::Origin;
use platform::problem::Problem;
use platform::store::StoreError;
use platform::{Services, signature};
use sources::{shopify, square};

use crate::answer::{Outcome, come_again, refused};
use crate::take::{Delivery, Failure, take};

/// A request's body, or why there is none.
type Read = Result<Bytes, BytesRejection>;

/// `POST /webhooks/shopify/{shop}`.
pub(crate) async fn shopify(
    State(services): State<Services>,
    Path(shop): Path<String>,
    headers: HeaderMap,
    body: Read,
) -> Response {
    let unverified_body = match body {
        Ok(body) => body,
        Err(rejection) => return unread(&rejection),
    };
    let shop: Option<ShopId> = shop.parse().ok();
    let signed = header(&headers, "x-shopify-hmac-sha256");
    let fits = || {
        let secrets = shop.as_ref().map(|shop| services.secrets.of_shop(shop, "shopify"));
        signature::shopify(&secrets.unwrap_or_default(), &unverified_body, signed)
    };
    if !is_signed(&services, Source::Shopify, fits).await {
        return refused();
    }
    // Only a known shop's secret can have signed it.
    let Some(shop) = shop else { return refused() };
    let topic = header(&headers, "x-shopify-topic").unwrap_or_default();
    let told = shopify::read(&shopify::Delivery {
        topic,
        triggered_at: header(&headers, "x-shopify-triggered-at").and_then(|at| at.parse().ok()),
        body: &unverified_body,
    });
    let body = &unverified_body;
    let (shop, source, origin) = (&shop, Source::Shopify, Origin::Live);
    let delivery = Delivery { shop, source, topic, body, origin };
    answer(&services, &delivery, told).await
}

/// `POST /webhooks/square/{shop}`.
pub(crate) async fn square(
    State(services): State<Services>,
    Path(shop): Path<String>,
    headers: HeaderMap,
    body: Read,
) -> Response {
    let unverified_body = match body {
        Ok(body) => body,
        Err(rejection) => return unread(&rejection),
    };
    let shop: Option<ShopId> = shop.parse().ok();
    let signed = header(&headers, "x-square-hmacsha256-signature");
    let url = shop.as_ref().and_then(|shop| services.sites.webhook_url(Source::Square, shop));
    let fits = || {
        // A deployment that doesn't know its own URL has no secret that could fit.
        let secrets = shop.as_ref().filter(|_| url.is_some());
        let secrets = secrets.map(|shop| services.secrets.of_shop(shop, "square"));
        let url = url.as_deref().unwrap_or_default();
        signature::square(&secrets.unwrap_or_default(), url, &unverified_body, signed)
    };
    if !is_signed(&services, Source::Square, fits).await {
        return refused();
    }
    let Some(shop) = shop else { return refused() };
    let (topic, told) = square::read(&unverified_body);
    let body = &unverified_body;
    let (shop, source, origin) = (&shop, Source::Square, Origin::Live);
    let delivery = Delivery { shop, source, topic: &topic, body, origin };
    answer(&services, &delivery, told).await
}

/// Checks a signature by the shop's secrets; on a failure once more by secrets loaded
/// anew, because they may have been rotated. An unknown shop costs the same.
async fn is_signed(services: &Services, source: Source, fits: impl Fn() -> bool) -> bool {
    let signed = fits() || (services.secrets.refresh(services.clock.now()).await && fits());
    if !signed {
        platform::count!("webhook_refused", source = source.as_str());
    }
    signed
}

/// Takes a verified delivery in, and answers for it.
async fn answer(
    services: &Services,
    delivery: &Delivery<'_>,
    told: Result<sources::Told, sources::Unreadable>,
) -> Response {
    match settle(services, delivery, told).await {
        Ok(outcome) => outcome.into_response(),
        Err(_) => come_again(),
    }
}

/// Takes a delivery in, or keeps what couldn't be used. An error may go away when the same
/// comes again; nothing else is one.
pub(crate) async fn settle(
    services: &Services,
    delivery: &Delivery<'_>,
    told: Result<sources::Told, sources::Unreadable>,
) -> Result<Outcome, StoreError> {
    let Delivery { shop, source, topic, .. } = *delivery;
    let taken = match told {
        Ok(told) => take(services, delivery, told).await,
        Err(unreadable) => Err(Failure::Unreadable(unreadable)),
    };
    match taken {
        Ok(outcome) => {
            let outcome_name = outcome.name();
            tracing::info!(%shop, %source, topic, outcome = outcome_name, "webhook taken");
            Ok(outcome)
        }
        Err(Failure::Store(error)) if error.is_transient() => {
            log_failure(delivery, &error);
            Err(error)
        }
        Err(Failure::Store(error)) => {
            log_failure(delivery, &error);
            set_aside(services, delivery, error.to_string()).await
        }
        Err(Failure::Unreadable(unreadable)) => {
            set_aside(services, delivery, unreadable.to_string()).await
        }
    }
}

/// Keeps what couldn't be used and answers 200: asked to come again it would only fail
/// again, and after eight failures Shopify deletes the subscription.
async fn set_aside(
    services: &Services,
    delivery: &Delivery<'_>,
    reason: String,
) -> Result<Outcome, StoreError> {
    let Delivery { shop, source, topic, body, .. } = *delivery;
    let kept_as = format!("{source} {topic}");
    let now = services.clock.now();
    match services.store.keep_dead_letter(shop, &kept_as, body, &reason, now).await {
        Ok(letter) => {
            let id = letter.id.as_str();
            tracing::error!(%shop, %source, topic, id, reason, "webhook set aside");
            platform::count!("dead_letter", source = source.as_str());
            Ok(Outcome::SetAside { reason })
        }
        Err(error) => {
            log_failure(delivery, &error);
            Err(error)
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

fn log_failure(delivery: &Delivery<'_>, error: &StoreError) {
    let Delivery { shop, source, topic, .. } = *delivery;
    tracing::error!(%shop, %source, topic, error = error.chain(), "webhook not recorded");
}
