//! Configuration of a Lambda function: read once, by name, in `main.rs`.

use std::collections::BTreeMap;

use loyalty::ids::{ShopId, Source};
use secrecy::SecretString;
use thiserror::Error;

use crate::aws::{Access, Endpoints, SERVICES};

use crate::sender::Carrier;

/// The bus every account has.
const DEFAULT_BUS: &str = "default";

/// What a deployment is called unless somebody says otherwise.
const DEFAULT_STACK: &str = "regulars";

/// The longest name of a deployment: it begins the names of all it consists of, and those
/// end at 64 characters.
const LONGEST_STACK: usize = 21;

/// What a function needs to know before its first request.
#[derive(Debug, Clone)]
pub struct Config {
    /// `REGULARS_STACK`: what this deployment is called; `regulars` if not set.
    pub stack: String,
    /// `REGULARS_TABLE`: the DynamoDB table.
    pub table: String,
    /// `REGULARS_SECRETS_PATH`: where secrets stand in SSM, such as `/regulars/prod`.
    pub secrets_path: String,
    /// Where the world reaches this deployment.
    pub sites: Sites,
    /// The region and the keys, which Lambda sets; and other endpoints than the region's.
    pub access: Access,
    /// `REGULARS_BUS`: the event bus that our events go to; `default` if not set.
    pub bus: String,
    /// `REGULARS_CONFIGURATION_SETS`: what the names of the shops' configuration sets at
    /// SES begin with. Without it mail is sent without one.
    pub configuration_sets: Option<String>,
}

/// Where the world reaches a deployment, and which of its shops it means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sites {
    /// `REGULARS_PUBLIC_URL`: scheme and host of the HTTP API, such as
    /// `https://regulars.example.com`. Square signs the URL it was given together with
    /// the body, so this is what stands there, not what a request says. Without it no
    /// webhook of Square's fits.
    pub public_url: Option<String>,
    /// `REGULARS_SHOPIFY_SHOPS`: shops by their domain at Shopify, such as
    /// `corner-bakery.myshopify.com=corner-bakery`, several with commas between. Events
    /// from Shopify's bus name only the domain.
    pub shopify: BTreeMap<String, ShopId>,
    /// `REGULARS_LINK_URLS`: where the links in a shop's mail lead, such as
    /// `corner-bakery=https://points.corner-bakery.example`, several with commas between:
    /// a host of the shop's own, which leads to the same HTTP API. A shop that isn't named
    /// has its links lead to the public URL.
    pub link_urls: BTreeMap<ShopId, String>,
    /// `REGULARS_SQUARE_API`: another Square than the one everybody uses, such as its
    /// sandbox, `https://connect.squareupsandbox.com`.
    pub square_api: Option<String>,
    /// `REGULARS_SHOPIFY_API`: where every shop's Shopify is asked instead of at its
    /// domain.
    pub shopify_api: Option<String>,
    /// Who carries its mail: SES where `REGULARS_CONFIGURATION_SETS` is set, as in every
    /// deployment.
    pub carrier: Carrier,
}

impl Sites {
    /// Reads it by asking `variable` for each name.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let variable = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let url = variable("REGULARS_PUBLIC_URL").map(|url| url.trim_end_matches('/').to_owned());
        let shopify = pairs(variable, "REGULARS_SHOPIFY_SHOPS", SHOPIFY_SHOPS, |domain, shop| {
            Some((domain.to_lowercase(), shop.parse().ok()?))
        })?;
        let link_urls = pairs(variable, "REGULARS_LINK_URLS", LINK_URLS, |shop, url| {
            Some((shop.parse().ok()?, https_host(url)?.to_owned()))
        })?;
        let (square_api, shopify_api) =
            (variable("REGULARS_SQUARE_API"), variable("REGULARS_SHOPIFY_API"));
        let sets = variable("REGULARS_CONFIGURATION_SETS");
        let carrier = sets.map_or(Carrier::Local, |_| Carrier::Ses);
        Ok(Self { public_url: url, shopify, link_urls, square_api, shopify_api, carrier })
    }

    /// A shop's domain at Shopify.
    pub fn shopify_domain(&self, shop: &ShopId) -> Option<&str> {
        self.shopify.iter().find(|(_, known)| *known == shop).map(|(domain, _)| domain.as_str())
    }

    /// Where a shop's Shopify is asked.
    pub fn shopify_url(&self, shop: &ShopId) -> Option<String> {
        let own = || self.shopify_domain(shop).map(|domain| format!("https://{domain}"));
        self.shopify_api.clone().or_else(own)
    }

    /// Scheme and host that the links in a shop's mail lead to.
    pub fn link_url(&self, shop: &ShopId) -> Option<&str> {
        self.link_urls.get(shop).or(self.public_url.as_ref()).map(String::as_str)
    }

    /// The URL that a shop's webhooks from a source are sent to.
    pub fn webhook_url(&self, source: Source, shop: &ShopId) -> Option<String> {
        Some(format!("{}/webhooks/{source}/{shop}", self.public_url.as_ref()?))
    }
}

