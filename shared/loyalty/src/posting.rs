//! Posting: one order, one account, and the entries that make them agree.
//!
//! `delta = target − posted`, and nothing else ever changes an order's points. So for a
//! given snapshot `posted = target(final state)` under any delivery: repeats find a delta
//! of 0, and reordering only changes through which steps it is reached.

mod correct;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::correct::{Corrected, NotCorrected, correct};
use crate::account::{Account, Counted, Facts, LotKey, Place};
use crate::ids::{CustomerId, OrderRef};
use crate::ledger::{Cause, Change, Entry, Origin};
use crate::money::{Overflow, Points};
use crate::month::Month;
use crate::order::Order;
use crate::program::{Membership, Program, ProgramVersion, Programs};
use crate::worth::{self, Snapshot, Unworthy, Worth, WorthError};

/// An order as it is stored: what is known, and what was made of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What is known.
    #[serde(rename = "s")]
    pub state: Order,
    /// The rules it is counted by; `None` until money arrived under a program.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Snapshot>,
    /// Whose it is.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// What it counts for in that customer's facts; `None`: not counted.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
    /// What a person said about an order held as a possible twin.
    #[serde(rename = "j", default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<Twin>,
}

/// What a person says about two orders that look like one sale told by two sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Twin {
    /// It is the other order's sale: it stays worth nothing.
    Same,
    /// It is a sale of its own.
    Different,
}

/// What posting needs besides the order and the account.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The shop's program versions.
    pub programs: &'a Programs,
    /// Which order it is.
    pub order: &'a OrderRef,
    /// The commit's time.
    pub now: Timestamp,
    /// How the fact reached us.
    pub origin: Origin,
    /// Whether the customer has an order of another source that looks like the same sale.
    pub twin: bool,
}

/// Why an order stands at no points, for the owner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Because {
    /// Whatever was paid, it is worth nothing.
    #[error(transparent)]
    Unworthy(#[from] Unworthy),
    /// No money has arrived.
    #[error("nothing has been paid yet")]
    Unpaid,
    /// No program was in force when it was paid.
    #[error("no program was in force when it was paid")]
    NoProgram,
    /// Nobody is known to have bought it.
    #[error("nobody is known to have bought it; it posts when a later message names the customer")]
    Unclaimed,
    /// The buyer isn't a member, or joined too late for it.
    #[error("the buyer wasn't a member in time")]
    NotAMember,
    /// It may be the same sale as an order from another source.
    #[error(
        "it is held: another source told a sale of the same amount within 15 minutes; say \
         whether it is the same"
    )]
    Held,
    /// A person said that it is the same sale as another order.
    #[error("it is the same sale as an order from another source")]
    SameSale,
    /// It is history from before the program, brought in for its facts.
    #[error("it is from before the program: it counts for rhythm and tier, and earns no points")]
    FactsOnly,
    /// A number left the range of 64 bits.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// What an order stands at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What it is worth, where that can be told.
    pub worth: Option<Worth>,
    /// What should be posted.
    pub target: Points,
    /// Why that is nothing, where a reason is known.
    pub because: Option<Because>,
}

impl Record {
    /// Points posted so far.
    pub fn posted(&self) -> Points {
        self.counted.map_or(Points::ZERO, |counted| counted.points)
    }

    /// Whether it only mirrors a sale made elsewhere, by the program it is counted by. The
    /// program has judged it then: it is nobody's twin, and holds no other order back.
    pub fn is_mirror(&self, programs: &Programs) -> bool {
        let version = self.snapshot.as_ref().map(|snapshot| snapshot.program);
        let version = version.and_then(|version| programs.version(version));
        let channel = self.state.sale.as_ref().and_then(|sale| sale.value.channel.as_ref());
        version
            .zip(channel)
            .is_some_and(|(version, channel)| version.program.base.ignore.contains(channel))
    }

    /// Sets what the snapshot says of the customer's other orders, as long as it isn't
    /// counted yet.
    fn meet(&mut self, context: &Context<'_>, account: &Account) {
        let (Some(snapshot), Some(sale)) = (&mut self.snapshot, &self.state.sale) else { return };
        let source = context.order.source;
        snapshot.again = account.knows_visit(source, &sale.value);
        // Judged to be the same sale, it is so wherever it moves, until a person says otherwise.
        snapshot.held = self.judged == Some(Twin::Same)
            || context.twin
            || account.has_twin(source, &sale.value, snapshot.paid_at);
    }

    /// Whether it waits for a person to say whether it is the same sale as another.
    pub fn waits(&self) -> bool {
        let held = self.snapshot.as_ref().is_some_and(|snapshot| snapshot.held);
        held && self.counted.is_some() && self.judged.is_none()
    }

