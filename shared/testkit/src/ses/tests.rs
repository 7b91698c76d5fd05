use super::*;

fn now() -> Timestamp {
    "2026-11-22T12:00:00.250Z".parse().unwrap()
}

fn request(to: &str) -> Value {
    json!({
        "FromEmailAddress": "\"Corner Bakery\" <hello@bakery.example>",
        "Destination": { "ToAddresses": [to] },
        "Content": { "Simple": {
            "Subject": { "Data": "45 points", "Charset": "UTF-8" },
            "Body": { "Text": { "Data": "You have 45 points.", "Charset": "UTF-8" } },
            "Headers": [{ "Name": "List-Unsubscribe", "Value": "<https://bakery.example/u/1>" }],
        } },
        "EmailTags": [{ "Name": "shop", "Value": "corner-bakery" }],
        "ConfigurationSetName": "regulars-corner-bakery",
    })
}

fn send(ses: &Ses, request: &Value) -> Reply {
    ses.answer(SEND.0, SEND.1, request.to_string().as_bytes(), now())
}

#[track_caller]
fn refused(request: &Value, part: &str) {
    let reply = send(&Ses::new(), request);
    assert_eq!((reply.status, reply.error_type()), (400, Some("BadRequestException")), "{reply}");
    assert!(reply.body["message"].as_str().unwrap().contains(part), "{reply}");
}

fn with(pointer: &str, value: Value) -> Value {
    let mut request = request("ada@example.com");
    *request.pointer_mut(pointer).unwrap() = value;
    request
}

#[test]
fn an_accepted_mail_is_kept_with_all_it_has() {
    let ses = Ses::new();
    let reply = send(&ses, &request("ada@example.com"));
    assert_eq!(reply.status, 200, "{reply}");
    let [mail] = ses.mails().try_into().unwrap();
    assert_eq!(reply.body["MessageId"], mail.id);
    assert_eq!(mail.from, "\"Corner Bakery\" <hello@bakery.example>");
    assert_eq!(mail.to, ["ada@example.com"]);
    assert_eq!((mail.text.as_deref(), mail.html), (Some("You have 45 points."), None));
    assert_eq!(mail.headers[0].0, "List-Unsubscribe");
    assert_eq!(mail.tags["shop"], "corner-bakery");
    assert_eq!(mail.configuration_set.as_deref(), Some("regulars-corner-bakery"));
}

#[test]
fn addresses_are_read_as_strictly_as_ses_does() {
    for (to, part) in [
        ("ada", "Missing final '@domain'"),
        ("jürgen@example.com", "non-ASCII"),
        ("ada@bäckerei.de", "non-ASCII"),
        ("ada@exam_ple.com", "Domain contains illegal character"),
        ("ada@localhost", "Domain contains illegal character"),
        ("ada lovelace@example.com", "whitespace"),
        (".ada@example.com", "dot"),
        ("a..da@example.com", "dot-dot"),
        ("ada@example.com\r\nBcc: x@example.com", "control"),
        ("Käthe <kaethe@example.com>", "non-ASCII"),
        (&format!("{}@example.com", "a".repeat(388)), "320"),
    ] {
        refused(&request(to), part);
    }
    refused(&with("/FromEmailAddress", json!("hello")), "Missing final '@domain'");
}

#[test]
fn a_request_past_a_limit_or_unknown_here_is_refused() {
    let header = |name: &str, value: &str| json!([{ "Name": name, "Value": value }]);
    let many = |count: usize| json!(vec![json!({ "Name": "X", "Value": "a" }); count]);
    let headers = "/Content/Simple/Headers";
    refused(&with("/Destination/ToAddresses", json!(vec!["a@example.com"; 51])), "exceeds 50");
    refused(&with("/Destination/ToAddresses", json!([])), "no recipient");
    refused(&with(headers, many(16)), "exceeds 15");
    refused(&with(headers, header("X", &"a".repeat(996))), "invalid");
    refused(&with(headers, header("X", "a\r\nBcc: x")), "invalid");
    refused(&with(headers, header("Subject", "a")), "not allowed");
    refused(&with("/EmailTags", header("shop", "corner bakery")), "Tag");
    refused(&with("/EmailTags", many(2)), "Duplicate");
    refused(&with("/Content/Simple/Body", json!({})), "neither");
    refused(&with("/Content/Simple/Subject", json!({ "Data": "Grüße" })), "Charset");
    refused(&with("/Content", json!({ "Raw": { "Data": "" } })), "Raw");
    let mut listed = request("ada@example.com");
    listed["ListManagementOptions"] = json!({});
    refused(&listed, "ListManagementOptions");
}

