//! Why somebody gets a kind of mail, or doesn't: in words.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use jiff::civil::Date;
use loyalty::mail::{Kind, Verdict};
use loyalty::night::{Absence, Found, morning};
use platform::Services;
use platform::nights::letters::{Scene, Somebody};
use platform::store::{Decided, DecidedOn, Kept, Message, MessageState};
use serde::Deserialize;
use tracing::instrument;
use utoipa::IntoParams;

use super::customers::unknown;
use super::openapi::Refusals;
use super::params::{self, CustomerPath, InPath, InQuery};
use super::refusal::Refusal;
use super::shop::Shop;
use super::views::{Decision, Gate, Why};

/// About which mail.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct About {
    /// The kind.
    #[param(value_type = String, example = "win-back")]
    kind: Option<String>,
}

/// What is known about somebody and a kind of mail.
struct Known {
    somebody: Somebody,
    kind: Kind,
    today: Date,
    decision: Option<DecidedOn>,
    /// The message that tells what was decided.
    told: Option<Message>,
    /// The last message of the kind.
    message: Option<Kept>,
    coming: Option<Found>,
    absence: Option<Absence>,
    /// The next morning.
    at: Timestamp,
    verdict: Verdict,
}

/// Why, or why not
///
/// Why somebody got a kind of mail, or didn't: what was decided last and what became of it,
/// what is to come and what that rests on, and what would keep it from going as things stand.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/customers/{id}/why",
    tag = "customers",
    operation_id = "get_why",
    params(CustomerPath, About),
    responses((status = 200, description = "Why, or why not", body = Why), Refusals),
)]
#[instrument(name = "get_why", skip_all, fields(shop = %at.shop, customer = %at.id))]
pub(super) async fn why(
    State(services): State<Services>,
    InPath(at): InPath<CustomerPath>,
    InQuery(about): InQuery<About>,
) -> Result<Json<Why>, Refusal> {
    let kind = params::kind(about.kind.as_deref().unwrap_or_default())?;
    let (shop, now) = (Shop::open(&services, at.shop.clone()).await?, services.clock.now());
    let scene = Scene::read(&services.store, &shop.id, now).await?;
    let scene = scene.ok_or_else(|| not_begun(&shop))?;
    let known = known(&services, &shop, &scene, &at, kind).await?;
    Ok(Json(shown(&scene, known)))
}

/// The shop has no program in force.
pub(super) fn not_begun(shop: &Shop) -> Refusal {
    let detail = format!("the program of `{}` hasn't begun: no night runs before it", shop.id);
    Refusal::conflict("not-begun", detail)
}

async fn known(
    services: &Services,
    shop: &Shop,
    scene: &Scene,
    path: &CustomerPath,
    kind: Kind,
) -> Result<Known, Refusal> {
    let (store, now) = (&services.store, services.clock.now());
    let her = store.customer(&shop.id, &path.id).await?.ok_or_else(|| unknown(shop, &path.id))?;
    let mut decided = store.decided_about(&shop.id, &her, now).await?.into_iter();
    let decision = decided.find(|one| one.decision.kind == kind);
    let told = store.told_by(&shop.id, decision.as_slice()).await?.pop().flatten();
    let mut messages = store.messages_to(&shop.id, &her, now).await?.into_iter();
    let message = messages.find(|kept| kept.message.kinds().contains(&kind));
    let somebody = Somebody { id: her.id, account: her.account, contact: her.contact };
    let coming = scene.outlook(&somebody, shop.today, now).into_iter();
    let coming = coming.filter(|found| found.reason.kind() == kind).min_by_key(|one| one.day);
    let absence = scene.absence(&somebody, shop.today, now);
    let at = next_morning(scene, shop.today, now);
    let verdict = scene.verdict(&somebody, kind, at);
    let today = shop.today;
    Ok(Known { somebody, kind, today, decision, told, message, coming, absence, at, verdict })
}

fn next_morning(scene: &Scene, today: Date, now: Timestamp) -> Timestamp {
    let zone = &scene.program().shop.zone;
    let days = [Some(today), today.tomorrow().ok()].into_iter().flatten();
    let mut mornings = days.filter_map(|day| morning(day, zone));
    mornings.find(|morning| *morning > now).unwrap_or(now)
}

fn shown(scene: &Scene, known: Known) -> Why {
    let kind = known.kind;
    let day = scene.program().local_day(known.at);
    let message = known.message.clone().map(Into::into);
    Why {
        customer: known.somebody.id.to_string(),
        kind,
        answer: known.answer(scene),
        facts: known.facts(),
        message,
        coming: known.coming.as_ref().map(Into::into),
        gate: Gate::of(&known.verdict, kind, known.at),
        sends: scene.sends(kind),
        sending: scene.sending(kind, day).map(Into::into),
        test: scene.trial(kind, day).map(|trial| trial.id.clone()),
        decision: known.decision.map(|one| Decision::of(one, known.told.as_ref())),
    }
}

