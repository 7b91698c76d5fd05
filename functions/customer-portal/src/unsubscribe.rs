//! Unsubscribing: one press, or her mail provider's POST.

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::{HeaderMap, Uri};
use loyalty::consent::{self, Act, Consent, Fact, Teller};
use loyalty::mail::{Class, Kind};
use platform::Services;
use platform::tokens::Door;
use presentation::page::{Button, Look, Notice, Tone};

use crate::door::{EMAIL, Visit};
use crate::preferences::{Choices, Offer, goes_on, quiet};
use crate::words::Words;
use platform::door::{Refusal, Trouble, fields, language, see};

/// What tells our button's POST from a mail provider's, which gets no redirect (RFC 8058).
pub(crate) const BUTTON: (&str, &str) = ("by", "button");

/// What a link stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stops {
    /// All marketing of the shop.
    Offers,
    /// One kind.
    Kind(Kind),
    /// All marketing; what the link stood in has no switch, because the shop owes it.
    OffersNotOwed,
    /// All marketing; what the link stood in was asked for.
    OffersNotAskedFor,
}

impl Stops {
    fn of(kind: Kind) -> Self {
        match kind.class() {
            Class::Marketing => Self::Offers,
            Class::Owner | Class::AskedFor => Self::OffersNotAskedFor,
            Class::Account if kind.has_switch() => Self::Kind(kind),
            Class::Account => Self::OffersNotOwed,
        }
    }

    /// Whether it is stopped already.
    fn is_done(self, consent: &Consent) -> bool {
        match self {
            Self::Kind(kind) => consent.is_off(kind.as_str()),
            _ => consent.state(EMAIL) == consent::State::Unsubscribed,
        }
    }

    fn act(self) -> Act {
        match self {
            Self::Kind(kind) => Act::Kind { kind: kind.as_str().to_owned(), off: true },
            _ => Act::Unsubscribed { channel: EMAIL, teller: Teller::Own },
        }
    }
}

/// What pressing would stop.
#[derive(Template)]
#[template(path = "unsubscribe.html")]
struct Ask {
    words: &'static Words,
    text: String,
    note: &'static str,
    button: Button<'static>,
    by: (&'static str, &'static str),
    action: String,
    preferences: String,
}

/// What is stopped, and what there is instead.
#[derive(Template)]
#[template(path = "stopped.html")]
struct Stopped<'a> {
    words: &'static Words,
    notice: Notice<'a>,
    note: &'static str,
    /// Where the forms go.
    action: &'a str,
    instead: Vec<Button<'static>>,
    choices: Choices,
}

/// What a mail provider gets.
#[derive(Template)]
#[template(path = "stopped_short.html")]
struct StoppedShort<'a> {
    words: &'static Words,
    notice: Notice<'a>,
    preferences: String,
}

/// `GET /u/{token}`.
pub(crate) async fn show(
    State(services): State<Services>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let visit = Visit::open(services, &uri, &headers).await?;
    let stops = stops(&visit)?;
    Ok(match stops.is_done(&visit.contact.consent) {
        true => stopped(&visit, stops),
        false => ask(&visit, stops),
    })
}

/// `POST /u/{token}`.
pub(crate) async fn stop(
    State(services): State<Services>,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let body = body.map_err(|rejection| Refusal::body(&rejection, language(&headers)))?;
    let visit = Visit::open(services, &uri, &headers).await?;
    let stops = stops(&visit)?;
    let consent = &visit.contact.consent;
    let mut since = visit.now;
    if stops.is_done(consent) {
        since = consent.standing(EMAIL).since.unwrap_or(since);
    } else {
        visit.says(&Fact { at: visit.now, act: stops.act() }).await?;
    }
    let by_button = fields(body).await.iter().any(|(name, value)| BUTTON == (name, value));
    if by_button {
        return Ok(see(&visit.path));
    }
    let words = visit.words;
    let text = (words.stopped)(stops, &visit.brand.shop, &visit.date(since));
    let notice = Notice { tone: Tone::Success, text: &text };
    let main = StoppedShort { words, notice, preferences: visit.preferences() };
    Ok(visit.page(words.stopped_title, main))
}

/// What the link of a visit stops.
fn stops(visit: &Visit) -> Result<Stops, Refusal> {
    match &visit.door {
        Door::Unsubscribe { kind, .. } => Ok(Stops::of(*kind)),
        // The path has been compared with the door: there is no other behind it.
        _ => Err(visit.refuse(Trouble::OtherDoor)),
    }
}

fn ask(visit: &Visit, stops: Stops) -> Response {
    let words = visit.words;
    let [title, label] = (words.stop)(stops);
    let main = Ask {
        words,
        text: (words.stops)(stops, &visit.brand.shop),
        note: note(visit, stops),
        button: Button { label, look: Look::Primary, sends: None },
        by: BUTTON,
        action: visit.path.clone(),
        preferences: visit.preferences(),
    };
    visit.page(title, main)
}

/// What comes all the same, where anything does.
fn note(visit: &Visit, stops: Stops) -> &'static str {
    let true_now = match stops {
        Stops::Kind(kind) => goes_on(visit, Some(kind)),
        Stops::Offers => goes_on(visit, None),
        Stops::OffersNotOwed | Stops::OffersNotAskedFor => true,
    };
    if true_now { (visit.words.goes_on)(stops) } else { "" }
}

fn stopped(visit: &Visit, stops: Stops) -> Response {
    let (words, consent) = (visit.words, &visit.contact.consent);
    let since = consent.standing(EMAIL).since.unwrap_or(visit.now);
    let text = (words.stopped)(stops, &visit.brand.shop, &visit.date(since));
    let instead = match stops {
        Stops::Kind(kind) => vec![Button {
            label: words.switch_on,
            look: Look::Quiet,
            sends: Some(("on", kind.as_str())),
        }],
        _ if Offer::of(visit).can_undo() => vec![
            quiet(words.undo, "undo"),
            quiet(words.undo_monthly, "undo-monthly"),
            quiet(words.undo_pause, "undo-pause"),
        ],
        _ => Vec::new(),
    };
    let action = visit.preferences();
    let main = Stopped {
        words,
        notice: Notice { tone: Tone::Success, text: &text },
        note: note(visit, stops),
        action: &action,
        instead,
        choices: Choices::of(visit, &action),
    };
    visit.page(words.stopped_title, main)
}
