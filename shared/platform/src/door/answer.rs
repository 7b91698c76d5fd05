//! Answers: pages, ways to pages, and pages that say what went wrong.

use std::borrow::Cow;
use std::fmt::Display;

use axum::body::Body;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use loyalty::Language;
use presentation::Brand;
use presentation::page::{self, Notice, Page, Tone};

use super::words;
use crate::store::StoreError;

/// Seconds after which what failed for the moment may be tried again.
const TRY_AGAIN_AFTER: HeaderValue = HeaderValue::from_static("10");

/// What a visitor can meet instead of the page she wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The link isn't one of ours, or not as we made it.
    Forged,
    /// The link is ours, and for something else.
    OtherDoor,
    /// The link's time is over.
    Expired,
    /// The shop isn't known any more.
    NoShop,
    /// Nothing is kept of her.
    Gone,
    /// Her address isn't the one she was asked at any more.
    OtherAddress,
    /// Nothing at this path takes such a request.
    Method,
    /// More was sent than any form of ours sends.
    TooLarge,
    /// It didn't work for the moment.
    Busy,
    /// It won't work until somebody sees to it.
    Broken,
}

impl Trouble {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Forged,
        Self::OtherDoor,
        Self::Expired,
        Self::NoShop,
        Self::Gone,
        Self::OtherAddress,
        Self::Method,
        Self::TooLarge,
        Self::Busy,
        Self::Broken,
    ];

    /// The status of its page.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Forged | Self::OtherDoor | Self::NoShop => StatusCode::NOT_FOUND,
            Self::Expired => StatusCode::GONE,
            // Nothing is wrong: there is nobody to write to.
            Self::Gone => StatusCode::OK,
            Self::OtherAddress => StatusCode::CONFLICT,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// A page that says what went wrong and what to do, instead of an answer.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    /// Its heading and its text.
    said: [Cow<'static, str>; 2],
    language: Language,
    brand: Option<Box<Brand>>,
}

impl Refusal {
    /// Without a shop's look: none is known, or none may be shown.
    pub fn plain(trouble: Trouble, language: Language) -> Self {
        let said = words::trouble(language, trouble).map(Cow::Borrowed);
        Self { status: trouble.status(), said, language, brand: None }
    }

    /// As a page of a shop.
    pub fn of(trouble: Trouble, language: Language, brand: &Brand) -> Self {
        Self { brand: Some(Box::new(brand.clone())), ..Self::plain(trouble, language) }
    }

    /// A page of a shop with a heading and a text of its own.
    pub fn saying(status: StatusCode, language: Language, brand: &Brand, said: [&str; 2]) -> Self {
        let said = said.map(|text| Cow::Owned(text.to_owned()));
        Self { status, said, language, brand: Some(Box::new(brand.clone())) }
    }

    /// This is where a failure of the store ends: the chain goes to the log, once.
    pub fn store(error: &StoreError, language: Language) -> Self {
        let transient = error.is_transient();
        tracing::error!(transient, error = error.chain(), "a page couldn't be answered");
        Self::plain(if transient { Trouble::Busy } else { Trouble::Broken }, language)
    }

    /// A body that can't be read, or is too large to be looked at.
    pub fn body(rejection: &BytesRejection, language: Language) -> Self {
        let too_large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
        Self::plain(if too_large { Trouble::TooLarge } else { Trouble::Busy }, language)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { status, said: [title, text], language, brand } = self;
        let tone = if status.is_success() { Tone::Info } else { Tone::Error };
        let (title, main) = (&*title, Notice { tone, text: &text });
        let page = Page { brand: brand.as_deref(), language, title, main };
        let mut response = answer(status, &page);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, TRY_AGAIN_AFTER);
        }
        response
    }
}

/// A page as an answer.
pub fn answer<M: Display>(status: StatusCode, page: &Page<'_, M>) -> Response {
    let document = match page.document() {
        Ok(document) => document,
        Err(error) => {
            tracing::error!(%error, "a page couldn't be written");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let mut response = Response::new(Body::from(document.html));
    *response.status_mut() = status;
    for (name, value) in document.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// On to another page, with a GET. It has no address of a host, so it stays where it is.
pub fn see(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    for (name, value) in page::HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(path) = HeaderValue::from_str(path) {
        headers.insert(header::LOCATION, path);
    }
    response
}

/// What a visitor's browser says that she reads.
pub fn accepted(headers: &HeaderMap) -> Option<Language> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    Language::accepted(accepted)
}

/// The language of a page to somebody of whom nothing is known yet.
pub fn language(headers: &HeaderMap) -> Language {
    accepted(headers).unwrap_or_default()
}

/// A method that none of the pages takes.
pub async fn wrong_method(headers: HeaderMap) -> Refusal {
    Refusal::plain(Trouble::Method, language(&headers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_a_page_of_its_own_in_both_languages() {
        for language in Language::ALL {
            let mut titles = std::collections::BTreeSet::new();
            for trouble in Trouble::ALL {
                let answer = Refusal::plain(trouble, language).into_response();
                assert_eq!(answer.status() == StatusCode::OK, trouble == Trouble::Gone);
                assert_eq!(answer.headers()["content-language"], language.as_str());
                titles.insert(words::trouble(language, trouble)[0]);
            }
            assert_eq!(titles.len(), Trouble::ALL.len(), "{language:?}");
        }
    }
}
