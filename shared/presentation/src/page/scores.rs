//! Scores to choose one from.

use askama::Template;

/// Scores side by side, each large enough to tap, in as many rows as they need.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "page/scores.html")]
pub struct Scores<'a> {
    /// What it sends the score as.
    pub name: &'a str,
    /// What is asked.
    pub legend: &'a str,
    /// What is wrong with what was chosen, and what to do.
    pub error: Option<&'a str>,
    /// The scores, the lowest first.
    pub choices: Vec<ScoreChoice<'a>>,
    /// The one that is chosen; `None`: she chooses.
    pub chosen: Option<u8>,
}

/// One score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScoreChoice<'a> {
    /// The score.
    pub value: u8,
    /// What it means, where words help.
    pub word: Option<&'a str>,
}

impl Scores<'_> {
    fn is_chosen(&self, choice: &ScoreChoice<'_>) -> bool {
        self.chosen == Some(choice.value)
    }
}
