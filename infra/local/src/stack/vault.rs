//! The secrets of a deployment: SecureStrings below one path of SSM Parameter Store.

use std::collections::BTreeMap;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::operation::put_parameter::PutParameterError;
use aws_sdk_ssm::types::ParameterType;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::refused;
use crate::failure::Failure;

/// The secrets of a deployment.
#[derive(Debug, Clone)]
pub(crate) struct Vault {
    client: Client,
    path: String,
}

/// A secret as it is kept: a list, so that a rotation overlaps. Its values aren't printed.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Its values, newest first.
    pub(crate) values: Vec<SecretString>,
    /// When it was last written.
    pub(crate) changed_at: Option<Timestamp>,
}

impl Vault {
    pub(super) fn new(client: Client, path: String) -> Self {
        Self { client, path: path.trim_end_matches('/').to_owned() }
    }

    /// Where a secret stands.
    pub(crate) fn place(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    /// Every secret, by its name.
    pub(crate) async fn all(&self) -> Result<BTreeMap<String, Entry>, Failure> {
        let mut pages = self
            .client
            .get_parameters_by_path()
            .path(&self.path)
            .recursive(true)
            .with_decryption(true)
            .into_paginator()
            .send();
        let mut found = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let what = format_args!("the secrets below {} can't be read", self.path);
            let page = page.map_err(|error| refused(what, &error))?;
            for parameter in page.parameters.unwrap_or_default() {
                let name = parameter.name.unwrap_or_default();
                let name = name.strip_prefix(&self.path).unwrap_or(&name).trim_matches('/');
                let at = parameter.last_modified_date;
                let changed_at = at.and_then(|at| Timestamp::from_second(at.secs()).ok());
                let values = split(&parameter.value.unwrap_or_default());
                found.insert(name.to_owned(), Entry { values, changed_at });
            }
        }
        Ok(found)
    }

    /// Keeps a list of values. With `only_new` one that is there already stays: `Ok(false)`.
    pub(crate) async fn put(
        &self,
        name: &str,
        values: &[SecretString],
        only_new: bool,
    ) -> Result<bool, Failure> {
        let list: Vec<&str> = values.iter().map(ExposeSecret::expose_secret).collect();
        let put = self
            .client
            .put_parameter()
            .name(self.place(name))
            .value(list.join(","))
            .r#type(ParameterType::SecureString)
            .overwrite(!only_new)
            .send()
            .await;
        match put {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PutParameterError::is_parameter_already_exists) =>
            {
                Ok(false)
            }
            Err(error) => Err(refused(format_args!("the secret {name} can't be kept"), &error)),
        }
    }
}

/// A list of secrets; blanks around them and empty ones don't count.
pub(super) fn split(list: &str) -> Vec<SecretString> {
    list.split(',').map(str::trim).filter(|one| !one.is_empty()).map(SecretString::from).collect()
}
