//! Corrections: past orders counted by another program version, by a person's hand.

use loyalty::Points;
use loyalty::ids::{CustomerId, OrderRef, ShopId};
use loyalty::ledger::Origin;
use loyalty::order::Order;
use loyalty::posting::{self, NotCorrected, Record};
use thiserror::Error;

use super::audit::{Act, What};
use super::keys::List;
use super::people::Bound;
use super::purchases::{Answers, Case, Plan};
use super::reads::stored_order;
use super::{Observation, Scene, Store, StoreError, Whence, Write, merges, retry};

/// What is to be corrected.
#[derive(Debug, Clone, Copy)]
pub struct Correction<'a> {
    /// The order.
    pub order: &'a OrderRef,
    /// The program version it is to be counted by.
    pub version: u32,
    /// Why points may be taken; `None`: none may.
    pub insist: Option<&'a str>,
    /// By which door it came.
    pub by: Whence,
}

/// What a correction does, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectedOrder {
    /// Whose order it is.
    pub customer: CustomerId,
    /// The version it was counted by.
    pub from: u32,
    /// Points it brings or takes.
    pub delta: Points,
}

/// Why an order couldn't be corrected.
#[derive(Debug, Error)]
pub enum CorrectionError {
    /// The rules don't allow it.
    #[error(transparent)]
    Refused(#[from] NotCorrected),
    /// The store couldn't do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// The orders bound to a customer, with what was made of them.
    pub async fn orders_bound_to(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
    ) -> Result<Vec<(OrderRef, Record)>, StoreError> {
        let keys = self.list(&List::OrdersOf(customer).partition(shop)).await?;
        let mut orders = Vec::new();
        for found in self.get_all(keys).await? {
            let Some(order) = merges::order_ref(&found) else { continue };
            let record = stored_order(found)?.record;
            // The index follows the table a little later: the order itself decides.
            if record.customer.as_ref() == Some(customer) {
                orders.push((order, record));
            }
        }
        orders.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(orders)
    }

    /// What a correction would do as things stand; nothing is written.
    pub async fn preview_correction(
        &self,
        scene: &Scene<'_>,
        correction: &Correction<'_>,
    ) -> Result<CorrectedOrder, CorrectionError> {
        Ok(self.planned_correction(scene, correction).await?.1)
    }

    /// Lets an order be counted by another program version and posts the difference, with
    /// the act in the audit log, in one transaction. Done again it changes nothing. Losing a
    /// race plans again from what is there then, a bounded number of times.
    pub async fn correct_order(
        &self,
        scene: &Scene<'_>,
        correction: &Correction<'_>,
    ) -> Result<CorrectedOrder, CorrectionError> {
        for attempt in 1.. {
            let (plan, corrected) = self.planned_correction(scene, correction).await?;
            if self.write(plan.puts).await? == Write::Done {
                return Ok(corrected);
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS }.into())
    }

    async fn planned_correction(
        &self,
        scene: &Scene<'_>,
        correction: &Correction<'_>,
    ) -> Result<(Plan, CorrectedOrder), CorrectionError> {
        let Correction { order, version, insist, by } = *correction;
        let scene = &Scene { origin: Origin::Correct, ..*scene };
        let rules = self.rules(scene.shop, scene.now).await?;
        let stored = self.order(scene.shop, order).await?;
        let (state, buyer) = (Order::default(), None);
        let observation = &Observation { order: order.clone(), state, buyer };
        let (programs, answers) = (&rules.programs, Answers::Nothing);
        let case = Case { scene, observation, stored: &stored, programs, answers };
        let mut record = stored.record.clone();
        let Some(owner) = record.customer.clone() else {
            return Err(NotCorrected::NotCounted.into());
        };
        let (holder, mut account) = self.account(scene.shop, owner.clone()).await?;
        let read_version = account.version;
        let context = case.context();
        let done =
            posting::correct(&context, &mut record, &mut account, version, insist.is_some())?;
        let (from, delta) = (done.from, done.delta);
        let corrected = CorrectedOrder { customer: holder.clone(), from, delta };
        let mut plan = Plan::default();
        if record == stored.record {
            return Ok((plan, corrected));
        }
        let (contact, gains, more) = (None, Vec::new(), Vec::new());
        let mut bound = Bound { owner, holder, account, read_version, contact, gains, more };
        let entries = bound.entered(done.entries).collect();
        self.add_account(&case, &mut plan, &mut bound, entries).await?;
        plan.puts.push(case.put_order(&record)?);
        let what = What::Corrected { order: order.clone(), from, to: version, delta };
        let act = Act { at: scene.now, by, what, why: insist.map(str::to_owned) };
        plan.puts.push(act.put(scene.shop)?);
        Ok((plan, corrected))
    }
}
