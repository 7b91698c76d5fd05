//! Reads amounts, days, times and the ids of goods.

use std::ops::RangeInclusive;

use jiff::civil::{Date, Time};
use rust_decimal::Decimal;
use toml::value::Datetime;

use super::reader::{Checker, MAX_LIST, shown};
use crate::ids::SourceId;
use crate::money::{minor_units, parse_decimal};
use crate::{CurrencyCode, Money};

/// The longest stock-keeping unit, in characters, as at Shopify.
const MAX_SKU: usize = 255;
/// The longest name of a channel.
const MAX_CHANNEL: usize = 40;
/// The longest id a source gives, as at Square.
const MAX_SOURCE_ID: usize = 192;
/// The largest amount, in whole units of the currency. With the four places of the
/// finest currencies it is a millionth of what 64 bits hold.
const MAX_AMOUNT: i64 = 1_000_000_000;
/// The years a day may lie in: beyond them it is a slip of the pen.
const YEARS: RangeInclusive<i16> = 2000..=2199;

impl Checker {
    /// An amount of money of at least `least` minor units. `None` also where the file
    /// names no currency to read it in.
    pub(super) fn amount(
        &mut self,
        key: &str,
        value: Option<&str>,
        currency: Option<CurrencyCode>,
        least: i64,
    ) -> Option<i64> {
        let Some(value) = value else {
            self.missing(key, "an amount in quotes, such as \"10.00\"");
            return None;
        };
        let amount = match parse_decimal(value) {
            Ok(amount) => amount,
            Err(_) => {
                let found = shown(value);
                self.report(key, format!("found {found}; write an amount such as \"10.00\""));
                return None;
            }
        };
        let currency = currency?;
        let most = minor_units(Decimal::from(MAX_AMOUNT), currency).unwrap_or(i64::MAX);
        let minor = match minor_units(amount, currency) {
            Ok(minor) => Some(minor).filter(|minor| (least..=most).contains(minor)),
            Err(_) => None,
        };
        if minor.is_none() {
            let [least, most] = [least, most].map(|minor| Money { minor, currency }.decimal());
            let places = currency.exponent();
            self.report(
                key,
                format!(
                    "found {}; write an amount from \"{least}\" to \"{most}\" with at most \
                     {places} decimal places, because it is in {currency}",
                    shown(value)
                ),
            );
        }
        minor
    }

    /// A day, if there is one.
    pub(super) fn day(&mut self, key: &str, value: Option<Datetime>) -> Option<Date> {
        let value = value?;
        let day = match (value.date, value.time) {
            (Some(day), None) => i16::try_from(day.year).ok().and_then(|year| {
                let [month, day] = [day.month, day.day].map(i8::try_from);
                Date::new(year, month.ok()?, day.ok()?).ok()
            }),
            _ => None,
        };
        let day = day.filter(|day| YEARS.contains(&day.year()));
        if day.is_none() {
            let (first, last) = (YEARS.start(), YEARS.end());
            self.report(
                key,
                format!(
                    "found {value}; write a day alone, such as 2026-01-31, from {first} to {last}"
                ),
            );
        }
        day
    }

    /// A first and a last day, in that order, if there are any.
    pub(super) fn days(
        &mut self,
        at: &str,
        first: Option<Datetime>,
        last: Option<Datetime>,
    ) -> (Option<Date>, Option<Date>) {
        let first = self.day(&format!("{at}.first_day"), first);
        let last = self.day(&format!("{at}.last_day"), last);
        if let (Some(first), Some(last)) = (first, last)
            && last < first
        {
            let message = format!("found {last}; it must not be before first_day, {first}");
            self.report(&format!("{at}.last_day"), message);
        }
        (first, last)
    }

    /// A time of day, if there is one.
    pub(super) fn time(&mut self, key: &str, value: Option<Datetime>) -> Option<Time> {
        let value = value?;
        let time = match (value.date, value.time, value.offset) {
            (None, Some(time), None) => {
                let [hour, minute, second] =
                    [time.hour, time.minute, time.second.unwrap_or(0)].map(i8::try_from);
                let parts = hour.ok().zip(minute.ok()).zip(second.ok());
                parts.and_then(|((hour, minute), second)| Time::new(hour, minute, second, 0).ok())
            }
            _ => None,
        };
        if time.is_none() {
            self.report(key, format!("found {value}; write a time of day alone, such as 14:00:00"));
        }
        time
    }

    /// Ids that a source gives: numbers above 0.
    pub(super) fn source_ids(&mut self, key: &str, mut values: Vec<toml::Value>) -> Vec<SourceId> {
        self.at_most(key, &mut values, MAX_LIST);
        let read = values.iter().enumerate().filter_map(|(index, value)| {
            let id = match value {
                toml::Value::Integer(number) => {
                    u64::try_from(*number).ok().filter(|id| *id > 0).map(SourceId::from)
                }
                toml::Value::String(text) => {
                    let fits = (1..=MAX_SOURCE_ID).contains(&text.len())
                        && text.bytes().all(|byte| byte.is_ascii_graphic());
                    fits.then(|| SourceId::from(text.as_str()))
                }
                _ => None,
            };
            if id.is_none() {
                let found: String = value.to_string().chars().take(MAX_SOURCE_ID).collect();
                self.report(
                    &format!("{key}[{index}]"),
                    format!(
                        "found {found}; write an id above 0, or one in quotes, such as \
                         \"S8GWD5R9QB376\""
                    ),
                );
            }
            id
        });
        read.collect()
    }

    /// Names of channels, as a source writes them.
    pub(super) fn channels(&mut self, key: &str, mut values: Vec<String>) -> Vec<String> {
        self.at_most(key, &mut values, MAX_LIST);
        for (index, value) in values.iter().enumerate() {
            let fits = (1..=MAX_CHANNEL).contains(&value.chars().count());
            if !fits || value.trim() != value {
                let message = format!(
                    "found {}; write a source_name of Shopify or an application id of Square, \
                     with no blanks around it",
                    shown(value)
                );
                self.report(&format!("{key}[{index}]"), message);
            }
        }
        values
    }

    /// Stock-keeping units, with a `*` only at the end.
    pub(super) fn skus(&mut self, key: &str, mut values: Vec<String>) -> Vec<String> {
        self.at_most(key, &mut values, MAX_LIST);
        for (index, value) in values.iter().enumerate() {
            let start = value.strip_suffix('*').unwrap_or(value);
            let fits = (1..=MAX_SKU).contains(&value.chars().count());
            if !fits || start.contains('*') || value.trim() != value {
                let message = format!(
                    "found {}; write 1 to {MAX_SKU} characters, without blanks around them and \
                     with a * only at the end, such as \"COFFEE-*\"",
                    shown(value)
                );
                self.report(&format!("{key}[{index}]"), message);
            }
        }
        values
    }
}