#[test]
fn over_the_rate_and_over_the_day_ses_says_so() {
    let ses = Ses::new();
    ses.set_quota(SendQuota { a_day: Some(3), a_second: Some(2), ..SendQuota::default() });
    let at = |millis| now() + SignedDuration::from_millis(millis);
    let body = request("ada@example.com").to_string();
    let send_at = |at| {
        let reply = ses.answer(SEND.0, SEND.1, body.as_bytes(), at);
        (reply.status, reply.body["message"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(send_at(at(0)).0, 200);
    assert_eq!(send_at(at(0)).0, 200);
    assert_eq!(send_at(at(999)), (429, "Maximum sending rate exceeded.".to_owned()));
    assert_eq!(send_at(at(1_000)).0, 200);
    assert_eq!(send_at(at(5_000)), (400, "Daily message quota exceeded.".to_owned()));
    let account = ses.answer(ACCOUNT.0, ACCOUNT.1, b"", at(5_000)).body;
    assert_eq!(account["SendQuota"]["SentLast24Hours"], 3);
    assert_eq!(send_at(at(24 * 3_600_000)).0, 200);
}

#[test]
fn the_simulators_mailboxes_cost_no_daily_quota_and_are_in_the_sandbox() {
    let ses = Ses::new();
    ses.set_quota(SendQuota { a_day: Some(0), production: false, ..SendQuota::default() });
    assert_eq!(send(&ses, &request("success@simulator.amazonses.com")).status, 200);
    let reply = send(&ses, &request("ada@example.com"));
    assert_eq!(reply.error_type(), Some("MessageRejected"), "{reply}");
    ses.set_quota(SendQuota { sending: false, ..SendQuota::default() });
    let reply = send(&ses, &request("ada@example.com"));
    assert_eq!(reply.error_type(), Some("SendingPausedException"), "{reply}");
}

/// What each event of a mail to an address is, and its bounce's or complaint's kind.
fn story(to: &str) -> Vec<String> {
    let ses = Ses::new();
    send(&ses, &request(to));
    let told = ses.take_events();
    assert!(ses.take_events().is_empty());
    told.iter()
        .map(|event| {
            let text = |pointer| event.pointer(pointer).and_then(Value::as_str);
            let kind = text("/detail/bounce/bounceType")
                .or(text("/detail/complaint/complaintFeedbackType"));
            let subtype = text("/detail/bounce/bounceSubType");
            let what = [text("/detail-type"), kind, subtype];
            what.into_iter().flatten().collect::<Vec<_>>().join(" ")
        })
        .collect()
}

#[test]
fn the_simulators_mailboxes_do_what_they_do_at_ses() {
    let (sent, delivered) = ("Email Sent", "Email Delivered");
    for (local, expected) in [
        ("success", vec![sent, delivered]),
        ("bounce", vec![sent, "Email Bounced Permanent General"]),
        ("complaint", vec![sent, delivered, "Email Complaint Received abuse"]),
        ("ooto", vec![sent, delivered, "Email Bounced Transient General"]),
        ("suppressionlist", vec![sent, "Email Bounced Permanent OnAccountSuppressionList"]),
    ] {
        assert_eq!(story(&format!("{local}@simulator.amazonses.com")), expected);
        assert_eq!(story(&format!("{local}+ada@simulator.amazonses.com")), expected);
    }
    assert_eq!(story("bounce@example.com"), [sent, delivered]);
}

#[test]
fn an_address_has_the_fate_it_is_given() {
    let ses = Ses::new();
    ses.set_fate("Ada@example.com", Fate::BouncedForNow);
    send(&ses, &request("ada@Example.com"));
    let told = ses.take_events();
    assert_eq!(told[1].pointer("/detail/bounce/bounceType"), Some(&json!("Transient")));
}

#[test]
fn an_event_is_as_ses_puts_it_on_the_bus() {
    let ses = Ses::new();
    send(&ses, &request("bounce@simulator.amazonses.com"));
    let [sent, bounced] = ses.take_events().try_into().unwrap();
    let id = &ses.mails()[0].id;
    for (event, kind) in [(&sent, "Send"), (&bounced, "Bounce")] {
        assert_eq!(event["source"], "aws.ses");
        assert_eq!(event["detail"]["eventType"], kind);
        assert_eq!(event["detail"]["mail"]["messageId"], json!(id));
        assert_eq!(event["detail"]["mail"]["timestamp"], "2026-11-22T12:00:00.250Z");
        assert_eq!(event["detail"]["mail"]["tags"]["shop"], json!(["corner-bakery"]));
        let set = json!(["regulars-corner-bakery"]);
        assert_eq!(event["detail"]["mail"]["tags"]["ses:configuration-set"], set);
    }
    assert_eq!(sent["detail"]["send"], json!({}));
    let recipient = &bounced["detail"]["bounce"]["bouncedRecipients"][0];
    assert_eq!(recipient["emailAddress"], "bounce@simulator.amazonses.com");
    assert_ne!(sent["id"], bounced["id"]);
}

#[test]
fn refusals_come_in_their_order_or_by_address() {
    let ses = Ses::new();
    ses.refuse_next(Refusal::Internal);
    ses.refuse_next(Refusal::Suspended);
    ses.refuse_to("Ada@example.com", Some(Refusal::Rejected));
    let ada = request("ada@example.com");
    let told: Vec<_> = (0..3).map(|_| send(&ses, &ada).status).collect();
    assert_eq!(told, [500, 400, 400]);
    assert_eq!(send(&ses, &request("ben@example.com")).status, 200);
    ses.refuse_to("ada@example.com", None);
    assert_eq!(send(&ses, &ada).status, 200);
}

#[test]
fn a_mailbox_that_is_kept_is_there_again() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("mailbox.jsonl");
    let ses = Ses::kept_in(&path).unwrap();
    send(&ses, &request("ada@example.com"));
    let before = ses.mails();
    drop(ses);
    let ses = Ses::kept_in(&path).unwrap();
    assert_eq!(ses.mails(), before);
    assert!(ses.take_events().is_empty());
    send(&ses, &request("ada@example.com"));
    let mails = ses.mails();
    assert_ne!(mails[0].id, mails[1].id);
    let account = ses.answer(ACCOUNT.0, ACCOUNT.1, b"", now()).body;
    assert_eq!(account["SendQuota"]["SentLast24Hours"], 2);
}
