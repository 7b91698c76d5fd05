//! Why she got one message: what caused it, the facts it used, and what would stop it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Uri};
use jiff::civil::Date;
use loyalty::Points;
use loyalty::ids::TierId;
use loyalty::ledger::{Cause, Entry, Occasion};
use loyalty::mail::{About, Class, Kind, Reason, WhyNot, news};
use platform::Services;
use platform::store::{Message, MessageState};
use platform::tokens::Door;
use presentation::page::{Button, Column, Facts, Look, Notice, Table, Tone};

use crate::door::Visit;
use crate::words::Words;
use platform::door::{Refusal, Trouble};

/// Ledger entries read at once.
const AT_ONCE: u16 = 100;

#[derive(Template)]
#[template(path = "why.html")]
struct Why<'a> {
    words: &'static Words,
    cause: String,
    facts: Facts<'static>,
    table: Option<Table<'a>>,
    /// Where a press stops mail like this, and the button; asked-for mail has none.
    stop: Option<(String, Button<'static>)>,
    preferences: String,
}

#[derive(Template)]
#[template(path = "why_unknown.html")]
struct Unknown<'a> {
    words: &'static Words,
    notice: Notice<'a>,
    preferences: String,
}

/// `GET /why/{token}`.
pub(crate) async fn show(
    State(services): State<Services>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let visit = Visit::open(services, &uri, &headers).await?;
    let Door::Why { customer, trigger } = &visit.door else {
        return Err(visit.refuse(Trouble::OtherDoor));
    };
    let found = visit.store().message(&visit.shop, customer, trigger).await;
    let found = found.map_err(|error| visit.failed(&error))?;
    let message = found.filter(|message| !message.is_over(visit.now));
    let (words, preferences) = (visit.words, visit.preferences());
    let Some(message) = message else {
        let notice = Notice { tone: Tone::Info, text: words.why_unknown };
        let main = Unknown { words, notice, preferences };
        return Ok(visit.page(words.why_title, main));
    };
    let entries = entries(&visit, &message).await?;
    let columns = words.columns.map(|(name, numeric)| Column { name, numeric });
    let main = Why {
        words,
        cause: cause(&visit, &message, &entries),
        facts: Facts { facts: facts(&visit, &message, &entries) },
        table: table(&visit, &entries, &columns),
        stop: stop(&visit, &message),
        preferences,
    };
    Ok(visit.page(words.why_title, main))
}

/// What of the ledger the message told of, as far as it was written when it was begun.
async fn entries(visit: &Visit, message: &Message) -> Result<Vec<Entry>, Refusal> {
    let draft = &message.draft;
    if matches!(draft.about, About::Consent { .. }) {
        return Ok(Vec::new());
    }
    // Told of under her own name, though somebody may stand for her by now.
    let (hers, holder) = (visit.door.customer(), &visit.customer.id);
    let ledgers = [Some(hers), Some(holder).filter(|holder| *holder != hers)];
    let mut entries = Vec::new();
    for one in ledgers.into_iter().flatten() {
        let read = visit.store().ledger_since(&visit.shop, one, draft.from, AT_ONCE).await;
        entries.extend(read.map_err(|error| visit.failed(&error))?);
    }
    let begun = message.claim.as_ref().map_or(visit.now, |claim| claim.at);
    entries.retain(|entry| entry.at <= begun);
    let orders = news::orders(draft, &entries, None);
    let told = |entry: &Entry| match (&draft.about, &entry.cause) {
        (About::TakenBack { .. }, Cause::Order { .. }) => true,
        (About::Night { .. }, Cause::Gift { occasion }) => {
            let kind = match occasion {
                Occasion::Birthday => Some(Kind::Birthday),
                Occasion::Anniversary => Some(Kind::Anniversary),
                Occasion::Opening | Occasion::Answer => None,
            };
            kind.is_some_and(|kind| message.kinds().contains(&kind))
        }
        (About::Answer { follow_up, .. }, Cause::Goodwill { follow_up: of, .. }) => of == follow_up,
        (_, Cause::Order { order, .. }) => orders.contains(order),
        _ => false,
    };
    entries.retain(|entry| entry.delta != Points::ZERO && told(entry));
    Ok(entries)
}

/// What happened, in a sentence.
fn cause(visit: &Visit, message: &Message, entries: &[Entry]) -> String {
    let (words, draft) = (visit.words, &message.draft);
    match &draft.about {
        About::Order(_) => {
            let at = entries.first().and_then(|entry| entry.fact_at).unwrap_or(draft.fact_at);
            (words.by_order)(&visit.date(at))
        }
        About::Week { .. } => (words.by_week)(&visit.date(draft.from)),
        About::TakenBack { day } => (words.by_return)(&visit.locale.date(*day)),
        About::Consent { asked_at: Some(at) } => (words.by_request)(&visit.date(*at)),
        About::Consent { asked_at: None } => (words.by_import)(&visit.brand.shop),
        About::LowScore { .. } => words.by_low_score.to_owned(),
        About::Answer { .. } => words.by_answer.to_owned(),
        About::YouSaid { .. } => words.by_voices.to_owned(),
        About::Night { reasons, .. } => {
            let kinds = message.kinds();
            let told: Vec<_> = reasons.iter().filter(|one| kinds.contains(&one.kind())).collect();
            let found = |reason: &&Reason| found(visit, reason);
            told.iter().map(found).collect::<Vec<_>>().join(" ")
        }
    }
}

