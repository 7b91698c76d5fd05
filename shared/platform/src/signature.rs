//! Signatures of webhooks: over raw bytes, in constant time, with several keys so that a
//! rotation overlaps.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

type HmacSha256 = Hmac<Sha256>;

/// What an unknown shop is checked against, so that the answer takes as long as a known
/// shop's and tells nobody which shops there are.
const NOBODY: &str = "no shop has this secret";

/// Checks Shopify's `X-Shopify-Hmac-Sha256`: base64 of HMAC-SHA256 over the raw body, by
/// any of the app's secrets. No secrets, no match, after the same work.
pub fn shopify(secrets: &[SecretString], body: &[u8], header: Option<&str>) -> bool {
    matches_any(secrets, &[body], header)
}

/// Checks Square's `x-square-hmacsha256-signature`: base64 of HMAC-SHA256 over the
/// notification URL as it is configured there, and the raw body.
pub fn square(secrets: &[SecretString], url: &str, body: &[u8], header: Option<&str>) -> bool {
    matches_any(secrets, &[url.as_bytes(), body], header)
}

/// Signs a body as Shopify does.
pub fn sign_shopify(secret: &SecretString, body: &[u8]) -> String {
    BASE64_STANDARD.encode(mac(secret.expose_secret(), &[body]).finalize().into_bytes())
}

/// Signs a body as Square does, for the notification URL it would be sent to.
pub fn sign_square(secret: &SecretString, url: &str, body: &[u8]) -> String {
    let mac = mac(secret.expose_secret(), &[url.as_bytes(), body]);
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

/// Every key is tried, matching or not: how many a shop has shows in no timing either.
fn matches_any(secrets: &[SecretString], message: &[&[u8]], header: Option<&str>) -> bool {
    // A header that is no base64 goes on as one that fits nothing.
    let claimed = header.and_then(|text| BASE64_STANDARD.decode(text).ok()).unwrap_or_default();
    let fits = |secret: &str| mac(secret, message).verify_slice(&claimed).is_ok();
    if secrets.is_empty() {
        // `black_box`: the work must be done though its result isn't used.
        std::hint::black_box(fits(NOBODY));
        return false;
    }
    secrets.iter().fold(false, |found, secret| fits(secret.expose_secret()) | found)
}

fn mac(key: &str, message: &[&[u8]]) -> HmacSha256 {
    // HMAC takes keys of any length; an empty key is refused when secrets are loaded.
    let mut mac = <HmacSha256 as KeyInit>::new_from_slice(key.as_bytes())
        .unwrap_or_else(|_| <HmacSha256 as KeyInit>::new(&Default::default()));
    for part in message {
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(secrets: &[&str]) -> Vec<SecretString> {
        secrets.iter().map(|secret| SecretString::from(*secret)).collect()
    }

    const BODY: &[u8] = b"{\"foo\": \"bar\"}";
    const SIGNED: &str = "B23tXN681gZ0qIWNRrgtzBE9XSDo5yaUu6wfmhu3a7g=";

    #[test]
    fn shopifys_own_test_vector_is_accepted() {
        assert!(shopify(&keys(&["test_secret_key"]), BODY, Some(SIGNED)));
        let body = "{\"id\":820982911946154508,\"email\":\"jon@example.com\",\"note\":\"café €\"}";
        let signed = "63Ql3SP51U+v9AB1iWKo1IsQ8UosiK2iZPWiCxvt/xM=";
        assert!(shopify(&keys(&["hush"]), body.as_bytes(), Some(signed)));
    }

    #[test]
    fn squares_documented_vector_is_accepted() {
        let (url, body) = ("https://example.com/webhook", b"{\"hello\":\"world\"}");
        let signed = "2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og=";
        assert!(square(&keys(&["asdf1234"]), url, body, Some(signed)));
        assert!(!square(&keys(&["asdf1234"]), "https://example.com/webhook/", body, Some(signed)));
    }

    #[test]
    fn while_a_secret_rotates_old_and_new_are_accepted() {
        for secrets in [["new", "test_secret_key"], ["test_secret_key", "new"]] {
            assert!(shopify(&keys(&secrets), BODY, Some(SIGNED)));
        }
        assert!(!shopify(&keys(&["new"]), BODY, Some(SIGNED)));
    }

    #[test]
    fn every_flipped_bit_of_body_or_signature_is_refused() {
        let secrets = keys(&["test_secret_key"]);
        for bit in 0..BODY.len() * 8 {
            let mut body = BODY.to_vec();
            body[bit / 8] ^= 1 << (bit % 8);
            assert!(!shopify(&secrets, &body, Some(SIGNED)), "bit {bit} of the body");
        }
        let raw = BASE64_STANDARD.decode(SIGNED).unwrap();
        for bit in 0..raw.len() * 8 {
            let mut signature = raw.clone();
            signature[bit / 8] ^= 1 << (bit % 8);
            let header = BASE64_STANDARD.encode(&signature);
            assert!(!shopify(&secrets, BODY, Some(&header)), "bit {bit} of the signature");
        }
    }

    #[test]
    fn a_missing_truncated_or_unpadded_signature_is_refused() {
        let secrets = keys(&["test_secret_key"]);
        for header in [None, Some(""), SIGNED.get(..20), SIGNED.get(..43), Some("%%%")] {
            assert!(!shopify(&secrets, BODY, header), "{header:?}");
        }
    }

    #[test]
    fn without_secrets_nothing_is_accepted() {
        let signed = sign_shopify(&SecretString::from(NOBODY), BODY);
        assert!(!shopify(&[], BODY, Some(&signed)));
    }
}
