//! Why a night writes to somebody: what time alone brings.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Kind;
use crate::ids::{OrderRef, TierId};

/// One thing a night found to tell one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "k", rename_all = "kebab-case")]
pub enum Reason {
    /// Her birthday.
    Birthday {
        /// The year it falls in.
        year: i16,
    },
    /// The anniversary of her joining.
    Anniversary {
        /// How many years ago.
        years: i16,
    },
    /// She stayed away.
    WinBack {
        /// The local day of her last purchase: a purchase ends the lapse.
        after: Date,
        /// Which letter about this lapse, from 1.
        letter: u8,
    },
    /// An order she may be asked about.
    Survey {
        /// Which.
        order: OrderRef,
        /// The local day it was paid.
        day: Date,
    },
    /// A tier she would lose at its review, and what would keep it.
    TierAtRisk {
        /// The tier.
        tier: TierId,
        /// The local day of the review.
        on: Date,
    },
    /// A tier that she will lose at its review.
    TierEnding {
        /// The tier.
        tier: TierId,
        /// The local day of the review.
        on: Date,
        /// Which notice of it, from 1.
        notice: u8,
    },
    /// Points that will expire.
    PointsExpiring {
        /// The last local day they can be used.
        on: Date,
        /// Which notice of it, from 1.
        notice: u8,
    },
}

impl Reason {
    /// The kind of mail that tells it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Birthday { .. } => Kind::Birthday,
            Self::Anniversary { .. } => Kind::Anniversary,
            Self::WinBack { .. } => Kind::WinBack,
            Self::Survey { .. } => Kind::Survey,
            Self::TierAtRisk { .. } => Kind::TierAtRisk,
            Self::TierEnding { .. } => Kind::TierEnding,
            Self::PointsExpiring { .. } => Kind::PointsExpiring,
        }
    }

    /// What caused the message: one trigger is one message, ever.
    pub fn trigger(&self) -> String {
        match self {
            Self::Birthday { year } => format!("birthday {year}"),
            Self::Anniversary { years } => format!("anniversary {years}"),
            Self::WinBack { after, letter } => format!("win-back after {after} {letter}"),
            Self::Survey { order, .. } => format!("survey {order}"),
            Self::TierAtRisk { tier, on } => format!("tier at risk {tier} {on}"),
            Self::TierEnding { tier, on, notice } => format!("tier ending {tier} {on} {notice}"),
            Self::PointsExpiring { on, notice } => format!("points expiring {on} {notice}"),
        }
    }
}
