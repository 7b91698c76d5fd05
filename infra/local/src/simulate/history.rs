//! What happens in a shop: events, and the deliveries that tell of them. Made from a
//! seed and from nothing else.

use fastrand::Rng;
use serde_json::{Value, json};
use testkit::shopify;

/// Everything that happens to one shop.
#[derive(Debug, Clone)]
pub(crate) struct History {
    /// What it was made from; names the shop too.
    pub(crate) seed: u64,
    /// What happened at the source.
    pub(crate) events: Vec<Event>,
    /// Who is told, when, how often.
    pub(crate) deliveries: Vec<Delivery>,
}

/// One event at the source.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// The webhook's topic.
    pub(crate) topic: &'static str,
    /// Its body.
    pub(crate) body: Vec<u8>,
    /// What it means, for the model.
    pub(crate) meaning: Meaning,
}

/// What an event means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A picture of an order.
    Picture {
        /// Which order.
        order: u64,
        /// Its `updated_at`, in seconds of the day; no two pictures of an order share one.
        second: i64,
        /// Its total.
        cents: i64,
        /// Whether it is paid.
        paid: bool,
        /// Whether it is cancelled.
        cancelled: bool,
        /// Who bought it, if the picture says so.
        buyer: Option<u64>,
    },
    /// A refund of an order.
    Refund {
        /// Which order.
        order: u64,
        /// How much.
        cents: i64,
    },
    /// A customer's record.
    Person(u64),
    /// Something signed that nobody can read.
    Garbage,
    /// A request to forget somebody.
    Redact,
}

/// One delivery of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// Its number; faults are decided by it.
    pub(crate) id: u32,
    /// Which event.
    pub(crate) event: usize,
    /// When it is first tried, in milliseconds.
    pub(crate) starts: u64,
}

/// How much happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ten purchases, each told twice.
    Purchases,
    /// Everything there is.
    All,
}

/// All deliveries of a history are first tried within this time.
const WITHIN_MS: u64 = 3_000;

impl History {
    /// The history of a seed.
    pub(crate) fn of(seed: u64, kind: Kind) -> Self {
        let mut rng = Rng::with_seed(seed);
        let people = rng.u64(1..=4);
        let mut events = Vec::new();
        for order in 1..=10 {
            let buyer = rng.u64(1..=people);
            // A few large ones reach a tier, so that the next orders earn by its rate.
            let cents =
                if rng.u8(..8) == 0 { rng.i64(30_000..80_000) } else { rng.i64(100..6_000) };
            match kind {
                Kind::Purchases => events.push(picture(order, 10, cents, true, false, Some(buyer))),
                Kind::All => order_events(&mut rng, &mut events, order, cents, buyer, people),
            }
        }
        if kind == Kind::All {
            other_events(&mut rng, &mut events, people);
        }
        let mut deliveries = Vec::new();
        for event in 0..events.len() {
            let copies = if kind == Kind::Purchases { 2 } else { rng.u32(1..=3) };
            for _ in 0..copies {
                let id = u32::try_from(deliveries.len()).unwrap_or(u32::MAX);
                deliveries.push(Delivery { id, event, starts: rng.u64(..WITHIN_MS) });
            }
        }
        Self { seed, events, deliveries }
    }

    /// A history of these events, each delivered once, one long after the other.
    pub(crate) fn in_turn(seed: u64, events: Vec<Event>) -> Self {
        let deliveries = (0..events.len()).zip(0_u32..).map(|(event, id)| Delivery {
            id,
            event,
            starts: u64::from(id).saturating_mul(100_000),
        });
        Self { seed, deliveries: deliveries.collect(), events }
    }

    /// The same without these events, which must be told by no delivery; `None` if
    /// nothing would be left.
    pub(crate) fn without(&self, dropped: &[usize]) -> Option<Self> {
        let kept: Vec<usize> =
            (0..self.events.len()).filter(|event| !dropped.contains(event)).collect();
        let events: Vec<Event> =
            kept.iter().filter_map(|event| self.events.get(*event).cloned()).collect();
        let deliveries = self.deliveries.iter().filter_map(|delivery| {
            let event = kept.iter().position(|kept| *kept == delivery.event)?;
            Some(Delivery { event, ..*delivery })
        });
        let deliveries = deliveries.collect();
        (!events.is_empty()).then_some(Self { seed: self.seed, events, deliveries })
    }

    /// The shop it happens to.
    pub(crate) fn shop(&self) -> String {
        format!("shop-{}", self.seed)
    }