    /// Takes the snapshot, once, when money is first known under a program in force.
    pub fn take_snapshot(&mut self, programs: &Programs) {
        if self.snapshot.is_none() {
            self.snapshot = self.snapshot_by(|paid_at| programs.in_force(paid_at));
        }
    }

    /// Takes the snapshot of a sale from a source's history, once: where no program was in
    /// force yet, by the first. Unless it `earns`, it counts for her facts alone.
    pub fn take_history(&mut self, programs: &Programs, earns: bool) {
        if self.snapshot.is_none() {
            let taken = self.snapshot_by(|paid_at| programs.current(paid_at));
            self.snapshot = taken.map(|taken| Snapshot { facts_only: !earns, ..taken });
        }
    }

    fn snapshot_by<'p>(
        &self,
        version: impl FnOnce(Timestamp) -> Option<&'p ProgramVersion>,
    ) -> Option<Snapshot> {
        let paid_at = self.state.paid_at()?;
        let version = version(paid_at)?;
        let money = worth::received(&self.state, version.program.shop.currency).ok()?;
        (money.received > 0).then(|| Snapshot::taken(version, paid_at))
    }

    /// What the order is worth and should have posted, for the account it is bound to.
    pub fn standing(&self, programs: &Programs, account: Option<&Account>) -> Standing {
        match self.worth(programs) {
            Ok((worth, program)) => {
                let because = match (&self.customer, account) {
                    (Some(_), Some(account)) => {
                        // What was counted once stays countable: leaving isn't a claw-back.
                        let may = self.counted.is_some() || self.may_post(program, account);
                        let refused = (!may).then_some(Because::NotAMember);
                        refused.or_else(|| self.doubted()).or_else(|| self.facts_only())
                    }
                    _ => Some(Because::Unclaimed),
                };
                let target = if because.is_none() { worth.points } else { Points::ZERO };
                Standing { worth: Some(worth), target, because }
            }
            Err(because) => Standing { worth: None, target: Points::ZERO, because: Some(because) },
        }
    }

    /// Whether it is worth nothing because another order is or may be the same sale.
    fn doubted(&self) -> Option<Because> {
        let held = self.snapshot.as_ref().is_some_and(|snapshot| snapshot.held);
        match self.judged {
            Some(Twin::Same) => Some(Because::SameSale),
            None if held => Some(Because::Held),
            Some(Twin::Different) | None => None,
        }
    }

    /// Whether it is history that earns nothing.
    fn facts_only(&self) -> Option<Because> {
        let snapshot = self.snapshot.as_ref()?;
        snapshot.facts_only.then_some(Because::FactsOnly)
    }

    fn may_post(&self, program: &Program, account: &Account) -> bool {
        match (program.membership, &self.snapshot) {
            (Membership::Automatic, _) => account.is_member(),
            (Membership::Join, Some(snapshot)) => {
                account.may_claim(snapshot.paid_at, program.claim_days)
            }
            (Membership::Join, None) => false,
        }
    }

    fn worth<'p>(&self, programs: &'p Programs) -> Result<(Worth, &'p Program), Because> {
        let Some(snapshot) = &self.snapshot else { return Err(self.why_no_snapshot(programs)) };
        let version = programs.version(snapshot.program).ok_or(Because::NoProgram)?;
        match worth::worth(&self.state, snapshot, &version.program) {
            Ok(worth) => Ok((worth, &version.program)),
            Err(WorthError::Unworthy(reason)) => Err(reason.into()),
            Err(WorthError::Overflow(reason)) => Err(reason.into()),
        }
    }

    fn why_no_snapshot(&self, programs: &Programs) -> Because {
        let Some(latest) = programs.latest() else { return Because::NoProgram };
        match worth::received(&self.state, latest.program.shop.currency) {
            Err(WorthError::Unworthy(reason)) => reason.into(),
            Err(WorthError::Overflow(reason)) => reason.into(),
            Ok(money) if money.received > 0 => Because::NoProgram,
            Ok(_) => Because::Unpaid,
        }
    }
}

/// Brings the account to what the order is worth now. `before` is the order's state at
/// the last posting; it only serves to say what happened. Returns the entries written,
/// oldest first. The account's version rises with every entry, and at least by one if
/// anything of it changed.
pub fn post(
    context: &Context<'_>,
    before: &Order,
    record: &mut Record,
    account: &mut Account,
) -> Result<Vec<Entry>, Overflow> {
    versioned(account, |account| bring_up(context, before, record, account))
}

