//! What there is to send: an event file, or a bare Shopify body.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use loyalty::ids::ShopId;
use serde::Deserialize;

use crate::shopify::API_VERSION;

/// A webhook's path, but for the shop.
const PATH: &str = "/webhooks/shopify/";

/// A webhook to sign and send.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// The shop of its path.
    pub(super) shop: Option<ShopId>,
    /// The raw body.
    pub(super) body: String,
    topic: String,
    headers: BTreeMap<String, String>,
}

/// An HTTP API's event, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpEvent {
    raw_path: String,
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    is_base64_encoded: bool,
}

impl Event {
    /// Reads an event file, or a bare body where a topic is given for it. A topic given
    /// for an event file goes before its own.
    pub(super) fn read(bytes: &[u8], topic: Option<&str>) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it isn't UTF-8".to_owned())?;
        match serde_json::from_str::<HttpEvent>(text) {
            Ok(event) => Self::of_event(event, topic),
            Err(_) => Self::of_body(text, topic),
        }
    }

    fn of_event(event: HttpEvent, topic: Option<&str>) -> Result<Self, String> {
        let body = if event.is_base64_encoded {
            let bytes = BASE64_STANDARD.decode(&event.body);
            let text = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
            text.ok_or("its body isn't the base64 of UTF-8 that it says it is")?
        } else {
            event.body
        };
        let mut headers: BTreeMap<String, String> = event
            .headers
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .filter(|(name, _)| name.starts_with("x-shopify-"))
            .collect();
        headers.remove("x-shopify-hmac-sha256");
        let own = headers.remove("x-shopify-topic");
        let topic = topic.map(str::to_owned).or(own);
        let topic = topic.ok_or("it has no x-shopify-topic; give --topic")?;
        let shop = event.raw_path.strip_prefix(PATH).and_then(|shop| shop.parse().ok());
        Ok(Self { shop, body, topic, headers })
    }

    fn of_body(text: &str, topic: Option<&str>) -> Result<Self, String> {
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
            return Err(format!("it isn't JSON: {error}"));
        }
        let topic = topic.ok_or(
            "it is no HTTP event; if it is a bare Shopify body, say which topic with --topic, such \
             as --topic orders/paid",
        )?;
        let headers = BTreeMap::new();
        Ok(Self { shop: None, body: text.to_owned(), topic: topic.to_owned(), headers })
    }

    /// The headers to send, without the signature. What the file doesn't say is made up.
    pub(super) fn headers(&self, shop: &ShopId, now: Timestamp) -> BTreeMap<String, String> {
        let mut headers = self.headers.clone();
        let mut fill = |name: &str, value: &dyn Fn() -> String| {
            headers.entry(name.to_owned()).or_insert_with(value);
        };
        fill("content-type", &|| "application/json".to_owned());
        fill("x-shopify-topic", &|| self.topic.clone());
        fill("x-shopify-shop-domain", &|| format!("{shop}.myshopify.com"));
        fill("x-shopify-api-version", &|| API_VERSION.to_owned());
        fill("x-shopify-triggered-at", &|| now.to_string());
        fill("x-shopify-webhook-id", &|| format!("by-hand-{}", now.as_millisecond()));
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    const EVENT: &str = r#"{
        "version": "2.0", "rawPath": "/webhooks/shopify/corner-bakery",
        "headers": {"X-Shopify-Topic": "orders/paid", "x-shopify-hmac-sha256": "old",
                    "x-shopify-webhook-id": "w1", "host": "example.com"},
        "body": "{\"id\": 1}", "isBase64Encoded": false
    }"#;

    #[test]
    fn an_event_keeps_its_body_topic_and_headers_but_not_its_signature() {
        let event = Event::read(EVENT.as_bytes(), None).unwrap();
        assert_eq!(event.shop, Some("corner-bakery".parse().unwrap()));
        assert_eq!(event.body, "{\"id\": 1}");
        let headers = event.headers(&"corner-bakery".parse().unwrap(), now());
        assert_eq!(headers["x-shopify-topic"], "orders/paid");
        assert_eq!(headers["x-shopify-webhook-id"], "w1");
        assert_eq!(headers["x-shopify-shop-domain"], "corner-bakery.myshopify.com");
        assert!(!headers.contains_key("x-shopify-hmac-sha256") && !headers.contains_key("host"));
    }

    #[test]
    fn a_topic_on_the_command_line_goes_first() {
        let event = Event::read(EVENT.as_bytes(), Some("orders/updated")).unwrap();
        assert_eq!(event.topic, "orders/updated");
    }

    #[test]
    fn an_encoded_body_is_decoded() {
        let encoded = EVENT
            .replace("\"isBase64Encoded\": false", "\"isBase64Encoded\": true")
            .replace(r#""{\"id\": 1}""#, "\"eyJpZCI6IDF9\"");
        assert_eq!(Event::read(encoded.as_bytes(), None).unwrap().body, "{\"id\": 1}");
    }

    #[test]
    fn a_bare_body_needs_a_topic() {
        let body = b"{\"id\": 1}\n";
        let reason = Event::read(body, None).unwrap_err();
        assert!(reason.contains("--topic orders/paid"), "{reason}");
        let event = Event::read(body, Some("orders/paid")).unwrap();
        assert_eq!((event.body.as_bytes(), event.shop), (&body[..], None));
        assert!(Event::read(b"id: 1", Some("orders/paid")).unwrap_err().contains("isn't JSON"));
    }
}
