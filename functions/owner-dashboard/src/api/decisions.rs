//! Decisions: what the nights found about whom, what was decided, and why.

use std::fmt;

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use loyalty::ids::CustomerId;
use loyalty::mail::Kind;
use platform::Services;
use platform::store::{Decided, DecidedOn, DecisionPlace, StoreError};
use serde::Deserialize;
use tracing::instrument;
use utoipa::IntoParams;

use super::customers::unknown;
use super::openapi::Refusals;
use super::params::{InPath, InQuery, ShopPath, customer, day, kind, limit};
use super::refusal::Refusal;
use super::shop::Shop;
use super::views::{Decided as Shown, Decision, Decisions};

/// Days looked at unless asked otherwise.
const USUAL_DAYS: i32 = 30;
/// Most days looked at in one request: each is a read of two lists.
const MOST_DAYS: i32 = 62;
/// Decisions read at once.
const AT_ONCE: u16 = 200;
/// Decisions read for one page at most: whoever wants few of many gets short pages.
const READ_AT_MOST: usize = 2000;

const OUTCOMES: [(&str, Decided); 6] = [
    ("skipped", Decided::Skipped),
    ("planned", Decided::Planned),
    ("held_out", Decided::HeldOut),
    ("awaiting", Decided::Awaiting),
    ("refused", Decided::Refused),
    ("lapsed", Decided::Lapsed),
];

/// Which decisions.
// Each is read as text, so that the refusal can say what is allowed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    /// Only those about a customer.
    #[param(pattern = "^[a-zA-Z0-9]{1,40}$", example = "3w5e11264sgsf")]
    customer: Option<String>,
    /// Only those about a kind of mail.
    #[param(example = "win-back")]
    kind: Option<String>,
    /// Only those of an outcome.
    #[param(value_type = Option<Shown>)]
    outcome: Option<String>,
    /// The first local day. Without it, and without a customer, 29 days before the last.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-01")]
    from: Option<String>,
    /// The last local day, at most 61 days after the first unless it is about a customer;
    /// without it today.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-22")]
    to: Option<String>,
    /// Most decisions to answer with.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the page before this one; without it the newest decisions.
    cursor: Option<String>,
}

/// Which days and what of them.
#[derive(Debug)]
pub(super) struct Wanted {
    /// The first local day.
    pub(super) from: Date,
    /// The last.
    pub(super) to: Date,
    /// Only this kind.
    pub(super) kind: Option<Kind>,
    /// Only these outcomes.
    pub(super) outcomes: Vec<Decided>,
    /// Most to answer with.
    pub(super) limit: usize,
    /// Where to go on.
    pub(super) at: Option<At>,
}

/// A place among decisions, newest day first; of a day those that wait for approval first,
/// then by kind and customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At {
    date: Date,
    awaiting: bool,
    after: Option<DecisionPlace>,
}

/// As it stands in a link: `<date>_<awaiting or decided>[_<kind>_<customer>]`.
impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = if self.awaiting { "awaiting" } else { "decided" };
        write!(f, "{}_{list}", self.date)?;
        match &self.after {
            Some(place) => write!(f, "_{}", place.replace('#', "_")),
            None => Ok(()),
        }
    }
}

impl At {
    /// The place that a link names.
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        let read = || {
            let mut parts = text.split('_');
            let date = parts.next()?.parse().ok()?;
            let awaiting = match parts.next()? {
                "awaiting" => true,
                "decided" => false,
                _ => return None,
            };
            let after = match (parts.next(), parts.next(), parts.next()) {
                (None, ..) => None,
                (Some(of), Some(who), None) => {
                    let (of, who) = (kind(of).ok()?, customer(who).ok()?);
                    Some(format!("{}#{who}", of.as_str()))
                }
                _ => return None,
            };
            Some(Self { date, awaiting, after })
        };
        read().ok_or_else(wrong_place)
    }

    /// The place itself, unless it is of a later day.
    pub(super) fn within(self, last: Date) -> Result<Self, Refusal> {
        Some(self).filter(|at| at.date <= last).ok_or_else(wrong_place)
    }

    fn of(one: &DecidedOn) -> Self {
        let decision = &one.decision;
        let awaiting = decision.outcome == Decided::Awaiting;
        Self { date: decision.date, awaiting, after: Some(one.place()) }
    }

    /// The list after this one, unless that is of a day before `from`.
    fn following(&self, from: Date) -> Option<Self> {
        if self.awaiting && self.date >= from {
            return Some(Self { awaiting: false, after: None, date: self.date });
        }
        let date = self.date.yesterday().ok().filter(|date| *date >= from)?;
        Some(Self { date, awaiting: true, after: None })
    }

    /// What sorts as places do.
    fn order(&self) -> impl Ord + use<> {
        (std::cmp::Reverse(self.date), !self.awaiting, self.after.clone())
    }
}

fn wrong_place() -> Refusal {
    let detail = "`cursor` isn't a place among these: use the `next` of an earlier page of them";
    Refusal::unreadable("unreadable-cursor", detail)
}

impl Wanted {
    fn has(&self, one: &DecidedOn, now: Timestamp) -> bool {
        let decision = &one.decision;
        let wanted = self.outcomes.is_empty() || self.outcomes.contains(&decision.outcome);
        wanted && !decision.is_over(now)
    }

    /// Whether such a list may have any of them.
    fn reads(&self, awaiting: bool) -> bool {
        let in_it = |outcome: &Decided| (*outcome == Decided::Awaiting) == awaiting;
        self.outcomes.is_empty() || self.outcomes.iter().any(in_it)
    }

