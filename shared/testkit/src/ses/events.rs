//! What became of a mail, as SES's events tell it on EventBridge's default bus.
//!
//! SES sends them for a configuration set that has EventBridge as its destination; here
//! every mail has them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Mail;
use super::request::bare;

/// The domain of SES's mailbox simulator.
const SIMULATOR: &str = "simulator.amazonses.com";

/// The account, in AWS's own examples.
const ACCOUNT: &str = "123456789012";

const REGION: &str = "us-east-1";

/// What becomes of mail to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Delivered,
    /// There is no such mailbox.
    Bounced,
    /// It can't be delivered now.
    BouncedForNow,
    /// It arrives, and she calls it spam.
    Complained,
    /// It arrives, and an answer says that she is out of the office. To SES that is a
    /// transient bounce.
    Answered,
    /// SES knows the address as one that bounced, and doesn't try.
    Suppressed,
}

impl Fate {
    /// As SES's mailbox simulator has it, with or without a label (`bounce+x@`); all other
    /// mail arrives.
    fn of(address: &str) -> Self {
        let Some((local, domain)) = address.rsplit_once('@') else { return Self::Delivered };
        if !domain.eq_ignore_ascii_case(SIMULATOR) {
            return Self::Delivered;
        }
        let local = local.split('+').next().unwrap_or_default();
        match local.to_lowercase().as_str() {
            "bounce" => Self::Bounced,
            "complaint" => Self::Complained,
            "ooto" => Self::Answered,
            "suppressionlist" => Self::Suppressed,
            _ => Self::Delivered,
        }
    }
}

/// Whether an address is the mailbox simulator's.
pub(super) fn is_simulator(address: &str) -> bool {
    bare(address).rsplit_once('@').is_some_and(|(_, domain)| domain.eq_ignore_ascii_case(SIMULATOR))
}

/// All events of a mail, in the order they come up.
pub(super) fn of(mail: &Mail, fates: &BTreeMap<String, Fate>) -> Vec<Value> {
    let mut teller = Teller { mail, told: Vec::new() };
    teller.tell("Email Sent", "Send", "send", SignedDuration::ZERO, json!({}));
    for to in &mail.to {
        let to = bare(to);
        let fate = fates.get(&to.to_lowercase()).copied().unwrap_or_else(|| Fate::of(to));
        match fate {
            Fate::Delivered => teller.delivery(to),
            Fate::Bounced => teller.bounce(to, "Permanent", "General"),
            Fate::BouncedForNow => teller.bounce(to, "Transient", "General"),
            Fate::Suppressed => teller.bounce(to, "Permanent", "OnAccountSuppressionList"),
            Fate::Answered => {
                teller.delivery(to);
                teller.bounce(to, "Transient", "General");
            }
            Fate::Complained => {
                teller.delivery(to);
                teller.complaint(to);
            }
        }
    }
    teller.told
}

struct Teller<'a> {
    mail: &'a Mail,
    told: Vec<Value>,
}

