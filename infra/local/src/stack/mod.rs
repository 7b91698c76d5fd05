//! A deployment, reached from a shell: which one is meant, what Terraform wrote down about
//! it, and the clients of its services.

pub(crate) mod record;
pub(crate) mod secrets;
mod vault;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ssm::operation::get_parameter::GetParameterError;
use loyalty::ids::ShopId;
use platform::aws::{Access, Connection, Endpoints, SERVICES};
use platform::store::Settings;
use platform::telemetry::Metrics;
use platform::{Clock, Secrets, Services, Store};
use secrecy::ExposeSecret;

pub(crate) use self::record::Record;
pub(crate) use self::vault::{Entry, Vault};
use crate::cli::Environment;
use crate::failure::Failure;

/// The deployment that is meant where none is named.
pub(crate) const DEFAULT_STACK: &str = "regulars";

/// Services that only the command line speaks to, as the variables of their endpoints name
/// them.
pub(crate) const SQS: &str = "SQS";
pub(crate) const LAMBDA: &str = "LAMBDA";
pub(crate) const STREAMS: &str = "DYNAMODB_STREAMS";
pub(crate) const SCHEDULER: &str = "SCHEDULER";

/// What to do about keys that are missing.
const EXPORT: &str = "run `eval \"$(aws configure export-credentials --format env)\"`";

/// The name of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StackName(String);

impl FromStr for StackName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        let begins = text.bytes().next().is_some_and(|first| first.is_ascii_lowercase());
        if begins && (2..=21).contains(&text.len()) && text.bytes().all(fits) {
            return Ok(Self(text.to_owned()));
        }
        Err("a stack's name has 2 to 21 small letters, digits and hyphens, and begins with a \
             letter, such as regulars"
            .to_owned())
    }
}

impl fmt::Display for StackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An open deployment.
#[derive(Debug)]
pub(crate) struct Stack {
    /// What Terraform wrote down about it.
    pub(crate) record: Record,
    /// What all clients share.
    pub(crate) connection: Connection,
    /// Its table.
    pub(crate) store: Store,
}

impl Stack {
    /// Opens a deployment with the keys and in the region of the environment.
    pub(crate) async fn open(
        name: &StackName,
        environment: Environment<'_>,
    ) -> Result<Self, Failure> {
        let access = access(environment)?;
        let connection = Connection::new(access.clone());
        let parameter = format!("/regulars/{name}/stack");
        let answer = connection.ssm().get_parameter().name(&parameter).send().await;
        let answer = answer.map_err(|error| not_found(name, &access.region, &error))?;
        let json = answer.parameter.and_then(|found| found.value).unwrap_or_default();
        let record: Record = serde_json::from_str(&json).map_err(|error| {
            Failure::because(
                format_args!(
                    "{parameter} in SSM isn't as this version reads it: `terraform apply` with the \
                     same version writes it anew"
                ),
                &error,
            )
        })?;
        if record.region != access.region {
            return Err(Failure::new(format!(
                "the stack {name} is in {}, and AWS_REGION is {}: set AWS_REGION={}",
                record.region, access.region, record.region
            )));
        }
        let store = Store::new(connection.dynamodb(), record.table.clone());
        Ok(Self { record, connection, store })
    }

    /// Its secrets.
    pub(crate) fn vault(&self) -> Vault {
        Vault::new(self.connection.ssm(), self.record.secrets_path.clone())
    }

    /// What its functions work with, where the command line does their work with the keys of
    /// whoever calls it.
    pub(crate) fn services(
        &self,
        secrets: &BTreeMap<String, Entry>,
        environment: Environment<'_>,
        clock: Clock,
    ) -> Services {
        let lists = secrets.iter().map(|(name, entry)| {
            let values: Vec<&str> = entry.values.iter().map(ExposeSecret::expose_secret).collect();
            (name.clone(), values.join(","))
        });
        Services {
            store: self.store.clone(),
            secrets: Secrets::from_lists(lists),
            sites: Arc::new(self.record.sites(environment)),
            clock,
            metrics: Metrics::default(),
        }
    }

