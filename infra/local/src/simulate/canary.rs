//! Two ways to do it wrong that look right. If the simulator doesn't catch them, it is
//! the simulator that is broken.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;

use super::history::Event;
use super::play::Subject;

/// What a canary holds around its writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// Looks whether the order was counted, adds, and notes that it was.
    CheckThenPut,
    /// Takes a lease that ends after a while, adds, and marks it done.
    Lease,
}

/// A broken handler: each write is fine, together they aren't one.
pub(super) struct Canary {
    client: Client,
    shop: String,
    guard: Guard,
    ledger: Arc<AtomicU64>,
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn map<const N: usize>(fields: [(&str, AttributeValue); N]) -> AttributeValue {
    AttributeValue::M(fields.map(|(name, value)| (name.to_owned(), value)).into())
}

type Done = Result<(), Box<dyn std::error::Error + Send + Sync>>;

impl Canary {
    pub(super) fn new(client: Client, shop: String, guard: Guard) -> Self {
        Self { client, shop, guard, ledger: Arc::default() }
    }

    async fn purchase(
        &self,
        order: &Value,
    ) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
        let (shop, id) = (&self.shop, order["id"].as_u64().unwrap());
        let cents: i64 = order["total_price"].as_str().unwrap().replace('.', "").parse()?;
        let customer = format!("c{}", order["customer"]["id"]);
        let marker = format!("SHOP#{shop}#ONCE#{id}");
        let free = match self.guard {
            Guard::CheckThenPut => !self.exists(&marker).await?,
            Guard::Lease => self.lease(&marker).await?,
        };
        if !free {
            return Ok(self.guard == Guard::CheckThenPut || self.is_done(&marker).await?);
        }
        self.add(&customer, id, cents / 10, cents).await?;
        self.put(&marker, "ONCE", [("done", AttributeValue::Bool(true))]).await?;
        Ok(true)
    }

    async fn add(&self, customer: &str, order: u64, points: i64, cents: i64) -> Done {
        let partition = format!("SHOP#{}#CUST#{customer}", self.shop);
        if !self.exists_at(&partition, "ACCOUNT").await? {
            let wallet = map([("l", map([("never", map([("p", number(0))]))]))]);
            let ever = AttributeValue::L(vec![number(0), number(0), number(0)]);
            let account = [("w", wallet), ("f", map([("e", ever)]))];
            // Somebody else may be first: then it is there, which is all that is needed.
            let _ = self.put_new(&partition, "ACCOUNT", account).await;
        }
        self.client
            .update_item()
            .table_name("regulars")
            .key("pk", text(&partition))
            .key("sk", text("ACCOUNT"))
            .update_expression(
                "SET w.l.never.p = w.l.never.p + :p, f.e[0] = f.e[0] + :k, f.e[2] = f.e[2] + :one",
            )
            .expression_attribute_values(":p", number(points))
            .expression_attribute_values(":k", number(cents))
            .expression_attribute_values(":one", number(1))
            .send()
            .await?;
        let entry = self.ledger.fetch_add(1, Ordering::Relaxed);
        let cause = map([("order", text(format!("shopify:{order}")))]);
        let fields = [("d", number(points)), ("b", number(points)), ("c", cause)];
        self.put(&partition, &format!("LEDGER#{entry:010}"), fields).await?;
        let snapshot = map([("t", text("bronze"))]);
        let counted = map([("p", number(points)), ("k", number(cents))]);
        let fields = [("c", text(customer)), ("f", counted), ("n", snapshot)];
        self.put(&format!("SHOP#{}#ORDER#shopify#{order}", self.shop), "ORDER", fields).await
    }

    async fn exists(&self, pk: &str) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
        self.exists_at(pk, "ONCE").await
    }

    async fn exists_at(
        &self,
        pk: &str,
        sk: &str,
    ) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
        let get = self.client.get_item().table_name("regulars").consistent_read(true);
        Ok(get.key("pk", text(pk)).key("sk", text(sk)).send().await?.item.is_some())
    }

    async fn is_done(&self, pk: &str) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
        let get = self.client.get_item().table_name("regulars").consistent_read(true);
        let item = get.key("pk", text(pk)).key("sk", text("ONCE")).send().await?.item;
        Ok(item.is_some_and(|item| item.contains_key("done")))
    }

    /// Takes the lease if nobody holds it, or it has ended without being done.
    async fn lease(&self, pk: &str) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
        let now = i64::try_from(tokio::time::Instant::now().elapsed().as_millis())?;
        let put = self
            .client
            .put_item()
            .table_name("regulars")
            .item("pk", text(pk))
            .item("sk", text("ONCE"))
            .item("until", number(now + 1000))
            .condition_expression("attribute_not_exists(pk) OR attribute_not_exists(done)");
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn put<const N: usize>(
        &self,
        pk: &str,
        sk: &str,
        fields: [(&str, AttributeValue); N],
    ) -> Done {
        let mut put = self.client.put_item().table_name("regulars");
        for (name, value) in fields {
            put = put.item(name, value);
        }
        put.item("pk", text(pk)).item("sk", text(sk)).send().await?;
        Ok(())
    }

    async fn put_new<const N: usize>(
        &self,
        pk: &str,
        sk: &str,
        fields: [(&str, AttributeValue); N],
    ) -> Done {
        let mut put = self.client.put_item().table_name("regulars");
        for (name, value) in fields {
            put = put.item(name, value);
        }
        let put = put.item("pk", text(pk)).item("sk", text(sk));
        put.condition_expression("attribute_not_exists(pk)").send().await?;
        Ok(())
    }
}

impl Subject for Canary {
    async fn take(&self, event: &Event) -> u16 {
        let order: Value = serde_json::from_slice(&event.body).unwrap();
        match self.purchase(&order).await {
            Ok(true) => 200,
            Ok(false) | Err(_) => 503,
        }
    }
}
