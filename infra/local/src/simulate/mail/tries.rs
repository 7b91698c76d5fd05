//! What was tried about surveys and low scores, with when each began and ended, in one order.

use jiff::{SignedDuration, Timestamp};

use super::Post;

/// How long marketing waits for somebody to look after a low score.
pub(super) const HELD: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A survey: who was asked, about which order.
pub(super) type Survey = (String, String);

/// Something that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Did {
    /// An answer.
    Answered { survey: Survey, score: u8, words: Option<String>, low: bool },
    /// Something about a low score.
    Acted { follow_up: String, gave: bool, closed: bool },
}

/// How that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nobody knows whether it was done.
    Unknown,
    /// It was acknowledged.
    Taken,
    /// It was answered that it isn't done.
    Refused,
}

/// Something that was tried, and when: both numbers count beginnings and ends.
#[derive(Debug, Clone)]
pub(super) struct Tried {
    pub(super) did: Did,
    began: u64,
    began_at: Timestamp,
    /// `None`: it isn't over.
    ended: Option<u64>,
    pub(super) outcome: Outcome,
}

/// Everything that was tried.
#[derive(Debug, Clone, Default)]
pub(super) struct Tries {
    count: u64,
    pub(super) all: Vec<Tried>,
}

/// Something that is being tried. It is over when this is gone: the function may be killed.
pub(super) struct Doing<'a> {
    post: &'a Post,
    index: usize,
}

/// A low answer that marketing waits for.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) survey: Survey,
    /// Since when somebody may have closed it.
    pub(super) since: u64,
    /// Until when at least marketing waits, unless it is closed.
    pub(super) until: Timestamp,
}

impl Doing<'_> {
    /// Notes how it ended.
    pub(super) fn ends(&self, outcome: Outcome) {
        self.post.watch(|watch| {
            if let Some(tried) = watch.tries.all.get_mut(self.index) {
                tried.outcome = outcome;
            }
        });
    }
}

impl Drop for Doing<'_> {
    fn drop(&mut self) {
        self.post.watch(|watch| watch.tries.ends(self.index));
    }
}

impl Tries {
    /// Notes that something begins; gives its place.
    pub(super) fn begins(&mut self, did: Did, began_at: Timestamp) -> usize {
        let (began, outcome) = (self.next(), Outcome::Unknown);
        self.all.push(Tried { did, began, began_at, ended: None, outcome });
        self.all.len().saturating_sub(1)
    }

    /// Notes that it is over.
    pub(super) fn ends(&mut self, index: usize) {
        let now = self.next();
        if let Some(tried) = self.all.get_mut(index) {
            tried.ended = Some(now);
        }
    }

    fn next(&mut self) -> u64 {
        self.count = self.count.saturating_add(1);
        self.count
    }

    /// The answers to a survey.
    pub(super) fn answers<'a>(&'a self, of: &'a Survey) -> impl Iterator<Item = &'a Tried> + Clone {
        self.all.iter().filter(move |one| {
            matches!(&one.did, Did::Answered { survey, .. } if survey == of)
                && one.outcome != Outcome::Refused
        })
    }

    /// What was done about a low score.
    pub(super) fn acts<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Tried> + Clone {
        self.all.iter().filter(move |one| {
            matches!(&one.did, Did::Acted { follow_up, .. } if follow_up == id)
                && one.outcome != Outcome::Refused
        })
    }

    /// The first beginning of an answer with the same score and words: one that is the same as
    /// what stands opens nothing again.
    pub(super) fn first_of(&self, survey: &Survey, answer: &Tried) -> u64 {
        let same = self.answers(survey).filter(|one| one.did == answer.did);
        same.map(|one| one.began).min().unwrap_or(answer.began)
    }

    /// Whether somebody may have closed a survey's follow-up since.
    pub(super) fn may_be_closed(&self, id: &str, since: u64) -> bool {
        self.acts(id).any(|one| one.closes() && one.ended.is_none_or(|ended| ended > since))
    }
}

impl Tried {
    pub(super) fn was_taken(&self) -> bool {
        self.outcome == Outcome::Taken
    }

    pub(super) fn is_low(&self) -> bool {
        matches!(self.did, Did::Answered { low: true, .. })
    }

    pub(super) fn closes(&self) -> bool {
        matches!(self.did, Did::Acted { closed: true, .. })
    }

    pub(super) fn gives(&self) -> bool {
        matches!(self.did, Did::Acted { gave: true, .. })
    }

    pub(super) fn says(&self, last: &(u8, Option<String>)) -> bool {
        let Did::Answered { score, words, .. } = &self.did else { return false };
        (score, words) == (&last.0, &last.1)
    }

    /// Whether it was over before the other began.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        self.ended.is_some_and(|ended| ended < other.began)
    }
}

impl Post {
    /// Notes that something begins.
    pub(super) fn begins(&self, did: Did) -> Doing<'_> {
        let began_at = self.now();
        let index = self.watch(|watch| watch.tries.begins(did, began_at));
        Doing { post: self, index }
    }

    /// What marketing waits for from an answer on that was just acknowledged.
    pub(super) fn holds(&self, survey: &Survey) -> Option<Held> {
        self.watch(|watch| {
            let low = watch.tries.answers(survey).filter(|one| one.was_taken() && one.is_low());
            let last = low.max_by_key(|one| one.began)?;
            let since = watch.tries.first_of(survey, last);
            let until = last.began_at.checked_add(HELD).ok()?;
            Some(Held { survey: survey.clone(), since, until })
        })
    }
}
