//! SES's events as EventBridge delivers them.
//!
//! The detail is the record that SES publishes everywhere: `eventType` says what it is, and an
//! object of that kind stands beside the mail. What isn't needed is not read, so that SES may
//! add to it; what is needed has to be there.

use std::collections::BTreeMap;

use jiff::Timestamp;
use loyalty::ids::{CustomerId, ShopId};
use platform::store::trigger_of_tag;
use serde::Deserialize;
use thiserror::Error;

/// An event isn't one of SES's as we know them. Says nothing of what stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this is no event of SES's: {0}")]
pub struct Unreadable(&'static str);

/// What SES says of one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// Which message it is, by its tags; `None`: it isn't ours.
    pub about: Option<About>,
    /// SES's id of the mail.
    pub ses_id: String,
    /// When SES took it.
    pub sent_at: Timestamp,
    /// What became of it.
    pub what: What,
}

/// A message of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The shop.
    pub shop: ShopId,
    /// Whom it is about.
    pub customer: CustomerId,
    /// Its id.
    pub message: String,
    /// What caused it, where that fits a tag.
    pub trigger: Option<String>,
    /// Whether the mail went to her; else it went to the owner, to see what would go out.
    pub to_customer: bool,
}

/// What became of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// SES sends it on.
    Sent,
    /// The recipient's server took it.
    Delivered {
        /// When.
        at: Timestamp,
    },
    /// It came back.
    Bounced {
        /// When.
        at: Timestamp,
        /// How.
        bounce: Bounce,
        /// The addresses it came back from.
        addresses: Vec<String>,
    },
    /// It was called spam.
    Complained {
        /// When.
        at: Timestamp,
        /// The addresses that may have: a provider doesn't always tell which.
        addresses: Vec<String>,
    },
    /// SES took it and won't send it on.
    Rejected {
        /// Why.
        why: &'static str,
    },
    /// It takes longer; SES goes on trying.
    Delayed,
    /// Somebody's mail program showed it.
    Opened,
    /// A link in it was followed.
    Clicked,
    /// SES's own lists were left. We have none there.
    Subscribed,
    /// Something newer than we are.
    New,
}

/// How a mail came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounce {
    /// For good.
    Permanent,
    /// For now, or nobody can say.
    ForNow,
    /// For now, for no reason of the mailbox's own: the way an answer by a machine looks.
    General,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "detail-type")]
    detail_type: String,
    source: String,
    detail: Detail,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    event_type: Option<String>,
    mail: Mail,
    bounce: Option<BounceObject>,
    complaint: Option<ComplaintObject>,
    delivery: Option<At>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    timestamp: Timestamp,
    message_id: String,
    #[serde(default)]
    destination: Vec<String>,
    #[serde(default)]
    tags: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BounceObject {
    bounce_type: String,
    bounce_sub_type: Option<String>,
    bounced_recipients: Vec<Recipient>,
    timestamp: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ComplaintObject {
    #[serde(default)]
    complained_recipients: Vec<Recipient>,
    timestamp: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
}

#[derive(Deserialize)]
struct At {
    timestamp: Timestamp,
}

/// Reads an event.
pub fn read(event: &str) -> Result<Feedback, Unreadable> {
    let event: Event = serde_json::from_str(event).map_err(|error| {
        Unreadable(match error.classify() {
            serde_json::error::Category::Data => "a field is missing or of another type",
            _ => "it isn't JSON",
        })
    })?;
    if event.source != "aws.ses" {
        return Err(Unreadable("its source isn't aws.ses"));
    }
    let what = what(&event)?;
    let Mail { timestamp, message_id, tags, .. } = event.detail.mail;
    Ok(Feedback { about: about(&tags), ses_id: message_id, sent_at: timestamp, what })
}

fn what(event: &Event) -> Result<What, Unreadable> {
    let Event { detail_type, detail, .. } = event;
    // The record says what it is; an envelope without that in its record says it by itself.
    let kind = detail.event_type.as_deref().unwrap_or(detail_type);
    Ok(match kind {
        "Send" | "Email Sent" => What::Sent,
        "Delivery" | "Email Delivered" => {
            let delivery = detail.delivery.as_ref().ok_or(Unreadable("it has no delivery"))?;
            What::Delivered { at: delivery.timestamp }
        }
        "Bounce" | "Email Bounced" => {
            let found = detail.bounce.as_ref().ok_or(Unreadable("it has no bounce"))?;
            let bounce = match (found.bounce_type.as_str(), found.bounce_sub_type.as_deref()) {
                ("Permanent", _) => Bounce::Permanent,
                ("Transient", Some("General")) => Bounce::General,
                _ => Bounce::ForNow,
            };
            let addresses = addresses(&found.bounced_recipients, &detail.mail);
            What::Bounced { at: found.timestamp, bounce, addresses }
        }
        "Complaint" | "Email Complaint Received" => {
            let found = detail.complaint.as_ref().ok_or(Unreadable("it has no complaint"))?;
            let addresses = addresses(&found.complained_recipients, &detail.mail);
            What::Complained { at: found.timestamp, addresses }
        }
        "Reject" | "Email Rejected" => What::Rejected { why: "SES found something bad in it" },
        "Rendering Failure" | "Email Rendering Failed" => {
            What::Rejected { why: "SES couldn't write it from its template" }
        }
        "DeliveryDelay" | "Email Delivery Delayed" => What::Delayed,
        "Open" | "Email Opened" => What::Opened,
        "Click" | "Email Clicked" => What::Clicked,
        "Subscription" | "Email Subscribed" => What::Subscribed,
        _ => What::New,
    })
}

/// The addresses an event is about: all of the mail's where it names none.
fn addresses(named: &[Recipient], mail: &Mail) -> Vec<String> {
    if named.is_empty() {
        return mail.destination.iter().map(|to| bare(to)).collect();
    }
    named.iter().map(|recipient| bare(&recipient.email_address)).collect()
}

/// An address without the name before it.
fn bare(text: &str) -> String {
    let inside = text.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or(text, |(address, _)| address).trim().to_owned()
}

/// Which message of ours the tags name: all of them, or none of ours.
fn about(tags: &BTreeMap<String, Vec<String>>) -> Option<About> {
    let tag = |name: &str| tags.get(name)?.first();
    Some(About {
        shop: tag("shop")?.parse().ok()?,
        customer: tag("customer")?.parse().ok()?,
        message: tag("message")?.clone(),
        trigger: tag("trigger").and_then(|tag| trigger_of_tag(tag)),
        to_customer: tag("to")? == "customer",
    })
}

#[cfg(test)]
mod tests;
