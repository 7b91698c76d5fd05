use std::collections::BTreeMap;

use jiff::civil::date;

use super::super::news;
use super::*;
use crate::account::{Counted, Facts, LotKey, Place, PutOff, Tiered};
use crate::ledger::{Change, Origin};
use crate::mail::Sent;
use crate::month::Month;
use crate::survey::Question;
use crate::testing::{at, program, version};

/// The local day of the night.
const NIGHT: Date = date(2026, 11, 16);
/// A review, and the last day of points, 45 days later.
const DAY: Date = date(2026, 12, 31);

const REWARDS: &str = "[[reward]]\nid = 'five'\nname = 'F'\npoints = 1000\n\
     kind = 'amount-off'\namount = '5.00'\n";

fn tiers(rules: &str) -> String {
    let tier = |id: &str, from: &str| format!("[[tier]]\nid = '{id}'\nname = '{id}'\n{from}");
    let tiers = [
        tier("bronze", ""),
        tier("silver", "threshold = '500'\n"),
        tier("gold", "threshold = '1000'\n"),
    ];
    format!("[tiers]\n{rules}\n{}", tiers.concat())
}

fn tier(id: &str) -> TierId {
    id.parse().unwrap()
}

/// Somebody who spent these amounts on these days, and is gold until the day of her review.
fn gold(purchases: &[(Date, i64)]) -> Account {
    let counted = |(day, kept): &(Date, i64)| Counted {
        day: *day,
        kept: *kept,
        points: Points::ZERO,
        again: false,
    };
    let orders: Vec<Counted> = purchases.iter().map(counted).collect();
    let facts = Facts::of(&orders, Month::of(NIGHT)).unwrap();
    let review_on = Some(DAY);
    let has = Tiered { review_on, ..Tiered::since(tier("gold"), date(2025, 12, 31)) };
    let member_since = Some(at("2024-01-01T12:00:00Z"));
    Account { facts, tier: Some(has), member_since, ..Account::default() }
}

/// Adds points that go at the end of a month.
fn with_points(mut account: Account, points: &[(Date, i64)]) -> Account {
    for (day, points) in points {
        let place = Place { lot: LotKey::Month(Month::of(*day)), matures: None };
        account.wallet.credit(place, Points(*points)).unwrap();
    }
    account
}

/// What a mail of the night's tells for one reason.
fn told(reason: Reason, account: &Account, toml: &str, entries: &[Entry]) -> Vec<News> {
    told_of(reason, account, toml, entries, &BTreeMap::new())
}

/// The same, where it is about orders of which these are hers.
fn told_of(
    reason: Reason,
    account: &Account,
    toml: &str,
    entries: &[Entry],
    posted: &BTreeMap<OrderRef, Points>,
) -> Vec<News> {
    let version = version(&format!("{}{toml}", program("points = 10\namount = '1.00'")));
    let from = at("2026-11-16T09:00:00Z");
    let draft = Draft {
        sections: vec![reason.kind()],
        about: About::Night { night: NIGHT, reasons: vec![reason] },
        from,
        due: at("2026-11-16T14:00:00Z"),
        fact_at: from,
        news_from: from,
        caused_at: None,
    };
    let (program, sent) = (&version.program, &Sent::default());
    let (since, returned) = (None, [].as_slice());
    news(&draft, &Known { entries, posted, account, program, since, sent, returned })
}

fn gift(occasion: Occasion, points: i64) -> Entry {
    Entry {
        number: 1,
        at: at("2026-11-16T09:00:05Z"),
        fact_at: None,
        delta: Points(points),
        cause: Cause::Gift { occasion },
        receipt: None,
        balance_after: Points(points),
        promotion: None,
        origin: Origin::Live,
        of: None,
    }
}

fn ends(on: Date) -> Reason {
    Reason::TierEnding { tier: tier("gold"), on, notice: 1 }
}

