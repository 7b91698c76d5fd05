//! Sends one mail and some events through the clients a function has, to somebody else's
//! AWS: `cargo run -p platform --example moto -- http://127.0.0.1:5000`. The suite `moto`
//! of `tests/run` then looks at what arrived.

use std::error::Error;
use std::time::Duration;

use jiff::Timestamp;
use platform::aws::Connection;
use platform::bus::{Bus, BusError, BusEvent};
use platform::mail::{Letter, Mail, Mailbox, SendError};
use platform::{Clock, Config};

/// The events that are put, more than one call takes.
const EVENTS: usize = 12;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("name the URL of a server that speaks AWS")?;
    let config = Config::from_env(|name| {
        let value = match name {
            "AWS_ENDPOINT_URL" => url.clone(),
            "AWS_REGION" => "us-east-1".to_owned(),
            "REGULARS_BUS" | "REGULARS_TABLE" => "regulars".to_owned(),
            "REGULARS_SECRETS_PATH" => "/regulars/test".to_owned(),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "test".to_owned(),
            _ => return None,
        };
        Some(value)
    })?;
    let now = Clock::system().now();
    let connection = Connection::from(&config);
    send(&Mail::new(connection.ses()), now).await?;
    put(&Bus::new(connection.eventbridge(), &config.bus), now).await
}

async fn send(mail: &Mail, now: Timestamp) -> Result<(), Box<dyn Error>> {
    mail.send(&letter("hello@bakery.example")?).await?;
    let unverified = mail.send(&letter("hello@other.example")?).await;
    if !matches!(unverified, Err(SendError::Held { .. })) {
        return Err(format!("a sender that isn't verified is to wait: {unverified:?}").into());
    }
    // It has no GetAccount.
    let quota = mail.quota(now).await;
    if quota.known || quota.pause != Duration::from_secs(1) || quota.left_today.is_some() {
        return Err(format!("without an answer one goes a second: {quota:?}").into());
    }
    Ok(())
}

fn letter(from: &str) -> Result<Letter, Box<dyn Error>> {
    Ok(Letter {
        from: Mailbox::new("Bäckerei an der Ecke", from)?,
        reply_to: Some("maria@bakery.example".to_owned()),
        to: "anna@bäckerei.example".to_owned(),
        subject: "45 Punkte für dich".to_owned(),
        text: "Du hast 45 Punkte.".to_owned(),
        html: Some("<p>Du hast <b>45 Punkte</b>. 🥐</p>".to_owned()),
        headers: vec![("List-Unsubscribe".to_owned(), "<https://r.example/u/abc>".to_owned())],
        tags: vec![("shop".to_owned(), "corner-bakery".to_owned())],
        configuration_set: None,
    })
}

async fn put(bus: &Bus, now: Timestamp) -> Result<(), Box<dyn Error>> {
    let event = |number: usize| BusEvent {
        detail_type: "PointsChanged".to_owned(),
        detail: format!("{{\"version\":1,\"number\":{number}}}"),
        time: now,
    };
    let mut events: Vec<BusEvent> = (0..EVENTS).map(event).collect();
    let poison = BusEvent { detail: "no JSON".to_owned(), ..event(EVENTS) };
    events.insert(EVENTS.saturating_div(2), poison);
    let results = bus.put(&events).await;
    let refused = Err(BusError::Refused { code: "MalformedDetail".to_owned() });
    let taken = results.iter().filter(|result| result.is_ok()).count();
    if taken != EVENTS || !results.contains(&refused) {
        return Err(format!("of {EVENTS} events {taken} were taken: {results:?}").into());
    }
    Ok(())
}
