//! Points in lots, and what is owed.
//!
//! `available = Σ lots − debt` holds after every operation by construction: debt only
//! exists while no lot has points, and new points pay it first.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::money::{Overflow, Points};
use crate::month::{Month, MonthError};

/// When a lot expires. Sorts soonest first; what never expires comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum LotKey {
    /// At the end of this month.
    Month(Month),
    /// Not by age.
    Never,
}

impl From<Option<Month>> for LotKey {
    fn from(month: Option<Month>) -> Self {
        month.map_or(Self::Never, Self::Month)
    }
}

impl fmt::Display for LotKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month(month) => month.fmt(f),
            Self::Never => f.write_str("never"),
        }
    }
}

impl From<LotKey> for String {
    fn from(key: LotKey) -> Self {
        key.to_string()
    }
}

impl TryFrom<String> for LotKey {
    type Error = MonthError;

    fn try_from(text: String) -> Result<Self, MonthError> {
        if text == "never" { Ok(Self::Never) } else { text.parse().map(Self::Month) }
    }
}

/// Points that expire together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// Still there.
    #[serde(rename = "p", default, skip_serializing_if = "Points::is_zero")]
    pub points: Points,
    /// Expired from it and not given back.
    #[serde(rename = "x", default, skip_serializing_if = "Points::is_zero")]
    pub expired: Points,
}

/// Points not yet available: those that mature on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Pending {
    #[serde(rename = "d")]
    day: Date,
    #[serde(rename = "l")]
    lot: LotKey,
    #[serde(rename = "p")]
    points: Points,
}

/// Where an order's points go and are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Their lot.
    pub lot: LotKey,
    /// The local day they mature; `None`: available at once.
    pub matures: Option<Date>,
}

/// What a claw-back met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClawBack {
    /// Points of the order's lot that had expired and were given back to be taken.
    pub expiry_reversed: Points,
}

/// A customer's points.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallet {
    #[serde(rename = "l", default, skip_serializing_if = "BTreeMap::is_empty")]
    lots: BTreeMap<LotKey, Lot>,
    #[serde(rename = "p", default, skip_serializing_if = "Vec::is_empty")]
    pending: Vec<Pending>,
    #[serde(rename = "d", default, skip_serializing_if = "Points::is_zero")]
    debt: Points,
    #[serde(rename = "e", default, skip_serializing_if = "Points::is_zero")]
    earned: Points,
    #[serde(rename = "r", default, skip_serializing_if = "Points::is_zero")]
    redeemed: Points,
    #[serde(rename = "x", default, skip_serializing_if = "Points::is_zero")]
    expired: Points,
    /// Pending points that mature up to this day are in their lots.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    matured: Option<Date>,
}

impl Wallet {
    /// Points that can be spent; below 0 while a debt is open.
    pub fn available(&self) -> Result<Points, Overflow> {
        self.lots.values().try_fold(Points::ZERO, |sum, lot| sum.plus(lot.points))?.minus(self.debt)
    }

    /// Points that aren't available yet.
    pub fn pending(&self) -> Result<Points, Overflow> {
        self.pending.iter().try_fold(Points::ZERO, |sum, part| sum.plus(part.points))
    }

    /// Available and pending together: the sum of the ledger.
    pub fn balance(&self) -> Result<Points, Overflow> {
        self.available()?.plus(self.pending()?)
    }

    /// What is owed after a claw-back of points already spent.
    pub fn debt(&self) -> Points {
        self.debt
    }

    /// Points earned in all, less those clawed back.
    pub fn earned(&self) -> Points {
        self.earned
    }

    /// Points spent in all.
    pub fn redeemed(&self) -> Points {
        self.redeemed
    }

    /// Points expired in all, less those given back.
    pub fn expired(&self) -> Points {
        self.expired
    }

