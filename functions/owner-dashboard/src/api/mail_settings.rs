//! Who the shop's mail comes from, and how it looks.

use axum::Json;
use axum::extract::State;
use platform::Services;
use platform::sender::{MailSettingsChange, Wish};
use platform::store::MailSettingsError;
use serde::Deserialize;
use tracing::instrument;
use utoipa::ToSchema;

use super::openapi::Refusals;
use super::params::{InBody, InPath, ShopPath};
use super::refusal::Refusal;
use super::shop::Shop;
use super::views::MailSettings;

/// What is to change. What is left out stays; null takes it away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MailSettingsWanted {
    /// The address mail comes from: one of the shop's own domain, not of a provider of
    /// mailboxes.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "hello@example.com")]
    from: Wish,
    /// The name beside it.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Maria of Corner Bakery")]
    from_name: Wish,
    /// Where answers go, and somebody reads them.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "maria@example.com")]
    reply_to: Wish,
    /// The owner's address.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "maria@example.com")]
    owner: Wish,
    /// The address of a second person, who is told when a low score has waited for 5 days.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "jo@example.com")]
    second: Wish,
    /// The shop's postal address, on one line.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "5 Main Street, Springfield, NY 12345")]
    postal_address: Wish,
    /// Where the shop's logo is: a URL that begins with https://.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "https://example.com/logo.png")]
    logo: Wish,
    /// The shop's colour; where it can't be read it is shown darker or lighter.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "#9a3412")]
    accent: Wish,
    /// The language of customers whose own isn't known or isn't one we write: en or de.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "en")]
    language: Wish,
    /// The page that says who is behind the shop: a URL that begins with https://.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "https://example.com/imprint")]
    imprint: Wish,
    /// The local day the owner is back from being away: until a week after it, nobody who
    /// stayed away is written to.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "2027-01-10")]
    away_until: Wish,
}

impl From<MailSettingsWanted> for MailSettingsChange {
    fn from(wanted: MailSettingsWanted) -> Self {
        let MailSettingsWanted {
            from,
            from_name,
            reply_to,
            owner,
            second,
            postal_address,
            logo,
            accent,
            language,
            imprint,
            away_until,
        } = wanted;
        Self {
            from,
            from_name,
            reply_to,
            owner,
            second,
            postal_address,
            logo,
            accent,
            language,
            imprint,
            away_until,
        }
    }
}

/// Who mail comes from, and how it looks
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/mail-settings",
    tag = "mail",
    operation_id = "get_mail_settings",
    params(ShopPath),
    responses((status = 200, description = "Who mail comes from", body = MailSettings), Refusals),
)]
#[instrument(name = "get_mail_settings", skip_all, fields(shop = %at.shop))]
pub(super) async fn show(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
) -> Result<Json<MailSettings>, Refusal> {
    let shop = Shop::open(&services, at.shop).await?;
    let settings = services.store.mail_settings(&shop.id).await?;
    Ok(Json(MailSettings::of(&shop, settings)))
}

/// Set who mail comes from, and how it looks
///
/// All that is named is set, or nothing of it.
#[utoipa::path(
    post,
    path = "/api/v1/shops/{shop}/mail-settings",
    tag = "mail",
    operation_id = "set_mail_settings",
    params(ShopPath),
    request_body = MailSettingsWanted,
    responses((status = 200, description = "Who mail comes from now", body = MailSettings), Refusals),
)]
#[instrument(name = "set_mail_settings", skip_all, fields(shop = %at.shop))]
pub(super) async fn set(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
    InBody(wanted): InBody<MailSettingsWanted>,
) -> Result<Json<MailSettings>, Refusal> {
    let shop = Shop::open(&services, at.shop).await?;
    let now = services.clock.now();
    let set = services.store.set_mail_settings(&shop.id, wanted.into(), now).await;
    let settings = set.map_err(|error| match error {
        MailSettingsError::Unfit(unfit) => {
            Refusal::unreadable("unfit-mail-settings", unfit.to_string())
        }
        MailSettingsError::Store(error) => error.into(),
    })?;
    tracing::info!("mail settings set");
    Ok(Json(MailSettings::of(&shop, settings)))
}
