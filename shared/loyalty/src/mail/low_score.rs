//! A low score that waits for an answer, as the shop's own people are told of it.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Kind;
use super::plan::{About, Draft};
use crate::ids::OrderRef;
use crate::survey::{AnswerBy, REMINDERS, Score};

/// What the shop's own people are told of a low score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LowScore {
    /// The score as it now stands.
    pub score: Score,
    /// The order it is about.
    pub order: OrderRef,
    /// The local day that was paid; `None`: it isn't known.
    pub day: Option<Date>,
    /// What she wrote. Personal data.
    pub comment: Option<String>,
    /// How she may be answered; `None`: she didn't say.
    pub answer_by: Option<AnswerBy>,
    /// 1: at once; 2: the reminder; 3: the second person's.
    pub notice: u8,
}

impl Draft {
    /// What the shop's own people are told of a follow-up that was opened at `opened_at`, for
    /// the `round`th time: at once, a reminder, and to the second person.
    pub fn low_score(follow_up: &str, round: u32, opened_at: Timestamp) -> Vec<Self> {
        let reminders = REMINDERS.iter().filter_map(|after| opened_at.checked_add(*after).ok());
        let told = (1..).zip(std::iter::once(opened_at).chain(reminders));
        let draft = |(notice, due): (u8, Timestamp)| Self {
            about: About::LowScore { follow_up: follow_up.to_owned(), round, notice },
            from: opened_at,
            sections: vec![Kind::LowScore],
            due,
            fact_at: opened_at,
            news_from: due,
            caused_at: None,
        };
        told.map(draft).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    #[test]
    fn a_low_score_is_told_at_once_after_two_days_and_after_five() {
        let drafts = Draft::low_score("f1", 2, at("2026-11-22T14:00:00Z"));
        let told: Vec<_> =
            drafts.iter().map(|draft| (draft.about.trigger(), draft.due.to_string())).collect();
        let expected = [
            ("low score f1 2 1", "2026-11-22T14:00:00Z"),
            ("low score f1 2 2", "2026-11-24T14:00:00Z"),
            ("low score f1 2 3", "2026-11-27T14:00:00Z"),
        ];
        assert_eq!(told, expected.map(|(trigger, due)| (trigger.to_owned(), due.to_owned())));
    }
}
