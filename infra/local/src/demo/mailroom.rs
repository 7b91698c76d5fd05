//! The year's mail: sent hour by hour by the real mailer, and looked over afterwards as
//! somebody would who has only the mailboxes, and what people said at the source.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::Date;
use loyalty::mail::Kind;
use loyalty::month::Month;
use platform::identity::Identities;
use platform::sender::{MailSettingsChange, Wish};
use platform::store::keys::Nightly;
use platform::store::{MailMode, StoreError, Whence};
use platform::{Clock, Services, Store};
use serde::Serialize;
use testkit::aws::Cloud;
use testkit::ses::{Mail, SendQuota};
use tokio::task::JoinHandle;

use super::crawl::Crawled;
use super::lives::{self, Comeback, Decisions, Lives};
use super::people::Person;
use super::surveys::Surveys;
use super::{Play, bakery};
use crate::failure::Failure;
use crate::home::{Home, TABLE};
use crate::pump::{Pump, feed_back};

/// The hours of the day at whose end work that is due is looked for: hourly in AWS, seldomer in
/// a year that is to pass in a minute.
const DRAINS: [i8; 3] = [9, 13, 17];

/// The hour that the nightly functions begin at.
const NIGHT: i8 = 4;

/// The mailer and the nightly functions, with a clock of their own.
pub(super) struct Mailroom {
    pump: Pump,
    services: Services,
    /// What SES said in the last hour, being taken in.
    answers: Option<JoinHandle<()>>,
    pub(super) cloud: Cloud,
    pub(super) lives: Lives,
    pub(super) surveys: Surveys,
    /// How long the nights took.
    pub(super) nights_took: Duration,
    now: Arc<AtomicI64>,
}

/// What the year's mail was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct MailFigures {
    /// Mails that SES took.
    pub(super) sent: u64,
    /// By what they tell first.
    pub(super) kinds: BTreeMap<String, u64>,
    /// People who got any.
    pub(super) people: u64,
    /// Mails to a member in a month, over all members and months: the median,
    pub(super) median_a_month: u64,
    /// and the most.
    pub(super) most_a_month: u64,
    /// Events on the bus.
    pub(super) events: u64,
    /// Write units, in tenths.
    pub(super) write_units_x10: u64,
    /// What following every link of it did, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) crawled: Option<Crawled>,
    /// Everything that shouldn't be, as sentences.
    #[serde(skip)]
    pub(super) problems: Vec<String>,
}

/// What the nights were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Nights {
    /// Local dates that both functions worked off.
    pub(super) nights: u64,
    /// Accounts looked at.
    pub(super) looked_at: u64,
    pub(super) decisions: Decisions,
    /// How long they took.
    pub(super) took: Duration,
}

/// More nights than a demo has.
const NIGHTS: i32 = 4_000;

impl Mailroom {
    /// A bakery's mail, live from the first day on.
    pub(super) async fn open(home: &Home<'_>, play: &Play) -> Result<Self, Failure> {
        let start = play.year.start;
        let now = Arc::new(AtomicI64::new(start.as_millisecond()));
        let clock = Clock::new({
            let now = Arc::clone(&now);
            move || {
                let now = now.load(Ordering::Relaxed);
                Timestamp::from_millisecond(now).unwrap_or(Timestamp::UNIX_EPOCH)
            }
        });
        let store = Store::new(home.store.client().clone(), TABLE);
        let cloud = Cloud::new(home.embedded.clone(), clock.clone());
        // A year's mail in seconds is more a second than any account may send.
        let (a_day, a_second) = (None, None);
        cloud.ses.set_quota(SendQuota { a_day, a_second, ..SendQuota::default() });
        let services = Services {
            store: store.clone(),
            secrets: home.secrets.lists(),
            sites: Arc::clone(&play.sites),
            clock,
            metrics: Default::default(),
        };
        let cannot = |error: &dyn std::error::Error| {
            Failure::new(format!("mail can't go live: {}", platform::telemetry::chain(error)))
        };
        let settings = MailSettingsChange {
            from: Wish::Set(bakery::FROM.to_owned()),
            reply_to: Wish::Set(bakery::OWNER.to_owned()),
            owner: Wish::Set(bakery::OWNER.to_owned()),
            postal_address: Wish::Set(bakery::ADDRESS.to_owned()),
            ..MailSettingsChange::default()
        };
        let set = store.set_mail_settings(&play.shop, settings, start).await;
        set.map_err(|error| cannot(&error))?;
        let live = store.set_mail_mode(&play.shop, MailMode::Live, Whence::Command, start).await;
        live.map_err(|error: StoreError| cannot(&error))?;
        let started = store.start_trial(&play.shop, &lives::trial(&play.year)).await;
        started.map_err(|error| cannot(&error))?;
        let key = services.secrets.identity_key().map_err(|error| cannot(&error))?;
        let lives = Lives::new(play, Identities::new(play.shop.clone(), key, "US"));
        let surveys = Surveys::new(play, &services)?;
        let pump = Pump::open(&services, &cloud).await?.without_answers();
        let nights_took = Duration::ZERO;
        Ok(Self { pump, services, answers: None, cloud, lives, surveys, nights_took, now })
    }

