//! Correcting a past order: it is counted by another program version from then on.

use thiserror::Error;

use super::{Context, Record, post};
use crate::account::Account;
use crate::ledger::Entry;
use crate::money::{Overflow, Points};

/// What a correction came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corrected {
    /// The version the order was counted by.
    pub from: u32,
    /// Points it brought or took.
    pub delta: Points,
    /// Entries, oldest first.
    pub entries: Vec<Entry>,
}

/// Why an order can't be corrected. Its numbers are points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotCorrected {
    /// Nothing has been counted yet.
    #[error("this order isn't counted for anybody yet: there is nothing to correct")]
    NotCounted,
    /// There is no such version.
    #[error("there is no program version {0}: name one that was saved")]
    NoVersion(u32),
    /// She would lose points.
    #[error(
        "under that version this order is worth {} points less: if that is meant, insist and say \
         why", .0.0.saturating_neg()
    )]
    Downward(Points),
    /// She would owe points.
    #[error(
        "this would take her balance to {0} points: a correction never takes a balance below 0"
    )]
    BelowZero(Points),
    /// A number left the range of 64 bits.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// Counts an order by another version and posts the difference. Only the rules change: the
/// order stays paid when it was, under the tier she had, and its points stay in their lot.
/// Downward only if `insists`, and never into debt. Where it fails, record and account are
/// to be thrown away.
pub fn correct(
    context: &Context<'_>,
    record: &mut Record,
    account: &mut Account,
    version: u32,
    insists: bool,
) -> Result<Corrected, NotCorrected> {
    let (Some(snapshot), Some(_)) = (&mut record.snapshot, &record.counted) else {
        return Err(NotCorrected::NotCounted);
    };
    if context.programs.version(version).is_none() {
        return Err(NotCorrected::NoVersion(version));
    }
    let from = std::mem::replace(&mut snapshot.program, version);
    let posted = record.posted();
    let before = record.state.clone();
    let entries = post(context, &before, record, account)?;
    let delta = record.posted().minus(posted)?;
    if delta < Points::ZERO && !insists {
        return Err(NotCorrected::Downward(delta));
    }
    let available = account.wallet.available()?;
    if delta < Points::ZERO && available < Points::ZERO {
        return Err(NotCorrected::BelowZero(available));
    }
    Ok(Corrected { from, delta, entries })
}
