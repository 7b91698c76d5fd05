//! What a night's decision rests on, in words for the owner.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::TierId;
use crate::{Money, Points};

/// One fact that a night found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "f", content = "v", rename_all = "kebab-case")]
pub enum Fact {
    /// The local day of her last purchase.
    LastVisit(Date),
    /// Days between her purchases.
    UsualGap {
        /// So many.
        days: i32,
        /// How that is known.
        from: GapFrom,
    },
    /// The day by which she had missed two purchases.
    TwoGapsMissed(Date),
    /// The program writes after so many days.
    FixedDays(u16),
    /// Nobody counts as away any earlier than this many days.
    NeverBefore(i32),
    /// Which letter about this absence it is, from 1.
    Letter(u8),
    /// The shop was closed, so the letter was put off to this day.
    PutOff(Date),
    /// Her birthday.
    Birthday(Date),
    /// The day she joined.
    Joined(Date),
    /// What the program gives for it.
    Gift(Points),
    /// The last day points can be used.
    ExpireAfter(Date),
    /// Points that expire then.
    Expiring(Points),
    /// The tier she has.
    Tier(TierId),
    /// The day it is reviewed.
    Review(Date),
    /// What she had toward it by then, in points or orders.
    Counted {
        /// So many.
        has: i64,
        /// Of so many.
        needs: i64,
    },
    /// What she had toward it by then, in money.
    Spent {
        /// So much.
        has: Money,
        /// Of so much.
        needs: Money,
    },
    /// What is missing to keep it.
    Missing(Money),
    /// The local day of the order she is asked about.
    Bought(Date),
    /// The program asks so many days after an order.
    AskedAfter(u8),
}

/// How a gap between purchases is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapFrom {
    /// From her own purchases.
    Own,
    /// From hers, of which there are few, and the shop's.
    Both,
    /// From all the shop's customers.
    Shop,
    /// Nothing is known yet, so it is assumed.
    Assumed,
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LastVisit(day) => write!(f, "last visit {day}"),
            Self::UsualGap { days, from } => write!(f, "usual gap {days} days{from}"),
            Self::TwoGapsMissed(day) => write!(f, "two gaps missed on {day}"),
            Self::FixedDays(days) => write!(f, "the program writes after {days} days"),
            Self::NeverBefore(days) => write!(f, "never before {days} days"),
            Self::Letter(1) => f.write_str("first letter about it"),
            Self::Letter(_) => f.write_str("second letter about it, the last"),
            Self::PutOff(day) => write!(f, "put off to {day}, a week after reopening"),
            Self::Birthday(day) => write!(f, "birthday on {day}"),
            Self::Joined(day) => write!(f, "joined on {day}"),
            Self::Gift(points) => write!(f, "gift of {} points", points.0),
            Self::ExpireAfter(day) => write!(f, "points can be used until {day}"),
            Self::Expiring(points) => write!(f, "{} points expire", points.0),
            Self::Tier(tier) => write!(f, "tier {tier}"),
            Self::Review(day) => write!(f, "review on {day}"),
            Self::Counted { has, needs } => write!(f, "{has} of {needs}"),
            Self::Spent { has, needs } => write!(f, "{has} of {needs}"),
            Self::Missing(money) => write!(f, "{money} missing to keep it"),
            Self::Bought(day) => write!(f, "bought on {day}"),
            Self::AskedAfter(1) => f.write_str("asked a day after"),
            Self::AskedAfter(days) => write!(f, "asked {days} days after"),
        }
    }
}

impl fmt::Display for GapFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "",
            Self::Both => " (few purchases, so partly the shop's)",
            Self::Shop => " (the shop's)",
            Self::Assumed => " (assumed, for the shop's isn't known yet)",
        })
    }
}
