//! Secrets: a list each, so that a rotation overlaps.
//!
//! In AWS they stand in SSM Parameter Store as SecureStrings below one path, put there
//! by a person's command and never by Terraform, whose state would keep them in the open.
//! On one machine they are handed in.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use jiff::{SignedDuration, Timestamp};
use loyalty::ids::ShopId;
use secrecy::SecretString;
use thiserror::Error;

/// A failed check asks SSM again, but not more often than this: a flood of forgeries
/// mustn't become a flood of calls.
const REFRESH_AT_MOST_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// Secrets couldn't be loaded.
#[derive(Debug, Error)]
pub enum SecretsError {
    /// SSM didn't answer as hoped.
    #[error("secrets couldn't be read from {path} in SSM Parameter Store")]
    Ssm {
        /// The path asked for.
        path: String,
        /// Why.
        #[source]
        source: Box<aws_sdk_ssm::Error>,
    },
    /// A secret every deployment or shop needs isn't there.
    #[error("the secret {0} isn't set: `regulars secrets set` makes it")]
    Missing(String),
}

type Known = BTreeMap<String, Arc<[SecretString]>>;

/// The secrets of a deployment, by name: `<shop>/shopify`, `identity`, `api`.
#[derive(Debug, Clone)]
pub struct Secrets {
    known: Arc<RwLock<Loaded>>,
    ssm: Option<(aws_sdk_ssm::Client, String)>,
}

#[derive(Debug)]
struct Loaded {
    secrets: Known,
    at: Option<Timestamp>,
}

impl Secrets {
    /// Loads every secret below `path`.
    pub async fn from_ssm(
        client: aws_sdk_ssm::Client,
        path: String,
        now: Timestamp,
    ) -> Result<Self, SecretsError> {
        let secrets = load(&client, &path).await?;
        let loaded = Loaded { secrets, at: Some(now) };
        Ok(Self { known: Arc::new(RwLock::new(loaded)), ssm: Some((client, path)) })
    }

    /// Secrets by name, each a comma-separated list as in the environment and in SSM.
    pub fn from_lists(lists: impl IntoIterator<Item = (String, String)>) -> Self {
        let secrets = lists.into_iter().map(|(name, list)| (name, split(&list))).collect();
        Self { known: Arc::new(RwLock::new(Loaded { secrets, at: None })), ssm: None }
    }

    /// A shop's secret of this kind, such as `shopify`; empty where it has none, which is
    /// also how an unknown shop looks.
    pub fn of_shop(&self, shop: &ShopId, kind: &str) -> Arc<[SecretString]> {
        self.named(&format!("{shop}/{kind}"))
    }

    /// A secret by its full name; empty where there is none.
    pub fn named(&self, name: &str) -> Arc<[SecretString]> {
        let known = self.known.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        known.secrets.get(name).cloned().unwrap_or_default()
    }

    /// Every shop that has a secret of its own: every shop of the deployment.
    pub fn shops(&self) -> Vec<ShopId> {
        let known = self.known.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        let shop = |name: &String| name.split_once('/')?.0.parse().ok();
        let mut shops: Vec<ShopId> = known.secrets.keys().filter_map(shop).collect();
        shops.dedup();
        shops
    }

    /// The key of all identities.
    pub fn identity_key(&self) -> Result<SecretString, SecretsError> {
        let key = self.named("identity").first().cloned();
        key.ok_or_else(|| SecretsError::Missing("identity".to_owned()))
    }

    /// Loads anew after a failed check, because a secret may have been rotated; at most
    /// once a minute. Says whether anything was loaded. A failure to load is logged and
    /// leaves the secrets as they were.
    pub async fn refresh(&self, now: Timestamp) -> bool {
        let Some((client, path)) = &self.ssm else { return false };
        {
            let mut known = self.known.write().unwrap_or_else(|poisoned| poisoned.into_inner());
            let fresh = |at| now.duration_since(at) < REFRESH_AT_MOST_EVERY;
            if known.at.is_some_and(fresh) {
                return false;
            }
            // Set before the call: others who fail meanwhile don't ask too.
            known.at = Some(now);
        }
        match load(client, path).await {
            Ok(secrets) => {
                let mut known = self.known.write().unwrap_or_else(|poisoned| poisoned.into_inner());
                known.secrets = secrets;
                true
            }
            Err(error) => {
                let error = crate::telemetry::chain(&error);
                tracing::error!(error, "secrets not refreshed");
                false
            }
        }
    }
}

async fn load(client: &aws_sdk_ssm::Client, path: &str) -> Result<Known, SecretsError> {
    let failed = |source: aws_sdk_ssm::Error| SecretsError::Ssm {
        path: path.to_owned(),
        source: Box::new(source),
    };
    let mut pages = client
        .get_parameters_by_path()
        .path(path)
        .recursive(true)
        .with_decryption(true)
        .into_paginator()
        .send();
    let mut known = Known::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failed(error.into()))?;
        for parameter in page.parameters.unwrap_or_default() {
            let name = parameter.name.unwrap_or_default();
            let name = name.strip_prefix(path).unwrap_or(&name).trim_matches('/');
            known.insert(name.to_owned(), split(&parameter.value.unwrap_or_default()));
        }
    }
    Ok(known)
}

/// A list of secrets; blanks around them and empty ones don't count.
fn split(list: &str) -> Arc<[SecretString]> {
    list.split(',').map(str::trim).filter(|one| !one.is_empty()).map(SecretString::from).collect()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_rotating_secret_is_a_list_and_an_empty_one_is_none() {
        let list = [("a/shopify".to_owned(), " old, new ,".to_owned())];
        let secrets = Secrets::from_lists(list);
        let found = secrets.of_shop(&"a".parse().unwrap(), "shopify");
        let found: Vec<_> = found.iter().map(ExposeSecret::expose_secret).collect();
        assert_eq!(found, ["old", "new"]);
        assert!(secrets.of_shop(&"b".parse().unwrap(), "shopify").is_empty());
        assert!(split(" , ").is_empty());
    }

    #[test]
    fn the_shops_are_those_that_have_secrets() {
        let names = ["a/shopify", "a/square", "api", "b/shopify", "identity"];
        let secrets = Secrets::from_lists(names.map(|name| (name.to_owned(), "x".to_owned())));
        assert_eq!(secrets.shops(), ["a", "b"].map(|shop| shop.parse().unwrap()));
    }

    #[test]
    fn secrets_never_show_in_debug_output() {
        let secrets = Secrets::from_lists([("a/shopify".to_owned(), "hush".to_owned())]);
        assert!(!format!("{secrets:?}").contains("hush"));
    }
}
