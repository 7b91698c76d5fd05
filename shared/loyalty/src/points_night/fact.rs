//! What a points night did and why, for the decision it leaves.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::MOST_MOVES;
use crate::ids::TierId;
use crate::ledger::Review;
use crate::money::Points;

/// One thing a points night did, with what it went by. Days are the shop's local days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "k", rename_all = "kebab-case")]
pub enum PointsFact {
    /// Pending points became available.
    Matured {
        /// How many.
        points: Points,
    },
    /// A notice of an expiry is known to have reached her in time.
    ExpiryTold {
        /// The last day the points can be used.
        on: Date,
        /// The day the notice was delivered.
        delivered: Date,
    },
    /// Points expired, after she was told.
    Expired {
        /// How many.
        points: Points,
        /// The last day they could be used.
        on: Date,
    },
    /// No notice reached her in time: the points can be used longer.
    ExpiryMoved {
        /// The last day they could have been used.
        from: Date,
        /// The last day they can be used now.
        to: Date,
        /// How often it was moved by now.
        times: u8,
    },
    /// No notice reached her however long it was put off: the points stay.
    Stays {
        /// How many.
        points: Points,
        /// The last day they could have been used.
        on: Date,
    },
    /// A notice that her tier ends is known to have reached her in time.
    ReviewTold {
        /// The day of the review.
        on: Date,
        /// The day the notice was delivered.
        delivered: Date,
    },
    /// She would lose her tier and no notice reached her in time: she keeps it for longer.
    ReviewMoved {
        /// The tier.
        tier: TierId,
        /// The day of the review as it was.
        from: Date,
        /// As it is now.
        to: Date,
    },
    /// Her tier was reviewed and she keeps it.
    TierKept {
        /// The tier.
        tier: TierId,
        /// What counts toward it, in its measure: minor units, points or orders.
        has: i64,
        /// What it takes.
        takes: i64,
        /// The next review; `None`: hers for life, or there is none below.
        until: Option<Date>,
    },
    /// She lost her tier.
    TierLost {
        /// The tier.
        from: TierId,
        /// The one she has now.
        to: TierId,
        /// Why it was looked at.
        why: Review,
        /// What counts toward it, in its measure: minor units, points or orders.
        has: i64,
        /// What it takes.
        takes: i64,
    },
    /// She has a higher tier by the rules of today.
    TierRaised {
        /// The tier she had.
        from: TierId,
        /// The one she has now.
        to: TierId,
    },
}

impl fmt::Display for PointsFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Matured { points } => write!(f, "{points} pending points became available"),
            Self::ExpiryTold { on, delivered } => {
                write!(f, "told on {delivered} that points expire after {on}")
            }
            Self::Expired { points, on } => {
                write!(f, "{points} points expired: {on} was their last day")
            }
            Self::ExpiryMoved { from, to, times } => {
                write!(f, "expiry moved from {from} to {to} (move {times} of {MOST_MOVES}): ")?;
                f.write_str("no notice reached her 30 days before")
            }
            Self::Stays { points, on } => {
                write!(f, "{points} points stay, instead of expiring after {on}: ")?;
                f.write_str("she cannot be reached")
            }
            Self::ReviewTold { on, delivered } => {
                write!(f, "told on {delivered} that her tier ends on {on}")
            }
            Self::ReviewMoved { tier, from, to } => {
                write!(f, "review of {tier} moved from {from} to {to}: ")?;
                f.write_str("no notice reached her 30 days before")
            }
            Self::TierKept { tier, has, takes, until: Some(until) } => {
                write!(f, "keeps {tier} until {until}: has {has} of {takes}")
            }
            Self::TierKept { tier, has, takes, until: None } => {
                write!(f, "keeps {tier}: has {has} of {takes}")
            }
            Self::TierLost { from, to, why, has, takes } => {
                let because = match why {
                    Review::Refunded => "the order that reached it lost value",
                    Review::Ended | Review::Raised => "its review came",
                };
                write!(f, "from {from} to {to}: {because}, and she has {has} of {takes}")
            }
            Self::TierRaised { from, to } => {
                write!(f, "from {from} to {to}: enough by the rules of today")
            }
        }
    }
}
