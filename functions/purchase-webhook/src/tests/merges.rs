//! People who turn out to be one, and people who only look like it.

use loyalty::ids::CustomerId;
use loyalty::ledger::{Cause, Origin};
use loyalty::whose::Likeness;
use platform::store::{Deed, MergeError};
use serde_json::{Value, json};
use testkit::shop::TestShop;
use testkit::shopify::{customer, order};

use super::{deliver, record};

/// An order of a dollar sum, bought with a record; times keep different orders apart.
fn of(id: u64, who: u64, email: &str) -> Value {
    let mut order = order(id, "10.00");
    order["customer"] = customer(who, email);
    order["email"] = json!(email);
    order["contact_email"] = json!(email);
    order
}

fn guest(id: u64, email: &str) -> Value {
    let mut order = of(id, 0, email);
    order["customer"] = Value::Null;
    order
}

fn merged(kept: u64, gone: u64, status: &str) -> Value {
    json!({
        "admin_graphql_api_customer_kept_id": format!("gid://shopify/Customer/{kept}"),
        "admin_graphql_api_customer_deleted_id": format!("gid://shopify/Customer/{gone}"),
        "admin_graphql_api_job_id": null,
        "status": status,
        "errors": [],
    })
}

fn consent(who: u64, email: &str) -> Value {
    json!({"customer_id": who, "email_address": email, "email_marketing_consent": {
        "state": "subscribed", "opt_in_level": "single_opt_in",
        "consent_updated_at": "2026-11-20T09:00:00-05:00"}})
}

fn unconfirmed(who: u64, email: &str) -> Value {
    let mut record = customer(who, email);
    record["verified_email"] = json!(false);
    record
}

async fn of_record(shop: &TestShop, who: u64) -> (CustomerId, i64) {
    let found = shop.by_shopify_id(who).await.expect("the record is known");
    (found.id, found.account.wallet.balance().unwrap().0)
}

fn deed(shop: &TestShop) -> Deed<'_> {
    Deed { shop: &shop.id, origin: Origin::Adjust, now: shop.services.clock.now() }
}

#[tokio::test]
async fn a_guest_whose_consent_comes_before_her_record_is_still_one_person() {
    let shop = TestShop::open().await;
    record(&shop, "orders/paid", &guest(1, "eve@example.com")).await;
    let topic = "customers_email_marketing_consent/update";
    record(&shop, topic, &consent(77, "eve@example.com")).await;
    record(&shop, "customers/create", &customer(77, "eve@example.com")).await;
    let eve = shop.by_email("eve@example.com").await.unwrap();
    assert_eq!(of_record(&shop, 77).await, (eve.id.clone(), 100));
    let contact = shop.services.store.contact(&shop.id, &eve.id).await.unwrap().unwrap();
    assert!(!contact.consent.is_empty(), "what she said under her record is known of her");
}

#[tokio::test]
async fn a_guest_whose_record_is_confirmed_later_keeps_what_she_earned() {
    let shop = TestShop::open().await;
    record(&shop, "orders/paid", &guest(1, "eve@example.com")).await;
    record(&shop, "customers/create", &unconfirmed(77, "eve@example.com")).await;
    assert_eq!(of_record(&shop, 77).await.1, 0, "an unconfirmed address proves nothing");
    let candidates = shop.services.store.merge_candidates(&shop.id).await.unwrap();
    assert_eq!(candidates.iter().map(|one| one.likeness).collect::<Vec<_>>(), [Likeness::Email]);
    // An order of hers that shows the confirmed address is as good as the record itself.
    record(&shop, "orders/paid", &of(2, 77, "eve@example.com")).await;
    assert_eq!(of_record(&shop, 77).await.1, 200);
    assert_eq!(shop.services.store.merge_candidates(&shop.id).await.unwrap(), []);
}

