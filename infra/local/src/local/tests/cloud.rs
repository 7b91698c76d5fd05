use platform::bus::BusEvent;
use platform::mail::{Letter, Mailbox};

use super::*;

fn letter(to: &str, kind: &str) -> Letter {
    Letter {
        from: Mailbox::new("Bäckerei", "hello@bakery.example").unwrap(),
        reply_to: Some("maria@bakery.example".to_owned()),
        to: to.to_owned(),
        subject: "<b>45</b> points & more".to_owned(),
        text: "You have 45 points.\n</pre><script>alert(1)</script>".to_owned(),
        html: Some("<p style=\"color:red\">You have 45 points.</p>".to_owned()),
        headers: vec![("List-Unsubscribe".to_owned(), "<https://r.example/u/1>".to_owned())],
        tags: vec![("kind".to_owned(), kind.to_owned()), ("to".to_owned(), "customer".to_owned())],
        configuration_set: None,
    }
}

/// A system that has sent three mails.
async fn mailed() -> (Router, Cloud) {
    let (system, cloud) = cloudy_system().await;
    for (to, kind) in [
        ("ada@example.com", "welcome"),
        ("ben@example.com", "welcome"),
        ("ada@example.com", "receipt"),
    ] {
        cloud.mail().send(&letter(to, kind)).await.unwrap();
    }
    (system, cloud)
}

async fn text(system: &Router, path: &str) -> (u16, HeaderMap, String) {
    let mut request = get(path);
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((HERE, 40_000))));
    let answer = system.clone().oneshot(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status.as_u16(), parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn the_mailbox_lists_mail_by_whom_it_went_to_and_what_it_is() {
    let (system, cloud) = mailed().await;
    let kinds = async |path| {
        let (status, mails) = ask(&system, HERE, get(path)).await;
        assert_eq!(status, 200, "{mails}");
        let mails = mails.as_array().unwrap().clone();
        mails.iter().map(|mail| format!("{} {}", mail["to"], mail["kind"])).collect::<Vec<_>>()
    };
    let [ada, ben, last] = [
        r#""ada@example.com" "welcome""#,
        r#""ben@example.com" "welcome""#,
        r#""ada@example.com" "receipt""#,
    ];
    assert_eq!(kinds("/_local/mailbox").await, [ada, ben, last]);
    assert_eq!(kinds("/_local/mailbox?to=&kind=").await, [ada, ben, last]);
    assert_eq!(kinds("/_local/mailbox?to=Ada%40example.com").await, [ada, last]);
    assert_eq!(kinds("/_local/mailbox?kind=welcome").await, [ada, ben]);
    assert_eq!(kinds("/_local/mailbox?to=ada@example.com&kind=receipt").await, [last]);
    assert!(kinds("/_local/mailbox?kind=birthday").await.is_empty());

    let (_, mails) = ask(&system, HERE, get("/_local/mailbox?kind=receipt")).await;
    let id = cloud.ses.mails()[2].id.clone();
    let expected = json!([{
        "id": id,
        "at": "2026-11-22T12:00:00Z",
        "to": "ada@example.com",
        "from": "Bäckerei <hello@bakery.example>",
        "subject": "<b>45</b> points & more",
        "kind": "receipt",
        "headers": {
            "List-Unsubscribe": "<https://r.example/u/1>",
            "Reply-To": "maria@bakery.example",
        },
        "text": letter("", "").text,
        "html": letter("", "").html,
        "tags": { "kind": "receipt", "to": "customer" },
    }]);
    assert_eq!(mails, expected);
}

#[tokio::test]
async fn the_mailboxs_pages_show_mail_without_running_anything_in_it() {
    let (system, cloud) = mailed().await;
    let (status, headers, list) = text(&system, "/_local/mailbox/").await;
    assert_eq!(status, 200);
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("script"), "{policy}");
    assert!(list.contains("3 mails"), "{list}");
    assert!(list.contains("&lt;b&gt;45&lt;/b&gt; points &amp; more"), "{list}");
    let first = list.find("· receipt").unwrap();
    assert!(first < list.find("· welcome").unwrap(), "the newest comes first");
    let (_, _, found) = text(&system, "/_local/mailbox/?to=%22%3E%3Cscript%3E").await;
    assert!(found.contains("value=\"&quot;&gt;&lt;script&gt;\""), "{found}");

    let id = &cloud.ses.mails()[0].id;
    let (status, headers, page) = text(&system, &format!("/_local/mailbox/{id}")).await;
    assert_eq!((status, headers["content-security-policy"].to_str().unwrap()), (200, policy));
    assert!(!page.contains("<script") && !page.contains("http://"), "{page}");
    assert!(page.contains("&lt;/pre&gt;&lt;script&gt;alert(1)"), "{page}");
    assert!(page.contains("Bäckerei &lt;hello@bakery.example&gt;"), "{page}");
    assert!(page.contains("sandbox=\"allow-popups"), "{page}");

    let (status, headers, html) = text(&system, &format!("/_local/mailbox/{id}/html")).await;
    assert_eq!((status, html), (200, letter("", "").html.unwrap()));
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("sandbox") && policy.contains("form-action 'none'"), "{policy}");
    assert!(!policy.contains("allow-scripts") && !policy.contains("http"), "{policy}");

    let (status, _, style) = text(&system, "/_local/mailbox/style.css").await;
    assert!(status == 200 && !style.contains("url(") && !style.contains("@import"));
    assert_eq!(text(&system, "/_local/mailbox/none").await.0, 404);
    assert_eq!(text(&system, "/_local/mailbox/none/html").await.0, 404);
}

