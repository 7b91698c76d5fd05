//! Through the front door: the hour, and a run that goes on.

use std::time::Duration;

use jiff::civil::{Date, date};
use loyalty::account::Account;
use loyalty::ids::{CustomerId, Source};
use loyalty::ledger::Origin;
use loyalty::program::CORNER_BAKERY;
use platform::store::Applied;
use platform::store::keys::Nightly;
use serde_json::json;
use serde_json::value::to_raw_value;
use sources::api::ShopifyAccess;
use testkit::aws::Cloud;
use testkit::shop::TestShop;

use crate::{Recalculation, handle};

/// Time enough for anything here.
const AMPLE: Duration = Duration::from_secs(3600);

/// The bakery with its points night.
struct Bakery {
    shop: TestShop,
    cloud: Cloud,
    function: Recalculation,
}

impl Bakery {
    async fn open() -> Self {
        Self::with_program(CORNER_BAKERY).await
    }

    /// A bakery on the first of January 2026.
    async fn with_program(toml: &str) -> Self {
        let shop = TestShop::with_program(toml).await;
        shop.set_now("2026-01-01T12:00:00Z");
        let cloud = Cloud::new(shop.database.clone(), shop.services.clock.clone());
        let function = Recalculation::new(
            shop.services.clone(),
            cloud.events(),
            ShopifyAccess::new().unwrap(),
        );
        Self { shop, cloud, function }
    }

    async fn hour(&self, at: &str) {
        self.shop.set_now(at);
        self.hour_within(AMPLE).await;
    }

    async fn hour_within(&self, budget: Duration) {
        let payload = to_raw_value(&json!({ "hourly": "2026-01-01T00:00:00Z" })).unwrap();
        Box::pin(handle(&self.function, &payload, budget)).await.unwrap();
    }

    /// The hour after 04:00 of a day.
    async fn night(&self, day: Date) {
        self.hour(&local(day, 4)).await;
    }

    async fn account(&self) -> Account {
        self.shop.by_email("ada@example.com").await.unwrap().account
    }

    async fn tier(&self) -> String {
        self.account().await.tier.unwrap().id.to_string()
    }
}

/// Ten past an hour of a day by the bakery's clock.
fn local(day: Date, hour: i8) -> String {
    day.at(hour, 10, 0, 0).in_tz("America/New_York").unwrap().timestamp().to_string()
}

#[tokio::test]
async fn pending_points_can_be_spent_from_the_night_they_mature() {
    let bakery =
        Bakery::with_program(&CORNER_BAKERY.replace("pending_days = 0", "pending_days = 14")).await;
    bakery.hour(&local(date(2026, 2, 2), 12)).await;
    bakery.shop.buys(1, 10, &local(date(2026, 2, 2), 12)).await;
    let points = async || {
        let wallet = bakery.account().await.wallet;
        (wallet.available().unwrap().0, wallet.pending().unwrap().0)
    };
    bakery.night(date(2026, 2, 15)).await;
    assert_eq!(points().await, (0, 100));
    bakery.night(date(2026, 2, 16)).await;
    assert_eq!(points().await, (100, 0));
}

#[tokio::test]
async fn a_tier_is_not_taken_without_a_notice() {
    let bakery = Bakery::open().await;
    bakery.shop.set_now(&local(date(2026, 2, 2), 12));
    bakery.shop.buys(1, 600, &local(date(2026, 2, 2), 12)).await;
    assert_eq!(bakery.tier().await, "silver");
    for month in 1..=12 {
        bakery.night(date(2027, month, 20)).await;
        bakery.night(date(2028, month, 20)).await;
    }
    assert_eq!(bakery.tier().await, "silver", "mail was never live, so nobody was told");
    assert!(bakery.account().await.due.points.unwrap() > date(2028, 12, 20));
}

