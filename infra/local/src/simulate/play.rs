//! Plays a history: a seeded, single-threaded world where deliveries overlap and the
//! calls of their functions meet faults.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryPartition;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use axum::Router;
use axum::body::Body;
use http::Request;
use jiff::Timestamp;
use loyalty::ids::{CustomerId, ShopId, Source};
use loyalty::ledger::Origin;
use loyalty::order::{Order, Stamp, Stamped};
use platform::identity::Identities;
use platform::signature::sign_square;
use platform::store::{Deed, MergeError, Observation, Scene, table};
use platform::{Clock, Secrets, Services, Sites, Store};
use secrecy::SecretString;
use serde_json::value::RawValue;
use testkit::embedded::{Connector, Embedded};
use testkit::faults::{self, Fate, Fault, Faulty, Made, Place};
use testkit::shop::{PUBLIC_URL, SECRET, SQUARE_SECRET};
use tower::ServiceExt;

use super::history::{self, Delivery, Door, Event, History, Meaning, SQUARE_PEOPLE};
use super::model::{self, Progress, Raw, Violation};

/// The table's name.
const TABLE: &str = "regulars";

/// The moment all histories happen at.
const NOW: &str = "2026-11-22T12:00:00Z";

/// From this attempt on nothing goes wrong any more, so that every history ends.
const LAST_FAULTY_ATTEMPT: u32 = 4;

/// Attempts a sender makes.
const ATTEMPTS: u32 = 12;

/// One in so many calls meets a fault.
const FAULT_ONE_IN: u32 = 9;

/// A database that many shops' histories happen in, one after the other.
#[derive(Debug)]
pub(crate) struct World {
    database: Embedded,
    connector: Connector,
    shops: Mutex<BTreeSet<String>>,
}

/// What goes wrong in a history.
#[derive(Debug, Clone)]
pub(crate) enum Faults {
    /// Some of these kinds, by the history's seed.
    Seeded(Vec<Fault>),
    /// Exactly these, each with its variant.
    Listed(BTreeMap<Place, (Fault, u32)>),
}

/// What takes deliveries in: the product, or a canary.
pub(crate) trait Subject: Send + Sync + 'static {
    /// Takes an event in and gives the HTTP status it answers with.
    fn take(&self, event: &Event) -> impl Future<Output = u16> + Send;
}

/// How a history went.
#[derive(Debug, Clone, Default)]
pub(crate) struct Played {
    /// The first broken promise.
    pub(crate) violation: Option<Violation>,
    /// Every call to DynamoDB.
    pub(crate) made: Vec<Made>,
    /// What happened, line by line.
    pub(crate) trace: Vec<String>,
}

/// The product: the real functions on the real store.
pub(crate) struct Product {
    router: Router,
    services: Services,
    shop: ShopId,
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
        }
    }
}

/// An error asks for another attempt, as a source makes it.
fn status<T, E>(done: Result<T, E>) -> u16 {
    if done.is_ok() { 200 } else { 503 }
}

type Anything = Box<dyn std::error::Error + Send + Sync>;

impl Product {
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
        let order = history::name(order).try_into()?;
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

/// What the players of one history share.
struct Stage {
    history: History,
    faulty: Faulty,
    progress: Mutex<Progress>,
    trace: Mutex<Vec<String>>,
    violation: Mutex<Option<Violation>>,
}

impl World {
    /// A new, empty world.
    pub(crate) async fn new() -> Result<Self, String> {
        let database = Embedded::temporary().map_err(|error| error.to_string())?;
        let client = database.client();
        table::create(&client, TABLE).await.map_err(|error| error.to_string())?;
        let connector = database.connector();
        Ok(Self { database, connector, shops: Mutex::default() })
    }

    /// The table as it is.
    pub(crate) fn raw(&self) -> Raw<'_> {
        Raw { connector: &self.connector, table: TABLE }
    }

    /// The table's client without faults.
    #[cfg(test)]
    pub(crate) fn client(&self) -> Client {
        self.database.client()
    }

    /// P7 for every shop that ever was here.
    pub(crate) async fn check_shops(&self) -> Result<(), Violation> {
        let shops = lock(&self.shops).clone();
        model::check_shops(&self.raw(), &shops).await
    }

    /// The product for a history's shop, over a connector where calls meet their fate.
    pub(crate) async fn product(
        &self,
        history: &History,
        faulty: &Faulty,
    ) -> Result<Product, String> {
        let shop = history.shop();
        lock(&self.shops).insert(shop.clone());
        let now: Timestamp = NOW.parse().map_err(|_| "the time isn't readable".to_owned())?;
        let program = loyalty::program::CORNER_BAKERY.replace("corner-bakery", &shop);
        let store = Store::new(self.faulty_client(faulty), TABLE);
        store.apply_program(&program, now).await.map_err(|error| error.to_string())?;
        let secrets = Secrets::from_lists([
            (format!("{shop}/shopify"), SECRET.to_owned()),
            (format!("{shop}/square"), SQUARE_SECRET.to_owned()),
            ("identity".to_owned(), "identity-key".to_owned()),
        ]);
        let shop: ShopId = shop.parse().map_err(|_| "the shop's name isn't one".to_owned())?;
        let sites = Sites {
            public_url: Some(PUBLIC_URL.to_owned()),
            shopify: [("shop.myshopify.com".to_owned(), shop.clone())].into(),
            ..Sites::default()
        };
        let services =
            Services { store, secrets, sites: Arc::new(sites), clock: Clock::fixed(now) };
        Ok(Product { router: purchase_webhook::router(services.clone()), services, shop })
    }

