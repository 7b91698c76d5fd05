use proptest::prelude::*;

use super::*;
use crate::testing::at;

const EMAIL: Channel = Channel::Email;

/// Noon of a day in 2026, counted from 1 January.
fn day(number: i64) -> Timestamp {
    at("2026-01-01T12:00:00Z") + jiff::SignedDuration::from_hours(24 * (number - 1))
}

fn fact(number: i64, act: Act) -> Fact {
    Fact { at: day(number), act }
}

/// Her own yes on a form of this grade.
fn yes(number: i64, teller: Teller, grade: ConsentGrade) -> Fact {
    let (channel, grade) = (EMAIL, Some(grade));
    fact(number, Act::Subscribed { channel, teller, grade, hers: true, wording: None })
}

/// A yes that somebody else tells of.
fn told(number: i64, teller: Teller, grade: Option<ConsentGrade>) -> Fact {
    let channel = EMAIL;
    fact(number, Act::Subscribed { channel, teller, grade, hers: false, wording: None })
}

fn no(number: i64, teller: Teller) -> Fact {
    fact(number, Act::Unsubscribed { channel: EMAIL, teller })
}

fn silent(number: i64, teller: Teller) -> Fact {
    fact(number, Act::Silent { channel: EMAIL, teller })
}

fn asked(number: i64, teller: Teller) -> Fact {
    fact(number, Act::Asked { channel: EMAIL, teller })
}

fn heard<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Consent {
    let mut consent = Consent::default();
    facts.into_iter().for_each(|fact| consent.hear(fact));
    consent
}

fn why(consent: &Consent) -> Option<Suppression> {
    consent.suppressed().map(|suppressed| suppressed.why)
}

/// Any fact, of few enough moments that many fall together.
fn any_fact() -> impl Strategy<Value = Fact> {
    use ConsentGrade::{Checkout, ConfirmedOwnForm, ExistingCustomer, ImportWithWording, OwnForm};
    let teller =
        prop::sample::select(vec![Teller::Shopify, Teller::Square, Teller::Own, Teller::Import]);
    let grades = [ConfirmedOwnForm, OwnForm, Checkout, ImportWithWording, ExistingCustomer];
    let grade = prop::option::of(prop::sample::select(grades.to_vec()));
    let wording = prop::option::of("[ab]").boxed();
    let kind = prop::sample::select(vec!["birthday", "win-back"]).prop_map(str::to_owned);
    let channel = EMAIL;
    let act = prop_oneof![
        4 => (teller.clone(), grade, any::<bool>(), wording).prop_map(
            move |(teller, grade, hers, wording)| {
                Act::Subscribed { channel, teller, grade, hers, wording }
            }
        ),
        1 => teller.clone().prop_map(move |teller| Act::Asked { channel, teller }),
        3 => teller.clone().prop_map(move |teller| Act::Unsubscribed { channel, teller }),
        1 => teller.prop_map(move |teller| Act::Silent { channel, teller }),
        1 => (kind, any::<bool>()).prop_map(|(kind, off)| Act::Kind { kind, off }),
        1 => any::<bool>().prop_map(|on| Act::Monthly { on }),
        1 => prop::option::of(1_i64..400)
            .prop_map(|until| Act::Paused { until: until.map(day) }),
        1 => Just(Act::Complained),
        1 => Just(Act::Bounced),
        6 => Just(Act::BouncedForNow),
        1 => Just(Act::Confirmed),
    ];
    (1_i64..200, act).prop_map(|(number, act)| fact(number, act))
}

/// Facts, and the same in another order, each at least once.
fn told_twice() -> impl Strategy<Value = (Vec<Fact>, Vec<Fact>)> {
    prop::collection::vec(any_fact(), 0..60).prop_flat_map(|facts| {
        let some = prop::sample::subsequence(facts.clone(), 0..=facts.len());
        let again = (Just(facts.clone()), some).prop_map(|(mut all, some)| {
            all.extend(some);
            all
        });
        (Just(facts), again.prop_shuffle())
    })
}

