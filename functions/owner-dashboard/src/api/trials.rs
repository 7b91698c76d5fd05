//! Tests: whether a kind of mail is worth sending.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use jiff::ToSpan;
use jiff::civil::Date;
use loyalty::ids::{CustomerId, ShopId};
use loyalty::mail::{Class, Kind};
use loyalty::night::Fact;
use loyalty::trial::{FOLLOWED_DAYS, Followed, Trial, months_needed, outcome, share};
use platform::Services;
use platform::store::{Decided, DecidedOn, MessageState, StoreError, fresh_key};
use serde::Deserialize;
use tokio::task::JoinSet;
use tracing::instrument;
use utoipa::{IntoParams, ToSchema};

use super::decisions::Wanted;
use super::openapi::Refusals;
use super::params::{InBody, InPath, InQuery, ShopPath, kind};
use super::refusal::Refusal;
use super::shop::Shop;
use super::views::{self, Forecast, StartedTrial, TrialResult, Trials};

/// Decisions looked at for a result or a forecast at most.
const DECISIONS_AT_MOST: usize = 2000;
/// Days back that a forecast looks.
const FORECAST_DAYS: i32 = 90;
/// People followed for the share of a forecast at most, and at least.
const FOLLOWED: std::ops::RangeInclusive<usize> = 30..=300;
/// The share that is assumed where too few are known.
const ASSUMED_PERCENT: u32 = 20;
/// The difference looked for unless said otherwise, in percentage points.
const USUAL_POINTS: u8 = 10;
/// People looked up at a time.
const AT_ONCE: usize = 16;

/// What became of a decision of somebody whom a test could have held out.
const MET: [Decided; 5] =
    [Decided::Planned, Decided::HeldOut, Decided::Awaiting, Decided::Refused, Decided::Lapsed];

/// The path of a test.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct TrialPath {
    /// The shop.
    #[param(value_type = String, pattern = "^[a-z0-9-]{1,40}$", example = "corner-bakery")]
    shop: ShopId,
    /// The test.
    #[param(example = "win-back.2026-11-23")]
    id: String,
}

/// A test to be started.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TrialWanted {
    /// The kind of mail; only marketing can be tested.
    #[schema(example = "win-back")]
    kind: String,
    /// How many of a hundred are held out, 1 to 99.
    #[serde(default = "half")]
    #[schema(minimum = 1, maximum = 99, default = 50)]
    share_held: u8,
    /// For how many days it runs, 1 to 731; without it as long as it needs.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 731, example = 60)]
    days: Option<u16>,
    /// The difference worth seeing in the share of those who come back, in percentage points.
    #[serde(default = "usual_points")]
    #[schema(minimum = 1, maximum = 80, default = 10)]
    difference: u8,
}

fn half() -> u8 {
    50
}

fn usual_points() -> u8 {
    USUAL_POINTS
}

/// Whether to start it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Only {
    /// True: only say how many months it would need.
    #[serde(default)]
    #[param(required = false, default = false)]
    dry_run: bool,
}

/// Tests
///
/// Those that run and those that are over, the last one first.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/tests",
    tag = "nights",
    operation_id = "list_tests",
    params(ShopPath),
    responses((status = 200, description = "The tests", body = Trials), Refusals),
)]
#[instrument(name = "list_tests", skip_all, fields(shop = %at.shop))]
pub(super) async fn list(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
) -> Result<Json<Trials>, Refusal> {
    let shop = Shop::open(&services, at.shop).await?;
    let mut trials = services.store.trials(&shop.id).await?;
    trials.sort_by_key(|trial| std::cmp::Reverse(trial.starts));
    let tests = trials.iter().map(|trial| views::Trial::of(trial, shop.today)).collect();
    Ok(Json(Trials { tests }))
}

