//! Finding customers, and one customer.

use loyalty::consent::{Act, Channel, Fact, State, Teller};
use loyalty::ids::Source;
use platform::store::Person;

use super::bakery::{BAKERY, jon, paid, refund, sale, stamp};
use super::{Api, redacted};

const CUSTOMERS: &str = "/api/v1/shops/corner-bakery/customers";

#[tokio::test]
async fn a_regular_is_shown_with_points_tier_and_what_she_said_about_mail() {
    let api = Api::open().await;
    let id = api.meet(BAKERY, Source::Shopify, &jon(), Some(State::Subscribed)).await;
    api.tell("1", paid(49_95)).await;
    api.tell("2", paid(50_000)).await;
    api.tell("1", refund("r1", 10_00)).await;

    let body = api.read(&format!("{CUSTOMERS}/{id}")).await;
    insta::assert_snapshot!(redacted(&body, &[(id.as_str(), "jon")]));
}

#[tokio::test]
async fn each_of_the_four_filters_finds_her() {
    let api = Api::open().await;
    let id = api.meet(BAKERY, Source::Shopify, &jon(), None).await;
    let square = Person { id: "JDKYHBWT1D4F8MFH63DBMEN8Y4".to_owned(), ..jon() };
    // The same address at the till proves nothing: a person says that they are one.
    let other = api.meet(BAKERY, Source::Square, &square, None).await;
    let body = serde_json::json!({ "other": other });
    api.write(&format!("{CUSTOMERS}/{id}/merge"), body).await;

    let one = api.read(&format!("{CUSTOMERS}/{id}")).await;
    for filter in [
        "email=jon@example.com",
        "email=%20JON%40Example.com",
        "phone=%2B12127365000",
        "phone=(212)%20736-5000",
        "shopify_id=207119551",
        "square_id=JDKYHBWT1D4F8MFH63DBMEN8Y4",
    ] {
        let found = api.read(&format!("{CUSTOMERS}?{filter}")).await;
        assert_eq!(found, serde_json::json!({ "customers": [one] }), "{filter}");
    }
}

