//! Tiers: raised at once, reviewed on their day, taken away only after a notice.

use jiff::civil::Date;

use super::{Night, PointsFact, Told, first_look, put_off};
use crate::account::{Account, Finding, Tiered, next_review, night_of_review};
use crate::ids::TierId;
use crate::ledger::{Cause, Origin, Promotion, Review};
use crate::money::{Overflow, Points};
use crate::program::{Program, Window};

/// The first night there is something to do about a tier.
pub(super) fn night(account: &Account, program: &Program) -> Result<Option<Date>, Overflow> {
    let Some(tier) = &account.tier else { return Ok(None) };
    if program.rank(&tier.id).is_none() || lacks_review(tier, program) {
        return Ok(Some(Date::MIN));
    }
    let review = match tier.review_on {
        Some(on) if needs_notice(account, program)? => Some(first_look(on)),
        Some(on) => Some(night_of_review(program, on)),
        None => None,
    };
    Ok(crate::account::earliest([review, tier.doubted]))
}

/// The tier and the review whose notice matters tonight, where it isn't known yet.
pub(super) fn asks(
    account: &Account,
    program: &Program,
    tonight: Date,
) -> Result<Option<(TierId, Date)>, Overflow> {
    let open = needs_notice(account, program)?;
    let review = account.tier.as_ref().and_then(|tier| Some((tier.id.clone(), tier.review_on?)));
    Ok(review.filter(|(_, on)| open && first_look(*on) <= tonight))
}

/// Whether she would lose her tier at its review, and isn't known to have been told.
fn needs_notice(account: &Account, program: &Program) -> Result<bool, Overflow> {
    let told = account.tier.as_ref().is_some_and(|tier| tier.told == tier.review_on);
    let falls = |found: Finding<'_>| found.down_to.is_some();
    Ok(!told && account.review(program)?.is_some_and(falls))
}

/// Whether a tier was reached for life under rules that have reviews now.
fn lacks_review(tier: &Tiered, program: &Program) -> bool {
    tier.review_on.is_none()
        && program.tier_rules.window != Window::Lifetime
        && program.rank(&tier.id).is_some_and(|rank| rank > 0)
}

impl Night<'_> {
    /// Raises her tier if the rules allow, looks at it anew where its order lost value, and
    /// reviews it if its day has come.
    pub(super) fn review(&mut self, told: Option<Told>) -> Result<(), Overflow> {
        self.raise()?;
        self.settle_doubt()?;
        self.give_review()?;
        let review = self.account.tier.as_ref().and_then(|tier| tier.review_on);
        let Some(on) = review else { return Ok(()) };
        if needs_notice(self.account, self.program)? && first_look(on) <= self.night {
            match told.filter(|told| told.is_timely(on)) {
                Some(told) => self.note_told(on, told.delivered),
                None => self.put_review_off(on),
            }
        }
        // What was put off is behind this night.
        let review = self.account.tier.as_ref().and_then(|tier| tier.review_on);
        match review {
            Some(on) if night_of_review(self.program, on) <= self.night => self.review_now(on),
            _ => Ok(()),
        }
    }

    fn raise(&mut self) -> Result<(), Overflow> {
        let promotion = self.account.promote(self.program, self.night, None)?;
        if let Some(promotion) = promotion {
            let Promotion { from, to } = promotion.clone();
            self.change_tier(Review::Raised, promotion, Origin::Correct)?;
            self.done(PointsFact::TierRaised { from, to });
        }
        Ok(())
    }

    fn give_review(&mut self) -> Result<(), Overflow> {
        let lacking = self.account.tier.as_mut().filter(|tier| lacks_review(tier, self.program));
        let Some(tier) = lacking else { return Ok(()) };
        tier.review_on = next_review(self.program, self.night);
        let until = tier.review_on;
        if let Some(found) = self.account.review(self.program)? {
            self.kept(&found, until);
        }
        Ok(())
    }

    fn settle_doubt(&mut self) -> Result<(), Overflow> {
        let doubted = self.account.tier.as_ref().and_then(|tier| tier.doubted);
        if doubted.is_none_or(|on| on > self.night) {
            return Ok(());
        }
        match self.account.doubt(self.program)? {
            Some(found) if found.down_to.is_some() => self.lose(&found, Review::Refunded),
            found => {
                let Some(tier) = &mut self.account.tier else { return Ok(()) };
                tier.doubted = None;
                let until = tier.review_on;
                if let Some(found) = found {
                    self.kept(&found, until);
                }
                Ok(())
            }
        }
    }

    fn review_now(&mut self, on: Date) -> Result<(), Overflow> {
        let Some(found) = self.account.review(self.program)? else { return Ok(()) };
        if found.down_to.is_some() {
            return self.lose(&found, Review::Ended);
        }
        let is_base = self.program.rank(&found.held.id) == Some(0);
        // One that was long overdue goes on from this night.
        let next = next_review(self.program, on)
            .filter(|next| *next > self.night)
            .or_else(|| next_review(self.program, self.night))
            .filter(|_| !is_base);
        if let Some(tier) = &mut self.account.tier {
            tier.id = found.held.id.clone();
            tier.review_on = next;
            tier.told = None;
            // It rests on all of the window now, not on one order.
            tier.by = None;
        }
        self.kept(&found, next);
        Ok(())
    }

    fn lose(&mut self, found: &Finding<'_>, why: Review) -> Result<(), Overflow> {
        let Some(to) = found.down_to else { return Ok(()) };
        let is_base = self.program.rank(&to.id) == Some(0);
        let review_on = next_review(self.program, self.night).filter(|_| !is_base);
        let tier = Tiered { review_on, ..Tiered::since(to.id.clone(), self.night) };
        let from = self.account.tier.replace(tier).map_or_else(|| to.id.clone(), |held| held.id);
        let (has, takes, to) = (found.has, found.held.threshold, to.id.clone());
        let promotion = Promotion { from: from.clone(), to: to.clone() };
        self.change_tier(why, promotion, Origin::Live)?;
        self.done(PointsFact::TierLost { from, to, why, has, takes });
        Ok(())
    }

    fn kept(&mut self, found: &Finding<'_>, until: Option<Date>) {
        let (tier, has, takes) = (found.held.id.clone(), found.has, found.held.threshold);
        self.done(PointsFact::TierKept { tier, has, takes, until });
    }

    fn note_told(&mut self, on: Date, delivered: Date) {
        if let Some(tier) = &mut self.account.tier {
            tier.told = Some(on);
            self.done(PointsFact::ReviewTold { on, delivered });
        }
    }

    fn put_review_off(&mut self, from: Date) {
        let to = put_off(from, self.night);
        if let Some(held) = &mut self.account.tier {
            held.review_on = Some(to);
            let tier = held.id.clone();
            self.done(PointsFact::ReviewMoved { tier, from, to });
        }
    }

    fn change_tier(
        &mut self,
        why: Review,
        promotion: Promotion,
        origin: Origin,
    ) -> Result<(), Overflow> {
        self.enter(Points::ZERO, Cause::Reviewed { why }, origin)?;
        if let Some(entry) = self.out.entries.last_mut() {
            entry.promotion = Some(promotion);
        }
        Ok(())
    }
}
