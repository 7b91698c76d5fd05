//! Shops of which no purchase is heard any more.

use platform::store::{SILENCE, Task};
use platform::telemetry::Metrics;
use testkit::shop::TestShop;

use super::*;

/// The sample program of a shop that is open from Monday to Saturday, 7 to 18.
fn with_hours() -> String {
    let zone = "timezone = \"America/New_York\"";
    let days = ["mon", "tue", "wed", "thu", "fri", "sat"];
    let hours = days.map(|day| format!("{day} = \"07:00-18:00\"\n")).concat();
    let hours = format!("silent_after = 8\nclosed = [2026-11-24]\n[shop.hours]\n{hours}");
    assert!(CORNER_BAKERY.contains(zone));
    CORNER_BAKERY.replace(zone, &format!("{zone}\n{hours}#"))
}

/// A bakery that is watched, and what its metrics say.
struct Watched {
    room: Room,
    told: Arc<Mutex<Vec<String>>>,
}

impl Watched {
    async fn open(program: &str) -> Self {
        let mut room = Room::with_program(program).await;
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let lines = Arc::clone(&told);
        let metrics =
            Metrics::told_to("bakery", move |line| lines.lock().unwrap().push(line.to_owned()));
        room.mailer.services.metrics = metrics;
        Self { room, told }
    }

    /// Ada buys, and the stream tells.
    async fn buys(&mut self, order: u64, at: &str) {
        self.room.shop.set_now(at);
        self.room.shop.buys(order, 10, at).await;
        self.room.pump().await;
    }

    /// The hourly schedule's turn, and how many silent shops it told.
    async fn hour(&mut self, at: &str) -> Option<u64> {
        self.room.hour(at).await;
        let told = self.told.lock().unwrap().drain(..).collect::<Vec<_>>();
        let mut silent = told.iter().map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["SilentShops"].as_u64().unwrap()
        });
        assert!(told.len() <= 1, "{told:?}");
        silent.next()
    }

    async fn tasks(&self) -> Vec<Task> {
        let TestShop { services, id, .. } = &self.room.shop;
        let tasks = services.store.open_tasks(id).await.unwrap().into_iter();
        tasks.filter(|task| task.topic == SILENCE && !task.done).collect()
    }

    async fn heard_version(&self) -> Option<u64> {
        let TestShop { services, id, .. } = &self.room.shop;
        services.store.last_heard(id).await.unwrap().map(|heard| heard.version)
    }
}

#[tokio::test]
async fn eight_opening_hours_without_a_purchase_are_told_once_until_one_is_heard() {
    let mut shop = Watched::open(&with_hours()).await;
    // Monday 16:00; Tuesday is closed.
    shop.buys(1, "2026-11-23T21:00:00Z").await;
    assert_eq!(shop.hour("2026-11-25T17:00:00Z").await, None, "Wednesday noon: 7 hours");
    assert!(shop.tasks().await.is_empty());
    assert_eq!(shop.hour("2026-11-25T18:00:00Z").await, Some(1), "8 hours");
    assert_eq!(shop.hour("2026-11-25T19:00:00Z").await, Some(1), "it is one still");
    let tasks = shop.tasks().await;
    assert_eq!(tasks.len(), 1);
    assert!(tasks[0].body.contains("2026-11-23T21:00:00Z"), "{}", tasks[0].body);

    shop.buys(2, "2026-11-25T19:10:00Z").await;
    assert!(shop.tasks().await.is_empty(), "done by itself");
    assert_eq!(shop.hour("2026-11-25T20:00:00Z").await, None);

    assert_eq!(shop.hour("2026-11-27T18:00:00Z").await, Some(1), "the next silence");
    assert_eq!(shop.tasks().await.len(), 1);
}

#[tokio::test]
async fn a_shop_that_was_never_heard_of_or_says_no_hours_is_not_silent() {
    let mut shop = Watched::open(&with_hours()).await;
    assert_eq!(shop.hour("2026-12-22T18:00:00Z").await, None);
    let mut shop = Watched::open(CORNER_BAKERY).await;
    shop.buys(1, "2026-11-23T21:00:00Z").await;
    assert_eq!(shop.heard_version().await, None, "nor is anything written");
    assert_eq!(shop.hour("2026-12-22T18:00:00Z").await, None);
    assert!(shop.tasks().await.is_empty());
}

#[tokio::test]
async fn at_most_one_purchase_an_hour_is_noted() {
    let mut shop = Watched::open(&with_hours()).await;
    for (order, minute) in [(1, "00"), (2, "01"), (3, "59")] {
        shop.buys(order, &format!("2026-11-23T15:{minute}:00Z")).await;
        assert_eq!(shop.heard_version().await, Some(1));
    }
    shop.buys(4, "2026-11-23T16:00:00Z").await;
    assert_eq!(shop.heard_version().await, Some(2));
}

#[tokio::test]
async fn what_is_copied_from_long_ago_is_nothing_heard() {
    let mut shop = Watched::open(&with_hours()).await;
    shop.buys(1, "2026-11-23T21:00:00Z").await;
    assert_eq!(shop.hour("2026-11-25T18:00:00Z").await, Some(1));
    shop.room.shop.buys(2, 10, "2026-11-20T15:00:00Z").await;
    shop.room.pump().await;
    assert_eq!(shop.tasks().await.len(), 1);
    assert_eq!(shop.hour("2026-11-25T19:00:00Z").await, Some(1));
}
