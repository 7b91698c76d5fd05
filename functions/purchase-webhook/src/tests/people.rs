//! Whose an order is.

use loyalty::consent::{Act, Channel, Fact, Standing, State, Suppression};
use loyalty::ledger::Origin;
use loyalty::program::{ConsentGrade, Preset};
use platform::store::{ConsentProof, Deed};
use serde_json::{Value, json};
use testkit::shop::TestShop;
use testkit::shopify::{customer, order};

use super::{available, record};

/// An order without a customer record.
fn guest(id: u64, email: Option<&str>, phone: Option<&str>) -> Value {
    let mut order = order(id, "10.00");
    order["customer"] = Value::Null;
    order["contact_email"] = json!(email);
    order["email"] = json!(email.unwrap_or(""));
    order["phone"] = json!(phone);
    order
}

/// An order of the customer record `who` with this address and number.
fn of(id: u64, who: u64, email: Option<&str>, phone: Option<&str>) -> Value {
    let mut order = order(id, "10.00");
    order["customer"] = customer(who, "");
    order["customer"]["email"] = json!(email);
    order["customer"]["phone"] = json!(phone);
    order["email"] = json!(email);
    order["contact_email"] = json!(email);
    order
}

async fn points(shop: &TestShop, email: &str) -> Option<i64> {
    let found = shop.by_email(email).await?;
    Some(found.account.wallet.available().unwrap().0)
}

#[tokio::test]
async fn an_order_without_any_identity_is_kept_until_somebody_is_named() {
    let shop = TestShop::open().await;
    record(&shop, "orders/paid", &guest(1, None, None)).await;
    let stored = shop.order(1).await;
    assert_eq!((stored.record.customer.clone(), stored.record.posted().0), (None, 0));
    let mut named = order(1, "10.00");
    named["updated_at"] = json!("2026-11-20T10:00:00-05:00");
    record(&shop, "orders/updated", &named).await;
    assert_eq!(available(&shop).await, 100);
}

#[tokio::test]
async fn a_guest_with_only_an_address_earns_and_keeps_it_when_she_registers() {
    let shop = TestShop::open().await;
    record(&shop, "orders/paid", &guest(1, Some(" Eve@Example.com "), None)).await;
    assert_eq!(points(&shop, "eve@example.com").await, Some(100));
    record(&shop, "customers/create", &customer(77, "eve@example.com")).await;
    record(&shop, "orders/paid", &of(2, 77, Some("eve@example.com"), None)).await;
    assert_eq!(points(&shop, "eve@example.com").await, Some(200));
    assert_eq!(
        shop.by_shopify_id(77).await.unwrap().id,
        shop.by_email("eve@example.com").await.unwrap().id
    );
}

#[tokio::test]
async fn a_guest_with_somebody_elses_phone_earns_for_herself_and_gains_nothing() {
    let shop = TestShop::open().await;
    record(&shop, "orders/paid", &of(1, 1, Some("ada@example.com"), Some("+12127365000"))).await;
    record(&shop, "orders/paid", &guest(2, Some("eve@example.com"), Some("(212) 736-5000"))).await;
    assert_eq!(points(&shop, "ada@example.com").await, Some(100));
    assert_eq!(points(&shop, "eve@example.com").await, Some(100));
    let by_phone = shop.by_phone("+12127365000").await.unwrap();
    assert_eq!(by_phone.id, shop.by_email("ada@example.com").await.unwrap().id);
}

#[tokio::test]
async fn a_guest_with_somebody_elses_address_credits_her_and_leaves_no_key() {
    let shop = TestShop::open().await;
    record(&shop, "orders/paid", &of(1, 1, Some("ada@example.com"), None)).await;
    record(&shop, "orders/paid", &guest(2, Some("ada@example.com"), Some("+12127365001"))).await;
    assert_eq!(points(&shop, "ada@example.com").await, Some(200));
    assert!(shop.by_phone("+12127365001").await.is_none());
}

#[tokio::test]
async fn a_number_alone_is_enough() {
    let shop = TestShop::open().await;
    record(&shop, "orders/paid", &guest(1, None, Some("212 736 5000"))).await;
    record(&shop, "orders/paid", &guest(2, None, Some("+1 (212) 736-5000"))).await;
    let found = shop.by_phone("+12127365000").await.unwrap();
    assert_eq!(found.account.wallet.available().unwrap().0, 200);
}

