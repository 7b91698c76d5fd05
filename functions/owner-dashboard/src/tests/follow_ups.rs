//! Low scores: what is known of who gave them, and what is done about them.

use jiff::Timestamp;
use loyalty::ids::{CustomerId, Source};
use loyalty::survey::{AnswerBy, Question};
use platform::Store;
use platform::store::{Answer, FollowUp, MailMode, Person, Survey, Whence};
use serde_json::{Value, json};

use super::bakery::{BAKERY, order, paid};
use super::{Api, NOW, at, shop};

const SHOP: &str = "/api/v1/shops/corner-bakery";

/// A survey's answers: the last score is low where it opens a follow-up.
pub(super) struct Given<'a> {
    pub(super) order: &'a str,
    pub(super) asked_at: &'a str,
    pub(super) scores: &'a [(u8, Option<&'a str>)],
}

impl Api {
    /// Keeps a survey with these answers as the page of surveys would, each a day after the one
    /// before; and its follow-up where the last is low.
    pub(super) async fn answered(
        &self,
        customer: &CustomerId,
        given: &Given<'_>,
        by: Option<AnswerBy>,
    ) -> Option<String> {
        let (id, order) = (shop(BAKERY), order(given.order));
        let mut survey = Survey::asked(order.clone(), Question::Csat, at(given.asked_at));
        for (day, (score, comment)) in (1_i64..).zip(given.scores) {
            let at: Timestamp = survey.asked_at + jiff::SignedDuration::from_hours(day * 24);
            survey.answers.push(Answer { at, score: *score, comment: comment.map(str::to_owned) });
            survey.answered += 1;
        }
        survey.tier = Some("bronze".parse().unwrap());
        survey.products = vec!["loaf".to_owned()];
        let low = survey.score().filter(|score| score.is_low());
        let follow_up = low.map(|score| {
            let mut one = FollowUp::opened(&id, customer, &order, score, at(NOW));
            one.answer_by = by;
            one
        });
        survey.follow_up = follow_up.as_ref().map(|one| one.id.clone());
        let store: &Store = &self.services.store;
        store.keep_answered(&id, customer, &survey, follow_up.as_ref()).await.unwrap();
        survey.follow_up
    }

    /// Jon, who bought for 10.00 and gave a low score.
    async fn low(&self, by: Option<AnswerBy>) -> (CustomerId, String) {
        let jon = self.tell("1", paid(10_00)).await;
        let given = Given {
            order: "1",
            asked_at: "2026-11-20T15:00:00Z",
            scores: &[(2, Some("The loaf was dry."))],
        };
        let id = self.answered(&jon, &given, by).await.unwrap();
        let mode = MailMode::Live;
        let store = &self.services.store;
        store.set_mail_mode(&shop(BAKERY), mode, Whence::Api, at(NOW)).await.unwrap();
        (jon, id)
    }

    async fn customer_ledger(&self, id: &CustomerId) -> Vec<Value> {
        let page = self.read(&format!("{SHOP}/customers/{id}/ledger")).await;
        page["entries"].as_array().unwrap().clone()
    }
}

fn path(id: &str) -> String {
    format!("{SHOP}/follow-ups/{id}")
}

#[tokio::test]
async fn a_follow_up_tells_who_it_is_what_she_said_and_how_to_answer_her() {
    let api = Api::open().await;
    let (jon, id) = api.low(Some(AnswerBy::Mail)).await;
    let listed = api.read(&format!("{SHOP}/follow-ups")).await;
    let first = &listed["follow_ups"][0];
    assert_eq!((&first["id"], &first["score_in_words"]), (&json!(id), &json!("2 of 5")));
    assert_eq!((&first["customer"], &first["name"]), (&json!(jon), &json!("Jon Doe")));
    let full = api.read(&path(&id)).await;
    assert_eq!(full["follow_up"], *first);
    assert_eq!((&full["email"], &full["phone"]), (&json!("Jon@example.com"), &Value::Null));
    assert_eq!((&full["orders"], &full["points"]), (&json!(1), &json!(100)));
    assert_eq!(full["spent"], json!({ "amount": "10.00", "currency": "USD" }));
    assert_eq!((&full["comment"], &full["earlier"]), (&json!("The loaf was dry."), &json!([])));
    assert!(full["marketing_held_until"].is_string(), "{full}");
    let draft = full["draft"].as_str().unwrap();
    assert!(draft.starts_with("Hello Jon Doe,") && draft.contains("2 of 5"), "{draft}");
    api.get(&path("nobody")).await.problem(404, "unknown-follow-up");
}

