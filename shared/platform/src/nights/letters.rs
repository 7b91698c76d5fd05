//! The mail night with the table: who is looked at, what was found, and its one transaction.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use jiff::civil::Date;
use loyalty::Overflow;
use loyalty::account::Account;
use loyalty::ids::{CustomerId, ShopId};
use loyalty::ledger::{Entry, Origin};
use loyalty::mail::{self, Draft, House, Kind, MailMode, Verdict, WhyNot};
use loyalty::night::{
    self, Absence, Fate, Found, GapFrom, Gift, Person, Shop, drafts, fate, look, merge, morning,
    usual_gap,
};
use loyalty::program::{Program, ProgramVersion, Sending};
use loyalty::trial::Trial;

use crate::Store;
use crate::store::{Addressee, Contact, Decided, Decision, Message, Status, StoreError};

/// What everybody of a shop's night is decided by.
#[derive(Debug)]
pub struct Scene {
    version: ProgramVersion,
    off: Vec<Kind>,
    status: Status,
    trials: Vec<Trial>,
    rhythm: Option<u16>,
    away_until: Option<Date>,
    /// Usual gaps of those looked at since they were last kept.
    gaps: Mutex<BTreeMap<u16, u32>>,
}

/// Somebody a night looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Somebody {
    /// Who.
    pub id: CustomerId,
    /// What she has, as it was read.
    pub account: Account,
    /// Who she is; `None` once erased.
    pub contact: Option<Contact>,
}

/// What a night does about somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What was found, and what becomes of it.
    pub decided: Vec<(Found, Fate)>,
    /// What she is given.
    pub gifts: Vec<Gift>,
    /// Her account afterwards, with the day it is looked at next.
    pub account: Account,
    /// What was entered in her ledger.
    pub entries: Vec<Entry>,
    /// What she is told.
    pub drafts: Vec<Draft>,
}

impl Scene {
    /// Reads what a shop's night is decided by; `None`: it has no program in force.
    pub async fn read(
        store: &Store,
        shop: &ShopId,
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        Self::read_for(store, shop, now, now).await
    }

    /// The same for a night to come, with the program that will be in force at `at`.
    pub async fn read_for(
        store: &Store,
        shop: &ShopId,
        now: Timestamp,
        at: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let rules = store.rules(shop, now).await?;
        let Some(version) = rules.programs.in_force(at) else { return Ok(None) };
        let off = version.program.mail.off.iter().copied().collect();
        Ok(Some(Self {
            version: version.clone(),
            off,
            status: store.status(shop).await?,
            trials: store.trials(shop).await?,
            rhythm: store.rhythm(shop).await?,
            away_until: store.mail_settings(shop).await?.away_until(),
            gaps: Mutex::default(),
        }))
    }

    /// The program in force.
    pub fn program(&self) -> &Arc<Program> {
        &self.version.program
    }

