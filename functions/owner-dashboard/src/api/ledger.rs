//! The ledger of a customer, page by page.

use axum::Json;
use axum::extract::State;
use platform::Services;
use platform::store::LedgerPage as Stored;
use serde::Deserialize;
use tracing::instrument;
use utoipa::IntoParams;

use super::customers::unknown;
use super::openapi::Refusals;
use super::params::{CustomerPath, InPath, InQuery, limit};
use super::refusal::Refusal;
use super::shop::Shop;
use super::views::{Entry, LedgerPage};

/// Which part of the ledger.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    /// Most entries to answer with.
    // Read as text, so that the refusal can say what is allowed.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the page before this one; without it the newest entries.
    before: Option<String>,
}

impl Part {
    fn before(&self) -> Result<Option<u64>, Refusal> {
        let Some(text) = &self.before else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            let detail = "`before` isn't a place in a ledger: use the `next` of an earlier page";
            Refusal::unreadable("unreadable-cursor", detail)
        })
    }
}

/// A customer's ledger
///
/// Every change of her points with its receipt, newest first. While there are older
/// entries, `next` says how to ask for them.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/customers/{id}/ledger",
    tag = "customers",
    operation_id = "get_ledger",
    params(CustomerPath, Part),
    responses((status = 200, description = "A page of the ledger", body = LedgerPage), Refusals),
)]
#[instrument(name = "get_ledger", skip_all, fields(shop = %at.shop, customer = %at.id))]
pub(super) async fn page(
    State(services): State<Services>,
    InPath(at): InPath<CustomerPath>,
    InQuery(part): InQuery<Part>,
) -> Result<Json<LedgerPage>, Refusal> {
    let (limit, before) = (limit(part.limit.as_deref())?, part.before()?);
    let shop = Shop::open(&services, at.shop).await?;
    // The same account as the customer's own page, so that its balance is the first
    // entry's.
    let found = services.store.customer(&shop.id, &at.id).await?;
    let customer = found.ok_or_else(|| unknown(&shop, &at.id))?.id;
    // One more than asked for: only if it is there is there a next page.
    let stored =
        services.store.ledger(&shop.id, &customer, before, limit.saturating_add(1)).await?;
    let (stored, next) = cut(stored, limit);
    let entries = stored.entries.into_iter().map(|entry| Entry::of(&customer, entry)).collect();
    Ok(Json(LedgerPage { entries, next: next.map(|number| number.to_string()) }))
}

/// At most `limit` entries, and the number to go on before.
fn cut(mut stored: Stored, limit: u16) -> (Stored, Option<u64>) {
    let limit = usize::from(limit);
    if stored.entries.len() <= limit {
        let next = stored.next;
        return (stored, next);
    }
    stored.entries.truncate(limit);
    let next = stored.entries.last().map(|entry| entry.number);
    (stored, next)
}
