//! Mail in a history: what is done about it, when, and by whom.
//!
//! The mailer gets the shop's stream in batches as good and as bad as Lambda's, its drain is
//! started, SES tells what became of mail, people say what they want and don't, and the owner
//! switches it all off: everything at about the same time as the purchases that cause it.
//! [`post`] is the machinery, [`watch`] what must be true, [`tail`] how it all ends.

mod asked;
#[cfg(test)]
pub(super) mod canary;
mod chores;
mod message;
mod nights;
mod post;
mod promises;
mod replies;
mod surveys;
mod tail;
mod tries;
mod watch;

use fastrand::Rng;
use platform::store::keys::Nightly;
use testkit::ses::Fate;

use super::events::record;
use super::history::{Delivery, Door, Event, History, Meaning};

pub(super) use self::chores::Office;
pub(super) use self::post::Post;
pub(super) use self::promises::check_end;
pub(super) use self::replies::TOKEN;
pub(super) use self::surveys::{Deed, Reply, rules as survey_rules};
pub(super) use self::tail::{last_moment, tail};

/// Something done about mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chore {
    /// The mailer is handed records of the stream.
    Stream(Batch),
    /// The mailer works off what is due.
    Drain,
    /// SES's events come, in an order that this decides.
    Feedback(u64),
    /// Somebody says what she wants.
    Says {
        /// Who.
        person: u64,
        /// What.
        word: Word,
        /// When, in milliseconds from the beginning, whenever we hear of it.
        at: u64,
    },
    /// The owner sends mail, or doesn't any more.
    Live(bool),
    /// A nightly function is called by the hour.
    Night(Nightly),
    /// Hours went by in which there was nothing to do.
    HoursPass,
    /// Somebody has her birthday told.
    Born {
        /// Who.
        person: u64,
        /// The day, as `MM-DD`.
        day: &'static str,
    },
    /// The owner saves a program whose tiers are easier to reach.
    Lowered,
    /// The owner agrees to all letters that wait for it.
    Approved,
    /// Somebody who was asked how it was does something about it.
    Asked {
        /// Who.
        person: u64,
        /// What.
        reply: Reply,
    },
    /// The owner does something about every low score that waits.
    FollowedUp(Deed),
}

/// Which records of the stream that weren't worked off yet come, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Batch {
    /// All, in order.
    Whole,
    /// The first of them: so many of 256.
    Part(u8),
    /// All, and those of before once more.
    Again,
    /// All, the last first.
    Backwards,
    /// All, anyhow.
    Shuffled(u64),
}

/// What somebody says about mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// Yes to marketing, by our own form, confirmed.
    Yes,
    /// No more of it, to us.
    No,
    /// No more of it, to Shopify, which tells us.
    NoAtShopify,
    /// This is spam.
    Spam,
    /// Nothing for three months.
    Pause,
    /// Go on.
    Resume,
    /// She would like mail; we ask her to confirm that.
    Asks,
}

/// When things happen, in milliseconds: by the second time the claims of the first have
/// ended, and the third is the morning after.
const AT_ONCE: u64 = 0;
const AFTER_LEASE: u64 = 16 * 60_000;
const NEXT_MORNING: u64 = 23 * 3_600_000;

/// How long is waited for a night that finds who stayed away, or whose refund takes a tier.
pub(super) const WEEKS: u64 = 43 * 24 * 3_600_000;

/// Adds what is done about mail to a history of so many people.
pub(super) fn happens(history: &mut History, people: u64) {
    let mut plan = Plan { rng: Rng::with_seed(history.seed ^ 0x006d_6169_6c00), history };
    for person in 1..=people {
        plan.person(person);
    }
    plan.machinery(AT_ONCE, 3, 4, 2);
    plan.machinery(AFTER_LEASE, 1, 2, 1);
    plan.machinery(NEXT_MORNING, 1, 2, 1);
    plan.nights(people);
    match plan.rng.u8(..16) {
        0 => plan.once(Chore::Live(false), AT_ONCE, 2_000..9_000),
        1 => {
            plan.once(Chore::Live(false), AT_ONCE, 2_000..9_000);
            plan.once(Chore::Live(true), AFTER_LEASE, 0..3_000);
        }
        2 => plan.once(Chore::Live(false), AFTER_LEASE, 0..3_000),
        _ => {}
    }
}

