//! Kept: built up from lines, followed by the money.

use super::{Received, WorthError, edits_before_payment, returned, successful, whole_unit};
use crate::money::{Exact, Overflow, exact, floor, fraction, round_half_up, whole};
use crate::order::{Charge, Line, LineKind, Named, NamedLine, Order, Sale};
use crate::program::{Item, Program, TaxRule};

/// What is kept of an order, exactly, for any weighing of its parts.
pub(super) struct Kept<'a> {
    order: &'a Order,
    sale: &'a Sale,
    program: &'a Program,
    money: &'a Received,
    lines: Option<&'a [Line]>,
}

/// A part of an order that may count: a line, or shipping and tip, which are no item.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    /// The line, if it is one.
    pub(super) line: Option<&'a Line>,
}

impl<'a> Part<'a> {
    /// What a program tells items by.
    pub(super) fn item(&self) -> Option<Item<'a>> {
        self.line.map(|line| Item { product: line.product.as_ref(), sku: line.sku.as_deref() })
    }
}

impl<'a> Kept<'a> {
    pub(super) fn of(
        order: &'a Order,
        sale: &'a Sale,
        money: &'a Received,
        program: &'a Program,
    ) -> Result<Self, WorthError> {
        let lines = order.lines.as_ref().map(|lines| lines.value.as_slice());
        for line in lines.unwrap_or_default() {
            if line.quantity < 0 || line.price < 0 {
                return Err(super::Unworthy::Negative("line").into());
            }
        }
        Ok(Self { order, sale, program, money, lines })
    }

    /// Whether the body had lines; without, the amount itself is the base.
    pub(super) fn has_lines(&self) -> bool {
        self.lines.is_some()
    }

    /// Kept in minor units, rounded once, and its exact value.
    pub(super) fn money(&self) -> Result<(i64, Exact), WorthError> {
        let exact = self.weighed(&|_| whole(1))?;
        Ok((round_half_up(&exact)?, exact))
    }

    /// Everything that went back, minor units.
    pub(super) fn refunded(&self) -> Result<i64, WorthError> {
        Ok(round_half_up(&self.refunded_exact()?)?)
    }

    fn refunded_exact(&self) -> Result<Exact, WorthError> {
        Ok(super::refunded(self.order, self.sale)?)
    }

