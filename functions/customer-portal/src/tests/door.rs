//! Links that don't open, people who are gone, and what stands on every answer.

use axum::body::Body;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::{Method, Request, header};
use loyalty::mail::Kind;
use platform::tokens::Door;

use super::{Answer, EMAIL, Portal};

impl Portal {
    fn doors(&self) -> [String; 4] {
        [
            self.unsubscribe(Kind::WinBack),
            self.preferences(),
            self.why("order shopify:6001"),
            self.confirmation("ada@example.com"),
        ]
    }
}

#[tokio::test]
async fn a_flipped_bit_anywhere_is_the_same_page_and_changes_nothing() {
    let portal = Portal::open().await;
    let nonsense = portal.get("/u/nonsense").await;
    assert_eq!(nonsense.status, 404);
    let before = portal.table().await;
    for path in portal.doors() {
        let (door, token) = path.rsplit_once('/').unwrap();
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let flipped = format!("{door}/{}", BASE64_URL_SAFE_NO_PAD.encode(flipped));
            let method = if bit % 2 == 0 { Method::GET } else { Method::POST };
            let method = if door == "/why" { Method::GET } else { method };
            let request = Request::builder().method(method).uri(&flipped);
            let answer = portal.ask(request.body(Body::empty()).unwrap()).await;
            assert_eq!((answer.status, &answer.body), (nonsense.status, &nonsense.body));
        }
    }
    assert_eq!(portal.table().await, before);
}

#[tokio::test]
async fn looking_at_any_page_by_any_way_of_looking_changes_nothing() {
    let portal = Portal::open().await;
    for stopped in [false, true] {
        if stopped {
            portal.post(&portal.unsubscribe(Kind::WinBack), "").await;
        }
        let before = portal.table().await;
        for path in portal.doors() {
            for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT] {
                let request = Request::builder().method(&method).uri(&path);
                let answer = portal.ask(request.body(Body::empty()).unwrap()).await;
                let looks = [Method::GET, Method::HEAD].contains(&method);
                assert_eq!(answer.status, if looks { 200 } else { 405 }, "{method} {path}");
            }
        }
        assert_eq!(portal.table().await, before);
    }
}

#[tokio::test]
async fn a_link_cut_short_or_with_something_behind_it_says_to_open_it_again() {
    let portal = Portal::open().await;
    let path = portal.preferences();
    let cut = path.split_at(path.len() - 3).0.to_owned();
    let odd = ["/u", "/p/", "/why/%ff", "/c/a/b", "/u/%00", "/p/ä"].map(str::to_owned);
    let behind = ["/", ".", "%20", "/x"].map(|behind| format!("{path}{behind}"));
    for path in odd.into_iter().chain(behind).chain([cut]) {
        let path = path.replace('ä', "%c3%a4");
        let answer = portal.get(&path).await;
        assert_eq!(answer.status, 404, "{path}");
        answer.says("Open the link in the mail again");
    }
}

#[tokio::test]
async fn each_link_opens_its_own_door_and_no_other() {
    let portal = Portal::open().await;
    for path in portal.doors() {
        let (own, token) = path.rsplit_once('/').unwrap();
        for door in ["/u", "/p", "/why", "/c"].into_iter().filter(|door| *door != own) {
            let answer = portal.get(&format!("{door}/{token}")).await;
            assert_eq!(answer.status, 404, "{own} at {door}");
            answer.says("This link is for something else");
        }
    }
}

#[tokio::test]
async fn a_link_of_another_shop_never_shows_or_changes_this_one() {
    let portal = Portal::open().await;
    let harbour = include_str!("../../../../shared/loyalty/programs/harbour-books.toml");
    let (store, now) = (&portal.shop.services.store, portal.shop.services.clock.now());
    store.apply_program(harbour, now).await.unwrap();
    let before = portal.table().await;
    let door = Door::Unsubscribe { customer: portal.ada.clone(), kind: Kind::WinBack };
    for (shop, status) in [("harbour-books", 200), ("nobodys-shop", 404)] {
        let token = portal.links().token(&shop.parse().unwrap(), &door, now);
        for answer in [
            portal.get(&format!("/u/{token}")).await,
            portal.post(&format!("/u/{token}"), "").await,
        ] {
            assert_eq!(answer.status, status, "{shop}");
            answer.says_nothing_of("Corner Bakery");
        }
    }
    assert_eq!(portal.table().await, before);
}

