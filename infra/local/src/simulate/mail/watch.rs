//! What is known of a history's mail, and P4: who said no gets nothing that was begun after.
//!
//! When a no is acknowledged, the claims that there are by then are noted, read raw. Whatever
//! SES takes later under another claim broke it, until a later yes has begun.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::message::{Class, claims};
use super::tries::{Held, Survey, Tries};
use super::{Chore, Post, Word};
use crate::simulate::history::{History, Meaning, SQUARE_PEOPLE};
use crate::simulate::model::{Progress, Violation};

/// What is known of a history's mail so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch {
    /// Mail that SES took and that was looked at.
    pub(super) accepted: Vec<Accepted>,
    /// When the first of SES's events about a message was taken in.
    pub(super) settled: BTreeMap<String, Timestamp>,
    /// What was done about surveys.
    pub(super) tries: Tries,
    noes: Vec<No>,
    people: BTreeMap<u64, String>,
}

/// A mail that SES took.
#[derive(Debug, Clone)]
pub(super) struct Accepted {
    /// The message's id.
    pub(super) message: String,
    /// Whom it went to.
    pub(super) to: String,
    /// When.
    pub(super) at: Timestamp,
    /// Which claim of the message it was.
    pub(super) claim: i64,
    /// When that was made.
    pub(super) claimed_at: Option<Timestamp>,
    /// What it told.
    pub(super) class: Class,
}

/// Something that was acknowledged and keeps mail back.
#[derive(Debug, Clone)]
struct No {
    why: String,
    /// From this class on.
    bars: Class,
    /// Whose messages; `None`: everybody's.
    whose: Option<BTreeSet<String>>,
    /// Who said it.
    person: Option<u64>,
    /// The last claim of each message that there was.
    claims: BTreeMap<String, i64>,
    until: Until,
}

/// What takes a no back.
#[derive(Debug, Clone)]
enum Until {
    Never,
    /// A word, said later than so many milliseconds from the beginning.
    Word(Word, u64),
    Live,
    /// Somebody looked after her low score.
    Closed(Held),
}

impl Watch {
    /// Notes as whom somebody is known.
    pub(super) fn is_known(&mut self, person: u64, customer: &str) {
        self.people.insert(person, customer.to_owned());
    }
}

impl Post {
    /// Looks at what a chore did, whatever became of it; `news`: it was acknowledged for the
    /// first time.
    pub(crate) async fn after(
        &self,
        chore: Chore,
        news: bool,
        history: &History,
        progress: &Progress,
    ) -> Result<(), Violation> {
        match chore {
            Chore::Says { person, word, at } if news => {
                self.noted(person, word, at).await?;
            }
            Chore::Live(false) if news => {
                let claims = claims(&self.raw().messages(&self.shop).await?);
                let (bars, until) = (Class::Owner, Until::Live);
                let why = "mail was off".to_owned();
                let no = No { why, bars, whose: None, person: None, claims, until };
                self.watch(|watch| watch.noes.push(no));
            }
            Chore::Drain => self.look(history, progress).await?,
            Chore::Asked { .. } | Chore::FollowedUp(_) => self.check_surveys().await?,
            _ => {}
        }
        Ok(())
    }

    /// Notes what somebody's word bars from now on.
    async fn noted(&self, person: u64, word: Word, at: u64) -> Result<(), Violation> {
        let (bars, until) = match word {
            Word::No | Word::NoAtShopify => (Class::Marketing, Until::Word(Word::Yes, at)),
            Word::Spam => (Class::Account, Until::Never),
            Word::Pause => (Class::Asked, Until::Word(Word::Resume, at)),
            Word::Yes | Word::Resume | Word::Asks => return Ok(()),
        };
        let customer = self.watch(|watch| watch.people.get(&person).cloned());
        let Some(customer) = customer else { return Ok(()) };
        let whose = self.all_of(&customer).await;
        let claims = self.claims_of(&whose).await?;
        let (why, person) = (format!("person {person} said {word:?}"), Some(person));
        let no = No { why, bars, whose: Some(whose), person, claims, until };
        self.watch(|watch| watch.noes.push(no));
        Ok(())
    }

    /// Everybody who is one with a customer. Who is taken apart again has her own mail again.
    async fn all_of(&self, customer: &str) -> BTreeSet<String> {
        let mut all = BTreeSet::from([customer.to_owned()]);
        if !self.comes_apart() {
            let family = self.raw().family(&self.shop, customer).await;
            all.extend(family.into_iter().map(|(one, _)| one));
        }
        all
    }

    /// Notes what a low answer that was acknowledged bars until somebody looks after it.
    pub(super) async fn noted_low(&self, survey: &Survey) -> Result<(), Violation> {
        let Some(held) = self.holds(survey) else { return Ok(()) };
        let whose = self.all_of(&survey.0).await;
        let claims = self.claims_of(&whose).await?;
        let (why, bars) = (format!("a low score waits: {survey:?}"), Class::Marketing);
        let until = Until::Closed(held);
        let no = No { why, bars, whose: Some(whose), person: None, claims, until };
        self.watch(|watch| watch.noes.push(no));
        Ok(())
    }

