//! Imports 300 customers with 12,000 orders, or as many as are asked for, goes live, lets each buy once, and says what
//! mail that caused: no welcome and no news of a tier, for none of it is news.
//!
//! `cargo run --release -p regulars --example import_then_live [-- ORDERS]`
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a program for whoever measures"
)]

use jiff::{SignedDuration, Timestamp};
use loyalty::ledger::Origin;
use loyalty::program::CORNER_BAKERY;
use mailer::Mailer;
use mailer::stream::Record;
use platform::sender::{MailSettingsChange, Wish};
use platform::store::{MailMode, Whence};
use testkit::aws::Cloud;
use testkit::embedded::Stream;
use testkit::ses::SendQuota;
use testkit::shop::{TABLE, TestShop};

const CUSTOMERS: u64 = 300;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let orders = std::env::args().nth(1).map_or(12_000, |count| count.parse().unwrap());
    let toml = CORNER_BAKERY.replace("receipts = \"weekly\"", "receipts = \"each\"");
    let shop = TestShop::with_program(&toml).await;
    let cloud = Cloud::new(shop.database.clone(), shop.services.clock.clone());
    cloud.ses.set_quota(SendQuota { a_day: None, a_second: None, ..SendQuota::default() });
    let (mail, bus) = (cloud.mail(), cloud.events());
    let mailer = Mailer::new(shop.services.clone(), mail, bus).unwrap();
    let mut stream = Stream::open(&shop.database, TABLE).await.unwrap();
    let (store, id) = (&shop.services.store, &shop.id);
    let from = Wish::Set("hello@corner-bakery.example".to_owned());
    let change = MailSettingsChange { from, ..MailSettingsChange::default() };
    store.set_mail_settings(id, change, shop.services.clock.now()).await.unwrap();

    let start: Timestamp = "2025-11-22T15:00:00Z".parse().unwrap();
    for order in 0..orders {
        // Enough for a tier, now and then.
        let dollars = i64::try_from(10 + order % 37).unwrap();
        let at = start + SignedDuration::from_mins(i64::try_from(order).unwrap() * 43);
        let sale = (order + 1, dollars, &*at.to_string());
        shop.purchase(order % CUSTOMERS + 1, sale, Origin::Import).await;
        if order % 500 == 0 {
            plan(&mailer, &mut stream).await;
        }
    }
    plan(&mailer, &mut stream).await;
    store
        .set_mail_mode(id, MailMode::Live, Whence::Command, shop.services.clock.now())
        .await
        .unwrap();
    shop.set_now("2026-11-23T15:00:00Z");
    for customer in 1..=CUSTOMERS {
        let sale = (orders + customer, 1, "2026-11-23T15:00:00Z");
        shop.purchase(customer, sale, Origin::Live).await;
    }
    plan(&mailer, &mut stream).await;
    mailer.drain(std::slice::from_ref(id), std::time::Duration::from_secs(3600)).await;

    let mails = cloud.ses.mails();
    let told = |words: &str| {
        let has = |mail: &&testkit::ses::Mail| mail.text.as_ref().unwrap().contains(words);
        mails.iter().filter(has).count()
    };
    let (welcomes, tiers) = (told("Welcome to"), told(" now. That means"));
    println!(
        "{CUSTOMERS} customers, {orders} orders imported; then live, and one purchase each: {} \
         receipts, {welcomes} welcomes, {tiers} mails about tiers",
        mails.len()
    );
    if welcomes + tiers > 0 || mails.len() != usize::try_from(CUSTOMERS).unwrap() {
        panic!("an import caused mail, or a purchase none");
    }
}

/// Plans what the stream has.
async fn plan(mailer: &Mailer, stream: &mut Stream) {
    loop {
        let records = stream.next(1000).await.unwrap();
        let Some(last) = records.last() else { return };
        let read = records.iter().cloned().map(Record::read).collect();
        assert_eq!(mailer.stream(read).await, Vec::<String>::new());
        stream.done(last).unwrap();
    }
}
