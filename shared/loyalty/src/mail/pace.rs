//! How much and at what hour: quiet hours in the recipient's zone, and caps.

use jiff::civil::{Time, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::Class;

/// From this hour on nothing goes out that the recipient didn't cause just now.
const QUIET_FROM: Time = time(20, 0, 0, 0);
/// Until this hour.
const QUIET_UNTIL: Time = time(8, 0, 0, 0);

/// What somebody did so recently may be answered at any hour.
pub const JUST_NOW: SignedDuration = SignedDuration::from_mins(15);

/// Marketing to one person: one in so long,
const MARKETING_ONE_IN: SignedDuration = SignedDuration::from_hours(7 * 24);
/// and three in so long.
const MARKETING_THREE_IN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A message that went to somebody: what the caps count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// When.
    pub at: Timestamp,
    /// Its class.
    pub class: Class,
}

/// The first moment from `now` on outside the quiet hours of a zone. Where the clock is
/// put forward over 08:00, that is the moment it lands at.
pub fn awake(now: Timestamp, zone: &TimeZone) -> Timestamp {
    let local = now.to_zoned(zone.clone());
    let (day, hour) = (local.date(), local.time());
    if (QUIET_UNTIL..QUIET_FROM).contains(&hour) {
        return now;
    }
    let day = if hour < QUIET_UNTIL { day } else { day.tomorrow().unwrap_or(day) };
    let morning = day.to_datetime(QUIET_UNTIL).to_zoned(zone.clone());
    morning.map_or(now, |morning| morning.timestamp().max(now))
}

/// The first moment from `now` on at which the caps allow one more of `class`.
pub fn allowed(sent: &[Sent], class: Class, now: Timestamp, zone: &TimeZone) -> Timestamp {
    let mut from = now;
    if class == Class::AskedFor {
        return from;
    }
    // One a local day, of any class but what was asked for.
    let counted = || sent.iter().filter(|one| one.class != Class::AskedFor);
    if let Some(last) = counted().map(|one| one.at).max() {
        let day = last.to_zoned(zone.clone()).start_of_day();
        let next = day.and_then(|day| day.checked_add(1.day()));
        from = from.max(next.map_or(from, |next| next.timestamp()));
    }
    if class == Class::Marketing {
        let mut marketing: Vec<Timestamp> =
            counted().filter(|one| one.class == Class::Marketing).map(|one| one.at).collect();
        marketing.sort_unstable_by(|a, b| b.cmp(a));
        let after = |which: usize, pause: SignedDuration| {
            marketing.get(which).and_then(|at| at.checked_add(pause).ok())
        };
        let waits = [after(0, MARKETING_ONE_IN), after(2, MARKETING_THREE_IN)];
        from = waits.into_iter().flatten().fold(from, Ord::max);
    }
    from
}

