//! The sample events of `purchase-webhook`: an order's story, the customer it belongs to,
//! a visit to the till, and the rest that Shopify and Square may say, as an HTTP API and
//! Shopify's bus hand them over.
//!
//! `regulars sample-events` writes them; a test looks that they are what it would write.

mod shopify;
mod square;

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use loyalty::ids::Source;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::shopify::{Sender, Webhook};
use crate::square::Notice;

/// The shop of the samples.
const SHOP: &str = "corner-bakery";

/// Where the samples were sent to.
const HOST: &str = "regulars.example.com";

/// What Shopify's samples are signed with; it is no secret, and for samples only.
const SAMPLE_SECRET: &str = "corner-bakery-sample-secret";

/// What Square's samples are signed with; no secret either.
const SQUARE_SECRET: &str = "corner-bakery-square-secret";

/// Shopify's name for the bus that the sample of it came by.
const BUS: &str = "aws.partner/shopify.com/271828182/corner-bakery";

/// The topic that the bus brings.
const ON_THE_BUS: &str = "orders/paid";

/// A sample.
struct Sample {
    file: String,
    event: Value,
}

/// Writes all of them into a directory.
pub(crate) fn write(dir: &Path) -> Result<(), Failure> {
    let cannot = |error| Failure::because(format!("cannot write in {}", dir.display()), &error);
    std::fs::create_dir_all(dir).map_err(cannot)?;
    for sample in all()? {
        std::fs::write(dir.join(&sample.file), sample.text()?).map_err(cannot)?;
    }
    Ok(())
}

fn all() -> Result<Vec<Sample>, Failure> {
    let sender = sender()?;
    let webhooks = shopify::all(&sender);
    let by_bus = webhooks.iter().find(|webhook| webhook.topic == ON_THE_BUS);
    let by_bus = by_bus.map(|webhook| {
        let file = format!("shopify-bus-{}.json", file_name(webhook.topic));
        Sample { file, event: bus_event(&sender, webhook) }
    });
    let by_http = webhooks.iter().map(|webhook| {
        let file = format!("shopify-{}.json", file_name(webhook.topic));
        Sample { file, event: http_event(&Posted::by_shopify(&sender, webhook)) }
    });
    let square = square::all();
    let square = square.iter().map(|(name, notice)| {
        let file = format!("square-{name}.json");
        Sample { file, event: http_event(&Posted::by_square(notice)) }
    });
    Ok(by_http.chain(by_bus).chain(square).collect())
}

impl Sample {
    fn text(&self) -> Result<String, Failure> {
        let text = serde_json::to_string_pretty(&self.event);
        text.map(|text| format!("{text}\n"))
            .map_err(|error| Failure::because("an event can't be written", &error))
    }
}

/// `orders-paid`.
fn file_name(topic: &str) -> String {
    let topic =
        topic.replace("customers_email_marketing_consent", "customers-email-marketing-consent");
    topic.replace('/', "-")
}

fn sender() -> Result<Sender, Failure> {
    let zone = TimeZone::get("America/New_York")
        .map_err(|error| Failure::because("the time zone is unknown", &error))?;
    Ok(Sender { domain: format!("{SHOP}.myshopify.com"), zone })
}

/// A request that a source posted.
struct Posted<'a> {
    source: Source,
    /// How the sender calls itself.
    agent: &'static str,
    id: &'a str,
    at: Timestamp,
    /// Its own headers, signature included.
    headers: Vec<(&'static str, String)>,
    body: &'a str,
}

impl<'a> Posted<'a> {
    fn by_shopify(sender: &Sender, webhook: &'a Webhook) -> Self {
        Self {
            source: Source::Shopify,
            agent: "Shopify-Captain-Hook",
            id: &webhook.id,
            at: webhook.triggered_at,
            headers: webhook.headers(sender, &SecretString::from(SAMPLE_SECRET)).into(),
            body: &webhook.body,
        }
    }

    fn by_square(notice: &'a Notice) -> Self {
        let url = format!("https://{HOST}/webhooks/{}/{SHOP}", Source::Square);
        Self {
            source: Source::Square,
            agent: "Square Connect v2",
            id: &notice.id,
            at: notice.created_at,
            headers: notice.headers(&url, &SecretString::from(SQUARE_SECRET)).into(),
            body: &notice.body,
        }
    }
}

