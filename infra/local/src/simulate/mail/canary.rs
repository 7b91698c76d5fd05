//! Two mailers that do one thing wrong each. If the simulator doesn't catch them, it is the
//! simulator that is broken.

use std::time::Duration;

use loyalty::consent::Channel;
use loyalty::mail::Class;
use loyalty::program::Preset;
use platform::mail::{Letter, Mail, Mailbox, SendError};
use platform::store::{Claimed, Desk, Kept, MessageState, Wanted};
use testkit::aws::mail_over;
use testkit::faults::Faulty;

use super::{Batch, Chore, Plan, Word, chore};
use crate::simulate::events::{merged_at_shopify, picture, record};
use crate::simulate::history::{Event, History, Meaning};
use crate::simulate::play::Subject;
use crate::simulate::product::{Anything, Product, status};

/// What a canary does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulate) enum Slip {
    /// Claims for what it decided, whatever she said meanwhile.
    ClaimsAnyway,
    /// Sends marketing once more of which nobody knows whether SES took it.
    SendsAgain,
}

/// How long the first one takes from deciding to claiming.
const WHILE: Duration = Duration::from_millis(300);

/// The product with another drain.
pub(in crate::simulate) struct Canary {
    product: Product,
    mail: Mail,
    slip: Slip,
}

impl Canary {
    pub(in crate::simulate) fn new(product: Product, faulty: &Faulty, slip: Slip) -> Self {
        Self { product, mail: mail_over(faulty.clone()), slip }
    }

    async fn drain(&self) -> Result<(), Anything> {
        let (store, shop) = (&self.product.services.store, &self.product.shop);
        let now = self.product.services.clock.now();
        for mut kept in store.due_work(shop, 100, now).await?.messages {
            if kept.message.state == MessageState::Claimed && self.slip == Slip::ClaimsAnyway {
                store.message_unknown(shop, &kept).await?;
                continue;
            }
            let mut desk = store.desk(shop, &kept.customer).await?;
            let kinds = wanted(&kept, &desk);
            let Some(letter) = self.letter(&kept, &desk).filter(|_| !kinds.is_empty()) else {
                store.message_dropped(shop, &kept, &[]).await?;
                continue;
            };
            if self.slip == Slip::ClaimsAnyway {
                tokio::time::sleep(WHILE).await;
                desk = store.desk(shop, &kept.customer).await?;
            }
            let wanted = Wanted { kinds, ..Wanted::default() };
            let Claimed::Ours(ours) = store.claim(shop, &kept, &desk, wanted, now).await? else {
                continue;
            };
            kept.message = *ours;
            match self.mail.send(&letter).await {
                Ok(id) => store.message_sent(shop, &kept, &id, now).await?,
                Err(SendError::Throttled { reason }) => {
                    store.message_held(shop, &kept, &reason, now).await?;
                }
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn letter(&self, kept: &Kept, desk: &Desk) -> Option<Letter> {
        let tag = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Some(Letter {
            from: Mailbox::new("Bakery", "hello@corner-bakery.example").ok()?,
            reply_to: None,
            to: desk.contact.as_ref()?.email.clone()?,
            subject: "Hello".to_owned(),
            text: "Hello".to_owned(),
            html: None,
            headers: Vec::new(),
            tags: vec![
                tag("shop", self.product.shop.as_str()),
                tag("customer", kept.customer.as_str()),
                tag("message", &kept.message.id),
            ],
            configuration_set: None,
        })
    }
}

/// What she may be told.
fn wanted(kept: &Kept, desk: &Desk) -> Vec<loyalty::mail::Kind> {
    let consent = desk.contact.as_ref().map(|contact| &contact.consent);
    let yes = consent.is_some_and(|consent| consent.suffices(Channel::Email, Preset::UsNy));
    let all = kept.message.draft.sections.iter().copied();
    all.filter(|kind| yes || kind.class() != Class::Marketing).collect()
}

impl Subject for Canary {
    async fn take(&self, event: &Event) -> u16 {
        match event.meaning {
            Meaning::Mail(Chore::Drain) => status(Box::pin(self.drain()).await),
            _ => self.product.take(event).await,
        }
    }
}

/// Ten people buy something each, say yes, and say no while the mailer is at work.
pub(in crate::simulate) fn small(seed: u64, noes: bool) -> History {
    let mut history = History::in_turn(seed, Vec::new());
    let mut plan = Plan { rng: fastrand::Rng::with_seed(seed), history: &mut history };
    for person in 1..=10 {
        let purchase = picture(person, 10, 1_000, true, false, Some(person));
        plan.event(purchase, 0, 0..500);
        plan.says(person, Word::Yes, 0, 500..1_000);
        if noes {
            plan.says(person, Word::No, 0, 22_000..26_000);
        }
    }
    plan.event(chore(Chore::Stream(Batch::Whole)), 0, 20_000..21_000);
    for _ in 0..4 {
        plan.event(chore(Chore::Drain), 0, 21_000..26_000);
    }
    history
}

/// Two are made one at the moment that the second says no; the first said yes before.
pub(in crate::simulate) fn merged_while_she_says(word: Word, seed: u64) -> History {
    let mut history = History::in_turn(seed, Vec::new());
    let mut plan = Plan { rng: fastrand::Rng::with_seed(seed), history: &mut history };
    plan.event(picture(1, 10, 1_000, true, false, Some(1)), 0, 0..100);
    plan.event(record(2), 0, 0..100);
    plan.says(1, Word::Yes, 0, 1_000..2_000);
    plan.once(Chore::Stream(Batch::Whole), 0, 5_000..5_001);
    plan.event(merged_at_shopify(1, 2), 0, 10_000..10_100);
    let at = 10_050;
    plan.once(Chore::Says { person: 2, word, at }, 0, 10_000..10_200);
    plan.once(Chore::Drain, 0, 15_000..15_001);
    history
}