proptest! {
    #[test]
    fn any_order_and_any_repetition_of_facts_is_the_same((facts, again) in told_twice()) {
        prop_assert_eq!(heard(&facts), heard(&again));
    }

    #[test]
    fn what_two_names_heard_is_what_one_would_have_heard(
        (facts, _) in told_twice(),
        cut in any::<prop::sample::Index>(),
    ) {
        let (one, other) = facts.split_at(if facts.is_empty() { 0 } else { cut.index(facts.len()) });
        let (one, other) = (heard(one), heard(other));
        let (mut ab, mut ba) = (one.clone(), other.clone());
        ab.merge(&other);
        ba.merge(&one);
        prop_assert_eq!(&ab, &ba);
        prop_assert_eq!(ab, heard(&facts));
    }

    #[test]
    fn a_withdrawal_ends_only_by_a_later_act_of_hers((facts, _) in told_twice()) {
        let consent = heard(&facts);
        let last = facts
            .iter()
            .filter(|fact| matches!(fact.act, Act::Unsubscribed { .. }))
            .map(|fact| fact.at)
            .max();
        if let (Some(last), Some(yes)) = (last, consent.permission(EMAIL)) {
            prop_assert!(yes.hers && yes.at > last);
        }
        let said_yes = facts.iter().any(|fact| matches!(fact.act, Act::Subscribed { .. }));
        prop_assert!(said_yes || consent.state(EMAIL) != State::Subscribed);
    }

    #[test]
    fn once_suppressed_only_a_confirmation_frees_a_mailbox_and_nothing_one_that_complained(
        (facts, _) in told_twice(),
    ) {
        let mut consent = Consent::default();
        for fact in &facts {
            let before = consent.clone();
            consent.hear(fact);
            let confirms = matches!(&fact.act, Act::Confirmed)
                || matches!(&fact.act, Act::Subscribed { grade, hers: true, .. }
                    if *grade == Some(ConsentGrade::ConfirmedOwnForm));
            if before.suppressed().is_some() && !confirms {
                prop_assert!(consent.suppressed().is_some(), "{:?}", fact);
            }
            if why(&before) == Some(Suppression::Complaint) {
                prop_assert_eq!(why(&consent), Some(Suppression::Complaint));
            }
        }
    }

    #[test]
    fn it_reads_back_what_it_writes((facts, _) in told_twice()) {
        let consent = heard(&facts);
        let text = serde_json::to_string(&consent).unwrap();
        prop_assert_eq!(serde_json::from_str::<Consent>(&text).unwrap(), consent);
    }

    #[test]
    fn the_history_is_the_last_twenty_things_said_newest_last((facts, _) in told_twice()) {
        let consent = heard(&facts);
        let times: Vec<Timestamp> = consent.history().map(|fact| fact.at).collect();
        prop_assert!(times.is_sorted() && times.len() <= 20);
        let newest = facts.iter().filter(|fact| fact.act != Act::BouncedForNow).map(|fact| fact.at);
        prop_assert_eq!(times.last().copied(), newest.max());
    }
}

#[test]
fn nothing_said_is_no_consent_anywhere() {
    let consent = Consent::default();
    assert!(consent.is_empty());
    assert_eq!(consent.standing(EMAIL), Standing::default());
    assert!(!consent.suffices(EMAIL, Preset::Us));
}

#[test]
fn the_country_says_which_grades_suffice() {
    use ConsentGrade::{Checkout, ConfirmedOwnForm, ExistingCustomer};
    for (grade, us, eu, de) in [
        (ConfirmedOwnForm, true, true, true),
        (Checkout, true, true, false),
        (ExistingCustomer, true, false, false),
    ] {
        let consent = heard(&[yes(1, Teller::Shopify, grade)]);
        let suffices =
            [Preset::Us, Preset::Eu, Preset::De].map(|preset| consent.suffices(EMAIL, preset));
        assert_eq!(suffices, [us, eu, de], "{grade:?}");
    }
}

#[test]
fn a_yes_of_unknown_origin_is_shown_and_is_enough_nowhere() {
    let consent = heard(&[told(1, Teller::Shopify, None)]);
    assert_eq!(consent.state(EMAIL), State::Subscribed);
    for preset in [Preset::Us, Preset::Uk, Preset::Ca, Preset::Eu, Preset::De] {
        assert!(!consent.suffices(EMAIL, preset), "{preset}");
    }
}

#[test]
fn what_she_confirmed_once_still_holds_after_a_weaker_yes() {
    let confirmed = yes(1, Teller::Own, ConsentGrade::ConfirmedOwnForm);
    let consent = heard(&[confirmed, yes(9, Teller::Shopify, ConsentGrade::Checkout)]);
    assert!(consent.suffices(EMAIL, Preset::De));
    assert_eq!(consent.relied_on(EMAIL, Preset::De).unwrap().at, day(1));
}

