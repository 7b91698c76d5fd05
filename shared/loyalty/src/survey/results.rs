//! What answers add up to.

use serde::Serialize;

use super::{Mood, Question, Score};
use crate::estimate::{Estimate, correlation_within, newcombe, wilson};

/// The fewest answers that say something: below, one more changes everything.
const FEWEST: usize = 5;

/// What the answers to one question add up to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Results {
    /// The question.
    pub question: Question,
    /// How many answered.
    pub answers: usize,
    /// How many gave each of its scores, the lowest first, those that nobody gave included.
    pub counts: Vec<Count>,
    /// Those who gave a low score (NPS: detractors).
    pub low: Share,
    /// Those in between (NPS: passives).
    pub middle: Share,
    /// Those who gave a high one (CSAT: satisfied; NPS: promoters).
    pub high: Share,
    /// The result, in percent: for CSAT the share of high scores, 0 to 100; for NPS that of
    /// high ones less that of low ones, −100 to 100. `None`: nobody answered.
    pub result: Option<Estimate>,
    /// Whether there are answers enough for the result to say something: at least 5. Else show
    /// the counts, and that there is not enough data yet.
    pub is_enough: bool,
}

/// How many gave a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The score.
    pub score: u8,
    /// How many gave it.
    pub count: usize,
}

/// How many of those who answered, and which share of them that is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// How many.
    pub count: usize,
    /// The share, in percent, with Wilson's score interval; `None`: nobody answered.
    pub percent: Option<Estimate>,
}

/// What these scores add up to; those of another question don't count.
///
/// Each share has Wilson's score interval. That of the NPS, a difference of two shares of the
/// same people, is put together of those two by square and add with their correlation
/// (Newcombe, Statistics in Medicine 17, 1998, 2635–2650; Zou and Donner, Statistics in
/// Medicine 27, 2008, 1693–1702).
pub fn results(question: Question, scores: impl IntoIterator<Item = Score>) -> Results {
    let mut counts: Vec<(Score, usize)> = question.scores().map(|score| (score, 0)).collect();
    for given in scores {
        if let Some((_, count)) = counts.iter_mut().find(|(score, _)| *score == given) {
            *count = count.saturating_add(1);
        }
    }
    let sum = |mood: Option<Mood>| {
        let of = counts.iter().filter(|(score, _)| mood.is_none_or(|mood| score.mood() == mood));
        of.fold(0_usize, |sum, (_, count)| sum.saturating_add(*count))
    };
    let answers = sum(None);
    let [low, middle, high] =
        [Mood::Low, Mood::Middle, Mood::High].map(|mood| share(sum(Some(mood)), answers));
    let result = match question {
        Question::Csat => high.percent,
        Question::Nps => net(high.count, low.count, answers),
    };
    let counted = |(score, count): (Score, usize)| Count { score: score.value(), count };
    Results {
        question,
        answers,
        counts: counts.into_iter().map(counted).collect(),
        low,
        middle,
        high,
        result,
        is_enough: answers >= FEWEST,
    }
}

/// How many of those who were asked have answered, in percent, with Wilson's score interval;
/// `None`: nobody was asked. Of answers nobody was asked for count no more than were.
pub fn response_rate(answered: usize, asked: usize) -> Option<Estimate> {
    share(answered.min(asked), asked).percent
}

fn share(count: usize, of: usize) -> Share {
    Share { count, percent: (of > 0).then(|| wilson((count, of)).percent()) }
}

/// The share of the high scores less that of the low ones, in percent.
fn net(high: usize, low: usize, answers: usize) -> Option<Estimate> {
    if answers == 0 {
        return None;
    }
    let (high, low) = (wilson((high, answers)), wilson((low, answers)));
    let together = correlation_within(high.value, low.value);
    Some(newcombe(high, low, together).percent())
}

#[cfg(test)]
mod tests;
