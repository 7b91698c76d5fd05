//! What the nights decided.

use jiff::civil::date;
use loyalty::mail::{Kind, WhyNot};
use platform::store::{Decision, Kept};
use serde_json::{Value, json};

use super::bakery::{BAKERY, jon};
use super::nights::{NIGHT, local, somebody};
use super::{Api, at, redacted, shop};

const DECISIONS: &str = "/api/v1/shops/corner-bakery/decisions";

impl Api {
    /// Keeps that a kind of mail to somebody was left out on a day of November.
    async fn left_out(&self, customer: &str, kind: Kind, day: i8) {
        let (date, why) = (date(2026, 11, day), WhyNot::NoConsent);
        let trigger = format!("{} {date}", kind.as_str());
        let decision = Decision::skipped(date, kind, trigger, why, at(&local(date, 4)));
        let store = &self.services.store;
        store.keep_decision(&shop(BAKERY), &customer.parse().unwrap(), &decision).await.unwrap();
    }
}

fn places(page: &Value) -> Vec<String> {
    let decisions = page["decisions"].as_array().unwrap().iter();
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    decisions
        .map(|one| {
            let day = text(one, "date").split_off("2026-".len());
            format!("{day} {} {}", text(one, "kind"), text(one, "customer"))
        })
        .collect()
}

#[tokio::test]
async fn a_letter_that_was_decided_is_shown_with_its_facts_and_what_became_of_it() {
    let api = Api::live_since(date(2026, 1, 1)).await;
    let jon = api.is_away(&jon()).await;
    api.mail_night(NIGHT).await;
    let api = api.later(&local(NIGHT, 10));
    let page = api.read(DECISIONS).await;
    let message = page["decisions"][0]["message"]["id"].as_str().unwrap();
    insta::assert_snapshot!(redacted(&page, &[(jon.as_str(), "jon"), (message, "message")]));

    // The mailer found her mailbox full for this week.
    let (id, store) = (shop(BAKERY), &api.services.store);
    let trigger = page["decisions"][0]["trigger"].as_str().unwrap();
    let message = store.message(&id, &jon, trigger).await.unwrap().unwrap();
    let kept = Kept { customer: jon.clone(), message };
    let until = at("2026-11-26T14:00:00Z");
    store.message_waits(&id, &kept, until, WhyNot::Capped).await.unwrap();
    let told = &api.read(DECISIONS).await["decisions"][0]["message"];
    assert_eq!(told["due"].as_str().map(at), Some(until));
    assert_eq!(
        (&told["state"], &told["reasons"][0]["code"]),
        (&json!("waiting"), &json!("capped"))
    );

    let message = store.message(&id, &jon, trigger).await.unwrap().unwrap();
    let kept = Kept { customer: jon, message };
    let reasons = [(Kind::WinBack, WhyNot::NothingToTell)];
    store.message_dropped(&id, &kept, &reasons).await.unwrap();
    let told = &api.read(DECISIONS).await["decisions"][0]["message"];
    assert_eq!(told["state"], "dropped");
    assert_eq!(told["reasons"][0]["code"], "nothing-to-tell");
}

#[tokio::test]
async fn what_one_mail_tells_together_is_shown_with_each_of_its_reasons() {
    let api = Api::live_since(date(2026, 1, 1)).await;
    let jon = api.is_away(&jon()).await;
    let birthday = json!({ "birthday": "11-23" });
    api.write(&format!("/api/v1/shops/corner-bakery/customers/{jon}/birthday"), birthday).await;
    api.mail_night(NIGHT).await;
    let page = api.later(&local(NIGHT, 10)).read(DECISIONS).await;
    let decisions = page["decisions"].as_array().unwrap();
    let kinds: Vec<&Value> = decisions.iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["birthday", "win-back"]);
    assert!(decisions[0]["message"]["id"].is_string());
    assert_eq!(decisions[0]["message"], decisions[1]["message"]);
}

