//! What a person said about marketing mail, and what her mailbox answered, as data.
//!
//! Facts arrive late, twice and out of order. So [`Consent`] is a join like an order's
//! state: each of its parts keeps the fact that counts, by the fact's own time, and
//! [`Consent::merge`] is commutative, associative and idempotent. Hearing a fact is merging
//! what the fact alone makes; making one of two people is merging what both said.
//!
//! A withdrawal yields only to a *later* act of the person herself. What others say about
//! her, an import or a source's flag, never undoes one. Absence is not consent.

mod fact;
mod mailbox;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::fact::{Act, Channel, Fact, Teller};
pub use self::mailbox::{Mailbox, Suppressed, Suppression};
use crate::order::{is_false, nanos, nanos_option};
use crate::program::{ConsentGrade, Preset};

/// Changes kept, so that the owner and the person can see how it came. The oldest go first.
const HISTORY: usize = 20;

/// Where a person stands with marketing mail by one channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing was said.
    #[default]
    None,
    /// Asked, and not answered.
    Pending,
    /// Yes.
    Subscribed,
    /// No more.
    Unsubscribed,
}

/// A yes, as it can be shown to whoever asks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Permission {
    /// How well it is shown; `None`: nobody says how it came.
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<ConsentGrade>,
    /// Who told.
    #[serde(rename = "s")]
    pub teller: Teller,
    /// When.
    #[serde(rename = "a", with = "nanos")]
    pub at: Timestamp,
    /// Whether it was an act of hers at that time.
    #[serde(rename = "h", default, skip_serializing_if = "is_false")]
    pub hers: bool,
    /// What she agreed to, word for word.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub wording: Option<String>,
}

