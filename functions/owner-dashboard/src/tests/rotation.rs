//! A token that was set after this process had loaded its secrets.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::{Json, Router};
use jiff::SignedDuration;
use platform::{Clock, Config, Secrets, Services};
use serde_json::json;
use tokio::net::TcpListener;

use super::{Api, NOW, at};

const PATH: &str = "/api/v1/shops/corner-bakery/customers/c1";

/// Answers as SSM would, with one parameter.
#[derive(Clone, Default)]
struct Ssm {
    tokens: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl Ssm {
    fn set(&self, tokens: &str) {
        *self.tokens.lock().unwrap() = tokens.to_owned();
    }

    /// Serves on a port of its own, and returns its URL.
    async fn serve(&self) -> String {
        let ssm = self.clone();
        let router = Router::new().fallback(async move || {
            ssm.asked.fetch_add(1, Ordering::Relaxed);
            let tokens = ssm.tokens.lock().unwrap().clone();
            Json(json!({ "Parameters": [{ "Name": "/regulars/test/api", "Value": tokens }] }))
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }
}

#[tokio::test]
async fn a_newer_token_opens_after_one_look_and_a_flood_of_wrong_ones_brings_no_more() {
    let ssm = Ssm::default();
    ssm.set("old");
    let url = ssm.serve().await;
    let config = Config::from_env(|name| match name {
        "REGULARS_SECRETS_PATH" => Some("/regulars/test".to_owned()),
        "AWS_ENDPOINT_URL_SSM" => Some(url.clone()),
        "REGULARS_TABLE" | "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => {
            Some("x".to_owned())
        }
        _ => None,
    });
    let client = platform::aws::Connection::from(&config.unwrap()).ssm();
    let secrets = Secrets::from_ssm(client, "/regulars/test".to_owned(), at(NOW)).await.unwrap();
    let passed = Arc::new(AtomicI64::new(0));
    let seconds = Arc::clone(&passed);
    let clock =
        Clock::new(move || at(NOW) + SignedDuration::from_secs(seconds.load(Ordering::Relaxed)));
    let open = Api::open().await;
    let services = Services { secrets, clock, ..open.services };
    let api = Api { router: crate::router(services.clone()), services };
    let ask = async |token: &str| {
        let authorization = format!("Bearer {token}");
        api.ask(http::Method::GET, PATH, Some(&authorization)).await.status.as_u16()
    };
    assert_eq!(ask("old").await, 404, "let in: there is no such customer");

    ssm.set("old, new");
    passed.store(30, Ordering::Relaxed);
    assert_eq!(ask("new").await, 401, "SSM is asked at most once a minute");
    passed.store(61, Ordering::Relaxed);
    assert_eq!(ask("new").await, 404);
    assert_eq!(ask("old").await, 404);
    for _ in 0..5 {
        assert_eq!(ask("wrong").await, 401);
    }
    assert_eq!(ssm.asked.load(Ordering::Relaxed), 2, "once at the start, once for the new token");
}
