//! When a shop is open, and so how long a silence is: a night, a Sunday and a holiday say
//! nothing about whether purchases still reach us.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

/// Minutes of a day that no clock is put forward or back on.
const DAY: u16 = 24 * 60;

/// The longest silence that is looked through: one of over a year is long enough.
const LOOKED_THROUGH: SignedDuration = SignedDuration::from_hours(400 * 24);

/// When a shop is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningHours {
    /// From Monday on; at least one of them has something.
    pub week: [Vec<Shift>; 7],
    /// Opening hours without a purchase that are a silence; above 0.
    pub silent_after: u16,
}

/// A part of a day that the shop is open for, in minutes from its midnight by the clock on
/// the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shift {
    /// From then on; below 24 hours.
    pub from: u16,
    /// Until then, after `from` and by at most 24 hours; past midnight where it is above 24
    /// hours.
    pub until: u16,
}

impl Shift {
    /// From one time of day to another. Not after it, that is the next day's; the same time
    /// is a whole day.
    pub fn new(from: Time, until: Time) -> Self {
        let (from, until) = (minutes(from), minutes(until));
        let over = if until <= from { DAY } else { 0 };
        Self { from, until: until.saturating_add(over) }
    }
}

fn minutes(time: Time) -> u16 {
    let minutes = i16::from(time.hour()).saturating_mul(60).saturating_add(time.minute().into());
    u16::try_from(minutes).unwrap_or_default()
}

impl OpeningHours {
    /// How long the shop was open from one moment to another, where its days are those of
    /// `zone` and it didn't open on `closed` ones. What is open past midnight belongs to the
    /// day before. Over a year it isn't counted further.
    pub fn open_between(
        &self,
        from: Timestamp,
        to: Timestamp,
        zone: &TimeZone,
        closed: &BTreeSet<Date>,
    ) -> SignedDuration {
        let to = from.checked_add(LOOKED_THROUGH).map_or(to, |most| to.min(most));
        let last = to.to_zoned(zone.clone()).date();
        // What opened the evening before may be open still.
        let mut day = from.to_zoned(zone.clone()).date().yesterday().ok();
        let (mut open, mut counted) = (SignedDuration::ZERO, from);
        while let Some(date) = day.filter(|day| *day <= last) {
            for shift in self.shifts(date, closed) {
                let Some((opens, closes)) = shift.on(date, zone) else { continue };
                let (opens, closes) = (opens.max(counted), closes.min(to));
                if opens < closes {
                    open = open.saturating_add(closes.duration_since(opens));
                    counted = closes;
                }
            }
            day = date.tomorrow().ok();
        }
        open
    }

    /// Whether a shop that was last heard of at `heard` has been silent for too long.
    pub fn is_silent(
        &self,
        heard: Timestamp,
        now: Timestamp,
        zone: &TimeZone,
        closed: &BTreeSet<Date>,
    ) -> bool {
        let enough = SignedDuration::from_hours(self.silent_after.into());
        self.open_between(heard, now, zone, closed) >= enough
    }

    fn shifts(&self, date: Date, closed: &BTreeSet<Date>) -> &[Shift] {
        if closed.contains(&date) {
            return &[];
        }
        self.week.get(index(date.weekday())).map_or(&[], Vec::as_slice)
    }
}

/// A weekday's place in a week that begins on Monday.
fn index(day: Weekday) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap_or_default()
}