#[tokio::test]
async fn a_link_in_a_mail_opens_outside_of_the_frame_the_mail_stands_in() {
    let (system, cloud) = cloudy_system().await;
    let head = "<!doctype html><html lang=\"en\"><head><title>";
    let html = format!("{head}45</title></head><body><a href=\"/u/1\">No more</a></body></html>");
    let whole = Letter { html: Some(html.clone()), ..letter("ada@example.com", "receipt") };
    let id = cloud.mail().send(&whole).await.unwrap();
    let (_, _, shown) = text(&system, &format!("/_local/mailbox/{id}/html")).await;
    let based = head.replace("<head>", "<head><base target=\"_blank\">");
    assert_eq!(shown, html.replace(head, &based));
    let (_, mails) = ask(&system, HERE, get("/_local/mailbox")).await;
    assert_eq!(mails[0]["html"], json!(html), "a program gets it as it was sent");
}

#[tokio::test]
async fn an_empty_mailbox_says_so_and_a_full_one_has_pages() {
    let (system, cloud) = cloudy_system().await;
    let (_, _, page) = text(&system, "/_local/mailbox/").await;
    assert!(page.contains("Nothing has been sent yet."), "{page}");
    cloud.ses.set_quota(testkit::ses::SendQuota { a_second: None, ..Default::default() });
    for _ in 0..101 {
        cloud.mail().send(&letter("ada@example.com", "welcome")).await.unwrap();
    }
    let older = "/_local/mailbox/?to=&amp;kind=welcome&amp;skip=100";
    let (_, _, page) = text(&system, "/_local/mailbox/?kind=welcome").await;
    assert_eq!((page.matches("<li>").count(), page.contains(older)), (100, true));
    let (_, _, page) = text(&system, "/_local/mailbox/?kind=welcome&skip=100").await;
    assert_eq!(page.matches("<li>").count(), 1);
    assert!(page.contains(">Newer</a>") && !page.contains(">Older</a>"), "{page}");
}

