//! What happens in a shop: events, and the deliveries that tell of them. Made from a
//! seed and from nothing else.

use fastrand::Rng;
use testkit::ses::Fate;

use super::events::{
    Pay, as_guest, by_hand, consent, garbage, lines, merged_at_shopify, merged_at_square, payment,
    picture, record, redact, refund, till_record, till_refund,
};
use super::mail::{self, Chore};

/// Everything that happens to one shop.
#[derive(Debug, Clone)]
pub(crate) struct History {
    /// What it was made from; names the shop too.
    pub(crate) seed: u64,
    /// What happened at the source.
    pub(crate) events: Vec<Event>,
    /// Who is told, when, how often.
    pub(crate) deliveries: Vec<Delivery>,
    /// What becomes of mail to whom; to all others it arrives.
    pub(crate) fates: Vec<(u64, Fate)>,
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
    /// Whatever mail needs.
    Mail,
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
    /// Something done about mail.
    Mail(Chore),
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
    /// Everything that changes points, and no mail.
    Points,
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
                _ if rng.bool() => {
                    on_the_web = cents;
                    order_events(&mut rng, &mut events, order, cents, buyer, people);
                }
                Kind::Points | Kind::All => {
                    let order = SQUARE_ORDERS.saturating_add(order);
                    let buyer = SQUARE_PEOPLE.saturating_add(buyer);
                    // Now and then the same as on the web, which may be the same sale.
                    let twin = on_the_web > 0 && rng.u8(..3) == 0;
                    let cents = if twin { on_the_web } else { cents };
                    till_events(&mut rng, &mut events, order, cents, buyer);
                }
            }
        }
        if kind != Kind::Purchases {
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
        let mut history = Self { seed, events, deliveries, fates: Vec::new() };
        if kind == Kind::All {
            mail::happens(&mut history, people);
        }
        history
    }

    /// A history of these events, each delivered once, one long after the other, and weeks
    /// later where hours pass.
    pub(crate) fn in_turn(seed: u64, events: Vec<Event>) -> Self {
        let (mut deliveries, mut starts) = (Vec::new(), 0_u64);
        for ((event, id), what) in (0..events.len()).zip(0_u32..).zip(&events) {
            if what.meaning == Meaning::Mail(Chore::HoursPass) {
                starts = starts.saturating_add(mail::WEEKS);
            }
            deliveries.push(Delivery { id, event, starts });
            starts = starts.saturating_add(100_000);
        }
        Self { seed, deliveries, events, fates: Vec::new() }
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
        let (seed, fates) = (self.seed, self.fates.clone());
        (!events.is_empty()).then_some(Self { seed, events, deliveries, fates })
    }

    /// Whether anything is done about mail.
    pub(crate) fn has_mail(&self) -> bool {
        self.events.iter().any(|event| event.door == Door::Mail)
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
