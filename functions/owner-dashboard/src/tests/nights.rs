//! Nights at the bakery, for the tests of what the owner sees of them.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use loyalty::consent::State;
use loyalty::ids::{CustomerId, Source};
use loyalty::order::{Order, Sale, Stamp};
use platform::nights::letters::Scene;
use platform::store::keys::Nightly;
use platform::store::{MailMode, Person, Whence};
use platform::{Clock, Services};

use super::bakery::{BAKERY, jon, line, order, sale, stamp};
use super::{Api, at, shop};

/// The night after the usual now.
pub(super) const NIGHT: Date = date(2026, 11, 23);

/// Somebody else than Jon.
pub(super) fn somebody(number: u64) -> Person {
    Person {
        id: number.to_string(),
        email: Some(format!("customer{number}@example.com")),
        phone: None,
        ..jon()
    }
}

/// A moment of a day by the bakery's clock.
pub(super) fn local(day: Date, hour: i8) -> String {
    let zone = TimeZone::get("America/New_York").unwrap();
    day.at(hour, 10, 0, 0).to_zoned(zone).unwrap().timestamp().to_string()
}

impl Api {
    /// The bakery whose mail went live on a day, so that letters wait for approval for 30 days
    /// from then on.
    pub(super) async fn live_since(day: Date) -> Self {
        let api = Self::open().await;
        let (store, at) = (&api.services.store, at(&local(day, 9)));
        store.set_mail_mode(&shop(BAKERY), MailMode::Live, Whence::Api, at).await.unwrap();
        api
    }

    /// The same later.
    pub(super) fn later(&self, now: &str) -> Self {
        let services = Services { clock: Clock::fixed(at(now)), ..self.services.clone() };
        Self { router: crate::router(services.clone()), services }
    }

    /// Somebody agrees to mail and buys for 10.00 on these days.
    pub(super) async fn buys_on(&self, person: &Person, days: &[Date]) -> CustomerId {
        let mut id = self.meet(BAKERY, Source::Shopify, person, Some(State::Subscribed)).await;
        for day in days {
            let sale = Sale { placed_at: at(&local(*day, 12)), ..sale(10_00) };
            // Nobody tells of a sale before it is made.
            let updated_at = stamp(1).updated_at.max(sale.placed_at);
            let told_at = Stamp { updated_at, triggered_at: None };
            let state = Order::observed(told_at, sale, Some(vec![line(1, 10_00)]));
            let order = order(&format!("{}{}", person.id, day.strftime("%m%d")));
            let told = self.tell_at(BAKERY, &order, state, Some(person.clone())).await;
            id = told.customer.unwrap();
        }
        id
    }

    /// Somebody who came every week until 25 October, and is away for longer than ever.
    pub(super) async fn is_away(&self, person: &Person) -> CustomerId {
        let october = [4, 11, 18, 25].map(|day| date(2026, 10, day));
        self.buys_on(person, &october).await
    }

    /// The mail night that begins a day, worked off whole at 04:10.
    pub(super) async fn mail_night(&self, night: Date) {
        let (id, store, now) = (shop(BAKERY), &self.services.store, at(&local(night, 4)));
        let scene = Scene::read(store, &id, now).await.unwrap().unwrap();
        let mut run = store.start_run(&id, Nightly::Mail, night).await.unwrap().unwrap();
        while !run.done {
            let page = store.due_page(&id, Nightly::Mail, night, &run, 50).await.unwrap();
            for one in store.due_people(&id, night, &page.customers).await.unwrap() {
                store.keep_mail_night(&id, &scene, one, night, now).await.unwrap();
            }
            run.done = page.next.is_none();
            run.cursor = page.next;
        }
        assert!(store.keep_run(&id, Nightly::Mail, night, &run).await.unwrap());
    }
}
