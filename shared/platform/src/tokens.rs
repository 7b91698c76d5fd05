//! Links in mail: each opens one door for one customer of one shop, and no other.
//!
//! A link ends in a token: what it opens, and an HMAC over that by the secret `links`. A
//! token names its key, so that keys rotate; what must work for ever needs its key for ever,
//! so a key is added to that list and never taken away. Nothing of a token is believed
//! before its HMAC fits.
//!
//! | door | path | opens |
//! | --- | --- | --- |
//! | unsubscribe | `/u/{token}` | one kind of mail, or all marketing |
//! | preferences | `/p/{token}` | what mail she wants |
//! | why | `/why/{token}` | why she got one message |
//! | confirmation | `/c/{token}` | her yes to marketing mail, for a while |
//! | survey | `/s/{token}` | a question about one of her orders, until it closes |

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use loyalty::ids::{CustomerId, OrderRef, ShopId};
use loyalty::mail::Kind;
use loyalty::survey::Question;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::{Services, Sites};

/// How long somebody may think about whether she wants mail.
pub const CONFIRM_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The name of the secret.
pub const SECRET: &str = "links";

/// What the HMAC is over begins with this, so that nothing else signed by the same key
/// passes for a link.
const CONTEXT: &[u8] = b"regulars link 1";

/// Bytes of the HMAC: 128 bits.
const MAC_BYTES: usize = 16;

/// No link of ours is longer; anything that is isn't looked at.
const LONGEST: usize = 600;

type HmacSha256 = Hmac<Sha256>;

/// What a link opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Door {
    /// Ends a kind of account mail, or all marketing where the kind is marketing.
    Unsubscribe {
        /// Who gets less.
        customer: CustomerId,
        /// The kind of mail it stood in.
        kind: Kind,
    },
    /// What mail she wants.
    Preferences {
        /// Who.
        customer: CustomerId,
    },
    /// Why she got a message.
    Why {
        /// Who.
        customer: CustomerId,
        /// The message, by its trigger.
        trigger: String,
    },
    /// Her yes to marketing mail to this address.
    Confirmation {
        /// Who.
        customer: CustomerId,
        /// The address she was asked at: what [`address_mark`] makes of it.
        address: String,
    },
    /// A question about one of her orders.
    Survey {
        /// Who is asked.
        customer: CustomerId,
        /// The order.
        order: OrderRef,
        /// What the mail asked: the program may ask something else by now.
        question: Question,
        /// When it was asked, to the second. It is told when the survey has closed, and by the
        /// page: that one knows whose it is.
        asked_at: Timestamp,
    },
}

/// A token that opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenError {
    /// It isn't one of ours, or not as we made it.
    #[error("the link isn't complete, or was changed")]
    Forged,
    /// It is ours, and for another door.
    #[error("the link is for something else")]
    OtherDoor,
    /// Its time is over.
    #[error("the link's time is over")]
    Expired,
}

/// Makes the links of a deployment, and opens them.
#[derive(Debug, Clone)]
pub struct Links {
    sites: Arc<Sites>,
    keys: Arc<[SecretString]>,
}

/// Links can't be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LinksError {
    /// Nobody knows where they would lead.
    #[error("links in mail lead nowhere: set REGULARS_PUBLIC_URL to where the API is reached")]
    NoBase,
    /// There is nothing to sign them with.
    #[error("the secret `links` isn't set: `regulars secrets set` makes it")]
    NoKey,
}

impl Services {
    /// The links of this deployment.
    pub fn links(&self) -> Result<Links, LinksError> {
        Links::new(Arc::clone(&self.sites), self.secrets.named(SECRET))
    }
}

impl Links {
    /// Links to where a deployment is reached, signed with the first of these keys and
    /// opened with any.
    pub fn new(sites: Arc<Sites>, keys: Arc<[SecretString]>) -> Result<Self, LinksError> {
        if sites.public_url.is_none() {
            return Err(LinksError::NoBase);
        }
        if keys.is_empty() {
            return Err(LinksError::NoKey);
        }
        Ok(Self { sites, keys })
    }

