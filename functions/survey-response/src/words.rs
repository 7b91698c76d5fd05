//! The words of the pages: a table per language, in which none can be missing. What is asked and
//! what the scores are called is said as the mail says it, by [`presentation::survey`].

mod de;
mod en;

use loyalty::Language;
use loyalty::survey::{AnswerBy, Question};

/// The words of a language. `who` is who reads answers, as the shop's mail is signed.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) title: fn(Question) -> &'static str,
    /// The range of the scores, after the question.
    pub(crate) range: fn(Question) -> &'static str,
    /// What it is about: the shop, and the order's day where it is known.
    pub(crate) about_order: fn(&str, Option<&str>) -> String,
    /// With the shop's name.
    pub(crate) about_visit: fn(&str) -> String,
    pub(crate) comment: &'static str,
    /// With the most characters.
    pub(crate) comment_help: fn(&str) -> String,
    /// With who reads it.
    pub(crate) reads: fn(&str) -> String,
    /// With who reads it, and that nobody knows who writes.
    pub(crate) reads_anonymous: fn(&str) -> String,
    pub(crate) send: &'static str,
    /// What she answered before: score and day.
    pub(crate) before: fn(&str, &str) -> String,

    // How she may be answered.
    /// With who answers.
    pub(crate) may_answer: fn(&str) -> String,
    pub(crate) by: fn(AnswerBy) -> &'static str,
    pub(crate) no_number: &'static str,
    pub(crate) tell: &'static str,

    // What is wrong.
    /// The range.
    pub(crate) wrong_score: fn(Question) -> &'static str,
    /// With its length, and the most that fits.
    pub(crate) wrong_comment: fn(&str, &str) -> String,
    pub(crate) wrong_by: &'static str,

    // Thanks.
    pub(crate) thanks: &'static str,
    /// With the score.
    pub(crate) kept: fn(&str) -> String,
    pub(crate) kept_anonymous: &'static str,
    /// What happens after a low score: who, and how she is answered where she said.
    pub(crate) next: fn(&str, Option<AnswerBy>) -> String,
    pub(crate) no_offers: &'static str,
    /// With who reads it.
    pub(crate) read_by: fn(&str) -> String,
    /// With the points.
    pub(crate) points: fn(&str) -> String,
    /// With the day it closes.
    pub(crate) change: fn(&str) -> String,
    /// What leads to the review, and the link.
    pub(crate) review: (&'static str, &'static str),

    // Closed.
    pub(crate) closed_title: &'static str,
    /// With the day, and where somebody reads what she writes.
    pub(crate) closed: fn(&str, Option<&str>) -> String,

    // The counter.
    pub(crate) off_title: &'static str,
    pub(crate) off: &'static str,
    pub(crate) full: &'static str,
    pub(crate) card: &'static str,
    /// What the code is, for who can't see it; with the address.
    pub(crate) card_label: fn(&str) -> String,
    pub(crate) card_how: &'static str,
}

impl Words {
    /// The words of a language.
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &en::WORDS,
            Language::De => &de::WORDS,
        }
    }
}
