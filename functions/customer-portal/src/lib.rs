//! What a customer reaches by the links in her mail, without a login.
//!
//! | route | page |
//! | --- | --- |
//! | `GET /u/{token}` | what pressing the button stops; once stopped, what there is instead |
//! | `POST /u/{token}` | stops it: by the button, or by her mail provider (RFC 8058) |
//! | `GET, POST /p/{token}` | which mail she gets, how often, a pause, nothing at all |
//! | `GET /why/{token}` | why she got one message |
//! | `GET, POST /c/{token}` | her yes to marketing mail |
//!
//! A GET changes nothing: mail scanners follow every link. A POST is one fact for each thing
//! that differs from what holds, so that pressing twice is pressing once. Whatever goes
//! wrong is a page that says what to do.

mod confirmation;
mod door;
mod preferences;
mod unsubscribe;
mod why;
mod words;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, get};
use platform::Services;

/// The most bytes of a form: what ours and mail providers send is a tenth of it.
const LONGEST_FORM: usize = 16 * 1024;

/// The routes of this function.
pub fn router(services: Services) -> Router {
    let doors: [(&str, MethodRouter<Services>); 4] = [
        ("u", get(unsubscribe::show).post(unsubscribe::stop)),
        ("p", get(preferences::show).post(preferences::save)),
        ("why", get(why::show)),
        ("c", get(confirmation::show).post(confirmation::confirm)),
    ];
    let mut router = Router::new();
    for (path, door) in doors {
        // A link that was cut short, or has something behind it, is a link that doesn't work.
        for rest in ["", "/", "/{*token}"] {
            router = router.route(&format!("/{path}{rest}"), door.clone());
        }
    }
    router
        .method_not_allowed_fallback(platform::door::wrong_method)
        .layer(DefaultBodyLimit::max(LONGEST_FORM))
        .with_state(services)
}
