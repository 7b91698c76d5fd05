//! `regulars serve` as a process.

use std::io::{BufRead, Write};
use std::net::TcpListener;
use std::time::Duration;

use serde_json::Value;

use crate::process::{Server, answer, regulars, run, workspace};

fn paid() -> String {
    workspace("events/purchase-webhook/shopify-orders-paid.json").to_str().unwrap().to_owned()
}

fn order_id() -> u64 {
    let event: Value = serde_json::from_str(&std::fs::read_to_string(paid()).unwrap()).unwrap();
    let body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
    body["id"].as_u64().unwrap()
}

/// The points posted for the sample order.
fn posted(server: &Server) -> Value {
    let path = format!("/api/v1/shops/corner-bakery/orders/shopify/{}", order_id());
    let (status, body) = server.get(&path);
    assert_eq!(status, 200, "{body}");
    serde_json::from_str::<Value>(&body).unwrap()["posted"].clone()
}

#[test]
fn data_survives_a_restart_and_what_was_sent_before_counts_once() {
    let home = tempfile::tempdir().unwrap();
    for news in [true, false, false] {
        let server = Server::start(home.path(), &[]);
        let (code, told, why) = run(home.path(), &["send", &paid(), "--url", &server.url()]);
        assert_eq!(code, 0, "{why}");
        assert!(told.starts_with("200 OK\n"), "{told}");
        assert!(told.contains(&format!("\"news\":{news}")), "{told}");
        assert_eq!(posted(&server), 531);
        server.stop();
    }
}

#[test]
fn ctrl_c_stops_the_server_as_sigterm_does() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start(home.path(), &["--data", ":memory:"]);
    server.signal("INT");
    assert_eq!(server.ends(), 0);
}

#[test]
fn what_was_answered_is_there_after_the_process_was_killed() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start(home.path(), &[]);
    assert_eq!(run(home.path(), &["send", &paid(), "--url", &server.url()]).0, 0);
    server.signal("KILL");
    server.ends();
    let again = Server::start(home.path(), &[]);
    assert_eq!(posted(&again), 531);
}

#[test]
fn a_request_in_flight_is_answered_before_the_server_stops() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start(home.path(), &["--data", ":memory:"]);
    let mut connection = server.connect();
    let body = r#"{"advance":"P1D"}"#;
    let (begin, end) = body.split_at(5);
    write!(connection, "{}{begin}", server.head("POST", "/_local/clock", body.len())).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    server.signal("TERM");
    std::thread::sleep(Duration::from_millis(100));
    connection.write_all(end.as_bytes()).unwrap();
    let (status, body) = answer(connection);
    assert_eq!(status, 200, "{body}");
    assert_eq!(server.ends(), 0);
}

#[test]
fn an_idle_connection_does_not_keep_the_server_from_stopping() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(home.path(), &["--data", ":memory:"]);
    let _idle = server.connect();
    std::thread::sleep(Duration::from_millis(50));
    server.stop();
}

#[test]
fn data_in_memory_leaves_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(home.path(), &["--data", ":memory:"]);
    let (code, _, why) = run(home.path(), &["send", &paid(), "--url", &server.url()]);
    assert_eq!(code, 1, "there is no ./data: {why}");
    server.stop();
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn no_secret_is_ever_printed_or_logged() {
    let home = tempfile::tempdir().unwrap();
    let mut command = regulars(home.path(), &["serve", "--listen", "127.0.0.1:0"]);
    command
        .env("REGULARS_SECRET_CORNER_BAKERY_SHOPIFY", "shopify-canary")
        .env("REGULARS_IDENTITY_KEY", "identity-canary")
        .env("REGULARS_API_TOKEN", "token-canary")
        .env("RUST_LOG", "trace");
    let server = Server::of(command);
    server.post("/webhooks/shopify/corner-bakery", "{}");
    server.get("/api/v1/shops/corner-bakery/customers?email=a@example.com");
    let said = format!("{}{}", server.told(), server.stop());
    assert!(said.contains("Try it"), "{said}");
    assert!(!said.contains("-canary"), "{said}");
    let kept = std::fs::read_to_string(home.path().join("data/secrets.toml")).unwrap();
    assert!(!kept.contains("-canary"), "{kept}");
}

/// `regulars serve` with these arguments ends with exit code 1 and this one sentence.
#[track_caller]
fn refused(home: &std::path::Path, arguments: &[&str], sentence: &str) {
    let (code, told, why) = run(home, &[&["serve"], arguments].concat());
    assert_eq!((code, told.as_str()), (1, ""), "{why}");
    assert_eq!(why, format!("regulars: {sentence}\n"));
}

#[test]
fn an_address_in_use_is_told() {
    let home = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let sentence =
        format!("{address} is taken by another program: stop it, or give --listen another address");
    refused(home.path(), &["--listen", &address], &sentence);
    let sentence = sentence.replace("--listen", "--dynamodb-listen");
    let listen = ["--listen", "127.0.0.1:0", "--dynamodb-listen", &address];
    refused(home.path(), &listen, &sentence);
}

