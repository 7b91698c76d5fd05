//! How far the shop's mail is.

use http::Method;
use platform::Clock;
use platform::sender::{Carrier, SenderCheck};
use serde_json::json;

use super::mail_settings::{MAIL_SETTINGS, everything};
use super::{Api, NOW, at};

const MAIL_MODE: &str = "/api/v1/shops/corner-bakery/mail-mode";

#[tokio::test]
async fn mail_is_off_until_somebody_says_otherwise() {
    let api = Api::open().await;
    let off = json!({ "mode": "off", "live_since": null, "changed_at": null, "warnings": [] });
    assert_eq!(api.read(MAIL_MODE).await, off);
    assert_eq!(api.write(MAIL_MODE, json!({ "mode": "off" })).await, off, "it was off already");
}

#[tokio::test]
async fn going_live_says_since_when_and_going_live_again_begins_anew() {
    let api = Api::open().await;
    api.write(MAIL_SETTINGS, everything()).await;
    let mode = |mode: &str, live_since: Option<&str>, changed_at: &str| {
        json!({
            "mode": mode, "live_since": live_since, "changed_at": changed_at, "warnings": []
        })
    };
    let owner = mode("owner", None, NOW);
    assert_eq!(api.write(MAIL_MODE, json!({ "mode": "owner" })).await, owner);
    let live = mode("live", Some(NOW), NOW);
    assert_eq!(api.write(MAIL_MODE, json!({ "mode": "live" })).await, live);

    let (later, services) = ("2026-11-23T15:00:00Z", api.services.clone());
    let clock = Clock::fixed(at(later));
    let router = crate::router(platform::Services { clock, ..services.clone() });
    let tomorrow = Api { services, router };
    assert_eq!(tomorrow.write(MAIL_MODE, json!({ "mode": "live" })).await, live, "said twice");
    let off = mode("off", Some(NOW), later);
    assert_eq!(tomorrow.write(MAIL_MODE, json!({ "mode": "off" })).await, off);
    let again = mode("live", Some(later), later);
    assert_eq!(tomorrow.write(MAIL_MODE, json!({ "mode": "live" })).await, again);
    assert_eq!(api.read(MAIL_MODE).await, again);
}

#[tokio::test]
async fn a_mode_that_lacks_something_is_set_and_says_what_it_lacks() {
    let api = Api::open().await;
    let set = async |mode: &str| api.write(MAIL_MODE, json!({ "mode": mode })).await;
    let [no_from, no_owner, no_postal] = [
        "no from-address: nothing can be sent",
        "no owner's address: mail to the owner alone goes nowhere",
        "no postal address: many countries ask marketing mail to carry the shop's",
    ];
    let owner = set("owner").await;
    assert_eq!(
        (&owner["mode"], &owner["warnings"]),
        (&json!("owner"), &json!([no_from, no_owner]))
    );
    let live = set("live").await;
    assert_eq!((&live["mode"], &live["warnings"]), (&json!("live"), &json!([no_from, no_postal])));
    assert_eq!(api.read(MAIL_MODE).await, live);
    api.write(MAIL_SETTINGS, everything()).await;
    assert_eq!(api.read(MAIL_MODE).await["warnings"], json!([]));
}

#[tokio::test]
async fn in_a_deployment_live_mail_lacks_a_check_of_its_sender_until_somebody_looked() {
    let Api { services, .. } = Api::open().await;
    let sites = platform::Sites { carrier: Carrier::Ses, ..(*services.sites).clone() };
    let services = platform::Services { sites: sites.into(), ..services };
    let api = Api { router: crate::router(services.clone()), services };
    api.write(MAIL_SETTINGS, everything()).await;
    let warnings = api.write(MAIL_MODE, json!({ "mode": "live" })).await["warnings"].clone();
    assert_eq!(warnings, json!(["its sender isn't checked yet: run `regulars doctor`"]));

    let (store, shop) = (&api.services.store, super::shop("corner-bakery"));
    let domain = store.mail_settings(&shop).await.unwrap().domain().unwrap().to_owned();
    for missing in [vec!["no DMARC".to_owned()], Vec::new()] {
        let found = SenderCheck { at: at(NOW), domain: domain.clone(), missing: missing.clone() };
        store.keep_sender_check(&shop, found).await.unwrap();
        assert_eq!(api.read(MAIL_MODE).await["warnings"], json!(missing));
    }
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
