//! The mail mode and who mail comes from, as the API shows and takes them.

use jiff::Timestamp;
use platform::{sender, store};
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
    /// What mail lacks to be in this mode, as sentences; empty where it lacks nothing.
    #[schema(example = json!(["no from-address: nothing can be sent"]))]
    warnings: Vec<String>,
}

/// Who the shop's mail comes from.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct MailSettings {
    /// The address; null where none is set, and nothing can be sent.
    #[schema(example = "hello@example.com")]
    from: Option<String>,
    /// The name beside it: the shop's own where no other is set.
    #[schema(example = "Corner Bakery")]
    from_name: String,
    /// Where answers go; null where they go to `from`.
    reply_to: Option<String>,
    /// The owner's address: where mail to the owner alone goes.
    owner: Option<String>,
    /// The shop's postal address, on one line.
    postal_address: Option<String>,
    /// When any of this was last changed; null where it never was.
    changed_at: Option<Timestamp>,
    /// What mail lacks to be live, as sentences; empty where it lacks nothing.
    missing: Vec<String>,
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

impl MailSetting {
    pub(in crate::api) fn of(status: &store::Status, settings: &sender::MailSettings) -> Self {
        Self {
            mode: status.mail_mode.into(),
            live_since: status.live_since,
            changed_at: status.mail_changed_at(),
            warnings: in_words(settings, status.mail_mode),
        }
    }
}

impl MailSettings {
    pub(in crate::api) fn of(shop_name: &str, settings: sender::MailSettings) -> Self {
        let missing = in_words(&settings, store::MailMode::Live);
        let sender::MailSettings { from, from_name, reply_to, owner, postal_address, .. } =
            settings;
        let from_name = from_name.unwrap_or_else(|| shop_name.to_owned());
        let changed_at = settings.changed_at;
        Self { from, from_name, reply_to, owner, postal_address, changed_at, missing }
    }
}

fn in_words(settings: &sender::MailSettings, mode: store::MailMode) -> Vec<String> {
    settings.lacks(mode).iter().map(ToString::to_string).collect()
}
