//! The product in a history: the real functions on the real store, by all their doors.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use axum::Router;
use axum::body::Body;
use http::Request;
use jiff::Timestamp;
use loyalty::ids::{CustomerId, ShopId, Source};
use loyalty::ledger::Origin;
use loyalty::order::{Order, Stamp, Stamped};
use platform::identity::Identities;
use platform::signature::sign_square;
use platform::store::{Deed, MergeError, Observation, Scene};
use platform::{Clock, Secrets, Services, Sites, Store};
use secrecy::SecretString;
use serde_json::value::RawValue;
use testkit::faults::Faulty;
use testkit::shop::{PUBLIC_URL, SECRET, SQUARE_SECRET};
use tower::ServiceExt;

use super::events;
use super::history::{Door, Event, History, Meaning, SQUARE_PEOPLE};
use super::mail::{Chore, Office, Post, TOKEN, Word, survey_rules};
use super::play::{Subject, TABLE};

/// The moment histories without mail happen at.
const NOW: &str = "2026-11-22T12:00:00Z";

/// The product: the real functions on the real store.
pub(crate) struct Product {
    router: Router,
    pub(super) services: Services,
    pub(super) shop: ShopId,
    office: Option<Office>,
}

impl Subject for Product {
    async fn take(&self, event: &Event) -> u16 {
        let body = event.body.clone();
        let shop = &self.shop;
        match event.door {
            Door::Shopify => {
                let request = testkit::shopify::delivery::<Body>(event.topic, body);
                self.send(request, format!("/webhooks/shopify/{shop}")).await
            }
            Door::Square => {
                let mut request = testkit::square::delivery::<Body>(body.clone());
                // Square signs the address too, and the sample's is another shop's.
                let url = self.services.sites.webhook_url(Source::Square, shop);
                let key = SecretString::from(SQUARE_SECRET);
                let signed = sign_square(&key, &url.unwrap_or_default(), &body);
                if let Ok(signed) = signed.parse() {
                    request.headers_mut().insert("x-square-hmacsha256-signature", signed);
                }
                self.send(request, format!("/webhooks/square/{shop}")).await
            }
            Door::Bus => {
                let envelope = envelope(event.topic, &body);
                status(purchase_webhook::bus::handle(&self.services, &envelope).await)
            }
            Door::LookUp => status(self.look_up(event.meaning, &body).await),
            Door::Hand => status(self.by_hand(event.meaning).await),
            Door::Mail => status(self.mail(event.meaning).await),
        }
    }
}

/// An error asks for another attempt, as a source makes it.
pub(super) fn status<T, E>(done: Result<T, E>) -> u16 {
    if done.is_ok() { 200 } else { 503 }
}

pub(super) type Anything = Box<dyn std::error::Error + Send + Sync>;

impl Product {
    /// The product of a history's shop, with a client that meets faults; with mail where the
    /// history has any.
    pub(super) async fn open(
        history: &History,
        client: Client,
        faulty: &Faulty,
        post: Option<&Arc<Post>>,
    ) -> Result<Self, Anything> {
        let shop = history.shop();
        let clock = match post {
            Some(post) => post.cloud.clock.clone(),
            None => Clock::fixed(NOW.parse::<Timestamp>()?),
        };
        let mut program = loyalty::program::CORNER_BAKERY.replace("corner-bakery", &shop);
        if post.is_some() {
            program = program.replace("receipts = \"weekly\"", "receipts = \"each\"");
            // So that who bought once is missed within a history.
            program = program.replace("rhythm = \"own\"", "days = 21\nrhythm = \"fixed\"");
            program.push_str(&survey_rules(history.seed));
            if history.seed.is_multiple_of(3) {
                program = program.replace("approve_days = 30", "approve_days = 90");
            }
        }
        let store = Store::new(client, TABLE);
        store.apply_program(&program, clock.now()).await?;
        let secrets = Secrets::from_lists([
            (format!("{shop}/shopify"), SECRET.to_owned()),
            (format!("{shop}/square"), SQUARE_SECRET.to_owned()),
            ("identity".to_owned(), "identity-key".to_owned()),
            ("links".to_owned(), "links-key".to_owned()),
            ("api".to_owned(), TOKEN.to_owned()),
        ]);
        let shop: ShopId = shop.parse()?;
        let sites = Sites {
            public_url: Some(PUBLIC_URL.to_owned()),
            shopify: [("shop.myshopify.com".to_owned(), shop.clone())].into(),
            ..Sites::default()
        };
        let (sites, metrics) = (Arc::new(sites), Default::default());
        let services = Services { store, secrets, sites, clock, metrics };
        let office = match post {
            Some(post) => {
                Some(Office::open(&services, &shop, faulty, Arc::clone(post), &program).await?)
            }
            None => None,
        };
        Ok(Self { router: purchase_webhook::router(services.clone()), services, shop, office })
    }