/// A request as an event of an HTTP API, payload format 2.0.
fn http_event(posted: &Posted<'_>) -> Value {
    let Posted { source, agent, .. } = posted;
    let path = format!("/webhooks/{source}/{SHOP}");
    let route = format!("POST /webhooks/{source}/{{shop}}");
    let mut headers: Value = [
        ("accept", "*/*".to_owned()),
        ("content-length", posted.body.len().to_string()),
        ("host", HOST.to_owned()),
        ("user-agent", (*agent).to_owned()),
        ("x-forwarded-for", "192.0.2.17".to_owned()),
        ("x-forwarded-port", "443".to_owned()),
        ("x-forwarded-proto", "https".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    if let Value::Object(fields) = &mut headers {
        let own = posted.headers.iter();
        fields.extend(own.map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str()))));
    }
    json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "pathParameters": { "shop": SHOP },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "regulars",
            "domainName": HOST,
            "domainPrefix": "regulars",
            "http": {
                "method": "POST",
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.17",
                "userAgent": agent,
            },
            "requestId": posted.id,
            "routeKey": route,
            "stage": "$default",
            "time": time(posted.at),
            "timeEpoch": posted.at.as_millisecond(),
        },
        "body": posted.body,
        "isBase64Encoded": false,
    })
}

/// A webhook as Shopify's partner bus brings it: the body as JSON, the headers beside it.
fn bus_event(sender: &Sender, webhook: &Webhook) -> Value {
    let headers = webhook.headers(sender, &SecretString::from(SAMPLE_SECRET));
    let metadata: Value =
        headers.into_iter().map(|(name, value)| (bus_name(name), Value::from(value))).collect();
    let payload: Value = serde_json::from_str(&webhook.body).unwrap_or_default();
    json!({
        "version": "0",
        "id": webhook.id,
        "detail-type": "shopifyWebhook",
        "source": BUS,
        "account": "123456789012",
        "time": webhook.triggered_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "region": "us-east-1",
        "resources": [],
        "detail": { "payload": payload, "metadata": metadata },
    })
}

/// A header's name as the bus spells it: `X-Shopify-Topic`, but `X-Shopify-Hmac-SHA256`.
fn bus_name(header: &str) -> String {
    let part = |part: &str| match part {
        "api" | "sha256" => part.to_uppercase(),
        _ => {
            let mut letters = part.chars();
            let first = letters.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(letters).collect()
        }
    };
    header.split('-').map(part).collect::<Vec<String>>().join("-")
}

