//! One order.

use loyalty::ids::{OrderRef, Source};
use loyalty::order::{Charge, Line, LineKind, Order, Payment, Sale};

use super::bakery::{BAKERY, jon, line, order, paid, refund, sale, stamp};
use super::{Api, redacted};

const ORDERS: &str = "/api/v1/shops/corner-bakery/orders";

#[tokio::test]
async fn an_order_is_shown_with_all_that_is_known_of_it() {
    let api = Api::open().await;
    let sale = Sale {
        current_total: Some(70_00),
        shipping: Charge { amount: 5_00, tax: 40 },
        tip: 2_00,
        location: Some(18_446_744_073_709_551_615.into()),
        channel: Some("web".to_owned()),
        ..sale(80_00)
    };
    let cake = Line {
        quantity: 2,
        discount: 1_00,
        tax: 60,
        product: Some(7_513_594_986_755.into()),
        sku: Some("CAKE".to_owned()),
        ..line(1, 25_00)
    };
    let card = Line { kind: LineKind::GiftCard, ..line(9_007_199_254_740_993, 23_00) };
    let id = api.tell("5001", Order::observed(stamp(1), sale, Some(vec![cake, card]))).await;
    api.tell("5001", refund("r1", 10_00)).await;

    let body = api.read(&format!("{ORDERS}/shopify/5001")).await;
    insta::assert_snapshot!(redacted(&body, &[(id.as_str(), "jon")]));
}

#[tokio::test]
async fn an_order_of_nobody_known_waits_and_says_so() {
    let api = Api::open().await;
    api.tell_at(BAKERY, &order("1"), paid(49_95), None).await;
    let body = api.read(&format!("{ORDERS}/shopify/1")).await;
    assert!(body["customer"].is_null());
    assert_eq!(body["target"], 0);
    assert_eq!(body["kept"]["amount"], "49.95");
    insta::assert_snapshot!(body["why"], @r#""nobody is known to have bought it; it posts when a later message names the customer""#);
}

#[tokio::test]
async fn an_order_worth_nothing_says_why() {
    let api = Api::open().await;
    let cases = [
        (Sale { payment: Payment::Unpaid, ..sale(10_00) }, "nothing has been paid yet"),
        (Sale { test: true, ..sale(10_00) }, "it is a test order"),
        (Sale { currency: "EUR".parse().unwrap(), ..sale(10_00) }, "it is in EUR"),
        (
            Sale { placed_at: super::at("2019-12-31T00:00:00Z"), ..sale(10_00) },
            "no program was in force when it was paid",
        ),
    ];
    for (id, (sale, why)) in cases.into_iter().enumerate() {
        let id = id.to_string();
        api.tell(&id, Order::observed(stamp(1), sale, None)).await;
        let body = api.read(&format!("{ORDERS}/shopify/{id}")).await;
        assert!(body["why"].as_str().unwrap().contains(why), "{body}");
        assert!(body["customer"].is_string() && body["snapshot"].is_null(), "{body}");
        assert_eq!((&body["target"], &body["posted"]), (&0.into(), &0.into()));
        assert!(body["kept"].is_null() && body["received"].is_null(), "{body}");
    }
}

#[tokio::test]
async fn a_refund_that_came_before_its_order_is_shown_alone() {
    let api = Api::open().await;
    api.tell_at(BAKERY, &order("1"), refund("r1", 10_00), None).await;
    let body = api.read(&format!("{ORDERS}/shopify/1")).await;
    insta::assert_snapshot!(redacted(&body, &[]));
}

#[tokio::test]
async fn a_payment_at_square_is_an_order_too() {
    let api = Api::open().await;
    let payment =
        OrderRef { source: Source::Square, id: "hYy9pRFVxpDsO1FB05SunFWUe9JZY".parse().unwrap() };
    let state = Order::observed(stamp(1), sale(12_00), None);
    api.tell_at(BAKERY, &payment, state, Some(jon())).await;
    let body = api.read(&format!("{ORDERS}/square/hYy9pRFVxpDsO1FB05SunFWUe9JZY")).await;
    assert_eq!(body["source"], "square");
    assert_eq!(body["posted"], 120);
    assert!(body["state"]["lines"].is_null(), "{body}");
    // The same id at the other source is another order.
    let answer = api.get(&format!("{ORDERS}/shopify/hYy9pRFVxpDsO1FB05SunFWUe9JZY")).await;
    answer.problem(404, "unknown-order");
}

#[tokio::test]
async fn an_unknown_order_is_a_problem() {
    let api = Api::open().await;
    let answer = api.get(&format!("{ORDERS}/shopify/404")).await;
    let detail = answer.problem(404, "unknown-order");
    assert!(detail.contains("shopify:404"), "{detail}");
}

#[tokio::test]
async fn what_is_no_order_is_refused_with_what_is_allowed() {
    let api = Api::open().await;
    for (path, says) in [
        ("ebay/1", "`shopify` or `square`"),
        ("shopify/a.b", "use 1 to 192 of a-z, A-Z, 0-9, - and _"),
        ("shopify/gid:%2F%2Fshopify%2FOrder%2F1", "use 1 to 192 of"),
    ] {
        let answer = api.get(&format!("{ORDERS}/{path}")).await;
        let detail = answer.problem(400, "unreadable-path");
        assert!(detail.contains(says), "{path}: {detail}");
    }
}

#[tokio::test]
async fn a_saved_program_is_told_by_its_version_and_dates() {
    let api = Api::with_secrets(&[("api", super::TOKEN)]).await;
    let expiring = loyalty::program::CORNER_BAKERY
        .replace("pending_days = 0", "pending_days = 7")
        .replace(r#"preset = "us-ny""#, r#"preset = "us""#)
        .replace(r#"rule = "none""#, "rule = \"months\"\nmonths = 24");
    api.apply(&expiring).await;
    api.tell("1", paid(10_00)).await;
    let body = api.read(&format!("{ORDERS}/shopify/1")).await;
    insta::assert_snapshot!(body["snapshot"], @r#"{"expires_on":"2028-11-30","matures_on":"2026-11-27","paid_at":"2026-11-20T13:00:00Z","program_version":1,"tier":"bronze"}"#);
}
