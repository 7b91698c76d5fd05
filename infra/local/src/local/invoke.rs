//! Runs a function in this process, with the event and the answer as JSON.

use axum::Json;
use http::StatusCode;
use platform::invoke::{self, InvokeError};
use platform::problem::Problem;
use purchase_webhook::bus::{self, BusError};
use serde_json::value::RawValue;

use crate::server::Function;

/// Runs `function` with an HTTP API's or a function URL's event (payload 2.0), and gives
/// its answer in the same format; or with an event of Shopify's bus, which gets none.
pub(super) async fn invoke(
    function: &Function,
    event: &[u8],
) -> Result<Json<Box<RawValue>>, Problem> {
    let payload: Box<RawValue> =
        serde_json::from_slice(event).map_err(|error| refused(function, &error))?;
    if let Some(services) = &function.on_shopifys_bus
        && bus::is_shopifys(&payload)
    {
        // Boxed, as in the Lambda: the compiler gives up on laying out so deep a future.
        let taken = Box::pin(bus::handle(services, &payload)).await;
        return taken.map(|()| Json(RawValue::NULL.to_owned())).map_err(|error| not_taken(&error));
    }
    match invoke::http(function.router.clone(), payload).await {
        Ok(answer) => Ok(Json(answer)),
        Err(error @ InvokeError::Answer(_)) => {
            let detail = platform::telemetry::chain(&error);
            Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "answer", detail))
        }
        Err(error) => Err(refused(function, &error)),
    }
}

/// Lambda would try again; here whoever sent it is told.
fn not_taken(error: &BusError) -> Problem {
    let status = match error {
        BusError::Unreadable(_) | BusError::UnknownShop(_) => StatusCode::BAD_REQUEST,
        BusError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    Problem::new(status, "bus-event", platform::telemetry::chain(error))
}

fn refused(function: &Function, error: &dyn std::error::Error) -> Problem {
    let (name, why) = (function.name, platform::telemetry::chain(error));
    let detail = format!(
        "{name} takes events of an HTTP API or a function URL, payload format 2.0, such as \
         those in events/{name}/: {why}"
    );
    Problem::new(StatusCode::BAD_REQUEST, "event", detail)
}
