//! The envelope, its signature, and which notices a change of a payment sets off.

use http::{HeaderName, HeaderValue, Method, Request};
use jiff::{SignedDuration, Timestamp};
use platform::signature::sign_square;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{
    Change, LOCATION, MERCHANT, Merge, Payment, Record, RefundStatus, customer_object,
    payment_object, refund_object, utc,
};

const PAYMENT_CREATED: &str = "payment.created";
const PAYMENT_UPDATED: &str = "payment.updated";
const REFUND_CREATED: &str = "refund.created";
const REFUND_UPDATED: &str = "refund.updated";
/// A record was made.
pub(crate) const CUSTOMER_CREATED: &str = "customer.created";
/// A record changed.
pub(crate) const CUSTOMER_UPDATED: &str = "customer.updated";
/// A record is gone.
pub(crate) const CUSTOMER_DELETED: &str = "customer.deleted";

/// An event of Square's, ready to be signed.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    /// Unique to the event; repeats of it keep it.
    pub(crate) id: String,
    pub(crate) created_at: Timestamp,
    pub(crate) body: String,
}

/// The topics that the step of that index sets off, in their order.
pub(crate) fn topics(payment: &Payment, index: usize) -> &'static [&'static str] {
    match payment.steps.get(index).map(|step| &step.change) {
        None => &[],
        Some(_) if index == 0 => &[PAYMENT_CREATED],
        Some(Change::Refund(_, RefundStatus::Pending)) => &[REFUND_CREATED],
        Some(Change::Refund(_, RefundStatus::Completed)) => &[REFUND_UPDATED, PAYMENT_UPDATED],
        Some(Change::Refund(_, RefundStatus::Rejected)) => &[REFUND_UPDATED],
        Some(_) => &[PAYMENT_UPDATED],
    }
}

/// What a topic says that the step of that index set off.
pub(crate) fn payment_notice(
    payment: &Payment,
    index: usize,
    topic: &'static str,
    created_at: Timestamp,
) -> Option<Notice> {
    let picture = payment.after(index.saturating_add(1));
    let step = payment.steps.get(index)?;
    match &step.change {
        Change::Refund(refund, status) if matches!(topic, REFUND_CREATED | REFUND_UPDATED) => {
            let asked = payment
                .steps
                .iter()
                .find(|step| matches!(&step.change, Change::Refund(one, _) if one.id == refund.id));
            let times = (asked.map_or(step.at, |step| step.at), step.at);
            let object = refund_object(&picture, refund, *status, times);
            let object = json!({ "refund": object });
            Some(Notice::of(topic, created_at, ("refund", &refund.id), object))
        }
        _ => {
            let object = json!({ "payment": payment_object(&picture) });
            Some(Notice::of(topic, created_at, ("payment", &payment.id), object))
        }
    }
}

/// What a topic says of a record.
pub(crate) fn customer_notice(
    record: &Record,
    merge: Option<&Merge>,
    topic: &'static str,
    created_at: Timestamp,
) -> Notice {
    let object = customer_object(record, merge);
    Notice::of(topic, created_at, ("customer", &record.id), object)
}

impl Notice {
    /// An event about an object of that type and id.
    pub(crate) fn of(
        topic: &'static str,
        created_at: Timestamp,
        (kind, id): (&str, &str),
        object: Value,
    ) -> Self {
        let event = event_id(topic, id, created_at);
        let mut data = json!({ "type": kind, "id": id, "object": object });
        if let (true, Value::Object(fields)) = (topic.ends_with(".deleted"), &mut data) {
            fields.insert("deleted".to_owned(), json!(true));
        }
        let mut body = json!({
            "merchant_id": MERCHANT,
            "type": topic,
            "event_id": event,
            "created_at": utc(created_at),
            "data": data,
        });
        if let (true, Value::Object(fields)) = (kind == "payment", &mut body) {
            fields.insert("location_id".to_owned(), json!(LOCATION));
        }
        Self { id: event, created_at, body: body.to_string() }
    }

    /// Its headers, signature included; `url` is where Square was told to send it.
    pub(crate) fn headers(&self, url: &str, key: &SecretString) -> [(&'static str, String); 4] {
        let first = self.created_at.checked_add(SignedDuration::from_millis(350));
        [
            ("content-type", "application/json".to_owned()),
            ("square-environment", "Production".to_owned()),
            ("square-initial-delivery-timestamp", utc(first.unwrap_or(self.created_at))),
            ("x-square-hmacsha256-signature", sign_square(key, url, self.body.as_bytes())),
        ]
    }

    /// The request that delivers it there.
    pub(crate) fn request(
        &self,
        url: &str,
        key: &SecretString,
    ) -> http::Result<Request<axum::body::Body>> {
        let path = http::Uri::try_from(url)?.path().to_owned();
        let mut request = Request::builder().method(Method::POST).uri(path);
        for (name, value) in self.headers(url, key) {
            request = request.header(HeaderName::from_static(name), HeaderValue::try_from(value)?);
        }
        request.body(self.body.clone().into())
    }
}

/// A UUID; the same event has the same one.
fn event_id(topic: &str, id: &str, at: Timestamp) -> String {
    let moment = at.as_microsecond().unsigned_abs();
    let text = |kind: &str| super::id_of(kind, moment, 12);
    let hex = |kind: &str| -> String {
        let bytes = text(&format!("{kind} {topic} {id}")).into_bytes();
        bytes.iter().map(|byte| format!("{:x}", byte % 16)).collect()
    };
    let (a, b, node) = (hex("a"), hex("b"), hex("c"));
    let part = |text: &str, from, to| text.get(from..to).unwrap_or_default().to_owned();
    format!("{}-{}-4{}-a{}-{node}", part(&a, 0, 8), part(&a, 8, 12), part(&b, 0, 3), part(&b, 3, 6))
}

#[cfg(test)]
mod tests {
    use super::super::{Refund, Step, Tender, id_of};
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn payment() -> Payment {
        let refund = Refund { id: "P_R".to_owned(), amount: 100, reason: "burnt" };
        let steps = [
            Change::Approved,
            Change::Completed,
            Change::Refund(refund.clone(), RefundStatus::Pending),
            Change::Refund(refund, RefundStatus::Completed),
        ];
        let steps = (0..).zip(steps).map(|(second, change)| Step { at: at(second), change });
        Payment {
            id: "P".to_owned(),
            order: id_of("order", 1, 28),
            amount: 1_000,
            tip: 150,
            tender: Tender::GiftCard,
            customer: Some("C".to_owned()),
            steps: steps.collect(),
        }
    }

