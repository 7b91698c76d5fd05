//! When the nights look at an account next.
//!
//! Work that time brings costs what is due, not what exists: an account stands in an
//! index under the first day something may have to be done for it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Account, earliest};

/// A lapse is never seen earlier than this many days after the last purchase.
const FIRST_LOOK_DAYS: i32 = 21;

/// The first notice of expiry goes out this many days before.
const NOTICE_DAYS: i32 = 45;

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
    /// The first day there may be something to tell her, from the facts alone.
    pub fn earliest_mail(&self) -> Option<Date> {
        // What is due for a merged account is due for the one that stands for it.
        if !self.is_member() || self.merged.is_some() {
            return None;
        }
        let after = |day: Date, days: i32| day.checked_add(jiff::Span::new().days(days)).ok();
        let expiry = self.wallet.next_expiry().map(|month| month.last_day());
        earliest([
            self.facts.last().and_then(|day| after(day, FIRST_LOOK_DAYS)),
            expiry.and_then(|day| after(day, NOTICE_DAYS.saturating_neg())),
        ])
    }
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