/// Makes a member of a person who just became known, where the program takes everybody.
pub fn welcome(programs: &Programs, account: &mut Account, now: Timestamp) {
    let Some(current) = programs.current(now) else { return };
    if current.program.membership == Membership::Automatic {
        account.join(now);
    }
    account.start_tier(&current.program, current.program.local_day(now));
}

/// Runs a change of an account and raises its version if it changed without an entry.
fn versioned(
    account: &mut Account,
    change: impl FnOnce(&mut Account) -> Result<Vec<Entry>, Overflow>,
) -> Result<Vec<Entry>, Overflow> {
    let was = account.clone();
    let entries = change(account)?;
    if entries.is_empty() && *account != was {
        account.version = account.version.checked_add(1).ok_or(Overflow)?;
    }
    Ok(entries)
}

fn bring_up(
    context: &Context<'_>,
    before: &Order,
    record: &mut Record,
    account: &mut Account,
) -> Result<Vec<Entry>, Overflow> {
    welcome(context.programs, account, context.now);
    record.take_snapshot(context.programs);
    let is_mirror = record.is_mirror(context.programs);
    if record.counted.is_none() && !is_mirror {
        record.meet(context, account);
    }
    let Some(snapshot) = &mut record.snapshot else { return Ok(Vec::new()) };
    let Some(version) = context.programs.version(snapshot.program) else { return Ok(Vec::new()) };
    let program = &version.program;
    let today = program.local_day(context.now);
    if snapshot.tier.is_none() {
        snapshot.tier = account.tier.as_ref().map(|tier| tier.id.clone());
    }
    let snapshot = snapshot.clone();

    let standing = record.standing(context.programs, Some(account));
    match standing.because {
        Some(Because::NotAMember | Because::Unclaimed) => return Ok(Vec::new()),
        Some(Because::Overflow(overflow)) => return Err(overflow),
        _ => {}
    }
    // What is, or may be, another order's sale adds nothing to what she spent either.
    let counts = !matches!(standing.because, Some(Because::Held | Because::SameSale));
    let counted = Counted {
        day: program.local_day(snapshot.paid_at),
        kept: standing.worth.as_ref().filter(|_| counts).map_or(0, |worth| worth.kept),
        points: standing.target,
        again: snapshot.again,
    };
    if record.counted.as_ref() == Some(&counted) {
        return Ok(Vec::new());
    }
    let what = match context.origin {
        Origin::Correct => Change::Corrected,
        _ => change(before, &record.state, record.counted.is_none()),
    };
    let delta = standing.target.minus(record.posted())?;
    if let (None, Some(sale), false) = (&record.counted, &record.state.sale, is_mirror) {
        account.remember(context.order.source, &sale.value, snapshot.paid_at);
    }
    account.facts.replace(record.counted.as_ref(), &counted, Month::of(today))?;
    if record.counted.is_some_and(|before| before.is_more_than(&counted)) {
        account.lost_value(program, context.order, today)?;
    }
    let kept_before = record.counted.map_or(0, |before| before.kept);
    if counted.kept <= 0 {
        account.letters.never_ask_about(context.order);
    } else if kept_before <= 0 && context.origin == Origin::Live {
        account.letters.ask_about(context.order, counted.day, today, program);
    }
    record.counted = Some(counted);

    let mut entries = move_points(context, account, &snapshot, delta, what)?;
    if let Some(entry) = entries.last_mut() {
        entry.receipt = standing.worth.map(|worth| worth.receipt);
    }
    promote(context, account, program, snapshot.paid_at, what, &mut entries)?;
    Ok(entries)
}

/// Takes an order off an account it turned out not to belong to. `others` are what the
/// account's other orders count for: its facts are their fold.
pub fn release<'a>(
    context: &Context<'_>,
    record: &mut Record,
    account: &mut Account,
    others: impl IntoIterator<Item = &'a Counted>,
) -> Result<Vec<Entry>, Overflow> {
    // That it is a sale of its own was said of this account's other orders alone.
    record.judged = record.judged.filter(|judged| *judged == Twin::Same);
    let (Some(snapshot), Some(counted)) = (&record.snapshot, record.counted.take()) else {
        return Ok(Vec::new());
    };
    let Some(version) = context.programs.version(snapshot.program) else { return Ok(Vec::new()) };
    let today = version.program.local_day(context.now);
    let facts = Facts::of(others, Month::of(today))?;
    let delta = counted.points.negated()?;
    versioned(account, |account| {
        account.facts = facts;
        account.lost_value(&version.program, context.order, today)?;
        if let Some(sale) = &record.state.sale {
            account.forget_visit(context.order.source, &sale.value, snapshot.paid_at);
        }
        account.letters.never_ask_about(context.order);
        move_points(context, account, snapshot, delta, Change::Released)
    })
}

