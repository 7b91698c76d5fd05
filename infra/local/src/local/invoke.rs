//! Runs a function in this process, with the event and the answer as JSON.

use std::collections::BTreeMap;

use axum::Json;
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use lambda_http::request::LambdaRequest;
use platform::problem::Problem;
use serde::{Deserialize, Serialize};
use tower::ServiceExt;

use crate::server::Function;

/// The payload formats told apart.
#[derive(Deserialize)]
struct Probe {
    version: Option<String>,
}

/// A function's answer to an HTTP API or a function URL, payload format 2.0.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    status_code: u16,
    headers: BTreeMap<String, String>,
    body: String,
    is_base64_encoded: bool,
}

/// Runs `function` with an HTTP API's or a function URL's event (payload 2.0), and gives
/// its answer in the same format.
pub(super) async fn invoke(function: &Function, event: &[u8]) -> Result<Json<Answer>, Problem> {
    let request = request(event).await.map_err(|reason| {
        let name = function.name;
        let detail = format!(
            "{name} takes events of an HTTP API or a function URL, payload format 2.0, such as \
             those in events/{name}/: {reason}"
        );
        Problem::new(StatusCode::BAD_REQUEST, "event", detail)
    })?;
    let answer = function.router.clone().oneshot(request).await;
    let answer = answer.unwrap_or_else(|never| match never {});
    self::answer(answer).await.map(Json).map_err(|error| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "answer", error.to_string())
    })
}

/// The request that `lambda_http` makes of an event.
async fn request(event: &[u8]) -> Result<axum::extract::Request, String> {
    let probe: Probe = serde_json::from_slice(event).map_err(|error| error.to_string())?;
    if probe.version.as_deref() != Some("2.0") {
        return Err("`version` must be \"2.0\"".to_owned());
    }
    let event: LambdaRequest = serde_json::from_slice(event).map_err(|error| error.to_string())?;
    // On a task of its own, because it panics where a path makes no request.
    let request = tokio::spawn(async { Request::from(event) }).await;
    let request = request.map_err(|_| "its path or headers make no request".to_owned())?;
    Ok(request.map(|body| axum::body::Body::from(body.to_vec())))
}

/// What `lambda_http` makes of an answer, as far as our functions answer: each header
/// once, and text as text.
async fn answer(answer: Response) -> Result<Answer, axum::Error> {
    let (head, body) = answer.into_parts();
    let bytes = body.collect().await?.to_bytes();
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let (body, is_base64_encoded) = match std::str::from_utf8(&bytes) {
        Ok(body) => (body.to_owned(), false),
        Err(_) => (BASE64_STANDARD.encode(&bytes), true),
    };
    let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
    Ok(Answer {
        status_code: head.status.as_u16(),
        headers: headers.collect(),
        body,
        is_base64_encoded,
    })
}
