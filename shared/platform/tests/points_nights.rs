//! The points night over the embedded engine: what is due, done once, whoever else writes.
#![cfg(test)]

use jiff::Timestamp;
use jiff::civil::{Date, date};
use loyalty::Points;
use loyalty::account::Due;
use loyalty::ids::CustomerId;
use loyalty::ledger::{Cause, Review};
use loyalty::mail::{About, Draft, Reason};
use loyalty::points_night::PointsFact;
use loyalty::program::CORNER_BAKERY;
use platform::store::keys::Nightly;
use platform::store::{Claimed, Heard, Kept, PointsDone, UNREACHED, Wanted};
use testkit::shop::TestShop;

const NOON: &str = "2026-11-22T11:00:00Z";

/// The last day of what was earned on 22 November 2026, where points last 12 months.
const LAST: Date = date(2027, 11, 30);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A shop whose points last 12 months, and Ada, who bought for so many dollars.
async fn shop(dollars: i64) -> (TestShop, CustomerId) {
    let rules = CORNER_BAKERY.replace("rule = \"none\"", "rule = \"months\"\nmonths = 12");
    let shop = TestShop::with_program(&rules).await;
    shop.buys(1, dollars, NOON).await;
    let ada = shop.by_email("ada@example.com").await.unwrap().id;
    (shop, ada)
}

/// The night of a date, at 04:00 in New York's winter.
async fn night(shop: &TestShop, ada: &CustomerId, date: Date) -> PointsDone {
    let now = format!("{date}T09:00:00Z");
    shop.set_now(&now);
    shop.services.store.points_night(&shop.id, ada, date, at(&now)).await.unwrap()
}

async fn due(shop: &TestShop, ada: &CustomerId) -> Due {
    shop.services.store.customer(&shop.id, ada).await.unwrap().unwrap().account.due
}

/// A notice that is sent, to her or to the owner instead, and delivered on a day.
async fn notice(shop: &TestShop, ada: &CustomerId, reason: Reason, day: Date, to_owner: bool) {
    let store = &shop.services.store;
    let now = at(&format!("{day}T14:00:00Z"));
    let kind = reason.kind();
    let about = About::Night { night: day, reasons: vec![reason] };
    let trigger = about.trigger();
    let draft = Draft {
        about,
        from: now,
        sections: vec![kind],
        due: now,
        fact_at: now,
        news_from: now,
        caused_at: None,
    };
    store.plan_message(&shop.id, ada, draft, now).await.unwrap();
    let message = store.message(&shop.id, ada, &trigger).await.unwrap().unwrap();
    let kept = Kept { customer: ada.clone(), message };
    let desk = store.desk(&shop.id, ada).await.unwrap();
    let wanted = Wanted { kinds: vec![kind], to_owner, ..Wanted::default() };
    let Claimed::Ours(message) = store.claim(&shop.id, &kept, &desk, wanted, now).await.unwrap()
    else {
        panic!("nobody else claims it");
    };
    let kept = Kept { customer: ada.clone(), message: *message };
    store.message_sent(&shop.id, &kept, "ses-1", now).await.unwrap();
    let (id, heard) = (&kept.message.id, [Heard::Delivered { at: now }]);
    store.message_heard(&shop.id, ada, id, Some(&trigger), &heard).await.unwrap();
}

fn expiring() -> Reason {
    Reason::PointsExpiring { on: LAST, notice: 1 }
}

#[tokio::test]
async fn points_expire_after_a_notice_that_reached_her_and_the_ledger_says_so() {
    let (shop, ada) = shop(10).await;
    assert_eq!(due(&shop, &ada).await.points, Some(date(2027, 11, 1)));
    notice(&shop, &ada, expiring(), date(2027, 10, 16), false).await;
    let asked = night(&shop, &ada, date(2027, 11, 1)).await;
    let delivered = date(2027, 10, 16);
    assert_eq!(asked.night.changes, [PointsFact::ExpiryTold { on: LAST, delivered }]);
    assert_eq!(due(&shop, &ada).await.points, Some(date(2027, 12, 1)));

    let preview = shop
        .services
        .store
        .preview_points_night(&shop.id, &ada, date(2027, 12, 1), at("2027-12-01T09:00:00Z"))
        .await
        .unwrap();
    assert_eq!(shop.ledger(&ada).await, [(100, 100)], "a preview writes nothing");
    let done = night(&shop, &ada, date(2027, 12, 1)).await;
    assert_eq!(done.night, preview);
    assert_eq!(shop.ledger(&ada).await, [(100, 100), (-100, 0)]);
    let page = shop.services.store.ledger(&shop.id, &ada, None, 1).await.unwrap();
    assert_eq!(page.entries[0].cause, Cause::Expired { on: LAST });
    assert_eq!(due(&shop, &ada).await.points, None, "nothing is left to look at");
}

