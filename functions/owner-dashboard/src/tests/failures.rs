//! What the table or we can't do, and what the log gets of it.

use std::io::Write;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::types::AttributeValue;
use platform::Store;
use platform::store::keys::Entity;
use tracing_subscriber::fmt::MakeWriter;

use super::bakery::paid;
use super::{Api, shop};

const PATH: &str = "/api/v1/shops/corner-bakery";

/// Everything logged on this thread while the guard lives, as the Lambda would print it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::INFO)
            .with_writer(log.clone())
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

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

/// The API on a table that isn't there.
async fn without_table() -> Api {
    let api = Api::open().await;
    let store = Store::new(api.services.store.client().clone(), "not-there");
    Api::on(store, &[("api", super::TOKEN)])
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_a_problem_that_says_to_come_again() {
    let api = without_table().await;
    for path in [
        "customers?email=jon@example.com",
        "customers/c1",
        "customers/c1/ledger",
        "orders/shopify/1",
    ] {
        let answer = api.get(&format!("{PATH}/{path}")).await;
        answer.problem(503, "unavailable");
        assert_eq!(answer.header("retry-after"), "1", "{path}");
    }
}

#[tokio::test]
async fn a_failure_is_logged_once_with_its_chain_and_ids_and_no_query() {
    let api = without_table().await;
    let (log, _guard) = Log::start();
    api.get(&format!("{PATH}/customers?email=jon@example.com")).await;
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("ResourceNotFoundException"), "{lines:?}");
    assert!(lines[0].contains("service error: "), "the chain: {lines:?}");
    assert!(lines[0].contains("corner-bakery"), "{lines:?}");
    assert!(!lines[0].contains("jon") && !lines[0].contains("email="), "{lines:?}");
}

#[tokio::test]
async fn an_unreadable_item_is_our_fault_and_its_contents_stay_out_of_the_log() {
    let api = Api::open().await;
    let id = api.tell("1", paid(49_95)).await;
    let key = Entity::Contact(&id).key(&shop("corner-bakery"));
    let text = |text: &str| AttributeValue::S(text.to_owned());
    // What isn't one of an enum's names is quoted by the error that says so.
    let consent = [("state".to_owned(), text("jon@example.com"))].into();
    let broken = api.services.store.client().put_item().table_name("regulars");
    broken
        .item("pk", text(&key.pk))
        .item("sk", text(&key.sk))
        .item("version", AttributeValue::N("1".to_owned()))
        .item("created_at", text(super::NOW))
        .item("consent", AttributeValue::M(consent))
        .send()
        .await
        .unwrap();

    let (log, _guard) = Log::start();
    let answer = api.get(&format!("{PATH}/customers/{id}")).await;
    answer.problem(500, "broken");
    assert_eq!(answer.header("retry-after"), "");
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains(&key.pk), "{lines:?}");
    assert!(!lines[0].contains("jon"), "{lines:?}");
}

#[tokio::test]
async fn without_an_identity_key_nobody_is_looked_for() {
    let api = Api::open().await;
    let secrets = [("api".to_owned(), super::TOKEN.to_owned())];
    let secrets = platform::Secrets::from_lists(secrets);
    let services = platform::Services { secrets, ..api.services.clone() };
    let api = Api { router: crate::router(services.clone()), services };
    let answer = api.get(&format!("{PATH}/customers?shopify_id=1")).await;
    answer.problem(503, "unavailable");
}

#[tokio::test]
async fn a_refused_request_leaves_no_address_in_the_log() {
    let api = Api::open().await;
    let (log, _guard) = Log::start();
    let path = format!("{PATH}/customers?email=jon@example.com");
    api.ask(http::Method::GET, &path, Some("Bearer wrong")).await;
    api.get(&format!("{path}&phone=1")).await;
    api.get(&format!("{PATH}/customers/jon@example.com")).await;
    api.get(&path).await;
    for line in log.lines() {
        assert!(!line.contains("jon") && !line.contains("wrong"), "{line}");
    }
}
