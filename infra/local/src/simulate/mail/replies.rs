//! How the product takes what people answer to surveys, and what the owner does about it: by
//! the links in their mail, and by the owner's API.

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Method, Request, StatusCode, header};
use jiff::SignedDuration;
use loyalty::survey::{AnswerBy, OPEN_DAYS};
use platform::Services;
use platform::tokens::Door;
use serde_json::{Value, json};
use testkit::shop::PUBLIC_URL;
use tower::ServiceExt;

use super::surveys::{Deed, Reply, question};
use super::tries::{Did, Outcome};
use super::{Office, Post};
use crate::simulate::events;

/// The token of the owner's API.
pub(in crate::simulate) const TOKEN: &str = "api-token";

/// The longest answer of ours that is read.
const LONGEST: usize = 1024 * 1024;

type Anything = Box<dyn std::error::Error + Send + Sync>;

/// Where answers come in, and where the owner looks after them.
pub(super) struct Doors {
    answers: Router,
    api: Router,
}

/// A mail that asked.
struct Asking {
    /// Where its links lead, without their scores.
    path: String,
    /// When SES took it.
    at: jiff::Timestamp,
}

impl Doors {
    /// The doors of a deployment.
    pub(super) fn of(services: &Services) -> Self {
        let answers = survey_response::router(services.clone());
        Self { answers, api: owner_dashboard::router(services.clone()) }
    }
}

impl Office {
    /// Somebody does something with the survey that she was mailed first.
    pub(super) async fn reply(&self, person: u64, reply: Reply) -> Result<(), Anything> {
        let Some(asking) = asking(&self.post, person) else { return Ok(()) };
        match reply {
            Reply::Looks => self.looks(&asking).await,
            Reply::Answers { score, words, by } => self.answers(&asking, score, words, by).await,
        }
    }

    /// Follows every link there is, with every score.
    async fn looks(&self, asking: &Asking) -> Result<(), Anything> {
        let tapped = question(self.post.seed()).scores();
        let tapped = tapped.map(|score| format!("{}?score={}", asking.path, score.value()));
        for path in tapped.chain([asking.path.clone()]) {
            for method in [Method::GET, Method::HEAD] {
                let request = Request::builder().method(method).uri(&path).body(Body::empty())?;
                let status = self.doors.answers.clone().oneshot(request).await?.status();
                if !matches!(status, StatusCode::OK | StatusCode::GONE) {
                    return Err(format!("a scanner was answered {status}").into());
                }
            }
        }
        Ok(())
    }

    async fn answers(
        &self,
        asking: &Asking,
        score: u8,
        words: u32,
        by: Option<AnswerBy>,
    ) -> Result<(), Anything> {
        let services = &self.mailer.services;
        let token = asking.path.trim_start_matches("/s/");
        let (_, door) = services.links()?.open("s", token, services.clock.now())?;
        let Door::Survey { customer, order, .. } = door else {
            return Err("the link of a survey opens something else".into());
        };
        let comment = (words > 0).then(|| format!("words {words}"));
        let survey = (customer.to_string(), order.to_string());
        let low = question(self.post.seed()).score(score)?.is_low();
        let did = Did::Answered { survey: survey.clone(), score, words: comment.clone(), low };
        let doing = self.post.begins(did);
        let by = match by {
            Some(AnswerBy::Mail) => "mail",
            Some(AnswerBy::Phone) => "phone",
            _ => "",
        };
        let comment = comment.unwrap_or_default().replace(' ', "+");
        let body = format!("score={score}&comment={comment}&answer_by={by}");
        let request = Request::post(&asking.path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))?;
        let status = self.doors.answers.clone().oneshot(request).await?.status();
        let open = SignedDuration::from_hours(i64::from(OPEN_DAYS) * 24);
        let asked_for = services.clock.now().duration_since(asking.at);
        match status {
            // The mail was claimed before SES took it, and the answer took a while.
            StatusCode::SEE_OTHER if asked_for < open + SignedDuration::from_mins(1) => {
                doing.ends(Outcome::Taken);
                if low { Ok(self.post.noted_low(&survey).await?) } else { Ok(()) }
            }
            StatusCode::GONE if asked_for > open - SignedDuration::from_mins(1) => {
                doing.ends(Outcome::Refused);
                Ok(())
            }
            status => Err(format!("an answer was answered {status} after {asked_for:#}").into()),
        }
    }

    /// The owner does something about every low score that waits.
    pub(super) async fn followed_up(&self, deed: Deed) -> Result<(), Anything> {
        let path = format!("/api/v1/shops/{}/follow-ups", self.shop);
        let (status, open) = self.ask(Request::get(&path), Value::Null).await?;
        if status != StatusCode::OK {
            return Err(format!("the list of low scores was answered {status}").into());
        }
        let mut failed = None;
        for one in open.pointer("/follow_ups").and_then(Value::as_array).into_iter().flatten() {
            let id = one.pointer("/id").and_then(Value::as_str).unwrap_or_default();
            let (gave, closed) = (deed.gives(), deed.closes());
            let doing = self.post.begins(Did::Acted { follow_up: id.to_owned(), gave, closed });
            let request = Request::post(format!("{path}/{id}"));
            match self.ask(request, body(deed)).await?.0 {
                StatusCode::OK => doing.ends(Outcome::Taken),
                StatusCode::CONFLICT => doing.ends(Outcome::Refused),
                status => failed = Some(format!("{deed:?} was answered {status}")),
            }
        }
        failed.map_or(Ok(()), |failed| Err(failed.into()))
    }

    async fn ask(
        &self,
        request: http::request::Builder,
        body: Value,
    ) -> Result<(StatusCode, Value), Anything> {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let request = request
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
            .body(body)?;
        let answer = self.doors.api.clone().oneshot(request).await?;
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), LONGEST).await?;
        Ok((status, serde_json::from_slice(&bytes).unwrap_or_default()))
    }
}

/// What the owner sends for a deed.
fn body(deed: Deed) -> Value {
    let text = "I am sorry. You were right to tell us.";
    let goodwill = json!({"points": 200, "words": "For the loaf"});
    match deed {
        Deed::Called => json!({"called": {}}),
        Deed::Gives => json!({"goodwill": goodwill}),
        Deed::Writes => json!({"answer": {"text": text}}),
        Deed::WritesAndGives => json!({"answer": {"text": text, "points": 100}}),
        Deed::Closes => json!({"close": true}),
        Deed::CallsAndCloses => json!({"called": {}, "close": true}),
        Deed::GivesAndCloses => json!({"goodwill": goodwill, "close": {"unanswered": true}}),
    }
}

/// The first mail that asked somebody.
fn asking(post: &Post, person: u64) -> Option<Asking> {
    let address = events::email(person);
    let links = format!("{PUBLIC_URL}/s/");
    let found = post.cloud.ses.mails().into_iter().filter(|mail| mail.is_to(&address));
    found.into_iter().find_map(|mail| {
        let text = mail.text.as_deref()?;
        let (_, rest) = text.split_once(&links)?;
        let token =
            rest.split(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))).next()?;
        Some(Asking { path: format!("/s/{token}"), at: mail.at })
    })
}
