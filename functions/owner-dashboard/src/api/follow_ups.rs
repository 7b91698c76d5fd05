//! Follow-ups: low scores, what is known of who gave them, and what is done about them.

mod draft;

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use loyalty::Points;
use loyalty::ids::ShopId;
use loyalty::month::Month;
use loyalty::survey::AnswerBy;
use platform::Services;
use platform::store::{
    Closing, Customer, FollowUp, FollowUpAct, FollowUpError, Goodwill, MailMode, Whence,
};
use serde::Deserialize;
use tracing::instrument;
use utoipa::{IntoParams, ToSchema};

use super::openapi::Refusals;
use super::params::{InBody, InPath, InQuery, ShopPath, month, this_month};
use super::refusal::Refusal;
use super::shop::Shop;
use super::views::{FollowUpInFull, FollowUpInShort, FollowUps};

/// The longest answer, in characters.
const LONGEST_TEXT: usize = 5_000;
/// The longest sentence that comes with points, in characters.
const LONGEST_WORDS: usize = 300;
/// The most points given at once.
const MOST_POINTS: i64 = 1_000_000;

/// The path of a follow-up.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct FollowUpPath {
    /// The shop.
    #[param(value_type = String, pattern = "^[a-z0-9-]{1,40}$", example = "corner-bakery")]
    shop: ShopId,
    /// The follow-up.
    #[param(example = "k3x5e1126sgsf")]
    id: String,
}

/// Which follow-ups.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// `open`, the usual, or `closed`.
    state: Option<String>,
    /// The month (UTC) in which they were closed; without it this month. Of closed ones only.
    #[param(example = "2026-11")]
    month: Option<String>,
}

/// What is done: one of `answer`, `called` and `goodwill`, or none to close it alone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FollowUpWanted {
    /// Answers her by mail.
    #[serde(default)]
    answer: Option<AnswerWanted>,
    /// She was called. What was said isn't kept.
    #[serde(default)]
    called: Option<CalledWanted>,
    /// Gives her points.
    #[serde(default)]
    goodwill: Option<GoodwillWanted>,
    /// Closes it: `{}` or true; `{"unanswered": true}` where nobody answered or called her.
    #[serde(default)]
    #[schema(value_type = Option<Object>, example = json!({}))]
    close: Option<CloseWanted>,
}

/// An answer by mail.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerWanted {
    /// What it says: 1 to 5,000 characters.
    text: String,
    /// Points that come with it.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000)]
    points: Option<i64>,
    /// The sentence beside them in her ledger, 1 to 300 characters; without it the answer says
    /// it.
    #[serde(default)]
    words: Option<String>,
}

/// That she was called.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CalledWanted {}

/// Points for her.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GoodwillWanted {
    /// How many.
    #[schema(minimum = 1, maximum = 1_000_000, example = 200)]
    points: i64,
    /// The owner's own sentence, which she reads: 1 to 300 characters.
    #[schema(example = "Sorry for the dry loaf")]
    words: String,
}

/// That it is closed.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "`close` is {}, {\"unanswered\": true} or true")]
enum CloseWanted {
    Flag(bool),
    How(CloseHow),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CloseHow {
    #[serde(default)]
    unanswered: bool,
}

/// Low scores that wait for an answer, or were followed up
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/follow-ups",
    tag = "surveys",
    operation_id = "list_follow_ups",
    params(ShopPath, Which),
    responses((status = 200, description = "The follow-ups", body = FollowUps), Refusals),
)]
#[instrument(name = "list_follow_ups", skip_all, fields(shop = %at.shop))]
pub(super) async fn list(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
    InQuery(which): InQuery<Which>,
) -> Result<Json<FollowUps>, Refusal> {
    let closed_in = closed_in(&which, &services)?;
    let (shop, store) = (Shop::open(&services, at.shop).await?, &services.store);
    let found = match closed_in {
        None => store.open_follow_ups(&shop.id).await?,
        Some(month) => store.closed_follow_ups(&shop.id, month).await?,
    };
    let ids: BTreeSet<_> = found.iter().map(|one| &one.customer).collect();
    let contacts = store.contacts(&shop.id, ids).await?;
    let name = |one: &FollowUp| contacts.get(&one.customer)?.name.clone();
    let follow_ups = found.iter().map(|one| FollowUpInShort::of(one, name(one))).collect();
    Ok(Json(FollowUps { follow_ups }))
}

