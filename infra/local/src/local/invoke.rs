//! Runs a function in this process, with the event and the answer as JSON.

use axum::Json;
use http::StatusCode;
use platform::invoke::{self, InvokeError};
use platform::problem::Problem;
use serde_json::value::RawValue;

use crate::server::Function;

/// Runs `function` with an HTTP API's or a function URL's event (payload 2.0), and gives
/// its answer in the same format.
pub(super) async fn invoke(
    function: &Function,
    event: &[u8],
) -> Result<Json<Box<RawValue>>, Problem> {
    let payload: Box<RawValue> =
        serde_json::from_slice(event).map_err(|error| refused(function, &error))?;
    match invoke::http(function.router.clone(), payload).await {
        Ok(answer) => Ok(Json(answer)),
        Err(error @ InvokeError::Answer(_)) => {
            let detail = platform::telemetry::chain(&error);
            Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "answer", detail))
        }
        Err(error) => Err(refused(function, &error)),
    }
}

fn refused(function: &Function, error: &dyn std::error::Error) -> Problem {
    let (name, why) = (function.name, platform::telemetry::chain(error));
    let detail = format!(
        "{name} takes events of an HTTP API or a function URL, payload format 2.0, such as \
         those in events/{name}/: {why}"
    );
    Problem::new(StatusCode::BAD_REQUEST, "event", detail)
}
