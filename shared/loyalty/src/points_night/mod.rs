//! The points night: what time does to points and tiers.
//!
//! Pending points mature, lots expire, tiers are reviewed. What takes something away needs
//! a notice that reached her at least 30 days before. Whether one did is asked as soon as
//! one could no longer be in time, so that what is put off leaves time for another.

mod expiry;
mod fact;
mod tiers;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

pub use self::fact::PointsFact;
use crate::account::{Account, earliest};
use crate::ids::TierId;
use crate::ledger::{Cause, Entry, Origin};
use crate::mail::Reason;
use crate::money::{Overflow, Points};
use crate::program::Program;

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

/// What has to be known of notices before `night` can be planned for an account.
pub fn needed(account: &Account, program: &Program, night: Date) -> Result<Needed, Overflow> {
    if !takes_part(account) {
        return Ok(Needed::default());
    }
    // What matures tonight may be what expires next.
    let mut account = account.clone();
    account.wallet.mature(night)?;
    let expiring = account.expiring(program);
    Ok(Needed {
        expiry: expiring.and_then(|next| expiry::asks(&account, &next, night)),
        tier: tiers::asks(&account, program, night)?,
    })
}

/// Does for an account what a local night brings: it matures what is pending, lets expire
/// what she was told of in time, and reviews her tier. `notices` are those that [`needed`]
/// named. Run again it finds nothing. The account's version rises with every entry, and at
/// least by one if anything of it changed; where it fails, the account is to be thrown away.
///
/// # Errors
/// [`Overflow`] if a number leaves the range of 64 bits.
pub fn points_night(
    account: &mut Account,
    program: &Program,
    notices: &Notices,
    night: Date,
    now: Timestamp,
) -> Result<PointsNight, Overflow> {
    if !takes_part(account) {
        return Ok(PointsNight::default());
    }
    let was = account.clone();
    let mut work = Night { account, program, night, now, out: PointsNight::default() };
    work.mature()?;
    work.expire(notices.expiry_told)?;
    work.review(notices.tier_told)?;
    let mut out = work.out;
    out.due = account.earliest_points(program, days_after(night, 1));
    if out.entries.is_empty() && *account != was {
        account.version = account.version.checked_add(1).ok_or(Overflow)?;
    }
    Ok(out)
}

impl Account {
    /// The first local night, `from` or later, that the points nights have something to do
    /// for her, as things stand. Whatever changes the account has to ask again.
    pub fn earliest_points(&self, program: &Program, from: Date) -> Option<Date> {
        if !takes_part(self) {
            return None;
        }
        let expiring = self.expiring(program);
        let days = [
            self.wallet.next_maturity(),
            expiring.map(|next| expiry::night(self, &next)),
            // A sum that can't be made is looked at, and told, at once.
            tiers::night(self, program).unwrap_or(Some(from)),
        ];
        earliest(days).map(|day| day.max(from))
    }
}

/// What is due for a merged account is due for the one that stands for it.
fn takes_part(account: &Account) -> bool {
    account.is_member() && account.merged.is_none()
}

/// A night at work on an account.
struct Night<'a> {
    account: &'a mut Account,
    program: &'a Program,
    night: Date,
    now: Timestamp,
    out: PointsNight,
}

impl Night<'_> {
    fn mature(&mut self) -> Result<(), Overflow> {
        let night = self.night;
        if self.account.wallet.next_maturity().is_some_and(|day| day <= night) {
            let points = self.account.wallet.mature(night)?;
            self.done(PointsFact::Matured { points });
        }
        Ok(())
    }

    fn done(&mut self, fact: PointsFact) {
        self.out.changes.push(fact);
    }

    /// Enters what was done; it makes the account's next version.
    fn enter(&mut self, delta: Points, cause: Cause, origin: Origin) -> Result<(), Overflow> {
        self.account.version = self.account.version.checked_add(1).ok_or(Overflow)?;
        self.out.entries.push(Entry {
            number: self.account.version,
            at: self.now,
            fact_at: None,
            delta,
            cause,
            receipt: None,
            balance_after: self.account.wallet.balance()?,
            promotion: None,
            origin,
            of: None,
        });
        Ok(())
    }
}

/// The first night on which no notice of a day can be in time any more: a day earlier one
/// could still be delivered.
fn first_look(on: Date) -> Date {
    days_after(on, 1_i32.saturating_sub(NOTICE_DAYS))
}

/// The day that what was to happen on `on` is put off to on `night`: as many times 30 days
/// as leave tomorrow's mail time to be a notice of it. Asked in time, that is once.
fn put_off(on: Date, night: Date) -> Date {
    let mut to = days_after(on, PUT_OFF_DAYS);
    while first_look(to) <= days_after(night, 1) && to < Date::MAX {
        to = days_after(to, PUT_OFF_DAYS);
    }
    to
}

/// The day so many days later, or earlier where there are fewer than none.
fn days_after(day: Date, days: i32) -> Date {
    let far = if days < 0 { Date::MIN } else { Date::MAX };
    day.checked_add(days.days()).unwrap_or(far)
}

#[cfg(test)]
mod tests;
