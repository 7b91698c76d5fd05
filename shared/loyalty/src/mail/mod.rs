//! The rules of mail: what kinds there are, whom each may go to, and when.
//!
//! Nothing here sends. [`gate::decide`] says of one message whether it may go now, waits,
//! or is left out, and why; the owner and the recipient read that reason. What the program
//! promises is issued apart from it: a message only tells.

pub mod gate;
mod low_score;
pub mod news;
pub mod pace;
pub mod plan;
pub mod reason;
pub mod reputation;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

pub use self::gate::{House, MailMode, Message, Recipient, Verdict, WhyNot, decide};
pub use self::low_score::LowScore;
pub use self::pace::Sent;
pub use self::plan::{About, Draft, Outcome, Receipts};
pub use self::reason::Reason;

/// What a message is about. Its class is fixed here and nowhere else: an owner can't make
/// an offer out of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A link to sign in.
    SignIn,
    /// Asks to confirm an address or a consent.
    ConsentConfirmation,
    /// Her data, as she asked for them.
    Export,
    /// That her data will be erased, as she asked.
    Erasure,
    /// A reward she just redeemed, with its code.
    RewardIssued,
    /// An answer to what she wrote.
    FollowUpAnswer,
    /// Points an order brought.
    Receipt,
    /// Points that went back with a refund.
    PointsTakenBack,
    /// A tier she reached.
    TierReached,
    /// Points that will expire.
    PointsExpiring,
    /// A tier she is about to lose.
    TierEnding,
    /// The program changes to her disadvantage.
    ProgramChange,
    /// The program ends.
    ProgramEnd,
    /// Data kept for long will be erased.
    RetentionNotice,
    /// Welcome, with an offer.
    Welcome,
    /// Birthday.
    Birthday,
    /// The anniversary of her joining.
    Anniversary,
    /// A tier that an amount would keep.
    TierAtRisk,
    /// A letter to who stayed away.
    WinBack,
    /// A question about an order.
    Survey,
    /// What the shop did about what customers said, to those who said it.
    YouSaid,
    /// Tells the owner, or her second person, of a low score that waits for an answer.
    LowScore,
}

/// Whom a kind may go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// To the shop's own people, about their work.
    Owner,
    /// To whoever asked, as the answer to it; also after unsubscribing or a complaint.
    AskedFor,
    /// To members, about what they have.
    Account,
    /// To who consented well enough for the shop's preset.
    Marketing,
}

impl Kind {
    /// Every kind, as they compete: of two for one person on one day the first goes.
    pub const ALL: [Self; 22] = [
        Self::LowScore,
        Self::SignIn,
        Self::ConsentConfirmation,
        Self::Export,
        Self::Erasure,
        Self::RewardIssued,
        Self::FollowUpAnswer,
        Self::PointsExpiring,
        Self::ProgramChange,
        Self::ProgramEnd,
        Self::RetentionNotice,
        Self::TierEnding,
        Self::TierReached,
        Self::PointsTakenBack,
        Self::Receipt,
        Self::Birthday,
        Self::Anniversary,
        Self::Welcome,
        Self::TierAtRisk,
        Self::Survey,
        Self::YouSaid,
        Self::WinBack,
    ];

    /// Its class.
    pub fn class(self) -> Class {
        match self {
            Self::LowScore => Class::Owner,
            Self::SignIn
            | Self::ConsentConfirmation
            | Self::Export
            | Self::Erasure
            | Self::RewardIssued
            | Self::FollowUpAnswer => Class::AskedFor,
            Self::Receipt
            | Self::PointsTakenBack
            | Self::TierReached
            | Self::TierEnding
            | Self::PointsExpiring
            | Self::ProgramChange
            | Self::ProgramEnd
            | Self::RetentionNotice => Class::Account,
            Self::Welcome
            | Self::Birthday
            | Self::Anniversary
            | Self::TierAtRisk
            | Self::WinBack
            | Self::Survey
            | Self::YouSaid => Class::Marketing,
        }
    }