#[tokio::test]
async fn goodwill_is_given_once_with_the_owners_sentence_and_stands_on_the_ledger() {
    let api = Api::open().await;
    let (jon, id) = api.low(None).await;
    let goodwill = json!({ "goodwill": { "points": 200, "words": "Sorry for the dry loaf" } });
    let done = api.write(&path(&id), goodwill.clone()).await;
    assert_eq!((&done["points"], &done["follow_up"]["open"]), (&json!(300), &json!(true)));
    let ledger = api.customer_ledger(&jon).await;
    assert_eq!((ledger.len(), &ledger[0]["delta"]), (2, &json!(200)));
    assert_eq!(
        ledger[0]["cause"],
        json!({ "kind": "goodwill", "follow_up": id, "words": "Sorry for the dry loaf" })
    );
    assert_eq!(
        (&ledger[0]["balance_after"], &ledger[0]["origin"]),
        (&json!(300), &json!("adjust"))
    );
    api.post(&path(&id), goodwill).await.problem(409, "already-given");
    assert_eq!(api.customer_ledger(&jon).await.len(), 2);
    let acts = api.services.store.acts(&shop(BAKERY)).await.unwrap();
    assert_eq!(acts.len(), 1);
}

#[tokio::test]
async fn an_answer_goes_by_mail_only_to_who_asked_for_it_and_only_once() {
    let api = Api::open().await;
    let (jon, id) = api.low(Some(AnswerBy::Mail)).await;
    let body = json!({ "answer": { "text": "I am sorry.", "points": 50 }, "close": true });
    let done = api.write(&path(&id), body.clone()).await;
    let steps = done["follow_up"]["steps"].as_array().unwrap();
    let did: Vec<&Value> = steps.iter().map(|step| &step["did"]).collect();
    assert_eq!(did, ["answered", "gave", "closed"]);
    assert_eq!((&done["follow_up"]["open"], &done["points"]), (&json!(false), &json!(150)));
    assert_eq!(done["marketing_held_until"], Value::Null);
    let trigger = format!("answer {id} 1");
    let message = api.services.store.message(&shop(BAKERY), &jon, &trigger).await.unwrap();
    assert_eq!(message.unwrap().kinds(), [loyalty::mail::Kind::FollowUpAnswer]);
    assert!(api.post(&path(&id), body).await.problem(409, "closed").contains("closed at"));
    let closed = api.read(&format!("{SHOP}/follow-ups?state=closed")).await;
    assert_eq!(closed["follow_ups"][0]["id"], json!(id));
    assert_eq!(api.read(&format!("{SHOP}/follow-ups")).await["follow_ups"], json!([]));
}

#[tokio::test]
async fn the_same_answer_is_not_sent_twice() {
    let api = Api::open().await;
    let (jon, id) = api.low(Some(AnswerBy::Mail)).await;
    let body = json!({ "answer": { "text": "I am sorry." } });
    api.write(&path(&id), body.clone()).await;
    api.post(&path(&id), body).await.problem(409, "already-answered");
    api.write(&path(&id), json!({ "answer": { "text": "And come again." } })).await;
    let messages = api.services.store.messages(&shop(BAKERY), &jon).await.unwrap();
    let answers = messages.iter().filter(|one| one.trigger().starts_with("answer "));
    assert_eq!(answers.count(), 2);
}

#[tokio::test]
async fn who_asked_for_a_call_or_for_nothing_gets_no_mail() {
    for by in [Some(AnswerBy::Phone), Some(AnswerBy::No), None] {
        let api = Api::open().await;
        let (_, id) = api.low(by).await;
        let body = json!({ "answer": { "text": "I am sorry." } });
        api.post(&path(&id), body).await.problem(409, "not-by-mail");
        let full = api.read(&path(&id)).await;
        assert_eq!((&full["draft"], &full["email"]), (&Value::Null, &Value::Null));
        assert_eq!(full["phone"].is_string(), by == Some(AnswerBy::Phone));
    }
}