#[tokio::test]
async fn an_old_link_stops_mail_after_ten_years() {
    let portal = Portal::open().await;
    let (unsubscribe, preferences) = (portal.unsubscribe(Kind::WinBack), portal.preferences());
    portal.shop.set_now("2036-11-22T15:00:00Z");
    portal.get(&preferences).await.page();
    portal.post(&unsubscribe, "").await.page();
    assert_eq!(portal.consent().await.state(EMAIL), loyalty::consent::State::Unsubscribed);
}

#[tokio::test]
async fn of_somebody_erased_nothing_is_kept_whatever_she_presses() {
    let portal = Portal::open().await;
    let doors = portal.doors();
    portal.ada_is_erased().await;
    let before = portal.table().await;
    for path in &doors {
        portal.get(path).await.page();
        portal.get(path).await.says("no mail goes out to you");
        if !path.starts_with("/why") {
            portal.post(path, "act=nothing").await.page();
        }
    }
    let request = Request::get(&doors[0]).header(header::ACCEPT_LANGUAGE, "de");
    let answer = portal.ask(request.body(Body::empty()).unwrap()).await;
    answer.says("Von dir ist nichts gespeichert");
    assert_eq!(portal.table().await, before);
}

#[tokio::test]
async fn a_link_signed_by_a_key_that_is_new_here_works_as_well() {
    let portal = Portal::open().await;
    let mut services = portal.shop.services.clone();
    services.secrets = platform::Secrets::from_lists([
        ("identity".to_owned(), "identity-key".to_owned()),
        ("links".to_owned(), "a-newer-key, links-key".to_owned()),
    ]);
    let router = crate::router(services);
    let portal = Portal { router, ..portal };
    portal.get(&portal.preferences()).await.page();
}

#[tokio::test]
async fn a_wrong_method_is_told_what_there_is() {
    let portal = Portal::open().await;
    for (path, allowed) in portal.doors().iter().zip(["GET,HEAD,POST", "GET,HEAD,POST", "GET,HEAD"])
    {
        let request = Request::delete(path).body(Body::empty()).unwrap();
        let answer = portal.ask(request).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, allowed), "{path}");
        answer.says("use the buttons there");
    }
}

#[tokio::test]
async fn more_than_any_form_sends_is_refused_and_changes_nothing() {
    let portal = Portal::open().await;
    let before = portal.table().await;
    let body = "a".repeat(100_000);
    for path in [portal.unsubscribe(Kind::WinBack), portal.preferences()] {
        let answer = portal.post(&path, &body).await;
        assert_eq!(answer.status, 413);
        answer.says("nothing was changed");
    }
    assert_eq!(portal.table().await, before);
}

#[tokio::test]
async fn a_page_speaks_her_language_and_else_her_browsers() {
    let portal = Portal::open().await;
    let german = |path: &str| {
        let request =
            Request::get(path).header(header::ACCEPT_LANGUAGE, "fr, de-AT;q=0.7, en;q=0.3");
        portal.ask(request.body(Body::empty()).unwrap())
    };
    german("/u/nonsense").await.says("Öffne den Link in der Mail noch einmal");
    portal.get("/u/nonsense").await.says("Open the link in the mail again");
    german(&portal.preferences()).await.says(r#"lang="en""#);
    portal.ada_is(None, Some("de-AT")).await;
    for path in portal.doors() {
        portal.get(&path).await.says(r#"lang="de""#);
    }
}

/// What a browser needs to be told of each answer.
#[track_caller]
fn is_guarded(answer: &Answer) {
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-robots-tag", "noindex"),
        ("x-content-type-options", "nosniff"),
        ("strict-transport-security", "max-age=63072000"),
    ] {
        assert_eq!(answer.header(name), value);
    }
    assert_eq!(answer.header("set-cookie"), "");
    if answer.status == 303 {
        return;
    }
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let policy = answer.header("content-security-policy");
    let parts = ["default-src 'none'", "form-action 'self'", "base-uri 'none'"];
    assert!(parts.iter().all(|part| policy.contains(part)), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
}

#[tokio::test]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let portal = Portal::open().await;
    let mut answers = vec![portal.get("/u/nonsense").await, portal.get("/p").await];
    for path in portal.doors() {
        answers.push(portal.get(&path).await);
        answers.push(portal.post(&path, "by=button").await);
        answers.push(portal.post(&path, &"a".repeat(100_000)).await);
    }
    answers.push(portal.post(&portal.unsubscribe(Kind::Receipt), "").await);
    for answer in &answers {
        is_guarded(answer);
    }
    let policy = portal.get(&portal.preferences()).await;
    let policy = policy.header("content-security-policy");
    assert!(policy.contains("img-src https://cdn.corner-bakery.example;"), "{policy}");
}
