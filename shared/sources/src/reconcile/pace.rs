//! How patient we are with a source: what waits, and what stops us.

use std::time::Duration;

use platform::store::{Outcome, StoreError};
use tokio::time::{Instant, sleep};

use crate::api::{ApiError, NoAccess, SetupError};

/// Times that one question is asked before a source is left for the night.
const TRIES: u32 = 6;

/// The first pause after an answer that wasn't one; the next are twice as long each.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Why the work on a source ended before its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// There is nothing to ask by.
    NoToken,
    /// There was no time, or the source had none.
    Unfinished(String),
    /// A person has to do something.
    Refused(String),
    /// The store failed.
    Store(StoreError),
    /// Another run does the same.
    Overtaken,
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ApiError> for Stop {
    fn from(error: ApiError) -> Self {
        let why = platform::telemetry::chain(&error);
        if error.is_transient() { Self::Unfinished(why) } else { Self::Refused(why) }
    }
}

impl From<SetupError> for Stop {
    fn from(error: SetupError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<NoAccess> for Stop {
    fn from(error: NoAccess) -> Self {
        match error {
            NoAccess::NoToken => Self::NoToken,
            error => Self::Refused(error.to_string()),
        }
    }
}

impl Stop {
    /// How a report tells it; a failure of the store, or another run, isn't the source's.
    pub(super) fn outcome(self) -> Result<Outcome, Self> {
        match self {
            Self::NoToken => Ok(Outcome::NoToken),
            Self::Unfinished(why) => Ok(Outcome::Unfinished(why)),
            Self::Refused(why) => Ok(Outcome::Refused(why)),
            other => Err(other),
        }
    }
}

/// Asks until there is an answer: waits where the source wants that and where it may be there
/// again soon, never beyond `until`, and no more than a few times.
pub(super) async fn patiently<T>(
    until: Instant,
    mut ask: impl AsyncFnMut() -> Result<T, ApiError>,
) -> Result<T, Stop> {
    let mut pause = FIRST_PAUSE;
    for _ in 1..TRIES {
        in_time(until)?;
        let error = match ask().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let wait = match &error {
            ApiError::Throttled { wait } => *wait,
            error if error.is_transient() => pause,
            _ => return Err(error.into()),
        };
        if until.saturating_duration_since(Instant::now()) <= wait {
            return Err(error.into());
        }
        tracing::debug!(?wait, "the source asks us to wait");
        sleep(wait).await;
        pause = pause.saturating_mul(2);
    }
    in_time(until)?;
    Ok(ask().await?)
}

/// Whether there still is time.
pub(super) fn in_time(until: Instant) -> Result<(), Stop> {
    if Instant::now() < until {
        return Ok(());
    }
    Err(Stop::Unfinished("there was no time for the rest".to_owned()))
}
