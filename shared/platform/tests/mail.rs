//! Mail through the real SDK, to an SES that answers as the real one does.
#![cfg(test)]

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use platform::Clock;
use platform::mail::{Letter, Mail, Mailbox, SendError};
use testkit::aws::{Cloud, mail_over};
use testkit::embedded::Embedded;
use testkit::faults::{Fate, Fault, Faulty, attempt};
use testkit::ses::{Refusal, SendQuota};

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn cloud() -> Cloud {
    Cloud::new(Embedded::temporary().unwrap(), Clock::fixed(now()))
}

fn letter() -> Letter {
    Letter {
        from: Mailbox::new("Bäckerei an der Ecke", "hello@bakery.example").unwrap(),
        reply_to: Some("maria@bakery.example".to_owned()),
        to: "anna@bäckerei.de".to_owned(),
        subject: "45 Punkte für dich".to_owned(),
        text: "Du hast 45 Punkte. 🥐".to_owned(),
        html: Some("<p>Du hast 45 Punkte.</p>".to_owned()),
        headers: vec![
            ("List-Unsubscribe".to_owned(), "<https://r.example/u/abc>".to_owned()),
            ("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned()),
        ],
        tags: vec![
            ("shop".to_owned(), "corner-bakery".to_owned()),
            ("message".to_owned(), "abcdefghijklmnopqrstuvwxyz".to_owned()),
        ],
        configuration_set: Some("regulars-corner-bakery".to_owned()),
    }
}

#[tokio::test]
async fn a_letter_arrives_with_all_it_has() {
    let cloud = cloud();
    let id = cloud.mail().send(&letter()).await.unwrap();
    let [mail] = cloud.ses.mails().try_into().unwrap();
    assert_eq!(mail.id, id);
    assert_eq!(mail.from, "=?UTF-8?B?QsOkY2tlcmVpIGFuIGRlciBFY2tl?= <hello@bakery.example>");
    assert_eq!(mail.to, ["anna@xn--bckerei-5wa.de"]);
    assert_eq!(mail.reply_to, ["maria@bakery.example"]);
    assert_eq!(mail.subject, "45 Punkte für dich");
    assert_eq!(mail.text.as_deref(), Some("Du hast 45 Punkte. 🥐"));
    assert_eq!(mail.html.as_deref(), Some("<p>Du hast 45 Punkte.</p>"));
    assert_eq!(mail.headers, letter().headers);
    assert_eq!(mail.tags.into_iter().collect::<Vec<_>>(), {
        let mut tags = letter().tags;
        tags.sort();
        tags
    });
    assert_eq!(mail.configuration_set.as_deref(), Some("regulars-corner-bakery"));
}

/// What a send becomes, by its variant's name.
fn named(result: &Result<String, SendError>) -> &'static str {
    match result {
        Ok(_) => "sent",
        Err(SendError::Throttled { .. }) => "throttled",
        Err(SendError::Held { .. }) => "held",
        Err(SendError::Refused { .. }) => "refused",
        Err(SendError::Unknown { .. }) => "unknown",
    }
}

fn other(status: u16, code: &str, message: &str) -> Refusal {
    Refusal::Other { status, code: code.to_owned(), message: message.to_owned() }
}

#[tokio::test]
async fn each_of_sess_refusals_means_what_it_says() {
    let cloud = cloud();
    let mail = cloud.mail();
    let no_set = "Configuration set <regulars-x> does not exist.";
    for (refusal, expected) in [
        (Refusal::Rate, "throttled"),
        (Refusal::TooManyRequests, "throttled"),
        (other(400, "ThrottlingException", "Rate exceeded"), "throttled"),
        (other(429, "", ""), "throttled"),
        (Refusal::DailyQuota, "held"),
        (other(429, "TooManyRequestsException", "Daily message quota exceeded."), "held"),
        (Refusal::Paused, "held"),
        (Refusal::Suspended, "held"),
        (Refusal::MailFrom, "held"),
        (Refusal::NoConfigurationSet, "held"),
        (other(400, "BadRequestException", no_set), "held"),
        (Refusal::NotVerified, "held"),
        (Refusal::AccessDenied, "held"),
        (other(400, "ExpiredTokenException", ""), "held"),
        (other(403, "SomethingNew", ""), "held"),
        (Refusal::Rejected, "refused"),
        (Refusal::BadRequest, "refused"),
        (Refusal::Internal, "unknown"),
        (other(503, "ServiceUnavailable", ""), "unknown"),
        (other(503, "ThrottlingException", ""), "unknown"),
        (other(418, "SomethingNew", ""), "unknown"),
    ] {
        cloud.ses.refuse_next(refusal.clone());
        let result = mail.send(&letter()).await;
        assert_eq!(named(&result), expected, "{refusal:?}");
        assert_eq!(cloud.ses.count(), 0);
    }
    assert_eq!(named(&mail.send(&letter()).await), "sent");
}

