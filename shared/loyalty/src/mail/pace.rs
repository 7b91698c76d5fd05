//! How much and at what hour: quiet hours in the recipient's zone, and caps.

use jiff::civil::{Time, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::{Class, Kind};
use crate::order::is_false;

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

/// A month, for counting: the longest there is.
const MONTH: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Mails in a month, of any class but asked-for, after which a purchase needs no mail of
/// thanks: with what can't wait that makes five at most.
const ENOUGH: usize = 4;

/// What went to one person, as far as it still matters: what the caps count. Stored with her
/// account, so times are whole seconds and the names short.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The last mails of any class but asked-for, oldest first: those of a month, and no more
    /// than matter.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    recent: Vec<i64>,
    /// Marketing mail of the last 30 days, oldest first.
    #[serde(rename = "m", default, skip_serializing_if = "Vec::is_empty")]
    marketing: Vec<i64>,
    /// Whether she was welcomed.
    #[serde(rename = "w", default, skip_serializing_if = "is_false")]
    welcomed: bool,
}

impl Sent {
    /// Nothing.
    pub const NONE: Self = Self { recent: Vec::new(), marketing: Vec::new(), welcomed: false };

    /// Whether nothing matters.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// When the last mail went to her that she hadn't asked for.
    pub fn last_at(&self) -> Option<Timestamp> {
        Timestamp::from_second(*self.recent.last()?).ok()
    }

    /// Whether the month before `now` has been full: another mail of thanks would be one too
    /// many.
    pub fn is_enough(&self, now: Timestamp) -> bool {
        let month = now.as_second().saturating_sub(MONTH.as_secs());
        self.recent.iter().filter(|one| **one > month).count() >= ENOUGH
    }

    /// Whether she was welcomed: that happens once.
    pub fn welcomed(&self) -> bool {
        self.welcomed
    }

    /// Counts a mail of these kinds that goes out at `at` as one of `class`; older ones that
    /// can't matter any more are forgotten.
    pub fn take(&mut self, kinds: &[Kind], class: Class, at: Timestamp) {
        let second = at.as_second();
        self.welcomed |= kinds.contains(&Kind::Welcome);
        if !matches!(class, Class::Owner | Class::AskedFor) {
            self.recent.push(second);
            self.recent.sort_unstable();
        }
        self.recent.retain(|one| *one > second.saturating_sub(MONTH.as_secs()));
        self.keep_what_matters();
        let recent = second.saturating_sub(MARKETING_THREE_IN.as_secs());
        self.marketing.retain(|one| *one > recent);
        if class == Class::Marketing {
            self.marketing.push(second);
            self.marketing.sort_unstable();
        }
    }

    /// The same without a mail that was counted at `at`, and after all didn't go out.
    pub fn without(&self, kinds: &[Kind], at: Timestamp) -> Self {
        let second = at.as_second();
        let mut left = self.clone();
        left.marketing.retain(|one| *one != second);
        left.recent.retain(|one| *one != second);
        left.welcomed &= !kinds.contains(&Kind::Welcome);
        left
    }

    /// Takes in what went to her under another name.
    pub fn merge(&mut self, other: &Self) {
        self.recent.extend(&other.recent);
        self.recent.sort_unstable();
        self.recent.dedup();
        self.keep_what_matters();
        self.marketing.extend(&other.marketing);
        self.marketing.sort_unstable();
        // After an undone merge both have had what went to the two as one.
        self.marketing.dedup();
        self.welcomed |= other.welcomed;
    }

    fn keep_what_matters(&mut self) {
        let over = self.recent.len().saturating_sub(ENOUGH);
        self.recent.drain(..over);
    }

