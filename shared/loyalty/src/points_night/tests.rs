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
    let state = RefundState::Succeeded;
    let payment = RefundPayment { state, amount, currency: None, updated_at: at };
    let refund =
        Refund { created_at: Some(at), named: None, payments: [(id.clone(), payment)].into() };
    Order { refunds: [(id, refund)].into(), ..Order::default() }
}

impl Life {
    fn begins(rules: &str, joined: Date, reached: bool) -> Self {
        let programs = Programs::new(vec![version(rules)]);
        let mut account = Account::default();
        account.join(noon(joined));
        let (orders, entries, story, told) = Default::default();
        let mut life = Self { programs, account, orders, entries, story, told, reached, due: None };
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
        let posted = posting::post(&context, &before, &mut record, &mut self.account).unwrap();
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
    let rules = format!(
        "{TEN_PER_DOLLAR}[tiers]\n{rules}\n\
         [[tier]]\nid = 'bronze'\nname = 'Bronze'\n\
         [[tier]]\nid = 'silver'\nname = 'Silver'\nthreshold = '500.00'\n\
         [[tier]]\nid = 'gold'\nname = 'Gold'\nthreshold = '1000.00'\n"
    );
    program(&rules)
}

fn expiry(rules: &str) -> String {
    program(&format!("{TEN_PER_DOLLAR}[expiry]\n{rules}\n"))
}

/// The nights that did something, and what she did.
fn story(rules: &str, reached: bool, deeds: &[(Date, Deed)]) -> String {
    let (from, to) = (date(2026, 1, 10), date(2029, 3, 31));
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
    let waiting = program(TEN_PER_DOLLAR).replace("[program]", "[program]\npending_days = 14");
    let closed = "closed = [2026-12-24, 2026-12-25, 2027-03-01]\n[program]";
    let closed = months.replace("[program]", closed);
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
            "gold, kept by what she buys after the notice",
            story(&rolling, true, &with(&gold, &[(date(2028, 1, 20), Buys(1, 110_000))])),
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
        ("points of 12 months, and the shop was closed", story(&closed, true, &coffee)),
        ("points that wait 14 days", story(&waiting, true, &coffee)),
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
    let text: String = stories.iter().map(|(title, story)| format!("{title}\n{story}\n")).collect();
    insta::assert_snapshot!(text);
}

fn any_rules() -> impl Strategy<Value = String> {
    let expiries = [
        "",
        "[expiry]\nrule = 'months'\nmonths = 12\n",
        "[expiry]\nrule = 'inactivity'\nmonths = 12\n",
    ];
    let windows = ["rolling", "calendar", "lifetime"];
    let downgrades = ["one-down", "to-fit"];
    let measures = ["spend", "orders"];
    (0..expiries.len(), 0..windows.len(), 0..2_usize, 0..2_usize, 0..20_u8).prop_map(
        move |(expiry, window, downgrade, measure, pending)| {
            let thresholds = if measure == 0 { ["'500.00'", "'1000.00'"] } else { ["2", "4"] };
            let rules = format!(
                "{TEN_PER_DOLLAR}{}[tiers]\nqualify = '{}'\nwindow = '{}'\ndowngrade = '{}'\n\
                 [[tier]]\nid = 'bronze'\nname = 'Bronze'\n\
                 [[tier]]\nid = 'silver'\nname = 'Silver'\nthreshold = {}\n\
                 [[tier]]\nid = 'gold'\nname = 'Gold'\nthreshold = {}\n",
                expiries[expiry],
                measures[measure],
                windows[window],
                downgrades[downgrade],
                thresholds[0],
                thresholds[1],
            );
            let pending = format!("closed = [2026-12-24]\n[program]\npending_days = {pending}");
            program(&rules).replace("[program]", &pending)
        },
    )
}

/// Purchases on some days, and for some of them a part that goes back later.
fn any_deeds() -> impl Strategy<Value = Vec<(Date, Deed)>> {
    let purchase = (0..1100_i32, 1_000..80_000_i64, prop::option::of((0..200_i32, 1..100_i64)));
    prop::collection::vec(purchase, 0..8).prop_map(|purchases| {
        let mut deeds = Vec::new();
        for (id, (day, cents, back)) in purchases.into_iter().enumerate() {
            let day = days_after(date(2026, 1, 10), day);
            deeds.push((day, Buys(id, cents)));
            if let Some((later, percent)) = back {
                deeds.push((days_after(day, later), Returns(id, cents * percent / 100)));
            }
        }
        deeds.sort_by_key(|(day, _)| *day);
        deeds
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Along the way every night is run twice and every deed checks what is always true.
    #[test]
    fn looking_every_night_and_looking_when_it_is_due_find_the_same(
        rules in any_rules(), reached: bool, deeds in any_deeds(),
    ) {
        let told = story(&rules, reached, &deeds);
        prop_assert!(reached || !told.contains("expired") && !told.contains("its review came"));
    }
}

#[test]
fn a_merged_account_is_left_to_the_one_that_stands_for_it() {
    let rules = expiry("rule = 'months'\nmonths = 12");
    let mut life = Life::begins(&rules, date(2026, 1, 10), true);
    life.does(date(2026, 2, 3), Buys(0, 1_000));
    let mut kept = Account::default();
    kept.join(noon(date(2026, 1, 10)));
    let (ada, eve) = ("ada".parse().unwrap(), "eve".parse().unwrap());
    let occasion = crate::merging::Occasion {
        programs: &life.programs,
        now: noon(date(2026, 3, 1)),
        origin: Origin::Merge,
    };
    let party = |id, account| crate::merging::Party { id, account };
    let gone = &mut life.account;
    crate::merging::merge(&occasion, &mut party(&eve, &mut kept), &mut party(&ada, gone)).unwrap();
    let program = life.program().clone();
    assert_eq!(life.account.earliest_points(&program, date(2026, 3, 2)), None);
    assert_eq!(kept.earliest_points(&program, date(2026, 3, 2)), Some(date(2027, 1, 30)));
}

#[test]
fn rules_of_today_raise_a_tier_without_mail_and_name_one_that_was_replaced_at_its_review() {
    let mut life = Life::begins(&tiers("window = 'rolling'"), date(2026, 1, 10), true);
    life.does(date(2026, 2, 3), Buys(0, 45_000));
    let easier = tiers("window = 'rolling'").replace("'500.00'", "'400.00'");
    life.programs = Programs::new(vec![version(&easier)]);
    life.night(date(2026, 3, 1));
    assert_eq!(
        life.story.lines().last().unwrap(),
        "2026-03-01  from bronze to silver: enough by the rules of today"
    );
    let entry = life.entries.last().unwrap();
    assert_eq!((entry.delta, entry.origin), (Points::ZERO, Origin::Correct));
    assert_eq!(entry.cause, Cause::Reviewed { why: crate::ledger::Review::Raised });

    let renamed = easier.replace("id = 'silver'", "id = 'argent'\nreplaces = ['silver']");
    life.programs = Programs::new(vec![version(&renamed)]);
    life.does(date(2027, 2, 1), Buys(1, 40_000));
    life.night(date(2027, 3, 1));
    assert_eq!(life.account.tier.as_ref().unwrap().id.as_str(), "argent");
}

#[test]
fn a_tier_for_life_gets_a_review_once_the_rules_have_some() {
    let mut life = Life::begins(&tiers("window = 'lifetime'"), date(2026, 1, 10), true);
    life.does(date(2026, 2, 3), Buys(0, 60_000));
    assert_eq!(life.due, None);
    life.programs = Programs::new(vec![version(&tiers("window = 'rolling'"))]);
    life.night(date(2028, 2, 3));
    let tier = life.account.tier.as_ref().unwrap();
    assert_eq!((tier.id.as_str(), tier.review_on), ("silver", Some(date(2029, 2, 3))));
}

#[test]
fn a_refund_of_an_order_that_an_earlier_review_counted_changes_no_tier_before_the_next() {
    let mut life = Life::begins(&tiers("window = 'rolling'"), date(2026, 1, 10), true);
    life.does(date(2026, 2, 3), Buys(0, 60_000));
    life.night(date(2027, 2, 3));
    life.does(date(2027, 2, 10), Returns(0, 50_000));
    assert_eq!(life.account.tier.as_ref().unwrap().doubted, None);
}

#[test]
fn nights_that_were_missed_leave_time_for_a_notice() {
    let mut life = Life::begins(&expiry("rule = 'months'\nmonths = 12"), date(2026, 1, 10), true);
    life.does(date(2026, 2, 3), Buys(0, 1_000));
    life.night(date(2028, 6, 1));
    assert_eq!(
        life.story.lines().last().unwrap(),
        "2028-06-01  expiry moved from 2027-02-28 to 2028-07-22 (move 1 of 3): no notice \
         reached her 30 days before"
    );
}