/// The month of closed ones; `None`: open ones are meant.
fn closed_in(which: &Which, services: &Services) -> Result<Option<Month>, Refusal> {
    let named = which.month.as_deref().map(|text| month("month", text)).transpose()?;
    match which.state.as_deref() {
        None | Some("open") if named.is_none() => Ok(None),
        None | Some("open") => {
            let detail = "`month` is of closed ones: add `state=closed`, or leave it out";
            Err(Refusal::unreadable("unreadable-month", detail))
        }
        Some("closed") => Ok(Some(named.unwrap_or_else(|| this_month(services)))),
        Some(_) => Err(Refusal::unreadable("unreadable-state", "`state` is open or closed")),
    }
}

/// A low score, with what helps to answer her
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/follow-ups/{id}",
    tag = "surveys",
    operation_id = "get_follow_up",
    params(FollowUpPath),
    responses((status = 200, description = "The follow-up", body = FollowUpInFull), Refusals),
)]
#[instrument(name = "get_follow_up", skip_all, fields(shop = %at.shop, follow_up = %at.id))]
pub(super) async fn one(
    State(services): State<Services>,
    InPath(at): InPath<FollowUpPath>,
) -> Result<Json<FollowUpInFull>, Refusal> {
    let shop = Shop::open(&services, at.shop).await?;
    let found = services.store.follow_up(&shop.id, &at.id).await?;
    let found = found.ok_or_else(|| unknown(&shop, &at.id))?;
    Ok(Json(shown(&services, &shop, &found).await?))
}

async fn shown(
    services: &Services,
    shop: &Shop,
    found: &FollowUp,
) -> Result<FollowUpInFull, Refusal> {
    let store = &services.store;
    let survey = store.survey(&shop.id, &found.customer, &found.order).await?;
    let customer = store.customer(&shop.id, &found.customer).await?;
    let customer = customer.unwrap_or_else(|| Customer {
        id: found.customer.clone(),
        account: Default::default(),
        contact: None,
    });
    let contact = customer.contact.as_ref().filter(|contact| contact.email.is_some());
    let draft = match contact.filter(|_| found.answer_by == Some(AnswerBy::Mail)) {
        None => None,
        Some(contact) => {
            let settings = store.mail_settings(&shop.id).await?;
            let locale = settings.locale(&shop.program, contact.language.as_deref());
            let signed = settings.from_name.as_deref().unwrap_or(shop.name());
            let score = found.question.score(found.score).ok();
            score
                .map(|score| draft::answer(locale.language, contact.name.as_deref(), score, signed))
        }
    };
    Ok(FollowUpInFull::of(found, &customer, survey, &shop.program, draft)?)
}

/// Do something about a low score, or close it
///
/// One of `answer`, `called` and `goodwill`, with `close` or without, or `close` alone.
/// Answering doesn't close it: until it is closed, or 30 days have passed, no marketing goes
/// to her. Points are given once each time it is opened.
#[utoipa::path(
    post,
    path = "/api/v1/shops/{shop}/follow-ups/{id}",
    tag = "surveys",
    operation_id = "act_on_follow_up",
    params(FollowUpPath),
    request_body = FollowUpWanted,
    responses((status = 200, description = "The follow-up now", body = FollowUpInFull), Refusals),
)]
#[instrument(name = "act_on_follow_up", skip_all, fields(shop = %at.shop, follow_up = %at.id))]
pub(super) async fn act(
    State(services): State<Services>,
    InPath(at): InPath<FollowUpPath>,
    InBody(wanted): InBody<FollowUpWanted>,
) -> Result<Json<FollowUpInFull>, Refusal> {
    let (act, closing) = read(wanted)?;
    let (shop, now) = (Shop::open(&services, at.shop).await?, services.clock.now());
    if matches!(act, Some(FollowUpAct::Answer { .. })) {
        let status = services.store.status(&shop.id).await?;
        if status.mail_mode == MailMode::Off {
            let detail = "mail is off, so no answer would go out: set the mail mode first";
            return Err(Refusal::conflict("mail-off", detail));
        }
    }
    let by = (Whence::Api, now);
    let done = services.store.act_on_follow_up(&shop.id, &at.id, act.as_ref(), closing, by).await;
    let done = done.map_err(|error| refused(&shop, &at.id, error))?;
    let (steps, open) = (done.steps.len(), done.is_open());
    tracing::info!(steps, open, "a low score was followed up");
    Ok(Json(shown(&services, &shop, &done).await?))
}

