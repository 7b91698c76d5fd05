//! A table that doesn't answer, and what the log gets.

use std::io::Write;
use std::sync::{Arc, Mutex};

use platform::Store;
use testkit::faults::{Fate, Fault, Faulty, attempt};
use testkit::shop::TABLE;
use tracing_subscriber::fmt::MakeWriter;

use super::Room;
use crate::router;

#[tokio::test]
async fn what_cannot_be_saved_is_said_and_can_be_sent_again() {
    let room = Room::open().await;
    let fate = |_, operation: &str| {
        let fails = ["PutItem", "TransactWriteItems"].contains(&operation);
        Fate { fault: fails.then_some(Fault::Throttled), ..Fate::default() }
    };
    let faulty = Faulty::new(room.shop.database.connector(), Arc::new(fate));
    let client = room.shop.services.store.client();
    let client = client.config().to_builder().http_client(faulty).build();
    let client = aws_sdk_dynamodb::Client::from_conf(client);
    let mut services = room.shop.services.clone();
    services.store = Store::new(client, TABLE);
    let room = Room { router: router(services), ..room };
    for path in [room.csat(), "/f/corner-bakery".to_owned()] {
        let page = attempt(0, 0, room.post(&path, "score=2")).await.unwrap();
        assert_eq!((page.status.as_u16(), page.header("retry-after")), (503, "10"), "{path}");
        page.says_nothing_of("Thank you");
    }
    assert_eq!((room.survey().await, room.follow_up().await), (None, None));
    // A call outside of an attempt meets no fault: the table answers again.
    room.press(&room.csat(), "score=2").await.says("Thank you");
}

/// Everything logged on this thread while the guard lives.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn the_log_tells_that_she_answered_and_nothing_she_said() {
    let room = Room::open().await;
    room.shop.ada_is("Ada Lovelace", "en").await;
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).json().finish();
    let guard = tracing::subscriber::set_default(subscriber);
    // With a single subscriber, an event met first by another test's thread, which has none,
    // would be off for this one too.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let path = room.csat();
    room.press(&path, "score=2&comment=canary-of-hers&answer_by=phone").await;
    room.post(&path, "score=9&comment=canary-of-hers").await;
    room.press("/f/corner-bakery", "score=2&comment=canary-of-hers").await;
    room.get("/s/forged-canary").await;
    drop(guard);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.matches("a survey was answered").count(), 1, "{text}");
    assert!(text.contains(room.ada.as_str()) && text.contains("at the counter"), "{text}");
    let token = path.rsplit_once('/').unwrap().1;
    for secret in [token, "Lovelace", "ada@", "canary"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}
