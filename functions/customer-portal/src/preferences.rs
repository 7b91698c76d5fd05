//! Which mail she gets: kinds, how often, a pause, nothing at all.

mod plan;
mod view;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::{HeaderMap, Uri};
use platform::Services;
use presentation::page::{Button, Look, Notice, Tone};

use self::plan::{Desk, Topic, Wish, plan};
pub(crate) use self::plan::{Offer, confirmed};
pub(crate) use self::view::{Choices, goes_on};
use self::view::{hold, saved};
use crate::answer::{Refusal, language, see};
use crate::door::{Visit, fields};
use crate::words::Words;

/// What stands in the query of where she is sent back to: what was saved.
const SAVED: &str = "saved";

#[derive(Template)]
#[template(path = "preferences.html")]
struct Preferences<'a> {
    words: &'static Words,
    saved: Option<Notice<'a>>,
    /// What keeps mail from her, whatever she chooses.
    holds: Option<Notice<'a>>,
    /// That she stopped offers and news, and what takes that back.
    stopped: Option<(Notice<'a>, Button<'static>)>,
    action: &'a str,
    /// Nothing to choose where nothing comes anyway.
    choices: Option<Choices>,
    pause: (&'a str, Button<'static>),
    nothing: Button<'static>,
}

/// `GET /p/{token}`.
pub(crate) async fn show(
    State(services): State<Services>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let visit = Visit::open(services, &uri, &headers).await?;
    let words = visit.words;
    let saved = saved(&visit, uri.query().unwrap_or_default());
    let saved = saved.as_deref().map(|text| Notice { tone: Tone::Success, text });
    let offer = Offer::of(&visit);
    let hold = hold(&visit, &offer);
    let holds = hold.as_deref().map(|text| Notice { tone: Tone::Info, text });
    let since = match offer {
        Offer::Stopped { since, .. } => (words.offers_stopped)(&visit.date(since)),
        _ => String::new(),
    };
    let stopped = offer.can_undo().then(|| {
        let notice = Notice { tone: Tone::Info, text: &since };
        (notice, quiet(words.undo, "undo"))
    });
    let paused = visit.contact.consent.paused_until(visit.now);
    let pause_text = match paused {
        Some(until) => (words.paused)(&visit.date(until)),
        None => words.pause_text.to_owned(),
    };
    let button = match paused {
        Some(_) => quiet(words.resume, "resume"),
        None => quiet(words.pause, "pause"),
    };
    let main = Preferences {
        words,
        saved,
        holds,
        stopped,
        action: &visit.path,
        choices: (!offer.is_complaint()).then(|| Choices::of(&visit, &visit.path)),
        pause: (&pause_text, button),
        nothing: quiet(words.nothing, "nothing"),
    };
    Ok(visit.page(words.preferences_title, main))
}

/// `POST /p/{token}`: keeps what differs from what holds, and nothing else.
pub(crate) async fn save(
    State(services): State<Services>,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let body = body.map_err(|rejection| Refusal::body(&rejection, language(&headers)))?;
    let visit = Visit::open(services, &uri, &headers).await?;
    let wish = Wish::read(&fields(body).await);
    let desk = Desk::of(&visit);
    let facts = plan(&wish, &desk);
    for fact in &facts {
        visit.says(fact).await?;
    }
    let topics = Topic::of(&wish, &facts);
    Ok(see(&format!("{}?{SAVED}={}", visit.path, topics.join("."))))
}

/// A button of less weight, whose form says what is to be done.
pub(crate) fn quiet(label: &'static str, act: &'static str) -> Button<'static> {
    Button { label, look: Look::Quiet, sends: Some(("act", act)) }
}