impl Known {
    fn answer(&self, scene: &Scene) -> String {
        let sentence = format!("{}; {}.", self.past(scene), self.future());
        let mut letters = sentence.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string());
        first.unwrap_or_default() + letters.as_str()
    }

    /// What was decided last, and what became of it.
    fn past(&self, scene: &Scene) -> String {
        let Some(DecidedOn { decision, .. }) = &self.decision else {
            let kind = self.kind.as_str();
            return match &self.message {
                Some(kept) => became(&format!("the last {kind} mail"), &kept.message, scene),
                None => format!("no {kind} mail has come about for her so far"),
            };
        };
        let mail = format!("the mail of {}", decision.date);
        match (decision.outcome, &self.told) {
            (Decided::Planned, Some(message)) => became(&mail, message, scene),
            (Decided::Planned, None) => format!("{mail} was told before"),
            (Decided::HeldOut, _) => {
                format!("by chance, for a test, {mail} was not written; she lost nothing by it")
            }
            (Decided::Awaiting, _) => format!("{mail} waits for your approval"),
            (Decided::Refused, _) => format!("{mail} wasn't approved"),
            (Decided::Lapsed, _) => format!("{mail} lapsed, because nobody approved it in time"),
            (Decided::Skipped, _) => match decision.why {
                Some(why) => format!("{mail} was left out, because {why}"),
                None => format!("{mail} was left out"),
            },
        }
    }

    /// What is to come.
    fn future(&self) -> String {
        let when = match &self.coming {
            Some(found) if found.day <= self.today => "the next night finds one".to_owned(),
            Some(found) => format!("the next comes about on {}", found.day),
            None => return self.nothing(),
        };
        match &self.verdict {
            Verdict::Drop(why) => format!("{when}, and as things stand it wouldn't go: {why}"),
            Verdict::ToOwner => format!("{when}, and as things stand it goes to you instead"),
            Verdict::Send | Verdict::Wait { .. } => when,
        }
    }

    /// Why nothing is to come.
    fn nothing(&self) -> String {
        let by_time = matches!(
            self.kind,
            Kind::WinBack
                | Kind::Birthday
                | Kind::Anniversary
                | Kind::TierAtRisk
                | Kind::TierEnding
                | Kind::PointsExpiring
        );
        let barred = match &self.verdict {
            Verdict::Drop(why) => format!(", and as things stand it wouldn't go: {why}"),
            _ => String::new(),
        };
        if !by_time {
            return format!("it comes with what happens, not with time{barred}");
        }
        let account = &self.somebody.account;
        let birthday = self.somebody.contact.as_ref().and_then(|contact| contact.birthday);
        let because = match self.kind {
            _ if !account.is_member() => ", because she isn't a member",
            Kind::WinBack if self.absence.is_none() => ", because she never bought",
            Kind::WinBack => ", until she buys again",
            Kind::Birthday if birthday.is_none() => ", because her birthday isn't known",
            _ => "",
        };
        format!("nothing of this kind is to come as things stand{because}{barred}")
    }

    fn facts(&self) -> Vec<String> {
        let decided = self.decision.as_ref().map(|one| one.decision.facts.as_slice());
        let facts = self.coming.as_ref().map(|found| found.facts.as_slice()).or(decided);
        let facts = facts.into_iter().flatten().map(ToString::to_string);
        let absence = self.absence.filter(|_| self.kind == Kind::WinBack).map(|absence| {
            match absence {
                Absence::Regular => "comes as usual",
                Absence::Slowing => "has missed one purchase",
                Absence::Lapsed => "counts as away",
            }
            .to_owned()
        });
        facts.chain(absence).collect()
    }
}

/// What became of a message.
fn became(mail: &str, message: &Message, scene: &Scene) -> String {
    let program = scene.program();
    let local = |at: Timestamp| at.to_zoned(program.shop.zone.clone()).strftime("%F %H:%M");
    match message.state {
        MessageState::Waiting => {
            let until = message.due.map(local).map(|due| format!(" until {due}"));
            let why = message.waits_for.map(|why| format!(", because {why}"));
            format!("{mail} waits{}{}", until.unwrap_or_default(), why.unwrap_or_default())
        }
        MessageState::Claimed => format!("{mail} is just going out"),
        MessageState::Sent => match message.sent_at {
            Some(at) => format!("{mail} went out on {}", program.local_day(at)),
            None => format!("{mail} went out"),
        },
        MessageState::Unknown => format!("whether {mail} went out isn't known"),
        MessageState::Failed => match &message.trouble {
            Some(trouble) => format!("{mail} couldn't be sent: {trouble}"),
            None => format!("{mail} couldn't be sent"),
        },
        MessageState::Dropped => match message.without.first() {
            Some((_, why)) => format!("{mail} was dropped, because {why}"),
            None => format!("{mail} was dropped"),
        },
    }
}
