//! The night's letters that wait for the owner's approval.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use loyalty::ids::{CustomerId, ShopId};
use loyalty::mail::Kind;
use platform::Services;
use platform::store::{Approval, ApprovalAnswer, Decided, Settled, StoreError};
use serde::Deserialize;
use tokio::time::Instant;
use tracing::instrument;
use utoipa::{IntoParams, ToSchema};

use super::decisions::{self, At, Wanted};
use super::openapi::Refusals;
use super::params::{InBody, InPath, InQuery, ShopPath, customer, day, kind, limit};
use super::refusal::Refusal;
use super::shop::Shop;
use super::views::{self, Answered, Approvals};

/// Letters shown with each batch of a list.
const FIRST: usize = 20;
/// How long an answer's letters are settled before the answer is sent back: she waits.
const SETTLED_WITHIN: Duration = Duration::from_secs(10);
/// Letters settled at once.
const AT_ONCE: u16 = 50;
/// Most customers that an answer names: what it says is kept in one item.
const MOST_NAMED: usize = 1000;
/// Unknown customers that a refusal names.
const NAMED: usize = 3;

/// The path of a batch.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct ApprovalPath {
    /// The shop.
    #[param(value_type = String, pattern = "^[a-z0-9-]{1,40}$", example = "corner-bakery")]
    shop: ShopId,
    /// The batch: `<date>.<kind>`.
    #[param(example = "2026-11-22.win-back")]
    id: String,
}

/// Which batches.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Only those that still wait for an answer, or only the others.
    #[param(value_type = Option<bool>)]
    open: Option<String>,
    /// Only those of nights before this day, as `next` of the page before says it.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-22")]
    before: Option<String>,
    /// Most batches to answer with; those of one night are answered together.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
}

/// Which letters of a batch.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct WhichLetters {
    /// Most letters to answer with.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the answer before; without it the first.
    cursor: Option<String>,
}

/// What the owner says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApprovalWanted {
    /// `all`, `none`, or the ids of the customers whose letters go; the others' don't.
    approve: Approve,
}

/// `all`, `none`, or the ids of the customers whose letters go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(
    untagged,
    expecting = "`approve` is \"all\", \"none\" or a list of the ids of customers whose letters go"
)]
enum Approve {
    Word(Word),
    Some(Vec<String>),
}

/// All of them, or none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Word {
    All,
    None,
}

/// Letters that wait for approval
///
/// While a kind of letter goes by approval, each night's letters of it wait here for 7 days:
/// to whom, why, with what offer, and what sending costs. Also those that were answered or
/// lapsed, for 13 months. Newest night first, each with its first 20 letters.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/approvals",
    tag = "nights",
    operation_id = "list_approvals",
    params(ShopPath, Which),
    responses((status = 200, description = "The batches, newest first", body = Approvals), Refusals),
)]
#[instrument(name = "list_approvals", skip_all, fields(shop = %at.shop))]
pub(super) async fn list(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
    InQuery(which): InQuery<Which>,
) -> Result<Json<Approvals>, Refusal> {
    let limit = usize::from(limit(which.limit.as_deref())?);
    let before = which.before.as_deref().map(|text| day("before", text)).transpose()?;
    let open = which.open.as_deref().map(is_open).transpose()?;
    let (shop, now) = (Shop::open(&services, at.shop).await?, services.clock.now());
    let mut found = services.store.approvals(&shop.id, now).await?;
    found.retain(|one| {
        before.is_none_or(|before| one.date < before)
            && open.is_none_or(|open| one.is_open(now) == open)
    });
    found.reverse();
    // A night isn't cut in two, so that the next page can begin before it.
    let last = limit.checked_sub(1).and_then(|last| found.get(last)).map(|one| one.date);
    let kept = found.iter().take_while(|one| last.is_none_or(|last| one.date >= last)).count();
    let next = last.filter(|_| kept < found.len());
    let mut approvals = Vec::new();
    for one in found.iter().take(kept) {
        approvals.push(shown(&services, &shop, one, FIRST, None).await?);
    }
    Ok(Json(Approvals { approvals, next }))
}

