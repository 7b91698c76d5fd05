//! Secrets on one machine: from the environment, or made once and kept in a file that
//! only its owner can read.
//!
//! The file also tells which shops there are: each one whose program was applied with
//! this data has its section, empty where the environment gives its secrets.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use loyalty::ids::{ShopId, Source};
use platform::config::secret_variable;
use platform::{Secrets, tokens};
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::cli::Environment;
use crate::failure::Failure;

/// The file's name in the data directory.
pub(crate) const FILE_NAME: &str = "secrets.toml";

/// Gives the token of the JSON API.
pub(crate) const API_VARIABLE: &str = "REGULARS_API_TOKEN";

/// Gives the keys of the links in mail.
const LINKS_VARIABLE: &str = "REGULARS_LINKS_KEY";

/// Gives the key of all identities.
const IDENTITY_VARIABLE: &str = "REGULARS_IDENTITY_KEY";

/// The sources, each the kind of a secret by its name: what it signs with. That can be
/// anything, as long as both sides have the same, so what isn't given is made.
const SIGNING: [Source; 2] = [Source::Shopify, Source::Square];

/// The kinds of a shop's secrets that open a source's API. Only the source can make one.
const TOKENS: [&str; 3] = ["shopify-token", "shopify-client-id", "square-token"];

/// 256 bits, as many as the hashes that use them.
const SECRET_BYTES: usize = 32;

const HEADER: &str = "\
# Made by `regulars`; keep it to yourself, and keep it with the data beside it.
# identity: who is who. Without it nobody in the data is recognised again.
# api: the token of the JSON API.
# links: what the links in mail are signed with. Put a new key before the old one, and never
# take one away: the links to unsubscribe in every mail work as long as theirs is here.
# shops.<shop>.shopify: what the shop's Shopify app signs with. Put your app's client
# secret here, or into REGULARS_SECRET_<SHOP>_SHOPIFY. During a rotation: \"old, new\".
# shops.<shop>.square: what Square signs with. Put the signature key of your webhook
# subscription here, or into REGULARS_SECRET_<SHOP>_SQUARE. During a rotation: \"old, new\".
# shops.<shop>.shopify-token, shops.<shop>.square-token: what opens the shop's Shopify and
# Square APIs. They are never made up: without one nothing is looked up there. Or put them
# into REGULARS_SECRET_<SHOP>_SHOPIFY_TOKEN and REGULARS_SECRET_<SHOP>_SQUARE_TOKEN.
# shops.<shop>.shopify-client-id: the client id of your app, where Shopify gave you no token:
# with the client secret above, tokens of a day are asked for by themselves. Or put it into
# REGULARS_SECRET_<SHOP>_SHOPIFY_CLIENT_ID.

";

/// The secrets of a data directory.
pub(crate) struct LocalSecrets<'a> {
    path: PathBuf,
    stored: Stored,
    environment: Environment<'a>,
}

/// The file. No `Debug`: it must never be printed.
#[derive(Default, Clone, PartialEq, Serialize, Deserialize)]
struct Stored {
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<String>,
    #[serde(default)]
    shops: BTreeMap<ShopId, OfShop>,
}

/// A shop's secrets by their kind.
type OfShop = BTreeMap<String, String>;

impl<'a> LocalSecrets<'a> {
    /// Reads what `dir` has, and makes nothing yet.
    pub(crate) fn read(dir: &Path, environment: Environment<'a>) -> Result<Self, Failure> {
        let path = dir.join(FILE_NAME);
        let stored = match fs::read_to_string(&path) {
            Ok(text) => {
                refuse_readable_by_others(&path)?;
                parse(&path, &text)?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Stored::default(),
            Err(error) => {
                return Err(Failure::because(format!("cannot read {}", path.display()), &error));
            }
        };
        Ok(Self { path, stored, environment })
    }

    /// Where they are kept.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Shops whose program was applied with this data.
    pub(crate) fn shops(&self) -> impl Iterator<Item = &ShopId> {
        self.stored.shops.keys()
    }

    /// Whether a key of identities is known.
    pub(crate) fn has_identity_key(&self) -> bool {
        self.stored.identity.is_some() || self.given(IDENTITY_VARIABLE).is_some()
    }

    /// Makes what a deployment with its shops and these lacks, and keeps it.
    pub(crate) fn complete<'s>(
        &mut self,
        shops: impl IntoIterator<Item = &'s ShopId>,
    ) -> Result<(), Failure> {
        let before = self.stored.clone();
        if !self.has_identity_key() {
            self.stored.identity = Some(random()?);
        }
        if self.stored.api.is_none() && self.given(API_VARIABLE).is_none() {
            self.stored.api = Some(random()?);
        }
        if self.stored.links.is_none() && self.given(LINKS_VARIABLE).is_none() {
            self.stored.links = Some(random()?);
        }
        for shop in shops {
            self.stored.shops.entry(shop.clone()).or_default();
        }
        // Those of before too: since then there may be a source more.
        let shops: Vec<ShopId> = self.shops().cloned().collect();
        for shop in shops {
            for kind in SIGNING.map(Source::as_str) {
                if self.of_shop(&shop, kind).is_none() {
                    let of_shop = self.stored.shops.entry(shop.clone()).or_default();
                    of_shop.insert(kind.to_owned(), random()?);
                }
            }
        }
        if self.stored == before && self.path.exists() {
            return Ok(());
        }
        self.keep().map_err(|error| {
            Failure::because(format!("cannot write {}", self.path.display()), &error)
        })
    }

