//! From SES's events to what then stands in the table: whatever comes late, twice, in another
//! order, or before our own mark.

mod reception;

use std::path::Path;

use jiff::Timestamp;
use loyalty::consent::Suppression;
use loyalty::ids::{OrderRef, Source};
use loyalty::ledger::Origin;
use loyalty::mail::{About as Topic, Draft, Kind};
use platform::store::{Claimed, Kept, MessageState, Person, Scene, Wanted};
use serde_json::{Value, json};
use testkit::shop::TestShop;

use super::*;

const NOON: &str = "2026-11-22T12:00:00Z";
const ALL: [&str; 4] = ["send", "delivery", "bounce-permanent", "complaint"];

/// A shop and a message to Ada, as far as it is.
struct Shop {
    shop: TestShop,
    kept: Kept,
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// All orders that these may come in.
fn orders<'a>(names: &[&'a str]) -> Vec<Vec<&'a str>> {
    if names.is_empty() {
        return vec![Vec::new()];
    }
    let first = |n: usize| {
        let rest = [&names[..n], &names[n + 1..]].concat();
        orders(&rest).into_iter().map(move |order| [&[names[n]], order.as_slice()].concat())
    };
    (0..names.len()).flat_map(first).collect()
}

impl Shop {
    /// A message that somebody is about to send.
    async fn claimed() -> Self {
        let shop = TestShop::open().await;
        Self::claimed_by(shop, 1).await
    }

    /// The same to somebody by her number at Shopify; number 1 is Ada.
    async fn claimed_by(shop: TestShop, buyer: u64) -> Self {
        shop.purchase(buyer, (buyer, 10, NOON), Origin::Live).await;
        let ada = shop.by_shopify_id(buyer).await.unwrap().id;
        let store = &shop.services.store;
        let id = buyer.to_string().parse().unwrap();
        let about = Topic::Order(OrderRef { source: Source::Shopify, id });
        let (trigger, time) = (about.trigger(), at(NOON));
        let (sections, caused_at) = (vec![Kind::Receipt], Some(time));
        let draft = Draft {
            about,
            from: time,
            sections: sections.clone(),
            due: time,
            fact_at: time,
            news_from: time,
            caused_at,
        };
        store.plan_message(&shop.id, &ada, draft, time).await.unwrap().unwrap();
        let message = store.message(&shop.id, &ada, &trigger).await.unwrap().unwrap();
        let kept = Kept { customer: ada.clone(), message };
        let desk = store.desk(&shop.id, &ada).await.unwrap();
        let wanted = Wanted { kinds: sections, ..Wanted::default() };
        let Claimed::Ours(message) =
            store.claim(&shop.id, &kept, &desk, wanted, time).await.unwrap()
        else {
            panic!("nobody else claims it")
        };
        Self { shop, kept: Kept { customer: ada, message: *message } }
    }

    /// A sample event, about this message.
    fn event(&self, name: &str) -> Value {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/mail-feedback");
        let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        let mut event: Value = serde_json::from_str(&text).unwrap();
        let tags = &mut event["detail"]["mail"]["tags"];
        tags["customer"] = json!([self.kept.customer]);
        tags["message"] = json!([self.kept.message.id]);
        let trigger = platform::store::trigger_tag(&self.kept.message.trigger());
        tags["trigger"] = json!([trigger.unwrap()]);
        event
    }

    async fn hears(&self, event: &Value) -> Outcome {
        let event = RawValue::from_string(event.to_string()).unwrap();
        handle(&self.shop.services, &event).await.unwrap()
    }

    async fn hears_of(&self, name: &str) -> Outcome {
        self.hears(&self.event(name)).await
    }

    /// Our own mark that SES answered.
    async fn marks_sent(&self) {
        let id = self.event("send")["detail"]["mail"]["messageId"].as_str().unwrap().to_owned();
        let store = &self.shop.services.store;
        store
            .message_sent(&self.shop.id, &self.kept, &id, at("2026-11-22T14:03:01Z"))
            .await
            .unwrap();
    }

    async fn message(&self) -> Message {
        let (store, trigger) = (&self.shop.services.store, self.kept.message.trigger());
        let found = store.message(&self.shop.id, &self.kept.customer, &trigger).await.unwrap();
        found.unwrap()
    }

    /// What the message tells of itself, without how often it was written.
    async fn told(&self) -> Message {
        Message { version: 0, ..self.message().await }
    }

    async fn suppressed(&self) -> Option<Suppression> {
        let ada = self.shop.by_shopify_id(1).await.unwrap();
        ada.contact.unwrap().consent.suppressed().map(|by| by.why)
    }

