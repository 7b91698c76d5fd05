//! Unsubscribing: what one POST stops, and that nothing else does.

use axum::body::Body;
use http::{Request, header};
use loyalty::consent::{Act, State};
use loyalty::mail::{Class, Kind};

use super::{EMAIL, FORM, NOW, Portal, at};

/// What a mail provider sends (RFC 8058).
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";
/// What the page's own button sends.
const BUTTON: &str = "by=button";

#[tokio::test]
async fn the_page_says_what_pressing_stops_and_changes_nothing() {
    let portal = Portal::open().await;
    let path = portal.unsubscribe(Kind::WinBack);
    let before = portal.table().await;
    let answer = portal.get(&path).await;
    answer.page();
    answer.says("sends you no more offers and news");
    answer.says("Mail about your points goes on.");
    let head = portal.ask(Request::head(&path).body(Body::empty()).unwrap()).await;
    assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""));
    assert_eq!(portal.table().await, before);
}

#[tokio::test]
async fn no_page_says_that_mail_goes_on_where_none_does() {
    let portal = Portal::open().await;
    let stops = async || portal.get(&portal.unsubscribe(Kind::Receipt)).await.body;
    assert!(stops().await.contains("Other mail goes on."));
    portal.press(&portal.preferences(), "act=pause").await;
    assert!(!stops().await.contains("goes on"), "a pause holds all of it");
    portal.shop.set_now("2026-11-22T15:30:00Z");
    portal.press(&portal.preferences(), "act=resume").await;
    portal.press(&portal.preferences(), "act=nothing").await;
    assert!(!stops().await.contains("goes on"), "she switched everything off");
}

#[tokio::test]
async fn a_mail_providers_post_stops_all_marketing_and_is_no_redirect() {
    let portal = Portal::open().await;
    let answer = portal.post(&portal.unsubscribe(Kind::WinBack), ONE_CLICK).await;
    answer.page();
    answer.says("sends you no more offers and news");
    let consent = portal.consent().await;
    assert_eq!(consent.state(EMAIL), State::Unsubscribed);
    assert_eq!(consent.standing(EMAIL).since, Some(at(NOW)));
    assert_eq!(consent.off().count(), 0, "nothing else is stopped");
}

#[tokio::test]
async fn whatever_a_provider_sends_stops_it_because_the_link_alone_says_what() {
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\n\
                     One-Click\r\n--x--\r\n";
    for (kind, body) in [
        (Some(FORM), ONE_CLICK),
        (Some("multipart/form-data; boundary=x"), multipart),
        (None, ""),
        (Some("application/json"), "{\"by\":\"button\"}"),
        (Some(FORM), "%ff%zz=&&&=\u{0}"),
    ] {
        let portal = Portal::open().await;
        let mut request = Request::post(portal.unsubscribe(Kind::Survey));
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let answer = portal.ask(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.status, 200, "{kind:?}");
        assert_eq!(portal.consent().await.state(EMAIL), State::Unsubscribed, "{kind:?}");
    }
}

