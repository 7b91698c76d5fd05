//! Messages: what was to be told to whom, and what became of it.

use http::Method;
use jiff::SignedDuration;
use loyalty::ids::CustomerId;
use loyalty::mail::{About, Draft, Kind, WhyNot};
use platform::store::{Bounced, Claimed, Decision, Heard, Kept, Wanted};
use serde_json::{Value, json};

use super::bakery::paid;
use super::{Api, NOW, at, redacted, shop};

const MESSAGES: &str = "/api/v1/shops/corner-bakery/messages";

impl Api {
    /// Plans a message about an order.
    async fn plan(
        &self,
        customer: &CustomerId,
        order: u64,
        kinds: &[Kind],
        planned_at: &str,
    ) -> Kept {
        let (id, now) = (shop("corner-bakery"), at(planned_at));
        let customer = customer.clone();
        let source = loyalty::ids::Source::Shopify;
        let order = loyalty::ids::OrderRef { source, id: order.to_string().parse().unwrap() };
        let draft = Draft {
            about: About::Order(order),
            from: now,
            sections: kinds.to_vec(),
            due: now,
            fact_at: now,
            news_from: now,
            caused_at: None,
        };
        let store = &self.services.store;
        store.plan_message(&id, &customer, draft.clone(), now).await.unwrap().unwrap();
        let message = store.message(&id, &customer, &draft.about.trigger()).await.unwrap();
        Kept { customer, message: message.unwrap() }
    }

    async fn claim(&self, kept: &Kept, to_owner: bool) -> Kept {
        let (id, store) = (shop("corner-bakery"), &self.services.store);
        let desk = store.desk(&id, &kept.customer).await.unwrap();
        let kinds = kept.message.draft.sections.clone();
        let wanted = Wanted { kinds, to_owner, ..Wanted::default() };
        match store.claim(&id, kept, &desk, wanted, at(NOW)).await.unwrap() {
            Claimed::Ours(message) => Kept { customer: kept.customer.clone(), message: *message },
            Claimed::Changed => panic!("nothing changed"),
        }
    }
}