#[test]
fn after_a_withdrawal_only_what_she_agreed_to_since_counts() {
    let confirmed = yes(1, Teller::Own, ConsentGrade::ConfirmedOwnForm);
    let again = yes(9, Teller::Shopify, ConsentGrade::Checkout);
    let consent = heard(&[confirmed, no(5, Teller::Own), again]);
    assert_eq!(consent.standing(EMAIL).grade, Some(ConsentGrade::Checkout));
    assert!(!consent.suffices(EMAIL, Preset::De));
}

#[test]
fn an_import_or_a_flag_undoes_no_withdrawal_however_late_it_is() {
    let import = told(9, Teller::Import, Some(ConsentGrade::ImportWithWording));
    let flag = told(10, Teller::Shopify, None);
    let consent = heard(&[no(5, Teller::Own), import, flag, asked(11, Teller::Import)]);
    let standing = consent.standing(EMAIL);
    assert_eq!((standing.state, standing.since), (State::Unsubscribed, Some(day(5))));
}

#[test]
fn a_withdrawal_of_the_same_moment_as_a_yes_holds() {
    let consent = heard(&[yes(5, Teller::Own, ConsentGrade::OwnForm), no(5, Teller::Shopify)]);
    assert_eq!(consent.state(EMAIL), State::Unsubscribed);
}

#[test]
fn a_source_that_has_no_yes_any_more_ends_its_own_and_no_other() {
    let shopify = yes(1, Teller::Shopify, ConsentGrade::Checkout);
    let ended = heard(&[shopify.clone(), silent(5, Teller::Shopify)]);
    assert_eq!(ended.state(EMAIL), State::None);
    let own = yes(2, Teller::Own, ConsentGrade::OwnForm);
    let consent = heard(&[shopify, silent(5, Teller::Shopify), own]);
    assert_eq!(consent.standing(EMAIL).teller, Some(Teller::Own));
}

#[test]
fn asked_and_not_answered_is_pending_until_she_answers() {
    let question = asked(3, Teller::Import);
    assert_eq!(heard([&question]).state(EMAIL), State::Pending);
    let answer = yes(4, Teller::Own, ConsentGrade::ConfirmedOwnForm);
    assert_eq!(heard([&question, &answer]).state(EMAIL), State::Subscribed);
}

#[test]
fn undoing_a_withdrawal_gives_back_what_it_ended_wording_included() {
    let mut given = yes(1, Teller::Shopify, ConsentGrade::Checkout);
    if let Act::Subscribed { wording, .. } = &mut given.act {
        *wording = Some("News and offers by mail".to_owned());
    }
    let mut consent = heard(&[given, no(5, Teller::Own)]);
    let undo = consent.undo(EMAIL, day(6)).unwrap();
    consent.hear(&undo);
    let permission = consent.permission(EMAIL).unwrap();
    assert_eq!((permission.at, permission.hers), (day(6), true));
    assert_eq!(permission.grade, Some(ConsentGrade::Checkout));
    assert_eq!(permission.wording.as_deref(), Some("News and offers by mail"));
    assert_eq!(consent.undo(EMAIL, day(7)), None, "there is nothing to undo any more");
}

#[test]
fn undoing_gives_back_nothing_that_an_earlier_withdrawal_ended() {
    let confirmed = yes(1, Teller::Own, ConsentGrade::ConfirmedOwnForm);
    let weaker = yes(5, Teller::Shopify, ConsentGrade::Checkout);
    let mut consent = heard(&[confirmed, no(3, Teller::Own), weaker, no(7, Teller::Own)]);
    consent.hear(&consent.undo(EMAIL, day(8)).unwrap());
    assert_eq!(consent.standing(EMAIL).grade, Some(ConsentGrade::Checkout));
    assert!(!consent.suffices(EMAIL, Preset::De));
    let never = heard(&[no(3, Teller::Own)]);
    assert_eq!(never.undo(EMAIL, day(8)), None, "who never agreed is asked, not restored");
}

#[test]
fn undoing_works_after_the_source_told_the_withdrawal_back() {
    let given = yes(1, Teller::Shopify, ConsentGrade::Checkout);
    let mut consent = heard(&[given.clone(), no(5, Teller::Own), no(6, Teller::Shopify)]);
    consent.hear(&consent.undo(EMAIL, day(7)).unwrap());
    assert_eq!(consent.standing(EMAIL).grade, Some(ConsentGrade::Checkout));
    let silent = Act::Silent { channel: EMAIL, teller: Teller::Shopify };
    let faded = heard(&[given, fact(3, silent), no(5, Teller::Own), no(6, Teller::Shopify)]);
    assert_eq!(faded.undo(EMAIL, day(7)), None, "no withdrawal of hers ended it");
}