#[tokio::test]
async fn records_that_shopify_merged_are_one_customer_with_all_their_orders() {
    let shop = TestShop::open().await;
    record(&shop, "orders/paid", &of(1, 1, "ada@example.com")).await;
    record(&shop, "orders/paid", &of(2, 2, "ada@work.example.com")).await;
    assert_eq!(
        deliver(&shop, "customers/merge", &merged(1, 2, "failed")).await["outcome"],
        "ignored"
    );
    assert_eq!(of_record(&shop, 1).await.1, 100);
    for _ in 0..2 {
        record(&shop, "customers/merge", &merged(1, 2, "completed")).await;
    }
    let (ada, points) = of_record(&shop, 1).await;
    assert_eq!((of_record(&shop, 2).await.0, points), (ada.clone(), 200));
    // What comes late under the record that is gone is hers too.
    record(&shop, "orders/paid", &of(3, 2, "ada@work.example.com")).await;
    assert_eq!(of_record(&shop, 1).await.1, 300);
    let page = shop.services.store.ledger(&shop.id, &ada, None, 10).await.unwrap();
    let merges =
        page.entries.iter().filter(|entry| matches!(entry.cause, Cause::MergedFrom { .. }));
    assert_eq!(merges.map(|entry| entry.delta.0).collect::<Vec<_>>(), [100]);
    let cancelled = {
        let mut order = of(2, 2, "ada@work.example.com");
        order["updated_at"] = json!("2026-11-21T09:00:00-05:00");
        order["cancelled_at"] = json!("2026-11-21T09:00:00-05:00");
        order
    };
    record(&shop, "orders/cancelled", &cancelled).await;
    assert_eq!(of_record(&shop, 1).await.1, 200);
}

#[tokio::test]
async fn a_merge_of_records_nobody_heard_of_holds_for_what_comes_later() {
    let shop = TestShop::open().await;
    record(&shop, "customers/merge", &merged(1, 2, "completed")).await;
    record(&shop, "orders/paid", &of(1, 2, "ada@work.example.com")).await;
    record(&shop, "orders/paid", &of(2, 1, "ada@example.com")).await;
    assert_eq!(of_record(&shop, 1).await, of_record(&shop, 2).await);
    assert_eq!(of_record(&shop, 1).await.1, 200);
}

#[tokio::test]
async fn merged_fifty_orders_and_undone_is_as_if_never_merged() {
    // Below every tier, so that nobody earns by the other's rate meanwhile.
    let (merged_shop, never) = (TestShop::open().await, TestShop::open().await);
    let email = |who: u64| format!("person-{who}@example.com");
    let mut rng = fastrand::Rng::with_seed(7);
    let buy = async |id: u64, who: u64, cancelled: bool| {
        let mut body = of(id, who, &email(who));
        body["total_price"] = json!("3.30");
        body["current_total_price"] = json!("3.30");
        body["line_items"][0]["price"] = json!("3.30");
        if cancelled {
            body["updated_at"] = json!("2026-11-21T09:00:00-05:00");
            body["cancelled_at"] = json!("2026-11-21T09:00:00-05:00");
        }
        for shop in [&merged_shop, &never] {
            record(shop, "orders/updated", &body).await;
        }
    };
    for id in 1..=10 {
        buy(id, id % 2 + 1, false).await;
    }
    record(&merged_shop, "customers/merge", &merged(1, 2, "completed")).await;
    for id in 11..=60 {
        buy(id, rng.u64(1..=2), false).await;
        if rng.u8(..5) == 0 {
            let earlier = rng.u64(1..=10);
            buy(earlier, earlier % 2 + 1, true).await;
        }
    }
    assert_eq!(of_record(&merged_shop, 1).await.0, of_record(&merged_shop, 2).await.0);
    let identity = merged_shop.identities().customer(loyalty::ids::Source::Shopify, "2");
    let store = &merged_shop.services.store;
    let gone = store.find_customer(&merged_shop.id, &identity).await.unwrap().unwrap();
    store.undo_merge(&deed(&merged_shop), &gone).await.unwrap();
    for id in 61..=64 {
        buy(id, id % 2 + 1, false).await;
    }
    for who in 1..=2 {
        let (one, other) = (
            merged_shop.by_shopify_id(who).await.unwrap(),
            never.by_shopify_id(who).await.unwrap(),
        );
        assert_eq!(one.account.wallet.balance(), other.account.wallet.balance());
        assert_eq!(one.account.facts, other.account.facts);
        let ledger = merged_shop.ledger(&one.id).await;
        assert_eq!(ledger.iter().map(|(delta, _)| delta).sum::<i64>(), ledger.last().unwrap().1);
    }
}

