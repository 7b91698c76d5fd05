//! Letters that wait for the owner's approval, as the API shows them.

use jiff::Timestamp;
use jiff::civil::Date;
use loyalty::mail::Kind;
use platform::store;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use super::Decision;

/// What sending a thousand mails costs, in cents of a US dollar.
const CENTS_PER_THOUSAND: i64 = 10;

/// Batches of letters, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Approvals {
    /// The batches.
    pub(in crate::api) approvals: Vec<Approval>,
    /// What to ask for next as `before`; null at the end.
    pub(in crate::api) next: Option<Date>,
}

/// A night's letters of a kind.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Approval {
    /// What it is named by: `<date>.<kind>`.
    #[schema(example = "2026-11-22.win-back")]
    id: String,
    /// The night.
    date: Date,
    /// The kind.
    #[schema(value_type = String, example = "win-back")]
    kind: Kind,
    /// Whether the owner may still say.
    open: bool,
    /// Since when it waits.
    since: Timestamp,
    /// Until when; nothing of it goes out after unless it was approved.
    until: Timestamp,
    /// What the owner said: `all`, `some` or `none`; null where she didn't.
    answer: Option<Answer>,
    /// When.
    answered_at: Option<Timestamp>,
    /// Whether every letter of it was released or left out.
    settled: bool,
    /// How many letters still wait.
    #[schema(example = 23)]
    waiting: u64,
    /// What the program offers in letters of this kind; null: nothing.
    #[schema(example = "A coffee is on us.")]
    offer: Option<String>,
    /// What sending those that wait costs.
    cost: Cost,
    /// The first of the letters, to whom and why.
    letters: Vec<Decision>,
    /// Where more of them are: ask for this approval alone, with this as `cursor`; null where
    /// these are all.
    next: Option<String>,
}

/// What the owner said about a batch.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::api) enum Answer {
    All,
    Some,
    None,
}

/// What sending costs, as the mail provider charges it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Cost {
    /// How much, in US dollars, to a hundredth of a cent.
    #[schema(example = "0.0023")]
    amount: String,
    /// Always `USD`.
    #[schema(example = "USD")]
    currency: String,
    /// What it is counted by.
    #[schema(example = "0.10 USD for 1000 mails, the provider's price")]
    unit: String,
}

/// What became of a batch after an answer.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Answered {
    /// The batch.
    pub(in crate::api) approval: Approval,
    /// Letters that go, of those settled by now.
    #[schema(example = 20)]
    pub(in crate::api) released: u32,
    /// Letters that don't.
    #[schema(example = 3)]
    pub(in crate::api) left_out: u32,
    /// Whether that were all of them: what is left is settled within the hour.
    pub(in crate::api) settled: bool,
}

impl Cost {
    fn of(mails: u64) -> Self {
        // Hundredths of a cent for one mail.
        let each = CENTS_PER_THOUSAND.saturating_mul(100).div_euclid(1000);
        let units = i64::try_from(mails).unwrap_or(i64::MAX).saturating_mul(each);
        let price = Decimal::new(CENTS_PER_THOUSAND, 2);
        Self {
            amount: Decimal::new(units, 4).to_string(),
            currency: "USD".to_owned(),
            unit: format!("{price} USD for 1000 mails, the provider's price"),
        }
    }
}

impl Approval {
    pub(in crate::api) fn of(
        approval: &store::Approval,
        now: Timestamp,
        waiting: u64,
        offer: Option<String>,
        (letters, next): (Vec<Decision>, Option<String>),
    ) -> Self {
        let answer = approval.answer.as_ref().map(|answer| match answer {
            store::ApprovalAnswer::All => Answer::All,
            store::ApprovalAnswer::Some(_) => Answer::Some,
            store::ApprovalAnswer::None => Answer::None,
        });
        Self {
            id: approval.id(),
            date: approval.date,
            kind: approval.kind,
            open: approval.is_open(now),
            since: approval.since,
            until: approval.until,
            answer,
            answered_at: approval.answered_at,
            settled: approval.settled,
            waiting,
            offer,
            cost: Cost::of(waiting),
            letters,
            next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sending_costs_ten_cents_a_thousand() {
        for (mails, cost) in [(0, "0.0000"), (1, "0.0001"), (23, "0.0023"), (10_000, "1.0000")] {
            assert_eq!(Cost::of(mails).amount, cost);
        }
        assert_eq!(Cost::of(1).unit, "0.10 USD for 1000 mails, the provider's price");
    }
}
