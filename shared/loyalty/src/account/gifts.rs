//! Gifts: points the program promises for a day, whatever mail somebody gets.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Account, Place};
use crate::ledger::{Cause, Entry, Occasion, Origin};
use crate::money::Overflow;
use crate::program::Program;
use crate::{Points, account::LotKey};

impl Account {
    /// Gives her points for an occasion on the local day `day`, as the ledger's next entry.
    /// They live as long as points earned that day, and can be spent at once.
    pub fn give(
        &mut self,
        occasion: Occasion,
        points: Points,
        program: &Program,
        (day, now): (Date, Timestamp),
        origin: Origin,
    ) -> Result<Entry, Overflow> {
        let lot = LotKey::from(program.lot_of(day));
        self.wallet.credit(Place { lot, matures: None }, points)?;
        self.version = self.version.checked_add(1).ok_or(Overflow)?;
        Ok(Entry {
            number: self.version,
            at: now,
            fact_at: None,
            delta: points,
            cause: Cause::Gift { occasion },
            receipt: None,
            balance_after: self.wallet.balance()?,
            promotion: None,
            origin,
            of: None,
        })
    }
}