/// An order that its source puts down to somebody else later.
fn moved(id: u64, who: u64) -> Value {
    let mut order = of(id, who, &format!("person-{who}@example.com"));
    order["updated_at"] = json!("2026-11-20T11:00:00-05:00");
    order
}

/// Three people with an order each; the second is merged into the first, an order moves,
/// the merge is undone, and then every order is called off.
async fn moves_while_merged(order: u64, to: u64, then: [i64; 3]) {
    let shop = TestShop::open().await;
    for who in 1..=3 {
        record(&shop, "orders/paid", &of(who, who, &format!("person-{who}@example.com"))).await;
    }
    let gone = of_record(&shop, 2).await.0;
    record(&shop, "customers/merge", &merged(1, 2, "completed")).await;
    record(&shop, "orders/updated", &moved(order, to)).await;
    shop.services.store.undo_merge(&deed(&shop), &gone).await.unwrap();
    let mut points = Vec::new();
    for who in 1..=3 {
        points.push(of_record(&shop, who).await.1);
    }
    assert_eq!(points, then, "order {order} to {to}");
    for id in 1..=3 {
        let mut off = if id == order { moved(id, to) } else { moved(id, id) };
        off["updated_at"] = json!("2026-11-21T09:00:00-05:00");
        off["cancelled_at"] = json!("2026-11-21T09:00:00-05:00");
        record(&shop, "orders/cancelled", &off).await;
    }
    for who in 1..=3 {
        let her = shop.by_shopify_id(who).await.unwrap();
        assert_eq!(her.account.wallet.balance().unwrap().0, 0, "{who}: order {order} to {to}");
        assert_eq!(her.account.wallet.debt().0, 0, "{who}: order {order} to {to}");
        assert_eq!(her.account.facts.ever.orders, 0);
    }
}

#[tokio::test]
async fn an_order_that_moved_while_two_were_one_is_hers_who_has_it_when_that_is_undone() {
    moves_while_merged(2, 1, [200, 0, 100]).await;
    moves_while_merged(1, 2, [0, 200, 100]).await;
    moves_while_merged(2, 3, [100, 0, 200]).await;
    moves_while_merged(1, 3, [0, 100, 200]).await;
    moves_while_merged(3, 2, [100, 200, 0]).await;
}

#[tokio::test]
async fn a_merge_can_be_undone_for_thirty_days_and_only_if_there_was_one() {
    let shop = TestShop::open().await;
    record(&shop, "orders/paid", &of(1, 1, "ada@example.com")).await;
    record(&shop, "orders/paid", &of(2, 2, "ben@example.com")).await;
    record(&shop, "orders/paid", &of(3, 3, "cleo@example.com")).await;
    let store = &shop.services.store;
    let [ada, ben, cleo] =
        [of_record(&shop, 1).await.0, of_record(&shop, 2).await.0, of_record(&shop, 3).await.0];
    let none = store.undo_merge(&deed(&shop), &ben).await;
    assert!(matches!(none, Err(MergeError::NotMerged(_))));
    assert!(store.merge(&deed(&shop), &ada, &ben).await.unwrap());
    assert!(!store.merge(&deed(&shop), &ben, &ada).await.unwrap(), "they are one already");
    assert!(store.merge(&deed(&shop), &cleo, &ada).await.unwrap());
    assert_eq!(of_record(&shop, 2).await, (cleo.clone(), 300));
    let on = store.undo_merge(&deed(&shop), &ben).await;
    assert!(matches!(on, Err(MergeError::MergedOn(_, into)) if into == cleo));
    // The last merge first: Ada comes back with Ben, then he without her.
    store.undo_merge(&deed(&shop), &ada).await.unwrap();
    assert_eq!((of_record(&shop, 2).await, of_record(&shop, 3).await.1), ((ada.clone(), 200), 100));
    store.undo_merge(&deed(&shop), &ben).await.unwrap();
    assert_eq!((of_record(&shop, 1).await.1, of_record(&shop, 2).await.1), (100, 100));
    store.merge(&deed(&shop), &ada, &ben).await.unwrap();
    shop.set_now("2026-12-23T12:00:01Z");
    let late = store.undo_merge(&deed(&shop), &ben).await;
    assert!(matches!(late, Err(MergeError::TooLate(_))));
    let nobody = "nobody".parse().unwrap();
    assert!(matches!(store.merge(&deed(&shop), &ada, &nobody).await, Err(MergeError::Unknown(_))));
}

