//! A request to send, read as strictly as SES reads it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::Mail;

/// SES's limits.
const MOST_RECIPIENTS: usize = 50;
const MOST_HEADERS: usize = 15;
const LONGEST_ADDRESS: usize = 320;
const MOST_BYTES: usize = 40 * 1024 * 1024;

/// Headers SES lets nobody set.
const OWN_HEADERS: &str = "bcc cc content-disposition content-type date from message-id \
                           mime-version reply-to return-path subject to";

/// What of SES's request the local one knows. What it doesn't know it refuses, so that
/// nothing is believed to work that was left out here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Request {
    from_email_address: Option<String>,
    #[serde(default)]
    reply_to_addresses: Vec<String>,
    #[serde(default)]
    destination: Destination,
    content: Content,
    #[serde(default)]
    email_tags: Vec<Pair>,
    configuration_set_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Destination {
    #[serde(default)]
    to_addresses: Vec<String>,
    #[serde(default)]
    cc_addresses: Vec<String>,
    #[serde(default)]
    bcc_addresses: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Content {
    simple: Simple,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Simple {
    subject: Text,
    body: Body,
    #[serde(default)]
    headers: Vec<Pair>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Body {
    text: Option<Text>,
    html: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Text {
    data: String,
    charset: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Pair {
    name: String,
    value: String,
}

/// Reads and checks a request; an error is the text of SES's `BadRequestException`.
pub(super) fn read(body: &[u8], id: String, at: Timestamp) -> Result<Mail, String> {
    if body.len() > MOST_BYTES {
        return Err("Message length is more than 41943040 bytes long.".to_owned());
    }
    let request: Request = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let from = request.from_email_address.ok_or("FromEmailAddress is missing.")?;
    let Destination { mut to_addresses, cc_addresses, bcc_addresses } = request.destination;
    to_addresses.extend(cc_addresses);
    to_addresses.extend(bcc_addresses);
    if to_addresses.is_empty() {
        return Err("Destination has no recipient.".to_owned());
    }
    if to_addresses.len() > MOST_RECIPIENTS {
        return Err(format!("Recipient count exceeds {MOST_RECIPIENTS}."));
    }
    for address in [&from].into_iter().chain(&request.reply_to_addresses).chain(&to_addresses) {
        check_address(address)?;
    }
    let Simple { subject, body, headers } = request.content.simple;
    if body.text.is_none() && body.html.is_none() {
        return Err("Body has neither Text nor Html.".to_owned());
    }
    check_headers(&headers)?;
    check_tags(&request.email_tags)?;
    let pairs = |pairs: Vec<Pair>| pairs.into_iter().map(|pair| (pair.name, pair.value));
    Ok(Mail {
        id,
        at,
        from,
        reply_to: request.reply_to_addresses,
        to: to_addresses,
        subject: subject_line(subject)?,
        headers: pairs(headers).collect(),
        text: body.text.map(Text::read).transpose()?,
        html: body.html.map(Text::read).transpose()?,
        tags: pairs(request.email_tags).collect::<BTreeMap<_, _>>(),
        configuration_set: request.configuration_set_name,
    })
}

impl Text {
    /// Without a charset SES takes ASCII.
    fn read(self) -> Result<String, String> {
        match self.charset.as_deref() {
            Some(charset) if charset.eq_ignore_ascii_case("utf-8") => Ok(self.data),
            None if self.data.is_ascii() => Ok(self.data),
            None => Err("Text outside of 7-bit ASCII has no Charset.".to_owned()),
            Some(charset) => Err(format!("The local SES reads no {charset}.")),
        }
    }
}

fn subject_line(subject: Text) -> Result<String, String> {
    let subject = subject.read()?;
    match subject.chars().any(|c| matches!(c, '\r' | '\n')) {
        true => Err("Header value contains a line break: Subject".to_owned()),
        false => Ok(subject),
    }
}

/// What SES says of addresses it can't use. A name before one is as it will stand in the
/// header, so it is ASCII too.
fn check_address(text: &str) -> Result<(), String> {
    let address = bare(text);
    let wrong = if !text.is_ascii() {
        "Address contains non-ASCII characters"
    } else if text.bytes().any(|c| c.is_ascii_control()) {
        "Address contains control characters"
    } else if address.len() > LONGEST_ADDRESS {
        "Address is more than 320 characters long"
    } else {
        match address.rsplit_once('@') {
            None => "Missing final '@domain'",
            Some((local, _)) if local.is_empty() || local.contains('@') => "Illegal address",
            Some((local, _)) if local.contains(|c: char| c.is_whitespace() || c == '<') => {
                "Local address contains control or whitespace"
            }
            Some((local, _)) if local.starts_with('.') || local.ends_with('.') => {
                "Local address starts or ends with dot"
            }
            Some((local, _)) if local.contains("..") => "Local address contains dot-dot",
            Some((_, domain)) if !is_domain(domain) => "Domain contains illegal character",
            Some(_) => return Ok(()),
        }
    };
    Err(format!("{wrong}: {text}"))
}

/// The address of `"Name" <address>`, or all of it.
pub(super) fn bare(text: &str) -> &str {
    let within = text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<'));
    within.map_or(text.trim(), |(_, address)| address)
}

fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        let ends = label.starts_with('-') || label.ends_with('-');
        !label.is_empty() && !ends && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
    };
    domain.contains('.') && domain.split('.').all(label)
}

fn check_headers(headers: &[Pair]) -> Result<(), String> {
    if headers.len() > MOST_HEADERS {
        return Err(format!("Header count exceeds {MOST_HEADERS}."));
    }
    for Pair { name, value } in headers {
        let fits = (1..=126).contains(&name.len())
            && name.bytes().all(|c| c.is_ascii_graphic() && c != b':')
            && value.len() <= 995
            && name.len().saturating_add(value.len()) <= 996
            && value.bytes().all(|c| c.is_ascii_graphic() || c == b' ');
        if !fits {
            return Err(format!("Header name or value is invalid: {name}"));
        }
        if OWN_HEADERS.split(' ').any(|own| own.eq_ignore_ascii_case(name)) {
            return Err(format!("Header is not allowed: {name}"));
        }
    }
    Ok(())
}

fn check_tags(tags: &[Pair]) -> Result<(), String> {
    let fits = |text: &str| {
        (1..=256).contains(&text.len())
            && text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
    };
    let mut seen = std::collections::BTreeSet::new();
    for Pair { name, value } in tags {
        if !fits(name) || !fits(value) {
            return Err(format!("Tag name or value is invalid: {name}"));
        }
        if !seen.insert(name) {
            return Err(format!("Duplicate tag name: {name}"));
        }
    }
    Ok(())
}
