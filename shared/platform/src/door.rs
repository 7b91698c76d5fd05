//! The doors that links in mail lead to: a link is opened, who stands behind it is looked up,
//! and whatever goes wrong is a page that says what to do.

mod answer;
mod words;

use std::fmt::Display;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Form, FromRequest, Request};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use jiff::Timestamp;
use loyalty::Language;
use loyalty::ids::ShopId;
use loyalty::program::Program;
use presentation::page::Page;
use presentation::{Brand, Locale};

pub use self::answer::{Refusal, Trouble, accepted, answer, language, see, wrong_method};
use crate::Services;
use crate::sender::MailSettings;
use crate::store::{Contact, Customer, StoreError};
use crate::tokens::{Door, Links, TokenError};

/// Somebody who opened a link that is hers.
#[derive(Debug)]
pub struct Visit {
    /// What the function works with.
    pub services: Services,
    /// What makes links to other doors of hers.
    pub links: Links,
    /// The path she came by.
    pub path: String,
    /// The shop.
    pub shop: ShopId,
    /// What she opened.
    pub door: Door,
    /// The program in force.
    pub program: Arc<Program>,
    /// Who the shop's mail comes from.
    pub settings: MailSettings,
    /// The shop as it shows itself.
    pub brand: Brand,
    /// Her language, as the shop's country writes it.
    pub locale: Locale,
    /// Who stands for her, with her account.
    pub customer: Customer,
    /// Her contact data, or those of who stands for her: mail goes by them.
    pub contact: Contact,
    /// When.
    pub now: Timestamp,
}

impl Visit {
    /// Opens the link of a request.
    ///
    /// # Errors
    ///
    /// A page that says why it doesn't open: the link isn't right, nothing is kept of her, or
    /// the store failed.
    pub async fn open(services: Services, uri: &Uri, headers: &HeaderMap) -> Result<Self, Refusal> {
        let (now, hers) = (services.clock.now(), language(headers));
        let (door, token) = parts(uri.path());
        let (links, shop, door) = opened(&services, door, token, hers).await?;
        let failed = |error: StoreError| Refusal::store(&error, hers);
        let rules = services.store.rules(&shop, now).await.map_err(failed)?;
        let Some(version) = rules.programs.current(now) else {
            return Err(Refusal::plain(Trouble::NoShop, hers));
        };
        let program = Arc::clone(&version.program);
        let settings = services.store.mail_settings(&shop).await.map_err(failed)?;
        let brand = settings.brand(&program);
        let found = services.store.customer(&shop, door.customer()).await.map_err(failed)?;
        let (customer, contact) = match found {
            Some(Customer { id, account, contact: Some(contact) }) => {
                (Customer { id, account, contact: None }, contact)
            }
            _ => {
                let reads = accepted(headers).map(Language::as_str);
                let locale = settings.locale(&program, reads);
                return Err(Refusal::of(Trouble::Gone, locale.language, &brand));
            }
        };
        let locale = settings.locale(&program, contact.language.as_deref());
        let path = uri.path().to_owned();
        Ok(Self {
            services,
            links,
            path,
            shop,
            door,
            program,
            settings,
            brand,
            locale,
            customer,
            contact,
            now,
        })
    }

    /// The table.
    pub fn store(&self) -> &crate::Store {
        &self.services.store
    }

    /// A page of the shop's, in her language.
    pub fn page<M: Display>(&self, title: &str, main: M) -> Response {
        self.page_with(StatusCode::OK, title, main)
    }

    /// The same with another status.
    pub fn page_with<M: Display>(&self, status: StatusCode, title: &str, main: M) -> Response {
        let (brand, language) = (Some(&self.brand), self.locale.language);
        answer(status, &Page { brand, language, title, main })
    }

    /// A page that says what went wrong, in her language.
    pub fn refuse(&self, trouble: Trouble) -> Refusal {
        Refusal::of(trouble, self.locale.language, &self.brand)
    }

    /// What became of the store.
    pub fn failed(&self, error: &StoreError) -> Refusal {
        Refusal::store(error, self.locale.language)
    }

    /// Where another door of hers is.
    pub fn path_to(&self, door: &Door) -> String {
        format!("/{}/{}", door.path(), self.links.token(&self.shop, door, self.now))
    }

    /// A day, as the shop's calendar and her language have it.
    pub fn date(&self, at: Timestamp) -> String {
        self.locale.date(at.to_zoned(self.program.shop.zone.clone()).date())
    }
}

/// The door and the token of a path.
fn parts(path: &str) -> (&str, &str) {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split_once('/').unwrap_or((path, ""))
}

/// Opens a token: once more by secrets loaded anew where it doesn't open, because a key may
/// have been added.
async fn opened(
    services: &Services,
    door: &str,
    token: &str,
    hers: Language,
) -> Result<(Links, ShopId, Door), Refusal> {
    let now = services.clock.now();
    let links = || {
        services.links().map_err(|error| {
            tracing::error!(%error, "links can't be opened");
            Refusal::plain(Trouble::Busy, hers)
        })
    };
    let mut known = links()?;
    let mut opened = known.open(door, token, now);
    if opened == Err(TokenError::Forged) && services.secrets.refresh(now).await {
        known = links()?;
        opened = known.open(door, token, now);
    }
    let (shop, door) = opened.map_err(|error| {
        let trouble = match error {
            TokenError::Forged => Trouble::Forged,
            TokenError::OtherDoor => Trouble::OtherDoor,
            TokenError::Expired => Trouble::Expired,
        };
        Refusal::plain(trouble, hers)
    })?;
    Ok((known, shop, door))
}

/// The fields of a form, in its order; none where it is no form.
pub async fn fields(body: Bytes) -> Vec<(String, String)> {
    const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
    let mut request = Request::new(body.into());
    *request.method_mut() = http::Method::POST;
    request.headers_mut().insert(header::CONTENT_TYPE, FORM);
    Form::from_request(request, &()).await.map(|Form(fields)| fields).unwrap_or_default()
}
