//! What a night finds, and what becomes of it.

use loyalty::mail::{Kind, WhyNot};
use platform::store::{ApprovalAnswer, Decided};

use super::*;

async fn silent_ada() -> Bakery {
    let bakery = Bakery::open().await;
    bakery.ada_comes(&WEEKLY).await;
    bakery.ada_agrees().await;
    bakery
}

#[tokio::test]
async fn who_stayed_away_for_long_is_written_to_once_and_once_again() {
    let bakery = silent_ada().await;
    bakery.nights(date(2026, 2, 24), date(2026, 6, 30)).await;
    let told = ["win-back after 2026-02-23 1", "win-back after 2026-02-23 2"];
    assert_eq!(bakery.triggers().await, told);
    // Two of her weeks would be 9 March: never earlier than 21 days after she came.
    let nights: Vec<Date> = bakery.decisions().await.iter().map(|one| one.date).collect();
    assert_eq!(nights, [date(2026, 3, 16), date(2026, 4, 6)]);
    let first = &bakery.messages().await[0];
    assert_eq!(first.draft.due, local(date(2026, 3, 16), 9) - 10.minutes());
}

#[tokio::test]
async fn a_decision_says_what_it_rests_on() {
    let bakery = silent_ada().await;
    bakery.nights(date(2026, 3, 16), date(2026, 3, 16)).await;
    let [decision] = &bakery.decisions().await[..] else { panic!("one decision") };
    assert_eq!((decision.kind, decision.outcome), (Kind::WinBack, Decided::Planned));
    let facts: Vec<String> = decision.facts.iter().map(ToString::to_string).collect();
    assert!(facts.iter().any(|fact| fact.contains("2026-02-23")), "{facts:?}");
    assert!(facts.iter().any(|fact| fact.contains("7 days")), "{facts:?}");
}

#[tokio::test]
async fn who_did_not_agree_is_left_out_with_the_reason() {
    let bakery = Bakery::open().await;
    bakery.ada_comes(&WEEKLY).await;
    bakery.nights(date(2026, 3, 16), date(2026, 3, 16)).await;
    assert_eq!(bakery.triggers().await, Vec::<String>::new());
    let [decision] = &bakery.decisions().await[..] else { panic!("one decision") };
    assert_eq!((decision.outcome, decision.why), (Decided::Skipped, Some(WhyNot::NoConsent)));
}

#[tokio::test]
async fn before_mail_is_live_a_night_decides_and_keeps_nothing_for_later() {
    let bakery = Bakery::with_program(&at_once()).await;
    bakery.ada_comes(&WEEKLY).await;
    bakery.ada_agrees().await;
    bakery.nights(date(2026, 3, 16), date(2026, 3, 16)).await;
    bakery.goes_live(&noon(date(2026, 3, 16))).await;
    bakery.nights(date(2026, 3, 17), date(2026, 3, 20)).await;
    assert_eq!(bakery.triggers().await, Vec::<String>::new());
    let [decision] = &bakery.decisions().await[..] else { panic!("one decision") };
    assert_eq!((decision.outcome, decision.why), (Decided::Skipped, Some(WhyNot::NotLive)));
}

#[tokio::test]
async fn a_night_that_began_before_mail_went_live_tells_nothing() {
    let bakery = Bakery::with_program(&at_once()).await;
    bakery.ada_comes(&WEEKLY).await;
    bakery.ada_agrees().await;
    let day = date(2026, 3, 16);
    bakery.goes_live(&noon(day)).await;
    // Its hour was missed until the afternoon.
    bakery.hour(&local(day, 15).to_string()).await.unwrap();
    assert_eq!(bakery.triggers().await, Vec::<String>::new());
    let [decision] = &bakery.decisions().await[..] else { panic!("one decision") };
    assert_eq!((decision.outcome, decision.why), (Decided::Skipped, Some(WhyNot::BeforeLive)));
}