    /// Lots, soonest first.
    pub fn lots(&self) -> impl Iterator<Item = (LotKey, Lot)> + '_ {
        self.lots.iter().map(|(key, lot)| (*key, *lot))
    }

    /// The first day pending points mature.
    pub fn next_maturity(&self) -> Option<Date> {
        self.pending.iter().map(|part| part.day).min()
    }

    /// The first month at whose end points expire.
    pub fn next_expiry(&self) -> Option<Month> {
        self.lots.iter().find_map(|(key, lot)| match key {
            LotKey::Month(month) if !lot.points.is_zero() => Some(*month),
            _ => None,
        })
    }

    /// Adds points earned: they wait where they don't mature yet; else they pay the debt
    /// first, and the rest goes to their lot.
    pub fn credit(&mut self, place: Place, points: Points) -> Result<(), Overflow> {
        self.earned = self.earned.plus(points)?;
        match self.waits(place) {
            Some(day) => self.add_pending(day, place.lot, points),
            None => self.add(place.lot, points),
        }
    }

    /// Takes points of an order back: those still pending, then the order's own lot, then
    /// what of that lot had expired (given back to be taken), then other lots soonest
    /// first, then debt.
    pub fn claw_back(&mut self, place: Place, points: Points) -> Result<ClawBack, Overflow> {
        self.earned = self.earned.minus(points)?;
        let mut left = match self.waits(place) {
            Some(day) => self.take_pending(day, place.lot, points)?,
            None => points,
        };
        left = self.take(place.lot, left)?;
        let reversed = self.take_expired(place.lot, left)?;
        left = self.take_soonest(left.minus(reversed)?)?;
        self.debt = self.debt.plus(left)?;
        self.drop_empty();
        Ok(ClawBack { expiry_reversed: reversed })
    }

    /// Spends points, soonest-expiring lot first. `Ok(None)`, and nothing changes, where
    /// there are too few: a debt blocks spending.
    pub fn spend(&mut self, points: Points) -> Result<Option<Vec<(LotKey, Points)>>, Overflow> {
        if points <= Points::ZERO || self.available()? < points {
            return Ok(None);
        }
        let mut left = points;
        let mut taken = Vec::new();
        for (key, lot) in &mut self.lots {
            let part = lot.points.min(left);
            if part > Points::ZERO {
                lot.points = lot.points.minus(part)?;
                left = left.minus(part)?;
                taken.push((*key, part));
            }
        }
        self.redeemed = self.redeemed.plus(points)?;
        self.drop_empty();
        Ok(Some(taken))
    }

    /// Lets a lot expire, and says how many points went.
    pub fn expire(&mut self, lot: LotKey) -> Result<Points, Overflow> {
        let Some(lot) = self.lots.get_mut(&lot) else {
            return Ok(Points::ZERO);
        };
        let gone = lot.points;
        *lot = Lot { points: Points::ZERO, expired: lot.expired.plus(gone)? };
        self.expired = self.expired.plus(gone)?;
        Ok(gone)
    }

    /// Lets a lot's points stay: age takes them no more.
    pub fn stay(&mut self, lot: LotKey) -> Result<(), Overflow> {
        if let Some(lot) = self.lots.get_mut(&lot) {
            let points = std::mem::take(&mut lot.points);
            self.add(LotKey::Never, points)?;
        }
        Ok(())
    }

    /// Takes in all of another wallet: its points pay this one's debt, and the other's debt
    /// takes of these points, so that a debt still stands beside no points.
    pub fn absorb(&mut self, other: Self) -> Result<(), Overflow> {
        for (key, lot) in other.lots {
            let own = self.lots.entry(key).or_default();
            own.expired = own.expired.plus(lot.expired)?;
            self.add(key, lot.points)?;
        }
        for part in other.pending {
            self.add_pending(part.day, part.lot, part.points)?;
        }
        let left = self.take_soonest(other.debt)?;
        self.debt = self.debt.plus(left)?;
        self.earned = self.earned.plus(other.earned)?;
        self.redeemed = self.redeemed.plus(other.redeemed)?;
        self.expired = self.expired.plus(other.expired)?;
        // What one of them knew to be available is available now.
        if let Some(day) = self.matured.max(other.matured) {
            self.mature(day)?;
        }
        self.drop_empty();
        Ok(())
    }

    /// Hands `own` back, a part of these points, as far as it is still there: from its own
    /// lots, then from others soonest first; what was spent is gone. A debt in it is taken
    /// off this wallet again, and a debt of this one that it paid (`lent`) stands again.
    pub fn split_off(&mut self, mut own: Self, lent: Points) -> Result<Self, Overflow> {
        if let Some(day) = self.matured {
            own.mature(day)?;
        }
        let mut short = Points::ZERO;
        for part in &mut own.pending {
            let left = self.take_pending(part.day, part.lot, part.points)?;
            part.points = part.points.minus(left)?;
            short = short.plus(left)?;
        }
        own.pending.retain(|part| !part.points.is_zero());
        for (key, lot) in &mut own.lots {
            let left = self.take(*key, lot.points)?;
            lot.points = lot.points.minus(left)?;
            short = short.plus(left)?;
            if let Some(ours) = self.lots.get_mut(key) {
                lot.expired = lot.expired.min(ours.expired);
                ours.expired = ours.expired.minus(lot.expired)?;
            }
        }
        let keys: Vec<LotKey> = self.lots.keys().copied().collect();
        for key in keys {
            let left = self.take(key, short)?;
            let lot = own.lots.entry(key).or_default();
            lot.points = lot.points.plus(short.minus(left)?)?;
            short = left;
        }
        let owed = short.min(lent);
        let lot = own.lots.entry(LotKey::Never).or_default();
        lot.points = lot.points.plus(owed)?;
        self.debt = self.debt.plus(owed)?;
        self.add(LotKey::Never, own.debt)?;
        self.earned = self.earned.minus(own.earned)?;
        self.redeemed = self.redeemed.minus(own.redeemed)?;
        self.expired = self.expired.minus(own.expired)?;
        self.drop_empty();
        own.drop_empty();
        Ok(own)
    }

    /// Makes available what matures up to and including `day`.
    pub fn mature(&mut self, day: Date) -> Result<Points, Overflow> {
        let (ripe, waiting) = self.pending.iter().partition(|part| part.day <= day);
        self.pending = waiting;
        self.matured = self.matured.max(Some(day));
        let ripe: Vec<Pending> = ripe;
        let mut matured = Points::ZERO;
        for part in ripe {
            self.add(part.lot, part.points)?;
            matured = matured.plus(part.points)?;
        }
        Ok(matured)
    }

    fn waits(&self, place: Place) -> Option<Date> {
        place.matures.filter(|day| self.matured.is_none_or(|matured| matured < *day))
    }

    fn add(&mut self, key: LotKey, points: Points) -> Result<(), Overflow> {
        let paid = self.debt.min(points);
        self.debt = self.debt.minus(paid)?;
        let lot = self.lots.entry(key).or_default();
        lot.points = lot.points.plus(points.minus(paid)?)?;
        self.drop_empty();
        Ok(())
    }

    fn add_pending(&mut self, day: Date, lot: LotKey, points: Points) -> Result<(), Overflow> {
        match self.pending.iter_mut().find(|part| part.day == day && part.lot == lot) {
            Some(part) => part.points = part.points.plus(points)?,
            None => {
                self.pending.push(Pending { day, lot, points });
                self.pending.sort_by_key(|part| (part.day, part.lot));
            }
        }
        Ok(())
    }

    /// Takes from what waits, and says how much is left to take.
    fn take_pending(&mut self, day: Date, lot: LotKey, points: Points) -> Result<Points, Overflow> {
        let found = self.pending.iter_mut().find(|part| part.day == day && part.lot == lot);
        let Some(part) = found else { return Ok(points) };
        let taken = part.points.min(points);
        part.points = part.points.minus(taken)?;
        self.pending.retain(|part| !part.points.is_zero());
        points.minus(taken)
    }

    fn take(&mut self, key: LotKey, points: Points) -> Result<Points, Overflow> {
        let Some(lot) = self.lots.get_mut(&key) else { return Ok(points) };
        let taken = lot.points.min(points);
        lot.points = lot.points.minus(taken)?;
        points.minus(taken)
    }

    fn take_soonest(&mut self, points: Points) -> Result<Points, Overflow> {
        let keys: Vec<LotKey> = self.lots.keys().copied().collect();
        keys.into_iter().try_fold(points, |left, key| self.take(key, left))
    }

    /// Gives expired points back so far as they are needed, and takes them at once.
    fn take_expired(&mut self, key: LotKey, points: Points) -> Result<Points, Overflow> {
        let Some(lot) = self.lots.get_mut(&key) else { return Ok(Points::ZERO) };
        let taken = lot.expired.min(points);
        lot.expired = lot.expired.minus(taken)?;
        self.expired = self.expired.minus(taken)?;
        Ok(taken)
    }

    fn drop_empty(&mut self) {
        self.lots.retain(|_, lot| *lot != Lot::default());
    }
}

#[cfg(test)]
mod tests;
