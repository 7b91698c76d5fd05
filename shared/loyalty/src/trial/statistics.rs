//! What a test can show, and what it has shown.
//!
//! These are estimates of chances, the one place where a fraction is what is meant: nothing
//! here is ever money or points that somebody has.
#![expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    reason = "statistics are fractions by nature; counts and sums far below 2^53 convert exactly"
)]

use serde::Serialize;
use thiserror::Error;

use crate::estimate::{Estimate, Z, newcombe, wilson};

/// Its 80 % point: the power that a test is planned for.
const Z_POWER: f64 = 0.841_621_233_572_914_3;
/// The longest a test may take, in months.
pub const LONGEST_MONTHS: u16 = 24;
/// The fewest people of a group whose average says something: with fewer, one large purchase
/// is the result, and the intervals' approximations don't hold.
const FEWEST: usize = 30;
/// The fewest who came back, and who didn't, of both groups together.
const FEWEST_OF_EACH: usize = 5;

/// A test would take too long, or its numbers make no test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TooFew {
    /// It would take too long.
    #[error(
        "a test would take {months} months to show such a difference, and may take \
         {LONGEST_MONTHS}: look for a larger difference, or test when more customers meet the \
         condition"
    )]
    Months {
        /// So many.
        months: u64,
    },
    /// There is nothing to compare, or nothing to find.
    #[error(
        "a test needs customers every month, a difference, rates between 0 and 1, and a share \
         of 1 to 99 % that is held out"
    )]
    Nothing,
}

/// How many months a test needs to show a difference.
///
/// `per_month`: customers who meet the kind's condition in a month; `base_rate`: the share of
/// them, 0 to 1, who buy again within 30 days without the letter; `difference`: what is to be
/// added to that with it, and seen; `share_held`: how many of a hundred are held out.
///
/// Two proportions compared at 5 % (two-sided) with a power of 80 %, groups of unequal size:
/// with `r` treated for each held, rates `p` held and `q` treated and `m = (p + r·q)/(r + 1)`,
/// the held group needs
/// `(z₀.₉₇₅ √((r+1) m (1−m)) + z₀.₈ √(r p (1−p) + q (1−q)))² / (r (q−p)²)`
/// people (Fleiss, Levin, Paik: Statistical Methods for Rates and Proportions, 3rd edition,
/// 2003, section 4.4, without continuity correction).
///
/// # Errors
///
/// [`TooFew::Months`] beyond 24; [`TooFew::Nothing`] where the numbers make no test.
pub fn months_needed(
    per_month: u32,
    base_rate: f64,
    difference: f64,
    share_held: u8,
) -> Result<u16, TooFew> {
    let (p, q) = (base_rate, base_rate + difference);
    let rates = [p, q].iter().all(|rate| (0.0..=1.0).contains(rate));
    if per_month == 0 || !rates || difference == 0.0 || !(1..=99).contains(&share_held) {
        return Err(TooFew::Nothing);
    }
    let share = f64::from(share_held) / 100.0;
    let r = (1.0 - share) / share;
    let mean = (p + r * q) / (r + 1.0);
    let chance = Z * ((r + 1.0) * mean * (1.0 - mean)).sqrt();
    let power = Z_POWER * (r * p * (1.0 - p) + q * (1.0 - q)).sqrt();
    let held = ((chance + power).powi(2) / (r * difference.powi(2))).ceil();
    let months = (held / share / f64::from(per_month)).ceil().max(1.0);
    // Beyond what it can hold, `as` gives the largest number.
    let months = months as u64;
    match u16::try_from(months) {
        Ok(months) if months <= LONGEST_MONTHS => Ok(months),
        _ => Err(TooFew::Months { months }),
    }
}

/// So many of so many, as a fraction; 0 of none.
pub fn share(count: u32, of: u32) -> f64 {
    if of == 0 { 0.0 } else { f64::from(count) / f64::from(of) }
}