    /// The URL of a door of a shop: at the host of its own, where it has one.
    pub fn url(&self, shop: &ShopId, door: &Door, now: Timestamp) -> String {
        let base = self.sites.link_url(shop).unwrap_or_default();
        format!("{base}/{}/{}", door.path(), self.token(shop, door, now))
    }

    /// The token alone.
    pub fn token(&self, shop: &ShopId, door: &Door, now: Timestamp) -> String {
        let expires = door.lasts().and_then(|lasts| now.checked_add(lasts).ok());
        let Some(key) = self.keys.first() else { return String::new() };
        let mut bytes = vec![key_id(key), door.number()];
        let second = expires.map_or(0, |at| u32::try_from(at.as_second()).unwrap_or(u32::MAX));
        bytes.extend(second.to_be_bytes());
        let what = door.what();
        for part in [shop.as_str(), door.customer().as_str(), &what] {
            // Ids are far shorter; what isn't would make a token that opens nothing.
            bytes.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
            bytes.extend(part.as_bytes());
        }
        let mac = mac(key, &bytes).finalize().into_bytes();
        bytes.extend(mac.iter().take(MAC_BYTES));
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a token opens at the door with this path, such as `u`.
    pub fn open(
        &self,
        path: &str,
        token: &str,
        now: Timestamp,
    ) -> Result<(ShopId, Door), TokenError> {
        let bytes = Some(token).filter(|token| token.len() <= LONGEST);
        let bytes = bytes.and_then(|token| BASE64_URL_SAFE_NO_PAD.decode(token).ok());
        let bytes = bytes.ok_or(TokenError::Forged)?;
        let signed = bytes.len().checked_sub(MAC_BYTES).and_then(|at| bytes.split_at_checked(at));
        let (signed, claimed) = signed.ok_or(TokenError::Forged)?;
        let fits = |key: &SecretString| {
            signed.first() == Some(&key_id(key))
                && mac(key, signed).verify_truncated_left(claimed).is_ok()
        };
        if !self.keys.iter().any(fits) {
            return Err(TokenError::Forged);
        }
        let (shop, door, expires) = read(signed).ok_or(TokenError::Forged)?;
        if door.path() != path {
            return Err(TokenError::OtherDoor);
        }
        if expires.is_some_and(|expires| expires <= now.as_second()) {
            return Err(TokenError::Expired);
        }
        Ok((shop, door))
    }
}

impl Door {
    /// The first part of its path.
    pub fn path(&self) -> &'static str {
        match self {
            Self::Unsubscribe { .. } => "u",
            Self::Preferences { .. } => "p",
            Self::Why { .. } => "why",
            Self::Confirmation { .. } => "c",
            Self::Survey { .. } => "s",
        }
    }

    /// Whose door it is.
    pub fn customer(&self) -> &CustomerId {
        match self {
            Self::Unsubscribe { customer, .. }
            | Self::Preferences { customer }
            | Self::Why { customer, .. }
            | Self::Confirmation { customer, .. }
            | Self::Survey { customer, .. } => customer,
        }
    }

    fn number(&self) -> u8 {
        match self {
            Self::Unsubscribe { .. } => 1,
            Self::Preferences { .. } => 2,
            Self::Why { .. } => 3,
            Self::Confirmation { .. } => 4,
            Self::Survey { .. } => 5,
        }
    }

    /// How long a link to it works; `None`: for ever.
    fn lasts(&self) -> Option<SignedDuration> {
        matches!(self, Self::Confirmation { .. }).then_some(CONFIRM_FOR)
    }

    /// What it opens of hers.
    fn what(&self) -> Cow<'_, str> {
        match self {
            Self::Unsubscribe { kind, .. } => kind.as_str().into(),
            Self::Preferences { .. } => "".into(),
            Self::Why { trigger, .. } => trigger.as_str().into(),
            Self::Confirmation { address, .. } => address.as_str().into(),
            Self::Survey { order, question, asked_at, .. } => {
                format!("{question} {} {order}", asked_at.as_second()).into()
            }
        }
    }
}

/// Stands for an address in a link without telling it.
pub fn address_mark(address: &str) -> String {
    let normal = crate::identity::normal_email(address);
    let mut mark = crate::store::short_hash(normal.as_deref().unwrap_or(address));
    mark.truncate(13);
    mark
}

