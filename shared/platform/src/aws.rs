//! SDK clients, built from the configuration alone: no profile files, no metadata
//! service, and one TLS client on ring shared by all.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use secrecy::{ExposeSecret, SecretString};

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

/// The longest that one of our functions may run, and a little more: given up on, it would
/// run on and be run again.
const WHILE_A_FUNCTION_RUNS: Patience = Patience {
    connect: Duration::from_secs(3),
    attempt: Duration::from_secs(330),
    operation: Duration::from_secs(340),
};

/// The services of the functions, as the variables of their endpoints name them.
const DYNAMODB: &str = "DYNAMODB";
const SSM: &str = "SSM";
const SES: &str = "SESV2";
const EVENTBRIDGE: &str = "EVENTBRIDGE";

/// The services that every connection has a client of.
pub const SERVICES: [&str; 4] = [DYNAMODB, SSM, SES, EVENTBRIDGE];

/// Who may speak to AWS, and where it is.
#[derive(Debug, Clone)]
pub struct Access {
    /// The region, such as `us-east-1`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: SecretString,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: Option<SecretString>,
    /// Where services are that aren't the region's own.
    pub endpoints: Endpoints,
}

/// Where services are that aren't the region's own, by the end of the variable that says so:
/// `DYNAMODB` for `AWS_ENDPOINT_URL_DYNAMODB`.
#[derive(Debug, Clone, Default)]
pub struct Endpoints {
    any: Option<String>,
    of: BTreeMap<&'static str, String>,
}

impl Endpoints {
    /// Those that the environment names; a service's own goes before `AWS_ENDPOINT_URL`.
    pub fn from_env(
        services: impl IntoIterator<Item = &'static str>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let optional = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let own = |service| Some((service, optional(&format!("AWS_ENDPOINT_URL_{service}"))?));
        let of = services.into_iter().filter_map(own).collect();
        Self { any: optional("AWS_ENDPOINT_URL"), of }
    }

    fn of(&self, service: &str) -> Option<&String> {
        self.of.get(service).or(self.any.as_ref())
    }
}

/// What all clients share.
#[derive(Debug, Clone)]
pub struct Connection {
    access: Access,
    http: SharedHttpClient,
}

impl From<&Config> for Connection {
    fn from(config: &Config) -> Self {
        Self::new(config.access.clone())
    }
}

impl Connection {
    /// A connection for who has this access. Nothing is sent yet.
    pub fn new(access: Access) -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        Self { access, http }
    }

    /// A DynamoDB client.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.to(DYNAMODB, WHILE_SHOPIFY_WAITS))
    }

    /// An SSM client.
    pub fn ssm(&self) -> aws_sdk_ssm::Client {
        aws_sdk_ssm::Client::new(&self.to(SSM, WHILE_SHOPIFY_WAITS))
    }

    /// An SES client.
    pub fn ses(&self) -> aws_sdk_sesv2::Client {
        aws_sdk_sesv2::Client::new(&self.to(SES, WHILE_NOBODY_WAITS))
    }

    /// An EventBridge client.
    pub fn eventbridge(&self) -> aws_sdk_eventbridge::Client {
        aws_sdk_eventbridge::Client::new(&self.to(EVENTBRIDGE, WHILE_NOBODY_WAITS))
    }

    /// What a client of another service is made from, by its name among the [`Endpoints`].
    pub fn service(&self, name: &str) -> SdkConfig {
        self.to(name, WHILE_NOBODY_WAITS)
    }

    /// The same for a service whose answers take as long as a function may run.
    pub fn patient_service(&self, name: &str) -> SdkConfig {
        self.to(name, WHILE_A_FUNCTION_RUNS)
    }

    /// What any service's client is made from.
    fn to(&self, service: &str, patience: Patience) -> SdkConfig {
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.access.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(self.credentials()))
            .http_client(self.http.clone())
            .timeout_config(patience.timeouts());
        config.set_endpoint_url(self.access.endpoints.of(service).cloned());
        config.build()
    }

    /// A Lambda's credentials stay valid for the life of its process, and a person's for the
    /// command she types.
    fn credentials(&self) -> Credentials {
        let access = &self.access;
        Credentials::new(
            access.access_key_id.clone(),
            access.secret_access_key.expose_secret(),
            access.session_token.as_ref().map(|token| token.expose_secret().to_owned()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_own_endpoint_goes_before_the_general_one() {
        let local = |name: &str| match name {
            "AWS_ENDPOINT_URL" => Some("http://a".to_owned()),
            "AWS_ENDPOINT_URL_DYNAMODB" => Some("http://b".to_owned()),
            _ => None,
        };
        let endpoints = Endpoints::from_env(SERVICES, local);
        assert_eq!(endpoints.of(DYNAMODB).map(String::as_str), Some("http://b"));
        for other in [SSM, SES, EVENTBRIDGE] {
            assert_eq!(endpoints.of(other).map(String::as_str), Some("http://a"));
        }
    }
}
