//! Telling the sources that somebody wants no more marketing mail.
//!
//! Whoever sees a contact change asks [`Withdrawal::between`], and has what it gives written
//! back by [`Withdrawals::write_back`]: again, later, where that says so. Shopify is told by
//! its API. Where it can't be, and at Square, whose API has nothing for it, the owner is asked
//! to do it by hand: once for each withdrawal, by a task that names her only by her id.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use loyalty::consent::{Channel, State, Teller};
use loyalty::ids::{CustomerId, ShopId, Source};
use platform::Services;
use platform::store::{Contact, Known, StoreError, WITHDRAWAL};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::{ApiError, SetupError, ShopifyAccess};

/// Pauses between attempts. Together they are within the hour in which a source is to know;
/// whoever it still doesn't take it from does it by hand.
const PAUSES: [SignedDuration; 5] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(4),
    SignedDuration::from_mins(10),
    SignedDuration::from_mins(20),
    SignedDuration::from_mins(20),
];

/// Somebody's withdrawal, on its way to the sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// Who.
    pub customer: CustomerId,
    /// When she said it.
    pub at: Timestamp,
    /// Attempts that failed.
    #[serde(default)]
    pub tries: u16,
}

/// What became of a withdrawal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrittenBack {
    /// Every source that had to know knows, or there was nothing to tell.
    Done,
    /// A source has to be told later: try `next` after `wait`.
    Later {
        /// Why. No personal data.
        why: String,
        /// How long to wait.
        wait: SignedDuration,
        /// The withdrawal as it is then to be kept.
        next: Withdrawal,
    },
    /// The owner was asked to do it by hand.
    ByHand {
        /// At which sources.
        sources: BTreeSet<Source>,
        /// Why. No personal data.
        why: String,
    },
}

/// What the owner's task says.
#[derive(Serialize)]
struct ByHand<'a> {
    customer: &'a CustomerId,
    source: Source,
    at: Timestamp,
}

/// Why a source wasn't told.
enum Untold {
    /// It may be later.
    Yet { why: String, wait: Option<SignedDuration> },
    /// It won't be by us.
    ByUs { why: String },
}

impl Withdrawal {
    /// What a change of somebody's contact data asks to be written back: nothing unless she
    /// withdrew with it.
    pub fn between(
        customer: &CustomerId,
        before: Option<&Contact>,
        after: &Contact,
    ) -> Option<Self> {
        let now = after.consent.standing(Channel::Email);
        let was = before.map(|before| before.consent.state(Channel::Email)).unwrap_or_default();
        let withdrew = now.state == State::Unsubscribed && was != State::Unsubscribed;
        let at = now.since.filter(|_| withdrew)?;
        Some(Self { customer: customer.clone(), at, tries: 0 })
    }

    /// After a failure: the pause, and what is to be tried then; `None`: enough was tried.
    fn again(&self, wait: Option<SignedDuration>) -> Option<(SignedDuration, Self)> {
        let pause = *PAUSES.get(usize::from(self.tries))?;
        let next = Self { tries: self.tries.saturating_add(1), ..self.clone() };
        Some((wait.map_or(pause, |wait| wait.max(pause)), next))
    }
}

/// Tells the sources, for every shop of a deployment.
#[derive(Debug)]
pub struct Withdrawals {
    shopify: ShopifyAccess,
}

impl Withdrawals {
    /// Tells the sources where they are.
    pub fn new() -> Result<Self, SetupError> {
        Ok(Self::over(&ShopifyAccess::new()?))
    }

    /// The same by an access that others use too.
    pub fn over(shopify: &ShopifyAccess) -> Self {
        Self { shopify: shopify.clone() }
    }

    /// Tells the sources that have a record of her, but not the one that told us. Doing it
    /// again does no harm.
    pub async fn write_back(
        &self,
        services: &Services,
        shop: &ShopId,
        withdrawal: &Withdrawal,
    ) -> Result<WrittenBack, StoreError> {
        let known = services.store.known_as(shop, &withdrawal.customer).await?;
        // Erased meanwhile, there is nobody to tell of.
        let Some((holder, contact)) = known.holder() else { return Ok(WrittenBack::Done) };
        let standing = contact.consent.standing(Channel::Email);
        // She thought better of it, which the sources know from where she said it.
        if standing.state != State::Unsubscribed {
            return Ok(WrittenBack::Done);
        }
        let must_know = |source: Source| {
            known.has_record(source) && standing.teller != Some(Teller::from(source))
        };
        let mut by_hand: Vec<(Source, String)> = Vec::new();
        let mut later = None;
        if must_know(Source::Square) {
            let why = "Square's API can't unsubscribe anybody: do it in Square's own pages";
            by_hand.push((Source::Square, why.to_owned()));
        }
        if must_know(Source::Shopify) {
            match self.tell_shopify(services, shop, &known, withdrawal.at).await {
                Ok(()) => {}
                Err(Untold::ByUs { why }) => by_hand.push((Source::Shopify, why)),
                Err(Untold::Yet { why, wait }) => match withdrawal.again(wait) {
                    Some((wait, next)) => later = Some(WrittenBack::Later { why, wait, next }),
                    None => by_hand.push((Source::Shopify, why)),
                },
            }
        }
        let now = services.clock.now();
        for (source, why) in &by_hand {
            // What it says is what makes it one: the same however often it is tried.
            let body =
                json!(ByHand { customer: holder, source: *source, at: withdrawal.at }).to_string();
            services.store.keep_task(shop, WITHDRAWAL, &body, now).await?;
            tracing::warn!(%shop, customer = %holder, %source, why, "withdrawal is for the owner");
        }
        if let Some(later) = later {
            return Ok(later);
        }
        let why = by_hand.last().map(|(_, why)| why.clone());
        let sources = by_hand.into_iter().map(|(source, _)| source).collect();
        Ok(why.map_or(WrittenBack::Done, |why| WrittenBack::ByHand { sources, why }))
    }

    async fn tell_shopify(
        &self,
        services: &Services,
        shop: &ShopId,
        known: &Known,
        at: Timestamp,
    ) -> Result<(), Untold> {
        let by_us = |why: &str| Untold::ByUs { why: why.to_owned() };
        let api = self.shopify.api(services, shop).map_err(|error| by_us(&error.to_string()))?;
        let ids = known.record_ids(Source::Shopify);
        if ids.is_empty() {
            return Err(by_us("her record's id at Shopify isn't known"));
        }
        // A source whose clock is behind ours would refuse what is to come.
        let at = at.min(services.clock.now());
        for id in ids {
            match api.unsubscribe(id, at).await {
                // One that was merged into another, or deleted, gets no mail.
                Ok(()) | Err(ApiError::NotFound) => {}
                Err(ApiError::Throttled { wait }) => {
                    let wait = SignedDuration::try_from(wait).ok();
                    return Err(Untold::Yet { why: "Shopify asks us to wait".to_owned(), wait });
                }
                Err(error) if error.is_transient() => {
                    return Err(Untold::Yet { why: error.to_string(), wait: None });
                }
                Err(error) => return Err(by_us(&platform::telemetry::chain(&error))),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
