//! What a message tells, as things stand when it goes: hours or days may lie between the
//! fact and the mail, and what isn't so any more is no news.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::plan::{About, Draft, matters};
use super::{Kind, Sent};
use crate::account::Account;
use crate::ids::{OrderRef, TierId};
use crate::ledger::{Cause, Change, Entry, Origin};
use crate::program::Program;
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
    /// Asks her to confirm that she wants mail.
    ConsentConfirmation,
}

impl News {
    /// The kind of section it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Receipt { .. } => Kind::Receipt,
            Self::PointsTakenBack { .. } => Kind::PointsTakenBack,
            Self::TierReached { .. } => Kind::TierReached,
            Self::Welcome => Kind::Welcome,
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
        About::TakenBack { .. } | About::Consent { .. } | About::Night { .. } => BTreeSet::new(),
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
        _ => None,
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
mod tests {
    use super::*;
    use crate::account::Tiered;
    use crate::ids::Source;
    use crate::ledger::Promotion;
    use crate::mail::Class;
    use crate::testing::{at, program, version};

    const NOON: &str = "2026-11-19T17:00:00Z";

    fn order(id: &str) -> OrderRef {
        OrderRef { source: Source::Shopify, id: id.parse().unwrap() }
    }

    fn entry(id: &str, what: Change, delta: i64, balance: i64) -> Entry {
        Entry {
            number: 1,
            at: at(NOON),
            fact_at: Some(at(NOON)),
            delta: Points(delta),
            cause: Cause::Order { order: order(id), what },
            receipt: None,
            balance_after: Points(balance),
            promotion: None,
            origin: Origin::Live,
            of: None,
        }
    }

    fn draft(about: About, sections: &[Kind]) -> Draft {
        let (from, fact_at, news_from) = (at(NOON), at(NOON), at(NOON));
        let (due, sections, caused_at) = (at("2026-11-23T14:00:00Z"), sections.to_vec(), None);
        Draft { about, from, sections, due, fact_at, news_from, caused_at }
    }

    /// What a draft tells of a customer who has this tier.
    fn told(draft: &Draft, entries: &[Entry], posted: &[(&str, i64)], tier: &str) -> Vec<News> {
        told_after(None, draft, entries, posted, tier)
    }

    fn told_after(
        last_mail: Option<&str>,
        draft: &Draft,
        entries: &[Entry],
        posted: &[(&str, i64)],
        tier: &str,
    ) -> Vec<News> {
        let rewards = "[[tier]]\nid = 'bronze'\nname = 'B'\n[[tier]]\nid = 'silver'\nname = 'S'\n\
             threshold = '500.00'\n[[reward]]\nid = 'coffee'\nname = 'C'\npoints = 350\n\
             kind = 'free-item'\n[[reward]]\nid = 'cake'\nname = 'K'\npoints = 900\n\
             kind = 'free-item'\ntier = 'silver'\n";
        let version = version(&format!("{}{rewards}", program("points = 10\namount = '1.00'")));
        let posted = posted.iter().map(|(id, points)| (order(id), Points(*points))).collect();
        let day = "2026-11-19".parse().unwrap();
        let tier = Some(Tiered::since(tier.parse().unwrap(), day));
        let account = Account { tier, ..Account::default() };
        let program = &version.program;
        let posted = &posted;
        let mut sent = Sent::default();
        last_mail
            .into_iter()
            .for_each(|last| sent.take(&[Kind::Receipt], Class::Account, at(last)));
        let account = &account;
        let currency = program.shop.currency;
        let returned = match returns(draft, entries) {
            Some((.., 1)) => vec![Money { minor: 1_000, currency }],
            _ => Vec::new(),
        };
        let returned = returned.as_slice();
        let known = Known { entries, posted, account, program, since: None, sent: &sent, returned };
        news(draft, &known)
    }

