//! The control plane of the local system, under `/_local/`: its clock, functions run by
//! hand, the mail it sent and the events it put on the bus. It exists only here and never
//! in a Lambda build.

mod aws;
mod invoke;
mod mailbox;

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode, Uri, header};
use jiff::{SignedDuration, Span, Timestamp};
use platform::problem::Problem;
use serde::{Deserialize, Serialize};
use testkit::aws::Cloud;

use crate::clock::{ClockError, MovableClock};
use crate::pump::TimeMachine;
use crate::server::Functions;

/// How far the clock may be put forward at once.
const FARTHEST: SignedDuration = SignedDuration::from_hours(400 * 24);

/// The clock, and who lives through the hours when it is put forward.
#[derive(Debug, Clone)]
pub(crate) struct Time {
    /// The clock.
    pub(crate) clock: MovableClock,
    /// `None`: nobody, and the clock just goes there.
    pub(crate) machine: Option<TimeMachine>,
}

/// The routes below `/_local`.
pub(crate) fn router<S>(functions: Functions, time: Time, cloud: Cloud) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    Router::new()
        .route("/clock", get(tell_clock).post(move_clock))
        .with_state(time)
        .route("/run/{function}", post(run))
        .with_state(functions)
        .merge(mailbox::router(cloud.clone()))
        .merge(aws::router(cloud))
        .fallback(unknown)
        .layer(middleware::from_fn(only_from_here))
}

/// Whoever is let in can move time and run functions, so only this machine is: no other
/// peer, and no web page that somebody's browser has open.
async fn only_from_here(request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let near = peer.is_some_and(|peer| peer.0.ip().to_canonical().is_loopback());
    if near && from_no_foreign_page(request.headers()) {
        next.run(request).await
    } else {
        let detail = "the control plane answers this machine only";
        Problem::new(StatusCode::FORBIDDEN, "local-only", detail).into_response()
    }
}

fn from_no_foreign_page(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let origin = origin.to_str().ok().and_then(|text| text.parse::<Uri>().ok());
    let host = origin.as_ref().and_then(Uri::host).map(|host| host.trim_matches(['[', ']']));
    host.is_some_and(|host| {
        host == "localhost"
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

async fn unknown() -> Problem {
    let detail = "the control plane has GET and POST /_local/clock, POST /_local/run/{function}, \
                  GET /_local/mailbox (and /_local/mailbox/ to read it) and GET /_local/events";
    Problem::new(StatusCode::NOT_FOUND, "not-found", detail)
}

/// What the clock shows.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Shown {
    now: Timestamp,
}

/// Where to put the clock.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    now: Option<Timestamp>,
    advance: Option<Span>,
}

async fn tell_clock(State(time): State<Time>) -> Json<Shown> {
    Json(Shown { now: time.clock.now() })
}

/// Any content type will do: `curl -d '{"advance":"P1D"}'` names the wrong one.
async fn move_clock(State(time): State<Time>, body: Bytes) -> Result<Json<Shown>, Problem> {
    let wanted = match read_move(&body)? {
        Move { now: Some(now), advance: None } => time.clock.wanted(now),
        Move { now: None, advance: Some(span) } => time.clock.ahead_by(span),
        _ => return Err(unreadable("write either \"now\" or \"advance\"")),
    };
    let wanted = wanted.map_err(refused)?;
    if wanted.duration_since(time.clock.now()) > FARTHEST {
        return Err(unreadable("every hour in between is lived: go 400 days at a time at most"));
    }
    let moved = match &time.machine {
        // Nobody lives any hours once the system is being stopped.
        Some(machine) => machine.go_to(wanted).await.unwrap_or_else(|| time.clock.set(wanted)),
        None => time.clock.set(wanted),
    };
    let now = moved.map_err(refused)?;
    tracing::info!(%now, "clock moved");
    Ok(Json(Shown { now }))
}

fn refused(error: ClockError) -> Problem {
    match error {
        ClockError::Backwards { .. } => {
            Problem::new(StatusCode::CONFLICT, "clock-backwards", error.to_string())
        }
        ClockError::OutOfRange { .. } => unreadable(error),
    }
}

fn read_move(body: &[u8]) -> Result<Move, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        unreadable(format_args!(
            "{error}. Write {{\"now\":\"2026-11-22T12:00:00Z\"}} or {{\"advance\":\"P1DT2H\"}}"
        ))
    })
}

fn unreadable(detail: impl std::fmt::Display) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "clock", detail.to_string())
}

/// Runs a function with an event as AWS would hand it over.
async fn run(
    State(functions): State<Functions>,
    Path(name): Path<String>,
    event: Bytes,
) -> Result<Json<Box<serde_json::value::RawValue>>, Problem> {
    let function = functions.named(&name).ok_or_else(|| {
        let names = functions.names().join(", ");
        let detail = format!("there is no function `{name}` here; there are {names}");
        Problem::new(StatusCode::NOT_FOUND, "unknown-function", detail)
    })?;
    invoke::invoke(function, &event).await
}

#[cfg(test)]
mod tests;
