//! Years of one customer, night by night: as stories a person can read, and as properties.

use std::fmt::Write as _;

use jiff::SignedDuration;
use jiff::civil::date;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::ids::{OrderRef, Source};
use crate::order::{
    Charge, Line, LineKind, Order, Payment, Refund, RefundPayment, RefundState, Sale, Stamp,
};
use crate::posting::{self, Context, Record};
use crate::program::Programs;
use crate::testing::{program, version};

/// What a customer does on a day.
#[derive(Debug, Clone, Copy)]
enum Deed {
    /// Buys for so many cents, as the order of that number.
    Buys(usize, i64),
    /// Gets so many cents of it back.
    Returns(usize, i64),
}

/// Which nights look at the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looks {
    Nightly,
    WhenDue,
}

/// One customer and all that happens to her.
struct Life {
    programs: Programs,
    account: Account,
    orders: Vec<Record>,
    entries: Vec<Entry>,
    story: String,
    told: Vec<Told>,
    /// Whether notices reach her.
    reached: bool,
    due: Option<Date>,
}

fn noon(day: Date) -> Timestamp {
    day.at(12, 0, 0, 0).in_tz("America/New_York").unwrap().timestamp()
}

fn order_ref(id: usize) -> OrderRef {
    OrderRef { source: Source::Shopify, id: id.to_string().parse().unwrap() }
}

fn sold(cents: i64, at: Timestamp) -> Order {
    let sale = Sale {
        currency: "USD".parse().unwrap(),
        payment: Payment::Paid,
        test: false,
        total: cents,
        current_total: None,
        outstanding: 0,
        refunded: 0,
        taxes_included: false,
        shipping: Charge::default(),
        tip: 0,
        presentment: None,
        placed_at: at,
        location: None,
        channel: None,
        visit: None,
    };
    let line = Line {
        id: 1.into(),
        quantity: 1,
        price: cents,
        discount: 0,
        tax: 0,
        kind: LineKind::Goods,
        product: None,
        sku: None,
    };
    Order::observed(Stamp { updated_at: at, triggered_at: None }, sale, Some(vec![line]))
}

fn refunded(id: String, cents: i64, at: Timestamp) -> Order {
    let amount = Decimal::new(cents, 2);
    let state = RefundState::Done;
    let payment = RefundPayment { state, amount, currency: None, updated_at: at };
    let refund =
        Refund { created_at: Some(at), named: None, payments: [(id.clone(), payment)].into() };
    Order { refunds: [(id, refund)].into(), ..Order::default() }
}

impl Life {
    fn begins(rules: &str, joined: Date, reached: bool) -> Self {
        let programs = Programs::new(vec![version(&program(rules))]);
        let mut account = Account::default();
        account.join(noon(joined));
        let (orders, entries, story, told) = Default::default();
        let mut life =
            Self { programs, account, orders, entries, story, told, reached, due: None };
        let start = life.program().clone();
        life.account.start_tier(&start, joined);
        life.ask_again(joined);
        life
    }

    fn program(&self) -> &Program {
        &self.programs.latest().unwrap().program
    }

    fn tell(&mut self, day: Date, what: impl std::fmt::Display) {
        writeln!(self.story, "{day}  {what}").unwrap();
    }

    /// What every write of an account does: it stands under the first night that matters.
    fn ask_again(&mut self, today: Date) {
        let first = self.account.earliest_points(self.program(), today.tomorrow().unwrap());
        self.due = earliest([self.due, first]);
    }