/// What stands in `REGULARS_SHOPIFY_SHOPS`.
const SHOPIFY_SHOPS: &str =
    "a domain and a shop, such as corner-bakery.myshopify.com=corner-bakery";

/// What stands in `REGULARS_LINK_URLS`.
const LINK_URLS: &str = "a shop and a URL without a path, such as \
                         corner-bakery=https://points.corner-bakery.example";

/// Reads `left=right,left=right`, as `read` takes each of them.
fn pairs<K: Ord, V>(
    variable: impl Fn(&str) -> Option<String>,
    name: &'static str,
    expected: &'static str,
    read: impl Fn(&str, &str) -> Option<(K, V)>,
) -> Result<BTreeMap<K, V>, ConfigError> {
    let list = variable(name).unwrap_or_default();
    let pairs = list.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    let one = |pair: &str| {
        let read = pair.split_once('=').and_then(|(left, right)| read(left.trim(), right.trim()));
        read.ok_or_else(|| ConfigError::Unreadable { name, found: pair.to_owned(), expected })
    };
    pairs.map(one).collect()
}

/// A URL that is `https` and a host, and nothing more but a slash.
fn https_host(url: &str) -> Option<&str> {
    let url = url.strip_suffix('/').unwrap_or(url);
    let host = url.strip_prefix("https://")?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte);
    (!host.is_empty() && host.bytes().all(fits)).then_some(url)
}

/// The name of a deployment.
fn stack(name: String) -> Result<String, ConfigError> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let begins = name.starts_with(|first: char| first.is_ascii_lowercase());
    if begins && (2..=LONGEST_STACK).contains(&name.len()) && name.bytes().all(fits) {
        return Ok(name);
    }
    let expected = "2 to 21 of a-z, 0-9 and -, a letter first, such as regulars";
    Err(ConfigError::Unreadable { name: "REGULARS_STACK", found: name, expected })
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
    /// Set to something that can't be read.
    #[error("the environment variable {name} has `{found}`: write {expected}")]
    Unreadable {
        /// The variable.
        name: &'static str,
        /// What stands there.
        found: String,
        /// What should.
        expected: &'static str,
    },
}

