//! People who are one, and people who may be.

use axum::Json;
use axum::extract::State;
use loyalty::ids::CustomerId;
use loyalty::ledger::Origin;
use platform::Services;
use platform::store::{Deed, MergeError};
use serde::{Deserialize, Serialize};
use tracing::instrument;
use utoipa::ToSchema;

use super::customers::unknown;
use super::openapi::Refusals;
use super::params::{CustomerPath, InBody, InPath, ShopPath};
use super::refusal::Refusal;
use super::shop::Shop;
use super::views::{Customer, MergeCandidates};

/// Who is meant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Other {
    /// The other customer's id.
    #[schema(value_type = String, example = "0k2m8xw3q9fzd")]
    other: CustomerId,
}

/// A pair of customers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Pair {
    /// One of them.
    #[schema(value_type = String, example = "3w5e11264sgsf")]
    a: CustomerId,
    /// The other.
    #[schema(value_type = String, example = "0k2m8xw3q9fzd")]
    b: CustomerId,
}

/// What was asked for is done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Done {
    /// Whether that changed anything.
    changed: bool,
}

/// Who may be one person
///
/// Pairs of customers that look alike, oldest first, until they are merged or dismissed.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/merge-candidates",
    tag = "customers",
    operation_id = "list_merge_candidates",
    params(ShopPath),
    responses((status = 200, description = "The pairs", body = MergeCandidates), Refusals),
)]
#[instrument(name = "list_merge_candidates", skip_all, fields(shop = %at.shop))]
pub(super) async fn candidates(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
) -> Result<Json<MergeCandidates>, Refusal> {
    let shop = Shop::open(&services, at.shop).await?;
    Ok(Json(services.store.merge_candidates(&shop.id).await?.into()))
}

/// Two are two
///
/// They aren't listed as candidates again.
#[utoipa::path(
    post,
    path = "/api/v1/shops/{shop}/merge-candidates/dismiss",
    tag = "customers",
    operation_id = "dismiss_merge_candidate",
    params(ShopPath),
    request_body = Pair,
    responses((status = 200, description = "It is noted", body = Done), Refusals),
)]
#[instrument(name = "dismiss_merge_candidate", skip_all, fields(shop = %at.shop))]
pub(super) async fn dismiss(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
    InBody(pair): InBody<Pair>,
) -> Result<Json<Done>, Refusal> {
    let shop = Shop::open(&services, at.shop).await?;
    let changed = services.store.dismiss_candidate(&shop.id, &pair.a, &pair.b).await?;
    Ok(Json(Done { changed }))
}

/// Merge another customer into this one
///
/// This one has the points of both and stands for the other from then on; the other's
/// orders, addresses and links lead here. Merging who is one already changes nothing. It
/// can be undone for 30 days.
#[utoipa::path(
    post,
    path = "/api/v1/shops/{shop}/customers/{id}/merge",
    tag = "customers",
    operation_id = "merge_customer",
    params(CustomerPath),
    request_body = Other,
    responses((status = 200, description = "The customer they are now", body = Customer), Refusals),
)]
#[instrument(name = "merge_customer", skip_all, fields(shop = %at.shop, customer = %at.id))]
pub(super) async fn merge(
    State(services): State<Services>,
    InPath(at): InPath<CustomerPath>,
    InBody(Other { other }): InBody<Other>,
) -> Result<Json<Customer>, Refusal> {
    let shop = Shop::open(&services, at.shop).await?;
    let deed = Deed { shop: &shop.id, origin: Origin::Adjust, now: services.clock.now() };
    services.store.merge(&deed, &at.id, &other).await.map_err(|error| refusal(&shop, error))?;
    show(&services, &shop, &at.id).await
}

/// Undo the merge of this customer
///
/// She has again what she had, with what her own orders brought since, as far as it
/// wasn't spent. Possible for 30 days; later merges have to be undone first.
#[utoipa::path(
    post,
    path = "/api/v1/shops/{shop}/customers/{id}/undo-merge",
    tag = "customers",
    operation_id = "undo_merge",
    params(CustomerPath),
    responses((status = 200, description = "The customer by herself", body = Customer), Refusals),
)]
#[instrument(name = "undo_merge", skip_all, fields(shop = %at.shop, customer = %at.id))]
pub(super) async fn undo(
    State(services): State<Services>,
    InPath(at): InPath<CustomerPath>,
) -> Result<Json<Customer>, Refusal> {
    let shop = Shop::open(&services, at.shop).await?;
    let deed = Deed { shop: &shop.id, origin: Origin::Adjust, now: services.clock.now() };
    services.store.undo_merge(&deed, &at.id).await.map_err(|error| refusal(&shop, error))?;
    show(&services, &shop, &at.id).await
}

async fn show(
    services: &Services,
    shop: &Shop,
    id: &CustomerId,
) -> Result<Json<Customer>, Refusal> {
    let found = services.store.customer(&shop.id, id).await?;
    let found = found.ok_or_else(|| unknown(shop, id))?;
    Ok(Json(Customer::of(&found, &shop.program, shop.today)?))
}

fn refusal(shop: &Shop, error: MergeError) -> Refusal {
    let text = error.to_string();
    match error {
        MergeError::Unknown(id) => unknown(shop, &id),
        MergeError::NotMerged(_) => Refusal::conflict("not-merged", text),
        MergeError::MergedOn(..) => Refusal::conflict("merged-on", text),
        MergeError::TooLate(_) => Refusal::conflict("too-late", text),
        MergeError::Store(error) => error.into(),
    }
}
