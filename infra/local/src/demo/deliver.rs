//! Delivers what was made, signed, through the routes that a server mounts.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use fastrand::Rng;
use http::Request;
use http_body_util::BodyExt;
use indicatif::ProgressBar;
use jiff::{SignedDuration, Timestamp};
use loyalty::ids::Source;
use platform::{Clock, Secrets, Services, Store};
use serde::Deserialize;
use tokio::task::JoinSet;
use tower::ServiceExt;

use super::audit::{self, Audited};
use super::chance::seeded;
use super::mailroom::Mailroom;
use super::people::Person;
use super::schedule::{Delivery, Sale, Subject};
use super::{Play, workers};
use crate::failure::Failure;
use crate::home::{Home, TABLE};
use crate::shopify::{CONSENT, EDITED, Webhook, consent_body, customer_body, order_webhook_body};
use crate::square::{Notice, customer_notice, payment_notice};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What the deliveries did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Delivered {
    pub(super) deliveries: u64,
    /// Write units, in tenths.
    pub(super) write_units_x10: u64,
    /// Answers that weren't "it is in the table".
    pub(super) refused: Vec<String>,
}

/// What delivering some orders once more did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Again {
    pub(super) orders: u64,
    pub(super) deliveries: u64,
    /// Ledger entries there were more or fewer of.
    pub(super) ledger_changes: u64,
    /// Write units, in tenths.
    pub(super) write_units_x10: u64,
    pub(super) refused: Vec<String>,
}

/// What the route says to a webhook it took.
#[derive(Deserialize)]
struct Answer {
    outcome: String,
}

/// The routes, on a clock of their own.
struct Door {
    router: Router,
    now: Arc<AtomicI64>,
    store: Store,
}

impl Door {
    fn new(client: &Store, secrets: Secrets, play: &Play, at: Timestamp) -> Self {
        let now = Arc::new(AtomicI64::new(at.as_millisecond()));
        let clock = Clock::new({
            let now = Arc::clone(&now);
            move || {
                let now = now.load(Ordering::Relaxed);
                Timestamp::from_millisecond(now).unwrap_or(Timestamp::UNIX_EPOCH)
            }
        });
        // A store of its own, because what it remembers of the rules is by its clock.
        let store = Store::new(client.client().clone(), TABLE);
        let sites = Arc::clone(&play.sites);
        let (own, metrics) = (store.clone(), Default::default());
        let services = Services { store: own, secrets, sites, clock, metrics };
        Self { router: purchase_webhook::router(services), now, store }
    }

    /// Delivers a share of an hour.
    async fn deliver_all(&self, play: &Play, share: Share) -> Delivered {
        let mut delivered = Delivered::default();
        for (person, range) in share {
            let own = play.deliveries.get(person).and_then(|own| own.get(range));
            for one in own.into_iter().flatten() {
                delivered.refused.extend(self.deliver(play, person, one).await.err());
                delivered.deliveries = delivered.deliveries.saturating_add(1);
            }
        }
        delivered
    }

    /// Delivers one; `Err` is why it wasn't taken.
    async fn deliver(&self, play: &Play, person: usize, one: &Delivery) -> Result<(), String> {
        let request = request(play, person, one).ok_or("nothing to deliver")?;
        let request = request.map_err(|error| error.to_string())?;
        self.now.store(one.at.as_millisecond(), Ordering::Relaxed);
        let answer = seeded(seed_of(play, person, one), self.router.clone().oneshot(request)).await;
        let answer = answer.unwrap_or_else(|never| match never {});
        let status = answer.status();
        let text =
            answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        let outcome = serde_json::from_slice(&text).map(|answer: Answer| answer.outcome);
        let outcome = outcome.unwrap_or_default();
        match (status.as_u16(), outcome.as_str()) {
            (200, "recorded" | "ignored") => Ok(()),
            // Nobody looks anything up here; the picture that follows has it all.
            (200, "kept") if one.topic == EDITED => Ok(()),
            _ => Err(format!(
                "{} of {person} at {}: {status} {outcome}",
                one.topic, one.triggered_at
            )),
        }
    }
}

