//! Who stayed away for long: by her own rhythm, the shop's, or a fixed number of days.

use std::ops::Bound;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Coming, Fact, Found, GapFrom, Person, Shop, after};
use crate::account::{Facts, Letters};
use crate::mail::Reason;
use crate::program::Rhythm;

/// Nobody counts as away earlier than this many days after her last purchase.
pub(crate) const FIRST_LOOK_DAYS: i32 = 21;
/// The gap between purchases, in days, that is assumed where the shop's isn't known yet: six
/// weeks, so that nobody is written to in her first three months on a guess.
pub const ASSUMED_GAP: u16 = 42;
/// Gaps from which her own rhythm stands alone.
const GAPS_ENOUGH: i32 = 3;
/// Letters about one absence, and in one year.
pub(crate) const LETTERS: usize = 2;
/// A year, for counting them.
pub(crate) const YEAR_DAYS: i32 = 365;
/// Days after reopening before which nobody is told she stayed away.
const AFTER_REOPENING: i32 = 7;

/// The gap that is usual for her, in days, and how it is known.
///
/// The median of her own gaps between purchase days, of which an account keeps eight. With
/// `n` gaps, fewer than 3, it is shrunk toward the shop's median:
/// `n/3 · own + (1 − n/3) · shop`. Rounded once, halves up. Her own count only where
/// `by_purchases`; else, and where she has none, it is the shop's, or [`ASSUMED_GAP`].
pub fn usual_gap(facts: &Facts, shop: Option<u16>, by_purchases: bool) -> (i32, GapFrom) {
    let (others, unsure) = match shop {
        Some(days) => (i32::from(days.max(1)), GapFrom::Shop),
        None => (i32::from(ASSUMED_GAP), GapFrom::Assumed),
    };
    let gaps = if by_purchases { gaps(&facts.days) } else { Vec::new() };
    let Some(twice_own) = twice_median(gaps) else { return (others, unsure) };
    let known = i32::try_from(facts.days.len().saturating_sub(1)).unwrap_or(GAPS_ENOUGH);
    let own = known.min(GAPS_ENOUGH);
    let rest = GAPS_ENOUGH.saturating_sub(own);
    // Six times the weighted mean, so that one rounding is all there is.
    let six =
        own.saturating_mul(twice_own).saturating_add(rest.saturating_mul(others).saturating_mul(2));
    let days = six.saturating_add(3).div_euclid(6).max(1);
    (days, if rest == 0 { GapFrom::Own } else { GapFrom::Both })
}

fn gaps(days: &[Date]) -> Vec<i32> {
    let gap = |(from, to): (&Date, &Date)| Some(from.until(*to).ok()?.get_days());
    days.iter().zip(days.iter().skip(1)).filter_map(gap).collect()
}

/// Twice the median, which is whole.
fn twice_median(mut gaps: Vec<i32>) -> Option<i32> {
    gaps.sort_unstable();
    let upper = gaps.get(gaps.len().div_euclid(2))?;
    let lower = gaps.get(gaps.len().saturating_sub(1).div_euclid(2))?;
    upper.checked_add(*lower)
}

/// How long she has stayed away, by what is usual for her.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Absence {
    /// Not for long.
    Regular,
    /// She has missed one purchase.
    Slowing,
    /// She has missed two, or stayed away for the days the program fixes.
    Lapsed,
}

/// How long she has stayed away on the local day `day`; `None`: she never bought.
pub fn absence(person: &Person<'_>, shop: &Shop<'_>, day: Date) -> Option<Absence> {
    let last = person.account.facts.last()?;
    let (lapsed, _) = wait(person, shop, last);
    let slowing = match shop.program.mail.win_back.rhythm {
        Rhythm::Fixed { .. } => lapsed,
        Rhythm::Own => usual_gap(&person.account.facts, shop.rhythm, person.by_purchases).0,
    };
    let away = last.until(day).map_or(0, |span| span.get_days());
    Some(match away {
        away if away >= lapsed => Absence::Lapsed,
        away if away >= slowing => Absence::Slowing,
        _ => Absence::Regular,
    })
}