    /// Notes an event of SES's that was taken in.
    pub(super) async fn noted_feedback(
        &self,
        event: &Value,
        now: Timestamp,
    ) -> Result<(), Violation> {
        let mail = event.pointer("/detail/mail").cloned().unwrap_or_default();
        let tag = |name: &str| {
            let tag = mail.pointer(&format!("/tags/{name}/0")).and_then(Value::as_str);
            tag.unwrap_or_default().to_owned()
        };
        self.watch(|watch| _ = watch.settled.entry(tag("message")).or_insert(now));
        let told = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
        let until = match told("/detail/eventType") {
            Some("Complaint") => Until::Never,
            Some("Bounce") if told("/detail/bounce/bounceType") == Some("Permanent") => {
                Until::Word(Word::Yes, 0)
            }
            _ => return Ok(()),
        };
        let to = mail.pointer("/destination/0").and_then(Value::as_str).unwrap_or_default();
        let whose = BTreeSet::from([tag("customer")]);
        let claims = self.claims_of(&whose).await?;
        let (why, bars) = (format!("mail to {to} came back: {until:?}"), Class::Account);
        // Where she has two names, the answer counts only for the one with the address.
        let family = self.raw().family(&self.shop, &tag("customer")).await.len();
        let Some(person) = person_at(to).filter(|_| family == 1) else { return Ok(()) };
        let no = No { why, bars, whose: Some(whose), person: Some(person), claims, until };
        self.watch(|watch| watch.noes.push(no));
        Ok(())
    }

    async fn claims_of(
        &self,
        customers: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, i64>, Violation> {
        let mut known = BTreeMap::new();
        for customer in customers {
            known.extend(claims(&self.raw().messages_of(&self.shop, customer).await?));
        }
        Ok(known)
    }

    /// Looks at the mail that SES took since this was last asked.
    pub(super) async fn look(
        &self,
        history: &History,
        progress: &Progress,
    ) -> Result<(), Violation> {
        let seen = self.watch(|watch| watch.accepted.len());
        if self.cloud.ses.count() == seen {
            return Ok(());
        }
        for mail in self.cloud.ses.mails().into_iter().skip(seen) {
            let tag = |name: &str| mail.tags.get(name).cloned().unwrap_or_default();
            let (shop, customer, id) = (tag("shop"), tag("customer"), tag("message"));
            if shop != self.shop {
                return Err(format!("P7: a mail of {} is {shop}'s", self.shop));
            }
            let messages = self.raw().messages_of(&shop, &customer).await?;
            let Some(message) = messages.into_iter().find(|one| one.id == id) else {
                return Err(format!("P3: SES took a mail of no message: {id} of {customer}"));
            };
            let accepted = Accepted {
                message: id,
                to: mail.to.first().cloned().unwrap_or_default(),
                at: mail.at,
                claim: message.claim,
                claimed_at: message.claimed_at,
                class: message.class,
            };
            let noes = self.watch(|watch| {
                watch.accepted.push(accepted.clone());
                watch.noes.clone()
            });
            for no in &noes {
                if let Until::Closed(held) = &no.until
                    && !self.waits(held, accepted.claimed_at).await
                {
                    continue;
                }
                no.check(&accepted, &customer, history, progress)?;
            }
            check_consent(&accepted, history, progress)?;
        }
        Ok(())
    }
}

impl No {
    /// P4 for one mail.
    fn check(
        &self,
        mail: &Accepted,
        customer: &str,
        history: &History,
        progress: &Progress,
    ) -> Result<(), Violation> {
        let whose = self.whose.as_ref().is_none_or(|whose| whose.contains(customer));
        let known = self.claims.get(&mail.message).copied().unwrap_or_default();
        if !whose || mail.class < self.bars || mail.claim <= known {
            return Ok(());
        }
        let people = self.person.map(|person| related(history, person)).unwrap_or_default();
        // What a mailbox answered counts for its address: who has two may change it.
        if matches!(self.until, Until::Word(Word::Yes, 0)) && people.len() > 1 {
            return Ok(());
        }
        let lifts = |chore: Chore| match (&self.until, chore) {
            (Until::Word(word, after), Chore::Says { person, word: said, at }) => {
                said == *word && at > *after && people.contains(&person)
            }
            (Until::Live, Chore::Live(live)) => live,
            _ => false,
        };
        let begun = |index: &usize| {
            let event = history.events.get(*index);
            event.is_some_and(|event| matches!(event.meaning, Meaning::Mail(one) if lifts(one)))
        };
        match progress.sent.iter().any(begun) {
            true => Ok(()),
            false => Err(format!(
                "P4: {}, and then message {} of {customer} ({:?}) was claimed ({} after {known}) \
                 and sent to {}",
                self.why, mail.message, mail.class, mail.claim, mail.to
            )),
        }
    }
}

/// Nobody gets marketing who never said yes, under whatever name.
fn check_consent(mail: &Accepted, history: &History, progress: &Progress) -> Result<(), Violation> {
    let Some(person) = person_at(&mail.to).filter(|_| mail.class == Class::Marketing) else {
        return Ok(());
    };
    let people = related(history, person);
    let yes = |index: &usize| {
        history.events.get(*index).is_some_and(|event| match event.meaning {
            Meaning::Mail(Chore::Says { person, word: Word::Yes, .. }) => people.contains(&person),
            Meaning::Person(person) => {
                event.topic.starts_with("customers_email") && people.contains(&person)
            }
            _ => false,
        })
    };
    match progress.sent.iter().any(yes) {
        true => Ok(()),
        false => Err(format!("P4: {} got message {} and never said yes", mail.to, mail.message)),
    }
}

/// Everybody who is or may have been one person with somebody.
fn related(history: &History, person: u64) -> BTreeSet<u64> {
    let mut found = BTreeSet::from([person]);
    loop {
        let before = found.len();
        for event in &history.events {
            if let Meaning::Merged { kept, gone } = event.meaning
                && (found.contains(&kept) || found.contains(&gone))
            {
                found.extend([kept, gone]);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// Whose an address is.
fn person_at(address: &str) -> Option<u64> {
    let (local, _) = address.split_once('@')?;
    let number = local.strip_prefix("person-").or_else(|| local.strip_prefix("SQ"))?;
    number.parse().ok().filter(|person| *person < SQUARE_PEOPLE * 2)
}
