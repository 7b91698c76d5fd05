//! Which order she is asked about, and when.

use jiff::civil::Date;

use super::{Coming, Fact, Found, Shop, after};
use crate::account::Letters;
use crate::ids::OrderRef;
use crate::mail::{Kind, Reason};
use crate::program::Program;
use crate::survey::{ASKED_EVERY, LATEST};

/// A question about the order that waits for one, unless she was asked too lately by then.
pub(super) fn survey(shop: &Shop<'_>, letters: &Letters) -> Option<Coming> {
    let (order, paid) = letters.ask.clone()?;
    let after_days = shop.program.survey.after_days;
    let day = letters.asks_on(paid, after_days)?;
    let facts = vec![Fact::Bought(paid), Fact::AskedAfter(after_days)];
    Some(Coming::found(Found { reason: Reason::Survey { order, day: paid }, day, facts }))
}

impl Letters {
    /// The day she is asked about an order of the local day `paid`; `None`: she is not, for
    /// that is too soon after the last time.
    fn asks_on(&self, paid: Date, after_days: u8) -> Option<Date> {
        let day = after(paid, i32::from(after_days))?;
        let allowed = self.survey.map_or(Some(day), |last| after(last, ASKED_EVERY))?;
        (allowed <= day).then_some(day)
    }

    /// Lets her be asked about an order of the local day `paid`, which is the first that waits
    /// for it: unless the program asks nobody, she was asked too lately, or it is too long ago
    /// by now.
    pub(crate) fn ask_about(
        &mut self,
        order: &OrderRef,
        paid: Date,
        today: Date,
        program: &Program,
    ) {
        if program.mail.off.contains(&Kind::Survey) {
            return;
        }
        let after_days = program.survey.after_days;
        let in_time = |paid: Date| {
            let day = self.asks_on(paid, after_days)?;
            let last = Kind::Survey.valid_for().map_or(Ok(day), |valid| day.checked_add(valid));
            last.ok().filter(|last| today <= *last)
        };
        let waits = self.ask.as_ref().is_some_and(|(_, paid)| in_time(*paid).is_some());
        if !waits && in_time(paid).is_some() {
            self.ask = Some((order.clone(), paid));
        }
    }

    /// Lets her not be asked about an order: it isn't hers, or nothing of it was kept.
    pub(crate) fn never_ask_about(&mut self, order: &OrderRef) {
        self.ask.take_if(|(waits, _)| waits == order);
    }

    /// The first day a program may ask her about the order that waits for it, whatever the
    /// program.
    pub(crate) fn earliest_survey(&self) -> Option<Date> {
        let (_, paid) = self.ask.as_ref()?;
        self.asks_on(*paid, LATEST).and_then(|_| after(*paid, 1))
    }

    /// Keeps the earlier of her orders that wait for a question under two names, of those that
    /// some program may still ask about.
    pub(crate) fn merge_asked(&mut self, other: &Self) {
        let both = [self.ask.take(), other.ask.clone()].into_iter().flatten();
        let may = both.filter(|(_, paid)| self.asks_on(*paid, LATEST).is_some());
        self.ask = may.min_by_key(|(_, paid)| *paid);
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::testing;

    fn order(id: &str) -> OrderRef {
        format!("shopify:{id}").try_into().unwrap()
    }

    fn program(survey: &str) -> Program {
        let toml = testing::program("points = 10\namount = '1.00'");
        Program::parse(&format!("{toml}{survey}")).unwrap()
    }

    /// What waits after an order of 1 March was heard of on a day.
    fn asked(letters: Letters, heard: Date, survey: &str) -> Option<(OrderRef, Date)> {
        let mut letters = letters;
        letters.ask_about(&order("2"), date(2026, 3, 1), heard, &program(survey));
        letters.ask
    }

    fn last_asked(night: Date) -> Letters {
        Letters { survey: Some(night), ..Letters::default() }
    }

    const FIRST_OF_MARCH: Date = date(2026, 3, 1);

    #[test]
    fn the_first_order_waits_and_the_next_does_not_replace_it() {
        let new = Some((order("2"), FIRST_OF_MARCH));
        assert_eq!(asked(Letters::default(), FIRST_OF_MARCH, ""), new);
        let first = Some((order("1"), date(2026, 2, 27)));
        let letters = Letters { ask: first.clone(), ..Letters::default() };
        assert_eq!(asked(letters, FIRST_OF_MARCH, ""), first);
    }

    #[test]
    fn nobody_is_asked_again_within_90_days() {
        // Asked on 4 March: 90 days after 4 December.
        assert!(asked(last_asked(date(2025, 12, 4)), FIRST_OF_MARCH, "").is_some());
        assert_eq!(asked(last_asked(date(2025, 12, 5)), FIRST_OF_MARCH, ""), None);
        let later = "[survey]\nafter_days = 4\n";
        assert!(asked(last_asked(date(2025, 12, 5)), FIRST_OF_MARCH, later).is_some());
    }

    #[test]
    fn an_order_heard_of_too_late_is_not_asked_about() {
        assert!(asked(Letters::default(), date(2026, 3, 11), "").is_some());
        assert_eq!(asked(Letters::default(), date(2026, 3, 12), ""), None);
    }

    #[test]
    fn an_order_that_can_not_be_asked_about_any_more_makes_room() {
        let new = Some((order("2"), FIRST_OF_MARCH));
        let ask = Some((order("1"), date(2026, 2, 18)));
        let missed = Letters { ask: ask.clone(), ..Letters::default() };
        assert_eq!(asked(missed, FIRST_OF_MARCH, ""), new);
        let too_soon = Letters { ask, ..last_asked(date(2025, 11, 24)) };
        assert_eq!(asked(too_soon, date(2026, 2, 20), ""), new);
    }

    #[test]
    fn a_program_that_asks_nobody_keeps_nothing_to_ask_about() {
        let off = "[mail]\noff = ['survey']\n";
        assert_eq!(asked(Letters::default(), FIRST_OF_MARCH, off), None);
    }

    #[test]
    fn of_two_names_the_earlier_order_is_asked_about_unless_either_was_asked_lately() {
        let waits = |id: &str, day: Date| Some((order(id), day));
        let (first, second) = (waits("1", FIRST_OF_MARCH), waits("2", date(2026, 3, 2)));
        let mut letters = Letters { ask: second.clone(), ..Letters::default() };
        letters.merge(&Letters { ask: first.clone(), ..Letters::default() });
        assert_eq!(letters.ask, first);
        letters.merge(&last_asked(date(2026, 2, 1)));
        assert_eq!((letters.ask, letters.survey), (None, Some(date(2026, 2, 1))));
        letters = Letters { ask: second.clone(), ..Letters::default() };
        letters.merge(&last_asked(date(2025, 6, 1)));
        assert_eq!(letters.ask, second);
    }
}
