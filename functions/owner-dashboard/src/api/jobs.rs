//! What a night would do, without doing it.

use axum::Json;
use axum::extract::State;
use jiff::ToSpan;
use jiff::civil::Date;
use loyalty::ids::CustomerId;
use platform::Services;
use platform::nights::letters::{Scene, begins};
use platform::store::keys::Nightly;
use platform::store::{Cursor, Run};
use serde::Deserialize;
use tracing::instrument;
use utoipa::IntoParams;

use super::openapi::Refusals;
use super::params::{self, InPath, InQuery, ShopPath};
use super::refusal::Refusal;
use super::shop::Shop;
use super::views::{MailNight, MailNightOf, PointsNightOf, PointsNightPage};
use super::why::not_begun;

/// How many days ahead a night can be asked about: longer than any rule looks ahead.
const MOST_DAYS: i32 = 400;
/// Most buckets read for one page: before a shop's first night they are mostly empty.
const BUCKETS_AT_MOST: usize = 500;

/// Which night.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    /// The night, by the local day it begins: today, or at most 400 days ahead.
    #[param(value_type = String, format = Date, example = "2026-11-23")]
    date: Option<String>,
    /// Has to be true: the schedule alone runs nights.
    #[param(value_type = bool, example = true)]
    dry_run: Option<String>,
    /// Most customers to look at.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the page before this one; without it the beginning.
    cursor: Option<String>,
}

/// A part of those who are due by a night.
struct Due {
    customers: Vec<CustomerId>,
    next: Option<String>,
}

impl Wish {
    /// The night that is asked about, if it may be.
    fn night(&self, today: Date) -> Result<Date, Refusal> {
        if self.dry_run.as_deref() != Some("true") {
            let detail = "nights are run by the hourly schedule, each once: ask with \
                          `dry_run=true` what one would do";
            return Err(Refusal::unreadable("dry-run-only", detail));
        }
        let text = self.date.as_deref().unwrap_or_default();
        let night = params::day("date", text)?;
        let last = today.checked_add(MOST_DAYS.days()).unwrap_or(Date::MAX);
        if !(today..=last).contains(&night) {
            let detail = format!(
                "`date` is a day from today, {today}, to {last}: what past nights did is among \
                 the decisions and in the ledgers"
            );
            return Err(Refusal::unreadable("unreadable-date", detail));
        }
        Ok(night)
    }
}

/// Who is due by a night.
async fn due(
    services: &Services,
    shop: &Shop,
    function: Nightly,
    night: Date,
    wish: &Wish,
) -> Result<Due, Refusal> {
    let limit = params::limit(wish.limit.as_deref())?;
    let cursor = wish.cursor.as_deref().map(|text| place(text, night)).transpose()?;
    let store = &services.store;
    let Some(run) = store.preview_run(&shop.id, function, night).await? else {
        let detail = format!("a night after {night} has begun: ask about that, or a later one");
        return Err(Refusal::conflict("night-over", detail));
    };
    let mut run = Run { cursor, ..run };
    let mut customers: Vec<CustomerId> = Vec::new();
    for _ in 0..BUCKETS_AT_MOST {
        let wanted = usize::from(limit).saturating_sub(customers.len());
        let Some(wanted) = u16::try_from(wanted).ok().filter(|wanted| *wanted > 0) else { break };
        let page = store.due_page(&shop.id, function, night, &run, wanted).await?;
        for one in page.customers {
            // An index that follows the table may name somebody twice while she is moved on.
            if !customers.contains(&one) {
                customers.push(one);
            }
        }
        run.cursor = page.next;
        if run.cursor.is_none() {
            return Ok(Due { customers, next: None });
        }
    }
    Ok(Due { customers, next: run.cursor.as_ref().map(link) })
}

