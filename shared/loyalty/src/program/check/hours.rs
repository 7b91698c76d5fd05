//! The section `[shop.hours]`, and the days a shop doesn't open on.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use toml::value::Datetime;

use super::reader::{Checker, MAX_LIST, shown};
use crate::program::file::HoursFile;
use crate::program::{OpeningHours, Shift};

/// Opening hours without a purchase that are a silence, if unsaid: about two days of a shop
/// that is open all day. Who sells something every hour may well say less.
const SILENT_AFTER: u16 = 16;

/// The most of them: no shop is open for more than 168 hours a week.
const MAX_SILENT_AFTER: i64 = 1000;

/// The most parts of a day that a shop opens for.
const MAX_SHIFTS: usize = 6;

impl Checker {
    /// When the shop is open. Outer `None`: it has a problem; inner: nobody said.
    pub(super) fn hours(
        &mut self,
        file: Option<HoursFile>,
        silent_after: Option<i64>,
    ) -> Option<Option<OpeningHours>> {
        let Some(file) = file else {
            self.only_with("shop.silent_after", silent_after.is_some(), "a shop with [shop.hours]");
            return Some(None);
        };
        let HoursFile { mon, tue, wed, thu, fri, sat, sun } = file;
        let days = [
            ("mon", mon),
            ("tue", tue),
            ("wed", wed),
            ("thu", thu),
            ("fri", fri),
            ("sat", sat),
            ("sun", sun),
        ];
        let week = days.map(|(day, text)| self.shifts(&format!("shop.hours.{day}"), text));
        let key = "shop.silent_after";
        let silent_after = self.whole(key, silent_after, 1..=MAX_SILENT_AFTER, Some(SILENT_AFTER));
        if week.iter().flatten().flatten().next().is_none() && !week.contains(&None) {
            let message = "has no hours: write when the shop is open, such as mon = \
                           \"07:00-18:00\", or leave the section out";
            self.lacks("shop.hours", message);
            return None;
        }
        let [mon, tue, wed, thu, fri, sat, sun] = week;
        let week = [mon?, tue?, wed?, thu?, fri?, sat?, sun?];
        Some(Some(OpeningHours { week, silent_after: silent_after? }))
    }

    /// The parts of a day, in their order; none where the shop is closed.
    fn shifts(&mut self, key: &str, text: Option<String>) -> Option<Vec<Shift>> {
        let Some(text) = text else { return Some(Vec::new()) };
        let shifts: Option<Vec<Shift>> = text.split(',').map(shift).collect();
        let shifts = shifts.filter(|shifts| shifts.len() <= MAX_SHIFTS);
        let Some(mut shifts) = shifts else {
            let found = shown(&text);
            self.report(
                key,
                format!(
                    "found {found}; write \"07:00-18:00\", or with a break \
                     \"07:00-13:00, 14:30-18:00\"; leave the day out where it is closed"
                ),
            );
            return None;
        };
        shifts.sort();
        let overlap = shifts.windows(2).any(|two| matches!(two, [a, b] if b.from < a.until));
        if overlap {
            self.report(key, format!("found {}; one begins before another ends", shown(&text)));
            return None;
        }
        Some(shifts)
    }

    /// Days the shop doesn't open on.
    pub(super) fn closed(&mut self, mut days: Vec<Datetime>) -> BTreeSet<Date> {
        self.at_most("shop.closed", &mut days, MAX_LIST);
        let days = days.into_iter().enumerate();
        let read = |(index, day)| self.day(&format!("shop.closed[{index}]"), Some(day));
        days.filter_map(read).collect()
    }
}

