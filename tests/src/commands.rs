//! The other commands of `regulars` as processes.

use serde_json::Value;

use crate::process::{Server, regulars, run, told, workspace};

fn sample() -> String {
    workspace("shared/loyalty/programs/corner-bakery.toml").to_str().unwrap().to_owned()
}

fn event(topic: &str) -> String {
    let file = format!("events/purchase-webhook/shopify-{topic}.json");
    workspace(&file).to_str().unwrap().to_owned()
}

#[test]
fn a_program_is_checked_and_applied_once() {
    let home = tempfile::tempdir().unwrap();
    let (code, told, _) = run(home.path(), &["program", "check", &sample()]);
    assert_eq!(code, 0);
    assert!(told.contains("corner-bakery.toml is OK."), "{told}");
    assert!(told.contains("Worth knowing:\n- shop.preset"), "{told}");
    assert!(!home.path().join("data").exists(), "checking changes nothing");

    let apply = || run(home.path(), &["program", "apply", &sample()]);
    let (code, told, why) = apply();
    assert_eq!(code, 0, "{why}");
    assert!(told.starts_with("Saved as version 1 of corner-bakery."), "{told}");
    assert!(apply().1.starts_with("Unchanged: version 1"));
}

#[test]
fn a_program_can_be_applied_while_the_server_runs() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(home.path(), &[]);
    let changed =
        std::fs::read_to_string(sample()).unwrap().replace("points = 350", "points = 360");
    std::fs::write(home.path().join("changed.toml"), changed).unwrap();
    let (code, told, why) = run(home.path(), &["program", "apply", "changed.toml"]);
    assert_eq!(code, 0, "{why}");
    assert!(told.starts_with("Saved as version 2 of corner-bakery."), "{told}");
    let books = workspace("shared/loyalty/programs/harbour-books.toml");
    let (_, told, _) = run(home.path(), &["program", "apply", books.to_str().unwrap()]);
    assert!(told.contains("doesn't know this shop yet: start it again"), "{told}");
    server.stop();
}

#[test]
fn mail_is_set_while_the_server_runs_and_stays_as_it_was_set() {
    let home = tempfile::tempdir().unwrap();
    let (code, _, why) = run(home.path(), &["mail", "live"]);
    assert_eq!(code, 1);
    assert!(why.contains("`regulars program apply` opens one"), "{why}");
    let server = Server::start(home.path(), &[]);
    let (code, told, why) = run(home.path(), &["mail"]);
    assert_eq!(code, 0, "{why}");
    assert!(told.starts_with("Mail of corner-bakery is off: nobody gets any.\n"), "{told}");
    assert!(told.contains("- no from-address: nothing can be sent\n"), "{told}");
    let sender = ["mail", "sender", "--from", "hello@corner.example", "--shop", "corner-bakery"];
    let (code, told, why) = run(home.path(), &sender);
    assert_eq!(code, 0, "{why}");
    assert!(told.contains("From     hello@corner.example\n"), "{told}");
    let (code, told, why) = run(home.path(), &["mail", "live", "--shop", "corner-bakery"]);
    assert_eq!(code, 0, "{why}");
    assert!(told.starts_with("Mail of corner-bakery is live since "), "{told}");
    server.stop();
    let (_, again, _) = run(home.path(), &["mail"]);
    assert_eq!(again, told);
    let (code, _, why) = run(home.path(), &["mail", "on"]);
    assert_eq!(code, 2);
    assert!(why.contains("[possible values: off, owner, live]"), "{why}");
}

#[test]
fn events_are_signed_anew_and_the_story_of_an_order_ends_at_nothing() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(home.path(), &[]);
    let story = [
        ("orders-create", 0),
        ("orders-edited", 0),
        ("orders-paid", 531),
        ("orders-updated", 0),
        ("refunds-create", -35),
        ("orders-cancelled", -496),
    ];
    for (topic, points) in story {
        let (code, told, why) = run(home.path(), &["send", &event(topic), "--url", &server.url()]);
        assert_eq!(code, 0, "{topic}: {why}");
        let body: Value = serde_json::from_str(told.lines().nth(1).unwrap()).unwrap();
        assert_eq!(body["points"].as_i64().unwrap_or(0), points, "{topic}: {told}");
    }
    server.stop();
}

#[test]
fn a_bare_body_is_sent_with_a_topic() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(home.path(), &[]);
    let text = std::fs::read_to_string(event("customers-create")).unwrap();
    let text: Value = serde_json::from_str(&text).unwrap();
    std::fs::write(home.path().join("body.json"), text["body"].as_str().unwrap()).unwrap();
    let url = server.url();
    let send = ["send", "body.json", "--shop", "corner-bakery", "--url", &url];
    let (code, _, why) = run(home.path(), &send);
    assert_eq!(code, 1);
    assert!(why.contains("--topic"), "{why}");
    let (code, told, why) =
        run(home.path(), &[&send[..], &["--topic", "customers/create"]].concat());
    assert_eq!(code, 0, "{why}");
    assert!(told.contains("\"outcome\":\"recorded\""), "{told}");
}

#[test]
fn a_wrong_secret_is_refused_and_fails() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(home.path(), &[]);
    let url = server.url();
    let mut send = regulars(home.path(), &["send", &event("orders-paid"), "--url", &url]);
    let (code, told, why) =
        told(&send.env("REGULARS_SECRET_CORNER_BAKERY_SHOPIFY", "wrong").output().unwrap());
    assert_eq!(code, 1, "{why}");
    assert!(told.starts_with("401 Unauthorized\n"), "{told}");
}

#[test]
fn what_cannot_be_sent_is_told() {
    let home = tempfile::tempdir().unwrap();
    let event = event("orders-paid");
    let refused = |arguments: &[&str], part: &str| {
        let mut send = regulars(home.path(), &[&["send"], arguments].concat());
        let (code, _, why) =
            told(&send.env("REGULARS_SECRET_CORNER_BAKERY_SHOPIFY", "a").output().unwrap());
        assert_eq!(code, 1);
        assert!(why.starts_with("regulars: ") && why.contains(part), "{why}");
        assert_eq!(why.lines().count(), 1, "{why}");
    };
    refused(&["none.json"], "cannot read none.json");
    refused(&[&event, "--shop", "another"], "set REGULARS_SECRET_ANOTHER_SHOPIFY");
    refused(&[&event, "--url", "https://127.0.0.1"], "TLS");
    refused(&[&event, "--url", "http://127.0.0.1:9"], "`regulars serve` starts one");
}

#[test]
fn a_demo_is_one_json_object_and_the_same_each_time() {
    let home = tempfile::tempdir().unwrap();
    let demo = || {
        let arguments = ["demo", "--days", "20", "--customers", "10", "--no-serve", "--json"];
        let (code, told, why) = run(home.path(), &arguments);
        assert_eq!((code, why.as_str()), (0, ""), "{told}");
        let mut figures: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(figures["ok"], true);
        figures.as_object_mut().unwrap().retain(|name, _| {
            !["wall_ms", "nights_ms", "deliveries_per_second"].contains(&name.as_str())
        });
        figures
    };
    assert_eq!(demo(), demo());
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "it leaves nothing behind");
}

#[test]
fn after_a_demo_its_data_is_served() {
    let home = tempfile::tempdir().unwrap();
    let arguments = ["demo", "--days", "10", "--customers", "3", "--listen", "127.0.0.1:0"];
    let server = Server::of(regulars(home.path(), &arguments));
    assert_eq!(server.get("/healthz"), (200, "ok".to_owned()));
    server.stop();
}
