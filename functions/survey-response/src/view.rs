//! The page that asks, by a link or at the counter.

use askama::Template;
use loyalty::survey::{AnswerBy, Question, Score};
use platform::store::LONGEST_COMMENT;
use presentation::page::{Button, Choice, Look, Notice, RadioGroup, ScoreChoice, Scores, TextArea};
use presentation::survey::{asks, means};
use presentation::{Language, Locale};

use crate::form::{ANSWER_BY, COMMENT, Fault, SCORE, sent};
use crate::words::Words;

/// The ways to answer, and what each is called.
#[derive(Debug, Clone)]
pub(crate) struct Ways {
    legend: String,
    choices: Vec<Choice<'static>>,
    chosen: Option<AnswerBy>,
}

/// What the page that asks shows.
#[derive(Debug, Clone)]
pub(crate) struct Asking<'a> {
    pub(crate) words: &'static Words,
    pub(crate) locale: &'a Locale,
    pub(crate) question: Question,
    /// The shop's name.
    pub(crate) shop: &'a str,
    /// What is to be known first.
    pub(crate) notice: Option<Notice<'a>>,
    /// What is wrong with what was sent.
    pub(crate) faults: &'a [Fault],
    /// What it is about.
    pub(crate) lead: String,
    pub(crate) chosen: Option<Score>,
    pub(crate) comment: &'a str,
    pub(crate) ways: Option<Ways>,
    /// Who reads it.
    pub(crate) reads: String,
    pub(crate) action: &'a str,
}

#[derive(Template)]
#[template(path = "ask.html")]
struct Ask<'a> {
    wrong: Vec<(String, String)>,
    notice: Option<Notice<'a>>,
    lead: &'a str,
    scores: Scores<'a>,
    comment: TextArea<'a>,
    answer_by: Option<RadioGroup<'a>>,
    reads: &'a str,
    action: &'a str,
    button: Button<'static>,
}

impl Ways {
    /// Nothing is ticked but what she ticked herself.
    pub(crate) fn of(
        words: &'static Words,
        who: &str,
        has_number: bool,
        chosen: Option<AnswerBy>,
    ) -> Self {
        let choice = |by| {
            let asks_number = by == AnswerBy::Phone && !has_number;
            let help = asks_number.then_some(words.no_number);
            Choice { value: sent(by), label: (words.by)(by), help }
        };
        let choices = [AnswerBy::Mail, AnswerBy::Phone, AnswerBy::No].map(choice).into();
        Self { legend: (words.may_answer)(who), choices, chosen }
    }

    /// As a part of a form.
    pub(crate) fn group(&self) -> RadioGroup<'_> {
        RadioGroup {
            name: ANSWER_BY,
            legend: &self.legend,
            choices: &self.choices,
            chosen: self.chosen.map(sent),
        }
    }
}

impl Asking<'_> {
    /// The page's main part.
    pub(crate) fn html(&self) -> Result<String, askama::Error> {
        let words = self.words;
        let texts: Vec<(&Fault, String)> =
            self.faults.iter().map(|fault| (fault, self.text(*fault))).collect();
        let of = |wanted: fn(&Fault) -> bool| {
            let found = texts.iter().find(|(fault, _)| wanted(fault));
            found.map(|(_, text)| text.as_str())
        };
        let language = self.locale.language;
        let asked = asks(self.question, self.shop, language);
        let legend = format!("{asked} {}", (words.range)(self.question));
        let most = characters(self.locale, LONGEST_COMMENT);
        let help = (words.comment_help)(&most);
        let field = |fault: &Fault| match fault {
            Fault::Score => format!("{SCORE}-{}", self.question.lowest()),
            Fault::Comment(_) => COMMENT.to_owned(),
            Fault::AnswerBy => format!("{ANSWER_BY}-{}", sent(AnswerBy::Mail)),
        };
        Ask {
            wrong: texts.iter().map(|(fault, text)| (field(fault), text.clone())).collect(),
            notice: self.notice,
            lead: &self.lead,
            scores: Scores {
                name: SCORE,
                legend: &legend,
                error: of(|fault| *fault == Fault::Score),
                choices: choices(self.question, language),
                chosen: self.chosen.map(Score::value),
            },
            comment: TextArea {
                name: COMMENT,
                label: words.comment,
                help: Some(&help),
                error: of(|fault| matches!(fault, Fault::Comment(_))),
                value: self.comment,
            },
            answer_by: self.ways.as_ref().map(Ways::group),
            reads: &self.reads,
            action: self.action,
            button: Button { label: words.send, look: Look::Primary, sends: None },
        }
        .render()
    }

    fn text(&self, fault: Fault) -> String {
        let words = self.words;
        match fault {
            Fault::Score => (words.wrong_score)(self.question).to_owned(),
            Fault::Comment(length) => {
                let number = |count| characters(self.locale, count);
                (words.wrong_comment)(&number(length), &number(LONGEST_COMMENT))
            }
            Fault::AnswerBy => words.wrong_by.to_owned(),
        }
    }
}

/// The scores of a question, to choose one from.
fn choices(question: Question, language: Language) -> Vec<ScoreChoice<'static>> {
    let choice = |score: Score| ScoreChoice { value: score.value(), word: means(score, language) };
    question.scores().map(choice).collect()
}

fn characters(locale: &Locale, count: usize) -> String {
    locale.number(i64::try_from(count).unwrap_or(i64::MAX))
}
