//! The pages through the front door, over the embedded DynamoDB.

mod answers;
mod counter;
mod door;
mod events;
mod faults;
mod merged;
mod pages;
mod points;
mod remembered;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use jiff::Timestamp;
use loyalty::Points;
use loyalty::ids::{CustomerId, OrderRef, Source};
use loyalty::survey::Question;
use platform::sender::{MailSettingsChange, Wish};
use platform::store::keys::Entity;
use platform::store::{FollowUp, Survey};
use platform::tokens::Door;
use testkit::shop::{TABLE, TestShop};
use tower::ServiceExt;

use crate::router;

/// When Ada is asked: three days after she bought.
const ASKED: &str = "2026-11-25T15:00:00Z";

/// An hour after it.
const NOW: &str = "2026-11-25T16:00:00Z";

/// A form's content type.
const FORM: &str = "application/x-www-form-urlencoded";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What the bakery's program says of surveys: it has a place for reviews.
const REVIEWS: &str = "review_url = \"https://reviews.example/corner-bakery\"";

/// The bakery with its pages, and Ada, who bought something and is asked about it.
struct Room {
    shop: TestShop,
    router: Router,
    ada: CustomerId,
}

/// What was answered.
struct Page {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Room {
    async fn open() -> Self {
        Self::asking(REVIEWS).await
    }

    /// With these lines in its program's section on surveys.
    async fn asking(survey: &str) -> Self {
        let bakery = loyalty::program::CORNER_BAKERY;
        let shop = TestShop::with_program(&format!("{bakery}\n[survey]\n{survey}\n")).await;
        let change = MailSettingsChange {
            from: Wish::Set("hello@corner-bakery.example".to_owned()),
            from_name: Wish::Set("Maria".to_owned()),
            reply_to: Wish::Set("maria@corner-bakery.example".to_owned()),
            ..MailSettingsChange::default()
        };
        let now = shop.services.clock.now();
        shop.services.store.set_mail_settings(&shop.id, change, now).await.unwrap();
        shop.buys(6001, 60, "2026-11-22T12:00:00Z").await;
        shop.set_now(NOW);
        let ada = shop.by_email("ada@example.com").await.unwrap().id;
        let router = router(shop.services.clone());
        Self { shop, router, ada }
    }

    fn order(&self) -> OrderRef {
        OrderRef { source: Source::Shopify, id: "6001".parse().unwrap() }
    }

    fn door(&self, question: Question) -> Door {
        let (customer, order) = (self.ada.clone(), self.order());
        Door::Survey { customer, order, question, asked_at: at(ASKED) }
    }

    fn path(&self, door: &Door) -> String {
        let now = self.shop.services.clock.now();
        let links = self.shop.services.links().unwrap();
        format!("/{}/{}", door.path(), links.token(&self.shop.id, door, now))
    }

    /// Where Ada is asked how it was, from 1 to 5.
    fn csat(&self) -> String {
        self.path(&self.door(Question::Csat))
    }

    /// Where she is asked whether she would recommend the shop, from 0 to 10.
    fn nps(&self) -> String {
        self.path(&self.door(Question::Nps))
    }

    async fn ask(&self, request: Request<Body>) -> Page {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Page { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    async fn get(&self, path: &str) -> Page {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, body: &str) -> Page {
        let request = Request::post(path).header(header::CONTENT_TYPE, FORM);
        self.ask(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// Posts, and goes where that leads.
    async fn press(&self, path: &str, body: &str) -> Page {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        let to = answer.header("location").to_owned();
        assert!(to.starts_with('/') && !to.starts_with("//"), "{to}");
        self.get(&to).await
    }

    async fn survey(&self) -> Option<Survey> {
        let store = &self.shop.services.store;
        store.survey(&self.shop.id, &self.ada, &self.order()).await.unwrap()
    }

    /// Scores and comments, oldest first.
    async fn answers(&self) -> Vec<(u8, Option<String>)> {
        let answers = self.survey().await.map(|survey| survey.answers).unwrap_or_default();
        answers.into_iter().map(|answer| (answer.score, answer.comment)).collect()
    }

    async fn follow_up(&self) -> Option<FollowUp> {
        let id = FollowUp::id(&self.shop.id, &self.ada, &self.order());
        self.shop.services.store.follow_up(&self.shop.id, &id).await.unwrap()
    }

    async fn held_until(&self) -> Option<Timestamp> {
        self.shop.by_email("ada@example.com").await.unwrap().account.held_until
    }

    /// A person closes the follow-up, as the owner's API does.
    async fn close(&self, closed_at: &str) {
        let mut follow_up = self.follow_up().await.unwrap();
        follow_up.closed_at = Some(at(closed_at));
        follow_up.version += 1;
        let key = Entity::FollowUp(&follow_up.id).key(&self.shop.id);
        let mut item: std::collections::HashMap<_, _> = serde_dynamo::to_item(&follow_up).unwrap();
        let text = aws_sdk_dynamodb::types::AttributeValue::S;
        item.extend([("pk".to_owned(), text(key.pk)), ("sk".to_owned(), text(key.sk))]);
        let client = self.shop.services.store.client();
        client.put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
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

impl Page {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    fn says(&self, text: &str) -> &Self {
        assert!(self.body.contains(text), "`{text}` is not in {}", self.body);
        self
    }

    #[track_caller]
    fn says_nothing_of(&self, text: &str) -> &Self {
        assert!(!self.body.contains(text), "`{text}` is in {}", self.body);
        self
    }

    /// The score that is chosen.
    fn chosen(&self) -> Option<&str> {
        let tag = self.body.split("<input ").find(|tag| {
            tag.contains("name=\"score\"") && tag.split('>').next().unwrap().contains(" checked")
        })?;
        tag.split_once("value=\"")?.1.split('"').next()
    }

    /// The tokens and the stylesheet change with every run and every shop.
    fn stable(&self) -> String {
        let (head, rest) = self.body.split_once("<style>").unwrap();
        let (_, rest) = rest.split_once("</style>").unwrap();
        let page = format!("{head}<style>…</style>{rest}");
        let mut parts = page.split("\"/s/");
        let first = parts.next().unwrap().to_owned();
        let rest = parts.map(|part| part.split_once('"').unwrap().1);
        rest.fold(first, |page, part| format!("{page}\"/s/[token]\"{part}"))
    }
}

/// A text in a form's body.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// So many points.
fn points(points: i64) -> Points {
    Points(points)
}