    #[track_caller]
    fn body(index: usize, topic: &'static str) -> Value {
        let notice = payment_notice(&payment(), index, topic, at(9)).unwrap();
        serde_json::from_str(&notice.body).unwrap()
    }

    #[test]
    fn each_step_sets_off_what_square_sends_for_it() {
        let payment = payment();
        let told: Vec<_> = (0..5).map(|index| topics(&payment, index)).collect();
        let refunded: &[&str] = &[REFUND_UPDATED, PAYMENT_UPDATED];
        let expected: [&[&str]; 5] =
            [&[PAYMENT_CREATED], &[PAYMENT_UPDATED], &[REFUND_CREATED], refunded, &[]];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_payment_tells_amount_tip_and_total_apart() {
        let body = body(1, PAYMENT_UPDATED);
        assert_eq!(
            (&body["type"], &body["data"]["type"]),
            (&json!(PAYMENT_UPDATED), &json!("payment"))
        );
        let payment = &body["data"]["object"]["payment"];
        let amount = |name: &str| payment[name]["amount"].as_i64();
        assert_eq!(
            (amount("amount_money"), amount("tip_money"), amount("total_money")),
            (Some(1_000), Some(150), Some(1_150))
        );
        assert_eq!(payment["card_details"]["card"]["card_brand"], "SQUARE_GIFT_CARD");
        assert_eq!(
            (&payment["status"], &payment["customer_id"]),
            (&json!("COMPLETED"), &json!("C"))
        );
        assert!(payment.get("refunded_money").is_none());
    }

    #[test]
    fn a_refund_is_pending_then_completed_and_the_payment_then_says_so() {
        let refund = |index, topic| body(index, topic)["data"]["object"]["refund"].clone();
        let (asked, moved) = (refund(2, REFUND_CREATED), refund(3, REFUND_UPDATED));
        assert_eq!((&asked["status"], &moved["status"]), (&json!("PENDING"), &json!("COMPLETED")));
        assert_eq!((&asked["id"], &asked["payment_id"]), (&moved["id"], &json!("P")));
        assert_eq!(asked["created_at"], moved["created_at"]);
        let after = body(3, PAYMENT_UPDATED);
        assert_eq!(after["data"]["object"]["payment"]["refunded_money"]["amount"], 100);
    }

    #[test]
    fn a_merged_record_is_deleted_and_says_into_which() {
        let record = Record {
            id: "OLD".to_owned(),
            first_name: "Ada",
            last_name: "Birch",
            email: Some("ada@example.com".to_owned()),
            phone: None,
            birthday: None,
            unsubscribed: false,
            version: 2,
            created_at: at(0),
            updated_at: at(1),
        };
        let merge =
            Merge { from: vec!["OLD".to_owned(), "OTHER".to_owned()], to: "NEW".to_owned() };
        let notice = customer_notice(&record, Some(&merge), CUSTOMER_DELETED, at(2));
        let body: Value = serde_json::from_str(&notice.body).unwrap();
        assert_eq!(body["data"]["deleted"], true);
        assert_eq!(
            body["data"]["object"]["event_context"]["merge"],
            json!({ "from_customer_ids": ["OLD", "OTHER"], "to_customer_id": "NEW" })
        );
    }

    #[test]
    fn a_notice_is_signed_for_the_url_it_goes_to() {
        let notice = payment_notice(&payment(), 0, PAYMENT_CREATED, at(9)).unwrap();
        let key = SecretString::from("key");
        let url = "https://regulars.example.com/webhooks/square/corner-bakery";
        let request = notice.request(url, &key).unwrap();
        assert_eq!(request.uri().path(), "/webhooks/square/corner-bakery");
        let signed = request.headers()["x-square-hmacsha256-signature"].to_str().unwrap();
        let fits = |url| {
            platform::signature::square(
                std::slice::from_ref(&key),
                url,
                notice.body.as_bytes(),
                Some(signed),
            )
        };
        assert!(fits(url) && !fits("https://example.com/webhooks/square/corner-bakery"));
    }

    #[test]
    fn repeats_of_an_event_keep_its_id_and_others_have_their_own() {
        let id = |topic, second| event_id(topic, "P", at(second));
        assert_eq!(id(PAYMENT_UPDATED, 1), id(PAYMENT_UPDATED, 1));
        assert_ne!(id(PAYMENT_UPDATED, 1), id(PAYMENT_UPDATED, 2));
        assert_ne!(id(PAYMENT_UPDATED, 1), id(REFUND_UPDATED, 1));
        assert_eq!(id(PAYMENT_UPDATED, 1).len(), 36);
    }
}
