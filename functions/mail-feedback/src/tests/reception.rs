//! A shop whose mail comes back or is called spam too often.

use std::sync::{Arc, Mutex};

use platform::store::{MARKETING_PAUSED, Task, Whence};
use platform::telemetry::Metrics;

use super::*;

/// When all of it is heard.
const EVENING: &str = "2026-11-22T20:00:00Z";

/// A shop, and what its metrics say.
struct Watched {
    shop: TestShop,
    told: Arc<Mutex<Vec<String>>>,
}

impl Watched {
    async fn open() -> Self {
        let mut shop = TestShop::open().await;
        shop.set_now(EVENING);
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let lines = Arc::clone(&told);
        shop.services.metrics =
            Metrics::told_to("bakery", move |line| lines.lock().unwrap().push(line.to_owned()));
        Self { shop, told }
    }

    /// Mail to people with these numbers ends so.
    async fn mails(&self, people: std::ops::Range<u64>, ends: &str) {
        for person in people {
            self.mail(person, &self.shop, |_| {}, ends).await;
        }
    }

    async fn mail(&self, person: u64, shop: &TestShop, with: impl Fn(&mut Value), ends: &str) {
        let one = Shop::claimed_by(shop.clone(), person).await;
        let mut event = one.event(ends);
        with(&mut event);
        assert_eq!(one.hears(&event).await, Outcome::Heard);
    }

    async fn paused(&self) -> bool {
        self.status().await.marketing_paused.is_some()
    }

    async fn status(&self) -> platform::store::Status {
        self.shop.services.store.status(&self.shop.id).await.unwrap()
    }

    async fn resumes(&self, at: &str) {
        let store = &self.shop.services.store;
        store.set_marketing_paused(&self.shop.id, false, Whence::Api, super::at(at)).await.unwrap();
    }

    async fn tasks(&self) -> Vec<Task> {
        let tasks = self.shop.services.store.open_tasks(&self.shop.id).await.unwrap();
        tasks.into_iter().filter(|task| task.topic == MARKETING_PAUSED && !task.done).collect()
    }

    fn told(&self) -> usize {
        let told = self.told.lock().unwrap();
        assert!(told.iter().all(|line| line.contains("\"MarketingPaused\":1")), "{told:?}");
        told.len()
    }
}

#[tokio::test]
async fn marketing_stops_once_five_of_a_hundred_mails_came_back() {
    let shop = Watched::open().await;
    shop.mails(1..10, "delivery").await;
    shop.mails(10..14, "bounce-permanent").await;
    assert!(!shop.paused().await, "four say nothing, however many they are of");
    shop.mails(14..15, "bounce-permanent").await;
    let pause = shop.status().await.marketing_paused.unwrap();
    assert_eq!(pause.at, at(EVENING));
    assert_eq!(shop.told(), 1);
    let tasks = shop.tasks().await;
    assert!(tasks[0].body.contains("\"bounced\":5,\"sent\":14"), "{}", tasks[0].body);

    shop.mails(15..17, "bounce-permanent").await;
    assert_eq!((shop.status().await.marketing_paused, shop.told()), (Some(pause), 1));
    assert_eq!(shop.tasks().await, tasks, "one is enough");
}

#[tokio::test]
async fn marketing_stops_with_three_complaints() {
    let shop = Watched::open().await;
    shop.mails(1..2, "complaint").await;
    let second = Shop::claimed_by(shop.shop.clone(), 2).await;
    for _ in 0..3 {
        second.hears_of("complaint").await;
        assert!(!shop.paused().await, "the same one said again is no third");
    }
    shop.mails(3..4, "complaint").await;
    assert!(shop.paused().await);
    assert_eq!((shop.told(), shop.tasks().await.len()), (1, 1));
}

#[tokio::test]
async fn what_came_back_for_now_or_from_the_owner_or_long_ago_stops_nothing() {
    let shop = Watched::open().await;
    shop.mails(1..7, "bounce-transient").await;
    for person in 7..13 {
        let to_owner = |event: &mut Value| event["detail"]["mail"]["tags"]["to"] = json!(["owner"]);
        shop.mail(person, &shop.shop, to_owner, "bounce-permanent").await;
    }
    assert!(!shop.paused().await);
    shop.shop.set_now("2026-12-20T12:00:00Z");
    shop.mails(13..19, "bounce-permanent").await;
    assert!(!shop.paused().await, "all of that was in November");
}

#[tokio::test]
async fn let_go_on_it_stops_again_only_for_what_comes_since() {
    let shop = Watched::open().await;
    shop.mails(1..6, "bounce-permanent").await;
    assert!(shop.paused().await);
    shop.resumes(EVENING).await;
    assert!(shop.tasks().await.is_empty(), "done with it");
    shop.mails(6..7, "bounce-permanent").await;
    assert!(!shop.paused().await, "what was heard before counts no more");
    let later = |event: &mut Value| {
        for at in ["/detail/mail/timestamp", "/detail/bounce/timestamp"] {
            *event.pointer_mut(at).unwrap() = json!("2026-11-22T20:30:00Z");
        }
    };
    shop.shop.set_now("2026-11-22T21:00:00Z");
    for person in 7..12 {
        assert!(!shop.paused().await);
        shop.mail(person, &shop.shop, later, "bounce-permanent").await;
    }
    assert!(shop.paused().await);
    assert_eq!((shop.told(), shop.tasks().await.len()), (2, 1));
}
