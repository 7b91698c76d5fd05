//! Languages, and how they write numbers, money and dates.
//!
//! Words are ours, in English and German; numbers and dates are Unicode's (CLDR), by the
//! language and the shop's country: `14 March 2026` in London, `March 14, 2026` in New York.

use icu_calendar::cal::Gregorian;
use icu_datetime::fieldsets::{M, MD, YM, YMD};
use icu_datetime::input::Date as IcuDate;
use icu_datetime::{DateTimeFormatterPreferences, FixedCalendarDateTimeFormatter};
use icu_decimal::input::Decimal;
use icu_decimal::{DecimalFormatter, DecimalFormatterPreferences};
use jiff::civil::Date;
pub use loyalty::Language;
use loyalty::{Money, Points};

/// Signs that everybody knows; other currencies are written by their code, as people do.
const SIGNS: &str = "$£€¥₹₩₪₫₱";

/// A language as a country writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locale {
    /// Its language.
    pub language: Language,
    icu: icu_locale_core::Locale,
}

impl Locale {
    /// A language as this country writes it, an ISO 3166 code such as `US`.
    pub fn new(language: Language, country: &str) -> Self {
        let tag = format!("{}-{country}", language.as_str());
        let plain = || language.as_str().parse().unwrap_or(icu_locale_core::Locale::UNKNOWN);
        Self { language, icu: tag.parse().unwrap_or_else(|_| plain()) }
    }

    /// A whole number: `12,345`.
    pub fn number(&self, number: i64) -> String {
        self.decimal(Decimal::from(number))
    }

    /// A number of points with its word: `45 points`, `1 point`, `1.234 Punkte`.
    pub fn points(&self, points: Points) -> String {
        let word = match (self.language, points.0) {
            (Language::En, 1 | -1) => "point",
            (Language::En, _) => "points",
            (Language::De, 1 | -1) => "Punkt",
            (Language::De, _) => "Punkte",
        };
        format!("{} {word}", self.number(points.0))
    }

    /// An amount with its currency's sign: `$1,250.00`, `1.250,00 €`, and without cents
    /// where the currency has none.
    pub fn money(&self, money: Money) -> String {
        let (code, exponent) = (money.currency.as_str(), money.currency.exponent());
        let mut amount = Decimal::from(money.minor.unsigned_abs());
        let exponent = i16::try_from(exponent).unwrap_or(0);
        amount.multiply_pow10(exponent.saturating_neg());
        amount.pad_end(exponent.saturating_neg());
        let (amount, minus) = (self.decimal(amount), if money.minor < 0 { "-" } else { "" });
        let currency = iso_currency::Currency::from_code(code);
        let sign = currency.map(|currency| currency.symbol().to_string());
        let sign = sign.filter(|sign| SIGNS.contains(sign.as_str()));
        let sign = sign.unwrap_or_else(|| code.to_owned());
        // CLDR's patterns of the two languages: `¤#,##0.00` and `#,##0.00 ¤`. A code stands
        // apart from the digits.
        let is_code = sign.chars().all(|c| c.is_ascii_alphabetic());
        match self.language {
            Language::En if is_code => format!("{minus}{sign}\u{a0}{amount}"),
            Language::En => format!("{minus}{sign}{amount}"),
            Language::De => format!("{minus}{amount}\u{a0}{sign}"),
        }
    }

    /// A day with its year: `March 14, 2026`, `14. März 2026`.
    pub fn date(&self, date: Date) -> String {
        self.written(date, YMD::long())
    }

    /// A day of the year: `March 14`, `14. März`.
    pub fn day(&self, date: Date) -> String {
        self.written(date, MD::long())
    }

    /// A month's name: `March`, `März`.
    pub fn month(&self, date: Date) -> String {
        self.written(date, M::long())
    }

    /// A month with its year: `March 2026`, `März 2026`.
    pub fn month_and_year(&self, date: Date) -> String {
        self.written(date, YM::long())
    }

    fn decimal(&self, number: Decimal) -> String {
        let preferences = DecimalFormatterPreferences::from(&self.icu);
        match DecimalFormatter::try_new(preferences, Default::default()) {
            Ok(formatter) => formatter.format(&number).to_string(),
            Err(_) => number.to_string(),
        }
    }

    fn written<F>(&self, date: Date, fields: F) -> String
    where
        F: DateFields,
    {
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        let icu = IcuDate::try_new_gregorian(date.year().into(), month, day);
        let preferences = DateTimeFormatterPreferences::from(&self.icu);
        let written = icu.ok().and_then(|icu| fields.write(preferences, &icu));
        written.unwrap_or_else(|| date.to_string())
    }
}

/// A choice of the fields of a date to write.
trait DateFields {
    fn write(
        self,
        preferences: DateTimeFormatterPreferences,
        date: &IcuDate<Gregorian>,
    ) -> Option<String>;
}

macro_rules! date_fields {
    ($($fields:ty),+) => {$(
        impl DateFields for $fields {
            fn write(
                self,
                preferences: DateTimeFormatterPreferences,
                date: &IcuDate<Gregorian>,
            ) -> Option<String> {
                let formatter =
                    FixedCalendarDateTimeFormatter::<Gregorian, _>::try_new(preferences, self);
                Some(formatter.ok()?.format(date).to_string())
            }
        }
    )+};
}

date_fields!(M, MD, YM, YMD);

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tag: &str) -> Locale {
        let (language, country) = tag.split_once('-').unwrap();
        Locale::new(Language::of_tag(language).unwrap(), country)
    }

    fn money(minor: i64, currency: &str) -> Money {
        Money { minor, currency: currency.parse().unwrap() }
    }

    #[test]
    fn a_day_is_written_as_its_language_and_country_do() {
        let date = "2026-03-14".parse().unwrap();
        assert_eq!(of("en-US").date(date), "March 14, 2026");
        assert_eq!(of("en-GB").date(date), "14 March 2026");
        assert_eq!(of("de-DE").date(date), "14. März 2026");
        assert_eq!(of("en-US").day(date), "March 14");
        assert_eq!(of("de-AT").day(date), "14. März");
        assert_eq!(
            (of("en-US").month(date), of("de-DE").month(date)),
            ("March".into(), "März".into())
        );
        assert_eq!(of("de-DE").month_and_year(date), "März 2026");
    }

    #[test]
    fn an_amount_has_its_sign_and_its_own_decimals() {
        for (locale, minor, currency, expected) in [
            ("en-US", 125_000, "USD", "$1,250.00"),
            ("en-US", -1_000, "USD", "-$10.00"),
            ("en-GB", 5, "GBP", "£0.05"),
            ("de-DE", 125_000, "EUR", "1.250,00\u{a0}€"),
            ("de-DE", 700, "JPY", "700\u{a0}¥"),
            ("en-US", 12_500, "KWD", "KWD\u{a0}12.500"),
            ("de-CH", 123_450, "CHF", "1'234.50\u{a0}CHF"),
        ] {
            assert_eq!(of(locale).money(money(minor, currency)), expected, "{locale}");
        }
    }

    #[test]
    fn points_have_their_word_and_one_is_one() {
        let points = |locale: &str, points| of(locale).points(Points(points));
        assert_eq!(points("en-US", 1), "1 point");
        assert_eq!(points("en-US", 12_345), "12,345 points");
        assert_eq!(points("de-DE", 1), "1 Punkt");
        assert_eq!(points("de-DE", -12_345), "-12.345 Punkte");
    }

    #[test]
    fn a_country_nobody_knows_harms_nothing() {
        let odd = Locale::new(Language::En, "not a country");
        assert_eq!(odd.number(1_234), "1,234");
    }
}