impl Config {
    /// Reads the configuration by asking `variable` for each name.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let optional = |name| variable(name).filter(|value| !value.trim().is_empty());
        let required = |name, meaning| optional(name).ok_or(ConfigError::Missing { name, meaning });
        Ok(Self {
            stack: stack(optional("REGULARS_STACK").unwrap_or_else(|| DEFAULT_STACK.to_owned()))?,
            table: required("REGULARS_TABLE", "name the DynamoDB table")?,
            secrets_path: required(
                "REGULARS_SECRETS_PATH",
                "name the SSM path of the secrets, such as /regulars/prod",
            )?,
            sites: Sites::from_env(&variable)?,
            access: Access {
                region: required("AWS_REGION", "name the region, such as us-east-1")?,
                access_key_id: required("AWS_ACCESS_KEY_ID", "Lambda sets it from the role")?,
                secret_access_key: required(
                    "AWS_SECRET_ACCESS_KEY",
                    "Lambda sets it from the role",
                )?
                .into(),
                session_token: optional("AWS_SESSION_TOKEN").map(SecretString::from),
                endpoints: Endpoints::from_env(SERVICES, &variable),
            },
            bus: optional("REGULARS_BUS").unwrap_or_else(|| DEFAULT_BUS.to_owned()),
            configuration_sets: optional("REGULARS_CONFIGURATION_SETS"),
        })
    }

    /// The configuration set at SES that a shop's mail is sent with.
    pub fn configuration_set(&self, shop: &ShopId) -> Option<String> {
        Some(format!("{}-{shop}", self.configuration_sets.as_ref()?))
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
    fn a_shop_has_a_configuration_set_of_its_own_where_there_are_any() {
        let shop = "corner-bakery".parse().unwrap();
        let config = Config::from_env(lambda).unwrap();
        assert_eq!((config.bus.as_str(), config.configuration_set(&shop)), ("default", None));
        let with = |name: &str| match name {
            "REGULARS_CONFIGURATION_SETS" => Some("regulars-prod".to_owned()),
            _ => lambda(name),
        };
        let set = Config::from_env(with).unwrap().configuration_set(&shop);
        assert_eq!(set.as_deref(), Some("regulars-prod-corner-bakery"));
    }

    #[test]
    fn shopifys_domains_name_their_shops() {
        let with = |list: &'static str| {
            move |name: &str| match name {
                "REGULARS_SHOPIFY_SHOPS" => Some(list.to_owned()),
                "REGULARS_PUBLIC_URL" => Some("https://regulars.example.com/".to_owned()),
                _ => lambda(name),
            }
        };
        let sites =
            Config::from_env(with("A.myshopify.com = a, b.myshopify.com=b,")).unwrap().sites;
        let b: ShopId = "b".parse().unwrap();
        assert_eq!(sites.shopify.get("a.myshopify.com"), Some(&"a".parse().unwrap()));
        assert_eq!(sites.shopify.get("b.myshopify.com"), Some(&b));
        let url = sites.webhook_url(Source::Square, &b);
        assert_eq!(url.as_deref(), Some("https://regulars.example.com/webhooks/square/b"));
        assert_eq!(
            Config::from_env(with("a.myshopify.com")).unwrap_err().to_string(),
            "the environment variable REGULARS_SHOPIFY_SHOPS has `a.myshopify.com`: write a \
             domain and a shop, such as corner-bakery.myshopify.com=corner-bakery"
        );
    }

    #[test]
    fn links_lead_to_a_host_of_the_shops_own_where_it_has_one() {
        let with = |list: &'static str| {
            move |name: &str| match name {
                "REGULARS_LINK_URLS" => Some(list.to_owned()),
                "REGULARS_PUBLIC_URL" => Some("https://regulars.example.com".to_owned()),
                _ => None,
            }
        };
        let sites = Sites::from_env(with("a=https://points.a.example/ , b = https://b.example"));
        let sites = sites.unwrap();
        let of = |shop: &str| sites.link_url(&shop.parse().unwrap()).map(str::to_owned);
        assert_eq!(of("a").as_deref(), Some("https://points.a.example"));
        assert_eq!(of("b").as_deref(), Some("https://b.example"));
        assert_eq!(of("c").as_deref(), Some("https://regulars.example.com"));
        for list in ["a", "a=points.a.example", "a=http://a.example", "a=https://a.example/x"] {
            let error = Sites::from_env(with(list)).unwrap_err().to_string();
            assert!(
                error.starts_with("the environment variable REGULARS_LINK_URLS has"),
                "{error}"
            );
            assert!(error.contains("corner-bakery=https://points.corner-bakery.example"));
        }
    }

    #[test]
    fn a_deployment_is_called_regulars_unless_it_has_another_name() {
        let named = |stack: &'static str| {
            let with = move |name: &str| match name {
                "REGULARS_STACK" => Some(stack.to_owned()),
                _ => lambda(name),
            };
            Config::from_env(with).map(|config| config.stack)
        };
        assert_eq!(named("").unwrap(), "regulars");
        assert_eq!(named("bakery-2").unwrap(), "bakery-2");
        for wrong in ["b", "2bakery", "Bakery", "bakery_2", "a-name-of-22-characters"] {
            let error = named(wrong).unwrap_err().to_string();
            assert!(
                error.contains("REGULARS_STACK") && error.contains("a letter first"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_shops_secret_has_its_variable() {
        let shop = "corner-bakery".parse().unwrap();
        assert_eq!(secret_variable(&shop, "shopify"), "REGULARS_SECRET_CORNER_BAKERY_SHOPIFY");
    }
}
