//! Messages read raw, by the names of their attributes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use crate::simulate::model::Violation;
use crate::simulate::raw::{Raw, at, number, text};

/// The months that a history has.
const MONTHS: [&str; 3] = ["2026-11", "2026-12", "2027-01"];

/// A message as the table has it.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: String,
    /// What it is keyed by.
    pub(super) sk: String,
    pub(super) state: String,
    /// When it is looked at next.
    pub(super) due: Option<Timestamp>,
    /// Its last claim; 0 where there was none.
    pub(super) claim: i64,
    pub(super) claimed_at: Option<Timestamp>,
    /// The class of what that told.
    pub(super) class: Class,
}

/// Whom a mail may go to, by what it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// To the shop's own people.
    Owner,
    /// She asked for it, or is answered.
    Asked,
    /// About what she has.
    Account,
    /// A welcome, a letter of the nights.
    Marketing,
}

impl Message {
    fn read(item: &Value) -> Result<Self, Violation> {
        let unlike = || format!("the simulator reads messages of another form: {item}");
        let states = ["waiting", "claimed", "sent", "unknown", "failed", "dropped"];
        let state = text(item.get("s")).filter(|state| states.contains(&state.as_str()));
        let claim = item.get("c");
        let kinds = at(claim, "k").and_then(|kinds| kinds.get("L")?.as_array());
        let class = |kind: &Value| match text(Some(kind)).as_deref() {
            Some("low-score") => Class::Owner,
            Some("consent-confirmation" | "follow-up-answer") => Class::Asked,
            Some(
                "welcome" | "birthday" | "anniversary" | "win-back" | "survey" | "tier-at-risk"
                | "you-said",
            ) => Class::Marketing,
            _ => Class::Account,
        };
        let read = Self {
            id: text(item.get("i")).ok_or_else(unlike)?,
            sk: text(item.get("sk")).ok_or_else(unlike)?,
            state: state.ok_or_else(unlike)?,
            due: time(item.get("t")),
            claim: number(at(claim, "n")),
            claimed_at: time(at(claim, "a")),
            class: match at(claim, "m").and_then(|flag| flag.get("BOOL")?.as_bool()) {
                Some(true) => Class::Marketing,
                _ => kinds.into_iter().flatten().map(class).max().unwrap_or(Class::Account),
            },
        };
        // What is due has a time, and a claim has a number, a time and something to tell: a
        // name that isn't read any more mustn't look like nothing being there.
        let open = matches!(read.state.as_str(), "waiting" | "claimed");
        let claimed = matches!(read.state.as_str(), "claimed" | "unknown");
        let whole = read.claim > 0 && read.claimed_at.is_some() && kinds.is_some();
        match open == read.due.is_some() && (!claimed || whole) {
            true => Ok(read),
            false => Err(unlike()),
        }
    }
}

/// Whole microseconds.
fn time(value: Option<&Value>) -> Option<Timestamp> {
    value.and_then(|value| Timestamp::from_microsecond(number(Some(value))).ok())
}

/// The last claim of each of these messages; 0 where there was none.
pub(super) fn claims(messages: &[Message]) -> BTreeMap<String, i64> {
    messages.iter().map(|one| (one.id.clone(), one.claim)).collect()
}

impl Raw<'_> {
    /// A customer's messages.
    pub(super) async fn messages_of(
        &self,
        shop: &str,
        customer: &str,
    ) -> Result<Vec<Message>, Violation> {
        let items = self.below(format!("SHOP#{shop}#CUST#{customer}"), "MESSAGE#").await;
        items.iter().map(Message::read).collect()
    }

    /// Until when marketing mail to a customer waits.
    pub(super) async fn held_until(&self, shop: &str, customer: &str) -> Option<Timestamp> {
        let account = self.below(format!("SHOP#{shop}#CUST#{customer}"), "ACCOUNT").await.pop()?;
        let nanos = number(Some(account.get("q")?));
        Timestamp::from_nanosecond(i128::from(nanos)).ok()
    }

    /// All messages of a shop.
    pub(super) async fn messages(&self, shop: &str) -> Result<Vec<Message>, Violation> {
        let mut found = Vec::new();
        for customer in self.customers_listed(shop, &["message", "message#trouble"]).await {
            found.extend(self.messages_of(shop, &customer).await?);
        }
        Ok(found)
    }

    /// The customers that these lists name, of every month a history has.
    pub(in crate::simulate) async fn customers_listed(
        &self,
        shop: &str,
        lists: &[&str],
    ) -> BTreeSet<String> {
        let mut customers = BTreeSet::new();
        for list in lists {
            for month in MONTHS {
                for keys in self.listed_keys(format!("{shop}#{list}#{month}")).await {
                    let pk = text(keys.get("pk")).unwrap_or_default();
                    customers.extend(pk.rsplit_once("#CUST#").map(|(_, one)| one.to_owned()));
                }
            }
        }
        customers
    }
}
