//! What the events say: ids, points, amounts and words from short lists.

use jiff::Timestamp;
use jiff::civil::Date;
use loyalty::consent;
use loyalty::ids::{CustomerId, OrderRef, TierId};
use loyalty::ledger::Origin;
use loyalty::mail::{Class, Kind};
use loyalty::money::{Money, Points};
use loyalty::program::ConsentGrade;
use loyalty::survey::{AnswerBy, Question};
use serde::Serialize;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Happened {
    /// An order was paid, and is counted by the program.
    PurchaseRecorded(PurchaseRecorded),
    /// A customer's points changed: one entry of her ledger.
    PointsChanged(PointsChanged),
    /// A customer reached a tier, or fell to one.
    TierChanged(TierChanged),
    /// Points bought a reward.
    RewardRedeemed(RewardRedeemed),
    /// A customer answered a survey, or changed her answer.
    SurveyAnswered(SurveyAnswered),
    /// A low score asks for a person's answer.
    FollowUpOpened(FollowUpOpened),
    /// A customer has stayed away for two of her rhythms.
    CustomerLapsed(CustomerLapsed),
    /// A message went out.
    MessageSent(MessageSent),
    /// A message didn't arrive, or wasn't welcome.
    MessageFailed(MessageFailed),
    /// What a customer said about marketing mail changed, or whether mail reaches her.
    ConsentChanged(ConsentChanged),
}

/// An order was paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PurchaseRecorded {
    /// Whose it is, where that is known by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// The order.
    pub order: OrderRef,
    /// All of it, as its source tells.
    pub total: Money,
    /// What of it counts by the program; absent as long as nobody is known to have bought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Money>,
    /// Points it brought so far.
    pub points: Points,
    /// The program version it is counted by.
    pub program_version: u32,
    /// Whether it waits for a person to say that it isn't another source's order.
    pub held: bool,
}

/// An entry of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PointsChanged {
    /// Whose.
    pub customer: CustomerId,
    /// The entry's number in her ledger.
    pub entry: u64,
    /// Points gained or, negative, lost.
    pub delta: Points,
    /// Available and pending points after it.
    pub balance: Points,
    /// Why.
    pub cause: PointsCause,
    /// The order it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderRef>,
    /// The other account, where two became one or one became two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_customer: Option<CustomerId>,
    /// How the fact reached us: `live`, or one of the ways that cause no mail.
    pub origin: Origin,
    /// The fact's own time, where it isn't the entry's: when an order was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fact_at: Option<Timestamp>,
}

/// Why points changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PointsCause {
    /// Money arrived for an order.
    Paid,
    /// Money went back.
    Refunded,
    /// An order was cancelled.
    Cancelled,
    /// An order's contents or payment changed otherwise.
    Edited,
    /// An order turned out to be hers.
    Claimed,
    /// An order turned out to be somebody else's.
    Released,
    /// A person said whether an order is the same sale as another.
    Judged,
    /// The owner let an order be counted by another program version.
    Corrected,
    /// Expired points came back, because their order's points were taken.
    ExpiryReversed,
    /// A gift that the program promises.
    Gift,
    /// The owner gave her points after a low score.
    Goodwill,
    /// Points expired.
    Expired,
    /// Her account was merged into another.
    MergedInto,
    /// Another account was merged into hers.
    MergedFrom,
    /// A merge was undone, and she has her own points again.
    SplitFrom,
    /// A merge was undone, and the other has her own points again.
    SplitOff,
}

/// A tier that was reached or lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TierChanged {
    /// Whose.
    pub customer: CustomerId,
    /// The version of her account that this made.
    pub account_version: u64,
    /// The tier before.
    pub from: TierId,
    /// The tier now; one between was passed through.
    pub to: TierId,
    /// Whether it is a higher one.
    pub direction: Direction,
    /// How the fact reached us.
    pub origin: Origin,
}

/// Which way a tier changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Promoted.
    Up,
    /// Demoted.
    Down,
}

/// A reward that was bought. Its code opens it, so it isn't told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RewardRedeemed {
    /// Who.
    pub customer: CustomerId,
    /// The reward's id in the program.
    pub reward: String,
    /// What it cost.
    pub points: Points,
    /// The entry in her ledger that paid it.
    pub entry: u64,
    /// What it is worth in money, where the program says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worth: Option<Money>,
}

/// An answer to a survey, without its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SurveyAnswered {
    /// Who.
    pub customer: CustomerId,
    /// The survey.
    pub survey: String,
    /// The order it asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderRef>,
    /// How it counts.
    pub scale: Question,
    /// The score.
    pub score: u8,
    /// Which answer it is: a second one replaces the first.
    pub answer: u32,
    /// Whether she wrote something too.
    pub with_words: bool,
}

/// A score that asks for an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FollowUpOpened {
    /// Who gave it.
    pub customer: CustomerId,
    /// The follow-up.
    pub follow_up: String,
    /// The survey.
    pub survey: String,
    /// How it counts.
    pub scale: Question,
    /// The score.
    pub score: u8,
    /// Whether she wrote something too.
    pub with_words: bool,
    /// Which opening of it this is, from 1: a second low answer opens it again.
    pub round: u32,
    /// How she may be answered, if she said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_by: Option<AnswerBy>,
}

/// A customer who has stayed away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomerLapsed {
    /// Who.
    pub customer: CustomerId,
    /// The local day of her last purchase.
    pub last_purchase_on: Date,
    /// The days that usually lie between two.
    pub rhythm_days: u32,
    /// Her tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<TierId>,
}

/// Whom a message went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum To {
    /// The customer.
    Customer,
    /// The owner: it is about her work, or mail isn't live.
    Owner,
}

