//! Tests of whether a kind of mail is worth sending: some of those who would get it are
//! held out by chance, and both groups are followed for 30 days.

mod draw;
mod statistics;

pub use self::draw::{Key, KeyError, Trial};
pub use self::statistics::{
    Followed, Interval, LONGEST_MONTHS, Outcome, TooFew, months_needed, outcome, share,
};

/// Days for which everybody of a test is followed, from the day her letter went or was held.
pub const FOLLOWED_DAYS: i32 = 30;
