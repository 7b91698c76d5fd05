//! The owner's own words of mail: which there are, and what is wrong with them.

use axum::Json;
use axum::extract::State;
use platform::Services;
use tracing::instrument;

use super::openapi::Refusals;
use super::params::{InPath, ShopPath};
use super::refusal::Refusal;
use super::shop::Shop;
use super::views::MailTemplates;

/// The shop's own words of mail
///
/// What the program in force says in the owner's own words, and what is wrong there. Words
/// that can't be used never keep a mail from going out: ours stand in for them.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/mail-templates",
    tag = "mail",
    operation_id = "list_mail_templates",
    params(ShopPath),
    responses((status = 200, description = "The shop's own words", body = MailTemplates), Refusals),
)]
#[instrument(name = "list_mail_templates", skip_all, fields(shop = %at.shop))]
pub(super) async fn list(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
) -> Result<Json<MailTemplates>, Refusal> {
    let shop = Shop::open(&services, at.shop).await?;
    let current = shop.programs().current(services.clock.now());
    let version = current.map_or(0, |version| version.number);
    let faults = services.store.template_faults(&shop.id, version).await?;
    Ok(Json(MailTemplates::of(version, &shop.program, faults)))
}