#[tokio::test]
async fn a_new_program_raises_who_it_can_in_the_night_it_starts_and_once() {
    let bakery = Bakery::open().await;
    bakery.hour(&local(date(2026, 2, 2), 12)).await;
    bakery.shop.buys(1, 300, &local(date(2026, 2, 2), 12)).await;
    assert_eq!(bakery.tier().await, "bronze");
    let easier = CORNER_BAKERY.replace("threshold = \"500.00\"", "threshold = \"250.00\"");
    let store = &bakery.shop.services.store;
    let applied = store.apply_program(&easier, bakery.shop.services.clock.now()).await.unwrap();
    assert!(matches!(applied, Applied::Saved { version: 2, .. }));
    bakery.hour(&local(date(2026, 2, 3), 3)).await;
    assert_eq!(bakery.tier().await, "bronze", "it starts at four");
    bakery.night(date(2026, 2, 3)).await;
    assert_eq!(bakery.tier().await, "silver");
    let walk = store.walk(&bakery.shop.id, "program 2").await.unwrap();
    assert_eq!((walk.done, walk.passed), (true, 1));
    let units = store.write_units_x10();
    bakery.hour(&local(date(2026, 2, 3), 5)).await;
    assert_eq!(store.write_units_x10(), units);
}

#[tokio::test]
async fn what_a_new_program_brings_goes_on_in_another_invocation() {
    let bakery = Bakery::open().await;
    bakery.hour(&local(date(2026, 2, 2), 12)).await;
    bakery.shop.buys(1, 300, &local(date(2026, 2, 2), 12)).await;
    let easier = CORNER_BAKERY.replace("threshold = \"500.00\"", "threshold = \"250.00\"");
    let now = bakery.shop.services.clock.now();
    bakery.shop.services.store.apply_program(&easier, now).await.unwrap();
    bakery.night(date(2026, 2, 2)).await;
    bakery.shop.set_now(&local(date(2026, 2, 3), 4));
    bakery.hour_within(Duration::ZERO).await;
    assert_eq!(bakery.tier().await, "bronze");
    let woken = bakery.cloud.bus.take_events();
    let event = woken.last().unwrap();
    assert_eq!(event["detail"]["function"], "tier-recalculation");
    let payload = to_raw_value(event).unwrap();
    Box::pin(handle(&bakery.function, &payload, AMPLE)).await.unwrap();
    assert_eq!(bakery.tier().await, "silver");
}

#[tokio::test]
async fn a_night_without_tokens_says_that_nothing_could_be_compared() {
    let bakery = Bakery::open().await;
    bakery.night(date(2026, 2, 3)).await;
    let store = &bakery.shop.services.store;
    let report = store.reconciliation(&bakery.shop.id, date(2026, 2, 3)).await.unwrap().unwrap();
    let words = report.sources[&Source::Shopify].to_string();
    assert_eq!(words, "no token, cannot check");
    let run = store.run(&bakery.shop.id, Nightly::Points, date(2026, 2, 3)).await.unwrap();
    assert!(run.unwrap().done, "and keeps nothing else from being done");
}

#[tokio::test]
async fn two_invocations_at_once_mature_points_once() {
    let bakery =
        Bakery::with_program(&CORNER_BAKERY.replace("pending_days = 0", "pending_days = 14")).await;
    bakery.shop.set_now(&local(date(2026, 2, 2), 12));
    for buyer in 1..=5 {
        let order = (buyer, 10, "2026-02-02T17:00:00Z");
        bakery.shop.purchase(buyer, order, Origin::Live).await;
    }
    bakery.shop.set_now(&local(date(2026, 2, 16), 4));
    tokio::join!(bakery.hour_within(AMPLE), bakery.hour_within(AMPLE));
    let ada: CustomerId = bakery.shop.by_email("ada@example.com").await.unwrap().id;
    assert_eq!(bakery.shop.ledger(&ada).await, [(100, 100)]);
    assert_eq!(bakery.account().await.wallet.available().unwrap().0, 100);
}
