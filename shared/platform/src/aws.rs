//! SDK clients, built from the configuration alone: no profile files, no metadata
//! service, and one TLS client on ring shared by all.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use secrecy::ExposeSecret;

use crate::Config;

/// How long a service is waited for.
#[derive(Debug, Clone, Copy)]
struct Patience {
    connect: Duration,
    attempt: Duration,
    operation: Duration,
}

/// Shopify waits 5 s in all. An attempt that takes a second won't get better by waiting,
/// and what is left of the 5 s goes to our own retries and the answer.
const WHILE_SHOPIFY_WAITS: Patience = Patience {
    connect: Duration::from_secs(1),
    attempt: Duration::from_secs(1),
    operation: Duration::from_secs(3),
};

/// Nobody waits for the mailer, and a send given up on is a message whose fate isn't
/// known: better to wait.
const WHILE_NOBODY_WAITS: Patience = Patience {
    connect: Duration::from_secs(3),
    attempt: Duration::from_secs(10),
    operation: Duration::from_secs(25),
};

/// What all clients share.
#[derive(Debug, Clone)]
pub struct Connection<'a> {
    config: &'a Config,
    http: SharedHttpClient,
}

impl<'a> From<&'a Config> for Connection<'a> {
    fn from(config: &'a Config) -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        Self { config, http }
    }
}

impl Connection<'_> {
    /// A DynamoDB client.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let endpoint = self.config.dynamodb_endpoint.as_ref();
        aws_sdk_dynamodb::Client::new(&self.to(endpoint, WHILE_SHOPIFY_WAITS))
    }

    /// An SSM client.
    pub fn ssm(&self) -> aws_sdk_ssm::Client {
        let endpoint = self.config.ssm_endpoint.as_ref();
        aws_sdk_ssm::Client::new(&self.to(endpoint, WHILE_SHOPIFY_WAITS))
    }

    /// An SES client.
    pub fn ses(&self) -> aws_sdk_sesv2::Client {
        let endpoint = self.config.ses_endpoint.as_ref();
        aws_sdk_sesv2::Client::new(&self.to(endpoint, WHILE_NOBODY_WAITS))
    }

    /// An EventBridge client.
    pub fn eventbridge(&self) -> aws_sdk_eventbridge::Client {
        let endpoint = self.config.eventbridge_endpoint.as_ref();
        aws_sdk_eventbridge::Client::new(&self.to(endpoint, WHILE_NOBODY_WAITS))
    }

    /// What any service's client is made from.
    fn to(&self, endpoint: Option<&String>, patience: Patience) -> SdkConfig {
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.config.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(self.credentials()))
            .http_client(self.http.clone())
            .timeout_config(patience.timeouts());
        config.set_endpoint_url(endpoint.cloned());
        config.build()
    }

    /// A Lambda's credentials stay valid for the life of its process.
    fn credentials(&self) -> Credentials {
        let config = self.config;
        Credentials::new(
            config.access_key_id.clone(),
            config.secret_access_key.expose_secret(),
            config.session_token.as_ref().map(|token| token.expose_secret().to_owned()),
            None,
            "environment",
        )
    }
}

impl Patience {
    fn timeouts(self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.connect)
            .operation_attempt_timeout(self.attempt)
            .operation_timeout(self.operation)
            .build()
    }
}
