//! All customers of a shop, page by page, for work that concerns everybody.

use std::fmt;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use jiff::civil::date;
use loyalty::ids::{CustomerId, ShopId};
use loyalty::month::Month;

use super::keys::List;
use super::messages::customer_of;
use super::{Store, StoreError, item, table};

/// Where a walk over all customers goes on, as text that can be kept: the month they became
/// known in, and behind whom of that month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomersCursor {
    month: Month,
    after: Option<String>,
}

/// A part of a shop's customers, in the order in which they became known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomersPage {
    /// Those known by an id of their own, merged ones included.
    pub customers: Vec<CustomerId>,
    /// Where to go on; `None`: these were the last.
    pub next: Option<CustomersCursor>,
}

/// A place in a walk over all customers is written as `2026-11` or `2026-11 <place>`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` isn't a place in a walk over all customers: begin without one")]
pub struct CursorError(String);

impl CustomersCursor {
    /// No customer became known before: there was no Regulars.
    fn first() -> Self {
        Self { month: Month::of(date(2025, 1, 1)), after: None }
    }
}

impl fmt::Display for CustomersCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.month.fmt(f)?;
        self.after.as_ref().map_or(Ok(()), |after| write!(f, " {after}"))
    }
}

impl FromStr for CustomersCursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (month, after) = match text.split_once(' ') {
            Some((month, after)) => (month, Some(after.to_owned())),
            None => (text, None),
        };
        let month = month.parse().map_err(|_| CursorError(text.to_owned()))?;
        Ok(Self { month, after })
    }
}

impl Store {
    /// The next `limit` customers of a shop at most, from the beginning or where a page
    /// before said to go on. Read from an index, which follows the table a little later; who
    /// becomes known during the walk is in it too, up to the month of `now`.
    pub async fn customers_page(
        &self,
        shop: &ShopId,
        cursor: Option<CustomersCursor>,
        limit: usize,
        now: Timestamp,
    ) -> Result<CustomersPage, StoreError> {
        let mut at = cursor.unwrap_or_else(CustomersCursor::first);
        let last = Month::of(now.to_zoned(jiff::tz::TimeZone::UTC).date());
        let mut customers = Vec::new();
        while at.month <= last && customers.len() < limit {
            let left = limit.saturating_sub(customers.len());
            let (found, end) = self.customers_of(shop, &at, left).await?;
            customers.extend(found);
            at = match end {
                Some(place) => CustomersCursor { after: Some(place), ..at },
                None => CustomersCursor { month: at.month.plus(1), after: None },
            };
        }
        let next = Some(at).filter(|at| at.month <= last);
        Ok(CustomersPage { customers, next })
    }

    /// Customers of one month, and the place of the last one where there may be more.
    async fn customers_of(
        &self,
        shop: &ShopId,
        at: &CustomersCursor,
        limit: usize,
    ) -> Result<(Vec<CustomerId>, Option<String>), StoreError> {
        let list = List::Customers(at.month).partition(shop);
        let answer = self
            .query()
            .index_name(table::LIST.name)
            .key_condition_expression(format!(
                "{} = :list AND {} > :after",
                table::LIST.partition,
                table::LIST.sort
            ))
            .expression_attribute_values(":list", AttributeValue::S(list))
            // A time sorts behind a space.
            .expression_attribute_values(
                ":after",
                AttributeValue::S(at.after.clone().unwrap_or_else(|| " ".to_owned())),
            )
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(StoreError::unavailable)?;
        self.has_read(answer.consumed_capacity());
        let more = answer.last_evaluated_key.is_some();
        let items = answer.items.unwrap_or_default();
        let place = items.last().and_then(|item| item::text(item, table::LIST.sort));
        let id = |item| customer_of(&item::text(item, table::PK)?);
        Ok((items.iter().filter_map(id).collect(), place.filter(|_| more)))
    }
}