/// Start a test
///
/// From the next night on some of those who would get this kind of mail are held out, by a draw
/// of the test's own. It says first how many months the shop's numbers need to see such a
/// difference, and is refused beyond 24. With `dry_run=true` it says that alone.
#[utoipa::path(
    post,
    path = "/api/v1/shops/{shop}/tests",
    tag = "nights",
    operation_id = "start_test",
    params(ShopPath, Only),
    request_body = TrialWanted,
    responses((status = 200, description = "The test, and how long it needs", body = StartedTrial), Refusals),
)]
#[instrument(name = "start_test", skip_all, fields(shop = %at.shop))]
pub(super) async fn start(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
    InQuery(only): InQuery<Only>,
    InBody(wanted): InBody<TrialWanted>,
) -> Result<Json<StartedTrial>, Refusal> {
    let kind = kind(&wanted.kind)?;
    check(kind, &wanted)?;
    let shop = Shop::open(&services, at.shop).await?;
    let forecast = forecast(&services, &shop, kind, &wanted).await?;
    if only.dry_run {
        return Ok(Json(StartedTrial { forecast, test: None }));
    }
    let starts = shop.today.tomorrow().unwrap_or(shop.today);
    let running = |trial: &Trial| trial.kind == kind && trial.ends >= starts;
    if let Some(other) = services.store.trials(&shop.id).await?.iter().find(|one| running(one)) {
        let detail =
            format!("the test {} of this kind runs until {}: end it first", other.id, other.ends);
        return Err(Refusal::conflict("test-running", detail));
    }
    let days = wanted.days.unwrap_or_else(|| forecast.months_needed.saturating_mul(30));
    let span = i32::from(days).saturating_sub(1).days();
    let trial = Trial {
        id: format!("{}.{starts}", kind.as_str()),
        kind,
        share_held: wanted.share_held,
        key: fresh_key(),
        starts,
        ends: starts.checked_add(span).unwrap_or(Date::MAX),
    };
    if !services.store.start_trial(&shop.id, &trial).await? {
        let detail = format!("the test {} was started before: start another tomorrow", trial.id);
        return Err(Refusal::conflict("test-known", detail));
    }
    tracing::info!(test = trial.id, "test started");
    Ok(Json(StartedTrial { forecast, test: Some(views::Trial::of(&trial, shop.today)) }))
}

fn check(kind: Kind, wanted: &TrialWanted) -> Result<(), Refusal> {
    let no = |detail: &str| Err(Refusal::unreadable("unfit-test", detail));
    if kind.class() != Class::Marketing {
        return no("only marketing can be tested: everything else tells somebody what she has");
    }
    if !(1..=99).contains(&wanted.share_held) {
        return no("`share_held` is a whole number from 1 to 99");
    }
    if wanted.days.is_some_and(|days| !(1..=731).contains(&days)) {
        return no("`days` is a whole number from 1 to 731");
    }
    if !(1..=80).contains(&wanted.difference) {
        return no("`difference` is a whole number of percentage points from 1 to 80");
    }
    Ok(())
}

