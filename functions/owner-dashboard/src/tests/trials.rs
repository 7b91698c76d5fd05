//! Tests of a kind of mail.

use jiff::civil::{Date, date};
use loyalty::ids::CustomerId;
use loyalty::mail::Kind;
use loyalty::night::Fact;
use loyalty::trial::Trial;
use platform::store::{Decided, Decision};
use serde_json::{Value, json};

use super::bakery::{BAKERY, jon};
use super::nights::{NIGHT, local, somebody};
use super::{Api, at, shop};

const TESTS: &str = "/api/v1/shops/corner-bakery/tests";
const THIS: &str = "/api/v1/shops/corner-bakery/tests/win-back.2026-11-23";

impl Api {
    /// Keeps what was decided about a letter to somebody who stayed away.
    async fn decided(
        &self,
        customer: &CustomerId,
        date: Date,
        outcome: Decided,
        test: Option<&str>,
    ) {
        let decision = Decision {
            date,
            kind: Kind::WinBack,
            trigger: format!("win-back after {date} 1"),
            outcome,
            why: None,
            facts: vec![Fact::Letter(1)],
            test: test.map(str::to_owned),
            draft: None,
            at: at(&local(date, 4)),
        };
        let store = &self.services.store;
        store.keep_decision(&shop(BAKERY), customer, &decision).await.unwrap();
    }

    /// In October letters went to so many, none of whom came back.
    async fn wrote_in_october(&self, count: u64) {
        for number in 0..count {
            let id = CustomerId::from_bits(number);
            self.decided(&id, date(2026, 10, 10), Decided::Planned, None).await;
        }
    }

    async fn trial(&self) -> Trial {
        self.services.store.trials(&shop(BAKERY)).await.unwrap().remove(0)
    }

    /// Draws somebody on the first night of a test; says whether she was held out.
    async fn drawn(&self, trial: &Trial, id: &CustomerId) -> bool {
        let held = trial.holds_out(id);
        let (outcome, test) = match held {
            true => (Decided::HeldOut, Some(trial.id.as_str())),
            false => (Decided::Planned, None),
        };
        self.decided(id, NIGHT, outcome, test).await;
        held
    }
}

fn win_back() -> Value {
    json!({ "kind": "win-back", "share_held": 50, "days": 60 })
}

#[tokio::test]
async fn a_test_says_first_how_long_it_needs_and_then_begins_with_the_next_night() {
    let api = Api::open().await;
    api.wrote_in_october(150).await;
    // 50 a month, of whom nobody came back: some 75 of each group show 10 of a hundred.
    let forecast =
        json!({ "months_needed": 3, "per_month": 50, "base_rate": 0.0, "known_of": 150 });
    let asked = api.write(&format!("{TESTS}?dry_run=true"), win_back()).await;
    assert_eq!(asked, json!({ "forecast": forecast, "test": null }));
    assert_eq!(api.read(TESTS).await, json!({ "tests": [] }));
    let started = api.write(TESTS, win_back()).await;
    let test = json!({
        "id": "win-back.2026-11-23", "kind": "win-back", "share_held": 50,
        "starts": "2026-11-23", "ends": "2027-01-21", "running": false,
    });
    assert_eq!(started, json!({ "forecast": forecast, "test": test }));
    assert_eq!(api.read(TESTS).await, json!({ "tests": [test] }));
    let again = api.post(TESTS, win_back()).await;
    assert!(again.problem(409, "test-running").contains("2027-01-21"));
    let other = json!({ "kind": "birthday", "difference": 80 });
    api.post(TESTS, other).await.problem(400, "too-few");
}

#[tokio::test]
async fn a_test_that_would_take_over_two_years_is_refused_with_how_long() {
    let api = Api::open().await;
    api.wrote_in_october(29).await;
    let refused = api.post(TESTS, win_back()).await;
    let detail = refused.problem(400, "too-few").to_owned();
    // 9 a month, and with so few the share is assumed: 20 of a hundred.
    assert!(detail.contains("would take 66 months") && detail.contains("9 customers"), "{detail}");
    let larger = json!({ "kind": "win-back", "difference": 30 });
    let asked = api.write(&format!("{TESTS}?dry_run=true"), larger).await;
    assert_eq!(asked["forecast"]["base_rate"], json!(0.2));
    assert_eq!(asked["forecast"]["known_of"], 0);
}

