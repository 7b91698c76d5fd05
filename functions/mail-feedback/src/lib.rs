//! Takes what became of mail: sent, delivered, bounced, complained about.
//!
//! SES tells it by events, which come late, twice, in any order, and sometimes before our own
//! mark that a mail was sent. Each says what it says by itself, so that none of that matters:
//!
//! | event | the message | the person |
//! | --- | --- | --- |
//! | Send | is sent, even if nobody knew | |
//! | Delivery | was delivered | |
//! | Bounce, permanent | came back | no mail until the address is confirmed anew |
//! | Bounce, transient | came back for now | the same after three within 30 days |
//! | Complaint | was called spam | no marketing and no account mail, for good |
//! | Reject, Rendering Failure | failed | |
//! | Delivery Delay, Open, Click, Subscription | counted | |
//!
//! Whatever happened to a mail, SES took it: so all but a rejection settle the message as
//! sent. What a mailbox answered is hers only if the mail went to her and that address still
//! is hers. A message we don't know, by its tags, is counted and left. A shop whose mail comes
//! back, or is called spam, too often has its marketing held
//! ([`platform::store::Store::guard_marketing`]).

pub mod payload;

use jiff::Timestamp;
use loyalty::consent::{Act, Fact};
use platform::Services;
use platform::store::{Bounced, Heard, Message, StoreError};
use platform::telemetry::Metric;
use serde_json::value::RawValue;
use thiserror::Error;

use self::payload::{About, Bounce, Feedback, Unreadable, What};

/// An event wasn't taken in. Lambda tries again, and then keeps it.
#[derive(Debug, Error)]
pub enum FeedbackError {
    /// It isn't an event of SES's as we know them.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The table couldn't take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It says something of a message of ours.
    Heard,
    /// It is counted, and changes nothing.
    Counted,
    /// It is about no message we know.
    Unknown,
}

/// Takes an event of SES's in.
pub async fn handle(services: &Services, event: &RawValue) -> Result<Outcome, FeedbackError> {
    let feedback = payload::read(event.get())?;
    let outcome = match &feedback.about {
        Some(about) => take(services, about, &feedback).await?,
        None => Outcome::Unknown,
    };
    let what = feedback.what.name();
    match outcome {
        Outcome::Unknown => platform::count!("mail_feedback_unknown", what = what),
        Outcome::Heard | Outcome::Counted => platform::count!("mail_feedback", what = what),
    }
    Ok(outcome)
}

async fn take(
    services: &Services,
    about: &About,
    feedback: &Feedback,
) -> Result<Outcome, StoreError> {
    let Feedback { ses_id, sent_at, what, .. } = feedback;
    if let What::Rejected { why } = what {
        let heard = Heard::Rejected { ses_id: ses_id.clone(), why: (*why).to_owned() };
        let message = hear(services, about, &[heard]).await?;
        return Ok(message.map_or(Outcome::Unknown, |_| Outcome::Heard));
    }
    if matches!(what, What::Opened | What::Clicked | What::Subscribed | What::New) {
        return Ok(Outcome::Counted);
    }
    let sent = Heard::Sent { at: *sent_at, ses_id: ses_id.clone() };
    let mut heard = vec![sent];
    // Most events are of mail that arrived: one write for both.
    if let What::Delivered { at } = what {
        heard.push(Heard::Delivered { at: *at });
    }
    let Some(message) = hear(services, about, &heard).await? else { return Ok(Outcome::Unknown) };
    match what {
        What::Bounced { at, bounce, addresses } => {
            // A mailbox that took the mail and then sends something back without a reason is
            // somebody's who is away.
            if *bounce == Bounce::General && message.delivered_at.is_some() {
                return Ok(Outcome::Counted);
            }
            let (at, permanent) = (*at, *bounce == Bounce::Permanent);
            hear(services, about, &[Heard::Bounced(Bounced { at, permanent })]).await?;
            let act = if permanent { Act::Bounced } else { Act::BouncedForNow };
            answered(services, about, addresses, Fact { at, act }).await?;
            if permanent {
                guard(services, about).await?;
            }
        }
        What::Complained { at, addresses } => {
            let at = *at;
            hear(services, about, &[Heard::Complained { at }]).await?;
            answered(services, about, addresses, Fact { at, act: Act::Complained }).await?;
            guard(services, about).await?;
        }
        What::Sent
        | What::Delivered { .. }
        | What::Rejected { .. }
        | What::Delayed
        | What::Opened
        | What::Clicked
        | What::Subscribed
        | What::New => {}
    }
    Ok(Outcome::Heard)
}

async fn hear(
    services: &Services,
    about: &About,
    heard: &[Heard],
) -> Result<Option<Message>, StoreError> {
    let About { shop, customer, message, trigger, .. } = about;
    services.store.message_heard(shop, customer, message, trigger.as_deref(), heard).await
}

/// Takes in what her mailbox answered, if it is hers.
async fn answered(
    services: &Services,
    about: &About,
    addresses: &[String],
    fact: Fact,
) -> Result<(), StoreError> {
    let About { shop, customer, .. } = about;
    if !about.to_customer {
        return Ok(());
    }
    let known = services.store.known_as(shop, customer).await?;
    let identities = services.identities(shop).await?;
    // Mail goes to the address under the name that stands for her.
    let hers = known.holder().and_then(|(_, contact)| identities.email(contact.email.as_ref()?));
    let answers = |address: &String| {
        let theirs = identities.email(address);
        theirs.is_some() && theirs == hers
    };
    if !addresses.iter().any(answers) {
        platform::count!("mail_feedback_former_address");
        return Ok(());
    }
    let now: Timestamp = services.clock.now();
    services.store.hear(shop, customer, &fact, now).await?;
    Ok(())
}

/// Looks whether too much of the shop's mail is received like this.
async fn guard(services: &Services, about: &About) -> Result<(), StoreError> {
    let (About { shop, to_customer, .. }, now) = (about, services.clock.now());
    if !to_customer {
        return Ok(());
    }
    if let Some(why) = services.store.guard_marketing(shop, now).await? {
        tracing::warn!(%shop, %why, "marketing stopped by itself");
        services.metrics.tell(Metric::MarketingPaused, 1, now);
    }
    Ok(())
}

impl What {
    /// As it is counted.
    fn name(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered { .. } => "delivered",
            Self::Bounced { bounce: Bounce::Permanent, .. } => "bounced",
            Self::Bounced { .. } => "bounced_for_now",
            Self::Complained { .. } => "complained",
            Self::Rejected { .. } => "rejected",
            Self::Delayed => "delayed",
            Self::Opened => "opened",
            Self::Clicked => "clicked",
            Self::Subscribed => "subscribed",
            Self::New => "new",
        }
    }
}

#[cfg(test)]
mod tests;
