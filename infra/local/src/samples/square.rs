//! What Square tells of one visit to the till: paid by card with a tip, the buyer's record
//! found later, one bun taken back; and the rest that it may say.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::square::{
    CUSTOMER_CREATED, CUSTOMER_DELETED, CUSTOMER_UPDATED, Change, LOCATION, Merge, Notice, Payment,
    Record, Refund, RefundStatus, Step, Tender, customer_notice, id_of, payment_notice,
    record_id_of,
};

/// Every case, with the name of its file.
pub(super) fn all() -> Vec<(&'static str, Notice)> {
    let mut all = of_payment();
    all.extend(of_records());
    all.extend(of_the_rest());
    all
}

/// A moment of November 2026, UTC.
fn at(day: i8, hour: i8, minute: i8, second: i8, nanos: i32) -> Timestamp {
    let utc = DateTime::new(2026, 11, day, hour, minute, second, nanos);
    let utc = utc.and_then(|utc| utc.to_zoned(TimeZone::UTC));
    utc.map_or(Timestamp::UNIX_EPOCH, |utc| utc.timestamp())
}

fn of_payment() -> Vec<(&'static str, Notice)> {
    let id = id_of("sample payment", 1, 29);
    let refund = Refund {
        id: format!("{id}_{}", id_of("sample refund", 1, 43)),
        amount: 475,
        reason: "one was burnt",
    };
    let steps = [
        (at(18, 13, 4, 0, 211_000_000), Change::Approved),
        (at(18, 13, 4, 9, 480_000_000), Change::Completed),
        (at(18, 13, 19, 0, 37_000_000), Change::Named(record_id_of(1))),
        (at(18, 21, 30, 0, 502_000_000), Change::Refund(refund.clone(), RefundStatus::Pending)),
        (at(18, 21, 52, 0, 118_000_000), Change::Refund(refund, RefundStatus::Completed)),
    ];
    let payment = Payment {
        id,
        order: id_of("sample order", 1, 28),
        amount: 1_870,
        tip: 200,
        tender: Tender::Card("VISA"),
        customer: None,
        steps: steps.map(|(at, change)| Step { at, change }).into(),
    };
    let told = [
        ("payment-created", 0, "payment.created"),
        ("payment-updated", 1, "payment.updated"),
        ("payment-updated-customer-filled-late", 2, "payment.updated"),
        ("refund-created", 3, "refund.created"),
        ("refund-updated", 4, "refund.updated"),
    ];
    told.into_iter()
        .filter_map(|(file, step, topic)| {
            let at = payment.steps.get(step)?.at;
            Some((file, payment_notice(&payment, step, topic, at)?))
        })
        .collect()
}

fn of_records() -> Vec<(&'static str, Notice)> {
    let created = Record {
        id: record_id_of(1),
        first_name: "Dario",
        last_name: "Penrose",
        email: Some("dario.penrose@example.com".to_owned()),
        phone: Some("+18455550163".to_owned()),
        birthday: None,
        unsubscribed: false,
        version: 0,
        created_at: at(10, 16, 40, 0, 325_000_000),
        updated_at: at(10, 16, 40, 0, 325_000_000),
    };
    let left = at(12, 9, 15, 0, 740_000_000);
    let updated = Record { unsubscribed: true, version: 1, updated_at: left, ..created.clone() };
    // Another record of his, from when he gave only his number.
    let merged = at(20, 15, 2, 0, 61_000_000);
    let old = Record {
        id: record_id_of(2),
        email: None,
        version: 3,
        created_at: at(3, 14, 22, 0, 904_000_000),
        updated_at: merged,
        ..created.clone()
    };
    let merge = Merge { from: vec![old.id.clone()], to: created.id.clone() };
    let told =
        |record: &Record, merge, topic| customer_notice(record, merge, topic, record.updated_at);
    vec![
        ("customer-created", told(&created, None, CUSTOMER_CREATED)),
        ("customer-updated", told(&updated, None, CUSTOMER_UPDATED)),
        ("customer-deleted-merged", told(&old, Some(&merge), CUSTOMER_DELETED)),
    ]
}

/// Of use to nobody here, and the end of the connection.
fn of_the_rest() -> Vec<(&'static str, Notice)> {
    let (order, revocation) =
        (id_of("sample order", 1, 28), "5d0a7c1e-93b4-4f0e-a7d2-6c1f80b3e925");
    let changed = json!({
        "order_updated": {
            "created_at": "2026-11-18T13:03:41.006Z",
            "location_id": LOCATION,
            "order_id": order,
            "state": "COMPLETED",
            "updated_at": "2026-11-18T13:04:09.711Z",
            "version": 4,
        },
    });
    let revoked = json!({
        "revocation": { "revoked_at": "2026-11-21T22:10:05.173Z", "revoker_type": "MERCHANT" },
    });
    let told = |topic, at, kind, object| Notice::of(topic, at, kind, object);
    vec![
        (
            "order-updated",
            told("order.updated", at(18, 13, 4, 9, 900_000_000), ("order", &order), changed),
        ),
        (
            "oauth-authorization-revoked",
            told(
                "oauth.authorization.revoked",
                at(21, 22, 10, 5, 204_000_000),
                ("revocation", revocation),
                revoked,
            ),
        ),
    ]
}
