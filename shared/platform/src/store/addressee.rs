//! Somebody as the rules of mail see her.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use loyalty::account::Account;
use loyalty::consent::{Channel, Consent, Suppression};
use loyalty::mail::{Kind, Recipient, Sent};
use loyalty::program::Preset;

use super::Contact;

/// The switch, among those of kinds of mail, by which she says that offers mustn't be chosen by
/// what she buys.
pub const BY_PURCHASES: &str = "by-purchases";

/// What the rules of mail ask about somebody.
#[derive(Debug, Clone)]
pub struct Addressee {
    unreachable: bool,
    paused: bool,
    held_until: Option<Timestamp>,
    is_member: bool,
    consented: bool,
    suppressed: Option<Suppression>,
    off: Vec<Kind>,
    monthly: bool,
    /// Whether mail may be chosen by what she buys. Where the preset asks for her own yes to
    /// that, it may not: nobody was asked.
    pub by_purchases: bool,
}

impl Addressee {
    /// Somebody with this contact (`None`: erased) and account, at a shop of this country.
    pub fn of(
        contact: Option<&Contact>,
        account: &Account,
        preset: Preset,
        now: Timestamp,
    ) -> Self {
        let none = Consent::default();
        let consent = contact.map_or(&none, |contact| &contact.consent);
        Self {
            unreachable: contact.is_none_or(|contact| contact.email.is_none()),
            paused: account.paused || consent.paused_until(now).is_some(),
            held_until: account.held_until.filter(|until| now < *until),
            is_member: account.is_member(),
            consented: consent.suffices(Channel::Email, preset),
            suppressed: consent.suppressed().map(|suppressed| suppressed.why),
            off: Kind::ALL.into_iter().filter(|kind| consent.is_off(kind.as_str())).collect(),
            monthly: consent.at_most_monthly(),
            by_purchases: preset.automatic_membership() && !consent.is_off(BY_PURCHASES),
        }
    }

    /// The same as the gate wants it, with what went to her lately.
    pub fn recipient<'a>(&'a self, zone: &'a TimeZone, sent: &'a Sent) -> Recipient<'a> {
        Recipient {
            unreachable: self.unreachable,
            paused: self.paused,
            held_until: self.held_until,
            is_member: self.is_member,
            consented: self.consented,
            complained: self.suppressed == Some(Suppression::Complaint),
            bounced: matches!(self.suppressed, Some(Suppression::Bounce | Suppression::Bounces)),
            off: &self.off,
            monthly: self.monthly,
            zone,
            sent,
        }
    }
}