#[tokio::test]
async fn however_often_records_were_merged_on_the_first_still_leads_to_her() {
    let shop = TestShop::open().await;
    let email = |who: u64| format!("person-{who}@example.com");
    for who in 1..=12 {
        record(&shop, "orders/paid", &of(who, who, &email(who))).await;
    }
    for kept in 2..=12 {
        record(&shop, "customers/merge", &merged(kept, kept - 1, "completed")).await;
    }
    record(&shop, "orders/paid", &of(20, 1, &email(1))).await;
    assert_eq!(of_record(&shop, 1).await, of_record(&shop, 12).await);
    assert_eq!(of_record(&shop, 12).await.1, 1300);
}

#[tokio::test]
async fn nothing_that_stands_on_somebody_elses_order_opens_her_account() {
    let shop = TestShop::open().await;
    let mut ada = of(1, 1, "ada@example.com");
    ada["customer"]["phone"] = json!("+12127365000");
    record(&shop, "orders/paid", &ada).await;
    let ada = of_record(&shop, 1).await.0;
    // Eve tries everything a buyer can type: as a guest, with a record of her own, with
    // Ada's address unconfirmed, with Ada's number.
    let mut by_phone = guest(2, "eve@example.com");
    by_phone["phone"] = json!("+12127365000");
    let mut typed = of(3, 66, "eve@example.com");
    typed["email"] = json!("ada@example.com");
    typed["contact_email"] = json!("ada@example.com");
    typed["phone"] = json!("+12127365000");
    let mut record_with_hers = unconfirmed(66, "ada@example.com");
    record_with_hers["phone"] = json!("+12127365000");
    let second_record = customer(67, "ada@example.com");
    for (topic, body) in [
        ("orders/paid", &by_phone),
        ("orders/paid", &typed),
        ("customers/update", &record_with_hers),
        ("customers/create", &second_record),
    ] {
        record(&shop, topic, body).await;
    }
    assert_eq!(of_record(&shop, 1).await, (ada.clone(), 100));
    for eve in [66, 67] {
        assert_ne!(of_record(&shop, eve).await.0, ada);
    }
    assert_eq!(shop.by_email("ada@example.com").await.unwrap().id, ada);
    assert_eq!(shop.by_phone("+12127365000").await.unwrap().id, ada);
    let candidates = shop.services.store.merge_candidates(&shop.id).await.unwrap();
    let with_ada = candidates.iter().filter(|one| one.a == ada || one.b == ada).count();
    assert_eq!(with_ada, 2, "a person judges each pair, once");
}

#[tokio::test]
async fn an_address_typed_at_the_till_opens_nothing_once_its_owner_confirms_it() {
    let shop = TestShop::open().await;
    // Eve has Ada's address put on her record at the till, before Ada ever comes.
    let eve = testkit::square::customer("EVE", "ada@example.com");
    let event = testkit::square::event("customer.created", &json!({ "customer": eve }));
    let request = testkit::square::delivery(event.to_string().into_bytes());
    assert_eq!(super::send(&shop, request).await.0, http::StatusCode::OK);
    record(&shop, "customers/create", &customer(1, "ada@example.com")).await;
    record(&shop, "orders/paid", &of(1, 1, "ada@example.com")).await;
    let (ada, points) = of_record(&shop, 1).await;
    let eve = shop.by_square_id("EVE").await.unwrap();
    assert_ne!(eve.id, ada, "Eve's card would open what Ada has");
    assert_eq!((eve.account.wallet.balance().unwrap().0, points), (0, 100));
    let candidates = shop.services.store.merge_candidates(&shop.id).await.unwrap();
    assert_eq!(candidates.len(), 1, "a person may know that they are one");
}

