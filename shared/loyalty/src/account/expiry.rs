//! Which of an account's points expire next, and after which day.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Account, LotKey};
use crate::Points;
use crate::month::Month;
use crate::program::{Expiry, Program};

/// Points that expire together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiring {
    /// Their lot.
    pub lot: LotKey,
    /// How many.
    pub points: Points,
    /// The last local day they can be used.
    pub on: Date,
    /// How often that was put off.
    pub times: u8,
}

impl Account {
    /// The points that expire next, as things stand, and their last day with what was put
    /// off. `None`: none do.
    pub fn expiring(&self, program: &Program) -> Option<Expiring> {
        self.last_days(program).into_iter().next()
    }

    /// All points that expire, as things stand, with their last days, soonest first.
    ///
    /// A lot lasts to the end of its month. Under `inactivity` points without a month of
    /// their own last for so many months from the last purchase, or from joining. Days that
    /// the shop is closed don't count: they come on top, looked for between the month the
    /// points were earned in, by today's rule, or the last purchase, and the last day. A day
    /// that something was put off to holds for whatever would expire before.
    pub fn last_days(&self, program: &Program) -> Vec<Expiring> {
        let mut days: Vec<(LotKey, Points, Date)> = self.of_months(program).collect();
        days.extend(self.for_inactivity(program));
        days.sort_by_key(|(_, _, on)| *on);
        let expiring = |(lot, points, own): (LotKey, Points, Date)| {
            let put_off = self.put_off.expiry.filter(|to| *to > own);
            let times = put_off.map_or(0, |_| self.put_off.times);
            Expiring { lot, points, on: put_off.unwrap_or(own), times }
        };
        days.into_iter().map(expiring).collect()
    }

    fn of_months<'a>(
        &'a self,
        program: &'a Program,
    ) -> impl Iterator<Item = (LotKey, Points, Date)> + 'a {
        let months = match program.expiry {
            Expiry::Months { months } | Expiry::Inactivity { months } => months,
            Expiry::None => 12,
        };
        self.wallet.lots().filter_map(move |(key, lot)| {
            let LotKey::Month(month) = key else { return None };
            let earned = month.plus(i32::from(months).saturating_neg());
            let on = open_days(earned, month, &program.shop.closed);
            (lot.points > Points::ZERO).then_some((key, lot.points, on))
        })
    }

    fn for_inactivity(&self, program: &Program) -> Option<(LotKey, Points, Date)> {
        let Expiry::Inactivity { months } = program.expiry else { return None };
        let (_, lot) = self.wallet.lots().find(|(key, _)| *key == LotKey::Never)?;
        let active = self.last_active(program)?;
        let on = active.checked_add(i32::from(months).months()).ok()?;
        let on = past_closed(active, on, &program.shop.closed);
        let stays = self.put_off.stays.is_some_and(|day| on <= day);
        (lot.points > Points::ZERO && !stays).then_some((LotKey::Never, lot.points, on))
    }

    /// The local day she last did something that keeps points: her last purchase, else that
    /// she joined.
    fn last_active(&self, program: &Program) -> Option<Date> {
        let joined = self.member_since.map(|since| program.local_day(since));
        self.facts.last().max(joined)
    }
}

/// The last day of a month, with the closed days since the end of an earlier one on top.
fn open_days(from: Month, to: Month, closed: &BTreeSet<Date>) -> Date {
    past_closed(from.last_day(), to.last_day(), closed)
}

/// `last` moved on by the closed days after `from` up to it, those it moves past included.
fn past_closed(from: Date, last: Date, closed: &BTreeSet<Date>) -> Date {
    let (mut from, mut last) = (from, last);
    while from < last {
        let Ok(next) = from.tomorrow() else { break };
        let days = closed.range(next..=last).count();
        from = last;
        last = i32::try_from(days)
            .ok()
            .and_then(|days| last.checked_add(days.days()).ok())
            .unwrap_or(last);
    }
    last
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn closed_days_come_on_top_and_those_moved_past_too() {
        let closed: BTreeSet<Date> =
            [date(2026, 1, 1), date(2026, 12, 25), date(2027, 1, 1), date(2027, 6, 1)].into();
        // The first closed day lies on the day she was active, the last behind it all.
        let last = past_closed(date(2026, 1, 1), date(2026, 12, 31), &closed);
        assert_eq!(last, date(2027, 1, 2));
        let none = past_closed(date(2026, 1, 1), date(2026, 12, 31), &BTreeSet::new());
        assert_eq!(none, date(2026, 12, 31));
    }
}