    /// Takes note of how often somebody comes.
    pub fn note_gap(&self, account: &Account) {
        let (days, from) = usual_gap(&account.facts, None, true);
        if let (GapFrom::Own, Ok(days)) = (from, u16::try_from(days)) {
            let mut gaps = self.gaps.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let count = gaps.entry(days).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// The usual gaps noted since this was last asked.
    pub fn take_gaps(&self) -> BTreeMap<u16, u32> {
        std::mem::take(&mut *self.gaps.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }

    fn shop(&self, night: Date) -> Shop<'_> {
        let program = self.program();
        let mail_since = match self.status.mode() {
            MailMode::Live { since } => Some(program.local_day(since)),
            MailMode::Off | MailMode::Owner => None,
        };
        Shop {
            program,
            rhythm: self.rhythm,
            away_until: self.away_until,
            approves: program.mail.approves_at_first(mail_since, night),
            trials: &self.trials,
            mail_since,
        }
    }

    fn house(&self) -> House<'_> {
        House {
            mode: self.status.mode(),
            paused: false,
            marketing_paused: self.status.marketing_paused.is_some(),
            off: &self.off,
        }
    }

    /// What the night of `night` does about somebody, who is hers as things stand at `now`.
    /// Pure: what is read is read.
    pub fn plan(&self, somebody: &Somebody, night: Date, now: Timestamp) -> Result<Plan, Overflow> {
        let account = &somebody.account;
        let program = self.program();
        let zone = &program.shop.zone;
        let addressee = self.addressee(somebody, now);
        let shop = self.shop(night);
        let person = person(somebody, &addressee);
        let seen = look(&person, &shop, night);
        let recipient = addressee.recipient(zone, &account.sent);
        let at = morning(night, zone).map_or(now, |morning| morning.max(now));
        let (mut after, mut decided) = (account.clone(), Vec::new());
        for found in seen.found {
            let fate = fate(&found, &recipient, self.house(), &shop, &person, at);
            after.letters.note(&found, night);
            decided.push((found, fate));
        }
        let mut entries = Vec::new();
        for gift in &seen.gifts {
            entries.push(after.give(
                gift.occasion,
                gift.points,
                program,
                (night, now),
                Origin::Live,
            )?);
            after.letters.give(gift);
        }
        // The bucket of this night is worked off: never into one that isn't read again.
        after.due.mail = seen.due.map(|due| due.max(night.tomorrow().unwrap_or(due)));
        if entries.is_empty() {
            after.version = account.version.checked_add(1).ok_or(Overflow)?;
        }
        let drafts = merge(&decided, night, zone);
        Ok(Plan { decided, gifts: seen.gifts, account: after, entries, drafts })
    }

    /// What every rule would bring somebody next, as things stand on the local day `day`.
    pub fn outlook(&self, somebody: &Somebody, day: Date, now: Timestamp) -> Vec<Found> {
        let addressee = self.addressee(somebody, now);
        night::outlook(&person(somebody, &addressee), &self.shop(day), day)
    }

    /// How long somebody has stayed away on the local day `day`; `None`: she never bought.
    pub fn absence(&self, somebody: &Somebody, day: Date, now: Timestamp) -> Option<Absence> {
        let addressee = self.addressee(somebody, now);
        night::absence(&person(somebody, &addressee), &self.shop(day), day)
    }

    /// What the gate would say of a mail of this kind to somebody about what came about at
    /// `at`, asked then.
    pub fn verdict(&self, somebody: &Somebody, kind: Kind, at: Timestamp) -> Verdict {
        let addressee = self.addressee(somebody, at);
        let (origin, caused_at) = (Origin::Live, None);
        let message = mail::Message { kind, fact_at: at, news_from: at, origin, caused_at };
        let zone = &self.program().shop.zone;
        let recipient = addressee.recipient(zone, &somebody.account.sent);
        mail::decide(&message, &recipient, self.house(), at)
    }

    /// The test that covers a kind on a local day.
    pub fn trial(&self, kind: Kind, day: Date) -> Option<&Trial> {
        self.trials.iter().find(|trial| trial.covers(kind, day))
    }

    /// Whether the shop sends a kind at all.
    pub fn sends(&self, kind: Kind) -> bool {
        !self.off.contains(&kind)
    }

    /// How letters of a kind go on a local day; `None`: the owner isn't asked about such mail.
    pub fn sending(&self, kind: Kind, day: Date) -> Option<Sending> {
        let shop = self.shop(day);
        let letter = shop.program.mail.letter(kind)?;
        Some(letter.send.unwrap_or(if shop.approves { Sending::Approve } else { Sending::Auto }))
    }

    fn addressee(&self, somebody: &Somebody, now: Timestamp) -> Addressee {
        let preset = self.program().shop.preset;
        Addressee::of(somebody.contact.as_ref(), &somebody.account, preset, now)
    }

    /// Whether a night has anything to do about an account: an index may still name one that
    /// was moved on, or merged into another.
    pub fn is_due(account: &Account, night: Date) -> bool {
        account.version > 0 && account.due.mail.is_some_and(|due| due <= night)
    }
}

fn person<'a>(somebody: &'a Somebody, addressee: &Addressee) -> Person<'a> {
    let Somebody { id, account, contact } = somebody;
    let birthday = contact.as_ref().and_then(|contact| contact.birthday);
    Person { id, account, birthday, by_purchases: addressee.by_purchases }
}

impl Plan {
    /// The decisions it leaves, one for each thing found.
    pub fn decisions(&self, night: Date, now: Timestamp, program: &Program) -> Vec<Decision> {
        let zone = &program.shop.zone;
        let decision = |(found, fate): &(Found, Fate)| {
            let (outcome, why, test): (_, Option<WhyNot>, _) = match fate {
                Fate::Tell => (Decided::Planned, None, None),
                Fate::HeldOut { test } => (Decided::HeldOut, None, Some(test.clone())),
                Fate::Awaiting => (Decided::Awaiting, None, None),
                Fate::Skipped { why } => (Decided::Skipped, Some(*why), None),
            };
            let awaits = outcome == Decided::Awaiting;
            let draft = awaits.then(|| drafts(&[found], night, zone).pop()).flatten();
            let (kind, trigger) = (found.reason.kind(), found.reason.trigger());
            let facts = found.facts.clone();
            Decision { date: night, kind, trigger, outcome, why, facts, test, draft, at: now }
        };
        self.decided.iter().map(decision).collect()
    }

    /// The messages it leaves.
    pub fn messages(&self, shop: &ShopId, customer: &CustomerId, now: Timestamp) -> Vec<Message> {
        let message = |draft: &Draft| Message::new(shop, customer, draft.clone(), now);
        self.drafts.iter().map(message).collect()
    }

    /// The kinds that wait for approval.
    pub fn awaiting(&self) -> impl Iterator<Item = Kind> + '_ {
        let awaits = |(_, fate): &&(Found, Fate)| *fate == Fate::Awaiting;
        self.decided.iter().filter(awaits).map(|(found, _)| found.reason.kind())
    }
}

/// The moment a night begins by a shop's clock.
pub fn begins(night: Date, program: &Program) -> Option<Timestamp> {
    night::begins(night, &program.shop.zone)
}