/// The next letter about her absence, if there is one more.
///
/// A night that comes late, within a week after closed days, waits as well.
pub(super) fn win_back(
    person: &Person<'_>,
    shop: &Shop<'_>,
    letters: &Letters,
    night: Date,
) -> Option<Coming> {
    let last = person.account.facts.last()?;
    let told: Vec<Date> = letters.win_backs.iter().copied().filter(|night| *night > last).collect();
    if told.len() >= LETTERS {
        return None;
    }
    let (wait, mut facts) = wait(person, shop, last);
    facts.insert(0, Fact::LastVisit(last));
    let letter = u8::try_from(told.len().saturating_add(1)).unwrap_or(u8::MAX);
    facts.push(Fact::Letter(letter));
    // The second after as long again.
    let asked = after(told.first().copied().unwrap_or(last), wait)?;
    let allowed = year_allows(letters);
    let wanted = allowed.map_or(asked, |allowed| asked.max(allowed));
    let on_time = reopened(shop, last, wanted)?;
    let day = match reopened(shop, last, night.max(on_time))? {
        late if on_time <= night && late > night => late,
        _ => on_time,
    };
    if day > wanted {
        facts.push(Fact::PutOff(day));
    }
    let reason = Reason::WinBack { after: last, letter };
    Some(Coming::found(Found { reason, day, facts }))
}

/// The first night that one more letter a year is allowed in; `None`: any.
fn year_allows(letters: &Letters) -> Option<Date> {
    let nights = &letters.win_backs;
    let first = nights.len().checked_sub(LETTERS).and_then(|at| nights.get(at))?;
    after(*first, YEAR_DAYS)
}

/// How many days after her last purchase she counts as away, and why.
fn wait(person: &Person<'_>, shop: &Shop<'_>, last: Date) -> (i32, Vec<Fact>) {
    match shop.program.mail.win_back.rhythm {
        Rhythm::Fixed { days } => (i32::from(days), vec![Fact::FixedDays(days)]),
        Rhythm::Own => {
            let (gap, from) = usual_gap(&person.account.facts, shop.rhythm, person.by_purchases);
            let two = gap.saturating_mul(2);
            let mut facts = vec![Fact::UsualGap { days: gap, from }];
            facts.extend(after(last, two).map(Fact::TwoGapsMissed));
            if two < FIRST_LOOK_DAYS {
                facts.push(Fact::NeverBefore(FIRST_LOOK_DAYS));
            }
            (two.max(FIRST_LOOK_DAYS), facts)
        }
    }
}

/// The first day from `day` on that isn't within a week after closed days that lie between
/// her last purchase and then: who finds the door closed doesn't stay away.
fn reopened(shop: &Shop<'_>, last: Date, day: Date) -> Option<Date> {
    let closed = &shop.program.shop.closed;
    let mut day = day;
    loop {
        let since = (Bound::Excluded(last), Bound::Included(day.max(last.tomorrow().ok()?)));
        let open = closed.range(since).next_back().and_then(|closed_on| {
            let days = closed_on.series(1.day()).skip(1);
            days.into_iter().find(|next| !closed.contains(next))
        });
        let away = shop.away_until.filter(|open| *open > last);
        let allowed = open.into_iter().chain(away).filter_map(|open| after(open, AFTER_REOPENING));
        match allowed.filter(|allowed| *allowed > day).max() {
            Some(later) => day = later,
            None => return Some(day),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn bought_after(gaps: &[i32]) -> Facts {
        let mut days = vec![date(2026, 1, 1)];
        for gap in gaps {
            days.push(after(*days.last().unwrap(), *gap).unwrap());
        }
        Facts { days, ..Facts::default() }
    }

    #[track_caller]
    fn check(gaps: &[i32], shop: Option<u16>, expected: (i32, GapFrom)) {
        assert_eq!(usual_gap(&bought_after(gaps), shop, true), expected);
    }

    #[test]
    fn the_usual_gap_is_the_median_of_her_own() {
        check(&[10, 12, 90], Some(30), (12, GapFrom::Own));
        check(&[10, 12, 13, 90], Some(30), (13, GapFrom::Own)); // 12.5
        check(&[7; 8], None, (7, GapFrom::Own));
    }

    #[test]
    fn few_gaps_are_shrunk_toward_the_shops_median() {
        check(&[12], Some(30), (24, GapFrom::Both)); // 12/3 + 30 · 2/3
        check(&[12, 12], Some(30), (18, GapFrom::Both));
        check(&[12, 13], Some(30), (18, GapFrom::Both)); // 12.5 · 2/3 + 10 = 18.33
        check(&[12], None, (32, GapFrom::Both));
        check(&[], Some(30), (30, GapFrom::Shop));
        check(&[], None, (42, GapFrom::Assumed));
    }

    #[test]
    fn her_own_purchases_are_read_only_with_her_leave() {
        let facts = bought_after(&[7; 8]);
        assert_eq!(usual_gap(&facts, Some(30), false), (30, GapFrom::Shop));
        assert_eq!(usual_gap(&facts, None, false), (42, GapFrom::Assumed));
    }
}
