//! What surveys found.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use loyalty::month::Month;
use loyalty::survey::{self, Question, Score};
use platform::Services;
use platform::store::Asked;
use serde::Deserialize;
use tracing::instrument;
use utoipa::IntoParams;

use crate::api::openapi::Refusals;
use crate::api::params::{InPath, InQuery, ShopPath, month, this_month};
use crate::api::refusal::Refusal;
use crate::api::shop::Shop;
use crate::api::views::{QuestionResults, ScoreCount, SurveyGroup, SurveyResults, channel};

/// Most months looked at at once.
const MOST_MONTHS: i32 = 24;

/// Which months.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Months {
    /// The first month; without it eleven before the last.
    #[param(example = "2026-01")]
    from: Option<String>,
    /// The last month; without it this one. At most 24 months.
    #[param(example = "2026-12")]
    to: Option<String>,
}

/// What some answers were.
#[derive(Debug, Default)]
struct Tally {
    asked: usize,
    answered: usize,
    anonymous: usize,
    scores: Vec<Score>,
}

/// What the answers to one question were.
#[derive(Debug, Default)]
struct Tallies {
    overall: Tally,
    months: BTreeMap<String, Tally>,
    tiers: BTreeMap<String, Tally>,
    products: BTreeMap<String, Tally>,
    channels: BTreeMap<String, Tally>,
}

/// What surveys found
///
/// Per question, in all and by month, tier, product and channel, with 95 % intervals. A month is
/// that in which people were asked (UTC), so that the response rate is of the same people;
/// answers at the counter are of the month in which they were given, and no part of any
/// response rate.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/surveys/results",
    tag = "surveys",
    operation_id = "get_survey_results",
    params(ShopPath, Months),
    responses((status = 200, description = "What surveys found", body = SurveyResults), Refusals),
)]
#[instrument(name = "get_survey_results", skip_all, fields(shop = %at.shop))]
pub(in crate::api) async fn results(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
    InQuery(months): InQuery<Months>,
) -> Result<Json<SurveyResults>, Refusal> {
    let (from, to) = span(&months, &services)?;
    let shop = Shop::open(&services, at.shop).await?;
    let mut tallies: BTreeMap<Question, Tallies> = BTreeMap::new();
    let mut month = from;
    while month <= to {
        for asked in services.store.asked_in(&shop.id, month).await? {
            tallies.entry(asked.question()).or_default().count(&asked, month);
        }
        month = month.plus(1);
    }
    let questions = tallies.into_iter().map(|(question, all)| all.shown(question)).collect();
    Ok(Json(SurveyResults { from: from.to_string(), to: to.to_string(), questions }))
}

fn span(months: &Months, services: &Services) -> Result<(Month, Month), Refusal> {
    let read =
        |name, text: &Option<String>| text.as_deref().map(|text| month(name, text)).transpose();
    let to = read("to", &months.to)?.unwrap_or_else(|| this_month(services));
    let from = read("from", &months.from)?.unwrap_or_else(|| to.plus(-11));
    if from > to || from.plus(MOST_MONTHS) <= to {
        let detail = format!("`from` is a month up to `to`, and both span {MOST_MONTHS} at most");
        return Err(Refusal::unreadable("unreadable-span", detail));
    }
    Ok((from, to))
}

impl Tallies {
    fn count(&mut self, asked: &Asked, month: Month) {
        self.overall.count(asked);
        self.months.entry(month.to_string()).or_default().count(asked);
        self.channels.entry(channel(asked)).or_default().count(asked);
        let Some(survey) = asked.survey().filter(|survey| survey.answer().is_some()) else {
            return;
        };
        if let Some(tier) = &survey.tier {
            self.tiers.entry(tier.to_string()).or_default().count(asked);
        }
        for product in &survey.products {
            self.products.entry(product.clone()).or_default().count(asked);
        }
    }

    fn shown(self, question: Question) -> QuestionResults {
        let all = |tallies: BTreeMap<String, Tally>, knows_asked| {
            let shown =
                |(name, tally): (String, Tally)| tally.shown(question, Some(name), knows_asked);
            tallies.into_iter().map(shown).collect()
        };
        QuestionResults {
            question: question.into(),
            overall: self.overall.shown(question, None, true),
            by_month: all(self.months, true),
            by_tier: all(self.tiers, false),
            by_product: all(self.products, false),
            by_channel: all(self.channels, true),
        }
    }
}

impl Tally {
    fn count(&mut self, asked: &Asked) {
        let one = |count: &mut usize, is_one: bool| *count = count.saturating_add(is_one.into());
        let is_mail = asked.survey().is_some();
        one(&mut self.asked, is_mail);
        one(&mut self.answered, is_mail && asked.answer().is_some());
        one(&mut self.anonymous, !is_mail);
        self.scores.extend(asked.score());
    }

    fn shown(self, question: Question, name: Option<String>, knows_asked: bool) -> SurveyGroup {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let Self { asked, answered, anonymous, scores } = self;
        let found = survey::results(question, scores);
        let rate = survey::response_rate(answered, asked).filter(|_| knows_asked);
        let counted =
            |one: &survey::Count| ScoreCount { score: one.score, count: number(one.count) };
        SurveyGroup {
            name,
            asked: knows_asked.then(|| number(asked)),
            answered: number(answered),
            anonymous: number(anonymous),
            response_rate: rate.map(Into::into),
            scores: found.counts.iter().map(counted).collect(),
            result: found.result.map(Into::into),
            enough: found.is_enough,
        }
    }
}
