//! Serves the pages of a sample shop on loopback and prints a link to each, to look at them:
//! `cargo run -p customer-portal --example serve_pages`. Ends with Ctrl-C; keeps nothing.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for whoever builds pages")]

use std::collections::BTreeSet;

use jiff::Timestamp;
use loyalty::consent::{Act, Channel, Teller};
use loyalty::ids::{CustomerId, OrderRef, Source};
use loyalty::ledger::Origin;
use loyalty::mail::{About, Draft, Kind};
use loyalty::program::{ConsentGrade, Preset};
use platform::sender::{MailSettingsChange, Wish};
use platform::store::{Claimed, Kept, Person, ReliedOn, Scene, Wanted};
use platform::tokens::{Door, address_mark};
use testkit::shop::TestShop;

/// When the sample purchase was made, and Ada said yes.
const BOUGHT: &str = "2026-11-22T12:00:00Z";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let shop = TestShop::open().await;
    settings(&shop).await;
    let mut links = BTreeSet::new();
    for (number, language) in [(1, "en"), (2, "de")] {
        let customer = customer(&shop, number, language).await;
        let who = format!("{language} {number}");
        links.extend(doors(&shop, &customer, number).await.map(|path| (who.clone(), path)));
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    for (who, path) in links {
        println!("{who}\thttp://{at}{path}");
    }
    println!("en\thttp://{at}/u/forged");
    let router = customer_portal::router(shop.services.clone());
    tokio::select! {
        served = axum::serve(listener, router) => served.unwrap(),
        stopped = tokio::signal::ctrl_c() => stopped.unwrap(),
    }
}

async fn settings(shop: &TestShop) {
    let set = |text: &str| Wish::Set(text.to_owned());
    let change = MailSettingsChange {
        from: set("hello@corner-bakery.example"),
        reply_to: set("bea@corner-bakery.example"),
        postal_address: set("5 Main Street, Springfield, NY 12345"),
        imprint: set("https://corner-bakery.example/about"),
        ..MailSettingsChange::default()
    };
    let store = &shop.services.store;
    store.set_mail_settings(&shop.id, change, BOUGHT.parse().unwrap()).await.unwrap();
}

/// Somebody who bought something and said yes to mail.
async fn customer(shop: &TestShop, number: u64, language: &str) -> CustomerId {
    let at: Timestamp = BOUGHT.parse().unwrap();
    shop.purchase(number, (6000 + number, 560, BOUGHT), Origin::Live).await;
    let customer = shop.by_shopify_id(number).await.unwrap().id;
    let (store, identities) = (&shop.services.store, shop.identities());
    let person =
        Person { id: number.to_string(), language: Some(language.to_owned()), ..Person::default() };
    let (source, origin) = (Source::Shopify, Origin::Live);
    let scene = Scene { shop: &shop.id, source, identities: &identities, origin, now: at };
    let (channel, teller, wording) = (Channel::Email, Teller::Own, None);
    let grade = Some(ConsentGrade::OwnForm);
    let act = Act::Subscribed { channel, teller, grade, hers: true, wording };
    let fact = loyalty::consent::Fact { at, act };
    store.observe_person(&scene, &person, Some(&fact)).await.unwrap();
    customer
}

/// A path to each page of hers.
async fn doors(
    shop: &TestShop,
    customer: &CustomerId,
    number: u64,
) -> impl Iterator<Item = String> + use<> {
    let email = shop.services.store.contact(&shop.id, customer).await.unwrap().unwrap().email;
    let trigger = sent(shop, customer, number).await;
    let customer = customer.clone();
    let unsubscribe = |kind| Door::Unsubscribe { customer: customer.clone(), kind };
    let doors = [
        unsubscribe(Kind::WinBack),
        unsubscribe(Kind::Receipt),
        Door::Preferences { customer: customer.clone() },
        Door::Why { customer: customer.clone(), trigger },
        Door::Why { customer: customer.clone(), trigger: "consent".to_owned() },
        Door::Confirmation { customer, address: address_mark(&email.unwrap_or_default()) },
    ];
    let (links, id) = (shop.services.links().unwrap(), shop.id.clone());
    let now = shop.services.clock.now();
    doors.into_iter().map(move |door| format!("/{}/{}", door.path(), links.token(&id, &door, now)))
}

/// A mail that went out about her purchase, by its trigger.
async fn sent(shop: &TestShop, customer: &CustomerId, number: u64) -> String {
    let at: Timestamp = BOUGHT.parse().unwrap();
    let id = (6000 + number).to_string().parse().unwrap();
    let draft = Draft {
        about: About::Order(OrderRef { source: Source::Shopify, id }),
        from: at,
        sections: vec![Kind::TierReached, Kind::Receipt, Kind::Welcome],
        due: at,
        fact_at: at,
        news_from: at,
        caused_at: Some(at),
    };
    let (store, trigger, kinds) =
        (&shop.services.store, draft.about.trigger(), draft.sections.clone());
    store.plan_message(&shop.id, customer, draft, at).await.unwrap();
    let message = store.message(&shop.id, customer, &trigger).await.unwrap().unwrap();
    let kept = Kept { customer: customer.clone(), message };
    let desk = store.desk(&shop.id, customer).await.unwrap();
    let consent = desk.contact.as_ref().map(|contact| &contact.consent);
    let relied_on = consent.and_then(|consent| ReliedOn::of(consent, Preset::UsNy));
    let wanted = Wanted { kinds, relied_on, ..Wanted::default() };
    if let Claimed::Ours(message) = store.claim(&shop.id, &kept, &desk, wanted, at).await.unwrap() {
        let kept = Kept { message: *message, ..kept };
        store.message_sent(&shop.id, &kept, "sample", at).await.unwrap();
    }
    trigger
}
