//! How far a shop's mail is, and who said so.

use jiff::Timestamp;
use loyalty::ids::ShopId;
use serde::{Deserialize, Serialize};

use super::{Status, Store, StoreError};

/// Changes kept.
const CHANGES: usize = 20;

/// How far a shop's mail is. Never cached past one decision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailMode {
    /// Nothing goes out.
    #[default]
    Off,
    /// Everything goes to the owner alone, so that she sees what would go out.
    OwnerOnly,
    /// Mail goes to customers, about what happened since it went live.
    Live,
}

/// By which door a change came. Tokens aren't persons, so there is no name to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whence {
    /// The owner's API.
    Api,
    /// The command line.
    Command,
}

/// A change of the mail mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailChange {
    /// To this.
    pub mode: MailMode,
    /// When.
    pub at: Timestamp,
    /// By which door.
    pub by: Whence,
}

impl Status {
    /// How far a shop's mail is, as the rules have it.
    pub fn mode(&self) -> loyalty::mail::MailMode {
        use loyalty::mail::MailMode as Rule;
        match (self.mail_mode, self.live_since) {
            (MailMode::Off, _) | (MailMode::Live, None) => Rule::Off,
            (MailMode::OwnerOnly, _) => Rule::Owner,
            (MailMode::Live, Some(since)) => Rule::Live { since },
        }
    }

    /// When the mail mode was last changed; `None` where it never was.
    pub fn mail_changed_at(&self) -> Option<Timestamp> {
        self.mail_changes.last().map(|change| change.at)
    }

    /// Sets the mail mode; says whether that is a change. Live once more begins anew: what
    /// happened in between causes no mail.
    fn change_mail(&mut self, change: MailChange) -> bool {
        if self.mail_mode == change.mode {
            return false;
        }
        self.mail_mode = change.mode;
        if change.mode == MailMode::Live {
            self.live_since = Some(change.at);
        }
        self.mail_changes.push(change);
        let over = self.mail_changes.len().saturating_sub(CHANGES);
        self.mail_changes.drain(..over);
        true
    }
}

impl Store {
    /// Sets how far a shop's mail is, and gives its status then. Set to what it is, nothing
    /// changes: who is live stays live since then.
    pub async fn set_mail_mode(
        &self,
        shop: &ShopId,
        mode: MailMode,
        by: Whence,
        now: Timestamp,
    ) -> Result<Status, StoreError> {
        let change = MailChange { mode, at: now, by };
        let (status, _) = self.change_status(shop, |status| status.change_mail(change)).await?;
        Ok(status)
    }
}
