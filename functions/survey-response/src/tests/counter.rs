//! The counter: anonymous answers, so many a minute, and the card that leads there.

use platform::store::COUNTER_PLACES;
use qrcode::{EcLevel, QrCode};

use super::Room;

const COUNTER: &str = "/f/corner-bakery";

#[tokio::test]
async fn anybody_answers_at_the_counter_and_is_nobody() {
    let room = Room::open().await;
    let page = room.get(COUNTER).await;
    page.says("It is about your visit to Corner Bakery.").says("nobody can answer you here");
    page.says_nothing_of("May Maria answer you?");
    let thanks = room.press(COUNTER, "score=1&comment=Slow&answer_by=mail").await;
    thanks.says("Your answer is saved.").says("https://reviews.example/corner-bakery");
    let kept: Vec<String> =
        room.table().await.into_iter().filter(|item| item.contains("COUNTER#")).collect();
    assert_eq!(kept.len(), 1);
    assert!(kept[0].contains("\"comment\":\"Slow\"") && kept[0].contains("\"score\":1"));
    assert!(!kept[0].contains(room.ada.as_str()));
    assert_eq!((room.follow_up().await, room.held_until().await), (None, None));
}

#[tokio::test]
async fn what_is_wrong_at_the_counter_is_said_beside_what_was_written() {
    let room = Room::open().await;
    let before = room.table().await;
    let page = room.post(COUNTER, "score=9&comment=Slow").await;
    assert_eq!(page.status, 422);
    page.says("Choose a score from 1 to 5.").says(">\nSlow</textarea>");
    let long = room.post(COUNTER, &format!("score=2&comment={}", "a".repeat(100_000))).await;
    assert_eq!((long.status.as_u16(), long.chosen()), (422, Some("2")));
    assert_eq!(room.table().await, before);
}

#[tokio::test]
async fn of_a_thousand_answers_in_a_minute_twenty_are_kept_and_the_next_minute_goes_on() {
    let room = Room::open().await;
    let before = room.table().await.len();
    let mut kept = 0;
    for n in 0..1_000 {
        let page = room.post(COUNTER, &format!("score=3&comment=number+{n}")).await;
        match page.status.as_u16() {
            303 => kept += 1,
            429 => {
                assert_eq!(page.header("retry-after"), "60");
                page.says("send it again in a minute").says(&format!(">\nnumber {n}</textarea>"));
                assert_eq!(page.chosen(), Some("3"));
            }
            other => panic!("{other}: {}", page.body),
        }
    }
    assert_eq!(kept, COUNTER_PLACES);
    assert_eq!(room.table().await.len(), before + usize::from(COUNTER_PLACES));
    // Whoever is asked by mail isn't in the way of it.
    room.press(&room.csat(), "score=4").await.says("4, good");
    room.shop.set_now("2026-11-25T16:01:40Z");
    room.press(COUNTER, "score=5").await.says("Your answer is saved.");
}

#[tokio::test]
async fn answers_at_the_same_moment_never_take_one_place() {
    let room = Room::open().await;
    let post = |n: u8| {
        let room = &room;
        async move { room.post(COUNTER, &format!("score=4&comment=at+once+{n}")).await.status }
    };
    let done = tokio::join!(post(1), post(2), post(3), post(4));
    let kept = [done.0, done.1, done.2, done.3].iter().filter(|status| **status == 303).count();
    let is_one = |item: &&String| item.contains("COUNTER#") && item.contains("at once");
    let stored = room.table().await.iter().filter(is_one).count();
    assert_eq!(stored, kept);
    assert!(kept >= 1);
}

#[tokio::test]
async fn a_counter_nobody_has_or_that_is_off_is_a_page() {
    let room = Room::open().await;
    for path in ["/f", "/f/", "/f/nobodys-shop", "/f/%ff", "/f/Not%20a%20shop"] {
        let page = room.get(path).await;
        assert_eq!(page.status, 404, "{path}");
        page.says("This shop");
    }
    room.get("/f/nobodys-shop/card").await.says("This shop");
    assert_eq!(room.post("/f/nobodys-shop", "score=4").await.status, 404);
    let off = Room::asking("counter = false").await;
    let before = off.table().await;
    for page in [off.get(COUNTER).await, off.post(COUNTER, "score=4").await] {
        assert_eq!(page.status, 404);
        page.says("Tell us in person").says("Corner Bakery");
    }
    assert_eq!(off.table().await, before);
}

#[tokio::test]
async fn the_card_carries_the_counters_address_as_a_code_and_as_text() {
    let room = Room::open().await;
    let page = room.get("/f/corner-bakery/card").await;
    let url = "https://regulars.example.com/f/corner-bakery";
    page.says(&format!("<p>{url}</p>")).says("Corner Bakery");
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    // The path is drawn back into modules, which are the code's own.
    let code = QrCode::with_error_correction_level(url, EcLevel::M).unwrap();
    let drawn = drawn(&page.body, code.width());
    let dark: Vec<bool> =
        code.to_colors().into_iter().map(|colour| colour == qrcode::Color::Dark).collect();
    assert_eq!(drawn, dark);
}

/// The modules that a card's path makes dark, row by row.
fn drawn(html: &str, width: usize) -> Vec<bool> {
    let mut modules = vec![false; width * width];
    let path = html.split_once(" d=\"").unwrap().1.split('"').next().unwrap();
    for run in path.split('M').skip(1) {
        let (start, rest) = run.split_once('h').unwrap();
        let (x, y) = start.split_once(',').unwrap();
        let length: usize = rest.split('v').next().unwrap().parse().unwrap();
        let first = y.parse::<usize>().unwrap() * width + x.parse::<usize>().unwrap();
        modules[first..first + length].fill(true);
    }
    modules
}
