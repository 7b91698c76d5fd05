//! A mail as it is handed to SES, and what SES would refuse about it.

use std::fmt;

use aws_sdk_sesv2::error::BuildError;
use aws_sdk_sesv2::operation::send_email::builders::SendEmailInputBuilder;
use aws_sdk_sesv2::types::{
    Body, Content, Destination, EmailContent, Message, MessageHeader, MessageTag,
};

use super::{Mailbox, SendError, address};

/// SES's limits on headers of our own: how many, and how long a name, a value, and both.
const MOST_HEADERS: usize = 15;
const LONGEST_HEADER_NAME: usize = 126;
const LONGEST_HEADER_VALUE: usize = 995;
const LONGEST_HEADER: usize = 996;

/// The longest name and value of a tag.
const LONGEST_TAG: usize = 256;

/// Headers that SES writes itself and takes from nobody.
const SES_OWN_HEADERS: [&str; 12] = [
    "bcc",
    "cc",
    "content-disposition",
    "content-type",
    "date",
    "from",
    "message-id",
    "mime-version",
    "reply-to",
    "return-path",
    "subject",
    "to",
];

/// One mail to one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// Whom it is from.
    pub from: Mailbox,
    /// Where an answer goes, if not there.
    pub reply_to: Option<String>,
    /// The recipient's address.
    pub to: String,
    /// The subject; line breaks in it become blanks.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: Option<String>,
    /// Further headers, such as `List-Unsubscribe`.
    pub headers: Vec<(String, String)>,
    /// What SES's events name it by: letters, digits, `-` and `_` only.
    pub tags: Vec<(String, String)>,
    /// The configuration set, whose events come back.
    pub configuration_set: Option<String>,
}

/// A letter is somebody's: only its tags, which are ids, may come into a log.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("tags", &self.tags).finish_non_exhaustive()
    }
}

impl Letter {
    /// The headers by which a mail program's own button stops mail like this: it posts to
    /// the URL, with nothing else to confirm (RFC 8058).
    pub fn one_click(url: String) -> Vec<(String, String)> {
        vec![
            ("List-Unsubscribe".to_owned(), format!("<{url}>")),
            ("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned()),
        ]
    }

    /// The request, or why SES wouldn't take it.
    pub(super) fn request(&self) -> Result<SendEmailInputBuilder, SendError> {
        let to = address(&self.to).map_err(|error| SendError::refused(error.to_string()))?;
        // The shop's own: it can be put right, and the letter is as good then.
        let reply_to = self.reply_to.as_deref().map(address).transpose().map_err(|error| {
            SendError::held(format!("the shop's reply-to can't be used: {error}"))
        })?;
        self.check_headers().and_then(|()| self.check_tags()).map_err(SendError::refused)?;
        let unbuilt = |_: BuildError| SendError::refused("the letter can't be put together");
        let text = utf8(&self.text).map_err(unbuilt)?;
        let html = self.html.as_deref().map(utf8).transpose().map_err(unbuilt)?;
        let message = Message::builder()
            .subject(utf8(&one_line(&self.subject)).map_err(unbuilt)?)
            .body(Body::builder().text(text).set_html(html).build())
            .set_headers(self.built_headers().map_err(unbuilt)?);
        let mut request = SendEmailInputBuilder::default()
            .from_email_address(self.from.to_string())
            .set_reply_to_addresses(reply_to.map(|address| vec![address]))
            .destination(Destination::builder().to_addresses(to).build())
            .content(EmailContent::builder().simple(message.build()).build())
            .set_configuration_set_name(self.configuration_set.clone());
        for (name, value) in &self.tags {
            let tag = MessageTag::builder().name(name).value(value).build().map_err(unbuilt)?;
            request = request.email_tags(tag);
        }
        Ok(request)
    }

    fn built_headers(&self) -> Result<Option<Vec<MessageHeader>>, BuildError> {
        let built = |(name, value): &(String, String)| {
            MessageHeader::builder().name(name).value(value).build()
        };
        let headers: Vec<_> = self.headers.iter().map(built).collect::<Result<_, _>>()?;
        Ok(Some(headers).filter(|headers| !headers.is_empty()))
    }

    /// A value isn't quoted: an unsubscribe link in it is as good as a signature.
    fn check_headers(&self) -> Result<(), String> {
        let count = self.headers.len();
        if count > MOST_HEADERS {
            return Err(format!("it has {count} headers, and SES takes {MOST_HEADERS}"));
        }
        for (name, value) in &self.headers {
            let printable = |c: u8| c.is_ascii_graphic() && c != b':';
            if name.is_empty() || !name.bytes().all(printable) {
                return Err("a header's name has more than printable ASCII, or a colon".to_owned());
            }
            if SES_OWN_HEADERS.iter().any(|own| name.eq_ignore_ascii_case(own)) {
                return Err(format!("the header {name} is SES's own to write"));
            }
            if !value.bytes().all(|c| c.is_ascii_graphic() || c == b' ') {
                return Err(format!("the header {name} has more than printable ASCII"));
            }
            let (names, values) = (name.len(), value.len());
            let both = names.saturating_add(values);
            if names > LONGEST_HEADER_NAME || values > LONGEST_HEADER_VALUE || both > LONGEST_HEADER
            {
                return Err(format!(
                    "the header {name} has {both} characters, and SES takes {LONGEST_HEADER}"
                ));
            }
        }
        Ok(())
    }

    fn check_tags(&self) -> Result<(), String> {
        let fits = |text: &str| {
            (1..=LONGEST_TAG).contains(&text.len())
                && text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
        };
        match self.tags.iter().find(|(name, value)| !fits(name) || !fits(value)) {
            None => Ok(()),
            Some((name, _)) if fits(name) => Err(format!(
                "the value of the tag {name} can't be one: write letters, digits, - and _"
            )),
            Some(_) => Err("a tag's name can't be one: write letters, digits, - and _".to_owned()),
        }
    }
}

fn utf8(text: &str) -> Result<Content, BuildError> {
    Content::builder().data(text).charset("UTF-8").build()
}

/// A text on one line, so that nothing in it can begin a header: control characters and
/// runs of blanks become one blank.
pub(super) fn one_line(text: &str) -> String {
    let blank = |c: char| c.is_whitespace() || c.is_control();
    text.split(blank).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter {
            from: Mailbox::new("Corner Bakery", "hello@example.com").unwrap(),
            reply_to: None,
            to: "ada@example.com".to_owned(),
            subject: "45 points".to_owned(),
            text: "You have 45 points.".to_owned(),
            html: None,
            headers: Vec::new(),
            tags: Vec::new(),
            configuration_set: None,
        }
    }

