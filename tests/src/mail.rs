//! Mail, from a signed purchase to a mailbox, and what the mailbox answers.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::process::{Server, run, workspace};

const SHOP: &str = "/api/v1/shops/corner-bakery";

/// A server whose mail is live, with a receipt for each purchase.
fn live(home: &Path) -> Server {
    let sample = workspace("shared/loyalty/programs/corner-bakery.toml");
    let toml = std::fs::read_to_string(sample).unwrap();
    let toml = toml.replace("receipts = \"weekly\"", "receipts = \"each\"");
    std::fs::write(home.join("program.toml"), toml).unwrap();
    let server = Server::start(home, &["--program", "program.toml"]);
    for command in
        [&["mail", "sender", "--from", "hello@corner-bakery.example"][..], &["mail", "live"][..]]
    {
        let (code, _, why) = run(home, command);
        assert_eq!(code, 0, "{why}");
    }
    server
}

/// The sample order, paid this moment by somebody with this address.
fn buys(home: &Path, server: &Server, email: &str) {
    let event = workspace("events/purchase-webhook/shopify-orders-paid.json");
    let event: Value = serde_json::from_str(&std::fs::read_to_string(event).unwrap()).unwrap();
    let mut order: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
    let clock: Value = serde_json::from_str(&server.get("/_local/clock").1).unwrap();
    for time in ["created_at", "processed_at", "updated_at"] {
        order[time] = clock["now"].clone();
    }
    for address in ["email", "contact_email"] {
        order[address] = json!(email);
    }
    order["customer"]["email"] = json!(email);
    let file = home.join("order.json");
    std::fs::write(&file, order.to_string()).unwrap();
    let file = file.to_str().unwrap();
    let sent = ["send", file, "--topic", "orders/paid", "--url", &server.url()];
    let (code, told, why) = run(home, &[&sent[..], &["--shop", "corner-bakery"]].concat());
    assert_eq!(code, 0, "{told}{why}");
}

