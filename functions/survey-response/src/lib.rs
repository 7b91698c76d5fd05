//! What customers answer, without a login: surveys by the links in their mail, and anybody
//! at the counter.
//!
//! | route | page |
//! | --- | --- |
//! | `GET /s/{token}?score=4` | the question about her order, the tapped score chosen |
//! | `POST /s/{token}` | records her answer, or how she may be answered |
//! | `GET /f/{shop}` | the question to anybody, without a person |
//! | `POST /f/{shop}` | records an anonymous answer, if its minute has a place |
//! | `GET /f/{shop}/card` | a card for the counter, to print |
//!
//! A GET changes nothing: mail scanners follow every link. A POST that is sent again is the
//! same answer again. Whatever goes wrong is a page that says what to do, with her words kept.

mod card;
mod counter;
mod form;
mod survey;
mod view;
mod words;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, get};
use platform::{Services, door};

/// The most bytes of a form: the longest comment is a tenth of it, however it is written.
const LONGEST_FORM: usize = 256 * 1024;

/// The routes of this function.
pub fn router(services: Services) -> Router {
    let survey: MethodRouter<Services> = get(survey::show).post(survey::answer);
    let mut router = Router::new();
    // A link that was cut short, or has something behind it, is a link that doesn't work.
    for rest in ["", "/", "/{*token}"] {
        router = router.route(&format!("/s{rest}"), survey.clone());
    }
    for rest in ["", "/"] {
        router = router.route(&format!("/f{rest}"), get(counter::no_shop));
    }
    router
        .route("/f/{shop}", get(counter::show).post(counter::answer))
        .route("/f/{shop}/card", get(card::show))
        .method_not_allowed_fallback(door::wrong_method)
        .layer(DefaultBodyLimit::max(LONGEST_FORM))
        .with_state(services)
}
