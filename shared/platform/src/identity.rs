//! Who is who: normal forms of addresses, and the keyed hashes that stand for them.
//!
//! The normal forms are fixed for good: every identity in every table was made from
//! them. Contact data stands in one item per customer; everything else knows a person
//! only by an HMAC under a key that is made once and never rotated.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use loyalty::ids::{ShopId, Source};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use unicode_normalization::UnicodeNormalization;

/// Bytes of the HMAC that stand for an identity: 128 bits, beyond any collision a shop
/// could meet, in 22 characters of a key.
const DIGEST_BYTES: usize = 16;

/// What kind of identity it is, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The customer's id at a source.
    Customer(Source),
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
}

impl Kind {
    /// As it stands in keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer(source) => source.as_str(),
            Self::Email => "email",
            Self::Phone => "phone",
        }
    }
}

/// An identity as the table knows it: kind and keyed hash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The kind.
    pub kind: Kind,
    /// The keyed hash of the normal form.
    pub digest: String,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.kind.as_str(), self.digest)
    }
}

/// A text isn't an identity as [`Identity`] prints it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this isn't an identity")]
pub struct IdentityError;

impl std::str::FromStr for Identity {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        let (kind, digest) = text.split_once('#').ok_or(IdentityError)?;
        let kind = match kind {
            "email" => Kind::Email,
            "phone" => Kind::Phone,
            source => Kind::Customer(source.parse().map_err(|_| IdentityError)?),
        };
        Ok(Self { kind, digest: digest.to_owned() })
    }
}

/// Makes the identities of one shop.
#[derive(Debug, Clone)]
pub struct Identities {
    shop: ShopId,
    key: SecretString,
    country: String,
}

impl Identities {
    /// `key` is the deployment's identity key; `country` (ISO 3166, two letters) reads
    /// phone numbers written without a country code.
    pub fn new(shop: ShopId, key: SecretString, country: impl Into<String>) -> Self {
        Self { shop, key, country: country.into() }
    }

    /// A customer's id at a source.
    pub fn customer(&self, source: Source, id: &str) -> Identity {
        self.identity(Kind::Customer(source), id.trim())
    }

    /// An e-mail address; `None` if it isn't one.
    pub fn email(&self, text: &str) -> Option<Identity> {
        Some(self.identity(Kind::Email, &normal_email(text)?))
    }

    /// A phone number; `None` if it can't be read as one.
    pub fn phone(&self, text: &str) -> Option<Identity> {
        Some(self.identity(Kind::Phone, &normal_phone(text, &self.country)?))
    }

    /// The shop and the kind are part of the message: equal addresses in two shops have
    /// nothing in common, and a phone can't be passed off as a customer id.
    fn identity(&self, kind: Kind, normal: &str) -> Identity {
        let key = self.key.expose_secret().as_bytes();
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key)
            .unwrap_or_else(|_| <Hmac<Sha256> as KeyInit>::new(&Default::default()));
        for part in [self.shop.as_str(), kind.as_str(), normal] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        let full = mac.finalize().into_bytes();
        let short = full.get(..DIGEST_BYTES).unwrap_or(&full);
        Identity { kind, digest: BASE64_URL_SAFE_NO_PAD.encode(short) }
    }
}

/// An e-mail address in its normal form: trimmed, NFKC, lower-case, the domain in
/// Punycode. Dots and `+tags` stay: whether they mean something is the provider's to say,
/// and taking them off would hand one person's points to another.
pub fn normal_email(text: &str) -> Option<String> {
    let text: String = text.trim().nfkc().collect::<String>().to_lowercase();
    let (local, domain) = text.rsplit_once('@')?;
    let domain = idna::domain_to_ascii_strict(domain.trim_end_matches('.')).ok()?;
    let unfit = |c: char| c.is_whitespace() || c.is_control() || c == '@';
    let fits = !local.is_empty()
        && !local.contains(unfit)
        && domain.contains('.')
        && local.len() <= 64
        && domain.len() <= 253;
    fits.then(|| format!("{local}@{domain}"))
}

