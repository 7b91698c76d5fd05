//! A letter as a file that mail programs open: what SES makes of the parts it is given.

use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::raw::Raw;
use platform::mail::Letter;

use crate::failure::Failure;

/// The whole mail.
pub(super) fn write(letter: &Letter, now: Timestamp) -> Result<Vec<u8>, Failure> {
    let name = Some(letter.from.name()).filter(|name| !name.is_empty());
    let from = letter.from.address();
    let domain = from.split_once('@').map_or("localhost", |(_, domain)| domain);
    let mut message = MessageBuilder::new()
        .from(Address::new_address(name, from))
        .to(letter.to.as_str())
        .subject(letter.subject.as_str())
        .date(now.as_second())
        .message_id(format!("preview.{}@{domain}", now.as_nanosecond()))
        .text_body(letter.text.as_str());
    if let Some(reply_to) = &letter.reply_to {
        message = message.reply_to(reply_to.as_str());
    }
    if let Some(html) = &letter.html {
        message = message.html_body(html.as_str());
    }
    for (name, value) in &letter.headers {
        message = message.header(name.as_str(), Raw::new(value.as_str()));
    }
    message
        .write_to_vec()
        .map_err(|error| Failure::because("the mail can't be put together", &error))
}
