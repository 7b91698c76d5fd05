//! Through the front door: records of the table's stream, events of the bus, SES itself.

mod faults;
mod follow_up;
mod heard;
mod night;
mod plan;
mod send;
mod stream;
mod survey;
mod words;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use loyalty::consent::{Act, Channel, Teller};
use loyalty::ids::CustomerId;
use loyalty::program::{CORNER_BAKERY, ConsentGrade};
use platform::sender::{MailSettingsChange, Wish};
use platform::store::{MailMode, Message, MessageState, Whence};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use testkit::aws::{Cloud, bus_over, mail_over};
use testkit::embedded::Stream;
use testkit::faults::{Fate, Fault, Faulty};
use testkit::ses::{Mail, SendQuota};
use testkit::shop::{TABLE, TestShop};

use crate::{Mailer, invoke};

/// A morning in New York, where the bakery is.
const MORNING: &str = "2026-11-22T14:00:00Z";

/// Time enough for anything here.
const AMPLE: Duration = Duration::from_secs(3600);

/// When the bakery's mail went live.
const LIVE: &str = "2026-11-22T13:00:00Z";

/// The bakery with its mailer, and everything that beside it is Amazon's.
struct Room {
    shop: TestShop,
    cloud: Cloud,
    mailer: Mailer,
    stream: Stream,
    /// What the next calls to SES meet, each with its variant.
    ses_meets: Arc<Mutex<Vec<(Fault, u32)>>>,
}

impl Room {
    /// The bakery with live mail, a receipt for each purchase, and Ada, who is a member and
    /// said yes to mail.
    async fn open() -> Self {
        let room = Self::with_program(&receipts("each")).await;
        room.goes_live().await;
        room
    }

    /// A bakery whose mail is off.
    async fn with_program(toml: &str) -> Self {
        let shop = TestShop::with_program(toml).await;
        let cloud = Cloud::new(shop.database.clone(), shop.services.clock.clone());
        let quota = SendQuota { a_second: None, ..SendQuota::default() };
        cloud.ses.set_quota(quota);
        let ses_meets: Arc<Mutex<Vec<(Fault, u32)>>> = Arc::default();
        let meets = Arc::clone(&ses_meets);
        let faulty = Faulty::new(
            cloud.connector(),
            Arc::new(move |_, operation: &str| {
                let mut meets = meets.lock().unwrap();
                let meets =
                    (operation == "SendEmail" && !meets.is_empty()).then(|| meets.remove(0));
                let (fault, variant) = meets.unzip();
                Fate { fault, variant: variant.unwrap_or_default(), ..Fate::default() }
            }),
        );
        let (mail, bus) = (mail_over(faulty.clone()), bus_over(faulty));
        let mailer = Mailer::new(shop.services.clone(), mail, bus).unwrap();
        let stream = Stream::open(&shop.database, TABLE).await.unwrap();
        let change = MailSettingsChange {
            from: Wish::Set("hello@corner-bakery.example".to_owned()),
            reply_to: Wish::Set("bea@corner-bakery.example".to_owned()),
            owner: Wish::Set("bea@corner-bakery.example".to_owned()),
            ..MailSettingsChange::default()
        };
        let now = shop.services.clock.now();
        shop.services.store.set_mail_settings(&shop.id, change, now).await.unwrap();
        shop.set_now(MORNING);
        Self { shop, cloud, mailer, stream, ses_meets }
    }

    async fn mode(&self, mode: MailMode, at: &str) {
        let store = &self.shop.services.store;
        let at = at.parse().unwrap();
        store.set_mail_mode(&self.shop.id, mode, Whence::Api, at).await.unwrap();
    }

    async fn goes_live(&self) {
        self.mode(MailMode::Live, LIVE).await;
    }

    /// Ada says yes to marketing mail, by the shop's own form.
    async fn ada_agrees(&self) {
        let (channel, teller, hers, wording) = (Channel::Email, Teller::Own, true, None);
        let grade = Some(ConsentGrade::ConfirmedOwnForm);
        let act = Act::Subscribed { channel, teller, grade, hers, wording };
        self.shop.ada_says("2026-11-22T13:30:00Z", act).await;
    }

    async fn ada(&self) -> CustomerId {
        self.shop.by_email("ada@example.com").await.unwrap().id
    }

    /// What the stream has, as Lambda hands it over.
    async fn records(&self) -> Vec<Value> {
        self.stream.next(1000).await.unwrap()
    }

    /// Hands records to the mailer, and gives those it wants again.
    async fn hand(&self, records: &[Value]) -> Vec<String> {
        let answer = self.invoke(&json!({ "Records": records })).await.unwrap();
        let answer: Value = serde_json::from_str(answer.get()).unwrap();
        let failures = answer["batchItemFailures"].as_array().unwrap();
        let number = |one: &Value| one["itemIdentifier"].as_str().unwrap().to_owned();
        failures.iter().map(number).collect()
    }

    async fn invoke(&self, event: &Value) -> Result<Box<RawValue>, invoke::MailerError> {
        let payload = to_raw_value(event).unwrap();
        // Within an attempt, so that SES meets what it shall.
        let handled = Box::pin(invoke::handle(&self.mailer, &payload, AMPLE));
        testkit::faults::attempt(0, 0, handled).await.expect("nobody kills it here")
    }

    /// Everything that changed is planned, and what that woke is worked off.
    async fn pump(&mut self) {
        loop {
            let records = self.records().await;
            if let Some(last) = records.last() {
                assert_eq!(self.hand(&records).await, Vec::<String>::new());
                self.stream.done(last).unwrap();
            }
            let woken = self.cloud.bus.take_events();
            let woken: Vec<Value> =
                woken.into_iter().filter(|one| one["detail-type"] == "WorkDue").collect();
            if records.is_empty() && woken.is_empty() {
                return;
            }
            for event in woken {
                self.invoke(&event).await.unwrap();
            }
        }
    }

    /// The hourly schedule's turn.
    async fn hour(&mut self, at: &str) {
        self.shop.set_now(at);
        self.invoke(&json!({ "hourly": at })).await.unwrap();
        self.pump().await;
    }

    fn mails(&self) -> Vec<Mail> {
        self.cloud.ses.mails()
    }

    /// The kinds of all mail that SES took, by the first section.
    fn kinds(&self) -> Vec<String> {
        self.mails().iter().map(|mail| mail.tags["kind"].clone()).collect()
    }

    /// Ada's message with this trigger.
    async fn message(&self, trigger: &str) -> Message {
        let (store, ada) = (&self.shop.services.store, self.ada().await);
        store.message(&self.shop.id, &ada, trigger).await.unwrap().expect("it was planned")
    }

    async fn state(&self, trigger: &str) -> MessageState {
        self.message(trigger).await.state
    }

    /// What SES meets with the next sends.
    fn ses_meets(&self, faults: &[(Fault, u32)]) {
        *self.ses_meets.lock().unwrap() = faults.to_vec();
    }
}

/// The sample program with these receipts.
fn receipts(which: &str) -> String {
    let toml = CORNER_BAKERY.replace("receipts = \"weekly\"", &format!("receipts = \"{which}\""));
    assert!(toml.contains(&format!("receipts = \"{which}\"")));
    toml
}

fn later(at: &str, by: SignedDuration) -> String {
    (at.parse::<Timestamp>().unwrap() + by).to_string()
}

/// The end of a claim made in the morning.
fn lease_end() -> String {
    later(MORNING, SignedDuration::from_mins(15))
}
