use super::*;
use loyalty::mail::About;

const AT: [&str; 3] = ["2026-11-22T12:00:00Z", "2026-11-22T12:00:01Z", "2026-11-22T12:00:02Z"];

fn at(index: usize) -> Timestamp {
    AT[index].parse().unwrap()
}

fn message() -> Message {
    let about = About::Consent { asked_at: Some(at(0)) };
    let sections = vec![Kind::ConsentConfirmation];
    let (from, due, fact_at, news_from, caused_at) = (at(0), at(0), at(0), at(0), None);
    let draft = Draft { about, from, sections, due, fact_at, news_from, caused_at };
    let (shop, customer) = ("a".parse().unwrap(), "c".parse().unwrap());
    Message::new(&shop, &customer, draft, at(0))
}

#[test]
fn whatever_order_sess_events_come_in_the_end_is_the_same() {
    let events = [
        Heard::Sent { at: at(0), ses_id: "s".to_owned() },
        Heard::Delivered { at: at(1) },
        Heard::Bounced(Bounced { at: at(1), permanent: false }),
        Heard::Bounced(Bounced { at: at(2), permanent: true }),
        Heard::Complained { at: at(2) },
        Heard::Delivered { at: at(2) },
    ];
    let mut expected = message();
    events.iter().cloned().for_each(|heard| expected.hear(heard));
    assert_eq!(expected.state, State::Sent);
    assert_eq!(expected.bounced, Some(Bounced { at: at(2), permanent: true }));
    for rotation in 0..events.len() {
        let mut found = message();
        let (late, early) = events.split_at(rotation);
        for heard in early.iter().rev().chain(late).chain(early) {
            found.hear(heard.clone());
        }
        assert_eq!(found, expected, "rotated by {rotation}");
    }
}

#[test]
fn an_id_is_26_letters_and_digits_and_the_triggers_own() {
    let id = message().id;
    assert_eq!(id.len(), 26);
    assert!(id.bytes().all(|one| one.is_ascii_lowercase() || (b'2'..=b'7').contains(&one)));
    assert_eq!(short_hash("a"), short_hash("a"));
    assert_ne!(short_hash("a"), short_hash("b"));
    // RFC 4648's base 32 of the hash's first 130 bits.
    assert_eq!(short_hash(""), "4oymiquy7qobjgx36tejs35zeq");
}
