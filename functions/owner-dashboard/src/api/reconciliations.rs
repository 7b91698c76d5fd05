//! What comparing with the sources found, night by night.

use axum::Json;
use axum::extract::State;
use platform::Services;
use serde::Deserialize;
use tracing::instrument;
use utoipa::IntoParams;

use super::openapi::Refusals;
use super::params::{self, InPath, InQuery, ShopPath};
use super::refusal::Refusal;
use super::shop::Shop;
use super::views::Reconciliations;

/// Which nights.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Only nights before this day, as `next` of the page before says it.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-22")]
    before: Option<String>,
    /// How many at most, 1 to 200.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
}

/// Comparisons with the sources
///
/// Webhooks may be lost. So every night Shopify and Square, where the shop is connected to them
/// with a token, are asked what changed; what never arrived is made up for, without mail. Nights
/// are kept for 13 months.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/reconciliations",
    tag = "orders",
    operation_id = "list_reconciliations",
    params(ShopPath, Which),
    responses((status = 200, description = "The nights, newest first", body = Reconciliations), Refusals),
)]
#[instrument(name = "list_reconciliations", skip_all, fields(shop = %at.shop))]
pub(super) async fn list(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
    InQuery(which): InQuery<Which>,
) -> Result<Json<Reconciliations>, Refusal> {
    let limit = params::limit(which.limit.as_deref())?;
    let before = which.before.as_deref().map(|text| params::day("before", text)).transpose()?;
    let shop = Shop::open(&services, at.shop).await?;
    let (store, now) = (&services.store, services.clock.now());
    let found = store.reconciliations(&shop.id, before, limit, now).await?;
    Ok(Json(Reconciliations::new(&found, limit)))
}
