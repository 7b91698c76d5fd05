//! What Shopify's GraphQL answers: with status 200, whatever became of it.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Number;

use super::{ApiError, wait};
use crate::read::{self, Unreadable};

/// An answer; `T` is what was asked for.
#[derive(Debug, Deserialize)]
struct Answer<T> {
    data: Option<T>,
    #[serde(default)]
    errors: Vec<Error>,
    extensions: Option<Extensions>,
}

#[derive(Debug, Deserialize)]
struct Error {
    extensions: Option<ErrorExtensions>,
}

#[derive(Debug, Deserialize)]
struct ErrorExtensions {
    code: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Extensions {
    cost: Option<Cost>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cost {
    requested_query_cost: Option<Number>,
    throttle_status: Option<Bucket>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bucket {
    currently_available: Option<Number>,
    restore_rate: Option<Number>,
}

/// What a mutation itself says is wrong. Its message may name whom it is about.
#[derive(Debug, Deserialize)]
pub(super) struct UserError {
    field: Option<Vec<String>>,
    message: String,
    code: Option<String>,
}

/// The data of an answer, where there was nothing wrong with the request. `scope` is what the
/// token has to be allowed.
pub(super) fn data<T: for<'de> Deserialize<'de>>(
    body: &[u8],
    scope: &'static str,
) -> Result<T, ApiError> {
    let answer: Answer<T> = read::parse(read::text(body)?)?;
    let code = |error: &Error| error.extensions.as_ref().and_then(|more| more.code.clone());
    if answer.errors.is_empty() {
        return answer.data.ok_or_else(|| Unreadable("it has no data".to_owned()).into());
    }
    match answer.errors.iter().find_map(code).as_deref() {
        Some("THROTTLED") => {
            let cost = answer.extensions.as_ref().and_then(|more| more.cost.as_ref());
            Err(ApiError::Throttled { wait: wait::at_most(cost.and_then(Cost::restored_in)) })
        }
        Some("ACCESS_DENIED") => Err(ApiError::Forbidden { scope }),
        Some(code @ ("INTERNAL_SERVER_ERROR" | "TIMEOUT" | "SHOP_INACTIVE")) => {
            Err(ApiError::Unavailable { code: code.to_lowercase(), source: None })
        }
        code => Err(ApiError::Refused { why: code.map_or_else(|| "no code".to_owned(), word) }),
    }
}

/// What a mutation's own errors come to.
pub(super) fn accepted(errors: &[UserError]) -> Result<(), ApiError> {
    let Some(error) = errors.first() else { return Ok(()) };
    let says = error.message.to_lowercase();
    if ["not found", "does not exist", "doesn't exist"].iter().any(|gone| says.contains(gone)) {
        return Err(ApiError::NotFound);
    }
    let field = error.field.iter().flatten().map(|part| word(part)).collect::<Vec<_>>().join(".");
    let code = error.code.as_deref().map_or_else(|| "invalid".to_owned(), word);
    Err(ApiError::Refused { why: format!("{code} at `{field}`") })
}

/// A code or a field's name, and nothing that could be anything else.
fn word(text: &str) -> String {
    let fits = |one: &char| one.is_ascii_alphanumeric() || *one == '_';
    text.chars().filter(fits).take(60).collect()
}

impl Cost {
    /// In how long there is enough again for what was asked.
    fn restored_in(&self) -> Option<Duration> {
        let bucket = self.throttle_status.as_ref()?;
        let whole = |number: &Option<Number>| -> Option<u64> {
            // Written with a decimal point here and without one there.
            let text = number.as_ref()?.to_string();
            text.split('.').next()?.parse().ok()
        };
        let asked = whole(&self.requested_query_cost)?;
        let missing = asked.saturating_sub(whole(&bucket.currently_available)?);
        let rate = whole(&bucket.restore_rate)?;
        let seconds = missing.checked_div(rate)?.saturating_add(1);
        Some(Duration::from_secs(seconds))
    }
}
