//! Amounts as Shopify prints them.

use serde_json::{Value, json};

/// Minor units as a decimal string. All currencies here have two places.
pub(crate) fn decimal(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let (units, cents) = (minor.unsigned_abs() / 100, minor.unsigned_abs() % 100);
    format!("{sign}{units}.{cents:02}")
}

/// The same as a JSON number, as Shopify has it in a few places.
pub(super) fn number(minor: i64) -> Value {
    serde_json::from_str(&decimal(minor)).unwrap_or_default()
}

/// An amount in the shop's and in the buyer's currency, which is the same here.
pub(super) fn set(minor: i64, currency: &str) -> Value {
    let money = json!({ "amount": decimal(minor), "currency_code": currency });
    json!({ "shop_money": money, "presentment_money": money })
}

/// A share given in hundred-thousandths, rounded half up.
pub(crate) fn percent_of(minor: i64, hundred_thousandths: i64) -> i64 {
    let exact = i128::from(minor).saturating_mul(i128::from(hundred_thousandths));
    i64::try_from(exact.saturating_add(50_000).div_euclid(100_000)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_printed_with_two_places() {
        assert_eq!([0, 5, 1250, -310].map(decimal), ["0.00", "0.05", "12.50", "-3.10"]);
        assert_eq!(number(850).to_string(), "8.5");
    }

    #[test]
    fn a_share_is_rounded_half_up() {
        assert_eq!(percent_of(920, 8_875), 82); // 81.65
        assert_eq!(percent_of(400, 8_875), 36); // 35.5
        assert_eq!(percent_of(50, 10_000), 5);
    }
}