/// How long such a test needs, by the last 90 days.
async fn forecast(
    services: &Services,
    shop: &Shop,
    kind: Kind,
    wanted: &TrialWanted,
) -> Result<Forecast, Refusal> {
    let back = |days: i32| shop.today.checked_sub(days.days()).unwrap_or(shop.today);
    let (met, complete) = decided(services, shop, kind, back(FORECAST_DAYS), shop.today).await?;
    let oldest = met.last().map_or(shop.today, |one| one.decision.date);
    // Where there are more than are looked at, those stand for the days they span.
    let days = match complete {
        true => FORECAST_DAYS,
        false => oldest.until(shop.today).map_or(1, |span| span.get_days()).max(1),
    };
    let days = u32::try_from(days).unwrap_or(1);
    let count = u32::try_from(met.len()).unwrap_or(u32::MAX);
    let per_month = count.saturating_mul(30).checked_div(days).unwrap_or(0);
    let over = back(FOLLOWED_DAYS);
    let mut over: Vec<(CustomerId, Date)> = met
        .into_iter()
        .filter(|one| one.decision.date <= over)
        .map(|one| (one.customer, one.decision.date))
        .collect();
    over.truncate(*FOLLOWED.end());
    let known = match over.len() < *FOLLOWED.start() {
        true => Vec::new(),
        false => followed(services, shop, over).await?,
    };
    let back = known.iter().filter(|one| one.came_back).count();
    let back = u32::try_from(back).unwrap_or(u32::MAX);
    let known_of = u32::try_from(known.len()).unwrap_or(u32::MAX);
    let base_rate = match known_of {
        0 => share(ASSUMED_PERCENT, 100),
        of => share(back, of),
    };
    let difference = share(wanted.difference.into(), 100);
    let months = months_needed(per_month, base_rate, difference, wanted.share_held);
    let months_needed = months.map_err(|error| {
        let detail = format!(
            "{error}. The last 90 days had {per_month} customers a month, of whom {back} of \
             {known_of} known came back"
        );
        Refusal::unreadable("too-few", detail)
    })?;
    Ok(Forecast { months_needed, per_month, base_rate, known_of })
}

/// What was decided about a kind in a span of nights, newest first, and whether that is all.
async fn decided(
    services: &Services,
    shop: &Shop,
    kind: Kind,
    from: Date,
    to: Date,
) -> Result<(Vec<DecidedOn>, bool), StoreError> {
    let (mut found, mut at) = (Vec::new(), None);
    loop {
        let limit = DECISIONS_AT_MOST.saturating_sub(found.len());
        let outcomes = MET.to_vec();
        let wanted = Wanted { from, to, kind: Some(kind), outcomes, limit, at };
        let (page, next) = wanted.page(services, shop).await?;
        found.extend(page);
        match next {
            Some(next) if found.len() < DECISIONS_AT_MOST => at = Some(next),
            next => return Ok((found, next.is_none())),
        }
    }
}

/// What became of these people in the 30 days from each one's day on, in their order.
async fn followed(
    services: &Services,
    shop: &Shop,
    people: Vec<(CustomerId, Date)>,
) -> Result<Vec<Followed>, StoreError> {
    let mut all = BTreeMap::new();
    let mut people = people.into_iter().enumerate();
    let mut asked = JoinSet::new();
    loop {
        while asked.len() < AT_ONCE
            && let Some((place, (customer, date))) = people.next()
        {
            let (store, id) = (services.store.clone(), shop.id.clone());
            let program = std::sync::Arc::clone(&shop.program);
            asked.spawn(
                async move { (place, store.followed(&id, &customer, date, &program).await) },
            );
        }
        match asked.join_next().await {
            None => return Ok(all.into_values().collect()),
            Some(Ok((place, followed))) => {
                all.insert(place, followed?);
            }
            Some(Err(error)) => return Err(StoreError::Request(error.into())),
        }
    }
}

/// What a test has shown
///
/// Everybody is followed for 30 days from the night she was drawn. She is counted as drawn, also
/// where her mail was dropped later, say because she bought before it went, or wasn't approved:
/// nobody who was held out could be left out for that. Second letters about one absence aren't
/// counted.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/tests/{id}",
    tag = "nights",
    operation_id = "get_test",
    params(TrialPath),
    responses((status = 200, description = "The test and its result", body = TrialResult), Refusals),
)]
#[instrument(name = "get_test", skip_all, fields(shop = %at.shop, test = %at.id))]
pub(super) async fn one(
    State(services): State<Services>,
    InPath(at): InPath<TrialPath>,
) -> Result<Json<TrialResult>, Refusal> {
    let shop = Shop::open(&services, at.shop).await?;
    let trials = services.store.trials(&shop.id).await?;
    let trial = trials.into_iter().find(|one| one.id == at.id);
    let trial = trial.ok_or_else(|| unknown(&shop, &at.id))?;
    // Whose 30 days aren't over says nothing yet.
    let last = shop.today.checked_sub(FOLLOWED_DAYS.days()).unwrap_or(shop.today);
    let (found, complete) = if trial.starts <= last.min(trial.ends) {
        decided(&services, &shop, trial.kind, trial.starts, last.min(trial.ends)).await?
    } else {
        (Vec::new(), true)
    };
    let Groups { treated, held, sent } = groups(&services, &shop, &trial, found).await?;
    let treated = followed(&services, &shop, treated).await?;
    let held = followed(&services, &shop, held).await?;
    let result = outcome(&treated, &held);
    let test = views::Trial::of(&trial, shop.today);
    let currency = shop.program.shop.currency;
    Ok(Json(TrialResult::of(test, result, currency, (sent, complete))))
}

