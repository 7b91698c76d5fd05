//! What Square's events and answers tell, by example.

mod order;
mod people;

use loyalty::order::{Order, Payment, RefundState};
use serde_json::{Value, json};

use self::people::person;
use super::*;

/// An event as Square sends it.
fn event(kind: &str, object: Value) -> Value {
    json!({
        "merchant_id": "MERCHANT1", "type": kind, "event_id": "e-1",
        "created_at": "2026-11-20T14:00:09Z",
        "data": {"type": "x", "id": "y", "object": object}
    })
}

/// A completed payment of 12.50 and a tip of 2.00.
fn payment(id: &str) -> Value {
    json!({
        "id": id, "status": "COMPLETED",
        "amount_money": {"amount": 1250, "currency": "USD"},
        "tip_money": {"amount": 200, "currency": "USD"},
        "total_money": {"amount": 1450, "currency": "USD"},
        "created_at": "2026-11-20T14:00:00.123Z", "updated_at": "2026-11-20T14:00:05.456Z",
        "order_id": "SALE1", "location_id": "L1", "source_type": "CARD",
        "application_details": {"square_product": "SQUARE_POS", "application_id": "sq0idp-till"}
    })
}

fn refund(id: &str, status: &str, cents: i64) -> Value {
    json!({
        "id": id, "payment_id": "P1", "status": status,
        "amount_money": {"amount": cents, "currency": "USD"},
        "created_at": "2026-11-21T10:00:00Z", "updated_at": "2026-11-21T10:00:02Z"
    })
}

fn customer() -> Value {
    json!({
        "id": "C1", "given_name": "Ada", "family_name": " Baker ", "email_address": "ada@example.com",
        "phone_number": "+12127365000", "preferences": {"email_unsubscribed": false},
        "created_at": "2026-11-01T10:00:00Z", "updated_at": "2026-11-20T10:00:00.5Z", "version": 3
    })
}

fn read_value(event: &Value) -> (String, Result<Told, Unreadable>) {
    read(event.to_string().as_bytes())
}

#[track_caller]
fn told(kind: &str, object: Value) -> Told {
    let (found, told) = read_value(&event(kind, object));
    assert_eq!(found, kind);
    told.unwrap()
}

