//! How long a source asks us to wait.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use loyalty::money::parse_decimal;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use rust_decimal::prelude::ToPrimitive;

/// Where the source doesn't say: both count what we may ask by the minute at most.
const DEFAULT: Duration = Duration::from_mins(1);

/// Longer than either ever asks for. A date of next year, by mistake, would stop us till
/// then.
const LONGEST: Duration = Duration::from_hours(1);

/// What `Retry-After` says: seconds, which Shopify writes with a decimal point, or a time.
pub(super) fn asked_for(headers: &HeaderMap) -> Duration {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(after) = text(RETRY_AFTER).map(str::trim) else { return DEFAULT };
    let wait = seconds(after).or_else(|| until(after, text(DATE)));
    wait.unwrap_or(DEFAULT).min(LONGEST)
}

/// A wait that was reckoned from what an answer says, within the same bounds.
pub(super) fn at_most(wait: Option<Duration>) -> Duration {
    wait.unwrap_or(DEFAULT).min(LONGEST)
}

fn seconds(text: &str) -> Option<Duration> {
    parse_decimal(text).ok()?.ceil().to_u64().map(Duration::from_secs)
}

/// From the time the answer says it was made at: it is the clock that wrote the other.
fn until(after: &str, made: Option<&str>) -> Option<Duration> {
    let time = |text: &str| DateTimeParser::new().parse_timestamp(text).ok();
    let wait: SignedDuration = Timestamp::duration_since(time(after)?, time(made?)?);
    // A time that has passed asks for no wait.
    Some(Duration::try_from(wait).unwrap_or(Duration::ZERO))
}
