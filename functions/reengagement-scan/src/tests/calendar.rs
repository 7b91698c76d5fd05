//! Nights by the clocks of the world: each local date has one, from four in the morning on.

use jiff::tz::TimeZone;
use platform::store::keys::Nightly;

use super::*;

/// Days around both clock changes of a year, where clocks jump at all: in spring one hour is
/// missing, in autumn one is there twice, and on Lord Howe it is half of one.
const CHANGES: [(&str, Date); 6] = [
    ("Europe/Berlin", date(2026, 3, 28)),
    ("Europe/Berlin", date(2026, 10, 24)),
    ("America/New_York", date(2026, 3, 7)),
    ("America/New_York", date(2026, 10, 31)),
    ("Australia/Lord_Howe", date(2026, 4, 4)),
    ("Australia/Lord_Howe", date(2026, 10, 3)),
];

#[tokio::test]
async fn each_local_date_has_one_night_whatever_the_clocks_do() {
    for (zone, day) in CHANGES {
        let bakery = Bakery::with_program(&at_once().replace("America/New_York", zone)).await;
        let zone = TimeZone::get(zone).unwrap();
        let (mut begun, mut before) = (Vec::new(), bakery.latest().await);
        let start = day.at(0, 10, 0, 0).to_zoned(zone.clone()).unwrap().timestamp();
        for hour in 0..72 {
            let at = start + hour.hours();
            bakery.hour(&at.to_string()).await.unwrap();
            let latest = bakery.latest().await;
            if latest != before {
                let local = at.to_zoned(zone.clone());
                begun.push((latest.unwrap(), local.date(), local.hour()));
                before = latest;
            }
        }
        // The night of the day before is made up for by the first hour.
        assert_eq!(begun.remove(0).0, day.yesterday().unwrap());
        let nights: Vec<Date> = begun.iter().map(|(night, _, _)| *night).collect();
        let days: Vec<Date> = day.series(1.day()).take(3).collect();
        assert_eq!(nights, days, "{zone:?}");
        for (night, on, hour) in begun {
            assert_eq!((night, hour), (on, 4), "{zone:?}");
        }
    }
}

#[tokio::test]
async fn the_29_february_has_a_night_too() {
    let bakery = Bakery::with_program(&at_once()).await;
    bakery.nights(date(2028, 2, 28), date(2028, 3, 1)).await;
    let store = &bakery.shop.services.store;
    for day in [date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 1)] {
        assert!(store.run(&bakery.shop.id, Nightly::Mail, day).await.unwrap().unwrap().done);
    }
}

impl Bakery {
    async fn latest(&self) -> Option<Date> {
        let store = &self.shop.services.store;
        let runs = store.latest_runs(&self.shop.id, Nightly::Mail, 1).await.unwrap();
        runs.first().map(|(night, _)| *night)
    }
}