#[tokio::test]
async fn decisions_are_found_by_customer_kind_outcome_and_day() {
    let api = Api::live_since(date(2026, 11, 1)).await;
    let jon = api.is_away(&jon()).await;
    api.left_out("b", Kind::Birthday, 20).await;
    api.left_out("a", Kind::WinBack, 20).await;
    api.left_out(jon.as_str(), Kind::Birthday, 10).await;
    api.mail_night(NIGHT).await;
    let api = api.later(&local(NIGHT, 10));
    let awaiting = format!("11-23 win-back {jon}");
    let hers = format!("11-10 birthday {jon}");
    let check = async |query: &str, expected: &[&str]| {
        let page = api.read(&format!("{DECISIONS}?{query}")).await;
        assert_eq!(places(&page), expected, "{query}");
        assert_eq!(page["next"], Value::Null, "{query}");
    };
    check("", &[&awaiting, "11-20 birthday b", "11-20 win-back a", &hers]).await;
    check("kind=win-back", &[&awaiting, "11-20 win-back a"]).await;
    check("outcome=awaiting", &[&awaiting]).await;
    check("outcome=skipped&kind=birthday", &["11-20 birthday b", &hers]).await;
    check("outcome=lapsed", &[]).await;
    check("from=2026-11-11&to=2026-11-20", &["11-20 birthday b", "11-20 win-back a"]).await;
    check(&format!("customer={jon}"), &[&awaiting, &hers]).await;
    check(&format!("customer={jon}&to=2026-11-22&kind=birthday"), &[&hers]).await;
    // What is asked for without a customer spans 30 days; about one it spans all.
    check("to=2026-12-30", &[]).await;
    check(&format!("customer={jon}&to=2027-12-30"), &[&awaiting, &hers]).await;
}

#[tokio::test]
async fn pages_lead_through_all_decisions_once() {
    let api = Api::live_since(date(2026, 11, 1)).await;
    let jon = api.is_away(&jon()).await;
    for number in 0..3 {
        api.is_away(&somebody(number)).await;
    }
    for (customer, day) in [("a", 20), ("b", 20), (jon.as_str(), 20), (jon.as_str(), 19)] {
        api.left_out(customer, Kind::Birthday, day).await;
        api.left_out(customer, Kind::WinBack, day).await;
    }
    api.mail_night(NIGHT).await;
    let api = api.later(&local(NIGHT, 10));
    for (filter, count) in [(String::new(), 12), (format!("&customer={jon}"), 5)] {
        let all = api.read(&format!("{DECISIONS}?limit=200{filter}")).await;
        assert_eq!(all["decisions"].as_array().unwrap().len(), count, "{filter}");
        for limit in [1, 2, 5] {
            let (mut cursor, mut found) = (String::new(), Vec::new());
            for _ in 0..=count {
                let page = api.read(&format!("{DECISIONS}?limit={limit}{filter}{cursor}")).await;
                let decisions = page["decisions"].as_array().unwrap();
                assert!(decisions.len() <= limit);
                found.extend(decisions.clone());
                let Some(next) = page["next"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(json!(found), all["decisions"], "{limit}{filter}");
        }
    }
}

#[tokio::test]
async fn a_bad_parameter_is_told_what_is_allowed() {
    let api = Api::open().await;
    for (query, kind, says) in [
        ("outcome=sent", "unreadable-outcome", "planned, held_out, awaiting"),
        ("kind=news", "unreadable-kind", "win-back"),
        ("from=november", "unreadable-from", "2026-11-22"),
        ("to=2026-11-31", "unreadable-to", "2026-11-22"),
        ("from=2026-11-23", "unreadable-span", "up to `to`"),
        ("from=2026-09-21", "unreadable-span", "62 days"),
        ("customer=a%20b", "unreadable-customer", "search"),
        ("limit=0", "unreadable-limit", "1 to 200"),
        ("cursor=x", "unreadable-cursor", "`next`"),
        ("cursor=2026-11-23_decided", "unreadable-cursor", "`next`"),
        ("cursor=2026-11-22_decided_news_a", "unreadable-cursor", "`next`"),
        ("day=2026-11-22", "unreadable-query", "`day`"),
    ] {
        let answer = api.get(&format!("{DECISIONS}?{query}")).await;
        let detail = answer.problem(400, kind);
        assert!(detail.contains(says), "{query}: {detail}");
    }
    api.read(&format!("{DECISIONS}?from=2026-09-22")).await;
    let nobody = format!("{DECISIONS}?customer=nobody");
    api.get(&nobody).await.problem(404, "unknown-customer");
}
