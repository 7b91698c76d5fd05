//! SES v2 in this process: what it accepts it keeps, and tells by events what became of it.
//!
//! It answers as SES does over HTTP, so that the real SDK speaks to it, beneath a client
//! ([`crate::aws::Cloud`]) or over the local system's routes. Of its operations it has the
//! two this product uses, `SendEmail` with simple content and `GetAccount`.

mod events;
mod header;
mod refusal;
mod request;

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use self::events::Fate;
pub use self::refusal::Refusal;

use self::refusal::bad_request;
use crate::aws::Reply;
use crate::journal::{Journal, JournalError};

/// Where mail is sent.
const SEND: (&str, &str) = ("POST", "/v2/email/outbound-emails");

/// Where the account is asked about.
const ACCOUNT: (&str, &str) = ("GET", "/v2/email/account");

/// A mail that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// SES's id of it.
    pub id: String,
    /// When it was accepted.
    pub at: Timestamp,
    /// `From`, as it was given.
    pub from: String,
    /// Where answers go.
    #[serde(default)]
    pub reply_to: Vec<String>,
    /// The recipients.
    pub to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// Further headers, in their order.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The text part.
    pub text: Option<String>,
    /// The HTML part.
    pub html: Option<String>,
    /// The tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The configuration set.
    pub configuration_set: Option<String>,
}

impl Mail {
    /// Whom it is from, as a person reads it.
    pub fn sender(&self) -> String {
        header::shown(&self.from)
    }

    /// What it is about, as its tag says.
    pub fn kind(&self) -> Option<&str> {
        self.tags.get("kind").map(String::as_str)
    }

    /// Whether it went to an address, in whatever case.
    pub fn is_to(&self, address: &str) -> bool {
        self.to.iter().any(|to| request::bare(to).eq_ignore_ascii_case(address.trim()))
    }
}

/// What the account may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendQuota {
    /// Recipients in 24 hours; `None` is as many as one likes.
    pub a_day: Option<u64>,
    /// Recipients a second; `None` is as many as one likes, which SES tells as a thousand.
    pub a_second: Option<u32>,
    /// Out of the sandbox, which reaches the mailbox simulator only.
    pub production: bool,
    /// Sending at all.
    pub sending: bool,
}

impl Default for SendQuota {
    /// An account that AWS has let out of the sandbox.
    fn default() -> Self {
        Self { a_day: Some(50_000), a_second: Some(14), production: true, sending: true }
    }
}

/// SES. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Ses {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    mails: Vec<Mail>,
    quota: SendQuota,
    /// What the next sends are answered with, whatever is in them.
    refusals: VecDeque<Refusal>,
    /// What any send to an address is answered with.
    refused: BTreeMap<String, Refusal>,
    /// What becomes of mail to an address.
    fates: BTreeMap<String, Fate>,
    account_fails: bool,
    /// Recipients of the last 24 hours, by when; true for those that count.
    recent: VecDeque<(Timestamp, bool)>,
    events: VecDeque<Value>,
    journal: Option<Journal>,
}

impl Ses {
    /// An SES that forgets with the process.
    pub fn new() -> Self {
        Self::default()
    }

    /// An SES that keeps its mail in a file, a line each, and knows what is there already.
    ///
    /// # Errors
    ///
    /// When the file can't be opened or holds something else.
    pub fn kept_in(path: &Path) -> Result<Self, JournalError> {
        let (journal, mails) = Journal::open::<Mail>(path)?;
        let mut state = State { mails, journal: Some(journal), ..State::default() };
        for mail in &state.mails {
            note(&mut state.recent, mail);
        }
        Ok(Self { state: Arc::new(Mutex::new(state)) })
    }

    /// Answers a request as SES would.
    pub fn answer(&self, method: &str, path: &str, body: &[u8], now: Timestamp) -> Reply {
        match (method, path) {
            SEND => self.state().send(body, now),
            ACCOUNT => self.state().account(now),
            _ => Reply::error(
                404,
                "UnknownOperationException",
                &format!("the local SES has no {method} {path}"),
            ),
        }
    }

    /// The mail accepted so far, in its order.
    pub fn mails(&self) -> Vec<Mail> {
        self.state().mails.clone()
    }

    /// The mail that `wanted` picks, in its order.
    pub fn mails_where(&self, wanted: impl Fn(&Mail) -> bool) -> Vec<Mail> {
        self.state().mails.iter().filter(|mail| wanted(mail)).cloned().collect()
    }

    /// The mail of that id.
    pub fn mail(&self, id: &str) -> Option<Mail> {
        self.state().mails.iter().find(|mail| mail.id == id).cloned()
    }

    /// How many were accepted.
    pub fn count(&self) -> usize {
        self.state().mails.len()
    }

    /// The events that came up since this was last asked, as EventBridge's default bus
    /// delivers them, in their order.
    pub fn take_events(&self) -> Vec<Value> {
        self.state().events.drain(..).collect()
    }

