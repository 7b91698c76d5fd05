//! How a shop's mail is received, and when its marketing has to stop by itself.
//!
//! Providers measure the same, and answer by putting all of a sender's mail aside, what people
//! asked for included. So marketing stops where theirs begins, and a person looks why.

use std::fmt;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// What is looked at: so long back from now.
pub const LOOKED_AT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Mail that came back for good, in thousandths of what was sent. SES reviews an account from
/// 5 % on and may stop it at 10 % (docs.aws.amazon.com/ses/latest/dg/faqs-enforcement.html).
const BOUNCES_PER_MILLE: u64 = 50;

/// Fewer say nothing: a shop's first twenty addresses may well have one with a slip of the pen.
const FEWEST_BOUNCES: u64 = 5;

/// Mail that was called spam, in thousandths of what was sent. SES reviews an account from
/// 0.1 % on (the same page); Gmail asks senders to stay below 0.1 % and never to reach 0.3 %
/// (support.google.com/a/answer/81126).
const COMPLAINTS_PER_MILLE: u64 = 1;

/// Fewer say nothing: of a small shop's mail a single one is more than 0.1 %.
const FEWEST_COMPLAINTS: u64 = 3;

/// What became of a shop's mail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reception {
    /// Mail that went out to customers.
    pub sent: u64,
    /// Mail that came back for good.
    pub bounced: u64,
    /// Mail that was called spam.
    pub complained: u64,
}

/// Why marketing stopped by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum BadReception {
    /// Too much came back.
    Bounces {
        /// So many mails.
        bounced: u64,
        /// Of so many.
        sent: u64,
    },
    /// Too much was called spam.
    Complaints {
        /// So many mails.
        complained: u64,
        /// Of so many.
        sent: u64,
    },
}

impl Reception {
    /// What is bad enough about it for marketing to stop; complaints first.
    pub fn verdict(self) -> Option<BadReception> {
        let Self { sent, bounced, complained } = self;
        let at_least = |count: u64, fewest: u64, per_mille: u64| {
            count >= fewest && count.saturating_mul(1000) >= sent.saturating_mul(per_mille)
        };
        if at_least(complained, FEWEST_COMPLAINTS, COMPLAINTS_PER_MILLE) {
            Some(BadReception::Complaints { complained, sent })
        } else if at_least(bounced, FEWEST_BOUNCES, BOUNCES_PER_MILLE) {
            Some(BadReception::Bounces { bounced, sent })
        } else {
            None
        }
    }
}

/// For the owner, with what to do.
impl fmt::Display for BadReception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bounces { bounced, sent } => write!(
                f,
                "{bounced} of {sent} mails of the last 7 days came back for good: look where \
                 these addresses come from before marketing goes on"
            ),
            Self::Complaints { complained, sent } => write!(
                f,
                "{complained} of {sent} mails of the last 7 days were called spam: look whether \
                 these people asked for them before marketing goes on"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sent: u64, bounced: u64, complained: u64, expected: Option<BadReception>) {
        assert_eq!(Reception { sent, bounced, complained }.verdict(), expected);
    }

    #[test]
    fn a_rate_alone_or_a_few_alone_stop_nothing() {
        check(0, 0, 0, None);
        check(20, 4, 2, None);
        check(101, 5, 0, None);
        check(100, 5, 0, Some(BadReception::Bounces { bounced: 5, sent: 100 }));
        check(3001, 0, 3, None);
        check(3000, 0, 3, Some(BadReception::Complaints { complained: 3, sent: 3000 }));
        check(10, 9, 9, Some(BadReception::Complaints { complained: 9, sent: 10 }));
        check(
            u64::MAX,
            u64::MAX,
            0,
            Some(BadReception::Bounces { bounced: u64::MAX, sent: u64::MAX }),
        );
    }
}
