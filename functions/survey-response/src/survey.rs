//! The survey behind a link: asked by a GET, answered by a POST, thanked for by a GET.

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri};
use jiff::Timestamp;
use loyalty::ids::OrderRef;
use loyalty::survey::{Question, Score};
use platform::Services;
use platform::door::{Refusal, Trouble, Visit, fields, language, see};
use platform::sender::MailSettings;
use platform::store::{Answered, Answering, FollowUp, Survey, closes};
use platform::tokens::Door;
use presentation::Brand;
use presentation::page::{Button, Look, Notice, RadioGroup, Tone};
use presentation::survey::label;

use crate::counter::unwritten;
use crate::form::{Fault, Filled, Form, SCORE, score};
use crate::view::{Asking, Ways};
use crate::words::Words;

/// What stands in the query of where she is sent after answering.
const THANKS: &str = "thanks";

/// The page after an answer.
#[derive(Template)]
#[template(path = "thanks.html")]
pub(crate) struct Thanks<'a> {
    pub(crate) notice: Notice<'a>,
    pub(crate) wrong: Option<Notice<'a>>,
    /// What happens next, in sentences.
    pub(crate) next: Vec<String>,
    /// How she may be answered, where that is to be asked.
    pub(crate) ask: Option<(RadioGroup<'a>, Button<'static>)>,
    pub(crate) action: &'a str,
    /// What leads back to the question.
    pub(crate) change: Option<String>,
    /// Where reviews are written: the last line, the same for every score.
    pub(crate) review: Option<(&'a str, (&'static str, &'static str))>,
}

/// A survey that is open, and who opened it.
struct Open {
    visit: Visit,
    words: &'static Words,
    order: OrderRef,
    question: Question,
    asked_at: Timestamp,
    survey: Option<Survey>,
    follow_up: Option<FollowUp>,
}

/// `GET /s/{token}`: changes nothing, whoever follows the link.
pub(crate) async fn show(
    State(services): State<Services>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let open = Open::of(services, &uri, &headers).await?;
    let query = uri.query().unwrap_or_default();
    let given = open.survey.as_ref().and_then(Survey::score);
    if is_thanks(query)
        && let (Some(survey), Some(score)) = (&open.survey, given)
    {
        return Ok(open.thanks(StatusCode::OK, survey, score, None));
    }
    let (chosen, faults) = match tapped(query, open.question) {
        Some(Ok(score)) => (Some(score), Vec::new()),
        Some(Err(fault)) => (None, vec![fault]),
        None => (given, Vec::new()),
    };
    let before = open.survey.as_ref().and_then(Survey::answer);
    let comment = before.and_then(|answer| answer.comment.clone());
    let form = Form { comment, ..Form::default() };
    open.ask(StatusCode::OK, &form, chosen, &faults).await
}

/// `POST /s/{token}`: her answer; or, where that is all it says, how she may be answered.
pub(crate) async fn answer(
    State(services): State<Services>,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let body = body.map_err(|rejection| Refusal::body(&rejection, language(&headers)))?;
    let open = Open::of(services, &uri, &headers).await?;
    let form = Form::read(fields(body).await);
    if form.says_only_how()
        && let Some(survey) = &open.survey
        && let Some(score) = survey.score()
    {
        return open.answer_by(&form, survey, score).await;
    }
    match form.filled(open.question) {
        Ok(filled) => open.keep(&filled).await,
        Err(faults) => {
            let chosen = form.score(open.question);
            open.ask(StatusCode::UNPROCESSABLE_ENTITY, &form, chosen, &faults).await
        }
    }
}

impl Open {
    async fn of(services: Services, uri: &Uri, headers: &HeaderMap) -> Result<Self, Refusal> {
        let visit = Visit::open(services, uri, headers).await?;
        let Door::Survey { order, question, asked_at, .. } = visit.door.clone() else {
            return Err(visit.refuse(Trouble::OtherDoor));
        };
        let words = Words::of(visit.locale.language);
        if visit.now >= closes(asked_at) {
            return Err(closed(&visit, words, asked_at));
        }
        let (store, customer) = (visit.store(), visit.door.customer());
        let survey = store.survey(&visit.shop, customer, &order).await;
        let survey = survey.map_err(|error| visit.failed(&error))?;
        let follow_up = match survey.as_ref().and_then(|survey| survey.follow_up.as_deref()) {
            Some(id) => {
                let found = store.follow_up(&visit.shop, id).await;
                found.map_err(|error| visit.failed(&error))?
            }
            None => None,
        };
        Ok(Self { visit, words, order, question, asked_at, survey, follow_up })
    }

    /// Keeps an answer, and sends her on to where a reload sends nothing.
    async fn keep(&self, filled: &Filled) -> Result<Response, Refusal> {
        let (visit, shop) = (&self.visit, &self.visit.shop);
        let customer = visit.door.customer();
        let answering = Answering {
            shop,
            customer,
            order: &self.order,
            asked_at: self.asked_at,
            score: filled.score,
            comment: filled.comment.as_deref(),
            answer_by: filled.answer_by,
            points: visit.program.survey.points,
            now: visit.now,
        };
        let answered = visit.store().answer_survey(&answering).await;
        let answered = answered.map_err(|error| visit.failed(&error))?;
        match answered {
            Answered::Kept { .. } => {
                let low = filled.score.is_low();
                tracing::info!(%shop, %customer, low, "a survey was answered");
            }
            Answered::Same => {}
            Answered::Closed => return Err(closed(visit, self.words, self.asked_at)),
            Answered::Nobody => return Err(visit.refuse(Trouble::Gone)),
        }
        Ok(see(&format!("{}?{THANKS}", visit.path)))
    }

