//! How the product does what there is to do about mail.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use loyalty::birthday::Birthday;
use loyalty::consent::{Act, Channel, Fact, Teller};
use loyalty::ids::{CustomerId, ShopId};
use loyalty::mail::Kind;
use loyalty::program::ConsentGrade;
use mailer::Mailer;
use mailer::stream::Record;
use platform::bus::Bus;
use platform::sender::{MailSettingsChange, Wish};
use platform::store::keys::Nightly;
use platform::store::{ApprovalAnswer, BirthdayBy, MailMode, Whence};
use platform::tokens::Door;
use platform::{Services, Store};
use reengagement_scan::Scan;
use serde_json::json;
use serde_json::value::to_raw_value;
use sources::api::ShopifyAccess;
use testkit::aws::{bus_over, mail_over};
use testkit::faults::Faulty;
use tier_recalculation::Recalculation;
use tower::ServiceExt;

use super::nights::BEFORE;
use super::replies::Doors;
use super::{Chore, Post, Word};

/// Since when the shop's mail is live: before everything.
const LIVE_SINCE: &str = "2026-11-01T12:00:00Z";

/// How long who wants no mail for a while gets none: longer than a history.
const PAUSE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How long a drain may take: whatever faults it meets.
const BUDGET: Duration = Duration::from_secs(600);

type Anything = Box<dyn std::error::Error + Send + Sync>;

/// The functions that mail goes through, of one shop.
pub(crate) struct Office {
    pub(super) mailer: Mailer,
    scan: Scan,
    recalculation: Recalculation,
    portal: Router,
    pub(super) doors: Doors,
    pub(crate) post: Arc<Post>,
    pub(super) shop: ShopId,
    /// The program as it will be once its tiers are easier to reach.
    easier: String,
}

impl Office {
    /// The office of a shop that has everything mail needs, and is live.
    pub(crate) async fn open(
        services: &Services,
        shop: &ShopId,
        faulty: &Faulty,
        post: Arc<Post>,
        program: &str,
    ) -> Result<Self, Anything> {
        let store = &services.store;
        let change = MailSettingsChange {
            from: Wish::Set("hello@corner-bakery.example".to_owned()),
            owner: Wish::Set("owner@corner-bakery.example".to_owned()),
            second: Wish::Set("second@corner-bakery.example".to_owned()),
            ..MailSettingsChange::default()
        };
        let live: Timestamp = LIVE_SINCE.parse()?;
        store.set_mail_settings(shop, change, live).await?;
        store.set_mail_mode(shop, MailMode::Live, Whence::Api, live).await?;
        post.is_drained_until_now().await;
        for function in [Nightly::Mail, Nightly::Points] {
            nights_ran(store, shop, function).await?;
        }
        let (mail, bus) = (mail_over(faulty.clone()), bus_over(faulty.clone()));
        let (scan, recalculation) = nightly(services, &bus)?;
        let mailer = Mailer::new(services.clone(), mail, bus)?;
        let portal = customer_portal::router(services.clone());
        let doors = Doors::of(services);
        let easier = program.replace("threshold = \"500.00\"", "threshold = \"50.00\"");
        let shop = shop.clone();
        Ok(Self { mailer, scan, recalculation, portal, doors, post, shop, easier })
    }

    /// Does it, for who is known by this number already.
    pub(crate) async fn does(&self, chore: Chore, who: Option<CustomerId>) -> Result<(), Anything> {
        match chore {
            Chore::Stream(batch) => {
                self.post.read_on().await?;
                let records = self.post.batch(batch);
                let read = records.iter().cloned().map(Record::read).collect();
                let failed = Box::pin(self.mailer.stream(read)).await;
                self.post.worked_off(&records, &failed);
                if failed.is_empty() { Ok(()) } else { Err("some records come again".into()) }
            }
            Chore::Drain => {
                let shops = std::slice::from_ref(&self.shop);
                let drained = Box::pin(self.mailer.drain(shops, BUDGET)).await;
                drained.error.map_or(Ok(()), |error| Err(error.into()))
            }
            Chore::Feedback(order) => self.feedback(order).await,
            Chore::Says { person, word, at } => {
                let who = who.ok_or("she isn't known yet")?;
                let at = self.post.at(at);
                let (services, shop) = (&self.mailer.services, &self.shop);
                if word == Word::No {
                    self.one_click(&who).await?;
                } else {
                    services.store.hear(shop, &who, &fact(word, at), services.clock.now()).await?;
                }
                self.post.is_known(person, &who);
                Ok(())
            }
            Chore::Live(live) => {
                let mode = if live { MailMode::Live } else { MailMode::Off };
                let Services { store, clock, .. } = &self.mailer.services;
                self.set_mode(store, mode, clock.now()).await
            }
            Chore::Night(function) => self.night(function).await,
            Chore::HoursPass => Ok(self.post.hours_passed().await?),
            Chore::Born { day, .. } => {
                let who = who.ok_or("she isn't known yet")?;
                let (day, by): (Birthday, _) = (day.parse()?, BirthdayBy::Api);
                let Services { store, clock, .. } = &self.mailer.services;
                store.set_birthday(&self.shop, &who, Some(day), by, clock.now()).await?;
                Ok(())
            }
            Chore::Lowered => {
                let Services { store, clock, .. } = &self.mailer.services;
                store.apply_program(&self.easier, clock.now()).await?;
                Ok(())
            }
            Chore::Approved => self.approve().await,
            Chore::Asked { person, reply } => self.reply(person, reply).await,
            Chore::FollowedUp(deed) => self.followed_up(deed).await,
        }
    }