#[tokio::test]
async fn no_reason_repeats_what_ses_wrote() {
    let cloud = cloud();
    let mail = cloud.mail();
    for (status, code) in [(400, "BadRequestException"), (400, "MessageRejected"), (500, "New")] {
        cloud.ses.refuse_next(other(status, code, "Illegal address: anna@example.com"));
        let error = mail.send(&letter()).await.unwrap_err();
        let logged = format!("{error} {error:?}");
        assert!(!logged.contains("anna") && !logged.contains("Illegal"), "{logged}");
    }
}

/// Mail whose next call meets a fault, and that call's number of attempts.
async fn faulty(cloud: &Cloud, fault: Fault, variant: u32) -> (Option<&'static str>, usize) {
    let fate = move |_, _: &str| Fate { fault: Some(fault), variant, ..Fate::default() };
    let faulty = Faulty::new(cloud.connector(), Arc::new(fate));
    let mail = mail_over(faulty.clone());
    let result = attempt(0, 0, mail.send(&letter())).await;
    (result.as_ref().map(named), faulty.take_made().len())
}

#[tokio::test(start_paused = true)]
async fn whatever_befalls_a_send_it_is_made_once() {
    for (fault, variant, expected, accepted) in [
        (Fault::NotSent, 0, Some("unknown"), 0),
        (Fault::ReplyLost, 0, Some("unknown"), 1),
        (Fault::Timeout, 0, Some("unknown"), 0),
        (Fault::Timeout, 1, Some("unknown"), 1),
        (Fault::Killed, 0, None, 0),
        (Fault::Killed, 1, None, 1),
        (Fault::Throttled, 0, Some("throttled"), 0),
        (Fault::Conflict, 0, Some("sent"), 1),
    ] {
        let cloud = cloud();
        let (result, made) = faulty(&cloud, fault, variant).await;
        assert_eq!((result, made, cloud.ses.count()), (expected, 1, accepted), "{fault} {variant}");
    }
}

#[tokio::test]
async fn a_bad_address_never_reaches_ses() {
    let cloud = cloud();
    let long = format!("{}@example.com", "a".repeat(388));
    for to in ["", "anna", "jürgen@example.com", "a b@example.com", &long, "anna@example"] {
        let letter = Letter { to: to.to_owned(), ..letter() };
        cloud.ses.refuse_next(Refusal::Internal);
        assert_eq!(named(&cloud.mail().send(&letter).await), "refused", "{to}");
    }
}

#[tokio::test]
async fn a_name_with_a_line_break_begins_no_header() {
    let cloud = cloud();
    let from = Mailbox::new("Bakery\r\nBcc: eve@example.com", "hello@bakery.example").unwrap();
    let subject = "Hi\r\nBcc: eve@example.com".to_owned();
    cloud.mail().send(&Letter { from, subject, ..letter() }).await.unwrap();
    let [mail] = cloud.ses.mails().try_into().unwrap();
    assert_eq!(mail.from, "\"Bakery Bcc: eve@example.com\" <hello@bakery.example>");
    assert_eq!(mail.subject, "Hi Bcc: eve@example.com");
}

async fn send(mail: &Mail, count: usize) {
    for _ in 0..count {
        mail.send(&letter()).await.unwrap();
    }
}

#[tokio::test]
async fn the_quota_is_asked_for_every_five_minutes_and_shrinks_between() {
    let cloud = cloud();
    cloud.ses.set_quota(SendQuota { a_day: Some(100), a_second: None, ..SendQuota::default() });
    let mail = cloud.mail();
    send(&mail, 2).await;
    let quota = mail.quota(now()).await;
    assert_eq!((quota.left_today, quota.known, quota.production), (Some(98), true, true));
    assert_eq!(quota.pause, Duration::from_millis(1));

    send(&mail.clone(), 3).await;
    cloud.ses.refuse_next(Refusal::Internal);
    mail.send(&letter()).await.unwrap_err();
    cloud.ses.refuse_next(Refusal::Rejected);
    mail.send(&letter()).await.unwrap_err();
    cloud.ses.set_quota(SendQuota { a_day: Some(200), sending: false, ..SendQuota::default() });
    // Three sent and one perhaps; a clone's too.
    assert_eq!(mail.quota(now()).await.left_today, Some(94));

    let later = now() + SignedDuration::from_mins(5);
    let quota = mail.quota(later).await;
    assert_eq!((quota.left_today, quota.sending), (Some(195), false));
}

#[tokio::test]
async fn without_an_answer_one_goes_a_second_until_there_is_one() {
    let cloud = cloud();
    let mail = cloud.mail();
    cloud.ses.fail_account(true);
    let quota = mail.quota(now()).await;
    assert_eq!((quota.pause, quota.known), (Duration::from_secs(1), false));
    assert_eq!((quota.left_today, quota.sending, quota.production), (None, true, true));

    cloud.ses.fail_account(false);
    assert!(!mail.quota(now() + SignedDuration::from_secs(59)).await.known);
    let quota = mail.quota(now() + SignedDuration::from_secs(60)).await;
    assert_eq!((quota.known, quota.left_today), (true, Some(50_000)));
}
