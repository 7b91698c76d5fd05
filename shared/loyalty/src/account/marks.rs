//! What the nights have done for an account, so that none of it is done twice.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::OrderRef;

/// What the mail nights have found to tell her.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letters {
    /// The nights that found the last two win-back letters, sent or not, oldest first: no
    /// more matter, for there are two of a lapse and two of a year.
    #[serde(rename = "w", default, skip_serializing_if = "Vec::is_empty")]
    pub win_backs: Vec<Date>,
    /// The year of the last birthday gift.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub birthday: Option<i16>,
    /// The years of membership at the last anniversary gift.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub anniversary: Option<i16>,
    /// The order she is to be asked about next, and the local day it was paid; `None`: none, or
    /// she was asked too lately.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<(OrderRef, Date)>,
    /// The local night of the last survey invitation.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub survey: Option<Date>,
    /// The last days of points she was given notice of that haven't passed, soonest first,
    /// each with the latest notice of it: points of two months may be told of in turns.
    #[serde(rename = "e", default, skip_serializing_if = "Vec::is_empty")]
    pub expiring: Vec<(Date, u8)>,
    /// The review she was last given notice of, and which notice that was.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub tier_ending: Option<(Date, u8)>,
    /// The review she was told of what would keep her tier.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub tier_at_risk: Option<Date>,
}

impl Letters {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes in what was found to tell her under another name: the later of two stands.
    pub fn merge(&mut self, other: &Self) {
        self.win_backs.extend(&other.win_backs);
        self.win_backs.sort_unstable();
        self.win_backs.dedup();
        let over = self.win_backs.len().saturating_sub(2);
        self.win_backs.drain(..over);
        self.expiring.extend(&other.expiring);
        self.expiring.sort_unstable();
        // Of one day the latest notice.
        self.expiring.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                kept.1 = later.1;
            }
            same
        });
        self.birthday = self.birthday.max(other.birthday);
        self.anniversary = self.anniversary.max(other.anniversary);
        self.survey = self.survey.max(other.survey);
        self.merge_asked(other);
        self.tier_ending = self.tier_ending.max(other.tier_ending);
        self.tier_at_risk = self.tier_at_risk.max(other.tier_at_risk);
    }
}

/// What the points nights have put off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutOff {
    /// The day the next expiry was moved to, because she couldn't be told in time.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub expiry: Option<Date>,
    /// How often it was.
    #[serde(rename = "n", default, skip_serializing_if = "is_zero")]
    pub times: u8,
    /// The expiry day that a notice is known to have reached her in time for.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Date>,
    /// The day of an expiry for inactivity that came to nothing, because she can't be
    /// reached: until she is active again her points stay.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub stays: Option<Date>,
}

impl PutOff {
    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn is_zero(number: &u8) -> bool {
    *number == 0
}
