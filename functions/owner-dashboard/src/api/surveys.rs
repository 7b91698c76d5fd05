//! Surveys: what they found, what people answered, and what the owner says to those who did.

mod results;
mod said;

use axum::Json;
use axum::extract::State;
use loyalty::survey::Score;
use platform::Services;
use platform::store::{AnswerPlace, Asked};
use serde::Deserialize;
use tracing::instrument;
use utoipa::IntoParams;

pub(super) use self::results::{__path_results, results};
pub(super) use self::said::{__path_say, say};
use super::openapi::Refusals;
use super::params::{InPath, InQuery, ShopPath, limit, month, this_month};
use super::refusal::Refusal;
use super::shop::Shop;
use super::views::{SurveyAnswer, SurveyAnswers};

/// Which answers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// The month (UTC) in which people were asked, and in which the answers at the counter were
    /// given; without it this month.
    #[param(example = "2026-11")]
    month: Option<String>,
    /// Only low scores, or only the others.
    #[param(value_type = Option<bool>)]
    low: Option<String>,
    /// Only answers to this question: `csat` or `nps`.
    #[param(example = "csat")]
    question: Option<String>,
    /// Most answers to answer with.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the page before this one; without it the newest.
    before: Option<String>,
}

/// Answers to surveys
///
/// Newest first, each as it counts, with what it replaced; answers at the counter are marked
/// `anonymous`. Comments are personal data: they stand here and in follow-ups alone, and go when
/// she is erased. A page may have fewer answers than asked for; while there may be more, `next`
/// says how to ask for them.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/surveys/answers",
    tag = "surveys",
    operation_id = "list_survey_answers",
    params(ShopPath, Which),
    responses((status = 200, description = "A page of answers", body = SurveyAnswers), Refusals),
)]
#[instrument(name = "list_survey_answers", skip_all, fields(shop = %at.shop))]
pub(super) async fn answers(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
    InQuery(which): InQuery<Which>,
) -> Result<Json<SurveyAnswers>, Refusal> {
    let wanted_month = which.month.as_deref().map(|text| month("month", text)).transpose()?;
    let low = which.low.as_deref().map(is_low).transpose()?;
    let question = which.question.as_deref().map(question).transpose()?;
    let limit = usize::from(limit(which.limit.as_deref())?);
    let before = which.before.as_deref().map(place).transpose()?;
    let begun = before.as_ref().map(|place| place.month);
    if wanted_month.zip(begun).is_some_and(|(month, begun)| month != begun) {
        return Err(no_place());
    }
    let month = wanted_month.or(begun).unwrap_or_else(|| this_month(&services));
    let (shop, store) = (Shop::open(&services, at.shop).await?, &services.store);
    let has = |asked: &Asked| {
        let is_low = asked.score().map(Score::is_low);
        is_low.is_some()
            && low.is_none_or(|low| is_low == Some(low))
            && question.is_none_or(|question| asked.question() == question)
    };
    let page = store.answers_page(&shop.id, month, before, limit, has).await?;
    let who = |asked: &Asked| match asked {
        Asked::Somebody(customer, _) => Some(customer.clone()),
        Asked::Counter(_) => None,
    };
    let ids: Vec<_> = page.answers.iter().filter_map(who).collect();
    let contacts = store.contacts(&shop.id, &ids).await?;
    let shown = |asked: &Asked| {
        let contact = who(asked).and_then(|customer| contacts.get(&customer));
        SurveyAnswer::of(asked, contact)
    };
    let answers = page.answers.iter().filter_map(shown).collect();
    Ok(Json(SurveyAnswers { answers, next: page.next.map(|place| place.to_string()) }))
}

fn is_low(text: &str) -> Result<bool, Refusal> {
    text.parse().map_err(|_| Refusal::unreadable("unreadable-low", "`low` is true or false"))
}

fn question(text: &str) -> Result<loyalty::survey::Question, Refusal> {
    let detail = "`question` is csat or nps";
    text.parse().map_err(|_| Refusal::unreadable("unreadable-question", detail))
}

fn place(text: &str) -> Result<AnswerPlace, Refusal> {
    text.parse().map_err(|_| no_place())
}

fn no_place() -> Refusal {
    let detail = "`before` isn't a place among these answers: use the `next` of an earlier page";
    Refusal::unreadable("unreadable-before", detail)
}
