//! The objects: payments, refunds, customers' records.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{CURRENCY, LOCATION, Picture, Record, Refund, RefundStatus, Tender, id_of, utc};

/// The till's application at Square.
const APPLICATION: &str = "sq0idp-c0rnerT1llOfOurOwn";

/// Square's fee in hundredths of a per cent, and what it adds to each payment.
const FEE: (i64, i64) = (260, 15);

/// Records that became one.
#[derive(Debug, Clone)]
pub(crate) struct Merge {
    /// Those that are gone.
    pub(crate) from: Vec<String>,
    /// The new one.
    pub(crate) to: String,
}

fn money(amount: i64) -> Value {
    json!({ "amount": amount, "currency": CURRENCY })
}

fn put(object: &mut Value, name: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(name.to_owned(), value);
    }
}

/// A payment as it stands in a picture. What isn't there is left out, as Square does.
pub(crate) fn payment_object(picture: &Picture<'_>) -> Value {
    let payment = picture.payment;
    let short: String = payment.id.chars().take(4).collect();
    let mut object = json!({
        "id": payment.id,
        "amount_money": money(payment.amount),
        "application_details": { "application_id": APPLICATION, "square_product": "SQUARE_POS" },
        "approved_money": money(payment.total()),
        "created_at": utc(picture.created),
        "delay_action": "CANCEL",
        "delay_duration": "PT36H",
        "delayed_until": utc(later(picture.created, SignedDuration::from_hours(36))),
        "location_id": LOCATION,
        "order_id": payment.order,
        "receipt_number": short,
        "source_type": if payment.tender == Tender::Cash { "CASH" } else { "CARD" },
        "status": picture.status(),
        "total_money": money(payment.total()),
        "updated_at": utc(picture.updated),
        "version_token": version_token(picture),
    });
    match payment.tender {
        Tender::Cash => put(&mut object, "cash_details", cash(payment.total())),
        Tender::Card(brand) => put(&mut object, "card_details", card(picture, brand)),
        Tender::GiftCard => put(&mut object, "card_details", card(picture, "SQUARE_GIFT_CARD")),
    }
    if payment.tip > 0 {
        put(&mut object, "tip_money", money(payment.tip));
    }
    if let Some(customer) = picture.customer {
        put(&mut object, "customer_id", json!(customer));
    }
    if picture.completed.is_some() {
        let receipt = format!("https://receipts.example.com/{}", payment.id);
        put(&mut object, "receipt_url", json!(receipt));
    }
    if picture.settled {
        put(&mut object, "processing_fee", fee(payment.total(), picture.updated));
    }
    if !picture.refunds.is_empty() {
        put(&mut object, "refunded_money", money(picture.refunded()));
        let ids = picture.refunds.iter().map(|refund| json!(refund.id)).collect();
        put(&mut object, "refund_ids", ids);
    }
    object
}

/// Opaque, and another after each change.
fn version_token(picture: &Picture<'_>) -> String {
    let at = u64::try_from(picture.updated.as_millisecond()).unwrap_or_default();
    id_of(&picture.payment.id, at, 45)
}

fn card(picture: &Picture<'_>, brand: &str) -> Value {
    let number = id_of(brand, picture.created.as_millisecond().unsigned_abs(), 8);
    let digits = number.bytes().map(|byte| char::from(b'0'.saturating_add(byte % 10)));
    let last: String = digits.take(4).collect();
    let mut card = json!({
        "avs_status": "AVS_ACCEPTED",
        "card": {
            "card_brand": brand,
            "card_type": if brand == "SQUARE_GIFT_CARD" { "UNKNOWN_CARD_TYPE" } else { "CREDIT" },
            "exp_month": 9,
            "exp_year": 2029,
            "last_4": last,
        },
        "card_payment_timeline": { "authorized_at": utc(picture.created) },
        "cvv_status": "CVV_ACCEPTED",
        "entry_method": "CONTACTLESS",
        "statement_description": "SQ *CORNER BAKERY",
        "status": match picture.status() {
            "COMPLETED" => "CAPTURED",
            "CANCELED" => "VOIDED",
            _ => "AUTHORIZED",
        },
    });
    if let (Some(at), Some(timeline)) = (picture.completed, card.get_mut("card_payment_timeline")) {
        put(timeline, "captured_at", json!(utc(at)));
    }
    card
}

/// Paid with the next five dollars.
fn cash(total: i64) -> Value {
    let back = 500_i64.saturating_sub(total.rem_euclid(500)).rem_euclid(500);
    json!({
        "buyer_supplied_money": money(total.saturating_add(back)),
        "change_back_money": money(back),
    })
}

fn fee(total: i64, at: Timestamp) -> Value {
    let (hundredths, more) = FEE;
    let amount = total.saturating_mul(hundredths).div_euclid(10_000).saturating_add(more);
    json!([{ "amount_money": money(amount), "effective_at": utc(at), "type": "INITIAL" }])
}

/// A refund of a payment, asked for and then changed.
pub(crate) fn refund_object(
    picture: &Picture<'_>,
    refund: &Refund,
    status: RefundStatus,
    (asked, updated): (Timestamp, Timestamp),
) -> Value {
    let payment = picture.payment;
    let (status, version) = match status {
        RefundStatus::Pending => ("PENDING", 3),
        RefundStatus::Completed => ("COMPLETED", 6),
        RefundStatus::Rejected => ("REJECTED", 5),
    };
    json!({
        "id": refund.id,
        "amount_money": money(refund.amount),
        "created_at": utc(asked),
        "destination_type": if payment.tender == Tender::Cash { "CASH" } else { "CARD" },
        "location_id": LOCATION,
        // Not the order that was paid: the refund has one of its own.
        "order_id": id_of(&refund.id, 0, 28),
        "payment_id": payment.id,
        "reason": refund.reason,
        "status": status,
        "updated_at": utc(updated),
        "version": version,
    })
}

/// A customer's record, with the merge that made or ended it.
pub(crate) fn customer_object(record: &Record, merge: Option<&Merge>) -> Value {
    let mut customer = json!({
        "id": record.id,
        "created_at": utc(record.created_at),
        "creation_source": if merge.is_some() { "MERGE" } else { "TERMINAL" },
        "family_name": record.last_name,
        "given_name": record.first_name,
        "group_ids": [],
        "preferences": { "email_unsubscribed": record.unsubscribed },
        "segment_ids": [format!("{}.REACHABLE", super::MERCHANT)],
        "updated_at": utc(record.updated_at),
        "version": record.version,
    });
    if let Some(email) = &record.email {
        put(&mut customer, "email_address", json!(email));
    }
    if let Some(phone) = &record.phone {
        put(&mut customer, "phone_number", json!(phone));
    }
    if let Some(birthday) = &record.birthday {
        put(&mut customer, "birthday", json!(birthday));
    }
    let mut object = json!({ "customer": customer });
    if let Some(merge) = merge {
        let context = json!({
            "merge": { "from_customer_ids": merge.from, "to_customer_id": merge.to },
        });
        put(&mut object, "event_context", context);
    }
    object
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(at)
}
