//! What people answer who are asked how it was, by the links in their mail, and what the owner
//! does about low scores, by the API. A model with a seed, as everything of the year is.

use std::collections::BTreeMap;

use axum::body::{Body, to_bytes};
use fastrand::Rng;
use http::{Method, Request, StatusCode, header};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use loyalty::ids::ShopId;
use loyalty::mail::Kind;
use loyalty::month::Month;
use platform::Services;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Value, json};
use testkit::ses::Mail;

use super::{Play, Year};
use crate::failure::Failure;
use crate::server::Functions;

/// Of a hundred who are asked, so many answer.
const ANSWER: u32 = 38;

/// Of a hundred who answer, so many give 1, 2, 3, 4 and 5.
const SCORES: [(u8, u32); 5] = [(1, 3), (2, 6), (3, 13), (4, 38), (5, 40)];

/// Of a hundred who answer, so many change their minds within the fortnight.
const CHANGE: u32 = 4;

/// Of a hundred low scores, so many the owner looks after within two days.
const LOOKED_AFTER: u32 = 85;

/// What the owner gives for a bad day.
const GOODWILL: i64 = 200;

/// The longest answer of ours that is read.
const LONGEST: usize = 1024 * 1024;

/// What surveys were in a year.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct SurveyFigures {
    /// Mails that asked.
    pub(super) asked: u64,
    /// Surveys with an answer.
    pub(super) answered: u64,
    /// Of each score that stands, how many.
    pub(super) scores: BTreeMap<u8, u64>,
    /// How many of a hundred gave 4 or 5, with the 95 % interval, as the API tells it.
    pub(super) csat: Option<[String; 3]>,
    /// Low scores that opened a follow-up.
    pub(super) follow_ups: u64,
    /// Of these, closed by the owner.
    pub(super) closed: u64,
    /// Mails to the owner about them, reminders among them.
    pub(super) told: u64,
    /// Everything that shouldn't be, as sentences.
    #[serde(skip)]
    pub(super) problems: Vec<String>,
}

/// People who are asked, and the owner.
pub(super) struct Surveys {
    functions: Functions,
    token: SecretString,
    shop: ShopId,
    /// What links begin with.
    base: String,
    /// Mails looked through.
    seen: usize,
    /// Answers that are on their way, by when they are given.
    replies: BTreeMap<(Timestamp, String), Reply>,
    pub(super) figures: SurveyFigures,
}

#[derive(Debug, Clone)]
struct Reply {
    score: u8,
    comment: &'static str,
    answer_by: &'static str,
}

impl Surveys {
    /// Nobody has been asked yet. The clock of `services` is that of the year.
    pub(super) fn new(play: &Play, services: &Services) -> Result<Self, Failure> {
        let tokens = services.secrets.named("api");
        let token = tokens.first().cloned();
        Ok(Self {
            functions: Functions::mount(services),
            token: token.ok_or_else(|| Failure::new("the API has no token"))?,
            shop: play.shop.clone(),
            base: play.sites.public_url.clone().unwrap_or_default(),
            seen: 0,
            replies: BTreeMap::new(),
            figures: SurveyFigures::default(),
        })
    }

    /// Looks through the mail that came since the last time.
    pub(super) fn post(&mut self, year: &Year, mails: &[Mail]) {
        let new = mails.get(self.seen..).unwrap_or_default();
        self.seen = mails.len();
        for mail in new {
            if mail.kind() == Some(Kind::LowScore.as_str()) {
                self.figures.told = self.figures.told.saturating_add(1);
            }
            if let Some(path) = self.asks(mail) {
                self.figures.asked = self.figures.asked.saturating_add(1);
                self.is_asked(year, mail, path);
            }
        }
    }

    /// The path behind the links of a mail that asks.
    fn asks(&self, mail: &Mail) -> Option<String> {
        let text = mail.text.as_deref()?;
        let link = text.split(|c: char| c.is_whitespace() || "<>()".contains(c));
        let path = link.filter_map(|word| word.strip_prefix(self.base.as_str()));
        let mut path = path.filter(|path| path.starts_with("/s/"));
        path.next()?.split_once('?').map(|(path, _)| path.to_owned())
    }

