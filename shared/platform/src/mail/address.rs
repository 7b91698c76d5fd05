//! Addresses as SES takes them, checked before it sees them.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use thiserror::Error;

use super::letter::one_line;

/// The longest address SES takes.
const LONGEST: usize = 320;

/// The longest part before the `@`, and after it.
const LONGEST_LOCAL: usize = 64;
const LONGEST_DOMAIN: usize = 255;

/// Bytes of a name in one encoded word: 60 characters in base64, and with what stands
/// around them within the 75 that RFC 2047 allows.
const BYTES_A_WORD: usize = 45;

/// Mail can't go to such an address. Never says the address itself: this is logged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Nothing there.
    #[error("there is no address")]
    Empty,
    /// Longer than any real one.
    #[error("the address has {0} characters, and no mail goes to one of more than {LONGEST}")]
    TooLong(usize),
    /// No `@` or several.
    #[error("the address has {0} @, and needs exactly one")]
    At(usize),
    /// Nothing before the `@`, or too much.
    #[error(
        "the part before the @ has {0} characters, and can only have 1 to {LONGEST_LOCAL} of them"
    )]
    LocalLength(usize),
    /// SES doesn't speak SMTPUTF8.
    #[error(
        "the part before the @ has letters outside of ASCII, which SES can't send to: ask for \
         another address"
    )]
    LocalNotAscii,
    /// A blank, a bracket or the like.
    #[error("the part before the @ has a character that doesn't belong in an address")]
    LocalCharacter,
    /// A dot at an end, or two together.
    #[error("the part before the @ begins or ends with a dot, or has two together")]
    LocalDots,
    /// No domain of the internet's.
    #[error("what follows the @ is no domain, such as example.com")]
    Domain,
}

/// An address as SES takes it: the local part as it is, the domain in Punycode.
pub fn address(text: &str) -> Result<String, AddressError> {
    let text = text.trim();
    let (characters, ats) = (text.chars().count(), text.matches('@').count());
    if text.is_empty() {
        return Err(AddressError::Empty);
    }
    if characters > LONGEST {
        return Err(AddressError::TooLong(characters));
    }
    let (local, domain) = text.split_once('@').filter(|_| ats == 1).ok_or(AddressError::At(ats))?;
    if !local.is_ascii() {
        return Err(AddressError::LocalNotAscii);
    }
    if local.is_empty() || local.len() > LONGEST_LOCAL {
        return Err(AddressError::LocalLength(local.len()));
    }
    // RFC 5322's atoms. A quoted local part is legal and nobody has one.
    let fits = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    if !local.chars().all(fits) {
        return Err(AddressError::LocalCharacter);
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err(AddressError::LocalDots);
    }
    let domain = idna::domain_to_ascii_strict(domain.strip_suffix('.').unwrap_or(domain));
    let domain = domain.map_err(|_| AddressError::Domain)?;
    if !domain.contains('.') || domain.len() > LONGEST_DOMAIN {
        return Err(AddressError::Domain);
    }
    Ok(format!("{local}@{domain}"))
}

/// An address with the name it is shown under; printed, it is what stands in `From`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mailbox {
    name: String,
    address: String,
}

impl Mailbox {
    /// A mailbox; an empty name is none.
    pub fn new(name: &str, address: &str) -> Result<Self, AddressError> {
        Ok(Self { name: one_line(name), address: self::address(address)? })
    }

    /// The name, on one line; empty if there is none.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address alone.
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, address } = self;
        if name.is_empty() {
            return f.write_str(address);
        }
        // What looks like an encoded word would be decoded by some programs even inside
        // of quotes.
        if name.is_ascii() && !name.contains("=?") {
            let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
            return write!(f, "\"{quoted}\" <{address}>");
        }
        for word in words(name) {
            write!(f, "=?UTF-8?B?{}?= ", BASE64_STANDARD.encode(word))?;
        }
        write!(f, "<{address}>")
    }
}