#[tokio::test]
async fn two_who_were_judged_to_be_two_are_not_asked_about_again() {
    let shop = TestShop::open().await;
    record(&shop, "customers/create", &customer(1, "ada@example.com")).await;
    record(&shop, "customers/create", &unconfirmed(2, "ada@example.com")).await;
    let store = &shop.services.store;
    let pair = store.merge_candidates(&shop.id).await.unwrap().pop().unwrap();
    assert!(store.dismiss_candidate(&shop.id, &pair.b, &pair.a).await.unwrap());
    let mut again = unconfirmed(2, "ada@example.com");
    again["updated_at"] = json!("2026-11-22T11:00:00-05:00");
    record(&shop, "customers/update", &again).await;
    assert_eq!(store.merge_candidates(&shop.id).await.unwrap(), []);
}

#[tokio::test]
async fn two_who_were_taken_apart_by_hand_stay_two() {
    let shop = TestShop::open().await;
    record(&shop, "customers/create", &customer(1, "ada@example.com")).await;
    record(&shop, "orders/paid", &guest(1, "eve@example.com")).await;
    // Ada's record says now that the guest's address is hers.
    let mut changed = customer(1, "eve@example.com");
    changed["updated_at"] = json!("2026-11-21T09:00:00-05:00");
    record(&shop, "customers/update", &changed).await;
    assert_eq!(of_record(&shop, 1).await.1, 100);
    let ada = shop.identities().customer(loyalty::ids::Source::Shopify, "1");
    let store = &shop.services.store;
    let ada = store.find_customer(&shop.id, &ada).await.unwrap().unwrap();
    store.undo_merge(&deed(&shop), &ada).await.unwrap();
    assert_eq!(of_record(&shop, 1).await, (ada.clone(), 0));
    changed["updated_at"] = json!("2026-11-22T09:00:00-05:00");
    record(&shop, "customers/update", &changed).await;
    record(&shop, "orders/paid", &of(2, 1, "eve@example.com")).await;
    assert_eq!(of_record(&shop, 1).await, (ada, 100));
    assert_eq!(store.merge_candidates(&shop.id).await.unwrap(), [], "it has been judged");
}

#[tokio::test]
async fn a_pair_is_no_candidate_any_more_once_it_is_one_by_whatever_way() {
    let shop = TestShop::open().await;
    record(&shop, "customers/create", &customer(1, "ada@example.com")).await;
    record(&shop, "customers/create", &unconfirmed(2, "ada@example.com")).await;
    record(&shop, "customers/create", &customer(3, "ada@work.example.com")).await;
    let store = &shop.services.store;
    let pair = store.merge_candidates(&shop.id).await.unwrap().pop().unwrap();
    // The first becomes part of a third, and then the second of her.
    record(&shop, "customers/merge", &merged(3, 1, "completed")).await;
    store.merge(&deed(&shop), &pair.a, &pair.b).await.unwrap();
    assert_eq!(of_record(&shop, 1).await.0, of_record(&shop, 2).await.0);
    assert_eq!(store.merge_candidates(&shop.id).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_clients_deliver_two_hundred_orders_of_one_customer_and_the_ledger_adds_up() {
    let shop = TestShop::open().await;
    let clients = (0..16).map(|client| {
        let shop = shop.clone();
        tokio::spawn(async move {
            for id in (1..=200_u64).filter(|id| id % 16 == client) {
                let request = testkit::shopify::delivery(
                    "orders/paid",
                    serde_json::to_vec(&of(id, 1, "ada@example.com")).unwrap(),
                );
                let (parts, body) = request.into_parts();
                // As a source does: what isn't taken comes again.
                loop {
                    let body: Vec<u8> = Vec::clone(&body);
                    let request = http::Request::from_parts(parts.clone(), body.into());
                    if super::send(&shop, request).await.0 == http::StatusCode::OK {
                        break;
                    }
                }
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    let ada = shop.by_shopify_id(1).await.unwrap();
    let ledger = shop.ledger(&ada.id).await;
    assert_eq!(ada.account.facts.ever.orders, 200);
    assert_eq!(ledger.len(), 200);
    let balance = ada.account.wallet.balance().unwrap().0;
    assert_eq!(ledger.iter().map(|(delta, _)| delta).sum::<i64>(), balance);
    let mut sum = 0;
    for (delta, after) in ledger {
        sum += delta;
        assert_eq!(sum, after);
    }
}