#[tokio::test]
async fn points_of_whom_no_notice_reaches_stay_and_the_owner_is_told() {
    let (shop, ada) = shop(10).await;
    // What went to the owner instead told her nothing.
    notice(&shop, &ada, expiring(), date(2027, 10, 16), true).await;
    let mut moves = Vec::new();
    let mut next = due(&shop, &ada).await.points;
    while let Some(date) = next {
        moves.push(date.to_string());
        let done = night(&shop, &ada, date).await;
        next = done.night.due;
        assert_eq!(due(&shop, &ada).await.points, next);
    }
    assert_eq!(moves, ["2027-11-01", "2027-12-01", "2027-12-31", "2028-01-30"]);
    assert_eq!(shop.ledger(&ada).await, [(100, 100)]);
    let tasks = shop.services.store.open_tasks(&shop.id).await.unwrap();
    let tasks: Vec<_> = tasks.iter().map(|task| (&*task.topic, &*task.body)).collect();
    assert_eq!(tasks, [(UNREACHED, &*ada.to_string())]);
}

#[tokio::test]
async fn a_tier_is_lost_after_a_notice_and_the_ledger_says_from_which_to_which() {
    let (shop, ada) = shop(600).await;
    assert_eq!(due(&shop, &ada).await.points, Some(date(2027, 11, 1)));
    night(&shop, &ada, date(2027, 11, 22)).await;
    let tier = "silver".parse().unwrap();
    let reason = Reason::TierEnding { tier, on: date(2028, 11, 22), notice: 1 };
    notice(&shop, &ada, reason, date(2028, 10, 8), false).await;
    night(&shop, &ada, date(2028, 10, 24)).await;
    let done = night(&shop, &ada, date(2028, 11, 22)).await;
    let entry = done.night.entries.last().unwrap();
    assert_eq!(
        (entry.delta, &entry.cause),
        (Points::ZERO, &Cause::Reviewed { why: Review::Ended })
    );
    let step = entry.promotion.as_ref().unwrap();
    assert_eq!((step.from.as_str(), step.to.as_str()), ("silver", "bronze"));
    let again = night(&shop, &ada, date(2028, 11, 22)).await;
    assert!(!again.written && again.night.changes.is_empty());
}

#[tokio::test]
async fn two_runs_of_one_night_and_a_purchase_at_once_leave_each_done_once() {
    let (shop, ada) = shop(10).await;
    notice(&shop, &ada, expiring(), date(2027, 10, 16), false).await;
    night(&shop, &ada, date(2027, 11, 1)).await;
    let day = date(2027, 12, 1);
    let (one, other, ()) = tokio::join!(
        night(&shop, &ada, day),
        night(&shop, &ada, day),
        shop.buys(2, 10, "2027-12-01T08:59:00Z")
    );
    assert_eq!(one.night.entries.len() + other.night.entries.len(), 1);
    let mut deltas: Vec<i64> = shop.ledger(&ada).await.iter().map(|(delta, _)| *delta).collect();
    deltas.sort_unstable();
    assert_eq!(deltas, [-100, 100, 100]);
    assert_eq!(due(&shop, &ada).await.points, Some(date(2028, 12, 2)));
}

#[tokio::test]
async fn nobody_is_put_under_a_night_whose_run_has_started() {
    let (shop, ada) = shop(10).await;
    let store = &shop.services.store;
    for day in [date(2027, 11, 1), date(2027, 12, 1), date(2027, 12, 2)] {
        store.start_run(&shop.id, Nightly::Points, day).await.unwrap().unwrap();
    }
    // A night that is caught up with a month late.
    let now = at("2027-12-02T10:00:00Z");
    let done = store.points_night(&shop.id, &ada, date(2027, 11, 1), now).await.unwrap();
    assert_eq!(done.night.due, Some(date(2027, 12, 1)));
    assert_eq!(due(&shop, &ada).await.points, Some(date(2027, 12, 3)));
}

#[tokio::test]
async fn a_customer_who_is_unknown_or_merged_has_no_points_nights() {
    let (shop, ada) = shop(10).await;
    let nobody = "nobody".parse().unwrap();
    assert_eq!(night(&shop, &nobody, LAST).await, PointsDone::default());
    let deed = platform::store::Deed {
        shop: &shop.id,
        origin: loyalty::ledger::Origin::Adjust,
        now: at("2026-11-23T12:00:00Z"),
    };
    shop.purchase(2, (2, 10, NOON), loyalty::ledger::Origin::Live).await;
    let eve = shop.by_shopify_id(2).await.unwrap().id;
    shop.services.store.merge(&deed, &eve, &ada).await.unwrap();
    assert_eq!(night(&shop, &ada, date(2027, 11, 1)).await, PointsDone::default());
    let done = night(&shop, &eve, date(2027, 11, 1)).await;
    assert!(matches!(done.night.changes[..], [PointsFact::ExpiryMoved { times: 1, .. }]));
}
