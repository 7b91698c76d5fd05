//! What surveys found, what people answered, and what the owner says to those who did.

use loyalty::order::{Line, Order};
use loyalty::survey::Question;
use serde_json::{Value, json};

use super::bakery::{BAKERY, line, order, sale, stamp};
use super::follow_ups::Given;
use super::{Api, at, shop};

const SURVEYS: &str = "/api/v1/shops/corner-bakery/surveys";
const ASKED: &str = "2026-11-18T15:00:00Z";

async fn asked(api: &Api, scores: &[&[(u8, Option<&str>)]]) -> Vec<String> {
    let mut ids = Vec::new();
    for (number, scores) in (1_u64..).zip(scores) {
        let (person, id) = (super::nights::somebody(number), number.to_string());
        let loaf = Line { product: Some(7_001.into()), ..line(1, 10_00) };
        let state = Order::observed(stamp(1), sale(10_00), Some(vec![loaf]));
        let recorded = api.tell_at(BAKERY, &order(&id), state, Some(person)).await;
        let customer = recorded.customer.unwrap();
        api.answered(&customer, &Given { order: &id, asked_at: ASKED, scores }, None).await;
        ids.push(customer.to_string());
    }
    ids
}

#[tokio::test]
async fn results_are_of_those_who_were_asked_in_a_month_with_their_response_rate() {
    let api = Api::open().await;
    asked(&api, &[&[(5, None)], &[(1, None), (4, None)], &[(2, None)], &[]]).await;
    let results = api.read(&format!("{SURVEYS}/results?from=2026-11&to=2026-11")).await;
    let csat = &results["questions"][0];
    let overall = &csat["overall"];
    assert_eq!((&overall["asked"], &overall["answered"]), (&json!(4), &json!(3)));
    assert_eq!(overall["response_rate"]["value"], 75.0);
    assert_eq!(overall["result"]["value"], 66.7);
    let counts: Vec<&Value> =
        overall["scores"].as_array().unwrap().iter().map(|one| &one["count"]).collect();
    assert_eq!(counts, [0, 1, 0, 1, 1]);
    assert_eq!(csat["by_month"][0]["name"], "2026-11");
    assert_eq!(csat["by_channel"][0]["name"], "shopify");
    assert_eq!(
        (&csat["by_tier"][0]["name"], &csat["by_tier"][0]["asked"]),
        (&json!("bronze"), &Value::Null)
    );
    let product = &csat["by_product"][0];
    assert_eq!((&product["name"], &product["answered"]), (&json!("7001"), &json!(3)));
    let none = api.read(&format!("{SURVEYS}/results?from=2026-09&to=2026-10")).await;
    assert_eq!(none["questions"], json!([]));
    for (query, kind) in [
        ("from=2026-12&to=2026-11", "unreadable-span"),
        ("from=2024-11&to=2026-11", "unreadable-span"),
        ("from=november", "unreadable-from"),
    ] {
        api.get(&format!("{SURVEYS}/results?{query}")).await.problem(400, kind);
    }
}

