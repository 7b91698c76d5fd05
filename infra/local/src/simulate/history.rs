//! What happens in a shop: events, and the deliveries that tell of them. Made from a
//! seed and from nothing else.

use fastrand::Rng;
use serde_json::{Value, json};
use testkit::{shopify, square};

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

/// One event at a source, or one thing done by a person or a job of ours.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// How it reaches us.
    pub(crate) door: Door,
    /// The webhook's topic.
    pub(crate) topic: &'static str,
    /// Its body.
    pub(crate) body: Vec<u8>,
    /// What it means, for the model.
    pub(crate) meaning: Meaning,
}

/// How something reaches us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// Shopify's webhook.
    Shopify,
    /// Shopify's partner bus.
    Bus,
    /// Square's webhook.
    Square,
    /// An answer of Square's to our look-up.
    LookUp,
    /// A person's hand: two records are one person, or aren't.
    Hand,
}

/// From this number on an order is Square's.
pub(crate) const SQUARE_ORDERS: u64 = 1_000;

/// From this number on a person is a record at Square.
pub(crate) const SQUARE_PEOPLE: u64 = 100;

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
        /// Whether only an address says so, and no record.
        guest: bool,
    },
    /// A refund of an order.
    Refund {
        /// Which order.
        order: u64,
        /// How much.
        cents: i64,
    },
    /// What a sale's lines come to: so much of a payment of `cents` is no gift card.
    Lines {
        /// Which order.
        order: u64,
        /// What of it counts.
        goods: i64,
    },
    /// A customer's record, or what she said about mail.
    Person(u64),
    /// Two people are one from now on.
    Merged {
        /// The one who stays.
        kept: u64,
        /// The one who is gone.
        gone: u64,
    },
    /// They aren't, after all.
    Undone {
        /// Who was gone.
        gone: u64,
    },
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
        let mut on_the_web = 0;
        for order in 1..=10 {
            let buyer = rng.u64(1..=people);
            // A few large ones reach a tier, so that the next orders earn by its rate.
            let cents =
                if rng.u8(..8) == 0 { rng.i64(30_000..80_000) } else { rng.i64(100..6_000) };
            match kind {
                Kind::Purchases => events.push(picture(order, 10, cents, true, false, Some(buyer))),
                Kind::All if rng.bool() => {
                    on_the_web = cents;
                    order_events(&mut rng, &mut events, order, cents, buyer, people);
                }
                Kind::All => {
                    let order = SQUARE_ORDERS.saturating_add(order);
                    let buyer = SQUARE_PEOPLE.saturating_add(buyer);
                    // Now and then the same as on the web, which may be the same sale.
                    let twin = on_the_web > 0 && rng.u8(..3) == 0;
                    let cents = if twin { on_the_web } else { cents };
                    till_events(&mut rng, &mut events, order, cents, buyer);
                }
            }
        }
        if kind == Kind::All {
            other_events(&mut rng, &mut events, people);
            merges(&mut rng, &mut events, people);
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
            Meaning::Picture { order: of, .. }
            | Meaning::Refund { order: of, .. }
            | Meaning::Lines { order: of, .. } => (of == order).then_some(index),
            _ => None,
        };
        self.events.iter().enumerate().filter_map(about)
    }

    /// The orders there are.
    pub(crate) fn orders(&self) -> Vec<u64> {
        let order = |event: &Event| match event.meaning {
            Meaning::Picture { order, .. }
            | Meaning::Refund { order, .. }
            | Meaning::Lines { order, .. } => Some(order),
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
    let first = events.len();
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
    for event in events.iter_mut().skip(first) {
        match rng.u8(..6) {
            // She bought as a guest, known by her address alone.
            0 => *event = as_guest(event),
            1 => event.door = Door::Bus,
            _ => {}
        }
    }
}

/// A sale at the till: Square tells of its payment, of whose it is often later, and of its
/// lines only when asked.
fn till_events(rng: &mut Rng, events: &mut Vec<Event>, order: u64, cents: i64, buyer: u64) {
    let named = rng.u8(..3) > 0;
    if rng.bool() {
        events.push(payment(order, 1, cents, Pay::Approved, None));
    }
    if rng.u8(..12) == 0 {
        events.push(payment(order, 10, cents, Pay::Canceled, Some(buyer)));
        return;
    }
    events.push(payment(order, 10, cents, Pay::Completed, Some(buyer).filter(|_| named)));
    if !named {
        events.push(payment(order, 20, cents, Pay::Completed, Some(buyer)));
    }
    if rng.bool() {
        let card = if rng.u8(..4) == 0 { rng.i64(1..=cents) } else { 0 };
        events.push(lines(order, cents, cents - card));
    }
    for number in 0..u64::from(rng.u8(..8).saturating_sub(5)) {
        events.push(till_refund(order, number, rng.i64(1..=cents)));
    }
}

/// Records that become one, at their source or by hand, and some that are taken apart.
fn merges(rng: &mut Rng, events: &mut Vec<Event>, people: u64) {
    if people > 1 && rng.u8(..3) == 0 {
        // There are records to merge, and each tells its address.
        events.extend([record(1), record(2), merged_at_shopify(1, 2)]);
    }
    if people > 1 && rng.u8(..3) == 0 {
        events.push(merged_at_square(
            SQUARE_PEOPLE.saturating_add(1),
            SQUARE_PEOPLE.saturating_add(2),
        ));
    }
    if people > 2 && rng.u8(..3) == 0 {
        let gone = SQUARE_PEOPLE.saturating_add(3);
        // A person can only merge whom she sees.
        events.extend([record(3), till_record(gone)]);
        events.push(by_hand(Meaning::Merged { kept: 3, gone }));
        if rng.bool() {
            events.push(by_hand(Meaning::Undone { gone }));
        }
    }
}

fn other_events(rng: &mut Rng, events: &mut Vec<Event>, people: u64) {
    for person in 1..=people {
        if rng.bool() {
            events.push(record(person));
        }
        if rng.u8(..3) == 0 {
            events.push(consent(person));
        }
        if rng.u8(..3) == 0 {
            events.push(till_record(SQUARE_PEOPLE.saturating_add(person)));
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
    let guest = false;
    let meaning = Meaning::Picture { order, second, cents, paid, cancelled, buyer, guest };
    Event { door: Door::Shopify, topic, body: bytes(&body), meaning }
}

/// Refund `number` of an order.
pub(crate) fn refund(order: u64, number: u64, cents: i64) -> Event {
    let id = order.wrapping_mul(1000).wrapping_add(number.wrapping_mul(10));
    let body = shopify::refund(id, order, &decimal(cents));
    let meaning = Meaning::Refund { order, cents };
    Event { door: Door::Shopify, topic: "refunds/create", body: bytes(&body), meaning }
}

/// A customer's record.
pub(crate) fn record(person: u64) -> Event {
    let body = shopify::customer(person, &email(person));
    let meaning = Meaning::Person(person);
    Event { door: Door::Shopify, topic: "customers/create", body: bytes(&body), meaning }
}

/// Something signed that nobody can read.
pub(crate) fn garbage(salt: u64) -> Event {
    let body = format!("garbage {salt}").into_bytes();
    Event { door: Door::Shopify, topic: "orders/paid", body, meaning: Meaning::Garbage }
}

/// A request to forget somebody.
pub(crate) fn redact() -> Event {
    let body =
        json!({"shop_id": 1, "shop_domain": "x", "customer": {"id": 1}, "orders_to_redact": []});
    let meaning = Meaning::Redact;
    Event { door: Door::Shopify, topic: "customers/redact", body: bytes(&body), meaning }
}

/// The same, bought by a guest: only her address says who she is.
#[expect(clippy::indexing_slicing, reason = "writing a key of a JSON object never panics")]
pub(crate) fn as_guest(event: &Event) -> Event {
    let mut body: Value = serde_json::from_slice(&event.body).unwrap_or_default();
    if body.get("customer").is_some() {
        body["customer"] = Value::Null;
    }
    let mut meaning = event.meaning;
    if let Meaning::Picture { guest, .. } = &mut meaning {
        *guest = true;
    }
    Event { body: bytes(&body), meaning, ..event.clone() }
}

/// What a person said about mail, under her record.
pub(crate) fn consent(person: u64) -> Event {
    let body = json!({"customer_id": person, "email_address": email(person),
        "email_marketing_consent": {"state": "subscribed", "opt_in_level": "single_opt_in",
            "consent_updated_at": "2026-11-20T09:00:00-05:00"}});
    let topic = "customers_email_marketing_consent/update";
    Event { door: Door::Shopify, topic, body: bytes(&body), meaning: Meaning::Person(person) }
}

/// How far a payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pay {
    Approved,
    Completed,
    Canceled,
}

/// A payment at the till at `second`.
#[expect(clippy::indexing_slicing, reason = "writing a key of a JSON object never panics")]
pub(crate) fn payment(order: u64, second: i64, cents: i64, pay: Pay, buyer: Option<u64>) -> Event {
    let mut body = square::payment(&format!("P{order}"), cents);
    body["updated_at"] = json!(format!("2026-11-20T14:00:{second:02}.450Z"));
    body["customer_id"] = json!(buyer.map(|buyer| format!("SQ{buyer}")));
    body["status"] = json!(match pay {
        Pay::Approved => "APPROVED",
        Pay::Completed => "COMPLETED",
        Pay::Canceled => "CANCELED",
    });
    let (paid, cancelled) = (pay == Pay::Completed, pay == Pay::Canceled);
    let guest = false;
    let meaning = Meaning::Picture { order, second, cents, paid, cancelled, buyer, guest };
    at_till("payment.updated", &json!({ "payment": body }), meaning)
}

/// Refund `number` of a payment.
pub(crate) fn till_refund(order: u64, number: u64, cents: i64) -> Event {
    let body = square::refund(&format!("R{order}-{number}"), &format!("P{order}"), cents);
    at_till("refund.updated", &json!({ "refund": body }), Meaning::Refund { order, cents })
}

/// A customer's record at Square.
pub(crate) fn till_record(person: u64) -> Event {
    let id = format!("SQ{person}");
    let body = square::customer(&id, &format!("{id}@till.example.com"));
    at_till("customer.updated", &json!({ "customer": body }), Meaning::Person(person))
}

/// Square made one record of two.
pub(crate) fn merged_at_square(kept: u64, gone: u64) -> Event {
    let body = square::customer(&format!("SQ{gone}"), "");
    let merge =
        json!({"from_customer_ids": [format!("SQ{gone}")], "to_customer_id": format!("SQ{kept}")});
    let object = json!({"customer": body, "event_context": {"merge": merge}});
    at_till("customer.deleted", &object, Meaning::Merged { kept, gone })
}

/// Shopify made one record of two.
pub(crate) fn merged_at_shopify(kept: u64, gone: u64) -> Event {
    let body = json!({
        "admin_graphql_api_customer_kept_id": format!("gid://shopify/Customer/{kept}"),
        "admin_graphql_api_customer_deleted_id": format!("gid://shopify/Customer/{gone}"),
        "admin_graphql_api_job_id": null, "status": "completed", "errors": []});
    let meaning = Meaning::Merged { kept, gone };
    Event { door: Door::Shopify, topic: "customers/merge", body: bytes(&body), meaning }
}

/// A person says who is one, or who isn't.
pub(crate) fn by_hand(meaning: Meaning) -> Event {
    Event { door: Door::Hand, topic: "by hand", body: Vec::new(), meaning }
}

/// What a look-up of a payment of `cents` finds: `goods`, and a gift card for the rest.
pub(crate) fn lines(order: u64, cents: i64, goods: i64) -> Event {
    let body = json!({"order": {"updated_at": "2026-11-20T14:00:30Z",
    "total_money": square::money(cents),
    "line_items": [
        {"uid": "U1", "quantity": "1", "gross_sales_money": square::money(goods)},
        {"uid": "U2", "quantity": "1", "item_type": "GIFT_CARD",
            "gross_sales_money": square::money(cents - goods)},
    ]}});
    let meaning = Meaning::Lines { order, goods };
    Event { door: Door::LookUp, topic: "order", body: bytes(&body), meaning }
}

fn at_till(topic: &'static str, object: &Value, meaning: Meaning) -> Event {
    let body = bytes(&square::event(topic, object));
    Event { door: Door::Square, topic, body, meaning }
}

/// The order's name among all sources.
pub(crate) fn name(order: u64) -> String {
    if order < SQUARE_ORDERS { format!("shopify:{order}") } else { format!("square:P{order}") }
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
