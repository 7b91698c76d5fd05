//! The mail that was sent and the events on the bus, for programs as JSON and mail as it
//! looks for people.

mod page;

use axum::extract::{Path, Query, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderName, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use platform::problem::Problem;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use testkit::aws::Cloud;
use testkit::ses::Mail;

/// A mail as it looks may bring its own styles and no more: no script, no form, and
/// nothing from another host.
const MAIL_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri \
     'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox",
);

/// Our own pages around it.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'",
);

/// The routes below `/_local`.
pub(super) fn router<S>(cloud: Cloud) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    Router::new()
        .route("/mailbox", get(list))
        .route("/mailbox/", get(list_page))
        .route("/mailbox/style.css", get(style))
        .route("/mailbox/{id}", get(mail_page))
        .route("/mailbox/{id}/html", get(mail_html))
        .route("/events", get(events))
        .with_state(cloud)
}

/// Which mail is asked for; empty is all.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    to: String,
    #[serde(default)]
    kind: String,
    /// Of a page: how many newer ones were seen already.
    #[serde(default)]
    skip: usize,
}

impl Wanted {
    fn has(&self, mail: &Mail) -> bool {
        let to = self.to.trim().is_empty() || mail.is_to(&self.to);
        let kind = self.kind.trim();
        to && (kind.is_empty() || mail.kind() == Some(kind))
    }
}

/// A mail, for a program.
#[derive(Debug, Serialize)]
struct Shown {
    id: String,
    at: Timestamp,
    to: String,
    from: String,
    subject: String,
    kind: Option<String>,
    headers: Map<String, Value>,
    text: Option<String>,
    html: Option<String>,
    tags: std::collections::BTreeMap<String, String>,
}

impl From<Mail> for Shown {
    fn from(mail: Mail) -> Self {
        let reply_to = (!mail.reply_to.is_empty())
            .then(|| ("Reply-To".to_owned(), Value::from(mail.reply_to.join(", "))));
        let own = mail.headers.iter().map(|(name, value)| (name.clone(), value.clone().into()));
        Self {
            from: mail.sender(),
            kind: mail.kind().map(str::to_owned),
            headers: reply_to.into_iter().chain(own).collect(),
            id: mail.id,
            at: mail.at,
            to: mail.to.join(", "),
            subject: mail.subject,
            text: mail.text,
            html: mail.html,
            tags: mail.tags,
        }
    }
}

/// All mail that is wanted, the newest last.
async fn list(State(cloud): State<Cloud>, Query(wanted): Query<Wanted>) -> Json<Vec<Shown>> {
    let mails = cloud.ses.mails_where(|mail| wanted.has(mail));
    Json(mails.into_iter().map(Shown::from).collect())
}

/// Everything on the bus, as a rule's target gets it, the newest last.
async fn events(State(cloud): State<Cloud>) -> Json<Vec<Value>> {
    Json(cloud.bus.entries().iter().map(|entry| entry.event()).collect())
}

async fn list_page(State(cloud): State<Cloud>, Query(wanted): Query<Wanted>) -> Response {
    let mails = cloud.ses.mails_where(|mail| wanted.has(mail));
    let all = cloud.ses.count();
    with_policy(PAGE_POLICY, Html(page::list(&mails, all, &wanted)))
}

async fn mail_page(State(cloud): State<Cloud>, Path(id): Path<String>) -> Response {
    match cloud.ses.mail(&id) {
        Some(mail) => with_policy(PAGE_POLICY, Html(page::mail(&mail))),
        None => with_policy(PAGE_POLICY, (StatusCode::NOT_FOUND, Html(page::no_mail()))),
    }
}

/// A mail's HTML, alone, for the frame on its page.
async fn mail_html(State(cloud): State<Cloud>, Path(id): Path<String>) -> Response {
    match cloud.ses.mail(&id).and_then(|mail| mail.html) {
        Some(html) => with_policy(MAIL_POLICY, Html(page::linking_out(&html))),
        None => {
            let detail = "no mail of that id has HTML: GET /_local/mailbox lists them";
            Problem::new(StatusCode::NOT_FOUND, "unknown-mail", detail).into_response()
        }
    }
}

async fn style() -> Response {
    let css = (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    with_policy(PAGE_POLICY, ([css], page::STYLE))
}

fn with_policy(policy: HeaderValue, response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
    ];
    response.headers_mut().extend(headers);
    response
}
