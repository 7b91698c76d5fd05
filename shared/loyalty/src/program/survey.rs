//! What the program says of surveys. Whether and when one goes is for [`crate::night`].

use crate::Points;
use crate::survey::Question;

/// Days after an order that a survey asks about it, if unsaid.
pub(super) const AFTER_DAYS: u8 = 3;

/// What the program says of surveys. How the invitation goes stands with the
/// [other letters](super::MailRules::letter), and whether any does with
/// [`MailRules::off`](super::MailRules::off).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyRules {
    /// What is asked.
    pub question: Question,
    /// Local days from the one an order was paid until she is asked about it; 1 to 30.
    pub after_days: u8,
    /// Points for an answer, whatever its score; 0: none.
    pub points: Points,
    /// Where reviews of the shop are written, an `https` address; shown only as
    /// [`SurveyRules::review_link`] says.
    pub review_url: Option<String>,
    /// Whether the shop's general link takes answers of people who don't say who they are.
    pub counter: bool,
}

impl Default for SurveyRules {
    fn default() -> Self {
        Self {
            question: Question::default(),
            after_days: AFTER_DAYS,
            points: Points::ZERO,
            review_url: None,
            counter: true,
        }
    }
}

impl SurveyRules {
    /// The review link that the page of a survey ends with, the same for every score; `None`
    /// also where points are given for answers, for they would pay for the review as well.
    pub fn review_link(&self) -> Option<&str> {
        self.review_url.as_deref().filter(|_| self.points.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_is_never_asked_for_where_answers_are_paid_for() {
        let review_url = Some("https://g.page/r/corner/review".to_owned());
        let free = SurveyRules { review_url, ..SurveyRules::default() };
        assert_eq!(free.review_link(), Some("https://g.page/r/corner/review"));
        assert_eq!(SurveyRules { points: Points(1), ..free }.review_link(), None);
    }
}