/// A place among buckets, as it stands in a link: `<date>_<shard>[_<customer>]`.
fn link(cursor: &Cursor) -> String {
    let Cursor { date, shard, after } = cursor;
    match after {
        Some(after) => format!("{date}_{shard}_{after}"),
        None => format!("{date}_{shard}"),
    }
}

fn place(text: &str, night: Date) -> Result<Cursor, Refusal> {
    let read = || {
        let mut parts = text.split('_');
        let date: Date = parts.next()?.parse().ok().filter(|date| *date <= night)?;
        let shard = parts.next()?.parse().ok()?;
        let after = match (parts.next(), parts.next()) {
            (None, _) => None,
            (Some(after), None) => Some(after.parse().ok()?),
            _ => return None,
        };
        Some(Cursor { date, shard, after })
    };
    read().ok_or_else(|| {
        let detail = "`cursor` isn't a place in this night: use the `next` of an earlier page";
        Refusal::unreadable("unreadable-cursor", detail)
    })
}

/// What a mail night would do
///
/// What the night of a day would find for whom, what would become of it and why, if it ran
/// with everything as it stands now; nothing is written. It looks at whoever is due by then,
/// page by page: a page may have none of them, and while `next` isn't null there is more.
#[utoipa::path(
    post,
    path = "/api/v1/shops/{shop}/jobs/reengagement-scan",
    tag = "nights",
    operation_id = "preview_mail_night",
    params(ShopPath, Wish),
    responses((status = 200, description = "What it would do", body = MailNight), Refusals),
)]
#[instrument(name = "preview_mail_night", skip_all, fields(shop = %at.shop))]
pub(super) async fn mail(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
    InQuery(wish): InQuery<Wish>,
) -> Result<Json<MailNight>, Refusal> {
    let (shop, now) = (Shop::open(&services, at.shop).await?, services.clock.now());
    let night = wish.night(shop.today)?;
    let store = &services.store;
    // The moment it would run, which a program saved today may have begun by.
    let at = begins(night, &shop.program).map_or(now, |begins| begins.max(now));
    let scene = Scene::read_for(store, &shop.id, now, at).await?;
    let scene = scene.ok_or_else(|| not_begun(&shop))?;
    let due = due(&services, &shop, Nightly::Mail, night, &wish).await?;
    let mut customers = Vec::new();
    for somebody in store.due_people(&shop.id, night, &due.customers).await? {
        let plan = scene.plan(&somebody, night, at)?;
        customers.extend(MailNightOf::of(&somebody.id, &plan, (night, at), scene.program()));
    }
    let looked = due.customers.len();
    Ok(Json(MailNight { date: night, dry_run: true, looked, customers, next: due.next }))
}

/// What a points night would do
///
/// Which pending points would become available, which would expire, and whose tier would
/// change, if the night of a day ran with everything as it stands now; nothing is written. It
/// looks at whoever is due by then, page by page: a page may have none of them, and while
/// `next` isn't null there is more.
#[utoipa::path(
    post,
    path = "/api/v1/shops/{shop}/jobs/tier-recalculation",
    tag = "nights",
    operation_id = "preview_points_night",
    params(ShopPath, Wish),
    responses((status = 200, description = "What it would do", body = PointsNightPage), Refusals),
)]
#[instrument(name = "preview_points_night", skip_all, fields(shop = %at.shop))]
pub(super) async fn points(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
    InQuery(wish): InQuery<Wish>,
) -> Result<Json<PointsNightPage>, Refusal> {
    let (shop, now) = (Shop::open(&services, at.shop).await?, services.clock.now());
    let night = wish.night(shop.today)?;
    let due = due(&services, &shop, Nightly::Points, night, &wish).await?;
    let mut customers = Vec::new();
    for id in &due.customers {
        let planned = services.store.preview_points_night(&shop.id, id, night, now).await?;
        customers.extend(PointsNightOf::of(id, &planned));
    }
    let looked = due.customers.len();
    Ok(Json(PointsNightPage { date: night, dry_run: true, looked, customers, next: due.next }))
}
