use serde_json::json;

use super::super::tries::Outcome;
use super::*;

fn survey() -> Survey {
    ("ada".to_owned(), "shopify:1".to_owned())
}

fn answered(score: u8) -> Did {
    Did::Answered { survey: survey(), score, words: None, low: score <= 2 }
}

fn closed() -> Did {
    Did::Acted { follow_up: "f1".to_owned(), gave: false, closed: true }
}

/// What was tried, one after the other.
fn one_by_one(all: &[(Did, Outcome)]) -> Tries {
    let mut tries = Tries::default();
    for (did, outcome) in all {
        let index = tries.begins(did.clone(), Timestamp::UNIX_EPOCH);
        tries.all[index].outcome = *outcome;
        tries.ends(index);
    }
    tries
}

/// What stands in the table: so many answers, the last with this score, and a follow-up.
fn stands(answered: u8, score: u8, follow_up: Option<Value>) -> Stored {
    let last = json!({"M": {"score": {"N": score.to_string()}}});
    let survey = json!({
        "answers": {"L": [last]}, "answered": {"N": answered.to_string()}, "follow_up": {"S": "f1"},
    });
    Stored { survey: Some(survey), follow_up }
}

fn open(score: u8) -> Option<Value> {
    Some(json!({"id": {"S": "f1"}, "round": {"N": "1"}, "score": {"N": score.to_string()}}))
}

fn shut(score: u8) -> Option<Value> {
    let mut follow_up = open(score)?;
    follow_up["closed_at"] = json!({"S": "2026-11-28T12:00:00Z"});
    Some(follow_up)
}

use Outcome::{Taken, Unknown};

#[test]
fn an_answer_that_a_later_one_was_taken_after_must_not_count() {
    let tries = one_by_one(&[(answered(5), Taken), (answered(4), Taken)]);
    assert_eq!(check_answer(&survey(), &stands(2, 4, None), &tries), Ok(()));
    assert!(check_answer(&survey(), &stands(2, 5, None), &tries).is_err());
    // Nobody knows whether the second was done.
    let tries = one_by_one(&[(answered(5), Taken), (answered(4), Unknown)]);
    for score in [4, 5] {
        assert_eq!(check_answer(&survey(), &stands(2, score, None), &tries), Ok(()));
    }
}

#[test]
fn an_answer_that_was_taken_is_there_and_none_is_that_nobody_gave_or_twice() {
    let tries = one_by_one(&[(answered(5), Taken)]);
    let nothing = Stored { survey: None, follow_up: None };
    assert!(check_answer(&survey(), &nothing, &tries).is_err());
    assert!(check_answer(&survey(), &stands(1, 3, None), &tries).is_err());
    assert!(check_answer(&survey(), &stands(2, 5, None), &tries).is_err());
    let refused = one_by_one(&[(answered(5), Outcome::Refused)]);
    assert!(check_answer(&survey(), &stands(1, 5, None), &refused).is_err());
}

#[test]
fn a_low_score_waits_until_somebody_closes_it() {
    let check = |stored: Stored, tries: &Tries| check_follow_up(&survey(), &stored, tries);
    let low = one_by_one(&[(answered(1), Taken)]);
    assert_eq!(check(stands(1, 1, open(1)), &low), Ok(()));
    assert!(check(stands(1, 1, None), &low).is_err());
    assert!(check(stands(1, 1, open(2)), &low).is_err());
    assert!(check(stands(1, 1, shut(1)), &low).is_err());
    let looked_after = one_by_one(&[(answered(1), Taken), (closed(), Taken)]);
    assert_eq!(check(stands(1, 1, shut(1)), &looked_after), Ok(()));
    assert!(check(stands(1, 1, open(1)), &looked_after).is_err());
}

#[test]
fn a_low_score_after_closing_waits_again_unless_it_is_the_same() {
    let check = |stored: Stored, tries: &Tries| check_follow_up(&survey(), &stored, tries);
    let again = one_by_one(&[(answered(1), Taken), (closed(), Taken), (answered(2), Taken)]);
    assert!(check(stands(2, 2, shut(1)), &again).is_err());
    assert_eq!(check(stands(2, 2, open(2)), &again), Ok(()));
    let same = one_by_one(&[(answered(1), Taken), (closed(), Taken), (answered(1), Taken)]);
    assert_eq!(check(stands(1, 1, shut(1)), &same), Ok(()));
}

#[test]
fn nothing_waits_where_no_score_was_low() {
    let high = one_by_one(&[(answered(5), Taken)]);
    assert_eq!(check_follow_up(&survey(), &stands(1, 5, None), &high), Ok(()));
    assert!(check_follow_up(&survey(), &stands(1, 5, open(5)), &high).is_err());
}
