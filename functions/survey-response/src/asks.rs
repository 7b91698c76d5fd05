//! What a shop's program says of surveys.

use loyalty::Points;
use loyalty::program::Program;
use loyalty::survey::Question;

/// What a shop's program says of surveys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asks {
    /// What the counter asks. A mail's link says itself what it asks.
    pub(crate) question: Question,
    /// Points for an answer, whatever its score; 0: none.
    pub(crate) points: Points,
    /// Where reviews are written; none where points are given, for they would pay for those.
    pub(crate) review_link: Option<String>,
    /// Whether the counter takes answers.
    pub(crate) counter: bool,
}

impl Asks {
    /// What this program says.
    pub(crate) fn of(program: &Program) -> Self {
        let survey = &program.survey;
        Self {
            question: survey.question,
            points: survey.points,
            review_link: survey.review_link().map(str::to_owned),
            counter: survey.counter,
        }
    }
}
