//! How far the shop's mail is.

use http::Method;
use platform::Clock;
use serde_json::json;

use super::{Api, NOW, at};

const MAIL_MODE: &str = "/api/v1/shops/corner-bakery/mail-mode";

#[tokio::test]
async fn mail_is_off_until_somebody_says_otherwise() {
    let api = Api::open().await;
    let off = json!({ "mode": "off", "live_since": null, "changed_at": null });
    assert_eq!(api.read(MAIL_MODE).await, off);
    assert_eq!(api.write(MAIL_MODE, json!({ "mode": "off" })).await, off, "it was off already");
}

#[tokio::test]
async fn going_live_says_since_when_and_going_live_again_begins_anew() {
    let api = Api::open().await;
    let owner = json!({ "mode": "owner", "live_since": null, "changed_at": NOW });
    assert_eq!(api.write(MAIL_MODE, json!({ "mode": "owner" })).await, owner);
    let live = json!({ "mode": "live", "live_since": NOW, "changed_at": NOW });
    assert_eq!(api.write(MAIL_MODE, json!({ "mode": "live" })).await, live);

    let (later, services) = ("2026-11-23T15:00:00Z", api.services.clone());
    let clock = Clock::fixed(at(later));
    let router = crate::router(platform::Services { clock, ..services.clone() });
    let tomorrow = Api { services, router };
    assert_eq!(tomorrow.write(MAIL_MODE, json!({ "mode": "live" })).await, live, "said twice");
    let off = json!({ "mode": "off", "live_since": NOW, "changed_at": later });
    assert_eq!(tomorrow.write(MAIL_MODE, json!({ "mode": "off" })).await, off);
    let again = json!({ "mode": "live", "live_since": later, "changed_at": later });
    assert_eq!(tomorrow.write(MAIL_MODE, json!({ "mode": "live" })).await, again);
    assert_eq!(api.read(MAIL_MODE).await, again);
}

#[tokio::test]
async fn a_mode_that_there_is_not_is_refused_with_those_that_there_are() {
    let api = Api::open().await;
    for body in [
        json!({ "mode": "on" }),
        json!({ "mode": "owner_only" }),
        json!({ "mode": "Live" }),
        json!({ "mode": null }),
        json!({ "mode": "live", "since": NOW }),
        json!({}),
    ] {
        let answer = api.post(MAIL_MODE, body.clone()).await;
        answer.problem(400, "unreadable-body");
    }
    let answer = api.post(MAIL_MODE, json!({ "mode": "on" })).await;
    let detail = answer.problem(400, "unreadable-body");
    for mode in ["off", "owner", "live"] {
        assert!(detail.contains(&format!("`{mode}`")), "{detail}");
    }
    assert_eq!(api.read(MAIL_MODE).await["mode"], "off");
}

#[tokio::test]
async fn an_unknown_shop_has_no_mail_mode() {
    let api = Api::open().await;
    let path = "/api/v1/shops/nowhere/mail-mode";
    api.get(path).await.problem(404, "unknown-shop");
    api.post(path, json!({ "mode": "live" })).await.problem(404, "unknown-shop");
    let nowhere = super::shop("nowhere");
    assert_eq!(api.services.store.status(&nowhere).await.unwrap(), Default::default());
}

#[tokio::test]
async fn without_a_token_it_is_neither_shown_nor_set() {
    let api = Api::open().await;
    for method in [Method::GET, Method::POST] {
        for token in [None, Some("Bearer guess")] {
            api.ask(method.clone(), MAIL_MODE, token).await.problem(401, "unauthorized");
        }
    }
    assert_eq!(api.read(MAIL_MODE).await["mode"], "off");
}
