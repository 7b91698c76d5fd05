//! The door: a link is opened, and what she says behind it is kept.

use std::ops::Deref;

use http::{HeaderMap, Uri};
use jiff::{SignedDuration, Timestamp};
use loyalty::birthday::Birthday;
use loyalty::consent::{Act, Channel, Consent, Fact};
use loyalty::ids::CustomerId;
use loyalty::mail::Kind;
use platform::Services;
use platform::door::{self, Refusal};
use platform::store::{BirthdayBy, BirthdaySet};
use platform::tokens::Door;

use crate::words::Words;

/// Marketing mail's channel.
pub(crate) const EMAIL: Channel = Channel::Email;

/// How far another clock may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// Somebody who opened a link that is hers, and the words for her.
#[derive(Debug)]
pub(crate) struct Visit {
    opened: door::Visit,
    pub(crate) words: &'static Words,
}

impl Deref for Visit {
    type Target = door::Visit;

    fn deref(&self) -> &door::Visit {
        &self.opened
    }
}

impl Visit {
    /// Opens the link of a request. What she says is said after all that was heard of her.
    pub(crate) async fn open(
        services: Services,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Self, Refusal> {
        let mut opened = door::Visit::open(services, uri, headers).await?;
        opened.now = after(&opened.contact.consent, opened.now);
        let words = Words::of(opened.locale.language);
        Ok(Self { opened, words })
    }

    /// Where she says which mail she wants.
    pub(crate) fn preferences(&self) -> String {
        self.path_to(&Door::Preferences { customer: self.hers() })
    }

    /// Where she stops a kind of mail.
    pub(crate) fn unsubscribe(&self, kind: Kind) -> String {
        self.path_to(&Door::Unsubscribe { customer: self.hers(), kind })
    }

    /// Her own id, whoever stands for her.
    fn hers(&self) -> CustomerId {
        self.door.customer().clone()
    }

    /// What she says yes to who wants marketing mail.
    pub(crate) fn wording(&self) -> String {
        presentation::consent::wording(&self.locale, &self.brand.shop)
    }

    /// Keeps what she said. Whoever calls it has seen that it doesn't hold already.
    pub(crate) async fn says(&self, fact: &Fact) -> Result<(), Refusal> {
        let (shop, customer) = (&self.shop, self.door.customer());
        let heard = self.services.store.hear(shop, customer, fact, self.now).await;
        let news = heard.map_err(|error| self.failed(&error))?;
        let act = name(&fact.act);
        tracing::info!(%shop, %customer, act, news, "a customer said something about mail");
        Ok(())
    }
}

impl Visit {
    /// Keeps her birthday, or that there is none to keep.
    pub(crate) async fn has_birthday(
        &self,
        birthday: Option<Birthday>,
    ) -> Result<BirthdaySet, Refusal> {
        let (shop, customer, by) = (&self.shop, self.door.customer(), BirthdayBy::Own);
        let set = self.services.store.set_birthday(shop, customer, birthday, by, self.now).await;
        let set = set.map_err(|error| self.failed(&error))?;
        let (known, news) = (birthday.is_some(), set == BirthdaySet::Done);
        tracing::info!(%shop, %customer, known, news, "a customer said her birthday");
        Ok(set)
    }
}

/// When she says what she says now: after all that was heard of her, because she has seen
/// what came of that. Whoever told it may have a clock that is a little ahead of ours.
fn after(consent: &Consent, now: Timestamp) -> Timestamp {
    let newest = consent.history().next_back().map(|fact| fact.at);
    let ahead = newest.filter(|at| *at >= now && at.duration_since(now) <= AHEAD);
    let next = ahead.and_then(|at| at.checked_add(SignedDuration::from_millis(1)).ok());
    next.unwrap_or(now)
}

/// What the log calls it.
fn name(act: &Act) -> &'static str {
    match act {
        Act::Subscribed { .. } => "subscribed",
        Act::Unsubscribed { .. } => "unsubscribed",
        Act::Kind { .. } => "kind",
        Act::Monthly { .. } => "monthly",
        Act::Paused { .. } => "paused",
        _ => "other",
    }
}
