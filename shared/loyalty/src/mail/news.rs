//! What a message tells, as things stand when it goes: hours or days may lie between the
//! fact and the mail, and what isn't so any more is no news.

mod night;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

pub use self::night::expiring;
use super::plan::{About, Draft, matters};
use super::{Kind, Reason, Sent};
use crate::account::Account;
use crate::ids::{OrderRef, TierId};
use crate::ledger::{Cause, Change, Entry, Origin};
use crate::program::Program;
use crate::survey::Question;
use crate::{Money, Points};

/// What one section tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Points that purchases brought.
    Receipt {
        /// How many, refunds taken off.
        points: Points,
        /// Of how many purchases.
        purchases: usize,
    },
    /// Points that went back.
    PointsTakenBack {
        /// How many.
        points: Points,
        /// The money they went back with, where it is known for sure.
        returned: Option<Money>,
    },
    /// A tier she reached, and still has.
    TierReached {
        /// Which.
        tier: TierId,
    },
    /// Welcome.
    Welcome,
    /// Her birthday, and what she got for it.
    Birthday(Gift),
    /// The anniversary of her joining, and what she got for it.
    Anniversary {
        /// How many years ago.
        years: i16,
        /// What she got.
        gift: Gift,
    },
    /// She is still away.
    WinBack {
        /// The local day of her last purchase.
        last_visit: Date,
        /// What she gets if she comes, as a sentence of the owner's.
        offer: Option<String>,
    },
    /// An amount that would still keep a tier.
    TierAtRisk {
        /// The tier.
        tier: TierId,
        /// The amount.
        missing: Money,
        /// The local day of the review.
        on: Date,
    },
    /// A tier that she will lose, as things stand.
    TierEnding {
        /// The tier.
        tier: TierId,
        /// The one she will have then.
        next: TierId,
        /// The local day of the review.
        on: Date,
    },
    /// Points that will expire, and are still there.
    PointsExpiring {
        /// How many.
        points: Points,
        /// What they are worth, where the program says.
        worth: Option<Money>,
        /// The last local day they can be used.
        on: Date,
    },
    /// A question about an order of hers.
    Survey {
        /// Which.
        order: OrderRef,
        /// The local day it was paid.
        day: Date,
        /// What is asked.
        question: Question,
    },
    /// Asks her to confirm that she wants mail.
    ConsentConfirmation,
}

/// What a day of hers brought her.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gift {
    /// Points that were issued for it.
    pub points: Option<Points>,
    /// What the shop gives besides, as a sentence of the owner's.
    pub offer: Option<String>,
}

impl News {
    /// The kind of section it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Receipt { .. } => Kind::Receipt,
            Self::PointsTakenBack { .. } => Kind::PointsTakenBack,
            Self::TierReached { .. } => Kind::TierReached,
            Self::Welcome => Kind::Welcome,
            Self::Birthday(_) => Kind::Birthday,
            Self::Anniversary { .. } => Kind::Anniversary,
            Self::WinBack { .. } => Kind::WinBack,
            Self::TierAtRisk { .. } => Kind::TierAtRisk,
            Self::TierEnding { .. } => Kind::TierEnding,
            Self::PointsExpiring { .. } => Kind::PointsExpiring,
            Self::Survey { .. } => Kind::Survey,
            Self::ConsentConfirmation => Kind::ConsentConfirmation,
        }
    }
}

/// What is known when a message is to go.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The ledger's entries from [`Draft::from`] on, oldest first.
    pub entries: &'a [Entry],
    /// What each of the draft's orders has brought by now, of those that are still hers.
    pub posted: &'a BTreeMap<OrderRef, Points>,
    /// Her account.
    pub account: &'a Account,
    /// The program in force.
    pub program: &'a Program,
    /// Since when mail is live: what happened before isn't told.
    pub since: Option<Timestamp>,
    /// What went to her lately.
    pub sent: &'a Sent,
    /// What was given back, where [`returns`] says what to look at.
    pub returned: &'a [Money],
}

/// A refund becomes an entry soon after it was made; what took longer isn't told with its
/// amount.
const REFUND_TOLD_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// The order whose refunds explain points that went back, since when, and how many refunds
/// those are: where there is one such order, and nothing came meanwhile.
pub fn returns(draft: &Draft, entries: &[Entry]) -> Option<(OrderRef, Timestamp, usize)> {
    if !matches!(draft.about, About::TakenBack { .. }) {
        return None;
    }
    let first = entries.iter().position(|entry| entry.delta < Points::ZERO)?;
    let entries = entries.get(first..)?;
    let refunded = |entry: &Entry| match &entry.cause {
        Cause::Order { order, what: Change::Refunded } => Some(order.clone()),
        _ => None,
    };
    let mut orders: BTreeSet<OrderRef> = entries.iter().map(refunded).collect::<Option<_>>()?;
    let since = entries.first()?.at.checked_sub(REFUND_TOLD_WITHIN).ok()?;
    let order = orders.pop_first().filter(|_| orders.is_empty())?;
    Some((order, since, entries.len()))
}