impl Shift {
    /// When it begins and ends on a day. A time that the clock leaves out is as long after as
    /// it was put forward; one that it shows twice is the first.
    fn on(self, date: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
        let midnight = date.to_datetime(Time::midnight());
        let at = |minutes: u16| {
            let time = midnight.checked_add(Span::new().minutes(i64::from(minutes))).ok()?;
            Some(time.to_zoned(zone.clone()).ok()?.timestamp())
        };
        Some((at(self.from)?, at(self.until)?))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    use super::*;
    use crate::testing::at;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn shift(from: i8, until: i8) -> Shift {
        Shift::new(time(from, 0, 0, 0), time(until, 0, 0, 0))
    }

    fn daily(shifts: &[Shift]) -> OpeningHours {
        OpeningHours { week: std::array::from_fn(|_| shifts.to_vec()), silent_after: 8 }
    }

    /// Monday to Saturday 7 to 18, Sunday closed.
    fn bakery() -> OpeningHours {
        let mut hours = daily(&[shift(7, 18)]);
        hours.week[6].clear();
        hours
    }

    #[track_caller]
    fn open(hours: &OpeningHours, zone: &str, from: &str, to: &str, closed: &[Date], hour: &str) {
        let closed = closed.iter().copied().collect();
        let found = hours.open_between(at(from), at(to), &self::zone(zone), &closed);
        assert_eq!(found, hour.parse().unwrap(), "{found}");
    }

    #[test]
    fn nights_sundays_and_closed_days_do_not_count() {
        let check = |from, to, closed: &[Date], hours| {
            open(&bakery(), "America/New_York", from, to, closed, hours);
        };
        // Friday 17:00 to Friday 20:00, Saturday 09:00, Monday 08:30.
        let friday = "2026-11-20T22:00:00Z";
        check(friday, "2026-11-21T01:00:00Z", &[], "PT1H");
        check(friday, "2026-11-21T14:00:00Z", &[], "PT3H");
        check(friday, "2026-11-23T13:30:00Z", &[], "PT13H30M");
        check(friday, "2026-11-23T13:30:00Z", &[date(2026, 11, 21)], "PT2H30M");
        check("2026-11-22T05:00:00Z", "2026-11-23T05:00:00Z", &[], "PT0S");
        check(friday, friday, &[], "PT0S");
        check("2026-11-21T01:00:00Z", friday, &[], "PT0S");
    }

    #[test]
    fn what_is_open_past_midnight_belongs_to_the_evening_before() {
        let bar = daily(&[shift(18, 2)]);
        let check = |from, to, closed: &[Date], hours| {
            open(&bar, "Europe/Berlin", from, to, closed, hours);
        };
        // From midnight on, by the evening before.
        check("2026-11-19T23:00:00Z", "2026-11-20T11:00:00Z", &[], "PT2H");
        check("2026-11-19T23:00:00Z", "2026-11-20T11:00:00Z", &[date(2026, 11, 20)], "PT2H");
        check("2026-11-19T23:00:00Z", "2026-11-20T11:00:00Z", &[date(2026, 11, 19)], "PT0S");
    }

    #[test]
    fn an_hour_that_the_clock_leaves_out_or_shows_twice_counts_as_it_passed() {
        let night = daily(&[shift(0, 6)]);
        let check = |from, to, hours| open(&night, "Europe/Berlin", from, to, &[], hours);
        check("2026-03-28T23:00:00Z", "2026-03-29T10:00:00Z", "PT5H");
        check("2026-10-24T22:00:00Z", "2026-10-25T10:00:00Z", "PT7H");
        check("2026-06-24T22:00:00Z", "2026-06-25T10:00:00Z", "PT6H");
    }

    #[test]
    fn a_silence_is_one_of_opening_hours() {
        let (hours, zone, closed) = (bakery(), zone("America/New_York"), BTreeSet::new());
        // Saturday 12:00; Monday 09:00 is 8 opening hours later.
        let heard = at("2026-11-21T17:00:00Z");
        let silent = |now| hours.is_silent(heard, at(now), &zone, &closed);
        assert!(!silent("2026-11-23T13:59:59Z"));
        assert!(silent("2026-11-23T14:00:00Z"));
        assert!(silent("2040-01-01T00:00:00Z"));
    }

    fn zones() -> impl Strategy<Value = TimeZone> {
        let names = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo"];
        prop::sample::select(names.map(zone).to_vec())
    }

    fn moments() -> impl Strategy<Value = Timestamp> {
        // A year around two changes of the clock in each zone.
        let (first, last) = (at("2026-01-01T00:00:00Z"), at("2026-12-31T00:00:00Z"));
        (first.as_second()..last.as_second())
            .prop_map(|second| Timestamp::from_second(second).unwrap())
    }

    fn shifts() -> impl Strategy<Value = Vec<Shift>> {
        let shift = (0..DAY, 1..=DAY).prop_map(|(from, long)| Shift { from, until: from + long });
        prop::collection::btree_set(shift, 0..3).prop_map(|shifts| shifts.into_iter().collect())
    }

    prop_compose! {
        fn any_hours()(week in prop::array::uniform7(shifts())) -> OpeningHours {
            OpeningHours { week, silent_after: 8 }
        }
    }

    fn days() -> impl Strategy<Value = BTreeSet<Date>> {
        let day = (1..=12_i8, 1..=28_i8).prop_map(|(month, day)| date(2026, month, day));
        prop::collection::btree_set(day, 0..40)
    }

    proptest! {
        #[test]
        fn a_time_cut_in_two_is_open_as_long_as_its_parts(
            hours in any_hours(), zone in zones(), closed in days(),
            mut cuts in prop::array::uniform3(moments()),
        ) {
            cuts.sort();
            let [a, b, c] = cuts;
            let open = |from, to| hours.open_between(from, to, &zone, &closed);
            prop_assert_eq!(open(a, b) + open(b, c), open(a, c));
            prop_assert!(open(a, c) <= c.duration_since(a));
            prop_assert!(open(a, c) >= SignedDuration::ZERO);
        }

        #[test]
        fn who_never_closes_is_open_all_the_time(
            zone in zones(), mut cuts in prop::array::uniform2(moments()),
        ) {
            cuts.sort();
            let [from, to] = cuts;
            let always = daily(&[shift(0, 0)]);
            let open = always.open_between(from, to, &zone, &BTreeSet::new());
            prop_assert_eq!(open, to.duration_since(from));
        }

        #[test]
        fn a_day_more_that_is_closed_never_makes_it_longer(
            hours in any_hours(), zone in zones(), closed in days(), more in days(),
            mut cuts in prop::array::uniform2(moments()),
        ) {
            cuts.sort();
            let [from, to] = cuts;
            let both = closed.union(&more).copied().collect();
            let open = hours.open_between(from, to, &zone, &closed);
            prop_assert!(hours.open_between(from, to, &zone, &both) <= open);
        }
    }
}