    /// Sets what the account may send.
    pub fn set_quota(&self, quota: SendQuota) {
        self.state().quota = quota;
    }

    /// Answers the next send that isn't answered so already with a refusal.
    pub fn refuse_next(&self, refusal: Refusal) {
        self.state().refusals.push_back(refusal);
    }

    /// Answers every send to an address with a refusal, or none with `None`.
    pub fn refuse_to(&self, address: &str, refusal: Option<Refusal>) {
        let mut state = self.state();
        match refusal {
            Some(refusal) => state.refused.insert(address.to_lowercase(), refusal),
            None => state.refused.remove(&address.to_lowercase()),
        };
    }

    /// Sets what becomes of mail to an address.
    pub fn set_fate(&self, address: &str, fate: Fate) {
        self.state().fates.insert(address.to_lowercase(), fate);
    }

    /// Whether questions about the account fail.
    pub fn fail_account(&self, fails: bool) {
        self.state().account_fails = fails;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl State {
    fn send(&mut self, body: &[u8], now: Timestamp) -> Reply {
        if let Some(refusal) = self.refusals.pop_front() {
            return refusal.reply();
        }
        let number = self.mails.len();
        let id = format!(
            "0100{:012x}-{number:08x}-0000-4000-8000-{number:012x}-000000",
            now.as_millisecond()
        );
        let mail = match request::read(body, id, now) {
            Ok(mail) => mail,
            Err(problem) => return bad_request(&problem),
        };
        if let Some(refusal) = self.refusal(&mail, now) {
            return refusal.reply();
        }
        if let Some(journal) = &mut self.journal
            && let Err(error) = journal.add(&mail)
        {
            return Reply::error(500, "InternalFailure", &format!("the mail isn't kept: {error}"));
        }
        note(&mut self.recent, &mail);
        self.events.extend(events::of(&mail, &self.fates));
        let answer = json!({ "MessageId": mail.id });
        self.mails.push(mail);
        Reply { status: 200, body: answer }
    }

    fn refusal(&mut self, mail: &Mail, now: Timestamp) -> Option<Refusal> {
        let refused = mail.to.iter().find_map(|to| self.refused.get(&to.to_lowercase()));
        if let Some(refusal) = refused {
            return Some(refusal.clone());
        }
        if !self.quota.sending {
            return Some(Refusal::Paused);
        }
        if !self.quota.production && mail.to.iter().any(|to| !events::is_simulator(to)) {
            return Some(Refusal::NotVerified);
        }
        let second = self.recent_since(now, SignedDuration::from_secs(1)).count();
        let second = u32::try_from(second).unwrap_or(u32::MAX);
        if self.quota.a_second.is_some_and(|most| second >= most) {
            return Some(Refusal::Rate);
        }
        if mail.to.iter().all(|to| events::is_simulator(to)) {
            return None;
        }
        let day = self.counted_today(now);
        self.quota.a_day.is_some_and(|most| day >= most).then_some(Refusal::DailyQuota)
    }

    /// Who was sent to within a time before now, and whether it counts for the day.
    fn recent_since(&self, now: Timestamp, within: SignedDuration) -> impl Iterator<Item = bool> {
        let recent = self.recent.iter().rev();
        let recent = recent.take_while(move |(at, _)| now.duration_since(*at) < within);
        recent.map(|(_, counts)| *counts)
    }

    fn counted_today(&mut self, now: Timestamp) -> u64 {
        let day = SignedDuration::from_hours(24);
        while self.recent.front().is_some_and(|(at, _)| now.duration_since(*at) >= day) {
            self.recent.pop_front();
        }
        let counted = self.recent_since(now, day).filter(|counts| *counts).count();
        u64::try_from(counted).unwrap_or(u64::MAX)
    }

    fn account(&mut self, now: Timestamp) -> Reply {
        if self.account_fails {
            return Refusal::TooManyRequests.reply();
        }
        let sent = self.counted_today(now);
        let SendQuota { a_day, a_second, production, sending } = self.quota;
        let a_day = a_day.map_or(json!(-1.0), |most| json!(most));
        Reply {
            status: 200,
            body: json!({
                "DedicatedIpAutoWarmupEnabled": false,
                "EnforcementStatus": "HEALTHY",
                "ProductionAccessEnabled": production,
                "SendQuota": {
                    "Max24HourSend": a_day,
                    "MaxSendRate": a_second.unwrap_or(1000),
                    "SentLast24Hours": sent,
                },
                "SendingEnabled": sending,
                "SuppressionAttributes": { "SuppressedReasons": ["BOUNCE", "COMPLAINT"] },
            }),
        }
    }
}

/// Notes a mail's recipients. The mailbox simulator counts for the rate, not for the day.
fn note(recent: &mut VecDeque<(Timestamp, bool)>, mail: &Mail) {
    recent.extend(mail.to.iter().map(|to| (mail.at, !events::is_simulator(to))));
}

#[cfg(test)]
mod tests;
