//! What there is to send: an event file, or a source's bare body.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use loyalty::ids::{ShopId, Source};
use purchase_webhook::bus;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::shopify::API_VERSION;

/// A webhook's path, but for the source and the shop.
const PATH: &str = "/webhooks/";

/// What there is to send.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parcel {
    /// A webhook, to be signed.
    Webhook(Event),
    /// An event of Shopify's bus, as it stands. Nothing signs it.
    OfTheBus(String),
}

/// A webhook to sign and send.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) source: Source,
    /// The shop of its path.
    pub(super) shop: Option<ShopId>,
    /// The raw body.
    pub(super) body: String,
    /// Shopify's topic; Square's stands in the body.
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

/// What tells a bare body of Square's from one of Shopify's.
#[derive(Deserialize)]
struct SquaresEnvelope {
    #[serde(rename = "merchant_id")]
    _merchant: String,
    #[serde(rename = "event_id")]
    _event: String,
    #[serde(rename = "type")]
    _type: String,
}

/// The header a source's signature comes in.
pub(super) fn signature_header(source: Source) -> &'static str {
    match source {
        Source::Shopify => "x-shopify-hmac-sha256",
        Source::Square => "x-square-hmacsha256-signature",
    }
}

impl Parcel {
    /// Reads an event file, or a bare body; Shopify's needs a topic given. A topic given
    /// for an event file of Shopify's goes before its own.
    pub(super) fn read(bytes: &[u8], topic: Option<&str>) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it isn't UTF-8".to_owned())?;
        if serde_json::from_str::<Box<RawValue>>(text).is_ok_and(|event| bus::is_shopifys(&event)) {
            return Ok(Self::OfTheBus(text.to_owned()));
        }
        let event = match serde_json::from_str::<HttpEvent>(text) {
            Ok(event) => Event::of_http(event, topic),
            Err(_) => Event::of_body(text, topic),
        };
        event.map(Self::Webhook)
    }
}

impl Event {
    fn of_http(event: HttpEvent, topic: Option<&str>) -> Result<Self, String> {
        let body = if event.is_base64_encoded {
            let bytes = BASE64_STANDARD.decode(&event.body);
            let text = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
            text.ok_or("its body isn't the base64 of UTF-8 that it says it is")?
        } else {
            event.body
        };
        let path = event.raw_path.strip_prefix(PATH).and_then(|path| path.split_once('/'));
        let source = path.and_then(|(source, _)| source.parse().ok()).unwrap_or(Source::Shopify);
        let shop = path.and_then(|(_, shop)| shop.parse().ok());
        let own = |name: &str| match source {
            Source::Shopify => name.starts_with("x-shopify-"),
            Source::Square => name.starts_with("square-"),
        };
        let mut headers: BTreeMap<String, String> = event
            .headers
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .filter(|(name, _)| own(name) && name != signature_header(source))
            .collect();
        let topic = topic.map(str::to_owned).or_else(|| headers.remove("x-shopify-topic"));
        headers.remove("x-shopify-topic");
        let topic = match source {
            Source::Shopify => topic.ok_or("it has no x-shopify-topic; give --topic")?,
            Source::Square => String::new(),
        };
        Ok(Self { source, shop, body, topic, headers })
    }

