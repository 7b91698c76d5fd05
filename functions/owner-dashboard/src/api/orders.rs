//! One order: what is known of it, what it is worth, and why.

use axum::Json;
use axum::extract::State;
use loyalty::ids::OrderRef;
use platform::Services;
use tracing::instrument;

use super::openapi::Refusals;
use super::params::{InPath, OrderPath};
use super::refusal::Refusal;
use super::shop::Shop;
use super::views::Order;

/// One order
///
/// As it stands after everything its source has told so far, with what it is worth under
/// the rules it is counted by, and what it has brought.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/orders/{source}/{id}",
    tag = "orders",
    operation_id = "get_order",
    params(OrderPath),
    responses((status = 200, description = "The order", body = Order), Refusals),
)]
#[instrument(name = "get_order", skip_all, fields(shop = %at.shop, order = %at.order()))]
pub(super) async fn one(
    State(services): State<Services>,
    InPath(at): InPath<OrderPath>,
) -> Result<Json<Order>, Refusal> {
    let order = at.order();
    let shop = Shop::open(&services, at.shop).await?;
    show(&services, &shop, &order).await
}

/// An order as it stands.
pub(super) async fn show(
    services: &Services,
    shop: &Shop,
    order: &OrderRef,
) -> Result<Json<Order>, Refusal> {
    let stored = services.store.order(&shop.id, order).await?;
    if stored.version == 0 {
        let detail = format!("the shop `{}` has heard of no order `{order}`", shop.id);
        return Err(Refusal::unknown("unknown-order", detail));
    }
    let customer = match &stored.record.customer {
        Some(id) => services.store.customer(&shop.id, id).await?,
        None => None,
    };
    let account = customer.as_ref().map(|customer| &customer.account);
    let standing = stored.record.standing(shop.programs(), account);
    let customer = customer.map(|customer| customer.id);
    Ok(Json(Order::of(order, &stored, standing, customer)))
}