#[tokio::test]
async fn a_record_with_somebody_elses_number_or_unconfirmed_address_is_a_new_person() {
    let shop = TestShop::open().await;
    record(&shop, "orders/paid", &of(1, 1, Some("ada@example.com"), Some("+12127365000"))).await;
    record(&shop, "orders/paid", &of(2, 2, None, Some("+12127365000"))).await;
    let mut unconfirmed = of(3, 3, Some("ada@example.com"), None);
    unconfirmed["customer"]["verified_email"] = json!(false);
    record(&shop, "orders/paid", &unconfirmed).await;
    assert_eq!(points(&shop, "ada@example.com").await, Some(100));
    let ids =
        [shop.by_shopify_id(1).await, shop.by_shopify_id(2).await, shop.by_shopify_id(3).await];
    let mut ids: Vec<_> = ids.into_iter().map(|found| found.unwrap().id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn an_order_that_turns_out_to_be_somebody_elses_moves_with_its_points() {
    let shop = TestShop::open().await;
    record(&shop, "orders/paid", &of(1, 1, Some("ada@example.com"), None)).await;
    record(&shop, "orders/paid", &of(2, 1, Some("ada@example.com"), None)).await;
    let mut moved = of(2, 2, Some("ben@example.com"), None);
    moved["updated_at"] = json!("2026-11-20T11:00:00-05:00");
    record(&shop, "orders/updated", &moved).await;
    assert_eq!(points(&shop, "ada@example.com").await, Some(100));
    assert_eq!(points(&shop, "ben@example.com").await, Some(100));
    let (ada, ben) = (shop.by_shopify_id(1).await.unwrap(), shop.by_shopify_id(2).await.unwrap());
    assert_eq!(shop.ledger(&ada.id).await, [(100, 100), (100, 200), (-100, 100)]);
    assert_eq!((ada.account.facts.ever.orders, ben.account.facts.ever.orders), (1, 1));
}

#[tokio::test]
async fn a_late_body_with_an_older_buyer_moves_nothing() {
    let shop = TestShop::open().await;
    let mut newer = guest(1, Some("ben@example.com"), None);
    newer["updated_at"] = json!("2026-11-20T11:00:00-05:00");
    record(&shop, "orders/updated", &newer).await;
    record(&shop, "orders/paid", &guest(1, Some("ada@example.com"), Some("+12127365000"))).await;
    assert_eq!(points(&shop, "ben@example.com").await, Some(100));
    assert_eq!(points(&shop, "ada@example.com").await, None);
}

#[tokio::test]
async fn a_customer_record_makes_a_member_and_newer_data_wins() {
    let shop = TestShop::open().await;
    let mut newer = customer(5, "ada@example.com");
    newer["first_name"] = json!("Augusta");
    newer["updated_at"] = json!("2026-11-21T09:00:00-05:00");
    record(&shop, "customers/update", &newer).await;
    record(&shop, "customers/create", &customer(5, "ada@example.com")).await;
    let ada = shop.by_shopify_id(5).await.unwrap();
    assert!(ada.account.is_member());
    assert_eq!(ada.account.tier.unwrap().id.as_str(), "bronze");
    assert_eq!(ada.contact.unwrap().name.as_deref(), Some("Augusta Baker"));
}

const CONSENT: &str = "customers_email_marketing_consent/update";

/// What Shopify tells of Ada's consent, on a day of November.
fn consent(state: &str, level: Option<&str>, day: u8) -> Value {
    json!({"customer_id": 5, "email_address": "ada@example.com", "email_marketing_consent":
        {"state": state, "opt_in_level": level,
        "consent_updated_at": format!("2026-11-{day:02}T09:00:00-05:00")}})
}

/// Where Ada stands with marketing mail.
async fn standing(shop: &TestShop) -> Standing {
    let ada = shop.by_email("ada@example.com").await.unwrap();
    ada.contact.unwrap().consent.standing(Channel::Email)
}

/// What is proved of Ada's address, oldest first.
async fn proofs(shop: &TestShop) -> Vec<ConsentProof> {
    let email = shop.identities().email("ada@example.com").unwrap();
    let now = shop.services.clock.now();
    shop.services.store.consent_proofs(&shop.id, &email, now).await.unwrap()
}

#[tokio::test]
async fn consent_is_kept_with_its_time_and_older_news_does_not_undo_it() {
    let shop = TestShop::open().await;
    let confirmed = Some("confirmed_opt_in");
    record(&shop, CONSENT, &consent("unsubscribed", confirmed, 21)).await;
    record(&shop, CONSENT, &consent("subscribed", confirmed, 20)).await;
    assert_eq!(standing(&shop).await.state, State::Unsubscribed);
    record(&shop, CONSENT, &consent("subscribed", confirmed, 22)).await;
    let known = standing(&shop).await;
    assert_eq!(
        (known.state, known.grade),
        (State::Subscribed, Some(ConsentGrade::ConfirmedOwnForm))
    );
}

#[tokio::test]
async fn consents_that_come_twice_and_in_any_order_are_one_state() {
    let told = [
        consent("subscribed", Some("single_opt_in"), 2),
        consent("unsubscribed", None, 4),
        consent("subscribed", Some("confirmed_opt_in"), 6),
        consent("pending", None, 1),
    ];
    let mut found = Vec::new();
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
        let shop = TestShop::open().await;
        record(&shop, "customers/create", &customer(5, "ada@example.com")).await;
        for number in order {
            record(&shop, CONSENT, &told[number]).await;
            record(&shop, CONSENT, &told[number]).await;
        }
        found.push(shop.by_shopify_id(5).await.unwrap().contact.unwrap().consent);
    }
    found.dedup();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].state(Channel::Email), State::Subscribed);
    assert_eq!(found[0].history().count(), told.len());
}

