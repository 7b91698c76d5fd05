//! The sample events of `purchase-webhook`: one order's story, the customer it belongs
//! to, and the rest that Shopify may say, as an HTTP API hands them over.
//!
//! `regulars sample-events` writes them; a test looks that they are what it would write.

mod cases;

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{Sender, Webhook};
use crate::failure::Failure;

/// The shop of the samples.
const SHOP: &str = "corner-bakery";

/// What the samples are signed with; it is no secret, and for samples only.
const SAMPLE_SECRET: &str = "corner-bakery-sample-secret";

/// Writes all of them into a directory.
pub(crate) fn write(dir: &Path) -> Result<(), Failure> {
    let cannot = |error| Failure::because(format!("cannot write in {}", dir.display()), &error);
    std::fs::create_dir_all(dir).map_err(cannot)?;
    for webhook in cases::all(&sender()?) {
        let path = dir.join(file_name(webhook.topic));
        std::fs::write(path, event(&sender()?, &webhook)?).map_err(cannot)?;
    }
    Ok(())
}

/// `shopify-orders-paid.json`.
fn file_name(topic: &str) -> String {
    let topic =
        topic.replace("customers_email_marketing_consent", "customers-email-marketing-consent");
    format!("shopify-{}.json", topic.replace('/', "-"))
}

fn sender() -> Result<Sender, Failure> {
    let zone = TimeZone::get("America/New_York")
        .map_err(|error| Failure::because("the time zone is unknown", &error))?;
    Ok(Sender { domain: format!("{SHOP}.myshopify.com"), zone })
}

/// A webhook as an event of an HTTP API, payload format 2.0.
fn event(sender: &Sender, webhook: &Webhook) -> Result<String, Failure> {
    let path = format!("/webhooks/shopify/{SHOP}");
    let route = "POST /webhooks/shopify/{shop}";
    let host = "regulars.example.com";
    let mut headers: Value = [
        ("accept", "*/*".to_owned()),
        ("content-length", webhook.body.len().to_string()),
        ("host", host.to_owned()),
        ("user-agent", "Shopify-Captain-Hook".to_owned()),
        ("x-forwarded-for", "192.0.2.17".to_owned()),
        ("x-forwarded-port", "443".to_owned()),
        ("x-forwarded-proto", "https".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    if let Value::Object(fields) = &mut headers {
        let signed = webhook.headers(sender, &SecretString::from(SAMPLE_SECRET));
        fields.extend(signed.map(|(name, value)| (name.to_owned(), Value::from(value))));
    }
    let event = json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "pathParameters": { "shop": SHOP },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "regulars",
            "domainName": host,
            "domainPrefix": "regulars",
            "http": {
                "method": "POST",
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.17",
                "userAgent": "Shopify-Captain-Hook",
            },
            "requestId": webhook.id,
            "routeKey": route,
            "stage": "$default",
            "time": time(webhook.triggered_at),
            "timeEpoch": webhook.triggered_at.as_millisecond(),
        },
        "body": webhook.body,
        "isBase64Encoded": false,
    });
    let text = serde_json::to_string_pretty(&event);
    text.map(|text| format!("{text}\n"))
        .map_err(|error| Failure::because("an event can't be written", &error))
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
        let sender = sender().unwrap();
        let webhooks = cases::all(&sender);
        let mut names: Vec<String> = webhooks.iter().map(|one| file_name(one.topic)).collect();
        names.sort();
        let there = std::fs::read_dir(dir()).unwrap();
        let mut there: Vec<String> =
            there.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        there.retain(|name| name.starts_with("shopify-"));
        there.sort();
        assert_eq!(there, names, "run `regulars sample-events`");
        for webhook in &webhooks {
            let file = dir().join(file_name(webhook.topic));
            let text = std::fs::read_to_string(&file).unwrap();
            let same = text == event(&sender, webhook).unwrap();
            assert!(same, "{} is old: run `regulars sample-events`", file.display());
        }
    }

    #[test]
    fn every_event_is_signed_with_the_sample_secret_and_has_a_body_of_its_topic() {
        let secrets = [SecretString::from(SAMPLE_SECRET)];
        for webhook in cases::all(&sender().unwrap()) {
            let event = read(&file_name(webhook.topic));
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
        for webhook in cases::all(&sender().unwrap()) {
            let text = read(&file_name(webhook.topic)).to_string();
            for domain in text.split('@').skip(1) {
                assert!(domain.starts_with("example.com"), "{}: {domain:.20}", webhook.topic);
            }
        }
    }
}
