//! A function with routes, invoked by Lambda: what is handed over is told apart by its
//! raw JSON.
//!
//! `lambda_http` would turn an event it doesn't know into an unsigned request; an event
//! from a bus must never become one, because a bus event carries no signature. What is
//! left to do beside that (format 2.0, which an HTTP API and a function URL share) is
//! less than what it brings: charsets alone are 150 kB of a cold start.

use std::collections::BTreeMap;

use ::http::{HeaderName, HeaderValue, Method, Request, Uri};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;
use tower::ServiceExt;

/// Lambda handed over something this function doesn't take.
#[derive(Debug, Error)]
pub enum InvokeError {
    /// Neither an HTTP API nor a function URL sent it.
    #[error("this is no HTTP request of format 2.0 (from an HTTP API or a function URL)")]
    NotHttp,
    /// It looks like a request and can't be read as one.
    #[error("the HTTP request can't be read")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The answer can't be written.
    #[error("the answer can't be written")]
    Answer(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A request of format 2.0: header names in lower case, repeated ones joined by commas.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpEvent {
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    request_context: HttpContext,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Debug, Deserialize)]
struct HttpContext {
    http: HttpMethod,
}

#[derive(Debug, Deserialize)]
struct HttpMethod {
    method: String,
}

/// What tells a request from other events.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Probe {
    request_context: Option<ProbeContext>,
    source: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct ProbeContext {
    http: Option<serde::de::IgnoredAny>,
}

/// An answer of format 2.0.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HttpAnswer {
    status_code: u16,
    headers: BTreeMap<String, String>,
    body: String,
    is_base64_encoded: bool,
}

/// Answers one invocation: an HTTP API's or a function URL's request, format 2.0.
pub async fn http(router: Router, payload: Box<RawValue>) -> Result<Box<RawValue>, InvokeError> {
    let probe: Probe = serde_json::from_str(payload.get()).map_err(|_| InvokeError::NotHttp)?;
    let is_http = probe.request_context.is_some_and(|context| context.http.is_some());
    if !is_http || probe.source.is_some() {
        return Err(InvokeError::NotHttp);
    }
    let event: HttpEvent = serde_json::from_str(payload.get())
        .map_err(|error| InvokeError::Unreadable(error.into()))?;
    let request = request(event).map_err(InvokeError::Unreadable)?;
    let answer = router.oneshot(request).await.unwrap_or_else(|never| match never {});
    let answer = written(answer).await.map_err(InvokeError::Answer)?;
    serde_json::value::to_raw_value(&answer).map_err(|error| InvokeError::Answer(error.into()))
}

type Fallible<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The request, its body as the very bytes that were signed.
fn request(event: HttpEvent) -> Fallible<Request<Body>> {
    let body = event.body.unwrap_or_default();
    let body = match event.is_base64_encoded {
        true => BASE64_STANDARD.decode(body)?,
        false => body.into_bytes(),
    };
    let query = Some(event.raw_query_string).filter(|query| !query.is_empty());
    let uri: Uri = match query {
        Some(query) => format!("{}?{query}", event.raw_path).parse()?,
        None => event.raw_path.parse()?,
    };
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = Method::from_bytes(event.request_context.http.method.as_bytes())?;
    *request.uri_mut() = uri;
    for (name, value) in event.headers {
        request
            .headers_mut()
            .insert(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(&value)?);
    }
    Ok(request)
}

async fn written(answer: Response) -> Fallible<HttpAnswer> {
    let (head, body) = answer.into_parts();
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &head.headers {
        let value = value.to_str()?;
        headers
            .entry(name.to_string())
            .and_modify(|known| *known = format!("{known}, {value}"))
            .or_insert_with(|| value.to_owned());
    }
    let body = to_bytes(body, usize::MAX).await?;
    let (body, is_base64_encoded) = match String::from_utf8(body.to_vec()) {
        Ok(text) => (text, false),
        Err(bytes) => (BASE64_STANDARD.encode(bytes.into_bytes()), true),
    };
    Ok(HttpAnswer { status_code: head.status.as_u16(), headers, body, is_base64_encoded })
}
