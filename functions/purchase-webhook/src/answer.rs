//! What a webhook is answered. The senders only look at the status; the rest is for
//! people who send one by hand.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use loyalty::Points;
use platform::problem::Problem;
use serde::Serialize;

/// How a signed body ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It is in the table.
    Recorded {
        /// Points it brought or took.
        points: Points,
        /// Whether it said anything new.
        news: bool,
    },
    /// It is kept for later.
    Kept,
    /// It is of no use here.
    Ignored,
    /// It couldn't be used, and is kept with the reason.
    SetAside {
        /// Why. No personal data.
        reason: String,
    },
}

impl Outcome {
    /// As logs name it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Recorded { .. } => "recorded",
            Self::Kept => "kept",
            Self::Ignored => "ignored",
            Self::SetAside { .. } => "set_aside",
        }
    }
}

impl IntoResponse for Outcome {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

/// The one answer to whoever can't prove who they are.
pub(crate) fn refused() -> Response {
    let detail = "the signature doesn't fit: send the body unchanged, signed with the secret of \
                  the shop in the path";
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "signature", detail);
    let mut response = problem.into_response();
    // A bearer token, which problems of the API ask for, would open nothing here.
    response.headers_mut().remove(http::header::WWW_AUTHENTICATE);
    response
}

/// The table couldn't take it; the sender should come again.
pub(crate) fn come_again() -> Response {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "unavailable",
        "nothing was recorded; send the same again",
    )
    .into_response()
}
