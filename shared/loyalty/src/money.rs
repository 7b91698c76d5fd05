//! Money as integer minor units, points as whole numbers. No floats, no silent wrap.

use std::fmt;
use std::str::FromStr;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::ToPrimitive;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An amount or a number of points left the range of a signed 64-bit integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a number left the range of 64 bits")]
pub struct Overflow;

/// A three-letter currency code as a source printed it, upper case.
///
/// It need not be one that ISO 4217 lists (Square's `BTC` isn't): an order in such a
/// currency is kept and shown, and worth nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CurrencyCode([u8; 3]);

/// A currency code is three letters; this wasn't.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a currency code: use the three letters of ISO 4217, such as USD")]
pub struct CurrencyError(String);

impl CurrencyCode {
    /// The code's letters, such as `USD`.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Whether ISO 4217 lists the code.
    pub fn is_iso(&self) -> bool {
        iso_currency::Currency::from_code(self.as_str()).is_some()
    }

    /// Decimal places of the minor unit by ISO 4217: JPY 0, USD 2, KWD 3. Two where the
    /// standard lists none, which only concerns codes that earn nothing anyway.
    pub fn exponent(&self) -> u32 {
        iso_currency::Currency::from_code(self.as_str())
            .and_then(|currency| currency.exponent())
            .map_or(2, u32::from)
    }
}

impl FromStr for CurrencyCode {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        match text.trim().to_ascii_uppercase().as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|letter| letter.is_ascii_uppercase()) => {
                Ok(Self([*a, *b, *c]))
            }
            _ => Err(CurrencyError(text.to_owned())),
        }
    }
}

impl TryFrom<String> for CurrencyCode {
    type Error = CurrencyError;

    fn try_from(text: String) -> Result<Self, CurrencyError> {
        text.parse()
    }
}

impl From<CurrencyCode> for String {
    fn from(code: CurrencyCode) -> Self {
        code.as_str().to_owned()
    }
}

impl fmt::Display for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount of one currency in its minor unit: `Money { minor: 1250, USD }` is 12.50 USD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; cents for USD, whole yen for JPY, fils for KWD.
    pub minor: i64,
    /// The currency.
    pub currency: CurrencyCode,
}

impl Money {
    /// The amount as a decimal string with the currency's own number of places: `12.50`.
    pub fn decimal(&self) -> String {
        Decimal::try_new(self.minor, self.currency.exponent())
            .map_or_else(|_| self.minor.to_string(), |amount| amount.to_string())
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

/// A decimal amount couldn't be read as minor units of its currency.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AmountError {
    /// Not a decimal number such as `12.50`.
    #[error("`{0}` is not an amount: use digits and a point, such as 12.50")]
    NotADecimal(String),
    /// More decimal places than the currency has.
    #[error("`{amount}` has more decimal places than {currency} allows ({exponent})")]
    TooPrecise {
        /// What was given.
        amount: String,
        /// The currency whose minor unit is larger.
        currency: CurrencyCode,
        /// Its number of decimal places.
        exponent: u32,
    },
    /// Too large for 64 bits of minor units.
    #[error("`{0}` is too large")]
    TooLarge(String),
}

/// Reads a decimal string exactly. No exponent, no sign but `-`, no separators.
pub fn parse_decimal(text: &str) -> Result<Decimal, AmountError> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
    if !plain {
        return Err(AmountError::NotADecimal(text.to_owned()));
    }
    Decimal::from_str_exact(text).map(|amount| amount.normalize()).map_err(|error| match error {
        rust_decimal::Error::ExceedsMaximumPossibleValue => AmountError::TooLarge(text.to_owned()),
        _ => AmountError::NotADecimal(text.to_owned()),
    })
}

/// A decimal amount in minor units of `currency`; zeros behind the last place are fine.
pub fn minor_units(amount: Decimal, currency: CurrencyCode) -> Result<i64, AmountError> {
    let exponent = currency.exponent();
    let amount = amount.normalize();
    let missing = exponent.checked_sub(amount.scale()).ok_or_else(|| AmountError::TooPrecise {
        amount: amount.to_string(),
        currency,
        exponent,
    })?;
    10_i128
        .checked_pow(missing)
        .and_then(|factor| amount.mantissa().checked_mul(factor))
        .and_then(|minor| i64::try_from(minor).ok())
        .ok_or_else(|| AmountError::TooLarge(amount.to_string()))
}

