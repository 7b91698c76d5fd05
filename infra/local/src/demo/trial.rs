//! The result of the year's test of win-back, as a shop would work it out: by what the nights
//! decided and what stands in the table. Beside it the truth of the
//! [model](super::behaviour), which no shop knows.
//!
//! Who was to be written to is compared with who was held out, as it was drawn: that a letter
//! was dropped because she came that very morning is part of what writing to people does.
#![expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    reason = "statistics are fractions by nature; per mille of them is all that is told"
)]

use jiff::ToSpan;
use jiff::civil::Date;
use loyalty::trial::{FOLLOWED_DAYS, Followed, Outcome, outcome};
use serde::Serialize;

use super::Play;
use super::audit::Audited;
use super::lives::Tested;

/// What the test showed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct TestFigures {
    /// Drawn to be written to, and followed for 30 days.
    pub(super) to_write_to: u64,
    /// Of these, so many letters were found in the mailboxes.
    pub(super) letters: u64,
    pub(super) held_out: u64,
    /// Came back, of those to be written to.
    pub(super) back_of_written_to: u64,
    /// Came back, of those held out.
    pub(super) back_of_held_out: u64,
    /// The difference in the share who came back, per mille; `None`: not enough data.
    pub(super) difference: Option<Difference>,
    /// The difference in money kept for each, minor units.
    pub(super) kept: Option<Difference>,
    /// What the letter adds by the model, on average over all of these, per mille.
    pub(super) truth: i64,
}

/// A difference, those written to less those held out, with the interval that has the truth in 95 of 100 tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    pub(super) difference: i64,
    pub(super) low: i64,
    pub(super) high: i64,
}

/// The result, of everybody who was followed to the end.
pub(super) fn result(play: &Play, tested: &[Tested], audited: &Audited) -> TestFigures {
    let is_followed =
        |one: &&Tested| followed_until(one.night).is_some_and(|until| until <= play.year.last_day);
    let tested: Vec<&Tested> = tested.iter().filter(is_followed).collect();
    let of = |held: bool| {
        let group = tested.iter().filter(|one| one.held == held);
        group.map(|one| followed(one, audited)).collect::<Vec<_>>()
    };
    let (written_to, held_out) = (of(false), of(true));
    let back = |group: &[Followed]| count(group.iter().filter(|one| one.came_back).count());
    let (difference, kept) = match outcome(&written_to, &held_out) {
        Outcome::TooEarly { .. } => (None, None),
        Outcome::Known { came_back, kept, .. } => {
            let told = |by: f64, value: f64| (value * by).round() as i64;
            let told = |by: f64, one: loyalty::trial::Interval| Difference {
                difference: told(by, one.difference),
                low: told(by, one.low),
                high: told(by, one.high),
            };
            (Some(told(1_000.0, came_back)), Some(told(1.0, kept)))
        }
    };
    TestFigures {
        to_write_to: count(written_to.len()),
        letters: count(tested.iter().filter(|one| one.written_to).count()),
        held_out: count(held_out.len()),
        back_of_written_to: back(&written_to),
        back_of_held_out: back(&held_out),
        difference,
        kept,
        truth: truth(tested.iter().map(|one| one.effect)),
    }
}

/// The first local day that isn't followed any more.
fn followed_until(night: Date) -> Option<Date> {
    night.checked_add(FOLLOWED_DAYS.days()).ok()
}

/// What became of somebody within 30 days of the night.
fn followed(one: &Tested, audited: &Audited) -> Followed {
    let bought = audited.bought.get(&one.customer).map(Vec::as_slice).unwrap_or_default();
    let until = followed_until(one.night).unwrap_or(one.night);
    let in_time = bought.iter().filter(|(day, _)| one.night <= *day && *day < until);
    let kept = in_time.clone().fold(0_i64, |sum, (_, kept)| sum.saturating_add(*kept));
    // It has no offer, and sending a letter costs no cent.
    Followed { came_back: in_time.count() > 0, kept, cost: 0 }
}

