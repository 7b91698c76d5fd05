//! A shop whose sources are stand-ins that list, page and fail.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use platform::Secrets;
use platform::store::{Compared, Outcome};
use serde_json::{Value, json};
use testkit::shop::TestShop;
use tokio::time::Instant;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::super::*;

pub(super) const GRAPHQL: &str = "/admin/api/2026-07/graphql.json";

/// What a source has, and how it answers.
#[derive(Debug, Clone, Default)]
pub(super) struct Has(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Shopify's orders, as webhooks tell them.
    orders: Vec<Value>,
    /// Square's payments and refunds.
    payments: Vec<Value>,
    refunds: Vec<Value>,
    /// What is answered to the next questions for a list instead; `None`: what there is.
    instead: VecDeque<Option<ResponseTemplate>>,
    /// Pages that were given.
    pages: usize,
}

/// The stand-ins' servers, a shop, and its access.
pub(super) struct Shop {
    pub(super) shop: TestShop,
    pub(super) server: MockServer,
    pub(super) has: Has,
    pub(super) access: ShopifyAccess,
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn changed_at(object: &Value) -> Timestamp {
    at(object["updated_at"].as_str().unwrap())
}

/// Those of a list that changed in a span, oldest first, two from an offset on, and the next
/// offset.
fn page(
    list: &[Value],
    from: Timestamp,
    to: Timestamp,
    offset: usize,
) -> (Vec<Value>, Option<usize>) {
    let inside = |one: &&Value| (from..=to).contains(&changed_at(one));
    let mut found: Vec<Value> = list.iter().filter(inside).cloned().collect();
    found.sort_by_key(changed_at);
    let next = (found.len() > offset + 2).then_some(offset + 2);
    (found.into_iter().skip(offset).take(2).collect(), next)
}

impl Has {
    pub(super) fn order(&self, order: Value) {
        let mut state = self.0.lock().unwrap();
        state.orders.retain(|known| known["id"] != order["id"]);
        state.orders.push(order);
    }

    pub(super) fn payment(&self, payment: Value) {
        let mut state = self.0.lock().unwrap();
        state.payments.retain(|known| known["id"] != payment["id"]);
        state.payments.push(payment);
    }

    pub(super) fn refund(&self, refund: Value) {
        self.0.lock().unwrap().refunds.push(refund);
    }

    /// Answers the next questions for a list so.
    pub(super) fn instead(&self, answers: impl IntoIterator<Item = Option<ResponseTemplate>>) {
        self.0.lock().unwrap().instead.extend(answers);
    }

    pub(super) fn pages(&self) -> usize {
        self.0.lock().unwrap().pages
    }

    fn refusal(&self) -> Option<ResponseTemplate> {
        self.0.lock().unwrap().instead.pop_front().flatten()
    }
}

/// Shopify's list of what changed.
struct Changes(Has);

impl Respond for Changes {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        if let Some(refusal) = self.0.refusal() {
            return refusal;
        }
        let asked: Value = serde_json::from_slice(&request.body).unwrap();
        let changed = asked["variables"]["changed"].as_str().unwrap();
        let times: Vec<&str> = changed.split('\'').skip(1).step_by(2).collect();
        let offset = asked["variables"]["after"].as_str().map_or(0, |after| after.parse().unwrap());
        let mut state = self.0.0.lock().unwrap();
        state.pages += 1;
        let (orders, next) = page(&state.orders, at(times[0]), at(times[1]), offset);
        let nodes: Vec<Value> = orders.iter().map(node).collect();
        let page_info = json!({"hasNextPage": next.is_some(),
            "endCursor": next.map(|next| next.to_string())});
        let data = json!({"data": {"orders": {"nodes": nodes, "pageInfo": page_info}}});
        ResponseTemplate::new(200).set_body_json(data)
    }
}

/// What the list says of an order.
fn node(order: &Value) -> Value {
    let set = |amount: &Value| json!({"shopMoney": {"amount": amount, "currencyCode": "USD"}});
    let refunds = order["refunds"].as_array().unwrap();
    let refunded =
        refunds.first().map_or(json!("0.00"), |one| one["transactions"][0]["amount"].clone());
    let received = order.get("received").unwrap_or(&order["total_price"]);
    json!({"legacyResourceId": order["id"].to_string(), "updatedAt": order["updated_at"],
        "totalReceivedSet": set(received), "totalRefundedSet": set(&refunded)})
}

/// Shopify's orders by their numbers.
struct Contents(Has);

