//! Working off what is to be looked up: the lines of a Square sale, whose a payment is
//! where its webhooks didn't say, an order too large to be sent.
//!
//! A webhook only marks the order. Whoever drains calls [`Lookups::work_off`] for a shop:
//! what the source answers is merged as one more observation, a failure puts the marker
//! further on, and a source that asks us to wait isn't asked again until then.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use loyalty::ids::{OrderRef, ShopId, Source};
use loyalty::ledger::Origin;
use loyalty::order::{Order, Stamp, Stamped};
use platform::Services;
use platform::identity::Identity;
use platform::store::{Observation, Scene, StoreError, StoredOrder};
use secrecy::SecretString;

use crate::api::{ApiError, NoAccess, SetupError, ShopifyAccess, ShopifyApi, SquareApi};

/// Square's own address.
pub(crate) const SQUARE: &str = "https://connect.squareup.com";

/// A payment's customer is filled in a while after it: so often it is asked for again.
const CUSTOMER_TRIES: u16 = 2;

/// How long an order of a shop without a token waits: until the time to give up, so that a shop
/// that is never connected pays for no more than one more look.
const WITHOUT_TOKEN_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Without a word from the source, how long a refused token isn't tried again.
const REFUSED_FOR: SignedDuration = SignedDuration::from_mins(10);

/// Looks things up, for every shop of a deployment.
#[derive(Debug)]
pub struct Lookups {
    shopify: ShopifyAccess,
    /// Sources that aren't to be asked before a time.
    resting: Mutex<BTreeMap<(ShopId, Source), Timestamp>>,
}

/// What working a shop's look-ups off came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Worked {
    /// Orders that were completed.
    pub done: u32,
    /// Orders whose look-up failed, and is tried later.
    pub failed: u32,
    /// Orders that weren't asked about: no token is set, or their source rests.
    pub waiting: u32,
}

