//! The API through its front door, over the embedded DynamoDB.

mod approvals;
mod bakery;
mod birthday;
mod customers;
mod decisions;
mod door;
mod failures;
mod follow_ups;
mod jobs;
mod ledger;
mod mail_mode;
mod mail_settings;
mod mail_templates;
mod marketing;
mod merges;
mod messages;
mod nights;
mod openapi;
mod orders;
mod reconciliations;
mod rotation;
mod surveys;
mod trials;
mod why;
mod withdrawals;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use jiff::Timestamp;
use loyalty::ids::ShopId;
use platform::identity::Identities;
use platform::{Clock, Secrets, Services, Store};
use serde_json::Value;
use testkit::embedded::Embedded;
use tower::ServiceExt;

const NOW: &str = "2026-11-22T15:00:00Z";

/// A token of the deployment.
const TOKEN: &str = "the-newer-token";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn shop(id: &str) -> ShopId {
    id.parse().unwrap()
}

/// The API with a table of its own.
struct Api {
    services: Services,
    router: Router,
}

/// What was answered.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Api {
    /// With the shop `corner-bakery`.
    async fn open() -> Self {
        let api = Self::with_secrets(&[("api", "the-older-token, the-newer-token")]).await;
        api.apply(loyalty::program::CORNER_BAKERY).await;
        api
    }

    /// With no shop, and these secrets beside the identity key.
    async fn with_secrets(secrets: &[(&str, &str)]) -> Self {
        let client = Embedded::temporary().unwrap().client();
        platform::store::table::create(&client, "regulars").await.unwrap();
        Self::on(Store::new(client, "regulars"), secrets)
    }

    fn on(store: Store, secrets: &[(&str, &str)]) -> Self {
        let lists = secrets.iter().chain(&[("identity", "identity-key")]);
        let lists = lists.map(|(name, list)| (name.to_string(), list.to_string()));
        let secrets = Secrets::from_lists(lists);
        let services = Services {
            store,
            secrets,
            sites: Default::default(),
            clock: Clock::fixed(at(NOW)),
            metrics: Default::default(),
        };
        Self { router: crate::router(services.clone()), services }
    }

    async fn apply(&self, program: &str) {
        self.services.store.apply_program(program, at(NOW)).await.unwrap();
    }

    fn identities(&self, id: &str) -> Identities {
        Identities::new(shop(id), self.services.secrets.identity_key().unwrap(), "US")
    }

    /// Asks with the token.
    async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, Some(&format!("Bearer {TOKEN}"))).await
    }

    async fn ask(&self, method: Method, path: &str, authorization: Option<&str>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        Answer::of(response).await
    }

    /// Asks for something to be done, with the token.
    async fn post(&self, path: &str, body: Value) -> Answer {
        let request = Request::post(path)
            .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        Answer::of(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// The body of what was done.
    #[track_caller]
    fn write(&self, path: &str, body: Value) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            let answer = self.post(path, body).await;
            assert_eq!(answer.status, 200, "{path} at {caller}: {}", answer.body);
            answer.body
        }
    }

    /// The body of a good answer.
    #[track_caller]
    fn read(&self, path: &str) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            let answer = self.get(path).await;
            assert_eq!(answer.status, 200, "{path} at {caller}: {}", answer.body);
            assert_eq!(answer.header("cache-control"), "no-store", "{path} at {caller}");
            answer.body
        }
    }
}

impl Answer {
    async fn of(response: axum::response::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Self { status, headers, body }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Checks that it is a problem of this kind, and returns what it says.
    #[track_caller]
    fn problem(&self, status: u16, kind: &str) -> &str {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["type"], format!("about:blank#{kind}"));
        assert_eq!(self.body["status"], status);
        assert!(self.body["title"].is_string());
        self.body["detail"].as_str().unwrap()
    }
}

/// An answer as text with the ids that chance made replaced.
fn redacted(body: &Value, ids: &[(&str, &str)]) -> String {
    let text = serde_json::to_string_pretty(body).unwrap();
    ids.iter().fold(text, |text, (id, name)| text.replace(id, &format!("[{name}]")))
}