#[test]
fn a_second_server_on_the_same_data_is_told() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(home.path(), &[]);
    let (code, _, why) = run(home.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(code, 1);
    assert!(why.starts_with("regulars: another regulars (process "), "{why}");
    assert!(why.contains("runs on ./data: stop it, or give --data another directory"), "{why}");
    server.stop();
    Server::start(home.path(), &[]).stop();
}

#[test]
fn a_directory_that_cannot_be_written_is_told() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("file"), "").unwrap();
    let sentence = "cannot keep data in file/data: Not a directory (os error 20)";
    refused(home.path(), &["--data", "file/data"], sentence);
}

#[test]
fn a_bad_program_is_told_with_all_its_problems_before_anything_is_made() {
    let home = tempfile::tempdir().unwrap();
    let sample = workspace("shared/loyalty/programs/corner-bakery.toml");
    let broken = std::fs::read_to_string(sample).unwrap();
    let broken = broken.replace("points = 350", "points = 0").replace("\"USD\"", "\"US\"");
    std::fs::write(home.path().join("broken.toml"), broken).unwrap();
    let (code, _, why) = run(home.path(), &["serve", "--program", "broken.toml"]);
    assert_eq!(code, 1);
    assert!(
        why.starts_with("regulars: broken.toml: the program can't be used:\n- shop.cur"),
        "{why}"
    );
    assert!(why.contains("\n- reward[0].points"), "{why}");
    assert!(!why.contains("panicked") && !why.contains("backtrace"), "{why}");
    assert!(!home.path().join("data").exists());
    refused(
        home.path(),
        &["--program", "none.toml"],
        "cannot read none.toml: No such file or directory (os error 2)",
    );
}

#[test]
fn programs_given_at_the_start_make_their_shops() {
    let home = tempfile::tempdir().unwrap();
    let books = workspace("shared/loyalty/programs/harbour-books.toml");
    let arguments = ["--program", books.to_str().unwrap()];
    let server = Server::start(home.path(), &arguments);
    assert!(server.told().contains("Shops      harbour-books\n"), "{}", server.told());
    assert!(server.told().contains("Saved as version 1 of harbour-books."), "{}", server.told());
    assert_eq!(server.get("/api/v1/shops/corner-bakery/customers?email=a@example.com").0, 404);
    server.stop();
    let secrets = std::fs::read_to_string(home.path().join("data/secrets.toml")).unwrap();
    assert!(secrets.contains("[shops.harbour-books]"), "{secrets}");
    assert!(!secrets.contains("corner-bakery"), "{secrets}");
    let again = Server::start(home.path(), &arguments);
    assert!(!again.told().contains("Saved"), "{}", again.told());
}

