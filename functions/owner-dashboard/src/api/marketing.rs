//! Whether the shop's marketing mail is held.

use axum::Json;
use axum::extract::State;
use platform::Services;
use platform::store::Whence;
use serde::Deserialize;
use tracing::instrument;
use utoipa::ToSchema;

use super::openapi::Refusals;
use super::params::{InBody, InPath, ShopPath};
use super::refusal::Refusal;
use super::shop::Shop;
use super::views::Marketing;

/// Whether marketing mail is to be held.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MarketingWanted {
    /// Whether it is.
    paused: bool,
}

/// Marketing mail
///
/// It stops by itself where too much of the shop's mail of the last 7 days came back for good
/// or was called spam, before providers put all mail of the shop aside. Receipts and whatever
/// somebody asked for go on.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/marketing",
    tag = "mail",
    operation_id = "get_marketing",
    params(ShopPath),
    responses((status = 200, description = "Whether it is held, and why", body = Marketing), Refusals),
)]
#[instrument(name = "get_marketing", skip_all, fields(shop = %at.shop))]
pub(super) async fn show(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
) -> Result<Json<Marketing>, Refusal> {
    let shop = Shop::open(&services, at.shop).await?;
    Ok(Json(Marketing::of(&services.store.status(&shop.id).await?)))
}

/// Hold marketing mail, or let it go on
///
/// What waited meanwhile is decided about again the next morning, and goes where it still makes
/// sense. After it stopped by itself, what became of mail before counts no more. Setting what
/// is set already changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/shops/{shop}/marketing",
    tag = "mail",
    operation_id = "set_marketing",
    params(ShopPath),
    request_body = MarketingWanted,
    responses((status = 200, description = "Whether it is held now", body = Marketing), Refusals),
)]
#[instrument(name = "set_marketing", skip_all, fields(shop = %at.shop))]
pub(super) async fn set(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
    InBody(MarketingWanted { paused }): InBody<MarketingWanted>,
) -> Result<Json<Marketing>, Refusal> {
    let (shop, now) = (Shop::open(&services, at.shop).await?, services.clock.now());
    let status = services.store.set_marketing_paused(&shop.id, paused, Whence::Api, now).await?;
    tracing::info!(paused, "marketing set");
    Ok(Json(Marketing::of(&status)))
}
