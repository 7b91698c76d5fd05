//! On a data directory, against a stand-in for Shopify.

use std::path::{Path, PathBuf};

use loyalty::program::CORNER_BAKERY;
use serde_json::json;
use testkit::shopify::order;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::home::ProgramFile;

fn args(data: PathBuf) -> BackfillArgs {
    BackfillArgs {
        shop: None,
        source: Source::Shopify,
        months: 12,
        earn_points: false,
        opening_gift: None,
        data,
        stack: None,
        dry_run: false,
    }
}

/// A data directory with the sample shop, and a Shopify that has one order of 10.00.
async fn opened(data: &Path) -> MockServer {
    let file = ProgramFile::parse(Path::new("b.toml"), CORNER_BAKERY.to_owned()).unwrap();
    let mut home = Home::open(&Data::Dir(data.to_owned()), &|_| None).await.unwrap();
    home.apply(&file, Clock::system().now()).await.unwrap();
    let server = MockServer::start().await;
    let set = json!({"shopMoney": {"amount": "10.00", "currencyCode": "USD"}});
    let none = json!({"shopMoney": {"amount": "0.00", "currencyCode": "USD"}});
    let node = json!({"legacyResourceId": "17", "updatedAt": "2026-11-20T14:00:05Z",
        "totalReceivedSet": set, "totalRefundedSet": none});
    let listed = json!({"data": {"orders": {"nodes": [node],
        "pageInfo": {"hasNextPage": false, "endCursor": null}}}});
    for (at, body) in [
        ("/admin/api/2026-07/graphql.json", listed),
        ("/admin/api/2026-07/orders.json", json!({"orders": [order(17, "10.00")]})),
    ] {
        let answer = ResponseTemplate::new(200).set_body_json(body);
        Mock::given(path(at)).respond_with(answer).mount(&server).await;
    }
    server
}

#[tokio::test]
async fn a_history_is_counted_first_and_then_brought_in_with_its_gift() {
    let dir = tempfile::tempdir().unwrap();
    let server = opened(dir.path()).await;
    let environment = |name: &str| match name {
        "REGULARS_SHOPIFY_API" => Some(server.uri()),
        "REGULARS_SECRET_CORNER_BAKERY_SHOPIFY_TOKEN" => Some("token".to_owned()),
        _ => None,
    };
    let told = |args: BackfillArgs| async move {
        told(&args, &environment, Clock::system()).await.map_err(|failure| failure.to_string())
    };
    let args = || args(dir.path().to_owned());
    assert_eq!(
        told(BackfillArgs { dry_run: true, ..args() }).await.unwrap(),
        "Shopify told of 1 change; 1 new sale would be brought in\n\
         It shows orders older than 60 days only to an app with the scope read_all_orders"
    );
    assert_eq!(
        told(BackfillArgs { opening_gift: Some(50), ..args() }).await.unwrap(),
        "Shopify told of 1 change; 1 new sale brought in, for rhythm, tier and first order \
         alone\nIt shows orders older than 60 days only to an app with the scope \
         read_all_orders\n1 member got the opening gift of 50 points"
    );
    let failure = told(BackfillArgs { source: Source::Square, ..args() }).await.unwrap_err();
    assert!(failure.contains("square-token"), "{failure}");
}

#[tokio::test]
async fn where_there_is_no_data_none_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let failure = told(&args(dir.path().to_owned()), &|_| None, Clock::system()).await.unwrap_err();
    assert!(failure.to_string().starts_with("there is no data in"), "{failure}");
    assert!(!has_data(dir.path()));
}