/// As API Gateway prints it.
fn time(at: Timestamp) -> String {
    at.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use platform::signature;

    use super::*;

    fn dir() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/purchase-webhook")
    }

    fn read(file: &str) -> Value {
        let text = std::fs::read_to_string(dir().join(file)).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_event_files_are_what_would_be_written_now() {
        let samples = all().unwrap();
        let mut names: Vec<&str> = samples.iter().map(|one| one.file.as_str()).collect();
        names.sort_unstable();
        let there = std::fs::read_dir(dir()).unwrap();
        let mut there: Vec<String> =
            there.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        there.sort();
        assert_eq!(there, names, "run `regulars sample-events`");
        for sample in &samples {
            let file = dir().join(&sample.file);
            let text = std::fs::read_to_string(&file).unwrap();
            let same = text == sample.text().unwrap();
            assert!(same, "{} is old: run `regulars sample-events`", file.display());
        }
    }

    #[test]
    fn every_event_is_signed_with_the_sample_secret_and_has_a_body_of_its_topic() {
        let secrets = [SecretString::from(SAMPLE_SECRET)];
        for webhook in shopify::all(&sender().unwrap()) {
            let event = read(&format!("shopify-{}.json", file_name(webhook.topic)));
            assert_eq!(event["version"], "2.0");
            assert_eq!(event["rawPath"], "/webhooks/shopify/corner-bakery");
            assert_eq!(event["requestContext"]["http"]["method"], "POST");
            let headers = &event["headers"];
            assert_eq!(headers["x-shopify-topic"], webhook.topic);
            assert_eq!(headers["x-shopify-api-version"], "2026-10");
            let body = event["body"].as_str().unwrap();
            let signed = headers["x-shopify-hmac-sha256"].as_str();
            assert!(signature::shopify(&secrets, body.as_bytes(), signed), "{}", webhook.topic);
            assert!(serde_json::from_str::<Value>(body).unwrap().is_object());
        }
    }

    #[test]
    fn squares_events_are_signed_for_the_address_of_the_sample_shop() {
        let secrets = [SecretString::from(SQUARE_SECRET)];
        let url = "https://regulars.example.com/webhooks/square/corner-bakery";
        for (name, notice) in square::all() {
            let event = read(&format!("square-{name}.json"));
            assert_eq!(event["rawPath"], "/webhooks/square/corner-bakery");
            let body = event["body"].as_str().unwrap();
            let signed = event["headers"]["x-square-hmacsha256-signature"].as_str();
            assert!(signature::square(&secrets, url, body.as_bytes(), signed), "{name}");
            let body: Value = serde_json::from_str(body).unwrap();
            assert_eq!(body["event_id"], notice.id);
            let topic = body["type"].as_str().unwrap();
            assert!(name.replace('-', ".").starts_with(topic), "{name}: {topic}");
        }
    }

    #[test]
    fn the_bus_brings_the_very_order_that_the_webhook_brings() {
        let (bus, posted) =
            (read("shopify-bus-orders-paid.json"), read("shopify-orders-paid.json"));
        let body: Value = serde_json::from_str(posted["body"].as_str().unwrap()).unwrap();
        assert_eq!(bus["detail"]["payload"], body);
        let metadata = &bus["detail"]["metadata"];
        assert_eq!(metadata["X-Shopify-Topic"], "orders/paid");
        assert_eq!(metadata["X-Shopify-Shop-Domain"], "corner-bakery.myshopify.com");
        assert!(metadata["X-Shopify-Hmac-SHA256"].is_string(), "{metadata}");
        assert_eq!(bus["detail-type"], "shopifyWebhook");
    }

    #[test]
    fn a_payment_at_the_till_is_the_same_in_every_file_that_tells_of_it() {
        let object = |name: &str, kind: &str| -> Value {
            let event = read(&format!("square-{name}.json"));
            let body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
            body["data"]["object"][kind].clone()
        };
        let payment = |name: &str| object(name, "payment");
        let (first, late) =
            (payment("payment-created"), payment("payment-updated-customer-filled-late"));
        assert_eq!((&first["id"], &first["order_id"]), (&late["id"], &late["order_id"]));
        assert_eq!(payment("payment-updated").get("customer_id"), None);
        assert_eq!(late["customer_id"], object("customer-created", "customer")["id"]);
        for name in ["refund-created", "refund-updated"] {
            assert_eq!(object(name, "refund")["payment_id"], first["id"]);
        }
        let merge = &object("customer-deleted-merged", "event_context")["merge"];
        assert_eq!(merge["to_customer_id"], late["customer_id"]);
    }

    #[test]
    fn the_order_is_the_same_in_every_file_that_tells_of_it() {
        let topics = ["orders-create", "orders-paid", "orders-updated", "orders-cancelled"];
        let body = |topic: &str| -> Value {
            let event = read(&format!("shopify-{topic}.json"));
            serde_json::from_str(event["body"].as_str().unwrap()).unwrap()
        };
        let id = body("orders-create")["id"].as_u64().unwrap();
        assert!(id > 1 << 53, "an id that no float can hold");
        for topic in topics {
            assert_eq!(body(topic)["id"], id, "{topic}");
            assert_eq!(body(topic)["customer"]["id"], body("customers-create")["id"], "{topic}");
        }
        assert_eq!(body("orders-edited")["order_edit"]["order_id"], id);
        assert_eq!(body("refunds-create")["order_id"], id);
        assert_eq!(body("customers-redact")["orders_to_redact"][0], id);
        let states =
            topics.map(|topic| body(topic)["financial_status"].as_str().unwrap().to_owned());
        assert_eq!(states, ["pending", "paid", "paid", "refunded"]);
        assert_eq!(body("orders-updated")["fulfillment_status"], "fulfilled");
    }

    #[test]
    fn nobody_in_the_files_exists() {
        for sample in all().unwrap() {
            let text = read(&sample.file).to_string();
            for domain in text.split('@').skip(1) {
                assert!(domain.starts_with("example.com"), "{}: {domain:.20}", sample.file);
            }
        }
    }
}
