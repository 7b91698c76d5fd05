//! Events through the real SDK, to a bus that answers as EventBridge does.
#![cfg(test)]

use std::sync::Arc;

use jiff::Timestamp;
use platform::Clock;
use platform::bus::{BusError, BusEvent};
use testkit::aws::{Cloud, bus_over};
use testkit::embedded::Embedded;
use testkit::faults::{Fate, Fault, Faulty, attempt};

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn cloud() -> Cloud {
    Cloud::new(Embedded::temporary().unwrap(), Clock::fixed(now()))
}

fn event(detail: impl Into<String>) -> BusEvent {
    let time = "2026-11-22T11:59:30.25Z".parse().unwrap();
    BusEvent { detail_type: "PointsChanged".to_owned(), detail: detail.into(), time }
}

fn numbered(count: usize) -> Vec<BusEvent> {
    (0..count).map(|number| event(format!("{{\"number\":{number}}}"))).collect()
}

fn numbers(cloud: &Cloud) -> Vec<u64> {
    let entries = cloud.bus.entries();
    entries.iter().filter_map(|entry| entry.detail["number"].as_u64()).collect()
}

#[tokio::test]
async fn events_arrive_in_their_order_however_many() {
    let cloud = cloud();
    let results = cloud.events().put(&numbered(23)).await;
    assert_eq!(results, vec![Ok(()); 23]);
    assert_eq!(numbers(&cloud), (0..23).collect::<Vec<_>>());
    let entries = cloud.bus.entries();
    assert_eq!((entries[0].source.as_str(), entries[0].bus.as_str()), ("regulars", "default"));
    assert_eq!(entries[0].time, event("").time);
    assert!(cloud.events().put(&[]).await.is_empty());
}

#[tokio::test]
async fn a_poison_event_harms_no_neighbour() {
    let cloud = cloud();
    let mut events = numbered(4);
    events[1] = event("no JSON");
    events[2] = event("x".repeat(2_000_000));
    let results = cloud.events().put(&events).await;
    let refused = BusError::Refused { code: "MalformedDetail".to_owned() };
    assert_eq!(results[1], Err(refused));
    assert!(matches!(results[2], Err(BusError::TooLarge { .. })));
    assert_eq!((&results[0], &results[3]), (&Ok(()), &Ok(())));
    assert_eq!(numbers(&cloud), [0, 3]);
}

#[tokio::test(start_paused = true)]
async fn what_fails_for_now_is_put_again_alone() {
    let cloud = cloud();
    cloud.bus.fail_next([None, Some("ThrottlingException"), None, Some("InternalFailure")]);
    assert_eq!(cloud.events().put(&numbered(3)).await, vec![Ok(()); 3]);
    assert_eq!(numbers(&cloud), [0, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn what_goes_on_failing_is_given_up_and_may_be_put_later() {
    let cloud = cloud();
    cloud.bus.fail_next([Some("InternalFailure"); 4]);
    let [result] = cloud.events().put(&numbered(1)).await.try_into().unwrap();
    assert!(result.unwrap_err().is_transient());
    assert_eq!(cloud.events().put(&numbered(1)).await, [Ok(())], "the fourth of our attempts");
}

#[tokio::test(start_paused = true)]
async fn what_befalls_a_call_is_told_of_each_event() {
    for (fault, variant) in [
        (Fault::NotSent, 0),
        (Fault::ReplyLost, 0),
        (Fault::Timeout, 0),
        (Fault::Throttled, 0),
        (Fault::Throttled, 1),
        (Fault::Throttled, 2),
    ] {
        let cloud = cloud();
        let fate = move |_, _: &str| Fate { fault: Some(fault), variant, ..Fate::default() };
        let faulty = Faulty::new(cloud.connector(), Arc::new(fate));
        let bus = bus_over(faulty.clone());
        let results = attempt(0, 0, async { bus.put(&numbered(2)).await }).await.unwrap();
        assert_eq!(results.len(), 2);
        for result in results {
            assert!(result.unwrap_err().is_transient(), "{fault} {variant}");
        }
        let made = faulty.take_made();
        assert!(made.iter().all(|made| made.operation == "PutEvents"), "{made:?}");
        // Three attempts, of the SDK at a call or of ours at an entry.
        assert!(made.len() <= 7, "{fault} {variant}: {} calls", made.len());
    }
}
