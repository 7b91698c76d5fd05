//! What a customer reaches by the links in her mail.

use axum::Router;
use platform::Services;

/// The routes of this function.
pub fn router(services: Services) -> Router {
    Router::new().with_state(services)
}
