//! What she stands to lose: points that expire, and a tier at its review.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Coming, Fact, Found, Person, Shop, after};
use crate::account::{Account, Letters};
use crate::ids::TierId;
use crate::mail::Reason;
use crate::program::{Program, Qualify};
use crate::{Money, Points};

/// Days before the last day that the first notice goes out.
pub(crate) const FIRST_NOTICE: i32 = 45;
/// And the second.
pub(crate) const SECOND_NOTICE: i32 = 7;
/// What would keep a tier is told once, by the first notice or so many days after it: as long
/// as such a letter is valid.
const AT_RISK_WITHIN: i32 = 14;

/// The next notice for each last day of points.
pub(super) fn expiring(
    person: &Person<'_>,
    shop: &Shop<'_>,
    letters: &Letters,
    night: Date,
) -> Vec<Coming> {
    let coming = |(on, points): (Date, Points)| {
        let told = letters.expiring.iter().find(|(day, _)| *day == on).map_or(0, |told| told.1);
        let (notice, day) = next_notice(on, told, night)?;
        let reason = Reason::PointsExpiring { on, notice };
        let facts = vec![Fact::ExpireAfter(on), Fact::Expiring(points)];
        Some(Coming::found(Found { reason, day, facts }))
    };
    last_days(person, shop).into_iter().filter_map(coming).collect()
}

/// The next notice of `on`, from the latest that she was told: its number and its day. The
/// first is left out where the second is due already, and none comes after the day.
fn next_notice(on: Date, told: u8, night: Date) -> Option<(u8, Date)> {
    let (first, second) =
        (after(on, FIRST_NOTICE.saturating_neg())?, after(on, SECOND_NOTICE.saturating_neg())?);
    if told == 0 && night < second {
        Some((1, first))
    } else {
        (told < 2 && night <= on).then_some((2, second))
    }
}

/// The last days of points she has, soonest first, with how many.
fn last_days(person: &Person<'_>, shop: &Shop<'_>) -> BTreeMap<Date, Points> {
    let mut days = BTreeMap::<Date, Points>::new();
    for one in person.account.last_days(shop.program) {
        let there = days.entry(one.on).or_default();
        *there = Points(there.0.saturating_add(one.points.0));
    }
    days
}

/// A tier that its holder would lose at its review, as things stand.
struct Loss {
    tier: TierId,
    on: Date,
    has: i64,
    needs: i64,
}

fn loss(account: &Account, program: &Program) -> Option<Loss> {
    let on = account.tier.as_ref()?.review_on?;
    let found = account.review(program).ok()??;
    found.down_to?;
    let (tier, needs) = (found.held.id.clone(), found.held.threshold);
    Some(Loss { tier, on, has: found.has, needs })
}

impl Loss {
    fn facts(&self, program: &Program) -> Vec<Fact> {
        let Self { has, needs, .. } = *self;
        let money = |minor| Money { minor, currency: program.shop.currency };
        let toward = match program.tier_rules.qualify {
            Qualify::Spend => Fact::Spent { has: money(has), needs: money(needs) },
            Qualify::Points | Qualify::Orders => Fact::Counted { has, needs },
        };
        vec![Fact::Tier(self.tier.clone()), Fact::Review(self.on), toward]
    }
}

/// The next notice of a tier that she would lose.
pub(super) fn tier_ending(
    person: &Person<'_>,
    shop: &Shop<'_>,
    letters: &Letters,
    night: Date,
) -> Option<Coming> {
    let loss = loss(person.account, shop.program)?;
    let told = letters.tier_ending.filter(|(on, _)| *on == loss.on).map_or(0, |told| told.1);
    let (notice, day) = next_notice(loss.on, told, night)?;
    let reason = Reason::TierEnding { tier: loss.tier.clone(), on: loss.on, notice };
    Some(Coming::found(Found { reason, day, facts: loss.facts(shop.program) }))
}

/// What would keep it, told once, where it can be said as an amount.
pub(super) fn tier_at_risk(
    person: &Person<'_>,
    shop: &Shop<'_>,
    letters: &Letters,
    night: Date,
) -> Option<Coming> {
    let loss = loss(person.account, shop.program)?;
    let is_money = shop.program.tier_rules.qualify == Qualify::Spend;
    if !is_money || letters.tier_at_risk == Some(loss.on) {
        return None;
    }
    let day = after(loss.on, FIRST_NOTICE.saturating_neg())?;
    if night > after(day, AT_RISK_WITHIN)? {
        return None;
    }
    let minor = loss.needs.checked_sub(loss.has)?;
    let missing = Money { minor, currency: shop.program.shop.currency };
    let mut facts = loss.facts(shop.program);
    facts.push(Fact::Missing(missing));
    let reason = Reason::TierAtRisk { tier: loss.tier, on: loss.on };
    Some(Coming::found(Found { reason, day, facts }))
}
