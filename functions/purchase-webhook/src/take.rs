//! Takes in what a source tells: the one way from a body that was read to the table,
//! whichever source sent it and however it came.

use loyalty::Points;
use loyalty::ids::{ShopId, Source};
use loyalty::ledger::Origin;
use platform::Services;
use platform::store::{Scene, StoreError};
use sources::{PersonTold, Told, Unreadable};

use crate::answer::Outcome;

/// Why a body couldn't be taken in.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It can't be read.
    Unreadable(Unreadable),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Unreadable> for Failure {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable(unreadable)
    }
}

/// A body from a source, its sender known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivery<'a> {
    /// Whose shop.
    pub(crate) shop: &'a ShopId,
    /// Which source.
    pub(crate) source: Source,
    /// Its topic, as the source names it.
    pub(crate) topic: &'a str,
    /// Its body.
    pub(crate) body: &'a [u8],
    /// How it came: by itself, or from our dead letters.
    pub(crate) origin: Origin,
}

/// Takes in what a delivery tells.
pub(crate) async fn take(
    services: &Services,
    delivery: &Delivery<'_>,
    told: Told,
) -> Result<Outcome, Failure> {
    let Delivery { shop, source, topic, body, origin } = *delivery;
    let now = services.clock.now();
    let store = &services.store;
    match &told {
        Told::Nothing => {
            platform::count!("webhook_ignored", source = source.as_str());
            return Ok(Outcome::Ignored);
        }
        Told::Disconnected => {
            store.disconnected(shop, source, now).await?;
            return Ok(Outcome::Recorded { points: Points::ZERO, news: true });
        }
        Told::Task => {
            // Its shape was read, so it is text.
            let body = String::from_utf8_lossy(body);
            store.keep_task(shop, topic, &body, now).await?;
            return Ok(Outcome::Kept);
        }
        Told::Order(_) | Told::Fetch { .. } | Told::Person(_) | Told::Merged(_) => {}
    }
    let identities = services.identities(shop).await?;
    let scene = Scene { shop, source, identities: &identities, origin, now };
    match told {
        Told::Order(observation) => {
            let recorded = store.record(&scene, &observation).await?;
            return Ok(Outcome::Recorded { points: recorded.delta, news: recorded.changed });
        }
        Told::Fetch { order, as_of } => {
            store.want_lookup(&scene, &order, as_of).await?;
            return Ok(Outcome::Kept);
        }
        Told::Person(told) => observe(services, &scene, &told).await?,
        Told::Merged(merged) => {
            store.merge_records(&scene, &merged.kept, &merged.gone).await?;
            // After the merge: before it, the new record would be a person of her own.
            if let Some(told) = &merged.record {
                observe(services, &scene, told).await?;
            }
        }
        Told::Disconnected | Told::Task | Told::Nothing => {}
    }
    Ok(Outcome::Recorded { points: Points::ZERO, news: true })
}

/// Takes in a customer's record, and what she said about mail.
async fn observe(
    services: &Services,
    scene: &Scene<'_>,
    told: &PersonTold,
) -> Result<(), StoreError> {
    let consent = told.consent.as_ref().map(|consent| consent.fact(scene.source, scene.now));
    services.store.observe_person(scene, &told.person, consent.as_ref()).await?;
    Ok(())
}
