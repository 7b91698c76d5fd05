//! Her yes to marketing mail, by a link in the mail that asked her.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Uri};
use loyalty::program::ConsentGrade;
use platform::Services;
use platform::tokens::{Door, address_mark};
use presentation::page::{Button, Look, Notice, Tone};

use crate::door::{EMAIL, Visit};
use crate::preferences::{Offer, confirmed};
use crate::words::Words;
use platform::door::{Refusal, Trouble, see};

#[derive(Template)]
#[template(path = "confirm.html")]
struct Ask {
    words: &'static Words,
    lead: String,
    wording: String,
    button: Button<'static>,
    action: String,
}

#[derive(Template)]
#[template(path = "confirmed.html")]
struct Thanks<'a> {
    words: &'static Words,
    notice: Notice<'a>,
    preferences: String,
}

/// `GET /c/{token}`.
pub(crate) async fn show(
    State(services): State<Services>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let visit = open(services, &uri, &headers).await?;
    let words = visit.words;
    if !holds(&visit) {
        let title = (words.confirm_title)(&visit.brand.shop);
        let main = Ask {
            words,
            lead: (words.confirm_lead)(&visit.brand.shop),
            wording: visit.wording(),
            button: Button { label: words.yes, look: Look::Primary, sends: None },
            action: visit.path.clone(),
        };
        return Ok(visit.page(&title, main));
    }
    let text = match Offer::of(&visit) {
        Offer::Complained { since } => (words.complained)(&visit.date(since)),
        _ => (words.confirmed)(&visit.brand.shop),
    };
    let notice = Notice { tone: Tone::Success, text: &text };
    let main = Thanks { words, notice, preferences: visit.preferences() };
    Ok(visit.page(words.confirmed_title, main))
}

/// `POST /c/{token}`.
pub(crate) async fn confirm(
    State(services): State<Services>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let visit = open(services, &uri, &headers).await?;
    if !holds(&visit) {
        visit.says(&confirmed(visit.now, visit.wording())).await?;
    }
    Ok(see(&visit.path))
}

/// Opens the link, if the address she was asked at is hers still.
async fn open(services: Services, uri: &Uri, headers: &HeaderMap) -> Result<Visit, Refusal> {
    let visit = Visit::open(services, uri, headers).await?;
    let now = visit.contact.email.as_deref().map(address_mark);
    match &visit.door {
        Door::Confirmation { address, .. } if now.as_ref() == Some(address) => Ok(visit),
        _ => Err(visit.refuse(Trouble::OtherAddress)),
    }
}

/// Whether she has said it already, on a page like this.
fn holds(visit: &Visit) -> bool {
    let yes = visit.contact.consent.permission(EMAIL);
    yes.is_some_and(|yes| yes.hers && yes.grade == Some(ConsentGrade::ConfirmedOwnForm))
}
