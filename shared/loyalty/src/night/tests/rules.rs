//! Single rules, each at its edge.

use jiff::SignedDuration;
use jiff::civil::date;

use super::*;
use crate::mail::{About, Kind, Reason, WhyNot};

fn triggers(look: &Look) -> Vec<String> {
    look.found.iter().map(|found| found.reason.trigger()).collect()
}

fn found(reason: Reason, day: Date) -> Found {
    Found { reason, day, facts: Vec::new() }
}

#[test]
fn who_is_no_member_or_was_merged_is_not_looked_at() {
    let mut life = Life::since(date(2020, 1, 1));
    life.buys(date(2026, 1, 1), 1000);
    let night = date(2026, 6, 1);
    assert!(!life.look(night).found.is_empty());
    life.account.member_since = None;
    assert_eq!(life.look(night), Look::default());
}

#[test]
fn a_missed_night_is_caught_up_with_by_mail_for_3_days_and_by_the_gift_for_30() {
    let life = Life::since(date(2025, 10, 1));
    let life = Life { birthday: "03-10".parse().ok(), ..life };
    let check = |night, mails: usize, gifts: usize| {
        let look = life.look(night);
        assert_eq!((look.found.len(), look.gifts.len()), (mails, gifts), "{night}");
    };
    check(date(2026, 3, 9), 0, 0);
    check(date(2026, 3, 10), 1, 1);
    check(date(2026, 3, 13), 1, 1);
    check(date(2026, 3, 14), 0, 1);
    check(date(2026, 4, 9), 0, 1);
    check(date(2026, 4, 10), 0, 0);
}

#[test]
fn a_birthday_is_kept_across_the_turn_of_the_year() {
    let life = Life::since(date(2025, 10, 1));
    let life = Life { birthday: "12-30".parse().ok(), ..life };
    let look = life.look(date(2026, 1, 2));
    assert_eq!(triggers(&look), ["birthday 2025"]);
    assert_eq!(look.gifts[0].mark, 2025);
    assert_eq!(look.due, Some(date(2026, 10, 1)), "then the anniversary");
}

#[test]
fn a_birthday_before_she_joined_brings_nothing() {
    let life = Life::since(date(2026, 3, 12));
    let life = Life { birthday: "03-10".parse().ok(), ..life };
    assert_eq!(life.look(date(2026, 3, 13)).found, []);
    assert_eq!(life.look(date(2026, 3, 13)).gifts, []);
}

#[test]
fn a_gift_of_no_points_is_none_and_the_letter_goes_all_the_same() {
    let mut life = Life::since(date(2025, 10, 1));
    life.program.mail.anniversary.points = Points(0);
    let look = life.look(date(2026, 10, 1));
    assert_eq!((triggers(&look), look.gifts.len()), (vec!["anniversary 1".to_owned()], 0));
}

#[test]
fn the_day_of_a_shop_is_its_own() {
    // 02:00 in UTC is the evening before in New York.
    let mut life = Life::since(date(2025, 10, 1));
    life.account.member_since = Some(at("2025-10-02T02:00:00Z"));
    assert_eq!(triggers(&life.look(date(2026, 10, 1))), ["anniversary 1"]);
}

#[test]
fn a_notice_that_comes_late_leaves_out_the_first() {
    let mut life = Life::since(date(2026, 1, 1));
    life.earns(100, "2026-03".parse().ok());
    let look = |night| triggers(&life.look(night));
    assert_eq!(look(date(2026, 2, 13)), Vec::<String>::new());
    assert_eq!(look(date(2026, 2, 14)), ["points expiring 2026-03-31 1"]);
    assert_eq!(look(date(2026, 3, 23)), ["points expiring 2026-03-31 1"]);
    assert_eq!(look(date(2026, 3, 24)), ["points expiring 2026-03-31 2"]);
    assert_eq!(look(date(2026, 3, 31)), ["points expiring 2026-03-31 2"]);
    assert_eq!(look(date(2026, 4, 1)), Vec::<String>::new());
}