    /// Shopify tells that Ada's address is another now.
    async fn moves_to(&self, email: &str) {
        let identities = self.shop.identities();
        let (now, origin) = (at("2026-11-22T14:30:00Z"), Origin::Live);
        let (shop, source) = (&self.shop.id, Source::Shopify);
        let scene = Scene { shop, source, identities: &identities, origin, now };
        let person = Person {
            id: "1".to_owned(),
            email: Some(email.to_owned()),
            email_verified: true,
            updated_at: Some(now),
            ..Person::default()
        };
        self.shop.services.store.observe_person(&scene, &person, None).await.unwrap();
    }
}

#[tokio::test]
async fn a_send_event_settles_what_nobody_marked() {
    let shop = Shop::claimed().await;
    assert_eq!(shop.hears_of("send").await, Outcome::Heard);
    let message = shop.message().await;
    assert_eq!((message.state, message.due), (MessageState::Sent, None));
    assert_eq!(message.sent_at, Some(at("2026-11-22T14:03:00.117Z")));
    assert!(message.ses_id.is_some());
    // Nobody knew, and had left it at that.
    let shop = Shop::claimed().await;
    shop.shop.services.store.message_unknown(&shop.shop.id, &shop.kept).await.unwrap();
    assert_eq!(shop.message().await.state, MessageState::Unknown);
    shop.hears_of("send").await;
    assert_eq!(shop.message().await.state, MessageState::Sent);
}

#[tokio::test]
async fn our_own_mark_may_come_after_the_events() {
    for name in ["send", "delivery", "delivery-delay", "bounce-transient"] {
        let shop = Shop::claimed().await;
        shop.hears_of(name).await;
        let before = shop.told().await;
        assert_eq!(before.state, MessageState::Sent, "{name}: whatever came of it, SES took it");
        shop.marks_sent().await;
        assert_eq!(shop.told().await, before, "{name}");
    }
}

#[tokio::test]
async fn events_in_any_order_and_twice_come_to_the_same() {
    let mut expected = None;
    for (number, order) in orders(&ALL).into_iter().enumerate() {
        let shop = Shop::claimed().await;
        for (n, name) in order.iter().enumerate() {
            if n == number % ALL.len() {
                shop.marks_sent().await;
            }
            shop.hears_of(name).await;
            shop.hears_of(order[0]).await;
        }
        let mut told = shop.told().await;
        assert_eq!(shop.suppressed().await, Some(Suppression::Complaint), "{order:?}");
        // Each shop's Ada has an id of her own.
        told.id = String::new();
        told.claim = None;
        assert_eq!(*expected.get_or_insert(told.clone()), told, "{order:?}");
    }
    let told = expected.unwrap();
    assert_eq!(told.sent_at, Some(at("2026-11-22T14:03:00.117Z")));
    assert_eq!(told.delivered_at, Some(at("2026-11-22T14:03:01.402Z")));
    assert_eq!(told.bounced, Some(Bounced { at: at("2026-11-22T14:03:02.669Z"), permanent: true }));
    assert_eq!(told.complained_at, Some(at("2026-11-22T15:20:10Z")));
}

#[tokio::test]
async fn an_event_that_comes_twice_writes_nothing_the_second_time() {
    for name in ["send", "delivery", "bounce-permanent", "bounce-transient", "complaint", "reject"]
    {
        let shop = Shop::claimed().await;
        shop.hears_of(name).await;
        let contact = async || {
            let ada = shop.shop.by_shopify_id(1).await.unwrap();
            (ada.contact.unwrap().version, shop.message().await.version)
        };
        let before = contact().await;
        assert_eq!(shop.hears_of(name).await, Outcome::Heard);
        assert_eq!(contact().await, before, "{name}");
    }
}

#[tokio::test]
async fn a_permanent_bounce_keeps_mail_from_her_address() {
    for name in ["bounce-permanent", "bounce-suppressed"] {
        let shop = Shop::claimed().await;
        shop.hears_of(name).await;
        assert_eq!(shop.suppressed().await, Some(Suppression::Bounce), "{name}");
        assert!(shop.message().await.bounced.unwrap().permanent);
    }
}

#[tokio::test]
async fn three_bounces_for_now_within_30_days_do_too() {
    let shop = Shop::claimed().await;
    for (day, expected) in
        [("01", None), ("01", None), ("14", None), ("30", Some(Suppression::Bounces))]
    {
        let mut event = shop.event("bounce-transient");
        event["detail"]["bounce"]["timestamp"] = json!(format!("2026-11-{day}T10:00:00Z"));
        shop.hears(&event).await;
        assert_eq!(shop.suppressed().await, expected, "{day}");
    }
    // A bounce of which nobody knows is one for now.
    let shop = Shop::claimed().await;
    shop.hears_of("bounce-undetermined").await;
    assert!(!shop.message().await.bounced.unwrap().permanent);
    assert_eq!(shop.suppressed().await, None);
}