    #[test]
    fn a_receipt_tells_what_is_left_of_a_purchase() {
        let each = draft(About::Order(order("1")), &[Kind::Receipt]);
        let points = |points| News::Receipt { points: Points(points), purchases: 1 };
        assert_eq!(told(&each, &[], &[("1", 60)], "bronze"), [points(60)]);
        assert_eq!(told(&each, &[], &[("1", 0)], "bronze"), [], "all of it went back");
        assert_eq!(told(&each, &[], &[], "bronze"), [], "it is somebody else's now");
    }

    #[test]
    fn a_week_tells_of_its_own_purchases_that_happened_since_mail_is_live() {
        let week = draft(About::Week { week: "2026-W47".to_owned() }, &[Kind::Receipt]);
        let later = Entry { at: at("2026-11-23T14:00:01Z"), ..entry("3", Change::Paid, 1, 1) };
        let imported = Entry { origin: Origin::Import, ..entry("4", Change::Paid, 1, 1) };
        let entries =
            [entry("1", Change::Paid, 1, 1), entry("2", Change::Claimed, 1, 1), later, imported];
        let found = orders(&week, &entries, Some(at(NOON)));
        assert_eq!(found, [order("1"), order("2")].into());
        assert!(orders(&week, &entries, Some(at("2026-11-19T17:00:01Z"))).is_empty());
        let both = News::Receipt { points: Points(130), purchases: 2 };
        assert_eq!(told(&week, &entries, &[("1", 60), ("2", 70)], "bronze"), [both]);
    }

    #[test]
    fn a_week_that_another_mail_fell_into_needs_no_receipt() {
        let week = draft(About::Week { week: "2026-W47".to_owned() }, &[Kind::Receipt]);
        let entries = [entry("1", Change::Paid, 1, 1)];
        let told = |last: &str| told_after(Some(last), &week, &entries, &[("1", 1)], "bronze");
        // It is due on Monday, 23 November, at 14:00.
        assert_eq!(told("2026-11-18T14:00:00Z"), []);
        assert_eq!(told("2026-11-16T14:00:00Z").len(), 1, "last Monday's own receipt");
    }

    #[test]
    fn a_tier_is_news_while_she_has_it() {
        let mut promoted = entry("1", Change::Paid, 5000, 5000);
        let tier = |id: &str| id.parse().unwrap();
        promoted.promotion = Some(Promotion { from: tier("bronze"), to: tier("silver") });
        let reached = draft(About::Order(order("1")), &[Kind::TierReached]);
        let silver = News::TierReached { tier: tier("silver") };
        assert_eq!(told(&reached, &[promoted.clone()], &[], "silver"), [silver]);
        assert_eq!(told(&reached, &[promoted], &[], "bronze"), []);
    }

    #[test]
    fn points_that_went_back_are_netted_with_what_came() {
        let day = "2026-11-19".parse().unwrap();
        let back = draft(About::TakenBack { day }, &[Kind::PointsTakenBack]);
        let paid = entry("9", Change::Paid, 500, 500);
        let returned = entry("1", Change::Refunded, -200, 300);
        let taken = |returned| News::PointsTakenBack { points: Points(200), returned };
        let ten = Some(Money { minor: 1_000, currency: "USD".parse().unwrap() });
        let news = told(&back, &[paid.clone(), returned.clone()], &[], "bronze");
        assert_eq!(news, [taken(ten)]);
        let small = entry("2", Change::Paid, 20, 320);
        let news = told(&back, &[paid.clone(), returned.clone(), small], &[], "bronze");
        let less = News::PointsTakenBack { points: Points(180), returned: None };
        assert_eq!(news, [less], "the money doesn't explain the points");
        let bought = entry("2", Change::Paid, 220, 520);
        assert_eq!(told(&back, &[paid, returned, bought], &[], "bronze"), [], "an exchange");
    }

    #[test]
    fn what_her_tier_may_not_have_was_never_in_her_reach() {
        let day = "2026-11-19".parse().unwrap();
        let back = draft(About::TakenBack { day }, &[Kind::PointsTakenBack]);
        let returned = [entry("1", Change::Refunded, -200, 800)];
        assert_eq!(told(&back, &returned, &[], "bronze"), []);
        assert_eq!(told(&back, &returned, &[], "silver").len(), 1);
    }
}