fn triggers(page: &Value) -> Vec<&str> {
    let messages = page["messages"].as_array().unwrap().iter();
    messages.map(|message| message["trigger"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_became_of_a_message_is_shown_and_never_an_address() {
    let api = Api::open().await;
    let ada = api.tell("1", paid(60_00)).await;
    let (id, store) = (shop("corner-bakery"), &api.services.store);
    let sections = [Kind::TierReached, Kind::Receipt];
    let sent = api.plan(&ada, 1, &sections, "2026-11-22T14:00:00Z").await;
    let sent = api.claim(&sent, false).await;
    store.message_sent(&id, &sent, "0100-ses", at(NOW)).await.unwrap();
    let name = &sent.message.id;
    for heard in
        [Heard::Delivered { at: at(NOW) }, Heard::Bounced(Bounced { at: at(NOW), permanent: true })]
    {
        store.message_heard(&id, &sent.customer, name, None, &[heard]).await.unwrap().unwrap();
    }
    let dropped = api.plan(&ada, 2, &[Kind::Welcome], "2026-11-22T14:01:00Z").await;
    let reasons = [(Kind::Welcome, WhyNot::NoConsent)];
    store.message_dropped(&id, &dropped, &reasons).await.unwrap();
    let later = at(NOW).checked_add(SignedDuration::from_hours(1)).unwrap();
    let waiting = api.plan(&ada, 3, &[Kind::Receipt], "2026-11-22T14:02:00Z").await;
    store.message_waits(&id, &waiting, later, WhyNot::Quiet).await.unwrap();
    let owner = api.plan(&ada, 4, &[Kind::Receipt], "2026-11-22T14:03:00Z").await;
    api.claim(&owner, true).await;

    let page = api.read(MESSAGES).await;
    let ids = [&sent, &dropped, &waiting, &owner].map(|kept| kept.message.id.as_str());
    let names = ["sent", "dropped", "waiting", "to the owner"];
    let ids: Vec<_> = ids.into_iter().zip(names).chain([(ada.as_str(), "ada")]).collect();
    insta::assert_snapshot!(redacted(&page, &ids));
    assert!(!page.to_string().contains('@'));
}

#[tokio::test]
async fn what_failed_is_found_and_what_waits_after_a_failure_too() {
    let api = Api::open().await;
    let ada = api.tell("1", paid(60_00)).await;
    let (id, store) = (shop("corner-bakery"), &api.services.store);
    let failed = api.plan(&ada, 1, &[Kind::Receipt], "2026-11-22T14:00:00Z").await;
    let failed = api.claim(&failed, false).await;
    store.message_failed(&id, &failed, "SES refused it").await.unwrap();
    let held = api.plan(&ada, 2, &[Kind::Receipt], "2026-11-22T14:01:00Z").await;
    let again = "2026-11-22T16:00:00Z";
    store.message_held(&id, &held, "there is no from-address", at(again)).await.unwrap();
    let given_up = api.plan(&ada, 3, &[Kind::Receipt], "2026-11-22T14:02:00Z").await;
    store.message_held(&id, &given_up, "SES is paused", at(again)).await.unwrap();
    let trigger = given_up.message.trigger();
    let message = store.message(&id, &given_up.customer, &trigger).await.unwrap().unwrap();
    let given_up = Kept { message, ..given_up };
    store.message_given_up(&id, &given_up).await.unwrap();
    api.plan(&ada, 4, &[Kind::Receipt], "2026-11-22T14:03:00Z").await;

    let page = api.read(&format!("{MESSAGES}?state=failed")).await;
    assert_eq!(triggers(&page), ["order shopify:3", "order shopify:2", "order shopify:1"]);
    let told = |index: usize| {
        let message = &page["messages"][index];
        ["state", "trouble", "due", "gave_up", "tries"].map(|name| message[name].clone())
    };
    let due: jiff::Timestamp = told(1)[2].as_str().unwrap().parse().unwrap();
    assert_eq!(due, at(again));
    let none = Value::Null;
    let [state, trouble, ..] = told(1);
    assert_eq!((state, trouble), (json!("waiting"), json!("there is no from-address")));
    let failed = [json!("failed"), json!("SES refused it"), none.clone(), json!(false), json!(1)];
    assert_eq!(told(2), failed);
    assert_eq!(told(0), [json!("failed"), json!("SES is paused"), none, json!(true), json!(1)]);

    let waiting = api.read(&format!("{MESSAGES}?state=waiting")).await;
    assert_eq!(triggers(&waiting), ["order shopify:4", "order shopify:2"]);
    let of_her = api.read(&format!("{MESSAGES}?state=failed&customer={ada}")).await;
    assert_eq!(of_her, page);
}

#[tokio::test]
async fn messages_are_found_by_state_kind_customer_and_month() {
    let api = Api::open().await;
    let ada = api.tell("1", paid(60_00)).await;
    api.plan(&ada, 1, &[Kind::Welcome], "2026-10-31T23:59:59Z").await;
    api.plan(&ada, 2, &[Kind::Receipt], "2026-11-01T00:00:00Z").await;
    let claimed = api.plan(&ada, 3, &[Kind::Receipt, Kind::Welcome], NOW).await;
    api.claim(&claimed, false).await;
    let check = async |query: &str, orders: &[u64]| {
        let page = api.read(&format!("{MESSAGES}?{query}")).await;
        let expected: Vec<_> =
            orders.iter().map(|order| format!("order shopify:{order}")).collect();
        assert_eq!(triggers(&page), expected, "{query}");
        assert_eq!(page["next"], Value::Null, "{query}");
    };
    check("", &[3, 2]).await;
    check("month=2026-10", &[1]).await;
    check("month=2026-09", &[]).await;
    check("state=claimed", &[3]).await;
    check("state=sent", &[]).await;
    check("kind=welcome", &[3]).await;
    check("kind=welcome&month=2026-10&state=waiting", &[1]).await;
    check(&format!("customer={ada}"), &[3, 2, 1]).await;
    check(&format!("customer={ada}&month=2026-11"), &[3, 2]).await;
    check(&format!("customer={ada}&kind=welcome&state=waiting"), &[1]).await;
}

#[tokio::test]
async fn pages_lead_through_all_messages_once_whatever_their_state() {
    let api = Api::open().await;
    let ada = api.tell("1", paid(60_00)).await;
    let id = shop("corner-bakery");
    for order in 0..7 {
        let planned_at = format!("2026-11-22T14:00:{:02}Z", order / 2);
        let kept = api.plan(&ada, order, &[Kind::Receipt], &planned_at).await;
        if order % 3 == 0 {
            let store = &api.services.store;
            store.message_failed(&id, &kept, "SES refused it").await.unwrap();
        }
    }
    let all = api.read(MESSAGES).await;
    assert_eq!(all["messages"].as_array().unwrap().len(), 7);
    for filter in [String::new(), format!("&customer={ada}")] {
        let (mut cursor, mut found) = (String::new(), Vec::new());
        for _ in 0..5 {
            let page = api.read(&format!("{MESSAGES}?limit=2{filter}{cursor}")).await;
            let messages = page["messages"].as_array().unwrap();
            assert!(messages.len() <= 2);
            found.extend(messages.clone());
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(json!(found), all["messages"], "{filter}");
    }
}

#[tokio::test]
async fn whoever_looks_for_few_of_many_finds_them() {
    let api = Api::open().await;
    let ada = api.tell("1", paid(60_00)).await;
    for order in 0..230 {
        let planned_at = format!("2026-11-22T14:{:02}:00Z", order / 5);
        let kinds = if order == 3 { [Kind::Welcome] } else { [Kind::Receipt] };
        api.plan(&ada, order, &kinds, &planned_at).await;
    }
    let page = api.read(&format!("{MESSAGES}?kind=welcome")).await;
    assert_eq!(triggers(&page), ["order shopify:3"]);
    let page = api.read(&format!("{MESSAGES}?limit=200")).await;
    assert_eq!(triggers(&page).len(), 200);
    let next = page["next"].as_str().unwrap();
    let rest = api.read(&format!("{MESSAGES}?limit=200&cursor={next}")).await;
    assert_eq!((triggers(&rest).len(), &rest["next"]), (30, &Value::Null));
}

#[tokio::test]
async fn a_customers_view_has_her_messages_and_why_there_were_no_others() {
    let api = Api::open().await;
    let ada = api.tell("1", paid(60_00)).await;
    let path = format!("/api/v1/shops/corner-bakery/customers/{ada}/messages");
    assert_eq!(api.read(&path).await, json!({ "messages": [], "decisions": [] }));
    api.plan(&ada, 1, &[Kind::Receipt], "2026-10-31T12:00:00Z").await;
    api.plan(&ada, 2, &[Kind::Receipt], "2026-11-22T14:00:00Z").await;
    let (date, trigger) = (jiff::civil::date(2026, 11, 22), "order shopify:1".to_owned());
    let decision = Decision::skipped(date, Kind::Welcome, trigger, WhyNot::NotLive, at(NOW));
    let id = shop("corner-bakery");
    api.services.store.keep_decision(&id, &ada, &decision).await.unwrap();
    let page = api.read(&path).await;
    assert_eq!(triggers(&page), ["order shopify:2", "order shopify:1"]);
    let reason = json!({ "kind": "welcome", "code": "not-live", "text": "mail is not live" });
    assert_eq!(
        page["decisions"],
        json!([{
            "date": "2026-11-22", "at": NOW, "trigger": "order shopify:1", "kind": "welcome",
            "outcome": "skipped", "reason": reason, "facts": []
        }])
    );
    let nobody = "/api/v1/shops/corner-bakery/customers/nobody/messages";
    api.get(nobody).await.problem(404, "unknown-customer");
}

#[tokio::test]
async fn a_bad_parameter_is_told_what_is_allowed() {
    let api = Api::open().await;
    for (query, kind, says) in [
        ("state=lost", "unreadable-state", "waiting, claimed, sent, unknown, failed, dropped"),
        ("state=", "unreadable-state", "failed"),
        ("kind=news", "unreadable-kind", "receipt"),
        ("month=november", "unreadable-month", "2026-11"),
        ("month=2026-13", "unreadable-month", "2026-11"),
        ("customer=a%20b", "unreadable-customer", "search"),
        ("limit=0", "unreadable-limit", "1 to 200"),
        ("limit=201", "unreadable-limit", "1 to 200"),
        ("cursor=x", "unreadable-cursor", "`next`"),
        ("cursor=2026-11-22T14:00:00Z_%23", "unreadable-cursor", "`next`"),
        ("to=owner", "unreadable-query", "`to`"),
    ] {
        let answer = api.get(&format!("{MESSAGES}?{query}")).await;
        let detail = answer.problem(400, kind);
        assert!(detail.contains(says), "{query}: {detail}");
    }
    let nobody = format!("{MESSAGES}?customer=nobody");
    api.get(&nobody).await.problem(404, "unknown-customer");
    api.get("/api/v1/shops/nowhere/messages").await.problem(404, "unknown-shop");
}

#[tokio::test]
async fn without_a_token_no_message_is_shown() {
    let api = Api::open().await;
    api.ask(Method::GET, MESSAGES, None).await.problem(401, "unauthorized");
    let path = "/api/v1/shops/corner-bakery/customers/1/messages";
    api.ask(Method::GET, path, Some("Bearer guess")).await.problem(401, "unauthorized");
}
