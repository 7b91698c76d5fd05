//! A customer's birthday, as the owner knows it.

use axum::Json;
use axum::extract::State;
use loyalty::birthday::Birthday;
use platform::Services;
use platform::store::{BirthdayBy, BirthdaySet};
use serde::{Deserialize, Deserializer};
use tracing::instrument;
use utoipa::ToSchema;

use super::customers::unknown;
use super::openapi::Refusals;
use super::params::{CustomerPath, InBody, InPath};
use super::refusal::Refusal;
use super::shop::Shop;
use super::views::Customer;

/// A birthday, or that none is to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BirthdayWanted {
    /// Month and day; null takes it away. A year before them is dropped.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<String>, required = true, example = "02-29")]
    birthday: Option<Birthday>,
}

/// A field that says nothing isn't one that is left out: that would take a birthday away by
/// mistake.
fn said<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Birthday>, D::Error> {
    Option::deserialize(from)
}

/// Say a customer's birthday
///
/// Day and month; no year is kept. It stands against what a source says later, and so does
/// that there is none. She may change it herself once more after it. The gift the program
/// promises is given once a year, whatever is said here.
#[utoipa::path(
    post,
    path = "/api/v1/shops/{shop}/customers/{id}/birthday",
    tag = "customers",
    operation_id = "set_birthday",
    params(CustomerPath),
    request_body = BirthdayWanted,
    responses((status = 200, description = "The customer with it", body = Customer), Refusals),
)]
#[instrument(name = "set_birthday", skip_all, fields(shop = %at.shop, customer = %at.id))]
pub(super) async fn set(
    State(services): State<Services>,
    InPath(at): InPath<CustomerPath>,
    InBody(BirthdayWanted { birthday }): InBody<BirthdayWanted>,
) -> Result<Json<Customer>, Refusal> {
    let (shop, now) = (Shop::open(&services, at.shop).await?, services.clock.now());
    let (store, by) = (&services.store, BirthdayBy::Api);
    let set = store.set_birthday(&shop.id, &at.id, birthday, by, now).await?;
    if set == BirthdaySet::Nobody {
        return Err(unknown(&shop, &at.id));
    }
    let (known, changed) = (birthday.is_some(), set == BirthdaySet::Done);
    tracing::info!(known, changed, "a birthday was said");
    let found = store.customer(&shop.id, &at.id).await?;
    let found = found.ok_or_else(|| unknown(&shop, &at.id))?;
    Ok(Json(Customer::of(&found, &shop.program, shop.today)?))
}