/// The two groups of a test, each with the days they are followed from.
#[derive(Default)]
struct Groups {
    treated: Vec<(CustomerId, Date)>,
    held: Vec<(CustomerId, Date)>,
    sent: usize,
}

async fn groups(
    services: &Services,
    shop: &Shop,
    trial: &Trial,
    found: Vec<DecidedOn>,
) -> Result<Groups, StoreError> {
    let told = services.store.told_by(&shop.id, &found).await?;
    // Newest first: of somebody who was drawn twice the first time stays.
    let mut drawn: BTreeMap<CustomerId, (Date, bool, bool)> = BTreeMap::new();
    for (DecidedOn { customer, decision }, message) in found.into_iter().zip(told) {
        let again = decision.facts.iter().any(|fact| matches!(fact, Fact::Letter(2..)));
        let is_held = decision.outcome == Decided::HeldOut;
        let by_this = match is_held {
            true => decision.test.as_ref() == Some(&trial.id),
            false => !trial.holds_out(&customer),
        };
        // What went to the owner alone was never drawn.
        let claim = message.as_ref().and_then(|message| message.claim.as_ref());
        let to_owner = claim.is_some_and(|claim| claim.to_owner);
        let waits = decision.outcome == Decided::Awaiting;
        if again || !by_this || to_owner || waits {
            continue;
        }
        let sent = message.is_some_and(|message| message.state == MessageState::Sent);
        drawn.insert(customer, (decision.date, is_held, sent));
    }
    let mut groups = Groups::default();
    for (customer, (date, is_held, sent)) in drawn {
        groups.sent = groups.sent.saturating_add(usize::from(sent));
        match is_held {
            true => groups.held.push((customer, date)),
            false => groups.treated.push((customer, date)),
        }
    }
    Ok(groups)
}

/// End a test
///
/// From the next night on nobody is held out by it. Its result stays, and grows until everybody
/// was followed for 30 days.
#[utoipa::path(
    post,
    path = "/api/v1/shops/{shop}/tests/{id}/end",
    tag = "nights",
    operation_id = "end_test",
    params(TrialPath),
    responses((status = 200, description = "The test, ended", body = views::Trial), Refusals),
)]
#[instrument(name = "end_test", skip_all, fields(shop = %at.shop, test = %at.id))]
pub(super) async fn end(
    State(services): State<Services>,
    InPath(at): InPath<TrialPath>,
) -> Result<Json<views::Trial>, Refusal> {
    let shop = Shop::open(&services, at.shop).await?;
    let ended = services.store.end_trial(&shop.id, &at.id, shop.today).await?;
    let ended = ended.ok_or_else(|| unknown(&shop, &at.id))?;
    tracing::info!("test ended");
    Ok(Json(views::Trial::of(&ended, shop.today)))
}

fn unknown(shop: &Shop, id: &str) -> Refusal {
    let detail =
        format!("the shop `{}` has no test `{id}`: the list tells which there are", shop.id);
    Refusal::unknown("unknown-test", detail)
}
