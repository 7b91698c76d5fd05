//! The pages through the front door, over the embedded DynamoDB.

mod birthday;
mod confirmation;
mod door;
mod faults;
mod goodwill;
mod pages;
mod preferences;
mod unsubscribe;
mod why;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use jiff::Timestamp;
use loyalty::consent::{Act, Channel, Consent, Teller};
use loyalty::ids::CustomerId;
use loyalty::mail::Kind;
use loyalty::program::{CORNER_BAKERY, ConsentGrade};
use platform::sender::{MailSettingsChange, Wish};
use platform::store::Contact;
use platform::store::keys::Entity;
use platform::tokens::{Door, Links};
use testkit::shop::{TABLE, TestShop};
use tower::ServiceExt;

/// An afternoon after Ada's purchase and her yes.
const NOW: &str = "2026-11-22T15:00:00Z";

/// The channel of all mail.
const EMAIL: Channel = Channel::Email;

/// A form's content type.
const FORM: &str = "application/x-www-form-urlencoded";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The bakery with its pages, and Ada, who bought something and said yes to mail.
struct Portal {
    shop: TestShop,
    router: Router,
    ada: CustomerId,
}

/// What was answered.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Portal {
    async fn open() -> Self {
        Self::with_program(CORNER_BAKERY).await
    }

    async fn with_program(toml: &str) -> Self {
        let portal = Self::silent(toml).await;
        portal.ada_agrees("2026-11-22T13:00:00Z").await;
        portal
    }

    /// Ada hasn't said anything about mail.
    async fn silent(toml: &str) -> Self {
        let shop = TestShop::with_program(toml).await;
        let change = MailSettingsChange {
            from: Wish::Set("hello@corner-bakery.example".to_owned()),
            reply_to: Wish::Set("bea@corner-bakery.example".to_owned()),
            postal_address: Wish::Set("5 Main Street, Springfield, NY 12345".to_owned()),
            logo: Wish::Set("https://cdn.corner-bakery.example/logo.png".to_owned()),
            imprint: Wish::Set("https://corner-bakery.example/about".to_owned()),
            ..MailSettingsChange::default()
        };
        let now = shop.services.clock.now();
        shop.services.store.set_mail_settings(&shop.id, change, now).await.unwrap();
        shop.buys(6001, 60, "2026-11-22T12:00:00Z").await;
        shop.set_now(NOW);
        let ada = shop.by_email("ada@example.com").await.unwrap().id;
        Self { router: crate::router(shop.services.clone()), shop, ada }
    }

    async fn ada_agrees(&self, at: &str) {
        let wording = Some("Yes, offers".to_owned());
        let (grade, teller) = (Some(ConsentGrade::ConfirmedOwnForm), Teller::Own);
        let act = Act::Subscribed { channel: EMAIL, teller, grade, hers: true, wording };
        self.shop.ada_says(at, act).await;
    }

    fn links(&self) -> Links {
        self.shop.services.links().unwrap()
    }

    fn path(&self, door: &Door) -> String {
        let now = self.shop.services.clock.now();
        format!("/{}/{}", door.path(), self.links().token(&self.shop.id, door, now))
    }

    fn unsubscribe(&self, kind: Kind) -> String {
        self.path(&Door::Unsubscribe { customer: self.ada.clone(), kind })
    }

    fn preferences(&self) -> String {
        self.path(&Door::Preferences { customer: self.ada.clone() })
    }

    fn why(&self, trigger: &str) -> String {
        let (customer, trigger) = (self.ada.clone(), trigger.to_owned());
        self.path(&Door::Why { customer, trigger })
    }

    fn confirmation(&self, address: &str) -> String {
        let (customer, address) = (self.ada.clone(), platform::tokens::address_mark(address));
        self.path(&Door::Confirmation { customer, address })
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, body: &str) -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, FORM);
        self.ask(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// Posts, and goes where that leads.
    async fn press(&self, path: &str, body: &str) -> Answer {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        let to = answer.header("location").to_owned();
        assert!(to.starts_with('/') && !to.starts_with("//"), "{to}");
        self.get(&to).await
    }

    /// What Ada said, as it holds.
    async fn consent(&self) -> Consent {
        self.contact(&self.ada).await.unwrap().consent
    }

    async fn contact(&self, customer: &CustomerId) -> Option<Contact> {
        self.shop.services.store.contact(&self.shop.id, customer).await.unwrap()
    }

    /// Writes what Ada's contact says of her, as a source's record would.
    async fn ada_is(&self, name: Option<&str>, language: Option<&str>) {
        let (name, language) = (name.map(str::to_owned), language.map(str::to_owned));
        self.observe(platform::store::Person { name, language, ..Default::default() }).await;
    }

    /// A source tells her birthday.
    async fn ada_was_born(&self, day: &str) {
        let birthday = Some(day.parse().unwrap());
        self.observe(platform::store::Person { birthday, ..Default::default() }).await;
    }

    async fn observe(&self, person: platform::store::Person) {
        let person = platform::store::Person {
            id: "1".to_owned(),
            email: Some("ada@example.com".to_owned()),
            email_verified: true,
            ..person
        };
        let identities = self.shop.identities();
        let scene = platform::store::Scene {
            shop: &self.shop.id,
            source: loyalty::ids::Source::Shopify,
            identities: &identities,
            origin: loyalty::ledger::Origin::Live,
            now: self.shop.services.clock.now(),
        };
        self.shop.services.store.observe_person(&scene, &person, None).await.unwrap();
    }

    /// Everything that is in the table.
    async fn table(&self) -> Vec<String> {
        let client = self.shop.services.store.client();
        let found = client.scan().table_name(TABLE).consistent_read(true);
        let pages = found.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let plain = |item| serde_dynamo::from_item::<_, serde_json::Value>(item).unwrap();
        let mut items: Vec<String> =
            pages.unwrap().into_iter().map(|item| plain(item).to_string()).collect();
        items.sort();
        items
    }

    /// Erases Ada's contact data, as it is done to somebody who asks for it.
    async fn ada_is_erased(&self) {
        use aws_sdk_dynamodb::types::AttributeValue;
        let key = Entity::Contact(&self.ada).key(&self.shop.id);
        let client = self.shop.services.store.client();
        let delete = client.delete_item().table_name(TABLE);
        let delete = delete.key("pk", AttributeValue::S(key.pk));
        delete.key("sk", AttributeValue::S(key.sk)).send().await.unwrap();
    }
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The page, if it is one that is fine.
    #[track_caller]
    fn page(&self) -> &str {
        assert_eq!(self.status, 200, "{}", self.body);
        &self.body
    }

    #[track_caller]
    fn says(&self, text: &str) {
        assert!(self.body.contains(text), "`{text}` is not in {}", self.body);
    }

    #[track_caller]
    fn says_nothing_of(&self, text: &str) {
        assert!(!self.body.contains(text), "`{text}` is in {}", self.body);
    }

    /// The tokens and the stylesheet change with every run and every shop.
    fn stable(&self) -> String {
        let mut out = String::new();
        let mut rest = self.body.as_str();
        for (from, to, instead) in [("<style>", "</style>", "…")] {
            let Some((before, after)) = rest.split_once(from) else { continue };
            let Some((_, after)) = after.split_once(to) else { continue };
            out.push_str(&format!("{before}{from}{instead}{to}"));
            rest = after;
        }
        out.push_str(rest);
        for door in ["u", "p", "why", "c"] {
            let start = format!("\"/{door}/");
            let parts: Vec<&str> = out.split(&start).collect();
            let named = parts.iter().enumerate().map(|(index, part)| match index {
                0 => (*part).to_owned(),
                _ => format!("{start}[token]\"{}", part.split_once('"').unwrap().1),
            });
            out = named.collect();
        }
        out
    }
}