/// What a night found, in a sentence.
fn found(visit: &Visit, reason: &Reason) -> String {
    let (words, locale, program) = (visit.words, &visit.locale, &visit.program);
    let review = |tier: &TierId, on: Date| {
        let name = program.tier(tier).map_or(tier.as_str(), |tier| &tier.name);
        (words.by_review)(name, &locale.date(on))
    };
    match reason {
        Reason::Birthday { year } => {
            let day = visit.contact.birthday.and_then(|birthday| birthday.in_year(*year));
            (words.by_birthday)(day.map(|day| locale.day(day)).as_deref())
        }
        Reason::Anniversary { years } => (words.by_anniversary)(*years, &program.name),
        Reason::WinBack { after, .. } => (words.by_absence)(&locale.date(*after)),
        Reason::Survey { .. } => words.by_visit.to_owned(),
        Reason::TierAtRisk { tier, on } | Reason::TierEnding { tier, on, .. } => review(tier, *on),
        Reason::PointsExpiring { on, .. } => {
            let points = news::expiring(&visit.customer.account, program, *on);
            let points = points.map(|points| locale.points(points));
            (words.by_expiry)(points.as_deref(), &locale.date(*on))
        }
    }
}

fn facts(visit: &Visit, message: &Message, entries: &[Entry]) -> Vec<(&'static str, String)> {
    let words = visit.words;
    let kinds: Vec<&str> = message.kinds().iter().map(|kind| (words.kind)(*kind)).collect();
    let promoted = entries.iter().rev().find_map(|entry| entry.promotion.as_ref());
    let promoted = promoted.filter(|_| message.kinds().contains(&Kind::TierReached));
    let tier = promoted.map(|promotion| {
        let tier = visit.program.tier(&promotion.to);
        tier.map_or(promotion.to.as_str(), |tier| &tier.name).to_owned()
    });
    let mut facts =
        vec![(words.fact_what, kinds.join(", ")), (words.fact_state, state(visit, message))];
    facts.extend(tier.map(|tier| (words.fact_tier, tier)));
    facts.push((words.fact_allowed, allowed(visit, message)));
    facts
}

/// How far the message is.
fn state(visit: &Visit, message: &Message) -> String {
    let words = visit.words;
    let to_owner = message.claim.as_ref().is_some_and(|claim| claim.to_owner);
    let at = message.sent_at.or(message.claim.as_ref().map(|claim| claim.at));
    let date = visit.date(at.unwrap_or(message.planned_at));
    let reason = |why: WhyNot| (words.why_not)(why);
    match message.state {
        MessageState::Sent if to_owner => (words.sent_to_owner)(&date),
        MessageState::Sent => date,
        MessageState::Waiting => match message.waits_for {
            Some(why) => format!("{} ({})", words.waiting, reason(why)),
            None => words.waiting.to_owned(),
        },
        MessageState::Claimed => words.on_its_way.to_owned(),
        MessageState::Unknown => words.sent_or_not.to_owned(),
        MessageState::Failed => words.failed.to_owned(),
        MessageState::Dropped => match message.without.first() {
            Some((_, why)) => format!("{} ({})", words.dropped, reason(*why)),
            None => words.dropped.to_owned(),
        },
    }
}

/// The class of what was told, the owner's own words included.
fn class(message: &Message) -> Class {
    message.claim.as_ref().map_or_else(|| message.class(), |claim| claim.class())
}

/// What the shop relies on in writing to her.
fn allowed(visit: &Visit, message: &Message) -> String {
    let words = visit.words;
    match class(message) {
        Class::Owner | Class::AskedFor => words.allowed_asked.to_owned(),
        Class::Account => (words.allowed_member)(&visit.program.name),
        Class::Marketing => {
            match message.claim.as_ref().and_then(|claim| claim.relied_on) {
                Some(yes) => {
                    let how = (words.grade)(yes.grade);
                    (words.allowed_yes)(&visit.date(yes.at), how, (words.teller)(yes.teller))
                }
                // It never got so far that it was looked at.
                None => words.allowed_unsaid.to_owned(),
            }
        }
    }
}

/// The purchases and gifts it told of.
fn table<'a>(visit: &Visit, entries: &[Entry], columns: &'a [Column<'a>]) -> Option<Table<'a>> {
    let words = visit.words;
    let row = |entry: &Entry| {
        let what = match &entry.cause {
            Cause::Gift { .. } => words.gift,
            // The owner's own sentence, where the answer they came with doesn't say it all.
            Cause::Goodwill { words: said, .. } if !said.is_empty() => said,
            Cause::Goodwill { .. } => words.goodwill,
            _ if entry.delta < Points::ZERO => words.went_back,
            _ => words.purchase,
        };
        let date = visit.date(entry.fact_at.unwrap_or(entry.at));
        vec![date, what.to_owned(), visit.locale.number(entry.delta.0)]
    };
    let rows: Vec<_> = entries.iter().map(row).collect();
    (!rows.is_empty()).then_some(Table { caption: words.used, columns, rows })
}

/// What stops mail like it: where to, and the button.
fn stop(visit: &Visit, message: &Message) -> Option<(String, Button<'static>)> {
    let kinds = message.kinds();
    let of = |class| kinds.iter().copied().find(|kind| kind.class() == class);
    let (kind, label) = match class(message) {
        Class::Owner | Class::AskedFor => return None,
        // The owner's words may make marketing of what has no such kind: any stops all of it.
        Class::Marketing => {
            (of(Class::Marketing).unwrap_or(Kind::Welcome), visit.words.stop_offers)
        }
        Class::Account => {
            let kind = kinds.iter().copied().find(|kind| kind.has_switch())?;
            (kind, visit.words.stop_kind)
        }
    };
    let button = Button { label, look: Look::Quiet, sends: None };
    Some((visit.unsubscribe(kind), button))
}

impl Why<'_> {
    /// What tells the button's POST from a mail provider's.
    fn by(&self) -> (&'static str, &'static str) {
        crate::unsubscribe::BUTTON
    }
}
