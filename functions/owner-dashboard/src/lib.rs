//! The owner's JSON API.
//!
//! | route below `/api/v1` | answer |
//! | --- | --- |
//! | `GET /openapi.json` | what the rest of this table looks like in detail, for anybody |
//! | `GET /shops/{shop}/customers?email=…` | the customers an identity leads to: one or none |
//! | `GET /shops/{shop}/customers/{id}` | one customer, with points and tier |
//! | `GET /shops/{shop}/customers/{id}/ledger` | every change of her points, newest first |
//! | `GET /shops/{shop}/customers/{id}/messages` | her messages, and what was decided about her |
//! | `GET /shops/{shop}/customers/{id}/why` | why she gets a kind of mail, or doesn't |
//! | `GET /shops/{shop}/decisions` | what the nights decided about whom, and why |
//! | `GET /shops/{shop}/approvals` and below | letters that wait for the owner, to be answered |
//! | `GET, POST /shops/{shop}/tests` and below | tests of a kind of mail, and their results |
//! | `GET /shops/{shop}/surveys/results`, `…/answers` | what surveys found, and who said what |
//! | `POST /shops/{shop}/surveys/said` | what the shop did about it, told to who answered |
//! | `GET, POST /shops/{shop}/follow-ups` and below | low scores that wait for a person |
//! | `POST /shops/{shop}/jobs/…?dry_run=true` | what a night would do, without doing it |
//! | `GET /shops/{shop}/orders/{source}/{id}` | one order, what it is worth, and why |
//! | `GET /shops/{shop}/messages` | messages by state, customer, kind and month |
//! | `GET, POST /shops/{shop}/mail-mode` | how far mail goes, and since when it is live |
//! | `GET, POST /shops/{shop}/marketing` | whether marketing is held, and why |
//! | `GET, POST /shops/{shop}/mail-settings` | who mail comes from, and how it looks |
//! | `GET /shops/{shop}/mail-templates` | the owner's own words, and what is wrong with them |
//! | `GET /shops/{shop}/merge-candidates` and below | who may be one person, to be judged |
//! | `GET /shops/{shop}/withdrawals` and below | who is to be unsubscribed by hand |
//! | `GET /shops/{shop}/held-orders` and below | one sale told by two sources, to be judged |
//!
//! All but the first ask for a bearer token of the secret `api`. Whatever goes wrong is an
//! RFC 9457 problem that says what to do.

mod api;
#[cfg(test)]
mod tests;

use axum::Router;
use platform::Services;

/// The routes of this function.
pub fn router(services: Services) -> Router {
    api::router(services)
}
