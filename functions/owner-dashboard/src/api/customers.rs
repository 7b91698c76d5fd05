//! Finding customers, and one customer.

use axum::Json;
use axum::extract::State;
use loyalty::ids::{CustomerId, Source};
use platform::Services;
use platform::identity::{Identities, Identity};
use serde::Deserialize;
use tracing::instrument;
use utoipa::IntoParams;

use super::openapi::Refusals;
use super::params::{CustomerPath, InPath, InQuery, ShopPath};
use super::refusal::Refusal;
use super::shop::Shop;
use super::views::{Customer, Customers};

/// Longest id of a customer at a source that is looked up.
const LONGEST_ID: usize = 255;

/// What to look for: exactly one of these.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    /// An e-mail address. A `+` in it is written `%2B`.
    #[param(example = "jon@example.com")]
    email: Option<String>,
    /// A phone number: with its country code, the `+` written `%2B`, or as it is written
    /// in the shop's country.
    #[param(example = "+12127365000")]
    phone: Option<String>,
    /// The digits of a Shopify customer id.
    #[param(example = "207119551")]
    shopify_id: Option<String>,
    /// A Square customer id.
    #[param(example = "JDKYHBWT1D4F8MFH63DBMEN8Y4")]
    square_id: Option<String>,
}

/// The one thing looked for.
#[derive(Debug)]
enum Wanted {
    Email(String),
    Phone(String),
    Record(Source, String),
}

impl Filter {
    fn wanted(self) -> Result<Wanted, Refusal> {
        let given = [
            self.email.map(Wanted::Email),
            self.phone.map(Wanted::Phone),
            self.shopify_id.map(|id| Wanted::Record(Source::Shopify, id)),
            self.square_id.map(|id| Wanted::Record(Source::Square, id)),
        ];
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(wanted), None) => Ok(wanted),
            _ => Err(Refusal::unreadable(
                "one-filter",
                "name exactly one of `email`, `phone`, `shopify_id` and `square_id`",
            )),
        }
    }
}

impl Wanted {
    /// The identity that stands for it. Refusals don't repeat what was written: it is
    /// about a person.
    fn identity(&self, identities: &Identities) -> Result<Identity, Refusal> {
        let no = |kind, why| Err(Refusal::unreadable(kind, why));
        match self {
            Self::Email(text) => match identities.email(text) {
                Some(identity) => Ok(identity),
                None => no(
                    "unreadable-email",
                    "`email` isn't an address such as jon@example.com; in a query a + is \
                     written %2B",
                ),
            },
            // A blank in front is what a bare + becomes on the way. Read on, +1 212… would
            // be a number of the shop's own country.
            Self::Phone(text) if text.starts_with(' ') => no(
                "unreadable-phone",
                "`phone` begins with a blank, which is what a bare + becomes in a query: write \
                 it %2B",
            ),
            Self::Phone(text) => match identities.phone(text) {
                Some(identity) => Ok(identity),
                None => no(
                    "unreadable-phone",
                    "`phone` isn't a number: write it with its country code, such as \
                     %2B12127365000, or as in the shop's country",
                ),
            },
            Self::Record(Source::Shopify, id) if !is_digits(id) => no(
                "unreadable-shopify-id",
                "`shopify_id` isn't a customer id of Shopify: use its digits, such as 207119551",
            ),
            Self::Record(Source::Square, id) if !is_token(id) => no(
                "unreadable-square-id",
                "`square_id` isn't a customer id of Square: use its letters and digits, such as \
                 JDKYHBWT1D4F8MFH63DBMEN8Y4",
            ),
            Self::Record(source, id) => Ok(identities.customer(*source, id)),
        }
    }
}

fn is_digits(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_token(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Find customers
///
/// By exactly one of an e-mail address, a phone number, or the customer's id at a source.
/// Nobody found is an empty list.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/customers",
    tag = "customers",
    operation_id = "find_customers",
    params(ShopPath, Filter),
    responses((status = 200, description = "Who was found: one customer, or none", body = Customers), Refusals),
)]
#[instrument(name = "find_customers", skip_all, fields(shop = %at.shop))]
pub(super) async fn find(
    State(services): State<Services>,
    InPath(at): InPath<ShopPath>,
    InQuery(filter): InQuery<Filter>,
) -> Result<Json<Customers>, Refusal> {
    let wanted = filter.wanted()?;
    let shop = Shop::open(&services, at.shop).await?;
    let identity = wanted.identity(&shop.identities(&services)?)?;
    let mut customers = Vec::new();
    if let Some(id) = services.store.find_customer(&shop.id, &identity).await?
        && let Some(found) = services.store.customer(&shop.id, &id).await?
    {
        customers.push(Customer::of(&found, &shop.program, shop.today)?);
    }
    Ok(Json(Customers { customers }))
}

/// One customer
///
/// An id whose account was merged into another answers with that other, under its own id.
#[utoipa::path(
    get,
    path = "/api/v1/shops/{shop}/customers/{id}",
    tag = "customers",
    operation_id = "get_customer",
    params(CustomerPath),
    responses((status = 200, description = "The customer", body = Customer), Refusals),
)]
#[instrument(name = "get_customer", skip_all, fields(shop = %at.shop, customer = %at.id))]
pub(super) async fn one(
    State(services): State<Services>,
    InPath(at): InPath<CustomerPath>,
) -> Result<Json<Customer>, Refusal> {
    let shop = Shop::open(&services, at.shop).await?;
    let found = services.store.customer(&shop.id, &at.id).await?;
    let found = found.ok_or_else(|| unknown(&shop, &at.id))?;
    Ok(Json(Customer::of(&found, &shop.program, shop.today)?))
}

/// The shop has no such customer.
pub(super) fn unknown(shop: &Shop, id: &CustomerId) -> Refusal {
    let detail = format!("the shop `{}` has no customer `{id}`: search for her first", shop.id);
    Refusal::unknown("unknown-customer", detail)
}