    /// A page of them about everybody, and where the next begins.
    pub(super) async fn page(
        &self,
        services: &Services,
        shop: &Shop,
    ) -> Result<(Vec<DecidedOn>, Option<At>), StoreError> {
        let now = services.clock.now();
        let begin = At { date: self.to, awaiting: true, after: None };
        let (mut found, mut read) = (Vec::new(), 0_usize);
        let mut at = self.at.clone().unwrap_or(begin);
        while read < READ_AT_MOST {
            let mut more = None;
            if at.date >= self.from && self.reads(at.awaiting) {
                let (day, after) = ((at.date, at.awaiting), at.after.as_ref());
                let store = &services.store;
                let page = store.decisions_of(&shop.id, day, self.kind, after, AT_ONCE).await?;
                read = read.saturating_add(page.0.len());
                let wanted = page.0.into_iter().filter(|one| self.has(one, now));
                for one in wanted {
                    if found.len() == self.limit {
                        let next = found.last().map(At::of);
                        return Ok((found, next));
                    }
                    found.push(one);
                }
                more = page.1;
            }
            match (more, at.following(self.from)) {
                (Some(after), _) => at.after = Some(after),
                (None, Some(next)) => at = next,
                (None, None) => return Ok((found, None)),
            }
        }
        Ok((found, Some(at)))
    }

    /// A page of them about one customer, of all her days.
    async fn page_of(
        &self,
        services: &Services,
        shop: &Shop,
        id: &CustomerId,
    ) -> Result<(Vec<DecidedOn>, Option<At>), Refusal> {
        let (store, now) = (&services.store, services.clock.now());
        let her = store.customer(&shop.id, id).await?.ok_or_else(|| unknown(shop, id))?;
        let mut found = store.decided_about(&shop.id, &her, now).await?;
        found.retain(|one| {
            let decision = &one.decision;
            let kind = self.kind.is_none_or(|kind| kind == decision.kind);
            kind && (self.from..=self.to).contains(&decision.date)
                && self.has(one, now)
                && self.at.as_ref().is_none_or(|at| At::of(one).order() > at.order())
        });
        found.sort_by_key(|one| At::of(one).order());
        let more = found.len() > self.limit;
        found.truncate(self.limit);
        let next = found.last().filter(|_| more).map(At::of);
        Ok((found, next))
    }
}

impl Filter {
    fn wanted(&self, today: Date) -> Result<Wanted, Refusal> {
        let from = self.from.as_deref().map(|text| day("from", text)).transpose()?;
        let to = self.to.as_deref().map(|text| day("to", text)).transpose()?.unwrap_or(today);
        let back = |days: i32| to.checked_sub(days.days()).unwrap_or(Date::MIN);
        let (from, first) = match (from, &self.customer) {
            (Some(from), Some(_)) => (from, Date::MIN),
            (None, Some(_)) => (Date::MIN, Date::MIN),
            (from, None) => {
                let usual = back(USUAL_DAYS.saturating_sub(1));
                (from.unwrap_or(usual), back(MOST_DAYS.saturating_sub(1)))
            }
        };
        if from > to || from < first {
            let detail = format!(
                "`from` is a day up to `to`, which is {to}, and the two span at most {MOST_DAYS} \
                 days unless `customer` is named: {first} is the first there may be"
            );
            return Err(Refusal::unreadable("unreadable-span", detail));
        }
        let at = self.cursor.as_deref().map(At::read).transpose()?;
        Ok(Wanted {
            from,
            to,
            kind: self.kind.as_deref().map(kind).transpose()?,
            outcomes: self.outcome.as_deref().map(outcome).transpose()?.into_iter().collect(),
            limit: limit(self.limit.as_deref())?.into(),
            at: at.map(|at| at.within(to)).transpose()?,
        })
    }
}

fn outcome(text: &str) -> Result<Decided, Refusal> {
    let found = OUTCOMES.iter().find(|(name, _)| *name == text).map(|(_, outcome)| *outcome);
    found.ok_or_else(|| {
        let names = OUTCOMES.map(|(name, _)| name).join(", ");
        Refusal::unreadable("unreadable-outcome", format!("`outcome` is one of {names}"))
    })
}

/// Decisions with the messages that tell what was planned.
pub(super) async fn shown(
    services: &Services,
    shop: &Shop,
    decided: Vec<DecidedOn>,
) -> Result<Vec<Decision>, StoreError> {
    let told = services.store.told_by(&shop.id, &decided).await?;
    let each = decided.into_iter().zip(&told);
    Ok(each.map(|(one, message)| Decision::of(one, message.as_ref())).collect())
}

/// Decisions
///
/// Whatever a night finds for somebody leaves a decision with its facts: what is to be told,
/// what waits for approval, who was held out by chance, and what was left out and why. Newest
/// day first. What became of something `planned` is told by its message: sent, waiting until
/// when, or dropped and why. A page may have fewer decisions than asked for; while there may be
/// more, `next` says how to ask for them.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/decisions",
    tag = "nights",
    operation_id = "list_decisions",
    params(ShopPath, Filter),
    responses((status = 200, description = "A page of decisions", body = Decisions), Refusals),
)]
#[instrument(name = "list_decisions", skip_all, fields(shop = %at.shop))]
pub(super) async fn list(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
    InQuery(filter): InQuery<Filter>,
) -> Result<Json<Decisions>, Refusal> {
    let id = filter.customer.as_deref().map(customer).transpose()?;
    let shop = Shop::open(&services, at.shop).await?;
    let wanted = filter.wanted(shop.today)?;
    let (found, next) = match id {
        Some(id) => wanted.page_of(&services, &shop, &id).await?,
        None => wanted.page(&services, &shop).await?,
    };
    let decisions = shown(&services, &shop, found).await?;
    Ok(Json(Decisions { decisions, next: next.map(|at| at.to_string()) }))
}
