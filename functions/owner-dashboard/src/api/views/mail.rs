//! The mail mode and who mail comes from, as the API shows and takes them.

use jiff::Timestamp;
use loyalty::program::Preset;
use platform::sender::Carrier;
use platform::store::{Whence, WhyHeld};
use platform::{sender, store};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::shop::Shop;

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

/// Who the shop's mail comes from, and how it looks.
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
    /// The address of a second person, who is told when a low score has waited for 5 days.
    second: Option<String>,
    /// The shop's postal address, on one line.
    postal_address: Option<String>,
    /// Where the shop's logo is; null where its name stands for it.
    #[schema(example = "https://example.com/logo.png")]
    logo: Option<String>,
    /// The shop's colour; null where it is ours.
    #[schema(example = "#9a3412")]
    accent: Option<String>,
    /// The language of customers whose own isn't known or isn't one we write; null where it
    /// is the country's.
    #[schema(example = "en")]
    language: Option<String>,
    /// The page that says who is behind the shop.
    #[schema(example = "https://example.com/imprint")]
    imprint: Option<String>,
    /// The local day the owner is back.
    #[schema(example = "2027-01-10")]
    away_until: Option<String>,
    /// When any of this was last changed; null where it never was.
    changed_at: Option<Timestamp>,
    /// What mail lacks to be live, as sentences; empty where it lacks nothing.
    missing: Vec<String>,
}

/// Whether the shop's marketing mail is held.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Marketing {
    /// Whether it is.
    paused: bool,
    /// Since when; null where it isn't.
    paused_at: Option<Timestamp>,
    /// Whether it stopped by itself; else somebody said so.
    by_itself: bool,
    /// Why, and what to do, as a sentence; null where it isn't held.
    #[schema(example = "5 of 100 mails of the last 7 days came back for good: look where these \
                        addresses come from before marketing goes on")]
    why: Option<String>,
}

impl Marketing {
    pub(in crate::api) fn of(status: &store::Status) -> Self {
        let pause = status.marketing_paused;
        let why = pause.map(|pause| match pause.why {
            WhyHeld::ByItself(bad) => bad.to_string(),
            WhyHeld::ByHand(Whence::Api) => "somebody held it by the API".to_owned(),
            WhyHeld::ByHand(Whence::Command) => "somebody held it by the command line".to_owned(),
        });
        Self {
            paused: pause.is_some(),
            paused_at: pause.map(|pause| pause.at),
            by_itself: pause.is_some_and(|pause| matches!(pause.why, WhyHeld::ByItself(_))),
            why,
        }
    }
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
    pub(in crate::api) fn of(
        shop: &Shop,
        status: &store::Status,
        settings: &sender::MailSettings,
    ) -> Self {
        Self {
            mode: status.mail_mode.into(),
            live_since: status.live_since,
            changed_at: status.mail_changed_at(),
            warnings: in_words(settings, status.mail_mode, shop.preset(), shop.carrier),
        }
    }
}

impl MailSettings {
    pub(in crate::api) fn of(shop: &Shop, settings: sender::MailSettings) -> Self {
        Self {
            missing: in_words(&settings, store::MailMode::Live, shop.preset(), shop.carrier),
            from: settings.from,
            from_name: settings.from_name.unwrap_or_else(|| shop.name().to_owned()),
            reply_to: settings.reply_to,
            owner: settings.owner,
            second: settings.second,
            postal_address: settings.postal_address,
            logo: settings.logo,
            accent: settings.accent,
            language: settings.language,
            imprint: settings.imprint,
            away_until: settings.away_until,
            changed_at: settings.changed_at,
        }
    }
}

fn in_words(
    settings: &sender::MailSettings,
    mode: store::MailMode,
    preset: Preset,
    carrier: Carrier,
) -> Vec<String> {
    settings.lacks(mode, preset, carrier).iter().map(ToString::to_string).collect()
}
