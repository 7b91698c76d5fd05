//! What was said or happened, with its own time.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::ids;
use crate::order::{is_false, nanos, nanos_option};
use crate::program::ConsentGrade;

/// How long mail is paused where a person asks for it, in months.
const PAUSE_MONTHS: i64 = 3;

/// A way to reach a person.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Channel {
    /// E-mail.
    #[default]
    #[serde(rename = "e")]
    Email,
}

/// Who told what a person said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Teller {
    /// Shopify.
    #[serde(rename = "h")]
    Shopify,
    /// Square.
    #[serde(rename = "q")]
    Square,
    /// The person herself, on a page of ours or by her mail provider's button.
    #[serde(rename = "o")]
    Own,
    /// A file the owner brought.
    #[serde(rename = "i")]
    Import,
}

/// Something that was said or happened, with its own time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fact {
    /// When it was said or happened, which is not when we heard of it.
    #[serde(rename = "a", with = "nanos")]
    pub at: Timestamp,
    /// What.
    #[serde(rename = "w")]
    pub act: Act,
}

/// What was said or happened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Act {
    /// Yes to marketing mail.
    #[serde(rename = "y")]
    Subscribed {
        /// By which way.
        #[serde(rename = "c", default, skip_serializing_if = "is_email")]
        channel: Channel,
        /// Who told.
        #[serde(rename = "s")]
        teller: Teller,
        /// How well it is shown; `None`: the teller doesn't say how it came, and that is
        /// enough nowhere.
        #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
        grade: Option<ConsentGrade>,
        /// Whether it is known to be an act of hers at that time. Only such a yes ends a
        /// withdrawal.
        #[serde(rename = "h", default, skip_serializing_if = "is_false")]
        hers: bool,
        /// What she agreed to, word for word.
        #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
        wording: Option<String>,
    },
    /// She was asked, and hasn't answered.
    #[serde(rename = "p")]
    Asked {
        /// By which way.
        #[serde(rename = "c", default, skip_serializing_if = "is_email")]
        channel: Channel,
        /// Who told.
        #[serde(rename = "s")]
        teller: Teller,
    },
    /// No more marketing mail.
    #[serde(rename = "n")]
    Unsubscribed {
        /// By which way.
        #[serde(rename = "c", default, skip_serializing_if = "is_email")]
        channel: Channel,
        /// Who told.
        #[serde(rename = "s")]
        teller: Teller,
    },
    /// The teller has no yes of hers, or none any more. It is no withdrawal: it ends only
    /// what the same teller told before.
    #[serde(rename = "z")]
    Silent {
        /// By which way.
        #[serde(rename = "c", default, skip_serializing_if = "is_email")]
        channel: Channel,
        /// Who told.
        #[serde(rename = "s")]
        teller: Teller,
    },
    /// One kind of mail off, or on again.
    #[serde(rename = "k")]
    Kind {
        /// The kind's name.
        #[serde(rename = "k")]
        kind: String,
        /// Whether it is off.
        #[serde(rename = "o", default, skip_serializing_if = "is_false")]
        off: bool,
    },
    /// Marketing mail at most once a month, or as it comes again.
    #[serde(rename = "m")]
    Monthly {
        /// Whether at most once a month.
        #[serde(rename = "o", default, skip_serializing_if = "is_false")]
        on: bool,
    },
    /// No mail until then; `None`: the pause is over.
    #[serde(rename = "u")]
    Paused {
        /// Until when.
        #[serde(rename = "u", default, with = "nanos_option")]
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// She marked a mail as spam.
    #[serde(rename = "c")]
    Complained,
    /// A mail came back for good.
    #[serde(rename = "b")]
    Bounced,
    /// A mail came back for now.
    #[serde(rename = "t")]
    BouncedForNow,
    /// She followed a link in a mail that asked whether the address is hers.
    #[serde(rename = "f")]
    Confirmed,
}

fn is_email(channel: &Channel) -> bool {
    *channel == Channel::Email
}

impl From<ids::Source> for Teller {
    fn from(source: ids::Source) -> Self {
        match source {
            ids::Source::Shopify => Self::Shopify,
            ids::Source::Square => Self::Square,
        }
    }
}

impl Fact {
    /// She asked to hear nothing for three months.
    pub fn pause(at: Timestamp) -> Self {
        let until = at.to_zoned(TimeZone::UTC).checked_add(PAUSE_MONTHS.months());
        let until = until.map_or(Timestamp::MAX, |until| until.timestamp());
        Self { at, act: Act::Paused { until: Some(until) } }
    }

    /// The channel it is about, where it says something about marketing mail.
    pub fn channel(&self) -> Option<Channel> {
        match self.act {
            Act::Subscribed { channel, .. }
            | Act::Asked { channel, .. }
            | Act::Unsubscribed { channel, .. }
            | Act::Silent { channel, .. } => Some(channel),
            Act::Kind { .. }
            | Act::Monthly { .. }
            | Act::Paused { .. }
            | Act::Complained
            | Act::Bounced
            | Act::BouncedForNow
            | Act::Confirmed => None,
        }
    }

    /// As the history has it: without the wording, which stands with the permission.
    pub(super) fn brief(&self) -> Self {
        let mut brief = self.clone();
        if let Act::Subscribed { wording, .. } = &mut brief.act {
            *wording = None;
        }
        brief
    }
}