fn is_open(text: &str) -> Result<bool, Refusal> {
    text.parse().map_err(|_| Refusal::unreadable("unreadable-open", "`open` is true or false"))
}

/// A night's letters of a kind that wait, or waited
///
/// With its letters, page by page.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/approvals/{id}",
    tag = "nights",
    operation_id = "get_approval",
    params(ApprovalPath, WhichLetters),
    responses((status = 200, description = "The batch", body = views::Approval), Refusals),
)]
#[instrument(name = "get_approval", skip_all, fields(shop = %at.shop, approval = %at.id))]
pub(super) async fn one(
    State(services): State<Services>,
    InPath(at): InPath<ApprovalPath>,
    InQuery(which): InQuery<WhichLetters>,
) -> Result<Json<views::Approval>, Refusal> {
    let limit = limit(which.limit.as_deref())?.into();
    let place = which.cursor.as_deref().map(At::read).transpose()?;
    let shop = Shop::open(&services, at.shop).await?;
    let known = known(&services, &shop, &at.id).await?;
    let place = place.map(|place| place.within(known.date)).transpose()?;
    Ok(Json(shown(&services, &shop, &known, limit, place).await?))
}

/// Say which of a night's letters go
///
/// What is approved is planned at once and goes when the mailer's rules allow, if it still
/// makes sense then; the rest is left out. A batch is answered once. Many letters take a while:
/// `settled` says whether all are done, and what is left is done within the hour.
#[utoipa::path(
    post,
    path = "/api/v1/shops/{shop}/approvals/{id}",
    tag = "nights",
    operation_id = "answer_approval",
    params(ApprovalPath),
    request_body = ApprovalWanted,
    responses((status = 200, description = "What became of it", body = Answered), Refusals),
)]
#[instrument(name = "answer_approval", skip_all, fields(shop = %at.shop, approval = %at.id))]
pub(super) async fn answer(
    State(services): State<Services>,
    InPath(at): InPath<ApprovalPath>,
    InBody(wanted): InBody<ApprovalWanted>,
) -> Result<Json<Answered>, Refusal> {
    let (shop, now) = (Shop::open(&services, at.shop).await?, services.clock.now());
    let (store, known) = (&services.store, known(&services, &shop, &at.id).await?);
    if !known.is_open(now) {
        return Err(closed(&known));
    }
    let answer = answer_of(&services, &shop, &known, wanted.approve).await?;
    let named = (known.date, known.kind);
    let Some(answered) = store.answer_approval(&shop.id, named, &answer, now).await? else {
        // Somebody else was faster.
        return Err(closed(&known_again(&services, &shop, known).await?));
    };
    let settled = settle(&services, &shop, &answered).await?;
    let Settled { released, left_out, done } = settled;
    tracing::info!(released, left_out, done, "letters answered");
    let answered = known_again(&services, &shop, answered).await?;
    let approval = shown(&services, &shop, &answered, FIRST, None).await?;
    Ok(Json(Answered { approval, released, left_out, settled: done }))
}

/// What an answer says; every customer it names has a letter that waits.
async fn answer_of(
    services: &Services,
    shop: &Shop,
    approval: &Approval,
    approve: Approve,
) -> Result<ApprovalAnswer, Refusal> {
    let customers = match approve {
        Approve::Word(Word::All) => return Ok(ApprovalAnswer::All),
        Approve::Word(Word::None) => return Ok(ApprovalAnswer::None),
        Approve::Some(customers) => customers,
    };
    if customers.len() > MOST_NAMED {
        let detail = format!(
            "an answer names at most {MOST_NAMED} customers: approve all, or none and ask again \
             the next night"
        );
        return Err(Refusal::unreadable("too-many-customers", detail));
    }
    let customers: Vec<CustomerId> =
        customers.iter().map(|text| customer(text)).collect::<Result<_, _>>()?;
    let named = (approval.date, approval.kind);
    let mut waiting = services.store.decisions_on(&shop.id, named, &customers).await?;
    waiting.retain(|one| one.decision.outcome == Decided::Awaiting);
    let waits = |id: &CustomerId| waiting.iter().any(|one| one.customer == *id);
    let unknown: Vec<&str> =
        customers.iter().filter(|id| !waits(id)).take(NAMED).map(CustomerId::as_str).collect();
    if !unknown.is_empty() {
        let detail = format!(
            "no letter of {} waits for {}: name customers of its `letters`",
            approval.id(),
            unknown.join(", ")
        );
        return Err(Refusal::unreadable("unknown-letter", detail));
    }
    Ok(ApprovalAnswer::Some(customers))
}