    fn does(&mut self, day: Date, deed: Deed) {
        let at = noon(day);
        let (id, seen) = match deed {
            Deed::Buys(id, cents) => (id, sold(cents, at)),
            Deed::Returns(id, cents) => (id, refunded(format!("{id} {day}"), cents, at)),
        };
        if self.orders.len() <= id {
            self.orders.resize_with(id + 1, Record::default);
        }
        let mut record = self.orders[id].clone();
        let before = record.state.clone();
        record.state = before.clone().merge(seen);
        record.customer = Some("ada".parse().unwrap());
        let (order, origin) = (order_ref(id), Origin::Live);
        let context =
            Context { programs: &self.programs, order: &order, now: at, origin, twin: false };
        let posted =
            posting::post(&context, &before, &mut record, &mut self.account).unwrap();
        self.orders[id] = record;
        let what = match deed {
            Deed::Buys(_, cents) => format!("buys for {}.{:02}", cents / 100, cents % 100),
            Deed::Returns(_, cents) => format!("gets {}.{:02} back", cents / 100, cents % 100),
        };
        let raised = posted.iter().find_map(|entry| entry.promotion.as_ref());
        let raised = raised.map(|step| format!(", and is {} now", step.to)).unwrap_or_default();
        self.tell(day, format!("  she {what}{raised}"));
        self.entries.extend(posted);
        self.ask_again(day);
        self.holds();
    }

    /// What the mail night does about notices: one goes out 45 days before, or at once.
    fn notices(&mut self, day: Date) {
        if !self.reached {
            return;
        }
        let soon = days_after(day, 45);
        let tier = self.account.tier.as_ref().and_then(|tier| tier.review_on);
        let falls = self.account.review(self.program()).unwrap();
        let falls = falls.is_some_and(|found| found.down_to.is_some());
        let expiry = self.account.expiring(self.program()).map(|next| next.on);
        for on in [expiry, tier.filter(|_| falls)].into_iter().flatten() {
            if on <= soon && self.told.iter().all(|told| told.on != on) {
                self.told.push(Told { on, delivered: day });
            }
        }
    }

    fn night(&mut self, night: Date) {
        let program = self.program().clone();
        let needed = needed(&self.account, &program, night).unwrap();
        let told = |on: Date| self.told.iter().find(|told| told.on == on).copied();
        let notices = Notices {
            expiry_told: needed.expiry.and_then(told),
            tier_told: needed.tier.and_then(|(_, on)| told(on)),
        };
        let now = noon(night) - SignedDuration::from_hours(8);
        let was = self.account.version;
        let done = points_night(&mut self.account, &program, &notices, night, now).unwrap();
        assert!(done.changes.is_empty() == (self.account.version == was), "{done:?}");
        assert!(done.due.is_none_or(|due| due > night), "{done:?}");
        for change in &done.changes {
            self.tell(night, change);
        }
        self.due = done.due;
        self.entries.extend(done.entries);
        let again = self.account.clone();
        let second = points_night(&mut self.account, &program, &notices, night, now).unwrap();
        assert_eq!((&self.account, second.changes), (&again, Vec::new()), "a second run");
        self.holds();
    }

    /// What is always true.
    fn holds(&self) {
        let wallet = &self.account.wallet;
        let lots = wallet.lots().fold(0, |sum, (_, lot)| sum + lot.points.0);
        assert_eq!(wallet.available().unwrap().0, lots - wallet.debt().0);
        let entered: i64 = self.entries.iter().map(|entry| entry.delta.0).sum();
        assert_eq!(wallet.balance().unwrap().0, entered);
        assert!(wallet.lots().all(|(_, lot)| lot.points >= Points::ZERO));
        for entry in &self.entries {
            if let Cause::Expired { on } = entry.cause {
                let timely = |told: &Told| told.is_timely(on);
                assert!(self.told.iter().any(timely), "expired untold: {entry:?}");
            }
        }
    }

    fn lives(mut self, from: Date, to: Date, deeds: &[(Date, Deed)], looks: Looks) -> Self {
        let mut day = from;
        while day <= to {
            if looks == Looks::Nightly || self.due.is_some_and(|due| due <= day) {
                self.night(day);
            }
            self.notices(day);
            for (_, deed) in deeds.iter().filter(|(on, _)| *on == day) {
                self.does(day, *deed);
            }
            day = day.tomorrow().unwrap();
        }
        self
    }
}

const TEN_PER_DOLLAR: &str = "points = 10\namount = '1.00'\n";