    /// All of them, by the names the functions ask for. The environment goes first.
    pub(crate) fn lists(&self) -> Secrets {
        let mut lists = Vec::new();
        let identity = self.given(IDENTITY_VARIABLE).or_else(|| self.stored.identity.clone());
        let api = self.given(API_VARIABLE).or_else(|| self.stored.api.clone());
        lists.extend(identity.map(|value| ("identity".to_owned(), value)));
        let links = self.given(LINKS_VARIABLE).or_else(|| self.stored.links.clone());
        lists.extend(links.map(|value| (tokens::SECRET.to_owned(), value)));
        lists.extend(api.map(|value| ("api".to_owned(), value)));
        for shop in self.stored.shops.keys() {
            for kind in SIGNING.map(Source::as_str).into_iter().chain(TOKENS) {
                let value = self.of_shop(shop, kind);
                lists.extend(value.map(|value| (format!("{shop}/{kind}"), value)));
            }
        }
        Secrets::from_lists(lists)
    }

    /// A shop's secret of a kind, as a list. The environment goes first.
    fn of_shop(&self, shop: &ShopId, kind: &str) -> Option<String> {
        let stored = || self.stored.shops.get(shop)?.get(kind).cloned();
        self.given(&secret_variable(shop, kind)).or_else(stored)
    }

    /// What a source signs a shop's webhooks with: during a rotation the first, as Shopify
    /// signs with the oldest.
    pub(crate) fn signs(&self, source: Source, shop: &ShopId) -> Option<SecretString> {
        let list = self.of_shop(shop, source.as_str())?;
        let first = list.split(',').map(str::trim).find(|one| !one.is_empty())?;
        Some(SecretString::from(first))
    }

    /// Whether the API's token comes from the environment.
    pub(crate) fn api_is_given(&self) -> bool {
        self.given(API_VARIABLE).is_some()
    }

    /// A variable that is set to something.
    fn given(&self, variable: &str) -> Option<String> {
        (self.environment)(variable)
            .filter(|value| value.split(',').any(|one| !one.trim().is_empty()))
    }

    /// Beside the old file first, then in its place: a crash leaves one or the other.
    fn keep(&self) -> io::Result<()> {
        let text = toml::to_string(&self.stored).map_err(io::Error::other)?;
        let new = self.path.with_extension("toml.new");
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(format!("{HEADER}{text}").as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &self.path)
    }
}

/// The parser's own words would repeat the line, and with it a secret.
fn parse(path: &Path, text: &str) -> Result<Stored, Failure> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count().saturating_add(1));
        Failure::new(format!(
            "cannot read {}: something is wrong in line {line}. Mend it, or restore the file",
            path.display()
        ))
    })
}

fn refuse_readable_by_others(path: &Path) -> Result<(), Failure> {
    let cannot = |error| Failure::because(format!("cannot read {}", path.display()), &error);
    let mode = fs::metadata(path).map_err(cannot)?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let (path, mode) = (path.display(), mode & 0o777);
    Err(Failure::new(format!(
        "others on this machine can read {path} (mode {mode:03o}): run `chmod 600 {path}`, and if \
         somebody may have looked, put new secrets into it"
    )))
}

