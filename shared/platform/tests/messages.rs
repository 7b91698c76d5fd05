//! Messages over the embedded engine: one per trigger, claimed by one, settled once.
#![cfg(test)]

use jiff::{SignedDuration, Timestamp};
use loyalty::consent::{Act, Channel, Teller};
use loyalty::ids::{OrderRef, Source};
use loyalty::mail::{About, Class, Draft, Kind, WhyNot};
use platform::store::{
    Among, Claimed, Desk, Heard, Kept, MailMode, Message, MessageState, Wanted, Whence,
};
use testkit::shop::TestShop;

const NOON: &str = "2026-11-22T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A shop where Ada bought something, and the receipt that is to be told.
async fn shop() -> (TestShop, Kept) {
    let shop = TestShop::open().await;
    shop.buys(1, 10, NOON).await;
    let kept = planned(&shop, draft(1, &[Kind::Receipt])).await.unwrap();
    (shop, kept)
}

fn draft(order: u64, sections: &[Kind]) -> Draft {
    let about =
        About::Order(OrderRef { source: Source::Shopify, id: order.to_string().parse().unwrap() });
    let (from, due, fact_at) = (at(NOON), at(NOON), at(NOON));
    let sections = sections.to_vec();
    Draft { about, from, sections, due, fact_at, news_from: fact_at, caused_at: Some(fact_at) }
}

async fn planned(shop: &TestShop, draft: Draft) -> Option<Kept> {
    let ada = shop.by_email("ada@example.com").await.unwrap().id;
    let trigger = draft.about.trigger();
    let store = &shop.services.store;
    store.plan_message(&shop.id, &ada, draft, shop.services.clock.now()).await.unwrap()?;
    let message = store.message(&shop.id, &ada, &trigger).await.unwrap().unwrap();
    Some(Kept { customer: ada, message })
}

async fn desk(shop: &TestShop, kept: &Kept) -> Desk {
    shop.services.store.desk(&shop.id, &kept.customer).await.unwrap()
}

async fn claim(shop: &TestShop, kept: &Kept, desk: &Desk, kinds: &[Kind]) -> Option<Kept> {
    let wanted = Wanted { kinds: kinds.to_vec(), ..Wanted::default() };
    let now = shop.services.clock.now();
    match shop.services.store.claim(&shop.id, kept, desk, wanted, now).await.unwrap() {
        Claimed::Ours(message) => Some(Kept { customer: kept.customer.clone(), message: *message }),
        Claimed::Changed => None,
    }
}

async fn claimed(shop: &TestShop, kept: &Kept) -> Kept {
    let desk = desk(shop, kept).await;
    claim(shop, kept, &desk, &[Kind::Receipt]).await.unwrap()
}

async fn now_is(shop: &TestShop, kept: &Kept) -> Message {
    let store = &shop.services.store;
    store.message(&shop.id, &kept.customer, &kept.message.trigger()).await.unwrap().unwrap()
}

/// When Ada may next have mail of a class.
async fn next(shop: &TestShop, class: Class) -> Timestamp {
    let ada = shop.by_email("ada@example.com").await.unwrap();
    ada.account.sent.allowed(class, false, at(NOON), &jiff::tz::TimeZone::UTC)
}

#[tokio::test]
async fn one_trigger_is_one_message_whatever_name_she_has() {
    let (shop, kept) = shop().await;
    assert_eq!(kept.message.id.len(), 26);
    assert_eq!(planned(&shop, draft(1, &[Kind::TierReached])).await, None);
    assert!(planned(&shop, draft(2, &[Kind::Receipt])).await.is_some());
    assert_eq!(now_is(&shop, &kept).await, kept.message, "what was planned stays");
}

#[tokio::test]
async fn a_message_that_is_due_is_found_until_it_is_settled() {
    let (shop, kept) = shop().await;
    let due = async |now: &str| {
        let work = shop.services.store.due_work(&shop.id, 10, at(now)).await.unwrap();
        work.messages.into_iter().map(|kept| kept.message.state).collect::<Vec<_>>()
    };
    assert_eq!(due("2026-11-22T11:59:59Z").await, []);
    assert_eq!(due(NOON).await, [MessageState::Waiting]);
    let ours = claimed(&shop, &kept).await;
    assert_eq!(due("2026-11-22T12:14:59Z").await, [], "somebody is on it");
    assert_eq!(due("2026-11-22T12:15:00Z").await, [MessageState::Claimed], "nobody answered");
    let store = &shop.services.store;
    store.message_sent(&shop.id, &ours, "ses-1", at(NOON)).await.unwrap();
    for later in ["2026-11-22T12:15:00Z", "2026-11-30T12:00:00Z"] {
        assert_eq!(due(later).await, []);
    }
}

#[tokio::test]
async fn work_that_waited_for_months_is_found() {
    let (shop, _) = shop().await;
    let store = &shop.services.store;
    let hour = SignedDuration::from_hours(1);
    // The index is looked through every hour, and every hour nothing is done.
    for hours in 0..40 {
        let now = at(NOON) + hour * hours;
        assert_eq!(store.due_work(&shop.id, 10, now).await.unwrap().messages.len(), 1);
    }
    let much_later = at("2027-02-01T00:00:00Z");
    assert_eq!(store.due_work(&shop.id, 10, much_later).await.unwrap().messages.len(), 1);
}

