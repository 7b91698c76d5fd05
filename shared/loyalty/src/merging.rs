//! Merging people is an alias: one account takes in the other's points and facts and
//! stands for it from then on. Identities and orders stay where they are and are resolved
//! through it, so that undoing it needs nobody to remember whose was what.

use jiff::Timestamp;

use crate::account::{Account, Facts, Merged, Place, Wallet};
use crate::ids::CustomerId;
use crate::ledger::{Cause, Entry, Origin};
use crate::money::{Overflow, Points};
use crate::month::Month;
use crate::program::Programs;

/// An account and whose it is.
#[derive(Debug)]
pub struct Party<'a> {
    /// Whose.
    pub id: &'a CustomerId,
    /// What she has.
    pub account: &'a mut Account,
}

/// What merging needs besides the two accounts.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// The shop's program versions.
    pub programs: &'a Programs,
    /// The commit's time.
    pub now: Timestamp,
    /// How it came about: `merge`, or `adjust` by a person's hand.
    pub origin: Origin,
}

/// Merges `gone` into `kept`, and gives the entry of each, `kept`'s first. She has the
/// higher tier of the two, or the one that both together qualify for.
pub fn merge(
    occasion: &Occasion<'_>,
    kept: &mut Party<'_>,
    gone: &mut Party<'_>,
) -> Result<[Entry; 2], Overflow> {
    let current = occasion.programs.current(occasion.now).map(|version| &version.program);
    let today = occasion.programs.today(occasion.now);
    let (account, other) = (&mut *kept.account, &mut *gone.account);

    let wallet = std::mem::take(&mut other.wallet);
    let moved = wallet.balance()?;
    let before = account.wallet.balance()?;
    let debt = account.wallet.debt();
    account.wallet.absorb(wallet.clone())?;
    let lent = debt.minus(account.wallet.debt())?.max(Points::ZERO);
    account.facts = account.facts.plus(&other.facts, Month::of(today))?;
    account.member_since = match (account.member_since, other.member_since) {
        (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
        (ours, theirs) => ours.or(theirs),
    };
    account.paused |= other.paused;
    // What was put off for one of them isn't taken earlier from both.
    if account.put_off.expiry < other.put_off.expiry {
        account.put_off = std::mem::take(&mut other.put_off);
    }
    account.sent.merge(&other.sent);
    account.letters.merge(&other.letters);
    account.held_until = account.held_until.max(other.held_until);
    for (source, latest) in &other.latest {
        let known = account.latest.entry(*source).or_insert(*latest);
        if known.paid_at < latest.paid_at {
            *known = *latest;
        }
    }
    account.stands_for.push(gone.id.clone());
    let mut promotion = None;
    if let Some(program) = current {
        let rank =
            |account: &Account| account.tier.as_ref().and_then(|tier| program.rank(&tier.id));
        if rank(account) < rank(other) {
            account.tier.clone_from(&other.tier);
        }
        promotion = account.promote(program, today, None)?;
    }

    let balance = account.wallet.balance()?;
    let cause = Cause::MergedFrom { customer: gone.id.clone() };
    let mut taken_in = enter(occasion, account, balance.minus(before)?, balance, cause)?;
    taken_in.promotion = promotion;
    let (into, at, entry) = (kept.id.clone(), occasion.now, taken_in.number);
    let cause = Cause::MergedInto { customer: into.clone() };
    let handed_over = enter(occasion, other, moved.negated()?, Points::ZERO, cause)?;
    other.merged = Some(Box::new(Merged { into, at, entry, wallet, lent }));
    Ok([taken_in, handed_over])
}

/// What happened to a merged account's orders since.
#[derive(Debug, Clone, Default)]
pub struct Since {
    /// What they brought and took, in the order of the ledger, each where it belongs.
    pub moved: Vec<(Place, Points)>,
    /// What all its orders add up to.
    pub facts: Facts,
    /// What the orders of the account that stood for it add up to without them.
    pub rest: Facts,
}

/// Undoes a merge: `gone` has again what it had, with what its own orders brought since,
/// as far as that wasn't spent. Gives the entry of each, `kept`'s first. A tier is never
/// taken away: the reviews see to that.
pub fn undo(
    occasion: &Occasion<'_>,
    kept: &mut Party<'_>,
    gone: &mut Party<'_>,
    since: Since,
) -> Result<Option<[Entry; 2]>, Overflow> {
    let Some(merged) = gone.account.merged.take() else { return Ok(None) };
    let own = replay(merged.wallet, &since.moved)?;
    let (account, other) = (&mut *kept.account, &mut *gone.account);
    let before = account.wallet.balance()?;
    other.wallet = account.wallet.split_off(own, merged.lent)?;
    account.stands_for.retain(|id| id != gone.id);
    // Mail that went to the two as one went to each of them.
    other.sent.merge(&account.sent);
    other.letters.merge(&account.letters);
    // Whose order it is isn't known here: whoever stays is asked, if it is still hers then.
    other.letters.ask = None;
    // Nor is whose score was low: both wait.
    other.held_until = other.held_until.max(account.held_until);
    account.facts = since.rest;
    other.facts = since.facts;
    let mut promotion = None;
    if let Some(version) = occasion.programs.current(occasion.now) {
        let today = occasion.programs.today(occasion.now);
        promotion = other.promote(&version.program, today, None)?;
    }
    let balance = account.wallet.balance()?;
    let cause = Cause::SplitOff { customer: gone.id.clone() };
    let gave = enter(occasion, account, balance.minus(before)?, balance, cause)?;
    let balance = other.wallet.balance()?;
    let cause = Cause::SplitFrom { customer: kept.id.clone() };
    let mut got = enter(occasion, other, balance, balance, cause)?;
    got.promotion = promotion;
    Ok(Some([gave, got]))
}

/// What a wallet would be, had these happened to it alone.
fn replay(mut wallet: Wallet, moved: &[(Place, Points)]) -> Result<Wallet, Overflow> {
    for (place, delta) in moved {
        if *delta > Points::ZERO {
            wallet.credit(*place, *delta)?;
        } else {
            wallet.claw_back(*place, delta.negated()?)?;
        }
    }
    Ok(wallet)
}

fn enter(
    occasion: &Occasion<'_>,
    account: &mut Account,
    delta: Points,
    balance_after: Points,
    cause: Cause,
) -> Result<Entry, Overflow> {
    account.version = account.version.checked_add(1).ok_or(Overflow)?;
    Ok(Entry {
        number: account.version,
        at: occasion.now,
        fact_at: None,
        delta,
        cause,
        receipt: None,
        balance_after,
        promotion: None,
        origin: occasion.origin,
        of: None,
    })
}

#[cfg(test)]
mod tests;
