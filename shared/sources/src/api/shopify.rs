//! Asking Shopify.

use platform::store::Observation;
use reqwest::header::HeaderName;
use secrecy::SecretString;

use super::http::{Http, Site};
use super::{ApiError, SetupError};
use crate::shopify::order_answer;

/// The version of the Admin API whose order resource is the webhooks'.
const VERSION: &str = "2026-07";

/// One shop's Shopify.
#[derive(Debug, Clone)]
pub struct ShopifyApi(Site);

impl ShopifyApi {
    /// Asks at `base_url`, such as `https://corner-bakery.myshopify.com`, by a client of
    /// its own.
    pub fn new(base_url: &str, token: SecretString) -> Result<Self, SetupError> {
        Self::over(&Http::new()?, base_url, &token)
    }

    /// The same by a client that others use too.
    pub fn over(http: &Http, base_url: &str, token: &SecretString) -> Result<Self, SetupError> {
        let name = HeaderName::from_static("x-shopify-access-token");
        Ok(Self(Site::new(http, base_url)?.with_token(name, "", token)?))
    }

    /// An order, as its webhook would tell it.
    pub async fn order(&self, id: u64) -> Result<Observation, ApiError> {
        let file = format!("{id}.json");
        let path = ["admin", "api", VERSION, "orders", &file];
        Ok(order_answer(&self.0.get(&path).await?)?)
    }
}
