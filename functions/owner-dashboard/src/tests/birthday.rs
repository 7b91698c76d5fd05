//! A customer's birthday, as the owner knows it.

use jiff::civil::date;
use loyalty::ids::Source;
use platform::store::{BirthdayBy, BirthdayChange};
use serde_json::{Value, json};

use super::bakery::{BAKERY, jon};
use super::{Api, NOW, at, shop};

const CUSTOMERS: &str = "/api/v1/shops/corner-bakery/customers";

#[tokio::test]
async fn a_birthday_is_said_changed_and_taken_away() {
    let api = Api::open().await;
    let id = api.meet(BAKERY, Source::Shopify, &jon(), None).await;
    let path = format!("{CUSTOMERS}/{id}/birthday");
    assert_eq!(api.read(&format!("{CUSTOMERS}/{id}")).await["birthday"], Value::Null);
    for (said, kept) in [
        (json!("02-29"), json!("02-29")),
        (json!("1984-12-01"), json!("12-01")),
        (json!("12-01"), json!("12-01")),
        (Value::Null, Value::Null),
    ] {
        assert_eq!(api.write(&path, json!({ "birthday": said })).await["birthday"], kept);
        assert_eq!(api.read(&format!("{CUSTOMERS}/{id}")).await["birthday"], kept);
    }
    let contact = api.services.store.contact(&shop(BAKERY), &id).await.unwrap().unwrap();
    let change = BirthdayChange { at: at(NOW), by: BirthdayBy::Api };
    assert_eq!(contact.birthday_change, Some(change), "who said it last, and when");
}

#[tokio::test]
async fn the_nights_look_at_her_by_her_next_birthday() {
    let api = Api::open().await;
    let id = api.meet(BAKERY, Source::Shopify, &jon(), None).await;
    let path = format!("{CUSTOMERS}/{id}/birthday");
    let due = async || {
        let found = api.services.store.customer(&shop(BAKERY), &id).await.unwrap();
        found.unwrap().account.due.mail
    };
    let before = due().await;
    api.write(&path, json!({ "birthday": "11-30" })).await;
    let next = date(2026, 11, 30);
    assert_eq!(due().await, Some(before.map_or(next, |before| before.min(next))));
}

#[tokio::test]
async fn what_is_no_day_is_refused_and_nothing_said_takes_nothing_away() {
    let api = Api::open().await;
    let id = api.meet(BAKERY, Source::Shopify, &jon(), None).await;
    let path = format!("{CUSTOMERS}/{id}/birthday");
    api.write(&path, json!({ "birthday": "02-29" })).await;
    for body in [
        json!({}),
        json!({ "birthday": "04-31" }),
        json!({ "birthday": "4/30" }),
        json!({ "birthday": 430 }),
        json!({ "birthday": "04-30", "year": 1984 }),
    ] {
        api.post(&path, body).await.problem(400, "unreadable-body");
    }
    let detail = api.post(&path, json!({ "birthday": "04-31" })).await;
    let detail = detail.problem(400, "unreadable-body").to_owned();
    assert!(detail.contains("a month and a day that exist"), "{detail}");
    assert_eq!(api.read(&format!("{CUSTOMERS}/{id}")).await["birthday"], "02-29");
    let nobody = format!("{CUSTOMERS}/nobody/birthday");
    api.post(&nobody, json!({ "birthday": null })).await.problem(404, "unknown-customer");
    api.ask(http::Method::POST, &path, None).await.problem(401, "unauthorized");
}
