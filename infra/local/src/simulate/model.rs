//! What must be true, said a second time and differently.
//!
//! Shares no code with the product: it reads raw items by their attribute names and
//! works in cents. An order's points must be those of a set of its events that holds
//! every acknowledged one (nothing acknowledged is lost) and no event that never
//! happened.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::events;
use super::history::{self, History, Meaning};
use super::raw::{Account, Raw, Stored, items, text};

/// What the world knows of a history so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// Events that were sent at least once.
    pub(crate) sent: BTreeSet<usize>,
    /// Events that were answered 200 at least once.
    pub(crate) acknowledged: BTreeSet<usize>,
}

/// A broken promise.
pub(crate) type Violation = String;

/// What an order must come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Expected {
    buyer: Option<u64>,
    kept: i64,
}

/// What these events of one order come to.
fn expected(history: &History, events: &BTreeSet<usize>) -> Expected {
    let mut newest: Option<(i64, i64, bool)> = None;
    // A record says more than an address, however late the address stands there.
    let mut named: Option<(bool, i64, u64)> = None;
    let (mut cancelled_once, mut back, mut goods) = (false, 0, None);
    for event in events.iter().filter_map(|event| history.events.get(*event)) {
        match event.meaning {
            Meaning::Picture { second, cents, paid, cancelled, buyer, guest, .. } => {
                newest = newest.max(Some((second, cents, paid)));
                named = named.max(buyer.map(|buyer| (!guest, second, buyer)));
                cancelled_once |= cancelled;
            }
            Meaning::Refund { cents, .. } => back += cents,
            Meaning::Lines { goods: found, .. } => goods = Some(found),
            _ => {}
        }
    }
    let kept = match newest {
        // Of each cent that stays, the goods have their share.
        Some((_, cents, true)) if !cancelled_once && cents > 0 => {
            let stays = (cents - back).max(0);
            (goods.unwrap_or(cents) * stays * 2 + cents).div_euclid(cents * 2)
        }
        _ => 0,
    };
    Expected { buyer: named.map(|(_, _, buyer)| buyer), kept }
}

/// Ten points for a dollar, times the tier's factor, rounded down.
fn points(kept: i64, tier: i64) -> i64 {
    (kept * 10 * tier).div_euclid(100 * 100)
}

/// Whether an order stands where these events put it.
fn fits(stored: &Stored, expected: Expected) -> bool {
    match (&stored.customer, expected.buyer) {
        (None, None) => stored.posted == 0,
        (Some(_), Some(_)) if stored.held => (stored.kept, stored.posted) == (0, 0),
        (Some(_), Some(_)) => {
            stored.kept == expected.kept
                && stored.posted == stored.tier.map_or(0, |tier| points(expected.kept, tier))
        }
        _ => false,
    }
}

/// Families that were read, by any of their members: good for as long as nobody writes.
type Families = BTreeMap<String, Vec<(String, Account)>>;

/// P1 and P5 for one order, and P2 for whoever has it.
pub(crate) async fn check_order(
    raw: &Raw<'_>,
    history: &History,
    progress: &Progress,
    order: u64,
) -> Result<(), Violation> {
    check_one(raw, history, progress, order, &mut Families::new()).await.map(|_| ())
}

