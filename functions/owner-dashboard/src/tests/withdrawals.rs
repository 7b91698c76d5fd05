//! Who is to be unsubscribed by hand.

use platform::store::WITHDRAWAL;
use serde_json::json;

use super::Api;
use super::bakery::BAKERY;

const SHOP: &str = "/api/v1/shops/corner-bakery";

#[tokio::test]
async fn what_a_source_cannot_be_told_is_listed_until_it_is_done() {
    let api = Api::open().await;
    let shop = BAKERY.parse().unwrap();
    let at = "2026-11-22T12:00:00Z";
    for (customer, source) in [("c1", "square"), ("c2", "shopify")] {
        let body = json!({"customer": customer, "source": source, "at": at}).to_string();
        let now = at.parse().unwrap();
        api.services.store.keep_task(&shop, WITHDRAWAL, &body, now).await.unwrap();
    }
    let listed = api.read(&format!("{SHOP}/withdrawals")).await;
    let open = listed["withdrawals"].as_array().unwrap();
    let found: Vec<_> = open.iter().map(|one| (&one["customer"], &one["source"])).collect();
    assert!(found.contains(&(&json!("c1"), &json!("square"))), "{listed}");
    assert_eq!(found.len(), 2);
    let done = json!({"id": open[0]["id"]});
    let left = api.write(&format!("{SHOP}/withdrawals/done"), done.clone()).await;
    assert_eq!(left["withdrawals"], json!([open[1]]));
    let again = api.post(&format!("{SHOP}/withdrawals/done"), done).await;
    assert!(again.problem(404, "unknown-withdrawal").contains("no withdrawal"));
}