/// Cuts a name into pieces that fit an encoded word each, never inside of a character.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        match words.last_mut() {
            Some(word) if word.len().saturating_add(c.len_utf8()) <= BYTES_A_WORD => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn takes(text: &str, expected: &str) {
        assert_eq!(address(text).as_deref(), Ok(expected), "{text}");
    }

    #[test]
    fn an_address_stays_as_it_is_but_for_its_domain() {
        takes(" Ada.Lovelace+bread@Example.COM ", "Ada.Lovelace+bread@example.com");
        takes("o'neill_{x}@example.com.", "o'neill_{x}@example.com");
        takes("anna@bäckerei.de", "anna@xn--bckerei-5wa.de");
        takes("anna@BÄCKEREI.de", "anna@xn--bckerei-5wa.de");
    }

    #[test]
    fn what_ses_would_refuse_is_refused_here_and_says_why() {
        use AddressError::*;
        let long = format!("{}@example.com", "a".repeat(388));
        let dns = format!("a@{}.com", ["b"; 130].join("."));
        for (text, expected) in [
            ("", Empty),
            ("  ", Empty),
            (long.as_str(), TooLong(400)),
            ("ada", At(0)),
            ("ada@work@example.com", At(2)),
            ("@example.com", LocalLength(0)),
            (&format!("{}@example.com", "a".repeat(65)), LocalLength(65)),
            ("jürgen@example.com", LocalNotAscii),
            ("ada lovelace@example.com", LocalCharacter),
            ("ada\r\nBcc:x@example.com", LocalCharacter),
            ("<ada@example.com", LocalCharacter),
            ("\"ada\"@example.com", LocalCharacter),
            (".ada@example.com", LocalDots),
            ("ada.@example.com", LocalDots),
            ("a..da@example.com", LocalDots),
            ("ada@", Domain),
            ("ada@localhost", Domain),
            ("ada@example..com", Domain),
            ("ada@exam ple.com", Domain),
            ("ada@example.com\r\nBcc: x", Domain),
            ("ada@[127.0.0.1]", Domain),
            ("ada@-example.com", Domain),
            (dns.as_str(), Domain),
        ] {
            assert_eq!(address(text), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn an_error_never_says_the_address() {
        for text in ["ada lovelace@example.com", "jürgen@example.com", "ada@localhost", "ada"] {
            let error = address(text).unwrap_err().to_string();
            for part in ["ada", "jürgen", "localhost", "lovelace"] {
                assert!(!error.contains(part), "{error}");
            }
        }
    }

    #[track_caller]
    fn from(name: &str, expected: &str) {
        let mailbox = Mailbox::new(name, "hello@example.com").unwrap();
        assert_eq!(mailbox.to_string(), expected, "{name}");
    }

    #[test]
    fn a_name_is_quoted_and_one_with_other_letters_encoded() {
        from("", "hello@example.com");
        from(" \t ", "hello@example.com");
        from("Corner Bakery", "\"Corner Bakery\" <hello@example.com>");
        from("Bread, \"Rolls\" \\ Co.", r#""Bread, \"Rolls\" \\ Co." <hello@example.com>"#);
        from("Bäckerei", "=?UTF-8?B?QsOkY2tlcmVp?= <hello@example.com>");
        from("=?UTF-8?Q?x?=", "=?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?= <hello@example.com>");
    }

    #[test]
    fn a_name_cannot_begin_a_header() {
        from("Bakery\r\nBcc: x@example.com", "\"Bakery Bcc: x@example.com\" <hello@example.com>");
        from("Bä\nBcc: x", "=?UTF-8?B?QsOkIEJjYzogeA==?= <hello@example.com>");
    }

    #[test]
    fn a_long_name_is_several_encoded_words_that_fit_their_line() {
        let name = "Käsekuchen und Brötchen für jeden Tag, jede Nacht und Groß und Klein 🥐🥐🥐";
        let printed = Mailbox::new(name, "hello@example.com").unwrap().to_string();
        let words: Vec<&str> = printed.split(' ').filter(|word| word.starts_with("=?")).collect();
        assert!(words.len() > 1);
        let mut decoded = Vec::new();
        for word in words {
            assert!(word.len() <= 75, "{word}");
            let text = word.strip_prefix("=?UTF-8?B?").unwrap().strip_suffix("?=").unwrap();
            let bytes = BASE64_STANDARD.decode(text).unwrap();
            decoded.extend_from_slice(std::str::from_utf8(&bytes).unwrap().as_bytes());
        }
        assert_eq!(String::from_utf8(decoded).unwrap(), name);
    }
}