    /// A shop of it.
    pub(crate) fn known(&self, shop: &ShopId) -> Result<(), Failure> {
        if self.record.shops.contains_key(shop) {
            return Ok(());
        }
        let shops: Vec<&str> = self.record.shops.keys().map(ShopId::as_str).collect();
        let shops = if shops.is_empty() { "none".to_owned() } else { shops.join(", ") };
        let name = &self.record.stack;
        Err(Failure::new(format!(
            "the stack {name} has no shop {shop}; it has {shops}. A new one is a few lines in the \
             variable `shops`, and `terraform apply`"
        )))
    }

    /// The shop that is meant: the one named, or the only one there is; with its settings.
    pub(crate) async fn shop(&self, named: Option<&ShopId>) -> Result<(ShopId, Settings), Failure> {
        let shop = match named {
            Some(shop) => {
                self.known(shop)?;
                shop.clone()
            }
            None => self.only_shop()?,
        };
        let settings = self.store.settings(&shop).await.map_err(|error| {
            Failure::because(format_args!("cannot read the shop {shop}"), &error)
        })?;
        let name = &self.record.stack;
        let settings = settings.ok_or_else(|| {
            Failure::new(format!(
                "the shop {shop} has no program yet: `regulars program apply FILE --stack {name}` \
                 opens it"
            ))
        })?;
        Ok((shop, settings))
    }

    fn only_shop(&self) -> Result<ShopId, Failure> {
        let mut shops = self.record.shops.keys();
        match (shops.next(), shops.next()) {
            (Some(only), None) => Ok(only.clone()),
            (None, _) => Err(Failure::new(format!(
                "the stack {} has no shop: a shop is a few lines in the variable `shops`, and \
                 `terraform apply`",
                self.record.stack
            ))),
            (Some(_), Some(_)) => {
                let shops: Vec<&str> = self.record.shops.keys().map(ShopId::as_str).collect();
                Err(Failure::new(format!(
                    "there are several shops: say which by --shop: {}",
                    shops.join(", ")
                )))
            }
        }
    }
}

/// Who may speak to AWS, by the environment.
fn access(environment: Environment<'_>) -> Result<Access, Failure> {
    let optional = |name: &str| environment(name).filter(|value| !value.trim().is_empty());
    let key = |name: &str| {
        optional(name)
            .ok_or_else(|| Failure::new(format!("{name} isn't set: {EXPORT}, and the same again")))
    };
    let region = optional("AWS_REGION").or_else(|| optional("AWS_DEFAULT_REGION"));
    let region = region.ok_or_else(|| {
        Failure::new("AWS_REGION isn't set: set it to the region of the stack, such as us-east-1")
    })?;
    let services = SERVICES.into_iter().chain([SQS, LAMBDA, STREAMS, SCHEDULER]);
    Ok(Access {
        region,
        access_key_id: key("AWS_ACCESS_KEY_ID")?,
        secret_access_key: key("AWS_SECRET_ACCESS_KEY")?.into(),
        session_token: optional("AWS_SESSION_TOKEN").map(Into::into),
        endpoints: Endpoints::from_env(services, environment),
    })
}

fn not_found(name: &StackName, region: &str, error: &SdkError<GetParameterError>) -> Failure {
    if error.as_service_error().is_some_and(GetParameterError::is_parameter_not_found) {
        return Failure::new(format!(
            "there is no stack {name} in {region}, or not in this account: look at its name and \
             region, or run `terraform apply`"
        ));
    }
    refused("the stack can't be read", error)
}

/// What AWS didn't do, and what to do about it where that is known.
pub(crate) fn refused<E, R>(what: impl fmt::Display, error: &SdkError<E, R>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: fmt::Debug + Send + Sync + 'static,
{
    let advice = match error.code() {
        Some("ExpiredTokenException" | "ExpiredToken" | "RequestExpired") => {
            format!("the keys of the environment have expired: {EXPORT}")
        }
        Some(
            "UnrecognizedClientException" | "InvalidClientTokenId" | "InvalidSignatureException",
        ) => {
            format!("AWS doesn't know the keys of the environment: {EXPORT}")
        }
        Some("AccessDeniedException" | "AccessDenied") => {
            let why = error.message().unwrap_or("it isn't said which action");
            format!("whoever these keys are isn't allowed it ({why})")
        }
        Some(code) => format!("{code}: {}", error.message().unwrap_or("no more was said")),
        None => crate::failure::chain(error),
    };
    Failure::new(format!("{what}: {advice}"))
}

#[cfg(test)]
pub(crate) mod tests;