#[test]
fn points_of_a_day_put_off_to_the_end_of_another_month_are_told_with_its_own() {
    let mut life = Life::since(date(2026, 1, 1));
    life.earns(100, "2026-02".parse().ok());
    life.earns(20, "2026-03".parse().ok());
    life.account.put_off.expiry = Some(date(2026, 3, 31));
    let look = life.look(date(2026, 2, 14));
    assert_eq!(triggers(&look), ["points expiring 2026-03-31 1"]);
    assert!(look.found[0].facts.contains(&Fact::Expiring(Points(120))));
}

#[test]
fn a_mail_day_that_stands_is_never_put_later_by_an_account_alone() {
    let mut life = Life::since(date(2026, 1, 1));
    let mail = |life: &Life| life.account.earliest_mail();
    assert_eq!(mail(&life), Some(date(2026, 1, 22)), "a first look, three weeks on");
    life.account.due.mail = Some(date(2027, 1, 1));
    assert_eq!(mail(&life), None);
    life.buys(date(2026, 2, 1), 1000);
    assert_eq!(mail(&life), Some(date(2026, 2, 22)), "away at the earliest");
    life.earns(100, "2026-03".parse().ok());
    assert_eq!(mail(&life), Some(date(2026, 2, 14)), "a first notice");
    let notice = |notice| found(Reason::PointsExpiring { on: date(2026, 3, 31), notice }, LATER);
    life.account.letters.note(&notice(1), date(2026, 2, 14));
    life.account.letters.win_backs = vec![date(2026, 2, 22)];
    assert_eq!(mail(&life), Some(date(2026, 3, 15)), "the second letter about it");
    life.account.letters.win_backs = vec![date(2025, 6, 1), date(2026, 2, 22)];
    assert_eq!(mail(&life), Some(date(2026, 3, 24)), "no third in a year: the second notice");
    life.account.letters.note(&notice(2), date(2026, 3, 24));
    assert_eq!(mail(&life), Some(date(2026, 6, 1)), "a year after the first letter");
}

#[test]
fn who_missed_one_purchase_is_slowing_and_who_missed_two_has_lapsed() {
    let mut life = Life::since(date(2025, 1, 1));
    let on = |life: &Life, day| absence(&life.person(), &life.shop(day), day);
    assert_eq!(on(&life, date(2026, 1, 1)), None);
    for day in [1, 13, 25].map(|day| date(2026, 1, day)) {
        life.buys(day, 1000);
    }
    life.buys(date(2026, 2, 6), 1000);
    assert_eq!(on(&life, date(2026, 2, 17)), Some(Absence::Regular));
    assert_eq!(on(&life, date(2026, 2, 18)), Some(Absence::Slowing));
    assert_eq!(on(&life, date(2026, 3, 1)), Some(Absence::Slowing));
    assert_eq!(on(&life, date(2026, 3, 2)), Some(Absence::Lapsed));
    life.program.mail.win_back.rhythm = crate::program::Rhythm::Fixed { days: 60 };
    assert_eq!(on(&life, date(2026, 4, 6)), Some(Absence::Regular));
    assert_eq!(on(&life, date(2026, 4, 7)), Some(Absence::Lapsed));
}

#[test]
fn what_is_to_come_is_told_before_its_day() {
    let mut life = Life::since(date(2025, 5, 1));
    life.buys(date(2026, 2, 1), 1000);
    let night = date(2026, 2, 10);
    let next = outlook(&life.person(), &life.shop(night), night);
    let next: Vec<_> = next.iter().map(|one| (one.day, one.reason.trigger())).collect();
    let letter = (date(2026, 3, 13), "win-back after 2026-02-01 1".to_owned());
    assert_eq!(next, [letter, (date(2026, 5, 1), "anniversary 1".to_owned())]);
    assert_eq!(life.look(night).due, Some(date(2026, 3, 13)));
}

/// Somebody who bought on 1 February at a shop that asks three days after.
fn to_be_asked() -> Life {
    let mut life = Life::since(date(2025, 5, 1));
    life.program.mail.off.clear();
    life.account.due.mail = Some(LATER);
    life.buys(date(2026, 2, 1), 1000);
    life
}

