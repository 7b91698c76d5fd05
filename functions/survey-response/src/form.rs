//! What a form sent, and whether it is an answer.

use loyalty::survey::{AnswerBy, Question, Score};
use platform::store::LONGEST_COMMENT;

/// The names of the fields.
pub(crate) const SCORE: &str = "score";
pub(crate) const COMMENT: &str = "comment";
pub(crate) const ANSWER_BY: &str = "answer_by";

/// What a form sent, as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) score: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) answer_by: Option<String>,
}

/// An answer that can be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) score: Score,
    pub(crate) comment: Option<String>,
    pub(crate) answer_by: Option<AnswerBy>,
}

/// What is wrong with a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No score, or none that the question has.
    Score,
    /// A comment of so many characters.
    Comment(usize),
    /// A way to answer that there isn't.
    AnswerBy,
}

impl Form {
    /// Reads the fields of a form; of one sent twice the last counts.
    pub(crate) fn read(fields: Vec<(String, String)>) -> Self {
        let mut form = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                SCORE => form.score = Some(value),
                COMMENT => form.comment = Some(tidy(&value)),
                ANSWER_BY => form.answer_by = Some(value),
                _ => {}
            }
        }
        form
    }

    /// Whether it says nothing but how she may be answered.
    pub(crate) fn says_only_how(&self) -> bool {
        self.score.is_none() && self.comment.is_none() && self.answer_by.is_some()
    }

    /// The score it names, if the question has it.
    pub(crate) fn score(&self, question: Question) -> Option<Score> {
        score(question, self.score.as_deref()?)
    }

    /// How she may be answered; `None`: she didn't say.
    pub(crate) fn answer_by(&self) -> Result<Option<AnswerBy>, Fault> {
        match self.answer_by.as_deref().map(str::trim) {
            None | Some("") => Ok(None),
            Some("mail") => Ok(Some(AnswerBy::Mail)),
            Some("phone") => Ok(Some(AnswerBy::Phone)),
            Some("no") => Ok(Some(AnswerBy::No)),
            Some(_) => Err(Fault::AnswerBy),
        }
    }

    /// The answer, or everything that is wrong with it.
    pub(crate) fn filled(&self, question: Question) -> Result<Filled, Vec<Fault>> {
        let mut faults = Vec::new();
        let score = self.score(question);
        if score.is_none() {
            faults.push(Fault::Score);
        }
        let comment = self.comment.clone().filter(|comment| !comment.is_empty());
        let length = comment.as_deref().map_or(0, |comment| comment.chars().count());
        if length > LONGEST_COMMENT {
            faults.push(Fault::Comment(length));
        }
        let answer_by = self.answer_by();
        faults.extend(answer_by.err());
        match (score, answer_by) {
            (Some(score), Ok(answer_by)) if faults.is_empty() => {
                Ok(Filled { score, comment, answer_by })
            }
            _ => Err(faults),
        }
    }
}

/// How a way to answer is sent.
pub(crate) fn sent(by: AnswerBy) -> &'static str {
    match by {
        AnswerBy::Mail => "mail",
        AnswerBy::Phone => "phone",
        AnswerBy::No => "no",
    }
}

/// The score that a text names, if the question has it.
pub(crate) fn score(question: Question, text: &str) -> Option<Score> {
    question.score(text.trim().parse().ok()?).ok()
}

/// A comment as it is kept: lines end one way, and no character steers anything.
fn tidy(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n");
    let kept = lines.replace('\t', " ");
    let kept: String = kept.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    kept.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> Form {
        Form::read(fields.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect())
    }

    #[test]
    fn a_comment_keeps_its_lines_and_loses_what_steers() {
        let said = form(&[(COMMENT, "  Dry\u{0}\u{1b}[31m loaf\r\n\r\n\tagain \u{85}")]);
        assert_eq!(said.comment.as_deref(), Some("Dry[31m loaf\n\n again"));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let long = "x".repeat(LONGEST_COMMENT + 1);
        let bad = form(&[(SCORE, "6"), (COMMENT, &long), (ANSWER_BY, "pigeon")]);
        let faults = vec![Fault::Score, Fault::Comment(LONGEST_COMMENT + 1), Fault::AnswerBy];
        assert_eq!(bad.filled(Question::Csat), Err(faults));
        assert!(bad.score(Question::Nps).is_some());
    }

    #[test]
    fn a_comment_is_measured_in_characters() {
        let full = "🥐".repeat(LONGEST_COMMENT);
        let filled = form(&[(SCORE, " 4 "), (COMMENT, &full)]).filled(Question::Csat).unwrap();
        assert_eq!(filled.comment.as_deref(), Some(full.as_str()));
    }
}
