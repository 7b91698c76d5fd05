//! The table read raw, by its attribute names: what the model looks at.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde_json::{Map, Value, json};
use testkit::embedded::Connector;

use super::events;

/// Reads the table as it is, in DynamoDB's own JSON, with nothing in between: no SDK, no
/// fault, and no other function gets a turn.
#[derive(Debug, Clone)]
pub(crate) struct Raw<'a> {
    pub(crate) connector: &'a Connector,
    pub(crate) table: &'a str,
}

/// An order as the table has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) customer: Option<String>,
    pub(super) posted: i64,
    pub(super) kept: i64,
    /// The factor of the tier its snapshot names, in hundredths.
    pub(super) tier: Option<i64>,
    /// Whether it is held as a possible twin.
    pub(super) held: bool,
    /// Whether it counts as an order of its own.
    pub(super) counts: bool,
}

/// An account and its ledger as the table has them.
#[derive(Debug, Clone, Default)]
pub(super) struct Account {
    pub(super) lots: i64,
    pub(super) debt: i64,
    pub(super) pending: i64,
    pub(super) spend: i64,
    pub(super) orders: i64,
    /// Of each entry: the order it names, the delta, the balance after.
    pub(super) ledger: Vec<(String, i64, i64)>,
    /// What came to her from no order: gifts and goodwill, less what expired.
    pub(super) beside: i64,
    /// Who stands for her.
    pub(super) into: Option<String>,
    /// Whom she stands for.
    pub(super) stands_for: Vec<String>,
}

impl Raw<'_> {
    pub(crate) async fn ask(&self, operation: &str, body: &Value) -> Value {
        let mut request = HttpRequest::new(SdkBody::from(body.to_string()));
        request.headers_mut().insert("x-amz-target", format!("DynamoDB_20120810.{operation}"));
        let answer = self.connector.call(request).await;
        let answer =
            answer.ok().and_then(|answer| serde_json::from_slice(answer.body().bytes()?).ok());
        answer.unwrap_or_default()
    }

    pub(super) async fn query(&self, pk: String) -> Vec<Value> {
        let body = json!({
            "TableName": self.table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": pk}},
        });
        items(self.ask("Query", &body).await)
    }

    /// The items of a partition whose sort keys begin like this.
    pub(super) async fn below(&self, pk: String, prefix: &str) -> Vec<Value> {
        let body = json!({
            "TableName": self.table,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :sk)",
            "ExpressionAttributeValues": {":pk": {"S": pk}, ":sk": {"S": prefix}},
        });
        items(self.ask("Query", &body).await)
    }

    /// Sort keys of the items that stand in a list.
    pub(super) async fn listed(&self, list: String) -> Vec<String> {
        let items = self.listed_keys(list).await;
        items.iter().filter_map(|item| text(item.get("sk"))).collect()
    }

    /// Keys of the items that stand in a list.
    pub(super) async fn listed_keys(&self, list: String) -> Vec<Value> {
        let body = json!({
            "TableName": self.table,
            "IndexName": "list",
            "KeyConditionExpression": "lp = :list",
            "ExpressionAttributeValues": {":list": {"S": list}},
        });
        items(self.ask("Query", &body).await)
    }

    /// Those an account stands for, itself first, whoever of them it is asked by; each
    /// with what she has.
    pub(super) async fn family(&self, shop: &str, customer: &str) -> Vec<(String, Account)> {
        let mut holder = (customer.to_owned(), self.account(shop, customer).await);
        while let Some(into) = holder.1.into.take() {
            let account = self.account(shop, &into).await;
            holder = (into, account);
        }
        let mut open = holder.1.stands_for.clone();
        let mut family = vec![holder];
        while let Some(one) = open.pop() {
            let account = self.account(shop, &one).await;
            open.extend(account.stands_for.iter().cloned());
            family.push((one, account));
        }
        family
    }

    pub(super) async fn order(&self, shop: &str, order: u64) -> Option<Stored> {
        let key = events::name(order).replace(':', "#");
        let item = self.query(format!("SHOP#{shop}#ORDER#{key}")).await.pop()?;
        let flag = |value: Option<&Value>| {
            value.and_then(|value| value.get("BOOL")?.as_bool()).unwrap_or_default()
        };
        let judged = item.get("j").is_some();
        let rate = |tier: &str| match tier {
            "bronze" => 100,
            "silver" => 125,
            _ => 150,
        };
        Some(Stored {
            customer: text(item.get("c")),
            posted: number(at(item.get("f"), "p")),
            kept: number(at(item.get("f"), "k")),
            tier: text(at(item.get("n"), "t")).as_deref().map(rate),
            held: flag(at(item.get("n"), "h")) && !judged,
            counts: number(at(item.get("f"), "k")) > 0 && !flag(at(item.get("f"), "a")),
        })
    }

    pub(super) async fn account(&self, shop: &str, customer: &str) -> Account {
        let mut account = Account::default();
        for item in self.query(format!("SHOP#{shop}#CUST#{customer}")).await {
            let sk = text(item.get("sk")).unwrap_or_default();
            if sk.starts_with("LEDGER#") {
                let order = text(at(item.get("c"), "order")).unwrap_or_default();
                let kind = text(at(item.get("c"), "kind")).unwrap_or_default();
                if matches!(kind.as_str(), "gift" | "goodwill" | "expired") {
                    account.beside += number(item.get("d"));
                }
                account.ledger.push((order, number(item.get("d")), number(item.get("b"))));
            } else if sk == "ACCOUNT" {
                let wallet = item.get("w");
                let lots = at(wallet, "l").and_then(|lots| lots.get("M")?.as_object());
                account.lots = lots
                    .into_iter()
                    .flat_map(Map::values)
                    .map(|lot| number(at(Some(lot), "p")))
                    .sum();
                account.debt = number(at(wallet, "d"));
                let waiting = at(wallet, "p").and_then(|list| list.get("L")?.as_array());
                account.pending =
                    waiting.into_iter().flatten().map(|part| number(at(Some(part), "p"))).sum();
                let ever = at(item.get("f"), "e").and_then(|ever| ever.get("L")?.as_array());
                account.spend = number(ever.and_then(|ever| ever.first()));
                account.orders = number(ever.and_then(|ever| ever.get(2)));
                account.into = text(at(item.get("i"), "c"));
                let list = item.get("j").and_then(|list| list.get("L")?.as_array());
                account.stands_for =
                    list.into_iter().flatten().filter_map(|id| text(Some(id))).collect();
            }
        }
        account
    }
}

pub(crate) fn items(mut answer: Value) -> Vec<Value> {
    match answer.get_mut("Items").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

pub(super) fn at<'a>(value: Option<&'a Value>, name: &str) -> Option<&'a Value> {
    value?.get("M")?.get(name)
}

pub(super) fn number(value: Option<&Value>) -> i64 {
    value.and_then(|value| value.get("N")?.as_str()?.parse().ok()).unwrap_or_default()
}

pub(crate) fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(|value| value.get("S")?.as_str()).map(str::to_owned)
}
