//! Days of hers: her birthday, and the anniversary of her joining.

use jiff::civil::Date;

use super::{Coming, Fact, Found, Gift, Person, Shop, after};
use crate::account::Letters;
use crate::birthday::Birthday;
use crate::ledger::Occasion;
use crate::mail::Reason;
use crate::program::DayRules;

/// A night that was missed is caught up with by mail for so many days after the day, as long
/// as such a letter is valid.
const TOLD_WITHIN: i32 = 3;
/// And by the gift for so many: what is promised is given, late rather than not. No longer,
/// for a birthday she tells us in June shall not bring a gift for March.
const GIVEN_WITHIN: i32 = 30;

/// Her next birthday whose gift she hasn't had, told on the day itself.
pub(super) fn birthday(
    person: &Person<'_>,
    shop: &Shop<'_>,
    letters: &Letters,
    night: Date,
) -> Option<Coming> {
    let birthday = person.birthday?;
    let joined = joined(person, shop)?;
    let this = night.year();
    let years = [this.checked_sub(1), Some(this), this.checked_add(1), this.checked_add(2)];
    let days = years.into_iter().flatten().filter_map(|year| Some((year, birthday.in_year(year)?)));
    let open = days.filter(|(year, day)| letters.birthday < Some(*year) && joined <= *day);
    let reason = |year| Reason::Birthday { year };
    next(open, &shop.program.mail.birthday, night, Occasion::Birthday, reason, Fact::Birthday)
}

/// The next anniversary of her joining whose gift she hasn't had. Who joined on 29 February
/// keeps it on the 28th.
pub(super) fn anniversary(
    person: &Person<'_>,
    shop: &Shop<'_>,
    letters: &Letters,
    night: Date,
) -> Option<Coming> {
    let joined = joined(person, shop)?;
    let of_year = Birthday::new(joined.month(), joined.day()).ok()?;
    let this = night.year().checked_sub(joined.year())?;
    let years = [this.checked_sub(1), Some(this), this.checked_add(1), this.checked_add(2)];
    let days = years
        .into_iter()
        .flatten()
        .filter_map(|years| Some((years, of_year.in_year(joined.year().checked_add(years)?)?)));
    let open = days.filter(|(years, _)| *years >= 1 && letters.anniversary < Some(*years));
    let reason = |years| Reason::Anniversary { years };
    let fact = |_| Fact::Joined(joined);
    next(open, &shop.program.mail.anniversary, night, Occasion::Anniversary, reason, fact)
}

/// The local day she joined.
pub(super) fn joined(person: &Person<'_>, shop: &Shop<'_>) -> Option<Date> {
    Some(shop.program.local_day(person.account.member_since?))
}

/// The first of some days, each with its mark, that can still bring something.
fn next(
    days: impl Iterator<Item = (i16, Date)>,
    rules: &DayRules,
    night: Date,
    occasion: Occasion,
    reason: impl Fn(i16) -> Reason,
    fact: impl Fn(Date) -> Fact,
) -> Option<Coming> {
    let points = rules.points;
    let within = |day: Date, days: i32| after(day, days).is_none_or(|end| night <= end);
    days.map(|(mark, day)| {
        let gives = !points.is_zero() && within(day, GIVEN_WITHIN);
        let gift = gives.then_some(Gift { occasion, day, mark, points });
        let found = within(day, TOLD_WITHIN).then(|| {
            let given = gift.map(|gift| Fact::Gift(gift.points));
            let facts = [fact(day)].into_iter().chain(given).collect();
            Found { reason: reason(mark), day, facts }
        });
        Coming { day, found, gift }
    })
    .find(|coming| coming.found.is_some() || coming.gift.is_some())
}