#[track_caller]
fn observed(kind: &str, object: Value) -> Observation {
    match told(kind, object) {
        Told::Order(observation) => *observation,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn paid(payment: Value) -> Observation {
    observed("payment.updated", json!({"payment": payment}))
}

#[track_caller]
fn refunded(refund: Value) -> Observation {
    observed("refund.updated", json!({"refund": refund}))
}

/// The payment with one field changed; `null` takes it away.
fn changed(field: &str, value: Value) -> Value {
    let mut payment = payment("P1");
    payment[field] = value;
    payment
}

#[track_caller]
fn unreadable(event: &Value, reason: &str) {
    match read_value(event).1 {
        Err(Unreadable(found)) => assert_eq!(found, reason),
        Ok(told) => panic!("told {told:?}"),
    }
}

#[test]
fn a_payment_is_an_order_without_its_tip() {
    let told = paid(payment("P1"));
    assert_eq!(told.order.to_string(), "square:P1");
    let sale = told.state.sale.unwrap();
    assert_eq!(sale.stamp.updated_at.to_string(), "2026-11-20T14:00:05.456Z");
    assert_eq!(sale.stamp.triggered_at, None);
    let sale = sale.value;
    assert_eq!((sale.total, sale.tip, sale.refunded), (1250, 200, 0));
    assert_eq!((sale.payment, sale.currency.as_str()), (Payment::Paid, "USD"));
    assert_eq!(sale.placed_at.to_string(), "2026-11-20T14:00:00.123Z");
    assert_eq!(sale.location, Some("L1".into()));
    assert_eq!(sale.visit.as_deref(), Some("SALE1"));
    assert_eq!(sale.channel.as_deref(), Some("sq0idp-till"));
    assert!(!sale.taxes_included && !sale.test);
    assert!(told.state.lines.is_none() && told.buyer.is_none());
}

#[test]
fn only_completed_payments_are_paid_and_dead_ones_stay_dead() {
    for (status, expected) in [
        ("APPROVED", Payment::Unpaid),
        ("PENDING", Payment::Unpaid),
        ("COMPLETED", Payment::Paid),
        ("CANCELED", Payment::Voided),
        ("FAILED", Payment::Voided),
    ] {
        let state = paid(changed("status", json!(status))).state;
        assert_eq!(state.sale.as_ref().unwrap().value.payment, expected, "{status}");
        assert_eq!(state.voided, expected == Payment::Voided, "{status}");
        assert_eq!(state.seen_unpaid, expected == Payment::Unpaid, "{status}");
    }
}

#[test]
fn cash_a_gift_card_and_a_wallet_are_money_like_any_other() {
    for (kind, details) in [
        ("CASH", json!({"cash_details": {"buyer_supplied_money": {"amount": 2000}}})),
        ("CARD", json!({"card_details": {"card": {"card_brand": "SQUARE_GIFT_CARD"}}})),
        ("WALLET", json!({"wallet_details": {"brand": "CASH_APP"}})),
    ] {
        let mut payment = changed("source_type", json!(kind));
        payment.as_object_mut().unwrap().extend(details.as_object().unwrap().clone());
        assert_eq!(paid(payment).state.sale.unwrap().value.total, 1250, "{kind}");
    }
}

#[test]
fn payments_of_one_sale_share_a_visit() {
    let (one, other) = (paid(payment("P1")), paid(payment("P2")));
    assert_ne!(one.order, other.order);
    let visit = |told: &Observation| told.state.sale.as_ref().unwrap().value.visit.clone();
    assert_eq!(visit(&one), visit(&other));
    assert_eq!(visit(&paid(changed("order_id", json!("")))), None);
}

#[test]
fn what_square_leaves_out_is_nothing() {
    let bare = json!({"id": "P1", "status": "COMPLETED",
        "amount_money": {"amount": 0, "currency": "JPY"}, "created_at": "2026-11-20T14:00:00Z"});
    let sale = paid(bare).state.sale.unwrap();
    assert_eq!(sale.stamp.updated_at, sale.value.placed_at);
    let sale = sale.value;
    assert_eq!((sale.total, sale.tip, sale.refunded), (0, 0, 0));
    assert_eq!((sale.location, sale.visit, sale.channel), (None, None, None));
}

#[test]
fn without_a_time_of_its_own_a_payment_has_its_events() {
    let bare = json!({"id": "P1", "status": "COMPLETED",
        "amount_money": {"amount": 1, "currency": "USD"}, "updated_at": null});
    let stamp = paid(bare.clone()).state.sale.unwrap().stamp;
    assert_eq!(stamp.updated_at.to_string(), "2026-11-20T14:00:09Z");
    let mut timeless = event("payment.created", json!({"payment": bare}));
    timeless["created_at"] = Value::Null;
    unreadable(&timeless, "`payment.updated_at`: missing");
}

#[test]
fn nanoseconds_are_read_and_kept() {
    let told = paid(changed("updated_at", json!("2026-11-20T14:00:48.322945116Z")));
    let stamp = told.state.sale.unwrap().stamp;
    assert_eq!(stamp.updated_at.as_nanosecond() % 1_000_000_000, 322_945_116);
}

#[test]
fn an_application_without_an_id_is_known_by_its_product() {
    let of = |details: Value| {
        paid(changed("application_details", details)).state.sale.unwrap().value.channel
    };
    assert_eq!(of(json!({"square_product": "VIRTUAL_TERMINAL"})).unwrap(), "VIRTUAL_TERMINAL");
    assert_eq!(
        of(json!({"square_product": "INVOICES", "application_id": ""})).unwrap(),
        "INVOICES"
    );
    assert_eq!(of(json!({})), None);
    let long = "x".repeat(90);
    assert_eq!(of(json!({"application_id": long})).unwrap().len(), CHANNEL_KEPT);
}

const CHANNEL_KEPT: usize = 40;

#[test]
fn the_buyer_is_her_record_and_the_address_only_a_hint() {
    let mut named = changed("customer_id", json!("C1"));
    named["buyer_email_address"] = json!("ada@example.com");
    let (stamp, buyer) = paid(named).buyer.unwrap();
    assert_eq!(stamp.updated_at.to_string(), "2026-11-20T14:00:05.456Z");
    let record = buyer.record.unwrap();
    assert_eq!((record.id.as_str(), record.email, record.updated_at), ("C1", None, None));
    assert_eq!((buyer.email.as_deref(), buyer.phone), (Some("ada@example.com"), None));

    let hinted = changed("buyer_email_address", json!("ada@example.com"));
    assert!(paid(hinted).buyer.unwrap().1.record.is_none());
    assert!(paid(changed("customer_id", json!("  "))).buyer.is_none());
}

#[test]
fn a_customer_filled_in_late_changes_only_the_buyer() {
    let early = paid(payment("P1"));
    let mut named = changed("customer_id", json!("C1"));
    named["updated_at"] = json!("2026-11-20T14:03:00Z");
    let late = paid(named);
    assert!(early.buyer.is_none());
    assert_eq!(late.buyer.as_ref().unwrap().1.record.as_ref().unwrap().id, "C1");
    let (a, b) = (early.state, late.state);
    let both = a.clone().merge(b.clone());
    assert_eq!(both, b.clone().merge(a.clone()));
    assert_eq!(both.clone().merge(a), both);
    assert_eq!(both.first_paid.unwrap().to_string(), "2026-11-20T14:00:05.456Z");
    assert_eq!(both.sale, b.sale);
}

#[test]
fn two_pictures_of_one_moment_end_the_same_in_any_order() {
    let a = paid(changed("status", json!("APPROVED"))).state;
    let b = paid(changed("amount_money", json!({"amount": 1300, "currency": "USD"}))).state;
    assert_eq!(a.clone().merge(b.clone()), b.merge(a));
}

#[test]
fn several_refunds_add_up_whichever_way_they_come() {
    let one = refunded(refund("R1", "COMPLETED", 300)).state;
    let pending = refunded(refund("R2", "PENDING", 250)).state;
    let mut done = refund("R2", "COMPLETED", 250);
    done["updated_at"] = json!("2026-11-21T10:05:00.000000001Z");
    let done = refunded(done).state;
    let sold = paid(changed("refunded_money", json!({"amount": 300, "currency": "USD"}))).state;
    assert_eq!(sold.sale.as_ref().unwrap().value.refunded, 300);
    let there = [&sold, &one, &pending, &done].into_iter().cloned();
    let back = [&done, &pending, &one, &sold].into_iter().cloned();
    let there = there.fold(Order::default(), Order::merge);
    assert_eq!(there, back.fold(Order::default(), Order::merge));
    let moved = there.refunds.values().flat_map(|refund| refund.payments.values());
    let amounts: Vec<_> = moved.map(|one| (one.state, one.amount.to_string())).collect();
    let succeeded = RefundState::Succeeded;
    assert_eq!(amounts, [(succeeded, "3.00".to_owned()), (succeeded, "2.50".to_owned())]);
}

/// Every order in which these can come.
fn orders(states: &[Order]) -> Vec<Vec<Order>> {
    let Some((last, others)) = states.split_last() else { return vec![Vec::new()] };
    let mut all = Vec::new();
    for shorter in orders(others) {
        for place in 0..=shorter.len() {
            let mut one = shorter.clone();
            one.insert(place, last.clone());
            all.push(one);
        }
    }
    all
}

#[test]
fn a_sale_told_by_six_events_ends_the_same_in_every_order() {
    let at = |status: &str, refunded: i64, at: &str| {
        let mut payment = changed("status", json!(status));
        payment["refunded_money"] = json!({"amount": refunded, "currency": "USD"});
        payment["updated_at"] = json!(at);
        paid(payment).state
    };
    let states = [
        at("APPROVED", 0, "2026-11-20T14:00:01Z"),
        at("COMPLETED", 0, "2026-11-20T14:00:05Z"),
        at("COMPLETED", 300, "2026-11-21T10:00:03Z"),
        // Two pictures of one moment.
        at("COMPLETED", 0, "2026-11-21T10:00:03Z"),
        refunded(refund("R1", "PENDING", 300)).state,
        refunded(refund("R1", "COMPLETED", 300)).state,
    ];
    let merged = |states: Vec<Order>| states.into_iter().fold(Order::default(), Order::merge);
    let expected = merged(states.to_vec());
    let all = orders(&states);
    assert_eq!(all.len(), 720);
    for states in all {
        assert_eq!(merged(states), expected);
    }
}

#[test]
fn a_refund_belongs_to_its_payment_and_counts_once_it_is_completed() {
    for (status, expected) in [
        ("PENDING", RefundState::Pending),
        ("COMPLETED", RefundState::Succeeded),
        ("REJECTED", RefundState::Failed),
        ("FAILED", RefundState::Failed),
        ("SOMETHING_NEW", RefundState::Pending),
    ] {
        let told = refunded(refund("R1", status, 300));
        assert_eq!(told.order.to_string(), "square:P1");
        let moved = &told.state.refunds["R1"].payments["R1"];
        assert_eq!(moved.state, expected, "{status}");
        assert_eq!(moved.currency.unwrap().as_str(), "USD");
        assert!(told.buyer.is_none() && told.state.sale.is_none());
    }
}

#[test]
fn a_refunds_amount_is_in_the_currencys_own_whole_units() {
    for (currency, amount) in [("USD", "3.00"), ("JPY", "300"), ("KWD", "0.300")] {
        let mut back = refund("R1", "COMPLETED", 300);
        back["amount_money"]["currency"] = json!(currency);
        let told = refunded(back);
        assert_eq!(told.state.refunds["R1"].payments["R1"].amount.to_string(), amount);
    }
}

#[test]
fn a_refund_linked_to_no_payment_tells_nothing() {
    let mut unlinked = refund("R1", "COMPLETED", 300);
    for none in [json!(null), json!("")] {
        unlinked["payment_id"] = none;
        assert!(matches!(
            told("refund.created", json!({"refund": unlinked.clone()})),
            Told::Nothing
        ));
    }
}

#[test]
fn money_that_is_none_is_refused_by_its_path_alone() {
    type Case = (&'static str, Value, &'static str);
    let cases: [Case; 9] = [
        ("amount_money", json!(null), "`payment.amount_money`: missing"),
        ("amount_money", json!({"currency": "USD"}), "`payment.amount_money.amount`: missing"),
        (
            "amount_money",
            json!({"amount": 1}),
            "`payment.amount_money.currency`: no currency of ISO 4217",
        ),
        (
            "amount_money",
            json!({"amount": 1, "currency": "UNKNOWN_CURRENCY"}),
            "`payment.amount_money.currency`: no currency of ISO 4217",
        ),
        (
            "amount_money",
            json!({"amount": 1, "currency": "BTC"}),
            "`payment.amount_money.currency`: no currency of ISO 4217",
        ),
        (
            "amount_money",
            json!({"amount": -77, "currency": "USD"}),
            "`payment.amount_money.amount`: it is negative",
        ),
        (
            "tip_money",
            json!({"amount": 1, "currency": "EUR"}),
            "`payment.tip_money.currency`: another currency than the rest",
        ),
        (
            "refunded_money",
            json!({"amount": -77, "currency": "USD"}),
            "`payment.refunded_money.amount`: it is negative",
        ),
        (
            "amount_money",
            json!({"amount": "ada@example.com", "currency": "USD"}),
            "`data.object.payment.amount_money.amount`: missing, or of another type than expected",
        ),
    ];
    for (field, value, reason) in cases {
        unreadable(&event("payment.created", json!({"payment": changed(field, value)})), reason);
    }
}

#[test]
fn what_a_payment_can_not_be_is_told_without_its_value() {
    for (field, value, reason) in [
        ("status", json!("ada@example.com"), "`payment.status`: a state we don't know"),
        ("status", json!(null), "`payment.status`: missing"),
        ("id", json!("ada@example.com"), "`payment.id`: no id of a payment that we can keep"),
        (
            "updated_at",
            json!("ada@example.com"),
            "`data.object.payment.updated_at`: missing, or of another type than expected",
        ),
    ] {
        unreadable(&event("payment.created", json!({"payment": changed(field, value)})), reason);
    }
}

#[test]
fn a_type_is_believed_only_with_its_object() {
    let (payment, refund) = (json!({"payment": payment("P1")}), json!({"refund": {}}));
    let says = |kind: &str, object: &Value, reason: &str| {
        unreadable(&event(kind, object.clone()), reason);
    };
    says("payment.created", &refund, "the type says a payment, the body has a refund");
    says("refund.updated", &payment, "the type says a refund, the body has a payment");
    says("customer.deleted", &payment, "the type says a customer, the body has a payment");
    let other = json!({"ada@example.com": 1});
    says(
        "oauth.authorization.revoked",
        &other,
        "the type says a revocation, the body has nothing we know",
    );
}

#[test]
fn what_has_no_readable_type_has_an_empty_one() {
    for body in ["", "not json", "[]", r#"{"type": 5}"#, r#"{"event_id": "x"}"#, "\"payment\""] {
        let (kind, told) = read(body.as_bytes());
        assert!(kind.is_empty() && told.is_err(), "{body}");
    }
    let (kind, told) = read(b"\xff\xfe");
    assert!(kind.is_empty() && told.is_err());
    let (kind, _) = read(format!(r#"{{"type": "{}"}}"#, "ä".repeat(500)).as_bytes());
    assert_eq!(kind.chars().count(), 64);
    unreadable(
        &json!({"type": "payment.created", "event_id": "e"}),
        "`.`: missing, or of another type than expected",
    );
}

#[test]
fn other_events_are_fine_and_tell_nothing() {
    for kind in [
        "order.created",
        "order.updated",
        "order.fulfillment.updated",
        "loyalty.account.created",
        "loyalty.event.created",
        "invoice.paid",
        "",
    ] {
        assert!(matches!(told(kind, json!({"anything": {"amount": -1}})), Told::Nothing), "{kind}");
    }
}

#[test]
fn a_revocation_disconnects() {
    let object = json!({"revocation": {"revoked_at": "2026-11-20T14:00:00Z"}});
    assert!(matches!(told("oauth.authorization.revoked", object), Told::Disconnected));
}

#[test]
fn an_answer_about_a_payment_tells_what_its_event_does() {
    let body = json!({"payment": payment("P1")});
    let answer = payment_answer(body.to_string().as_bytes()).unwrap();
    let event = observed("payment.updated", body);
    assert_eq!((answer.order, answer.state), (event.order, event.state));
    let body = json!({"customer": customer()});
    assert_eq!(customer_answer(body.to_string().as_bytes()).unwrap(), person(customer()));
}
