//! What a mailbox answered: complaints and mail that came back.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::order::nanos_option;

/// Within how long mail that comes back for now counts together.
const TOGETHER: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How often mail may come back for now within that time until it counts as for good.
const TIMES: usize = 3;

/// Times kept. A mailbox that full of them since it was last confirmed is suppressed by
/// that alone, so that what is forgotten can't have mattered.
const KEPT: usize = 12;

/// Why mail is kept from an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suppression {
    /// She marked a mail as spam: no marketing and no account mail, for good.
    Complaint,
    /// A mail came back for good: nothing until the address is confirmed anew.
    Bounce,
    /// Mail came back for now three times within 30 days, which counts the same.
    Bounces,
}

/// That mail is kept from an address, and since when. What she asks for still tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suppressed {
    /// Why.
    pub why: Suppression,
    /// Since when.
    pub since: Timestamp,
}

/// What a mailbox answered, as a join: see [`super::Consent`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mailbox {
    /// The first complaint.
    #[serde(rename = "c", default, with = "nanos_option")]
    #[serde(skip_serializing_if = "Option::is_none")]
    complaint: Option<Timestamp>,
    /// The last mail that came back for good.
    #[serde(rename = "b", default, with = "nanos_option")]
    #[serde(skip_serializing_if = "Option::is_none")]
    bounce: Option<Timestamp>,
    /// When mail came back for now.
    #[serde(rename = "t", default, with = "nanos_set")]
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    for_now: BTreeSet<Timestamp>,
    /// The last time the address was confirmed.
    #[serde(rename = "f", default, with = "nanos_option")]
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed: Option<Timestamp>,
}

impl Mailbox {
    pub(super) fn complained(at: Timestamp) -> Self {
        Self { complaint: Some(at), ..Self::default() }
    }

    pub(super) fn bounced(at: Timestamp) -> Self {
        Self { bounce: Some(at), ..Self::default() }
    }

    pub(super) fn bounced_for_now(at: Timestamp) -> Self {
        Self { for_now: [at].into(), ..Self::default() }
    }

    pub(super) fn confirmed(at: Timestamp) -> Self {
        Self { confirmed: Some(at), ..Self::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.complaint = [self.complaint, other.complaint].into_iter().flatten().min();
        self.bounce = self.bounce.max(other.bounce);
        self.confirmed = self.confirmed.max(other.confirmed);
        self.for_now.extend(&other.for_now);
        while self.for_now.len() > KEPT {
            self.for_now.pop_first();
        }
    }

    /// Since when she has complained.
    pub fn complained_at(&self) -> Option<Timestamp> {
        self.complaint
    }

    /// Since when mail comes back for good, or so often that it counts the same; `None`
    /// too where the address was confirmed later.
    pub fn bounced_at(&self) -> Option<Timestamp> {
        self.bounces().map(|bounced| bounced.since)
    }

    /// Why mail is kept from it. A complaint goes before a bounce, which may pass.
    pub fn suppressed(&self) -> Option<Suppressed> {
        let complaint =
            self.complaint.map(|since| Suppressed { why: Suppression::Complaint, since });
        complaint.or_else(|| self.bounces())
    }

    fn bounces(&self) -> Option<Suppressed> {
        // A bounce of the moment of a confirmation came after it.
        let fresh = |at: &Timestamp| self.confirmed.is_none_or(|confirmed| *at >= confirmed);
        if let Some(since) = self.bounce.filter(fresh) {
            return Some(Suppressed { why: Suppression::Bounce, since });
        }
        let times: Vec<Timestamp> = self.for_now.iter().copied().filter(fresh).collect();
        let together = times.windows(TIMES).find_map(|these| match these {
            [first, .., last] if last.duration_since(*first) <= TOGETHER => Some(*last),
            _ => None,
        });
        let full = times.last().copied().filter(|_| times.len() >= KEPT);
        together.or(full).map(|since| Suppressed { why: Suppression::Bounces, since })
    }
}

/// Times as whole nanoseconds since 1970, as everywhere in storage.
mod nanos_set {
    use std::collections::BTreeSet;

    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct At(#[serde(with = "crate::order::nanos")] Timestamp);

    pub(super) fn serialize<S: Serializer>(
        times: &BTreeSet<Timestamp>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.collect_seq(times.iter().map(|at| At(*at)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeSet<Timestamp>, D::Error> {
        let times = Vec::<At>::deserialize(from)?;
        Ok(times.into_iter().map(|At(at)| at).collect())
    }
}