#[tokio::test]
async fn answers_come_newest_first_page_by_page_with_what_they_replaced() {
    let api = Api::open().await;
    let ids =
        asked(&api, &[&[(5, None)], &[(1, Some("Slow")), (4, Some("Fine"))], &[(2, None)], &[]]);
    let ids = ids.await;
    let all = api.read(&format!("{SURVEYS}/answers?month=2026-11")).await;
    let answers = all["answers"].as_array().unwrap();
    assert_eq!((answers.len(), &all["next"]), (3, &Value::Null));
    let replaced = &answers[0];
    assert_eq!((&replaced["customer"], &replaced["times"]), (&json!(ids[1]), &json!(2)));
    assert_eq!(
        (&replaced["score_in_words"], &replaced["comment"]),
        (&json!("4 of 5"), &json!("Fine"))
    );
    assert_eq!(
        (&replaced["earlier"][0]["score"], &replaced["name"]),
        (&json!(1), &json!("Jon Doe"))
    );
    let (mut before, mut found) = (String::new(), Vec::new());
    for _ in 0..4 {
        let page = api.read(&format!("{SURVEYS}/answers?month=2026-11&limit=1{before}")).await;
        found.extend(page["answers"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        before = format!("&before={next}");
    }
    assert_eq!(json!(found), all["answers"]);
    let low = api.read(&format!("{SURVEYS}/answers?month=2026-11&low=true")).await;
    assert_eq!(low["answers"].as_array().unwrap().len(), 1);
    assert_eq!(low["answers"][0]["customer"], json!(ids[2]));
    for (query, kind) in [
        ("low=yes", "unreadable-low"),
        ("question=ces", "unreadable-question"),
        ("before=x", "unreadable-before"),
        ("month=11", "unreadable-month"),
    ] {
        api.get(&format!("{SURVEYS}/answers?{query}")).await.problem(400, kind);
    }
}

#[tokio::test]
async fn those_who_answered_are_told_once_what_was_done_about_it() {
    let api = Api::open().await;
    let ids = asked(&api, &[&[(5, None)], &[(4, None)], &[]]).await;
    let body = json!({
        "id": "2026-11", "answered_from": "2026-11", "answered_to": "2026-11", "text": "Two of us now.",
    });
    let path = format!("{SURVEYS}/said");
    let dry = api.write(&format!("{path}?dry_run=true"), body.clone()).await;
    assert_eq!((&dry["answered"], &dry["planned"]), (&json!(2), &json!(0)));
    let done = api.write(&path, body.clone()).await;
    assert_eq!((&done["planned"], &done["left"]), (&json!(2), &json!(false)));
    assert_eq!(api.write(&path, body.clone()).await["planned"], 0, "nobody gets two");
    let first = ids[0].parse().unwrap();
    let messages = api.services.store.messages(&shop("corner-bakery"), &first).await.unwrap();
    let said: Vec<_> = messages.iter().filter(|one| one.trigger() == "you said 2026-11").collect();
    assert_eq!((said.len(), said[0].planned_at), (1, at(super::NOW)));
    let mut other = body;
    other["text"] = json!("Something else.");
    api.post(&path, other).await.problem(409, "said-already");
}

#[tokio::test]
async fn answers_at_the_counter_are_marked_and_count_but_for_the_response_rate() {
    let api = Api::open().await;
    asked(&api, &[&[(5, None)], &[]]).await;
    let (store, score) = (&api.services.store, Question::Csat.score(1).unwrap());
    let said = Some("Nobody greeted me.".to_owned());
    let bakery = shop(BAKERY);
    store.answer_at_counter(&bakery, score, said, at(super::NOW)).await.unwrap().unwrap();
    let listed = api.read(&format!("{SURVEYS}/answers?month=2026-11")).await;
    let answers = listed["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 2);
    let newest = &answers[0];
    assert_eq!((&newest["anonymous"], &answers[1]["anonymous"]), (&json!(true), &json!(false)));
    assert_eq!((&newest["comment"], &newest["low"]), (&json!("Nobody greeted me."), &json!(true)));
    for unknown in ["customer", "name", "order", "follow_up"] {
        assert_eq!(newest[unknown], Value::Null, "{unknown}");
    }
    let results = api.read(&format!("{SURVEYS}/results?from=2026-11&to=2026-11")).await;
    let csat = &results["questions"][0];
    let overall = &csat["overall"];
    assert_eq!((&overall["asked"], &overall["answered"]), (&json!(2), &json!(1)));
    assert_eq!((&overall["anonymous"], &overall["result"]["value"]), (&json!(1), &json!(50.0)));
    assert_eq!(overall["response_rate"]["value"], 50.0);
    let channels = csat["by_channel"].as_array().unwrap();
    let names: Vec<&Value> = channels.iter().map(|channel| &channel["name"]).collect();
    assert_eq!(names, ["counter", "shopify"]);
    assert_eq!(channels[0]["response_rate"], Value::Null);
    let open = api.read("/api/v1/shops/corner-bakery/follow-ups").await;
    assert_eq!(open["follow_ups"], json!([]), "nobody could be answered");
}

#[tokio::test]
async fn what_was_done_goes_to_two_hundred_a_request_and_to_the_rest_by_the_cursor() {
    let api = Api::open().await;
    let good: &[(u8, Option<&str>)] = &[(5, None)];
    asked(&api, &[good; 201]).await;
    let mut body = json!({
        "id": "2026-11", "answered_from": "2026-11", "answered_to": "2026-11", "text": "Two of us now.",
    });
    let path = format!("{SURVEYS}/said");
    let first = api.write(&path, body.clone()).await;
    assert_eq!((&first["answered"], &first["planned"]), (&json!(201), &json!(200)));
    assert_eq!(first["left"], true);
    body["cursor"] = first["cursor"].clone();
    let rest = api.write(&path, body).await;
    assert_eq!((&rest["planned"], &rest["left"]), (&json!(1), &json!(false)));
    assert_eq!(rest["cursor"], Value::Null);
}
