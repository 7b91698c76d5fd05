//! Who we are to a shop's Shopify.
//!
//! Old shops have a token that works until it is taken back (`shopify-token`), and it goes
//! first. Since 2026 an app of the shop's own has a client id and a secret (`shopify-client-id`,
//! and `shopify`, which its webhooks are signed with too), by which Shopify grants tokens of 24
//! hours. Those are kept in memory until shortly before they end, and asked for anew where one
//! isn't accepted any more.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use loyalty::ids::{ShopId, Source};
use platform::{Clock, Secrets, Services};
use reqwest::header::{ACCEPT, HeaderName};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use thiserror::Error;

use super::http::{Http, Site};
use super::{ApiError, SetupError, ShopifyApi};
use crate::Unreadable;
use crate::read;

/// Where tokens are granted.
const GRANT: [&str; 3] = ["admin", "oauth", "access_token"];

/// So long before its end a token isn't used any more: no request takes longer.
const BEFORE_ITS_END: SignedDuration = SignedDuration::from_mins(5);

/// Access to the Shopifies of all shops of a deployment, with the tokens that were granted.
#[derive(Debug, Clone)]
pub struct ShopifyAccess {
    http: Http,
    granted: Arc<Mutex<BTreeMap<ShopId, Granted>>>,
}

/// A token that was granted.
#[derive(Debug, Clone)]
struct Granted {
    token: SecretString,
    /// From when on it isn't used any more.
    ends: Timestamp,
}

/// A shop's Shopify can't be asked.
#[derive(Debug, Error)]
pub enum NoAccess {
    /// Nobody said by what.
    #[error(
        "the shop has no shopify-token, and no shopify-client-id to be granted one by: \
         `regulars secrets set` keeps either"
    )]
    NoToken,
    /// Nobody said where.
    #[error("REGULARS_SHOPIFY_SHOPS doesn't name the shop's domain at Shopify")]
    NoDomain,
    /// What was said can't be used.
    #[error(transparent)]
    Setup(#[from] SetupError),
}

/// Why Shopify grants no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotGranted {
    /// The app is somebody else's.
    #[error(
        "Shopify grants the app no token for this shop (shop_not_permitted): the app has to be \
         of the shop's own organisation, so make it in the shop's own Dev Dashboard"
    )]
    ShopNotPermitted,
    /// The app isn't in the shop.
    #[error(
        "Shopify grants the app no token because it isn't installed in the shop \
         (app_not_installed): install it from the Dev Dashboard"
    )]
    NotInstalled,
    /// The id or the secret is wrong.
    #[error(
        "Shopify doesn't know the app by this client id and secret: copy both again from the \
         app's settings in the Dev Dashboard"
    )]
    UnknownApp,
}

impl NotGranted {
    /// Reads a refusal, which is a page or JSON. It is looked through for Shopify's codes and
    /// told no further.
    fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        if text.contains("shop_not_permitted") {
            Self::ShopNotPermitted
        } else if text.contains("app_not_installed") {
            Self::NotInstalled
        } else {
            Self::UnknownApp
        }
    }
}

impl ShopifyAccess {
    /// By a client of its own.
    pub fn new() -> Result<Self, SetupError> {
        Ok(Self::over(&Http::new()?))
    }

    /// The same by a client that others use too.
    pub fn over(http: &Http) -> Self {
        Self { http: http.clone(), granted: Arc::default() }
    }

    /// The client it asks by.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// A shop's Shopify. Nothing is asked yet.
    pub fn api(&self, services: &Services, shop: &ShopId) -> Result<ShopifyApi, NoAccess> {
        let permanent = services.secrets.of_shop(shop, "shopify-token").first().cloned();
        let has_app = !services.secrets.of_shop(shop, CLIENT_ID).is_empty();
        if permanent.is_none() && !has_app {
            return Err(NoAccess::NoToken);
        }
        let base = services.sites.shopify_url(shop).ok_or(NoAccess::NoDomain)?;
        if let Some(token) = permanent {
            return Ok(ShopifyApi::over(&self.http, &base, &token)?);
        }
        let app = App {
            site: Site::new(&self.http, &base)?.with(ACCEPT, "application/json"),
            shop: shop.clone(),
            secrets: services.secrets.clone(),
            clock: services.clock.clone(),
            granted: Arc::clone(&self.granted),
        };
        Ok(ShopifyApi::by(Key::App(app.into()), Site::new(&self.http, &base)?))
    }
}