#[test]
fn the_clock_is_moved_over_http_and_never_back() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(home.path(), &["--data", ":memory:"]);
    let now = || -> String {
        let (_, body) = server.get("/_local/clock");
        serde_json::from_str::<Value>(&body).unwrap()["now"].as_str().unwrap().to_owned()
    };
    let before = now();
    // Each hour in between is lived.
    let (status, body) = server.post("/_local/clock", r#"{"advance":"PT30H"}"#);
    assert_eq!(status, 200, "{body}");
    let (status, body) = server.post("/_local/clock", r#"{"advance":"P401D"}"#);
    assert_eq!(status, 400, "{body}");
    // RFC 3339 in UTC sorts as text.
    assert!(now() > before);
    let back = format!(r#"{{"now":"{before}"}}"#);
    assert_eq!(server.post("/_local/clock", &back).0, 409);
}

#[test]
fn other_processes_reach_the_same_table_by_dynamodbs_protocol() {
    let home = tempfile::tempdir().unwrap();
    // A port that was free a moment ago: the server tells only its first address.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let arguments = ["--data", ":memory:", "--dynamodb-listen", &free.to_string()];
    let server = Server::start(home.path(), &arguments);
    let mut connection = std::net::TcpStream::connect(free).unwrap();
    write!(
        connection,
        "POST / HTTP/1.1\r\nhost: {free}\r\nconnection: close\r\ncontent-length: 2\r\n\
         content-type: application/x-amz-json-1.0\r\nx-amz-date: 20261122T070000Z\r\n\
         x-amz-target: DynamoDB_20120810.ListTables\r\nauthorization: AWS4-HMAC-SHA256 \
         Credential=any, SignedHeaders=host, Signature=any\r\n\r\n{{}}"
    )
    .unwrap();
    assert_eq!(answer(connection), (200, r#"{"TableNames":["regulars"]}"#.to_owned()));
    server.stop();
}

#[test]
fn a_server_open_to_others_warns() {
    let home = tempfile::tempdir().unwrap();
    let arguments = ["serve", "--data", ":memory:", "--listen", "0.0.0.0:0"];
    let server = Server::of(regulars(home.path(), &arguments));
    assert_eq!(server.get("/_local/clock").0, 200, "from this machine it still answers");
    let said = server.stop();
    assert!(said.contains("can be reached from other machines"), "{said}");
}

#[test]
fn an_event_of_squares_is_signed_for_the_address_the_server_tells() {
    let home = tempfile::tempdir().unwrap();
    let event = workspace("events/purchase-webhook/square-payment-updated.json");
    let event = event.to_str().unwrap();
    let server = Server::start(home.path(), &[]);
    let (code, told, why) = run(home.path(), &["send", event, "--url", &server.url()]);
    assert_eq!(code, 0, "{why}");
    assert!(told.starts_with("200 OK\n"), "{told}");
    // The same server by another name isn't where Square was told to send to.
    let other = server.url().replace("127.0.0.1", "localhost");
    let (code, _, why) = run(home.path(), &["send", event, "--url", &other]);
    assert!(code == 1 && why.contains("REGULARS_PUBLIC_URL"), "{why}");
}

#[test]
fn what_shopifys_bus_brings_is_handed_to_the_function() {
    let home = tempfile::tempdir().unwrap();
    let event = workspace("events/purchase-webhook/shopify-bus-orders-paid.json");
    let server = Server::start(home.path(), &[]);
    let (code, told, why) =
        run(home.path(), &["send", event.to_str().unwrap(), "--url", &server.url()]);
    assert_eq!(code, 0, "{why}");
    assert!(told.starts_with("200 OK\n"), "{told}");
    assert_eq!(posted(&server), 531);
}

#[test]
fn what_squares_webhooks_leave_out_is_looked_up_by_the_server() {
    // A Square that knows one sale: a loaf, and a gift card that earns nothing yet.
    let square = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = format!("http://{}", square.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in square.incoming().map_while(Result::ok) {
            answer_as_square(stream);
        }
    });
    let home = tempfile::tempdir().unwrap();
    let event =
        workspace("events/purchase-webhook/square-payment-updated-customer-filled-late.json");
    let mut command = regulars(home.path(), &["serve", "--listen", "127.0.0.1:0"]);
    command
        .env("REGULARS_SQUARE_API", &at)
        .env("REGULARS_SECRET_CORNER_BAKERY_SQUARE_TOKEN", "a-token");
    let server = Server::of(command);
    let (code, _, why) =
        run(home.path(), &["send", event.to_str().unwrap(), "--url", &server.url()]);
    assert_eq!(code, 0, "{why}");
    let order = "/api/v1/shops/corner-bakery/orders/square/R9qnGKp7oBJrA391KcRSx64KNMlay";
    let patience = std::time::Instant::now() + Duration::from_secs(30);
    let found = loop {
        let found: Value = serde_json::from_str(&server.get(order).1).unwrap();
        if found["lookup"].is_null() || std::time::Instant::now() > patience {
            break found;
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    assert_eq!(found["lookup"], Value::Null, "{found}");
    assert_eq!(
        (&found["kept"]["amount"], &found["posted"]),
        (&"8.70".into(), &87.into()),
        "{found}"
    );
    let (status, body) = server.get("/api/v1/shops/corner-bakery/customers?email=till@example.com");
    assert_eq!(status, 200);
    assert!(body.contains("Till Regular"), "{body}");
}

/// Answers one request as Square would.
fn answer_as_square(mut stream: std::net::TcpStream) {
    let mut asked = String::new();
    let mut lines = std::io::BufReader::new(stream.try_clone().unwrap()).lines();
    while let Some(Ok(line)) = lines.next() {
        if line.is_empty() {
            break;
        }
        if asked.is_empty() {
            asked = line;
        }
    }
    let money = |cents: u32| format!(r#"{{"amount":{cents},"currency":"USD"}}"#);
    let body = if asked.contains("/v2/orders/") {
        format!(
            r#"{{"order":{{"updated_at":"2026-11-18T13:05:00Z","total_money":{},"line_items":[
            {{"uid":"a","quantity":"1","gross_sales_money":{}}},
            {{"uid":"b","quantity":"1","item_type":"GIFT_CARD","gross_sales_money":{}}}]}}}}"#,
            money(1870),
            money(870),
            money(1000)
        )
    } else if asked.contains("/v2/customers/") {
        r#"{"customer":{"id":"6RUI6F9CDQFAYLVB20JVJZG7LJ","given_name":"Till",
        "family_name":"Regular","email_address":"till@example.com",
        "updated_at":"2026-11-18T13:00:00Z"}}"#
            .to_owned()
    } else {
        format!(
            r#"{{"payment":{{"id":"R9qnGKp7oBJrA391KcRSx64KNMlay","status":"COMPLETED",
            "order_id":"VaONWfbT7n1jx328iPIPurbRDnWq","customer_id":"6RUI6F9CDQFAYLVB20JVJZG7LJ",
            "amount_money":{},"created_at":"2026-11-18T13:04:00Z",
            "updated_at":"2026-11-18T13:19:00.037Z"}}}}"#,
            money(1870)
        )
    };
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
    let _ = write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
}
