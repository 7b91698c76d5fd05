//! Square's amounts: whole minor units with a currency.

use loyalty::CurrencyCode;
use serde::Deserialize;

use crate::Unreadable;
use crate::read::at;

/// An amount as it is sent. Square leaves out what it doesn't know.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Money {
    amount: Option<i64>,
    currency: Option<String>,
}

impl Money {
    /// The bare amount.
    pub(super) fn minor(&self) -> Option<i64> {
        self.amount
    }
}

/// An amount that must be there, and its currency.
pub(super) fn required(
    money: Option<&Money>,
    path: &str,
) -> Result<(i64, CurrencyCode), Unreadable> {
    let money = money.ok_or_else(|| at(path, "missing"))?;
    let amount = money.amount.ok_or_else(|| at(&format!("{path}.amount"), "missing"))?;
    if amount < 0 {
        return Err(at(&format!("{path}.amount"), "it is negative"));
    }
    // Square's own list goes beyond money: it has `UNKNOWN_CURRENCY`, and `BTC`.
    let code = money.currency.as_deref().and_then(|code| code.parse().ok());
    let code = code.filter(CurrencyCode::is_iso);
    let code = code.ok_or_else(|| at(&format!("{path}.currency"), "no currency of ISO 4217"))?;
    Ok((amount, code))
}

/// An amount in `currency`; none is zero.
pub(super) fn optional(
    money: Option<&Money>,
    currency: CurrencyCode,
    path: &str,
) -> Result<i64, Unreadable> {
    if money.is_none_or(|money| money.amount.is_none()) {
        return Ok(0);
    }
    match required(money, path)? {
        (amount, found) if found == currency => Ok(amount),
        _ => Err(at(&format!("{path}.currency"), "another currency than the rest")),
    }
}
