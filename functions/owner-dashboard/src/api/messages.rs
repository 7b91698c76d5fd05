//! Messages: what was to be told to whom, and what became of it.

use axum::Json;
use axum::extract::State;
use jiff::tz::TimeZone;
use loyalty::ids::CustomerId;
use loyalty::mail::Kind;
use loyalty::month::Month;
use platform::Services;
use platform::store::{Among, MessagePage, MessageState, Place};
use serde::Deserialize;
use tracing::instrument;
use utoipa::IntoParams;

use super::customers::unknown;
use super::openapi::Refusals;
use super::params::{CustomerPath, InPath, InQuery, ShopPath, customer, kind, limit};
use super::refusal::Refusal;
use super::shop::Shop;
use super::views::{CustomerMessages, MessageState as Shown, Messages};

/// Most messages and most decisions in the view of one customer.
const LAST: usize = 100;

const STATES: [(&str, MessageState); 6] = [
    ("waiting", MessageState::Waiting),
    ("claimed", MessageState::Claimed),
    ("sent", MessageState::Sent),
    ("unknown", MessageState::Unknown),
    ("failed", MessageState::Failed),
    ("dropped", MessageState::Dropped),
];

/// Which messages.
// Each is read as text, so that the refusal can say what is allowed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    /// Only those in a state. `failed` has those too that wait after a failure: `trouble`
    /// says what is wrong, and `due` when they are tried again.
    #[param(value_type = Option<Shown>)]
    state: Option<String>,
    /// Only those to a customer.
    #[param(pattern = "^[a-zA-Z0-9]{1,40}$", example = "3w5e11264sgsf")]
    customer: Option<String>,
    /// Only those that tell something of a kind.
    #[param(example = "receipt")]
    kind: Option<String>,
    /// Only those planned in a month (UTC). Without it, and without a customer, those of this
    /// month.
    #[param(example = "2026-11")]
    month: Option<String>,
    /// Most messages to answer with.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the page before this one; without it the newest messages.
    cursor: Option<String>,
}

/// What a filter asks for.
#[derive(Debug)]
struct Wanted {
    state: Option<MessageState>,
    customer: Option<CustomerId>,
    kind: Option<Kind>,
    month: Option<Month>,
    limit: usize,
    before: Option<(Place, Month)>,
}

impl Filter {
    fn wanted(&self) -> Result<Wanted, Refusal> {
        Ok(Wanted {
            state: self.state.as_deref().map(state).transpose()?,
            customer: self.customer.as_deref().map(customer).transpose()?,
            kind: self.kind.as_deref().map(kind).transpose()?,
            month: self.month.as_deref().map(month).transpose()?,
            limit: limit(self.limit.as_deref())?.into(),
            before: self.cursor.as_deref().map(cursor).transpose()?,
        })
    }
}

fn state(text: &str) -> Result<MessageState, Refusal> {
    let found = STATES.iter().find(|(name, _)| *name == text).map(|(_, state)| *state);
    found.ok_or_else(|| {
        let names = STATES.map(|(name, _)| name).join(", ");
        Refusal::unreadable("unreadable-state", format!("`state` is one of {names}"))
    })
}

fn month(text: &str) -> Result<Month, Refusal> {
    text.parse().map_err(|_| {
        Refusal::unreadable("unreadable-month", "`month` isn't a month: write it as 2026-11")
    })
}

/// A place and its month, as `next` tells it: `<time>_<id>`.
fn cursor(text: &str) -> Result<(Place, Month), Refusal> {
    let read = || {
        let (at, id) = text.split_once('_')?;
        let at: jiff::Timestamp = at.parse().ok()?;
        let fits = id.len() <= 40 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        fits.then(|| (Place::of(at, id), Month::of(at.to_zoned(TimeZone::UTC).date())))
    };
    read().ok_or_else(|| {
        let detail = "`cursor` isn't a place among messages: use the `next` of an earlier page";
        Refusal::unreadable("unreadable-cursor", detail)
    })
}

