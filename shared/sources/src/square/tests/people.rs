//! Customers, and records that became one.

use loyalty::consent::State;
use serde_json::{Value, json};

use super::{customer, event, read_value, told};
use crate::{Merged, PersonTold, Told};

#[track_caller]
pub(super) fn person(customer: Value) -> PersonTold {
    match told("customer.updated", json!({"customer": customer})) {
        Told::Person(told) => *told,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_customer_is_a_record_whose_address_nobody_confirmed() {
    let PersonTold { person, consent } = person(customer());
    assert_eq!((person.id.as_str(), person.name.as_deref()), ("C1", Some("Ada Baker")));
    assert_eq!(person.email.as_deref(), Some("ada@example.com"));
    assert_eq!(person.phone.as_deref(), Some("+12127365000"));
    assert!(!person.email_verified && person.language.is_none());
    assert_eq!(person.updated_at.unwrap().to_string(), "2026-11-20T10:00:00.5Z");
    assert_eq!(consent, None);
}

#[test]
fn a_customer_without_contact_is_still_a_record() {
    let bare = json!({"id": "C1", "given_name": "", "email_address": " "});
    let PersonTold { person, consent } = person(bare);
    assert_eq!((person.name, person.email, person.phone, consent), (None, None, None, None));
}

#[test]
fn a_birthday_is_told_without_its_year_and_one_that_is_no_day_not_at_all() {
    let told = |birthday: Value| {
        let mut customer = customer();
        customer["birthday"] = birthday;
        let PersonTold { person, .. } = person(customer);
        // Whatever it is, the rest of the record is told.
        assert_eq!(person.email.as_deref(), Some("ada@example.com"));
        person.birthday.map(|birthday| birthday.to_string())
    };
    assert_eq!(told(json!("1984-12-01")).as_deref(), Some("12-01"));
    assert_eq!(told(json!("0000-02-29")).as_deref(), Some("02-29"));
    assert_eq!(told(json!("1985-02-29")).as_deref(), Some("02-29"), "the year isn't looked at");
    for none in [
        json!(null),
        json!(""),
        json!("1984-04-31"),
        json!("0000-13-01"),
        json!("December 1"),
        json!("84-12-01"),
        json!(19_841_201),
        json!({"month": 12, "day": 1}),
    ] {
        assert_eq!(told(none.clone()), None, "{none}");
    }
}

#[test]
fn only_a_no_to_mail_is_told() {
    for silent in [json!(null), json!({}), json!({"email_unsubscribed": false})] {
        let mut customer = customer();
        customer["preferences"] = silent;
        assert_eq!(person(customer).consent, None);
    }
    let mut gone = customer();
    gone["preferences"] = json!({"email_unsubscribed": true});
    let consent = person(gone).consent.unwrap();
    assert_eq!(consent.state, State::Unsubscribed);
    assert_eq!(consent.at.unwrap().to_string(), "2026-11-20T10:00:00.5Z");
}

#[test]
fn a_merge_is_told_wherever_its_context_stands() {
    let context =
        json!({"merge": {"from_customer_ids": ["C0", "C1", "", "C2"], "to_customer_id": "C1"}});
    let merged = |event: &Value| match read_value(event).1.unwrap() {
        Told::Merged(merged) => merged,
        other => panic!("{other:?}"),
    };
    let gone = vec!["C0".to_owned(), "C2".to_owned()];
    let beside =
        event("customer.created", json!({"customer": customer(), "event_context": context}));
    let mut above = event("customer.created", json!({"customer": customer()}));
    above["data"]["event_context"] = context.clone();
    for created in [&beside, &above] {
        let found = merged(created);
        assert_eq!((found.kept.as_str(), &found.gone), ("C1", &gone));
        assert_eq!(found.record.unwrap().person.email.as_deref(), Some("ada@example.com"));
    }
    let deleted = event("customer.deleted", beside["data"]["object"].clone());
    assert_eq!(merged(&deleted), Merged { kept: "C1".to_owned(), gone, record: None });
}

#[test]
fn a_merge_of_nothing_is_none() {
    for merge in [json!({}), json!({"from_customer_ids": ["C1"], "to_customer_id": "C1"})] {
        let object = json!({"customer": customer(), "event_context": {"merge": merge}});
        assert!(matches!(told("customer.created", object.clone()), Told::Person(_)));
        assert!(matches!(told("customer.deleted", object), Told::Task));
    }
}

#[test]
fn a_deletion_by_itself_is_for_a_person_to_judge() {
    assert!(matches!(told("customer.deleted", json!({"customer": customer()})), Told::Task));
}
