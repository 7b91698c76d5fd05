//! Tests of a kind of mail, as the API shows them.

use jiff::civil::Date;
use loyalty::CurrencyCode;
use loyalty::Money;
use loyalty::mail::Kind;
use loyalty::trial::{Interval, Outcome, Trial as Known};
use serde::Serialize;
use utoipa::ToSchema;

use super::Amount;

/// The shop's tests, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Trials {
    /// The tests.
    pub(in crate::api) tests: Vec<Trial>,
}

/// A test of a kind of mail: some are held out by chance.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Trial {
    /// Its id.
    #[schema(example = "win-back.2026-11-23")]
    id: String,
    /// The kind it tests.
    #[schema(value_type = String, example = "win-back")]
    kind: Kind,
    /// How many of a hundred are held out.
    #[schema(example = 50)]
    share_held: u8,
    /// Its first night, by the shop's calendar.
    starts: Date,
    /// Its last.
    ends: Date,
    /// Whether it runs today.
    running: bool,
}

/// How long a test needs, by what the shop's numbers are.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Forecast {
    /// Months until such a difference would be seen, if there is one.
    #[schema(example = 6)]
    pub(in crate::api) months_needed: u16,
    /// Customers who meet the kind's condition in a month, by the last 90 days.
    #[schema(example = 98)]
    pub(in crate::api) per_month: u32,
    /// The share of them who bought within 30 days; 0.2 where too few are known.
    #[schema(example = 0.2)]
    pub(in crate::api) base_rate: f64,
    /// Of how many that share is known; 0 where it is assumed.
    #[schema(example = 240)]
    pub(in crate::api) known_of: u32,
}

/// A test that was started, or would be.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct StartedTrial {
    /// How long it needs.
    pub(in crate::api) forecast: Forecast,
    /// The test; null where it was only asked about.
    pub(in crate::api) test: Option<Trial>,
}

/// What a test has shown.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct TrialResult {
    /// The test.
    pub(in crate::api) test: Trial,
    /// The result in words.
    #[schema(example = "not enough data yet")]
    pub(in crate::api) summary: String,
    /// People who were to get the mail, and whose 30 days are over.
    #[schema(example = 204)]
    pub(in crate::api) treated: usize,
    /// Of them, those it went to.
    #[schema(example = 197)]
    pub(in crate::api) sent: usize,
    /// People who were held out, and whose 30 days are over.
    #[schema(example = 211)]
    pub(in crate::api) held: usize,
    /// By how much the share of those who bought within 30 days differs, 0 to 1; null while
    /// there isn't enough data.
    pub(in crate::api) came_back: Option<ShareInterval>,
    /// By how much what was kept of each one's orders in 30 days differs; null while there isn't
    /// enough data. Sending costs a hundredth of a cent each and isn't taken off; nor are
    /// offers.
    pub(in crate::api) kept: Option<MoneyInterval>,
    /// Whether everybody of the test was looked at; else only its latest 2000 decisions were.
    pub(in crate::api) complete: bool,
}

/// A difference, treated less held, and where 95 of 100 such tests would have it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ShareInterval {
    #[schema(example = 0.08)]
    difference: f64,
    #[schema(example = 0.01)]
    low: f64,
    #[schema(example = 0.15)]
    high: f64,
    /// Whether chance alone is an unlikely reason.
    shows_something: bool,
}

/// A difference in money, treated less held, and where 95 of 100 such tests would have it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct MoneyInterval {
    difference: Amount,
    low: Amount,
    high: Amount,
    /// Whether chance alone is an unlikely reason.
    shows_something: bool,
}

impl Trial {
    pub(in crate::api) fn of(trial: &Known, today: Date) -> Self {
        let Known { id, kind, share_held, starts, ends, .. } = trial.clone();
        let running = starts <= today && today <= ends;
        Self { id, kind, share_held, starts, ends, running }
    }
}

impl From<Interval> for ShareInterval {
    fn from(interval: Interval) -> Self {
        let Interval { difference, low, high } = interval;
        Self { difference, low, high, shows_something: interval.shows_something() }
    }
}

impl MoneyInterval {
    fn of(interval: Interval, currency: CurrencyCode) -> Self {
        let [difference, low, high] =
            interval.rounded().map(|minor| Amount::from(Money { minor, currency }));
        Self { difference, low, high, shows_something: interval.shows_something() }
    }
}

impl TrialResult {
    pub(in crate::api) fn of(
        test: Trial,
        outcome: Outcome,
        currency: CurrencyCode,
        (sent, complete): (usize, bool),
    ) -> Self {
        let (treated, held, came_back, kept) = match outcome {
            Outcome::TooEarly { treated, held } => (treated, held, None, None),
            Outcome::Known { treated, held, came_back, kept } => {
                (treated, held, Some(came_back), Some(kept))
            }
        };
        let summary = match came_back {
            None => "not enough data yet",
            Some(back) if back.low > 0.0 => "more of those who got the mail came back",
            Some(back) if back.high < 0.0 => "fewer of those who got the mail came back",
            Some(_) => "no difference can be told from chance so far",
        };
        Self {
            test,
            summary: summary.to_owned(),
            treated,
            sent,
            held,
            came_back: came_back.map(Into::into),
            kept: kept.map(|kept| MoneyInterval::of(kept, currency)),
            complete,
        }
    }
}
