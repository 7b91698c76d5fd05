//! What the nights decided, as the API shows it.

use jiff::Timestamp;
use jiff::civil::Date;
use loyalty::mail::Kind;
use platform::store::{DecidedOn, Message};
use serde::Serialize;
use utoipa::ToSchema;

pub(in crate::api) use super::message::Decided;
use super::message::{MessageReason, MessageState};

/// A page of decisions, newest day first.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Decisions {
    /// The decisions.
    pub(in crate::api) decisions: Vec<Decision>,
    /// What to ask for next as `cursor`; null at the end.
    pub(in crate::api) next: Option<String>,
}

/// What was decided about a kind of mail to somebody on a day, why, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Decision {
    /// The shop's day.
    date: Date,
    /// When it was decided.
    at: Timestamp,
    /// The customer.
    #[schema(example = "3w5e11264sgsf")]
    customer: String,
    /// The kind.
    #[schema(value_type = String, example = "win-back")]
    kind: Kind,
    /// What causes the mail. One trigger is one message, ever.
    #[schema(example = "win-back after 2026-03-01 1")]
    trigger: String,
    /// What was decided.
    outcome: Decided,
    /// Why it is left out.
    reason: Option<MessageReason>,
    /// What it rests on, in words.
    #[schema(example = json!(["last visit 2026-03-01", "usual gap 12 days"]))]
    facts: Vec<String>,
    /// The test that held her out, by chance.
    test: Option<String>,
    /// The message of a `planned` one. It may tell more that the same night found.
    message: Option<DecidedMessage>,
}

/// How far the message is that tells what was decided.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct DecidedMessage {
    /// Its id.
    #[schema(example = "4oymiquy7qobjgx36tejs35zeq")]
    id: String,
    /// How far it is.
    state: MessageState,
    /// When it is looked at next; null once it is settled.
    due: Option<Timestamp>,
    /// When it was sent.
    sent_at: Option<Timestamp>,
    /// Why it waits, or why something in it was left out.
    reasons: Vec<MessageReason>,
}

impl From<&Message> for DecidedMessage {
    fn from(message: &Message) -> Self {
        Self {
            id: message.id.clone(),
            state: message.state.into(),
            due: message.due,
            sent_at: message.sent_at,
            reasons: MessageReason::of(message),
        }
    }
}

impl Decision {
    pub(in crate::api) fn of(one: DecidedOn, message: Option<&Message>) -> Self {
        let DecidedOn { customer, decision } = one;
        Self {
            date: decision.date,
            at: decision.at,
            customer: customer.to_string(),
            kind: decision.kind,
            trigger: decision.trigger,
            outcome: decision.outcome.into(),
            reason: decision.why.map(|why| MessageReason::new(Some(decision.kind), why)),
            facts: decision.facts.iter().map(ToString::to_string).collect(),
            test: decision.test,
            message: message.map(DecidedMessage::from),
        }
    }
}