    fn is_asked(&mut self, year: &Year, mail: &Mail, path: String) {
        let to = mail.to.first().map(String::as_str).unwrap_or_default();
        let who = to.bytes().fold(year.seed, |sum, byte| sum.rotate_left(7) ^ u64::from(byte));
        let mut rng = Rng::with_seed(who ^ mail.at.as_second().unsigned_abs().rotate_left(32));
        if rng.u32(0..100) >= ANSWER {
            return;
        }
        let mut at = mail.at;
        let times = 1 + u32::from(rng.u32(0..100) < CHANGE);
        for _ in 0..times {
            let later = SignedDuration::from_mins(rng.i64(20..5 * 24 * 60));
            at = at.checked_add(later).unwrap_or(Timestamp::MAX);
            self.replies.insert((at, path.clone()), Reply::drawn(&mut rng));
        }
    }

    /// An hour is over: what was to be answered in it is, and in the evening the owner looks
    /// after low scores.
    pub(super) async fn hour(&mut self, year: &Year, end: Timestamp) -> Result<bool, Failure> {
        let mut happened = false;
        while let Some(entry) = self.replies.first_entry().filter(|entry| entry.key().0 <= end) {
            let ((_, path), reply) = entry.remove_entry();
            let form = reply.form();
            let status = self.ask(Method::POST, &path, Body::from(form)).await?.0;
            if !(status.is_success() || status.is_redirection()) {
                self.figures.problems.push(format!("an answer to a survey was answered {status}"));
            }
            happened = true;
        }
        if end.to_zoned(year.sender.zone.clone()).hour() == EVENING {
            happened |= self.owner_looks(year, end).await?;
        }
        Ok(happened)
    }

    async fn owner_looks(&mut self, year: &Year, now: Timestamp) -> Result<bool, Failure> {
        let path = format!("/api/v1/shops/{}/follow-ups?state=open", self.shop);
        let open = self.api(Method::GET, &path, None).await?;
        let open = open.pointer("/follow_ups").and_then(Value::as_array).cloned();
        let mut happened = false;
        for one in open.into_iter().flatten() {
            let Some(id) = one.pointer("/id").and_then(Value::as_str) else { continue };
            let opened_at = one.pointer("/opened_at").and_then(Value::as_str);
            let opened_at: Option<Timestamp> = opened_at.and_then(|at| at.parse().ok());
            let Some(opened_at) = opened_at else { continue };
            let mut rng = Rng::with_seed(year.seed ^ opened_at.as_second().unsigned_abs());
            let patience = if rng.u32(0..100) < LOOKED_AFTER { 0..44 } else { 60..24 * 12 };
            if now.duration_since(opened_at) < SignedDuration::from_hours(rng.i64(patience)) {
                continue;
            }
            let by_mail = one.pointer("/answer_by").and_then(Value::as_str) == Some("mail");
            let path = format!("/api/v1/shops/{}/follow-ups/{id}", self.shop);
            let first = if by_mail {
                json!({"answer": {"text": "I am sorry. You were right to tell us."}})
            } else {
                json!({"called": {}})
            };
            let words = "For a loaf that wasn't as it should be";
            let then = json!({"goodwill": {"points": GOODWILL, "words": words}, "close": true});
            for act in [first, then] {
                self.api(Method::POST, &path, Some(act)).await?;
            }
            happened = true;
        }
        Ok(happened)
    }

    /// What the owner is told of the year's surveys.
    pub(super) async fn figures(&mut self, year: &Year) -> Result<SurveyFigures, Failure> {
        let path = format!(
            "/api/v1/shops/{}/surveys/results?from={}&to={}",
            self.shop,
            year.first_day.strftime("%Y-%m"),
            year.last_day.strftime("%Y-%m")
        );
        let told = self.api(Method::GET, &path, None).await?;
        let mut figures = self.figures.clone();
        figures.take_in(&told);
        let mut month = Month::of(year.first_day);
        while month <= Month::of(year.end.to_zoned(TimeZone::UTC).date()) {
            let closed = self.follow_ups(&format!("state=closed&month={month}")).await?;
            figures.closed = figures.closed.saturating_add(closed);
            month = month.plus(1);
        }
        let open = self.follow_ups("state=open").await?;
        figures.follow_ups = figures.closed.saturating_add(open);
        Ok(figures)
    }

