//! The SDK's HTTP client over the engine. See [`Connector::call`].

use std::fmt;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::Open;

/// The media type of DynamoDB's protocol.
const AMZ_JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");

/// Where a request names its operation, as `DynamoDB_20120810.PutItem`.
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");

/// Hands the SDK's requests to the engine, in this process. Clones share the database
/// and keep it open.
#[derive(Clone)]
pub struct Connector {
    open: Arc<Open>,
}

impl Connector {
    pub(super) fn new(open: Arc<Open>) -> Self {
        Self { open }
    }

    /// Answers one request as DynamoDB would: the one place every attempt of every SDK
    /// call passes, above the engine and below the SDK's retries and time-outs.
    ///
    /// Injected faults belong here. Not sent: an error instead of the engine's answer;
    /// reply lost: an error after it; throttled or in conflict: a reply of our own.
    ///
    /// The engine works on the calling task, for a fraction of a millisecond; nothing is
    /// awaited.
    ///
    /// # Errors
    ///
    /// Only for a body that isn't in memory. What the engine refuses is a response with
    /// an error's status, as it is on the wire.
    pub async fn call(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let target = request.headers().get(TARGET.as_str()).unwrap_or_default();
        let body = request
            .body()
            .bytes()
            .ok_or_else(|| ConnectorError::user("the request's body is a stream".into()))?;
        let reply = self.open.engine.answer(target, body);
        let status =
            StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::new(status.into(), SdkBody::from(reply.body));
        response.headers_mut().insert(header::CONTENT_TYPE, AMZ_JSON);
        Ok(response)
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = self.clone();
        HttpConnectorFuture::new(async move { Connector::call(&connector, request).await })
    }
}

impl HttpClient for Connector {
    /// The same connector whatever the time-outs: there is no connection to wait for.
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("dir", &self.open.dir).finish()
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::error::ProvideErrorMetadata;
    use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
    use aws_sdk_dynamodb::types::{
        AttributeValue, Delete, Put, ReturnConsumedCapacity, TransactWriteItem,
    };

    use super::super::Embedded;
    use super::super::tests::{get, put, text, toy_table};

    fn put_new(id: &str, due: Option<&str>) -> TransactWriteItem {
        let item = Put::builder()
            .table_name("toy")
            .item("pk", text(id))
            .item("sk", text("ITEM"))
            .condition_expression("attribute_not_exists(pk)");
        let item = match due {
            Some(due) => item.item("due", text(due)),
            None => item,
        };
        TransactWriteItem::builder().put(item.build().unwrap()).build()
    }

    fn delete(id: &str) -> TransactWriteItem {
        let item = Delete::builder().table_name("toy").key("pk", text(id)).key("sk", text("ITEM"));
        TransactWriteItem::builder().delete(item.build().unwrap()).build()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_put_is_got_again() {
        let embedded = Embedded::temporary().unwrap();
        let client = toy_table(&embedded).await;
        put(&client, "a").await;
        let item = get(&client, "a").await.unwrap();
        assert_eq!(item["size"], AttributeValue::N("3".to_owned()));
        assert_eq!(get(&client, "b").await, None);
    }

    #[tokio::test]
    async fn a_failed_condition_arrives_as_its_own_error() {
        let embedded = Embedded::temporary().unwrap();
        let client = toy_table(&embedded).await;
        put(&client, "a").await;
        let again = client
            .put_item()
            .table_name("toy")
            .item("pk", text("a"))
            .item("sk", text("ITEM"))
            .condition_expression("attribute_not_exists(pk)");
        let error = again.send().await.unwrap_err().into_service_error();
        assert!(error.is_conditional_check_failed_exception(), "{error:?}");
    }

    #[tokio::test]
    async fn a_cancelled_transaction_arrives_with_a_reason_for_each_item() {
        let embedded = Embedded::temporary().unwrap();
        let client = toy_table(&embedded).await;
        put(&client, "a").await;
        let both = client
            .transact_write_items()
            .transact_items(put_new("b", None))
            .transact_items(put_new("a", None));
        let error = both.send().await.unwrap_err().into_service_error();
        let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else {
            panic!("{error:?}");
        };
        let codes: Vec<_> =
            cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code()).collect();
        assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
        assert_eq!(get(&client, "b").await, None);
    }

    #[tokio::test]
    async fn a_transactions_capacity_is_reported_per_table_and_index() {
        let embedded = Embedded::temporary().unwrap();
        let client = toy_table(&embedded).await;
        let write = client
            .transact_write_items()
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .transact_items(put_new("a", Some("2026-12-01")))
            .transact_items(put_new("b", None));
        let answer = write.send().await.unwrap();
        let [capacity] = answer.consumed_capacity() else {
            panic!("{answer:?}");
        };
        // Two writes at the double price of a transaction; the index pays the single one.
        assert_eq!(capacity.table().unwrap().capacity_units(), Some(4.0));
        let index = &capacity.global_secondary_indexes().unwrap()["due"];
        assert_eq!(index.capacity_units(), Some(1.0));
        assert_eq!(capacity.capacity_units(), Some(5.0));
    }

    #[tokio::test]
    async fn a_repeated_token_answers_again_and_writes_nothing() {
        let embedded = Embedded::temporary().unwrap();
        let client = toy_table(&embedded).await;
        let write = |item| {
            client.transact_write_items().client_request_token("once").transact_items(item).send()
        };
        write(put_new("a", None)).await.unwrap();
        client.transact_write_items().transact_items(delete("a")).send().await.unwrap();

        write(put_new("a", None)).await.unwrap();
        assert_eq!(get(&client, "a").await, None);

        let error = write(put_new("b", None)).await.unwrap_err().into_service_error();
        assert!(error.is_idempotent_parameter_mismatch_exception(), "{error:?}");
    }

    #[tokio::test]
    async fn a_refused_transaction_frees_its_token() {
        let embedded = Embedded::temporary().unwrap();
        let client = toy_table(&embedded).await;
        put(&client, "a").await;
        let write = || {
            let write = client.transact_write_items().client_request_token("once");
            write.transact_items(put_new("a", None)).send()
        };
        write().await.unwrap_err();
        client.transact_write_items().transact_items(delete("a")).send().await.unwrap();
        write().await.unwrap();
    }

    #[tokio::test]
    async fn a_refused_value_and_an_unknown_operation_are_validation_errors() {
        let embedded = Embedded::temporary().unwrap();
        let client = toy_table(&embedded).await;
        for refused in [AttributeValue::Ss(Vec::new()), AttributeValue::N("many".to_owned())] {
            let put = client.put_item().table_name("toy").item("pk", text("a"));
            let put = put.item("sk", text("ITEM")).item("refused", refused.clone());
            let error = put.send().await.unwrap_err().into_service_error();
            assert_eq!(error.code(), Some("ValidationException"), "{refused:?}");
            assert!(!error.message().unwrap().contains("VALIDATION"), "{error:?}");
        }

        let error = client.describe_limits().send().await.unwrap_err().into_service_error();
        assert_eq!(error.code(), Some("ValidationException"));
        assert!(error.message().unwrap().contains("DescribeLimits"), "{error:?}");
    }
}
