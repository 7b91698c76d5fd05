//! What becomes of an order of the web shop after it was placed.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use super::Year;
use super::bakery::SHELF;
use super::orders::{id_of, line};
use super::people::pick_ref;
use crate::shopify::{Change, Line, Order, Refund, RefundLine, Step, percent_of};

/// Writes an order's story: what happens, when, in order, up to the end of the year.
pub(super) fn decide(year: &Year, order: &mut Order, serial: u64, at: Timestamp, rng: &mut Rng) {
    let mut story = Story { order, serial, at, next_id: 40, rng };
    let pays_later = story.chance(120);
    story.happens(SignedDuration::ZERO, Change::Placed { paid: !pays_later });
    if pays_later && !story.is_paid_later() {
        story.until(year.end);
        return;
    }
    if story.chance(30) {
        story.gets_more();
    }
    if story.chance(10) {
        story.is_cancelled();
    } else {
        story.later(60, 26 * 60);
        story.happens(SignedDuration::ZERO, Change::Fulfilled);
        if story.chance(42) {
            story.is_refunded();
        }
    }
    story.until(year.end);
}

/// An order whose story is being written.
struct Story<'a> {
    order: &'a mut Order,
    serial: u64,
    at: Timestamp,
    next_id: u64,
    rng: &'a mut Rng,
}

impl Story<'_> {
    fn chance(&mut self, per_mille: u32) -> bool {
        self.rng.u32(0..1_000) < per_mille
    }

    /// Lets some minutes pass.
    fn later(&mut self, from: i64, to: i64) {
        let seconds = self.rng.i64(from.saturating_mul(60)..to.saturating_mul(60));
        let later = self.at.checked_add(SignedDuration::from_secs(seconds));
        self.at = later.unwrap_or(self.at);
    }

    fn happens(&mut self, after: SignedDuration, change: Change) {
        self.at = self.at.checked_add(after).unwrap_or(self.at);
        self.order.steps.push(Step { at: self.at, change });
    }

    fn id(&mut self) -> u64 {
        self.next_id = self.next_id.saturating_add(10);
        id_of(self.serial, self.next_id)
    }

    /// Ordered for pick-up: sometimes something comes off before it is paid, and
    /// sometimes nobody ever pays. Says whether it was paid.
    fn is_paid_later(&mut self) -> bool {
        if self.chance(250) && self.order.lines.len() > 1 {
            self.later(20, 5 * 60);
            let taken_off = self.order.lines.first().cloned();
            let lines: Vec<RefundLine> =
                taken_off.into_iter().map(|line| RefundLine { line }).collect();
            let id = self.id();
            let refund = Refund { id, lines, shipping: 0, payment: None, note: "" };
            let edit = self.id();
            self.happens(SignedDuration::ZERO, Change::Removed { edit, refund });
        }
        if self.chance(80) {
            self.later(24 * 60, 72 * 60);
            self.happens(SignedDuration::ZERO, Change::Cancelled { refund: None });
            return false;
        }
        self.later(30, 48 * 60);
        self.happens(SignedDuration::ZERO, Change::Paid);
        true
    }

    /// Something is added to a paid order, and paid.
    fn gets_more(&mut self) {
        let known = |id: u64| self.order.lines.iter().any(|line| line.product.id == id);
        let Some(product) = pick_ref(&SHELF, self.rng).filter(|one| !known(one.id)) else { return };
        let discounted = self.order.discount_code.is_some();
        let line = line(self.serial, 30, product, 1, discounted);
        self.later(10, 3 * 60);
        let edit = self.id();
        self.happens(SignedDuration::ZERO, Change::Added { edit, line });
        self.later(5, 60);
        self.happens(SignedDuration::ZERO, Change::Paid);
    }

    fn is_cancelled(&mut self) {
        self.later(15, 10 * 60);
        let refund = self.everything("called off");
        self.happens(SignedDuration::ZERO, Change::Cancelled { refund: Some(refund) });
    }

    /// In full, by line, or just some money; now and then both of the latter. Some at
    /// once, most days later.
    fn is_refunded(&mut self) {
        match self.chance(300) {
            true => self.later(2, 30),
            false => self.later(60, 120 * 60),
        }
        let refund = match self.rng.u32(0..100) {
            0..25 => self.everything("not as it should be"),
            25..70 => self.one_line(),
            _ => self.some_money(),
        };
        let full = refund.amount() >= self.order.at_last().paid;
        self.happens(SignedDuration::ZERO, Change::Refunded(refund));
        if !full && self.chance(150) {
            self.later(30, 24 * 60);
            let refund = self.some_money();
            self.happens(SignedDuration::ZERO, Change::Refunded(refund));
        }
    }

    fn everything(&mut self, note: &'static str) -> Refund {
        let (id, transaction) = (self.id(), self.id());
        let picture = self.order.at_last();
        let taken_off = |line: &Line| picture.left_of(line) < line.quantity;
        let lines = picture.lines.iter().filter(|line| !taken_off(line));
        let lines = lines.map(|line| RefundLine { line: (*line).clone() }).collect();
        let payment = Some((transaction, picture.paid));
        Refund { id, lines, shipping: self.order.shipping, payment, note }
    }

    /// Some or all of one line.
    fn one_line(&mut self) -> Refund {
        let (id, transaction) = (self.id(), self.id());
        let picture = self.order.at_last();
        let there: Vec<&Line> =
            picture.lines.iter().copied().filter(|line| picture.left_of(line) > 0).collect();
        let line = there.get(self.rng.usize(0..there.len().max(1))).copied().cloned();
        let lines: Vec<RefundLine> = line.map(|line| self.part(line)).into_iter().collect();
        let mut refund =
            Refund { id, lines, shipping: 0, payment: None, note: "one of them was burnt" };
        refund.payment = Some((transaction, refund.gross()));
        refund
    }

    fn part(&mut self, line: Line) -> RefundLine {
        let quantity = self.rng.i64(1..=line.quantity.max(1));
        let whole = line.product.price.saturating_mul(line.quantity).max(1);
        let part = line.product.price.saturating_mul(quantity);
        let share = part.saturating_mul(100_000).div_euclid(whole);
        let discount = percent_of(line.discount, share);
        RefundLine { line: Line { quantity, discount, ..line } }
    }

    /// A sum by agreement, for nothing in particular.
    fn some_money(&mut self) -> Refund {
        let (id, transaction) = (self.id(), self.id());
        let picture = self.order.at_last();
        let left = picture.paid.saturating_sub(picture.refunded()).max(1);
        let amount = self.rng.i64(1..=left.min(500));
        let payment = Some((transaction, amount));
        Refund { id, lines: Vec::new(), shipping: 0, payment, note: "with our apologies" }
    }

    /// Keeps what happens before the year is over. What was added on the last day has
    /// then not been paid for; it is left out.
    fn until(&mut self, end: Timestamp) {
        let steps = &mut self.order.steps;
        steps.retain(|step| step.at < end);
        if steps.last().is_some_and(|step| matches!(step.change, Change::Added { .. })) {
            steps.pop();
        }
    }
}
