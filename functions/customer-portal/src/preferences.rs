//! Which mail she gets: kinds, how often, a pause, nothing at all.

mod birthday;
mod plan;
mod view;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri};
use platform::Services;
use platform::store::BirthdaySet;
use presentation::page::{Button, Look, Notice, Tone};

use self::birthday::{Asked, Chosen, Fault};
use self::plan::{Desk, Topic, Wish, plan};
pub(crate) use self::plan::{Offer, confirmed};
pub(crate) use self::view::{Choices, goes_on};
use self::view::{hold, saved};
use crate::door::Visit;
use crate::words::Words;
use platform::door::{Refusal, Trouble, fields, language, see};

/// What stands in the query of where she is sent back to: what was saved.
const SAVED: &str = "saved";

#[derive(Template)]
#[template(path = "preferences.html")]
struct Preferences<'a> {
    words: &'static Words,
    /// What was saved, or why nothing was.
    saved: Option<Notice<'a>>,
    /// What keeps mail from her, whatever she chooses.
    holds: Option<Notice<'a>>,
    /// That she stopped offers and news, and what takes that back.
    stopped: Option<(Notice<'a>, Button<'static>)>,
    action: &'a str,
    /// Nothing to choose where nothing comes anyway.
    choices: Option<Choices>,
    /// Her birthday, where it is good for anything.
    birthday: Option<birthday::Field<'a>>,
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
    let saved = saved(&visit, uri.query().unwrap_or_default());
    let saved = saved.as_deref().map(|text| Notice { tone: Tone::Success, text });
    Ok(page(&visit, StatusCode::OK, saved, birthday::Field::of(&visit, None)))
}

/// The page, with what is to be said first.
fn page(
    visit: &Visit,
    status: StatusCode,
    saved: Option<Notice<'_>>,
    birthday: Option<birthday::Field<'_>>,
) -> Response {
    let words = visit.words;
    let offer = Offer::of(visit);
    let hold = hold(visit, &offer);
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
        choices: (!offer.is_complaint()).then(|| Choices::of(visit, &visit.path)),
        birthday,
        pause: (&pause_text, button),
        nothing: quiet(words.nothing, "nothing"),
    };
    visit.page_with(status, words.preferences_title, main)
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
    let fields = fields(body).await;
    if let Some(asked) = birthday::asked(&fields) {
        return save_birthday(&visit, asked).await;
    }
    let wish = Wish::read(&fields);
    let desk = Desk::of(&visit);
    let facts = plan(&wish, &desk);
    for fact in &facts {
        visit.says(fact).await?;
    }
    let topics = Topic::of(&wish, &facts);
    Ok(see(&format!("{}?{SAVED}={}", visit.path, topics.join("."))))
}

/// Keeps her birthday, or none; where that can't be, the page says why beside what she chose.
async fn save_birthday(visit: &Visit, asked: Asked) -> Result<Response, Refusal> {
    let chosen = match &asked {
        Asked::Keep(chosen) => Some(chosen.clone()),
        Asked::Forget => None,
    };
    let wanted = chosen.as_ref().map(Chosen::birthday).transpose();
    let set = match wanted {
        Ok(birthday) => visit.has_birthday(birthday).await?,
        Err(fault) => return Ok(refused(visit, chosen.unwrap_or_default(), fault)),
    };
    let topic = match set {
        BirthdaySet::Done => Topic::Birthday,
        BirthdaySet::Same => Topic::Unchanged,
        BirthdaySet::TooSoon { from } => {
            return Ok(refused(visit, chosen.unwrap_or_default(), Fault::TooSoon(from)));
        }
        BirthdaySet::Nobody => return Err(visit.refuse(Trouble::Gone)),
    };
    Ok(see(&format!("{}?{SAVED}={}", visit.path, topic.as_str())))
}

/// The page again, with what she chose and what is wrong with it.
fn refused(visit: &Visit, chosen: Chosen, fault: Fault) -> Response {
    let text = fault.text(visit);
    let notice = Notice { tone: Tone::Error, text: &text };
    let field = birthday::Field::of(visit, Some((chosen, fault)));
    page(visit, StatusCode::UNPROCESSABLE_ENTITY, Some(notice), field)
}

/// A button of less weight, whose form says what is to be done.
pub(crate) fn quiet(label: &'static str, act: &'static str) -> Button<'static> {
    Button { label, look: Look::Quiet, sends: Some(("act", act)) }
}
