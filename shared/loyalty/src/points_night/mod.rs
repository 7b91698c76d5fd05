//! The points night: what time does to points and tiers.
//!
//! Pending points mature, lots expire, tiers are reviewed. What takes something away needs
//! a notice that reached her at least 30 days before. Whether one did is asked as soon as
//! one could no longer be in time, so that what is put off leaves time for another.

mod fact;

use jiff::ToSpan;
use jiff::civil::Date;

pub use self::fact::PointsFact;
use crate::ids::TierId;
use crate::ledger::Entry;
use crate::mail::Reason;

/// A notice reaches her at least this many days before the day it is about.
pub const NOTICE_DAYS: i32 = 30;

/// An expiry, or a review, that she wasn't told of in time moves by this many days.
pub const PUT_OFF_DAYS: i32 = 30;

/// After so many moves points stay for good.
pub const MOST_MOVES: u8 = 3;

/// A notice that reached her.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// The expiry or review it was about.
    pub on: Date,
    /// The local day it was delivered.
    pub delivered: Date,
}

impl Told {
    /// Whether it reached her in time for a day.
    pub fn is_timely(&self, on: Date) -> bool {
        self.on == on && self.delivered <= days_after(on, NOTICE_DAYS.saturating_neg())
    }
}

/// The notices that reached her.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Notices {
    /// The first of the expiry that is next.
    pub expiry_told: Option<Told>,
    /// The first of the review that is next.
    pub tier_told: Option<Told>,
}

/// What a night has to know about notices before it can be planned: nothing, mostly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needed {
    /// The day of the expiry whose notice matters tonight.
    pub expiry: Option<Date>,
    /// The tier and the day of the review whose notice matters tonight.
    pub tier: Option<(TierId, Date)>,
}

impl Needed {
    /// What the first notice of the expiry is about.
    pub fn expiry_reason(&self) -> Option<Reason> {
        self.expiry.map(|on| Reason::PointsExpiring { on, notice: 1 })
    }

    /// What the first notice of the review is about.
    pub fn tier_reason(&self) -> Option<Reason> {
        self.tier.clone().map(|(tier, on)| Reason::TierEnding { tier, on, notice: 1 })
    }
}

/// What a points night did to an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PointsNight {
    /// Entries, oldest first.
    pub entries: Vec<Entry>,
    /// What was done and why, in order; empty where nothing was.
    pub changes: Vec<PointsFact>,
    /// Whether points stay for good, because no notice of their expiry reaches her.
    pub cannot_be_reached: bool,
    /// The next local night there is something to do, always after this one.
    pub due: Option<Date>,
}

/// The day so many days later, or earlier where there are fewer than none.
fn days_after(day: Date, days: i32) -> Date {
    day.checked_add(days.days()).unwrap_or(day)
}
