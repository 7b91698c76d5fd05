//! What comparing with the sources found.

use jiff::Timestamp;
use jiff::civil::Date;
use platform::store::{self, Compared, Found, Outcome};
use serde::Serialize;
use utoipa::ToSchema;

use super::{OrderName, Source};

/// A page of nights.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Reconciliations {
    /// The nights, newest first.
    nights: Vec<Reconciliation>,
    /// What to ask for as `before` to go on; null at the end.
    #[schema(value_type = Option<String>, format = Date)]
    next: Option<Date>,
}

/// What one night found.
#[derive(Debug, Serialize, ToSchema)]
struct Reconciliation {
    /// The local date of the night.
    #[schema(value_type = String, format = Date, example = "2026-11-22")]
    date: Date,
    /// When it was last worked on.
    at: Timestamp,
    /// The sources that the shop is connected to.
    sources: Vec<ComparedSource>,
}

/// What comparing with one source came to.
#[derive(Debug, Serialize, ToSchema)]
struct ComparedSource {
    /// The source.
    source: Source,
    /// How it ended.
    outcome: ComparisonOutcome,
    /// Why it isn't done; null where it is.
    why: Option<String>,
    /// All of it in words.
    #[schema(example = "1 missed sale repaired: shopify:820982911946154508")]
    summary: String,
    /// Orders and refunds that the source named.
    checked: u32,
    /// Sales that weren't known here, and are now.
    missed: FoundOrders,
    /// Sales that were known otherwise, and were brought up to date.
    repaired: FoundOrders,
    /// Sales that couldn't be read or counted.
    unreadable: FoundOrders,
}

/// How comparing with a source ended: everything was looked at; there was no token to ask by;
/// the rest is for the next run; or a person has to do something first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ComparisonOutcome {
    Done,
    NoToken,
    Unfinished,
    Refused,
}

/// Orders that were found.
#[derive(Debug, Serialize, ToSchema)]
struct FoundOrders {
    /// How many.
    count: u32,
    /// The first 200 of them, as far as they have a name.
    orders: Vec<OrderName>,
}

impl Reconciliations {
    /// A page of at most `limit`.
    pub(in crate::api) fn new(found: &[store::Reconciliation], limit: u16) -> Self {
        let is_full = found.len() >= usize::from(limit);
        let next = found.last().map(|one| one.date).filter(|_| is_full);
        Self { nights: found.iter().map(Reconciliation::from).collect(), next }
    }
}

impl From<&store::Reconciliation> for Reconciliation {
    fn from(one: &store::Reconciliation) -> Self {
        let sources = one.sources.iter();
        let sources = sources.map(|(source, compared)| ComparedSource::new(*source, compared));
        Self { date: one.date, at: one.at, sources: sources.collect() }
    }
}

impl ComparedSource {
    fn new(source: loyalty::ids::Source, compared: &Compared) -> Self {
        let (outcome, why) = match &compared.outcome {
            Outcome::Done => (ComparisonOutcome::Done, None),
            Outcome::NoToken => (ComparisonOutcome::NoToken, None),
            Outcome::Unfinished(why) => (ComparisonOutcome::Unfinished, Some(why)),
            Outcome::Refused(why) => (ComparisonOutcome::Refused, Some(why)),
        };
        Self {
            source: source.into(),
            outcome,
            why: why.cloned(),
            summary: compared.to_string(),
            checked: compared.checked,
            missed: (&compared.missed).into(),
            repaired: (&compared.repaired).into(),
            unreadable: (&compared.unreadable).into(),
        }
    }
}

impl From<&Found> for FoundOrders {
    fn from(found: &Found) -> Self {
        Self { count: found.count, orders: found.orders.iter().map(OrderName::from).collect() }
    }
}
