//! Surveys' results and answers, as the API shows them.

use jiff::Timestamp;
use loyalty::estimate::Estimate;
use loyalty::survey::{self, Score};
use platform::store::{self, Asked, Contact};
use serde::Serialize;
use utoipa::ToSchema;

use super::{OrderName, mirror};

mirror!(
    /// What a survey asks: how it was (1 to 5), or how likely she is to recommend the shop
    /// (0 to 10).
    Question = survey::Question { Csat, Nps }
);

/// What surveys found, by question.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct SurveyResults {
    /// The first month.
    #[schema(example = "2026-01")]
    pub(in crate::api) from: String,
    /// The last month.
    #[schema(example = "2026-12")]
    pub(in crate::api) to: String,
    /// Each question that was asked.
    pub(in crate::api) questions: Vec<QuestionResults>,
}

/// What surveys of one question found.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct QuestionResults {
    /// The question.
    pub(in crate::api) question: Question,
    /// All of them.
    pub(in crate::api) overall: SurveyGroup,
    /// By the month (UTC) in which people were asked; answers at the counter by that they were
    /// given in.
    pub(in crate::api) by_month: Vec<SurveyGroup>,
    /// By tier at the first answer.
    pub(in crate::api) by_tier: Vec<SurveyGroup>,
    /// By product: an order of several counts for each of them.
    pub(in crate::api) by_product: Vec<SurveyGroup>,
    /// By where the order came from, and `counter`.
    pub(in crate::api) by_channel: Vec<SurveyGroup>,
}

/// What a group of answers adds up to.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct SurveyGroup {
    /// The month, tier, product or channel; null for all of them.
    #[schema(example = "2026-11")]
    pub(in crate::api) name: Option<String>,
    /// How many were asked by mail; null by tier and product, which aren't known of who didn't
    /// answer.
    pub(in crate::api) asked: Option<u64>,
    /// How many of those answered.
    pub(in crate::api) answered: u64,
    /// How many answered at the counter.
    pub(in crate::api) anonymous: u64,
    /// Of those who were asked, how many of a hundred answered; null where nobody was asked.
    pub(in crate::api) response_rate: Option<SurveyEstimate>,
    /// How many gave each score, the lowest first.
    pub(in crate::api) scores: Vec<ScoreCount>,
    /// CSAT: how many of a hundred gave 4 or 5. NPS: how many of a hundred gave 9 or 10, less
    /// those who gave 0 to 6. Null where nobody answered.
    pub(in crate::api) result: Option<SurveyEstimate>,
    /// Whether there are answers enough for the result to say something: at least 5.
    pub(in crate::api) enough: bool,
}

/// An estimate with its 95 % interval.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct SurveyEstimate {
    /// What was seen.
    #[schema(example = 62.5)]
    value: f64,
    /// The lower end.
    #[schema(example = 45.3)]
    low: f64,
    /// The upper end.
    #[schema(example = 77.1)]
    high: f64,
}

/// How many gave a score.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ScoreCount {
    /// The score.
    pub(in crate::api) score: u8,
    /// How many.
    pub(in crate::api) count: u64,
}

impl From<Estimate> for SurveyEstimate {
    fn from(estimate: Estimate) -> Self {
        let Estimate { value, low, high } = estimate.rounded();
        Self { value, low, high }
    }
}

/// Answers, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct SurveyAnswers {
    /// The answers.
    pub(in crate::api) answers: Vec<SurveyAnswer>,
    /// What to send as `before` for older ones; null at the end.
    pub(in crate::api) next: Option<String>,
}

/// An answer, as it counts.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct SurveyAnswer {
    /// Who; null for an answer at the counter.
    customer: Option<String>,
    /// Her name; null where none is known, and once she was erased.
    name: Option<String>,
    /// Whether nobody knows who answered: at the counter.
    anonymous: bool,
    /// What was asked.
    question: Question,
    /// The order it was about; null for an answer at the counter.
    order: Option<OrderName>,
    /// The score.
    score: u8,
    /// The same in words.
    #[schema(example = "2 of 5")]
    score_in_words: String,
    /// Whether somebody has to look after it.
    low: bool,
    /// What she wrote.
    comment: Option<String>,
    /// When she answered.
    at: Timestamp,
    /// When she was asked; null for an answer at the counter.
    asked_at: Option<Timestamp>,
    /// How often she answered: the last counts.
    times: u32,
    /// What she answered before, oldest first.
    earlier: Vec<EarlierAnswer>,
    /// Her tier when she first answered.
    tier: Option<String>,
    /// What the order was of, as its source names it.
    products: Vec<String>,
    /// `shopify`, `square` or `counter`.
    channel: String,
    /// The follow-up that a low score of it opened.
    follow_up: Option<String>,
}

/// An answer that another replaced.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct EarlierAnswer {
    /// When.
    at: Timestamp,
    /// The score.
    score: u8,
    /// What she wrote.
    comment: Option<String>,
}

impl From<&store::Answer> for EarlierAnswer {
    fn from(answer: &store::Answer) -> Self {
        Self { at: answer.at, score: answer.score, comment: answer.comment.clone() }
    }
}

/// A score as a person says it.
pub(in crate::api) fn score_in_words(score: u8, question: survey::Question) -> String {
    format!("{score} of {}", question.best())
}

/// Where an answer came by.
pub(in crate::api) fn channel(asked: &Asked) -> String {
    asked.survey().map_or_else(|| "counter".to_owned(), |survey| survey.order.source.to_string())
}

impl SurveyAnswer {
    /// An answer of somebody with this contact; `None`: there is no answer.
    pub(in crate::api) fn of(asked: &Asked, contact: Option<&Contact>) -> Option<Self> {
        let (answer, survey) = (asked.answer()?, asked.survey());
        let customer = match asked {
            Asked::Somebody(customer, _) => Some(customer.to_string()),
            Asked::Counter(_) => None,
        };
        let earlier = survey.and_then(|survey| survey.answers.split_last());
        Some(Self {
            anonymous: customer.is_none(),
            customer,
            name: contact.and_then(|contact| contact.name.clone()),
            question: asked.question().into(),
            order: survey.map(|survey| (&survey.order).into()),
            score: answer.score,
            score_in_words: score_in_words(answer.score, asked.question()),
            low: asked.score().is_some_and(Score::is_low),
            comment: answer.comment.clone(),
            at: answer.at,
            asked_at: survey.map(|survey| survey.asked_at),
            times: survey.map_or(1, |survey| survey.answered.max(1)),
            earlier: earlier
                .map_or_else(Vec::new, |(_, rest)| rest.iter().map(EarlierAnswer::from).collect()),
            tier: survey.and_then(|survey| survey.tier.as_ref()).map(ToString::to_string),
            products: survey.map(|survey| survey.products.clone()).unwrap_or_default(),
            channel: channel(asked),
            follow_up: survey.and_then(|survey| survey.follow_up.clone()),
        })
    }
}

/// What became of a "You said, we did".
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct SaidPlanned {
    /// How many people answered in those months, each once: to so many it would go, or goes,
    /// where consent and the caps allow it when it is sent.
    pub(in crate::api) answered: u64,
    /// How many of them it waits for, because a low score of theirs waits for an answer.
    pub(in crate::api) waiting: u64,
    /// Messages written by this request.
    pub(in crate::api) planned: u64,
    /// Whether there are more to write: send the same again, with `cursor`.
    pub(in crate::api) left: bool,
    /// Where to go on; null where all are written.
    pub(in crate::api) cursor: Option<String>,
}