#[tokio::test]
async fn one_that_nobody_answered_is_closed_only_if_that_is_said() {
    let api = Api::open().await;
    let (_, id) = api.low(None).await;
    let refused = api.post(&path(&id), json!({ "close": {} })).await;
    assert!(refused.problem(409, "not-answered").contains("unanswered"));
    let closed = api.write(&path(&id), json!({ "close": { "unanswered": true } })).await;
    assert_eq!(closed["follow_up"]["open"], false);
    let api = Api::open().await;
    let (_, id) = api.low(Some(AnswerBy::Phone)).await;
    api.write(&path(&id), json!({ "called": {} })).await;
    assert_eq!(api.write(&path(&id), json!({ "close": {} })).await["follow_up"]["open"], false);
}

#[tokio::test]
async fn marketing_goes_on_only_when_the_last_of_her_low_scores_is_closed_merged_or_not() {
    let api = Api::open().await;
    let (jon, id) = api.low(None).await;
    let record = Person { id: "SQ1".to_owned(), ..Person::default() };
    let other = api.meet(BAKERY, Source::Square, &record, None).await;
    let given = Given { order: "2", asked_at: "2026-11-20T15:00:00Z", scores: &[(1, None)] };
    let second = api.answered(&other, &given, None).await.unwrap();
    api.write(&format!("{SHOP}/customers/{jon}/merge"), json!({ "other": other })).await;
    let close = json!({ "close": { "unanswered": true } });
    let first = api.write(&path(&id), close.clone()).await;
    assert!(first["marketing_held_until"].is_string(), "the other waits: {first}");
    let goodwill = json!({ "goodwill": { "points": 10, "words": "Sorry" } });
    let given = api.write(&path(&second), goodwill).await;
    assert_eq!(given["points"], 110, "the account that stands for her has them");
    assert_eq!(api.customer_ledger(&jon).await[0]["delta"], 10);
    let last = api.write(&path(&second), close).await;
    assert_eq!(last["marketing_held_until"], Value::Null);
}

#[tokio::test]
async fn what_makes_no_sense_is_told_and_changes_nothing() {
    let api = Api::open().await;
    let (_, id) = api.low(Some(AnswerBy::Mail)).await;
    let long = "a".repeat(5_001);
    for (body, kind) in [
        (json!({}), "unreadable-act"),
        (json!({ "called": {}, "goodwill": { "points": 1, "words": "a" } }), "unreadable-act"),
        (json!({ "answer": { "text": " " } }), "unreadable-text"),
        (json!({ "answer": { "text": long } }), "unreadable-text"),
        (json!({ "answer": { "text": "a", "words": "b" } }), "unreadable-words"),
        (json!({ "goodwill": { "points": 0, "words": "a" } }), "unreadable-points"),
        (json!({ "goodwill": { "points": 1_000_001, "words": "a" } }), "unreadable-points"),
        (json!({ "goodwill": { "points": 1, "words": "" } }), "unreadable-words"),
        (json!({ "goodwill": { "points": 1 } }), "unreadable-body"),
        (json!({ "called": { "note": "she cried" } }), "unreadable-body"),
    ] {
        api.post(&path(&id), body).await.problem(400, kind);
    }
    assert_eq!(api.read(&path(&id)).await["follow_up"]["steps"], json!([]));
}

#[tokio::test]
async fn of_who_was_erased_numbers_are_shown_and_no_name_and_nobody_is_written_to() {
    let api = Api::open().await;
    let (jon, id) = api.low(Some(AnswerBy::Mail)).await;
    let key = platform::store::keys::Entity::Contact(&jon).key(&shop(BAKERY));
    let text = |text: String| aws_sdk_dynamodb::types::AttributeValue::S(text);
    let store = &api.services.store;
    let delete = store.client().delete_item().table_name(store.table());
    delete.key("pk", text(key.pk)).key("sk", text(key.sk)).send().await.unwrap();
    let full = api.read(&path(&id)).await;
    assert_eq!((&full["follow_up"]["name"], &full["email"]), (&Value::Null, &Value::Null));
    assert_eq!((&full["orders"], &full["draft"]), (&json!(1), &Value::Null));
    let answer = json!({ "answer": { "text": "I am sorry." } });
    api.post(&path(&id), answer).await.problem(409, "unreachable");
}
