//! A calendar month of a shop, the grain of spend buckets and of lots.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A month such as `2026-11`, in the shop's zone. Stored as months since year 0, so
/// that it sorts, and prints as ISO 8601.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month(i32);

/// A month is written as `2026-11`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a month: write it as 2026-11")]
pub struct MonthError(String);

impl Month {
    /// The month a day lies in.
    pub fn of(day: Date) -> Self {
        let months = i32::from(day.year()).saturating_mul(12);
        Self(months.saturating_add(i32::from(day.month())).saturating_sub(1))
    }

    /// The month `n` months later, or earlier where `n` is negative.
    pub fn plus(self, n: i32) -> Self {
        Self(self.0.saturating_add(n))
    }

    /// Its first day.
    pub fn first_day(self) -> Date {
        let year = i16::try_from(self.year()).unwrap_or(9999);
        let month = i8::try_from(self.month()).unwrap_or(1);
        Date::new(year, month, 1).unwrap_or(Date::MAX)
    }

    /// Its last day.
    pub fn last_day(self) -> Date {
        self.first_day().last_of_month()
    }

    fn year(self) -> i32 {
        self.0.div_euclid(12)
    }

    fn month(self) -> i32 {
        self.0.rem_euclid(12).saturating_add(1)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month())
    }
}

impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Month {
    type Err = MonthError;

    fn from_str(text: &str) -> Result<Self, MonthError> {
        format!("{text}-01").parse::<Date>().map(Self::of).map_err(|_| MonthError(text.to_owned()))
    }
}

impl TryFrom<String> for Month {
    type Error = MonthError;

    fn try_from(text: String) -> Result<Self, MonthError> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn months_count_across_years() {
        let november = Month::of(date(2026, 11, 22));
        assert_eq!(november.to_string(), "2026-11");
        assert_eq!(november.plus(2).to_string(), "2027-01");
        assert_eq!(november.plus(-12).to_string(), "2025-11");
        assert_eq!(november.plus(-11).first_day(), date(2025, 12, 1));
        assert_eq!(Month::of(date(2028, 2, 3)).last_day(), date(2028, 2, 29));
    }

    #[test]
    fn a_month_reads_back_what_it_prints() {
        assert_eq!("2026-02".parse::<Month>().unwrap().to_string(), "2026-02");
        assert!("2026-13".parse::<Month>().is_err());
        assert!("2026".parse::<Month>().is_err());
    }
}
