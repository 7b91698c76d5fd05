use testkit::faults::Fault;

use super::canary::{Canary, Guard};
use super::history::{Event, History, Kind, picture};
use super::play::{Faults, World};
use super::{Options, run};

fn options(histories: u64, kind: Kind) -> Options {
    let faults = Fault::ALL.to_vec();
    Options { histories, seed: 1, faults, kind, systematic: false, pairs: false }
}

#[test]
fn forty_histories_with_everything_in_them_keep_every_promise() {
    let report = run(&options(40, Kind::All), |_| {}).unwrap();
    assert_eq!((report.failure, report.histories), (None, 40));
    let hit =
        |fault| report.tally.iter().any(|((_, met), count)| *met == Some(fault) && *count > 0);
    for fault in Fault::ALL {
        assert!(hit(fault), "{fault} never happened");
    }
}

#[test]
fn a_seed_plays_the_same_history_again() {
    let once = run(&options(3, Kind::All), |_| {}).unwrap();
    let again = run(&options(3, Kind::All), |_| {}).unwrap();
    assert_eq!(once.tally, again.tally);
}

/// 51692: a merge undone between the two reads that follow it to the account that stands
/// for somebody; what was written then went to whom it no longer did.
#[test]
fn the_seed_that_found_a_merge_undone_between_two_reads_stays_played() {
    let report = run(&Options { seed: 51_692, ..options(1, Kind::All) }, |_| {}).unwrap();
    assert_eq!(report.failure, None);
}

#[tokio::test(start_paused = true)]
async fn both_canaries_are_caught_within_ten_seeds() {
    for guard in [Guard::CheckThenPut, Guard::Lease] {
        let mut caught = 0;
        for seed in 1..=10 {
            fastrand::seed(seed);
            let world = World::new().await.unwrap();
            let history = small(seed);
            let faulty = world.faulty(&history, &Faults::Seeded(Fault::ALL.to_vec()));
            let client = world.faulty_client(&faulty);
            let canary = Canary::new(client, history.shop(), guard);
            caught += u32::from(world.play(&history, &faulty, canary).await.violation.is_some());
        }
        assert!(caught > 0, "{guard:?} wasn't caught in ten seeds");
    }
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_meets_no_trouble_is_fine() {
    // So that what the test above catches is the fault and not the canary's format.
    for guard in [Guard::CheckThenPut, Guard::Lease] {
        let world = World::new().await.unwrap();
        let history = History::in_turn(1, vec![purchase(1)]);
        let faulty = world.faulty(&history, &Faults::Seeded(Vec::new()));
        let canary = Canary::new(world.client(), history.shop(), guard);
        assert_eq!(world.play(&history, &faulty, canary).await.violation, None);
    }
}

fn purchase(order: u64) -> Event {
    // Below every tier: the canaries know none.
    picture(order, 10, 1_000, true, false, Some(order))
}

/// Ten purchases of ten people, each told twice at about the same time.
fn small(seed: u64) -> History {
    let mut history = History::in_turn(seed, (1..=10).map(purchase).collect());
    let again = history.deliveries.clone();
    history.deliveries.extend(again);
    for (id, delivery) in (0..).zip(&mut history.deliveries) {
        delivery.id = id;
        delivery.starts = fastrand::u64(..2_000);
    }
    history
}
