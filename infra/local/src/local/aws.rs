//! SES and EventBridge for other processes: `AWS_ENDPOINT_URL_SESV2` and
//! `AWS_ENDPOINT_URL_EVENTBRIDGE` point here. Any credentials do.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use http::{HeaderMap, Method};
use testkit::aws::{Cloud, TARGET};

/// SES takes mails of 40 MiB; what is over it says itself.
const MOST_BYTES: usize = 48 * 1024 * 1024;

/// The routes below `/_local`.
pub(super) fn router<S>(cloud: Cloud) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    Router::new()
        .route("/aws/ses/{*path}", any(ses))
        .route("/aws/eventbridge", post(eventbridge))
        .route("/aws/eventbridge/", post(eventbridge))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(cloud)
}

async fn ses(
    State(cloud): State<Cloud>,
    method: Method,
    Path(path): Path<String>,
    body: Bytes,
) -> Response {
    let path = format!("/{path}");
    let reply = cloud.ses.answer(method.as_str(), &path, &body, cloud.clock.now());
    reply.into_response().into_response()
}

async fn eventbridge(State(cloud): State<Cloud>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get(TARGET).and_then(|target| target.to_str().ok());
    let reply = cloud.bus.answer(target.unwrap_or_default(), &body, cloud.clock.now());
    reply.into_response().into_response()
}