#[test]
fn kinds_are_switched_one_by_one_and_the_later_setting_holds() {
    let kind = |number, kind: &str, off| fact(number, Act::Kind { kind: kind.to_owned(), off });
    let consent = heard(&[
        kind(5, "birthday", false),
        kind(3, "birthday", true),
        kind(4, "survey", true),
        kind(6, "receipt", false),
        kind(6, "receipt", true),
    ]);
    assert_eq!(consent.off().collect::<Vec<_>>(), ["receipt", "survey"]);
    assert!(consent.is_off("survey") && !consent.is_off("birthday"));
}

#[test]
fn once_a_month_and_a_pause_of_three_months_are_hers_to_set_and_to_end() {
    let mut consent = heard(&[fact(1, Act::Monthly { on: true }), Fact::pause(day(1))]);
    assert!(consent.at_most_monthly());
    assert_eq!(consent.paused_until(day(2)), Some(at("2026-04-01T12:00:00Z")));
    assert_eq!(consent.paused_until(at("2026-04-01T12:00:00Z")), None);
    consent.hear(&fact(9, Act::Paused { until: None }));
    consent.hear(&fact(9, Act::Monthly { on: false }));
    assert_eq!((consent.paused_until(day(10)), consent.at_most_monthly()), (None, false));
}

#[test]
fn a_complaint_is_for_good_and_a_bounce_until_the_address_is_confirmed() {
    let confirmed = yes(9, Teller::Own, ConsentGrade::ConfirmedOwnForm);
    let bounced = heard(&[fact(5, Act::Bounced)]);
    assert_eq!(why(&bounced), Some(Suppression::Bounce));
    assert_eq!(why(&heard(&[fact(5, Act::Bounced), confirmed.clone()])), None);
    assert_eq!(
        why(&heard(&[fact(10, Act::Bounced), confirmed.clone()])),
        Some(Suppression::Bounce)
    );
    let complained = heard(&[fact(5, Act::Complained), confirmed, fact(10, Act::Confirmed)]);
    let suppressed = complained.suppressed().unwrap();
    assert_eq!((suppressed.why, suppressed.since), (Suppression::Complaint, day(5)));
    assert_eq!(complained.state(EMAIL), State::Subscribed, "what she said is another matter");
}

#[test]
fn the_third_mail_that_comes_back_within_thirty_days_counts_as_for_good() {
    let back = |days: &[i64]| {
        heard(&days.iter().map(|day| fact(*day, Act::BouncedForNow)).collect::<Vec<_>>())
    };
    assert_eq!(why(&back(&[1, 31])), None);
    assert_eq!(why(&back(&[1, 1, 31])), None, "the same one told twice");
    assert_eq!(why(&back(&[1, 16, 32])), None, "31 days");
    let mut suppressed = back(&[1, 16, 31]);
    assert_eq!(suppressed.mailbox().bounced_at(), Some(day(31)));
    for later in [100, 200, 300] {
        suppressed.hear(&fact(later, Act::BouncedForNow));
        assert_eq!(why(&suppressed), Some(Suppression::Bounces));
    }
    suppressed.hear(&fact(301, Act::Confirmed));
    assert_eq!(why(&suppressed), None);
}

#[test]
fn a_consent_is_small_in_storage_and_an_unknown_part_makes_it_unreadable() {
    let consent = heard(&[
        yes(1, Teller::Shopify, ConsentGrade::Checkout),
        no(5, Teller::Own),
        fact(6, Act::BouncedForNow),
    ]);
    insta::assert_snapshot!(serde_json::to_string(&consent).unwrap(), @r#"{"c":{"e":{"y":[{"g":"c","s":"h","a":1767268800000000000,"h":true}],"n":{"a":1767614400000000000,"s":"o"}}},"b":{"t":[1767700800000000000]},"h":[{"a":1767268800000000000,"w":{"y":{"s":"h","g":"c","h":true}}},{"a":1767614400000000000,"w":{"n":{"s":"o"}}}]}"#);
    assert!(serde_json::from_str::<Consent>(r#"{"later": 1}"#).is_err());
}