/// What of `sent` the caps may still ask for at `now`: older ones can be forgotten.
pub fn remembered(sent: &[Sent], now: Timestamp) -> Vec<Sent> {
    let recent = |one: &&Sent| now.duration_since(one.at) < MARKETING_THREE_IN;
    sent.iter().filter(recent).copied().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::at;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[track_caller]
    fn wakes(now: &str, zone_name: &str, expected: &str) {
        assert_eq!(awake(at(now), &zone(zone_name)), at(expected));
    }

    #[test]
    fn nights_are_quiet_in_the_recipients_own_zone() {
        wakes("2026-11-22T15:00:00Z", "America/New_York", "2026-11-22T15:00:00Z");
        wakes("2026-11-23T01:00:00Z", "America/New_York", "2026-11-23T13:00:00Z");
        wakes("2026-11-22T12:59:59Z", "America/New_York", "2026-11-22T13:00:00Z");
        wakes("2026-11-23T01:00:00Z", "Asia/Tokyo", "2026-11-23T01:00:00Z");
    }

    #[test]
    fn the_morning_of_a_clock_change_begins_at_eight_by_the_new_time() {
        // Berlin goes forward at 02:00 on 29 March 2026, back at 03:00 on 25 October.
        wakes("2026-03-28T22:00:00Z", "Europe/Berlin", "2026-03-29T06:00:00Z");
        wakes("2026-10-24T22:00:00Z", "Europe/Berlin", "2026-10-25T07:00:00Z");
        // Lord Howe by half an hour.
        wakes("2026-10-03T14:00:00Z", "Australia/Lord_Howe", "2026-10-03T21:00:00Z");
    }

    fn sent(text: &str, class: Class) -> Sent {
        Sent { at: at(text), class }
    }

    #[test]
    fn one_mail_a_day_whatever_it_is_about_unless_it_was_asked_for() {
        let new_york = zone("America/New_York");
        let receipt = [sent("2026-11-22T15:00:00Z", Class::Account)];
        let evening = at("2026-11-22T22:00:00Z");
        assert_eq!(
            allowed(&receipt, Class::Account, evening, &new_york),
            at("2026-11-23T05:00:00Z")
        );
        assert_eq!(allowed(&receipt, Class::AskedFor, evening, &new_york), evening);
        let asked = [sent("2026-11-22T15:00:00Z", Class::AskedFor)];
        assert_eq!(allowed(&asked, Class::Account, evening, &new_york), evening);
    }

    #[test]
    fn marketing_comes_once_in_seven_days_and_three_times_in_thirty() {
        let utc = TimeZone::UTC;
        let mut letters = vec![sent("2026-11-01T12:00:00Z", Class::Marketing)];
        let now = at("2026-11-02T12:00:00Z");
        assert_eq!(allowed(&letters, Class::Marketing, now, &utc), at("2026-11-08T12:00:00Z"));
        assert_eq!(allowed(&letters, Class::Account, now, &utc), now);
        letters.push(sent("2026-11-08T12:00:00Z", Class::Marketing));
        letters.push(sent("2026-11-15T12:00:00Z", Class::Marketing));
        let now = at("2026-11-23T12:00:00Z");
        assert_eq!(allowed(&letters, Class::Marketing, now, &utc), at("2026-12-01T12:00:00Z"));
    }

    proptest! {
        /// However a year of wishes comes, nobody gets more than the caps say, and what was
        /// forgotten never mattered.
        #[test]
        fn the_caps_hold_over_any_year(hours in proptest::collection::vec((1..200_i64, any::<bool>()), 1..120)) {
            let new_york = zone("America/New_York");
            let (mut now, mut log, mut kept) = (at("2026-01-01T12:00:00Z"), Vec::new(), Vec::new());
            for (pause, marketing) in hours {
                now += SignedDuration::from_hours(pause);
                let class = if marketing { Class::Marketing } else { Class::Account };
                prop_assert_eq!(
                    allowed(&log, class, now, &new_york),
                    allowed(&kept, class, now, &new_york)
                );
                if allowed(&kept, class, now, &new_york) == now {
                    log.push(Sent { at: now, class });
                    kept.push(Sent { at: now, class });
                    kept = remembered(&kept, now);
                }
            }
            let days: Vec<_> = log.iter().map(|one| one.at.to_zoned(new_york.clone()).date()).collect();
            prop_assert!(days.is_sorted_by(|a, b| a < b), "two on one day");
            let marketing: Vec<_> = log.iter().filter(|one| one.class == Class::Marketing).collect();
            for (index, one) in marketing.iter().enumerate() {
                let within = |span| marketing[..index].iter().filter(|o| one.at.duration_since(o.at) < span).count();
                prop_assert!(within(MARKETING_ONE_IN) == 0 && within(MARKETING_THREE_IN) < 3);
            }
        }

        /// Waking is in the day, never earlier, and waking twice is waking once.
        #[test]
        fn whoever_is_woken_is_awake(second in 0..400_000_000_i64, name in 0..4_usize) {
            let zone = zone(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"][name]);
            let now = at("2020-01-01T00:00:00Z") + SignedDuration::from_secs(second);
            let woken = awake(now, &zone);
            let hour = woken.to_zoned(zone.clone()).time();
            prop_assert!(woken >= now && (QUIET_UNTIL..QUIET_FROM).contains(&hour));
            prop_assert_eq!(awake(woken, &zone), woken);
        }
    }
}