    fn with_header(name: &str, value: &str) -> Letter {
        Letter { headers: vec![(name.to_owned(), value.to_owned())], ..letter() }
    }

    #[track_caller]
    fn refused(letter: &Letter, part: &str) {
        let Err(SendError::Refused { reason }) = letter.request() else {
            panic!("it isn't refused for {part}");
        };
        assert!(reason.contains(part), "{reason}");
    }

    #[test]
    fn no_header_can_begin_another() {
        for value in ["a\r\nBcc: x@example.com", "a\nb", "a\0", "naïve", "a\u{85}b"] {
            refused(&with_header("X-One", value), "X-One has more than printable ASCII");
        }
        for name in ["X One", "X:One", "", "X\r\nBcc", "Ü"] {
            refused(&with_header(name, "a"), "name");
        }
        for name in ["Bcc", "SUBJECT", "Reply-To", "Message-ID"] {
            refused(&with_header(name, "a"), "SES's own");
        }
    }

    #[test]
    fn headers_keep_to_sess_lengths() {
        let at_most = with_header("X", &"a".repeat(LONGEST_HEADER_VALUE));
        assert!(at_most.request().is_ok());
        refused(&with_header("XY", &"a".repeat(LONGEST_HEADER_VALUE)), "997 characters");
        refused(&with_header(&"X".repeat(127), "a"), "128 characters");
        let many = vec![("X".to_owned(), "a".to_owned()); 16];
        refused(&Letter { headers: many, ..letter() }, "16 headers");
    }

    #[test]
    fn a_refused_header_keeps_its_value_to_itself() {
        let Err(error) = with_header("X-One", "https://r.example.com/u/secrét").request() else {
            panic!("it was taken");
        };
        assert!(!error.to_string().contains("secr"), "{error}");
    }

    #[test]
    fn tags_have_sess_alphabet() {
        let tag = |name: &str, value: &str| Letter {
            tags: vec![(name.to_owned(), value.to_owned())],
            ..letter()
        };
        assert!(tag("shop", "corner-bakery_1").request().is_ok());
        refused(&tag("shop", "corner bakery"), "tag shop");
        refused(&tag("shop", ""), "tag shop");
        refused(&tag("shop", &"a".repeat(257)), "tag shop");
        refused(&tag("sh:op", "a"), "tag's name");
    }

    #[test]
    fn a_subject_is_one_line() {
        assert_eq!(one_line(" 45\r\nBcc: x\t\u{85} points\u{2028}"), "45 Bcc: x points");
        let sent = Letter { subject: "45\r\nBcc: x@example.com".to_owned(), ..letter() };
        let request = sent.request().unwrap();
        let content = request.get_content().as_ref().unwrap().simple().unwrap();
        assert_eq!(content.subject().unwrap().data(), "45 Bcc: x@example.com");
    }

    #[test]
    fn a_bad_recipient_is_refused_and_a_bad_reply_to_waits_for_the_shop() {
        refused(&Letter { to: "jürgen@example.com".to_owned(), ..letter() }, "outside of ASCII");
        let held = Letter { reply_to: Some("nobody".to_owned()), ..letter() }.request();
        assert!(matches!(held, Err(SendError::Held { .. })));
    }

    #[test]
    fn debugging_a_letter_shows_nobody() {
        let shown = format!("{:?}", letter());
        for hidden in ["ada", "points", "hello"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}
