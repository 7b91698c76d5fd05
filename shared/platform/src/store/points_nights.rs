//! The points night of one account: read, planned purely, written in one transaction.

use jiff::Timestamp;
use jiff::civil::Date;
use loyalty::account::{Account, Due};
use loyalty::ids::{CustomerId, ShopId};
use loyalty::points_night::{self, Needed, Notices, PointsNight, Told};
use loyalty::program::{Program, Programs};

use super::item::Put;
use super::keys::{Entity, Nightly};
use super::merges::put_entry;
use super::messages;
use super::{Message, MessageState, Store, StoreError, Write, retry, set_aside};
use crate::nights::letters::begins;

/// What a points night did for a customer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PointsDone {
    /// What was done and why.
    pub night: PointsNight,
    /// Whether anything was written: what was done, or only when she is looked at next.
    pub written: bool,
}

/// An account with its night planned.
struct Planned {
    read_version: u64,
    account: Account,
    night: PointsNight,
}

impl Store {
    /// Does for a customer what the points night of a local date brings: what is pending
    /// matures, points expire, her tier is reviewed; and puts her under the night that looks
    /// at her next. Run again it writes nothing. Losing a race plans again from what is
    /// there then, a bounded number of times. An account that another stands for, and a
    /// shop without a program, have no points nights.
    ///
    /// It reads the account, and where points or a tier are at stake the notices of it.
    pub async fn points_night(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        date: Date,
        now: Timestamp,
    ) -> Result<PointsDone, StoreError> {
        let rules = self.rules(shop, now).await?;
        for attempt in 1.. {
            let Some(mut planned) =
                self.planned_points(shop, customer, &rules.programs, date, now).await?
            else {
                return Ok(PointsDone::default());
            };
            let account = &mut planned.account;
            let due = self.due_after(shop, account, &rules.programs, &planned.night, now).await?;
            let unchanged = account.version == planned.read_version;
            if unchanged && account.due == due {
                return Ok(PointsDone { night: planned.night, written: false });
            }
            account.due = due;
            if unchanged {
                account.version = account.version.saturating_add(1);
            }
            let puts = self.night_puts(shop, customer, &planned, now)?;
            if self.write(puts).await? == Write::Done {
                return Ok(PointsDone { night: planned.night, written: true });
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    /// What the points night of a local date would do for a customer as things stand, by the
    /// program that will be in force then; nothing is written.
    pub async fn preview_points_night(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        date: Date,
        now: Timestamp,
    ) -> Result<PointsNight, StoreError> {
        let rules = self.rules(shop, now).await?;
        let begins = rules.programs.current(now).and_then(|known| begins(date, &known.program));
        let at = begins.map_or(now, |begins| begins.max(now));
        let planned = self.planned_points(shop, customer, &rules.programs, date, at).await?;
        Ok(planned.map(|planned| planned.night).unwrap_or_default())
    }

    async fn planned_points(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        programs: &Programs,
        date: Date,
        now: Timestamp,
    ) -> Result<Option<Planned>, StoreError> {
        let Some(version) = programs.current(now) else { return Ok(None) };
        let mut account = self.account_item(shop, customer).await?;
        if account.version == 0 || account.merged.is_some() {
            return Ok(None);
        }
        let program = &version.program;
        let read_version = account.version;
        let needed = points_night::needed(&account, program, date)?;
        let notices = self.notices(shop, customer, &account, program, &needed).await?;
        let night = points_night::points_night(&mut account, program, &notices, date, now)?;
        Ok(Some(Planned { read_version, account, night }))
    }

    /// Which of the notices that matter reached her, under whatever name she has.
    async fn notices(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        account: &Account,
        program: &Program,
        needed: &Needed,
    ) -> Result<Notices, StoreError> {
        let (expiry, tier) = (needed.expiry_reason(), needed.tier_reason());
        if expiry.is_none() && tier.is_none() {
            return Ok(Notices::default());
        }
        let triggers: Vec<String> =
            [&expiry, &tier].into_iter().flatten().map(|reason| reason.trigger()).collect();
        let family = self.family(shop, customer, account).await?;
        let keys = family.iter().flat_map(|one| {
            triggers.iter().map(move |trigger| Entity::Message(one, trigger).key(shop))
        });
        let mut delivered = Vec::new();
        for found in self.get_all(keys.collect()).await? {
            let message = messages::read(found)?;
            let day = reached(&message).map(|at| program.local_day(at));
            delivered.extend(day.map(|day| (message.trigger(), day)));
        }
        let told = |on: Date, trigger: &str| {
            let days = delivered.iter().filter(|(of, _)| of == trigger).map(|(_, day)| *day);
            days.min().map(|delivered| Told { on, delivered })
        };
        Ok(Notices {
            expiry_told: needed.expiry.zip(expiry).and_then(|(on, of)| told(on, &of.trigger())),
            tier_told: needed
                .tier
                .as_ref()
                .zip(tier)
                .and_then(|((_, on), of)| told(*on, &of.trigger())),
        })
    }

    /// Where the nights look at her next: the points nights exactly where the plan says, and
    /// the mail nights where what was put off may need a new notice.
    async fn due_after(
        &self,
        shop: &ShopId,
        account: &Account,
        programs: &Programs,
        night: &PointsNight,
        now: Timestamp,
    ) -> Result<Due, StoreError> {
        let today = programs.today(now);
        let mail = if night.changes.is_empty() {
            account.due.mail
        } else {
            self.due(shop, account, programs, now).await?.mail
        };
        let points = match night.due {
            // No run of a later day has started.
            Some(due) if due > today => Some(due),
            Some(due) => Some(due.max(self.unstarted(shop, Nightly::Points, due).await?)),
            None => None,
        };
        Ok(Due { mail, points })
    }
}

/// When a notice reached her; `None`: it didn't, or went to the owner instead.
fn reached(message: &Message) -> Option<Timestamp> {
    let to_her = message.claim.as_ref().is_some_and(|claim| !claim.to_owner);
    let came_back = message.bounced.is_some_and(|bounced| bounced.permanent);
    let sent = message.state == MessageState::Sent;
    message.delivered_at.filter(|_| to_her && sent && !came_back)
}

impl Store {
    fn night_puts(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        planned: &Planned,
        now: Timestamp,
    ) -> Result<Vec<Put>, StoreError> {
        let mut puts =
            vec![self.put_account_of(shop, customer, &planned.account, planned.read_version)?];
        for entry in &planned.night.entries {
            puts.push(put_entry(shop, customer, entry)?);
        }
        if planned.night.cannot_be_reached {
            puts.push(set_aside::unreached(shop, customer, now)?);
        }
        Ok(puts)
    }
}
