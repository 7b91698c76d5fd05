//! Surveys: a question about an order, its scores, and what a low one asks for.
//!
//! A survey stands under its order: whoever answers twice replaces her answer, and counts
//! once. It closes [`OPEN_DAYS`] after it was asked.

mod results;

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use self::results::{Count, Results, Share, response_rate, results};
pub use crate::estimate::Estimate;

/// Days a survey stays open after it was asked.
pub const OPEN_DAYS: i32 = 14;

/// Days between two invitations of a customer, at least.
pub const ASKED_EVERY: i32 = 90;

/// The most days after an order that a program may ask about it: later nobody remembers.
pub const LATEST: u8 = 30;

/// How long marketing mail to a customer waits after a low score, unless the follow-up is
/// closed before.
pub const HELD_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long after a low score the owner is reminded, and how long after it the second person
/// is told, as long as nobody has closed the follow-up.
pub const REMINDERS: [SignedDuration; 2] =
    [SignedDuration::from_hours(48), SignedDuration::from_hours(5 * 24)];

/// What a survey asks, which is how it counts.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Question {
    /// How it was, from 1 to 5: the share of 4 and 5 is what counts.
    #[default]
    Csat,
    /// How likely she is to recommend the shop, from 0 to 10: the share of 9 and 10 less that
    /// of 0 to 6.
    Nps,
}

/// What a score tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mood {
    /// CSAT 1–2, NPS 0–6 (a detractor): somebody has to look after it.
    Low,
    /// CSAT 3, NPS 7–8 (a passive).
    Middle,
    /// CSAT 4–5, NPS 9–10 (a promoter).
    High,
}

/// A score its question has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score {
    question: Question,
    value: u8,
}

/// A score its question doesn't have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("scores go from {} to {}", .0.lowest(), .0.best())]
pub struct NoSuchScore(pub Question);

/// A name that is no question's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("write \"csat\" or \"nps\"")]
pub struct NoSuchQuestion;

/// How a customer who gave a low score may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerBy {
    /// By mail.
    Mail,
    /// By a call.
    Phone,
    /// Not at all.
    No,
}

impl Question {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Csat, Self::Nps];

    /// Its name in programs, keys and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csat => "csat",
            Self::Nps => "nps",
        }
    }

    /// Its lowest score.
    pub fn lowest(self) -> u8 {
        match self {
            Self::Csat => 1,
            Self::Nps => 0,
        }
    }

    /// Its best score.
    pub fn best(self) -> u8 {
        match self {
            Self::Csat => 5,
            Self::Nps => 10,
        }
    }

    /// Its scores, the lowest first.
    pub fn scores(self) -> impl Iterator<Item = Score> {
        (self.lowest()..=self.best()).map(move |value| Score { question: self, value })
    }

    /// One of its scores.
    pub fn score(self, value: u8) -> Result<Score, NoSuchScore> {
        let fits = (self.lowest()..=self.best()).contains(&value);
        if fits { Ok(Score { question: self, value }) } else { Err(NoSuchScore(self)) }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Question {
    type Err = NoSuchQuestion;

    fn from_str(text: &str) -> Result<Self, NoSuchQuestion> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or(NoSuchQuestion)
    }
}

impl Score {
    /// The number.
    pub fn value(self) -> u8 {
        self.value
    }

    /// What it answers.
    pub fn question(self) -> Question {
        self.question
    }

    /// What it tells.
    pub fn mood(self) -> Mood {
        match (self.question, self.value) {
            (Question::Csat, ..=2) | (Question::Nps, ..=6) => Mood::Low,
            (Question::Csat, 3) | (Question::Nps, 7..=8) => Mood::Middle,
            _ => Mood::High,
        }
    }

    /// Whether somebody has to look after it.
    pub fn is_low(self) -> bool {
        self.mood() == Mood::Low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_its_scores_and_no_others() {
        let count = |question: Question| question.scores().count();
        assert_eq!((count(Question::Csat), count(Question::Nps)), (5, 11));
        for (question, value) in [(Question::Csat, 0), (Question::Csat, 6), (Question::Nps, 11)] {
            assert_eq!(question.score(value), Err(NoSuchScore(question)));
        }
        assert_eq!(NoSuchScore(Question::Nps).to_string(), "scores go from 0 to 10");
    }

    #[test]
    fn low_is_1_and_2_of_5_and_up_to_6_of_10() {
        let moods = |question: Question| question.scores().map(Score::mood).collect::<Vec<_>>();
        let (low, middle, high) = (Mood::Low, Mood::Middle, Mood::High);
        assert_eq!(moods(Question::Csat), [low, low, middle, high, high]);
        let nps = [vec![low; 7], vec![middle; 2], vec![high; 2]].concat();
        assert_eq!(moods(Question::Nps), nps);
    }
}
