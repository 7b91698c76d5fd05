//! Pairs of customers who may be one person, as the API shows them.

use jiff::Timestamp;
use loyalty::whose;
use platform::store;
use serde::Serialize;
use utoipa::ToSchema;

use super::mirror;

/// Pairs of customers who may be one person.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct MergeCandidates {
    candidates: Vec<MergeCandidate>,
}

/// Two customers who may be one person.
#[derive(Debug, Serialize, ToSchema)]
struct MergeCandidate {
    /// One of them.
    #[schema(example = "0k2m8xw3q9fzd")]
    a: String,
    /// The other.
    #[schema(example = "3w5e11264sgsf")]
    b: String,
    /// Why.
    likeness: Likeness,
    /// Since when.
    since: Timestamp,
}

mirror!(
    /// Why two customers may be one: a record has the other's address or number, or an
    /// order has. None of that proves it, because anybody can type them.
    Likeness = whose::Likeness { Email, Phone, OrderEmail, OrderPhone }
);

impl From<Vec<store::MergeCandidate>> for MergeCandidates {
    fn from(candidates: Vec<store::MergeCandidate>) -> Self {
        let candidate = |one: store::MergeCandidate| MergeCandidate {
            a: one.a.into(),
            b: one.b.into(),
            likeness: one.likeness.into(),
            since: one.at,
        };
        Self { candidates: candidates.into_iter().map(candidate).collect() }
    }
}
