//! Who a shop's mail comes from, in an item of its own: the settings beside it are read by
//! everybody, this by mail alone.

use jiff::Timestamp;
use loyalty::ids::ShopId;
use thiserror::Error;

use super::item::{self, Put};
use super::keys::Entity;
use super::{Store, StoreError, Write, retry};
use crate::sender::{MailSettings, MailSettingsChange, SenderCheck, UnfitSettings};

/// Settings of mail weren't changed.
#[derive(Debug, Error)]
pub enum MailSettingsError {
    /// They can't be as it was wished.
    #[error(transparent)]
    Unfit(#[from] UnfitSettings),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Who a shop's mail comes from; nobody where nothing was ever said.
    pub async fn mail_settings(&self, shop: &ShopId) -> Result<MailSettings, StoreError> {
        let item = self.get(&Entity::MailSettings.key(shop)).await?;
        item.map_or_else(|| Ok(MailSettings::default()), item::read)
    }

    /// Changes who a shop's mail comes from, and gives what holds then. What is said
    /// already is not written again.
    pub async fn set_mail_settings(
        &self,
        shop: &ShopId,
        change: MailSettingsChange,
        now: Timestamp,
    ) -> Result<MailSettings, MailSettingsError> {
        for attempt in 1.. {
            let settings = self.mail_settings(shop).await?;
            let mut next = settings.changed(change.clone())?;
            if next == settings {
                return Ok(settings);
            }
            next.version = settings.version.saturating_add(1);
            next.changed_at = Some(now);
            let key = Entity::MailSettings.key(shop);
            let put = Put::new(key, &next)?.if_version("version", settings.version);
            if self.put(put).await? == Write::Done {
                return Ok(next);
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS }.into())
    }

    /// Keeps what was found about a shop's sender, and gives what holds then. What was found
    /// about a domain that isn't its own any more is dropped.
    pub async fn keep_sender_check(
        &self,
        shop: &ShopId,
        check: SenderCheck,
    ) -> Result<MailSettings, StoreError> {
        for attempt in 1.. {
            let settings = self.mail_settings(shop).await?;
            let mut next = settings.with_check(check.clone());
            next.version = settings.version.saturating_add(1);
            let key = Entity::MailSettings.key(shop);
            let put = Put::new(key, &next)?.if_version("version", settings.version);
            if self.put(put).await? == Write::Done {
                return Ok(next);
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }
}