    /// An hour is over: what `happened` is planned; where it is time, the night is worked off,
    /// or what is due goes out. What SES says of it is taken in beside the next hour. Says who
    /// comes back by it.
    pub(super) async fn hour(
        &mut self,
        play: &Play,
        end: Timestamp,
        happened: bool,
    ) -> Result<Vec<Comeback>, Failure> {
        self.now.store(end.as_millisecond(), Ordering::Relaxed);
        let mut back = Vec::new();
        let answered = self.surveys.hour(&play.year, end).await?;
        if happened || answered {
            self.pump.turn().await?;
        }
        let local = end.to_zoned(play.year.sender.zone.clone());
        if local.hour() == NIGHT {
            let began = Instant::now();
            self.pump.night().await?;
            let decided = self.lives.night(play, &self.services.store, (local.date(), end)).await;
            let unread = |error| Failure::because("a night's decisions can't be read", &error);
            back.extend(decided.map_err(unread)?);
            self.nights_took = self.nights_took.saturating_add(began.elapsed());
        }
        if DRAINS.contains(&local.hour()) {
            self.pump.drain().await?;
            self.surveys.post(&play.year, &self.cloud.ses.mails());
            if self.lives.awaits_mail() {
                back.extend(self.lives.post(play, &self.cloud.ses.mails(), end));
            }
        }
        if let Some(answers) = self.answers.take() {
            answers.await.map_err(|error| Failure::because("mail feedback panicked", &error))?;
        }
        let events = self.cloud.ses.take_events();
        if !events.is_empty() {
            let services = self.services.clone();
            self.answers = Some(tokio::spawn(async move {
                for event in events {
                    feed_back(&services, &event).await;
                }
            }));
        }
        Ok(back)
    }

    /// What the nights of the year were.
    pub(super) async fn nights(&self, play: &Play) -> Result<Nights, Failure> {
        let unread = |error| Failure::because("the nights' runs can't be read", &error);
        let (store, mut looked_at, mut worked_off) = (&self.services.store, 0_u64, None);
        for function in [Nightly::Points, Nightly::Mail] {
            let runs = store.latest_runs(&play.shop, function, NIGHTS).await.map_err(unread)?;
            let done: BTreeMap<Date, u64> = runs
                .into_iter()
                .filter(|(_, run)| run.done)
                .map(|(on, run)| (on, run.looked))
                .collect();
            looked_at = done.values().fold(looked_at, |sum, looked| sum.saturating_add(*looked));
            let before = worked_off.unwrap_or_else(|| done.clone());
            worked_off = Some(done.into_iter().filter(|(on, _)| before.contains_key(on)).collect());
        }
        let nights = worked_off.map_or(0, |both| both.len());
        let nights = u64::try_from(nights).unwrap_or(u64::MAX);
        let (decisions, took) = (self.lives.decisions.clone(), self.nights_took);
        Ok(Nights { nights, looked_at, decisions, took })
    }

    /// Looks the year's mail over.
    pub(super) fn look_over(&self, play: &Play, members: usize) -> MailFigures {
        let mails = self.cloud.ses.mails();
        let mut found = look_over(&mails, play, members);
        found.events = u64::try_from(self.cloud.bus.entries().len()).unwrap_or(u64::MAX);
        found.write_units_x10 = self.services.store.write_units_x10();
        found
    }
}

/// What mailboxes tell.
pub(super) fn look_over(mails: &[Mail], play: &Play, members: usize) -> MailFigures {
    let people: BTreeMap<String, &Person> = play
        .people
        .iter()
        .filter_map(|person| Some((person.email.as_ref()?.to_lowercase(), person)))
        .collect();
    let mut found = MailFigures::default();
    let mut triggers = BTreeSet::new();
    let mut months: BTreeMap<(&str, Month), u64> = BTreeMap::new();
    let mut recipients = BTreeSet::new();
    for mail in mails {
        found.sent = found.sent.saturating_add(1);
        let tag = |name: &str| mail.tags.get(name).map(String::as_str).unwrap_or_default();
        let count = found.kinds.entry(tag("kind").to_owned()).or_default();
        *count = count.saturating_add(1);
        let to = mail.to.first().map(String::as_str).unwrap_or_default();
        if !triggers.insert((tag("customer"), tag("trigger"))) {
            found.problems.push(format!("message {} was sent twice", tag("message")));
        }
        if tag("kind") == Kind::LowScore.as_str() && to == bakery::OWNER {
            continue;
        }
        let Some(person) = people.get(&to.to_lowercase()) else {
            found.problems.push(format!("message {} went to nobody known", tag("message")));
            continue;
        };
        // The words themselves tell what a mail is.
        let text = mail.text.as_deref().unwrap_or_default();
        let agreed = person.consents == Some(true)
            && person.account.as_ref().is_some_and(|account| account.created_at < mail.at);
        let marketing = [Kind::WinBack, Kind::Survey].map(Kind::as_str);
        let is_marketing = text.contains(WELCOME) || marketing.contains(&tag("kind"));
        if is_marketing && !agreed {
            found.problems.push(format!("message {} is marketing unasked", tag("message")));
        }
        let day = mail.at.to_zoned(play.year.sender.zone.clone()).date();
        recipients.insert(to);
        let month = months.entry((tag("customer"), Month::of(day))).or_default();
        *month = month.saturating_add(1);
    }
    found.people = u64::try_from(recipients.len()).unwrap_or(u64::MAX);
    let mut a_month: Vec<u64> = months.into_values().collect();
    // Most members have months without any.
    a_month.resize(members.saturating_mul(MONTHS).max(a_month.len()), 0);
    a_month.sort_unstable();
    found.median_a_month = a_month.get(a_month.len() / 2).copied().unwrap_or_default();
    found.most_a_month = a_month.last().copied().unwrap_or_default();
    found
}

/// Months of a year.
const MONTHS: usize = 12;

/// How the first marketing mail that somebody gets begins.
const WELCOME: &str = "Welcome to ";