/// The kind of the secret that an app's id is.
const CLIENT_ID: &str = "shopify-client-id";

/// By what a shop's Shopify is asked.
#[derive(Debug, Clone)]
pub(super) enum Key {
    /// A token that works until somebody takes it back, which the site has already.
    Token,
    /// Tokens that are granted.
    App(Box<App>),
}

/// An app of the shop's own.
#[derive(Debug, Clone)]
pub(super) struct App {
    site: Site,
    shop: ShopId,
    secrets: Secrets,
    clock: Clock,
    granted: Arc<Mutex<BTreeMap<ShopId, Granted>>>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: u32,
}

impl Key {
    /// Asks, with a token. One that was granted and isn't accepted any more is asked for anew,
    /// once.
    pub(super) async fn ask(
        &self,
        site: &Site,
        path: &[&str],
        json: Option<&str>,
    ) -> Result<Vec<u8>, ApiError> {
        let Self::App(app) = self else { return site.ask(path, json).await };
        let (token, is_new) = app.token().await?;
        match with_token(site, &token)?.ask(path, json).await {
            Err(ApiError::Unauthorized) if !is_new => {
                app.forget(&token);
                let (token, _) = app.token().await?;
                with_token(site, &token)?.ask(path, json).await
            }
            answer => answer,
        }
    }
}

/// The site as the holder of a token sees it.
pub(super) fn authorized(site: Site, token: &SecretString) -> Result<Site, SetupError> {
    site.with_token(HeaderName::from_static("x-shopify-access-token"), "", token)
}

fn with_token(site: &Site, token: &SecretString) -> Result<Site, ApiError> {
    let unfit = |_| Unreadable("`access_token`: characters that no token has".to_owned());
    Ok(authorized(site.clone(), token).map_err(unfit)?)
}

impl App {
    /// A token, and whether it was granted just now.
    async fn token(&self) -> Result<(SecretString, bool), ApiError> {
        let now = self.clock.now();
        let kept = self.granted().get(&self.shop).cloned();
        if let Some(kept) = kept.filter(|kept| now < kept.ends) {
            return Ok((kept.token, false));
        }
        let answer = match self.grant().await {
            // Somebody may have said another id or secret meanwhile.
            Err(ApiError::NotGranted(_)) if self.secrets.refresh(now).await => self.grant().await?,
            answer => answer?,
        };
        let lasts = SignedDuration::from_secs(answer.expires_in.into());
        let ends = now.checked_add(lasts.saturating_sub(BEFORE_ITS_END)).unwrap_or(now);
        let token = SecretString::from(answer.access_token);
        self.granted().insert(self.shop.clone(), Granted { token: token.clone(), ends });
        Ok((token, true))
    }

    /// Asks for a token: by each secret, for during a rotation only one of them may work.
    async fn grant(&self) -> Result<Answer, ApiError> {
        let id = self.secrets.of_shop(&self.shop, CLIENT_ID).first().cloned();
        let mut refused = NotGranted::UnknownApp;
        let secrets = self.secrets.of_shop(&self.shop, Source::Shopify.as_str());
        for secret in secrets.iter() {
            let Some(id) = &id else { break };
            let asked = json!({
                "client_id": id.expose_secret(),
                "client_secret": secret.expose_secret(),
                "grant_type": "client_credentials",
            });
            match self.site.ask_for_leave(&GRANT, &asked.to_string()).await {
                Ok(Ok(body)) => return Ok(read::parse(read::text(&body)?)?),
                Ok(Err(body)) => refused = NotGranted::read(&body),
                // There is no shop at this domain.
                Err(ApiError::NotFound) => {
                    return Err(Unreadable("its status is 404".to_owned()).into());
                }
                Err(error) => return Err(error),
            }
            // Another secret of the same app changes nothing about these.
            if refused != NotGranted::UnknownApp {
                break;
            }
        }
        Err(ApiError::NotGranted(refused))
    }

    /// Forgets a token that isn't accepted any more, unless it was replaced meanwhile.
    fn forget(&self, token: &SecretString) {
        let mut granted = self.granted();
        let is_it = |kept: &Granted| kept.token.expose_secret() == token.expose_secret();
        if granted.get(&self.shop).is_some_and(is_it) {
            granted.remove(&self.shop);
        }
    }

    fn granted(&self) -> std::sync::MutexGuard<'_, BTreeMap<ShopId, Granted>> {
        self.granted.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests;
