//! What a request names, in its path and behind its `?`. Every part is read by its own
//! type, and what can't be read is answered with what is allowed there.

use axum::Json;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use http::request::Parts;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use loyalty::ids::{CustomerId, OrderId, OrderRef, ShopId, Source};
use loyalty::mail::Kind;
use loyalty::month::Month;
use platform::Services;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::refusal::Refusal;

/// The parts of a path.
pub(super) struct InPath<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for InPath<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let found = Path::from_request_parts(parts, state).await;
        found.map(|Path(found)| Self(found)).map_err(unreadable_path)
    }
}

fn unreadable_path(rejection: PathRejection) -> Refusal {
    let why = match rejection {
        PathRejection::FailedToDeserializePathParams(error) => match error.into_kind() {
            // The type's own words, without repeating what may be a whole URL.
            ErrorKind::DeserializeError { message, .. } => message,
            kind => kind.to_string(),
        },
        other => other.body_text(),
    };
    Refusal::unreadable("unreadable-path", why)
}

/// What stands behind the `?`.
pub(super) struct InQuery<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for InQuery<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let found = Query::from_request_parts(parts, state).await;
        found
            .map(|Query(found)| Self(found))
            .map_err(|rejection| Refusal::unreadable("unreadable-query", rejection.body_text()))
    }
}

/// Entries on a page unless asked otherwise.
const USUAL_LIMIT: u16 = 50;

/// Most entries on a page: with long receipts they still fit one read of DynamoDB, 1 MB.
const HIGHEST_LIMIT: u16 = 200;

/// How many entries a page may have.
pub(super) fn limit(text: Option<&str>) -> Result<u16, Refusal> {
    let Some(text) = text else { return Ok(USUAL_LIMIT) };
    let limit = text.parse().ok().filter(|limit| (1..=HIGHEST_LIMIT).contains(limit));
    limit.ok_or_else(|| {
        let detail = format!("`limit` is a whole number from 1 to {HIGHEST_LIMIT}");
        Refusal::unreadable("unreadable-limit", detail)
    })
}

/// A customer's id.
pub(super) fn customer(text: &str) -> Result<CustomerId, Refusal> {
    text.parse().map_err(|_| {
        let detail = "`customer` isn't a customer's id: use the one that a search tells";
        Refusal::unreadable("unreadable-customer", detail)
    })
}

/// A kind of mail.
pub(super) fn kind(text: &str) -> Result<Kind, Refusal> {
    Kind::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
        let names = Kind::ALL.map(Kind::as_str).join(", ");
        Refusal::unreadable("unreadable-kind", format!("`kind` is one of {names}"))
    })
}

/// The local day that the parameter `name` says.
pub(super) fn day(name: &str, text: &str) -> Result<Date, Refusal> {
    text.parse().map_err(|_| {
        let detail = format!("`{name}` isn't a day: write it as 2026-11-22");
        Refusal::unreadable(&format!("unreadable-{name}"), detail)
    })
}

/// The month that the parameter `name` says.
pub(super) fn month(name: &str, text: &str) -> Result<Month, Refusal> {
    text.parse().map_err(|_| {
        let detail = format!("`{name}` isn't a month: write it as 2026-11");
        Refusal::unreadable(&format!("unreadable-{name}"), detail)
    })
}

/// The month it is (UTC).
pub(super) fn this_month(services: &Services) -> Month {
    Month::of(services.clock.now().to_zoned(TimeZone::UTC).date())
}

/// What a body says, as JSON.
pub(super) struct InBody<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for InBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let found = Json::from_request(request, state).await;
        found
            .map(|Json(found)| Self(found))
            .map_err(|rejection| Refusal::unreadable("unreadable-body", rejection.body_text()))
    }
}

/// The path of a shop.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct ShopPath {
    /// The shop.
    #[param(value_type = String, pattern = "^[a-z0-9-]{1,40}$", example = "corner-bakery")]
    pub(super) shop: ShopId,
}

/// The path of a customer.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct CustomerPath {
    /// The shop.
    #[param(value_type = String, pattern = "^[a-z0-9-]{1,40}$", example = "corner-bakery")]
    pub(super) shop: ShopId,
    /// The customer's id in this shop, as a search tells it.
    #[param(value_type = String, pattern = "^[a-zA-Z0-9]{1,40}$", example = "3w5e11264sgsf")]
    pub(super) id: CustomerId,
}

/// The path of an order.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OrderPath {
    /// The shop.
    #[param(value_type = String, pattern = "^[a-z0-9-]{1,40}$", example = "corner-bakery")]
    pub(super) shop: ShopId,
    /// Where the order comes from.
    #[param(value_type = super::views::Source)]
    pub(super) source: Source,
    /// The order's id there: the digits of Shopify's order id, or Square's payment id.
    #[param(value_type = String, pattern = "^[a-zA-Z0-9_-]{1,192}$", example = "820982911946154508")]
    pub(super) id: OrderId,
}

impl OrderPath {
    /// The order among all sources of the shop.
    pub(super) fn order(&self) -> OrderRef {
        OrderRef { source: self.source, id: self.id.clone() }
    }
}
