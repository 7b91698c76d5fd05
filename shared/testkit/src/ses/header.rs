//! `From` as a person reads it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// How an encoded word begins and ends, of the one kind we write.
const BEGIN: &str = "=?UTF-8?B?";
const END: &str = "?=";

/// A mailbox with its name decoded and unquoted; what can't be read stays as it is.
pub(super) fn shown(mailbox: &str) -> String {
    let Some((name, address)) = mailbox.rsplit_once(" <") else { return mailbox.to_owned() };
    let quoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    let name = match quoted {
        Some(name) => unescaped(name),
        None => name.split(' ').map(decoded).collect::<Option<String>>().unwrap_or(name.to_owned()),
    };
    format!("{name} <{address}")
}

fn unescaped(quoted: &str) -> String {
    let mut text = String::new();
    let mut escaped = false;
    for c in quoted.chars() {
        escaped = !escaped && c == '\\';
        if !escaped {
            text.push(c);
        }
    }
    text
}

fn decoded(word: &str) -> Option<String> {
    let base64 = word.strip_prefix(BEGIN)?.strip_suffix(END)?;
    String::from_utf8(BASE64_STANDARD.decode(base64).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_reads_as_it_was_meant() {
        for name in ["Corner Bakery", "Bäckerei an der Ecke, seit 1907 🥐🥐🥐🥐🥐", r#"A "B" \ C"#]
        {
            let mailbox = platform::mail::Mailbox::new(name, "hello@example.com").unwrap();
            assert_eq!(shown(&mailbox.to_string()), format!("{name} <hello@example.com>"));
        }
        for odd in ["hello@example.com", "=?latin1?Q?x?= <hello@example.com>"] {
            assert_eq!(shown(odd), odd);
        }
    }
}