#[tokio::test]
async fn who_is_held_out_gets_the_decision_and_her_why_says_chance() {
    let api = Api::live_since(date(2026, 1, 1)).await;
    api.wrote_in_october(150).await;
    api.write(TESTS, json!({ "kind": "win-back", "share_held": 99 })).await;
    let trial = api.trial().await;
    let mut held = None;
    for number in 0..9 {
        let id = api.is_away(&somebody(number)).await;
        held = held.or(trial.holds_out(&id).then_some(id));
    }
    let held = held.expect("one of nine is among 99 of a hundred");
    api.mail_night(NIGHT).await;
    let later = api.later(&local(NIGHT, 10));
    let path = format!("/api/v1/shops/corner-bakery/customers/{held}/why?kind=win-back");
    let why = later.read(&path).await;
    assert_eq!((&why["decision"]["outcome"], &why["message"]), (&json!("held_out"), &json!(null)));
    assert_eq!((&why["decision"]["test"], &why["test"]), (&json!(trial.id), &json!(trial.id)));
    let answer = why["answer"].as_str().unwrap();
    assert!(
        answer.starts_with("By chance, for a test, the mail of 2026-11-23 was not"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_result_compares_both_groups_over_thirty_days() {
    let api = Api::open().await;
    api.wrote_in_october(150).await;
    api.write(TESTS, win_back()).await;
    let trial = api.trial().await;
    let (mut treated, mut held) = ((0_u32, 0_u32), (0_u32, 0_u32));
    for number in 0..150 {
        // Who got the letter comes back, mostly.
        let mut id = CustomerId::from_bits(1000 + number);
        let comes = number % 3 == 0;
        if comes {
            id = api.buys_on(&somebody(number), &[date(2026, 12, 1), date(2026, 12, 22)]).await;
        }
        // Of two purchases one is within 30 days, and one at their very end.
        let group = if api.drawn(&trial, &id).await { &mut held } else { &mut treated };
        group.0 += 1;
        group.1 += u32::from(comes);
    }
    let early = api.later("2026-12-22T15:00:00Z").read(THIS).await;
    assert_eq!((&early["treated"], &early["summary"]), (&json!(0), &json!("not enough data yet")));
    assert_eq!((&early["came_back"], &early["kept"]), (&Value::Null, &Value::Null));

    let result = api.later("2026-12-23T15:00:00Z").read(THIS).await;
    assert_eq!((&result["treated"], &result["held"]), (&json!(treated.0), &json!(held.0)));
    assert_eq!((&result["sent"], &result["complete"]), (&json!(0), &json!(true)));
    let rate = |(all, back): (u32, u32)| f64::from(back) / f64::from(all);
    let expected = rate(treated) - rate(held);
    assert!(result["came_back"].is_object(), "{result} {treated:?} {held:?}");
    let number = |name: &str| result["came_back"][name].as_f64().unwrap();
    assert!((number("difference") - expected).abs() < 1e-9, "{result}");
    assert!(number("low") < expected && expected < number("high"));
    // Each who came back bought for 20.00.
    let kept: f64 = result["kept"]["difference"]["amount"].as_str().unwrap().parse().unwrap();
    assert!((kept - 20.0 * expected).abs() < 0.01, "{result}");
}

#[tokio::test]
async fn a_test_is_ended_by_the_owner_and_its_result_stays() {
    let api = Api::open().await;
    api.wrote_in_october(150).await;
    api.write(TESTS, win_back()).await;
    let api = api.later(&local(date(2026, 12, 5), 10));
    assert_eq!(api.read(THIS).await["test"]["running"], true);
    let ended = api.write(&format!("{THIS}/end"), Value::Null).await;
    assert_eq!((&ended["ends"], &ended["running"]), (&json!("2026-12-05"), &json!(true)));
    assert_eq!(api.write(&format!("{THIS}/end"), Value::Null).await, ended, "ended twice");
    let next = api.later(&local(date(2026, 12, 6), 10));
    assert_eq!(next.read(THIS).await["test"]["running"], false);
    let again = next.write(TESTS, win_back()).await;
    assert_eq!(again["test"]["id"], "win-back.2026-12-07");
    let keys: Vec<String> = api
        .services
        .store
        .trials(&shop(BAKERY))
        .await
        .unwrap()
        .into_iter()
        .map(|one| one.key.into())
        .collect();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1]);
    assert!(!next.read(TESTS).await.to_string().contains(&keys[0]), "a key is nobody's to see");
}

#[tokio::test]
async fn what_makes_no_test_is_told_what_does() {
    let api = Api::open().await;
    api.buys_on(&jon(), &[]).await;
    for (body, kind, says) in [
        (json!({ "kind": "news" }), "unreadable-kind", "win-back"),
        (json!({ "kind": "points-expiring" }), "unfit-test", "marketing"),
        (json!({ "kind": "win-back", "share_held": 0 }), "unfit-test", "1 to 99"),
        (json!({ "kind": "win-back", "share_held": 100 }), "unfit-test", "1 to 99"),
        (json!({ "kind": "win-back", "days": 0 }), "unfit-test", "1 to 731"),
        (json!({ "kind": "win-back", "difference": 81 }), "unfit-test", "1 to 80"),
        (json!({ "kind": "win-back", "key": "x" }), "unreadable-body", "key"),
        (json!({ "kind": "win-back" }), "too-few", "customers every month"),
    ] {
        let answer = api.post(TESTS, body.clone()).await;
        let detail = answer.problem(400, kind);
        assert!(detail.contains(says), "{body}: {detail}");
    }
    api.get(THIS).await.problem(404, "unknown-test");
    api.post(&format!("{THIS}/end"), Value::Null).await.problem(404, "unknown-test");
}
