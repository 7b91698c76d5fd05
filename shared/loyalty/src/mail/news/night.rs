//! What a night found, as far as it is still so when it is told.

use jiff::civil::Date;

use super::{Gift, Known, News};
use crate::account::{Account, Finding};
use crate::ids::{OrderRef, TierId};
use crate::ledger::{Cause, Entry, Occasion};
use crate::mail::plan::{About, Draft};
use crate::mail::{Kind, Reason};
use crate::money::{Money, Points};
use crate::program::{Program, Qualify};

/// What is still so of what a night found under this kind.
pub(super) fn told(kind: Kind, draft: &Draft, known: &Known<'_>) -> Option<News> {
    let About::Night { reasons, .. } = &draft.about else { return None };
    let account = known.account;
    match reasons.iter().find(|reason| reason.kind() == kind)? {
        Reason::Birthday { .. } => Some(News::Birthday(gift(known, Occasion::Birthday))),
        Reason::Anniversary { years } => {
            let gift = gift(known, Occasion::Anniversary);
            Some(News::Anniversary { years: *years, gift })
        }
        Reason::WinBack { after, .. } => {
            // A purchase ends the lapse, one that was heard of late as well.
            let away = account.facts.last().is_none_or(|last| last <= *after);
            let offer = offer(known, kind);
            away.then_some(News::WinBack { last_visit: *after, offer })
        }
        Reason::TierAtRisk { tier, on } => at_risk(known, tier, *on),
        Reason::TierEnding { tier, on, .. } => ending(known, tier, *on),
        Reason::PointsExpiring { on, .. } => {
            let points = expiring(account, known.program, *on)?;
            let worth = known.program.worth(points);
            Some(News::PointsExpiring { points, worth, on: *on })
        }
        Reason::Survey { order, day } => survey(known, order, *day),
    }
}

/// A question about an order that is still hers and that she kept, as the program asks it now.
fn survey(known: &Known<'_>, order: &OrderRef, day: Date) -> Option<News> {
    let posted = known.posted.get(order)?;
    let undone = |entry: &Entry| {
        let of_it = matches!(&entry.cause, Cause::Order { order: of, .. } if of == order);
        of_it && entry.delta < Points::ZERO
    };
    // An order may bring no points and be kept; one that lost all of its points isn't.
    let is_kept = !posted.is_zero() || !known.entries.iter().any(undone);
    let is_asked = !known.program.mail.off.contains(&Kind::Survey);
    let question = known.program.survey.question;
    (is_kept && is_asked).then(|| News::Survey { order: order.clone(), day, question })
}

/// What the program gave her for a day of hers: it was issued apart from the mail.
fn gift(known: &Known<'_>, of: Occasion) -> Gift {
    let given = |entry: &&Entry| matches!(entry.cause, Cause::Gift { occasion } if occasion == of);
    let points = known.entries.iter().rev().find(given).map(|entry| entry.delta);
    let kind = match of {
        Occasion::Birthday => Kind::Birthday,
        Occasion::Anniversary | Occasion::Opening => Kind::Anniversary,
    };
    Gift { points, offer: offer(known, kind) }
}

/// What the program offers with a kind of letter.
fn offer(known: &Known<'_>, kind: Kind) -> Option<String> {
    known.program.mail.letter(kind)?.offer.clone()
}

fn at_risk(known: &Known<'_>, tier: &TierId, on: Date) -> Option<News> {
    let program = known.program;
    if program.tier_rules.qualify != Qualify::Spend {
        return None;
    }
    let found = review(known, tier, on)?;
    let minor = found.held.threshold.checked_sub(found.has).filter(|missing| *missing > 0)?;
    let missing = Money { minor, currency: program.shop.currency };
    Some(News::TierAtRisk { tier: found.held.id.clone(), missing, on })
}

fn ending(known: &Known<'_>, tier: &TierId, on: Date) -> Option<News> {
    let found = review(known, tier, on)?;
    let next = found.down_to?.id.clone();
    Some(News::TierEnding { tier: found.held.id.clone(), next, on })
}

/// What the review of a day will find, where she still has that tier and it is still then.
fn review<'a>(known: &Known<'a>, tier: &TierId, on: Date) -> Option<Finding<'a>> {
    let has = known.account.tier.as_ref()?;
    let stands = has.id == *tier && has.review_on == Some(on);
    known.account.review(known.program).ok()?.filter(|_| stands)
}

/// How many of her points expire after a local day; `None`: none, or that was moved meanwhile.
pub fn expiring(account: &Account, program: &Program, on: Date) -> Option<Points> {
    let there = account.last_days(program).into_iter().filter(|one| one.on == on);
    let points = there.map(|one| one.points).try_fold(Points::ZERO, Points::plus).ok()?;
    (points > Points::ZERO).then_some(points)
}

#[cfg(test)]
mod tests;
