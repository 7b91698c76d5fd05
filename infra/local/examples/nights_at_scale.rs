//! What a night costs by how many customers there are and how many of them are due: read and
//! write units of both functions, as DynamoDB reports them, beside what reading the whole table
//! would cost. Each customer bought five times, holds a tier that is up for review, and has
//! stayed away for three weeks.
//!
//! `cargo run --release -p regulars --example nights_at_scale [-- CUSTOMERS…]`: 1 % due;
//! `… -- --all-due CUSTOMERS…`: everybody, in invocations of ten seconds that hand over.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::float_arithmetic,
    reason = "a program for whoever measures"
)]

use std::time::Duration;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use loyalty::account::Due;
use loyalty::consent::{Act, Channel, Teller};
use loyalty::program::{CORNER_BAKERY, ConsentGrade};
use platform::store::keys::Nightly;
use platform::store::{MailMode, Whence};
use reengagement_scan::Scan;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use sources::api::ShopifyAccess;
use testkit::aws::Cloud;
use testkit::crowd::{Model, ORDERS};
use testkit::shop::{TABLE, TestShop};
use tier_recalculation::Recalculation;

/// What everybody bought: a year ago enough for a tier, then a little every week.
const VISITS: [(Date, i64); 5] = [
    (date(2025, 3, 10), 600),
    (date(2026, 2, 2), 10),
    (date(2026, 2, 9), 10),
    (date(2026, 2, 16), 10),
    (date(2026, 2, 23), 10),
];

/// The night on which those are due who are.
const NIGHT: Date = date(2026, 3, 16);

/// How long an invocation has, of those that hand over.
const SHORT: Duration = Duration::from_secs(10);

/// How long one has that is to do it all.
const AMPLE: Duration = Duration::from_secs(24 * 3600);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut sizes: Vec<String> = std::env::args().skip(1).collect();
    let all_due = sizes.first().is_some_and(|first| first == "--all-due");
    if all_due {
        sizes.remove(0);
    }
    let mut sizes: Vec<u64> = sizes.iter().map(|size| size.parse().unwrap()).collect();
    match (sizes.is_empty(), all_due) {
        (true, true) => sizes = vec![100_000],
        (true, false) => sizes = vec![1_000, 10_000, 100_000],
        _ => {}
    }
    if all_due {
        println!(
            "{:>9}  {:<20}{:>12}{:>9}{:>9}",
            "due", "function", "invocations", "buckets", "then"
        );
        for customers in sizes {
            everybody(customers).await;
        }
    } else {
        println!(
            "{:>9} {:>6}  {:<20}{:>10}{:>10}{:>11}{:>11}{:>12}",
            "customers",
            "due",
            "function",
            "reads",
            "writes",
            "reads/due",
            "writes/due",
            "a full scan"
        );
        for customers in sizes {
            one_percent(customers).await;
        }
    }
}

/// Both nights where one in a hundred is due.
async fn one_percent(customers: u64) {
    let due = customers / 100;
    let bakery = Bakery::of(customers, due).await;
    let scan = bakery.whole_table().await;
    for function in [Nightly::Points, Nightly::Mail] {
        let store = &bakery.shop.services.store;
        let before = (store.read_units_x10(), store.write_units_x10());
        assert_eq!(bakery.night(function, AMPLE).await, 1);
        let (read, written) =
            (store.read_units_x10() - before.0, store.write_units_x10() - before.1);
        println!(
            "{customers:>9} {due:>6}  {:<20}{:>10}{:>10}{:>11}{:>11}{:>12}",
            function.deployed(),
            tenths(read),
            tenths(written),
            hundredths(read * 10 / due),
            hundredths(written * 10 / due),
            tenths(scan),
        );
        assert!(read <= due * 30 + 200, "more than three read units for who is due");
    }
    bakery.everybody_was_looked_at(due).await;
}

/// Both nights where everybody is due.
async fn everybody(customers: u64) {
    let bakery = Bakery::of(customers, customers).await;
    for function in [Nightly::Points, Nightly::Mail] {
        let invocations = bakery.night(function, SHORT).await;
        let buckets = bakery.buckets(function, NIGHT).await;
        bakery.shop.set_now(&four(NIGHT.tomorrow().unwrap()));
        bakery.invoke(function, &json!({ "hourly": "" }), AMPLE).await;
        let then = bakery.buckets(function, NIGHT.tomorrow().unwrap()).await;
        bakery.shop.set_now(&four(NIGHT));
        println!(
            "{customers:>9}  {:<20}{invocations:>12}{buckets:>9}{then:>9}",
            function.deployed()
        );
    }
    bakery.everybody_was_looked_at(customers).await;
}

/// A bakery with many customers and its nights.
struct Bakery {
    shop: TestShop,
    cloud: Cloud,
    scan: Scan,
    recalculation: Recalculation,
}

