//! At the counter: anybody answers, and nobody learns who.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use jiff::Timestamp;
use loyalty::Language;
use loyalty::ids::ShopId;
use loyalty::program::{Program, SurveyRules};
use loyalty::survey::Score;
use platform::Services;
use platform::door::{Refusal, Trouble, accepted, answer as page, fields, language, see};
use platform::sender::MailSettings;
use presentation::page::{Notice, Page, Tone};
use presentation::{Brand, Locale};

use crate::form::{Fault, Form};
use crate::survey::{Thanks, is_thanks, reader, tapped};
use crate::view::Asking;
use crate::words::Words;

/// A shop's counter.
pub(crate) struct Counter {
    pub(crate) services: Services,
    pub(crate) shop: ShopId,
    pub(crate) brand: Brand,
    pub(crate) locale: Locale,
    pub(crate) words: &'static Words,
    settings: MailSettings,
    /// What the shop's program says of surveys.
    rules: SurveyRules,
    now: Timestamp,
}

/// `/f` without a shop.
pub(crate) async fn no_shop(headers: HeaderMap) -> Refusal {
    Refusal::plain(Trouble::NoShop, language(&headers))
}

/// `GET /f/{shop}`.
pub(crate) async fn show(
    State(services): State<Services>,
    shop: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let counter = Counter::open(services, shop, &headers, accepted(&headers)).await?;
    let query = uri.query().unwrap_or_default();
    if is_thanks(query) {
        return Ok(counter.thanks());
    }
    let (chosen, faults) = match tapped(query, counter.rules.question) {
        Some(Ok(score)) => (Some(score), Vec::new()),
        Some(Err(fault)) => (None, vec![fault]),
        None => (None, Vec::new()),
    };
    counter.ask(StatusCode::OK, &Form::default(), chosen, &faults, None)
}

/// `POST /f/{shop}`.
pub(crate) async fn answer(
    State(services): State<Services>,
    shop: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let body = body.map_err(|rejection| Refusal::body(&rejection, language(&headers)))?;
    let counter = Counter::open(services, shop, &headers, accepted(&headers)).await?;
    let form = Form::read(fields(body).await);
    let chosen = form.score(counter.rules.question);
    let filled = match form.filled(counter.rules.question) {
        Ok(filled) => filled,
        Err(faults) => {
            return counter.ask(StatusCode::UNPROCESSABLE_ENTITY, &form, chosen, &faults, None);
        }
    };
    let (store, now) = (&counter.services.store, counter.now);
    let kept = store.answer_at_counter(&counter.shop, filled.score, filled.comment, now).await;
    let kept = kept.map_err(|error| Refusal::store(&error, counter.locale.language))?;
    tracing::info!(shop = %counter.shop, kept = kept.is_some(), "somebody answered at the counter");
    if kept.is_some() {
        return Ok(see(&format!("/f/{}?thanks", counter.shop)));
    }
    let notice = Notice { tone: Tone::Error, text: counter.words.full };
    let status = StatusCode::TOO_MANY_REQUESTS;
    let mut response = counter.ask(status, &form, chosen, &[], Some(notice))?;
    let left = 60_i64.saturating_sub(now.as_second().rem_euclid(60));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(left));
    Ok(response)
}

impl Counter {
    /// Opens a shop's counter, in a language that is asked for or else the shop's.
    pub(crate) async fn open(
        services: Services,
        shop: Result<Path<String>, PathRejection>,
        headers: &HeaderMap,
        wanted: Option<Language>,
    ) -> Result<Self, Refusal> {
        let (now, hers) = (services.clock.now(), language(headers));
        let nowhere = || Refusal::plain(Trouble::NoShop, hers);
        let Path(shop) = shop.map_err(|_| nowhere())?;
        let shop: ShopId = shop.parse().map_err(|_| nowhere())?;
        let failed = |error| Refusal::store(&error, hers);
        let known = services.store.rules(&shop, now).await.map_err(failed)?;
        let version = known.programs.current(now).ok_or_else(nowhere)?;
        let program: Arc<Program> = Arc::clone(&version.program);
        let settings = services.store.mail_settings(&shop).await.map_err(failed)?;
        let locale = settings.locale(&program, wanted.map(Language::as_str));
        let (brand, rules) = (settings.brand(&program), program.survey.clone());
        let words = Words::of(locale.language);
        if !rules.counter {
            let told = Refusal::saying(
                StatusCode::NOT_FOUND,
                locale.language,
                &brand,
                [words.off_title, words.off],
            );
            return Err(told);
        }
        Ok(Self { services, shop, brand, locale, words, settings, rules, now })
    }

    fn page<M: std::fmt::Display>(&self, status: StatusCode, title: &str, main: M) -> Response {
        let (brand, language) = (Some(&self.brand), self.locale.language);
        page(status, &Page { brand, language, title, main })
    }

    fn ask(
        &self,
        status: StatusCode,
        form: &Form,
        chosen: Option<Score>,
        faults: &[Fault],
        notice: Option<Notice<'_>>,
    ) -> Result<Response, Refusal> {
        let (words, question) = (self.words, self.rules.question);
        let who = reader(&self.settings, &self.brand);
        let asking = Asking {
            words,
            locale: &self.locale,
            question,
            shop: &self.brand.shop,
            notice,
            faults,
            lead: (words.about_visit)(&self.brand.shop),
            chosen,
            comment: form.comment.as_deref().unwrap_or_default(),
            ways: None,
            reads: (words.reads_anonymous)(who),
            action: &format!("/f/{}", self.shop),
        };
        let main = asking.html().map_err(|error| unwritten(&error, self.locale.language))?;
        Ok(self.page(status, (words.title)(question), main))
    }

    /// The same for every score: nothing is known here of what was answered.
    fn thanks(&self) -> Response {
        let words = self.words;
        let notice = Notice { tone: Tone::Success, text: words.kept_anonymous };
        let next = vec![(words.read_by)(reader(&self.settings, &self.brand))];
        let review = self.rules.review_link().map(|link| (link, words.review));
        let main =
            Thanks { notice, wrong: None, next, ask: None, action: "", change: None, review };
        self.page(StatusCode::OK, words.thanks, main)
    }
}

/// A page that couldn't be written: a mistake of ours.
pub(crate) fn unwritten(error: &askama::Error, language: Language) -> Refusal {
    tracing::error!(%error, "a page couldn't be written");
    Refusal::plain(Trouble::Broken, language)
}