/// Where a delivery's chance begins.
fn seed_of(play: &Play, person: usize, one: &Delivery) -> u64 {
    let person = u64::try_from(person).unwrap_or(u64::MAX).rotate_left(44);
    let at = one.at.as_microsecond().unsigned_abs();
    Rng::with_seed(play.year.seed.rotate_left(32) ^ person ^ at).u64(..)
}

/// The request that a delivery is.
fn request(play: &Play, person: usize, one: &Delivery) -> Option<http::Result<Request<Body>>> {
    let who = play.people.get(person)?;
    let secret = play.secrets.get(&one.subject.source())?;
    match one.subject.source() {
        Source::Shopify => {
            let webhook = webhook(play, person, one)?;
            Some(webhook.request(&play.year.sender, &play.shop, secret))
        }
        Source::Square => {
            let url = play.sites.webhook_url(Source::Square, &play.shop)?;
            Some(notice(who, one)?.request(&url, secret))
        }
    }
}

/// What Square tells by a delivery.
fn notice(who: &Person, one: &Delivery) -> Option<Notice> {
    match one.subject {
        Subject::Sale { sale: Sale::Payment(payment), step } => {
            payment_notice(who.payments.get(payment)?, step, one.topic, one.triggered_at)
        }
        Subject::Record { step } => {
            let step = who.till.steps.get(step)?;
            let (record, merge) = (&step.record, step.merge.as_ref());
            Some(customer_notice(record, merge, one.topic, one.triggered_at))
        }
        Subject::Sale { sale: Sale::Order(_), .. } | Subject::Account => None,
    }
}

/// What Shopify tells by a delivery.
fn webhook(play: &Play, person: usize, one: &Delivery) -> Option<Webhook> {
    let sender = &play.year.sender;
    let who = play.people.get(person)?;
    let (id, body) = match one.subject {
        Subject::Account => {
            let account = who.account.as_ref()?;
            let body = match (one.topic, who.consents) {
                (CONSENT, Some(yes)) => consent_body(sender, account, yes, one.triggered_at),
                _ => customer_body(sender, account),
            };
            (account.id, body)
        }
        Subject::Sale { sale: Sale::Order(order), step } => {
            let order = who.orders.get(order)?;
            (order.id, order_webhook_body(sender, order, step, one.topic))
        }
        Subject::Sale { sale: Sale::Payment(_), .. } | Subject::Record { .. } => return None,
    };
    let number = one.triggered_at.as_microsecond();
    let id = format!("{:08x}-{:04x}-4d2e-9b70-{number:012x}", id & 0xFFFF_FFFF, person & 0xFFFF);
    let body = body.to_string();
    Some(Webhook { topic: one.topic, id, triggered_at: one.triggered_at, body })
}

/// What one worker has to deliver in an hour: of whom, and from which delivery to which.
type Share = Vec<(usize, Range<usize>)>;

/// Delivers everything, an hour after the other, and has its mail go out. Within an hour
/// each person's webhooks arrive one after another, people side by side.
pub(super) async fn everything(
    home: &Home<'_>,
    play: &mut Arc<Play>,
    bar: &ProgressBar,
    mut mailroom: Option<&mut Mailroom>,
) -> Result<Delivered, Failure> {
    let mut hours = Hours::of(play);
    let doors: Vec<Arc<Door>> = (0..workers())
        .map(|_| Arc::new(Door::new(&home.store, home.secrets.lists(), play, play.year.start)))
        .collect();
    let mut all = Delivered::default();
    let mut hour = play.year.start;
    while hour <= play.year.end {
        let end = hour.checked_add(HOUR).unwrap_or(Timestamp::MAX);
        let shares = hours.0.remove(&hour.as_second());
        let mut working = JoinSet::new();
        for (door, share) in doors.iter().zip(shares.iter().flatten()) {
            let (play, door, share) = (Arc::clone(play), Arc::clone(door), share.clone());
            working.spawn(async move { door.deliver_all(&play, share).await });
        }
        while let Some(part) = working.join_next().await {
            let part = part.map_err(|error| Failure::because("a delivery panicked", &error))?;
            all.deliveries = all.deliveries.saturating_add(part.deliveries);
            all.refused.extend(part.refused);
            bar.inc(part.deliveries);
        }
        if let Some(mailroom) = mailroom.as_mut() {
            for one in mailroom.hour(play, end, shares.is_some()).await? {
                // Nobody is at work between two hours.
                let Some(play) = Arc::get_mut(play) else {
                    return Err(Failure::new("a delivery goes on after its hour"));
                };
                let from = play.comes_back(one);
                let new = play.deliveries.get(one.person).into_iter().flatten().skip(from).count();
                bar.inc_length(u64::try_from(new).unwrap_or(u64::MAX));
                hours.add(play, one.person, from);
            }
        }
        hour = end;
    }
    let units = doors.iter().map(|door| door.store.write_units_x10());
    all.write_units_x10 = units.fold(0, u64::saturating_add);
    all.refused.sort();
    Ok(all)
}

