//! The pages as they are, in both languages, and what people may be called.

use loyalty::Language;
use loyalty::mail::Kind;
use platform::store::Wanted;

use super::why::welcome;
use super::{Answer, Portal};
use crate::unsubscribe::Stops;
use crate::words::Words;

impl Portal {
    async fn in_german() -> Self {
        let portal = Self::open().await;
        portal.ada_is(None, Some("de")).await;
        portal
    }

    /// Each page in a state worth seeing.
    async fn pages(&self) -> Vec<(&'static str, Answer)> {
        let mut pages = Vec::new();
        let preset = loyalty::program::Preset::UsNy;
        let relied_on = platform::store::ReliedOn::of(&self.consent().await, preset);
        let why = self.sent(welcome(), Wanted { relied_on, ..Wanted::default() }).await;
        pages.push(("why", self.get(&why).await));
        pages.push(("why-unknown", self.get(&self.why("consent")).await));
        pages.push(("preferences", self.get(&self.preferences()).await));
        let impossible = "act=birthday&day=31&month=4";
        pages.push(("preferences-no-day", self.post(&self.preferences(), impossible).await));
        let unsubscribe = self.unsubscribe(Kind::WinBack);
        pages.push(("unsubscribe", self.get(&unsubscribe).await));
        pages.push(("confirmed", self.get(&self.confirmation("ada@example.com")).await));
        pages.push(("one-click", self.post(&unsubscribe, "").await));
        self.shop.set_now("2026-11-22T16:00:00Z");
        pages.push(("stopped", self.get(&unsubscribe).await));
        pages.push(("confirm", self.get(&self.confirmation("ada@example.com")).await));
        self.press(&self.preferences(), "act=pause").await;
        let saved = format!("{}?saved=pause", self.preferences());
        pages.push(("preferences-paused", self.get(&saved).await));
        pages
    }
}

#[tokio::test]
async fn each_page_in_english() {
    for (name, answer) in Portal::open().await.pages().await {
        insta::assert_snapshot!(format!("en-{name}"), answer.stable());
    }
}

#[tokio::test]
async fn each_page_in_german() {
    for (name, answer) in Portal::in_german().await.pages().await {
        insta::assert_snapshot!(format!("de-{name}"), answer.stable());
    }
}

#[tokio::test]
async fn a_shops_name_with_html_or_another_script_is_only_a_name() {
    let long = "x".repeat(80);
    let hers = format!("<script>alert(1)</script>\u{202e}🥐{}", "x".repeat(400));
    for name in ["<img src=x onerror=alert(1)>", "\u{202e}Bäckerei 🥐 ‏מאפייה", "a & 'b' \\\"c\\\""]
    {
        let toml = loyalty::program::CORNER_BAKERY
            .replace("name = \"Corner Bakery\"", &format!("name = \"{name}\""))
            .replace("name = \"Corner Bakery Regulars\"", &format!("name = \"{long}\""));
        let program = loyalty::program::Program::parse(&toml).unwrap();
        let portal = Portal::with_program(&toml).await;
        portal.ada_is(Some(&hers), None).await;
        for (page, answer) in portal.pages().await {
            let status = if page == "preferences-no-day" { 422 } else { 200 };
            assert_eq!(answer.status, status, "{page}");
            answer.says_nothing_of("<img src=x");
            answer.says_nothing_of("<script");
            assert_eq!(answer.body.matches("<h1>").count(), 1, "{page}");
            let text = html_of(&program.shop.name);
            answer.says(&text);
        }
    }
}

/// A text as HTML has it.
fn html_of(text: &str) -> String {
    let text = text.replace('&', "&#38;").replace('<', "&#60;").replace('>', "&#62;");
    text.replace('"', "&#34;").replace('\'', "&#39;")
}

#[test]
fn the_words_say_what_a_link_stops_in_every_language() {
    for words in Language::ALL.map(Words::of) {
        let all = [
            Stops::Offers,
            Stops::Kind(Kind::Receipt),
            Stops::OffersNotOwed,
            Stops::OffersNotAskedFor,
        ];
        for stops in all {
            let [title, button] = (words.stop)(stops);
            assert!(title.starts_with(button), "{title}: {button}");
            assert!((words.stops)(stops, "Corner Bakery").contains("Corner Bakery"));
        }
        // No guilt and no hurry.
        let text = format!("{words:?}").to_lowercase();
        for word in ["sorry", "sad", "miss you", "schade", "traurig", "hurry", "letzte chance"] {
            assert!(!text.contains(word), "{word}");
        }
    }
}
