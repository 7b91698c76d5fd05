//! Nights in a history: both nightly functions are called as the hours go by, weeks later too,
//! more than once at a time, and one night is missed; and what must be true of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};
use platform::store::keys::Nightly;
use serde_json::{Value, json};

use super::{Chore, Plan, Post};
use crate::simulate::history::{History, Meaning};
use crate::simulate::model::Violation;
use crate::simulate::raw::{at, number, text};

/// The night before a history's first, which its shop's nights have reached.
pub(super) const BEFORE: Date = date(2026, 11, 19);

/// Nobody has stayed away for three weeks before this night: everything is bought on the 20th.
const AWAY_FROM: &str = "2026-12-11";

/// Ten past four in the morning after the beginning, by the shop's clock, in milliseconds.
const FOUR: u64 = 18 * HOUR + 10 * 60_000;
const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

/// How many days later the nights of a history are: the first, the one that asks how it was,
/// the one that finds who stayed away for three weeks, and the one for six.
const LATER: [u64; 4] = [0, ASKED, 23, 46];

/// The night after which the mail of the first day keeps no survey back any more.
const ASKED: u64 = 7;

/// A birthday three weeks later, which a night of a history may find.
pub(super) const BIRTHDAY: &str = "12-13";

impl Plan<'_> {
    /// Both functions at the nights of a history, and what they bring in the morning.
    pub(super) fn nights(&mut self, people: u64) {
        for person in 1..=people {
            if self.rng.bool() {
                self.once(Chore::Born { person, day: BIRTHDAY }, 0, 4_000..9_000);
            }
        }
        for days in LATER {
            if days > ASKED && self.rng.u8(..5) == 0 {
                continue;
            }
            let night = days.saturating_mul(DAY).saturating_add(FOUR);
            if days == ASKED {
                self.may_be_asked(night.saturating_sub(2 * HOUR), people);
            }
            self.once(Chore::HoursPass, night, 0..1);
            for function in [Nightly::Points, Nightly::Mail] {
                for _ in 0..self.rng.u32(1..=2) {
                    self.once(Chore::Night(function), night, 1_000..9_000);
                }
            }
            self.meanwhile(night, people);
            let morning = night.saturating_add(5 * HOUR);
            self.once(Chore::HoursPass, morning, 0..1);
            self.machinery(morning, 1, 1, 1);
            match days {
                0 | ASKED => self.answers(morning, people),
                _ => self.late_answers(morning, people),
            }
        }
    }

    /// What happens while a night is at work.
    fn meanwhile(&mut self, night: u64, people: u64) {
        let person = self.rng.u64(1..=people);
        match self.rng.u8(..6) {
            0 => self.says(person, super::Word::No, night, 1_000..9_000),
            1 => self.says(person, super::Word::Pause, night, 1_000..9_000),
            2 => self.once(Chore::Lowered, night, 1_000..9_000),
            3 => self.once(Chore::Approved, night, 3_000..12_000),
            _ => {}
        }
    }
}

impl History {
    /// Whether a nightly function is called in it.
    pub(in crate::simulate) fn has_nights(&self) -> bool {
        let night = |meaning| matches!(meaning, Meaning::Mail(Chore::Night(_)));
        self.events.iter().any(|event| night(event.meaning))
    }

    /// The days from its beginning to its last delivery, whole.
    pub(super) fn days(&self) -> u64 {
        let last = self.deliveries.iter().map(|delivery| delivery.starts).max();
        last.unwrap_or_default() / DAY
    }

    /// The nights that run when nothing goes wrong any more, in seconds from the beginning.
    pub(super) fn clean_nights(&self) -> Vec<u64> {
        let night = |days: u64| self.days().saturating_add(days).saturating_mul(DAY) + FOUR;
        if self.has_nights() { vec![night(1) / 1_000, night(2) / 1_000] } else { Vec::new() }
    }

    /// The whole days after which all that is left is mail to be sent.
    pub(super) fn days_with_nights(&self) -> u64 {
        if self.has_nights() { self.days().saturating_add(2) } else { 0 }
    }
}

