//! The store over the embedded engine: programs, runs, due dates.
#![cfg(test)]

use jiff::civil::date;
use loyalty::program::CORNER_BAKERY;
use platform::store::keys::Nightly;
use platform::store::{Applied, Cursor, StoreError};
use testkit::shop::TestShop;

const TODAY: jiff::civil::Date = date(2026, 11, 22);

async fn due(shop: &TestShop) -> (Option<String>, Option<String>) {
    let ada = shop.by_email("ada@example.com").await.unwrap();
    let text = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string());
    (text(ada.account.due.mail), text(ada.account.due.points))
}

#[tokio::test]
async fn a_program_applied_twice_is_one_version_and_a_changed_one_starts_tomorrow_at_four() {
    let shop = TestShop::open().await;
    let store = &shop.services.store;
    let now = shop.services.clock.now();
    let again = store.apply_program(CORNER_BAKERY, now).await.unwrap();
    assert_eq!(again, Applied::Unchanged { version: 1 });

    let changed = CORNER_BAKERY.replace("points = 10\n", "points = 12\n");
    let Applied::Saved { version, effective_from } =
        store.apply_program(&changed, now).await.unwrap()
    else {
        panic!("a changed program is a new version");
    };
    assert_eq!((version, effective_from.to_string().as_str()), (2, "2026-11-23T09:00:00Z"));
    shop.buys(1, 10, "2026-11-22T11:00:00Z").await;
    shop.set_now("2026-11-23T12:00:00Z");
    shop.buys(2, 10, "2026-11-23T11:00:00Z").await;
    let ada = shop.by_email("ada@example.com").await.unwrap();
    assert_eq!(shop.ledger(&ada.id).await, [(100, 100), (120, 220)]);
}

#[tokio::test]
async fn a_program_that_drops_a_tier_or_cannot_be_read_is_not_saved() {
    let shop = TestShop::open().await;
    let store = &shop.services.store;
    let now = shop.services.clock.now();
    for (broken, names) in [
        (CORNER_BAKERY.replace("\"USD\"", "\"EUR\""), "shop.currency"),
        (CORNER_BAKERY.replace("points = 10\n", "points = 0\n"), "earn[0].points"),
    ] {
        let error = store.apply_program(&broken, now).await.unwrap_err();
        assert!(matches!(error, StoreError::Program(_)));
        assert!(error.to_string().contains(names), "{error}");
    }
    assert_eq!(store.rules(&shop.id, now).await.unwrap().programs.iter().count(), 1);
}

#[tokio::test]
async fn a_purchase_stands_in_the_bucket_of_its_first_look_and_later_ones_stay_there() {
    let shop = TestShop::open().await;
    shop.buys(1, 10, "2026-11-22T11:00:00Z").await;
    // The day after an order she may be asked about it.
    assert_eq!(due(&shop).await, (Some("2026-11-23".to_owned()), None));
    shop.buys(2, 10, "2026-11-22T11:30:00Z").await;
    assert_eq!(due(&shop).await, (Some("2026-11-23".to_owned()), None));
    // Reaching a tier brings its review, a year on.
    shop.buys(3, 600, "2026-11-22T11:45:00Z").await;
    assert_eq!(due(&shop).await.1, Some("2027-11-22".to_owned()));
}

#[tokio::test]
async fn nothing_is_put_into_a_bucket_whose_run_has_started() {
    let shop = TestShop::open().await;
    let store = &shop.services.store;
    store.start_run(&shop.id, Nightly::Mail, date(2026, 12, 20)).await.unwrap().unwrap();
    shop.buys(1, 10, "2026-11-22T11:00:00Z").await;
    assert_eq!(due(&shop).await.0, Some("2026-12-21".to_owned()));
}

#[tokio::test]
async fn after_missed_nights_nothing_is_put_into_a_bucket_that_one_run_alone_would_read() {
    let shop = TestShop::open().await;
    let store = &shop.services.store;
    store.start_run(&shop.id, Nightly::Mail, date(2026, 11, 15)).await.unwrap().unwrap();
    // A sale of a week ago that is heard of now: its bucket is long over.
    shop.buys(1, 10, "2026-11-16T11:00:00Z").await;
    assert_eq!(due(&shop).await.0, Some(TODAY.to_string()));
}

#[tokio::test]
async fn a_run_starts_once_and_keeps_its_progress_against_a_second_worker() {
    let shop = TestShop::open().await;
    let store = &shop.services.store;
    let (id, night) = (&shop.id, Nightly::Points);
    let mut run = store.start_run(id, night, TODAY).await.unwrap().unwrap();
    assert_eq!(store.start_run(id, night, TODAY).await.unwrap(), Some(run.clone()));
    let after = Some("c1".parse().unwrap());
    run.cursor = Some(Cursor { date: TODAY, shard: 0, after });
    assert!(store.keep_run(id, night, TODAY, &run).await.unwrap());
    assert!(!store.keep_run(id, night, TODAY, &run).await.unwrap(), "it was kept meanwhile");
    let kept = store.run(id, night, TODAY).await.unwrap().unwrap();
    assert_eq!((kept.cursor, kept.done), (run.cursor, false));
    let yesterday = TODAY.yesterday().unwrap();
    let earlier = store.start_run(id, night, yesterday).await.unwrap();
    assert_eq!(earlier, None, "a clock that went back starts no night that is over");
    assert_eq!(store.run(id, Nightly::Mail, TODAY).await.unwrap(), None);
}