/// Reads what was signed.
fn read(signed: &[u8]) -> Option<(ShopId, Door, Option<i64>)> {
    let (head, mut rest) = signed.split_at_checked(6)?;
    let number = *head.get(1)?;
    let second = u32::from_be_bytes(head.get(2..)?.try_into().ok()?);
    let mut part = || {
        let (length, after) = rest.split_first()?;
        let (part, after) = after.split_at_checked(usize::from(*length))?;
        rest = after;
        std::str::from_utf8(part).ok()
    };
    let (shop, customer, text) = (part()?.parse().ok()?, part()?.parse().ok()?, part()?);
    let door = match number {
        1 => {
            let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == text)?;
            Door::Unsubscribe { customer, kind }
        }
        2 => Door::Preferences { customer },
        3 => Door::Why { customer, trigger: text.to_owned() },
        4 => Door::Confirmation { customer, address: text.to_owned() },
        5 => {
            let mut parts = text.splitn(3, ' ');
            let question = parts.next()?.parse().ok()?;
            let asked_at = Timestamp::from_second(parts.next()?.parse().ok()?).ok()?;
            let order = OrderRef::try_from(parts.next()?.to_owned()).ok()?;
            Door::Survey { customer, order, question, asked_at }
        }
        _ => return None,
    };
    (rest.is_empty()).then_some((shop, door, (second > 0).then_some(second.into())))
}

/// Which key it is, without telling it.
fn key_id(key: &SecretString) -> u8 {
    let hash = Sha256::new().chain_update(CONTEXT).chain_update(key.expose_secret()).finalize();
    hash.first().copied().unwrap_or_default()
}

