//! Who is held out: drawn by a keyed hash, anew for every test.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::ids::CustomerId;
use crate::mail::{Class, Kind};

/// A test of a kind of mail, as the owner started it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// Its id within the shop.
    pub id: String,
    /// The kind it tests; only [marketing](Class::Marketing) can be.
    pub kind: Kind,
    /// How many of a hundred are held out, 1 to 99.
    #[serde(default = "half")]
    pub share_held: u8,
    /// What the draw is made with: random for each test.
    pub key: Key,
    /// Its first local day.
    pub starts: Date,
    /// Its last local day.
    pub ends: Date,
}

fn half() -> u8 {
    50
}

impl Trial {
    /// Whether it tests `kind` on the local day `day`. Mail that tells what is owed is
    /// never part of a test, whatever a test says.
    pub fn covers(&self, kind: Kind, day: Date) -> bool {
        kind.class() == Class::Marketing
            && self.kind == kind
            && self.starts <= day
            && day <= self.ends
    }

    /// Whether the draw holds her out: always the same answer within a test, and one that
    /// says nothing about her draw in another.
    pub fn holds_out(&self, customer: &CustomerId) -> bool {
        let mut hash = Sha256::new_with_prefix(self.key.0);
        hash.update(self.id.as_bytes());
        // An id has no such byte, so that no two pairs of ids read the same.
        hash.update([0]);
        hash.update(customer.as_str().as_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        let drawn = u128::from(u64::from_be_bytes([a, b, c, d, e, f, g, h]));
        // The hash as a fraction of all there are, in hundredths.
        drawn.saturating_mul(100) >> 64 < u128::from(self.share_held)
    }
}

/// The key of a draw: 32 random bytes, written as 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key(pub [u8; 32]);

/// A text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the key of a test has 64 hexadecimal digits")]
pub struct KeyError;

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl TryFrom<String> for Key {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        let digits = text.as_bytes();
        let mut key = [0; 32];
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(KeyError);
        }
        for (byte, pair) in key.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| KeyError)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| KeyError)?;
        }
        Ok(Self(key))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const PEOPLE: u64 = 100_000;

    fn trial(id: &str, key: u8, share_held: u8) -> Trial {
        let (starts, ends) = (date(2026, 1, 1), date(2026, 6, 30));
        let (id, key) = (id.to_owned(), Key([key; 32]));
        Trial { id, kind: Kind::WinBack, share_held, key, starts, ends }
    }

    fn everybody() -> impl Iterator<Item = CustomerId> {
        (0..PEOPLE).map(CustomerId::from_bits)
    }

    /// Within four standard deviations of a binomial, which a fair draw leaves once in
    /// sixteen thousand. All in hundredths of a person, so that it stays whole.
    #[track_caller]
    fn is_about(found: usize, percent: u64) {
        let found = u64::try_from(found).unwrap();
        let off = (found * 100).abs_diff(PEOPLE * percent);
        let variance = PEOPLE * percent * (100 - percent);
        assert!(off * off < 16 * variance, "{found} of {PEOPLE} aren't about {percent} %");
    }

    #[test]
    fn a_test_holds_out_its_share() {
        for share in [1, 10, 50, 90, 99] {
            let trial = trial("spring", 7, share);
            let held = everybody().filter(|id| trial.holds_out(id)).count();
            is_about(held, share.into());
        }
    }

    #[test]
    fn two_tests_draw_independently_by_key_or_by_id() {
        let spring = trial("spring", 7, 50);
        for other in [trial("spring", 8, 50), trial("autumn", 7, 50)] {
            let both = everybody().filter(|id| spring.holds_out(id) && other.holds_out(id));
            is_about(both.count(), 25);
            let neither = everybody().filter(|id| !spring.holds_out(id) && !other.holds_out(id));
            is_about(neither.count(), 25);
        }
    }

    #[test]
    fn the_same_test_always_draws_the_same() {
        let read: Trial =
            serde_json::from_value(serde_json::to_value(trial("spring", 7, 50)).unwrap()).unwrap();
        for id in everybody().take(100) {
            assert_eq!(read.holds_out(&id), trial("spring", 7, 50).holds_out(&id));
        }
    }

    #[test]
    fn a_test_covers_its_kind_in_its_time_and_never_what_is_owed() {
        let trial = trial("spring", 7, 50);
        assert!(trial.covers(Kind::WinBack, date(2026, 1, 1)));
        assert!(trial.covers(Kind::WinBack, date(2026, 6, 30)));
        assert!(!trial.covers(Kind::WinBack, date(2025, 12, 31)));
        assert!(!trial.covers(Kind::WinBack, date(2026, 7, 1)));
        assert!(!trial.covers(Kind::Birthday, date(2026, 3, 1)));
        let owed = Trial { kind: Kind::PointsExpiring, ..trial };
        assert!(!owed.covers(Kind::PointsExpiring, date(2026, 3, 1)));
    }

    #[test]
    fn a_key_is_64_digits_and_is_not_shown() {
        let key = Key([0xab; 32]);
        assert_eq!(String::from(key.clone()), "ab".repeat(32));
        assert_eq!(Key::try_from("ab".repeat(32)).unwrap(), key);
        for wrong in ["", "ab", &"zz".repeat(32), &"+1".repeat(32), &"é".repeat(32)] {
            assert_eq!(Key::try_from(wrong.to_owned()), Err(KeyError), "{wrong}");
        }
        assert_eq!(format!("{key:?}"), "Key(…)");
    }
}