impl Teller<'_> {
    fn delivery(&mut self, to: &str) {
        let after = SignedDuration::from_millis(800);
        let delivery = json!({
            "timestamp": time(self.mail.at, after),
            "processingTimeMillis": 800,
            "recipients": [to],
            "smtpResponse": "250 2.6.0 Message received",
            "remoteMtaIp": "127.0.2.0",
            "reportingMTA": "a8-70.smtp-out.amazonses.com",
        });
        self.tell("Email Delivered", "Delivery", "delivery", after, delivery);
    }

    fn bounce(&mut self, to: &str, kind: &str, subtype: &str) {
        let after = SignedDuration::from_millis(1_200);
        let (recipient, reporter) = match (kind, subtype) {
            // An out-of-office answer, like a full mailbox, names the address alone.
            ("Transient", _) => {
                (json!({ "emailAddress": to }), "dsn; a8-96.smtp-out.amazonses.com")
            }
            (_, "General") => (
                json!({
                    "emailAddress": to,
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 5.1.1 user unknown",
                }),
                "dsn; a8-96.smtp-out.amazonses.com",
            ),
            _ => (
                json!({
                    "emailAddress": to,
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": "Amazon SES did not send the message to this address \
                        because it is on the suppression list for your account.",
                }),
                "dns; amazonses.com",
            ),
        };
        let bounce = json!({
            "feedbackId": self.feedback_id(),
            "bounceType": kind,
            "bounceSubType": subtype,
            "bouncedRecipients": [recipient],
            "timestamp": time(self.mail.at, after),
            "reportingMTA": reporter,
        });
        self.tell("Email Bounced", "Bounce", "bounce", after, bounce);
    }

    fn complaint(&mut self, to: &str) {
        let after = SignedDuration::from_secs(60);
        let complaint = json!({
            "feedbackId": self.feedback_id(),
            "complaintSubType": null,
            "complainedRecipients": [{ "emailAddress": to }],
            "timestamp": time(self.mail.at, after),
            "userAgent": "Amazon SES Mailbox Simulator",
            "complaintFeedbackType": "abuse",
            "arrivalDate": time(self.mail.at, after),
        });
        self.tell("Email Complaint Received", "Complaint", "complaint", after, complaint);
    }

    /// Unique, and the same in every run.
    fn feedback_id(&self) -> String {
        format!("{}-feedback-{}", self.mail.id, self.told.len())
    }

    fn tell(&mut self, name: &str, kind: &str, field: &str, after: SignedDuration, what: Value) {
        let mail = self.mail;
        let resources: Vec<String> = mail
            .configuration_set
            .iter()
            .map(|set| format!("arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/{set}"))
            .collect();
        let mut detail = json!({ "eventType": kind, "mail": self.record() });
        if let Some(detail) = detail.as_object_mut() {
            detail.insert(field.to_owned(), what);
        }
        self.told.push(json!({
            "version": "0",
            "id": format!("{}-event-{}", mail.id, self.told.len()),
            "detail-type": name,
            "source": "aws.ses",
            "account": ACCOUNT,
            // To the second, as EventBridge has it.
            "time": mail.at.checked_add(after).unwrap_or(mail.at)
                .strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": REGION,
            "resources": resources,
            "detail": detail,
        }));
    }

    /// The mail, as every event of it names it.
    fn record(&self) -> Value {
        let mail = self.mail;
        let from = bare(&mail.from);
        let mut headers = vec![
            json!({ "name": "From", "value": mail.from }),
            json!({ "name": "To", "value": mail.to.join(", ") }),
            json!({ "name": "Subject", "value": mail.subject }),
            json!({ "name": "MIME-Version", "value": "1.0" }),
        ];
        if !mail.reply_to.is_empty() {
            headers.push(json!({ "name": "Reply-To", "value": mail.reply_to.join(", ") }));
        }
        let own = mail.headers.iter();
        headers.extend(own.map(|(name, value)| json!({ "name": name, "value": value })));
        let mut tags: BTreeMap<&str, Vec<&str>> = BTreeMap::from([
            ("ses:operation", vec!["SendEmail"]),
            ("ses:source-ip", vec!["192.0.2.1"]),
            ("ses:from-domain", vec![from.rsplit('@').next().unwrap_or_default()]),
            ("ses:caller-identity", vec!["mailer"]),
        ]);
        if let Some(set) = &mail.configuration_set {
            tags.insert("ses:configuration-set", vec![set]);
        }
        tags.extend(mail.tags.iter().map(|(name, value)| (name.as_str(), vec![value.as_str()])));
        json!({
            "timestamp": time(mail.at, SignedDuration::ZERO),
            "source": mail.from,
            "sourceArn": format!("arn:aws:ses:{REGION}:{ACCOUNT}:identity/{from}"),
            "sendingAccountId": ACCOUNT,
            "messageId": mail.id,
            "destination": mail.to,
            "headersTruncated": false,
            "headers": headers,
            "commonHeaders": {
                "from": [mail.from],
                "to": mail.to,
                "messageId": mail.id,
                "subject": mail.subject,
            },
            "tags": tags,
        })
    }
}

fn time(at: Timestamp, after: SignedDuration) -> String {
    at.checked_add(after).unwrap_or(at).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
