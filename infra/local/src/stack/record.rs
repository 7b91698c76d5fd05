//! What Terraform writes down about a deployment, as JSON in the SSM parameter
//! `/regulars/<stack>/stack`. Nothing of it is secret.

use std::collections::BTreeMap;

use loyalty::ids::{ShopId, Source};
use platform::Sites;
use platform::sender::Carrier;
use serde::Deserialize;

/// A deployment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Record {
    /// Its name.
    pub(crate) stack: String,
    /// Its region.
    pub(crate) region: String,
    /// The AWS account it is in.
    pub(crate) account: String,
    /// Its table.
    pub(crate) table: String,
    /// Scheme and host of its HTTP API.
    pub(crate) public_url: String,
    /// Where its secrets stand in SSM.
    pub(crate) secrets_path: String,
    /// The URL of the queue of its dead letters.
    pub(crate) dead_letters: String,
    /// The name of its hourly schedule.
    pub(crate) schedule: String,
    /// Its functions, by what they are, and as they are called at AWS.
    pub(crate) functions: BTreeMap<String, String>,
    /// Its shops.
    pub(crate) shops: BTreeMap<ShopId, Shop>,
}

/// A shop of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Shop {
    /// The domain its mail comes from.
    pub(crate) mail_domain: String,
    /// The domain that bounces go to.
    pub(crate) mail_from_domain: Option<String>,
    /// Its configuration set at SES.
    pub(crate) configuration_set: String,
    /// Where the links in its mail lead; to the deployment's own URL where there is none.
    pub(crate) link_url: Option<String>,
    /// Its domain at Shopify, if it sells there.
    pub(crate) shopify: Option<String>,
}

impl Record {
    /// The name at AWS of one of its functions.
    pub(crate) fn function(&self, which: &str) -> Option<&str> {
        self.functions.get(which).map(String::as_str)
    }

    /// Where the world reaches it. The environment may name other APIs of the sources.
    pub(crate) fn sites(&self, environment: impl Fn(&str) -> Option<String>) -> Sites {
        let domain = |(shop, of): (&ShopId, &Shop)| Some((of.shopify.clone()?, shop.clone()));
        let link = |(shop, of): (&ShopId, &Shop)| Some((shop.clone(), of.link_url.clone()?));
        Sites {
            public_url: Some(self.public_url.clone()),
            carrier: Carrier::Ses,
            shopify: self.shops.iter().filter_map(domain).collect(),
            link_urls: self.shops.iter().filter_map(link).collect(),
            ..Sites::from_env(|name| environment(name).filter(|_| name.ends_with("_API")))
                .unwrap_or_default()
        }
    }

    /// The URL that a shop's webhooks from a source are sent to.
    pub(crate) fn webhook_url(&self, source: Source, shop: &ShopId) -> String {
        format!("{}/webhooks/{source}/{shop}", self.public_url.trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_terraform_writes_it_also_with_more_than_is_known() {
        let record: Record = serde_json::from_str(crate::stack::tests::RECORD).unwrap();
        assert_eq!(record.function("mailer"), Some("regulars-mailer"));
        let bakery = "corner-bakery".parse().unwrap();
        assert_eq!(
            record.webhook_url(Source::Square, &bakery),
            "https://abc.execute-api.eu-central-1.amazonaws.com/webhooks/square/corner-bakery"
        );
        let sites = record.sites(|_| None);
        assert_eq!(sites.shopify_domain(&bakery), Some("corner-bakery.myshopify.com"));
        let sandbox = |name: &str| {
            (name == "REGULARS_SQUARE_API")
                .then(|| "https://connect.squareupsandbox.com".to_owned())
        };
        assert!(record.sites(sandbox).square_api.is_some());
    }
}