/// The same with families read before; gives the order as it stands.
async fn check_one(
    raw: &Raw<'_>,
    history: &History,
    progress: &Progress,
    order: u64,
    families: &mut Families,
) -> Result<Option<Stored>, Violation> {
    let shop = history.shop();
    let mine: BTreeSet<usize> = history.of_order(order).collect();
    let certain: BTreeSet<usize> = mine.intersection(&progress.acknowledged).copied().collect();
    let open: Vec<usize> =
        mine.difference(&certain).copied().filter(|event| progress.sent.contains(event)).collect();
    let stored = raw.order(&shop, order).await;
    let Some(stored) = stored else {
        return match certain.is_empty() {
            true => Ok(None),
            false => Err(format!("P5: order {order} was acknowledged and isn't there")),
        };
    };
    let any = (0..1_u32 << open.len().min(10)).any(|chosen| {
        let more = open.iter().zip(0..).filter(|(_, bit)| chosen & (1 << bit) != 0);
        let events = certain.iter().chain(more.map(|(event, _)| event)).copied().collect();
        fits(&stored, expected(history, &events))
    });
    if !any {
        let must = expected(history, &certain);
        return Err(format!(
            "P1: order {order} stands at {stored:?}; acknowledged events give {must:?}"
        ));
    }
    let Some(customer) = stored.customer.clone() else { return Ok(Some(stored)) };
    // Before and after a merge its entries stand in two ledgers.
    let name = events::name(order);
    let mut entered = 0;
    if !families.contains_key(&customer) {
        let family = raw.family(&shop, &customer).await;
        for (one, account) in &family {
            check_account(account, one)?;
        }
        families.insert(customer.clone(), family);
    }
    for (_, account) in families.get(&customer).into_iter().flatten() {
        let entries = account.ledger.iter().filter(|(of, _, _)| *of == name);
        entered += entries.map(|(_, delta, _)| delta).sum::<i64>();
    }
    // What came while two were one stays in the ledger of her who stood for both; undoing
    // that moves sums. That the sums are right is seen at the end.
    let apart = history.events.iter().any(|one| matches!(one.meaning, Meaning::Undone { .. }));
    if entered != stored.posted && !apart {
        return Err(format!(
            "P2: order {order} has {} posted, the ledger {entered}",
            stored.posted
        ));
    }
    Ok(Some(stored))
}

/// P2: the ledger adds up, and debt stands beside no points.
fn check_account(account: &Account, customer: &str) -> Result<(), Violation> {
    let ledger: i64 = account.ledger.iter().map(|(_, delta, _)| delta).sum();
    let balance = account.lots - account.debt + account.pending;
    if ledger != balance {
        return Err(format!(
            "P2: the ledger of {customer} sums to {ledger}, her balance is {balance}"
        ));
    }
    let mut sum = 0;
    for (order, delta, after) in &account.ledger {
        sum += delta;
        if sum != *after {
            return Err(format!(
                "P2: after {order} the ledger of {customer} says {after}, not {sum}"
            ));
        }
    }
    Ok(())
}

/// Everything, once all is acknowledged.
pub(crate) async fn check_end(
    raw: &Raw<'_>,
    history: &History,
    progress: &Progress,
) -> Result<(), Violation> {
    let shop = history.shop();
    let mut whose: BTreeMap<u64, String> = BTreeMap::new();
    let mut sums: BTreeMap<String, (i64, i64, i64)> = BTreeMap::new();
    let mut families = Families::new();
    for order in history.orders() {
        let stored = check_one(raw, history, progress, order, &mut families).await?;
        let events = history.of_order(order).collect();
        let (Some(buyer), Some(stored)) = (expected(history, &events).buyer, stored) else {
            continue;
        };
        let customer = stored.customer.clone().unwrap_or_default();
        let family = families.get(&customer).and_then(|family| family.first());
        let holder = family.map(|(holder, _)| holder.clone()).unwrap_or_default();
        if stored.held {
            check_twin(history, order)?;
        }
        let known = whose.entry(buyer).or_insert_with(|| holder.clone());
        if *known != holder {
            return Err(format!(
                "order {order} is {holder}'s, others of person {buyer} are {known}'s"
            ));
        }
        let sum = sums.entry(holder).or_default();
        let counts = i64::from(stored.counts);
        *sum = (sum.0 + stored.posted, sum.1 + stored.kept, sum.2 + counts);
    }
    check_people(history, &whose)?;
    for (customer, (posted, kept, orders)) in sums {
        let family = families.get(&customer);
        let account = match family.and_then(|family| family.first()) {
            Some((_, account)) => account.clone(),
            None => raw.account(&shop, &customer).await,
        };
        // What was given to any of those who are one went with her.
        let beside: i64 = match family {
            Some(family) => family.iter().map(|(_, account)| account.beside).sum(),
            None => account.beside,
        };
        let balance = account.lots - account.debt + account.pending;
        let has = (balance - beside, account.spend, account.orders);
        if has != (posted, kept, orders) {
            return Err(format!(
                "the account of {customer} has (points, spend, orders) {has:?}, her orders give {:?}",
                (posted, kept, orders)
            ));
        }
    }
    check_set_aside(raw, history, &shop).await
}