    /// Events of an order that fit `which`.
    pub(crate) fn of_order(&self, order: u64) -> impl Iterator<Item = usize> + '_ {
        let about = move |(index, event): (usize, &Event)| match event.meaning {
            Meaning::Picture { order: of, .. } | Meaning::Refund { order: of, .. } => {
                (of == order).then_some(index)
            }
            _ => None,
        };
        self.events.iter().enumerate().filter_map(about)
    }

    /// The orders there are.
    pub(crate) fn orders(&self) -> Vec<u64> {
        let order = |event: &Event| match event.meaning {
            Meaning::Picture { order, .. } | Meaning::Refund { order, .. } => Some(order),
            _ => None,
        };
        let mut orders: Vec<u64> = self.events.iter().filter_map(order).collect();
        orders.sort_unstable();
        orders.dedup();
        orders
    }
}

fn order_events(
    rng: &mut Rng,
    events: &mut Vec<Event>,
    order: u64,
    cents: i64,
    buyer: u64,
    people: u64,
) {
    let at_first = if rng.u8(..6) == 0 { None } else { Some(buyer) };
    if rng.u8(..5) < 2 {
        events.push(picture(order, 1, cents, false, false, at_first));
    }
    events.push(picture(order, 10, cents, true, false, at_first));
    if at_first.is_none() {
        events.push(picture(order, 20, cents, true, false, Some(buyer)));
    }
    if rng.u8(..12) == 0 {
        let other = rng.u64(1..=people);
        events.push(picture(order, 30, cents, true, false, Some(other)));
    }
    for number in 0..u64::from(rng.u8(..8).saturating_sub(5)) {
        events.push(refund(order, number, rng.i64(1..=cents)));
    }
    if rng.u8(..10) == 0 {
        events.push(picture(order, 50, cents, true, true, Some(buyer)));
    }
}

fn other_events(rng: &mut Rng, events: &mut Vec<Event>, people: u64) {
    for person in 1..=people {
        if rng.bool() {
            events.push(record(person));
        }
    }
    if rng.u8(..4) == 0 {
        events.push(garbage(rng.u64(..)));
    }
    if rng.u8(..4) == 0 {
        events.push(redact());
    }
}

/// A picture of an order at `second`.
#[expect(clippy::indexing_slicing, reason = "writing a key of a JSON object never panics")]
pub(crate) fn picture(
    order: u64,
    second: i64,
    cents: i64,
    paid: bool,
    cancelled: bool,
    buyer: Option<u64>,
) -> Event {
    let total = decimal(cents);
    let mut body = shopify::order(order, &total);
    let updated = format!("2026-11-20T09:00:{second:02}-05:00");
    body["updated_at"] = json!(updated);
    body["financial_status"] = json!(if paid { "paid" } else { "pending" });
    body["cancelled_at"] = if cancelled { json!(updated) } else { Value::Null };
    let email = buyer.map(email);
    body["customer"] = buyer.map_or(Value::Null, |who| shopify::customer(who, &self::email(who)));
    body["email"] = json!(email.clone().unwrap_or_default());
    body["contact_email"] = json!(email);
    let topic = match (paid, cancelled) {
        (false, _) => "orders/create",
        (true, true) => "orders/cancelled",
        (true, false) => "orders/paid",
    };
    let meaning = Meaning::Picture { order, second, cents, paid, cancelled, buyer };
    Event { topic, body: bytes(&body), meaning }
}

/// Refund `number` of an order.
pub(crate) fn refund(order: u64, number: u64, cents: i64) -> Event {
    let id = order.wrapping_mul(1000).wrapping_add(number.wrapping_mul(10));
    let body = shopify::refund(id, order, &decimal(cents));
    Event { topic: "refunds/create", body: bytes(&body), meaning: Meaning::Refund { order, cents } }
}

/// A customer's record.
pub(crate) fn record(person: u64) -> Event {
    let body = shopify::customer(person, &email(person));
    Event { topic: "customers/create", body: bytes(&body), meaning: Meaning::Person(person) }
}

/// Something signed that nobody can read.
pub(crate) fn garbage(salt: u64) -> Event {
    let body = format!("garbage {salt}").into_bytes();
    Event { topic: "orders/paid", body, meaning: Meaning::Garbage }
}

/// A request to forget somebody.
pub(crate) fn redact() -> Event {
    let body =
        json!({"shop_id": 1, "shop_domain": "x", "customer": {"id": 1}, "orders_to_redact": []});
    Event { topic: "customers/redact", body: bytes(&body), meaning: Meaning::Redact }
}

fn email(person: u64) -> String {
    format!("person-{person}@example.com")
}

fn decimal(cents: i64) -> String {
    format!("{}.{:02}", cents.div_euclid(100), cents.rem_euclid(100))
}

fn bytes(body: &Value) -> Vec<u8> {
    body.to_string().into_bytes()
}
