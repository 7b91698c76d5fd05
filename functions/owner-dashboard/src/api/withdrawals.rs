//! Withdrawals of consent that we can't tell a source: the owner does it by hand.

use axum::Json;
use axum::extract::State;
use platform::Services;
use platform::store::WITHDRAWAL;
use serde::Deserialize;
use tracing::instrument;
use utoipa::ToSchema;

use super::openapi::Refusals;
use super::params::{InBody, InPath, ShopPath};
use super::refusal::Refusal;
use super::shop::Shop;
use super::views::Withdrawals;

/// A withdrawal that was done by hand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ByHand {
    /// Its id, as the list has it.
    id: String,
}

/// Withdrawals to be done by hand
///
/// Who wants no more marketing mail is told to Shopify within the hour, where the shop is
/// connected with a token that may write customers. These are the others: unsubscribe them in
/// Shopify's or Square's own pages, so that no mail of theirs goes out either. Ours stopped
/// already.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/withdrawals",
    tag = "mail",
    operation_id = "list_withdrawals",
    params(ShopPath),
    responses((status = 200, description = "Those not done, oldest first", body = Withdrawals), Refusals),
)]
#[instrument(name = "list_withdrawals", skip_all, fields(shop = %at.shop))]
pub(super) async fn list(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
) -> Result<Json<Withdrawals>, Refusal> {
    let shop = Shop::open(&services, at.shop).await?;
    show(&services, &shop).await
}

/// Say that a withdrawal was done by hand
#[utoipa::path(
    post,
    path = "/api/v1/shops/{shop}/withdrawals/done",
    tag = "mail",
    operation_id = "finish_withdrawal",
    params(ShopPath),
    request_body = ByHand,
    responses((status = 200, description = "Those left to do", body = Withdrawals), Refusals),
)]
#[instrument(name = "finish_withdrawal", skip_all, fields(shop = %at.shop))]
pub(super) async fn done(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
    InBody(ByHand { id }): InBody<ByHand>,
) -> Result<Json<Withdrawals>, Refusal> {
    let shop = Shop::open(&services, at.shop).await?;
    if !services.store.close_task(&shop.id, WITHDRAWAL, &id).await? {
        let detail = "no withdrawal that waits has this id: the list has those that do";
        return Err(Refusal::unknown("unknown-withdrawal", detail));
    }
    show(&services, &shop).await
}

async fn show(services: &Services, shop: &Shop) -> Result<Json<Withdrawals>, Refusal> {
    let tasks = services.store.open_tasks(&shop.id).await?;
    let open = tasks.into_iter().filter(|task| task.topic == WITHDRAWAL && !task.done);
    Ok(Json(open.collect()))
}