    async fn send(&self, mut request: Request<Body>, path: String) -> u16 {
        if let Ok(uri) = path.parse() {
            *request.uri_mut() = uri;
        }
        match self.router.clone().oneshot(request).await {
            Ok(answer) => answer.status().as_u16(),
            Err(never) => match never {},
        }
    }

    fn identities(&self) -> Result<Identities, Anything> {
        Ok(Identities::new(self.shop.clone(), self.services.secrets.identity_key()?, "US"))
    }

    /// What our own job does with an answer of Square's.
    async fn look_up(&self, meaning: Meaning, body: &[u8]) -> Result<(), Anything> {
        let Meaning::Lines { order, .. } = meaning else { return Ok(()) };
        let found = sources::square::order_answer(body)?;
        let stamp = Stamp { updated_at: found.updated_at, triggered_at: None };
        let state = Order {
            lines: Some(Stamped { stamp, value: found.lines }),
            basket: Some(Stamped { stamp, value: found.basket }),
            ..Order::default()
        };
        let order = events::name(order).try_into()?;
        let identities = self.identities()?;
        let (shop, source, now) = (&self.shop, Source::Square, self.services.clock.now());
        let scene = Scene { shop, source, identities: &identities, origin: Origin::Live, now };
        let observation = Observation { order, state, buyer: None };
        let store = &self.services.store;
        let asked = store.order(shop, &observation.order).await?.lookup;
        store.record_looked_up(&scene, &observation, asked.as_ref()).await?;
        Ok(())
    }

    /// Merges or takes apart, as the owner's API does. Who isn't known yet, or isn't
    /// merged, can't be: that is an answer too.
    async fn by_hand(&self, meaning: Meaning) -> Result<(), Anything> {
        let (now, origin) = (self.services.clock.now(), Origin::Adjust);
        let deed = Deed { shop: &self.shop, origin, now };
        let store = &self.services.store;
        let done = match meaning {
            Meaning::Merged { kept, gone } => {
                let (Some(kept), Some(gone)) = (self.who(kept).await?, self.who(gone).await?)
                else {
                    return Err("not both are known yet".into());
                };
                store.merge(&deed, &kept, &gone).await.map(|_| ())
            }
            Meaning::Undone { gone } => match self.who(gone).await? {
                Some(gone) => store.undo_merge(&deed, &gone).await,
                None => Ok(()),
            },
            _ => Ok(()),
        };
        match done {
            Err(MergeError::Store(error)) => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    async fn mail(&self, meaning: Meaning) -> Result<(), Anything> {
        let (Meaning::Mail(chore), Some(office)) = (meaning, &self.office) else { return Ok(()) };
        if let Chore::Says { person, word: Word::NoAtShopify, at } = chore {
            return self.shopify_tells_no(person, office, at).await;
        }
        let who = match chore {
            Chore::Says { person, .. } | Chore::Born { person, .. } => self.who(person).await?,
            _ => None,
        };
        // It is large, and most deliveries do without it.
        Box::pin(office.does(chore, who)).await
    }

    async fn shopify_tells_no(
        &self,
        person: u64,
        office: &Office,
        at: u64,
    ) -> Result<(), Anything> {
        let (topic, body) = events::withdrawal(person, office.post.at(at));
        let request = testkit::shopify::delivery::<Body>(topic, body);
        match self.send(request, format!("/webhooks/shopify/{}", self.shop)).await {
            200 => {
                let who = self.who(person).await?.ok_or("she was heard and isn't known")?;
                office.post.is_known(person, &who);
                Ok(())
            }
            _ => Err("it isn't taken".into()),
        }
    }

    async fn who(&self, person: u64) -> Result<Option<CustomerId>, Anything> {
        let identities = self.identities()?;
        let identity = if person < SQUARE_PEOPLE {
            identities.customer(Source::Shopify, &person.to_string())
        } else {
            identities.customer(Source::Square, &format!("SQ{person}"))
        };
        Ok(self.services.store.find_customer(&self.shop, &identity).await?)
    }
}

/// An event as Shopify's partner bus brings it.
fn envelope(topic: &str, body: &[u8]) -> Box<RawValue> {
    let body = String::from_utf8_lossy(body);
    let text = format!(
        r#"{{"source":"aws.partner/shopify.com/1/x","detail-type":"shopifyWebhook","detail":{{
        "metadata":{{"X-Shopify-Topic":"{topic}","X-Shopify-Shop-Domain":"shop.myshopify.com"}},
        "payload":{body}}}}}"#
    );
    RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
