//! The mail night, per shop and local date: who stayed away, whose day it is, what will be
//! lost. Everybody due is looked at; each thing found leaves a decision with its facts, and
//! a message, an approval to be given, or nothing but the reason why. Gifts are issued whatever
//! becomes of the letter.
//!
//! Nothing is sent here: a message waits for the morning, and the mailer asks then again
//! whether it may go and still makes sense.

use std::time::Duration;

use jiff::civil::Date;
use loyalty::ids::{CustomerId, ShopId};
use platform::Services;
use platform::bus::Bus;
use platform::nights::letters::Scene;
use platform::nights::{Call, CallError, Work, wake};
use platform::store::StoreError;
use platform::store::keys::Nightly;
use serde_json::value::RawValue;
use tokio::time::Instant;

/// Letters of a batch released at once.
const RELEASED_AT_ONCE: u16 = 50;

/// The function, and what it works with.
#[derive(Debug, Clone)]
pub struct Scan {
    /// The table, secrets, clock.
    pub services: Services,
    /// The event bus, which has a run go on in another invocation.
    pub bus: Bus,
}

/// Works an event off within `budget`; what is left then goes on in another invocation.
pub async fn handle(scan: &Scan, payload: &RawValue, budget: Duration) -> Result<(), CallError> {
    let call = Call::read(payload)?;
    let settled = match call {
        Call::Hour => scan.settle_approvals(budget).await,
        Call::GoesOn(_) => Ok(()),
    };
    let unfinished = call.answer(&scan.services, scan, budget).await?;
    wake(&scan.bus, Nightly::Mail, &unfinished, scan.services.clock.now()).await;
    Ok(settled?)
}

impl Scan {
    /// Releases what owners approved and leaves out what they didn't, or not in time.
    async fn settle_approvals(&self, budget: Duration) -> Result<(), StoreError> {
        let until = Instant::now().checked_add(budget).unwrap_or_else(Instant::now);
        for shop in self.services.secrets.shops() {
            self.settle_shop(&shop, until).await?;
        }
        Ok(())
    }

    async fn settle_shop(&self, shop: &ShopId, until: Instant) -> Result<(), StoreError> {
        let (store, now) = (&self.services.store, self.services.clock.now());
        for approval in store.approvals(shop, now).await? {
            while !approval.settled && !approval.is_open(now) && Instant::now() < until {
                if store.settle_approval(shop, &approval, now, RELEASED_AT_ONCE).await? {
                    break;
                }
            }
        }
        Ok(())
    }
}

impl Work for Scan {
    type Scene = Option<Scene>;

    const FUNCTION: Nightly = Nightly::Mail;

    async fn begin(
        &self,
        shop: &ShopId,
        _night: Date,
        _until: Instant,
    ) -> Result<Self::Scene, StoreError> {
        Scene::read(&self.services.store, shop, self.services.clock.now()).await
    }

    async fn look(
        &self,
        shop: &ShopId,
        night: Date,
        scene: &Self::Scene,
        customers: Vec<CustomerId>,
    ) -> Result<(), StoreError> {
        let Some(scene) = scene else { return Ok(()) };
        let (store, now) = (&self.services.store, self.services.clock.now());
        for somebody in store.due_people(shop, night, &customers).await? {
            scene.note_gap(&somebody.account);
            let customer = somebody.id.clone();
            match store.keep_mail_night(shop, scene, somebody, night, now).await {
                Ok(_) => {}
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => {
                    // It would be the same each night.
                    tracing::error!(%shop, %customer, error = error.chain(), "not looked at");
                }
            }
        }
        store.note_gaps(shop, &scene.take_gaps()).await
    }
}

#[cfg(test)]
mod tests;