#[tokio::test]
async fn the_button_leads_back_to_the_page_which_shows_what_is_stopped() {
    let portal = Portal::open().await;
    let path = portal.unsubscribe(Kind::Birthday);
    let answer = portal.post(&path, BUTTON).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, path.as_str()));
    portal.shop.set_now("2026-11-22T15:00:01Z");
    let answer = portal.get(&path).await;
    answer.page();
    answer.says("sends you no more offers and news, since November 22, 2026.");
    for instead in ["undo", "undo-monthly", "undo-pause"] {
        answer.says(&format!(r#"name="act" value="{instead}""#));
    }
    answer.says(&portal.preferences());
}

#[tokio::test]
async fn each_kinds_link_stops_what_it_says_and_nothing_more() {
    for kind in Kind::ALL {
        let portal = Portal::open().await;
        let answer = portal.press(&portal.unsubscribe(kind), BUTTON).await;
        answer.says("It is stopped");
        let consent = portal.consent().await;
        let off: Vec<&str> = consent.off().collect();
        if kind.class() == Class::Account && kind.has_switch() {
            assert_eq!((consent.state(EMAIL), off), (State::Subscribed, vec![kind.as_str()]));
        } else {
            assert_eq!((consent.state(EMAIL), off), (State::Unsubscribed, vec![]), "{kind:?}");
        }
        assert_eq!(consent.paused_until(at(NOW)), None);
    }
}

#[tokio::test]
async fn a_mail_that_waits_already_and_was_decided_on_is_not_begun_any_more() {
    use platform::store::{Claimed, ReliedOn, Wanted};
    let portal = Portal::open().await;
    let (store, shop) = (&portal.shop.services.store, &portal.shop.id);
    let kept = portal.plan(super::why::welcome()).await;
    let desk = store.desk(shop, &portal.ada).await.unwrap();
    portal.post(&portal.unsubscribe(Kind::Welcome), ONE_CLICK).await.page();
    let wanted = Wanted { kinds: vec![Kind::Welcome], ..Wanted::default() };
    let claimed = store.claim(shop, &kept, &desk, wanted, at(NOW)).await.unwrap();
    assert_eq!(claimed, Claimed::Changed);
    let consent = portal.consent().await;
    assert_eq!(ReliedOn::of(&consent, loyalty::program::Preset::UsNy), None);
}

#[tokio::test]
async fn mail_that_the_shop_owes_has_no_switch_and_the_page_says_so() {
    let portal = Portal::open().await;
    portal.get(&portal.unsubscribe(Kind::PointsExpiring)).await.says("one the shop owes you");
    portal.get(&portal.unsubscribe(Kind::SignIn)).await.says("answers something you asked for");
}

#[tokio::test]
async fn posting_twice_or_many_at_once_changes_nothing_more() {
    let portal = Portal::open().await;
    let (offers, kind) = (portal.unsubscribe(Kind::WinBack), portal.unsubscribe(Kind::Receipt));
    let path = &offers;
    tokio::join!(
        async { portal.post(path, ONE_CLICK).await.page().len() },
        async { portal.post(path, ONE_CLICK).await.page().len() },
        async { portal.post(path, "").await.page().len() },
        async { portal.post(path, BUTTON).await.status.as_u16() },
    );
    portal.post(&kind, ONE_CLICK).await;
    let before = portal.table().await;
    portal.shop.set_now("2026-11-23T15:00:00Z");
    portal.post(&offers, ONE_CLICK).await.says("since November 22, 2026");
    for path in [&offers, &kind] {
        portal.post(path, ONE_CLICK).await.page();
        portal.press(path, BUTTON).await;
    }
    assert_eq!(portal.table().await, before, "not even the time of it moves");
}

#[tokio::test]
async fn somebody_who_never_said_yes_can_say_no() {
    let portal = Portal::silent(loyalty::program::CORNER_BAKERY).await;
    let answer = portal.press(&portal.unsubscribe(Kind::Welcome), BUTTON).await;
    answer.says_nothing_of(r#"value="undo""#);
    assert_eq!(portal.consent().await.state(EMAIL), State::Unsubscribed);
}

#[tokio::test]
async fn what_is_stopped_is_stopped_under_the_name_that_her_account_has_now() {
    let portal = Portal::open().await;
    portal.shop.purchase(2, (6002, 10, NOW), loyalty::ledger::Origin::Live).await;
    let other = portal.shop.by_email("person-2@example.com").await.unwrap().id;
    let shop = &portal.shop.id;
    let (origin, now) = (loyalty::ledger::Origin::Merge, at(NOW));
    let deed = platform::store::Deed { shop, origin, now };
    portal.shop.services.store.merge(&deed, &other, &portal.ada).await.unwrap();
    portal.shop.set_now("2026-11-22T16:00:00Z");
    portal.post(&portal.unsubscribe(Kind::WinBack), ONE_CLICK).await.page();
    portal.post(&portal.unsubscribe(Kind::Receipt), ONE_CLICK).await.page();
    for customer in [&portal.ada, &other] {
        let consent = portal.contact(customer).await.unwrap().consent;
        assert_eq!(consent.state(EMAIL), State::Unsubscribed);
        assert!(consent.is_off("receipt"));
    }
}

#[tokio::test]
async fn a_complaint_does_not_keep_her_from_saying_no_as_well() {
    let portal = Portal::open().await;
    portal.shop.ada_says("2026-11-22T14:00:00Z", Act::Complained).await;
    portal.post(&portal.unsubscribe(Kind::WinBack), ONE_CLICK).await.page();
    assert_eq!(portal.consent().await.state(EMAIL), State::Unsubscribed);
}