#[tokio::test]
async fn nobody_found_is_an_empty_list() {
    let api = Api::open().await;
    api.meet(BAKERY, Source::Shopify, &jon(), None).await;
    for filter in [
        "email=jon%2Bbread@example.com",
        "phone=%2B12127365001",
        "shopify_id=1",
        // A Shopify id is nobody's at Square.
        "square_id=207119551",
    ] {
        let found = api.read(&format!("{CUSTOMERS}?{filter}")).await;
        insta::allow_duplicates!(insta::assert_snapshot!(found, @r#"{"customers":[]}"#));
    }
}

#[tokio::test]
async fn exactly_one_filter_is_asked_for() {
    let api = Api::open().await;
    for query in ["", "?", "?email=jon@example.com&phone=%2B12127365000"] {
        let answer = api.get(&format!("{CUSTOMERS}{query}")).await;
        let detail = answer.problem(400, "one-filter");
        for filter in ["email", "phone", "shopify_id", "square_id"] {
            assert!(detail.contains(filter), "{detail}");
        }
    }
    for query in ["?mail=jon@example.com", "?email=a@example.com&email=b@example.com"] {
        let answer = api.get(&format!("{CUSTOMERS}{query}")).await;
        answer.problem(400, "unreadable-query");
    }
}

#[tokio::test]
async fn an_unreadable_filter_is_refused_with_what_is_wrong_and_not_repeated() {
    let api = Api::open().await;
    for (query, kind, says) in [
        ("email=", "unreadable-email", "such as jon@example.com"),
        ("email=jon", "unreadable-email", "such as jon@example.com"),
        ("email=jon+bread@example.com", "unreadable-email", "%2B"),
        ("phone=call-me", "unreadable-phone", "country code"),
        ("phone=+12127365000", "unreadable-phone", "%2B"),
        ("shopify_id=", "unreadable-shopify-id", "digits"),
        ("shopify_id=gid://shopify/Customer/1", "unreadable-shopify-id", "digits"),
        ("square_id=", "unreadable-square-id", "letters and digits"),
        ("square_id=a%20b", "unreadable-square-id", "letters and digits"),
    ] {
        let answer = api.get(&format!("{CUSTOMERS}?{query}")).await;
        let detail = answer.problem(400, kind);
        assert!(detail.contains(says), "{query}: {detail}");
        assert!(!detail.contains("bread") && !detail.contains("call-me"), "{detail}");
    }
}

#[tokio::test]
async fn an_unknown_customer_is_a_problem() {
    let api = Api::open().await;
    for path in ["nobody", "nobody/ledger"] {
        let answer = api.get(&format!("{CUSTOMERS}/{path}")).await;
        let detail = answer.problem(404, "unknown-customer");
        assert!(detail.contains("`nobody`") && detail.contains("search"), "{detail}");
    }
}

#[tokio::test]
async fn what_is_no_id_is_refused_with_what_is_allowed() {
    let api = Api::open().await;
    for (path, says) in [
        ("shops/Corner/customers/c1", "use 1 to 40 of a-z, 0-9 and -"),
        ("shops/a%23b/customers?email=a@example.com", "use 1 to 40 of a-z, 0-9 and -"),
        ("shops/corner-bakery/customers/a-b", "use 1 to 40 of a-z, A-Z, 0-9"),
        ("shops/corner-bakery/customers/a%2Fb/ledger", "use 1 to 40 of a-z, A-Z, 0-9"),
        ("shops/corner-bakery/customers/%FF", "UTF-8"),
    ] {
        let answer = api.get(&format!("/api/v1/{path}")).await;
        let detail = answer.problem(400, "unreadable-path");
        assert!(detail.contains(says), "{path}: {detail}");
    }
}

#[tokio::test]
async fn a_shop_without_a_program_is_unknown() {
    let api = Api::open().await;
    for path in [
        "customers?email=jon@example.com",
        "customers/c1",
        "customers/c1/ledger",
        "orders/shopify/1",
    ] {
        let answer = api.get(&format!("/api/v1/shops/nowhere/{path}")).await;
        let detail = answer.problem(404, "unknown-shop");
        assert!(detail.contains("`nowhere`"), "{detail}");
    }
}

#[tokio::test]
async fn a_shop_is_known_as_soon_as_it_has_a_program() {
    let api = Api::with_secrets(&[("api", super::TOKEN)]).await;
    api.get(&format!("{CUSTOMERS}/c1")).await.problem(404, "unknown-shop");
    // By another process: this one's cache isn't told.
    let elsewhere = platform::Store::new(api.services.store.client().clone(), "regulars");
    elsewhere.apply_program(loyalty::program::CORNER_BAKERY, super::at(super::NOW)).await.unwrap();
    api.get(&format!("{CUSTOMERS}/c1")).await.problem(404, "unknown-customer");
}

#[tokio::test]
async fn an_id_merged_into_another_shows_that_other() {
    let api = Api::open().await;
    let id = api.tell("1", paid(49_95)).await;
    let other = Person { id: "2".to_owned(), ..Person::default() };
    let merged = api.meet(BAKERY, Source::Shopify, &other, None).await;
    api.write(&format!("{CUSTOMERS}/{id}/merge"), serde_json::json!({ "other": merged })).await;

    for path in ["", "/ledger"] {
        let hers = api.read(&format!("{CUSTOMERS}/{id}{path}")).await;
        assert_eq!(api.read(&format!("{CUSTOMERS}/{merged}{path}")).await, hers);
    }
}

#[tokio::test]
async fn one_shop_shows_nothing_of_another() {
    let api = Api::open().await;
    api.apply(&loyalty::program::CORNER_BAKERY.replace("corner-bakery", "other-shop")).await;
    let id = api.tell("1", paid(49_95)).await;
    assert_eq!(api.get(&format!("{CUSTOMERS}/{id}")).await.status, 200);

    let other = "/api/v1/shops/other-shop";
    for path in [format!("customers/{id}"), format!("customers/{id}/ledger")] {
        api.get(&format!("{other}/{path}")).await.problem(404, "unknown-customer");
    }
    api.get(&format!("{other}/orders/shopify/1")).await.problem(404, "unknown-order");
    for filter in ["email=jon@example.com", "phone=%2B12127365000", "shopify_id=207119551"] {
        let found = api.read(&format!("{other}/customers?{filter}")).await;
        assert_eq!(found["customers"], serde_json::json!([]), "{filter}");
    }
}

#[tokio::test]
async fn a_customer_who_has_not_joined_has_no_tier() {
    let api = Api::with_secrets(&[("api", super::TOKEN)]).await;
    let joining = loyalty::program::CORNER_BAKERY
        .replace(r#"membership = "automatic""#, r#"membership = "join""#);
    api.apply(&joining).await;
    let id = api.tell("1", paid(49_95)).await;

    let body = api.read(&format!("{CUSTOMERS}/{id}")).await;
    insta::assert_snapshot!(redacted(&body, &[(id.as_str(), "jon")]));
}

#[tokio::test]
async fn pending_points_and_a_currency_without_cents_are_shown_as_they_are() {
    let api = Api::with_secrets(&[("api", super::TOKEN)]).await;
    let tokyo = loyalty::program::CORNER_BAKERY
        .replace(r#"currency = "USD""#, r#"currency = "JPY""#)
        .replace("pending_days = 0", "pending_days = 7")
        .replace(r#"amount = "1.00""#, r#"amount = "100""#)
        .replace(r#"amount = "5.00""#, r#"amount = "500""#)
        .replace(r#""500.00""#, r#""50000""#)
        .replace(r#""1000.00""#, r#""100000""#);
    api.apply(&tokyo).await;
    let sale = loyalty::order::Sale { currency: "JPY".parse().unwrap(), ..sale(1250) };
    let state = loyalty::order::Order::observed(stamp(1), sale, None);
    let id = api.tell("1", state).await;

    let body = api.read(&format!("{CUSTOMERS}/{id}")).await;
    assert_eq!(body["window_spend"], serde_json::json!({"amount": "1250", "currency": "JPY"}));
    assert_eq!(body["points"]["available"], 0);
    assert_eq!(body["points"]["pending"], 125);
    let ledger = api.read(&format!("{CUSTOMERS}/{id}/ledger")).await;
    let receipt = &ledger["entries"][0]["receipt"];
    assert_eq!(receipt["base"], serde_json::json!({"amount": "1250", "currency": "JPY"}));
    assert_eq!(receipt["from_lines"], false);
}

#[tokio::test]
async fn her_consent_is_the_newest_she_gave() {
    let api = Api::open().await;
    for (said, shown) in [
        (None, "none"),
        (Some(State::None), "none"),
        (Some(State::Pending), "pending"),
        (Some(State::Subscribed), "subscribed"),
        (Some(State::Unsubscribed), "unsubscribed"),
    ] {
        let id = api.meet(BAKERY, Source::Shopify, &jon(), said).await;
        let body = api.read(&format!("{CUSTOMERS}/{id}")).await;
        assert_eq!(body["consent"]["email"], shown);
    }
}

#[tokio::test]
async fn her_consent_is_shown_with_its_grade_source_and_time_and_what_keeps_mail_from_her() {
    let api = Api::open().await;
    let id = api.meet(BAKERY, Source::Shopify, &jon(), None).await;
    let consent = async || api.read(&format!("{CUSTOMERS}/{id}")).await["consent"].clone();
    assert_eq!(
        consent().await,
        serde_json::json!({"email": "none", "grade": null, "source": null, "since": null,
            "suppressed": null, "off": [], "at_most_monthly": false, "paused_until": null})
    );
    api.meet(BAKERY, Source::Shopify, &jon(), Some(State::Subscribed)).await;
    let complaint = Fact { at: super::at("2026-11-21T00:00:00Z"), act: Act::Complained };
    let (shop, now) = (super::shop(BAKERY), super::at(super::NOW));
    let store = &api.services.store;
    assert!(store.hear(&shop, &id, &complaint, now).await.unwrap());
    let suppressed = serde_json::json!({"reason": "complaint", "since": "2026-11-21T00:00:00Z"});
    assert_eq!(
        consent().await,
        serde_json::json!({"email": "subscribed", "grade": "checkout", "source": "shopify",
            "since": super::NOW, "suppressed": suppressed, "off": [],
            "at_most_monthly": false, "paused_until": null})
    );
    let wants_less = [
        Act::Kind { kind: "receipt".to_owned(), off: true },
        Act::Monthly { on: true },
        Act::Paused { until: Some(super::at("2027-02-22T15:00:00Z")) },
    ];
    for act in wants_less {
        assert!(store.hear(&shop, &id, &Fact { at: now, act }, now).await.unwrap());
    }
    let shown = consent().await;
    assert_eq!(
        (&shown["off"], &shown["at_most_monthly"], &shown["paused_until"]),
        (&serde_json::json!(["receipt"]), &true.into(), &"2027-02-22T15:00:00Z".into())
    );
    let (channel, teller) = (Channel::Email, Teller::Own);
    let withdrawal = Fact { at: now, act: Act::Unsubscribed { channel, teller } };
    assert!(store.hear(&shop, &id, &withdrawal, now).await.unwrap());
    assert_eq!(
        consent().await,
        serde_json::json!({"email": "unsubscribed", "grade": null, "source": "own",
            "since": super::NOW, "suppressed": suppressed, "off": ["receipt"],
            "at_most_monthly": true, "paused_until": "2027-02-22T15:00:00Z"})
    );
}
