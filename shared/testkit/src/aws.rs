//! The three services of AWS in one process, beneath the real SDK.

use std::fmt;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_eventbridge::config::retry::RetryPartition;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::timeout::TimeoutConfig;
use http::{HeaderValue, StatusCode, header};
use platform::Clock;
use serde_json::{Value, json};

use crate::bus::Bus;
use crate::embedded::{self, Embedded};
use crate::ses::Ses;

/// Where a request names its operation, of the services that have no paths.
pub const TARGET: &str = "x-amz-target";

/// Where an answer names its error.
const ERROR_TYPE: &str = "x-amzn-errortype";

/// How the targets of EventBridge begin.
const EVENTS: &str = "AWSEvents.";

/// How SES's paths begin.
const EMAIL: &str = "/v2/email/";

/// How long a client waits for an attempt and for all of them, as in AWS.
const ATTEMPT: Duration = Duration::from_secs(10);
const OPERATION: Duration = Duration::from_secs(25);

/// An answer as it goes over the wire.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// HTTP's status.
    pub status: u16,
    /// JSON; an error's has its code under `__type`.
    pub body: Value,
}

impl Reply {
    /// An error.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self { status, body: json!({ "__type": code, "message": message }) }
    }

    /// An error's code, which AWS puts into a header too.
    pub fn error_type(&self) -> Option<&str> {
        self.body.get("__type").and_then(Value::as_str)
    }

    /// As HTTP has it.
    pub fn into_response(self) -> http::Response<String> {
        let mut response = http::Response::new(self.body.to_string());
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        if let Some(Ok(code)) = self.error_type().map(HeaderValue::from_str) {
            response.headers_mut().insert(ERROR_TYPE, code);
        }
        response
    }
}

/// DynamoDB, SES and EventBridge, with a clock between them. Clones are the same.
#[derive(Debug, Clone)]
pub struct Cloud {
    /// The database.
    pub embedded: Embedded,
    /// SES.
    pub ses: Ses,
    /// EventBridge.
    pub bus: Bus,
    /// What time it is there.
    pub clock: Clock,
}

impl Cloud {
    /// A cloud with nothing sent and nothing happened.
    pub fn new(embedded: Embedded, clock: Clock) -> Self {
        Self { embedded, ses: Ses::new(), bus: Bus::new(), clock }
    }

    /// The SDK's way in, to all three.
    pub fn connector(&self) -> Connector {
        let Self { embedded, ses, bus, clock } = self.clone();
        Connector { dynamodb: embedded.connector(), beside: Some(Beside { ses, bus, clock }) }
    }

    /// A client of the database.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.embedded.client()
    }

    /// Mail as functions send it.
    pub fn mail(&self) -> platform::mail::Mail {
        mail_over(self.connector())
    }

    /// The bus as functions put events on it.
    pub fn events(&self) -> platform::bus::Bus {
        bus_over(self.connector())
    }
}

/// Mail over a connector, such as one with faults, with the time-outs it has in AWS.
pub fn mail_over(http: impl HttpClient + 'static) -> platform::mail::Mail {
    use aws_sdk_sesv2::config::{BehaviorVersion, Config, Region};
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(credentials())
        .endpoint_url("http://ses.invalid")
        .timeout_config(timeouts())
        .http_client(http);
    platform::mail::Mail::new(aws_sdk_sesv2::Client::from_conf(config.build()))
}

/// The bus `default` over a connector, such as one with faults, with the time-outs it has
/// in AWS.
pub fn bus_over(http: impl HttpClient + 'static) -> platform::bus::Bus {
    use aws_sdk_eventbridge::config::{BehaviorVersion, Config, Region};
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(credentials())
        .endpoint_url("http://events.invalid")
        .timeout_config(timeouts())
        // A bucket of retries of its own: what one used up is no other's loss.
        .retry_partition(RetryPartition::custom("in-process").build())
        .http_client(http);
    platform::bus::Bus::new(aws_sdk_eventbridge::Client::from_conf(config.build()), "default")
}

fn credentials() -> Credentials {
    Credentials::from_keys("embedded", "embedded", None)
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(OPERATION).build()
}

/// Hands the SDK's requests to the service they are for, in this process.
#[derive(Debug, Clone)]
pub struct Connector {
    dynamodb: embedded::Connector,
    beside: Option<Beside>,
}

#[derive(Debug, Clone)]
struct Beside {
    ses: Ses,
    bus: Bus,
    clock: Clock,
}

impl From<embedded::Connector> for Connector {
    /// A cloud that has a database only.
    fn from(dynamodb: embedded::Connector) -> Self {
        Self { dynamodb, beside: None }
    }
}

impl Connector {
    /// Answers one request; see [`embedded::Connector::call`].
    ///
    /// # Errors
    ///
    /// For a body that isn't in memory, and for a service that isn't here.
    pub async fn call(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let service = Service::of(&request);
        if service == Service::DynamoDb {
            return self.dynamodb.call(request).await;
        }
        let beside = self.beside.as_ref();
        let Beside { ses, bus, clock } =
            beside.ok_or_else(|| ConnectorError::user("only the database is here".into()))?;
        let body = request.body().bytes();
        let body =
            body.ok_or_else(|| ConnectorError::user("the request's body is a stream".into()))?;
        let reply = match service {
            Service::EventBridge => {
                let target = request.headers().get(TARGET).unwrap_or_default();
                bus.answer(target, body, clock.now())
            }
            _ => ses.answer(request.method(), path(&request), body, clock.now()),
        };
        Ok(response(reply))
    }
}

/// An answer as the SDK gets it.
pub(crate) fn response(reply: Reply) -> HttpResponse {
    let (parts, body) = reply.into_response().into_parts();
    let mut response = HttpResponse::new(parts.status.into(), SdkBody::from(body));
    for (name, value) in &parts.headers {
        if let Ok(value) = value.to_str() {
            response.headers_mut().insert(name.as_str().to_owned(), value.to_owned());
        }
    }
    response
}

/// Whom a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    DynamoDb,
    EventBridge,
    Ses,
}

impl Service {
    fn of(request: &HttpRequest) -> Self {
        match request.headers().get(TARGET) {
            Some(target) if target.starts_with(EVENTS) => Self::EventBridge,
            None if path(request).starts_with(EMAIL) => Self::Ses,
            _ => Self::DynamoDb,
        }
    }
}

/// What a request asks for: its operation's name.
pub(crate) fn operation(request: &HttpRequest) -> String {
    if let Some(target) = request.headers().get(TARGET) {
        return target.rsplit('.').next().unwrap_or_default().to_owned();
    }
    match (request.method(), path(request).strip_prefix(EMAIL)) {
        ("POST", Some("outbound-emails")) => "SendEmail".to_owned(),
        ("GET", Some("account")) => "GetAccount".to_owned(),
        _ => String::new(),
    }
}

fn path(request: &HttpRequest) -> &str {
    let uri = request.uri();
    let after_scheme = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let path = after_scheme.find('/').and_then(|at| after_scheme.get(at..)).unwrap_or("/");
    path.split('?').next().unwrap_or(path)
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

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.body)
    }
}
