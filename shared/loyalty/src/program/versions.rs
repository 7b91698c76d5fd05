//! The versions of a shop's program and when each one starts.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::{Problem, Program};
use crate::ids::TierId;

/// The local hour at which a changed program starts: after the last order of the night
/// before, and before the first of the day.
const START_HOUR: i8 = 4;

/// A saved program. It never changes.
#[derive(Debug, Clone)]
pub struct ProgramVersion {
    /// Counts up from 1.
    pub number: u32,
    /// The moment from which orders paid fall under it.
    pub effective_from: Timestamp,
    /// The rules; shared, because many orders of a night are worked out by the same.
    pub program: Arc<Program>,
}

/// All versions of one shop's program.
#[derive(Debug, Clone, Default)]
pub struct Programs(Vec<ProgramVersion>);

impl Programs {
    /// The versions, in whatever order they come.
    pub fn new(mut versions: Vec<ProgramVersion>) -> Self {
        versions.sort_by_key(|version| version.number);
        Self(versions)
    }

    /// The version in force at a moment: the one that started last, and of two that
    /// started together the one saved later. `None` before the first.
    pub fn in_force(&self, at: Timestamp) -> Option<&ProgramVersion> {
        let started = self.0.iter().filter(|version| version.effective_from <= at);
        started.max_by_key(|version| (version.effective_from, version.number))
    }

    /// The version that speaks for the shop at `now`: the one in force, or the first one
    /// while none is in force yet.
    pub fn current(&self, now: Timestamp) -> Option<&ProgramVersion> {
        self.in_force(now).or_else(|| self.iter().next())
    }

    /// The shop's local day; UTC's for a shop without a program, which counts nothing yet.
    pub fn today(&self, now: Timestamp) -> Date {
        match self.current(now) {
            Some(current) => current.program.local_day(now),
            None => now.to_zoned(TimeZone::UTC).date(),
        }
    }

    /// The version of that number.
    pub fn version(&self, number: u32) -> Option<&ProgramVersion> {
        self.0.iter().find(|version| version.number == number)
    }

