//! Bodies that were set aside, tried again: for whoever mended what was wrong. Who sent them
//! was verified before they were kept.

use loyalty::ids::{ShopId, Source};
use loyalty::ledger::Origin;
use platform::Services;
use platform::store::{DeadLetter, StoreError};
use sources::{shopify, square};

use crate::take::{Delivery, Failure, take};

/// What became of a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    /// It is in the table, and a dead letter no more.
    Taken,
    /// It can't be used still, and stays.
    Stays {
        /// Why. No personal data.
        reason: String,
    },
    /// It isn't a source's: somebody else set it aside.
    NotOurs,
    /// There is no such letter, or its time is over.
    Gone,
}

/// Tries one again.
///
/// # Errors
///
/// Where the table didn't answer: the letter stays.
pub async fn replay(
    services: &Services,
    shop: &ShopId,
    letter: &DeadLetter,
) -> Result<Replayed, StoreError> {
    let (source, topic) = letter.topic.split_once(' ').unwrap_or((&letter.topic, ""));
    let Ok(source) = source.parse::<Source>() else { return Ok(Replayed::NotOurs) };
    let (store, now) = (&services.store, services.clock.now());
    let Some((letter, body)) = store.dead_letter(shop, &letter.id, now).await? else {
        return Ok(Replayed::Gone);
    };
    let body = body.as_slice();
    let told = match source {
        // When it was triggered isn't kept: what it says itself of its time decides.
        Source::Shopify => shopify::read(&shopify::Delivery { topic, triggered_at: None, body }),
        Source::Square => square::read(body).1,
    };
    let delivery = Delivery { shop, source, topic, body, origin: Origin::Replay };
    let taken = match told {
        Ok(told) => take(services, &delivery, told).await,
        Err(unreadable) => Err(Failure::Unreadable(unreadable)),
    };
    match taken {
        Ok(_) => {
            store.remove_dead_letter(shop, &letter).await?;
            Ok(Replayed::Taken)
        }
        Err(Failure::Unreadable(unreadable)) => {
            Ok(Replayed::Stays { reason: unreadable.to_string() })
        }
        Err(Failure::Store(error)) if error.is_transient() => Err(error),
        Err(Failure::Store(error)) => Ok(Replayed::Stays { reason: error.chain() }),
    }
}
