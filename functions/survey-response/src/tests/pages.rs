//! The pages as they are, in both languages.

use loyalty::Language;

use super::{Page, Room, encoded};
use crate::words::Words;

impl Room {
    /// Each page in a state worth seeing.
    async fn pages(&self) -> Vec<(&'static str, Page)> {
        let (csat, nps) = (self.csat(), self.nps());
        let mut pages = vec![
            ("csat-tapped-good", self.get(&format!("{csat}?score=4")).await),
            ("nps-tapped-low", self.get(&format!("{nps}?score=3")).await),
            ("no-score", self.post(&csat, &format!("comment={}", encoded("Dry"))).await),
        ];
        pages.push(("thanks-low", self.press(&csat, "score=2&comment=Dry").await));
        pages.push(("answered-before", self.get(&csat).await));
        pages.push(("thanks-answer-by", self.press(&csat, "answer_by=mail").await));
        pages.push(("thanks-good", self.press(&csat, "score=5").await));
        self.shop.set_now("2026-12-20T12:00:00Z");
        pages.push(("closed", self.get(&csat).await));
        pages
    }
}

#[tokio::test]
async fn each_page_in_english() {
    let room = Room::open().await;
    for (name, page) in room.pages().await {
        insta::assert_snapshot!(format!("en-{name}"), page.stable());
    }
    let counter = room.get("/f/corner-bakery").await;
    insta::assert_snapshot!("en-counter", counter.stable());
    insta::assert_snapshot!("en-card", room.get("/f/corner-bakery/card").await.stable());
}

#[tokio::test]
async fn each_page_in_german() {
    let room = Room::open().await;
    room.shop.ada_is("Ada", "de").await;
    for (name, page) in room.pages().await {
        insta::assert_snapshot!(format!("de-{name}"), page.stable());
    }
}

#[test]
fn the_words_ask_without_guilt_or_hurry() {
    for words in Language::ALL.map(Words::of) {
        let text = format!("{words:?}").to_lowercase();
        for word in ["sorry", "sad", "miss you", "schade", "traurig", "hurry", "letzte chance"] {
            assert!(!text.contains(word), "{word}");
        }
    }
}
