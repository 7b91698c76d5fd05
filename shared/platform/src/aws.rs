//! SDK clients, built from the configuration alone: no profile files, no metadata
//! service, and one TLS client on ring shared by all.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::timeout::TimeoutConfig;
use secrecy::ExposeSecret;

use crate::Config;

/// Shopify waits 5 s in all. An attempt that takes a second won't get better by waiting.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);

/// What is left of Shopify's 5 s goes to our own retries and the answer.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(3);

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
        use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Region};
        let mut config = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.config.region.clone()))
            .credentials_provider(self.credentials())
            .http_client(self.http.clone())
            .timeout_config(timeouts());
        config.set_endpoint_url(self.config.dynamodb_endpoint.clone());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// An SSM client.
    pub fn ssm(&self) -> aws_sdk_ssm::Client {
        use aws_sdk_ssm::config::{BehaviorVersion, Builder, Region};
        let mut config = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.config.region.clone()))
            .credentials_provider(self.credentials())
            .http_client(self.http.clone())
            .timeout_config(timeouts());
        config.set_endpoint_url(self.config.ssm_endpoint.clone());
        aws_sdk_ssm::Client::from_conf(config.build())
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

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(ATTEMPT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}
