//! Takes Shopify's and Square's webhooks and turns purchases into points.
//!
//! `POST /webhooks/shopify/{shop}` and `POST /webhooks/square/{shop}`: the raw bytes are
//! verified by the shop's own secret before anything reads them; then the body is
//! translated into an observation and recorded, and only then answered 200. Shopify's
//! events from its partner bus ([`bus`]) go the same way without a signature: whose they
//! are is AWS's word. Deliveries may repeat and come in any order:
//! that is the order's merge to bear, so no delivery id is kept.
//!
//! | what arrives | answer |
//! | --- | --- |
//! | a body of over 2 MB | 413 |
//! | a missing or wrong signature, an unknown shop | 401, nothing read, nothing stored |
//! | a topic we don't know | 200, counted |
//! | signed, but unreadable or not of its topic's shape | 200, kept as a dead letter |
//! | anything else | 200 once it is in the table; 503 if that failed and may work again |

mod answer;
pub mod bus;
mod door;
pub mod replay;
mod take;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use platform::Services;

/// Shopify's largest bodies are far below this.
const LARGEST_BODY: usize = 2 * 1024 * 1024;

/// The routes of this function.
pub fn router(services: Services) -> Router {
    Router::new()
        .route("/webhooks/shopify/{shop}", post(door::shopify))
        .route("/webhooks/square/{shop}", post(door::square))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(services)
}

#[cfg(test)]
mod tests;