impl Post {
    /// Notes that the hours went by with the hourly schedule looking at each of them: the next
    /// drain begins with the first that has something in it.
    pub(super) async fn hours_passed(&self) -> Result<(), Violation> {
        let messages = self.raw().messages(&self.shop).await?;
        let now = self.cloud.clock.now();
        let from = messages.iter().filter_map(|message| message.due).fold(now, Ord::min);
        let pk = format!("SHOP#{}", self.shop);
        let known = self.raw().below(pk.clone(), "DRAINED").await.pop();
        let version = number(known.as_ref().and_then(|known| known.get("version"))) + 1;
        let item = json!({
            "pk": {"S": pk}, "sk": {"S": "DRAINED"},
            "version": {"N": version.to_string()}, "from": {"S": from.to_string()},
        });
        self.raw().ask("PutItem", &json!({"TableName": self.table(), "Item": item})).await;
        Ok(())
    }

    /// What must be true once two clean nights were the last: everybody due was looked at, and
    /// nothing was found, given or written twice, or too early.
    pub(super) async fn check_nights(&self, history: &History) -> Result<(), Violation> {
        let Some(last) = history.clean_nights().last().copied() else { return Ok(()) };
        let last = self.at(last.saturating_mul(1_000)).strftime("%Y-%m-%d").to_string();
        for customer in self.raw().customers_listed(&self.shop, &["customer"]).await {
            let pk = format!("SHOP#{}#CUST#{customer}", self.shop);
            for account in self.raw().below(pk.clone(), "ACCOUNT").await {
                check_looked_at(&account, &customer, &last)?;
            }
            let decisions = self.raw().below(pk.clone(), "DECISION#").await;
            check_decisions(&decisions, &customer)?;
            let messages = self.raw().below(pk.clone(), "MESSAGE#win-back").await;
            if messages.len() > 2 {
                return Err(format!(
                    "win-backs: {customer} is asked back {} times",
                    messages.len()
                ));
            }
            check_given(&self.raw().below(pk, "LEDGER#").await, &customer)?;
        }
        Ok(())
    }
}

/// P8: no date she is due on has passed.
fn check_looked_at(account: &Value, customer: &str, last: &str) -> Result<(), Violation> {
    for (index, what) in [("dm", "mail"), ("dp", "points")] {
        let bucket = text(account.get(index)).unwrap_or_default();
        match bucket.split('#').nth(1) {
            Some(day) if day <= last => {
                return Err(format!(
                    "P8: {customer} was due for {what} on {day}, and {last} is over"
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A trigger is decided to be told at most once, and nobody is missed who was just there.
fn check_decisions(decisions: &[Value], customer: &str) -> Result<(), Violation> {
    let mut told = BTreeSet::new();
    for decision in decisions {
        let part = |name| text(decision.get(name)).unwrap_or_default();
        let (day, kind, trigger) = (part("date"), part("kind"), part("trigger"));
        if kind == "win-back" && day.as_str() < AWAY_FROM {
            return Err(format!("P8: {customer} bought in November, and {trigger} is of {day}"));
        }
        if part("outcome") == "planned" && kind != "receipt" && !told.insert(trigger.clone()) {
            return Err(format!("twice: {trigger} of {customer} was decided on again on {day}"));
        }
    }
    Ok(())
}

/// A gift is given once, and within weeks neither does a tier end nor do points expire.
fn check_given(ledger: &[Value], customer: &str) -> Result<(), Violation> {
    let mut gifts: BTreeMap<String, u32> = BTreeMap::new();
    for entry in ledger {
        let cause = |name| text(at(entry.get("c"), name)).unwrap_or_default();
        match (cause("kind").as_str(), cause("why").as_str()) {
            // Each order brings her one of these.
            ("gift", _) if cause("occasion") == "answer" => {}
            ("gift", _) => {
                let count = gifts.entry(cause("occasion")).or_default();
                *count += 1;
            }
            ("expired", _) | ("reviewed", "ended") => {
                return Err(format!("{customer} lost something that nobody told her of: {entry}"));
            }
            _ => {}
        }
    }
    match gifts.iter().find(|(_, count)| **count > 1) {
        Some((occasion, count)) => {
            Err(format!("gifts: {customer} was given {count} for her {occasion}"))
        }
        None => Ok(()),
    }
}