/// `07:00-18:00`; until `24:00` is until midnight.
fn shift(text: &str) -> Option<Shift> {
    let (from, until) = text.split_once('-')?;
    let until = if until.trim() == "24:00" { "00:00" } else { until };
    Some(Shift::new(time(from)?, time(until)?))
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || hour.is_empty() || !digits(minute) || minute.len() != 2 {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::tests::{SMALLEST, check_line};
    use super::*;
    use crate::program::{Program, Shop};

    const NEW_YORK: &str = "timezone = \"America/New_York\"\n";

    fn with(more: &str) -> String {
        SMALLEST.replacen(NEW_YORK, &format!("{NEW_YORK}{more}\n"), 1)
    }

    #[track_caller]
    fn shop(more: &str) -> Shop {
        Program::parse(&with(more)).unwrap().shop
    }

    #[track_caller]
    fn check(more: &str, problem: &str) {
        check_line(NEW_YORK, &format!("{NEW_YORK}{more}\n"), problem);
    }

    #[test]
    fn hours_are_read_as_an_owner_writes_them() {
        let more = "closed = [2026-12-24, 2026-12-25]\nsilent_after = 8\n[shop.hours]\n\
                    mon = \"14:30-18:00, 7:00-13:00\"\nfri = \"18:00-02:00\"\nsat = \"00:00-24:00\"";
        let shop = shop(more);
        let hours = shop.hours.unwrap();
        let of = |day: usize| -> Vec<(u16, u16)> {
            hours.week[day].iter().map(|shift| (shift.from, shift.until)).collect()
        };
        assert_eq!(of(0), [(7 * 60, 13 * 60), (14 * 60 + 30, 18 * 60)]);
        assert_eq!(of(4), [(18 * 60, 26 * 60)]);
        assert_eq!(of(5), [(0, 24 * 60)]);
        assert!(of(6).is_empty());
        assert_eq!(hours.silent_after, 8);
        assert_eq!(shop.closed, [date(2026, 12, 24), date(2026, 12, 25)].into());
    }

    #[test]
    fn a_shop_that_says_no_hours_is_never_silent() {
        let shop = shop("closed = [2026-12-24]");
        assert_eq!(shop.hours, None);
        let at = |text: &str| text.parse().unwrap();
        assert!(!shop.is_silent(at("2020-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z")));
        let open = self::shop("[shop.hours]\nmon = \"07:00-18:00\"");
        assert_eq!(open.hours.as_ref().unwrap().silent_after, SILENT_AFTER);
        assert!(open.is_silent(at("2020-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z")));
    }

    #[test]
    fn hours_that_make_no_sense_are_told_how_they_are_written() {
        let words = "write \"07:00-18:00\", or with a break \"07:00-13:00, 14:30-18:00\"; leave \
                     the day out where it is closed";
        for text in ["closed", "7-18", "07:00", "07:00-25:00", "07:0-18:00", "07:00-18:00,", ""] {
            let line = format!("[shop.hours]\ntue = \"{text}\"");
            check(&line, &format!("shop.hours.tue: found \"{text}\"; {words}"));
        }
        check(
            "[shop.hours]\ntue = \"07:00-13:00, 12:00-18:00\"",
            "shop.hours.tue: found \"07:00-13:00, 12:00-18:00\"; one begins before another ends",
        );
        check(
            "[shop.hours]",
            "shop.hours: has no hours: write when the shop is open, such as mon = \
             \"07:00-18:00\", or leave the section out",
        );
        check(
            "silent_after = 8",
            "shop.silent_after: has no meaning here: it belongs to a shop with [shop.hours]",
        );
        check(
            "silent_after = 0\n[shop.hours]\nmon = \"07:00-18:00\"",
            "shop.silent_after: found 0; write a whole number from 1 to 1000",
        );
        check(
            "hours = [\"07:00-18:00\"]",
            "shop.hours: found `[\"07:00-18:00\"]` in line 8; this needs to be one section, \
             [shop.hours]",
        );
        check(
            "closed = [2026-12-24T10:00:00]",
            "shop.closed[0]: found 2026-12-24T10:00:00; write a day alone, such as 2026-01-31, \
             from 2000 to 2199",
        );
    }
}