#[tokio::test]
async fn a_consent_told_again_costs_no_write() {
    let shop = TestShop::open().await;
    for (state, day) in [("subscribed", 2), ("unsubscribed", 4)] {
        record(&shop, CONSENT, &consent(state, Some("single_opt_in"), day)).await;
    }
    let before = shop.services.store.write_units_x10();
    for (state, day) in [("unsubscribed", 4), ("subscribed", 2)] {
        record(&shop, CONSENT, &consent(state, Some("single_opt_in"), day)).await;
    }
    assert_eq!(shop.services.store.write_units_x10(), before);
}

#[tokio::test]
async fn the_opt_in_level_is_the_grade_and_an_unknown_one_is_enough_nowhere() {
    for (level, grade) in [
        (Some("confirmed_opt_in"), Some(ConsentGrade::ConfirmedOwnForm)),
        (Some("single_opt_in"), Some(ConsentGrade::Checkout)),
        (Some("unknown"), None),
        (None, None),
    ] {
        let shop = TestShop::open().await;
        record(&shop, CONSENT, &consent("subscribed", level, 2)).await;
        let known = standing(&shop).await;
        assert_eq!((known.state, known.grade), (State::Subscribed, grade), "{level:?}");
        let consent = shop.by_shopify_id(5).await.unwrap().contact.unwrap().consent;
        assert_eq!(consent.suffices(Channel::Email, Preset::UsNy), grade.is_some(), "{level:?}");
        // Nor does a yes of which nobody knows how it came end a withdrawal.
        record(&shop, CONSENT, &self::consent("unsubscribed", None, 4)).await;
        record(&shop, CONSENT, &self::consent("subscribed", level, 6)).await;
        let again = standing(&shop).await.state == State::Subscribed;
        assert_eq!(again, grade.is_some(), "{level:?}");
    }
}

#[tokio::test]
async fn a_yes_without_its_time_ends_no_withdrawal_and_a_no_without_one_holds() {
    let shop = TestShop::open().await;
    let undated = |state| {
        let mut told = consent(state, Some("confirmed_opt_in"), 1);
        told["email_marketing_consent"]["consent_updated_at"] = Value::Null;
        told
    };
    record(&shop, CONSENT, &consent("subscribed", Some("confirmed_opt_in"), 2)).await;
    record(&shop, CONSENT, &undated("unsubscribed")).await;
    assert_eq!(standing(&shop).await.state, State::Unsubscribed);
    shop.set_now("2026-11-25T12:00:00Z");
    record(&shop, CONSENT, &undated("subscribed")).await;
    assert_eq!(standing(&shop).await.state, State::Unsubscribed);
}

