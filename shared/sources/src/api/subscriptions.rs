//! Which webhooks a source sends where, and asking it to send those that are missing.

use serde::Deserialize;
use serde_json::json;

use super::graphql::{self, UserError};
use super::shopify::{READ_ORDERS, VERSION};
use super::{ApiError, ShopifyApi, SquareApi};
use crate::Unreadable;
use crate::read::{parse, text};

/// The topics that we take from Shopify, as its API names them, without those that every app has
/// to name in its own configuration: `customers/data_request`, `customers/redact`,
/// `shop/redact`.
pub const SHOPIFY_TOPICS: [&str; 11] = [
    "ORDERS_CREATE",
    "ORDERS_PAID",
    "ORDERS_UPDATED",
    "ORDERS_CANCELLED",
    "ORDERS_EDITED",
    "REFUNDS_CREATE",
    "CUSTOMERS_CREATE",
    "CUSTOMERS_UPDATE",
    "CUSTOMERS_EMAIL_MARKETING_CONSENT_UPDATE",
    "CUSTOMERS_MERGE",
    "APP_UNINSTALLED",
];

/// The events that we take from Square.
pub const SQUARE_EVENTS: [&str; 8] = [
    "payment.created",
    "payment.updated",
    "refund.created",
    "refund.updated",
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "oauth.authorization.revoked",
];

const LIST: &str = "\
query subscriptions($after: String) {
  webhookSubscriptions(first: 100, after: $after) {
    nodes { topic uri }
    pageInfo { hasNextPage endCursor }
  }
}";

const CREATE: &str = "\
mutation subscribe($topic: WebhookSubscriptionTopic!, $to: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $to) {
    userErrors { field message }
  }
}";

/// Pages of subscriptions read at most: an app has a few dozen.
const MOST_PAGES: usize = 20;

/// A subscription of Square's: one URL, and what is sent there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SquareSubscription {
    /// Whether anything is sent.
    #[serde(default)]
    pub enabled: bool,
    /// Where to.
    #[serde(default)]
    pub notification_url: String,
    /// What.
    #[serde(default)]
    pub event_types: Vec<String>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "webhookSubscriptions")]
    page: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    nodes: Vec<Node>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
struct Node {
    topic: String,
    uri: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Created {
    #[serde(rename = "webhookSubscriptionCreate")]
    created: Option<Payload>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    user_errors: Vec<UserError>,
}

#[derive(Deserialize)]
struct SquareList {
    #[serde(default)]
    subscriptions: Vec<SquareSubscription>,
    cursor: Option<String>,
}

impl ShopifyApi {
    /// The topics that are sent to a URL for this shop alone. What the app's own configuration
    /// has (`shopify.app.toml`) isn't told.
    pub async fn topics_sent_to(&self, url: &str) -> Result<Vec<String>, ApiError> {
        let (mut topics, mut after) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let asked = json!({"query": LIST, "variables": {"after": after}});
            let answer = self.graphql(&asked).await?;
            let Listed { page } = graphql::data(&answer, READ_ORDERS)?;
            let here = page.nodes.into_iter().filter(|node| node.uri == url);
            topics.extend(here.map(|node| node.topic));
            after = page.page_info.end_cursor.filter(|_| page.page_info.has_next_page);
            if after.is_none() {
                return Ok(topics);
            }
        }
        Err(Unreadable("its subscriptions have no end".to_owned()).into())
    }

    /// Has a topic sent to a URL.
    pub async fn subscribe(&self, topic: &str, url: &str) -> Result<(), ApiError> {
        let variables = json!({"topic": topic, "to": {"uri": url, "format": "JSON"}});
        let answer = self.graphql(&json!({"query": CREATE, "variables": variables})).await?;
        let Created { created } = graphql::data(&answer, READ_ORDERS)?;
        let created = created.ok_or_else(|| Unreadable("it has no data".to_owned()))?;
        graphql::accepted(&created.user_errors)
    }

    pub(super) async fn graphql(&self, asked: &serde_json::Value) -> Result<Vec<u8>, ApiError> {
        self.ask(&["admin", "api", VERSION, "graphql.json"], Some(&asked.to_string())).await
    }
}

impl SquareApi {
    /// The subscriptions of the application that the token is of.
    pub async fn subscriptions(&self) -> Result<Vec<SquareSubscription>, ApiError> {
        let answer = self.0.get(&["v2", "webhooks", "subscriptions"]).await?;
        let SquareList { subscriptions, cursor } = parse(text(&answer)?)?;
        match cursor {
            None => Ok(subscriptions),
            Some(_) => Err(Unreadable("it has more subscriptions than a page".to_owned()).into()),
        }
    }

