//! Takes Shopify's webhooks and turns purchases into points.

use axum::Router;
use platform::Services;

/// The routes of this function.
pub fn router(services: Services) -> Router {
    Router::new().with_state(services)
}
