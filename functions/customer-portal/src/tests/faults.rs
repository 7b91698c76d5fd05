//! A table that doesn't answer, and what the log gets.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::{Request, header};
use loyalty::consent::State;
use loyalty::mail::Kind;
use platform::Store;
use testkit::faults::{Fate, Fault, Faulty, attempt};
use testkit::shop::TABLE;
use tracing_subscriber::fmt::MakeWriter;

use super::{EMAIL, Portal};

/// The portal over a table whose operations of these names are throttled.
async fn throttled(operations: &'static [&'static str]) -> Portal {
    let portal = Portal::open().await;
    let fate = move |_, operation: &str| {
        let fault = operations.contains(&operation).then_some(Fault::Throttled);
        Fate { fault, ..Fate::default() }
    };
    let faulty = Faulty::new(portal.shop.database.connector(), Arc::new(fate));
    let client = portal.shop.services.store.client();
    let client = client.config().to_builder().http_client(faulty).build();
    let client = aws_sdk_dynamodb::Client::from_conf(client);
    let mut services = portal.shop.services.clone();
    services.store = Store::new(client, TABLE);
    Portal { router: crate::router(services), ..portal }
}

#[tokio::test]
async fn what_cannot_be_saved_is_said_and_can_be_pressed_again() {
    let portal = throttled(&["PutItem", "TransactWriteItems", "UpdateItem"]).await;
    let path = portal.unsubscribe(Kind::WinBack);
    for body in ["by=button", "List-Unsubscribe=One-Click"] {
        let answer = attempt(0, 0, portal.post(&path, body)).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "10"));
        answer.says("press the button again");
        answer.says_nothing_of("stopped");
    }
    assert_eq!(portal.consent().await.state(EMAIL), State::Subscribed);
    // A call outside of an attempt meets no fault: the table answers again.
    portal.post(&path, "").await.page();
    assert_eq!(portal.consent().await.state(EMAIL), State::Unsubscribed);
}

#[tokio::test]
async fn what_cannot_be_read_is_a_page_as_well() {
    let portal = throttled(&["GetItem", "Query", "BatchGetItem"]).await;
    for path in [portal.preferences(), portal.why("order shopify:6001")] {
        let request = Request::get(&path).header(header::ACCEPT_LANGUAGE, "de");
        let asked = portal.ask(request.body(Body::empty()).unwrap());
        let answer = attempt(0, 0, asked).await.unwrap();
        assert_eq!(answer.status, 503);
        answer.says("Das hat gerade nicht geklappt");
    }
}

#[tokio::test]
async fn without_a_key_for_links_nothing_opens_and_nothing_is_called_forged() {
    let portal = Portal::open().await;
    let path = portal.preferences();
    let mut services = portal.shop.services.clone();
    services.secrets = platform::Secrets::from_lists([("identity".to_owned(), "k".to_owned())]);
    let portal = Portal { router: crate::router(services), ..portal };
    assert_eq!(portal.get(&path).await.status, 503);
}

/// Everything logged on this thread while the guard lives.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).json().finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
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

#[tokio::test]
async fn the_log_says_who_said_what_by_ids_and_no_token() {
    let portal = Portal::open().await;
    portal.ada_is(Some("Ada Lovelace"), None).await;
    let (log, _guard) = Log::start();
    let path = portal.unsubscribe(Kind::WinBack);
    portal.post(&path, "").await;
    portal.post(&path, "").await;
    portal.get("/u/forged").await;
    let text = log.text();
    assert_eq!(text.matches("\"act\":\"unsubscribed\"").count(), 1, "{text}");
    assert!(text.contains(portal.ada.as_str()) && text.contains("corner-bakery"), "{text}");
    let token = path.rsplit_once('/').unwrap().1;
    for secret in [token, "Lovelace", "ada@", "forged"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}
