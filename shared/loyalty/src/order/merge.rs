//! The join of two partial orders: field group by field group, unknown never replaces
//! known.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Order, Refund};

/// When a picture was true, as its source says. Newer wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp {
    /// The object's own `updated_at`.
    #[serde(rename = "u", with = "nanos")]
    pub updated_at: Timestamp,
    /// When the delivery was triggered; tells two pictures of one second apart. A
    /// picture without it is older than one with.
    #[serde(rename = "t", default, with = "nanos_option")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub triggered_at: Option<Timestamp>,
}

/// A field group with its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamped<T> {
    /// When it was true.
    #[serde(rename = "s")]
    pub stamp: Stamp,
    /// What was.
    #[serde(rename = "v")]
    pub value: T,
}

impl<T: Serialize + PartialEq> Stamped<T> {
    /// The newer of two; at one and the same time the larger SHA-256 of the canonical
    /// value, which says nothing about truth but is the same wherever it is asked.
    fn newer(self, other: Self) -> Self {
        match self.stamp.cmp(&other.stamp) {
            Ordering::Less => other,
            Ordering::Greater => self,
            Ordering::Equal if digest(&self.value) < digest(&other.value) => other,
            Ordering::Equal => self,
        }
    }
}

fn digest<T: Serialize>(value: &T) -> Vec<u8> {
    // Field order is fixed by the type and maps are sorted, so the bytes are canonical.
    // Serialising these plain types to memory can't fail; an empty text is still total.
    Sha256::digest(serde_json::to_vec(value).unwrap_or_default()).to_vec()
}

fn known<T>(a: Option<T>, b: Option<T>, join: impl FnOnce(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(join(a, b)),
        (a, b) => a.or(b),
    }
}

pub(super) fn join_maps<K: Ord, V>(
    mut a: BTreeMap<K, V>,
    b: BTreeMap<K, V>,
    join: impl Fn(V, V) -> V,
) -> BTreeMap<K, V> {
    for (key, theirs) in b {
        let joined = match a.remove(&key) {
            Some(ours) => join(ours, theirs),
            None => theirs,
        };
        a.insert(key, joined);
    }
    a
}

impl Order {
    /// What both know together.
    pub fn merge(self, other: Self) -> Self {
        Self {
            sale: known(self.sale, other.sale, Stamped::newer),
            lines: known(self.lines, other.lines, Stamped::newer),
            basket: known(self.basket, other.basket, Stamped::newer),
            customer: known(self.customer, other.customer, Stamped::newer),
            email: known(self.email, other.email, Stamped::newer),
            phone: known(self.phone, other.phone, Stamped::newer),
            books: known(self.books, other.books, Stamped::newer),
            refunds: join_maps(self.refunds, other.refunds, Refund::merge),
            cancelled: self.cancelled || other.cancelled,
            voided: self.voided || other.voided,
            seen_unpaid: self.seen_unpaid || other.seen_unpaid,
            first_paid: known(self.first_paid, other.first_paid, Timestamp::min),
        }
    }
}

impl Refund {
    pub(super) fn merge(self, other: Self) -> Self {
        Self {
            created_at: known(self.created_at, other.created_at, Timestamp::min),
            named: known(self.named, other.named, Stamped::newer),
            payments: join_maps(self.payments, other.payments, Ord::max),
        }
    }
}

/// Times as whole nanoseconds since 1970: a number costs DynamoDB half a byte a digit
/// and nothing for its trailing zeros, a text three times that.
pub(crate) mod nanos {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(at: &Timestamp, out: S) -> Result<S::Ok, S::Error> {
        // Beyond the year 2262 the far end of the range stands in; no sale lies there.
        out.serialize_i64(i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let nanos = i64::deserialize(from)?;
        Timestamp::from_nanosecond(i128::from(nanos)).map_err(de::Error::custom)
    }
}

/// [`nanos`] for what may be unknown.
pub(crate) mod nanos_option {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(
        at: &Option<Timestamp>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => super::nanos::serialize(at, out),
            None => out.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        let nanos = Option::<i64>::deserialize(from)?;
        nanos
            .map(|nanos| Timestamp::from_nanosecond(i128::from(nanos)).map_err(de::Error::custom))
            .transpose()
    }
}