fn expires(on: Date) -> Reason {
    Reason::PointsExpiring { on, notice: 1 }
}

fn expiring(points: i64, minor: i64, on: Date) -> Vec<News> {
    let worth = Some(Money { minor, currency: "USD".parse().unwrap() });
    vec![News::PointsExpiring { points: Points(points), worth, on }]
}

#[test]
fn a_letter_to_who_stayed_away_is_no_news_once_she_came() {
    let after = date(2026, 9, 1);
    let reason = || Reason::WinBack { after, letter: 1 };
    let away = gold(&[(date(2026, 8, 1), 2_000), (after, 2_000)]);
    let letter = News::WinBack { last_visit: after, offer: None };
    assert_eq!(told(reason(), &away, "", &[]), [letter]);
    let came = gold(&[(after, 2_000), (date(2026, 9, 2), 100)]);
    assert_eq!(told(reason(), &came, "", &[]), []);
}

#[test]
fn a_birthday_tells_the_points_that_were_given_for_it_and_no_others() {
    let entries = [gift(Occasion::Anniversary, 50), gift(Occasion::Birthday, 100)];
    let birthday = || Reason::Birthday { year: 2026 };
    let given = |points| Gift { points, offer: None };
    let told = |reason, entries: &[Entry]| told(reason, &gold(&[]), "", entries);
    assert_eq!(told(birthday(), &entries), [News::Birthday(given(Some(Points(100))))]);
    assert_eq!(told(birthday(), &entries[..1]), [News::Birthday(given(None))]);
    let year = News::Anniversary { years: 2, gift: given(Some(Points(50))) };
    assert_eq!(told(Reason::Anniversary { years: 2 }, &entries), [year]);
}

#[test]
fn points_that_expire_are_told_as_far_as_they_are_there() {
    let (soon, later) = (DAY, date(2027, 1, 31));
    let mut account = with_points(gold(&[]), &[(soon, 480), (later, 1_000)]);
    assert_eq!(told(expires(soon), &account, REWARDS, &[]), expiring(480, 240, soon));
    account.wallet.spend(Points(400)).unwrap().unwrap();
    assert_eq!(told(expires(soon), &account, REWARDS, &[]), expiring(80, 40, soon));
    account.wallet.spend(Points(80)).unwrap().unwrap();
    assert_eq!(told(expires(soon), &account, REWARDS, &[]), [], "she used them");
}

#[test]
fn an_expiry_that_was_moved_is_told_for_its_new_day_alone() {
    let moved = date(2027, 1, 30);
    let mut account = with_points(gold(&[]), &[(DAY, 480), (date(2027, 1, 31), 20)]);
    account.put_off = PutOff { expiry: Some(moved), times: 1, ..PutOff::default() };
    assert_eq!(told(expires(DAY), &account, REWARDS, &[]), []);
    assert_eq!(told(expires(moved), &account, REWARDS, &[]), expiring(480, 240, moved));
}

#[test]
fn who_is_active_again_keeps_points_that_only_silence_takes() {
    let toml = format!("[expiry]\nrule = 'inactivity'\nmonths = 12\n{REWARDS}");
    let mut silent = gold(&[(date(2025, 12, 31), 2_000)]);
    let place = Place { lot: LotKey::Never, matures: None };
    silent.wallet.credit(place, Points(480)).unwrap();
    assert_eq!(told(expires(DAY), &silent, &toml, &[]), expiring(480, 240, DAY));
    let bought = gold(&[(date(2025, 12, 31), 2_000), (date(2026, 11, 16), 100)]);
    let active = Account { facts: bought.facts, ..silent };
    assert_eq!(told(expires(DAY), &active, &toml, &[]), []);
}

