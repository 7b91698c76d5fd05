//! Withdrawals to be done by hand.

use jiff::Timestamp;
use loyalty::ids::{CustomerId, Source};
use platform::store::Task;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Withdrawals to be done by hand.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Withdrawals {
    /// Those not done, oldest first.
    withdrawals: Vec<Withdrawal>,
}

/// Somebody who wants no more marketing mail, and a source that can't be told by us.
#[derive(Debug, Serialize, ToSchema)]
struct Withdrawal {
    /// Its id.
    id: String,
    /// Who.
    #[schema(value_type = String, example = "3w5e11264sgsf")]
    customer: CustomerId,
    /// Where to unsubscribe her: `shopify` or `square`.
    #[schema(value_type = String, example = "square")]
    source: Source,
    /// When she said it.
    at: Timestamp,
}

/// What the task says.
#[derive(Deserialize)]
struct Body {
    customer: CustomerId,
    source: Source,
    at: Timestamp,
}

impl FromIterator<Task> for Withdrawals {
    fn from_iter<I: IntoIterator<Item = Task>>(tasks: I) -> Self {
        let one = |task: Task| {
            let Body { customer, source, at } = serde_json::from_str(&task.body).ok()?;
            Some(Withdrawal { id: task.hash, customer, source, at })
        };
        let mut withdrawals: Vec<Withdrawal> = tasks.into_iter().filter_map(one).collect();
        withdrawals.sort_by_key(|one| one.at);
        Self { withdrawals }
    }
}