    /// The version saved last, in force or not.
    pub fn latest(&self) -> Option<&ProgramVersion> {
        self.0.last()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All versions by number.
    pub fn iter(&self) -> impl Iterator<Item = &ProgramVersion> {
        self.0.iter()
    }
}

/// The moment a version saved at `now` starts, by the clock of the shop.
///
/// The first starts with its `effective_from` day, which may lie in the past, or with
/// the current day. A later one starts tomorrow at 04:00, or at 04:00 of its
/// `effective_from` day if that is later still: an order never changes its rules during
/// a day, and there is a night to withdraw a mistake.
///
/// # Errors
///
/// `effective_from` of a later version lies before tomorrow. The very day the previous
/// version names is let pass: the owner edited the file and left the key.
pub fn starts(
    program: &Program,
    previous: Option<&ProgramVersion>,
    now: Timestamp,
) -> Result<Timestamp, Problem> {
    let zone = &program.shop.zone;
    let today = program.local_day(now);
    let named = program.effective_from;
    let Some(previous) = previous else {
        return moment(named.unwrap_or(today).to_datetime(jiff::civil::Time::midnight()), zone);
    };
    let tomorrow = today.tomorrow().map_err(|_| out_of_range(today))?;
    let day = match named {
        Some(day) if day >= tomorrow => day,
        Some(day) if previous.program.effective_from != Some(day) => {
            return Err(Problem::new(
                "program.effective_from",
                format!(
                    "found {day}, but a changed program starts tomorrow ({tomorrow}) at the \
                     earliest: name that day or a later one, or leave the key out"
                ),
            ));
        }
        Some(_) | None => tomorrow,
    };
    moment(day.at(START_HOUR, 0, 0, 0), zone)
}

/// A local time as a moment. A time that a change of clocks skips is read as if the
/// clocks had not moved yet, one that happens twice as the first.
fn moment(local: DateTime, zone: &TimeZone) -> Result<Timestamp, Problem> {
    zone.to_timestamp(local).map_err(|_| out_of_range(local.date()))
}

fn out_of_range(day: Date) -> Problem {
    Problem::new("program.effective_from", format!("{day} is beyond what a calendar here holds"))
}

impl Program {
    /// What keeps this program from following `previous`: the shop and its currency stay
    /// (stored amounts and balances are in it), and a member's tier must still be found.
    /// A tier therefore vanishes only if another one names it in `replaces`, and whoever
    /// replaced an older one goes on naming it.
    pub fn check_successor(&self, previous: &Program) -> Vec<Problem> {
        let mut problems = Vec::new();
        let (shop, before) = (&self.shop, &previous.shop);
        if shop.id != before.id {
            problems.push(stays("shop.id", &shop.id, &before.id));
        }
        if shop.currency != before.currency {
            problems.push(stays("shop.currency", &shop.currency, &before.currency));
        }
        let known = previous.tiers.iter().flat_map(|tier| tier.replaces.iter().chain([&tier.id]));
        problems.extend(known.filter(|id| self.tier(id).is_none()).map(vanished));
        problems
    }
}

fn stays(key: &str, found: &impl ToString, before: &impl ToString) -> Problem {
    let (found, before) = (found.to_string(), before.to_string());
    Problem::new(key, format!("found `{found}`; a shop's program keeps what it had: `{before}`"))
}

fn vanished(id: &TierId) -> Problem {
    Problem::new(
        "tier",
        format!(
            "`{id}` was a tier of the version before and members may hold it: keep it, or add \
             replaces = [\"{id}\"] to the tier that stands in for it"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::CORNER_BAKERY;

    fn program(zone: &str, effective_from: Option<&str>) -> Program {
        let mut program = Program::parse(CORNER_BAKERY).unwrap();
        program.shop.zone = TimeZone::get(zone).unwrap();
        program.effective_from = effective_from.map(|day| day.parse().unwrap());
        program
    }

    fn saved(number: u32, effective_from: &str, program: Program) -> ProgramVersion {
        let effective_from = effective_from.parse().unwrap();
        ProgramVersion { number, effective_from, program: Arc::new(program) }
    }

    #[track_caller]
    fn check_first(zone: &str, day: Option<&str>, now: &str, starts_at: &str) {
        let start = starts(&program(zone, day), None, now.parse().unwrap());
        assert_eq!(start.unwrap().to_string(), starts_at);
    }

    /// A second version after one whose day is 2020-01-01.
    #[track_caller]
    fn check(zone: &str, day: Option<&str>, now: &str, starts_at: &str) {
        let first = saved(1, "2020-01-01T05:00:00Z", program(zone, Some("2020-01-01")));
        let start = starts(&program(zone, day), Some(&first), now.parse().unwrap());
        assert_eq!(
            start.map_or_else(|problem| problem.to_string(), |at| at.to_string()),
            starts_at
        );
    }

    const NEW_YORK: &str = "America/New_York";
    const BERLIN: &str = "Europe/Berlin";

    #[test]
    fn the_first_version_starts_with_its_day() {
        let now = "2026-11-22T12:00:00Z";
        check_first(NEW_YORK, Some("2020-01-01"), now, "2020-01-01T05:00:00Z");
        check_first(NEW_YORK, Some("2027-07-01"), now, "2027-07-01T04:00:00Z");
        check_first(NEW_YORK, None, now, "2026-11-22T05:00:00Z");
        // still the day before in New York
        check_first(NEW_YORK, None, "2026-11-22T03:00:00Z", "2026-11-21T05:00:00Z");
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_starts_at_its_first_moment() {
        check_first(
            "Africa/Cairo",
            Some("2026-04-24"),
            "2026-04-01T00:00:00Z",
            "2026-04-23T22:00:00Z",
        );
    }

    #[test]
    fn a_later_version_starts_tomorrow_at_four() {
        check(NEW_YORK, None, "2026-11-22T17:00:00Z", "2026-11-23T09:00:00Z");
        // 01:00 in New York: today's 04:00 is still to come, and isn't taken
        check(NEW_YORK, None, "2026-11-22T06:00:00Z", "2026-11-23T09:00:00Z");
        check(BERLIN, None, "2026-11-22T22:59:59Z", "2026-11-23T03:00:00Z");
        check(BERLIN, None, "2026-11-22T23:00:00Z", "2026-11-24T03:00:00Z");
    }

    #[test]
    fn four_oclock_is_by_the_clock_of_the_day_it_starts() {
        // clocks go forward in the night to 2026-03-08, back in that to 2026-11-01
        check(NEW_YORK, None, "2026-03-07T17:00:00Z", "2026-03-08T08:00:00Z");
        check(NEW_YORK, None, "2026-10-31T17:00:00Z", "2026-11-01T09:00:00Z");
        check(BERLIN, None, "2026-03-28T12:00:00Z", "2026-03-29T02:00:00Z");
        check(BERLIN, None, "2026-10-24T12:00:00Z", "2026-10-25T03:00:00Z");
    }

    #[test]
    fn a_later_version_waits_for_its_day() {
        let now = "2026-11-22T17:00:00Z";
        check(NEW_YORK, Some("2026-11-23"), now, "2026-11-23T09:00:00Z");
        check(NEW_YORK, Some("2027-07-01"), now, "2027-07-01T08:00:00Z");
    }

    #[test]
    fn a_day_left_from_the_version_before_is_ignored() {
        check(NEW_YORK, Some("2020-01-01"), "2026-11-22T17:00:00Z", "2026-11-23T09:00:00Z");
    }

    #[test]
    fn a_later_version_cannot_start_today() {
        check(
            NEW_YORK,
            Some("2026-11-22"),
            "2026-11-22T17:00:00Z",
            "program.effective_from: found 2026-11-22, but a changed program starts tomorrow \
             (2026-11-23) at the earliest: name that day or a later one, or leave the key out",
        );
    }

    #[test]
    fn the_version_in_force_is_the_one_that_started_last() {
        let program = program(NEW_YORK, None);
        let programs = Programs::new(vec![
            saved(3, "2026-05-01T08:00:00Z", program.clone()),
            saved(1, "2020-01-01T05:00:00Z", program.clone()),
            saved(4, "2026-05-01T08:00:00Z", program.clone()),
            saved(2, "2026-09-01T08:00:00Z", program),
        ]);
        let number = |at: &str| programs.in_force(at.parse().unwrap()).map(|found| found.number);
        assert_eq!(number("2020-01-01T04:59:59Z"), None);
        assert_eq!(number("2020-01-01T05:00:00Z"), Some(1));
        assert_eq!(number("2026-04-30T00:00:00Z"), Some(1));
        // of two that start together, the one saved later
        assert_eq!(number("2026-05-01T08:00:00Z"), Some(4));
        // saved before 3 and 4, but for a later day
        assert_eq!(number("2026-09-01T08:00:00Z"), Some(2));

        assert_eq!(programs.latest().map(|version| version.number), Some(4));
        assert_eq!(programs.version(3).map(|version| version.number), Some(3));
        assert!(programs.version(5).is_none());
        assert_eq!(programs.iter().map(|version| version.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert!(Programs::default().is_empty());
    }

    #[track_caller]
    fn check_successor(edit: impl FnOnce(&mut Program), keys: &[&str]) {
        let previous = program(NEW_YORK, None);
        let mut next = previous.clone();
        edit(&mut next);
        let problems = next.check_successor(&previous);
        assert_eq!(problems.iter().map(|problem| problem.key.as_str()).collect::<Vec<_>>(), keys);
    }

    #[test]
    fn a_tier_vanishes_only_when_another_replaces_it() {
        check_successor(|_| {}, &[]);
        check_successor(|next| drop(next.tiers.remove(1)), &["tier"]);
        check_successor(
            |next| {
                let silver = next.tiers.remove(1);
                next.tiers[1].replaces.push(silver.id);
            },
            &[],
        );
    }

    #[test]
    fn a_tier_that_was_replaced_once_stays_replaced() {
        let mut previous = program(NEW_YORK, None);
        previous.tiers[1].replaces.push("copper".parse().unwrap());
        let problems = program(NEW_YORK, None).check_successor(&previous);
        assert!(problems[0].message.contains("`copper`"), "{problems:?}");
    }

    #[test]
    fn the_shop_and_its_currency_stay() {
        check_successor(
            |next| {
                next.shop.id = "another".parse().unwrap();
                next.shop.currency = "EUR".parse().unwrap();
            },
            &["shop.id", "shop.currency"],
        );
    }
}