#[tokio::test]
async fn of_two_who_claim_a_message_one_has_it() {
    let (shop, kept) = shop().await;
    let desk = desk(&shop, &kept).await;
    assert!(claim(&shop, &kept, &desk, &[Kind::Receipt]).await.is_some());
    assert_eq!(claim(&shop, &kept, &desk, &[Kind::Receipt]).await, None);
}

#[tokio::test]
async fn whatever_changes_between_decision_and_claim_takes_the_claim_away() {
    let (channel, teller) = (Channel::Email, Teller::Own);
    for act in [Act::Unsubscribed { channel, teller }, Act::Complained] {
        let (shop, kept) = shop().await;
        let desk = desk(&shop, &kept).await;
        shop.ada_says(NOON, act).await;
        assert_eq!(claim(&shop, &kept, &desk, &[Kind::Receipt]).await, None);
    }
    let (shop, kept) = shop().await;
    let before = desk(&shop, &kept).await;
    shop.services
        .store
        .set_mail_mode(&shop.id, MailMode::Live, Whence::Api, at(NOON))
        .await
        .unwrap();
    assert_eq!(claim(&shop, &kept, &before, &[Kind::Receipt]).await, None);
    let before = desk(&shop, &kept).await;
    shop.buys(2, 10, NOON).await;
    assert_eq!(claim(&shop, &kept, &before, &[Kind::Receipt]).await, None, "her account moved");
}

#[tokio::test]
async fn a_claim_counts_for_the_caps_and_one_given_back_does_not() {
    let (shop, kept) = shop().await;
    let ours = claimed(&shop, &kept).await;
    let tomorrow = at("2026-11-23T00:00:00Z");
    assert_eq!(next(&shop, Class::Account).await, tomorrow);
    let due = at("2026-11-22T13:00:00Z");
    shop.services.store.message_held(&shop.id, &ours, "SES is paused", due).await.unwrap();
    assert_eq!(next(&shop, Class::Account).await, at(NOON));
    let waits = now_is(&shop, &kept).await;
    assert_eq!((waits.state, waits.due, waits.tries), (MessageState::Waiting, Some(due), 1));
    assert!(waits.is_troubled());
    let store = &shop.services.store;
    let listed = store.message_page(&shop.id, month(), Among::Troubled, None, 9, |_| true).await;
    assert_eq!(listed.unwrap().messages.len(), 1);
}

fn month() -> loyalty::month::Month {
    loyalty::month::Month::of(jiff::civil::date(2026, 11, 1))
}

#[tokio::test]
async fn a_claim_made_again_counts_once() {
    let (shop, kept) = shop().await;
    let ours = claimed(&shop, &kept).await;
    shop.set_now("2026-11-22T12:15:00Z");
    let desk = desk(&shop, &ours).await;
    assert!(desk.sent_before(&ours.message).is_empty());
    let again = claim(&shop, &ours, &desk, &[Kind::Receipt]).await.unwrap();
    assert_eq!(again.message.claim.unwrap().number, 2);
    assert_eq!(next(&shop, Class::Account).await, at("2026-11-23T00:00:00Z"));
}

#[tokio::test]
async fn what_is_asked_for_and_what_goes_to_the_owner_counts_for_nothing() {
    let (shop, kept) = shop().await;
    let desk = desk(&shop, &kept).await;
    assert!(claim(&shop, &kept, &desk, &[Kind::SignIn]).await.is_some());
    let other = planned(&shop, draft(2, &[Kind::Welcome])).await.unwrap();
    let wanted = Wanted { kinds: vec![Kind::Welcome], to_owner: true, ..Wanted::default() };
    let store = &shop.services.store;
    store.claim(&shop.id, &other, &desk, wanted, at(NOON)).await.unwrap();
    assert_eq!(next(&shop, Class::Marketing).await, at(NOON));
}

#[tokio::test]
async fn sess_event_settles_a_claim_and_the_late_answer_changes_nothing() {
    let (shop, kept) = shop().await;
    let ours = claimed(&shop, &kept).await;
    let store = &shop.services.store;
    let heard = Heard::Sent { at: at("2026-11-22T12:00:02Z"), ses_id: "ses-1".to_owned() };
    let id = &ours.message.id;
    let sent = store
        .message_heard(&shop.id, &ours.customer, id, None, std::slice::from_ref(&heard))
        .await
        .unwrap();
    assert_eq!(sent.unwrap().state, MessageState::Sent);
    store.message_unknown(&shop.id, &ours).await.unwrap();
    store.message_held(&shop.id, &ours, "too late", at(NOON)).await.unwrap();
    store.message_sent(&shop.id, &ours, "ses-2", at("2026-11-22T12:00:09Z")).await.unwrap();
    let now = now_is(&shop, &kept).await;
    assert_eq!((now.state, now.ses_id.as_deref()), (MessageState::Sent, Some("ses-1")));
    assert_eq!(next(&shop, Class::Account).await, at("2026-11-23T00:00:00Z"));
    let other =
        store.message_heard(&shop.id, &ours.customer, "another", None, &[heard]).await.unwrap();
    assert_eq!(other, None);
}

#[tokio::test]
async fn what_is_left_out_keeps_its_reasons() {
    let (shop, kept) = shop().await;
    let reasons = [(Kind::Receipt, WhyNot::NotAMember)];
    shop.services.store.message_dropped(&shop.id, &kept, &reasons).await.unwrap();
    let dropped = now_is(&shop, &kept).await;
    assert_eq!((dropped.state, dropped.due), (MessageState::Dropped, None));
    assert_eq!(dropped.without, reasons);
}