#[tokio::test]
async fn a_birthday_gift_is_issued_to_who_agreed_to_no_mail() {
    let bakery = Bakery::open().await;
    bakery.ada_comes(&WEEKLY[..1]).await;
    let store = &bakery.shop.services.store;
    let (shop, ada) = (&bakery.shop.id, bakery.ada().await);
    let (birthday, now) = ("03-01".parse().unwrap(), bakery.shop.services.clock.now());
    let by = platform::store::BirthdayBy::Api;
    store.set_birthday(shop, &ada, Some(birthday), by, now).await.unwrap();
    let before = bakery.shop.ledger(&ada).await.len();
    bakery.nights(date(2026, 2, 3), date(2026, 3, 10)).await;
    let ledger = bakery.shop.ledger(&ada).await;
    assert_eq!(ledger.len(), before + 1, "once");
    assert_eq!(ledger.last().unwrap().0, 100);
    assert_eq!(bakery.triggers().await, Vec::<String>::new());
}

/// A bakery that went live in March: its letters wait for approval at first.
async fn new_bakery() -> Bakery {
    let bakery = Bakery::with_program(&asking_nobody()).await;
    bakery.ada_comes(&WEEKLY).await;
    bakery.ada_agrees().await;
    bakery.goes_live(&noon(date(2026, 3, 10))).await;
    bakery.nights(date(2026, 3, 16), date(2026, 3, 16)).await;
    bakery
}

#[tokio::test]
async fn a_new_shops_letters_wait_for_the_owner_and_go_once_she_agrees() {
    let bakery = new_bakery().await;
    let (store, shop) = (&bakery.shop.services.store, &bakery.shop.id);
    assert_eq!(bakery.triggers().await, Vec::<String>::new());
    assert_eq!(bakery.decisions().await[0].outcome, Decided::Awaiting);
    let now = bakery.shop.services.clock.now();
    let [batch] = &store.approvals(shop, now).await.unwrap()[..] else { panic!("one batch") };
    assert_eq!(batch.id(), "2026-03-16.win-back");
    let of = (batch.date, batch.kind);
    let all = &ApprovalAnswer::All;
    assert!(store.answer_approval(shop, of, all, now).await.unwrap().is_some());
    bakery.hour(&noon(date(2026, 3, 16))).await.unwrap();
    assert_eq!(bakery.triggers().await, ["win-back after 2026-02-23 1"]);
    assert_eq!(bakery.decisions().await[0].outcome, Decided::Planned);
    let none = &ApprovalAnswer::None;
    assert!(store.answer_approval(shop, of, none, now).await.unwrap().is_none(), "answered");
}

#[tokio::test]
async fn what_the_owner_does_not_pick_stays_unsent() {
    let bakery = new_bakery().await;
    let (store, shop) = (&bakery.shop.services.store, &bakery.shop.id);
    let now = bakery.shop.services.clock.now();
    let some = ApprovalAnswer::Some(vec!["somebodyelse".parse().unwrap()]);
    let of = (date(2026, 3, 16), Kind::WinBack);
    store.answer_approval(shop, of, &some, now).await.unwrap().unwrap();
    bakery.hour(&noon(date(2026, 3, 16))).await.unwrap();
    assert_eq!(bakery.triggers().await, Vec::<String>::new());
    assert_eq!(bakery.decisions().await[0].outcome, Decided::Refused);
}

#[tokio::test]
async fn a_batch_nobody_answers_lapses_after_a_week() {
    let bakery = new_bakery().await;
    bakery.hour(&noon(date(2026, 3, 22))).await.unwrap();
    assert_eq!(bakery.decisions().await[0].outcome, Decided::Awaiting);
    bakery.hour(&noon(date(2026, 3, 23))).await.unwrap();
    assert_eq!(bakery.decisions().await[0].outcome, Decided::Lapsed);
    assert_eq!(bakery.triggers().await, Vec::<String>::new());
    let (store, now) = (&bakery.shop.services.store, bakery.shop.services.clock.now());
    assert!(store.approvals(&bakery.shop.id, now).await.unwrap()[0].settled);
}