/// A phone number in E.164, read by the shop's country where it has no country code.
pub fn normal_phone(text: &str, country: &str) -> Option<String> {
    let text: String = text.trim().nfkc().collect();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    // E.164 has at most 15 digits; a few more may be a trunk or exit prefix.
    if !(5..=20).contains(&digits) {
        return None;
    }
    phonelib::PhoneNumber::parse_with_country(&text, country).map(|number| number.e164().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn email(text: &str, normal: Option<&str>) {
        assert_eq!(normal_email(text).as_deref(), normal, "{text}");
    }

    #[test]
    fn an_address_is_trimmed_and_lower_cased_and_nothing_else() {
        email("  Jon.Doe+Bread@Example.COM ", Some("jon.doe+bread@example.com"));
        email("jon@example.com.", Some("jon@example.com"));
    }

    #[test]
    fn full_width_and_international_forms_meet_their_plain_ones() {
        email("ｊｏｎ@example.com", Some("jon@example.com"));
        email("anna@bäckerei.de", Some("anna@xn--bckerei-5wa.de"));
        email("anna@xn--bckerei-5wa.de", Some("anna@xn--bckerei-5wa.de"));
    }

    #[test]
    fn what_is_no_address_has_no_identity() {
        for text in ["", "jon", "jon@", "@example.com", "jon@localhost", "a b@example.com", "a@b@c"]
        {
            email(text, None);
        }
    }

    #[track_caller]
    fn phone(text: &str, country: &str, normal: Option<&str>) {
        assert_eq!(normal_phone(text, country).as_deref(), normal, "{text} in {country}");
    }

    #[test]
    fn a_number_is_read_by_the_shops_country() {
        phone("(212) 736-5000", "US", Some("+12127365000"));
        phone("+1 212-736-5000", "DE", Some("+12127365000"));
        phone("030 901820", "DE", Some("+4930901820"));
        phone("+49 30 901820", "US", Some("+4930901820"));
        phone("0049 30 901820", "DE", Some("+4930901820"));
    }

    #[test]
    fn what_cannot_be_read_has_no_identity() {
        for text in ["", "555-555-SHIP", "12", "+0", "call me", &"9".repeat(40)] {
            phone(text, "US", None);
        }
    }

    #[test]
    fn the_normal_forms_are_fixed_points() {
        for text in ["Jon.Doe@Example.com", "anna@bäckerei.de"] {
            let once = normal_email(text).unwrap();
            email(&once, Some(&once));
        }
        let once = normal_phone("(212) 736-5000", "US").unwrap();
        phone(&once, "DE", Some(&once));
    }

    fn identities(shop: &str) -> Identities {
        Identities::new(shop.parse().unwrap(), SecretString::from("key"), "US")
    }

    #[test]
    fn one_address_in_two_shops_has_nothing_in_common() {
        let (a, b) =
            (identities("a").email("jon@example.com"), identities("b").email("jon@example.com"));
        assert_ne!(a, b);
        assert_eq!(a, identities("a").email(" JON@example.com"));
    }

    #[test]
    fn an_identity_reads_back_what_it_prints() {
        let all = identities("a");
        for one in [all.customer(Source::Square, "X"), all.email("jon@example.com").unwrap()] {
            assert_eq!(one.to_string().parse(), Ok(one));
        }
        assert!("fax#1".parse::<Identity>().is_err());
    }

    #[test]
    fn identities_are_the_same_for_good() {
        let all = identities("corner-bakery");
        insta::assert_snapshot!(
            [
                all.customer(Source::Shopify, "820982911946154508").to_string(),
                all.email("jon@example.com").unwrap().to_string(),
                all.phone("+12127365000").unwrap().to_string(),
            ]
            .join("\n")
        );
    }
}