/// What became of one person of a test within 30 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Followed {
    /// Whether she bought.
    pub came_back: bool,
    /// What was kept of it, minor units.
    pub kept: i64,
    /// What the offers she used and sending to her cost, minor units.
    pub cost: i64,
}

/// A difference, treated less held, and where 95 % of such tests would have it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The difference that was seen.
    pub difference: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl From<Estimate> for Interval {
    fn from(Estimate { value, low, high }: Estimate) -> Self {
        Self { difference: value, low, high }
    }
}

impl Interval {
    /// Whether chance alone is an unlikely reason: 0 lies outside.
    pub fn shows_something(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }

    /// The difference and both ends, each to the nearest whole number.
    pub fn rounded(&self) -> [i64; 3] {
        // Beyond what it can hold, `as` gives the largest number.
        [self.difference, self.low, self.high].map(|number| number.round() as i64)
    }
}

/// The result of a test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// Not enough data yet: fewer than 30 people in a group, or of both together fewer than
    /// 5 who came back or 5 who didn't.
    TooEarly {
        /// People who got the letter.
        treated: usize,
        /// People who were held out.
        held: usize,
    },
    /// What the letter did.
    Known {
        /// People who got the letter.
        treated: usize,
        /// People who were held out.
        held: usize,
        /// Difference in the share of them who came back, 0 to 1.
        came_back: Interval,
        /// Difference in what was kept for each of them, offers and sending taken off, minor
        /// units.
        kept: Interval,
    },
}

/// The result of a test, from everybody who was followed for all 30 days.
///
/// For who came back, Newcombe's hybrid score interval (Statistics in Medicine 17, 1998,
/// 873–890, method 10); for what was kept, Welch's interval for two means of unequal variance.
pub fn outcome(treated: &[Followed], held: &[Followed]) -> Outcome {
    let counts = (treated.len(), held.len());
    let back = [treated, held].map(|group| group.iter().filter(|one| one.came_back).count());
    let [all, all_back] = [counts.0.saturating_add(counts.1), back[0].saturating_add(back[1])];
    let enough = counts.0.min(counts.1) >= FEWEST
        && all_back.min(all.saturating_sub(all_back)) >= FEWEST_OF_EACH;
    let (treated_count, held_count) = counts;
    if !enough {
        return Outcome::TooEarly { treated: treated_count, held: held_count };
    }
    Outcome::Known {
        treated: treated_count,
        held: held_count,
        came_back: newcombe(wilson((back[0], treated_count)), wilson((back[1], held_count)), 0.0)
            .into(),
        kept: welch(&Moments::of(treated), &Moments::of(held)),
    }
}