/// What a body asks for.
fn read(wanted: FollowUpWanted) -> Result<(Option<FollowUpAct>, Closing), Refusal> {
    let FollowUpWanted { answer, called, goodwill, close } = wanted;
    let closing = match close {
        None | Some(CloseWanted::Flag(false)) => Closing::No,
        Some(CloseWanted::How(CloseHow { unanswered: true })) => Closing::Unanswered,
        Some(CloseWanted::Flag(true) | CloseWanted::How(_)) => Closing::Answered,
    };
    let act = match (answer, called, goodwill) {
        (Some(answer), None, None) => Some(read_answer(answer)?),
        (None, Some(CalledWanted {}), None) => Some(FollowUpAct::Called),
        (None, None, Some(GoodwillWanted { points, words })) => {
            Some(FollowUpAct::Give(read_goodwill(points, Some(words))?))
        }
        (None, None, None) if closing != Closing::No => None,
        _ => {
            let detail = "say one thing: `answer`, `called` or `goodwill`, each with `close` or \
                          without, or `close` alone";
            return Err(Refusal::unreadable("unreadable-act", detail));
        }
    };
    Ok((act, closing))
}

fn read_answer(wanted: AnswerWanted) -> Result<FollowUpAct, Refusal> {
    let AnswerWanted { text, points, words } = wanted;
    let text = said("text", &text, LONGEST_TEXT)?;
    let goodwill = match (points, words) {
        (Some(points), words) => Some(read_goodwill(points, words)?),
        (None, None) => None,
        (None, Some(_)) => {
            let detail = "`words` stand beside points: add `points`, or leave them out";
            return Err(Refusal::unreadable("unreadable-words", detail));
        }
    };
    Ok(FollowUpAct::Answer { text, goodwill })
}

fn read_goodwill(points: i64, words: Option<String>) -> Result<Goodwill, Refusal> {
    if !(1..=MOST_POINTS).contains(&points) {
        let detail = "`points` is a whole number from 1 to 1,000,000";
        return Err(Refusal::unreadable("unreadable-points", detail));
    }
    let words = words.map(|words| said("words", &words, LONGEST_WORDS)).transpose()?;
    Ok(Goodwill { points: Points(points), words: words.unwrap_or_default() })
}

/// A text that somebody is to read.
pub(super) fn said(name: &str, text: &str, longest: usize) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > longest {
        let detail = format!("`{name}` has to have 1 to {longest} characters");
        return Err(Refusal::unreadable(&format!("unreadable-{name}"), detail));
    }
    Ok(text.to_owned())
}

fn unknown(shop: &Shop, id: &str) -> Refusal {
    let detail = format!("the shop `{}` has no follow-up `{id}`: the list tells which", shop.id);
    Refusal::unknown("unknown-follow-up", detail)
}

fn refused(shop: &Shop, id: &str, error: FollowUpError) -> Refusal {
    let (kind, detail) = match error {
        FollowUpError::Unknown => return unknown(shop, id),
        FollowUpError::Store(error) => return error.into(),
        FollowUpError::Closed(at) => (
            "closed",
            format!(
                "it was closed at {at}: nothing more is done about it. A new low answer of \
                     hers opens it again"
            ),
        ),
        FollowUpError::NotByMail(by) => (
            "not-by-mail",
            match by {
                Some(AnswerBy::Phone) => "she asked to be called, not to be answered by mail",
                Some(AnswerBy::No) => "she asked not to be answered",
                _ => "she didn't ask to be answered by mail",
            }
            .to_owned(),
        ),
        FollowUpError::Unreachable => (
            "unreachable",
            "there is no address to write to: she was erased, or has none".to_owned(),
        ),
        FollowUpError::SameAnswer => (
            "already-answered",
            "she was sent this very answer before: write another, or close it".to_owned(),
        ),
        FollowUpError::Given => {
            ("already-given", "she was given points for this low score before".to_owned())
        }
        FollowUpError::NotAMember => {
            ("not-a-member", "she isn't a member, so there is no account for points".to_owned())
        }
        FollowUpError::NotAnswered => (
            "not-answered",
            "nobody has answered or called her: close it all the same with {\"close\": \
             {\"unanswered\": true}}"
                .to_owned(),
        ),
    };
    Refusal::conflict(kind, detail)
}
