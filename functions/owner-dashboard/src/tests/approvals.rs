//! Letters that wait for the owner's approval.

use jiff::civil::date;
use serde_json::{Value, json};

use super::bakery::{BAKERY, jon};
use super::nights::{NIGHT, local, somebody};
use super::{Api, redacted, shop};

const APPROVALS: &str = "/api/v1/shops/corner-bakery/approvals";
const THIS: &str = "/api/v1/shops/corner-bakery/approvals/2026-11-23.win-back";
const DECISIONS: &str = "/api/v1/shops/corner-bakery/decisions";

/// The bakery after a night that found so many away, whose letters wait; and their ids.
async fn waiting(count: u64) -> (Api, Vec<String>) {
    let api = Api::live_since(date(2026, 11, 1)).await;
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(api.is_away(&somebody(number)).await.to_string());
    }
    api.mail_night(NIGHT).await;
    ids.sort();
    (api.later(&local(NIGHT, 10)), ids)
}

/// The customers whose decision has an outcome.
async fn with(api: &Api, outcome: &str) -> Vec<String> {
    let page = api.read(&format!("{DECISIONS}?outcome={outcome}&limit=200")).await;
    let decisions = page["decisions"].as_array().unwrap().iter();
    decisions.map(|one| one["customer"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_waits_says_to_whom_and_why_until_when_with_what_offer_and_at_what_cost() {
    let api = Api::live_since(date(2026, 11, 1)).await;
    let jon = api.is_away(&jon()).await;
    api.mail_night(NIGHT).await;
    let api = api.later(&local(NIGHT, 10));
    let page = api.read(APPROVALS).await;
    insta::assert_snapshot!(redacted(&page, &[(jon.as_str(), "jon")]));
    let one = api.read(THIS).await;
    assert_eq!(json!([one]), page["approvals"]);
}

#[tokio::test]
async fn a_batch_with_an_offer_shows_it() {
    let program = loyalty::program::CORNER_BAKERY.replacen("# offer =", "offer =", 1);
    let api = Api::live_since(date(2026, 11, 1)).await;
    api.apply(&program).await;
    api.is_away(&jon()).await;
    api.mail_night(NIGHT).await;
    let page = api.later(&local(NIGHT, 10)).read(APPROVALS).await;
    assert_eq!(page["approvals"][0]["offer"], "A coffee on us with your next loaf");
}

#[tokio::test]
async fn all_that_is_approved_is_planned_at_once() {
    let (api, ids) = waiting(3).await;
    let done = api.write(THIS, json!({ "approve": "all" })).await;
    assert_eq!((&done["released"], &done["left_out"]), (&json!(3), &json!(0)));
    assert_eq!(done["settled"], true);
    let approval = &done["approval"];
    assert_eq!((&approval["open"], &approval["answer"]), (&json!(false), &json!("all")));
    assert_eq!((&approval["settled"], &approval["waiting"]), (&json!(true), &json!(0)));
    assert_eq!(with(&api, "planned").await, ids);
    let messages = api.read("/api/v1/shops/corner-bakery/messages?kind=win-back").await;
    assert_eq!(messages["messages"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn some_go_and_the_others_are_left_out() {
    let (api, ids) = waiting(3).await;
    let done = api.write(THIS, json!({ "approve": [ids[1]] })).await;
    assert_eq!((&done["released"], &done["left_out"]), (&json!(1), &json!(2)));
    assert_eq!(done["approval"]["answer"], "some");
    let outcomes: Vec<&Value> =
        done["approval"]["letters"].as_array().unwrap().iter().map(|one| &one["outcome"]).collect();
    assert_eq!(outcomes, ["refused", "planned", "refused"]);
    assert_eq!(with(&api, "planned").await, ids[1..2]);
    assert_eq!(with(&api, "refused").await, [ids[0].clone(), ids[2].clone()]);
}

#[tokio::test]
async fn none_goes_where_none_is_approved() {
    let (api, ids) = waiting(2).await;
    let done = api.write(THIS, json!({ "approve": "none" })).await;
    assert_eq!((&done["released"], &done["left_out"]), (&json!(0), &json!(2)));
    assert_eq!(with(&api, "refused").await, ids);
    let messages = api.read("/api/v1/shops/corner-bakery/messages?kind=win-back").await;
    assert_eq!(messages["messages"], json!([]));
}

#[tokio::test]
async fn a_batch_is_answered_once_and_in_time() {
    let (api, _) = waiting(1).await;
    let in_a_week = api.later(&local(date(2026, 11, 30), 4));
    let late = in_a_week.post(THIS, json!({ "approve": "all" })).await;
    assert!(late.problem(409, "too-late").contains("lapsed"));
    assert_eq!(in_a_week.read(&format!("{APPROVALS}?open=true")).await["approvals"], json!([]));
    api.write(THIS, json!({ "approve": "none" })).await;
    for answer in ["all", "none"] {
        let again = api.post(THIS, json!({ "approve": answer })).await;
        again.problem(409, "already-answered");
    }
    assert_eq!(with(&api, "planned").await.len(), 0);
    for unknown in ["2026-11-22.win-back", "2026-11-23.birthday", "2026-11-23.news", "x", "x.y"] {
        let path = format!("{APPROVALS}/{unknown}");
        api.get(&path).await.problem(404, "unknown-approval");
        api.post(&path, json!({ "approve": "all" })).await.problem(404, "unknown-approval");
    }
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_leaves_the_batch_open() {
    let (api, ids) = waiting(1).await;
    for (body, kind, says) in [
        (json!({}), "unreadable-body", "approve"),
        (json!({ "approve": "some" }), "unreadable-body", "\"all\", \"none\" or a list"),
        (json!({ "approve": [ids[0], "nobody"] }), "unknown-letter", "nobody"),
        (json!({ "approve": ["a b"] }), "unreadable-customer", "search"),
        (json!({ "approve": vec!["a"; 1001] }), "too-many-customers", "1000"),
    ] {
        let answer = api.post(THIS, body.clone()).await;
        let detail = answer.problem(400, kind);
        assert!(detail.contains(says), "{body}: {detail}");
    }
    let open = api.read(&format!("{APPROVALS}?open=true")).await;
    assert_eq!(open["approvals"][0]["waiting"], 1);
    for (query, kind) in [
        ("?open=yes", "unreadable-open"),
        ("?before=soon", "unreadable-before"),
        ("/2026-11-23.win-back?cursor=2026-11-24_awaiting", "unreadable-cursor"),
    ] {
        api.get(&format!("{APPROVALS}{query}")).await.problem(400, kind);
    }
}

#[tokio::test]
async fn letters_of_a_batch_and_batches_come_page_by_page() {
    let (api, ids) = waiting(5).await;
    let (mut cursor, mut found) = (String::new(), Vec::new());
    for _ in 0..3 {
        let page = api.read(&format!("{THIS}?limit=2{cursor}")).await;
        let letters = page["letters"].as_array().unwrap().iter();
        found.extend(letters.map(|one| one["customer"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found, ids);

    // A second night finds somebody else.
    let (id, store) = (shop(BAKERY), &api.services.store);
    api.buys_on(&somebody(9), &[5, 12, 19, 26].map(|day| date(2026, 10, day))).await;
    api.mail_night(date(2026, 11, 24)).await;
    assert_eq!(store.approvals(&id, api.services.clock.now()).await.unwrap().len(), 2);
    let first = api.read(&format!("{APPROVALS}?limit=1")).await;
    assert_eq!(first["approvals"][0]["date"], "2026-11-24");
    assert_eq!(first["next"], "2026-11-24");
    let second = api.read(&format!("{APPROVALS}?limit=1&before=2026-11-24")).await;
    assert_eq!(
        (&second["approvals"][0]["date"], &second["next"]),
        (&json!("2026-11-23"), &json!(null))
    );
}
