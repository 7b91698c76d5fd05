//! The opening gift: points for who had bought before there was a program.

use jiff::Timestamp;

use crate::account::Account;
use crate::ledger::{Entry, Occasion, Origin};
use crate::money::{Overflow, Points};
use crate::program::Programs;

/// Gives a member her opening gift, and says how it is entered; `None` where she isn't a
/// member, has no program to be one of, or there is nothing to give. That it is given once is
/// for the caller to see to.
pub fn give(
    programs: &Programs,
    account: &mut Account,
    points: Points,
    now: Timestamp,
) -> Result<Option<Entry>, Overflow> {
    let Some(current) = programs.current(now) else { return Ok(None) };
    if !account.is_member() || points <= Points::ZERO {
        return Ok(None);
    }
    let program = &current.program;
    let when = (program.local_day(now), now);
    let (occasion, origin) = (Occasion::Opening, Origin::Backfill);
    account.give(occasion, points, program, when, origin).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Cause;
    use crate::testing::{at, program, version};

    const NOW: &str = "2026-03-03T12:00:00Z";

    fn programs() -> Programs {
        Programs::new(vec![version(&program("points = 1\namount = '1.00'"))])
    }

    #[test]
    fn a_member_gets_it_at_once_and_the_entry_says_what_it_was() {
        let mut ada = Account::default();
        ada.join(at(NOW));
        let entry = give(&programs(), &mut ada, Points(100), at(NOW)).unwrap().unwrap();
        assert_eq!((entry.number, entry.delta.0, entry.balance_after.0), (ada.version, 100, 100));
        assert_eq!(entry.cause, Cause::Gift { occasion: Occasion::Opening });
        assert_eq!(ada.wallet.available().unwrap().0, 100);
    }

    #[test]
    fn who_is_no_member_gets_none() {
        let mut ben = Account::default();
        assert_eq!(give(&programs(), &mut ben, Points(100), at(NOW)), Ok(None));
        assert_eq!(ben, Account::default());
    }

    #[test]
    fn nothing_is_no_gift() {
        let mut ada = Account::default();
        ada.join(at(NOW));
        assert_eq!(give(&programs(), &mut ada, Points::ZERO, at(NOW)), Ok(None));
    }
}