#[test]
fn an_order_is_asked_about_on_the_day_the_program_says_and_once() {
    let mut life = to_be_asked();
    assert_eq!(life.account.earliest_mail(), Some(date(2026, 2, 2)), "some program asks then");
    let early = life.look(date(2026, 2, 2));
    assert_eq!((early.found, early.due), (vec![], Some(date(2026, 2, 4))));
    let night = life.night(date(2026, 2, 4));
    let [(found, fate)] = night.decided.as_slice() else { panic!("{night:?}") };
    assert_eq!((found.reason.trigger().as_str(), fate), ("survey shopify:20260201", &Fate::Tell));
    assert_eq!(found.facts, [Fact::Bought(date(2026, 2, 1)), Fact::AskedAfter(3)]);
    let letters = &life.account.letters;
    assert_eq!((&letters.ask, letters.survey), (&None, Some(date(2026, 2, 4))));
    assert_eq!(life.night(date(2026, 2, 5)).decided, []);
}

#[test]
fn a_question_that_is_a_week_late_is_not_asked_any_more() {
    let fate_on = |night: Date| {
        let mut life = to_be_asked();
        life.night(night).decided.remove(0).1
    };
    assert_eq!(fate_on(date(2026, 2, 11)), Fate::Tell);
    assert_eq!(fate_on(date(2026, 2, 12)), Fate::Skipped { why: WhyNot::Stale });
}

#[test]
fn a_survey_waits_for_approval_is_held_out_and_switched_off_like_other_marketing() {
    let mut life = to_be_asked();
    let night = date(2026, 2, 4);
    let found = life.look(night).found.remove(0);
    let skipped = |why| Fate::Skipped { why };
    let unasked = Life { consented: false, ..life.clone() };
    assert_eq!(unasked.fate(&found, night), skipped(WhyNot::NoConsent));
    let mut off = life.clone();
    off.program.mail.off.insert(Kind::Survey);
    assert_eq!(off.fate(&found, night), skipped(WhyNot::NotSent));
    life.program.mail.survey.send = Some(crate::program::Sending::Approve);
    assert_eq!(life.fate(&found, night), Fate::Awaiting);
    let (key, starts, ends) = (crate::trial::Key([1; 32]), date(2026, 1, 1), LATER);
    let id = "survey".to_owned();
    life.trials =
        vec![Trial { id: id.clone(), kind: Kind::Survey, share_held: 99, key, starts, ends }];
    assert_eq!(life.fate(&found, night), Fate::HeldOut { test: id });
}

#[test]
fn a_survey_goes_before_a_letter_about_her_absence() {
    let mut life = to_be_asked();
    life.program.mail.win_back.rhythm = crate::program::Rhythm::Fixed { days: 21 };
    life.program.survey.after_days = 21;
    let night = date(2026, 2, 22);
    let triggers = triggers(&life.look(night));
    assert_eq!(triggers, ["survey shopify:20260201", "win-back after 2026-02-01 1"]);
}

const LATER: Date = date(2026, 12, 31);

#[test]
fn what_was_long_ago_or_before_mail_went_live_is_not_told() {
    let mut life = Life::since(date(2020, 1, 1));
    let letter = Reason::WinBack { after: date(2026, 1, 1), letter: 1 };
    let night = date(2026, 6, 15);
    let fate = |life: &Life, day| life.fate(&found(letter.clone(), day), night);
    assert_eq!(fate(&life, date(2026, 6, 1)), Fate::Tell);
    assert_eq!(fate(&life, date(2026, 5, 31)), Fate::Skipped { why: WhyNot::Stale });
    life.mail_since = Some(date(2026, 6, 2));
    life.program.mail.approve_days = 0;
    assert_eq!(fate(&life, date(2026, 6, 1)), Fate::Skipped { why: WhyNot::BeforeLive });
    assert_eq!(fate(&life, date(2026, 6, 2)), Fate::Tell);
    let owed = found(Reason::PointsExpiring { on: date(2026, 7, 1), notice: 1 }, date(2026, 5, 17));
    assert_eq!(life.fate(&owed, night), Fate::Tell, "what is owed is told whenever");
}

