//! Shopify's amounts: decimal strings in the shop's currency, and sets of two currencies.

use loyalty::CurrencyCode;
use loyalty::money::{AmountError, minor_units, parse_decimal};
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::Unreadable;
use crate::read::at;

/// An amount in the shop's and in the buyer's currency.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct MoneySet {
    pub(super) shop_money: MoneyAmount,
    pub(super) presentment_money: MoneyAmount,
}

/// An amount with its currency.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct MoneyAmount {
    pub(super) amount: String,
    pub(super) currency_code: String,
}

/// An amount that may be missing or null, which is none.
pub(super) fn decimal(text: Option<&str>, path: &str) -> Result<Decimal, Unreadable> {
    let read = |text| parse_decimal(text).map_err(|error| at(path, what_is_wrong(&error)));
    text.map_or(Ok(Decimal::ZERO), read)
}

/// What is wrong with an amount, without the amount: in its place may stand anything.
fn what_is_wrong(error: &AmountError) -> &'static str {
    match error {
        AmountError::NotADecimal(_) => "not an amount in digits and a point",
        AmountError::TooPrecise { .. } => "more decimal places than the currency has",
        AmountError::TooLarge(_) => "too large",
    }
}

/// The same in minor units of `currency`.
pub(super) fn minor(
    text: Option<&str>,
    currency: CurrencyCode,
    path: &str,
) -> Result<i64, Unreadable> {
    minor_units(decimal(text, path)?, currency).map_err(|error| at(path, what_is_wrong(&error)))
}

/// What a source's own books say, as the Admin API's GraphQL prints amounts.
pub(crate) fn of_books(amount: &str, code: &str, path: &str) -> Result<i64, Unreadable> {
    minor(Some(amount), currency(code, path)?, path)
}

/// A currency code.
pub(super) fn currency(text: &str, path: &str) -> Result<CurrencyCode, Unreadable> {
    text.parse().map_err(|_| at(path, "not a currency code of three letters"))
}

/// A sum of minor units.
pub(super) fn sum(
    amounts: impl IntoIterator<Item = Result<i64, Unreadable>>,
    path: &str,
) -> Result<i64, Unreadable> {
    amounts.into_iter().try_fold(0_i64, |sum, amount| {
        sum.checked_add(amount?).ok_or_else(|| at(path, "too large"))
    })
}

/// Where a set has an amount and the plain number beside it is a float, the set is read;
/// without it, the digits of the number as they were printed.
pub(super) fn of_set_or_number(
    set: Option<&MoneySet>,
    number: Option<&serde_json::Number>,
    path: &str,
) -> Result<Decimal, Unreadable> {
    match (set, number) {
        (Some(set), _) => decimal(Some(&set.shop_money.amount), path),
        (None, Some(number)) => decimal(Some(&number.to_string()), path),
        (None, None) => Ok(Decimal::ZERO),
    }
}
