//! What Lambda hands over, told apart by its raw JSON.
//!
//! `lambda_http` would turn an event it doesn't know into a request; an event from a bus
//! must never become one, because a bus event carries no signature.

use axum::Router;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Context, LambdaEvent, Service};
use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

/// Lambda handed over something this function doesn't take.
#[derive(Debug, Error)]
pub enum InvokeError {
    /// Neither an HTTP API nor a function URL sent it.
    #[error("this is no HTTP request of format 2.0 (from an HTTP API or a function URL)")]
    NotHttp,
    /// It looks like a request and can't be read as one.
    #[error("the HTTP request can't be read")]
    Unreadable(#[source] serde_json::Error),
    /// The answer can't be written.
    #[error("the answer can't be written")]
    Answer(#[source] serde_json::Error),
}

/// What tells a request from other events.
#[derive(Deserialize)]
struct Probe {
    #[serde(rename = "requestContext")]
    request_context: Option<ProbeContext>,
    source: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct ProbeContext {
    http: Option<serde::de::IgnoredAny>,
}

/// Answers one invocation: an HTTP API's or a function URL's request, format 2.0.
pub async fn invoke(
    router: Router,
    payload: Box<RawValue>,
    context: Context,
) -> Result<Box<RawValue>, InvokeError> {
    let probe: Probe = serde_json::from_str(payload.get()).map_err(|_| InvokeError::NotHttp)?;
    let is_http = probe.request_context.is_some_and(|context| context.http.is_some());
    if !is_http || probe.source.is_some() {
        return Err(InvokeError::NotHttp);
    }
    let request: LambdaRequest =
        serde_json::from_str(payload.get()).map_err(InvokeError::Unreadable)?;
    let answer = Adapter::from(router).call(LambdaEvent::new(request, context)).await;
    let answer = answer.unwrap_or_else(|never| match never {});
    serde_json::value::to_raw_value(&answer).map_err(InvokeError::Answer)
}