    /// A connector whose calls meet what `faults` say, by the history's seed.
    pub(crate) fn faulty(&self, history: &History, faults: &Faults) -> Faulty {
        let (seed, faults) = (history.seed, faults.clone());
        Faulty::new(
            self.database.connector(),
            Arc::new(move |place, operation| fate(seed, &faults, place, operation)),
        )
    }

    /// A client as a function has it, with the time-outs it has in AWS.
    pub(crate) fn faulty_client(&self, faulty: &Faulty) -> Client {
        let second = Duration::from_secs(1);
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(second)
            .operation_timeout(Duration::from_secs(3))
            .build();
        // Each history its own bucket of retries: what one used up is no other's loss.
        let partition = RetryPartition::custom("simulated").build();
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "simulator"))
            .endpoint_url("http://embedded.invalid")
            .timeout_config(timeouts)
            .retry_partition(partition)
            .http_client(faulty.clone())
            .build();
        Client::from_conf(config)
    }

    /// Plays a history with a subject, and checks every promise at every step.
    pub(crate) async fn play<S: Subject>(
        &self,
        history: &History,
        faulty: &Faulty,
        subject: S,
    ) -> Played {
        let stage = Arc::new(Stage {
            history: history.clone(),
            faulty: faulty.clone(),
            progress: Mutex::default(),
            trace: Mutex::default(),
            violation: Mutex::default(),
        });
        let subject = Arc::new(subject);
        let mut players = tokio::task::JoinSet::new();
        for delivery in &history.deliveries {
            let (stage, subject) = (Arc::clone(&stage), Arc::clone(&subject));
            let connector = self.connector.clone();
            players.spawn(deliver(stage, subject, connector, *delivery));
        }
        players.join_all().await;
        let progress = lock(&stage.progress).clone();
        let mut violation = lock(&stage.violation).take();
        if violation.is_none() {
            violation = model::check_end(&self.raw(), history, &progress).await.err();
        }
        let trace = std::mem::take(&mut *lock(&stage.trace));
        Played { violation, made: faulty.take_made(), trace }
    }
}

/// Delivers once, again and again until it is taken.
async fn deliver<S: Subject>(
    stage: Arc<Stage>,
    subject: Arc<S>,
    connector: Connector,
    delivery: Delivery,
) {
    let Some(event) = stage.history.events.get(delivery.event) else { return };
    tokio::time::sleep(Duration::from_millis(delivery.starts)).await;
    for attempt in 0..ATTEMPTS {
        if lock(&stage.violation).is_some() {
            return;
        }
        lock(&stage.progress).sent.insert(delivery.event);
        let writes = stage.faulty.writes();
        let taken = subject.take(event);
        let status = faults::attempt(delivery.id, attempt, taken).await;
        let taken = status == Some(200);
        let news = taken && lock(&stage.progress).acknowledged.insert(delivery.event);
        let ended = status.map_or_else(|| "killed".to_owned(), |status| status.to_string());
        lock(&stage.trace).push(format!("delivery {} attempt {attempt}: {ended}", delivery.id));
        // A first acknowledgement must be true at once; else only a write breaks something.
        if news || stage.faulty.writes() != writes {
            check(&stage, &connector, &event.meaning).await;
        }
        if taken {
            return;
        }
        tokio::time::sleep(Duration::from_secs(2_u64.saturating_mul(u64::from(attempt) + 1))).await;
    }
    let never = format!("delivery {} wasn't taken in {ATTEMPTS} attempts", delivery.id);
    lock(&stage.violation).get_or_insert(never);
}

/// Checks what an event is about. Something found is looked at twice, because between
/// two reads another function may have written.
async fn check(stage: &Stage, connector: &Connector, meaning: &Meaning) {
    let (Meaning::Picture { order, .. }
    | Meaning::Refund { order, .. }
    | Meaning::Lines { order, .. }) = *meaning
    else {
        return;
    };
    let raw = Raw { connector, table: TABLE };
    let mut found = None;
    for _ in 0..2 {
        let progress = lock(&stage.progress).clone();
        found = model::check_order(&raw, &stage.history, &progress, order).await.err();
        if found.is_none() {
            return;
        }
    }
    if let Some(found) = found {
        lock(&stage.violation).get_or_insert(found);
    }
}

/// What happens to a call: by its place and the seed alone.
fn fate(seed: u64, faults: &Faults, place: Place, operation: &str) -> Fate {
    let parts = [u64::from(place.delivery), u64::from(place.attempt), u64::from(place.call)];
    let mixed = parts.iter().fold(seed, |mixed, part| {
        (mixed ^ part).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)
    });
    let mut rng = fastrand::Rng::with_seed(mixed);
    let there = Duration::from_millis(rng.u64(..20));
    let back = Duration::from_millis(rng.u64(..20));
    let (fault, variant) = match faults {
        Faults::Listed(listed) => {
            let listed = listed.get(&place);
            (listed.map(|(fault, _)| *fault), listed.map_or(0, |(_, variant)| *variant))
        }
        Faults::Seeded(kinds) => {
            let kinds: Vec<Fault> =
                kinds.iter().copied().filter(|kind| kind.befalls(operation)).collect();
            let hit = place.attempt < LAST_FAULTY_ATTEMPT && rng.u32(..FAULT_ONE_IN) == 0;
            (rng.choice(kinds).filter(|_| hit), rng.u32(..60))
        }
    };
    Fate { fault, variant, there, back }
}

/// The faults a played history met, to be played again one by one.
pub(crate) fn met(
    history: &History,
    faults: &Faults,
    made: &[Made],
) -> BTreeMap<Place, (Fault, u32)> {
    let of = |one: &Made| {
        let fate = fate(history.seed, faults, one.place, &one.operation);
        Some((one.place, (one.fault?, fate.variant)))
    };
    made.iter().filter_map(of).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
