//! Birthdays: day and month. A year that arrives is dropped, so that nobody's age is known.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A leap year, in which every day there is exists.
const LEAP: i16 = 2000;

/// A day of a month; 29 February is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Birthday {
    month: i8,
    day: i8,
}

/// A text is no day of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a birthday is a month and a day that exist, such as 02-29")]
pub struct BirthdayError;

impl Birthday {
    /// That day of that month, if there is one in any year.
    pub fn new(month: i8, day: i8) -> Result<Self, BirthdayError> {
        Date::new(LEAP, month, day).map_err(|_| BirthdayError)?;
        Ok(Self { month, day })
    }

    /// Its month, from 1.
    pub fn month(self) -> i8 {
        self.month
    }

    /// Its day of the month, from 1.
    pub fn day(self) -> i8 {
        self.day
    }

    /// When it is kept in a year: 29 February on the 28th where there is none.
    pub fn in_year(self, year: i16) -> Option<Date> {
        let kept = |day: i8| Date::new(year, self.month, day).ok();
        kept(self.day).or_else(|| kept(self.day.saturating_sub(1)))
    }

    /// The first day it is kept on or after `from`.
    pub fn next(self, from: Date) -> Option<Date> {
        let this = self.in_year(from.year()).filter(|day| *day >= from);
        this.or_else(|| self.in_year(from.year().checked_add(1)?))
    }
}

impl fmt::Display for Birthday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

impl FromStr for Birthday {
    type Err = BirthdayError;

    /// `02-29`, or with a year before it, which is dropped: `1984-02-29`, `0000-02-29`.
    fn from_str(text: &str) -> Result<Self, BirthdayError> {
        let parts: Vec<&str> = text.split('-').collect();
        let (month, day) = match parts.as_slice() {
            [year, month, day] if year.len() == 4 && is_number(year) => (month, day),
            [month, day] => (month, day),
            _ => return Err(BirthdayError),
        };
        let number = |text: &str| {
            let two = text.len() == 2 && is_number(text);
            two.then(|| text.parse().ok()).flatten().ok_or(BirthdayError)
        };
        Self::new(number(month)?, number(day)?)
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

impl TryFrom<String> for Birthday {
    type Error = BirthdayError;

    fn try_from(text: String) -> Result<Self, BirthdayError> {
        text.parse()
    }
}

impl From<Birthday> for String {
    fn from(birthday: Birthday) -> Self {
        birthday.to_string()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_year_is_dropped() {
        for text in ["02-29", "1984-02-29", "0000-02-29"] {
            assert_eq!(text.parse::<Birthday>().unwrap().to_string(), "02-29");
        }
    }

    #[test]
    fn a_day_that_does_not_exist_is_refused() {
        for text in ["04-31", "02-30", "13-01", "00-10", "1-1", "+1-01", "", "29.02.", "84-02-29"] {
            assert_eq!(text.parse::<Birthday>(), Err(BirthdayError), "{text}");
        }
    }

    #[test]
    fn the_29th_of_february_is_kept_on_the_28th() {
        let leap: Birthday = "02-29".parse().unwrap();
        assert_eq!(leap.in_year(2026), Some(date(2026, 2, 28)));
        assert_eq!(leap.in_year(2028), Some(date(2028, 2, 29)));
        assert_eq!(leap.next(date(2026, 2, 28)), Some(date(2026, 2, 28)));
        assert_eq!(leap.next(date(2026, 3, 1)), Some(date(2027, 2, 28)));
    }
}
