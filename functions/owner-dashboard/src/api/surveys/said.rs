//! "You said, we did": what the owner says to those who answered.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use loyalty::ids::CustomerId;
use loyalty::mail::Kind;
use loyalty::mail::plan::{About, Draft};
use loyalty::month::Month;
use platform::Services;
use platform::store::Said;
use serde::Deserialize;
use tracing::instrument;
use utoipa::{IntoParams, ToSchema};

use crate::api::follow_ups::said as text_of;
use crate::api::openapi::Refusals;
use crate::api::params::{InBody, InPath, InQuery, ShopPath, customer, month};
use crate::api::refusal::Refusal;
use crate::api::shop::Shop;
use crate::api::views::SaidPlanned;

/// The longest text, in characters.
const LONGEST_TEXT: usize = 3_000;
/// The longest name of it, in characters.
const LONGEST_ID: usize = 40;
/// Most months of answers.
const MOST_MONTHS: i32 = 24;
/// Most messages written by one request.
const AT_ONCE: usize = 200;

/// What is said, and to whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct SaidWanted {
    /// What it is called: up to 40 letters, digits, `-` and `.`. Nobody gets two of one name.
    #[schema(example = "2026-10")]
    id: String,
    /// The first month whose answers it is about, by the shop's clock.
    #[schema(example = "2026-10")]
    answered_from: String,
    /// The last.
    #[schema(example = "2026-10")]
    answered_to: String,
    /// What it says: 1 to 3,000 characters.
    text: String,
    /// The `cursor` of the answer before, to go on.
    #[serde(default)]
    cursor: Option<String>,
}

/// Whether to write it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Only {
    /// True: only say how many would get it.
    #[serde(default)]
    #[param(required = false, default = false)]
    dry_run: bool,
}

/// Tell those who answered what became of it
///
/// One mail each, to everybody who answered in those months; consent and the caps are looked at
/// when it is sent, and it waits for those whose low score waits. At most 200 are written by one
/// request: while `left` is true, send the same again with `cursor`. Sent again without, it
/// writes nobody a second one. The same name can't say something else.
#[utoipa::path(
    post,
    path = "/api/v1/shops/{shop}/surveys/said",
    tag = "surveys",
    operation_id = "say_what_was_done",
    params(ShopPath, Only),
    request_body = SaidWanted,
    responses((status = 200, description = "How many get it", body = SaidPlanned), Refusals),
)]
#[instrument(name = "say_what_was_done", skip_all, fields(shop = %at.shop))]
pub(in crate::api) async fn say(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
    InQuery(only): InQuery<Only>,
    InBody(wanted): InBody<SaidWanted>,
) -> Result<Json<SaidPlanned>, Refusal> {
    let text = text_of("text", &wanted.text, LONGEST_TEXT)?;
    let (from, to) = span(&wanted)?;
    let id = named(&wanted.id)?;
    let after = wanted.cursor.as_deref().map(customer).transpose()?;
    let (shop, now) = (Shop::open(&services, at.shop).await?, services.clock.now());
    let said = Said::new(id, (from, to), &text, now);
    let known = match only.dry_run {
        true => services.store.said(&shop.id, id).await?,
        false => Some(services.store.keep_said(&shop.id, &said).await?),
    };
    if known.is_some_and(|known| !known.is_same(&said)) {
        let detail = format!(
            "`{id}` says something else already, or to others: what was said isn't changed. \
             Give this another `id`"
        );
        return Err(Refusal::conflict("said-already", detail));
    }
    let people = who_answered(&services, &shop, (from, to), now).await?;
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let (answered, waiting) = (people.len(), people.values().filter(|waits| **waits).count());
    let (answered, waiting) = (number(answered), number(waiting));
    if only.dry_run {
        return Ok(Json(SaidPlanned { answered, waiting, planned: 0, left: false, cursor: None }));
    }
    let mut rest = people.keys().filter(|one| after.as_ref().is_none_or(|after| *one > after));
    let (mut planned, mut last) = (0_u64, None);
    for one in rest.by_ref().take(AT_ONCE) {
        let about = About::YouSaid { id: id.to_owned(), text: text.clone() };
        let draft = draft(about, now);
        let written = services.store.plan_message(&shop.id, one, draft, now).await?;
        planned = planned.saturating_add(written.is_some().into());
        last = Some(one);
    }
    let left = rest.next().is_some();
    tracing::info!(planned, left, "said what was done");
    let cursor = last.filter(|_| left).map(ToString::to_string);
    Ok(Json(SaidPlanned { answered, waiting, planned, left, cursor }))
}

fn draft(about: About, now: Timestamp) -> Draft {
    Draft {
        about,
        from: now,
        sections: vec![Kind::YouSaid],
        due: now,
        fact_at: now,
        news_from: now,
        caused_at: None,
    }
}

fn span(wanted: &SaidWanted) -> Result<(Month, Month), Refusal> {
    let from = month("answered_from", &wanted.answered_from)?;
    let to = month("answered_to", &wanted.answered_to)?;
    if from > to || from.plus(MOST_MONTHS) <= to {
        let detail = format!(
            "`answered_from` is a month up to `answered_to`, and both span {MOST_MONTHS} at most"
        );
        return Err(Refusal::unreadable("unreadable-span", detail));
    }
    Ok((from, to))
}

fn named(id: &str) -> Result<&str, Refusal> {
    let fits = |c: u8| c.is_ascii_alphanumeric() || b"-.".contains(&c);
    if (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(fits) {
        return Ok(id);
    }
    let detail = "`id` has 1 to 40 letters, digits, `-` and `.`, such as 2026-10";
    Err(Refusal::unreadable("unreadable-id", detail))
}

/// Who answered in these months by the shop's clock, each once under the name that stands for
/// her, and whether a low score of hers waits.
async fn who_answered(
    services: &Services,
    shop: &Shop,
    (from, to): (Month, Month),
    now: Timestamp,
) -> Result<BTreeMap<CustomerId, bool>, Refusal> {
    let (store, mut people) = (&services.store, BTreeMap::new());
    // Who answers in a month may have been asked in the one before; lists are by UTC.
    let (mut listed, last) = (from.plus(-1), to.plus(1));
    while listed <= last {
        for asked in store.asked_in(&shop.id, listed).await? {
            let platform::store::Asked::Somebody(customer, survey) = asked else { continue };
            let in_span = |at| {
                let month = Month::of(shop.program.local_day(at));
                (from..=to).contains(&month)
            };
            if !survey.answers.iter().any(|answer| in_span(answer.at)) {
                continue;
            }
            if let Some(found) = store.customer(&shop.id, &customer).await? {
                let waits = found.account.held_until.is_some_and(|until| until > now);
                if found.contact.is_some() {
                    people.insert(found.id, waits);
                }
            }
        }
        listed = listed.plus(1);
    }
    Ok(people)
}
