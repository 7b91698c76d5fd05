use super::*;
use crate::account::Tiered;
use crate::ids::Source;
use crate::ledger::Promotion;
use crate::mail::Class;
use crate::testing::{at, program, version};

const NOON: &str = "2026-11-19T17:00:00Z";

fn order(id: &str) -> OrderRef {
    OrderRef { source: Source::Shopify, id: id.parse().unwrap() }
}

fn entry(id: &str, what: Change, delta: i64, balance: i64) -> Entry {
    Entry {
        number: 1,
        at: at(NOON),
        fact_at: Some(at(NOON)),
        delta: Points(delta),
        cause: Cause::Order { order: order(id), what },
        receipt: None,
        balance_after: Points(balance),
        promotion: None,
        origin: Origin::Live,
        of: None,
    }
}

fn draft(about: About, sections: &[Kind]) -> Draft {
    let (from, fact_at, news_from) = (at(NOON), at(NOON), at(NOON));
    let (due, sections, caused_at) = (at("2026-11-23T14:00:00Z"), sections.to_vec(), None);
    Draft { about, from, sections, due, fact_at, news_from, caused_at }
}

/// What a draft tells of a customer who has this tier.
fn told(draft: &Draft, entries: &[Entry], posted: &[(&str, i64)], tier: &str) -> Vec<News> {
    told_after(None, draft, entries, posted, tier)
}

fn told_after(
    last_mail: Option<&str>,
    draft: &Draft,
    entries: &[Entry],
    posted: &[(&str, i64)],
    tier: &str,
) -> Vec<News> {
    let rewards = "[[tier]]\nid = 'bronze'\nname = 'B'\n[[tier]]\nid = 'silver'\nname = 'S'\n\
         threshold = '500.00'\n[[reward]]\nid = 'coffee'\nname = 'C'\npoints = 350\n\
         kind = 'free-item'\n[[reward]]\nid = 'cake'\nname = 'K'\npoints = 900\n\
         kind = 'free-item'\ntier = 'silver'\n";
    let version = version(&format!("{}{rewards}", program("points = 10\namount = '1.00'")));
    let posted = posted.iter().map(|(id, points)| (order(id), Points(*points))).collect();
    let day = "2026-11-19".parse().unwrap();
    let tier = Some(Tiered { id: tier.parse().unwrap(), since: day, review_on: None, by: None });
    let account = Account { tier, ..Account::default() };
    let program = &version.program;
    let posted = &posted;
    let mut sent = Sent::default();
    last_mail.into_iter().for_each(|last| sent.take(&[Kind::Receipt], Class::Account, at(last)));
    let account = &account;
    let currency = program.shop.currency;
    let returned = match returns(draft, entries) {
        Some((.., 1)) => vec![Money { minor: 1_000, currency }],
        _ => Vec::new(),
    };
    let returned = returned.as_slice();
    let known = Known { entries, posted, account, program, since: None, sent: &sent, returned };
    news(draft, &known)
}

#[test]
fn a_receipt_tells_what_is_left_of_a_purchase() {
    let each = draft(About::Order(order("1")), &[Kind::Receipt]);
    let points = |points| News::Receipt { points: Points(points), purchases: 1 };
    assert_eq!(told(&each, &[], &[("1", 60)], "bronze"), [points(60)]);
    assert_eq!(told(&each, &[], &[("1", 0)], "bronze"), [], "all of it went back");
    assert_eq!(told(&each, &[], &[], "bronze"), [], "it is somebody else's now");
}

#[test]
fn a_week_tells_of_its_own_purchases_that_happened_since_mail_is_live() {
    let week = draft(About::Week { week: "2026-W47".to_owned() }, &[Kind::Receipt]);
    let later = Entry { at: at("2026-11-23T14:00:01Z"), ..entry("3", Change::Paid, 1, 1) };
    let imported = Entry { origin: Origin::Import, ..entry("4", Change::Paid, 1, 1) };
    let entries =
        [entry("1", Change::Paid, 1, 1), entry("2", Change::Claimed, 1, 1), later, imported];
    let found = orders(&week, &entries, Some(at(NOON)));
    assert_eq!(found, [order("1"), order("2")].into());
    assert!(orders(&week, &entries, Some(at("2026-11-19T17:00:01Z"))).is_empty());
    let both = News::Receipt { points: Points(130), purchases: 2 };
    assert_eq!(told(&week, &entries, &[("1", 60), ("2", 70)], "bronze"), [both]);
}

#[test]
fn a_week_that_another_mail_fell_into_needs_no_receipt() {
    let week = draft(About::Week { week: "2026-W47".to_owned() }, &[Kind::Receipt]);
    let entries = [entry("1", Change::Paid, 1, 1)];
    let told = |last: &str| told_after(Some(last), &week, &entries, &[("1", 1)], "bronze");
    // It is due on Monday, 23 November, at 14:00.
    assert_eq!(told("2026-11-18T14:00:00Z"), []);
    assert_eq!(told("2026-11-16T14:00:00Z").len(), 1, "last Monday's own receipt");
}

#[test]
fn a_tier_is_news_while_she_has_it() {
    let mut promoted = entry("1", Change::Paid, 5000, 5000);
    let tier = |id: &str| id.parse().unwrap();
    promoted.promotion = Some(Promotion { from: tier("bronze"), to: tier("silver") });
    let reached = draft(About::Order(order("1")), &[Kind::TierReached]);
    let silver = News::TierReached { tier: tier("silver") };
    assert_eq!(told(&reached, &[promoted.clone()], &[], "silver"), [silver]);
    assert_eq!(told(&reached, &[promoted], &[], "bronze"), []);
}

#[test]
fn points_that_went_back_are_netted_with_what_came() {
    let day = "2026-11-19".parse().unwrap();
    let back = draft(About::TakenBack { day }, &[Kind::PointsTakenBack]);
    let paid = entry("9", Change::Paid, 500, 500);
    let returned = entry("1", Change::Refunded, -200, 300);
    let taken = |returned| News::PointsTakenBack { points: Points(200), returned };
    let ten = Some(Money { minor: 1_000, currency: "USD".parse().unwrap() });
    let news = told(&back, &[paid.clone(), returned.clone()], &[], "bronze");
    assert_eq!(news, [taken(ten)]);
    let small = entry("2", Change::Paid, 20, 320);
    let news = told(&back, &[paid.clone(), returned.clone(), small], &[], "bronze");
    let less = News::PointsTakenBack { points: Points(180), returned: None };
    assert_eq!(news, [less], "the money doesn't explain the points");
    let bought = entry("2", Change::Paid, 220, 520);
    assert_eq!(told(&back, &[paid, returned, bought], &[], "bronze"), [], "an exchange");
}

#[test]
fn what_her_tier_may_not_have_was_never_in_her_reach() {
    let day = "2026-11-19".parse().unwrap();
    let back = draft(About::TakenBack { day }, &[Kind::PointsTakenBack]);
    let returned = [entry("1", Change::Refunded, -200, 800)];
    assert_eq!(told(&back, &returned, &[], "bronze"), []);
    assert_eq!(told(&back, &returned, &[], "silver").len(), 1);
}
