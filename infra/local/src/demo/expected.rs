//! What each order should come to, by the demo's own sums: a few lines of whole numbers
//! over what it made, so that the rules aren't checked by themselves.

use jiff::civil::Date;

use super::Year;
use super::people::{Known, Person};
use crate::shopify::{Channel, Line, Order};
use crate::square::{CUSTOMER_CREATED, Change, Payment, RefundStatus};

/// Points for a dollar, of the sample program.
const POINTS_PER_UNIT: i128 = 10;

/// Points for a birthday, of the sample program.
pub(super) const POINTS_OF_A_BIRTHDAY: i64 = 100;

/// How many birthdays the nights of a year had to give something for, from the day she told
/// it at the till on, which is the day she joined; `None` where she can't be told by one record
/// alone.
pub(super) fn birthdays(year: &Year, person: &Person) -> Option<usize> {
    let steps = &person.till.steps;
    let is_one = steps.iter().filter(|step| step.topic == CUSTOMER_CREATED).count() == 1;
    let first = steps.first().filter(|_| is_one && person.known == Known::Till)?;
    let Some(told) = &first.record.birthday else { return Some(0) };
    let joined = first.at.to_zoned(year.sender.zone.clone()).date();
    let mut after = told.split('-').skip(1).filter_map(|part| part.parse::<i8>().ok());
    let (month, day) = (after.next()?, after.next()?);
    let years = year.first_day.year()..=year.last_day.year();
    let days = years.filter_map(|year| Date::new(year, month, day).ok());
    // On the day she joined the night was over.
    let given = |day: &Date| *day == joined && joined < year.last_day || *day > joined;
    Some(days.filter(|day| given(day) && *day <= year.last_day).count())
}

/// The money of a payment at the till that counts in the end, minor units: its amount
/// without the tip, less all that went back. It names no goods, so nothing is left out.
pub(super) fn kept_of_payment(payment: &Payment) -> i64 {
    let (mut taken, mut back) = (0, 0_i64);
    for step in &payment.steps {
        match &step.change {
            Change::Completed => taken = payment.amount,
            Change::Voided => return 0,
            Change::Refund(refund, RefundStatus::Completed) => {
                back = back.saturating_add(refund.amount);
            }
            _ => {}
        }
    }
    if taken > back { taken.saturating_sub(back) } else { 0 }
}

/// The money of an order that counts in the end, minor units. Nothing of test orders, of
/// other currencies, of what was called off or never paid, or only copied from the till.
pub(super) fn kept_of_order(order: &Order) -> i64 {
    let end = order.at_last();
    if order.channel != Channel::Web {
        return 0;
    }
    if order.test || order.currency != "USD" || end.cancelled.is_some() || end.paid == 0 {
        return 0;
    }
    let goods = |line: &Line| if line.product.gift_card { 0 } else { i128::from(line.net()) };
    let bought: i128 = end.lines.iter().map(|line| goods(line)).sum();
    let (mut taken_off, mut back) = (0, Fraction { over: 0, under: 1 });
    for (_, refund) in &end.refunds {
        let named: i128 = refund.lines.iter().map(|row| goods(&row.line)).sum();
        match refund.payment {
            None => taken_off = named.saturating_add(taken_off),
            // Money for named goods takes their share of it, other money the order's.
            Some((_, amount)) if refund.gross() > 0 => {
                back = back.plus(i128::from(amount).saturating_mul(named), refund.gross());
            }
            Some((_, amount)) => {
                let eligible = bought.saturating_sub(taken_off);
                back = back.plus(i128::from(amount).saturating_mul(eligible), end.paid);
            }
        }
    }
    let eligible = bought.saturating_sub(taken_off);
    let left = eligible.saturating_mul(back.under).saturating_sub(back.over).max(0);
    let half_up = left.saturating_mul(2).saturating_add(back.under);
    i64::try_from(half_up.div_euclid(back.under.saturating_mul(2))).unwrap_or(i64::MAX)
}

/// The points that kept money makes for a member of a tier, by the sample program.
pub(super) fn points(kept: i64, tier: &str) -> i64 {
    let hundredths: i128 = match tier {
        "silver" => 125,
        "gold" => 150,
        _ => 100,
    };
    let exact = i128::from(kept).saturating_mul(POINTS_PER_UNIT).saturating_mul(hundredths);
    i64::try_from(exact.div_euclid(10_000)).unwrap_or(i64::MAX)
}

/// An exact sum of shares.
struct Fraction {
    over: i128,
    under: i128,
}

impl Fraction {
    fn plus(self, over: i128, under: i64) -> Self {
        let under = i128::from(under.max(1));
        let ours = self.over.saturating_mul(under);
        let theirs = over.saturating_mul(self.under);
        Self { over: ours.saturating_add(theirs), under: self.under.saturating_mul(under) }
    }
}
