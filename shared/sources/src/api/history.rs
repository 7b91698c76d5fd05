//! Lists of what changed at a source since a time, page by page, oldest change first.

use jiff::Timestamp;
use loyalty::ids::{OrderRef, Source};
use loyalty::order::Books;
use serde::Deserialize;
use serde_json::json;

use super::graphql;
use super::shopify::{READ_ORDERS, VERSION};
use super::{ApiError, ShopifyApi, SquareApi};
use crate::Unreadable;
use crate::read::{Any, at, parse, text};
use crate::shopify::{OrdersAnswer, minor_of, orders_answer};
use crate::square::{ListAnswer, payments_answer, refunds_answer};

/// Orders and their sums, the earliest change first. An order's contents are asked for apart,
/// of those that aren't known as they are: as their webhooks would tell them.
const CHANGED: &str = "\
query changed($after: String, $changed: String!) {
  orders(first: 100, after: $after, sortKey: UPDATED_AT, query: $changed) {
    nodes {
      legacyResourceId
      updatedAt
      totalReceivedSet { shopMoney { amount currencyCode } }
      totalRefundedSet { shopMoney { amount currencyCode } }
    }
    pageInfo { hasNextPage endCursor }
  }
}";

/// Objects on a page of Square's: as many as it gives.
const SQUARE_PAGE: &str = "100";

/// Before this Square's lists have nothing; left out, they would begin a year ago.
const EVER: Timestamp = Timestamp::UNIX_EPOCH;

/// Which span of time a list is of.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Changed at or after this.
    pub from: Timestamp,
    /// Changed at or before this.
    pub to: Timestamp,
    /// Made at or after this, where that counts too.
    pub made_since: Option<Timestamp>,
}

/// An order that changed at Shopify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Its number there.
    pub id: u64,
    /// The order.
    pub order: OrderRef,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// What was received and refunded by Shopify's books, in the shop's currency.
    pub books: Books,
}

/// A page of orders that changed at Shopify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedPage {
    /// The orders, each by itself: one that can't be read is in nobody's way.
    pub orders: Vec<Result<Changed, Unreadable>>,
    /// What to go on after; `None` at the end.
    pub next: Option<String>,
}

/// A list of Square's, of one of its locations: without a name it would be the main one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed<'a> {
    /// Its payments.
    Payments(&'a str),
    /// Its refunds.
    Refunds(&'a str),
}

#[derive(Deserialize)]
struct Answer {
    orders: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    nodes: Vec<Any>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    legacy_resource_id: String,
    updated_at: Timestamp,
    total_received_set: Set,
    total_refunded_set: Set,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Set {
    shop_money: Money,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Money {
    amount: String,
    currency_code: String,
}

#[derive(Deserialize)]
struct Locations {
    #[serde(default)]
    locations: Vec<Location>,
}

#[derive(Deserialize)]
struct Location {
    id: String,
}

impl Money {
    fn minor(&self, path: &str) -> Result<i64, Unreadable> {
        minor_of(&self.amount, &self.currency_code, path)
    }
}

impl Node {
    fn changed(&self) -> Result<Changed, Unreadable> {
        let path = "legacyResourceId";
        let id = self.legacy_resource_id.parse().map_err(|_| at(path, "not a whole number"))?;
        let number = self.legacy_resource_id.parse().map_err(|error| at(path, error))?;
        Ok(Changed {
            id,
            order: OrderRef { source: Source::Shopify, id: number },
            updated_at: self.updated_at,
            books: Books {
                received: self.total_received_set.shop_money.minor("totalReceivedSet")?,
                refunded: self.total_refunded_set.shop_money.minor("totalRefundedSet")?,
            },
        })
    }
}

impl ShopifyApi {
    /// A page of the orders that changed in a span of time. Without the scope
    /// `read_all_orders` none is older than 60 days.
    pub async fn changed_orders(
        &self,
        span: &Span,
        after: Option<&str>,
    ) -> Result<ChangedPage, ApiError> {
        let Span { from, to, made_since } = span;
        let mut changed = format!("updated_at:>='{from}' updated_at:<='{to}'");
        if let Some(since) = made_since {
            changed.push_str(&format!(" created_at:>='{since}'"));
        }
        let variables = json!({"after": after, "changed": changed});
        let answer = self.graphql(&json!({"query": CHANGED, "variables": variables})).await?;
        let Answer { orders: page } = graphql::data(&answer, READ_ORDERS)?;
        let read = |raw: &Any| parse::<Node>(raw.get())?.changed();
        let orders = page.nodes.iter().map(read).collect();
        let next = page.page_info.end_cursor.filter(|_| page.page_info.has_next_page);
        Ok(ChangedPage { orders, next })
    }

    /// Orders by their numbers, each as its webhook would tell it or with why it can't be read.
    /// Those that are gone aren't there.
    pub async fn orders(&self, ids: &[u64]) -> Result<OrdersAnswer, ApiError> {
        let numbers: Vec<String> = ids.iter().map(u64::to_string).collect();
        let query = vec![
            ("ids", numbers.join(",")),
            ("status", "any".to_owned()),
            ("limit", numbers.len().to_string()),
        ];
        let path = ["admin", "api", VERSION, "orders.json"];
        let answer = self.key.ask(&self.site.asking(query), &path, None).await?;
        Ok(orders_answer(&answer)?)
    }
}

impl SquareApi {
    /// The seller's locations.
    pub async fn locations(&self) -> Result<Vec<String>, ApiError> {
        let answer = self.0.get(&["v2", "locations"]).await?;
        let Locations { locations } = parse(text(&answer)?)?;
        Ok(locations.into_iter().map(|location| location.id).collect())
    }

    /// A page of what changed in a span of time: each payment or refund as its event would tell
    /// it, or why it can't be read.
    pub async fn changed(
        &self,
        list: Listed<'_>,
        span: &Span,
        cursor: Option<&str>,
    ) -> Result<ListAnswer, ApiError> {
        let (path, location) = match list {
            Listed::Payments(location) => ("payments", location),
            Listed::Refunds(location) => ("refunds", location),
        };
        let mut query = vec![
            ("begin_time", span.made_since.unwrap_or(EVER).to_string()),
            ("updated_at_begin_time", span.from.to_string()),
            ("updated_at_end_time", span.to.to_string()),
            ("sort_field", "UPDATED_AT".to_owned()),
            ("sort_order", "ASC".to_owned()),
            ("location_id", location.to_owned()),
            ("limit", SQUARE_PAGE.to_owned()),
        ];
        query.extend(cursor.map(|cursor| ("cursor", cursor.to_owned())));
        let answer = self.0.asking(query).get(&["v2", path]).await?;
        Ok(match list {
            Listed::Payments(_) => payments_answer(&answer)?,
            Listed::Refunds(_) => refunds_answer(&answer)?,
        })
    }
}
