//! The mail mode, as the API shows and takes it.

use jiff::Timestamp;
use platform::store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far the shop's mail is.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct MailSetting {
    /// The mode.
    mode: MailMode,
    /// When it went live last; only what happened since causes mail. Kept while mail is off
    /// again; null where it never was live.
    live_since: Option<Timestamp>,
    /// When the mode was last changed; null where it never was.
    changed_at: Option<Timestamp>,
}

/// How far mail is: none goes out, all of it goes to the owner alone, or it goes to
/// customers.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::api) enum MailMode {
    Off,
    Owner,
    Live,
}

impl From<store::MailMode> for MailMode {
    fn from(mode: store::MailMode) -> Self {
        match mode {
            store::MailMode::Off => Self::Off,
            store::MailMode::OwnerOnly => Self::Owner,
            store::MailMode::Live => Self::Live,
        }
    }
}

impl From<MailMode> for store::MailMode {
    fn from(mode: MailMode) -> Self {
        match mode {
            MailMode::Off => Self::Off,
            MailMode::Owner => Self::OwnerOnly,
            MailMode::Live => Self::Live,
        }
    }
}

impl From<store::Status> for MailSetting {
    fn from(status: store::Status) -> Self {
        Self {
            mode: status.mail_mode.into(),
            live_since: status.live_since,
            changed_at: status.mail_changed_at(),
        }
    }
}
