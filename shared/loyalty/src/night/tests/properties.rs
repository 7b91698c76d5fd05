//! What holds of every life.

use std::collections::BTreeSet;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::account::Tiered;
use crate::program::{Expiry, Qualify, Rhythm, Window};

const FIRST: Date = date(2026, 1, 1);
const LAST: Date = date(2027, 12, 31);

fn day() -> impl Strategy<Value = Date> {
    (0..730_i32).prop_map(|n| FIRST.checked_add(n.days()).unwrap())
}

fn rhythms() -> impl Strategy<Value = Rhythm> {
    prop_oneof![
        3 => Just(Rhythm::Own),
        1 => (21..120_u16).prop_map(|days| Rhythm::Fixed { days }),
    ]
}

fn expiries() -> impl Strategy<Value = Expiry> {
    prop_oneof![
        Just(Expiry::None),
        (12..15_u16).prop_map(|months| Expiry::Inactivity { months }),
        (3..20_u16).prop_map(|months| Expiry::Months { months }),
    ]
}

fn closed() -> impl Strategy<Value = BTreeSet<Date>> {
    prop::collection::vec((day(), 1..20_i32), 0..5).prop_map(|spans| {
        let days = |(first, long): (Date, i32)| {
            (0..long).map(move |n| first.checked_add(n.days()).unwrap())
        };
        spans.into_iter().flat_map(days).collect()
    })
}

fn programs() -> impl Strategy<Value = Program> {
    let windows = prop::sample::select(vec![Window::Rolling, Window::Calendar]);
    let qualifies = prop::sample::select(vec![Qualify::Spend, Qualify::Orders]);
    let gifts = (0..2_i64, 0..2_i64);
    let asks = prop_oneof![1 => Just(None), 4 => (1..=30_u8).prop_map(Some)];
    (rhythms(), expiries(), closed(), windows, qualifies, gifts, asks).prop_map(
        |(rhythm, expiry, closed, window, qualify, gifts, asks)| {
            let mut program = Program::parse(CORNER_BAKERY).unwrap();
            program.mail.win_back.rhythm = rhythm;
            program.mail.birthday.points = Points(gifts.0);
            program.mail.anniversary.points = Points(gifts.1);
            program.expiry = expiry;
            program.shop.closed = closed;
            program.tier_rules.window = window;
            program.tier_rules.qualify = qualify;
            match asks {
                Some(days) => program.survey.after_days = days,
                None => drop(program.mail.off.insert(Kind::Survey)),
            }
            program
        },
    )
}

fn birthdays() -> impl Strategy<Value = Option<Birthday>> {
    let any = (1..=12_i8, 1..=31_i8).prop_filter_map("exists", |(m, d)| Birthday::new(m, d).ok());
    prop_oneof![Just(None), any.prop_map(Some), Just("02-29".parse().ok())]
}

prop_compose! {
    fn lives()(
        program in programs(), birthday in birthdays(), joined in 0..1500_i32,
        rhythm in prop::option::of(1..60_u16), by_purchases in any::<bool>(),
        before in prop::collection::vec(1..400_i32, 0..9),
        lots in prop::collection::vec((0..30_i32, 1..500_i64), 0..4),
        review in prop::option::of(day()), away in prop::option::of(day()),
        put_off in prop::option::of(day()),
    ) -> Life {
        let mut life = Life::since(FIRST.checked_sub(joined.days()).unwrap());
        for days in before {
            life.buys(FIRST.checked_sub(days.days()).unwrap(), 4000);
        }
        for (months, points) in lots {
            life.earns(points, Some(Month::of(FIRST).plus(months)));
        }
        let silver = |on| Tiered {
            review_on: Some(on),
            ..Tiered::since("silver".parse().unwrap(), FIRST)
        };
        life.account.tier = review.map(silver);
        life.account.put_off.expiry = put_off;
        life.account.due.mail = Some(FIRST);
        Life { program, birthday, rhythm, by_purchases, away_until: away, ..life }
    }
}

