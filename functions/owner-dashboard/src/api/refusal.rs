//! What a request that can't be answered is answered, and what the log gets of it.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use loyalty::Overflow;
use platform::problem::Problem;
use platform::secrets::SecretsError;
use platform::store::StoreError;

/// Seconds after which a caller may try again what failed for the moment.
const TRY_AGAIN_AFTER: HeaderValue = HeaderValue::from_static("1");

/// A problem instead of an answer.
#[derive(Debug)]
pub(super) struct Refusal(Problem);

impl Refusal {
    /// What was asked for can't be read.
    pub(super) fn unreadable(kind: &str, detail: impl Into<String>) -> Self {
        Self(Problem::new(StatusCode::BAD_REQUEST, kind, detail))
    }

    /// It can't be done as things stand.
    pub(super) fn conflict(kind: &str, detail: impl Into<String>) -> Self {
        Self(Problem::new(StatusCode::CONFLICT, kind, detail))
    }

    /// What was asked for isn't there.
    pub(super) fn unknown(kind: &str, detail: impl Into<String>) -> Self {
        Self(Problem::new(StatusCode::NOT_FOUND, kind, detail))
    }
}

/// This is where a failure of the store ends: the chain goes to the log, once, within the
/// span that names shop and customer or order; the caller learns whether to come again.
impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let transient = error.is_transient();
        tracing::error!(transient, error = error.chain(), "a request couldn't be answered");
        Self(if transient {
            let detail = "the table didn't answer in time; ask the same again in a moment";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
        } else {
            let detail = "something stored can't be read; asking again won't help, the log says \
                          what it is";
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "broken", detail)
        })
    }
}

impl From<Overflow> for Refusal {
    fn from(error: Overflow) -> Self {
        StoreError::from(error).into()
    }
}

impl From<SecretsError> for Refusal {
    fn from(error: SecretsError) -> Self {
        StoreError::from(error).into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, TRY_AGAIN_AFTER);
        }
        response
    }
}