/// A group's size, mean and variance.
struct Moments {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Moments {
    fn of(group: &[Followed]) -> Self {
        let worth = |one: &Followed| one.kept.saturating_sub(one.cost) as f64;
        let count = group.len() as f64;
        let mean = group.iter().map(worth).sum::<f64>() / count;
        let squares: f64 = group.iter().map(|one| (worth(one) - mean).powi(2)).sum();
        Self { count, mean, variance: squares / (count - 1.0) }
    }
}

fn welch(one: &Moments, other: &Moments) -> Interval {
    let difference = one.mean - other.mean;
    let (a, b) = (one.variance / one.count, other.variance / other.count);
    let error = (a + b).sqrt();
    if error == 0.0 {
        return Interval { difference, low: difference, high: difference };
    }
    let freedom = (a + b).powi(2) / (a * a / (one.count - 1.0) + b * b / (other.count - 1.0));
    let half = t(freedom) * error;
    Interval { difference, low: difference - half, high: difference + half }
}

/// The 97.5 % point of Student's distribution with at least 29 degrees of freedom, by its
/// expansion about the normal one (Abramowitz, Stegun: Handbook of Mathematical Functions,
/// 26.7.5): right to five digits there.
fn t(freedom: f64) -> f64 {
    let g1 = (Z.powi(3) + Z) / 4.0;
    let g2 = (5.0 * Z.powi(5) + 16.0 * Z.powi(3) + 3.0 * Z) / 96.0;
    let g3 = (3.0 * Z.powi(7) + 19.0 * Z.powi(5) + 17.0 * Z.powi(3) - 15.0 * Z) / 384.0;
    Z + g1 / freedom + g2 / freedom.powi(2) + g3 / freedom.powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(found: f64, expected: f64, within: f64) {
        assert!((found - expected).abs() <= within, "{found}, not {expected}");
    }

    #[test]
    fn students_points_are_those_of_the_tables() {
        for (freedom, point) in [(29.0, 2.045_23), (60.0, 2.000_30), (120.0, 1.979_93)] {
            close(t(freedom), point, 0.000_01);
        }
    }

    #[test]
    fn the_interval_of_two_means_is_that_of_the_textbook() {
        // 30 and 40 people around 100 and 90, by hand.
        let one = Moments { count: 30.0, mean: 100.0, variance: 400.0 };
        let other = Moments { count: 40.0, mean: 90.0, variance: 900.0 };
        let interval = welch(&one, &other);
        // The error is √(400/30 + 900/40) = 5.98609, with 67.26 degrees of freedom.
        close(interval.difference, 10.0, 0.0);
        close(interval.high - 10.0, 1.99588 * 5.98609, 0.001);
        close(10.0 - interval.low, 1.99588 * 5.98609, 0.001);
    }

    #[test]
    fn months_are_what_the_sample_needs() {
        // 20 % and 30 %: 294 of each group (Fleiss, without correction 293.2).
        assert_eq!(months_needed(588, 0.2, 0.1, 50), Ok(1));
        assert_eq!(months_needed(587, 0.2, 0.1, 50), Ok(2));
        assert_eq!(months_needed(49, 0.2, 0.1, 50), Ok(12));
        assert_eq!(months_needed(25, 0.2, 0.1, 50), Ok(24));
        // Holding out few takes longer.
        let few = months_needed(100, 0.2, 0.1, 10).unwrap();
        assert!(few > months_needed(100, 0.2, 0.1, 50).unwrap(), "{few}");
    }

    #[test]
    fn what_would_take_over_two_years_is_refused_with_how_long() {
        assert_eq!(months_needed(24, 0.2, 0.1, 50), Err(TooFew::Months { months: 25 }));
        let error = months_needed(1, 0.2, 0.000_000_1, 50).unwrap_err();
        assert!(matches!(error, TooFew::Months { months } if months > 1_000_000_000), "{error}");
        assert!(error.to_string().contains("may take 24"), "{error}");
    }

    #[test]
    fn numbers_that_make_no_test_are_refused() {
        for (per_month, base, difference, share) in [
            (0, 0.2, 0.1, 50),
            (10, 0.2, 0.0, 50),
            (10, 0.95, 0.1, 50),
            (10, -0.1, 0.2, 50),
            (10, f64::NAN, 0.1, 50),
            (10, 0.2, f64::INFINITY, 50),
            (10, 0.2, 0.1, 0),
            (10, 0.2, 0.1, 100),
        ] {
            let found = months_needed(per_month, base, difference, share);
            assert_eq!(found, Err(TooFew::Nothing), "{base} {difference}");
        }
    }

    fn group(size: usize, back: usize) -> Vec<Followed> {
        let one = |n: usize| Followed {
            came_back: n < back,
            kept: if n < back { 1000 } else { 0 },
            cost: 1,
        };
        (0..size).map(one).collect()
    }

    #[test]
    fn a_share_of_none_is_none_and_ends_are_rounded() {
        close(share(1, 4), 0.25, 0.0);
        close(share(0, 0), 0.0, 0.0);
        let interval = Interval { difference: 0.5, low: -1.6, high: 2.4 };
        assert_eq!(interval.rounded(), [1, -2, 2]);
    }

    #[test]
    fn below_what_a_sample_can_show_it_is_too_early() {
        let early = |treated: Vec<Followed>, held: Vec<Followed>| {
            matches!(outcome(&treated, &held), Outcome::TooEarly { .. })
        };
        assert!(early(vec![], vec![]));
        assert!(early(group(29, 10), group(1000, 100)));
        assert!(early(group(1000, 100), group(29, 10)));
        assert!(early(group(30, 2), group(30, 2)));
        assert!(early(group(30, 28), group(30, 28)));
        assert!(!early(group(30, 3), group(30, 2)));
    }

    #[test]
    fn a_result_is_treated_less_held_with_costs_taken_off() {
        let Outcome::Known { came_back, kept, .. } = outcome(&group(200, 80), &group(100, 20))
        else {
            panic!("too early");
        };
        close(came_back.difference, 0.2, 1e-12);
        close(kept.difference, 200.0, 1e-9);
        assert!(came_back.shows_something() && kept.shows_something());
        let none = outcome(&group(100, 30), &group(100, 30));
        let Outcome::Known { came_back, kept, .. } = none else { panic!("too early") };
        assert!(!came_back.shows_something() && !kept.shows_something());
    }

    #[test]
    fn a_group_of_equals_has_no_width() {
        let all = |kept| vec![Followed { came_back: kept > 0, kept, cost: 0 }; 40];
        let Outcome::Known { kept, .. } = outcome(&all(500), &all(0)) else { panic!("too early") };
        assert_eq!((kept.low, kept.difference, kept.high), (500.0, 500.0, 500.0));
    }

    /// Numbers between 0 and 1 from a seed (SplitMix64: Steele, Lea, Flood 2014).
    struct Chance(u64);

    impl Chance {
        fn next(&mut self) -> f64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        }

        /// People of whom a share comes back and spends 5.00 to 45.00, most of them little:
        /// 15.00 on average.
        fn group(&mut self, size: usize, rate: f64) -> Vec<Followed> {
            let mut one = || {
                let came_back = self.next() < rate;
                let spent = 500.0 + 4000.0 * self.next().powi(3);
                let kept = if came_back { spent.round() as i64 } else { 0 };
                Followed { came_back, kept, cost: 0 }
            };
            (0..size).map(|_| one()).collect()
        }
    }

