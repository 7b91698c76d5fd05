//! Trying again: bounded, with growing pauses and full jitter.

use std::time::Duration;

use aws_sdk_dynamodb::types::CancellationReason;

use super::{StoreError, Write};

/// Attempts at one conditional write. Sixteen deliveries of one customer at once need
/// most of them; more would only outlast the 5 s that Shopify waits.
pub(super) const ATTEMPTS: u32 = 12;

/// The first pause is random up to this.
const FIRST_PAUSE: Duration = Duration::from_millis(4);

/// No pause is longer than this.
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// How a write with this error code lost a race, if it did.
pub(super) fn lost(code: Option<&str>) -> Option<Write> {
    match code? {
        "ConditionalCheckFailedException" => Some(Write::Refused),
        "TransactionConflictException" | "TransactionInProgressException" => Some(Write::Collided),
        _ => None,
    }
}

/// Whether a transaction was cancelled for nothing but lost races and throttling.
pub(super) fn all_lost(reasons: &[CancellationReason]) -> bool {
    let known = |reason: &CancellationReason| {
        matches!(
            reason.code(),
            None | Some(
                "None"
                    | "ConditionalCheckFailed"
                    | "TransactionConflict"
                    | "ThrottlingError"
                    | "ProvisionedThroughputExceeded"
            )
        )
    };
    !reasons.is_empty() && reasons.iter().all(known)
}

/// Pauses before attempt `attempt` (1 is the second), a random time that grows; an error
/// once they are used up.
pub(super) async fn pause(attempt: u32) -> Result<(), StoreError> {
    if attempt >= ATTEMPTS {
        return Err(StoreError::Contended { attempts: attempt });
    }
    let most = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(attempt)).min(LONGEST_PAUSE);
    let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
    tokio::time::sleep(Duration::from_micros(fastrand::u64(0..=micros))).await;
    Ok(())
}