/// A look-up that didn't come to its end.
pub(crate) enum Failure {
    /// The source didn't answer.
    Api(ApiError),
    /// The shop's token is none.
    Setup(SetupError),
    /// The shop's Shopify can't be asked.
    Access(NoAccess),
    /// Payments have no customer yet.
    NoCustomerYet,
    /// The store failed.
    Store(StoreError),
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Self {
        Self::Setup(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Lookups {
    /// Asks the sources where they are.
    pub fn new() -> Result<Self, SetupError> {
        Ok(Self::over(&ShopifyAccess::new()?))
    }

    /// The same by an access that others use too.
    pub fn over(shopify: &ShopifyAccess) -> Self {
        Self { shopify: shopify.clone(), resting: Mutex::default() }
    }

    /// Works off what is `due` of a shop.
    pub async fn work_off(
        &self,
        services: &Services,
        shop: &ShopId,
        due: Vec<(OrderRef, StoredOrder)>,
    ) -> Result<Worked, StoreError> {
        let now = services.clock.now();
        let mut worked = Worked::default();
        if due.is_empty() {
            return Ok(worked);
        }
        let identities = services.identities(shop).await?;
        for (order, stored) in due {
            let source = order.source;
            let key = match source {
                Source::Square => square_token(services, shop).map(Key::Square),
                Source::Shopify => match self.shopify.api(services, shop) {
                    Err(error @ NoAccess::NoToken) => Err(error.to_string()),
                    api => Ok(Key::Shopify(api.map(Box::new))),
                },
            };
            let key = match key {
                Ok(key) => key,
                Err(why) => {
                    // The shop may be connected any day.
                    let wait = Some(WITHOUT_TOKEN_FOR);
                    services.store.lookup_failed(shop, &order, &why, wait, now).await?;
                    worked.waiting = worked.waiting.saturating_add(1);
                    continue;
                }
            };
            if self.rests(shop, source, now) {
                worked.waiting = worked.waiting.saturating_add(1);
                continue;
            }
            let origin = Origin::Live;
            let scene = Scene { shop, source, identities: &identities, origin, now };
            let found = match key {
                Key::Square(token) => self.square(services, &scene, &order, &stored, &token).await,
                Key::Shopify(api) => shopify(services, &scene, &order, &stored, api).await,
            };
            match found {
                Ok(()) => worked.done = worked.done.saturating_add(1),
                Err(failure) => {
                    self.failed(services, &scene, &order, failure).await?;
                    worked.failed = worked.failed.saturating_add(1);
                }
            }
        }
        Ok(worked)
    }

    async fn square(
        &self,
        services: &Services,
        scene: &Scene<'_>,
        order: &OrderRef,
        stored: &StoredOrder,
        token: &SecretString,
    ) -> Result<(), Failure> {
        let base = services.sites.square_api.as_deref().unwrap_or(SQUARE);
        let api = SquareApi::over(self.shopify.http(), base, token)?;
        let known = &stored.record.state;
        let (order, buyer) = (order.clone(), None);
        let mut found = Observation { order, state: Order::default(), buyer };
        // An order knows its customer by a hash: the id to ask by is on the payment.
        let customer = known.customer.as_ref().and_then(|known| known.value.parse().ok());
        let is_known = match &customer {
            Some(identity) => is_known(services, scene, identity).await?,
            None => false,
        };
        if !is_known || known.sale.is_none() {
            found = api.payment(found.order.id.as_str()).await?;
        }
        let sale = found.state.sale.as_ref().or(known.sale.as_ref());
        let visit = sale.and_then(|sale| sale.value.visit.clone());
        if let Some(visit) = visit.filter(|_| known.lines.is_none()) {
            add_lines(&api, &visit, &mut found.state).await?;
        }
        let record = found.buyer.as_ref().and_then(|(_, buyer)| buyer.record.as_ref());
        let named = record.map(|record| record.id.clone());
        if let Some(id) = &named {
            square_customer(services, scene, &api, id).await?;
        }
        let has_customer = named.is_some() || known.customer.is_some();
        let tries = stored.lookup.as_ref().map_or(0, |lookup| lookup.tries);
        if has_customer || tries >= CUSTOMER_TRIES {
            let asked = stored.lookup.as_ref();
            services.store.record_looked_up(scene, &found, asked).await?;
            return Ok(());
        }
        services.store.record(scene, &found).await?;
        Err(Failure::NoCustomerYet)
    }

    /// Puts a failed look-up further on, and lets its source rest where it asks for that.
    async fn failed(
        &self,
        services: &Services,
        scene: &Scene<'_>,
        order: &OrderRef,
        failure: Failure,
    ) -> Result<(), StoreError> {
        let Scene { shop, source, now, .. } = *scene;
        let (why, rest) = match failure {
            // Asked again the table may take it; what it can't ever take, or what others keep
            // writing, mustn't hold up the orders behind it.
            Failure::Store(error)
                if error.is_transient() && !matches!(error, StoreError::Contended { .. }) =>
            {
                return Err(error);
            }
            Failure::Store(error) => (error.to_string(), None),
            Failure::NoCustomerYet => ("the payment names no customer yet".to_owned(), None),
            Failure::Setup(error) => (error.to_string(), Some(REFUSED_FOR)),
            Failure::Access(error) => (error.to_string(), Some(REFUSED_FOR)),
            Failure::Api(error) => {
                let rest = match &error {
                    ApiError::Throttled { wait } => {
                        Some(SignedDuration::try_from(*wait).unwrap_or(REFUSED_FOR))
                    }
                    ApiError::Unauthorized | ApiError::NotGranted(_) => Some(REFUSED_FOR),
                    _ => None,
                };
                (error.to_string(), rest)
            }
        };
        tracing::warn!(%shop, %order, why, "look-up failed");
        if let Some(until) = rest.and_then(|rest| now.checked_add(rest).ok()) {
            let mut resting = self.resting.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            resting.insert((shop.clone(), source), until);
        }
        services.store.lookup_failed(shop, order, &why, rest, now).await
    }

    fn rests(&self, shop: &ShopId, source: Source, now: Timestamp) -> bool {
        let resting = self.resting.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        resting.get(&(shop.clone(), source)).is_some_and(|until| now < *until)
    }
}

/// By what a source is asked.
enum Key {
    Square(SecretString),
    Shopify(Result<Box<ShopifyApi>, NoAccess>),
}

/// A shop's token of Square; else what to do.
pub(crate) fn square_token(services: &Services, shop: &ShopId) -> Result<SecretString, String> {
    let token = services.secrets.of_shop(shop, "square-token").first().cloned();
    token.ok_or_else(|| "the shop has no square-token: `regulars secrets set` keeps it".to_owned())
}

async fn shopify(
    services: &Services,
    scene: &Scene<'_>,
    order: &OrderRef,
    stored: &StoredOrder,
    api: Result<Box<ShopifyApi>, NoAccess>,
) -> Result<(), Failure> {
    let api = api.map_err(Failure::Access)?;
    // Every order of Shopify's has a number for its id.
    let id = order.id.as_str().parse().map_err(|_| ApiError::NotFound)?;
    let found = api.order(id).await?;
    services.store.record_looked_up(scene, &found, stored.lookup.as_ref()).await?;
    Ok(())
}

/// Adds the lines of a sale to what is known of one of its payments.
pub(crate) async fn add_lines(
    api: &SquareApi,
    visit: &str,
    state: &mut Order,
) -> Result<(), ApiError> {
    let whole = api.order(visit).await?;
    let stamp = Stamp { updated_at: whole.updated_at, triggered_at: None };
    state.lines = Some(Stamped { stamp, value: whole.lines });
    state.basket = Some(Stamped { stamp, value: whole.basket });
    Ok(())
}

/// Takes in a customer's record that only a payment has named so far.
pub(crate) async fn square_customer(
    services: &Services,
    scene: &Scene<'_>,
    api: &SquareApi,
    id: &str,
) -> Result<(), Failure> {
    let identity = scene.identities.customer(scene.source, id);
    if is_known(services, scene, &identity).await? {
        return Ok(());
    }
    match api.customer(id).await {
        Ok(told) => {
            let consent = told.consent.as_ref();
            let consent = consent.map(|consent| consent.fact(scene.source, scene.now));
            services.store.observe_person(scene, &told.person, consent.as_ref()).await?;
            Ok(())
        }
        // Deleted since: the payment still is somebody's.
        Err(ApiError::NotFound) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whether more than the id of a customer's record is known.
async fn is_known(
    services: &Services,
    scene: &Scene<'_>,
    identity: &Identity,
) -> Result<bool, StoreError> {
    let Some(customer) = services.store.find_customer(scene.shop, identity).await? else {
        return Ok(false);
    };
    let contact = services.store.contact(scene.shop, &customer).await?;
    // A record that only an order named has no time of its own.
    let seen = contact.and_then(|contact| contact.records.get(&scene.source).copied().flatten());
    Ok(seen.is_some())
}

#[cfg(test)]
mod tests;
