//! A year of one customer for each rule: the date, what was decided, why.

use std::fmt::Write as _;

use jiff::civil::date;

use super::*;
use crate::account::Tiered;
use crate::program::{Expiry, Rhythm};

const FIRST: Date = date(2026, 1, 1);
const LAST: Date = date(2026, 12, 31);

/// The year, with what she bought in between.
fn year(mut life: Life, bought: &[Date]) -> String {
    text(lines(&mut life, FIRST, LAST, bought))
}

/// A part of the year, each line with its date.
fn lines(life: &mut Life, from: Date, to: Date, bought: &[Date]) -> Vec<(Date, String)> {
    let bought = bought.iter().copied().filter(|day| (from..=to).contains(day));
    let priced: Vec<(Date, i64)> = bought.map(|day| (day, 1000)).collect();
    let line = |(day, _): &(Date, i64)| (*day, "    bought".to_owned());
    let mut lines: Vec<(Date, String)> = priced.iter().map(line).collect();
    for night in live(life, from, to, &priced, true) {
        for gift in &night.gifts {
            let what = format!("    gift of {} points for {}", gift.points.0, gift.day);
            lines.push((night.date, what));
        }
        for (found, fate) in &night.decided {
            let held = life.held(found, night.date);
            lines.push((night.date, told(found, fate, held)));
        }
    }
    lines.sort_by_key(|line| line.0);
    lines
}

fn text(lines: Vec<(Date, String)>) -> String {
    lines.iter().fold(String::new(), |mut text, (day, line)| {
        writeln!(text, "{day}{line}").unwrap();
        text
    })
}

fn told(found: &Found, fate: &Fate, held: Option<WhyNot>) -> String {
    let fate = match fate {
        Fate::Tell => held.map_or("tell".to_owned(), |why| format!("tell later, {why}")),
        Fate::HeldOut { test } => format!("held out by the test {test}"),
        Fate::Awaiting => "await approval".to_owned(),
        Fate::Skipped { why } => format!("skip, {why}"),
    };
    let facts: Vec<String> = found.facts.iter().map(ToString::to_string).collect();
    format!("    {} ({fate}): {}", found.reason.trigger(), facts.join("; "))
}

/// A member of three years who buys every twelve days until she stops.
fn regular() -> (Life, Vec<Date>) {
    let life = Life::since(date(2022, 6, 15));
    let days = nights(FIRST, date(2026, 3, 10)).step_by(12).collect();
    (life, days)
}

#[test]
fn her_own_rhythm() {
    let (life, mut days) = regular();
    // She comes back once, and stops again: the year has had its two letters by then.
    days.push(date(2026, 8, 1));
    insta::assert_snapshot!(year(life, &days));
}

#[test]
fn a_fixed_rhythm() {
    let (mut life, days) = regular();
    life.program.mail.win_back.rhythm = Rhythm::Fixed { days: 60 };
    insta::assert_snapshot!(year(life, &days));
}

#[test]
fn a_rhythm_that_she_does_not_let_us_read() {
    let (life, days) = regular();
    insta::assert_snapshot!(year(Life { by_purchases: false, ..life }, &days));
}

#[test]
fn who_came_only_twice() {
    let life = Life::since(date(2026, 1, 5));
    insta::assert_snapshot!(year(life, &[date(2026, 1, 5), date(2026, 1, 15)]));
}

#[test]
fn a_birthday_on_29_february() {
    let life = Life::since(date(2025, 7, 1));
    insta::assert_snapshot!(year(Life { birthday: "02-29".parse().ok(), ..life }, &[]));
}

#[test]
fn points_that_expire_month_by_month_and_one_day_that_is_put_off() {
    let mut life = Life::since(date(2022, 6, 15));
    life.program.expiry = Expiry::Months { months: 24 };
    for (points, month) in [(300, "2026-03"), (200, "2026-04"), (100, "2026-05")] {
        life.earns(points, month.parse().ok());
    }
    life.account.put_off.expiry = Some(date(2026, 4, 14));
    insta::assert_snapshot!(year(life, &[]));
}