/// Who was merged is one, whoever else isn't is two; who was taken apart again may be
/// either, because nobody says which came last.
fn check_people(history: &History, whose: &BTreeMap<u64, String>) -> Result<(), Violation> {
    let merged = |a: u64, b: u64| {
        history.events.iter().any(|event| match event.meaning {
            Meaning::Merged { kept, gone } => (kept, gone) == (a, b) || (gone, kept) == (a, b),
            _ => false,
        })
    };
    let undone = |a: u64, b: u64| {
        history.events.iter().any(|event| match event.meaning {
            Meaning::Undone { gone } => gone == a || gone == b,
            _ => false,
        })
    };
    for (a, of_a) in whose {
        for (b, of_b) in whose.range(a + 1..) {
            if (of_a == of_b) != merged(*a, *b) && !undone(*a, *b) {
                return Err(format!("persons {a} and {b} have {of_a} and {of_b}"));
            }
        }
    }
    Ok(())
}

/// An order is held only where one of the other source has the same amount.
fn check_twin(history: &History, order: u64) -> Result<(), Violation> {
    let amounts = |order: u64| {
        let events = history.of_order(order).filter_map(|event| history.events.get(event));
        let cents = events.filter_map(|event| match event.meaning {
            Meaning::Picture { cents, .. } => Some(cents),
            _ => None,
        });
        cents.collect::<BTreeSet<i64>>()
    };
    let (own, at_shopify) = (amounts(order), order < history::SQUARE_ORDERS);
    let alike = |other: &u64| {
        (*other < history::SQUARE_ORDERS) != at_shopify && !amounts(*other).is_disjoint(&own)
    };
    match history.orders().iter().any(alike) {
        true => Ok(()),
        false => Err(format!("order {order} is held, and nothing looks like it")),
    }
}

/// P5 for what couldn't be used: each is kept, once.
async fn check_set_aside(raw: &Raw<'_>, history: &History, shop: &str) -> Result<(), Violation> {
    let count =
        |meaning: Meaning| history.events.iter().filter(|one| one.meaning == meaning).count();
    let letters = raw.listed(format!("{shop}#dead-letter#2026-11")).await.len();
    let tasks = raw.listed(format!("{shop}#task#open")).await;
    // Twins and withdrawals ask the owner too, and three complaints end marketing until she looks.
    let others = ["TASK#same-sale#", "TASK#withdrawal#", "TASK#marketing-paused#"];
    let tasks = tasks.iter().filter(|task| !others.iter().any(|one| task.starts_with(one))).count();
    if (letters, tasks) != (count(Meaning::Garbage), count(Meaning::Redact)) {
        return Err(format!("P5: {letters} dead letters and {tasks} tasks are kept"));
    }
    Ok(())
}

/// P7: every key of every item and index names one of these shops, the same throughout.
pub(crate) async fn check_shops(raw: &Raw<'_>, shops: &BTreeSet<String>) -> Result<(), Violation> {
    let mut body = json!({"TableName": raw.table});
    loop {
        let answer = raw.ask("Scan", &body).await;
        let next = answer.get("LastEvaluatedKey").cloned();
        for item in items(answer) {
            check_keys(&item, shops)?;
        }
        let Some(next) = next else { return Ok(()) };
        body = json!({"TableName": raw.table, "ExclusiveStartKey": next});
    }
}

fn check_keys(item: &Value, shops: &BTreeSet<String>) -> Result<(), Violation> {
    let pk = text(item.get("pk")).unwrap_or_default();
    let shop = pk.split('#').nth(1).unwrap_or_default().to_owned();
    if !shops.contains(&shop) {
        return Err(format!("P7: {pk} is no shop's"));
    }
    for key in ["dm", "dp", "ds", "lp"] {
        let other = text(item.get(key)).filter(|list| list.split('#').next() != Some(&shop));
        if let Some(other) = other {
            return Err(format!("P7: {pk} stands in {other}"));
        }
    }
    Ok(())
}