#[test]
fn what_a_night_found_is_one_mail_but_for_what_stands_alone() {
    let night = date(2026, 3, 10);
    let zone = TimeZone::get("America/New_York").unwrap();
    let (on, tier) = (date(2026, 4, 24), "silver".parse().unwrap());
    let reasons = [
        Reason::WinBack { after: date(2026, 1, 1), letter: 1 },
        Reason::TierEnding { tier, on, notice: 1 },
        Reason::Birthday { year: 2026 },
        Reason::PointsExpiring { on, notice: 1 },
    ];
    let mut decided: Vec<(Found, Fate)> =
        reasons.map(|reason| (found(reason, night), Fate::Tell)).to_vec();
    let mails = |decided: &[(Found, Fate)]| -> Vec<(String, Vec<Kind>)> {
        let drafts = merge(decided, night, &zone);
        drafts.into_iter().map(|draft| (draft.about.trigger(), draft.sections)).collect()
    };
    let alone = [
        ("points expiring 2026-04-24 1".to_owned(), vec![Kind::PointsExpiring]),
        ("tier ending silver 2026-04-24 1".to_owned(), vec![Kind::TierEnding]),
    ];
    let together = ("birthday 2026".to_owned(), vec![Kind::Birthday, Kind::WinBack]);
    assert_eq!(mails(&decided), [&alone[..], &[together]].concat());
    decided[2].1 = Fate::Awaiting;
    decided[3].1 = Fate::Skipped { why: WhyNot::Bounced };
    let letter = ("win-back after 2026-01-01 1".to_owned(), vec![Kind::WinBack]);
    assert_eq!(mails(&decided), [alone[1].clone(), letter]);
}

#[test]
fn a_draft_is_of_4_in_the_morning_and_due_at_9_also_when_the_clock_changes() {
    let zone = TimeZone::get("America/New_York").unwrap();
    let birthday = found(Reason::Birthday { year: 2026 }, date(2026, 3, 8));
    for night in [date(2026, 3, 8), date(2026, 11, 1), date(2026, 7, 1)] {
        let draft = drafts(&[&birthday], night, &zone).pop().unwrap();
        assert_eq!(draft.due.duration_since(draft.fact_at), SignedDuration::from_hours(5));
        assert_eq!(draft.due.to_zoned(zone.clone()).hour(), 9);
        assert!(matches!(draft.about, About::Night { night: of, .. } if of == night));
    }
}

#[test]
fn marks_of_a_whole_life_stay_small() {
    let mut letters = crate::account::Letters::default();
    for n in 0..100_i16 {
        let night = date(2026, 1, 1).checked_add((i64::from(n) * 10).days()).unwrap();
        let on = night.checked_add(45.days()).unwrap();
        for reason in [
            Reason::WinBack { after: night, letter: 1 },
            Reason::PointsExpiring { on, notice: 1 },
            Reason::Birthday { year: n },
            Reason::Anniversary { years: n },
            Reason::TierAtRisk { tier: "silver".parse().unwrap(), on },
            Reason::TierEnding { tier: "silver".parse().unwrap(), on, notice: 1 },
        ] {
            letters.note(&found(reason, night), night);
        }
    }
    let stored = serde_json::to_string(&letters).unwrap();
    assert!(stored.len() < 256, "{} bytes: {stored}", stored.len());
}

#[test]
fn what_is_decided_is_stored_and_read_back() {
    let mut life = Life::since(date(2022, 1, 1));
    life.buys(date(2026, 1, 1), 1000);
    life.birthday = "03-01".parse().ok();
    for night in nights(date(2026, 2, 1), date(2026, 6, 1)) {
        for decided in life.night(night).decided {
            let stored = serde_json::to_string(&decided).unwrap();
            assert_eq!(serde_json::from_str::<(Found, Fate)>(&stored).unwrap(), decided);
        }
    }
}