    /// Has these events sent to a URL, by a subscription of its own with a name. `key` makes it
    /// one where it is asked for twice. Its signature key is shown at Square alone.
    pub async fn subscribe(
        &self,
        name: &str,
        url: &str,
        events: &[&str],
        key: &str,
    ) -> Result<(), ApiError> {
        let subscription = json!({
            "name": name, "enabled": true, "notification_url": url, "event_types": events,
        });
        let asked = json!({"idempotency_key": key, "subscription": subscription});
        self.0.ask(&["v2", "webhooks", "subscriptions"], Some(&asked.to_string())).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use serde_json::Value;
    use wiremock::matchers::{body_partial_json, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    const URL: &str = "https://regulars.example.com/webhooks/shopify/corner-bakery";

    fn shopify(server: &MockServer) -> ShopifyApi {
        ShopifyApi::new(&server.uri(), SecretString::from("token")).unwrap()
    }

    async fn answer(server: &MockServer, part: Value, body: Value) {
        Mock::given(method("POST"))
            .and(path(format!("/admin/api/{VERSION}/graphql.json")))
            .and(body_partial_json(part))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .mount(server)
            .await;
    }

    #[tokio::test]
    async fn the_topics_of_a_url_are_read_over_all_pages() {
        let server = MockServer::start().await;
        let node = |topic: &str, uri: &str| json!({"topic": topic, "uri": uri});
        let page = |nodes: Value, next: Option<&str>| {
            let info = json!({"hasNextPage": next.is_some(), "endCursor": next});
            json!({"data": {"webhookSubscriptions": {"nodes": nodes, "pageInfo": info}}})
        };
        let first =
            json!([node("ORDERS_PAID", URL), node("ORDERS_CREATE", "https://other.example")]);
        let second = json!([node("REFUNDS_CREATE", URL)]);
        answer(&server, json!({"variables": {"after": null}}), page(first, Some("c"))).await;
        answer(&server, json!({"variables": {"after": "c"}}), page(second, None)).await;
        let topics = shopify(&server).topics_sent_to(URL).await.unwrap();
        assert_eq!(topics, ["ORDERS_PAID", "REFUNDS_CREATE"]);
    }

    #[tokio::test]
    async fn a_topic_is_asked_for_and_a_refusal_is_told_by_its_field() {
        let server = MockServer::start().await;
        let created =
            |errors: Value| json!({"data": {"webhookSubscriptionCreate": {"userErrors": errors}}});
        let to = json!({"uri": URL, "format": "JSON"});
        let good = json!({"variables": {"topic": "ORDERS_PAID", "to": to}});
        answer(&server, good, created(json!([]))).await;
        let bad = json!({"variables": {"topic": "NO_SUCH"}});
        let error = json!([{"field": ["topic"], "message": "Topic is invalid"}]);
        answer(&server, bad, created(error)).await;
        shopify(&server).subscribe("ORDERS_PAID", URL).await.unwrap();
        let refused = shopify(&server).subscribe("NO_SUCH", URL).await.unwrap_err();
        assert_eq!(refused.to_string(), "the source refused it (invalid at `topic`)");
    }

    #[tokio::test]
    async fn squares_subscriptions_are_read_and_one_is_made() {
        let server = MockServer::start().await;
        let at = path("/v2/webhooks/subscriptions");
        let one = json!({
            "id": "wbhk_b35f6b3145074cf9ad513610786c19d5", "name": "Regulars", "enabled": true,
            "event_types": ["payment.created"], "notification_url": URL, "api_version": "2025-10-16",
        });
        let list = ResponseTemplate::new(200).set_body_json(json!({"subscriptions": [one]}));
        Mock::given(method("GET")).and(at).respond_with(list).mount(&server).await;
        let asked = json!({"idempotency_key": "k", "subscription": {"notification_url": URL}});
        Mock::given(method("POST"))
            .and(body_partial_json(asked))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({"subscription": {}})))
            .expect(1)
            .mount(&server)
            .await;
        let api = SquareApi::new(&server.uri(), SecretString::from("token")).unwrap();
        let found = api.subscriptions().await.unwrap();
        assert_eq!(found[0].event_types, ["payment.created"]);
        assert!(found[0].enabled && found[0].notification_url == URL);
        api.subscribe("Regulars", URL, &SQUARE_EVENTS, "k").await.unwrap();
    }

    /// A topic as the header has it: `orders/paid` for `ORDERS_PAID`.
    fn header(topic: &str) -> String {
        match topic.rsplit_once('_') {
            Some(("CUSTOMERS_EMAIL_MARKETING_CONSENT", what)) => {
                format!("customers_email_marketing_consent/{}", what.to_lowercase())
            }
            Some((of, what)) => format!("{of}/{what}").to_lowercase(),
            None => panic!("{topic}"),
        }
    }

    #[test]
    fn the_apps_file_names_the_topics_we_ask_for() {
        let file = include_str!("../../../../infra/shopify/shopify.app.toml.example");
        for topic in SHOPIFY_TOPICS.map(header) {
            assert!(file.contains(&format!("\"{topic}\"")), "{topic}");
        }
        assert!(file.contains(&format!("api_version = \"{VERSION}\"")));
    }

    #[test]
    fn every_topic_we_ask_for_is_one_that_we_read() {
        use crate::shopify::{Delivery, read};
        for topic in SHOPIFY_TOPICS {
            let topic = header(topic);
            let delivery = Delivery { topic: &topic, triggered_at: None, body: b"{}" };
            assert!(read(&delivery).is_err(), "{topic} has a shape that {{}} isn't");
        }
        for kind in SQUARE_EVENTS {
            let body = format!("{{\"type\": \"{kind}\"}}");
            assert!(crate::square::read(body.as_bytes()).1.is_err(), "{kind}");
        }
    }
}
