//! What a night found, as far as it is still so when it is told.

use jiff::civil::Date;

use super::{Gift, Known, News};
use crate::account::{Account, LotKey};
use crate::ids::TierId;
use crate::ledger::{Cause, Entry, Occasion};
use crate::mail::plan::{About, Draft};
use crate::mail::{Kind, Reason};
use crate::money::{Money, Points};
use crate::program::{Downgrade, Expiry, Program, Qualify, Tier};

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
            away.then_some(News::WinBack { last_visit: *after, offer: None })
        }
        Reason::TierAtRisk { tier, on } => at_risk(known, tier, *on),
        Reason::TierEnding { tier, on, .. } => ending(known, tier, *on),
        Reason::PointsExpiring { on, .. } => {
            let points = expiring(account, known.program, *on)?;
            let worth = known.program.worth(points);
            Some(News::PointsExpiring { points, worth, on: *on })
        }
        // Whom it asks, and where, is for whoever has the question.
        Reason::Survey { .. } => None,
    }
}

/// What the program gave her for a day of hers: it was issued apart from the mail.
fn gift(known: &Known<'_>, of: Occasion) -> Gift {
    let given = |entry: &&Entry| matches!(entry.cause, Cause::Gift { occasion } if occasion == of);
    let points = known.entries.iter().rev().find(given).map(|entry| entry.delta);
    Gift { points, offer: None }
}

fn at_risk(known: &Known<'_>, tier: &TierId, on: Date) -> Option<News> {
    let (account, program) = (known.account, known.program);
    if program.tier_rules.qualify != Qualify::Spend {
        return None;
    }
    let (held, measure) = held(account, program, tier, on)?;
    let minor = held.threshold.checked_sub(measure).filter(|missing| *missing > 0)?;
    let missing = Money { minor, currency: program.shop.currency };
    Some(News::TierAtRisk { tier: held.id.clone(), missing, on })
}

fn ending(known: &Known<'_>, tier: &TierId, on: Date) -> Option<News> {
    let program = known.program;
    let (held, measure) = held(known.account, program, tier, on)?;
    let rank = program.rank(&held.id)?;
    let fits = program.tier_for(measure)?;
    if program.rank(&fits.id)? >= rank {
        return None;
    }
    let next = match program.tier_rules.downgrade {
        Downgrade::ToFit => fits,
        Downgrade::OneDown => program.tiers.get(rank.checked_sub(1)?)?,
    };
    Some(News::TierEnding { tier: held.id.clone(), next: next.id.clone(), on })
}

/// The tier that is looked at on a day, where she still has it and its review is still then,
/// and what will count for it by what she has bought so far.
fn held<'a>(
    account: &Account,
    program: &'a Program,
    tier: &TierId,
    on: Date,
) -> Option<(&'a Tier, i64)> {
    let has = account.tier.as_ref().filter(|has| has.id == *tier && has.review_on == Some(on))?;
    let measure = account.facts.measure(program, on).ok()?;
    Some((program.tier(&has.id)?, measure))
}

/// How many of her points expire after a local day; `None`: none, or that was moved meanwhile.
pub fn expiring(account: &Account, program: &Program, on: Date) -> Option<Points> {
    let lots = || account.wallet.lots().filter(|(_, lot)| lot.points > Points::ZERO);
    let points = match program.expiry {
        Expiry::Inactivity { months } => {
            let active = account
                .facts
                .last()
                .or_else(|| account.member_since.map(|since| program.local_day(since)))?;
            let ends = active.checked_add(jiff::Span::new().months(months)).ok()?;
            let mut all = lots().filter(|_| account.put_off.expiry.unwrap_or(ends) <= on);
            all.try_fold(Points::ZERO, |sum, (_, lot)| sum.plus(lot.points)).ok()?
        }
        Expiry::None | Expiry::Months { .. } => lots().find_map(|(key, lot)| match key {
            LotKey::Month(month) => {
                let ends = account.put_off.expiry.unwrap_or(month.last_day());
                (ends <= on).then_some(lot.points)
            }
            LotKey::Never => None,
        })?,
    };
    (points > Points::ZERO).then_some(points)
}

#[cfg(test)]
mod tests;