/// Asks until the answer is as wanted.
fn until(server: &Server, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        let (status, body) = server.get(path);
        let found: Value = serde_json::from_str(&body).unwrap_or_default();
        if status == 200 && wanted(&found) {
            return found;
        }
        assert!(Instant::now() < patience, "{path} still says {status}: {body}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_purchase_is_answered_with_mail_that_the_mailbox_shows_and_the_bus_tells_of() {
    let home = tempfile::tempdir().unwrap();
    let server = live(home.path());
    buys(home.path(), &server, "imogen.vale@example.com");
    let mailbox = "/_local/mailbox?to=imogen.vale@example.com";
    let mails =
        until(&server, mailbox, |mails| mails.as_array().is_some_and(|all| !all.is_empty()));
    let mail = &mails[0];
    assert_eq!((&mail["kind"], &mails[1]), (&json!("receipt"), &Value::Null));
    assert!(mail["text"].as_str().unwrap().contains("531 points"), "{mail}");
    assert_eq!(mail["tags"]["to"], "customer");
    let (status, page) = server.get("/_local/mailbox/");
    assert_eq!(status, 200);
    assert!(page.contains("531 points from Corner Bakery"), "{page}");
    let told = |kind: &str, events: &Value| {
        let all = events.as_array().cloned().unwrap_or_default();
        all.iter().filter(|one| one["detail-type"] == kind).count()
    };
    until(&server, "/_local/events", |events| told("MessageSent", events) == 1);
    let messages = until(&server, &format!("{SHOP}/messages"), |found| {
        found["messages"][0]["delivered_at"].is_string()
    });
    assert_eq!(messages["messages"][0]["state"], "sent");
    // Told again, nothing goes out again.
    buys(home.path(), &server, "imogen.vale@example.com");
    std::thread::sleep(Duration::from_secs(1));
    let again: Value = serde_json::from_str(&server.get(mailbox).1).unwrap();
    assert_eq!(again.as_array().unwrap().len(), 1, "{again}");
    server.stop();
    let again = Server::start(home.path(), &[]);
    let kept: Value = serde_json::from_str(&again.get(mailbox).1).unwrap();
    assert_eq!(kept, mails, "the mailbox is kept with the data");
}

#[test]
fn what_sess_simulator_addresses_answer_keeps_further_mail_from_them() {
    for (address, why) in [
        ("bounce@simulator.amazonses.com", "bounce"),
        ("suppressionlist@simulator.amazonses.com", "bounce"),
        ("complaint@simulator.amazonses.com", "complaint"),
        ("ooto@simulator.amazonses.com", ""),
    ] {
        let home = tempfile::tempdir().unwrap();
        let server = live(home.path());
        buys(home.path(), &server, address);
        let settled = |found: &Value| {
            let message = &found["messages"][0];
            message["bounced"].is_object()
                || message["complained_at"].is_string()
                || (why.is_empty() && message["delivered_at"].is_string())
        };
        until(&server, &format!("{SHOP}/messages"), settled);
        let path = format!("{SHOP}/customers?email={}", address.replace('@', "%40"));
        let found = until(&server, &path, |found| {
            let told = found["customers"][0].to_string();
            why.is_empty() || told.contains(&format!("\"{why}\""))
        });
        if why.is_empty() {
            assert_eq!(found["customers"][0]["email"]["suppressed"], Value::Null, "{found}");
        }
    }
}

#[test]
fn a_test_mail_arrives_and_says_what_to_do_where_nobody_takes_it() {
    let home = tempfile::tempdir().unwrap();
    let server = live(home.path());
    let url = server.url();
    let (code, told, why) =
        run(home.path(), &["send-test", "birthday", "ada@example.com", "--url", &url]);
    assert_eq!((code, told.contains("/_local/mailbox/")), (0, true), "{told}{why}");
    let mails: Value = serde_json::from_str(&server.get("/_local/mailbox").1).unwrap();
    assert_eq!(
        (&mails[0]["to"], &mails[0]["kind"]),
        (&json!("ada@example.com"), &json!("birthday"))
    );
    let page = link(&mails[0], "/why/");
    assert_eq!(server.get(&page).0, 200, "the links of a test mail lead to its server: {page}");
    server.stop();
    let sent = run(home.path(), &["send-test", "birthday", "ada@example.com", "--url", &url]);
    assert_eq!((sent.0, sent.2.contains("does `regulars serve` run at")), (1, true), "{}", sent.2);
}

#[test]
fn one_click_in_the_mail_program_stops_that_kind_of_mail_and_following_its_links_nothing() {
    let home = tempfile::tempdir().unwrap();
    let server = live(home.path());
    buys(home.path(), &server, "imogen.vale@example.com");
    let mails = until(&server, "/_local/mailbox", |mails| {
        mails.as_array().is_some_and(|all| !all.is_empty())
    });
    let her = |server: &Server| {
        let found = server.get(&format!("{SHOP}/customers?email=imogen.vale%40example.com")).1;
        serde_json::from_str::<Value>(&found).unwrap()["customers"][0].clone()
    };
    let before = her(&server);
    for path in ["/u/", "/p/", "/why/"] {
        assert_eq!(server.get(&link(&mails[0], path)).0, 200);
    }
    assert_eq!(her(&server), before);
    let button = mails[0]["headers"]["List-Unsubscribe"].as_str().unwrap();
    assert_eq!(button, format!("<{}{}>", server.url(), link(&mails[0], "/u/")));
    let (status, _) = server.post(&link(&mails[0], "/u/"), "List-Unsubscribe=One-Click");
    assert_eq!(status, 200);
    assert_eq!(her(&server)["consent"]["off"], json!(["receipt"]), "{}", her(&server));
}

/// The path of the first link of a mail to a page of ours.
fn link(mail: &Value, page: &str) -> String {
    let text = mail["text"].as_str().unwrap();
    let link = text.split_whitespace().find(|word| word.contains(page)).unwrap();
    let (_, token) = link.split_once(page).unwrap();
    format!("{page}{token}")
}
