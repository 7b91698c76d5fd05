//! How far a shop's mail is, in words.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use loyalty::ids::ShopId;
use platform::store::{MailMode, Settings, Status};

use crate::cli::MailWanted;

/// How far a shop's mail is, in words.
pub(super) fn describe(shop: &ShopId, settings: &Settings, status: &Status) -> String {
    let local = |at: Timestamp| {
        let zone = TimeZone::get(&settings.zone).unwrap_or(TimeZone::UTC);
        let name = zone.iana_name().unwrap_or("UTC").to_owned();
        format!("{} {name}", at.to_zoned(zone).strftime("%Y-%m-%d %H:%M"))
    };
    let mut line = match (status.mail_mode, status.live_since) {
        (MailMode::Off, _) => format!("Mail of {shop} is off: nobody gets any."),
        (MailMode::OwnerOnly, _) => {
            format!("Mail of {shop} goes to the owner alone: no customer gets any.")
        }
        (MailMode::Live, since) => {
            let since = since.map(|since| format!(" since {}", local(since))).unwrap_or_default();
            format!("Mail of {shop} is live{since}: what happened before causes none.")
        }
    };
    // Of live mail the line has said so already.
    if let Some(at) = status.mail_changed_at().filter(|_| status.mail_mode != MailMode::Live) {
        line = format!("{line} So since {}.", local(at));
    }
    line
}

impl From<MailWanted> for MailMode {
    fn from(wanted: MailWanted) -> Self {
        match wanted {
            MailWanted::Off => Self::Off,
            MailWanted::Owner => Self::OwnerOnly,
            MailWanted::Live => Self::Live,
        }
    }
}
