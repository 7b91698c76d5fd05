//! The HTTP client: time limits, a limit to size, and what a status means.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, Url, redirect};
use secrecy::{ExposeSecret, SecretString};

use super::{ApiError, SetupError, wait};
use crate::Unreadable;

/// A source that can't be reached in this time won't be in twice of it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// All of a request, its answer's body included. Answers take tenths of a second.
const TIMEOUT: Duration = Duration::from_secs(5);

/// As for webhooks: the largest object is far below it.
const LARGEST_ANSWER: usize = 2 * 1024 * 1024;

/// An HTTP client with its connections, to be shared by all who ask.
#[derive(Debug, Clone)]
pub struct Http(Client);

impl Http {
    /// A client that trusts whom the system trusts.
    pub fn new() -> Result<Self, SetupError> {
        Self::within(TIMEOUT)
    }

    /// The same with another limit to a request's time.
    pub(crate) fn within(timeout: Duration) -> Result<Self, SetupError> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls()?)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(timeout)
            // A token goes to whom it was meant for, and nowhere that an answer names.
            .redirect(redirect::Policy::none())
            // The environment is read in `main.rs` alone.
            .no_proxy()
            .user_agent(concat!("regulars/", env!("CARGO_PKG_VERSION")))
            .build();
        client.map(Self).map_err(setup)
    }
}

/// What a page of our own was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// HTTP's status.
    pub status: u16,
    /// The kind of the body; empty where it isn't said.
    pub content_type: String,
}

impl Http {
    /// How a URL of our own answers, whatever the status: by `POST` with a body, else by `GET`;
    /// with a bearer token where there is one.
    pub async fn look(
        &self,
        url: &str,
        post: Option<&str>,
        token: Option<&SecretString>,
    ) -> Result<Answered, ApiError> {
        let url = Url::parse(url).map_err(|_| ApiError::NotFound)?;
        let mut request = match post {
            Some(body) => self.0.post(url).body(body.to_owned()),
            None => self.0.get(url),
        };
        if let Some(token) = token {
            request = request.bearer_auth(token.expose_secret());
        }
        let answer = request.send().await.map_err(unavailable)?;
        let content_type = answer.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Answered { status: answer.status().as_u16(), content_type: content_type.to_owned() })
    }
}

/// TLS on ring, given ready made: left to itself the client would want a provider that is
/// installed for the whole process. With a system that has no certificates no server is
/// trusted, so every request fails then, not this.
fn tls() -> Result<rustls::ClientConfig, SetupError> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().map_err(setup)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn setup(error: impl StdError + Send + Sync + 'static) -> SetupError {
    SetupError::Client(Box::new(error))
}

/// Where one shop's source is asked, and what goes along with every question.
#[derive(Debug, Clone)]
pub(super) struct Site {
    http: Http,
    base: Url,
    headers: HeaderMap,
    query: Vec<(&'static str, String)>,
}

impl Site {
    pub(super) fn new(http: &Http, base_url: &str) -> Result<Self, SetupError> {
        let base = Url::parse(base_url).map_err(|_| SetupError::Url)?;
        if base.cannot_be_a_base() {
            return Err(SetupError::Url);
        }
        Ok(Self { http: http.clone(), base, headers: HeaderMap::new(), query: Vec::new() })
    }

    /// The same, with a header that everybody may see.
    pub(super) fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.insert(name, HeaderValue::from_static(value));
        self
    }

    /// The same, with what stands behind the `?` of every question.
    pub(super) fn asking(&self, query: Vec<(&'static str, String)>) -> Self {
        Self { query, ..self.clone() }
    }

    /// The same, with the token after `scheme`. It isn't printed with the rest.
    pub(super) fn with_token(
        mut self,
        name: HeaderName,
        scheme: &str,
        token: &SecretString,
    ) -> Result<Self, SetupError> {
        let value = HeaderValue::try_from(format!("{scheme}{}", token.expose_secret()));
        let mut value = value.map_err(|_| SetupError::Token)?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }

    /// The body that stands at a path.
    pub(super) async fn get(&self, path: &[&str]) -> Result<Vec<u8>, ApiError> {
        self.ask(path, None).await
    }

    /// The body that stands at a path, or what the source answers to JSON that is sent there.
    pub(super) async fn ask(&self, path: &[&str], json: Option<&str>) -> Result<Vec<u8>, ApiError> {
        whole(accepted(self.send(path, json).await?)?).await
    }

    /// The same, where a refusal says why: `Err` is its body.
    pub(super) async fn ask_for_leave(
        &self,
        path: &[&str],
        json: &str,
    ) -> Result<Result<Vec<u8>, Vec<u8>>, ApiError> {
        let answer = self.send(path, Some(json)).await?;
        match answer.status().as_u16() {
            400 | 401 | 403 => whole(answer).await.map(Err),
            _ => whole(accepted(answer)?).await.map(Ok),
        }
    }

    async fn send(&self, path: &[&str], json: Option<&str>) -> Result<Response, ApiError> {
        let (url, client) = (self.url(path)?, &self.http.0);
        let request = match json {
            None => client.get(url),
            Some(json) => {
                let json_type = HeaderValue::from_static("application/json");
                client.post(url).header(CONTENT_TYPE, json_type).body(json.to_owned())
            }
        };
        request.headers(self.headers.clone()).send().await.map_err(unavailable)
    }

    /// The URL of a path; each part is encoded, so that an id is never two.
    fn url(&self, path: &[&str]) -> Result<Url, ApiError> {
        // To a URL these are no names but ways, even encoded: what they lead to is no
        // single thing, and nothing has them for its id.
        if path.iter().any(|part| matches!(*part, "" | "." | "..")) {
            return Err(ApiError::NotFound);
        }
        let mut url = self.base.clone();
        match url.path_segments_mut() {
            Ok(mut parts) => parts.pop_if_empty().extend(path),
            // It was looked at when the site was made.
            Err(()) => return Err(ApiError::NotFound),
        };
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }
}

/// An answer, if its status says that it is one.
fn accepted(answer: Response) -> Result<Response, ApiError> {
    let status = answer.status();
    match status.as_u16() {
        200..=299 => Ok(answer),
        401 | 403 => Err(ApiError::Unauthorized),
        404 | 410 => Err(ApiError::NotFound),
        429 => Err(ApiError::Throttled { wait: wait::asked_for(answer.headers()) }),
        408 | 500..=599 => {
            Err(ApiError::Unavailable { code: format!("status {status}"), source: None })
        }
        code => Err(Unreadable(format!("its status is {code}")).into()),
    }
}

/// An answer's whole body, if it isn't too large.
async fn whole(mut answer: Response) -> Result<Vec<u8>, ApiError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unavailable)? {
        if body.len().saturating_add(chunk.len()) > LARGEST_ANSWER {
            return Err(Unreadable("it is larger than 2 MB".to_owned()).into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn unavailable(error: reqwest::Error) -> ApiError {
    let code = if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "not reached"
    } else {
        "broken off"
    };
    ApiError::Unavailable { code: code.to_owned(), source: Some(Box::new(error.without_url())) }
}
