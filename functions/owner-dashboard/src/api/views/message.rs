//! Messages and decisions about mail, as the API shows them.

use jiff::Timestamp;
use jiff::civil::Date;
use loyalty::mail::{Class, Kind, WhyNot};
use platform::store::{self, Kept};
use serde::Serialize;
use utoipa::ToSchema;

use super::mirror;

mirror!(
    /// How far a message is: it waits for its time; somebody is about to send it; it was
    /// sent; whether it was sent isn't known, and won't be tried again; it can't be sent; or
    /// it was left out.
    MessageState = store::MessageState { Waiting, Claimed, Sent, Unknown, Failed, Dropped }
);

mirror!(
    /// What was decided about a kind of mail: it is left out; it is to be told; a test held her
    /// out, by chance; it waits for the owner's approval; the owner said no; or she didn't say
    /// anything for too long.
    Decided = store::Decided { Skipped, Planned, HeldOut, Awaiting, Refused, Lapsed }
);

/// Whom a message goes to.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::api) enum To {
    Customer,
    Owner,
}

/// A page of messages, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Messages {
    /// The messages.
    messages: Vec<Message>,
    /// What to ask for next as `cursor`; null at the end.
    next: Option<String>,
}

/// What was to be told to a customer, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Message {
    /// Its id, which the mail carries as a tag.
    #[schema(example = "4oymiquy7qobjgx36tejs35zeq")]
    id: String,
    /// The customer.
    customer: String,
    /// What caused it. One trigger is one message, ever.
    #[schema(example = "order shopify:820982911946154508")]
    trigger: String,
    /// What it tells, or was to tell, the most important first.
    #[schema(value_type = Vec<String>, example = json!(["tier-reached", "receipt"]))]
    kinds: Vec<Kind>,
    /// `asked-for`, `account` or `marketing`: that of the kind that asks the most.
    #[schema(value_type = String, example = "account")]
    class: Class,
    /// How far it is.
    state: MessageState,
    /// Whom it goes to; null until that is decided.
    to: Option<To>,
    /// When it was planned.
    at: Timestamp,
    /// When it is looked at next; null once it is settled.
    due: Option<Timestamp>,
    /// When it was sent.
    sent_at: Option<Timestamp>,
    /// When the recipient's server took it.
    delivered_at: Option<Timestamp>,
    /// That it came back; null where it didn't.
    bounced: Option<MessageBounced>,
    /// When the recipient called it spam.
    complained_at: Option<Timestamp>,
    /// Why it waits, or why something in it was left out.
    reasons: Vec<MessageReason>,
    /// What is wrong with it and what to do; null where nothing is.
    trouble: Option<String>,
    /// Whether it was tried until it made no sense any more.
    gave_up: bool,
    /// How often sending it failed.
    tries: u16,
}

/// A mail that came back.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct MessageBounced {
    /// When.
    at: Timestamp,
    /// Whether for good.
    permanent: bool,
}

/// Why something isn't told.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct MessageReason {
    /// What isn't told; null where it is the whole message.
    #[schema(value_type = Option<String>, example = "welcome")]
    kind: Option<Kind>,
    /// The reason by its name.
    #[schema(value_type = String, example = "no-consent")]
    code: WhyNot,
    /// The reason in words.
    #[schema(example = "there is no sufficient consent to marketing mail")]
    text: String,
}

/// A customer's messages, and why there were no others.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct CustomerMessages {
    /// The messages.
    messages: Vec<Message>,
    /// What was decided without leaving a message.
    decisions: Vec<MailDecision>,
}

/// Why somebody got no mail of a kind on a day.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct MailDecision {
    /// The shop's day.
    date: Date,
    /// When it was decided.
    at: Timestamp,
    /// What would have caused the mail.
    trigger: String,
    /// The kind.
    #[schema(value_type = String, example = "win-back")]
    kind: Kind,
    /// What was decided. What became of a `planned` one is told by the message of its trigger.
    outcome: Decided,
    /// Why it is left out.
    reason: Option<MessageReason>,
    /// What it rests on, in words.
    #[schema(example = json!(["last visit 2026-03-01", "usual gap 12 days"]))]
    facts: Vec<String>,
}

impl MessageReason {
    pub(in crate::api) fn new(kind: Option<Kind>, why: WhyNot) -> Self {
        Self { kind, code: why, text: why.to_string() }
    }

    /// Why a message waits, and why something in it was left out.
    pub(super) fn of(message: &store::Message) -> Vec<Self> {
        let waits = message.waits_for.map(|why| Self::new(None, why));
        let without = message.without.iter();
        let without = without.map(|(kind, why)| Self::new(Some(*kind), *why));
        waits.into_iter().chain(without).collect()
    }
}

impl From<Kept> for Message {
    fn from(Kept { customer, message }: Kept) -> Self {
        let to = message.claim.as_ref().map(|claim| match claim.to_owner {
            true => To::Owner,
            false => To::Customer,
        });
        let bounced = message.bounced;
        let bounced = bounced.map(|one| MessageBounced { at: one.at, permanent: one.permanent });
        Self {
            customer: customer.to_string(),
            trigger: message.trigger(),
            kinds: message.kinds().to_vec(),
            class: message.class(),
            state: message.state.into(),
            to,
            at: message.planned_at,
            due: message.due,
            sent_at: message.sent_at,
            delivered_at: message.delivered_at,
            bounced,
            complained_at: message.complained_at,
            reasons: MessageReason::of(&message),
            trouble: message.trouble,
            gave_up: message.gave_up,
            tries: message.tries,
            id: message.id,
        }
    }
}

impl From<store::MessagePage> for Messages {
    fn from(page: store::MessagePage) -> Self {
        let next = page.next.map(|place| place.to_string());
        Self { messages: page.messages.into_iter().map(Into::into).collect(), next }
    }
}

impl CustomerMessages {
    pub(in crate::api) fn of(messages: Vec<Kept>, decisions: Vec<store::Decision>) -> Self {
        let decision = |one: store::Decision| MailDecision {
            date: one.date,
            at: one.at,
            trigger: one.trigger,
            kind: one.kind,
            outcome: one.outcome.into(),
            reason: one.why.map(|why| MessageReason::new(Some(one.kind), why)),
            facts: one.facts.iter().map(ToString::to_string).collect(),
        };
        Self {
            messages: messages.into_iter().map(Into::into).collect(),
            decisions: decisions.into_iter().map(decision).collect(),
        }
    }
}
