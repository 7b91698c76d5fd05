//! Who the shop's mail comes from, and how it looks.

use http::Method;
use platform::sender::MailSettings;
use serde_json::{Value, json};

use super::{Api, NOW};

pub(super) const MAIL_SETTINGS: &str = "/api/v1/shops/corner-bakery/mail-settings";

/// All there is to say.
pub(super) fn everything() -> Value {
    json!({
        "from": "hello@corner.example",
        "from_name": "Maria of Corner Bakery",
        "reply_to": "corner.bakery@gmail.com",
        "owner": "maria@gmail.com",
        "second": "jo@gmail.com",
        "postal_address": "5 Main Street, Springfield, NY 12345",
        "logo": "https://corner.example/logo.png",
        "accent": "#9a3412",
        "language": "en",
        "imprint": "https://corner.example/about",
        "away_until": "2027-01-10",
    })
}

#[tokio::test]
async fn mail_comes_from_nobody_until_somebody_says_from_whom() {
    let api = Api::open().await;
    let nobody = json!({
        "from": null,
        "from_name": "Corner Bakery",
        "reply_to": null,
        "owner": null,
        "second": null,
        "postal_address": null,
        "logo": null,
        "accent": null,
        "language": null,
        "imprint": null,
        "away_until": null,
        "changed_at": null,
        "missing": [
            "no from-address: nothing can be sent",
            "no postal address: many countries ask marketing mail to carry the shop's",
        ],
    });
    assert_eq!(api.read(MAIL_SETTINGS).await, nobody);
    assert_eq!(api.write(MAIL_SETTINGS, json!({})).await, nobody, "nothing was said");
    assert_eq!(api.write(MAIL_SETTINGS, json!({ "owner": null })).await, nobody);
}

#[tokio::test]
async fn what_is_left_out_stays_and_null_takes_away() {
    let api = Api::open().await;
    let mut all = everything();
    all["changed_at"] = json!(NOW);
    all["missing"] = json!([]);
    assert_eq!(api.write(MAIL_SETTINGS, everything()).await, all);
    let change = json!({ "from_name": null, "reply_to": "maria@corner.example" });
    all["from_name"] = json!("Corner Bakery");
    all["reply_to"] = json!("maria@corner.example");
    assert_eq!(api.write(MAIL_SETTINGS, change).await, all);
    assert_eq!(api.read(MAIL_SETTINGS).await, all);
}

#[tokio::test]
async fn what_cannot_be_is_refused_as_a_whole_with_every_reason() {
    let api = Api::open().await;
    let body = json!({
        "from": "maria@yahoo.co.uk",
        "from_name": "Maria",
        "reply_to": "no-reply@corner.example",
        "owner": "maria at gmail",
        "logo": "http://corner.example/maria.png",
        "accent": "brown",
        "language": "fr",
        "imprint": "maria",
    });
    let answer = api.post(MAIL_SETTINGS, body).await;
    let detail = answer.problem(400, "unfit-mail-settings");
    for part in [
        "`from` is at a provider",
        "`reply_to` says that nobody",
        "`owner` can't be",
        "`logo` has to be a URL that begins with https://",
        "`accent` is no colour: write # and six",
        "`language` has to be one of en, de",
        "`imprint` has to be a URL that begins with https://",
    ] {
        assert!(detail.contains(part), "{detail}");
    }
    assert!(!detail.contains("maria"), "{detail}");
    assert_eq!(api.read(MAIL_SETTINGS).await["from_name"], "Corner Bakery");

    for body in [json!({ "sender": "a" }), json!({ "from": 5 })] {
        api.post(MAIL_SETTINGS, body).await.problem(400, "unreadable-body");
    }
}

#[tokio::test]
async fn a_german_shop_misses_an_imprint_until_one_is_named() {
    let api = Api::open().await;
    let german = loyalty::program::CORNER_BAKERY
        .replace("corner-bakery", "ecke")
        .replace("preset = \"us-ny\"", "preset = \"de\"")
        .replace("membership = \"automatic\"", "membership = \"join\"");
    api.apply(&german).await;
    let path = "/api/v1/shops/ecke/mail-settings";
    let mut settings = everything();
    settings["imprint"] = Value::Null;
    let missing = json!(["no imprint: German pages and mail must link one (§ 5 DDG)"]);
    assert_eq!(api.write(path, settings).await["missing"], missing);
    let live = api.write("/api/v1/shops/ecke/mail-mode", json!({ "mode": "live" })).await;
    assert_eq!(live["warnings"], missing);
    let imprint = json!({ "imprint": "https://corner.example/impressum" });
    assert_eq!(api.write(path, imprint).await["missing"], json!([]));
}

#[tokio::test]
async fn each_shop_has_its_own_and_an_unknown_one_has_none() {
    let api = Api::open().await;
    let nowhere = "/api/v1/shops/nowhere/mail-settings";
    api.get(nowhere).await.problem(404, "unknown-shop");
    api.post(nowhere, everything()).await.problem(404, "unknown-shop");
    let stored = api.services.store.mail_settings(&super::shop("nowhere")).await.unwrap();
    assert_eq!(stored, MailSettings::default());

    api.apply(&loyalty::program::CORNER_BAKERY.replace("corner-bakery", "other-shop")).await;
    api.write(MAIL_SETTINGS, everything()).await;
    let other = api.read("/api/v1/shops/other-shop/mail-settings").await;
    assert_eq!((&other["from"], &other["owner"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn without_a_token_it_is_neither_shown_nor_set() {
    let api = Api::open().await;
    api.write(MAIL_SETTINGS, everything()).await;
    for method in [Method::GET, Method::POST] {
        for token in [None, Some("Bearer guess")] {
            let answer = api.ask(method.clone(), MAIL_SETTINGS, token).await;
            let detail = answer.problem(401, "unauthorized");
            assert!(!detail.contains('@'), "{detail}");
        }
    }
}