    fn of_body(text: &str, topic: Option<&str>) -> Result<Self, String> {
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
            return Err(format!("it isn't JSON: {error}"));
        }
        let source = match serde_json::from_str::<SquaresEnvelope>(text) {
            Ok(_) => Source::Square,
            Err(_) => Source::Shopify,
        };
        let topic = match (source, topic) {
            (Source::Square, _) => "",
            (Source::Shopify, Some(topic)) => topic,
            (Source::Shopify, None) => {
                return Err("it is no event; if it is a bare Shopify body, say which topic with \
                            --topic, such as --topic orders/paid"
                    .to_owned());
            }
        };
        let (body, topic) = (text.to_owned(), topic.to_owned());
        Ok(Self { source, shop: None, body, topic, headers: BTreeMap::new() })
    }

    /// The headers to send, without the signature. What the file doesn't say is made up.
    pub(super) fn headers(&self, shop: &ShopId, now: Timestamp) -> BTreeMap<String, String> {
        let mut headers = self.headers.clone();
        let mut fill = |name: &str, value: &dyn Fn() -> String| {
            headers.entry(name.to_owned()).or_insert_with(value);
        };
        fill("content-type", &|| "application/json".to_owned());
        match self.source {
            Source::Shopify => {
                fill("x-shopify-topic", &|| self.topic.clone());
                fill("x-shopify-shop-domain", &|| format!("{shop}.myshopify.com"));
                fill("x-shopify-api-version", &|| API_VERSION.to_owned());
                fill("x-shopify-triggered-at", &|| now.to_string());
                fill("x-shopify-webhook-id", &|| format!("by-hand-{}", now.as_millisecond()));
            }
            Source::Square => fill("square-environment", &|| "Production".to_owned()),
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn webhook(bytes: &[u8], topic: Option<&str>) -> Event {
        match Parcel::read(bytes, topic).unwrap() {
            Parcel::Webhook(event) => event,
            Parcel::OfTheBus(event) => panic!("it came by the bus: {event}"),
        }
    }

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
        let event = webhook(EVENT.as_bytes(), None);
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
        let event = webhook(EVENT.as_bytes(), Some("orders/updated"));
        assert_eq!(event.topic, "orders/updated");
    }

    #[test]
    fn an_encoded_body_is_decoded() {
        let encoded = EVENT
            .replace("\"isBase64Encoded\": false", "\"isBase64Encoded\": true")
            .replace(r#""{\"id\": 1}""#, "\"eyJpZCI6IDF9\"");
        assert_eq!(webhook(encoded.as_bytes(), None).body, "{\"id\": 1}");
    }

    #[test]
    fn a_bare_body_needs_a_topic() {
        let body = b"{\"id\": 1}\n";
        let reason = Parcel::read(body, None).unwrap_err();
        assert!(reason.contains("--topic orders/paid"), "{reason}");
        let event = webhook(body, Some("orders/paid"));
        assert_eq!((event.body.as_bytes(), event.shop), (&body[..], None));
        assert!(Parcel::read(b"id: 1", Some("orders/paid")).unwrap_err().contains("isn't JSON"));
    }

    #[test]
    fn an_event_of_squares_keeps_its_headers_but_not_its_signature() {
        let file = r#"{"version": "2.0", "rawPath": "/webhooks/square/corner-bakery",
            "headers": {"x-square-hmacsha256-signature": "old", "host": "example.com",
                        "square-environment": "Sandbox"},
            "body": "{}", "isBase64Encoded": false}"#;
        let event = webhook(file.as_bytes(), None);
        assert_eq!(
            (event.source, event.shop.clone()),
            (Source::Square, "corner-bakery".parse().ok())
        );
        let headers = event.headers(&"corner-bakery".parse().unwrap(), now());
        let names: Vec<&str> = headers.keys().map(String::as_str).collect();
        assert_eq!(names, ["content-type", "square-environment"]);
        assert_eq!(headers["square-environment"], "Sandbox");
    }

    #[test]
    fn a_bare_body_of_squares_is_known_by_its_envelope() {
        let body =
            br#"{"merchant_id": "M", "event_id": "e", "type": "payment.created", "data": {}}"#;
        assert_eq!(webhook(body, None).source, Source::Square);
    }

    #[test]
    fn what_came_by_the_bus_is_sent_as_it_stands() {
        let event = r#"{"source": "aws.partner/shopify.com/1/x", "detail": {"payload": {}}}"#;
        let parcel = Parcel::read(event.as_bytes(), None).unwrap();
        assert_eq!(parcel, Parcel::OfTheBus(event.to_owned()));
    }
}