    /// Its place among those that compete; the lowest goes first.
    pub fn rank(self) -> usize {
        Self::ALL.iter().position(|kind| *kind == self).unwrap_or(Self::ALL.len())
    }

    /// Whether a member can switch it off. What she stands to lose she is always told.
    pub fn has_switch(self) -> bool {
        !matches!(self.class(), Class::Owner | Class::AskedFor)
            && !matches!(
                self,
                Self::PointsExpiring
                    | Self::TierEnding
                    | Self::ProgramChange
                    | Self::ProgramEnd
                    | Self::RetentionNotice
            )
    }

    /// Whether it is a mail of its own, never a section of another.
    pub fn stands_alone(self) -> bool {
        !self.has_switch()
    }

    /// How long after its fact it still makes sense; `None`: as long as it is true.
    pub fn valid_for(self) -> Option<SignedDuration> {
        const DAY: i64 = 24;
        let hours = match self {
            Self::Receipt => 2 * DAY,
            Self::Welcome | Self::TierReached | Self::Survey | Self::PointsTakenBack => 7 * DAY,
            Self::Birthday | Self::Anniversary => 3 * DAY,
            Self::WinBack | Self::TierAtRisk | Self::YouSaid => 14 * DAY,
            Self::LowScore
            | Self::SignIn
            | Self::ConsentConfirmation
            | Self::Export
            | Self::Erasure
            | Self::RewardIssued
            | Self::FollowUpAnswer
            | Self::PointsExpiring
            | Self::TierEnding
            | Self::ProgramChange
            | Self::ProgramEnd
            | Self::RetentionNotice => return None,
        };
        Some(SignedDuration::from_hours(hours))
    }

    /// As it stands in triggers, links and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::ConsentConfirmation => "consent-confirmation",
            Self::Export => "export",
            Self::Erasure => "erasure",
            Self::RewardIssued => "reward-issued",
            Self::FollowUpAnswer => "follow-up-answer",
            Self::Receipt => "receipt",
            Self::PointsTakenBack => "points-taken-back",
            Self::TierReached => "tier-reached",
            Self::PointsExpiring => "points-expiring",
            Self::TierEnding => "tier-ending",
            Self::ProgramChange => "program-change",
            Self::ProgramEnd => "program-end",
            Self::RetentionNotice => "retention-notice",
            Self::Welcome => "welcome",
            Self::Birthday => "birthday",
            Self::Anniversary => "anniversary",
            Self::TierAtRisk => "tier-at-risk",
            Self::WinBack => "win-back",
            Self::Survey => "survey",
            Self::YouSaid => "you-said",
            Self::LowScore => "low-score",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_stands_once_in_the_order_they_compete_in() {
        for kind in Kind::ALL {
            assert_eq!(Kind::ALL.iter().filter(|other| **other == kind).count(), 1);
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        // Expiring, program change, tier, birthday, survey, win-back.
        let competing = [
            Kind::PointsExpiring,
            Kind::ProgramChange,
            Kind::TierReached,
            Kind::Birthday,
            Kind::Survey,
            Kind::WinBack,
        ];
        assert!(competing.is_sorted_by_key(|kind| kind.rank()));
    }

    #[test]
    fn what_a_member_stands_to_lose_has_no_switch_and_stands_alone() {
        for kind in [Kind::PointsExpiring, Kind::TierEnding, Kind::ProgramChange, Kind::ProgramEnd]
        {
            assert!(!kind.has_switch() && kind.stands_alone(), "{kind:?}");
            assert_eq!(kind.class(), Class::Account);
        }
        for kind in [Kind::Receipt, Kind::TierReached, Kind::PointsTakenBack, Kind::WinBack] {
            assert!(kind.has_switch() && !kind.stands_alone(), "{kind:?}");
        }
    }
}