#[test]
fn points_that_expire_with_her_absence() {
    let (mut life, days) = regular();
    life.program.expiry = Expiry::Inactivity { months: 12 };
    life.program.mail.off.insert(crate::mail::Kind::WinBack);
    life.earns(480, None);
    life.buys(date(2025, 2, 1), 1000);
    insta::assert_snapshot!(year(life, &days[6..]));
}

fn silver(review: Date) -> Option<Tiered> {
    let id = "silver".parse().unwrap();
    Some(Tiered { review_on: Some(review), ..Tiered::since(id, date(2025, 5, 20)) })
}

#[test]
fn a_tier_that_ends() {
    let (mut life, days) = regular();
    life.account.tier = silver(date(2026, 5, 20));
    insta::assert_snapshot!(year(life, &days));
}

#[test]
fn closed_days_and_an_owner_who_is_away() {
    let (mut life, days) = regular();
    // She would be told on 26 March, and again on 19 April.
    life.program.shop.closed = nights(date(2026, 3, 20), date(2026, 4, 2)).collect();
    life.away_until = Some(date(2026, 5, 10));
    insta::assert_snapshot!("an_owner_who_is_away", year(life.clone(), &days));
    insta::assert_snapshot!("closed_days", year(Life { away_until: None, ..life }, &days));
}

#[test]
fn a_test_holds_her_out_but_not_of_what_is_owed() {
    let (mut life, days) = regular();
    life.account.tier = silver(date(2026, 5, 20));
    let key = crate::trial::Key([1; 32]);
    let (starts, ends) = (FIRST, date(2026, 4, 30));
    let trial = |kind: crate::mail::Kind| {
        let (id, key) = (format!("spring-{}", kind.as_str()), key.clone());
        Trial { id, kind, share_held: 99, key, starts, ends }
    };
    use crate::mail::Kind;
    life.trials = [Kind::WinBack, Kind::TierEnding, Kind::TierAtRisk].map(trial).to_vec();
    insta::assert_snapshot!(year(life.clone(), &days));
    // Of a test that ended before the second letter she is still followed for 30 days.
    let first = life.trials.first_mut().unwrap();
    first.ends = date(2026, 3, 26);
    assert!(year(life, &days).contains("win-back after 2026-03-02 2 (held out"));
}

#[test]
fn letters_wait_for_approval_in_the_first_30_days() {
    let (mut life, days) = regular();
    life.mail_since = Some(date(2026, 3, 10));
    life.birthday = "05-01".parse().ok();
    life.account.tier = silver(date(2026, 5, 20));
    insta::assert_snapshot!(year(life, &days));
}

#[test]
fn without_consent_she_has_her_gifts_and_what_she_stands_to_lose() {
    let (mut life, days) = regular();
    life.consented = false;
    life.birthday = "05-01".parse().ok();
    life.account.tier = silver(date(2026, 5, 20));
    insta::assert_snapshot!(year(life, &days));
}

#[test]
fn who_gave_a_low_score_hears_nothing_but_what_is_owed_until_it_is_answered() {
    let (mut life, mut days) = regular();
    life.program.mail.off.clear();
    life.account.tier = silver(date(2026, 6, 20));
    life.birthday = "05-01".parse().ok();
    days.extend(nights(date(2026, 4, 6), date(2026, 12, 20)).step_by(24));
    // She answers the second survey, and her score is low: until 13 May at most marketing
    // waits.
    let low = date(2026, 4, 13);
    let mut story = lines(&mut life, FIRST, low, &days);
    let asked_on = low.to_zoned(life.program.shop.zone.clone()).unwrap().timestamp();
    life.account.held_until = Some(asked_on + crate::survey::HELD_FOR);
    story.push((low, "    gave a low score".to_owned()));
    story.extend(lines(&mut life, low.tomorrow().unwrap(), LAST, &days));
    insta::assert_snapshot!(text(story));
}

#[test]
fn while_mail_is_not_live_nothing_is_kept_for_later() {
    let (mut life, days) = regular();
    life.mail_since = None;
    insta::assert_snapshot!(year(life, &days));
}
