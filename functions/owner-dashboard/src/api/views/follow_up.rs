//! Follow-ups, as the API shows them.

use jiff::Timestamp;
use jiff::civil::Date;
use loyalty::program::Program;
use loyalty::survey::{self, AnswerBy as By};
use loyalty::{Money, Overflow};
use platform::store::{self, Customer, FollowedUp, Survey};
use serde::Serialize;
use utoipa::ToSchema;

use super::survey::{EarlierAnswer, Question, score_in_words};
use super::{Amount, OrderName, mirror};

mirror!(
    /// How she may be answered: by mail, by a call, or not at all.
    AnswerBy = survey::AnswerBy { Mail, Phone, No }
);

/// Follow-ups: those that are open the longest waiting first, closed ones the last closed first.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct FollowUps {
    /// The follow-ups.
    pub(in crate::api) follow_ups: Vec<FollowUpInShort>,
}

/// A low score that waits, or waited, for a person.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct FollowUpInShort {
    /// Its id.
    #[schema(example = "k3x5e1126sgsf")]
    id: String,
    /// Who gave the score.
    customer: String,
    /// Her name; null where none is known, and once she was erased.
    name: Option<String>,
    /// The order the survey asked about.
    order: OrderName,
    /// What it asked.
    question: Question,
    /// The score as it now stands: she may have changed her mind.
    score: u8,
    /// The same in words.
    #[schema(example = "2 of 5")]
    score_in_words: String,
    /// Whether she wrote something too.
    with_words: bool,
    /// How she may be answered; null where she didn't say.
    answer_by: Option<AnswerBy>,
    /// Whether it waits for somebody.
    open: bool,
    /// When it was opened, the last time.
    opened_at: Timestamp,
    /// Which opening that was, from 1.
    round: u32,
    /// Whether somebody answered or called her since.
    answered: bool,
    /// When it was closed.
    closed_at: Option<Timestamp>,
    /// What was done, oldest first.
    steps: Vec<FollowUpStep>,
}

/// Something that was done about a follow-up.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct FollowUpStep {
    /// When.
    at: Timestamp,
    /// What.
    did: FollowUpDid,
    /// Points she was given; null for anything else.
    points: Option<i64>,
}

/// What was done: answered by mail, called, gave points, or closed it.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::api) enum FollowUpDid {
    Answered,
    Called,
    Gave,
    Closed,
}

/// A follow-up with all that helps to answer her.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct FollowUpInFull {
    /// The follow-up.
    follow_up: FollowUpInShort,
    /// Her address; null unless she may be answered by mail.
    email: Option<String>,
    /// Her number; null unless she may be answered by a call.
    phone: Option<String>,
    /// Whether she takes part.
    member: bool,
    /// Since when.
    member_since: Option<Timestamp>,
    /// Her tier's name; null for who isn't a member.
    tier: Option<String>,
    /// Points to be spent now.
    points: i64,
    /// Orders of which something is kept, ever.
    orders: i64,
    /// Money kept of them, ever.
    spent: Amount,
    /// The first day she paid.
    first_order_at: Option<Date>,
    /// The last days she paid, the latest last.
    visits: Vec<Date>,
    /// What she wrote last.
    comment: Option<String>,
    /// What she answered before, oldest first.
    earlier: Vec<EarlierAnswer>,
    /// What the order was of, as its source names it.
    products: Vec<String>,
    /// Until when marketing mail to her waits; null where it doesn't.
    marketing_held_until: Option<Timestamp>,
    /// An answer to begin with, in her language; null where she can't be answered by mail.
    draft: Option<String>,
}

impl FollowUpInShort {
    /// A follow-up of somebody of this name.
    pub(in crate::api) fn of(follow_up: &store::FollowUp, name: Option<String>) -> Self {
        Self {
            id: follow_up.id.clone(),
            customer: follow_up.customer.to_string(),
            name,
            order: (&follow_up.order).into(),
            question: follow_up.question.into(),
            score: follow_up.score,
            score_in_words: score_in_words(follow_up.score, follow_up.question),
            with_words: follow_up.with_words,
            answer_by: follow_up.answer_by.map(Into::into),
            open: follow_up.is_open(),
            opened_at: follow_up.opened_at,
            round: follow_up.round,
            answered: follow_up.was_answered(),
            closed_at: follow_up.closed_at,
            steps: follow_up.steps.iter().map(FollowUpStep::of).collect(),
        }
    }
}

impl FollowUpStep {
    fn of(step: &store::Step) -> Self {
        let (did, points) = match &step.what {
            FollowedUp::Answered { .. } => (FollowUpDid::Answered, None),
            FollowedUp::Called => (FollowUpDid::Called, None),
            FollowedUp::Gave { points, .. } => (FollowUpDid::Gave, Some(points.0)),
            FollowedUp::Closed => (FollowUpDid::Closed, None),
        };
        Self { at: step.at, did, points }
    }
}

impl FollowUpInFull {
    /// A follow-up of this customer, whose survey this is.
    pub(in crate::api) fn of(
        follow_up: &store::FollowUp,
        customer: &Customer,
        survey: Option<Survey>,
        program: &Program,
        draft: Option<String>,
    ) -> Result<Self, Overflow> {
        let (account, contact) = (&customer.account, customer.contact.clone().unwrap_or_default());
        let (ever, by) = (account.facts.ever, follow_up.answer_by);
        let tier = account.tier.as_ref().map(|held| {
            program.tier(&held.id).map_or_else(|| held.id.to_string(), |tier| tier.name.clone())
        });
        let answers = survey.as_ref().map(|survey| &*survey.answers).unwrap_or_default();
        let (last, earlier) = match answers.split_last() {
            Some((last, earlier)) => (Some(last), earlier),
            None => (None, answers),
        };
        Ok(Self {
            follow_up: FollowUpInShort::of(follow_up, contact.name),
            email: contact.email.filter(|_| by == Some(By::Mail)),
            phone: contact.phone.filter(|_| by == Some(By::Phone)),
            member: account.is_member(),
            member_since: account.member_since,
            tier,
            points: account.wallet.available()?.0,
            orders: ever.orders,
            spent: Money { minor: ever.spend, currency: program.shop.currency }.into(),
            first_order_at: account.facts.first,
            visits: account.facts.days.clone(),
            comment: last.and_then(|answer| answer.comment.clone()),
            earlier: earlier.iter().map(EarlierAnswer::from).collect(),
            products: survey.as_ref().map(|survey| survey.products.clone()).unwrap_or_default(),
            marketing_held_until: account.held_until,
            draft,
        })
    }
}
