//! When the nights look at an account next.
//!
//! Work that time brings costs what is due, not what exists: an account stands in an
//! index under the first day something may have to be done for it.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{Account, LotKey, earliest};
use crate::night::{FIRST_LOOK_DAYS, FIRST_NOTICE, LETTERS, SECOND_NOTICE, YEAR_DAYS, after};

/// The days the two nightly functions look at an account next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// For mail: win-back, birthdays, surveys, notices.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<Date>,
    /// For points: reviews, maturity, expiry.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub points: Option<Date>,
}

/// Where to put `current` when the facts now ask for `earliest_new`:
/// `max(min(current, earliest new), first local date whose run hasn't started)`.
///
/// Earlier moves at once; later is left to the night that meets the account too early and
/// puts it further on, so that a purchase doesn't pay for moving it. Never into a bucket
/// whose run has started, which would not look there again.
pub fn moved(current: Option<Date>, earliest_new: Option<Date>, unstarted: Date) -> Option<Date> {
    earliest([current, earliest_new]).map(|wanted| wanted.max(unstarted))
}

impl Account {
    /// The first day a night may find something to tell a member, never later than the truth:
    /// what it takes to know better (the program, the shop's rhythm, her contact) is left to
    /// [`night::look`](crate::night::look), which puts the day further on.
    ///
    /// A birthday isn't in an account: whoever stores one puts the day where the next is,
    /// unless it stands earlier.
    pub fn earliest_mail(&self) -> Option<Date> {
        // What is due for a merged account is due for the one that stands for it.
        if !self.is_member() || self.merged.is_some() {
            return None;
        }
        let put_off = self.put_off.expiry;
        let months = self.wallet.lots().filter(|(_, lot)| !lot.points.is_zero());
        let months = months.filter_map(|(key, _)| match key {
            LotKey::Month(month) => Some(month.last_day()),
            LotKey::Never => None,
        });
        let told = |on: Date| self.letters.expiring.iter().find(|(day, _)| *day == on);
        let expiring = months.chain(put_off).map(|on| notice(on, told(on).copied()));
        let review = self.tier.as_ref().and_then(|tier| tier.review_on);
        let ending = review.and_then(|on| notice(on, self.letters.tier_ending));
        let survey = self.letters.earliest_survey();
        earliest(expiring.chain([ending, survey, self.earliest_win_back(), self.first_look()]))
    }

    /// The first day a letter about her absence may go.
    fn earliest_win_back(&self) -> Option<Date> {
        let last = self.facts.last()?;
        let nights = &self.letters.win_backs;
        let told: Vec<Date> = nights.iter().copied().filter(|night| *night > last).collect();
        if told.len() >= LETTERS {
            return None;
        }
        let asked = after(told.first().copied().unwrap_or(last), FIRST_LOOK_DAYS)?;
        let of_year = nights.len().checked_sub(LETTERS).and_then(|at| nights.get(at));
        let allowed = of_year.and_then(|night| after(*night, YEAR_DAYS));
        Some(allowed.map_or(asked, |allowed| asked.max(allowed)))
    }

    /// An account that no night has looked at yet is looked at three weeks after it began,
    /// whatever that finds: only then is known what else there is to come.
    fn first_look(&self) -> Option<Date> {
        if self.due.mail.is_some() {
            return None;
        }
        let joined = self.member_since.map(|since| since.to_zoned(TimeZone::UTC).date());
        after(self.facts.last().or(joined)?, FIRST_LOOK_DAYS)
    }
}

/// The next notice of a day that something ends on, after the latest that she was told.
fn notice(on: Date, told: Option<(Date, u8)>) -> Option<Date> {
    let days = match told.filter(|(day, _)| *day == on) {
        None => FIRST_NOTICE,
        Some((_, 1)) => SECOND_NOTICE,
        Some(_) => return None,
    };
    after(on, days.saturating_neg())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const TODAY: Date = date(2026, 11, 22);

    #[test]
    fn earlier_moves_at_once() {
        let (later, sooner) = (date(2026, 12, 20), date(2026, 12, 1));
        assert_eq!(moved(Some(later), Some(sooner), TODAY), Some(sooner));
    }

    #[test]
    fn later_is_left_to_the_night() {
        let (later, sooner) = (date(2026, 12, 20), date(2026, 12, 1));
        assert_eq!(moved(Some(sooner), Some(later), TODAY), Some(sooner));
    }

    #[test]
    fn nothing_is_put_where_the_run_has_started() {
        let past = date(2026, 11, 1);
        assert_eq!(moved(None, Some(past), TODAY), Some(TODAY));
    }

    #[test]
    fn a_day_whose_run_was_missed_moves_to_one_that_will_be_read() {
        let missed = date(2026, 11, 1);
        assert_eq!(moved(Some(missed), Some(date(2026, 12, 1)), TODAY), Some(TODAY));
    }

    #[test]
    fn nothing_due_stands_in_no_index() {
        assert_eq!(moved(None, None, TODAY), None);
    }
}
