//! Low scores: what is known of who gave them, and what is done about them.

use loyalty::Points;
use loyalty::ids::{CustomerId, Source};
use loyalty::survey::{AnswerBy, Question};
use platform::store::{Answered, Answering, MailMode, Person, Survey, Whence};
use serde_json::{Value, json};

use super::bakery::{BAKERY, jon, order, paid};
use super::{Api, NOW, at, shop};

const SHOP: &str = "/api/v1/shops/corner-bakery";

/// A survey's answers: the last score is low where it opens a follow-up.
pub(super) struct Given<'a> {
    pub(super) order: &'a str,
    pub(super) asked_at: &'a str,
    pub(super) scores: &'a [(u8, Option<&'a str>)],
}

impl Api {
    /// She is asked, and answers as the page of surveys keeps it, each answer a day after the
    /// one before. Returns the follow-up that a low score of hers opened.
    pub(super) async fn answered(
        &self,
        customer: &CustomerId,
        given: &Given<'_>,
        by: Option<AnswerBy>,
    ) -> Option<String> {
        let (id, order, asked_at) = (shop(BAKERY), order(given.order), at(given.asked_at));
        let asked = Survey::asked(order.clone(), Question::Csat, asked_at);
        self.services.store.keep_survey(&id, customer, &asked).await.unwrap();
        for (day, (score, comment)) in (1_i64..).zip(given.scores) {
            let answering = Answering {
                shop: &id,
                customer,
                order: &order,
                asked_at,
                score: Question::Csat.score(*score).unwrap(),
                comment: *comment,
                answer_by: by,
                points: Points::ZERO,
                now: asked_at + jiff::SignedDuration::from_hours(day * 24),
            };
            let answered = self.services.store.answer_survey(&answering).await.unwrap();
            assert!(matches!(answered, Answered::Kept { .. }), "{answered:?}");
        }
        let survey = self.services.store.survey(&id, customer, &order).await.unwrap();
        survey.unwrap().follow_up
    }

    /// Jon, who bought for 10.00 and gave a low score.
    async fn low(&self, by: Option<AnswerBy>) -> (CustomerId, String) {
        self.low_of(jon(), by).await
    }

    /// Somebody who bought for 10.00 and gave a low score.
    async fn low_of(&self, person: Person, by: Option<AnswerBy>) -> (CustomerId, String) {
        let told = self.tell_at(BAKERY, &order("1"), paid(10_00), Some(person)).await;
        let jon = told.customer.unwrap();
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

#[tokio::test]
async fn the_draft_is_in_her_language() {
    let api = Api::open().await;
    let german = Person { language: Some("de".to_owned()), ..jon() };
    let (_, id) = api.low_of(german, Some(AnswerBy::Mail)).await;
    let full = api.read(&path(&id)).await;
    let draft = full["draft"].as_str().unwrap();
    assert!(draft.starts_with("Hallo Jon Doe,") && draft.contains("2 von 5"), "{draft}");
}

#[tokio::test]
async fn of_two_owners_who_give_points_at_once_one_does() {
    let api = Api::open().await;
    let (jon, id) = api.low(None).await;
    let goodwill = |points| json!({ "goodwill": { "points": points, "words": "Sorry" } });
    let path = path(&id);
    let (one, other) = tokio::join!(api.post(&path, goodwill(100)), api.post(&path, goodwill(300)));
    let (done, refused, points) =
        if one.status == 200 { (one, other, 100) } else { (other, one, 300) };
    assert_eq!(done.status, 200, "{}", done.body);
    refused.problem(409, "already-given");
    let ledger = api.customer_ledger(&jon).await;
    assert_eq!((ledger.len(), &ledger[0]["delta"]), (2, &json!(points)));
    let steps = &api.read(&path).await["follow_up"]["steps"];
    assert_eq!(steps.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_new_low_answer_after_it_was_closed_opens_it_again_and_points_may_be_given_again() {
    let api = Api::open().await;
    let (jon, id) = api.low(None).await;
    let goodwill = json!({ "goodwill": { "points": 50, "words": "Sorry" } });
    let mut closing = goodwill.clone();
    closing["close"] = json!({ "unanswered": true });
    let closed = api.write(&path(&id), closing).await;
    assert_eq!(
        (&closed["follow_up"]["round"], &closed["follow_up"]["open"]),
        (&json!(1), &json!(false))
    );
    let given =
        Given { order: "1", asked_at: "2026-11-20T15:00:00Z", scores: &[(1, Some("Again."))] };
    assert_eq!(api.answered(&jon, &given, None).await, Some(id.clone()));
    let opened = api.read(&path(&id)).await;
    let follow_up = &opened["follow_up"];
    assert_eq!((&follow_up["round"], &follow_up["open"]), (&json!(2), &json!(true)));
    assert_eq!((&opened["comment"], &follow_up["score"]), (&json!("Again."), &json!(1)));
    assert!(opened["marketing_held_until"].is_string(), "{opened}");
    assert_eq!(api.write(&path(&id), goodwill.clone()).await["points"], 200);
    api.post(&path(&id), goodwill).await.problem(409, "already-given");
    assert_eq!(api.customer_ledger(&jon).await.len(), 3);
}

#[tokio::test]
async fn while_mail_is_off_no_answer_is_written_and_the_rest_goes_on() {
    let api = Api::open().await;
    let (jon, id) = api.low(Some(AnswerBy::Mail)).await;
    let store = &api.services.store;
    store.set_mail_mode(&shop(BAKERY), MailMode::Off, Whence::Api, at(NOW)).await.unwrap();
    let answer = json!({ "answer": { "text": "I am sorry.", "points": 50 }, "close": true });
    api.post(&path(&id), answer).await.problem(409, "mail-off");
    assert_eq!(api.customer_ledger(&jon).await.len(), 1);
    assert_eq!(api.read(&path(&id)).await["follow_up"]["steps"], json!([]));
    let goodwill = json!({ "goodwill": { "points": 50, "words": "Sorry" } });
    assert_eq!(api.write(&path(&id), goodwill).await["points"], 150);
}

#[tokio::test]
async fn who_is_no_member_gets_no_points_and_that_is_said() {
    let api = Api::with_secrets(&[("api", super::TOKEN)]).await;
    let bakery = loyalty::program::CORNER_BAKERY;
    api.apply(&bakery.replace("\nmembership = \"automatic\"", "\nmembership = \"join\"")).await;
    let record = Person { id: "SQ1".to_owned(), ..Person::default() };
    let guest = api.meet(BAKERY, Source::Square, &record, None).await;
    let given = Given { order: "2", asked_at: "2026-11-20T15:00:00Z", scores: &[(1, None)] };
    let id = api.answered(&guest, &given, None).await.unwrap();
    let goodwill = json!({ "goodwill": { "points": 10, "words": "Sorry" } });
    api.post(&path(&id), goodwill).await.problem(409, "not-a-member");
    assert_eq!(api.customer_ledger(&guest).await, Vec::<Value>::new());
    assert_eq!(api.read(&path(&id)).await["follow_up"]["steps"], json!([]));
}
