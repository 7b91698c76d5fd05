//! Points that expire, once she was told in time.

use jiff::civil::Date;

use super::{MOST_MOVES, Night, PointsFact, Told, days_after, first_look, put_off};
use crate::account::{Account, Expiring, LotKey, PutOff};
use crate::ledger::{Cause, Origin};
use crate::money::Overflow;

/// The first night there is something to do about points that expire.
pub(super) fn night(account: &Account, next: &Expiring) -> Date {
    if account.put_off.told == Some(next.on) { days_after(next.on, 1) } else { first_look(next.on) }
}

/// The day whose notice matters tonight, where it isn't known yet.
pub(super) fn asks(account: &Account, next: &Expiring, tonight: Date) -> Option<Date> {
    let open = account.put_off.told != Some(next.on) && first_look(next.on) <= tonight;
    open.then_some(next.on)
}

impl Night<'_> {
    /// Lets expire what is due and was told of, and puts off what wasn't.
    pub(super) fn expire(&mut self, told: Option<Told>) -> Result<(), Overflow> {
        // What becomes of a lot takes it out of the way or moves it behind this night.
        while let Some(next) = self.account.expiring(self.program) {
            if night(self.account, &next) > self.night {
                break;
            }
            let known = self.account.put_off.told == Some(next.on);
            let timely = told.filter(|told| told.is_timely(next.on));
            match timely {
                _ if known => self.let_expire(&next)?,
                Some(told) => {
                    self.account.put_off.told = Some(next.on);
                    let delivered = told.delivered;
                    self.done(PointsFact::ExpiryTold { on: next.on, delivered });
                }
                None if next.times >= MOST_MOVES => self.let_stay(&next)?,
                None => self.put_expiry_off(&next),
            }
        }
        Ok(())
    }

    fn let_expire(&mut self, next: &Expiring) -> Result<(), Overflow> {
        let points = self.account.wallet.expire(next.lot)?;
        self.forget_put_off();
        self.enter(points.negated()?, Cause::Expired { on: next.on }, Origin::Live)?;
        self.done(PointsFact::Expired { points, on: next.on });
        Ok(())
    }

    fn let_stay(&mut self, next: &Expiring) -> Result<(), Overflow> {
        self.forget_put_off();
        match next.lot {
            LotKey::Never => self.account.put_off.stays = Some(next.on),
            lot @ LotKey::Month(_) => self.account.wallet.stay(lot)?,
        }
        self.out.cannot_be_reached = true;
        self.done(PointsFact::Stays { points: next.points, on: next.on });
        Ok(())
    }

    fn put_expiry_off(&mut self, next: &Expiring) {
        let to = put_off(next.on, self.night);
        let times = next.times.saturating_add(1);
        let stays = self.account.put_off.stays;
        self.account.put_off = PutOff { expiry: Some(to), times, told: None, stays };
        self.done(PointsFact::ExpiryMoved { from: next.on, to, times });
    }

    fn forget_put_off(&mut self) {
        self.account.put_off = PutOff { stays: self.account.put_off.stays, ..PutOff::default() };
    }
}
