//! What a sample says of all: shares and their differences, each with the interval that 95 % of
//! such samples would have the truth in.
//!
//! These are estimates of chances, where a fraction is what is meant: nothing here is ever money
//! or points that somebody has.
#![expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    reason = "statistics are fractions by nature; counts far below 2^53 convert exactly"
)]

use serde::Serialize;

/// The 97.5 % point of the normal distribution: 95 % lie between it and its negative.
pub(crate) const Z: f64 = 1.959_963_984_540_054;

/// An estimate with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// What was seen.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Estimate {
    /// The same in hundredths.
    pub(crate) fn percent(self) -> Self {
        self.map(|number| number * 100.0)
    }

    /// The estimate and both ends, each to one decimal place.
    #[must_use]
    pub fn rounded(self) -> Self {
        // Less nothing is nothing: no "-0.0".
        self.map(|number| (number * 10.0).round() / 10.0 + 0.0)
    }

    fn map(self, of: impl Fn(f64) -> f64) -> Self {
        Self { value: of(self.value), low: of(self.low), high: of(self.high) }
    }
}

/// The share of `count` among `of`, which is above 0, with Wilson's score interval (Journal of
/// the American Statistical Association 22, 1927, 209–212). All three lie between 0 and 1.
pub(crate) fn wilson((count, of): (usize, usize)) -> Estimate {
    let (count, of) = (count as f64, of as f64);
    let value = count / of;
    let scale = 1.0 + Z * Z / of;
    let middle = (value + Z * Z / (2.0 * of)) / scale;
    let half = Z * (value * (1.0 - value) / of + Z * Z / (4.0 * of * of)).sqrt() / scale;
    // Where all or none are counted an end is that share, but for rounding.
    let (low, high) = ((middle - half).max(0.0).min(value), (middle + half).min(1.0).max(value));
    Estimate { value, low, high }
}

/// The difference of two shares: their intervals put together by square and add, as Newcombe's
/// hybrid score interval does. `correlation` is that of the two estimates: 0 for two groups
/// (Statistics in Medicine 17, 1998, 873–890, method 10), and else as Newcombe has it for
/// paired shares (ibid., 2635–2650) and Zou and Donner for any two (Statistics in Medicine 27,
/// 2008, 1693–1702).
pub(crate) fn newcombe(one: Estimate, other: Estimate, correlation: f64) -> Estimate {
    let value = one.value - other.value;
    let below = third_side(one.value - one.low, other.high - other.value, correlation);
    let above = third_side(one.high - one.value, other.value - other.low, correlation);
    Estimate { value, low: value - below, high: value + above }
}

/// The correlation of the shares of two kinds among the same people, of whom nobody is of both:
/// that of a multinomial sample, `−√(p q / ((1−p)(1−q)))`; 0 where one of them doesn't vary.
pub(crate) fn correlation_within(p: f64, q: f64) -> f64 {
    let odds = (1.0 - p) * (1.0 - q);
    if odds <= 0.0 { 0.0 } else { -(p * q / odds).sqrt().min(1.0) }
}

/// The third side of a triangle whose other two meet in an angle with this cosine. Not `hypot`
/// where it is a right one: the C library's is newer than the one Lambda has, and shares are
/// nowhere near an overflow.
fn third_side(a: f64, b: f64, cosine: f64) -> f64 {
    (a * a + b * b - 2.0 * cosine * a * b).max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_difference_is_the_published_one() {
        // Newcombe 1998, table II, method 10.
        for (one, other, low, high) in [
            ((56, 70), (48, 80), 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.1705, 0.8090),
            ((10, 10), (0, 20), 0.6791, 1.0),
        ] {
            let found = newcombe(wilson(one), wilson(other), 0.0);
            assert!((found.low - low).abs() <= 0.000_05, "{found:?}");
            assert!((found.high - high).abs() <= 0.000_05, "{found:?}");
        }
    }

    #[test]
    fn two_kinds_that_are_everybody_go_together_against_each_other() {
        assert!((correlation_within(0.3, 0.7) + 1.0).abs() < 1e-12);
        assert!((correlation_within(0.2, 0.2) + 0.25).abs() < 1e-12);
        for (p, q) in [(0.0, 0.4), (0.4, 0.0), (1.0, 0.0), (0.0, 0.0)] {
            assert!(correlation_within(p, q).abs() < f64::EPSILON, "{p} {q}");
        }
    }

    #[test]
    fn what_is_shown_has_one_decimal_place_and_nothing_no_sign() {
        let shown = Estimate { value: -0.04, low: -33.349, high: 66.66 }.rounded();
        assert_eq!(format!("{shown:?}"), "Estimate { value: 0.0, low: -33.3, high: 66.7 }");
    }
}