fn mac(key: &SecretString, signed: &[u8]) -> HmacSha256 {
    let key = key.expose_secret().as_bytes();
    // HMAC takes keys of any length; an empty key is refused when secrets are loaded.
    let mut mac = <HmacSha256 as KeyInit>::new_from_slice(key)
        .unwrap_or_else(|_| <HmacSha256 as KeyInit>::new(&Default::default()));
    mac.update(CONTEXT);
    mac.update(signed);
    mac
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOON: &str = "2026-11-22T12:00:00Z";

    fn sites() -> Sites {
        let public_url = Some("https://regulars.example.com".to_owned());
        Sites { public_url, ..Sites::default() }
    }

    fn links(keys: &[&str]) -> Links {
        let keys = keys.iter().map(|key| SecretString::from(*key)).collect();
        Links::new(Arc::new(sites()), keys).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn shop() -> ShopId {
        "corner-bakery".parse().unwrap()
    }

    fn doors() -> [Door; 5] {
        let customer: CustomerId = "0f3k2m9x8abcd".parse().unwrap();
        [
            Door::Unsubscribe { customer: customer.clone(), kind: Kind::Receipt },
            Door::Preferences { customer: customer.clone() },
            Door::Why { customer: customer.clone(), trigger: "order/shopify:6001".to_owned() },
            Door::Survey {
                customer: customer.clone(),
                order: OrderRef::try_from("square:R9qnGKp7oBJrA391KcRSx64KNMlay".to_owned())
                    .unwrap(),
                question: Question::Nps,
                asked_at: at(NOON),
            },
            Door::Confirmation { customer, address: address_mark("ada@example.com") },
        ]
    }

    #[test]
    fn a_link_opens_its_own_door_and_no_other() {
        let links = links(&["key"]);
        for door in doors() {
            let token = links.token(&shop(), &door, at(NOON));
            for path in ["u", "p", "why", "c", "s", ""] {
                let opened = links.open(path, &token, at(NOON));
                match path == door.path() {
                    true => assert_eq!(opened, Ok((shop(), door.clone()))),
                    false => assert_eq!(opened, Err(TokenError::OtherDoor), "{path}"),
                }
            }
        }
    }

    #[test]
    fn a_link_leads_to_the_shops_own_host_where_it_has_one() {
        let link_urls = [(shop(), "https://points.corner-bakery.example".to_owned())].into();
        let sites = Arc::new(Sites { link_urls, ..sites() });
        let links = Links::new(sites, [SecretString::from("a")].into()).unwrap();
        let [door, ..] = doors();
        let url = |shop: &ShopId| links.url(shop, &door, at(NOON));
        assert!(url(&shop()).starts_with("https://points.corner-bakery.example/u/"));
        assert!(url(&"other".parse().unwrap()).starts_with("https://regulars.example.com/u/"));
        let nowhere = Links::new(Arc::default(), [SecretString::from("a")].into());
        assert_eq!(nowhere.unwrap_err(), LinksError::NoBase);
    }

    #[test]
    fn a_link_is_short_enough_for_a_header_and_safe_in_a_path() {
        for door in doors() {
            let url = links(&["key"]).url(&shop(), &door, at(NOON));
            // A survey's stands in no header, and names an order and a time besides.
            let longest = if matches!(door, Door::Survey { .. }) { 180 } else { 160 };
            assert!(url.len() < longest, "{} {url}", url.len());
            let safe = |c: char| c.is_ascii_alphanumeric() || "-_:/.".contains(c);
            assert!(url.chars().all(safe), "{url}");
            assert!(!url.contains("ada"), "{url}");
        }
    }

    #[test]
    fn only_a_question_ends_and_all_else_works_for_ever() {
        let links = links(&["key"]);
        for door in doors() {
            let token = links.token(&shop(), &door, at(NOON));
            let opened = links.open(door.path(), &token, at("2036-11-22T12:00:00Z"));
            match door {
                Door::Confirmation { .. } => assert_eq!(opened, Err(TokenError::Expired)),
                _ => assert!(opened.is_ok(), "{door:?}"),
            }
        }
        let [.., door] = doors();
        let token = links.token(&shop(), &door, at(NOON));
        assert!(links.open("c", &token, at("2026-12-22T11:59:59Z")).is_ok());
        assert_eq!(links.open("c", &token, at("2026-12-22T12:00:00Z")), Err(TokenError::Expired));
    }

    #[test]
    fn a_link_of_before_a_rotation_works_on_and_a_new_one_has_the_first_key() {
        let [door, ..] = doors();
        let old = links(&["old"]).token(&shop(), &door, at(NOON));
        assert!(links(&["new", "old"]).open("u", &old, at(NOON)).is_ok());
        assert_eq!(links(&["new"]).open("u", &old, at(NOON)), Err(TokenError::Forged));
        let new = links(&["new", "old"]).token(&shop(), &door, at(NOON));
        assert!(links(&["new"]).open("u", &new, at(NOON)).is_ok());
    }

    #[test]
    fn a_flipped_bit_anywhere_opens_nothing() {
        let links = links(&["key"]);
        for door in doors() {
            let token = links.token(&shop(), &door, at(NOON));
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(&token).unwrap();
            for bit in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                let flipped = BASE64_URL_SAFE_NO_PAD.encode(flipped);
                let opened = links.open(door.path(), &flipped, at(NOON));
                assert_eq!(opened, Err(TokenError::Forged), "{door:?} {bit}");
            }
        }
    }

    #[test]
    fn another_shops_name_on_a_link_opens_nothing() {
        let links = links(&["key"]);
        let [door, ..] = doors();
        let token = links.token(&shop(), &door, at(NOON));
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(&token).unwrap();
        let place = bytes.windows(13).position(|one| one == b"corner-bakery").unwrap();
        bytes[place..place + 13].copy_from_slice(b"corner-tailor");
        let token = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        assert_eq!(links.open("u", &token, at(NOON)), Err(TokenError::Forged));
    }

    #[test]
    fn an_address_is_the_same_however_it_is_written_and_not_told() {
        assert_eq!(address_mark("Ada@Example.com "), address_mark("ada@example.com"));
        assert_ne!(address_mark("ada@example.com"), address_mark("adb@example.com"));
    }

    proptest! {
        #[test]
        fn no_text_opens_anything(text in "\\PC{0,700}", bytes: Vec<u8>) {
            let links = links(&["key"]);
            for token in [text, BASE64_URL_SAFE_NO_PAD.encode(bytes)] {
                prop_assert_eq!(links.open("u", &token, at(NOON)), Err(TokenError::Forged));
            }
        }
    }
}
