//! Shopify's events as its partner bus delivers them: the same bodies inside EventBridge's
//! envelope. There is no signature to check, because the raw bytes are gone; that an event
//! is Shopify's is said by its source, which only the partner can put there.

use std::collections::BTreeMap;

use loyalty::ids::Source;
use loyalty::ledger::Origin;
use platform::Services;
use platform::store::StoreError;
use serde::Deserialize;
use serde_json::value::RawValue;
use sources::shopify;
use thiserror::Error;

use crate::door::settle;
use crate::take::Delivery;

/// What the source of every event of Shopify's begins with.
const PARTNER: &str = "aws.partner/shopify.com/";

/// An event wasn't taken in. Lambda tries again, and then keeps it.
#[derive(Debug, Error)]
pub enum BusError {
    /// It isn't an event of Shopify's as we know them.
    #[error("this is no event of Shopify's: {0}")]
    Unreadable(&'static str),
    /// No shop of this deployment has the domain.
    #[error("no shop here has the domain {0}: add it to REGULARS_SHOPIFY_SHOPS")]
    UnknownShop(String),
    /// The table couldn't take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    detail: Detail<'a>,
}

#[derive(Deserialize)]
struct Detail<'a> {
    #[serde(borrow)]
    payload: &'a RawValue,
    metadata: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Probe {
    source: Option<String>,
}

/// Whether Lambda handed over an event of Shopify's bus.
pub fn is_shopifys(event: &RawValue) -> bool {
    let probe: Result<Probe, _> = serde_json::from_str(event.get());
    probe.ok().and_then(|probe| probe.source).is_some_and(|source| source.starts_with(PARTNER))
}

/// Takes an event of Shopify's bus in.
pub async fn handle(services: &Services, event: &RawValue) -> Result<(), BusError> {
    let Envelope { detail } = serde_json::from_str(event.get())
        .map_err(|_| BusError::Unreadable("it has no detail with payload and metadata"))?;
    // The names are those of the HTTP headers, in another case here and there.
    let named = |name: &str| {
        let found = detail.metadata.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.and_then(|(_, value)| value.as_str())
    };
    let domain = named("X-Shopify-Shop-Domain")
        .ok_or(BusError::Unreadable("its metadata names no shop domain"))?
        .to_lowercase();
    let Some(shop) = services.sites.shopify.get(&domain) else {
        return Err(BusError::UnknownShop(domain));
    };
    let topic = named("X-Shopify-Topic").unwrap_or_default();
    let body = detail.payload.get().as_bytes();
    let triggered_at = named("X-Shopify-Triggered-At").and_then(|at| at.parse().ok());
    let told = shopify::read(&shopify::Delivery { topic, triggered_at, body });
    let (source, origin) = (Source::Shopify, Origin::Live);
    let delivery = Delivery { shop, source, topic, body, origin };
    settle(services, &delivery, told).await?;
    Ok(())
}
