//! What a night would do, and that asking does nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::date;
use serde_json::{Value, json};

use super::bakery::{jon, paid};
use super::nights::{NIGHT, local, somebody};
use super::{Api, redacted};

const MAIL: &str = "/api/v1/shops/corner-bakery/jobs/reengagement-scan";
const POINTS: &str = "/api/v1/shops/corner-bakery/jobs/tier-recalculation";

impl Api {
    async fn ask_job(&self, path: &str) -> Value {
        self.write(path, Value::Null).await
    }

    /// The whole table, as it stands.
    async fn table(&self) -> BTreeMap<String, HashMap<String, AttributeValue>> {
        let store = &self.services.store;
        let mut pages =
            store.client().scan().table_name(store.table()).into_paginator().items().send();
        let mut items = BTreeMap::new();
        while let Some(item) = pages.next().await {
            let item = item.unwrap();
            items.insert(format!("{:?} {:?}", item["pk"], item["sk"]), item);
        }
        items
    }
}

#[tokio::test]
async fn a_mail_night_says_what_it_would_find_for_whom_and_why() {
    let api = Api::live_since(date(2026, 1, 1)).await;
    let jon = api.is_away(&jon()).await;
    let page = api.ask_job(&format!("{MAIL}?date=2026-11-23&dry_run=true")).await;
    insta::assert_snapshot!(redacted(&page, &[(jon.as_str(), "jon")]));

    // The night does what was said.
    api.mail_night(NIGHT).await;
    let did = api.later(&local(NIGHT, 10)).read("/api/v1/shops/corner-bakery/decisions").await;
    let (said, did) = (&page["customers"][0]["decisions"][0], &did["decisions"][0]);
    for name in ["customer", "kind", "trigger", "outcome", "facts", "date"] {
        assert_eq!(said[name], did[name], "{name}");
    }
}

#[tokio::test]
async fn a_points_night_says_whose_tier_it_would_change() {
    let program = loyalty::program::CORNER_BAKERY;
    let api = Api::live_since(date(2026, 1, 1)).await;
    let jon = api.tell("1", paid(60_000)).await;
    let due = api.services.store.customer(&super::shop("corner-bakery"), &jon).await.unwrap();
    let due = due.unwrap().account.due.points;
    let due = due.unwrap_or_else(|| panic!("her tier is reviewed once by {program}"));
    let before = due.yesterday().unwrap();
    let page = api.ask_job(&format!("{POINTS}?date={before}&dry_run=true")).await;
    assert_eq!((&page["looked"], &page["customers"]), (&json!(0), &json!([])));
    let last = date(2026, 11, 22).checked_add(jiff::ToSpan::days(400)).unwrap();
    assert!(due <= last, "{due}");
    let page = api.ask_job(&format!("{POINTS}?date={due}&dry_run=true")).await;
    assert_eq!(page["looked"], 1);
    let her = &page["customers"][0];
    assert_eq!(her["customer"], jon.as_str());
    insta::assert_snapshot!(redacted(&page, &[(jon.as_str(), "jon")]));
}

#[tokio::test]
async fn asking_writes_nothing() {
    let api = Api::live_since(date(2026, 11, 1)).await;
    for number in 0..3 {
        api.is_away(&somebody(number)).await;
    }
    api.tell("1", paid(60_000)).await;
    let (before, units) = (api.table().await, api.services.store.write_units_x10());
    assert!(before.len() > 10 && units > 0);
    for night in ["2026-11-23", "2026-12-20", "2027-12-27"] {
        for job in [MAIL, POINTS] {
            api.ask_job(&format!("{job}?date={night}&dry_run=true")).await;
        }
    }
    assert_eq!(api.services.store.write_units_x10(), units);
    assert!(api.table().await == before, "the table changed");
}

#[tokio::test]
async fn pages_lead_through_everybody_who_is_due_once() {
    let api = Api::live_since(date(2026, 1, 1)).await;
    let mut ids = BTreeSet::new();
    for number in 0..5 {
        ids.insert(api.is_away(&somebody(number)).await.to_string());
    }
    let (mut cursor, mut found) = (String::new(), Vec::new());
    for _ in 0..20 {
        let path = format!("{MAIL}?date=2026-11-25&dry_run=true&limit=2{cursor}");
        let page = api.ask_job(&path).await;
        assert!(page["looked"].as_u64().unwrap() <= 2);
        let customers = page["customers"].as_array().unwrap().iter();
        found.extend(customers.map(|one| one["customer"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found.len(), 5);
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), ids);
}

#[tokio::test]
async fn a_program_saved_today_decides_about_tomorrow() {
    let api = Api::live_since(date(2026, 1, 1)).await;
    api.is_away(&jon()).await;
    let off = loyalty::program::CORNER_BAKERY.replacen("off = []", "off = [\"win-back\"]", 1);
    assert!(off.contains("off = [\"win-back\"]"));
    api.apply(&off).await;
    let outcome = async |night: &str| {
        let page = api.ask_job(&format!("{MAIL}?date={night}&dry_run=true")).await;
        page["customers"][0]["decisions"][0]["outcome"].clone()
    };
    assert_eq!(outcome("2026-11-22").await, "planned");
    assert_eq!(outcome("2026-11-23").await, "skipped");
}

#[tokio::test]
async fn what_cannot_be_asked_is_told_what_can() {
    let api = Api::open().await;
    for (query, kind, says) in [
        ("date=2026-11-23", "dry-run-only", "schedule"),
        ("date=2026-11-23&dry_run=false", "dry-run-only", "dry_run=true"),
        ("dry_run=true", "unreadable-date", "2026-11-22"),
        ("dry_run=true&date=tomorrow", "unreadable-date", "2026-11-22"),
        ("dry_run=true&date=2026-11-21", "unreadable-date", "today, 2026-11-22"),
        ("dry_run=true&date=2027-12-28", "unreadable-date", "to 2027-12-27"),
        ("dry_run=true&date=2026-11-23&limit=201", "unreadable-limit", "200"),
        ("dry_run=true&date=2026-11-23&cursor=2026-11-24_0", "unreadable-cursor", "`next`"),
        ("dry_run=true&date=2026-11-23&cursor=x", "unreadable-cursor", "`next`"),
    ] {
        for job in [MAIL, POINTS] {
            let answer = api.post(&format!("{job}?{query}"), Value::Null).await;
            let detail = answer.problem(400, kind);
            assert!(detail.contains(says), "{query}: {detail}");
        }
    }
    api.mail_night(date(2026, 11, 23)).await;
    let early = format!("{MAIL}?dry_run=true&date=2026-11-22");
    assert!(api.post(&early, Value::Null).await.problem(409, "night-over").contains("later"));
}
