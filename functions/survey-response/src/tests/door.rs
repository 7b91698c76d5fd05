//! The door: who gets in, and what anybody else is told.

use axum::body::Body;
use http::{Method, Request, header};
use loyalty::survey::Question;
use platform::tokens::Door;

use super::{ASKED, Room, at};

#[tokio::test]
async fn looking_by_any_way_of_looking_changes_nothing() {
    let room = Room::open().await;
    for answered in [false, true] {
        if answered {
            room.press(&room.csat(), "score=1").await;
        }
        let before = room.table().await;
        let csat = room.csat();
        for path in [
            csat.clone(),
            format!("{csat}?score=1"),
            format!("{csat}?score=77"),
            format!("{csat}?thanks"),
            format!("{csat}?score=5&comment=x&answer_by=mail"),
            format!("{}?score=10", room.nps()),
            "/f/corner-bakery".to_owned(),
            "/f/corner-bakery?score=5".to_owned(),
            "/f/corner-bakery?thanks".to_owned(),
            "/f/corner-bakery/card".to_owned(),
        ] {
            for method in [Method::GET, Method::HEAD] {
                let request = Request::builder().method(&method).uri(&path);
                let page = room.ask(request.body(Body::empty()).unwrap()).await;
                assert_eq!(page.status, 200, "{method} {path}");
            }
        }
        assert_eq!(room.table().await, before);
    }
}

#[tokio::test]
async fn a_scanner_that_posts_nothing_records_nothing() {
    let room = Room::open().await;
    let before = room.table().await;
    for path in [room.csat(), room.nps(), "/f/corner-bakery".to_owned()] {
        let posted = Request::post(format!("{path}?score=5")).body(Body::empty()).unwrap();
        assert_eq!(room.ask(posted).await.status, 422);
        for method in [Method::PUT, Method::DELETE, Method::OPTIONS] {
            let request = Request::builder().method(&method).uri(&path);
            let page = room.ask(request.body(Body::empty()).unwrap()).await;
            assert_eq!(page.status, 405, "{method} {path}");
        }
    }
    assert_eq!(room.table().await, before);
}

#[tokio::test]
async fn a_forged_a_cut_and_a_foreign_link_say_what_to_do() {
    let room = Room::open().await;
    let before = room.table().await;
    let csat = room.csat();
    let (cut, _) = csat.split_at(csat.len() - 3);
    let why = Door::Preferences { customer: room.ada.clone() };
    let other = room.path(&why).replace("/p/", "/s/");
    let at_home = "Open the link in the mail again";
    let links = room.shop.services.links().unwrap();
    let foreign =
        links.token(&"nobodys-shop".parse().unwrap(), &room.door(Question::Csat), at(ASKED));
    for (path, says) in [
        ("/s", at_home),
        ("/s/nonsense", at_home),
        (cut, at_home),
        (&format!("{csat}/x"), at_home),
        (&other, "This link is for something else"),
        (&format!("/s/{foreign}"), "This shop"),
    ] {
        for page in [room.get(path).await, room.post(path, "score=1").await] {
            assert_eq!(page.status, 404, "{path}");
            page.says(says).says_nothing_of("Corner Bakery");
        }
    }
    assert_eq!(room.table().await, before);
}

#[tokio::test]
async fn of_somebody_erased_meanwhile_nothing_is_kept() {
    let room = Room::open().await;
    let path = room.csat();
    room.ada_is_erased().await;
    let before = room.table().await;
    for page in [
        room.get(&format!("{path}?score=1")).await,
        room.post(&path, "score=1&comment=Dry").await,
        room.post(&path, "answer_by=mail").await,
    ] {
        assert_eq!(page.status, 200);
        page.says("no mail goes out to you").says_nothing_of("Dry");
    }
    assert_eq!(room.table().await, before);
}

#[tokio::test]
async fn every_page_tells_the_browser_what_it_may_do() {
    let room = Room::open().await;
    let csat = room.csat();
    let mut pages = vec![room.post(&csat, "score=1").await];
    for path in [csat.as_str(), "/s/nonsense", "/f/corner-bakery", "/f/corner-bakery/card", "/f"] {
        pages.push(room.get(path).await);
    }
    for page in &pages {
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-robots-tag", "noindex"),
        ] {
            assert_eq!(page.header(name), value);
        }
        assert_eq!(page.header("set-cookie"), "");
        for word in ["<script", " style=", "javascript:", " onclick"] {
            page.says_nothing_of(word);
        }
    }
}

#[tokio::test]
async fn a_page_speaks_her_language_and_the_counter_that_of_the_browser() {
    let room = Room::open().await;
    room.shop.ada_is("Ada", "de-AT").await;
    room.get(&room.csat()).await.says(r#"lang="de""#).says("Das liest Maria.");
    room.press(&room.csat(), "score=1").await.says("Maria erfährt es jetzt gleich");
    for (accepts, lang) in [("de-DE, en;q=0.4", "de"), ("fr, en;q=0.2", "en"), ("fr", "en")] {
        let request = Request::get("/f/corner-bakery").header(header::ACCEPT_LANGUAGE, accepts);
        let page = room.ask(request.body(Body::empty()).unwrap()).await;
        page.says(&format!("lang=\"{lang}\""));
    }
}