/// The deliveries of each hour that is to come, by the second it begins, in a share for each
/// worker.
struct Hours(BTreeMap<i64, Vec<Share>>);

impl Hours {
    fn of(play: &Play) -> Self {
        let mut hours = Self(BTreeMap::new());
        for person in 0..play.deliveries.len() {
            hours.add(play, person, 0);
        }
        hours
    }

    /// Adds somebody's deliveries from one on. All of hers in an hour are in one share.
    fn add(&mut self, play: &Play, person: usize, from: usize) {
        let deliveries = play.deliveries.get(person).map(Vec::as_slice).unwrap_or_default();
        let (start, mut from) = (play.year.start.as_second(), from);
        while let Some(first) = deliveries.get(from) {
            let into = first.at.as_second().saturating_sub(start).rem_euclid(HOUR.as_secs());
            let begin = first.at.as_second().saturating_sub(into);
            let within = |one: &Delivery| one.at.as_second() < begin.saturating_add(HOUR.as_secs());
            let rest = deliveries.get(from..).unwrap_or_default();
            let to = from.saturating_add(rest.iter().take_while(|one| within(one)).count().max(1));
            let shares = self.0.entry(begin).or_insert_with(|| vec![Share::new(); workers()]);
            let has_her = |share: &Share| share.iter().any(|(other, _)| *other == person);
            let place = shares.iter().position(has_her);
            let share = match place {
                Some(place) => shares.get_mut(place),
                None => shares.iter_mut().min_by_key(|share| share.len()),
            };
            if let Some(share) = share {
                share.push((person, from..to));
            }
            from = to;
        }
    }
}

/// Delivers everything of some orders once more, in any order, and counts what changed.
pub(super) async fn again(
    home: &Home<'_>,
    play: &Arc<Play>,
    audited: &Audited,
    count: usize,
) -> Result<Again, Failure> {
    let mut rng = Rng::with_seed(play.year.seed);
    let sales = |who: &Person| {
        let orders = (0..who.orders.len()).map(Sale::Order);
        orders.chain((0..who.payments.len()).map(Sale::Payment)).collect::<Vec<Sale>>()
    };
    let people = play.people.iter().enumerate();
    let mut orders: Vec<(usize, Sale)> = people
        .flat_map(|(person, who)| sales(who).into_iter().map(move |sale| (person, sale)))
        .collect();
    rng.shuffle(&mut orders);
    orders.truncate(count);
    let mut deliveries: Vec<(usize, &Delivery)> = Vec::new();
    for (person, sale) in &orders {
        let own = play.deliveries.get(*person).into_iter().flatten();
        // An edit asks for a look-up anew each time, which is a write of its own.
        let own = own.filter(|one| one.subject.sale() == Some(*sale) && one.topic != EDITED);
        deliveries.extend(own.map(|one| (*person, one)));
    }
    rng.shuffle(&mut deliveries);
    let door = Door::new(&home.store, home.secrets.lists(), play, play.year.end);
    let mut again = Again {
        orders: u64::try_from(orders.len()).unwrap_or(u64::MAX),
        deliveries: u64::try_from(deliveries.len()).unwrap_or(u64::MAX),
        ..Again::default()
    };
    for (person, one) in deliveries {
        let late = Delivery { at: play.year.end, ..one.clone() };
        again.refused.extend(door.deliver(play, person, &late).await.err());
    }
    let entries = audit::ledger_entries(home, play, audited).await?;
    again.ledger_changes = entries.abs_diff(audited.ledger_entries);
    again.write_units_x10 = door.store.write_units_x10();
    Ok(again)
}