/// An event that is a chore.
pub(super) fn chore(chore: Chore) -> Event {
    Event { door: Door::Mail, topic: "mail", body: Vec::new(), meaning: Meaning::Mail(chore) }
}

struct Plan<'a> {
    rng: Rng,
    history: &'a mut History,
}

impl Plan<'_> {
    /// What one person does, and what becomes of mail to her.
    fn person(&mut self, person: u64) {
        let fate = match self.rng.u8(..16) {
            0 | 1 => Some(Fate::Bounced),
            2 => Some(Fate::Complained),
            3 => Some(Fate::BouncedForNow),
            _ => None,
        };
        self.history.fates.extend(fate.map(|fate| (person, fate)));
        // Only who is known can be heard.
        self.event(record(person), AT_ONCE, 0..2_000);
        if self.rng.bool() {
            self.says(person, Word::Yes, AT_ONCE, 0..6_000);
        }
        let word = match self.rng.u8(..10) {
            0 => Word::Asks,
            1 | 2 => Word::No,
            3 => Word::NoAtShopify,
            4 => Word::Pause,
            5 => Word::Spam,
            _ => return,
        };
        let when = if self.rng.u8(..4) == 0 { AFTER_LEASE } else { AT_ONCE };
        self.says(person, word, when, 1_000..9_000);
        if self.rng.u8(..3) == 0 {
            let changed = if word == Word::Pause { Word::Resume } else { Word::Yes };
            let when = if self.rng.bool() { AFTER_LEASE } else { NEXT_MORNING };
            self.says(person, changed, when, 9_000..10_000);
        }
    }

    /// The stream, the drain and SES's events, so often each.
    fn machinery(&mut self, when: u64, streams: u32, drains: u32, feedback: u32) {
        for _ in 0..streams {
            let batch = match self.rng.u8(..8) {
                0 => Batch::Part(self.rng.u8(..)),
                1 => Batch::Again,
                2 => Batch::Backwards,
                3 => Batch::Shuffled(self.rng.u64(..)),
                _ => Batch::Whole,
            };
            self.once(Chore::Stream(batch), when, 500..8_000);
        }
        for _ in 0..drains {
            self.once(Chore::Drain, when, 1_000..10_000);
        }
        for _ in 0..feedback {
            let order = self.rng.u64(..);
            self.once(Chore::Feedback(order), when, 3_000..12_000);
        }
    }

    fn says(&mut self, person: u64, word: Word, when: u64, within: std::ops::Range<u64>) {
        let at = when.saturating_add(self.rng.u64(within.clone()));
        let said = chore(Chore::Says { person, word, at });
        let again = self.rng.bool();
        self.event(said, at, 0..500);
        if again {
            self.again(at, 0..3_000);
        }
    }

    fn once(&mut self, done: Chore, when: u64, within: std::ops::Range<u64>) {
        self.event(chore(done), when, within);
    }

    fn event(&mut self, event: Event, when: u64, within: std::ops::Range<u64>) {
        self.history.events.push(event);
        self.again(when, within);
    }

    /// Delivers the last event, once more if it was.
    fn again(&mut self, when: u64, within: std::ops::Range<u64>) {
        let id = u32::try_from(self.history.deliveries.len()).unwrap_or(u32::MAX);
        let event = self.history.events.len().saturating_sub(1);
        let starts = when.saturating_add(self.rng.u64(within));
        self.history.deliveries.push(Delivery { id, event, starts });
    }
}
