//! Asking Shopify.

use jiff::Timestamp;
use platform::store::Observation;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use super::access::{Key, authorized};
use super::graphql::{self, UserError};
use super::http::{Http, Site};
use super::{ApiError, SetupError};
use crate::Unreadable;
use crate::shopify::order_answer;

/// The version of the Admin API whose order resource is the webhooks'.
pub(super) const VERSION: &str = "2026-07";

/// What the token has to be allowed to see orders, and to have them told.
pub(super) const READ_ORDERS: &str = "read_orders";

/// What the token has to be allowed to change a customer.
const WRITE_CUSTOMERS: &str = "write_customers";

/// Sets what a customer said about marketing mail. How well a yes was shown is left as it
/// stands there: a withdrawal says nothing of that.
const SET_CONSENT: &str = "\
mutation withdraw($input: CustomerEmailMarketingConsentUpdateInput!) {
  customerEmailMarketingConsentUpdate(input: $input) {
    userErrors { code field message }
  }
}";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConsentSet {
    customer_email_marketing_consent_update: Option<Payload>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    user_errors: Vec<UserError>,
}

/// One shop's Shopify.
#[derive(Debug, Clone)]
pub struct ShopifyApi {
    pub(super) key: Key,
    pub(super) site: Site,
}

impl ShopifyApi {
    /// Asks at `base_url`, such as `https://corner-bakery.myshopify.com`, by a client of
    /// its own.
    pub fn new(base_url: &str, token: SecretString) -> Result<Self, SetupError> {
        Self::over(&Http::new()?, base_url, &token)
    }

    /// The same by a client that others use too.
    pub fn over(http: &Http, base_url: &str, token: &SecretString) -> Result<Self, SetupError> {
        let site = authorized(Site::new(http, base_url)?, token)?;
        Ok(Self { key: Key::Token, site })
    }

    pub(super) fn by(key: Key, site: Site) -> Self {
        Self { key, site }
    }

    pub(super) async fn ask(&self, path: &[&str], json: Option<&str>) -> Result<Vec<u8>, ApiError> {
        self.key.ask(&self.site, path, json).await
    }

    /// An order, as its webhook would tell it.
    pub async fn order(&self, id: u64) -> Result<Observation, ApiError> {
        let file = format!("{id}.json");
        let path = ["admin", "api", VERSION, "orders", &file];
        Ok(order_answer(&self.ask(&path, None).await?)?)
    }

    /// Writes down that a customer wants no more marketing mail, since `at`. Asked again it
    /// changes nothing. [`ApiError::NotFound`]: there is no such customer.
    pub async fn unsubscribe(&self, customer: &str, at: Timestamp) -> Result<(), ApiError> {
        let consent = json!({"marketingState": "UNSUBSCRIBED", "consentUpdatedAt": at});
        let customer = format!("gid://shopify/Customer/{customer}");
        let input = json!({"customerId": customer, "emailMarketingConsent": consent});
        let asked = json!({"query": SET_CONSENT, "variables": {"input": input}});
        let path = ["admin", "api", VERSION, "graphql.json"];
        let asked = asked.to_string();
        let answer = self.ask(&path, Some(&asked)).await.map_err(|error| match error {
            // There is no shop at all, which says nothing of the customer.
            ApiError::NotFound => Unreadable("its status is 404".to_owned()).into(),
            error => error,
        })?;
        let set: ConsentSet = graphql::data(&answer, WRITE_CUSTOMERS)?;
        let payload = set.customer_email_marketing_consent_update;
        let payload = payload.ok_or_else(|| Unreadable("it has no data".to_owned()))?;
        graphql::accepted(&payload.user_errors)
    }
}
