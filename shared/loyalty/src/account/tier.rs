//! The tier a customer holds, and the step up.

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use super::{Account, Bucket, Facts};
use crate::ids::{OrderRef, TierId};
use crate::ledger::Promotion;
use crate::money::Overflow;
use crate::month::Month;
use crate::program::{Program, Tier, Window};

/// A tier held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tiered {
    /// The tier.
    pub id: TierId,
    /// The local day it was reached.
    #[serde(rename = "s")]
    pub since: Date,
    /// The local day it is looked at again; `None`: it is the base tier or for life.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub review_on: Option<Date>,
    /// The order that reached it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<OrderRef>,
    /// The review that a notice is known to have reached her in time for.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Date>,
    /// The local night it is looked at anew, because the order that reached it lost value.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub doubted: Option<Date>,
}

impl Tiered {
    /// A tier held since a local day: no order reached it, and nothing is known of a review.
    pub fn since(id: TierId, since: Date) -> Self {
        Self { id, since, review_on: None, by: None, told: None, doubted: None }
    }
}

impl Facts {
    /// What counts toward a tier on the local day `today`.
    pub fn window(&self, program: &Program, today: Date) -> Result<Bucket, Overflow> {
        match program.tier_rules.window {
            Window::Rolling => self.since(Month::of(today).plus(-12)),
            Window::Calendar => self.since(Month::of(date(today.year(), 1, 1))),
            Window::Lifetime => Ok(self.ever),
        }
    }

    /// What counts toward a tier on the local day `today`, in the program's measure.
    pub(crate) fn measure(&self, program: &Program, today: Date) -> Result<i64, Overflow> {
        Ok(self.window(program, today)?.measured(program.tier_rules.qualify))
    }
}

impl Account {
    /// Gives a member the base tier if she has none.
    pub fn start_tier(&mut self, program: &Program, today: Date) {
        if self.is_member() && self.tier.is_none() {
            self.tier = program.base_tier().map(|tier| Tiered::since(tier.id.clone(), today));
        }
    }

    /// Lifts her to the highest tier her window qualifies for, if that is above her own.
    /// Never down: that is for the night of her review.
    pub fn promote(
        &mut self,
        program: &Program,
        today: Date,
        by: Option<&OrderRef>,
    ) -> Result<Option<Promotion>, Overflow> {
        self.start_tier(program, today);
        let measure = self.facts.measure(program, today)?;
        let (Some(held), Some(earned)) = (&self.tier, program.tier_for(measure)) else {
            return Ok(None);
        };
        if program.rank(&earned.id) <= program.rank(&held.id) {
            return Ok(None);
        }
        let promotion = Promotion { from: held.id.clone(), to: earned.id.clone() };
        self.tier = Some(reached(earned, program, today, by));
        Ok(Some(promotion))
    }
}

fn reached(tier: &Tier, program: &Program, today: Date, by: Option<&OrderRef>) -> Tiered {
    let review_on = match program.tier_rules.window {
        Window::Rolling => today.checked_add(jiff::Span::new().months(12)).ok(),
        Window::Calendar => Date::new(today.year().saturating_add(1), 12, 31).ok(),
        Window::Lifetime => None,
    };
    Tiered { review_on, by: by.cloned(), ..Tiered::since(tier.id.clone(), today) }
}