    /// Keeps how she may be answered.
    async fn answer_by(
        &self,
        form: &Form,
        survey: &Survey,
        score: Score,
    ) -> Result<Response, Refusal> {
        let visit = &self.visit;
        let by = match form.answer_by() {
            Ok(by) => by,
            Err(fault) => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                return Ok(self.thanks(status, survey, score, Some(fault)));
            }
        };
        if let Some(by) = by.filter(|_| score.is_low()) {
            let (shop, customer) = (&visit.shop, visit.door.customer());
            let told = visit.store().answer_by(shop, customer, &self.order, by).await;
            told.map_err(|error| visit.failed(&error))?;
        }
        Ok(see(&format!("{}?{THANKS}", visit.path)))
    }

    /// The page that asks.
    async fn ask(
        &self,
        status: StatusCode,
        form: &Form,
        chosen: Option<Score>,
        faults: &[Fault],
    ) -> Result<Response, Refusal> {
        let (visit, words) = (&self.visit, self.words);
        let day = self.day().await?;
        let before = self.survey.as_ref().and_then(|survey| {
            let day = visit.date(survey.answer()?.at);
            Some((words.before)(&label(survey.score()?, visit.locale.language), &day))
        });
        let notice = before.as_deref().filter(|_| status.is_success());
        let notice = notice.map(|text| Notice { tone: Tone::Info, text });
        let who = reader(&visit.settings, &visit.brand);
        let asking = Asking {
            words,
            locale: &visit.locale,
            question: self.question,
            shop: &visit.brand.shop,
            notice,
            faults,
            lead: (words.about_order)(&visit.brand.shop, day.as_deref()),
            chosen,
            comment: form.comment.as_deref().unwrap_or_default(),
            ways: chosen.filter(|score| score.is_low()).map(|_| self.ways(form)),
            reads: (words.reads)(who),
            action: &visit.path,
        };
        let main = asking.html().map_err(|error| unwritten(&error, visit.locale.language))?;
        Ok(visit.page_with(status, (words.title)(self.question), main))
    }

    /// How she may be answered: what she says now, or said before of what is still open.
    fn ways(&self, form: &Form) -> Ways {
        let open = self.follow_up.as_ref().filter(|follow_up| follow_up.is_open());
        let said = form.answer_by().ok().flatten();
        let chosen = said.or(open.and_then(|follow_up| follow_up.answer_by));
        let visit = &self.visit;
        let who = reader(&visit.settings, &visit.brand);
        Ways::of(self.words, who, visit.contact.phone.is_some(), chosen)
    }

    /// The day of the order it asks about, where the order is known.
    async fn day(&self) -> Result<Option<String>, Refusal> {
        let visit = &self.visit;
        let order = visit.store().order(&visit.shop, &self.order).await;
        let paid_at = order.map_err(|error| visit.failed(&error))?.record.state.paid_at();
        Ok(paid_at.map(|at| visit.locale.day(visit.program.local_day(at))))
    }

    /// The page after an answer: what is kept, and what happens next.
    fn thanks(
        &self,
        status: StatusCode,
        survey: &Survey,
        score: Score,
        fault: Option<Fault>,
    ) -> Response {
        let (visit, words) = (&self.visit, self.words);
        let who = reader(&visit.settings, &visit.brand);
        let kept = (words.kept)(&label(score, visit.locale.language));
        let waits = self.follow_up.as_ref().filter(|one| score.is_low() && one.is_open());
        let by = waits.and_then(|follow_up| follow_up.answer_by);
        let mut next = match waits {
            Some(_) => vec![(words.next)(who, by), words.no_offers.to_owned()],
            None => vec![(words.read_by)(who)],
        };
        let points = survey.points.map(|points| (words.points)(&visit.locale.points(points)));
        next.extend(points);
        let ways = waits.filter(|_| by.is_none()).map(|_| self.ways(&Form::default()));
        let button = Button { label: words.tell, look: Look::Primary, sends: None };
        let main = Thanks {
            notice: Notice { tone: Tone::Success, text: &kept },
            wrong: fault.map(|_| Notice { tone: Tone::Error, text: words.wrong_by }),
            next,
            ask: ways.as_ref().map(|ways| (ways.group(), button)),
            action: &visit.path,
            change: Some((words.change)(&visit.date(closes(self.asked_at)))),
            review: visit.program.survey.review_link().map(|link| (link, words.review)),
        };
        visit.page_with(status, words.thanks, main)
    }
}

/// Who reads answers: as the shop's mail is signed.
pub(crate) fn reader<'a>(settings: &'a MailSettings, brand: &'a Brand) -> &'a str {
    settings.from_name.as_deref().unwrap_or(&brand.shop)
}

/// Whether a query is that of the page after an answer.
pub(crate) fn is_thanks(query: &str) -> bool {
    query.split('&').any(|part| part == THANKS || part.starts_with("thanks="))
}

/// The score that was tapped in the mail; an error where the question hasn't got it, and
/// `None` where none was.
pub(crate) fn tapped(query: &str, question: Question) -> Option<Result<Score, Fault>> {
    let named = |part: &str| Some(part.strip_prefix(SCORE)?.strip_prefix('=')?.to_owned());
    let text = query.split('&').find_map(named)?;
    Some(score(question, &text).ok_or(Fault::Score))
}

/// That it has closed, and how to reach the shop nevertheless.
fn closed(visit: &Visit, words: &Words, asked_at: Timestamp) -> Refusal {
    let day = visit.date(closes(asked_at));
    let text = (words.closed)(&day, visit.brand.contact.as_deref());
    let (language, brand) = (visit.locale.language, &visit.brand);
    Refusal::saying(StatusCode::GONE, language, brand, [words.closed_title, &text])
}