#[test]
fn a_tier_ends_with_the_one_below_it_or_the_one_that_fits() {
    let spent = gold(&[(date(2026, 3, 1), 10_000)]);
    let (gold, on) = (tier("gold"), DAY);
    let ends_in = |id| News::TierEnding { tier: gold.clone(), next: tier(id), on };
    assert_eq!(told(ends(DAY), &spent, &tiers(""), &[]), [ends_in("silver")]);
    let to_fit = tiers("downgrade = 'to-fit'");
    assert_eq!(told(ends(DAY), &spent, &to_fit, &[]), [ends_in("bronze")]);
}

#[test]
fn a_tier_that_she_keeps_after_all_does_not_end() {
    let enough = gold(&[(date(2026, 3, 1), 90_000), (date(2026, 11, 16), 10_000)]);
    assert_eq!(told(ends(DAY), &enough, &tiers(""), &[]), []);
    let mut reviewed = gold(&[]);
    assert_eq!(told(ends(date(2026, 12, 30)), &reviewed, &tiers(""), &[]), [], "another review");
    reviewed.tier.as_mut().unwrap().id = tier("silver");
    assert_eq!(told(ends(DAY), &reviewed, &tiers(""), &[]), [], "she has another by now");
}

#[test]
fn what_counts_is_what_will_count_on_the_day_of_the_review() {
    // November of last year is in the window now, and not on the last of December.
    let on = date(2026, 12, 31);
    let old = gold(&[(date(2025, 11, 30), 100_000)]);
    assert_eq!(told(ends(on), &old, &tiers(""), &[]).len(), 1);
    let newer = gold(&[(date(2025, 12, 1), 100_000)]);
    assert_eq!(told(ends(on), &newer, &tiers(""), &[]), []);
}

#[test]
fn a_tier_at_risk_says_the_money_that_is_missing_by_now() {
    let reason = || Reason::TierAtRisk { tier: tier("gold"), on: DAY };
    let spent = gold(&[(date(2026, 3, 1), 90_000)]);
    let missing = Money { minor: 10_000, currency: "USD".parse().unwrap() };
    let risk = News::TierAtRisk { tier: tier("gold"), missing, on: DAY };
    assert_eq!(told(reason(), &spent, &tiers(""), &[]), [risk]);
    let enough = gold(&[(date(2026, 3, 1), 100_000)]);
    assert_eq!(told(reason(), &enough, &tiers(""), &[]), []);
    let visits = tiers("qualify = 'orders'").replace("'500'", "5").replace("'1000'", "10");
    assert_eq!(told(reason(), &spent, &visits, &[]), [], "no amount would keep it");
}

#[test]
fn an_order_is_asked_about_as_the_program_asks_now_while_it_is_hers_and_kept() {
    let (order, day) = (OrderRef::try_from("shopify:1".to_owned()).unwrap(), date(2026, 11, 13));
    let taken_back = Entry {
        delta: Points(-100),
        cause: Cause::Order { order: order.clone(), what: Change::Refunded },
        ..gift(Occasion::Birthday, 100)
    };
    let told = |toml: &str, posted: Option<i64>, entries: &[Entry]| {
        let posted = posted.map(|points| (order.clone(), Points(points)));
        let reason = Reason::Survey { order: order.clone(), day };
        told_of(reason, &gold(&[]), toml, entries, &posted.into_iter().collect())
    };
    let asks = |question| vec![News::Survey { order: order.clone(), day, question }];
    assert_eq!(told("", Some(100), &[]), asks(Question::Csat));
    assert_eq!(told("[survey]\nquestion = 'nps'", Some(100), &[]), asks(Question::Nps));
    assert_eq!(told("", Some(0), &[]), asks(Question::Csat), "it brought none and she kept it");
    let partly = told("", Some(50), std::slice::from_ref(&taken_back));
    assert_eq!(partly, asks(Question::Csat), "she kept the rest");
    assert_eq!(told("", Some(0), &[taken_back]), [], "all of it went back");
    assert_eq!(told("", None, &[]), [], "it is somebody else's by now");
    assert_eq!(told("[mail]\noff = ['survey']", Some(100), &[]), []);
}