impl Respond for Contents {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let (_, ids) = request.url.query_pairs().find(|(name, _)| name == "ids").unwrap();
        let ids: Vec<u64> = ids.split(',').map(|id| id.parse().unwrap()).collect();
        let asked = |order: &&Value| ids.contains(&order["id"].as_u64().unwrap());
        let state = self.0.0.lock().unwrap();
        let orders: Vec<&Value> = state.orders.iter().filter(asked).collect();
        ResponseTemplate::new(200).set_body_json(json!({ "orders": orders }))
    }
}

/// A list of Square's: payments or refunds.
struct Listing(Has, &'static str);

impl Respond for Listing {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        if let Some(refusal) = self.0.refusal() {
            return refusal;
        }
        let asked = |name: &str| {
            let found = request.url.query_pairs().find(|(known, _)| known == name);
            found.map(|(_, value)| value.into_owned())
        };
        assert_eq!(asked("sort_field").as_deref(), Some("UPDATED_AT"));
        let (from, to) = (asked("updated_at_begin_time").unwrap(), asked("updated_at_end_time"));
        let location = asked("location_id").unwrap();
        let mut state = self.0.0.lock().unwrap();
        state.pages += 1;
        let list = if self.1 == "payments" { &state.payments } else { &state.refunds };
        let here: Vec<Value> =
            list.iter().filter(|one| one["location_id"] == location.as_str()).cloned().collect();
        let offset = asked("cursor").map_or(0, |cursor| cursor.parse().unwrap());
        let (found, next) = page(&here, at(&from), at(&to.unwrap()), offset);
        let mut body = json!({ self.1: found });
        if let Some(next) = next {
            body["cursor"] = json!(next.to_string());
        }
        ResponseTemplate::new(200).set_body_json(body)
    }
}

impl Shop {
    /// With these secrets of the shop.
    pub(super) async fn with(secrets: &[(&str, &str)]) -> Self {
        let mut shop = TestShop::open().await;
        let own = secrets
            .iter()
            .map(|(kind, secret)| (format!("corner-bakery/{kind}"), (*secret).to_owned()));
        let identity = ("identity".to_owned(), "identity-key".to_owned());
        shop.services.secrets = Secrets::from_lists(own.chain([identity]));
        let (server, has) = (MockServer::start().await, Has::default());
        shop.services.sites = Arc::new(platform::Sites {
            square_api: Some(server.uri()),
            shopify_api: Some(server.uri()),
            ..platform::Sites::default()
        });
        let on = |verb: &str, at: &str| Mock::given(method(verb)).and(path(at));
        let locations = json!({"locations": [{"id": "LBAKERY"}, {"id": "LSTALL"}]});
        let locations = ResponseTemplate::new(200).set_body_json(locations);
        for mock in [
            on("POST", GRAPHQL).respond_with(Changes(has.clone())),
            on("GET", "/admin/api/2026-07/orders.json").respond_with(Contents(has.clone())),
            on("GET", "/v2/payments").respond_with(Listing(has.clone(), "payments")),
            on("GET", "/v2/refunds").respond_with(Listing(has.clone(), "refunds")),
            on("GET", "/v2/locations").respond_with(locations),
        ] {
            mock.mount(&server).await;
        }
        let access = ShopifyAccess::new().unwrap();
        Self { shop, server, has, access }
    }

    pub(super) async fn on_shopify() -> Self {
        Self::with(&[("shopify-token", "token")]).await
    }

    pub(super) async fn on_square() -> Self {
        Self::with(&[("square-token", "token")]).await
    }

    pub(super) async fn serves(&self, at: &str, body: Value) {
        let answer = ResponseTemplate::new(200).set_body_json(body);
        Mock::given(path(at)).respond_with(answer).mount(&self.server).await;
    }

    /// The night of a date, with so long for it.
    pub(super) async fn night_within(&self, date: &str, limit: Duration) -> Reconciliation {
        let (services, shop) = (&self.shop.services, &self.shop.id);
        let date: Date = date.parse().unwrap();
        let until = Instant::now() + limit;
        night(services, &self.access, shop, date, until).await.unwrap()
    }

    /// What the night of a date found at the one source.
    pub(super) async fn night(&self, date: &str) -> Compared {
        let report = self.night_within(date, Duration::from_secs(30)).await;
        let kept = self.shop.services.store.reconciliation(&self.shop.id, report.date).await;
        assert_eq!(kept.unwrap().as_ref(), Some(&report), "what is told is what is kept");
        let [compared] = report.sources.into_values().collect::<Vec<_>>().try_into().unwrap();
        compared
    }

    /// Write units so far.
    pub(super) fn units(&self) -> u64 {
        self.shop.services.store.write_units_x10() / 10
    }
}

/// The summary of what was found: checked, missed, repaired.
pub(super) fn counts(compared: &Compared) -> (u32, u32, u32) {
    assert_eq!(compared.outcome, Outcome::Done, "{compared}");
    (compared.checked, compared.missed.count, compared.repaired.count)
}
