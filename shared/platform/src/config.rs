//! Configuration of a Lambda function: read once, by name, in `main.rs`.

use secrecy::SecretString;
use thiserror::Error;

/// What a function needs to know before its first request.
#[derive(Debug, Clone)]
pub struct Config {
    /// `REGULARS_TABLE`: the DynamoDB table.
    pub table: String,
    /// `REGULARS_SECRETS_PATH`: where secrets stand in SSM, such as `/regulars/prod`.
    pub secrets_path: String,
    /// `AWS_REGION`, set by Lambda.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`, set by Lambda.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`, set by Lambda.
    pub secret_access_key: SecretString,
    /// `AWS_SESSION_TOKEN`, set by Lambda.
    pub session_token: Option<SecretString>,
    /// `AWS_ENDPOINT_URL_DYNAMODB`: another DynamoDB than the region's, for a laptop.
    pub dynamodb_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_SSM`: another SSM than the region's.
    pub ssm_endpoint: Option<String>,
}

/// A variable is missing or unusable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// Not set, or empty.
    #[error("the environment variable {name} isn't set: {meaning}")]
    Missing {
        /// The variable.
        name: &'static str,
        /// What to put there.
        meaning: &'static str,
    },
}

impl Config {
    /// Reads the configuration by asking `variable` for each name.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let optional = |name| variable(name).filter(|value| !value.trim().is_empty());
        let required = |name, meaning| optional(name).ok_or(ConfigError::Missing { name, meaning });
        let any = optional("AWS_ENDPOINT_URL");
        Ok(Self {
            table: required("REGULARS_TABLE", "name the DynamoDB table")?,
            secrets_path: required(
                "REGULARS_SECRETS_PATH",
                "name the SSM path of the secrets, such as /regulars/prod",
            )?,
            region: required("AWS_REGION", "name the region, such as us-east-1")?,
            access_key_id: required("AWS_ACCESS_KEY_ID", "Lambda sets it from the role")?,
            secret_access_key: required("AWS_SECRET_ACCESS_KEY", "Lambda sets it from the role")?
                .into(),
            session_token: optional("AWS_SESSION_TOKEN").map(SecretString::from),
            dynamodb_endpoint: optional("AWS_ENDPOINT_URL_DYNAMODB").or_else(|| any.clone()),
            ssm_endpoint: optional("AWS_ENDPOINT_URL_SSM").or(any),
        })
    }
}

/// The variable of a shop's secret: `corner-bakery`, `shopify` →
/// `REGULARS_SECRET_CORNER_BAKERY_SHOPIFY`.
pub fn secret_variable(shop: &loyalty::ids::ShopId, secret: &str) -> String {
    let name = |text: &str| text.to_uppercase().replace('-', "_");
    format!("REGULARS_SECRET_{}_{}", name(shop.as_str()), name(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lambda(name: &str) -> Option<String> {
        let value = match name {
            "REGULARS_TABLE" => "regulars",
            "REGULARS_SECRETS_PATH" => "/regulars/prod",
            "AWS_REGION" => "us-east-1",
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "x",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn a_missing_variable_is_named_with_what_to_put_there() {
        let without = |name: &str| lambda(name).filter(|_| name != "REGULARS_TABLE");
        assert_eq!(
            Config::from_env(without).unwrap_err().to_string(),
            "the environment variable REGULARS_TABLE isn't set: name the DynamoDB table"
        );
    }

    #[test]
    fn the_services_own_endpoint_goes_before_the_general_one() {
        let local = |name: &str| match name {
            "AWS_ENDPOINT_URL" => Some("http://a".to_owned()),
            "AWS_ENDPOINT_URL_DYNAMODB" => Some("http://b".to_owned()),
            _ => lambda(name),
        };
        let config = Config::from_env(local).unwrap();
        assert_eq!(config.dynamodb_endpoint.as_deref(), Some("http://b"));
        assert_eq!(config.ssm_endpoint.as_deref(), Some("http://a"));
    }

    #[test]
    fn a_shops_secret_has_its_variable() {
        let shop = "corner-bakery".parse().unwrap();
        assert_eq!(secret_variable(&shop, "shopify"), "REGULARS_SECRET_CORNER_BAKERY_SHOPIFY");
    }
}
