//! What purchases cost, in the units DynamoDB reported, indexes included.

use jiff::{Timestamp, ToSpan};
use platform::store::table;
use serde_json::{Value, json};
use testkit::shop::{TABLE, TestShop};
use testkit::shopify::{line, order, refund};

use super::record;

/// A realistic order of three lines, at the time of the shop's clock.
fn three_lines(id: u64, at: Timestamp) -> Value {
    let mut order = order(id, "26.00");
    let at = at.to_string();
    for time in ["created_at", "processed_at", "updated_at"] {
        order[time] = json!(at);
    }
    order["source_name"] = json!("web");
    order["location_id"] = json!(655_441_491_u64);
    order["phone"] = json!("+12127365000");
    order["customer"]["phone"] = json!("+12127365000");
    let base = 487_817_672_276_298_554_u64;
    order["line_items"] =
        json!([line(base, "8.00", 1), line(base + 1, "4.50", 2), line(base + 2, "9.00", 1)]);
    for item in order["line_items"].as_array_mut().unwrap() {
        item["product_id"] = json!(788_032_119_674_292_922_u64);
        item["tax_lines"] = json!([{"price": "0.64", "rate": 0.08, "title": "NY"}]);
    }
    order
}

/// Tenths of write units one delivery consumed.
async fn units(shop: &TestShop, topic: &str, body: &Value) -> u64 {
    let before = shop.services.store.write_units_x10();
    record(shop, topic, body).await;
    shop.services.store.write_units_x10() - before
}

#[tokio::test]
async fn a_purchase_costs_what_was_promised() {
    let shop = TestShop::open().await;
    let now = shop.services.clock.now();
    let (first, second) = (three_lines(1, now), three_lines(2, now));
    let of_new = units(&shop, "orders/paid", &first).await;
    let of_known = units(&shop, "orders/paid", &second).await;
    let of_repeat = units(&shop, "orders/paid", &second).await;
    let of_refund = units(&shop, "refunds/create", &refund(9, 2, "5.00")).await;
    println!(
        "tenths of write units: a new customer's first {of_new}, a known customer's {of_known}, \
         a repeat {of_repeat}, a refund {of_refund}"
    );
    assert!(of_new <= 170, "a new customer's first purchase: {of_new}");
    assert!(of_known <= 70, "a known customer's purchase: {of_known}");
    assert!(of_repeat == 0, "a repeat: {of_repeat}");
    assert!(of_refund <= 70, "a refund: {of_refund}");
}

#[tokio::test]
async fn an_account_stays_below_a_kilobyte_for_two_years() {
    let shop = TestShop::open().await;
    let start: Timestamp = "2024-11-22T12:00:00Z".parse().unwrap();
    // Twice a week for two years, with a refund now and then.
    for purchase in 0..208_u64 {
        let at = start + (i64::try_from(purchase).unwrap() * 84).hours();
        shop.set_now(&at.to_string());
        record(&shop, "orders/paid", &three_lines(1000 + purchase, at)).await;
        if purchase % 20 == 0 {
            record(&shop, "refunds/create", &refund(5000 + purchase, 1000 + purchase, "5.00"))
                .await;
        }
    }
    let ada = shop.by_email("ada@example.com").await.unwrap();
    assert_eq!(ada.account.tier.as_ref().unwrap().id.as_str(), "gold");
    let sizes = item_sizes(&shop, &format!("SHOP#corner-bakery#CUST#{}", ada.id)).await;
    let largest = |sk: &str| {
        sizes.iter().filter(|(key, _)| key.starts_with(sk)).map(|(_, size)| *size).max().unwrap()
    };
    let order = item_sizes(&shop, "SHOP#corner-bakery#ORDER#shopify#1207").await[0].1;
    println!(
        "bytes after two years: account {}, largest ledger entry {}, contact {}, order {order}",
        largest("ACCOUNT"),
        largest("LEDGER"),
        largest("CONTACT")
    );
    assert!(largest("ACCOUNT") <= 1024);
    assert!(largest("LEDGER") <= 1024);
    assert!(order <= 1024);
}

/// Sort keys and sizes of a partition's items, by DynamoDB's rules for sizes.
async fn item_sizes(shop: &TestShop, pk: &str) -> Vec<(String, usize)> {
    use aws_sdk_dynamodb::types::AttributeValue as V;
    fn size(value: &V) -> usize {
        match value {
            V::S(text) => text.len(),
            // One byte for two significant digits, and one more.
            V::N(text) => {
                let digits: String = text.chars().filter(char::is_ascii_digit).collect();
                digits.trim_matches('0').len().div_ceil(2) + 1 + usize::from(text.starts_with('-'))
            }
            V::Bool(_) | V::Null(_) => 1,
            V::B(blob) => blob.as_ref().len(),
            V::M(map) => {
                3 + map.iter().map(|(key, value)| 1 + key.len() + size(value)).sum::<usize>()
            }
            V::L(list) => 3 + list.iter().map(|value| 1 + size(value)).sum::<usize>(),
            _ => unreachable!("not used"),
        }
    }
    let client = shop.services.store.client();
    let request = client
        .query()
        .table_name(TABLE)
        .key_condition_expression(format!("{} = :pk", table::PK))
        .expression_attribute_values(":pk", V::S(pk.to_owned()));
    let answer = request.send().await.unwrap();
    let items = answer.items.unwrap_or_default();
    let item_size = |item: &std::collections::HashMap<String, V>| {
        item.iter().map(|(key, value)| key.len() + size(value)).sum()
    };
    items.iter().map(|item| (item[table::SK].as_s().unwrap().clone(), item_size(item))).collect()
}