/// Silver from 500.00, gold from 1000.00.
fn tiers(rules: &str) -> String {
    format!(
        "{TEN_PER_DOLLAR}[tiers]\n{rules}\n\
         [[tier]]\nid = 'bronze'\nname = 'Bronze'\n\
         [[tier]]\nid = 'silver'\nname = 'Silver'\nthreshold = '500.00'\n\
         [[tier]]\nid = 'gold'\nname = 'Gold'\nthreshold = '1000.00'\n"
    )
}

fn expiry(rules: &str) -> String {
    format!("{TEN_PER_DOLLAR}[expiry]\n{rules}\n")
}

/// The nights that did something, and what she did.
fn story(rules: &str, reached: bool, deeds: &[(Date, Deed)]) -> String {
    let (from, to) = (date(2026, 1, 10), date(2029, 1, 31));
    let life = |looks| Life::begins(rules, from, reached).lives(from, to, deeds, looks);
    let (nightly, when_due) = (life(Looks::Nightly), life(Looks::WhenDue));
    assert_eq!(nightly.story, when_due.story, "looking when it is due finds the same");
    assert_eq!(nightly.account, when_due.account);
    nightly.story
}

use Deed::{Buys, Returns};

#[test]
fn three_years_of_one_customer_per_rule() {
    let bought = |day, cents| vec![(day, Buys(0, cents))];
    let rolling = tiers("window = 'rolling'");
    let calendar = tiers("window = 'calendar'");
    let gold = bought(date(2026, 2, 3), 120_000);
    let leap = bought(date(2028, 2, 29), 60_000);
    let months = expiry("rule = 'months'\nmonths = 12");
    let idle = expiry("rule = 'inactivity'\nmonths = 12");
    let coffee = bought(date(2026, 2, 3), 1_000);
    let with = |deeds: &[(Date, Deed)], more: &[(Date, Deed)]| [deeds, more].concat();
    let refund = [
        (date(2026, 2, 3), Buys(0, 40_000)),
        (date(2026, 3, 3), Buys(1, 20_000)),
        (date(2026, 4, 10), Returns(1, 15_000)),
    ];
    let stories = [
        ("gold, rolling, one down at a time", story(&rolling, true, &gold)),
        (
            "gold, rolling, to what fits",
            story(&tiers("window = 'rolling'\ndowngrade = 'to-fit'"), true, &gold),
        ),
        ("silver, reached on 29 February", story(&rolling, true, &leap)),
        (
            "gold, kept by what she buys on the day of the notice",
            story(&rolling, true, &with(&gold, &[(date(2026, 12, 21), Buys(1, 110_000))])),
        ),
        ("gold, no notice reaches her", story(&rolling, false, &gold)),
        ("gold, by calendar years", story(&calendar, true, &gold)),
        (
            "gold, by calendar years, kept by the last day of the year",
            story(&calendar, true, &with(&gold, &[(date(2027, 12, 31), Buys(1, 110_000))])),
        ),
        ("gold, for life", story(&tiers("window = 'lifetime'"), true, &gold)),
        ("silver, and the order that reached it comes back", story(&rolling, true, &refund)),
        (
            "silver, the order comes back and she makes up for it",
            story(&rolling, true, &with(&refund, &[(date(2026, 5, 20), Buys(2, 15_000))])),
        ),
        ("points of 12 months", story(&months, true, &coffee)),
        ("points of 12 months, no notice reaches her", story(&months, false, &coffee)),
        ("points while she comes, told", story(&idle, true, &coffee)),
        ("points while she comes, no notice reaches her", story(&idle, false, &coffee)),
        (
            "points while she comes, back after the notice",
            story(&idle, true, &with(&coffee, &[(date(2027, 1, 20), Buys(1, 500))])),
        ),
        (
            "points that stayed, and she comes back",
            story(&idle, false, &with(&coffee, &[(date(2027, 6, 1), Buys(1, 500))])),
        ),
    ];
    let text: String =
        stories.iter().map(|(title, story)| format!("{title}\n{story}\n")).collect();
    insta::assert_snapshot!(text);
}