    /// The first moment from `now` on at which the caps allow one more of `class`; `monthly`:
    /// she asked for marketing mail at most once a month.
    pub fn allowed(
        &self,
        class: Class,
        monthly: bool,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Timestamp {
        let mut from = now;
        if matches!(class, Class::Owner | Class::AskedFor) {
            return from;
        }
        let time = |second: i64| Timestamp::from_second(second).unwrap_or(now);
        // One a local day, of any class but what was asked for.
        if let Some(last) = self.last_at() {
            let day = last.to_zoned(zone.clone()).start_of_day();
            let next = day.and_then(|day| day.checked_add(1.day()));
            from = from.max(next.map_or(from, |next| next.timestamp()));
        }
        if class == Class::Marketing {
            let after = |which: usize, pause: SignedDuration| {
                let one = self.marketing.iter().rev().nth(which)?;
                time(*one).checked_add(pause).ok()
            };
            let one_in = if monthly { MARKETING_THREE_IN } else { MARKETING_ONE_IN };
            let waits = [after(0, one_in), after(2, MARKETING_THREE_IN)];
            from = waits.into_iter().flatten().fold(from, Ord::max);
        }
        from
    }
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

    /// One of each at these times.
    fn sent(of: &[(Kind, &str)]) -> Sent {
        let mut sent = Sent::default();
        for (kind, time) in of {
            sent.take(&[*kind], kind.class(), at(time));
        }
        sent
    }

    #[test]
    fn one_mail_a_day_whatever_it_is_about_unless_it_was_asked_for() {
        let new_york = zone("America/New_York");
        let allowed = |sent: &Sent, class, now| sent.allowed(class, false, now, &new_york);
        let receipt = sent(&[(Kind::Receipt, "2026-11-22T15:00:00Z")]);
        let evening = at("2026-11-22T22:00:00Z");
        assert_eq!(allowed(&receipt, Class::Account, evening), at("2026-11-23T05:00:00Z"));
        assert_eq!(allowed(&receipt, Class::AskedFor, evening), evening);
        let asked = sent(&[(Kind::SignIn, "2026-11-22T15:00:00Z")]);
        assert_eq!(allowed(&asked, Class::Account, evening), evening);
    }

    #[test]
    fn marketing_comes_once_in_seven_days_and_three_times_in_thirty() {
        let letters = ["2026-11-01T12:00:00Z", "2026-11-08T12:00:00Z", "2026-11-15T12:00:00Z"];
        let letters = letters.map(|time| (Kind::WinBack, time));
        let allowed = |sent: &Sent, class, now: &str| {
            sent.allowed(class, false, at(now), &TimeZone::UTC).to_string()
        };
        let one = sent(&letters[..1]);
        let next_day = "2026-11-02T12:00:00Z";
        assert_eq!(allowed(&one, Class::Marketing, next_day), "2026-11-08T12:00:00Z");
        assert_eq!(allowed(&one, Class::Account, next_day), next_day);
        let three = sent(&letters);
        let later = "2026-11-23T12:00:00Z";
        assert_eq!(allowed(&three, Class::Marketing, later), "2026-12-01T12:00:00Z");
    }

    #[test]
    fn who_wants_it_once_a_month_gets_marketing_once_a_month() {
        let letter = sent(&[(Kind::WinBack, "2026-11-01T12:00:00Z")]);
        let now = at("2026-11-09T12:00:00Z");
        let next = letter.allowed(Class::Marketing, true, now, &TimeZone::UTC);
        assert_eq!(next, at("2026-12-01T12:00:00Z"));
        assert_eq!(letter.allowed(Class::Marketing, false, now, &TimeZone::UTC), now);
    }

    #[test]
    fn four_mails_of_a_month_are_enough() {
        let mondays = ["2026-06-01", "2026-06-08", "2026-06-15", "2026-06-22"];
        let mondays = mondays.map(|day| format!("{day}T13:00:00Z"));
        let had = sent(&mondays.each_ref().map(|time| (Kind::Receipt, time.as_str())));
        assert!(had.is_enough(at("2026-06-29T13:00:00Z")), "a fifth Monday");
        assert!(!had.is_enough(at("2026-07-06T13:00:00Z")));
        assert!(!sent(&[(Kind::Receipt, &mondays[0])]).is_enough(at("2026-06-29T13:00:00Z")));
    }

    #[test]
    fn what_did_not_go_out_after_all_is_not_counted() {
        let before = sent(&[(Kind::WinBack, "2026-11-01T12:00:00Z")]);
        let mut sent = before.clone();
        let kinds = [Kind::Receipt, Kind::Welcome];
        sent.take(&kinds, Class::Marketing, at("2026-11-20T12:00:00Z"));
        assert!(sent.welcomed());
        assert_eq!(sent.without(&kinds, at("2026-11-20T12:00:00Z")), before);
    }

    #[test]
    fn what_went_to_two_who_are_one_counts_for_both() {
        let mut one = sent(&[(Kind::WinBack, "2026-11-01T12:00:00Z")]);
        let other =
            [(Kind::Survey, "2026-11-09T12:00:00Z"), (Kind::Receipt, "2026-11-20T12:00:00Z")];
        one.merge(&sent(&other));
        let both = [(Kind::WinBack, "2026-11-01T12:00:00Z"), other[0], other[1]];
        assert_eq!(one, sent(&both));
    }

    proptest! {
        /// However a year of wishes comes, nobody gets more than the caps say, and what was
        /// forgotten never mattered.
        #[test]
        fn the_caps_hold_over_any_year(hours in proptest::collection::vec((1..200_i64, any::<bool>()), 1..120)) {
            let new_york = zone("America/New_York");
            let (mut now, mut log, mut sent) = (at("2026-01-01T12:00:00Z"), Vec::new(), Sent::default());
            for (pause, marketing) in hours {
                now += SignedDuration::from_hours(pause);
                let kind = if marketing { Kind::WinBack } else { Kind::Receipt };
                if sent.allowed(kind.class(), false, now, &new_york) == now {
                    log.push((now, kind.class()));
                    sent.take(&[kind], kind.class(), now);
                }
                prop_assert!(sent.marketing.len() <= 3);
            }
            let days: Vec<_> = log.iter().map(|one| one.0.to_zoned(new_york.clone()).date()).collect();
            prop_assert!(days.is_sorted_by(|a, b| a < b), "two on one day");
            let marketing: Vec<_> = log.iter().filter(|one| one.1 == Class::Marketing).collect();
            for (index, one) in marketing.iter().enumerate() {
                let within = |span| marketing[..index].iter().filter(|o| one.0.duration_since(o.0) < span).count();
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
