//! Shopify: from a verified delivery to what it says.
//!
//! The signature covers neither topic nor shop nor time. So the shop is the one whose
//! secret fits, the topic only says which shape the body should have, and what a body
//! does follows from the body alone: an order is cancelled because it says so, not
//! because it came as `orders/cancelled`.

mod customer;
mod money;
mod order;
mod refund;
mod shape;

use jiff::Timestamp;
use loyalty::ids::{ShopId, Source};
use loyalty::ledger::Origin;
use platform::Services;
use platform::identity::Identities;
use platform::store::{Observation, Scene, StoreError};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::answer::Outcome;

/// A delivery whose signature fits.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// Its topic, as the header says; empty without one.
    pub topic: &'a str,
    /// When it was triggered, as the header says.
    pub triggered_at: Option<Timestamp>,
    /// Its body.
    pub body: &'a [u8],
}

/// Why a delivery couldn't be taken in.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It can't be read. Says where and why, without any of its values.
    Unreadable(String),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What a delivery says.
#[derive(Debug)]
enum Told {
    /// Something about an order.
    Order(Box<Observation>),
    /// Something about a customer.
    Customer(customer::Told),
    /// The app is gone from the shop.
    Uninstalled,
    /// Something for a later job or a person.
    Task,
    /// Nothing of use here.
    Nothing,
}

/// Takes a verified delivery in.
pub(crate) async fn take(
    services: &Services,
    shop: &ShopId,
    delivery: &Delivery<'_>,
) -> Result<Outcome, Failure> {
    let told = read(delivery)?;
    let now = services.clock.now();
    let store = &services.store;
    if let Told::Nothing = told {
        platform::count!("webhook_ignored", source = "shopify");
        return Ok(Outcome::Ignored);
    }
    if let Told::Uninstalled = told {
        store.shopify_uninstalled(shop, now).await?;
        return Ok(Outcome::Recorded { points: loyalty::Points::ZERO, news: true });
    }
    if let Told::Task = told {
        let body = text(delivery.body)?;
        store.keep_task(shop, delivery.topic, body, now).await?;
        return Ok(Outcome::Kept);
    }
    let rules = store.rules(shop, now).await?;
    let current = rules.programs.current(now);
    let country = current.map_or("", |version| version.program.shop.country.as_str());
    let key = services.secrets.identity_key().map_err(StoreError::from)?;
    let identities = Identities::new(shop.clone(), key, country);
    let (source, origin) = (Source::Shopify, Origin::Live);
    let scene = Scene { shop, source, identities: &identities, origin, now };
    match told {
        Told::Order(observation) => {
            let recorded = store.record(&scene, &observation).await?;
            Ok(Outcome::Recorded { points: recorded.delta, news: recorded.changed })
        }
        Told::Customer(told) => {
            let consent = told.consent(now);
            store.observe_person(&scene, &told.person, consent.as_ref()).await?;
            Ok(Outcome::Recorded { points: loyalty::Points::ZERO, news: true })
        }
        Told::Uninstalled | Told::Task | Told::Nothing => Ok(Outcome::Ignored),
    }
}

/// Reads a delivery: the topic is believed only if the body has its exact shape.
fn read(delivery: &Delivery<'_>) -> Result<Told, Failure> {
    use shape::Shape;
    let expected = match delivery.topic {
        "orders/create" | "orders/paid" | "orders/updated" | "orders/cancelled" => Shape::Order,
        "orders/edited" => Shape::OrderEdit,
        "refunds/create" => Shape::Refund,
        "customers/create" | "customers/update" => Shape::Customer,
        "customers_email_marketing_consent/update" => Shape::Consent,
        "app/uninstalled" => Shape::Shop,
        "customers/merge" => Shape::CustomerMerge,
        "customers/data_request" => Shape::DataRequest,
        "customers/redact" => Shape::CustomerRedact,
        "shop/redact" => Shape::ShopRedact,
        "" => return Err(Failure::Unreadable("the topic header is missing".to_owned())),
        _ => return Ok(Told::Nothing),
    };
    let body = text(delivery.body)?;
    let found = shape::of(body)?;
    if found != Some(expected) {
        let found = found.map_or("no shape we know", Shape::name);
        let expected = expected.name();
        return Err(Failure::Unreadable(format!("the topic says {expected}, the body is {found}")));
    }
    Ok(match expected {
        Shape::Order => {
            Told::Order(Box::new(order::observation(parse(body)?, delivery.triggered_at)?))
        }
        Shape::Refund => Told::Order(Box::new(refund::observation(parse(body)?)?)),
        // It names lines, no amounts; the order snapshot that comes with it has them.
        Shape::OrderEdit => Told::Nothing,
        Shape::Customer => Told::Customer(customer::told(&parse(body)?)?),
        Shape::Consent => {
            Told::Customer(customer::consent_told(&parse(body)?, delivery.triggered_at)?)
        }
        Shape::Shop => Told::Uninstalled,
        Shape::CustomerMerge | Shape::DataRequest | Shape::CustomerRedact | Shape::ShopRedact => {
            Told::Task
        }
    })
}

fn text(body: &[u8]) -> Result<&str, Failure> {
    std::str::from_utf8(body).map_err(|_| Failure::Unreadable("the body isn't UTF-8".to_owned()))
}

/// Reads a body, and says where it fails without repeating what stands there: an error
/// of the parser would print the value, which may be somebody's address.
fn parse<T: DeserializeOwned>(body: &str) -> Result<T, Failure> {
    let mut json = serde_json::Deserializer::from_str(body);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let what = match error.inner().classify() {
            serde_json::error::Category::Data => "missing, or of another type than expected",
            serde_json::error::Category::Eof => "the JSON ends too early",
            _ => "this isn't JSON",
        };
        Failure::Unreadable(format!("`{}`: {what}", error.path()))
    })
}

/// A failure at a place in the body.
fn at(path: &str, what: impl std::fmt::Display) -> Failure {
    Failure::Unreadable(format!("`{path}`: {what}"))
}

/// Raw JSON that only has to be there.
type Any = Box<RawValue>;
