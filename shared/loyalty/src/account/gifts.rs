//! Gifts: points the program promises for a day, whatever mail somebody gets, and those that
//! the owner gives with her own hand.

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
        when: (Date, Timestamp),
        origin: Origin,
    ) -> Result<Entry, Overflow> {
        self.gift(Cause::Gift { occasion }, points, program, when, origin)
    }

    /// Gives her points for a low score, with the owner's own sentence, as [`Self::give`] does.
    pub fn goodwill(
        &mut self,
        follow_up: &str,
        (points, words): (Points, &str),
        program: &Program,
        when: (Date, Timestamp),
    ) -> Result<Entry, Overflow> {
        let cause = Cause::Goodwill { follow_up: follow_up.to_owned(), words: words.to_owned() };
        self.gift(cause, points, program, when, Origin::Adjust)
    }

    fn gift(
        &mut self,
        cause: Cause,
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
            cause,
            receipt: None,
            balance_after: self.wallet.balance()?,
            promotion: None,
            origin,
            of: None,
        })
    }
}