#[tokio::test]
async fn what_is_dated_far_ahead_is_dated_when_it_came() {
    let shop = TestShop::open().await;
    let mut told = consent("subscribed", Some("confirmed_opt_in"), 2);
    told["email_marketing_consent"]["consent_updated_at"] = json!("2999-01-01T00:00:00Z");
    record(&shop, CONSENT, &told).await;
    shop.set_now("2026-11-25T12:00:00Z");
    record(&shop, CONSENT, &consent("unsubscribed", None, 25)).await;
    assert_eq!(standing(&shop).await.state, State::Unsubscribed);
}

#[tokio::test]
async fn each_change_is_proved_by_the_address_alone_for_three_years() {
    let shop = TestShop::open().await;
    record(&shop, CONSENT, &consent("subscribed", Some("single_opt_in"), 2)).await;
    record(&shop, CONSENT, &consent("unsubscribed", None, 6)).await;
    // What changes nothing proves nothing: told again, or too late to count.
    record(&shop, CONSENT, &consent("unsubscribed", None, 6)).await;
    record(&shop, CONSENT, &consent("subscribed", Some("confirmed_opt_in"), 4)).await;
    let [yes, no] = proofs(&shop).await.try_into().unwrap();
    assert_eq!((yes.state, yes.grade), (State::Subscribed, Some(ConsentGrade::Checkout)));
    assert_eq!((yes.at.to_string().as_str(), yes.ended), ("2026-11-02T14:00:00Z", None));
    assert_eq!((no.state, no.grade, no.heard_at), (State::Unsubscribed, None, yes.heard_at));
    let ended = no.ended.unwrap();
    assert_eq!((ended.at, ended.grade), (yes.at, yes.grade), "what mail relied on till then");
    shop.set_now("2029-11-21T12:00:00Z");
    assert_eq!(proofs(&shop).await.len(), 2);
    shop.set_now("2029-11-22T12:00:00Z");
    assert_eq!(proofs(&shop).await.len(), 0);
}

#[tokio::test]
async fn what_was_said_under_either_name_holds_for_the_one_they_are() {
    for (first, second) in [("subscribed", "unsubscribed"), ("unsubscribed", "subscribed")] {
        let shop = TestShop::open().await;
        let other = |state, day| {
            let mut told = consent(state, Some("single_opt_in"), day);
            told["customer_id"] = json!(6);
            told["email_address"] = json!("countess@example.com");
            told
        };
        record(&shop, CONSENT, &consent(first, Some("single_opt_in"), 4)).await;
        record(&shop, CONSENT, &other(second, 4)).await;
        let (ada, countess) =
            (shop.by_shopify_id(5).await.unwrap().id, shop.by_shopify_id(6).await.unwrap().id);
        let store = &shop.services.store;
        let now = shop.services.clock.now();
        let at = "2026-11-03T00:00:00Z".parse().unwrap();
        let complaint = Fact { at, act: Act::Complained };
        assert!(store.hear(&shop.id, &countess, &complaint, now).await.unwrap());
        let deed = Deed { shop: &shop.id, origin: Origin::Adjust, now };
        let version = async || store.contact(&shop.id, &countess).await.unwrap().unwrap().version;
        let before = version().await;
        store.merge(&deed, &ada, &countess).await.unwrap();
        let why = "what she said at that moment would be planned again, not lost";
        assert_eq!(version().await, before + 1, "{why}");
        let said = shop.by_shopify_id(6).await.unwrap().contact.unwrap().consent;
        assert_eq!(said.state(Channel::Email), State::Unsubscribed);
        assert_eq!(said.suppressed().unwrap().why, Suppression::Complaint);
        // What she says under the old name is heard by who stands for her.
        record(&shop, CONSENT, &other("subscribed", 6)).await;
        let said = shop.by_shopify_id(5).await.unwrap().contact.unwrap().consent;
        assert_eq!(said.state(Channel::Email), State::Subscribed);
        assert!(!store.hear(&shop.id, &countess, &complaint, now).await.unwrap(), "twice is once");
    }
}
