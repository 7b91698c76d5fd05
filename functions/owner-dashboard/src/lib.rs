//! The owner's JSON API.
//!
//! | route below `/api/v1` | answer |
//! | --- | --- |
//! | `GET /openapi.json` | what the rest of this table looks like in detail, for anybody |
//! | `GET /shops/{shop}/customers?email=…` | the customers an identity leads to: one or none |
//! | `GET /shops/{shop}/customers/{id}` | one customer, with points and tier |
//! | `GET /shops/{shop}/customers/{id}/ledger` | every change of her points, newest first |
//! | `GET /shops/{shop}/orders/{source}/{id}` | one order, what it is worth, and why |
//!
//! All but the first ask for a bearer token of the secret `api`. Whatever goes wrong is an
//! RFC 9457 problem that says what to do. Nothing here writes.

mod api;
#[cfg(test)]
mod tests;

use axum::Router;
use platform::Services;

/// The routes of this function.
pub fn router(services: Services) -> Router {
    api::router(services)
}
