//! One shop's source, list by list and page by page.

use jiff::Timestamp;
use loyalty::ids::{OrderRef, ShopId, Source};
use loyalty::order::Books;
use platform::Services;
use platform::store::Observation;
use tokio::time::Instant;

use super::pace::{Stop, patiently};
use crate::Unreadable;
use crate::api::{ApiError, Changed, Listed, ShopifyAccess, ShopifyApi, Span, SquareApi};
use crate::lookup::{SQUARE, square_token};
use crate::shopify::OrdersAnswer;

/// Orders asked for at once: with long ones among them still far below the largest answer.
const AT_ONCE: usize = 50;

/// The one list of Shopify's.
const ORDERS: &str = "orders";
/// What the lists of Square's payments begin with.
const PAYMENTS: &str = "payments/";
/// What the lists of Square's refunds begin with.
const REFUNDS: &str = "refunds/";

/// Asks a shop's source.
#[derive(Debug)]
pub(super) struct Asker<'a> {
    services: &'a Services,
    access: &'a ShopifyAccess,
    shop: &'a ShopId,
    until: Instant,
    api: Api,
    /// Whether the shop's secrets were read anew already.
    is_renewed: bool,
}

/// A source, ready to be asked.
#[derive(Debug, Clone)]
enum Api {
    Shopify(ShopifyApi),
    Square(SquareApi),
}

/// A page of what changed.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) named: Vec<Named>,
    /// What to go on with; `None` at the list's end.
    pub(super) next: Option<String>,
}

/// What a source names as changed.
#[derive(Debug)]
pub(super) enum Named {
    /// An order, when it changed, and what the books say of it.
    Changed { order: OrderRef, number: u64, updated_at: Timestamp, books: Books },
    /// What its event would tell.
    Told(Box<Observation>),
    /// Something that can't be read.
    Unreadable(Unreadable),
}

impl Named {
    /// When it changed.
    pub(super) fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Changed { updated_at, .. } => Some(*updated_at),
            Self::Told(observation) => observation.state.told_at(),
            Self::Unreadable(_) => None,
        }
    }
}

impl<'a> Asker<'a> {
    /// A shop's source, if there is something to ask it by. Nothing is asked yet.
    pub(super) fn new(
        services: &'a Services,
        access: &'a ShopifyAccess,
        (shop, source): (&'a ShopId, Source),
        until: Instant,
    ) -> Result<Self, Stop> {
        let api = connect(services, access, shop, source)?;
        Ok(Self { services, access, shop, until, api, is_renewed: false })
    }

    /// Square, where it is that.
    pub(super) fn square(&self) -> Option<SquareApi> {
        match &self.api {
            Api::Square(api) => Some(api.clone()),
            Api::Shopify(_) => None,
        }
    }

    /// The source's lists, in the order in which they are to be worked through: a refund makes
    /// sense once its payment is known.
    pub(super) async fn lists(&mut self) -> Result<Vec<String>, Stop> {
        let locations = self
            .ask(async |api| match api {
                Api::Shopify(_) => Ok(None),
                Api::Square(api) => api.locations().await.map(Some),
            })
            .await?;
        let Some(locations) = locations else { return Ok(vec![ORDERS.to_owned()]) };
        let of = |list: &str| locations.iter().map(move |at| format!("{list}{at}")).collect();
        let (mut lists, refunds): (Vec<String>, Vec<String>) = (of(PAYMENTS), of(REFUNDS));
        lists.extend(refunds);
        Ok(lists)
    }

    /// A page of one of them.
    pub(super) async fn page(
        &mut self,
        list: &str,
        span: &Span,
        cursor: Option<&str>,
    ) -> Result<Page, Stop> {
        self.ask(async |api| match api {
            Api::Shopify(api) => {
                let page = api.changed_orders(span, cursor).await?;
                let named = page.orders.into_iter().map(|one| match one {
                    Ok(Changed { order, id: number, updated_at, books }) => {
                        Named::Changed { order, number, updated_at, books }
                    }
                    Err(unreadable) => Named::Unreadable(unreadable),
                });
                Ok(Page { named: named.collect(), next: page.next })
            }
            Api::Square(api) => {
                let listed = match (list.strip_prefix(PAYMENTS), list.strip_prefix(REFUNDS)) {
                    (Some(location), _) => Listed::Payments(location),
                    (None, location) => Listed::Refunds(location.unwrap_or(list)),
                };
                let (told, next) = api.changed(listed, span, cursor).await?;
                let named = told.into_iter().map(|told| match told {
                    Ok(told) => Named::Told(Box::new(told)),
                    Err(unreadable) => Named::Unreadable(unreadable),
                });
                Ok(Page { named: named.collect(), next })
            }
        })
        .await
    }

    /// Shopify's orders of these numbers, each with its contents or why they can't be read.
    pub(super) async fn orders(&mut self, numbers: &[u64]) -> Result<OrdersAnswer, Stop> {
        let mut found = Vec::new();
        for some in numbers.chunks(AT_ONCE) {
            found.extend(self.some_orders(some).await?);
        }
        Ok(found)
    }

    async fn some_orders(&mut self, numbers: &[u64]) -> Result<OrdersAnswer, Stop> {
        let answer = self
            .ask(async |api| match api {
                Api::Shopify(api) => match api.orders(numbers).await {
                    // Together they may be larger than an answer may be.
                    Err(ApiError::Unreadable(unreadable)) => Ok(Err(unreadable)),
                    found => found.map(Ok),
                },
                Api::Square(_) => Ok(Ok(Vec::new())),
            })
            .await?;
        match (answer, numbers) {
            (Ok(found), _) => Ok(found),
            (Err(unreadable), [number]) => Ok(vec![(*number, Err(unreadable))]),
            (Err(_), numbers) => {
                let mut found = Vec::new();
                for number in numbers {
                    found.extend(Box::pin(self.some_orders(&[*number])).await?);
                }
                Ok(found)
            }
        }
    }

    /// Asks patiently. A token that isn't accepted is looked for anew, once: somebody may have
    /// set another.
    async fn ask<T>(
        &mut self,
        mut ask: impl AsyncFnMut(&Api) -> Result<T, ApiError>,
    ) -> Result<T, Stop> {
        let api = self.api.clone();
        let mut is_refused = false;
        let answer = patiently(self.until, async || {
            let answer = ask(&api).await;
            is_refused = matches!(answer, Err(ApiError::Unauthorized));
            answer
        });
        let answer = answer.await;
        if !is_refused || self.is_renewed {
            return answer;
        }
        self.is_renewed = true;
        let services = self.services;
        if !services.secrets.refresh(services.clock.now()).await {
            return answer;
        }
        self.api = connect(services, self.access, self.shop, self.api.source())?;
        let api = self.api.clone();
        patiently(self.until, async || ask(&api).await).await
    }
}

impl Api {
    fn source(&self) -> Source {
        match self {
            Self::Shopify(_) => Source::Shopify,
            Self::Square(_) => Source::Square,
        }
    }
}

fn connect(
    services: &Services,
    access: &ShopifyAccess,
    shop: &ShopId,
    source: Source,
) -> Result<Api, Stop> {
    Ok(match source {
        Source::Shopify => Api::Shopify(access.api(services, shop)?),
        Source::Square => {
            let token = square_token(services, shop).map_err(|_| Stop::NoToken)?;
            let base = services.sites.square_api.as_deref().unwrap_or(SQUARE);
            Api::Square(SquareApi::over(access.http(), base, &token)?)
        }
    })
}