fn purchases() -> impl Strategy<Value = Vec<(Date, i64)>> {
    prop::collection::vec((day(), 1..60_000_i64), 0..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn looking_only_on_due_nights_finds_what_looking_every_night_does(
        life in lives(), bought in purchases(),
    ) {
        let (mut every, mut due) = (life.clone(), life);
        let all = live(&mut every, FIRST, LAST, &bought, true);
        prop_assert_eq!(live(&mut due, FIRST, LAST, &bought, false), all);
    }

    #[test]
    fn nothing_is_found_twice_and_no_gift_given_twice(life in lives(), bought in purchases()) {
        let mut life = life;
        let mut seen = BTreeSet::new();
        for night in live(&mut life, FIRST, LAST, &bought, true) {
            for (found, _) in &night.decided {
                let trigger = found.reason.trigger();
                prop_assert!(seen.insert(trigger.clone()), "{trigger} again on {}", night.date);
            }
            for gift in &night.gifts {
                let name = format!("gift {:?} {}", gift.occasion, gift.mark);
                prop_assert!(seen.insert(name.clone()), "{name} again on {}", night.date);
            }
        }
    }

    #[test]
    fn the_same_night_again_finds_nothing(life in lives(), bought in purchases(), on in day()) {
        let mut life = life;
        live(&mut life, FIRST, on, &bought, false);
        let first = life.night(on);
        let again = life.night(on);
        prop_assert_eq!((again.decided, again.gifts), (vec![], vec![]), "after {:?}", first);
    }

    #[test]
    fn never_more_than_two_letters_about_absence_in_a_year_and_two_of_one(
        life in lives(), bought in purchases(),
    ) {
        let mut life = life;
        let mut letters: Vec<(Date, Date)> = Vec::new();
        for night in live(&mut life, FIRST, LAST, &bought, true) {
            for (found, _) in night.decided {
                if let crate::mail::Reason::WinBack { after, letter } = found.reason {
                    prop_assert!(letter <= 2);
                    letters.push((after, night.date));
                }
            }
        }
        for three in letters.windows(3) {
            let span = three[0].1.until(three[2].1).unwrap().get_days();
            prop_assert!(span >= 365, "{three:?}");
        }
        for (after, night) in letters {
            prop_assert!(after.until(night).unwrap().get_days() >= 21);
        }
    }

    #[test]
    fn nobody_is_asked_twice_in_90_days_nor_before_the_day_the_program_says(
        life in lives(), bought in purchases(), missed in 1..9_usize,
    ) {
        let mut life = life;
        let after_days = i32::from(life.program.survey.after_days);
        let may = !life.program.mail.off.contains(&Kind::Survey);
        let mut asked: Vec<Date> = Vec::new();
        for date in nights(FIRST, LAST) {
            if asked.len().is_multiple_of(missed) || date.day() % 3 == 0 {
                for (found, _) in life.night(date).decided {
                    let crate::mail::Reason::Survey { day, .. } = found.reason else { continue };
                    prop_assert_eq!(found.day, day.checked_add(after_days.days()).unwrap());
                    prop_assert!(may && found.day <= date);
                    asked.push(date);
                }
            }
            for (_, kept) in bought.iter().filter(|(day, _)| *day == date) {
                life.buys(date, *kept);
            }
        }
        for two in asked.windows(2) {
            prop_assert!(two[0].until(two[1]).unwrap().get_days() >= 90, "{two:?}");
        }
    }

    #[test]
    fn nights_that_were_missed_cost_no_gift_within_a_month(life in lives(), gap in 1..29_i32) {
        // Looked at every night, and only every so often.
        let gifts = |step: i32| -> BTreeSet<_> {
            let mut life = life.clone();
            let dates: Vec<Date> = nights(FIRST, LAST).step_by(step.try_into().unwrap()).collect();
            let given = dates.iter().flat_map(|date| life.night(*date).gifts);
            let end = LAST.checked_sub(30.days()).unwrap();
            let given = given.filter(|gift| gift.day <= end);
            given.map(|gift| format!("{:?} {}", gift.occasion, gift.mark)).collect()
        };
        prop_assert_eq!(gifts(gap), gifts(1));
    }
}