/// The average of some effects in ten thousandths, per mille.
fn truth(effects: impl Iterator<Item = i64>) -> i64 {
    let (mut sum, mut of) = (0_i64, 0_i64);
    for effect in effects {
        (sum, of) = (sum.saturating_add(effect), of.saturating_add(10));
    }
    sum.saturating_add(of.div_euclid(2)).checked_div_euclid(of).unwrap_or(0)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use loyalty::ids::CustomerId;
    use loyalty::mail::Kind;
    use loyalty::trial::{Key, Trial};

    use super::super::behaviour::Absence;
    use super::*;

    /// Absences of a year of many, as a test would meet them.
    const ABSENCES: usize = 240;

    /// The result of a test of one seed's absences, and the truth, both per mille.
    fn tested(seed: u64) -> (loyalty::trial::Interval, f64) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let key = Key(std::array::from_fn(|_| rng.u8(..)));
        let (starts, ends) = (date(2026, 1, 1), date(2026, 12, 31));
        let (id, kind) = ("coverage".to_owned(), Kind::WinBack);
        let trial = Trial { id, kind, share_held: 50, key, starts, ends };
        let (mut written_to, mut held_out, mut effects) = (Vec::new(), Vec::new(), 0);
        for person in 0..ABSENCES {
            let absence = Absence::drawn(seed, person, 0);
            let held = trial.holds_out(&CustomerId::from_bits(rng.u64(..)));
            let came_back = absence.ends(!held);
            let one = Followed { came_back, kept: i64::from(came_back) * 1_500, cost: 0 };
            if held {
                held_out.push(one)
            } else {
                written_to.push(one)
            }
            effects += absence.effect();
        }
        let Outcome::Known { came_back, .. } = outcome(&written_to, &held_out) else {
            panic!("not enough data");
        };
        (came_back, effects as f64 / 10_000.0 / ABSENCES as f64)
    }

    #[test]
    fn over_200_seeds_the_interval_covers_the_models_truth_in_93_to_97_percent() {
        let covers = |seed: &u64| {
            let (interval, truth) = tested(*seed);
            interval.low <= truth && truth <= interval.high
        };
        let covered = (1..=200).filter(covers).count();
        println!("the 95 % interval covers the truth in {covered} of 200 seeds");
        assert!((186..=194).contains(&covered), "{covered} of 200");
        let of_more = (1..=4_000).filter(covers).count();
        println!("and in {of_more} of 4,000");
        assert!((3_740..=3_860).contains(&of_more), "{of_more} of 4,000");
    }

    #[test]
    fn a_letter_only_ever_adds_to_the_chance_to_come_back() {
        for person in 0..1_000 {
            let absence = Absence::drawn(7, person, 0);
            assert!(absence.effect() > 0);
            assert!(absence.ends(true) || !absence.ends(false));
            assert_eq!(absence.asked().is_some(), absence.ends(true) && !absence.ends(false));
            assert_eq!(absence, Absence::drawn(7, person, 0));
            assert_ne!(absence, Absence::drawn(7, person, 1));
        }
    }

    #[test]
    fn a_night_is_followed_for_thirty_days_and_the_first_is_its_own() {
        let customer = CustomerId::from_bits(1);
        let one = Tested {
            customer: customer.clone(),
            night: date(2026, 3, 1),
            held: false,
            written_to: true,
            effect: 0,
        };
        let back = |day: Date| {
            let bought = [(customer.clone(), vec![(day, 500)])].into();
            followed(&one, &Audited { bought, ..Audited::default() }).came_back
        };
        let days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 30), date(2026, 3, 31)];
        assert_eq!(days.map(back), [false, true, true, false]);
    }

    #[test]
    fn the_truth_is_the_average_effect() {
        assert_eq!(truth([1_000, 2_000, 0].into_iter()), 100);
        assert_eq!(truth([].into_iter()), 0);
    }
}
