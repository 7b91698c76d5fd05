//! The door: a link is opened, and who stands behind it is looked up.

use std::fmt::Display;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Form, FromRequest, Request};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use jiff::{SignedDuration, Timestamp};
use loyalty::Language;
use loyalty::birthday::Birthday;
use loyalty::consent::{Act, Channel, Consent, Fact};
use loyalty::ids::{CustomerId, ShopId};
use loyalty::mail::Kind;
use loyalty::program::Program;
use platform::Services;
use platform::store::{BirthdayBy, BirthdaySet, Contact, Customer, StoreError};
use platform::tokens::{Door, Links, TokenError};
use presentation::page::Page;
use presentation::{Brand, Locale};

use crate::answer::{Refusal, Trouble, accepted, answer, language};
use crate::words::Words;

/// Marketing mail's channel.
pub(crate) const EMAIL: Channel = Channel::Email;

/// How far another clock may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// Somebody who opened a link that is hers.
#[derive(Debug)]
pub(crate) struct Visit {
    services: Services,
    links: Links,
    /// The path she came by.
    pub(crate) path: String,
    pub(crate) shop: ShopId,
    pub(crate) door: Door,
    pub(crate) program: Arc<Program>,
    pub(crate) brand: Brand,
    pub(crate) locale: Locale,
    pub(crate) words: &'static Words,
    /// Who stands for her, with her account.
    pub(crate) customer: Customer,
    /// Her contact data, or those of who stands for her: mail goes by them.
    pub(crate) contact: Contact,
    /// When: of what she says, too.
    pub(crate) now: Timestamp,
}

impl Visit {
    /// Opens the link of a request.
    pub(crate) async fn open(
        services: Services,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Self, Refusal> {
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
        let now = after(&contact.consent, now);
        let words = Words::of(locale.language);
        let path = uri.path().to_owned();
        Ok(Self {
            services,
            links,
            path,
            shop,
            door,
            program,
            brand,
            locale,
            words,
            customer,
            contact,
            now,
        })
    }

    /// The table.
    pub(crate) fn store(&self) -> &platform::Store {
        &self.services.store
    }

    /// A page of the shop's, in her language.
    pub(crate) fn page<M: Display>(&self, title: &str, main: M) -> Response {
        self.page_with(StatusCode::OK, title, main)
    }

    /// The same with another status.
    pub(crate) fn page_with<M: Display>(
        &self,
        status: StatusCode,
        title: &str,
        main: M,
    ) -> Response {
        let (brand, language) = (Some(&self.brand), self.locale.language);
        answer(status, &Page { brand, language, title, main })
    }

    /// A page that says what went wrong, in her language.
    pub(crate) fn refuse(&self, trouble: Trouble) -> Refusal {
        Refusal::of(trouble, self.locale.language, &self.brand)
    }

    /// What became of the store.
    pub(crate) fn failed(&self, error: &StoreError) -> Refusal {
        Refusal::store(error, self.locale.language)
    }

    /// Where another door of hers is.
    pub(crate) fn path_to(&self, door: &Door) -> String {
        format!("/{}/{}", door.path(), self.links.token(&self.shop, door, self.now))
    }

    /// Where she says which mail she wants.
    pub(crate) fn preferences(&self) -> String {
        self.path_to(&Door::Preferences { customer: self.hers() })
    }

    /// Where she stops a kind of mail.
    pub(crate) fn unsubscribe(&self, kind: Kind) -> String {
        self.path_to(&Door::Unsubscribe { customer: self.hers(), kind })
    }

    /// Her own id, whoever stands for her.
    fn hers(&self) -> CustomerId {
        self.door.customer().clone()
    }

    /// A day, as the shop's calendar and her language have it.
    pub(crate) fn date(&self, at: Timestamp) -> String {
        self.locale.date(at.to_zoned(self.program.shop.zone.clone()).date())
    }

    /// What she says yes to who wants marketing mail.
    pub(crate) fn wording(&self) -> String {
        presentation::consent::wording(&self.locale, &self.brand.shop)
    }

    /// Keeps what she said. Whoever calls it has seen that it doesn't hold already.
    pub(crate) async fn says(&self, fact: &Fact) -> Result<(), Refusal> {
        let (shop, customer) = (&self.shop, self.door.customer());
        let heard = self.services.store.hear(shop, customer, fact, self.now).await;
        let news = heard.map_err(|error| self.failed(&error))?;
        let act = name(&fact.act);
        tracing::info!(%shop, %customer, act, news, "a customer said something about mail");
        Ok(())
    }
}

impl Visit {
    /// Keeps her birthday, or that there is none to keep.
    pub(crate) async fn has_birthday(
        &self,
        birthday: Option<Birthday>,
    ) -> Result<BirthdaySet, Refusal> {
        let (shop, customer, by) = (&self.shop, self.door.customer(), BirthdayBy::Own);
        let set = self.services.store.set_birthday(shop, customer, birthday, by, self.now).await;
        let set = set.map_err(|error| self.failed(&error))?;
        let (known, news) = (birthday.is_some(), set == BirthdaySet::Done);
        tracing::info!(%shop, %customer, known, news, "a customer said her birthday");
        Ok(set)
    }
}

/// When she says what she says now: after all that was heard of her, because she has seen
/// what came of that. Whoever told it may have a clock that is a little ahead of ours.
fn after(consent: &Consent, now: Timestamp) -> Timestamp {
    let newest = consent.history().next_back().map(|fact| fact.at);
    let ahead = newest.filter(|at| *at >= now && at.duration_since(now) <= AHEAD);
    let next = ahead.and_then(|at| at.checked_add(SignedDuration::from_millis(1)).ok());
    next.unwrap_or(now)
}

/// What the log calls it.
fn name(act: &Act) -> &'static str {
    match act {
        Act::Subscribed { .. } => "subscribed",
        Act::Unsubscribed { .. } => "unsubscribed",
        Act::Kind { .. } => "kind",
        Act::Monthly { .. } => "monthly",
        Act::Paused { .. } => "paused",
        _ => "other",
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
pub(crate) async fn fields(body: Bytes) -> Vec<(String, String)> {
    const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
    let mut request = Request::new(body.into());
    *request.method_mut() = http::Method::POST;
    request.headers_mut().insert(header::CONTENT_TYPE, FORM);
    Form::from_request(request, &()).await.map(|Form(fields)| fields).unwrap_or_default()
}
