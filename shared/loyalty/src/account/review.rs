//! The review of a tier: whether it is kept, and when it comes.

use jiff::civil::{Date, date};

use super::Account;
use crate::ids::OrderRef;
use crate::money::Overflow;
use crate::month::Month;
use crate::program::{Downgrade, Program, Tier, Window};

/// What a review finds.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding<'p> {
    /// The tier held, as the program has it today.
    pub held: &'p Tier,
    /// What counts toward it, in the program's measure: minor units, points or orders.
    pub has: i64,
    /// The tier she goes down to; `None`: she keeps hers.
    pub down_to: Option<&'p Tier>,
}

impl Account {
    /// What the review of her tier finds, as things stand today: asked before its day, what
    /// it would find if she bought nothing more until then. `None`: there is no review.
    pub fn review<'p>(&self, program: &'p Program) -> Result<Option<Finding<'p>>, Overflow> {
        let on = self.tier.as_ref().and_then(|tier| tier.review_on);
        let Some(on) = on else { return Ok(None) };
        let first = match program.tier_rules.window {
            Window::Rolling => Some(rolling(on)),
            Window::Calendar => Some(year(year_of_review(on))),
            Window::Lifetime => None,
        };
        self.find(program, first, program.tier_rules.downgrade)
    }

    /// What is found where the order that reached her tier lost value: it goes down to what
    /// the rest reaches, of the window in which it was reached and of all she bought since.
    /// That months have gone by is for the review. `None`: no tier that the program knows.
    pub fn doubt<'p>(&self, program: &'p Program) -> Result<Option<Finding<'p>>, Overflow> {
        let Some(since) = self.tier.as_ref().map(|tier| tier.since) else { return Ok(None) };
        let first = match program.tier_rules.window {
            Window::Rolling => Some(rolling(since)),
            Window::Calendar => Some(year(since.year())),
            Window::Lifetime => None,
        };
        self.find(program, first, Downgrade::ToFit)
    }

    /// What her tier comes to by what she has bought from a month on, or ever.
    fn find<'p>(
        &self,
        program: &'p Program,
        first: Option<Month>,
        downgrade: Downgrade,
    ) -> Result<Option<Finding<'p>>, Overflow> {
        let known = self.tier.as_ref().and_then(|tier| program.tier(&tier.id));
        let Some(held) = known else { return Ok(None) };
        let sum = first.map_or(Ok(self.facts.ever), |first| self.facts.since(first))?;
        let has = sum.measured(program.tier_rules.qualify);
        let rank = program.rank(&held.id).unwrap_or(0);
        let fits = program.tier_for(has).and_then(|fits| program.rank(&fits.id)).unwrap_or(0);
        let down = match downgrade {
            Downgrade::OneDown => rank.saturating_sub(1),
            Downgrade::ToFit => fits,
        };
        Ok(Some(Finding { held, has, down_to: program.tiers.get(down).filter(|_| fits < rank) }))
    }

    /// Notes that an order lost value. If it is the one that reached her tier, and the rest
    /// doesn't, the first night after the end of the next month looks at the tier anew: she
    /// may have been told of it, and may make up for it until then.
    pub fn lost_value(
        &mut self,
        program: &Program,
        order: &OrderRef,
        today: Date,
    ) -> Result<(), Overflow> {
        let reached = self.tier.as_ref().is_some_and(|tier| tier.by.as_ref() == Some(order));
        let falls = |found: Finding<'_>| found.down_to.is_some();
        if !reached || !self.doubt(program)?.is_some_and(falls) {
            return Ok(());
        }
        if let Some(tier) = &mut self.tier {
            tier.doubted.get_or_insert(Month::of(today).plus(2).first_day());
        }
        Ok(())
    }
}

/// The first month of a window of 12 months and the current one.
fn rolling(on: Date) -> Month {
    Month::of(on).plus(-12)
}

fn year(year: i16) -> Month {
    Month::of(date(year, 1, 1))
}

/// The year that a review looks at: it comes at its end. One that was put off is still
/// about that year, and what came since counts too.
fn year_of_review(on: Date) -> i16 {
    if (on.month(), on.day()) == (12, 31) { on.year() } else { on.year().saturating_sub(1) }
}

/// The day of the next review of a tier that is held from `from` on; `None`: for life.
pub(crate) fn next_review(program: &Program, from: Date) -> Option<Date> {
    match program.tier_rules.window {
        Window::Rolling => from.checked_add(jiff::Span::new().months(12)).ok(),
        Window::Calendar => {
            let this = Date::new(from.year(), 12, 31).ok();
            this.filter(|day| *day > from)
                .or_else(|| Date::new(from.year().saturating_add(1), 12, 31).ok())
        }
        Window::Lifetime => None,
    }
}

/// The first night that may do the review of a day: what she buys on the last day of a year
/// belongs to it, so that the year is over before it is judged.
pub(crate) fn night_of_review(program: &Program, on: Date) -> Date {
    match program.tier_rules.window {
        Window::Calendar => on.tomorrow().unwrap_or(on),
        Window::Rolling | Window::Lifetime => on,
    }
}
