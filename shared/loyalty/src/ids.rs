//! Typed identifiers. A shop's id can't stand where a customer's belongs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An identifier wasn't of the required form.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is not a {what}: {allowed}")]
pub struct IdError {
    text: String,
    what: &'static str,
    allowed: &'static str,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $allowed:literal, $fits:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let fits: fn(&str) -> bool = $fits;
                if fits(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    let text = text.chars().take(80).collect();
                    Err(IdError { text, what: $what, allowed: $allowed })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn is_slug(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

text_id!(
    /// A shop, such as `corner-bakery`. It stands in URLs, keys and variable names.
    ShopId, "shop id", "use 1 to 40 of a-z, 0-9 and -, such as corner-bakery",
    |text| is_slug(text, 40)
);
text_id!(
    /// A customer of one shop. Made by us, says nothing about the person.
    CustomerId, "customer id", "use 1 to 40 of a-z, A-Z, 0-9",
    |text| (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
);
text_id!(
    /// An order's id at its source: digits at Shopify, the payment id at Square.
    OrderId, "order id", "use 1 to 192 of a-z, A-Z, 0-9, - and _",
    |text| (1..=192).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
);
text_id!(
    /// A tier of a program, such as `silver`.
    TierId, "tier id", "use 1 to 20 of a-z, 0-9 and -",
    |text| is_slug(text, 20)
);

impl CustomerId {
    /// The id that 64 random bits make, in base 36.
    pub fn from_bits(mut bits: u64) -> Self {
        const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        // 36^13 is above 2^64.
        let digits = (0..13).map(|_| {
            let digit = usize::try_from(bits.checked_rem(36).unwrap_or(0)).unwrap_or(0);
            bits = bits.checked_div(36).unwrap_or(0);
            DIGITS.get(digit).copied().map_or('0', char::from)
        });
        Self(digits.collect())
    }
}

/// An id that a source gives to a line, a product or a location: a number at Shopify, a
/// text at Square. Digits written as text are the number they say, so that it doesn't
/// matter how an owner writes them down.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SourceId {
    /// A number.
    Number(u64),
    /// Anything else.
    Text(String),
}

impl From<u64> for SourceId {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for SourceId {
    fn from(text: &str) -> Self {
        let number = text.parse().ok().filter(|number: &u64| number.to_string() == text);
        number.map_or_else(|| Self::Text(text.to_owned()), Self::Number)
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Where an order or a customer record comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Shopify.
    Shopify,
    /// Square.
    Square,
}

impl Source {
    /// `shopify` or `square`, as in URLs and keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shopify => "shopify",
            Self::Square => "square",
        }
    }
}

impl FromStr for Source {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text {
            "shopify" => Ok(Self::Shopify),
            "square" => Ok(Self::Square),
            _ => Err(IdError {
                text: text.chars().take(80).collect(),
                what: "source",
                allowed: "use shopify or square",
            }),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An order among all sources of one shop.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrderRef {
    /// The source.
    pub source: Source,
    /// Its id there.
    pub id: OrderId,
}

impl fmt::Display for OrderRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source, self.id)
    }
}

impl TryFrom<String> for OrderRef {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        let (source, id) = text.split_once(':').unwrap_or((text.as_str(), ""));
        Ok(Self { source: source.parse()?, id: id.parse()? })
    }
}

impl From<OrderRef> for String {
    fn from(order: OrderRef) -> Self {
        order.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_id_can_stand_in_urls_keys_and_variable_names() {
        assert!("corner-bakery".parse::<ShopId>().is_ok());
        for text in ["", "Corner", "a#b", "-a", "a-", "a_b", "ä", &"a".repeat(41)] {
            assert!(text.parse::<ShopId>().is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn any_bits_make_a_customer_id() {
        for bits in [0, 1, u64::MAX] {
            let id = CustomerId::from_bits(bits);
            assert_eq!(id.as_str().parse(), Ok(id));
        }
    }

    #[test]
    fn digits_are_one_id_however_they_are_written() {
        assert_eq!(SourceId::from("7001"), SourceId::from(7_001));
        for text in ["007", "S8GWD5R9QB376", "", "99999999999999999999"] {
            assert_eq!(SourceId::from(text), SourceId::Text(text.to_owned()));
        }
    }

    #[test]
    fn an_order_reads_back_what_it_prints() {
        let order = OrderRef { source: Source::Square, id: "hYy9pRFV".parse().unwrap() };
        assert_eq!(OrderRef::try_from(order.to_string()).unwrap(), order);
        assert!(OrderRef::try_from("ebay:1".to_owned()).is_err());
        assert!(OrderRef::try_from("shopify:".to_owned()).is_err());
    }
}
