//! Why somebody gets a kind of mail, or doesn't.

use jiff::Timestamp;
use jiff::civil::Date;
use loyalty::mail::{Kind, Verdict};
use loyalty::night::Found;
use loyalty::program;
use serde::Serialize;
use utoipa::ToSchema;

use super::message::{Message, MessageReason};
use super::{Decision, mirror};

mirror!(
    /// How letters of a kind go: by themselves, or once the owner approves.
    Sending = program::Sending { Auto, Approve }
);

/// Why somebody gets a kind of mail, or doesn't.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Why {
    /// The customer.
    #[schema(example = "3w5e11264sgsf")]
    pub(in crate::api) customer: String,
    /// The kind.
    #[schema(value_type = String, example = "win-back")]
    pub(in crate::api) kind: Kind,
    /// The whole of it in one sentence.
    #[schema(example = "The mail of 2026-03-17 went out on 2026-03-17; the next comes about on \
                        2026-04-07.")]
    pub(in crate::api) answer: String,
    /// What that rests on, in words.
    #[schema(example = json!(["last visit 2026-03-01", "usual gap 7 days"]))]
    pub(in crate::api) facts: Vec<String>,
    /// What was decided last.
    pub(in crate::api) decision: Option<Decision>,
    /// The last message that told it.
    pub(in crate::api) message: Option<Message>,
    /// What is to come next, as things stand.
    pub(in crate::api) coming: Option<Coming>,
    /// What would become of such mail the next morning, before tests and approval.
    pub(in crate::api) gate: Gate,
    /// Whether the shop sends the kind at all.
    pub(in crate::api) sends: bool,
    /// How letters of the kind go; null where the owner isn't asked about them.
    pub(in crate::api) sending: Option<Sending>,
    /// A test of the kind that runs: whoever it covers may be held out by chance.
    pub(in crate::api) test: Option<String>,
}

/// What a night will find, as things stand.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Coming {
    /// The night, by the shop's calendar; where it is past, the next night finds it.
    day: Date,
    /// What it rests on, in words.
    facts: Vec<String>,
}

/// What the rules of mail say of a moment.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Gate {
    /// The moment.
    at: Timestamp,
    /// Whether it would go.
    verdict: GateVerdict,
    /// Until when it would wait.
    until: Option<Timestamp>,
    /// What would keep it.
    reason: Option<MessageReason>,
}

/// What would become of a mail: it would go, go to the owner instead, wait, or be left out.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::api) enum GateVerdict {
    Send,
    ToOwner,
    Wait,
    Drop,
}

impl From<&Found> for Coming {
    fn from(found: &Found) -> Self {
        let facts = found.facts.iter().map(ToString::to_string).collect();
        Self { day: found.day, facts }
    }
}

impl Gate {
    pub(in crate::api) fn of(verdict: &Verdict, kind: Kind, at: Timestamp) -> Self {
        let (verdict, until, why) = match verdict {
            Verdict::Send => (GateVerdict::Send, None, None),
            Verdict::ToOwner => (GateVerdict::ToOwner, None, None),
            Verdict::Wait { until, why } => (GateVerdict::Wait, Some(*until), Some(*why)),
            Verdict::Drop(why) => (GateVerdict::Drop, None, Some(*why)),
        };
        Self { at, verdict, until, reason: why.map(|why| MessageReason::new(Some(kind), why)) }
    }
}
