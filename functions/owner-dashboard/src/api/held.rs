//! Orders held because another source told a sale that looks like theirs.

use axum::Json;
use axum::extract::State;
use loyalty::ledger::Origin;
use loyalty::posting::Twin;
use platform::Services;
use platform::store::{SAME_SALE, Scene};
use serde::Deserialize;
use tracing::instrument;
use utoipa::ToSchema;

use super::openapi::Refusals;
use super::orders;
use super::params::{InBody, InPath, OrderPath, ShopPath};
use super::refusal::Refusal;
use super::shop::Shop;
use super::views::{HeldOrders, Order};

/// What a person says about an order that is held.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Judgement {
    /// Whether it is the same sale as the other order. One that is stays worth nothing; one
    /// that isn't earns now.
    same: bool,
}

/// Orders that are held
///
/// Each looks like a sale that another source told: the same customer, the same amount,
/// within 15 minutes. It is worth nothing until a person says.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/held-orders",
    tag = "orders",
    operation_id = "list_held_orders",
    params(ShopPath),
    responses((status = 200, description = "The orders, oldest first", body = HeldOrders), Refusals),
)]
#[instrument(name = "list_held_orders", skip_all, fields(shop = %at.shop))]
pub(super) async fn list(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
) -> Result<Json<HeldOrders>, Refusal> {
    let shop = Shop::open(&services, at.shop).await?;
    let tasks = services.store.open_tasks(&shop.id).await?;
    let held = tasks.into_iter().filter(|task| task.topic == SAME_SALE && !task.done);
    Ok(Json(held.filter_map(|task| Some((task.body.try_into().ok()?, task.at))).collect()))
}

/// Say whether a held order is the same sale
#[utoipa::path(
    post,
    path = "/api/v1/shops/{shop}/orders/{source}/{id}/same-sale",
    tag = "orders",
    operation_id = "judge_held_order",
    params(OrderPath),
    request_body = Judgement,
    responses((status = 200, description = "The order as it stands now", body = Order), Refusals),
)]
#[instrument(name = "judge_held_order", skip_all, fields(shop = %at.shop, order = %at.order()))]
pub(super) async fn judge(
    State(services): State<Services>,
    InPath(at): InPath<OrderPath>,
    InBody(judgement): InBody<Judgement>,
) -> Result<Json<Order>, Refusal> {
    let order = at.order();
    let shop = Shop::open(&services, at.shop).await?;
    let identities = shop.identities(&services)?;
    let (source, origin, now) = (order.source, Origin::Adjust, services.clock.now());
    let scene = Scene { shop: &shop.id, source, identities: &identities, origin, now };
    let twin = if judgement.same { Twin::Same } else { Twin::Different };
    if services.store.judge_twin(&scene, &order, twin).await?.is_none() {
        let detail = format!("the order `{order}` isn't held: there is nothing to judge");
        return Err(Refusal::conflict("not-held", detail));
    }
    orders::show(&services, &shop, &order).await
}
