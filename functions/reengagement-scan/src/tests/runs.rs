//! When nights run, and that twice is once.

use platform::store::keys::Nightly;

use super::*;

#[tokio::test]
async fn a_night_begins_at_four_by_the_shops_clock_and_is_done_once() {
    let bakery = Bakery::open().await;
    let run = async |day| {
        let store = &bakery.shop.services.store;
        store.run(&bakery.shop.id, Nightly::Mail, day).await.unwrap()
    };
    let day = date(2026, 1, 10);
    bakery.hour(&(local(day, 3) + 40.minutes()).to_string()).await.unwrap();
    assert_eq!(run(day).await, None);
    assert!(run(date(2026, 1, 9)).await.unwrap().done, "the night before was missed until now");
    bakery.hour(&four(day)).await.unwrap();
    let done = run(day).await.unwrap();
    assert!(done.done);
    let units = bakery.shop.services.store.write_units_x10();
    bakery.hour(&noon(day)).await.unwrap();
    assert_eq!(run(day).await.unwrap(), done);
    assert_eq!(bakery.shop.services.store.write_units_x10(), units);
}

#[tokio::test]
async fn missed_nights_are_made_up_for_by_the_next() {
    let bakery = Bakery::open().await;
    bakery.ada_comes(&WEEKLY).await;
    bakery.ada_agrees().await;
    bakery.nights(date(2026, 2, 24), date(2026, 2, 26)).await;
    bakery.nights(date(2026, 3, 20), date(2026, 3, 20)).await;
    assert_eq!(bakery.triggers().await, ["win-back after 2026-02-23 1"]);
    assert!(bakery.due().await.unwrap() > date(2026, 3, 20));
}

#[tokio::test]
async fn what_has_no_time_left_goes_on_in_another_invocation() {
    let bakery = Bakery::open().await;
    bakery.ada_comes(&[date(2026, 2, 2)]).await;
    bakery.shop.set_now(&four(date(2026, 3, 20)));
    bakery.hour_within(Duration::ZERO).await.unwrap();
    let woken = bakery.cloud.bus.take_events();
    let [event] = &woken[..] else { panic!("{woken:?}") };
    assert_eq!(event["detail-type"], "NightGoesOn");
    assert_eq!(event["detail"]["function"], "reengagement-scan");
    let payload = to_raw_value(event).unwrap();
    // One that has no time either gets somewhere all the same.
    handle(&bakery.scan, &payload, Duration::ZERO).await.unwrap();
    assert!(bakery.due().await.unwrap() > date(2026, 3, 20));
}

#[tokio::test]
async fn two_invocations_at_once_do_a_night_once() {
    let bakery = Bakery::open().await;
    bakery.ada_comes(&WEEKLY).await;
    bakery.ada_agrees().await;
    bakery.shop.set_now(&four(date(2026, 3, 20)));
    let (one, other) = tokio::join!(bakery.hour_within(AMPLE), bakery.hour_within(AMPLE));
    one.unwrap();
    other.unwrap();
    assert_eq!(bakery.triggers().await, ["win-back after 2026-02-23 1"]);
    assert_eq!(bakery.decisions().await.len(), 1);
}

#[tokio::test]
async fn a_shop_without_customers_has_its_night_all_the_same() {
    let bakery = Bakery::open().await;
    bakery.hour(&four(date(2026, 2, 2))).await.unwrap();
    let store = &bakery.shop.services.store;
    let run = store.run(&bakery.shop.id, Nightly::Mail, date(2026, 2, 2)).await.unwrap().unwrap();
    assert_eq!((run.done, run.looked), (true, 0));
}

#[tokio::test]
async fn a_clock_that_goes_back_does_no_night_again() {
    let bakery = Bakery::open().await;
    bakery.hour(&four(date(2026, 2, 10))).await.unwrap();
    bakery.hour(&four(date(2026, 2, 8))).await.unwrap();
    let store = &bakery.shop.services.store;
    assert_eq!(store.run(&bakery.shop.id, Nightly::Mail, date(2026, 2, 8)).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_no_event_of_ours_is_refused() {
    let bakery = Bakery::open().await;
    let payload = to_raw_value(&json!({ "Records": [] })).unwrap();
    let refused = handle(&bakery.scan, &payload, AMPLE).await.unwrap_err();
    assert!(refused.to_string().contains("hourly"), "{refused}");
}
