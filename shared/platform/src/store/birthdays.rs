//! Birthdays: who says them, and that the nights look at her in time for the next.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use loyalty::account::Account;
use loyalty::birthday::Birthday;
use loyalty::ids::{CustomerId, ShopId};
use serde::{Deserialize, Serialize};

use super::item::Check;
use super::keys::{Entity, Nightly};
use super::{Contact, Store, StoreError, Write, retry};

/// Who said a birthday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BirthdayBy {
    /// She herself.
    Own,
    /// The shop's owner, by the API.
    Api,
}

/// The last time a birthday was changed or taken away, or said by the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BirthdayChange {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: BirthdayBy,
}

/// What became of a birthday that somebody said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BirthdaySet {
    /// It is kept.
    Done,
    /// It was known.
    Same,
    /// She changed it within a year, and can again from this local day on.
    TooSoon {
        /// The day.
        from: Date,
    },
    /// Nothing is kept of such a customer.
    Nobody,
}

impl Contact {
    /// Takes in what a source says. What she or the owner said stands, that there is none as
    /// well, and so does what was heard first.
    pub(super) fn hears_birthday(&mut self, told: Option<Birthday>) {
        if self.birthday_change.is_none() {
            self.birthday = self.birthday.or(told);
        }
    }

    /// The local day from which on she may change her birthday again; `None`: she may now.
    /// Saying it for the first time is no change, and taking it away she always may.
    pub fn birthday_waits(&self, today: Date, zone: &jiff::tz::TimeZone) -> Option<Date> {
        let change = self.birthday_change.filter(|change| change.by == BirthdayBy::Own)?;
        let from = change.at.to_zoned(zone.clone()).date().checked_add(1.year()).ok()?;
        (today < from).then_some(from)
    }
}

impl Store {
    /// Keeps what a customer's birthday is, or that none is to be kept. The nights look at her
    /// in time for the next one: they give what the program promises for it.
    pub async fn set_birthday(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        birthday: Option<Birthday>,
        by: BirthdayBy,
        now: Timestamp,
    ) -> Result<BirthdaySet, StoreError> {
        let rules = self.rules(shop, now).await?;
        let today = rules.programs.today(now);
        for attempt in 1.. {
            let (holder, mut account) = self.account(shop, customer.clone()).await?;
            let Some(known) = self.contact(shop, &holder).await? else {
                return Ok(BirthdaySet::Nobody);
            };
            if known.birthday == birthday {
                return Ok(BirthdaySet::Same);
            }
            if by == BirthdayBy::Own
                && birthday.is_some()
                && let Some(current) = rules.programs.current(now)
                && let Some(from) = known.birthday_waits(today, &current.program.shop.zone)
            {
                return Ok(BirthdaySet::TooSoon { from });
            }
            let first = by == BirthdayBy::Own && known.birthday.is_none();
            let change = Some(BirthdayChange { at: now, by }).filter(|_| !first);
            let birthday_change = change.or(known.birthday_change);
            let contact = Contact { birthday, birthday_change, ..known };
            let mut puts = vec![contact.put(shop, &holder, &[])?];
            let mut checks = Vec::new();
            let version = account.version;
            let mail = self.birthday_due(shop, &account, birthday, today).await?;
            if mail == account.due.mail {
                // Merged meanwhile, she would be told of under another name.
                checks.push(Check::version(Entity::Account(&holder).key(shop), "n", version));
            } else {
                account.due.mail = mail;
                account.version = version.saturating_add(1);
                puts.push(self.put_account_of(shop, &holder, &account, version)?);
            }
            if self.write_checked(puts, checks).await? == Write::Done {
                return Ok(BirthdaySet::Done);
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    /// Where the mail night should look at an account next whose birthday this is: on the next
    /// one at the latest.
    pub(super) async fn birthday_due(
        &self,
        shop: &ShopId,
        account: &Account,
        birthday: Option<Birthday>,
        today: Date,
    ) -> Result<Option<Date>, StoreError> {
        let member = account.is_member() && account.merged.is_none();
        let next = birthday.filter(|_| member).and_then(|birthday| birthday.next(today));
        match next {
            Some(_) => self.due_date(shop, Nightly::Mail, account.due.mail, next, today).await,
            None => Ok(account.due.mail),
        }
    }
}