    /// The hour comes to a nightly function.
    async fn night(&self, function: Nightly) -> Result<(), Anything> {
        let hour = to_raw_value(&json!({ "hourly": "" }))?;
        match function {
            Nightly::Mail => {
                Box::pin(reengagement_scan::handle(&self.scan, &hour, BUDGET)).await?;
            }
            Nightly::Points => {
                let function = &self.recalculation;
                Box::pin(tier_recalculation::handle(function, &hour, BUDGET)).await?;
            }
        }
        Ok(())
    }

    /// The owner agrees to whatever waits.
    async fn approve(&self) -> Result<(), Anything> {
        let Services { store, clock, .. } = &self.mailer.services;
        for one in store.approvals(&self.shop, clock.now()).await? {
            let (of, all) = ((one.date, one.kind), &ApprovalAnswer::All);
            store.answer_approval(&self.shop, of, all, clock.now()).await?;
        }
        Ok(())
    }

    /// Her mail program presses the button of a mail with marketing in it.
    async fn one_click(&self, who: &CustomerId) -> Result<(), Anything> {
        let services = &self.mailer.services;
        let door = Door::Unsubscribe { customer: who.clone(), kind: Kind::Welcome };
        let token = services.links()?.token(&self.shop, &door, services.clock.now());
        let request = Request::post(format!("/u/{token}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from("List-Unsubscribe=One-Click"))?;
        let answer = self.portal.clone().oneshot(request).await?;
        match answer.status() {
            StatusCode::OK => Ok(()),
            status => Err(format!("the button was answered {status}").into()),
        }
    }

    async fn set_mode(&self, store: &Store, mode: MailMode, at: Timestamp) -> Result<(), Anything> {
        store.set_mail_mode(&self.shop, mode, Whence::Api, at).await?;
        Ok(())
    }

    /// Takes in what SES says. One that fails comes again, and the others go on.
    async fn feedback(&self, order: u64) -> Result<(), Anything> {
        let mut failed = None;
        for letter in self.post.feedback(order) {
            let taken = mail_feedback::handle(&self.mailer.services, &letter.event);
            match Box::pin(taken).await {
                Ok(_) => self.post.heard(&letter).await?,
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(()), |error| Err(error.into()))
    }
}

/// Both nightly functions. Neither asks a source: the shop has no token of one.
fn nightly(services: &Services, bus: &Bus) -> Result<(Scan, Recalculation), Anything> {
    // Making one reads the machine's certificates, which every history would pay for.
    static ACCESS: OnceLock<ShopifyAccess> = OnceLock::new();
    let access = match ACCESS.get() {
        Some(access) => access.clone(),
        None => {
            let access = ShopifyAccess::new()?;
            ACCESS.get_or_init(|| access).clone()
        }
    };
    let scan = Scan { services: services.clone(), bus: bus.clone() };
    Ok((scan, Recalculation::new(services.clone(), bus.clone(), access)))
}

/// A shop's nights have run until now; one whose first is to come looks a year back.
async fn nights_ran(store: &Store, shop: &ShopId, function: Nightly) -> Result<(), Anything> {
    if let Some(mut run) = store.start_run(shop, function, BEFORE).await? {
        run.done = true;
        store.keep_run(shop, function, BEFORE, &run).await?;
    }
    Ok(())
}

fn fact(word: Word, at: Timestamp) -> Fact {
    let (channel, teller) = (Channel::Email, Teller::Own);
    let act = match word {
        Word::Yes => {
            let (grade, hers, wording) = (Some(ConsentGrade::ConfirmedOwnForm), true, None);
            Act::Subscribed { channel, teller, grade, hers, wording }
        }
        Word::No | Word::NoAtShopify => Act::Unsubscribed { channel, teller },
        Word::Spam => Act::Complained,
        Word::Pause => Act::Paused { until: at.checked_add(PAUSE).ok() },
        Word::Resume => Act::Paused { until: None },
        Word::Asks => Act::Asked { channel, teller },
    };
    Fact { at, act }
}