    /// How many of so many tests have the truth within their intervals.
    fn covered(seeds: u64, size: usize, (treated, held): (f64, f64)) -> (u64, u64) {
        let truth = (treated - held, 1500.0 * (treated - held));
        let (mut rates, mut means) = (0, 0);
        for seed in 0..seeds {
            let mut chance = Chance(seed);
            let (one, other) = (chance.group(size, treated), chance.group(size, held));
            let Outcome::Known { came_back, kept, .. } = outcome(&one, &other) else {
                panic!("too early");
            };
            rates += u64::from(came_back.low <= truth.0 && truth.0 <= came_back.high);
            means += u64::from(kept.low <= truth.1 && truth.1 <= kept.high);
        }
        (rates, means)
    }

    #[test]
    fn over_200_seeds_the_interval_covers_the_truth_in_93_to_97_percent() {
        let (rates, means) = covered(200, 400, (0.30, 0.20));
        assert!((186..=194).contains(&rates), "{rates} of 200");
        assert!((186..=194).contains(&means), "{means} of 200");
    }

    #[test]
    fn it_does_so_for_small_groups_and_rare_purchases_too() {
        for (size, rates) in [(60, (0.30, 0.20)), (150, (0.08, 0.05)), (400, (0.25, 0.25))] {
            let (rates, means) = covered(2000, size, rates);
            assert!((1860..=1960).contains(&rates), "{rates} of 2000 at {size}");
            assert!((1840..=1950).contains(&means), "{means} of 2000 at {size}");
        }
    }
}