/// Settles a batch's letters for as long as she may be kept waiting.
async fn settle(
    services: &Services,
    shop: &Shop,
    approval: &Approval,
) -> Result<Settled, StoreError> {
    let (store, now) = (&services.store, services.clock.now());
    let until = Instant::now().checked_add(SETTLED_WITHIN).unwrap_or_else(Instant::now);
    let mut all = Settled::default();
    while !all.done && Instant::now() < until {
        let settled = store.settle_letters(&shop.id, approval, now, AT_ONCE).await?;
        all.released = all.released.saturating_add(settled.released);
        all.left_out = all.left_out.saturating_add(settled.left_out);
        all.done = settled.done;
    }
    Ok(all)
}

fn closed(approval: &Approval) -> Refusal {
    let id = approval.id();
    if approval.answer.is_some() {
        let detail = format!(
            "{id} was answered before, and an answer stands: `GET` shows what became of it"
        );
        return Refusal::conflict("already-answered", detail);
    }
    let detail = format!(
        "{id} waited until {} and has lapsed: nothing of it goes out. The next night finds what \
         still makes sense",
        approval.until
    );
    Refusal::conflict("too-late", detail)
}

/// The batch that a path names.
async fn known(services: &Services, shop: &Shop, id: &str) -> Result<Approval, Refusal> {
    let unknown = || {
        let detail = format!(
            "the shop `{}` has no letters `{id}`: the list of approvals tells which there are",
            shop.id
        );
        Refusal::unknown("unknown-approval", detail)
    };
    let named = id.split_once('.').and_then(|(date, of)| Some((date.parse().ok()?, of)));
    let Some((date, of)): Option<(Date, &str)> = named else { return Err(unknown()) };
    let Ok(kind): Result<Kind, _> = kind(of) else { return Err(unknown()) };
    services.store.approval(&shop.id, date, kind).await?.ok_or_else(unknown)
}

async fn known_again(
    services: &Services,
    shop: &Shop,
    approval: Approval,
) -> Result<Approval, StoreError> {
    let known = services.store.approval(&shop.id, approval.date, approval.kind).await?;
    Ok(known.unwrap_or(approval))
}

/// A batch with so many of its letters.
async fn shown(
    services: &Services,
    shop: &Shop,
    approval: &Approval,
    limit: usize,
    at: Option<At>,
) -> Result<views::Approval, StoreError> {
    let (date, now) = (approval.date, services.clock.now());
    let mut outcomes = vec![Decided::Awaiting];
    if !approval.is_open(now) {
        outcomes.extend([Decided::Planned, Decided::Refused, Decided::Lapsed]);
    }
    let kind = Some(approval.kind);
    let wanted = Wanted { from: date, to: date, kind, outcomes, limit, at };
    let (letters, next) = wanted.page(services, shop).await?;
    let letters = decisions::shown(services, shop, letters).await?;
    let waiting = match approval.settled {
        true => 0,
        false => services.store.count_awaiting(&shop.id, date, approval.kind).await?,
    };
    let letter = shop.program.mail.letter(approval.kind);
    let offer = letter.and_then(|letter| letter.offer.clone());
    let letters = (letters, next.map(|at| at.to_string()));
    Ok(views::Approval::of(approval, now, waiting, offer, letters))
}
