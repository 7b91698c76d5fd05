//! Plays a history: a seeded, single-threaded world where deliveries overlap and the
//! calls of their functions meet faults.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryPartition;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use platform::store::table;
use testkit::embedded::{Connector, Embedded, Stream};
use testkit::faults::{self, Fate, Fault, Faulty, Made, Place};

use super::history::{Delivery, Door, Event, History, Meaning};
use super::mail::{self, Post};
use super::model::{self, Progress, Violation};
use super::product::Product;
use super::raw::Raw;

/// The table's name.
pub(super) const TABLE: &str = "regulars";

/// From this attempt on nothing goes wrong any more, so that every history ends.
pub(super) const LAST_FAULTY_ATTEMPT: u32 = 4;

/// Attempts a sender makes.
const ATTEMPTS: u32 = 12;

/// One in so many calls meets a fault.
const FAULT_ONE_IN: u32 = 9;

/// One in so many of the mailer's, which makes many more of them,
const MAIL_FAULT_ONE_IN: u32 = 40;

/// and of those to SES, which are few.
const SES_FAULT_ONE_IN: u32 = 3;

/// A database that many shops' histories happen in, one after the other.
#[derive(Debug)]
pub(crate) struct World {
    database: Embedded,
    connector: Connector,
    shops: Mutex<BTreeSet<String>>,
    /// The table's stream, as far as histories with mail have read it.
    stream: Mutex<Stream>,
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
    fn take(&self, event: &Event) -> impl Future<Output = u16>;
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

/// What the players of one history share.
struct Stage {
    history: History,
    faulty: Faulty,
    post: Option<Arc<Post>>,
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
        let stream = Stream::open(&database, TABLE).await.map_err(|error| error.to_string())?;
        let connector = database.connector();
        Ok(Self { database, connector, shops: Mutex::default(), stream: Mutex::new(stream) })
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

    /// The machinery of a history's mail, where it has any.
    pub(crate) async fn post(&self, history: &History) -> Result<Option<Arc<Post>>, String> {
        if !history.has_mail() {
            return Ok(None);
        }
        let stream = lock(&self.stream).clone();
        let post = Post::new(&self.database, TABLE, stream, history).await?;
        Ok(Some(Arc::new(post)))
    }

    /// The product for a history's shop, over a connector where calls meet their fate.
    pub(crate) async fn product(
        &self,
        history: &History,
        faulty: &Faulty,
        post: Option<&Arc<Post>>,
    ) -> Result<Product, String> {
        lock(&self.shops).insert(history.shop());
        let client = self.faulty_client(faulty);
        let product = Product::open(history, client, faulty, post).await;
        product.map_err(|error| error.to_string())
    }

    /// A connector whose calls meet what `faults` say, by the history's seed.
    pub(crate) fn faulty(
        &self,
        history: &History,
        faults: &Faults,
        post: Option<&Arc<Post>>,
    ) -> Faulty {
        let (history, faults) = (history.clone(), faults.clone());
        let cloud = post.map(|post| post.cloud.connector());
        Faulty::new(
            cloud.unwrap_or_else(|| self.database.connector().into()),
            Arc::new(move |place, operation| fate(&history, &faults, place, operation)),
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
        post: Option<Arc<Post>>,
        subject: S,
    ) -> Played {
        let stage = Arc::new(Stage {
            history: history.clone(),
            faulty: faulty.clone(),
            post: post.clone(),
            progress: Mutex::default(),
            trace: Mutex::default(),
            violation: Mutex::default(),
        });
        let subject = Arc::new(subject);
        // One thread plays it: nothing of it needs to be sent to another.
        let here = tokio::task::LocalSet::new();
        let mut players = tokio::task::JoinSet::new();
        for delivery in &history.deliveries {
            let (stage, subject) = (Arc::clone(&stage), Arc::clone(&subject));
            let connector = self.connector.clone();
            players.spawn_local_on(deliver(stage, subject, connector, *delivery), &here);
        }
        here.run_until(players.join_all()).await;
        let mut violation = lock(&stage.violation).take();
        if violation.is_none() {
            violation = self.check_end(&stage, subject.as_ref()).await.err();
        }
        if let Some(post) = post {
            let stream = post.stream();
            violation = violation.or(stream.forget().err().map(|error| error.to_string()));
            *lock(&self.stream) = stream;
        }
        let trace = std::mem::take(&mut *lock(&stage.trace));
        Played { violation, made: faulty.take_made(), trace }
    }

    /// Everything, once all is acknowledged and all mail settled.
    async fn check_end<S: Subject>(&self, stage: &Stage, subject: &S) -> Result<(), Violation> {
        let progress = lock(&stage.progress).clone();
        if let Some(post) = &stage.post {
            Box::pin(mail::tail(subject, post, &stage.history, &progress)).await?;
            mail::check_end(post, &stage.history, &stage.faulty.made_so_far()).await?;
        }
        model::check_end(&self.raw(), &stage.history, &progress).await
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
        // What a function holds is large: on the heap, a stack has room for the SDK's calls.
        let taken = Box::pin(subject.take(event));
        let status = faults::attempt(delivery.id, attempt, taken).await;
        let taken = status == Some(200);
        let news = taken && lock(&stage.progress).acknowledged.insert(delivery.event);
        let ended = status.map_or_else(|| "killed".to_owned(), |status| status.to_string());
        lock(&stage.trace).push(format!("delivery {} attempt {attempt}: {ended}", delivery.id));
        if let (Some(post), Meaning::Mail(chore)) = (&stage.post, event.meaning) {
            let progress = lock(&stage.progress).clone();
            let looked = post.after(chore, news, &stage.history, &progress).await;
            if let Err(found) = looked {
                lock(&stage.violation).get_or_insert(found);
            }
        }
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
fn fate(history: &History, faults: &Faults, place: Place, operation: &str) -> Fate {
    let parts = [u64::from(place.delivery), u64::from(place.attempt), u64::from(place.call)];
    let mixed = parts.iter().fold(history.seed, |mixed, part| {
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
            let hit = place.attempt < LAST_FAULTY_ATTEMPT
                && rng.u32(..one_in(history, place, operation)) == 0;
            (rng.choice(kinds).filter(|_| hit), rng.u32(..60))
        }
    };
    Fate { fault, variant, there, back }
}

/// Of how many such calls one goes wrong.
fn one_in(history: &History, place: Place, operation: &str) -> u32 {
    let number = usize::try_from(place.delivery).unwrap_or(usize::MAX);
    let delivery = history.deliveries.get(number);
    let event = delivery.and_then(|delivery| history.events.get(delivery.event));
    match event.map(|event| event.door) {
        Some(Door::Mail) if operation == "SendEmail" => SES_FAULT_ONE_IN,
        Some(Door::Mail) => MAIL_FAULT_ONE_IN,
        _ => FAULT_ONE_IN,
    }
}

/// The faults a played history met, to be played again one by one.
pub(crate) fn met(
    history: &History,
    faults: &Faults,
    made: &[Made],
) -> BTreeMap<Place, (Fault, u32)> {
    let of = |one: &Made| {
        let fate = fate(history, faults, one.place, &one.operation);
        Some((one.place, (one.fault?, fate.variant)))
    };
    made.iter().filter_map(of).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
