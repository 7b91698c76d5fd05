//! What time alone brings: the rules of the mail night.
//!
//! [`look`] says what has come about for one person by a night, and when to look next;
//! [`fate`] what becomes of each thing found; [`Letters::note`](crate::account::Letters::note)
//! marks it, so that nothing is found twice; [`merge`] makes mail of what is to be told.
//! A gift is issued whatever becomes of the letter that tells it.
//!
//! An account knows the days of its orders, not which they were, so the one that she may be
//! asked about is noted when it is first counted ([`Letters::ask`](crate::account::Letters)).

mod absence;
mod asking;
mod days;
mod fact;
mod fate;
mod look;
mod notices;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use self::absence::{ASSUMED_GAP, Absence, absence, usual_gap};
pub(crate) use self::absence::{FIRST_LOOK_DAYS, LETTERS, YEAR_DAYS};
pub use self::fact::{Fact, GapFrom};
pub use self::fate::{begins, drafts, fate, merge, morning};
use self::look::Coming;
pub(crate) use self::look::after;
pub use self::look::{look, outlook};
pub(crate) use self::notices::{FIRST_NOTICE, SECOND_NOTICE};
use crate::Points;
use crate::account::Account;
use crate::birthday::Birthday;
use crate::ids::CustomerId;
use crate::ledger::Occasion;
use crate::mail::{Reason, WhyNot};
use crate::program::Program;
use crate::trial::Trial;

/// What is the same for everybody of a run.
#[derive(Debug, Clone, Copy)]
pub struct Shop<'a> {
    /// The program in force, with the shop's closed days.
    pub program: &'a Program,
    /// The median gap between purchase days of its customers, in days; `None`: not known
    /// yet.
    pub rhythm: Option<u16>,
    /// The day it opens again, where the owner is away until then. It matters for two weeks
    /// after it too: letters wait one of them.
    pub away_until: Option<Date>,
    /// Whether kinds that don't say how they go wait for approval
    /// ([`MailRules::approves_at_first`](crate::program::MailRules::approves_at_first)).
    pub approves: bool,
    /// Tests that run.
    pub trials: &'a [Trial],
    /// The local day mail went live; `None`: it isn't.
    pub mail_since: Option<Date>,
}

/// The person looked at.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    /// Who.
    pub id: &'a CustomerId,
    /// What she has.
    pub account: &'a Account,
    /// Her birthday, where she told it.
    pub birthday: Option<Birthday>,
    /// Whether she may be chosen by what she buys: her own rhythm is read only then.
    pub by_purchases: bool,
}

/// One thing a night found to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What.
    pub reason: Reason,
    /// The local day it came about: the night's, unless that was missed.
    pub day: Date,
    /// What it rests on.
    pub facts: Vec<Fact>,
}

/// Points the program gives for a day of hers, whatever she is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gift {
    /// Which day.
    pub occasion: Occasion,
    /// Its date.
    pub day: Date,
    /// The year it falls in, or for an anniversary the years since she joined: one gift each.
    pub mark: i16,
    /// How many; above 0.
    pub points: Points,
}

/// What a night found for one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// What there is to tell, the most important first.
    pub found: Vec<Found>,
    /// What is to be issued.
    pub gifts: Vec<Gift>,
    /// The next night anything may come about, after this one and never later than the
    /// truth as the facts, the program and the shop's rhythm now stand; `None`: never.
    pub due: Option<Date>,
}

/// What becomes of something found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fate", rename_all = "kebab-case")]
pub enum Fate {
    /// It is to be told: the mailer decides about the moment.
    Tell,
    /// A test held her out, by chance.
    HeldOut {
        /// Which.
        test: String,
    },
    /// It waits for the owner's approval.
    Awaiting,
    /// It is left out, for good.
    Skipped {
        /// Why.
        why: WhyNot,
    },
}

#[cfg(test)]
mod tests;
