//! One message: decided about, written, claimed, sent and settled.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use loyalty::ids::ShopId;
use loyalty::mail::news::News;
use loyalty::mail::{Kind, WhyNot};
use loyalty::program::ProgramVersion;
use platform::mail::{Letter, Quota, SendError};
use platform::store::{
    Claimed, Desk, Kept, MessageState, ReliedOn, StoreError, TemplateFault, Wanted,
};

use crate::Mailer;
use crate::drain::Ended;
use crate::letter::{self, LetterError, Occasion, Ready};
use crate::lookout::{Decided, Telling, decide};

/// How often SES is asked again that has had enough for the moment.
const THROTTLED_ATTEMPTS: u32 = 3;

/// How long a message waits that SES had no room for.
const THROTTLED_FOR: SignedDuration = SignedDuration::from_mins(1);

/// How long a message waits until somebody may have done something about it.
const HELD_FOR: SignedDuration = SignedDuration::from_hours(1);

/// How long that is tried.
const HELD_AT_MOST: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Mailer {
    /// Decides about a message and does what was decided. `None`: something it rests on
    /// changed meanwhile.
    pub(crate) async fn attempt(
        &self,
        shop: &ShopId,
        kept: &Kept,
        now: Timestamp,
    ) -> Result<Option<Ended>, StoreError> {
        let store = &self.services.store;
        if kept.message.is_open_at(now) && !kept.message.may_repeat() {
            store.message_unknown(shop, kept).await?;
            return Ok(Some(Ended::Failed));
        }
        let desk = store.desk(shop, &kept.customer).await?;
        let rules = store.rules(shop, now).await?;
        let Some(version) = rules.programs.current(now) else {
            return self.hold(shop, kept, "the shop has no program in force", now).await.map(Some);
        };
        let decided = decide(&self.services, shop, kept, &desk, &version.program, now).await?;
        let telling = match decided {
            Decided::Send(telling) => telling,
            Decided::Wait { until, why } => {
                store.message_waits(shop, kept, until, why).await?;
                return Ok(Some(Ended::Waiting));
            }
            Decided::Drop(reasons) => return self.leave_out(shop, kept, &reasons).await.map(Some),
        };
        let ready = match self.write(shop, kept, &desk, version, &telling, now).await? {
            Ok(ready) => ready,
            Err(LetterError::Held(why)) => return self.hold(shop, kept, &why, now).await.map(Some),
            Err(error @ LetterError::Address(_)) => {
                store.message_failed(shop, kept, &error.to_string()).await?;
                return Ok(Some(Ended::Failed));
            }
        };
        let quota = self.mail.quota(now).await;
        if let Some(why) = no_room(&quota) {
            return self.hold(shop, kept, why, now).await.map(Some);
        }
        let contact = desk.contact.as_ref();
        let preset = version.program.shop.preset;
        let relied_on = contact.and_then(|contact| ReliedOn::of(&contact.consent, preset));
        let kinds = telling.news.iter().map(News::kind).collect();
        let Telling { to_owner, without, .. } = telling;
        let wanted = Wanted { kinds, to_owner, without, marketing: ready.marketing, relied_on };
        match self.claim(shop, kept, &desk, wanted, now).await? {
            Some(ours) => self.send(shop, &ours, &ready.letter, &quota).await.map(Some),
            None => Ok(None),
        }
    }

    /// Writes what is to be told. Where the owner's own words can't be used ours stand, and
    /// she finds what is wrong with hers among her tasks.
    async fn write(
        &self,
        shop: &ShopId,
        kept: &Kept,
        desk: &Desk,
        version: &ProgramVersion,
        telling: &Telling,
        now: Timestamp,
    ) -> Result<Result<Ready, LetterError>, StoreError> {
        let settings = &self.services.store.mail_settings(shop).await?;
        let unproven = settings.unproven(self.services.sites.carrier);
        if let Some(lack) = unproven.first().filter(|_| !telling.to_owner) {
            return Ok(Err(LetterError::Held(lack.to_string())));
        }
        let links = match self.services.links() {
            Ok(links) => links,
            Err(error) => return Ok(Err(LetterError::Held(error.to_string()))),
        };
        let configuration_sets = self.configuration_sets.as_deref();
        let (program, links) = (&version.program, &links);
        let occasion = Occasion {
            shop,
            kept,
            desk,
            program,
            settings,
            telling,
            configuration_sets,
            links,
            now,
        };
        let written = letter::write(&occasion);
        for broken in written.iter().flat_map(|ready| &ready.broken) {
            let fault = TemplateFault::of(version.number, broken);
            if self.told_faults.is_new(shop, &fault) {
                tracing::error!(%shop, %fault, "the owner's own words can't be used: ours stand");
                self.services.store.keep_template_fault(shop, &fault, now).await?;
            }
        }
        Ok(written)
    }

    async fn claim(
        &self,
        shop: &ShopId,
        kept: &Kept,
        desk: &Desk,
        wanted: Wanted,
        now: Timestamp,
    ) -> Result<Option<Kept>, StoreError> {
        Ok(match self.services.store.claim(shop, kept, desk, wanted, now).await? {
            Claimed::Ours(message) => {
                Some(Kept { customer: kept.customer.clone(), message: *message })
            }
            Claimed::Changed => None,
        })
    }

    /// Sends a claimed message and settles it.
    async fn send(
        &self,
        shop: &ShopId,
        ours: &Kept,
        letter: &Letter,
        quota: &Quota,
    ) -> Result<Ended, StoreError> {
        let store = &self.services.store;
        let mut pause = quota.pause;
        for attempt in 1.. {
            // One after the other is within the rate, and others send at the same time: SES
            // says where it is too much.
            tokio::time::sleep(pause).await;
            let sent = self.mail.send(letter).await;
            let now = self.services.clock.now();
            let id = &ours.message.id;
            match sent {
                Ok(ses_id) => {
                    store.message_sent(shop, ours, &ses_id, now).await?;
                    return Ok(Ended::Sent);
                }
                Err(SendError::Throttled { .. }) if attempt < THROTTLED_ATTEMPTS => {
                    pause = pause.saturating_mul(2).max(Duration::from_millis(100));
                }
                Err(error @ SendError::Throttled { .. }) => {
                    let due = now.checked_add(THROTTLED_FOR).unwrap_or(now);
                    store.message_held(shop, ours, error.reason(), due).await?;
                    return Ok(Ended::Waiting);
                }
                Err(error @ SendError::Held { .. }) => {
                    tracing::warn!(%shop, message = id, why = error.reason(), "mail is held");
                    return self.hold(shop, ours, error.reason(), now).await;
                }
                Err(error @ SendError::Refused { .. }) => {
                    tracing::warn!(%shop, message = id, why = error.reason(), "mail refused");
                    store.message_failed(shop, ours, error.reason()).await?;
                    return Ok(Ended::Failed);
                }
                Err(error @ SendError::Unknown { .. }) => {
                    let why = error.reason();
                    tracing::warn!(%shop, message = id, why, "it isn't known whether mail went out");
                    return Ok(Ended::Waiting);
                }
            }
        }
        Ok(Ended::Waiting)
    }

    /// Puts a message off until somebody may have done something about what is wrong.
    async fn hold(
        &self,
        shop: &ShopId,
        kept: &Kept,
        why: &str,
        now: Timestamp,
    ) -> Result<Ended, StoreError> {
        let store = &self.services.store;
        let due = now.checked_add(HELD_FOR).unwrap_or(now);
        store.message_held(shop, kept, why, due).await?;
        if now.duration_since(kept.message.planned_at) < HELD_AT_MOST {
            return Ok(Ended::Waiting);
        }
        // Most kinds make no sense any more long before; the others end here.
        let Some(message) = store.message(shop, &kept.customer, &kept.message.trigger()).await?
        else {
            return Ok(Ended::Dropped);
        };
        let kept = Kept { customer: kept.customer.clone(), message };
        store.message_given_up(shop, &kept).await?;
        Ok(Ended::Failed)
    }

    /// Leaves a message out for its reasons. One that may have been sent before is of unknown
    /// end instead, and one that trouble kept until now has failed.
    async fn leave_out(
        &self,
        shop: &ShopId,
        kept: &Kept,
        reasons: &[(Kind, WhyNot)],
    ) -> Result<Ended, StoreError> {
        let store = &self.services.store;
        if kept.message.state == MessageState::Claimed {
            store.message_unknown(shop, kept).await?;
            return Ok(Ended::Failed);
        }
        let late = reasons.iter().any(|(_, why)| *why == WhyNot::Stale);
        if late && kept.message.trouble.is_some() {
            store.message_given_up(shop, kept).await?;
            return Ok(Ended::Failed);
        }
        store.message_dropped(shop, kept, reasons).await?;
        Ok(Ended::Dropped)
    }
}

/// Why SES has no room for one more mail, if it hasn't.
fn no_room(quota: &Quota) -> Option<&'static str> {
    if !quota.sending {
        Some("SES doesn't send for this account: look at its console, Account dashboard")
    } else if quota.left_today == Some(0) {
        Some("the day's quota of SES is used up: ask AWS for a higher one")
    } else {
        None
    }
}
