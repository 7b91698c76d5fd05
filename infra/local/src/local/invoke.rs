//! Runs a function in this process, with the event and the answer as JSON.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use lambda_http::lambda_runtime::{Context, LambdaEvent};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Service};
use platform::problem::Problem;
use serde::Deserialize;

use crate::server::Function;

/// The payload formats told apart.
#[derive(Deserialize)]
struct Probe {
    version: Option<String>,
}

/// Runs `function` with an HTTP API's or a function URL's event (payload 2.0), and gives
/// its answer in the same format.
pub(super) async fn invoke(function: &Function, event: &[u8]) -> Result<Response, Problem> {
    let unfit = |reason: &dyn std::fmt::Display| {
        let name = function.name;
        let detail = format!(
            "{name} takes events of an HTTP API or a function URL, payload format 2.0, such as \
             those in events/{name}/: {reason}"
        );
        Problem::new(StatusCode::BAD_REQUEST, "event", detail)
    };
    let probe: Probe = serde_json::from_slice(event).map_err(|error| unfit(&error))?;
    if probe.version.as_deref() != Some("2.0") {
        return Err(unfit(&"`version` must be \"2.0\""));
    }
    let request: LambdaRequest = serde_json::from_slice(event).map_err(|error| unfit(&error))?;
    // On a task of its own: `lambda_http` panics where a path makes no request.
    let router = function.router.clone();
    let answer = tokio::spawn(async move {
        let event = LambdaEvent::new(request, Context::default());
        Adapter::from(router).call(event).await.unwrap_or_else(|never| match never {})
    });
    let answer = answer.await.map_err(|_| unfit(&"its path or headers make no request"))?;
    let answer = serde_json::to_vec(&answer).map_err(|error| unfit(&error))?;
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, json)], answer).into_response())
}