    /// Kept with every part counted `weight` times: 1 gives the money kept, a line's
    /// multiplier gives what its points are computed from.
    pub(super) fn weighed(&self, weight: &dyn Fn(Part<'_>) -> Exact) -> Result<Exact, WorthError> {
        if self.order.cancelled {
            return Ok(whole(0));
        }
        let received = whole(self.money.received);
        let paid = match self.lines {
            Some(lines) => {
                self.eligible(lines, weight) * fraction(&received, &whole(self.money.total))
            }
            None => &received * weight(Part { line: None }),
        };
        let paid = paid + self.tip_apart(weight);
        let own_share = fraction(&paid, &received);
        let mut refunded = whole(0);
        let mut named_money = whole(0);
        for (payment, named) in successful(self.order) {
            let amount = returned(self.sale, payment)?;
            let share = named.and_then(|named| self.share(named, weight));
            named_money += &amount;
            refunded += amount * share.unwrap_or_else(|| own_share.clone());
        }
        // Money the source says went back without telling by which refund.
        let untold = (self.refunded_exact()? - named_money).max(whole(0));
        refunded += untold * own_share;
        Ok((paid - refunded).max(whole(0)))
    }

    /// The eligible value of everything sold and not taken off before payment, weighed.
    fn eligible(&self, lines: &[Line], weight: &dyn Fn(Part<'_>) -> Exact) -> Exact {
        let mut sum = whole(0);
        for line in lines {
            sum += self.line_value(line) * weight(Part { line: Some(line) });
        }
        let rest = Part { line: None };
        if self.program.base.shipping {
            sum += self.taxed(self.sale.shipping) * weight(rest);
        }
        if self.program.base.tip && !self.is_part() {
            sum += whole(self.sale.tip) * weight(rest);
        }
        for named in edits_before_payment(self.order).filter_map(|refund| refund.named.as_ref()) {
            sum -= self.named_value(&named.value, weight) * whole_unit(self.sale);
        }
        sum.max(whole(0))
    }

    /// Whether the lines, or the amount that stands in for them, are those of a sale that
    /// this is one payment for. Its tip is its own then, and in none of them.
    fn is_part(&self) -> bool {
        self.order.basket.is_some() || self.lines.is_none()
    }

    fn tip_apart(&self, weight: &dyn Fn(Part<'_>) -> Exact) -> Exact {
        let counts = self.program.base.tip && self.is_part() && self.money.received > 0;
        if counts { whole(self.sale.tip) * weight(Part { line: None }) } else { whole(0) }
    }

    fn line_value(&self, line: &Line) -> Exact {
        if !self.counts(line.kind) {
            return whole(0);
        }
        let amount = whole(line.price) * whole(line.quantity) - whole(line.discount);
        amount + self.tax_share(whole(line.tax))
    }

    fn counts(&self, kind: LineKind) -> bool {
        match kind {
            LineKind::Goods => true,
            LineKind::GiftCard => false,
            LineKind::Tip => self.program.base.tip,
        }
    }

    fn taxed(&self, charge: Charge) -> Exact {
        whole(charge.amount) + self.tax_share(whole(charge.tax))
    }

    /// What a price's own tax adds to its eligible value; negative where the price
    /// includes a tax that doesn't count.
    fn tax_share(&self, tax: Exact) -> Exact {
        let basket = self.order.basket.as_ref().map(|basket| basket.value.taxes_included);
        let included = basket.unwrap_or(self.sale.taxes_included);
        let counts = match self.program.base.tax {
            TaxRule::AsPriced => included,
            TaxRule::Counts => true,
            TaxRule::LeftOut => false,
        };
        match (included, counts) {
            (true, false) => -tax,
            (false, true) => tax,
            _ => whole(0),
        }
    }

    /// The eligible share of a refund that names something of value.
    fn share(&self, named: &Named, weight: &dyn Fn(Part<'_>) -> Exact) -> Option<Exact> {
        let gross = gross(named, self.sale);
        (gross > whole(0)).then(|| self.named_value(named, weight) / gross)
    }

    /// The eligible value of what a refund names, weighed, in whole units of money.
    fn named_value(&self, named: &Named, weight: &dyn Fn(Part<'_>) -> Exact) -> Exact {
        let mut sum = whole(0);
        for row in &named.lines {
            let line = self.line(row);
            if line.is_none_or(|line| self.counts(line.kind)) {
                let value = exact(row.subtotal) + self.tax_share(exact(row.tax));
                sum += value * weight(Part { line });
            }
        }
        if self.program.base.shipping {
            let value = exact(named.shipping) + self.tax_share(exact(named.shipping_tax));
            sum += value * weight(Part { line: None });
        }
        sum
    }

    fn line(&self, row: &NamedLine) -> Option<&'a Line> {
        self.lines?.iter().find(|line| line.id == row.line)
    }

    /// How many of a line's items are kept: none given back, none taken off.
    fn items_left(&self, line: &Line) -> Result<i64, Overflow> {
        let mut left = line.quantity;
        for refund in self.order.refunds.values() {
            let taken_off =
                refund.moved_money() || edits_before_payment(self.order).any(|edit| edit == refund);
            for row in refund.named.iter().flat_map(|named| &named.value.lines) {
                if taken_off && row.line == line.id {
                    left = left.checked_sub(row.quantity).ok_or(Overflow)?;
                }
            }
        }
        Ok(left.max(0))
    }

    /// Items kept of those that match, weighed, in proportion to what of the order is
    /// paid; none once nothing is kept.
    pub(super) fn items(
        &self,
        matches: &dyn Fn(&Item<'_>) -> bool,
        weight: &dyn Fn(Part<'_>) -> Exact,
    ) -> Result<Exact, WorthError> {
        let (kept, _) = self.money()?;
        if kept == 0 {
            return Ok(whole(0));
        }
        let mut items = whole(0);
        for line in self.lines.unwrap_or_default() {
            let part = Part { line: Some(line) };
            let matched = part.item().is_some_and(|item| matches(&item));
            if matched && line.kind == LineKind::Goods {
                items += whole(self.items_left(line)?) * weight(part);
            }
        }
        let paid = fraction(&whole(self.money.received), &whole(self.money.total));
        Ok(whole(floor(&(items * paid.min(whole(1))))?))
    }
}

/// Everything a refund names, each with its tax once, in whole units of money.
pub(super) fn gross(named: &Named, sale: &Sale) -> Exact {
    let added = |tax| if sale.taxes_included { whole(0) } else { exact(tax) };
    let mut sum = exact(named.duties) + exact(named.shipping) + added(named.shipping_tax);
    for row in &named.lines {
        sum += exact(row.subtotal) + added(row.tax);
    }
    sum
}
