//! Which webhooks a change of an order sets off, and what they carry.

use http::{HeaderName, HeaderValue, Method, Request};
use jiff::Timestamp;
use loyalty::ids::ShopId;
use platform::signature::sign_shopify;
use secrecy::SecretString;
use serde_json::Value;

use super::order_body::order_body;
use super::refund_body::{edit_body, refund_body};
use super::{API_VERSION, Change, Order, Sender};

const PLACED: &str = "orders/create";
const PAID: &str = "orders/paid";
const UPDATED: &str = "orders/updated";
/// Lines came or went. It tells no amounts: it only asks to look the order up.
pub(crate) const EDITED: &str = "orders/edited";
const CANCELLED: &str = "orders/cancelled";
const REFUNDED: &str = "refunds/create";
/// A customer made an account.
pub(crate) const CUSTOMER_CREATED: &str = "customers/create";
/// A customer said something about marketing mail.
pub(crate) const CONSENT: &str = "customers_email_marketing_consent/update";

/// A webhook, ready to be signed.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub(crate) topic: &'static str,
    /// Unique to the webhook; repeats of it keep it.
    pub(crate) id: String,
    pub(crate) triggered_at: Timestamp,
    pub(crate) body: String,
}

/// The topics a change sets off, in their order.
pub(crate) fn topics(change: &Change) -> &'static [&'static str] {
    match change {
        Change::Placed { paid: true } => &[PLACED, PAID],
        Change::Placed { paid: false } => &[PLACED],
        Change::Paid => &[PAID],
        Change::Fulfilled => &[UPDATED],
        Change::Removed { .. } | Change::Added { .. } => &[EDITED, UPDATED],
        Change::Refunded(_) | Change::Cancelled { refund: Some(_) } => match change {
            Change::Refunded(_) => &[REFUNDED, UPDATED],
            _ => &[CANCELLED, REFUNDED],
        },
        Change::Cancelled { refund: None } => &[CANCELLED],
    }
}

/// The body of a topic that the step of that index set off.
pub(crate) fn order_webhook_body(
    sender: &Sender,
    order: &Order,
    index: usize,
    topic: &str,
) -> Value {
    let picture = order.after(index.saturating_add(1));
    match (topic, order.steps.get(index).map(|step| &step.change)) {
        (REFUNDED, Some(Change::Refunded(refund) | Change::Cancelled { refund: Some(refund) })) => {
            refund_body(sender, &picture, picture.at, refund)
        }
        (EDITED, Some(Change::Added { edit, line })) => {
            edit_body(sender, order.id, *edit, picture.at, (Some(line), &[]))
        }
        (EDITED, Some(Change::Removed { edit, refund })) => {
            edit_body(sender, order.id, *edit, picture.at, (None, &refund.lines))
        }
        _ => order_body(sender, &picture),
    }
}

impl Webhook {
    /// Its headers, signature included.
    pub(crate) fn headers(
        &self,
        sender: &Sender,
        secret: &SecretString,
    ) -> [(&'static str, String); 8] {
        [
            ("content-type", "application/json".to_owned()),
            ("x-shopify-api-version", API_VERSION.to_owned()),
            // One act of the merchant may set off several webhooks; here each has its own.
            ("x-shopify-event-id", format!("e{}", self.id)),
            ("x-shopify-hmac-sha256", sign_shopify(secret, self.body.as_bytes())),
            ("x-shopify-shop-domain", sender.domain.clone()),
            ("x-shopify-topic", self.topic.to_owned()),
            ("x-shopify-triggered-at", self.triggered_at.to_string()),
            ("x-shopify-webhook-id", self.id.clone()),
        ]
    }

    /// The request that delivers it to a shop's address.
    pub(crate) fn request(
        &self,
        sender: &Sender,
        shop: &ShopId,
        secret: &SecretString,
    ) -> http::Result<Request<axum::body::Body>> {
        let path = format!("/webhooks/shopify/{shop}");
        let mut request = Request::builder().method(Method::POST).uri(path);
        for (name, value) in self.headers(sender, secret) {
            request = request.header(HeaderName::from_static(name), HeaderValue::try_from(value)?);
        }
        request.body(self.body.clone().into())
    }
}