/// A new secret: 256 bits in hexadecimal digits.
pub(crate) fn random() -> Result<String, Failure> {
    let mut bytes = [0_u8; SECRET_BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Failure::new("the system gives no random numbers to make secrets of"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use tempfile::TempDir;

    use super::*;

    fn nothing(_: &str) -> Option<String> {
        None
    }

    fn bakery() -> ShopId {
        "corner-bakery".parse().unwrap()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[track_caller]
    fn completed<'a>(home: &TempDir, environment: Environment<'a>) -> LocalSecrets<'a> {
        let mut secrets = LocalSecrets::read(home.path(), environment).unwrap();
        secrets.complete([&bakery()]).unwrap();
        secrets
    }

    #[track_caller]
    fn named(secrets: &LocalSecrets<'_>, name: &str) -> String {
        secrets.lists().named(name)[0].expose_secret().to_owned()
    }

    #[test]
    fn secrets_are_made_once_with_mode_0600_and_reused() {
        let home = tempfile::tempdir().unwrap();
        let first = completed(&home, &nothing);
        assert_eq!(mode(first.path()), 0o600);
        let made = fs::read_to_string(first.path()).unwrap();
        let second = completed(&home, &nothing);
        assert_eq!(fs::read_to_string(second.path()).unwrap(), made);
        let mut all = Vec::new();
        for name in ["identity", "api", "links", "corner-bakery/shopify", "corner-bakery/square"] {
            assert_eq!(named(&first, name), named(&second, name));
            assert_eq!(named(&first, name).len(), 64);
            all.push(named(&first, name));
        }
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 5, "each secret is its own");
    }

    #[test]
    fn the_environment_goes_first_and_is_not_written_down() {
        let home = tempfile::tempdir().unwrap();
        let environment = |name: &str| match name {
            "REGULARS_SECRET_CORNER_BAKERY_SHOPIFY" => Some(" old, new ".to_owned()),
            "REGULARS_SECRET_CORNER_BAKERY_SQUARE" => Some("key".to_owned()),
            "REGULARS_API_TOKEN" => Some("token".to_owned()),
            "REGULARS_IDENTITY_KEY" => Some("key".to_owned()),
            "REGULARS_LINKS_KEY" => Some("key".to_owned()),
            _ => None,
        };
        let secrets = completed(&home, &environment);
        assert_eq!(secrets.lists().of_shop(&bakery(), "shopify").len(), 2);
        assert_eq!(secrets.signs(Source::Shopify, &bakery()).unwrap().expose_secret(), "old");
        assert_eq!(secrets.signs(Source::Square, &bakery()).unwrap().expose_secret(), "key");
        assert_eq!(named(&secrets, "api"), "token");
        assert_eq!(named(&secrets, "identity"), "key");
        let text = fs::read_to_string(secrets.path()).unwrap();
        assert!(!text.contains("old") || text.contains("\"old, new\""), "{text}");
        assert!(text.contains("[shops.corner-bakery]"), "{text}");
        assert!(!text.lines().any(|line| !line.starts_with('#') && line.contains('=')), "{text}");
    }

    #[test]
    fn a_variable_that_is_empty_is_not_set() {
        let home = tempfile::tempdir().unwrap();
        let secrets = completed(&home, &|_: &str| Some(" , ".to_owned()));
        assert_eq!(named(&secrets, "identity").len(), 64);
    }

    #[test]
    fn a_new_shop_gets_its_secret_and_the_others_keep_theirs() {
        let home = tempfile::tempdir().unwrap();
        let mut secrets = completed(&home, &nothing);
        let before = named(&secrets, "corner-bakery/shopify");
        secrets.complete([&"harbour-books".parse().unwrap()]).unwrap();
        let shops: Vec<_> = secrets.shops().map(ShopId::as_str).collect();
        assert_eq!(shops, ["corner-bakery", "harbour-books"]);
        assert_eq!(named(&secrets, "corner-bakery/shopify"), before);
    }

    #[test]
    fn a_token_is_never_made_and_comes_from_the_file_or_the_environment() {
        let home = tempfile::tempdir().unwrap();
        let secrets = completed(&home, &nothing);
        for kind in TOKENS {
            assert!(secrets.lists().of_shop(&bakery(), kind).is_empty());
        }
        let text = fs::read_to_string(secrets.path()).unwrap();
        let text = format!("{text}square-token = \"of the file\"\n");
        fs::write(secrets.path(), text).unwrap();
        let environment = |name: &str| {
            (name == "REGULARS_SECRET_CORNER_BAKERY_SHOPIFY_TOKEN").then(|| "given".to_owned())
        };
        let secrets = completed(&home, &environment);
        assert_eq!(named(&secrets, "corner-bakery/square-token"), "of the file");
        assert_eq!(named(&secrets, "corner-bakery/shopify-token"), "given");
        let text = fs::read_to_string(secrets.path()).unwrap();
        assert!(text.contains("of the file") && !text.contains("given\""), "{text}");
    }

    #[test]
    fn a_file_from_before_square_keeps_its_secrets_and_gets_the_new_one() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(FILE_NAME);
        let old =
            "identity = \"who\"\napi = \"token\"\n\n[shops.corner-bakery]\nshopify = \"hush\"\n";
        fs::write(&path, old).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let mut secrets = LocalSecrets::read(home.path(), &nothing).unwrap();
        secrets.complete([]).unwrap();
        assert_eq!(named(&secrets, "identity"), "who");
        assert_eq!(named(&secrets, "corner-bakery/shopify"), "hush");
        assert_eq!(named(&secrets, "corner-bakery/square").len(), 64);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = completed(&home, &nothing).path().to_owned();
        for open in [0o640, 0o604, 0o666] {
            fs::set_permissions(&path, fs::Permissions::from_mode(open)).unwrap();
            let failure = LocalSecrets::read(home.path(), &nothing).err().unwrap().to_string();
            assert!(failure.contains("chmod 600"), "{failure}");
            assert!(failure.contains(&format!("mode {open:o}")), "{failure}");
        }
    }

    #[test]
    fn a_broken_file_is_told_by_its_line_and_not_repeated() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(FILE_NAME);
        fs::write(&path, "# one\napi = \"hush\nidentity = 1\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let failure = LocalSecrets::read(home.path(), &nothing).err().unwrap().to_string();
        assert!(failure.contains("line 2"), "{failure}");
        assert!(!failure.contains("hush"), "{failure}");
    }
}
