//! Through the front door: the hour, and a run that goes on.

mod asking;
mod calendar;
mod letters;
mod runs;
mod units;

use std::time::Duration;

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use loyalty::consent::{Act, Channel, Teller};
use loyalty::ids::CustomerId;
use loyalty::program::{CORNER_BAKERY, ConsentGrade};
use platform::nights::CallError;
use platform::store::{Decision, MailMode, Message, Whence};
use serde_json::json;
use serde_json::value::to_raw_value;
use testkit::aws::Cloud;
use testkit::shop::TestShop;

use crate::{Scan, handle};

/// Time enough for anything here.
const AMPLE: Duration = Duration::from_secs(3600);

/// Four visits, a week apart.
const WEEKLY: [Date; 4] =
    [date(2026, 2, 2), date(2026, 2, 9), date(2026, 2, 16), date(2026, 2, 23)];

/// The bakery with its mail night.
struct Bakery {
    shop: TestShop,
    cloud: Cloud,
    scan: Scan,
}

impl Bakery {
    /// The bakery, live since the first of January 2026, its letters going by themselves, and
    /// Ada, who agreed to mail.
    async fn open() -> Self {
        let bakery = Self::with_program(&at_once()).await;
        bakery.goes_live("2026-01-01T12:00:00Z").await;
        bakery
    }

    /// A bakery whose mail is off, on the first of January 2026.
    async fn with_program(toml: &str) -> Self {
        let shop = TestShop::with_program(toml).await;
        shop.set_now("2026-01-01T12:00:00Z");
        let cloud = Cloud::new(shop.database.clone(), shop.services.clock.clone());
        let scan = Scan { services: shop.services.clone(), bus: cloud.events() };
        Self { shop, cloud, scan }
    }

    async fn goes_live(&self, at: &str) {
        let (store, at) = (&self.shop.services.store, at.parse().unwrap());
        store.set_mail_mode(&self.shop.id, MailMode::Live, Whence::Api, at).await.unwrap();
    }

    /// Ada comes on these days of 2026, by the bakery's noon.
    async fn ada_comes(&self, days: &[Date]) {
        for (number, day) in days.iter().enumerate() {
            let at = noon(*day);
            self.shop.set_now(&at);
            self.shop.buys(u64::try_from(number).unwrap() + 1, 10, &at).await;
        }
    }

    /// Ada says yes to marketing mail, by the shop's own form.
    async fn ada_agrees(&self) {
        let (channel, teller, hers, wording) = (Channel::Email, Teller::Own, true, None);
        let grade = Some(ConsentGrade::ConfirmedOwnForm);
        let act = Act::Subscribed { channel, teller, grade, hers, wording };
        let now = self.shop.services.clock.now();
        self.shop.ada_says(&now.to_string(), act).await;
    }

    async fn hour(&self, at: &str) -> Result<(), CallError> {
        self.shop.set_now(at);
        self.hour_within(AMPLE).await
    }

    async fn hour_within(&self, budget: Duration) -> Result<(), CallError> {
        let payload = to_raw_value(&json!({ "hourly": "2026-01-01T00:00:00Z" })).unwrap();
        Box::pin(handle(&self.scan, &payload, budget)).await
    }

    /// The hour after 04:00 of every day of a span, both ends included.
    async fn nights(&self, from: Date, to: Date) {
        for day in from.series(1.day()).take_while(|day| *day <= to) {
            self.hour(&four(day)).await.unwrap();
        }
    }

    async fn ada(&self) -> CustomerId {
        self.shop.by_email("ada@example.com").await.unwrap().id
    }

    async fn messages(&self) -> Vec<Message> {
        let (store, ada) = (&self.shop.services.store, self.ada().await);
        let mut messages = store.messages(&self.shop.id, &ada).await.unwrap();
        messages.sort_by_key(|message| message.planned_at);
        messages
    }

    async fn triggers(&self) -> Vec<String> {
        self.messages().await.iter().map(Message::trigger).collect()
    }

    async fn decisions(&self) -> Vec<Decision> {
        let (store, ada) = (&self.shop.services.store, self.ada().await);
        let now = self.shop.services.clock.now();
        store.decisions(&self.shop.id, &ada, now).await.unwrap()
    }

    /// The day Ada is looked at next.
    async fn due(&self) -> Option<Date> {
        self.shop.by_email("ada@example.com").await.unwrap().account.due.mail
    }
}

/// The sample program, whose letters go without approval and which asks nobody.
fn at_once() -> String {
    asking_nobody().replace("approve_days = 30", "approve_days = 0")
}

/// The sample program without surveys, of which each purchase would bring one.
fn asking_nobody() -> String {
    let program = CORNER_BAKERY.replace("\noff = []", "\noff = [\"survey\"]");
    assert_ne!(program, CORNER_BAKERY);
    program
}

/// A moment of a day by the bakery's clock.
fn local(day: Date, hour: i8) -> Timestamp {
    day.at(hour, 10, 0, 0).in_tz("America/New_York").unwrap().timestamp()
}

fn four(day: Date) -> String {
    local(day, 4).to_string()
}

fn noon(day: Date) -> String {
    local(day, 12).to_string()
}