/// A week's receipt isn't sent so soon after another mail: that one said what she has, and a
/// week is what its owner wanted between two. A clock change takes an hour off a week.
const A_WEEK: SignedDuration = SignedDuration::from_hours(7 * 24 - 1);

/// The orders a draft tells of.
pub fn orders(draft: &Draft, entries: &[Entry], since: Option<Timestamp>) -> BTreeSet<OrderRef> {
    match &draft.about {
        About::Order(order) => [order.clone()].into(),
        About::Week { .. } => {
            let told = |entry: &&Entry| {
                let after = entry.fact_at.unwrap_or(entry.at) >= since.unwrap_or(Timestamp::MIN);
                entry.origin == Origin::Live && entry.at < draft.due && after
            };
            let gained = |entry: &Entry| match &entry.cause {
                Cause::Order { order, what: Change::Paid | Change::Claimed } => Some(order.clone()),
                _ => None,
            };
            entries.iter().filter(told).filter_map(gained).collect()
        }
        About::Night { reasons, .. } => {
            let asked = |reason: &Reason| match reason {
                Reason::Survey { order, .. } => Some(order.clone()),
                _ => None,
            };
            reasons.iter().filter_map(asked).collect()
        }
        About::TakenBack { .. }
        | About::Consent { .. }
        | About::LowScore { .. }
        | About::Answer { .. }
        | About::YouSaid { .. } => BTreeSet::new(),
    }
}

/// What a draft tells now, the most important first; a section without news is left out.
pub fn news(draft: &Draft, known: &Known<'_>) -> Vec<News> {
    let section = |kind: &Kind| match kind {
        Kind::Receipt => receipt(known).filter(|_| !told_lately(draft, known)),
        Kind::PointsTakenBack => taken_back(known),
        Kind::TierReached => tier_reached(draft, known),
        Kind::Welcome => Some(News::Welcome).filter(|_| receipt(known).is_some()),
        Kind::ConsentConfirmation => Some(News::ConsentConfirmation),
        found => night::told(*found, draft, known),
    };
    draft.sections.iter().filter_map(section).collect()
}

fn receipt(known: &Known<'_>) -> Option<News> {
    let brought: Vec<Points> =
        known.posted.values().copied().filter(|points| *points > Points::ZERO).collect();
    let points = brought.iter().try_fold(Points::ZERO, |sum, points| sum.plus(*points)).ok()?;
    let purchases = brought.len();
    (purchases > 0).then_some(News::Receipt { points, purchases })
}

fn told_lately(draft: &Draft, known: &Known<'_>) -> bool {
    let lately = |last: Timestamp| draft.due.duration_since(last) < A_WEEK;
    matches!(draft.about, About::Week { .. })
        && (known.sent.last_at().is_some_and(lately) || known.sent.is_enough(draft.due))
}

/// Only the tier she has: one she has left again isn't news, and a higher one reached
/// meanwhile is told by the message of the order that brought it.
fn tier_reached(draft: &Draft, known: &Known<'_>) -> Option<News> {
    let About::Order(order) = &draft.about else { return None };
    let promoted = known.entries.iter().rev().find_map(|entry| match &entry.cause {
        Cause::Order { order: of, .. } if of == order => entry.promotion.as_ref(),
        _ => None,
    })?;
    let has = known.account.tier.as_ref().map(|tier| &tier.id);
    (has == Some(&promoted.to)).then(|| News::TierReached { tier: promoted.to.clone() })
}

/// What went back since, netted with what came: an exchange is no news, nor is what puts
/// nothing out of her reach.
fn taken_back(known: &Known<'_>) -> Option<News> {
    let about_orders = |entry: &&Entry| matches!(entry.cause, Cause::Order { .. });
    let mut entries = known.entries.iter().filter(about_orders);
    let first = entries.by_ref().find(|entry| entry.delta < Points::ZERO)?;
    let before = first.balance_after.minus(first.delta).ok()?;
    let net = entries.try_fold(first.delta, |sum, entry| sum.plus(entry.delta)).ok()?;
    let after = before.plus(net).ok()?;
    let rank = known.account.tier.as_ref().and_then(|tier| known.program.rank(&tier.id));
    let hers =
        known.program.rewards.iter().filter(|reward| {
            reward.tier.as_ref().is_none_or(|tier| known.program.rank(tier) <= rank)
        });
    let worth_it = matters(before, after, hers.map(|reward| reward.points));
    let returned = total(known.returned);
    worth_it.then_some(News::PointsTakenBack { points: net.negated().ok()?, returned })
}

fn total(amounts: &[Money]) -> Option<Money> {
    let currency = amounts.first()?.currency;
    let sum =
        |sum: i64, one: &Money| sum.checked_add(one.minor).filter(|_| one.currency == currency);
    let minor = amounts.iter().try_fold(0_i64, sum)?;
    Some(Money { minor, currency })
}

#[cfg(test)]
mod tests;