    /// How many the API lists.
    async fn follow_ups(&mut self, query: &str) -> Result<u64, Failure> {
        let path = format!("/api/v1/shops/{}/follow-ups?{query}", self.shop);
        let found = self.api(Method::GET, &path, None).await?;
        let found = found.pointer("/follow_ups").and_then(Value::as_array).map_or(0, Vec::len);
        Ok(u64::try_from(found).unwrap_or(u64::MAX))
    }

    /// Asks the owner's API. Whatever it refuses is a problem.
    async fn api(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, Failure> {
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let (status, answer) = self.ask(method, path, body).await?;
        if !status.is_success() {
            let of_whom = path.split('?').next().unwrap_or_default();
            self.figures.problems.push(format!("the API answered {status} at {of_whom}: {answer}"));
        }
        Ok(answer)
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<(StatusCode, Value), Failure> {
        let is_api = path.starts_with("/api/");
        let form = "application/x-www-form-urlencoded";
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, if is_api { "application/json" } else { form });
        if is_api {
            let bearer = format!("Bearer {}", self.token.expose_secret());
            request = request.header(header::AUTHORIZATION, bearer);
        }
        let request = request.body(body);
        let request = request.map_err(|error| Failure::because("a link is no URL", &error))?;
        let answer = self.functions.answer(request).await;
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), LONGEST).await;
        let bytes = bytes.map_err(|error| Failure::because("an answer can't be read", &error))?;
        Ok((status, serde_json::from_slice(&bytes).unwrap_or_default()))
    }
}

/// The hour that the owner looks at the day.
const EVENING: i8 = 18;

impl SurveyFigures {
    /// Takes in what the API tells of all surveys of the year.
    fn take_in(&mut self, results: &Value) {
        let Some(overall) = results.pointer("/questions/0/overall") else { return };
        let count = |of: &Value, name: &str| of.get(name).and_then(Value::as_u64).unwrap_or(0);
        let told = count(overall, "asked");
        if told != self.asked {
            let asked = self.asked;
            self.problems
                .push(format!("{asked} people were asked by mail, and the API says {told}"));
        }
        self.answered = count(overall, "answered");
        for one in overall.get("scores").and_then(Value::as_array).into_iter().flatten() {
            let score = u8::try_from(count(one, "score")).unwrap_or(u8::MAX);
            self.scores.insert(score, count(one, "count"));
        }
        let part = |name: &str| overall.pointer(&format!("/result/{name}")).map(Value::to_string);
        let parts = part("value").zip(part("low")).zip(part("high"));
        self.csat = parts.map(|((value, low), high)| [value, low, high]);
    }
}

impl Reply {
    fn drawn(rng: &mut Rng) -> Self {
        let (mut drawn, mut score) = (rng.u32(0..100), 5);
        for (value, of_hundred) in SCORES {
            if drawn < of_hundred {
                score = value;
                break;
            }
            drawn = drawn.saturating_sub(of_hundred);
        }
        let words: &[&str] = match score {
            1 | 2 => &["The loaf was dry.", "I waited for twenty minutes 😕", ""],
            3 => &["Fine, but the cake was small.", "", ""],
            _ => &["Best rye in town!", "", "", ""],
        };
        let comment = rng.choice(words).copied().unwrap_or_default();
        let answer_by = rng.choice(["mail", "mail", "phone", "no", ""]).unwrap_or_default();
        Self { score, comment, answer_by: if score <= 2 { answer_by } else { "" } }
    }

    fn form(&self) -> String {
        let encoded = |text: &str| {
            let byte = |byte: u8| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            };
            text.bytes().map(byte).collect::<String>()
        };
        let mut form = format!("score={}&comment={}", self.score, encoded(self.comment));
        if !self.answer_by.is_empty() {
            form = format!("{form}&answer_by={}", self.answer_by);
        }
        form
    }
}
