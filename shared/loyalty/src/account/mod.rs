//! What one customer has: points in lots, debt, facts about her purchases, a tier.

mod due;
mod expiry;
mod facts;
mod gifts;
mod latest;
mod marks;
mod review;
mod tier;
mod wallet;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use self::due::{Due, moved};
pub use self::expiry::Expiring;
pub use self::facts::{Bucket, Counted, Facts};
pub use self::latest::{Latest, TWINS_WITHIN, looks_alike};
pub use self::marks::{Letters, PutOff};
pub use self::review::Finding;
pub(crate) use self::review::{next_review, night_of_review};
pub use self::tier::Tiered;
pub use self::wallet::{ClawBack, Lot, LotKey, Place, Wallet};
use crate::Points;
use crate::ids::{CustomerId, Source};
use crate::mail::Sent;

/// One customer's account. Names in storage are short: it stays below 1 KB for years.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Counts every write; a write that names another version loses.
    #[serde(rename = "n")]
    pub version: u64,
    /// Since when she takes part; `None`: a customer, not a member.
    #[serde(rename = "m", default, with = "crate::order::nanos_option")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_since: Option<Timestamp>,
    /// Her points.
    #[serde(rename = "w", default)]
    pub wallet: Wallet,
    /// What her orders add up to.
    #[serde(rename = "f", default)]
    pub facts: Facts,
    /// Her latest order of each source.
    #[serde(rename = "l", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub latest: BTreeMap<Source, Latest>,
    /// Her tier; `None` until she is a member.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tiered>,
    /// No mail until the owner or she says otherwise.
    #[serde(rename = "z", default, skip_serializing_if = "crate::order::is_false")]
    pub paused: bool,
    /// Until when marketing mail to her waits, because a low score of hers does too.
    #[serde(rename = "q", default, with = "crate::order::nanos_option")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_until: Option<Timestamp>,
    /// What mail went to her, as far as the caps ask.
    #[serde(rename = "x", default, skip_serializing_if = "Sent::is_empty")]
    pub sent: Sent,
    /// The account that stands for this one since two people were merged.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<Box<Merged>>,
    /// The accounts this one stands for.
    #[serde(rename = "j", default, skip_serializing_if = "Vec::is_empty")]
    pub stands_for: Vec<CustomerId>,
    /// What the mail nights have done for her.
    #[serde(rename = "g", default, skip_serializing_if = "Letters::is_empty")]
    pub letters: Letters,
    /// What the points nights have put off.
    #[serde(rename = "y", default, skip_serializing_if = "PutOff::is_empty")]
    pub put_off: PutOff,
    /// The days the nightly functions look at it next, as they are indexed.
    #[serde(rename = "d", default)]
    pub due: Due,
}

/// What an account was when it was merged into another: what undoing it goes back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// The account that stands for it.
    #[serde(rename = "c")]
    pub into: CustomerId,
    /// When.
    #[serde(rename = "a", with = "crate::order::nanos")]
    pub at: Timestamp,
    /// The entry in that account's ledger that took its points in.
    #[serde(rename = "n")]
    pub entry: u64,
    /// Its points then.
    #[serde(rename = "w")]
    pub wallet: Wallet,
    /// What of them paid the other's debt.
    #[serde(rename = "l", default, skip_serializing_if = "Points::is_zero")]
    pub lent: Points,
}

impl Account {
    /// Whether she takes part.
    pub fn is_member(&self) -> bool {
        self.member_since.is_some()
    }

    /// Makes her a member from `now` on, if she isn't one.
    pub fn join(&mut self, now: Timestamp) {
        self.member_since.get_or_insert(now);
    }

    /// Whether an order paid at `paid_at` may post: she is a member, and paid after
    /// joining or at most `claim_days` before.
    pub fn may_claim(&self, paid_at: Timestamp, claim_days: u16) -> bool {
        let hours = jiff::SignedDuration::from_hours(i64::from(claim_days).saturating_mul(24));
        self.member_since.is_some_and(|since| {
            since.checked_sub(hours).map_or(true, |earliest| paid_at >= earliest)
        })
    }
}

/// A local day and what the night that begins it was asked to look at.
pub(crate) fn earliest(days: impl IntoIterator<Item = Option<Date>>) -> Option<Date> {
    days.into_iter().flatten().min()
}
