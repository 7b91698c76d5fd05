//! What a customer's orders add up to, incrementally and as a fold: always the same.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::money::{Overflow, Points};
use crate::month::Month;
use crate::program::Qualify;

/// Months of spend kept, the current one included: two windows of the rules and one.
const MONTHS_KEPT: i32 = 25;

/// Purchase days remembered for the rhythm: eight gaps say as much as more would.
const DAYS_KEPT: usize = 9;

/// Sums over orders. Stored as a list of three numbers: there are 25 of them in an
/// account, and names would cost more than the numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(i64, Points, i64)", into = "(i64, Points, i64)")]
pub struct Bucket {
    /// Money kept, minor units.
    pub spend: i64,
    /// Points posted.
    pub points: Points,
    /// Orders of which something is kept.
    pub orders: i64,
}

impl From<(i64, Points, i64)> for Bucket {
    fn from((spend, points, orders): (i64, Points, i64)) -> Self {
        Self { spend, points, orders }
    }
}

impl From<Bucket> for (i64, Points, i64) {
    fn from(bucket: Bucket) -> Self {
        (bucket.spend, bucket.points, bucket.orders)
    }
}

impl Bucket {
    /// What of it a tier is measured by.
    pub fn measured(&self, by: Qualify) -> i64 {
        match by {
            Qualify::Spend => self.spend,
            Qualify::Points => self.points.0,
            Qualify::Orders => self.orders,
        }
    }

    fn plus(self, other: Self) -> Result<Self, Overflow> {
        Ok(Self {
            spend: self.spend.checked_add(other.spend).ok_or(Overflow)?,
            points: self.points.plus(other.points)?,
            orders: self.orders.checked_add(other.orders).ok_or(Overflow)?,
        })
    }

    fn minus(self, other: Self) -> Result<Self, Overflow> {
        Ok(Self {
            spend: self.spend.checked_sub(other.spend).ok_or(Overflow)?,
            points: self.points.minus(other.points)?,
            orders: self.orders.checked_sub(other.orders).ok_or(Overflow)?,
        })
    }
}

/// What one order counts for: its part in the facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// The local day it was paid; fixed by the order's snapshot.
    #[serde(rename = "d")]
    pub day: Date,
    /// Money kept, minor units.
    #[serde(rename = "k")]
    pub kept: i64,
    /// Points posted.
    #[serde(rename = "p")]
    pub points: Points,
    /// Whether another payment of the same visit counts as the order already.
    #[serde(rename = "a", default, skip_serializing_if = "crate::order::is_false")]
    pub again: bool,
}

impl Counted {
    /// Whether it counts for more than `other` in any way a tier can be measured by.
    pub fn is_more_than(&self, other: &Self) -> bool {
        let (this, other) = (self.bucket(), other.bucket());
        this.spend > other.spend || this.points > other.points || this.orders > other.orders
    }

    fn bucket(&self) -> Bucket {
        let orders = i64::from(self.kept > 0 && !self.again);
        Bucket { spend: self.kept, points: self.points, orders }
    }
}

/// What a customer's orders add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// By local month of payment, the last 25.
    #[serde(rename = "m", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub months: BTreeMap<Month, Bucket>,
    /// Ever.
    #[serde(rename = "e", default)]
    pub ever: Bucket,
    /// The first local day she paid; a refund doesn't undo the visit.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Date>,
    /// The latest days she paid, ascending, at most nine.
    #[serde(rename = "d", default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Date>,
}

impl Facts {
    /// The facts of these orders in the local month `current`.
    pub fn of<'a>(
        orders: impl IntoIterator<Item = &'a Counted>,
        current: Month,
    ) -> Result<Self, Overflow> {
        let mut facts = Self::default();
        for order in orders {
            facts.replace(None, order, current)?;
        }
        Ok(facts)
    }

    /// Takes an order in, or its new state for the one counted before.
    pub fn replace(
        &mut self,
        before: Option<&Counted>,
        after: &Counted,
        current: Month,
    ) -> Result<(), Overflow> {
        let old = before.map(Counted::bucket).unwrap_or_default();
        let change = after.bucket().minus(old)?;
        self.ever = self.ever.plus(change)?;
        let bucket = self.months.entry(Month::of(after.day)).or_default();
        *bucket = bucket.plus(change)?;
        self.forget_old(current);
        if before.is_none() {
            self.visited(after.day);
        }
        Ok(())
    }

    /// The facts of both sets of orders together.
    pub fn plus(&self, other: &Self, current: Month) -> Result<Self, Overflow> {
        let mut sum = self.clone();
        sum.ever = sum.ever.plus(other.ever)?;
        for (month, bucket) in &other.months {
            let into = sum.months.entry(*month).or_default();
            *into = into.plus(*bucket)?;
        }
        sum.forget_old(current);
        for day in other.first.iter().chain(&other.days) {
            sum.visited(*day);
        }
        Ok(sum)
    }

    /// The last local day she paid.
    pub fn last(&self) -> Option<Date> {
        self.days.last().copied()
    }

    /// Sums from `first` on.
    pub fn since(&self, first: Month) -> Result<Bucket, Overflow> {
        self.months.range(first..).try_fold(Bucket::default(), |sum, (_, month)| sum.plus(*month))
    }

    fn forget_old(&mut self, current: Month) {
        let oldest = current.plus(1_i32.saturating_sub(MONTHS_KEPT));
        self.months.retain(|month, bucket| *month >= oldest && *bucket != Bucket::default());
    }

    fn visited(&mut self, day: Date) {
        self.first = Some(self.first.map_or(day, |first| first.min(day)));
        if let Err(at) = self.days.binary_search(&day) {
            self.days.insert(at, day);
        }
        if self.days.len() > DAYS_KEPT {
            self.days.remove(0);
        }
    }
}
