//! Asking Square.

use platform::store::Observation;
use reqwest::header::{AUTHORIZATION, HeaderName};
use secrecy::SecretString;

use super::http::{Http, Site};
use super::{ApiError, SetupError};
use crate::PersonTold;
use crate::square::{SquareOrder, customer_answer, order_answer, payment_answer};

/// The version of the API that answers are read by. Without it Square would answer by the
/// one that was newest when the application was made.
const VERSION: &str = "2025-10-16";

/// One shop's Square.
#[derive(Debug, Clone)]
pub struct SquareApi(pub(super) Site);

impl SquareApi {
    /// Asks at `base_url`, such as `https://connect.squareup.com`, by a client of its own.
    pub fn new(base_url: &str, token: SecretString) -> Result<Self, SetupError> {
        Self::over(&Http::new()?, base_url, &token)
    }

    /// The same by a client that others use too.
    pub fn over(http: &Http, base_url: &str, token: &SecretString) -> Result<Self, SetupError> {
        let version = HeaderName::from_static("square-version");
        let site = Site::new(http, base_url)?.with(version, VERSION);
        Ok(Self(site.with_token(AUTHORIZATION, "Bearer ", token)?))
    }

    /// A payment, as its webhook would tell it.
    pub async fn payment(&self, id: &str) -> Result<Observation, ApiError> {
        Ok(payment_answer(&self.0.get(&["v2", "payments", id]).await?)?)
    }

    /// A sale: its lines, and what they come to.
    pub async fn order(&self, id: &str) -> Result<SquareOrder, ApiError> {
        Ok(order_answer(&self.0.get(&["v2", "orders", id]).await?)?)
    }

    /// A customer's record.
    pub async fn customer(&self, id: &str) -> Result<PersonTold, ApiError> {
        Ok(customer_answer(&self.0.get(&["v2", "customers", id]).await?)?)
    }
}
