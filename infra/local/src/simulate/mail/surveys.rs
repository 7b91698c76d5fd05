//! Surveys in a history: who answers what and when, and what the owner does about low scores.

use loyalty::survey::{AnswerBy, Question};

use super::{Chore, Plan, Word};

/// What somebody does with the survey she was mailed, if she was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// All links of the mail are opened, as scanners do, and nothing is sent.
    Looks,
    /// She answers.
    Answers {
        /// The score.
        score: u8,
        /// The number of her words; 0: none.
        words: u32,
        /// How she may be answered.
        by: Option<AnswerBy>,
    },
}

/// What the owner does about each low score that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Called her.
    Called,
    /// Gives points.
    Gives,
    /// Answers by mail.
    Writes,
    /// Answers by mail and gives points.
    WritesAndGives,
    /// Closes what somebody answered.
    Closes,
    /// Called her, and closes it.
    CallsAndCloses,
    /// Gives points, and closes it whoever answered.
    GivesAndCloses,
}

impl Deed {
    /// All of them.
    const ALL: [Self; 7] = [
        Self::Called,
        Self::Gives,
        Self::Writes,
        Self::WritesAndGives,
        Self::Closes,
        Self::CallsAndCloses,
        Self::GivesAndCloses,
    ];

    /// Whether points come with it.
    pub(super) fn gives(self) -> bool {
        matches!(self, Self::Gives | Self::WritesAndGives | Self::GivesAndCloses)
    }

    /// Whether nothing waits after it.
    pub(super) fn closes(self) -> bool {
        matches!(self, Self::Closes | Self::CallsAndCloses | Self::GivesAndCloses)
    }
}

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

/// What the shop of a seed asks.
pub(super) fn question(seed: u64) -> Question {
    if seed.is_multiple_of(4) { Question::Nps } else { Question::Csat }
}

/// What the program of a seed's shop says of surveys.
pub(in crate::simulate) fn rules(seed: u64) -> String {
    let after_days = if seed % 4 == 3 { 1 } else { 3 };
    let points = if seed.is_multiple_of(3) { 25 } else { 0 };
    // Now and then it waits for the owner, as it does if nothing is said.
    let send = if seed.is_multiple_of(7) { "" } else { "send = \"auto\"\n" };
    let question = question(seed);
    format!(
        "\n[survey]\nquestion = \"{question}\"\nafter_days = {after_days}\npoints = {points}\n{send}"
    )
}

impl Plan<'_> {
    /// Most people would like mail after all, on the evening before they are asked: else there
    /// are few who are.
    pub(super) fn may_be_asked(&mut self, evening: u64, people: u64) {
        for person in 1..=people {
            if self.rng.u8(..8) > 0 {
                self.says(person, Word::Yes, evening, 0..2_000);
                self.says(person, Word::Resume, evening, 0..2_000);
            }
        }
    }

    /// What follows a morning whose mail may have asked so many people.
    pub(super) fn answers(&mut self, morning: u64, people: u64) {
        let after = |time: u64| morning.saturating_add(time);
        for person in 1..=people {
            if self.rng.bool() {
                let reply = Reply::Looks;
                self.once(Chore::Asked { person, reply }, after(MINUTE), 0..9_000);
            }
            if self.rng.u8(..8) == 0 {
                continue;
            }
            self.answer(person, after(10 * MINUTE));
            match self.rng.u8(..4) {
                // Two devices at once, or another mind later.
                0 => self.answer(person, after(10 * MINUTE)),
                1 | 2 => self.answer(person, after(2 * HOUR)),
                _ => {}
            }
        }
        self.machinery(after(10 * MINUTE), 1, 1, 0);
        self.owner(after(10 * MINUTE), 1);
        self.owner(after(HOUR), 2);
        self.owner(after(2 * HOUR), 1);
        self.machinery(after(2 * HOUR), 1, 1, 1);
    }

    /// Somebody answers when it is too late, and the owner tidies up.
    pub(super) fn late_answers(&mut self, morning: u64, people: u64) {
        let person = self.rng.u64(1..=people);
        self.answer(person, morning);
        self.owner(morning, 1);
        self.owner(morning.saturating_add(10 * MINUTE), 1);
        self.machinery(morning.saturating_add(HOUR), 1, 1, 1);
    }

    /// An answer, that many send twice.
    fn answer(&mut self, person: u64, when: u64) {
        let asked = question(self.history.seed);
        // Every other is low.
        let low = if asked == Question::Nps { 6 } else { 2 };
        let best = if self.rng.bool() { low } else { asked.best() };
        let score = self.rng.u8(asked.lowest()..=best);
        let words = if self.rng.u8(..4) == 0 { 0 } else { self.rng.u32(1..1_000_000) };
        let ways = [None, Some(AnswerBy::Mail), Some(AnswerBy::Mail), Some(AnswerBy::Phone)];
        let by = self.rng.choice(ways).flatten();
        let reply = Reply::Answers { score, words, by };
        self.once(Chore::Asked { person, reply }, when, 0..3_000);
        if self.rng.u8(..3) == 0 {
            self.again(when, 0..3_000);
        }
    }

    /// The owner looks after what waits, so often; sometimes with two windows open.
    fn owner(&mut self, when: u64, times: u32) {
        for _ in 0..times {
            let deed = self.rng.choice(Deed::ALL).unwrap_or(Deed::Closes);
            self.once(Chore::FollowedUp(deed), when, 1_000..6_000);
            if self.rng.u8(..3) == 0 {
                self.again(when, 1_000..6_000);
            }
        }
    }
}
