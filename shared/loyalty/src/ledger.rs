//! Ledger entries: immutable changes of a customer's points, each with its receipt.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::{CustomerId, OrderRef, TierId};
use crate::money::{Money, Points};

/// One immutable change. Its number is the account version it made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The account version this entry made; entries of one account count up without gaps
    /// in their order, though not every version is an entry.
    #[serde(rename = "n")]
    pub number: u64,
    /// When it was written.
    #[serde(rename = "at")]
    pub at: Timestamp,
    /// The fact's own time: for an order, when it was paid.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub fact_at: Option<Timestamp>,
    /// Points gained or, negative, lost.
    #[serde(rename = "d")]
    pub delta: Points,
    /// Why.
    #[serde(rename = "c")]
    pub cause: Cause,
    /// How the number came about.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// Available and pending points after it.
    #[serde(rename = "b")]
    pub balance_after: Points,
    /// The change of tier it brought: up, but where its cause is a review that took one away.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub promotion: Option<Promotion>,
    /// How the fact reached us.
    #[serde(rename = "o")]
    pub origin: Origin,
    /// Whose order it was about, where this account stood for her: who gets it back when
    /// that merge is undone.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub of: Option<CustomerId>,
}

/// Why points changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cause {
    /// An order is worth something else than before.
    Order {
        /// The order.
        order: OrderRef,
        /// What happened to it.
        what: Change,
    },
    /// A claw-back met points of its order that had expired: they are given back first,
    /// because they can't be taken twice.
    ExpiryReversed {
        /// The order clawed back.
        order: OrderRef,
    },
    /// A gift, most often one that the program promises for a day of hers.
    Gift {
        /// Which day.
        occasion: Occasion,
    },
    /// Points that the owner gave her after a low score.
    Goodwill {
        /// The follow-up.
        follow_up: String,
        /// The owner's own sentence, which she reads; empty: the answer they came with says it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        words: String,
    },
    /// Points expired, after she was told.
    Expired {
        /// The last local day they could be used.
        on: Date,
    },
    /// A night looked at her tier and changed it. No points move.
    Reviewed {
        /// Why it was looked at.
        why: Review,
    },
    /// Her account was merged into another, which has her points now.
    MergedInto {
        /// The other.
        customer: CustomerId,
    },
    /// Another account was merged into hers and brought its points.
    MergedFrom {
        /// The other.
        customer: CustomerId,
    },
    /// A merge was undone, and she has her own points again.
    SplitFrom {
        /// The account they were merged into.
        customer: CustomerId,
    },
    /// A merge was undone, and the other has her own points again.
    SplitOff {
        /// The other.
        customer: CustomerId,
    },
}

/// Why a night changed a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Review {
    /// Its review date came, she didn't qualify any more, and had been told: down.
    Ended,
    /// The order that reached it lost value, and the rest doesn't reach it: down.
    Refunded,
    /// She qualifies for a higher one by the rules of today: up.
    Raised,
}

impl Review {
    /// Whether it took a tier away.
    pub fn is_down(self) -> bool {
        match self {
            Self::Ended | Self::Refunded => true,
            Self::Raised => false,
        }
    }
}

/// What brings a gift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Occasion {
    /// Her birthday.
    Birthday,
    /// The anniversary of her joining.
    Anniversary,
    /// The program opened, and she had bought here before.
    Opening,
    /// She answered a survey, whatever her score.
    Answer,
}

/// What happened to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Money arrived for the first time.
    Paid,
    /// Money went back.
    Refunded,
    /// It was cancelled or voided.
    Cancelled,
    /// Its contents or its payment changed otherwise.
    Edited,
    /// It turned out to be this customer's.
    Claimed,
    /// It turned out to be somebody else's.
    Released,
    /// A person said whether it is the same sale as another.
    Judged,
    /// The owner let it be counted by another program version.
    Corrected,
}

/// How a fact reached us. Only `live` facts after going live cause mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// As it happened.
    Live,
    /// From a file.
    Import,
    /// From a source's history.
    Backfill,
    /// From our dead letters.
    Replay,
    /// From the nightly comparison with the source.
    Reconcile,
    /// From a correction under another program version.
    Correct,
    /// From merging two people.
    Merge,
    /// From the owner's hand.
    Adjust,
}

/// How a number of points came about, so that a person can check it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Money kept that counts.
    pub base: Money,
    /// Whether the base was built from lines; without them it is the amount paid.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub from_lines: bool,
    /// The earning rules, such as `10 per 1.00`.
    pub rate: Vec<String>,
    /// The tier whose factor took part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<ReceiptTier>,
    /// Campaigns that took part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub multipliers: Vec<ReceiptMultiplier>,
    /// How the sum became whole: `floor: 499.5 → 499`.
    pub rounding: String,
    /// The program version.
    pub program_version: u32,
}

fn yes() -> bool {
    true
}

fn is_yes(flag: &bool) -> bool {
    *flag
}

/// A tier on a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptTier {
    /// The tier.
    pub id: TierId,
    /// Its factor.
    pub rate: String,
}

/// A campaign on a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptMultiplier {
    /// The campaign.
    pub id: String,
    /// Its factor.
    pub factor: String,
}

/// A step from a tier to another; see [`Entry::promotion`] for which way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    /// From this tier.
    pub from: TierId,
    /// To this one; a tier between was passed through.
    pub to: TierId,
}