/// A whole number of points, signed.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Points(pub i64);

impl Points {
    /// No points.
    pub const ZERO: Self = Self(0);

    /// `self + other`, or an error instead of a wrap.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow)
    }

    /// `self − other`, or an error instead of a wrap.
    pub fn minus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(Overflow)
    }

    /// `−self`, or an error instead of a wrap.
    pub fn negated(self) -> Result<Self, Overflow> {
        self.0.checked_neg().map(Self).ok_or(Overflow)
    }

    /// Whether there are none.
    pub fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An exact fraction of any size.
pub(crate) type Exact = BigRational;

/// `numerator ÷ denominator`; zero where the denominator is zero, which only happens
/// where nothing was paid for anything.
pub(crate) fn fraction(numerator: &Exact, denominator: &Exact) -> Exact {
    if *denominator == whole(0) { whole(0) } else { numerator / denominator }
}

/// A whole number as an exact fraction.
pub(crate) fn whole(number: i64) -> Exact {
    Exact::from_integer(BigInt::from(number))
}

/// A decimal as an exact fraction.
pub(crate) fn exact(amount: Decimal) -> Exact {
    Exact::new(BigInt::from(amount.mantissa()), BigInt::from(10_i64).pow(amount.scale()))
}

/// The nearest whole number, halves away from zero: the half-up rule for amounts that
/// are never negative where this is used.
pub(crate) fn round_half_up(number: &Exact) -> Result<i64, Overflow> {
    number.round().to_integer().to_i64().ok_or(Overflow)
}

/// The largest whole number not above `number`.
pub(crate) fn floor(number: &Exact) -> Result<i64, Overflow> {
    number.floor().to_integer().to_i64().ok_or(Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> CurrencyCode {
        code.parse().unwrap()
    }

    #[track_caller]
    fn check(amount: &str, code: &str, minor: i64) {
        assert_eq!(minor_units(parse_decimal(amount).unwrap(), currency(code)), Ok(minor));
    }

    #[test]
    fn the_minor_unit_is_the_currencys_own() {
        check("12.50", "USD", 1250);
        check("12.5", "USD", 1250);
        check("1000", "JPY", 1000);
        check("1000.00", "JPY", 1000);
        check("1.234", "KWD", 1234);
        check("-3.10", "EUR", -310);
    }

    #[test]
    fn an_amount_finer_than_the_currency_is_refused() {
        let error = minor_units(parse_decimal("1.005").unwrap(), currency("USD")).unwrap_err();
        assert_eq!(error.to_string(), "`1.005` has more decimal places than USD allows (2)");
    }

    #[test]
    fn what_is_not_a_plain_decimal_is_refused() {
        for text in ["", "1e400", "1_000", "+1", "1,50", "NaN", "--1", "12.50 USD"] {
            assert!(parse_decimal(text).is_err(), "{text} was read");
        }
    }

    #[test]
    fn an_amount_beyond_64_bits_is_an_error() {
        let amount = parse_decimal("92233720368547758.08").unwrap();
        assert!(matches!(minor_units(amount, currency("USD")), Err(AmountError::TooLarge(_))));
        assert!(parse_decimal(&"9".repeat(40)).is_err());
    }

    #[test]
    fn points_never_wrap() {
        assert_eq!(Points(i64::MAX).plus(Points(1)), Err(Overflow));
        assert_eq!(Points(i64::MIN).minus(Points(1)), Err(Overflow));
        assert_eq!(Points(i64::MIN).negated(), Err(Overflow));
    }

    #[test]
    fn money_prints_with_its_currencys_places() {
        assert_eq!(Money { minor: 1250, currency: currency("usd") }.to_string(), "12.50 USD");
        assert_eq!(Money { minor: 5, currency: currency("JPY") }.to_string(), "5 JPY");
        assert_eq!(Money { minor: -1, currency: currency("KWD") }.to_string(), "-0.001 KWD");
    }

    #[test]
    fn a_code_iso_does_not_list_is_kept_as_it_is() {
        assert!(!currency("BTC").is_iso());
        assert!("US".parse::<CurrencyCode>().is_err());
        assert!("U$D".parse::<CurrencyCode>().is_err());
    }
}
