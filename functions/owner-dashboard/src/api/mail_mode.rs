//! How far the shop's mail is.

use axum::Json;
use axum::extract::State;
use platform::Services;
use platform::store::{self, Whence};
use serde::Deserialize;
use tracing::instrument;
use utoipa::ToSchema;

use super::openapi::Refusals;
use super::params::{InBody, InPath, ShopPath};
use super::refusal::Refusal;
use super::shop::Shop;
use super::views::{MailMode, MailSetting};

/// What the mail mode is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MailModeWanted {
    /// The mode.
    mode: MailMode,
}

/// The mail mode
///
/// Until it is live no customer gets mail, and what happens until then causes none later.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/mail-mode",
    tag = "mail",
    operation_id = "get_mail_mode",
    params(ShopPath),
    responses((status = 200, description = "The mail mode", body = MailSetting), Refusals),
)]
#[instrument(name = "get_mail_mode", skip_all, fields(shop = %at.shop))]
pub(super) async fn show(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
) -> Result<Json<MailSetting>, Refusal> {
    let shop = Shop::open(&services, at.shop).await?;
    let status = services.store.status(&shop.id).await?;
    let settings = services.store.mail_settings(&shop.id).await?;
    Ok(Json(MailSetting::of(&shop, &status, &settings)))
}

/// Set the mail mode
///
/// Going live begins with what happens from now on, also after it was off. Setting what is
/// set already changes nothing. A mode may be set before it has all it needs: `warnings` say
/// what it lacks.
#[utoipa::path(
    post,
    path = "/api/v1/shops/{shop}/mail-mode",
    tag = "mail",
    operation_id = "set_mail_mode",
    params(ShopPath),
    request_body = MailModeWanted,
    responses((status = 200, description = "The mail mode now", body = MailSetting), Refusals),
)]
#[instrument(name = "set_mail_mode", skip_all, fields(shop = %at.shop))]
pub(super) async fn set(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
    InBody(MailModeWanted { mode }): InBody<MailModeWanted>,
) -> Result<Json<MailSetting>, Refusal> {
    let shop = Shop::open(&services, at.shop).await?;
    let (mode, now) = (store::MailMode::from(mode), services.clock.now());
    let settings = services.store.mail_settings(&shop.id).await?;
    let status = services.store.set_mail_mode(&shop.id, mode, Whence::Api, now).await?;
    tracing::info!(?mode, "mail mode set");
    Ok(Json(MailSetting::of(&shop, &status, &settings)))
}
