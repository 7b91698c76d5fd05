//! Over the sample events, which are what AWS documents.

use std::path::Path;

use serde_json::{Value, json};

use super::*;

fn samples() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/mail-feedback");
    let mut samples: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            (name, std::fs::read_to_string(file.path()).unwrap())
        })
        .collect();
    samples.sort();
    samples
}

fn sample(name: &str) -> Value {
    let found = samples().into_iter().find(|(file, _)| file == &format!("{name}.json"));
    serde_json::from_str(&found.unwrap().1).unwrap()
}

#[test]
fn every_sample_is_read() {
    let lines = samples().into_iter().map(|(name, text)| {
        let Feedback { about, ses_id, sent_at, what } = read(&text).unwrap();
        assert_eq!(sent_at.to_string(), "2026-11-22T14:03:00.117Z");
        assert!(ses_id.ends_with("-000000"));
        let About { shop, customer, message, trigger, to_customer } = about.unwrap();
        assert_eq!((shop.as_str(), customer.as_str()), ("corner-bakery", "1x5zqk3v9c2ab"));
        assert_eq!((message.as_str(), to_customer), ("k3vq7zdm2xwcfy5hn4a6tjrbpe", true));
        assert_eq!(trigger.as_deref(), Some("order shopify:820982911946154508"));
        format!("{name}: {what:?}\n")
    });
    insta::assert_snapshot!(lines.collect::<String>());
}

#[test]
fn the_envelope_says_what_it_is_where_the_record_does_not() {
    for (name, text) in samples() {
        let mut event: Value = serde_json::from_str(&text).unwrap();
        event["detail"].as_object_mut().unwrap().remove("eventType");
        assert_eq!(read(&event.to_string()), read(&text), "{name}");
    }
}

#[test]
fn what_is_new_at_ses_is_nothing_to_fail_over() {
    let mut event = sample("delivery");
    event["detail"]["delivery"]["surprise"] = json!([1]);
    event["surprise"] = json!({});
    assert_eq!(read(&event.to_string()), read(&sample("delivery").to_string()));
    event["detail"]["eventType"] = json!("Levitation");
    assert_eq!(read(&event.to_string()).unwrap().what, What::New);
}

#[test]
fn mail_without_all_our_tags_is_not_ours() {
    for tag in ["shop", "customer", "message", "to"] {
        let mut event = sample("send");
        event["detail"]["mail"]["tags"].as_object_mut().unwrap().remove(tag);
        assert_eq!(read(&event.to_string()).unwrap().about, None, "{tag}");
        let mut event = sample("send");
        event["detail"]["mail"]["tags"][tag] = json!([]);
        assert_eq!(read(&event.to_string()).unwrap().about, None, "{tag}");
    }
    let mut event = sample("send");
    event["detail"]["mail"]["tags"]["shop"] = json!(["Somebody's App"]);
    assert_eq!(read(&event.to_string()).unwrap().about, None);
    event["detail"]["mail"].as_object_mut().unwrap().remove("tags");
    assert_eq!(read(&event.to_string()).unwrap().about, None);
}

#[test]
fn what_is_needed_has_to_be_there_and_no_value_is_told() {
    let refused = |event: &Value| {
        let error = read(&event.to_string()).unwrap_err().to_string();
        assert!(!error.contains("ada@"), "{error}");
        error
    };
    for (name, field, expected) in [
        ("delivery", "delivery", "it has no delivery"),
        ("bounce-permanent", "bounce", "it has no bounce"),
        ("complaint", "complaint", "it has no complaint"),
    ] {
        let mut event = sample(name);
        event["detail"].as_object_mut().unwrap().remove(field);
        assert_eq!(refused(&event), format!("this is no event of SES's: {expected}"));
        event["detail"][field] = json!({"timestamp": "ada@example.com"});
        assert!(refused(&event).ends_with("missing or of another type"), "{name}");
    }
    for field in ["timestamp", "messageId"] {
        let mut event = sample("send");
        event["detail"]["mail"].as_object_mut().unwrap().remove(field);
        assert!(refused(&event).ends_with("missing or of another type"), "{field}");
    }
    let mut other = sample("send");
    other["source"] = json!("aws.s3");
    assert!(refused(&other).ends_with("its source isn't aws.ses"));
    for text in ["", "{", "null", "[]", "ada@example.com"] {
        assert!(read(text).is_err(), "{text}");
    }
}

#[test]
fn an_address_is_read_without_the_name_before_it_and_the_mails_own_where_none_is_told() {
    let addresses = |event: &Value| match read(&event.to_string()).unwrap().what {
        What::Bounced { addresses, .. } | What::Complained { addresses, .. } => addresses,
        other => panic!("{other:?}"),
    };
    let mut event = sample("bounce-permanent");
    event["detail"]["bounce"]["bouncedRecipients"][0]["emailAddress"] =
        json!("\"Ada\" <Ada@Example.com>");
    assert_eq!(addresses(&event), ["Ada@Example.com"]);
    let mut event = sample("complaint");
    event["detail"]["complaint"]["complainedRecipients"] = json!([]);
    assert_eq!(addresses(&event), ["ada@example.com"]);
}