impl Wanted {
    /// Whether a message is wanted, its customer and month aside.
    fn has(&self, message: &platform::store::Message) -> bool {
        let state = match self.state {
            Some(MessageState::Failed) => message.is_troubled(),
            Some(state) => message.state == state,
            None => true,
        };
        state && self.kind.is_none_or(|kind| message.kinds().contains(&kind))
    }

    fn among(&self) -> Among {
        match self.state {
            None | Some(MessageState::Waiting) => Among::All,
            Some(MessageState::Failed) => Among::Troubled,
            Some(_) => Among::Untroubled,
        }
    }
}

/// Messages
///
/// What was to be told to whom and what became of it, newest first. Never an address: a
/// customer's is in her own view. A page may have fewer messages than asked for; while there
/// may be more, `next` says how to ask for them.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/messages",
    tag = "mail",
    operation_id = "list_messages",
    params(ShopPath, Filter),
    responses((status = 200, description = "A page of messages", body = Messages), Refusals),
)]
#[instrument(name = "list_messages", skip_all, fields(shop = %at.shop))]
pub(super) async fn list(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
    InQuery(filter): InQuery<Filter>,
) -> Result<Json<Messages>, Refusal> {
    let wanted = filter.wanted()?;
    let shop = Shop::open(&services, at.shop).await?;
    let page = match &wanted.customer {
        Some(id) => to_one(&services, &shop, id, &wanted).await?,
        None => {
            let this_month = || Month::of(services.clock.now().to_zoned(TimeZone::UTC).date());
            // Whoever goes on goes on in the month she began in.
            let begun = wanted.before.as_ref().map(|(_, month)| *month);
            let month = wanted.month.or(begun).unwrap_or_else(this_month);
            let before = wanted.before.as_ref().map(|(place, _)| place.clone());
            let has = |message: &_| wanted.has(message);
            let (among, limit) = (wanted.among(), wanted.limit);
            services.store.message_page(&shop.id, month, among, before, limit, has).await?
        }
    };
    Ok(Json(page.into()))
}

/// A page of the messages to one customer.
async fn to_one(
    services: &Services,
    shop: &Shop,
    id: &CustomerId,
    wanted: &Wanted,
) -> Result<MessagePage, Refusal> {
    let found = services.store.customer(&shop.id, id).await?;
    let found = found.ok_or_else(|| unknown(shop, id))?;
    let mut messages = services.store.messages_to(&shop.id, &found, services.clock.now()).await?;
    messages.retain(|kept| {
        let message = &kept.message;
        let planned = Month::of(message.planned_at.to_zoned(TimeZone::UTC).date());
        wanted.has(message)
            && wanted.month.is_none_or(|month| month == planned)
            && wanted.before.as_ref().is_none_or(|(place, _)| message.place() < *place)
    });
    let more = messages.len() > wanted.limit;
    messages.truncate(wanted.limit);
    let next = messages.last().filter(|_| more).map(|kept| kept.message.place());
    Ok(MessagePage { messages, next })
}

/// A customer's messages
///
/// The last messages to her, and what was decided about mail to her that left none, newest
/// first, at most 100 of each.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/customers/{id}/messages",
    tag = "customers",
    operation_id = "get_customer_messages",
    params(CustomerPath),
    responses((status = 200, description = "Her messages", body = CustomerMessages), Refusals),
)]
#[instrument(name = "get_customer_messages", skip_all, fields(shop = %at.shop, customer = %at.id))]
pub(super) async fn of_customer(
    State(services): State<Services>,
    InPath(at): InPath<CustomerPath>,
) -> Result<Json<CustomerMessages>, Refusal> {
    let shop = Shop::open(&services, at.shop).await?;
    let found = services.store.customer(&shop.id, &at.id).await?;
    let found = found.ok_or_else(|| unknown(&shop, &at.id))?;
    let now = services.clock.now();
    let mut messages = services.store.messages_to(&shop.id, &found, now).await?;
    messages.truncate(LAST);
    let mut decisions = services.store.decisions_about(&shop.id, &found, now).await?;
    decisions.truncate(LAST);
    Ok(Json(CustomerMessages::of(messages, decisions)))
}
