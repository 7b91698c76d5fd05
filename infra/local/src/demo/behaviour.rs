//! How people fall silent, and what brings them back: a model with potential outcomes, so that
//! a test of a letter has something true to find.
//!
//! For each absence one number is drawn, and two chances: to come back by herself, and to come
//! back if a letter reaches her. She does where the number lies below the chance that counts.
//! So what the letter does is fixed for each absence, whether she gets it or not.

use fastrand::Rng;
use jiff::SignedDuration;

/// A chance of one, in the unit that chances are told in.
const ALWAYS: u32 = 10_000;

/// Of a hundred who come often enough to be missed, so many fall silent at some time.
const FALL_SILENT: u32 = 85;

/// Who comes seldomer isn't missed within the demo's year.
const OFTEN: SignedDuration = SignedDuration::from_hours(400);

/// Gaps between visits before anybody falls silent: enough to tell her rhythm from.
const GAPS_BEFORE: i32 = 5;

/// Each kind of draw has numbers of its own.
const TALE: u64 = 0x7E11_0FA5_1CE5_0001;

/// One absence that began because somebody fell silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Absence {
    /// What was drawn, below ten thousand.
    drawn: u32,
    /// The chance to come back by herself, in ten thousandths.
    alone: u32,
    /// The chance to come back where a letter reaches her.
    written_to: u32,
    /// Days from the night that missed her to when she comes by herself.
    days_alone: i64,
    /// Days from the letter to when she follows it.
    days_written_to: i64,
    /// Days from that night to when she comes though neither brought her back in time; `None`:
    /// she never does.
    days_late: Option<i64>,
}

impl Absence {
    /// The absence of that number of somebody's, from 0. The same seed draws the same.
    pub(super) fn drawn(seed: u64, person: usize, number: u64) -> Self {
        let mut rng = rng(seed, person, number);
        let alone = rng.u32(1_000..3_500);
        Self {
            drawn: rng.u32(0..ALWAYS),
            alone,
            written_to: alone.saturating_add(rng.u32(500..4_000)),
            days_alone: rng.i64(2..27),
            days_written_to: rng.i64(1..9),
            days_late: Some(rng.i64(40..100)).filter(|_| rng.u32(0..100) < 75),
        }
    }

    /// Whether she comes back within 30 days of the night that missed her.
    pub(super) fn ends(&self, written_to: bool) -> bool {
        self.drawn < if written_to { self.written_to } else { self.alone }
    }

    /// Days after the night that she comes back without a letter, if she does.
    pub(super) fn unasked(&self) -> Option<i64> {
        if self.ends(false) { Some(self.days_alone) } else { self.days_late }
    }

    /// Days after a letter that it brings her back; `None`: it changes nothing.
    pub(super) fn asked(&self) -> Option<i64> {
        (self.ends(true) && !self.ends(false)).then_some(self.days_written_to)
    }

    /// What a letter adds to her chance to come back, in ten thousandths.
    pub(super) fn effect(&self) -> i64 {
        i64::from(self.written_to).saturating_sub(i64::from(self.alone))
    }
}

/// How long somebody stays before she falls silent, from the first visit or the one that ended
/// her last absence; `None`: she doesn't.
pub(super) fn stays(
    seed: u64,
    person: usize,
    number: u64,
    gap: SignedDuration,
) -> Option<SignedDuration> {
    if gap >= OFTEN || rng(seed, person, u64::MAX).u32(0..100) >= FALL_SILENT {
        return None;
    }
    let mut rng = rng(seed, person, number ^ TALE);
    let more = SignedDuration::from_hours(rng.i64(0..24 * 180));
    gap.saturating_mul(GAPS_BEFORE).checked_add(more)
}

fn rng(seed: u64, person: usize, number: u64) -> Rng {
    let person = u64::try_from(person).unwrap_or(u64::MAX);
    let mut root = Rng::with_seed(seed.rotate_left(40) ^ person.rotate_left(20) ^ number);
    // Seeds that differ by a bit begin alike.
    Rng::with_seed(root.u64(..))
}
