//! Customer records, and what they say about mail.

use loyalty::consent::{Channel, State, Teller};
use serde_json::json;
use testkit::shop::TestShop;
use testkit::square::customer;

use super::{deliver, hers, pays, record};

#[tokio::test]
async fn a_record_brings_name_and_address_and_newer_data_wins() {
    let shop = TestShop::open().await;
    pays(&shop, hers("P1", 1000)).await;
    let mut newer = customer("C1", "ada@example.com");
    newer["given_name"] = json!("Augusta");
    newer["updated_at"] = json!("2026-11-21T14:00:00.000000001Z");
    record(&shop, "customer.updated", &json!({"customer": newer})).await;
    record(&shop, "customer.created", &json!({"customer": customer("C1", "ada@example.com")}))
        .await;
    let her = shop.by_email("ada@example.com").await.unwrap();
    assert_eq!(her.id, shop.by_square_id("C1").await.unwrap().id);
    assert_eq!(her.account.wallet.available().unwrap().0, 100);
    assert_eq!(her.contact.unwrap().name.as_deref(), Some("Augusta Baker"));
}

#[tokio::test]
async fn unsubscribing_is_kept_and_nothing_there_is_a_consent() {
    let shop = TestShop::open().await;
    let consent = async || {
        shop.by_square_id("C1").await.unwrap().contact.unwrap().consent.standing(Channel::Email)
    };
    let mut her = customer("C1", "ada@example.com");
    record(&shop, "customer.created", &json!({"customer": her.clone()})).await;
    assert_eq!(consent().await.state, State::None);
    her["preferences"]["email_unsubscribed"] = json!(true);
    her["updated_at"] = json!("2026-11-21T14:00:00Z");
    record(&shop, "customer.updated", &json!({"customer": her.clone()})).await;
    let known = consent().await;
    assert_eq!((known.state, known.teller), (State::Unsubscribed, Some(Teller::Square)));
    assert_eq!(known.since.unwrap().to_string(), "2026-11-21T14:00:00Z");
    // Taken back at Square, it is still no consent.
    her["preferences"]["email_unsubscribed"] = json!(false);
    her["updated_at"] = json!("2026-11-22T14:00:00Z");
    record(&shop, "customer.updated", &json!({"customer": her})).await;
    assert_eq!(consent().await.state, State::Unsubscribed);
}

#[tokio::test]
async fn a_merge_is_taken_in_with_the_record_that_is_new_with_it() {
    let shop = TestShop::open().await;
    pays(&shop, hers("P1", 1000)).await;
    let context = json!({"merge": {"from_customer_ids": ["C1"], "to_customer_id": "C2"}});
    let created =
        json!({"customer": customer("C2", "ada@example.com"), "event_context": context.clone()});
    record(&shop, "customer.created", &created).await;
    let deleted = json!({"customer": customer("C1", "old@example.com"), "event_context": context});
    record(&shop, "customer.deleted", &deleted).await;
    let kept = shop.by_square_id("C2").await.unwrap();
    assert_eq!(kept.contact.unwrap().email.as_deref(), Some("ada@example.com"));
    assert!(shop.by_email("old@example.com").await.is_none());
}

#[tokio::test]
async fn a_deleted_record_is_a_task_for_a_person() {
    let shop = TestShop::open().await;
    let deleted = json!({"customer": customer("C1", "ada@example.com")});
    for _ in 0..2 {
        assert_eq!(deliver(&shop, "customer.deleted", &deleted).await["outcome"], "kept");
    }
    let tasks = shop.services.store.open_tasks(&shop.id).await.unwrap();
    assert_eq!(tasks.len(), 1);
}