#[tokio::test]
async fn who_is_away_has_the_mail_all_the_same() {
    let shop = Shop::claimed().await;
    shop.hears_of("delivery").await;
    for day in 1..5 {
        let mut event = shop.event("bounce-out-of-office");
        event["detail"]["bounce"]["timestamp"] = json!(format!("2026-11-0{day}T10:00:00Z"));
        assert_eq!(shop.hears(&event).await, Outcome::Counted);
    }
    assert_eq!((shop.suppressed().await, shop.message().await.bounced), (None, None));
    // Not having been delivered, it came back.
    let shop = Shop::claimed().await;
    shop.hears_of("bounce-out-of-office").await;
    assert!(shop.message().await.bounced.is_some());
}

#[tokio::test]
async fn a_complaint_ends_marketing_and_account_mail_whoever_else_it_lists() {
    let shop = Shop::claimed().await;
    shop.hears_of("complaint").await;
    assert_eq!(shop.suppressed().await, Some(Suppression::Complaint));
    // Of others alone it says nothing about her.
    let shop = Shop::claimed().await;
    let mut event = shop.event("complaint");
    event["detail"]["complaint"]["complainedRecipients"] =
        json!([{"emailAddress": "grace@example.com"}]);
    shop.hears(&event).await;
    assert_eq!(shop.suppressed().await, None);
}

#[tokio::test]
async fn what_a_former_address_answers_says_nothing_of_the_new_one() {
    for name in ["bounce-permanent", "complaint"] {
        let shop = Shop::claimed().await;
        shop.moves_to("ada@new.example.com").await;
        assert_eq!(shop.hears_of(name).await, Outcome::Heard);
        assert_eq!(shop.suppressed().await, None, "{name}");
    }
    // The same address, written in another way, is hers.
    let shop = Shop::claimed().await;
    shop.moves_to(" Ada@EXAMPLE.com").await;
    shop.hears_of("bounce-permanent").await;
    assert_eq!(shop.suppressed().await, Some(Suppression::Bounce));
}

#[tokio::test]
async fn what_the_owners_mailbox_answers_says_nothing_of_the_customer() {
    for name in ["bounce-permanent", "complaint"] {
        let shop = Shop::claimed().await;
        let mut event = shop.event(name);
        event["detail"]["mail"]["tags"]["to"] = json!(["owner"]);
        assert_eq!(shop.hears(&event).await, Outcome::Heard);
        assert_eq!(shop.suppressed().await, None, "{name}");
        assert_eq!(shop.message().await.state, MessageState::Sent, "the message is what it is");
    }
}

#[tokio::test]
async fn what_ses_would_not_send_on_has_failed_whenever_the_rest_comes() {
    for name in ["reject", "rendering-failure"] {
        let shop = Shop::claimed().await;
        shop.hears_of(name).await;
        let message = shop.message().await;
        assert_eq!((message.state, message.due), (MessageState::Failed, None), "{name}");
        assert!(message.trouble.unwrap().starts_with("SES "));
        shop.hears_of("send").await;
        shop.marks_sent().await;
        assert_eq!(shop.message().await.state, MessageState::Failed, "{name}, then send");
        let shop = Shop::claimed().await;
        shop.marks_sent().await;
        shop.hears_of("send").await;
        shop.hears_of(name).await;
        assert_eq!(shop.message().await.state, MessageState::Failed, "send, then {name}");
    }
}

#[tokio::test]
async fn what_is_only_counted_stores_nothing() {
    let shop = Shop::claimed().await;
    let before = shop.message().await;
    for name in ["open", "click", "subscription"] {
        assert_eq!(shop.hears_of(name).await, Outcome::Counted, "{name}");
    }
    assert_eq!((shop.message().await, shop.suppressed().await), (before, None));
}

#[tokio::test]
async fn a_message_we_do_not_know_is_counted_and_left() {
    let shop = Shop::claimed().await;
    for name in ["send", "delivery", "bounce-permanent", "complaint", "reject"] {
        for (tag, value) in [
            ("message", "aaaaaaaaaaaaaaaaaaaaaaaaaa"),
            ("customer", "nobody"),
            ("shop", "harbour-books"),
            ("shop", "Not A Shop"),
        ] {
            let mut event = shop.event(name);
            event["detail"]["mail"]["tags"][tag] = json!([value]);
            assert_eq!(shop.hears(&event).await, Outcome::Unknown, "{name} {tag}");
        }
        let mut event = shop.event(name);
        event["detail"]["mail"].as_object_mut().unwrap().remove("tags");
        assert_eq!(shop.hears(&event).await, Outcome::Unknown, "{name}");
    }
    assert_eq!(
        (shop.suppressed().await, shop.message().await.state),
        (None, MessageState::Claimed)
    );
}

#[tokio::test]
async fn an_unreadable_event_is_refused_and_kept_by_lambda() {
    let shop = Shop::claimed().await;
    let event = RawValue::from_string("{\"source\": \"aws.ses\"}".to_owned()).unwrap();
    let error = handle(&shop.shop.services, &event).await.unwrap_err();
    assert!(matches!(error, FeedbackError::Unreadable(_)));
}