#[tokio::test]
async fn mail_is_off_until_it_goes_live_and_live_again_begins_anew() {
    use loyalty::ids::Source;
    use platform::store::{MailMode, Whence};
    let shop = TestShop::open().await;
    let store = &shop.services.store;
    let at = |day: i8| date(2026, 11, day).at(12, 0, 0, 0).in_tz("UTC").unwrap().timestamp();
    let status = async || {
        let status = store.status(&shop.id).await.unwrap();
        (status.mail_mode, status.live_since, status.mail_changed_at())
    };
    assert_eq!(status().await, (MailMode::Off, None, None));
    let set =
        async |mode, day| store.set_mail_mode(&shop.id, mode, Whence::Api, at(day)).await.unwrap();
    set(MailMode::OwnerOnly, 1).await;
    assert_eq!(status().await, (MailMode::OwnerOnly, None, Some(at(1))));
    set(MailMode::Live, 2).await;
    set(MailMode::Live, 3).await;
    assert_eq!(status().await, (MailMode::Live, Some(at(2)), Some(at(2))), "said twice");
    store.disconnected(&shop.id, Source::Square, at(4)).await.unwrap();
    set(MailMode::Off, 5).await;
    assert_eq!(status().await, (MailMode::Off, Some(at(2)), Some(at(5))));
    let after = set(MailMode::Live, 6).await;
    assert_eq!(status().await, (MailMode::Live, Some(at(6)), Some(at(6))));
    let modes: Vec<_> = after.mail_changes.iter().map(|change| (change.mode, change.by)).collect();
    let modes_set = [MailMode::OwnerOnly, MailMode::Live, MailMode::Off, MailMode::Live];
    assert_eq!(modes, modes_set.map(|mode| (mode, Whence::Api)));
    assert!(after.disconnected.contains_key(&Source::Square), "the rest of the status stays");
}

#[tokio::test]
async fn of_many_changes_of_the_mail_mode_the_last_are_kept() {
    use platform::store::{MailMode, Whence};
    let shop = TestShop::open().await;
    let store = &shop.services.store;
    let now = shop.services.clock.now();
    for _ in 0..15 {
        for mode in [MailMode::Live, MailMode::Off] {
            store.set_mail_mode(&shop.id, mode, Whence::Command, now).await.unwrap();
        }
    }
    let status = store.status(&shop.id).await.unwrap();
    assert_eq!((status.mail_changes.len(), status.mail_mode), (20, MailMode::Off));
}

#[tokio::test]
async fn who_mail_comes_from_is_kept_as_it_was_said_last() {
    use platform::sender::{MailSettings, MailSettingsChange, Wish};
    use platform::store::MailSettingsError;
    let shop = TestShop::open().await;
    let store = &shop.services.store;
    let at = |day: i8| date(2026, 11, day).at(12, 0, 0, 0).in_tz("UTC").unwrap().timestamp();
    assert_eq!(store.mail_settings(&shop.id).await.unwrap(), MailSettings::default());
    let from = |text: &str| {
        let from = Wish::Set(text.to_owned());
        MailSettingsChange { from, ..MailSettingsChange::default() }
    };
    let set = async |change, day| store.set_mail_settings(&shop.id, change, at(day)).await;
    let first = set(from("hello@corner.example"), 1).await.unwrap();
    assert_eq!((first.version, first.changed_at), (1, Some(at(1))));
    assert_eq!(set(from("hello@corner.example"), 2).await.unwrap(), first, "said twice");

    let unfit = set(from("corner@gmail.com"), 3).await.unwrap_err();
    assert!(matches!(unfit, MailSettingsError::Unfit(_)), "{unfit}");
    assert_eq!(store.mail_settings(&shop.id).await.unwrap(), first);

    let owner = Wish::Set("maria@gmail.com".to_owned());
    let owner = MailSettingsChange { owner, ..MailSettingsChange::default() };
    let (a, b) = tokio::join!(set(owner, 4), set(from("maria@corner.example"), 4));
    assert!(a.is_ok() && b.is_ok());
    let both = store.mail_settings(&shop.id).await.unwrap();
    assert_eq!(both.from.as_deref(), Some("maria@corner.example"));
    assert_eq!((both.owner.as_deref(), both.version), (Some("maria@gmail.com"), 3));
    let elsewhere = "elsewhere".parse().unwrap();
    assert_eq!(store.mail_settings(&elsewhere).await.unwrap(), MailSettings::default());
}

#[tokio::test]
async fn a_task_larger_than_an_item_is_kept_whole_and_once() {
    let shop = TestShop::open().await;
    let (store, now) = (&shop.services.store, shop.services.clock.now());
    // Numbers in no order, so that packing them doesn't make them small.
    let numbers = (0..60_000_u64).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_string());
    let large = format!("[{}]", numbers.collect::<Vec<_>>().join(","));
    assert!(large.len() > 1_000_000);
    let bodies = [large.as_str(), "{}"];
    for is_new in [true, false] {
        for body in bodies {
            let kept = store.keep_task(&shop.id, "customers/redact", body, now).await.unwrap();
            assert_eq!(kept, is_new);
        }
    }
    let tasks = store.open_tasks(&shop.id).await.unwrap();
    assert_eq!(tasks.len(), 2);
    for body in bodies {
        assert!(tasks.iter().any(|task| task.body == body && !task.done));
    }
}