/// Passes an order on between two customers whose account is one. No points move, but the
/// ledger tells both sides: if the two are taken apart again, it goes by that. Gives the
/// entry of the former customer and of the present one.
pub fn pass_on(
    context: &Context<'_>,
    record: &Record,
    account: &mut Account,
) -> Result<Option<[Entry; 2]>, Overflow> {
    let (Some(snapshot), Some(counted)) = (&record.snapshot, &record.counted) else {
        return Ok(None);
    };
    let delta = counted.points;
    if delta.is_zero() {
        // Whose facts it belongs to has changed even so: who reads that sees a new version.
        account.version = account.version.checked_add(1).ok_or(Overflow)?;
        return Ok(None);
    }
    let balance = account.wallet.balance()?;
    let mut entry = |delta, balance, what| {
        let cause = Cause::Order { order: context.order.clone(), what };
        enter(context, account, snapshot.paid_at, (delta, balance), cause)
    };
    let released = entry(delta.negated()?, balance.minus(delta)?, Change::Released)?;
    Ok(Some([released, entry(delta, balance, Change::Claimed)?]))
}

/// Moves points, and enters it: nothing where nothing moved, two entries where a
/// claw-back met points that had expired.
fn move_points(
    context: &Context<'_>,
    account: &mut Account,
    snapshot: &Snapshot,
    delta: Points,
    what: Change,
) -> Result<Vec<Entry>, Overflow> {
    let place = Place { lot: LotKey::from(snapshot.lot), matures: snapshot.matures };
    let mut reversed = Points::ZERO;
    if delta > Points::ZERO {
        account.wallet.credit(place, delta)?;
    } else if delta < Points::ZERO {
        reversed = account.wallet.claw_back(place, delta.negated()?)?.expiry_reversed;
    }
    let balance = account.wallet.balance()?;
    let order = context.order;
    let mut entries = Vec::new();
    if !reversed.is_zero() {
        let cause = Cause::ExpiryReversed { order: order.clone() };
        let moved = (reversed, balance.minus(delta)?);
        entries.push(enter(context, account, snapshot.paid_at, moved, cause)?);
    }
    if !delta.is_zero() {
        let cause = Cause::Order { order: order.clone(), what };
        entries.push(enter(context, account, snapshot.paid_at, (delta, balance), cause)?);
    }
    Ok(entries)
}

/// One entry of `(delta, balance after)`; it makes the account's next version.
fn enter(
    context: &Context<'_>,
    account: &mut Account,
    fact_at: Timestamp,
    (delta, balance_after): (Points, Points),
    cause: Cause,
) -> Result<Entry, Overflow> {
    account.version = account.version.checked_add(1).ok_or(Overflow)?;
    Ok(Entry {
        number: account.version,
        at: context.now,
        fact_at: Some(fact_at),
        delta,
        cause,
        receipt: None,
        balance_after,
        promotion: None,
        origin: context.origin,
        of: None,
    })
}

/// Promotes, and tells it on the order's entry, or on one of its own where the order
/// brought no points.
fn promote(
    context: &Context<'_>,
    account: &mut Account,
    program: &Program,
    paid_at: Timestamp,
    what: Change,
    entries: &mut Vec<Entry>,
) -> Result<(), Overflow> {
    let today = program.local_day(context.now);
    let Some(promotion) = account.promote(program, today, Some(context.order))? else {
        return Ok(());
    };
    if entries.is_empty() {
        let cause = Cause::Order { order: context.order.clone(), what };
        let balance = account.wallet.balance()?;
        entries.push(enter(context, account, paid_at, (Points::ZERO, balance), cause)?);
    }
    if let Some(entry) = entries.last_mut() {
        entry.promotion = Some(promotion);
    }
    Ok(())
}

/// What happened to an order between two states of it.
fn change(before: &Order, after: &Order, first: bool) -> Change {
    let called_off = |order: &Order| order.cancelled || order.voided;
    if called_off(after) && !called_off(before) {
        return Change::Cancelled;
    }
    if first {
        let was_known = before.first_paid.is_some();
        return if was_known { Change::Claimed } else { Change::Paid };
    }
    if before == after {
        return Change::Judged;
    }
    let refunds = |order: &Order| {
        let moved = order.refunds.values().filter(|refund| refund.moved_money()).count();
        (moved, order.sale.as_ref().map_or(0, |sale| sale.value.refunded))
    };
    if refunds(after) == refunds(before) { Change::Edited } else { Change::Refunded }
}

#[cfg(test)]
mod tests;