/// A message that went out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MessageSent {
    /// Whom it is about.
    pub customer: CustomerId,
    /// The message.
    pub message: String,
    /// Its kind.
    pub kind: Kind,
    /// Whom that kind may go to.
    pub class: Class,
    /// What caused it: one trigger is one message.
    pub trigger: String,
    /// Whom it went to.
    pub to: To,
}

/// A message that didn't arrive, or wasn't welcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MessageFailed {
    /// Whom it is about.
    pub customer: CustomerId,
    /// The message.
    pub message: String,
    /// Its kind.
    pub kind: Kind,
    /// Whom that kind may go to.
    pub class: Class,
    /// What caused it.
    pub trigger: String,
    /// Whom it was to go to.
    pub to: To,
    /// Why.
    pub reason: Failure,
}

/// Why a message failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// SES refused it: the sender or the address can't be used.
    Refused,
    /// SES took it and then wouldn't deliver it.
    Rejected,
    /// It couldn't be written.
    NotRendered,
    /// It came back for good.
    Bounced,
    /// It came back for now.
    BouncedForNow,
    /// It was marked as spam.
    Complained,
    /// Whether it went out can't be told, and it isn't sent again.
    Unknown,
    /// It couldn't be sent as long as it made sense.
    GaveUp,
}

impl Failure {
    /// As it stands in a detail.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Rejected => "rejected",
            Self::NotRendered => "not_rendered",
            Self::Bounced => "bounced",
            Self::BouncedForNow => "bounced_for_now",
            Self::Complained => "complained",
            Self::Unknown => "unknown",
            Self::GaveUp => "gave_up",
        }
    }
}

/// Where a customer stands with marketing mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsentChanged {
    /// Who.
    pub customer: CustomerId,
    /// The version of her contact data that this made.
    pub contact_version: u64,
    /// By which way mail would come: `email`.
    pub channel: &'static str,
    /// What holds.
    pub state: State,
    /// What held before.
    pub was: State,
    /// How well a yes is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// Who told what holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_by: Option<Teller>,
    /// What keeps mail from her, whatever she said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<Suppressed>,
}

/// An enum of the rules in the words of the bus: what the table calls it is for the table.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident = $rules:path { $($(#[$each:meta])* $word:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$each])* $word),* }

        impl From<$rules> for $name {
            fn from(of: $rules) -> Self {
                type Rules = $rules;
                match of { $(Rules::$word => Self::$word),* }
            }
        }
    };
}

words!(
    /// What a customer said about marketing mail.
    State = consent::State {
        /// Nothing.
        None,
        /// Asked, and not answered.
        Pending,
        /// Yes.
        Subscribed,
        /// No more.
        Unsubscribed,
    }
);

words!(
    /// How well a yes is shown, strongest first.
    Grade = ConsentGrade {
        /// On the shop's own form, confirmed by a link in a mail.
        ConfirmedOwnForm,
        /// On the shop's own form.
        OwnForm,
        /// By a box at checkout.
        Checkout,
        /// In an import with its wording.
        ImportWithWording,
        /// As a customer who was offered to refuse.
        ExistingCustomer,
    }
);

words!(
    /// Who told what a customer said.
    Teller = consent::Teller {
        /// Shopify.
        Shopify,
        /// Square.
        Square,
        /// She herself.
        Own,
        /// A file the owner brought.
        Import,
    }
);

words!(
    /// What keeps mail from an address.
    Suppressed = consent::Suppression {
        /// She marked a mail as spam.
        Complaint,
        /// A mail came back for good.
        Bounce,
        /// Mail came back for now three times within 30 days.
        Bounces,
    }
);

impl Happened {
    /// The `detail-type`.
    pub(super) fn detail_type(&self) -> &'static str {
        match self {
            Self::PurchaseRecorded(_) => "PurchaseRecorded",
            Self::PointsChanged(_) => "PointsChanged",
            Self::TierChanged(_) => "TierChanged",
            Self::RewardRedeemed(_) => "RewardRedeemed",
            Self::SurveyAnswered(_) => "SurveyAnswered",
            Self::FollowUpOpened(_) => "FollowUpOpened",
            Self::CustomerLapsed(_) => "CustomerLapsed",
            Self::MessageSent(_) => "MessageSent",
            Self::MessageFailed(_) => "MessageFailed",
            Self::ConsentChanged(_) => "ConsentChanged",
        }
    }

    /// What makes it one of its type in its shop.
    pub(super) fn key(&self) -> Vec<String> {
        match self {
            Self::PurchaseRecorded(it) => vec![it.order.to_string()],
            Self::PointsChanged(it) => vec![it.customer.to_string(), it.entry.to_string()],
            Self::TierChanged(it) => vec![it.customer.to_string(), it.account_version.to_string()],
            Self::RewardRedeemed(it) => vec![it.customer.to_string(), it.entry.to_string()],
            Self::SurveyAnswered(it) => {
                vec![it.customer.to_string(), it.survey.clone(), it.answer.to_string()]
            }
            Self::FollowUpOpened(it) => vec![it.follow_up.clone(), it.round.to_string()],
            Self::CustomerLapsed(it) => {
                vec![it.customer.to_string(), it.last_purchase_on.to_string()]
            }
            Self::MessageSent(it) => vec![it.message.clone()],
            // One may come back for now, and then for good.
            Self::MessageFailed(it) => vec![it.message.clone(), it.reason.as_str().to_owned()],
            Self::ConsentChanged(it) => {
                vec![it.customer.to_string(), it.contact_version.to_string()]
            }
        }
    }
}