/// Where a person stands by one channel, for showing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// What holds.
    pub state: State,
    /// How well a yes is shown.
    pub grade: Option<ConsentGrade>,
    /// Who told what holds.
    pub teller: Option<Teller>,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// What was said by one channel: of each sort the newest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    /// The newest yes of each teller and grade, hers and others' apart: one may be ended
    /// where another still holds.
    #[serde(rename = "y", default, skip_serializing_if = "Vec::is_empty")]
    yes: Vec<Permission>,
    /// The newest withdrawal.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    no: Option<Withdrawal>,
    /// Tellers without a yes: since when, and whether she was asked.
    #[serde(rename = "z", default, skip_serializing_if = "BTreeMap::is_empty")]
    silent: BTreeMap<Teller, Silence>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Withdrawal {
    #[serde(rename = "a", with = "nanos")]
    at: Timestamp,
    #[serde(rename = "s")]
    teller: Teller,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Silence {
    #[serde(rename = "a", with = "nanos")]
    at: Timestamp,
    #[serde(rename = "p", default, skip_serializing_if = "is_false")]
    asked: bool,
}

/// What she set, and when. Of two settings of one time the one with less mail holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Switch {
    #[serde(rename = "a", with = "nanos")]
    at: Timestamp,
    #[serde(rename = "o", default, skip_serializing_if = "is_false")]
    less: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Pause {
    #[serde(rename = "a", with = "nanos")]
    at: Timestamp,
    #[serde(rename = "u", default, with = "nanos_option")]
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

/// Everything a person said about mail, and what her mailbox answered. Names in storage
/// are short: it is paid for by the kilobyte with every write of her contact data. A name
/// it doesn't know makes it unreadable: a withdrawal must not be read as nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    #[serde(rename = "c", default, skip_serializing_if = "BTreeMap::is_empty")]
    channels: BTreeMap<Channel, Said>,
    #[serde(rename = "k", default, skip_serializing_if = "BTreeMap::is_empty")]
    kinds: BTreeMap<String, Switch>,
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    monthly: Option<Switch>,
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pause: Option<Pause>,
    #[serde(rename = "b", default, skip_serializing_if = "Mailbox::is_empty")]
    mailbox: Mailbox,
    #[serde(rename = "h", default, skip_serializing_if = "BTreeSet::is_empty")]
    history: BTreeSet<Fact>,
}

impl Permission {
    /// Permissions of one key stand for each other; the newest is kept.
    fn key(&self) -> (Teller, Option<ConsentGrade>, bool) {
        (self.teller, self.grade, self.hers)
    }

    /// Strongest first, and of one grade the newest.
    fn rank(&self) -> impl Ord + use<> {
        (self.grade.is_none(), self.grade, std::cmp::Reverse(self.at), self.teller)
    }
}

impl Said {
    fn merge(&mut self, other: &Self) {
        for theirs in &other.yes {
            match self.yes.iter_mut().find(|ours| ours.key() == theirs.key()) {
                Some(ours) if *ours < *theirs => ours.clone_from(theirs),
                Some(_) => {}
                None => self.yes.push(theirs.clone()),
            }
        }
        self.yes.sort_by_key(Permission::key);
        self.no = self.no.max(other.no);
        for (teller, theirs) in &other.silent {
            let ours = self.silent.entry(*teller).or_insert(*theirs);
            *ours = (*ours).max(*theirs);
        }
    }

    /// Every yes that holds, strongest first. One of the same moment as a teller's silence
    /// came after it; one of the same moment as a withdrawal came before.
    fn holding(&self) -> Vec<&Permission> {
        let holds = |yes: &&Permission| {
            let silent = self.silent.get(&yes.teller);
            silent.is_none_or(|silent| yes.at >= silent.at)
                && self.no.is_none_or(|no| yes.hers && yes.at > no.at)
        };
        let mut holding: Vec<&Permission> = self.yes.iter().filter(holds).collect();
        holding.sort_by_key(|yes| yes.rank());
        holding
    }

    fn standing(&self) -> Standing {
        if let Some(yes) = self.holding().first() {
            return Standing {
                state: State::Subscribed,
                grade: yes.grade,
                teller: Some(yes.teller),
                since: Some(yes.at),
            };
        }
        let silence = self.silent.iter().max_by_key(|(_, silence)| (silence.asked, silence.at));
        let (state, teller, since) = match (self.no, silence) {
            (Some(no), _) => (State::Unsubscribed, no.teller, no.at),
            (None, Some((teller, Silence { at, asked: true }))) => (State::Pending, *teller, *at),
            (None, Some((teller, Silence { at, asked: false }))) => (State::None, *teller, *at),
            (None, None) => return Standing::default(),
        };
        Standing { state, grade: None, teller: Some(teller), since: Some(since) }
    }
}

impl From<&Fact> for Consent {
    /// What one fact alone makes.
    fn from(fact: &Fact) -> Self {
        let at = fact.at;
        let mut consent = Self::default();
        let mut said = Said::default();
        match &fact.act {
            Act::Subscribed { teller, grade, hers, wording, .. } => {
                let (teller, grade, hers, wording) = (*teller, *grade, *hers, wording.clone());
                said.yes.push(Permission { grade, teller, at, hers, wording });
                // A link in a mail was followed: mail arrives there.
                if hers && grade == Some(ConsentGrade::ConfirmedOwnForm) {
                    consent.mailbox = Mailbox::confirmed(at);
                }
            }
            Act::Asked { teller, .. } => {
                said.silent.insert(*teller, Silence { at, asked: true });
            }
            Act::Unsubscribed { teller, .. } => said.no = Some(Withdrawal { at, teller: *teller }),
            Act::Silent { teller, .. } => {
                said.silent.insert(*teller, Silence { at, asked: false });
            }
            Act::Kind { kind, off } => {
                consent.kinds.insert(kind.clone(), Switch { at, less: *off });
            }
            Act::Monthly { on } => consent.monthly = Some(Switch { at, less: *on }),
            Act::Paused { until } => consent.pause = Some(Pause { at, until: *until }),
            Act::Complained => consent.mailbox = Mailbox::complained(at),
            Act::Bounced => consent.mailbox = Mailbox::bounced(at),
            Act::BouncedForNow => consent.mailbox = Mailbox::bounced_for_now(at),
            Act::Confirmed => consent.mailbox = Mailbox::confirmed(at),
        }
        if let Some(channel) = fact.channel() {
            consent.channels.insert(channel, said);
        }
        // Those say nothing of her, come in numbers, and are kept with the mailbox.
        if fact.act != Act::BouncedForNow {
            consent.history.insert(fact.brief());
        }
        consent
    }
}

impl Consent {
    /// Takes in a fact, whenever it comes and however often.
    pub fn hear(&mut self, fact: &Fact) {
        self.merge(&Self::from(fact));
    }

    /// Takes in what was said under another name of the same person.
    pub fn merge(&mut self, other: &Self) {
        for (channel, theirs) in &other.channels {
            self.channels.entry(*channel).or_default().merge(theirs);
        }
        for (kind, theirs) in &other.kinds {
            let ours = self.kinds.entry(kind.clone()).or_insert(*theirs);
            *ours = (*ours).max(*theirs);
        }
        self.monthly = self.monthly.max(other.monthly);
        self.pause = self.pause.max(other.pause);
        self.mailbox.merge(&other.mailbox);
        self.history.extend(other.history.iter().cloned());
        // The newest of all is the newest of the newest: forgetting doesn't depend on the
        // order of arrival either.
        while self.history.len() > HISTORY {
            self.history.pop_first();
        }
    }

    /// Whether nothing was ever said and nothing happened.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Where she stands with marketing mail by a channel.
    pub fn standing(&self, channel: Channel) -> Standing {
        self.channels.get(&channel).map(Said::standing).unwrap_or_default()
    }

    /// The state alone.
    pub fn state(&self, channel: Channel) -> State {
        self.standing(channel).state
    }

    /// The strongest yes that holds.
    pub fn permission(&self, channel: Channel) -> Option<&Permission> {
        self.channels.get(&channel)?.holding().into_iter().next()
    }

    /// The yes that marketing mail of a shop of this country may rely on: none where she
    /// said no, or nothing, or where what she said isn't shown well enough. Whether mail
    /// reaches her is another question: see [`Consent::suppressed`].
    pub fn relied_on(&self, channel: Channel, preset: Preset) -> Option<&Permission> {
        let sufficient = preset.sufficient_consent();
        let enough = |yes: &&Permission| yes.grade.is_some_and(|grade| sufficient.contains(&grade));
        self.channels.get(&channel)?.holding().into_iter().find(enough)
    }

    /// Whether her consent is good enough for the shop's country.
    pub fn suffices(&self, channel: Channel, preset: Preset) -> bool {
        self.relied_on(channel, preset).is_some()
    }

    /// The fact that takes her latest withdrawal back, said by her at `at`: she has again
    /// the permission that it ended. `None` where she didn't withdraw, or where what held
    /// before isn't known any more and she has to be asked anew.
    pub fn undo(&self, channel: Channel, at: Timestamp) -> Option<Fact> {
        let said = self.channels.get(&channel)?;
        let no = said.no.filter(|no| said.holding().is_empty() && no.at < at)?;
        let ended = self.ended(channel, no.at)?;
        let same = said.yes.iter().find(|yes| yes.key() == ended.key() && yes.at == ended.at);
        let (teller, grade) = (ended.teller, ended.grade);
        let wording = same.and_then(|yes| yes.wording.clone());
        Some(Fact { at, act: Act::Subscribed { channel, teller, grade, hers: true, wording } })
    }

    /// The permission that a withdrawal at `at` ended, or the withdrawals before it that no
    /// yes came between: a source that is told of one tells it back, with a time of its own.
    fn ended(&self, channel: Channel, at: Timestamp) -> Option<Permission> {
        let (mut before, mut ended) = (Self::default(), None);
        for fact in self.history.iter().filter(|fact| fact.at < at) {
            let held = before.permission(channel).cloned();
            before.hear(fact);
            let withdrawn = matches!(fact.act, Act::Unsubscribed { .. });
            if before.permission(channel).is_some() {
                ended = None;
            } else if held.is_some() {
                // What ended otherwise, no withdrawal did.
                ended = held.filter(|_| withdrawn);
            }
        }
        before.permission(channel).cloned().or(ended)
    }

    /// Whether she switched this kind off.
    pub fn is_off(&self, kind: &str) -> bool {
        self.kinds.get(kind).is_some_and(|switch| switch.less)
    }

    /// The kinds she switched off.
    pub fn off(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().filter(|(_, switch)| switch.less).map(|(kind, _)| kind.as_str())
    }

    /// Whether she wants marketing mail at most once a month.
    pub fn at_most_monthly(&self) -> bool {
        self.monthly.is_some_and(|switch| switch.less)
    }

    /// Until when she wants no mail, while that lasts.
    pub fn paused_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.pause.and_then(|pause| pause.until).filter(|until| *until > now)
    }

    /// Until when she wanted no mail, whether that is over or not.
    pub fn last_pause(&self) -> Option<Timestamp> {
        self.pause.and_then(|pause| pause.until)
    }

    /// What her mailbox answered.
    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// Why mail that she didn't ask for is kept from her address, and since when.
    pub fn suppressed(&self) -> Option<Suppressed> {
        self.mailbox.suppressed()
    }

    /// The last things said, newest last.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &Fact> {
        self.history.iter()
    }
}

#[cfg(test)]
mod tests;
