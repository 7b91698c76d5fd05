//! Target: what the earning rules make of what is kept.

use super::kept::{Kept, Part};
use super::{Received, Snapshot, Worth, WorthError};
use crate::ledger::{Receipt, ReceiptMultiplier, ReceiptTier};
use crate::money::{Exact, Money, Points, exact, floor, fraction, round_half_up, whole};
use crate::order::{Order, Sale};
use crate::program::{Earn, Multiplier, Per, Program, Rounding, Tier};

/// What multiplies an order's lines: the member's tier and the campaigns that were on.
struct Factors<'a> {
    program: &'a Program,
    tier: Option<&'a Tier>,
    campaigns: Vec<&'a Multiplier>,
}

impl<'a> Factors<'a> {
    fn of(program: &'a Program, snapshot: &Snapshot, sale: &Sale) -> Self {
        let paid = snapshot.paid_at.to_zoned(program.shop.zone.clone());
        let tier = snapshot.tier.as_ref().and_then(|tier| program.tier(tier));
        let on = |campaign: &&Multiplier| campaign.is_on(&paid, sale.location.as_ref());
        Self { program, tier, campaigns: program.multipliers.iter().filter(on).collect() }
    }

    /// The one factor of a part: the best that applies. What never earns has none.
    fn best(&self, part: Part<'_>) -> Exact {
        let item = part.item();
        if item.is_some_and(|item| self.program.is_excluded(&item)) {
            return whole(0);
        }
        let tier = self.tier.map_or_else(|| whole(1), |tier| exact(tier.rate));
        self.covering(part).map(|campaign| exact(campaign.factor)).fold(tier, Exact::max)
    }

    /// 1, or 0 for what never earns.
    fn plain(&self, part: Part<'_>) -> Exact {
        let excluded = part.item().is_some_and(|item| self.program.is_excluded(&item));
        whole(if excluded { 0 } else { 1 })
    }

    fn covering(&self, part: Part<'_>) -> impl Iterator<Item = &'a Multiplier> {
        let item = part.item();
        let program = self.program;
        self.campaigns.iter().copied().filter(move |one| one.covers(program, item.as_ref()))
    }

    /// Campaigns that beat the tier on at least one line, for the receipt.
    fn used(&self, order: &Order) -> Vec<ReceiptMultiplier> {
        let lines = order.lines.iter().flat_map(|lines| &lines.value);
        let parts: Vec<Part<'_>> =
            lines.map(|line| Part { line: Some(line) }).chain([Part { line: None }]).collect();
        let wins = |campaign: &&&Multiplier| {
            let factor = exact(campaign.factor);
            factor > self.tier.map_or_else(|| whole(1), |tier| exact(tier.rate))
                && parts.iter().any(|part| {
                    self.covering(*part).any(|one| one.id == campaign.id)
                        && self.best(*part) == factor
                })
        };
        let receipt = |campaign: &&Multiplier| ReceiptMultiplier {
            id: campaign.id.clone(),
            factor: campaign.factor.normalize().to_string(),
        };
        self.campaigns.iter().filter(wins).map(receipt).collect()
    }
}

pub(super) fn target(
    order: &Order,
    sale: &Sale,
    snapshot: &Snapshot,
    program: &Program,
    money: &Received,
    kept: &Kept<'_>,
) -> Result<Worth, WorthError> {
    let factors = Factors::of(program, snapshot, sale);
    let (kept_minor, kept_exact) = kept.money()?;
    let mut sum = whole(0);
    for earn in &program.earn {
        let weight = |part: Part<'_>| {
            if earn.multiply { factors.best(part) } else { factors.plain(part) }
        };
        sum += earned(earn, &weight, program, kept, (kept_minor, &kept_exact), snapshot.again)?;
    }
    let points = Points(match program.rounding {
        Rounding::Floor => floor(&sum)?,
        Rounding::HalfUp => round_half_up(&sum)?,
    });
    let receipt = Receipt {
        base: Money { minor: kept_minor, currency: sale.currency },
        from_lines: kept.has_lines(),
        rate: program.earn.iter().map(|earn| rate_text(earn, program)).collect(),
        tier: factors.tier.map(|tier| ReceiptTier {
            id: tier.id.clone(),
            rate: tier.rate.normalize().to_string(),
        }),
        multipliers: factors.used(order),
        rounding: rounding_text(program.rounding, &sum, points),
        program_version: snapshot.program,
    };
    let refunded = kept.refunded()?;
    Ok(Worth { received: money.received, refunded, kept: kept_minor, points, receipt })
}

/// What one rule earns, before rounding.
fn earned(
    earn: &Earn,
    weight: &dyn Fn(Part<'_>) -> Exact,
    program: &Program,
    kept: &Kept<'_>,
    (kept_minor, kept_exact): (i64, &Exact),
    again: bool,
) -> Result<Exact, WorthError> {
    let points = whole(earn.points.0);
    Ok(match &earn.per {
        Per::Amount { amount } => {
            // Kept is rounded once, to the minor unit. The factors apply to that, by
            // their mean over what is kept, so that they bring no second rounding.
            let mean = fraction(&kept.weighed(weight)?, kept_exact);
            points * whole(kept_minor) * mean / whole(*amount)
        }
        Per::Order { at_least } if kept_minor >= *at_least && !again => {
            points * weight(Part { line: None })
        }
        Per::Order { .. } => whole(0),
        Per::Item { goods } => {
            points * kept.items(&|item| program.goods_have(goods, item), weight)?
        }
    })
}

fn rate_text(earn: &Earn, program: &Program) -> String {
    let money = |minor| Money { minor, currency: program.shop.currency }.decimal();
    match &earn.per {
        Per::Amount { amount } => format!("{} per {}", earn.points, money(*amount)),
        Per::Order { at_least } => {
            format!("{} per order of at least {}", earn.points, money(*at_least))
        }
        Per::Item { .. } => format!("{} per item", earn.points),
    }
}

/// How the sum became whole: `floor: 499.5 → 499`.
fn rounding_text(rounding: Rounding, sum: &Exact, points: Points) -> String {
    let rule = match rounding {
        Rounding::Floor => "floor",
        Rounding::HalfUp => "half-up",
    };
    format!("{rule}: {} → {points}", decimal_text(sum))
}

/// An exact number with at most four places; `…` where it goes on.
fn decimal_text(number: &Exact) -> String {
    let scaled = number * whole(10_000);
    let whole_scaled = scaled.floor().to_integer();
    let goes_on = if scaled.is_integer() { "" } else { "…" };
    let text = i128::try_from(whole_scaled)
        .ok()
        .and_then(|mantissa| rust_decimal::Decimal::try_from_i128_with_scale(mantissa, 4).ok())
        .map_or_else(|| number.floor().to_string(), |decimal| decimal.normalize().to_string());
    format!("{text}{goes_on}")
}
