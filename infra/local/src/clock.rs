//! A clock that can be put forward: the machine's own, plus a shared offset.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use platform::Clock;
use thiserror::Error;

/// Time goes on from wherever it was put. Clones are the same clock.
#[derive(Debug, Clone)]
pub(crate) struct MovableClock {
    base: Clock,
    ahead: Arc<Mutex<SignedDuration>>,
}

/// The clock can't be put there.
#[derive(Debug, Clone, Error)]
pub(crate) enum ClockError {
    /// What is in the table was written at a time; before it nothing would make sense.
    #[error("the clock stands at {now} and never goes back: {wanted} lies before that")]
    Backwards {
        /// Where it stands.
        now: Timestamp,
        /// Where it should go.
        wanted: Timestamp,
    },
    /// Beyond what a calendar holds.
    #[error("{span} from {now} on is beyond the year 9999")]
    OutOfRange {
        /// Where it stands.
        now: Timestamp,
        /// How far it should go.
        span: Span,
    },
}

impl MovableClock {
    /// A clock that starts out as `base`.
    pub(crate) fn new(base: Clock) -> Self {
        Self { base, ahead: Arc::default() }
    }

    /// What the functions are given.
    pub(crate) fn clock(&self) -> Clock {
        let clock = self.clone();
        Clock::new(move || clock.now())
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Timestamp {
        let ahead = *self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        later(self.base.now(), ahead)
    }

    /// Puts the clock to a moment that isn't past, and says what time it is then.
    pub(crate) fn set(&self, wanted: Timestamp) -> Result<Timestamp, ClockError> {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let base = self.base.now();
        let now = later(base, *ahead);
        if wanted < now {
            return Err(ClockError::Backwards { now, wanted });
        }
        *ahead = wanted.duration_since(base);
        Ok(wanted)
    }

    /// A moment that the clock may be put to: it isn't past.
    pub(crate) fn wanted(&self, wanted: Timestamp) -> Result<Timestamp, ClockError> {
        let now = self.now();
        if wanted < now { Err(ClockError::Backwards { now, wanted }) } else { Ok(wanted) }
    }

    /// The moment that lies so far ahead. Days and longer are those of UTC's calendar.
    pub(crate) fn ahead_by(&self, span: Span) -> Result<Timestamp, ClockError> {
        let now = self.now();
        let moved = now.to_zoned(TimeZone::UTC).checked_add(span);
        let moved = moved.map_err(|_| ClockError::OutOfRange { now, span })?;
        self.wanted(moved.timestamp())
    }
}

/// The end of the calendar stands in for what lies beyond it.
fn later(base: Timestamp, ahead: SignedDuration) -> Timestamp {
    base.checked_add(ahead).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn clock(at_first: &str) -> MovableClock {
        MovableClock::new(Clock::fixed(at(at_first)))
    }

    #[track_caller]
    fn advanced(span: &str, expected: &str) {
        let clock = clock("2028-01-31T12:00:00Z");
        let there = clock.ahead_by(span.parse().unwrap()).unwrap();
        assert_eq!(clock.set(there).unwrap(), at(expected));
        assert_eq!(clock.clock().now(), at(expected));
    }

    #[test]
    fn the_clock_goes_forward_by_days_and_hours() {
        advanced("P1DT2H", "2028-02-01T14:00:00Z");
        advanced("PT0S", "2028-01-31T12:00:00Z");
    }

    #[test]
    fn months_and_years_are_those_of_the_calendar() {
        advanced("P1M", "2028-02-29T12:00:00Z");
        advanced("P1Y", "2029-01-31T12:00:00Z");
    }

    #[test]
    fn a_clock_put_to_a_moment_goes_on_from_there() {
        let ticks = Arc::new(Mutex::new(at("2026-11-22T00:00:00Z")));
        let base = Clock::new({
            let ticks = Arc::clone(&ticks);
            move || *ticks.lock().unwrap()
        });
        let clock = MovableClock::new(base);
        clock.set(at("2026-12-24T18:00:00Z")).unwrap();
        *ticks.lock().unwrap() = at("2026-11-22T00:01:00Z");
        assert_eq!(clock.now(), at("2026-12-24T18:01:00Z"));
    }

    #[test]
    fn the_clock_never_goes_back() {
        let clock = clock("2026-11-22T00:00:00Z");
        clock.set(clock.ahead_by("P1D".parse().unwrap()).unwrap()).unwrap();
        for refused in
            [clock.set(at("2026-11-22T23:59:59Z")), clock.ahead_by(Span::new().hours(-1))]
        {
            assert!(matches!(refused, Err(ClockError::Backwards { .. })), "{refused:?}");
        }
        assert_eq!(clock.now(), at("2026-11-23T00:00:00Z"));
    }

    #[test]
    fn the_clock_stays_within_the_calendar() {
        let refused = clock("2026-11-22T00:00:00Z").ahead_by("P9000Y".parse().unwrap());
        assert!(matches!(refused, Err(ClockError::OutOfRange { .. })), "{refused:?}");
    }
}
