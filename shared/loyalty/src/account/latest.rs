//! A customer's latest order of each source: what a second payment of one visit, and a
//! second telling of one sale, are known by.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Account;
use crate::ids::Source;
use crate::order::Sale;

/// Two orders from two sources with the same amount this close are held to be one sale
/// until a person says.
pub const TWINS_WITHIN: SignedDuration = SignedDuration::from_mins(15);

/// A customer's latest order of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(i64, i64, u32)", into = "(i64, i64, u32)")]
pub struct Latest {
    /// When it was paid, to the second.
    pub paid_at: Timestamp,
    /// What was charged, tips included, in minor units.
    pub charged: i64,
    /// What stands for its visit: 0 for none.
    pub visit: u32,
}

impl From<(i64, i64, u32)> for Latest {
    fn from((paid_at, charged, visit): (i64, i64, u32)) -> Self {
        let paid_at = Timestamp::from_second(paid_at).unwrap_or(Timestamp::UNIX_EPOCH);
        Self { paid_at, charged, visit }
    }
}

impl From<Latest> for (i64, i64, u32) {
    fn from(latest: Latest) -> Self {
        (latest.paid_at.as_second(), latest.charged, latest.visit)
    }
}

/// What was charged for a sale, tips included. Shopify's total has its tips in it, and
/// `tip` is only what isn't.
fn charged(source: Source, sale: &Sale) -> i64 {
    match source {
        Source::Shopify => sale.total,
        Source::Square => sale.total.saturating_add(sale.tip),
    }
}

/// A number that stands for a visit. Two visits one after the other share one by chance
/// once in four thousand million, which then counts one order less.
fn visit(sale: &Sale) -> u32 {
    let Some(visit) = &sale.visit else { return 0 };
    let digest: [u8; 32] = Sha256::digest(visit.as_bytes()).into();
    let [a, b, c, d, ..] = digest;
    u32::from_be_bytes([a, b, c, d]).max(1)
}

/// Whether two sales of two sources, each with when it was paid, look like one.
pub fn looks_alike(
    (source, sale, paid_at): (Source, &Sale, Timestamp),
    (other_source, other, other_paid_at): (Source, &Sale, Timestamp),
) -> bool {
    source != other_source
        && charged(source, sale) == charged(other_source, other)
        && paid_at.duration_since(other_paid_at).abs() <= TWINS_WITHIN
}

impl Account {
    /// Whether a payment belongs to the visit of her latest order there.
    pub fn knows_visit(&self, source: Source, sale: &Sale) -> bool {
        let visit = visit(sale);
        visit != 0 && self.latest.get(&source).is_some_and(|latest| latest.visit == visit)
    }

    /// Whether her latest order of another source looks like the same sale.
    pub fn has_twin(&self, source: Source, sale: &Sale, paid_at: Timestamp) -> bool {
        self.latest.iter().any(|(other, latest)| {
            *other != source
                && latest.charged == charged(source, sale)
                && paid_at.duration_since(latest.paid_at).abs() <= TWINS_WITHIN
        })
    }

    /// Forgets the visit of an order that left her: it would take itself for another payment
    /// of it when it comes back.
    pub fn forget_visit(&mut self, source: Source, sale: &Sale, paid_at: Timestamp) {
        let left = (paid_at.as_second(), visit(sale));
        if let Some(latest) = self.latest.get_mut(&source)
            && (latest.paid_at.as_second(), latest.visit) == left
        {
            latest.visit = 0;
        }
    }

    /// Remembers an order, unless a later one of its source is known.
    pub fn remember(&mut self, source: Source, sale: &Sale, paid_at: Timestamp) {
        let latest = Latest { paid_at, charged: charged(source, sale), visit: visit(sale) };
        let known = self.latest.get(&source).map(|known| known.paid_at);
        if known.is_none_or(|known| known.as_second() <= paid_at.as_second()) {
            self.latest.insert(source, latest);
        }
    }
}
