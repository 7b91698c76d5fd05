//! What comparing with the sources found.

use loyalty::ids::{OrderRef, Source};
use platform::store::{Compared, Outcome, Reconciliation};
use serde_json::json;

use super::Api;
use super::bakery::BAKERY;

const NIGHTS: &str = "/api/v1/shops/corner-bakery/reconciliations";

/// A night of November, on which a sale was missed, and Square couldn't be asked.
pub(super) async fn compared(api: &Api, day: u8) {
    let mut shopify = Compared { checked: 7, outcome: Outcome::Done, ..Compared::default() };
    shopify.missed.add(&OrderRef { source: Source::Shopify, id: "17".parse().unwrap() });
    let square = Compared { outcome: Outcome::NoToken, ..Compared::default() };
    let mut report = Reconciliation {
        version: 0,
        date: format!("2026-11-{day:02}").parse().unwrap(),
        at: format!("2026-11-{day:02}T09:00:00Z").parse().unwrap(),
        sources: [(Source::Shopify, shopify), (Source::Square, square)].into(),
    };
    let shop = BAKERY.parse().unwrap();
    assert!(api.services.store.keep_reconciliation(&shop, &mut report).await.unwrap());
}

#[tokio::test]
async fn a_night_tells_what_was_missed_and_what_could_not_be_checked() {
    let api = Api::open().await;
    compared(&api, 20).await;
    let none = json!({"count": 0, "orders": []});
    let missed = json!({"count": 1, "orders": [{"source": "shopify", "id": "17"}]});
    assert_eq!(
        api.read(NIGHTS).await,
        json!({"next": null, "nights": [{
            "date": "2026-11-20",
            "at": "2026-11-20T09:00:00Z",
            "sources": [
                {"source": "shopify", "outcome": "done", "why": null, "checked": 7,
                 "summary": "1 missed sale repaired: shopify:17",
                 "missed": missed, "repaired": none, "unreadable": none},
                {"source": "square", "outcome": "no_token", "why": null, "checked": 0,
                 "summary": "no token, cannot check",
                 "missed": none, "repaired": none, "unreadable": none},
            ],
        }]})
    );
}

#[tokio::test]
async fn nights_are_told_newest_first_page_by_page() {
    let api = Api::open().await;
    for day in [18, 19, 20] {
        compared(&api, day).await;
    }
    let dates = |page: &serde_json::Value| -> Vec<String> {
        let nights = page["nights"].as_array().unwrap().iter();
        nights.map(|night| night["date"].as_str().unwrap().to_owned()).collect()
    };
    let first = api.read(&format!("{NIGHTS}?limit=2")).await;
    assert_eq!(
        (dates(&first), &first["next"]),
        (vec!["2026-11-20".into(), "2026-11-19".into()], &json!("2026-11-19"))
    );
    let second = api.read(&format!("{NIGHTS}?limit=2&before=2026-11-19")).await;
    assert_eq!((dates(&second), &second["next"]), (vec!["2026-11-18".into()], &json!(null)));
    assert_eq!(api.read(&format!("{NIGHTS}?before=2026-11-18")).await["nights"], json!([]));
}

#[tokio::test]
async fn a_day_that_is_none_is_refused() {
    let api = Api::open().await;
    let answer = api.get(&format!("{NIGHTS}?before=yesterday")).await;
    assert!(answer.problem(400, "unreadable-before").contains("2026-11-22"));
}