impl Bakery {
    /// So many customers, the first of them due on the night and all others later.
    async fn of(customers: u64, due: u64) -> Self {
        let shop =
            TestShop::with_program(&CORNER_BAKERY.replace("approve_days = 30", "approve_days = 0"))
                .await;
        let (store, id) = (&shop.services.store, &shop.id);
        let live: Timestamp = "2025-01-01T12:00:00Z".parse().unwrap();
        store.set_mail_mode(id, MailMode::Live, Whence::Command, live).await.unwrap();
        let orders: u64 = ORDERS.parse().unwrap();
        for (number, (day, dollars)) in (1..).zip(VISITS) {
            let at = at(day, 12).to_string();
            shop.set_now(&at);
            shop.buys(orders * 10 + number, dollars, &at).await;
        }
        let (channel, teller, hers, wording) = (Channel::Email, Teller::Own, true, None);
        let grade = Some(ConsentGrade::ConfirmedOwnForm);
        let act = Act::Subscribed { channel, teller, grade, hers, wording };
        shop.ada_says(&shop.services.clock.now().to_string(), act).await;
        let ada = shop.by_email("ada@example.com").await.unwrap().id;
        let on = |number: u64| {
            let later = NIGHT + (1 + i64::try_from(number % 90).unwrap()).days();
            let day = Some(if number < due { NIGHT } else { later });
            Due { mail: day, points: day }
        };
        // Ada was only the pattern: she isn't among them.
        let model = Model::of(&shop, &ada).await;
        model.copy(0..customers, on).await;
        let cloud = Cloud::new(shop.database.clone(), shop.services.clock.clone());
        let scan = Scan { services: shop.services.clone(), bus: cloud.events() };
        let recalculation = Recalculation::new(
            shop.services.clone(),
            cloud.events(),
            ShopifyAccess::new().unwrap(),
        );
        // The shop's nights ran before: the first of all looks through the year behind it.
        let bakery = Self { shop, cloud, scan, recalculation };
        bakery.shop.set_now(&four(NIGHT.yesterday().unwrap()));
        for function in [Nightly::Points, Nightly::Mail] {
            bakery.invoke(function, &json!({ "hourly": "" }), AMPLE).await;
        }
        bakery.shop.set_now(&four(NIGHT));
        bakery
    }

    /// Works the night off, as the hour and the bus have it go on, and says in how many
    /// invocations.
    async fn night(&self, function: Nightly, budget: Duration) -> usize {
        let mut event = json!({ "hourly": "" });
        for invocation in 1.. {
            self.invoke(function, &event, budget).await;
            match self.cloud.bus.take_events().pop() {
                Some(next) => event = next,
                None => return invocation,
            }
        }
        panic!("the night never ends")
    }

    async fn invoke(&self, function: Nightly, event: &Value, budget: Duration) {
        let payload = to_raw_value(event).unwrap();
        match function {
            Nightly::Mail => {
                Box::pin(reengagement_scan::handle(&self.scan, &payload, budget)).await.unwrap();
            }
            Nightly::Points => {
                Box::pin(tier_recalculation::handle(&self.recalculation, &payload, budget))
                    .await
                    .unwrap();
            }
        }
    }

    /// The buckets that a night's due accounts were spread over.
    async fn buckets(&self, function: Nightly, night: Date) -> u16 {
        let run = self.shop.services.store.run(&self.shop.id, function, night).await.unwrap();
        run.unwrap().shards
    }

    /// What it costs to read the table from end to end, in tenths of a unit.
    async fn whole_table(&self) -> u64 {
        let scan = self.shop.database.client().scan().table_name(TABLE);
        let scan = scan.return_consumed_capacity(ReturnConsumedCapacity::Total);
        let mut pages = scan.into_paginator().send();
        let mut halves = 0.0;
        while let Some(page) = pages.next().await {
            halves += page.unwrap().consumed_capacity().unwrap().capacity_units().unwrap();
        }
        format!("{:.0}", halves * 10.0).parse().unwrap()
    }

    async fn everybody_was_looked_at(&self, due: u64) {
        for number in [0, due / 2, due - 1] {
            let (store, shop) = (&self.shop.services.store, &self.shop.id);
            let customer = store.customer(shop, &Model::customer(number)).await.unwrap().unwrap();
            let next = customer.account.due;
            assert!(next.mail.is_none_or(|mail| mail > NIGHT), "{number} is due: {next:?}");
            assert!(next.points.is_none_or(|points| points > NIGHT), "{number} is due: {next:?}");
        }
    }
}

/// Units, from tenths.
fn tenths(units: u64) -> String {
    format!("{}.{}", units / 10, units % 10)
}

/// Units, from hundredths.
fn hundredths(units: u64) -> String {
    format!("{}.{:02}", units / 100, units % 100)
}

/// An hour of a day by the bakery's clock.
fn at(day: Date, hour: i8) -> Timestamp {
    day.at(hour, 10, 0, 0).in_tz("America/New_York").unwrap().timestamp()
}

fn four(day: Date) -> String {
    at(day, 4).to_string()
}
