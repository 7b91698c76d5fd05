//! Confirming a consent: asked by mail, said by a press.

use loyalty::consent::{Act, State, Teller};
use loyalty::program::{CORNER_BAKERY, ConsentGrade};

use super::{EMAIL, NOW, Portal, at};

async fn asked() -> Portal {
    let portal = Portal::silent(CORNER_BAKERY).await;
    let act = Act::Asked { channel: EMAIL, teller: Teller::Import };
    portal.shop.ada_says("2026-11-22T13:00:00Z", act).await;
    portal
}

#[tokio::test]
async fn looking_at_the_question_answers_nothing() {
    let portal = asked().await;
    let before = portal.table().await;
    let answer = portal.get(&portal.confirmation("ada@example.com")).await;
    answer.page();
    answer.says("I would like to get offers and news from Corner Bakery by e-mail");
    answer.says("without your yes nobody writes to you");
    assert_eq!(portal.table().await, before);
}

#[tokio::test]
async fn a_press_is_a_confirmed_yes_to_the_words_that_were_shown_and_once() {
    let portal = asked().await;
    let path = portal.confirmation("Ada@Example.com");
    let question = portal.get(&path).await;
    let thanks = portal.press(&path, "").await;
    thanks.says("Thank you");
    thanks.says(&portal.preferences());
    let consent = portal.consent().await;
    let yes = consent.permission(EMAIL).unwrap();
    assert_eq!((yes.grade, yes.hers), (Some(ConsentGrade::ConfirmedOwnForm), true));
    assert_eq!((yes.teller, yes.at), (Teller::Own, at(NOW)));
    question.says(yes.wording.as_deref().unwrap());
    let before = portal.table().await;
    portal.shop.set_now("2026-11-23T15:00:00Z");
    portal.press(&path, "").await.says("Thank you");
    assert_eq!(portal.table().await, before);
}

#[tokio::test]
async fn many_presses_at_once_are_one() {
    let portal = asked().await;
    let path = portal.confirmation("ada@example.com");
    let press = || async { assert_eq!(portal.post(&path, "").await.status, 303) };
    tokio::join!(press(), press(), press(), press());
    let consent = portal.consent().await;
    let said = consent.history().filter(|fact| matches!(fact.act, Act::Subscribed { .. }));
    assert_eq!(said.count(), 1);
}

#[tokio::test]
async fn an_answer_for_an_address_that_is_not_hers_any_more_counts_for_nothing() {
    let portal = asked().await;
    let path = portal.confirmation("adb@example.com");
    let before = portal.table().await;
    for answer in [portal.get(&path).await, portal.post(&path, "").await] {
        assert_eq!(answer.status, 409);
        answer.says("Your address has changed");
    }
    assert_eq!(portal.table().await, before);
}

#[tokio::test]
async fn the_question_is_open_for_thirty_days() {
    let portal = asked().await;
    let path = portal.confirmation("ada@example.com");
    portal.shop.set_now("2026-12-23T15:00:00Z");
    for answer in [portal.get(&path).await, portal.post(&path, "").await] {
        assert_eq!(answer.status, 410);
        answer.says("The question was open for 30 days.");
    }
    assert_eq!(portal.consent().await.state(EMAIL), State::Pending);
}

#[tokio::test]
async fn a_press_ends_an_earlier_no_and_the_doubt_about_her_mailbox() {
    let portal = asked().await;
    let no = Act::Unsubscribed { channel: EMAIL, teller: Teller::Own };
    portal.shop.ada_says("2026-11-22T13:10:00Z", no).await;
    portal.shop.ada_says("2026-11-22T13:20:00Z", Act::Bounced).await;
    portal.press(&portal.confirmation("ada@example.com"), "").await.says("Thank you");
    let consent = portal.consent().await;
    assert_eq!((consent.state(EMAIL), consent.suppressed()), (State::Subscribed, None));
}

#[tokio::test]
async fn who_complained_is_told_that_nothing_comes_all_the_same() {
    let portal = asked().await;
    portal.shop.ada_says("2026-11-22T13:10:00Z", Act::Complained).await;
    let answer = portal.press(&portal.confirmation("ada@example.com"), "").await;
    answer.says("marked a mail of ours as spam");
}