#[tokio::test]
async fn what_is_on_the_bus_is_listed_as_rules_get_it() {
    let (system, cloud) = cloudy_system().await;
    assert_eq!(ask(&system, HERE, get("/_local/events")).await, (200, json!([])));
    let event = BusEvent {
        detail_type: "PointsChanged".to_owned(),
        detail: r#"{"version":1}"#.to_owned(),
        time: "2026-11-22T11:59:00Z".parse().unwrap(),
    };
    assert_eq!(cloud.events().put(&[event]).await, [Ok(())]);
    let (_, events) = ask(&system, HERE, get("/_local/events")).await;
    assert_eq!(events[0]["detail-type"], "PointsChanged");
    assert_eq!(
        (&events[0]["source"], &events[0]["detail"]["version"]),
        (&json!("regulars"), &json!(1))
    );
    assert_eq!(events[0]["time"], "2026-11-22T11:59:00Z");
}

#[tokio::test]
async fn mail_and_events_are_this_machines_alone() {
    let (system, _) = mailed().await;
    let elsewhere = [192, 0, 2, 7];
    for path in ["/_local/mailbox", "/_local/mailbox/", "/_local/events"] {
        assert_eq!(ask(&system, elsewhere, get(path)).await.0, 403, "{path}");
    }
    let send = post("/_local/aws/ses/v2/email/outbound-emails", "{}");
    assert_eq!(ask(&system, elsewhere, send).await.0, 403);
}

#[tokio::test]
async fn what_was_sent_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let data = Data::Dir(dir.path().join("data"));
    let event = BusEvent {
        detail_type: "PointsChanged".to_owned(),
        detail: "{}".to_owned(),
        time: "2026-11-22T12:00:00Z".parse().unwrap(),
    };
    for times in 1..=2 {
        let home = Home::open(&data, &|_| None).await.unwrap();
        let cloud = serve::cloud(&home, &data, Clock::fixed(event.time)).unwrap();
        cloud.mail().send(&letter("ada@example.com", "welcome")).await.unwrap();
        assert_eq!(cloud.events().put(std::slice::from_ref(&event)).await, [Ok(())]);
        assert_eq!((cloud.ses.count(), cloud.bus.entries().len()), (times, times));
    }
}

/// Another process: the clients a function makes from its environment, over a socket.
#[tokio::test]
async fn another_process_sends_through_the_endpoints_its_environment_names() {
    let (system, cloud) = cloudy_system().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/_local/aws", listener.local_addr().unwrap());
    let service = system.into_make_service_with_connect_info::<SocketAddr>();
    let serving = tokio::spawn(async move { axum::serve(listener, service).await });

    let config = platform::Config::from_env(|name| {
        let value = match name {
            "AWS_ENDPOINT_URL_SESV2" => format!("{url}/ses"),
            "AWS_ENDPOINT_URL_EVENTBRIDGE" => format!("{url}/eventbridge"),
            "REGULARS_PUBLIC_URL" | "REGULARS_SHOPIFY_SHOPS" | "REGULARS_LINK_URLS" => return None,
            "AWS_REGION" => "us-east-1".to_owned(),
            _ => "local".to_owned(),
        };
        Some(value)
    })
    .unwrap();
    let connection = platform::aws::Connection::from(&config);
    let mail = platform::mail::Mail::new(connection.ses());
    let id = mail.send(&letter("ada@example.com", "welcome")).await.unwrap();
    assert_eq!(cloud.ses.mails()[0].id, id);
    let quota = mail.quota(cloud.clock.now()).await;
    assert_eq!((quota.known, quota.left_today), (true, Some(49_999)));
    cloud.ses.refuse_next(testkit::ses::Refusal::Rejected);
    let refused = mail.send(&letter("ada@example.com", "welcome")).await;
    assert!(matches!(refused, Err(platform::mail::SendError::Refused { .. })), "{refused:?}");

    let bus = platform::bus::Bus::new(connection.eventbridge(), "local");
    let time = cloud.clock.now();
    let event = BusEvent { detail_type: "A".to_owned(), detail: "{}".to_owned(), time };
    assert_eq!(bus.put(&[event]).await, [Ok(())]);
    assert_eq!(cloud.bus.entries()[0].bus, "local");
    serving.abort();
}
