//! A deployment looked at: as it should be, and with one thing after the other amiss.

use platform::sender::{Carrier, Lack, MailSettingsChange, Wish};
use platform::store::{MailMode, Whence, table as definition};
use serde_json::{Value, json};
use testkit::shop::TestShop;
use wiremock::matchers::{header, method, path, path_regex};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::*;
use crate::stack::tests::{answer, aws, environment, regulars};

const NOW: &str = "2026-11-22T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// A stack on an AWS, with the corner bakery's table.
async fn stack(aws: &MockServer, shop: &TestShop) -> Stack {
    let mut stack = Stack::open(&regulars(), &environment(aws)).await.unwrap();
    stack.store = shop.services.store.clone();
    stack.record.public_url = aws.uri();
    stack.record.shops.retain(|known, _| *known == shop.id);
    stack
}

/// Has a path answered.
async fn get(aws: &MockServer, at: &str, body: Value) {
    let mock = Mock::given(method("GET")).and(path(at));
    mock.respond_with(ResponseTemplate::new(200).set_body_json(body)).mount(aws).await;
}

/// The lines of a report.
fn lines(report: &Report) -> Vec<String> {
    report
        .to_string()
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

fn described() -> Value {
    let key = |partition: &str, sort: &str| {
        json!([
            { "AttributeName": partition, "KeyType": "HASH" },
            { "AttributeName": sort, "KeyType": "RANGE" },
        ])
    };
    let index = |index: definition::Index| json!({ "IndexName": index.name, "KeySchema": key(index.partition, index.sort) });
    json!({ "Table": {
        "TableName": "regulars", "TableStatus": "ACTIVE",
        "KeySchema": key(definition::PK, definition::SK),
        "GlobalSecondaryIndexes": definition::INDEXES.map(index),
        "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
    } })
}

async fn table_with(table: Value, ttl: &str, recovery: &str) -> Vec<String> {
    let (aws, shop) = (aws().await, TestShop::open().await);
    answer(&aws, "DynamoDB_20120810.DescribeTable", table).await;
    let ttl = json!({ "TimeToLiveStatus": ttl, "AttributeName": definition::EXPIRES_AT });
    let ttl = json!({ "TimeToLiveDescription": ttl });
    answer(&aws, "DynamoDB_20120810.DescribeTimeToLive", ttl).await;
    let recovery = json!({ "PointInTimeRecoveryStatus": recovery });
    let backups = json!({ "ContinuousBackupsDescription": {
        "ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery,
    } });
    answer(&aws, "DynamoDB_20120810.DescribeContinuousBackups", backups).await;
    let mut report = Report::default();
    table::look(&stack(&aws, &shop).await, &mut report).await;
    lines(&report)
}

#[tokio::test]
async fn a_table_as_it_is_defined_is_ok_and_what_differs_is_named() {
    assert_eq!(
        table_with(described(), "ENABLED", "ENABLED").await,
        [
            "ok table regulars has its keys, its 4 indexes and its stream",
            "ok table's expiry old rubbish goes by expires_at",
            "ok table's backups any second of the last weeks can be brought back",
            "3 ok, 0 to do, 0 wrong",
        ]
    );
    let mut other = described();
    other["Table"]["GlobalSecondaryIndexes"].as_array_mut().unwrap().remove(0);
    other["Table"]["GlobalSecondaryIndexes"][0]["KeySchema"][0]["AttributeName"] = "x".into();
    other["Table"]["StreamSpecification"]["StreamViewType"] = "KEYS_ONLY".into();
    assert_eq!(
        table_with(other, "DISABLED", "DISABLED").await,
        [
            "wrong table regulars: its index due_mail is missing; its index due_points has other \
         keys; its stream isn't on with old and new images: `terraform apply` mends it",
            "wrong table's expiry nothing goes by expires_at: `terraform apply` turns it on",
            "wrong table's backups point-in-time recovery is off: `terraform apply` turns it on",
            "0 ok, 0 to do, 3 wrong",
        ]
    );
}

/// Functions that are there, with this environment, and answer so.
async fn functions_with(aws: &MockServer, table: &str, webhook: u16, api: u16) {
    let variables = json!({
        "REGULARS_STACK": "regulars", "REGULARS_TABLE": table,
        "REGULARS_SECRETS_PATH": "/regulars/regulars/secrets", "REGULARS_PUBLIC_URL": aws.uri(),
        "REGULARS_CONFIGURATION_SETS": "regulars",
        "REGULARS_SHOPIFY_SHOPS": "corner-bakery.myshopify.com=corner-bakery",
    });
    let configuration = json!({
        "State": "Active", "LastUpdateStatus": "Successful",
        "Environment": { "Variables": variables },
    });
    Mock::given(method("GET"))
        .and(path_regex("^/2015-03-31/functions/regulars-[a-z-]+/configuration$"))
        .respond_with(ResponseTemplate::new(200).set_body_json(configuration))
        .mount(aws)
        .await;
    let run = |request: &Request| {
        let event: Value = request.body_json().unwrap();
        match (request.url.path().contains("mailer"), event.get("Records")) {
            (true, Some(records)) if *records == json!([]) => {
                ResponseTemplate::new(200).set_body_json(json!({ "batchItemFailures": [] }))
            }
            (false, None) => ResponseTemplate::new(200).set_body_json(Value::Null),
            _ => ResponseTemplate::new(200).insert_header("x-amz-function-error", "Unhandled"),
        }
    };
    Mock::given(method("POST")).and(path_regex("/invocations$")).respond_with(run).mount(aws).await;
    Mock::given(path("/webhooks/shopify/corner-bakery"))
        .respond_with(ResponseTemplate::new(webhook))
        .mount(aws)
        .await;
    Mock::given(path("/api/v1/shops/corner-bakery/mail-mode"))
        .and(header("authorization", "Bearer api-token"))
        .respond_with(ResponseTemplate::new(api).set_body_json(json!({})))
        .mount(aws)
        .await;
    let page = ResponseTemplate::new(404).set_body_raw("<p>", "text/html; charset=utf-8");
    Mock::given(path("/u/doctor")).respond_with(page).mount(aws).await;
}

async fn functions_found(table: &str, webhook: u16, api: u16) -> Vec<String> {
    let (aws, shop) = (aws().await, TestShop::open().await);
    functions_with(&aws, table, webhook, api).await;
    let mut stack = stack(&aws, &shop).await;
    for of in stack.record.shops.values_mut() {
        of.link_url = None;
    }
    let token = Entry { values: vec!["api-token".into()], changed_at: None };
    let mut report = Report::default();
    let known = [("api".to_owned(), token)].into();
    functions::look(&stack, &known, &mut report).await.unwrap();
    lines(&report).into_iter().map(|line| line.replace(&aws.uri(), "<url>")).collect()
}

#[tokio::test]
async fn functions_that_run_and_answer_are_ok() {
    insta::assert_snapshot!(functions_found("regulars", 401, 200).await.join("\n"));
}

#[tokio::test]
async fn functions_of_another_table_or_open_to_anybody_are_wrong() {
    insta::assert_snapshot!(functions_found("other", 200, 500).await.join("\n"));
}

#[tokio::test]
async fn a_schedule_is_ok_if_it_is_on_hourly_and_its_functions() {
    let found = async |state: &str, expression: &str, function: &str, input: &str| {
        let (aws, shop) = (aws().await, TestShop::open().await);
        let arn = format!("arn:aws:lambda:eu-central-1:123456789012:function:{function}");
        let role = "arn:aws:iam::123456789012:role/r";
        let target = json!({ "Arn": arn, "Input": input, "RoleArn": role });
        let schedule =
            json!({ "State": state, "ScheduleExpression": expression, "Target": target });
        for of in ["", "-reengagement-scan"] {
            get(&aws, &format!("/schedules/regulars-hourly{of}"), schedule.clone()).await;
        }
        let missing = json!({ "Message": "Schedule regulars-hourly-… does not exist." });
        let missing = ResponseTemplate::new(404)
            .insert_header("x-amzn-errortype", "ResourceNotFoundException")
            .set_body_json(missing);
        Mock::given(path("/schedules/regulars-hourly-tier-recalculation"))
            .respond_with(missing)
            .mount(&aws)
            .await;
        let mut report = Report::default();
        schedule::look(&stack(&aws, &shop).await, &mut report).await;
        lines(&report)
    };
    let (hourly, mailer, hour) =
        ("rate(1 hour)", "regulars-mailer", r#"{"hourly":"<aws.scheduler.scheduled-time>"}"#);
    let good = found("ENABLED", hourly, mailer, hour).await;
    assert_eq!(
        good,
        [
            "ok schedule regulars-hourly starts mailer each hour",
            "wrong schedule regulars-hourly-reengagement-scan doesn't go to its function: \
             `terraform apply` mends it",
            "wrong schedule there is no regulars-hourly-tier-recalculation: `terraform apply` \
             makes it",
            "1 ok, 0 to do, 2 wrong",
        ]
    );
    let night = found("ENABLED", hourly, "regulars-reengagement-scan", hour).await;
    assert_eq!(
        night[1],
        "ok schedule regulars-hourly-reengagement-scan starts reengagement-scan each hour"
    );
    for (state, expression, function, input) in [
        ("DISABLED", hourly, mailer, hour),
        ("ENABLED", "rate(1 day)", mailer, hour),
        ("ENABLED", hourly, "another", hour),
        ("ENABLED", hourly, mailer, "{}"),
    ] {
        let bad = found(state, expression, function, input).await.remove(0);
        assert!(bad.starts_with("wrong schedule regulars-hourly "), "{bad}");
    }
}

/// What SES says of the bakery.
async fn ses(aws: &MockServer, ready: bool) {
    let status = if ready { "SUCCESS" } else { "PENDING" };
    get(
        aws,
        "/v2/email/account",
        json!({
            "ProductionAccessEnabled": ready, "SendingEnabled": true,
        }),
    )
    .await;
    get(
        aws,
        "/v2/email/identities/corner-bakery.example",
        json!({
            "IdentityType": "DOMAIN", "VerifiedForSendingStatus": ready,
            "DkimAttributes": { "SigningEnabled": true, "Status": status },
            "MailFromAttributes": {
                "MailFromDomain": "bounce.corner-bakery.example", "MailFromDomainStatus": status,
                "BehaviorOnMxFailure": "USE_DEFAULT_VALUE",
            },
        }),
    )
    .await;
    let tls = if ready { "REQUIRE" } else { "OPTIONAL" };
    get(
        aws,
        "/v2/email/configuration-sets/regulars-corner-bakery",
        json!({
            "ConfigurationSetName": "regulars-corner-bakery",
            "DeliveryOptions": { "TlsPolicy": tls }, "SendingOptions": { "SendingEnabled": true },
        }),
    )
    .await;
}

async fn from(shop: &TestShop, address: &str) {
    let from = Wish::Set(address.to_owned());
    let change = MailSettingsChange { from, ..Default::default() };
    shop.services.store.set_mail_settings(&shop.id, change, now()).await.unwrap();
}

async fn sender_found(shop: &TestShop, ready: bool, dmarc: &[(&str, &str)]) -> Vec<String> {
    let aws = aws().await;
    ses(&aws, ready).await;
    let dns = dns::tests::with(dmarc).await;
    let mut report = Report::default();
    sender::look(&stack(&aws, shop).await, &dns, now(), &mut report).await;
    lines(&report)
}

const DMARC: [(&str, &str); 1] = [("_dmarc.corner-bakery.example", "v=DMARC1; p=none")];

async fn lacks(shop: &TestShop) -> Vec<Lack> {
    let settings = shop.services.store.mail_settings(&shop.id).await.unwrap();
    settings.unproven(Carrier::Ses)
}

#[tokio::test]
async fn a_sender_in_order_is_the_proof_that_live_mail_asks_for() {
    let shop = TestShop::open().await;
    let nobody = sender_found(&shop, true, &DMARC).await;
    assert_eq!(
        nobody[0],
        "to do mail of corner-bakery it comes from nobody yet: `regulars mail sender --from \
         hello@corner-bakery.example --shop corner-bakery --stack regulars`"
    );
    assert_eq!(lacks(&shop).await, [Lack::Check]);
    from(&shop, "hello@corner-bakery.example").await;
    let good = sender_found(&shop, true, &DMARC).await;
    let told = "ok mail of corner-bakery corner-bakery.example is verified, signed and believed";
    assert_eq!(good[0], told);
    assert_eq!(lacks(&shop).await, []);
    from(&shop, "hello@other.example").await;
    assert_eq!(lacks(&shop).await, [Lack::Check], "that was another domain");
}

#[tokio::test]
async fn what_a_sender_lacks_is_said_kept_and_wrong_once_mail_is_live() {
    let shop = TestShop::open().await;
    from(&shop, "hello@other.example").await;
    let found = sender_found(&shop, false, &[]).await;
    insta::assert_snapshot!(found.join("\n"));
    assert_eq!(lacks(&shop).await.len(), found.len() - 1);
    let store = &shop.services.store;
    store.set_mail_mode(&shop.id, MailMode::Live, Whence::Command, now()).await.unwrap();
    let live = sender_found(&shop, false, &[]).await;
    assert!(live[0].starts_with("wrong mail of corner-bakery "), "{live:?}");
}

#[tokio::test]
async fn a_ses_that_doesnt_answer_proves_nothing_and_leaves_what_is_known() {
    let shop = TestShop::open().await;
    from(&shop, "hello@corner-bakery.example").await;
    sender_found(&shop, true, &DMARC).await;
    let aws = aws().await;
    let refusal = ResponseTemplate::new(403)
        .insert_header("x-amzn-errortype", "AccessDeniedException")
        .set_body_json(json!({ "message": "ses:GetAccount" }));
    Mock::given(path("/v2/email/account")).respond_with(refusal).mount(&aws).await;
    let mut report = Report::default();
    let dns = dns::tests::with(&DMARC).await;
    sender::look(&stack(&aws, &shop).await, &dns, now(), &mut report).await;
    assert_eq!(
        lines(&report)[0],
        "wrong mail of corner-bakery SES can't be asked: whoever these keys are isn't allowed it \
         (ses:GetAccount)"
    );
    assert_eq!(lacks(&shop).await, []);
}

#[tokio::test]
async fn what_happened_last_is_told_with_what_waits() {
    let (aws, shop) = (aws().await, TestShop::open().await);
    let depth = json!({ "Attributes": { "ApproximateNumberOfMessages": "3" } });
    answer(&aws, "AmazonSQS.GetQueueAttributes", depth).await;
    let stack = stack(&aws, &shop).await;
    let look = async || {
        let mut report = Report::default();
        events::look(&stack, now(), &mut report).await;
        lines(&report)
    };
    assert!(look().await[1].starts_with("to do events of corner-bakery nothing yet"));
    shop.buys(1, 10, "2026-11-22T11:00:00Z").await;
    let store = &shop.services.store;
    store.keep_dead_letter(&shop.id, "shopify orders/paid", b"x", "why", now()).await.unwrap();
    assert_eq!(
        look().await,
        [
            "to do dead letters 3 in the queue: find out why, then `regulars replay --stack regulars` \
         puts them back",
            "ok events of corner-bakery last new customer 2026-11-22 12:00 UTC",
            "to do events of corner-bakery 1 set aside in the table: `regulars replay --stack regulars \
         --dry-run` says why",
            "1 ok, 2 to do, 0 wrong",
        ]
    );
}

/// What is found about the subscriptions, Shopify and Square played by one server.
async fn subscriptions(aws: &MockServer, register: bool) -> Vec<String> {
    let shop = TestShop::open().await;
    let token = |name: &str| {
        (format!("corner-bakery/{name}"), Entry { values: vec!["t".into()], changed_at: None })
    };
    let known = ["shopify-token", "square-token"].map(token).into();
    let url = aws.uri();
    let environment = |name: &str| name.ends_with("_API").then(|| url.clone());
    let stack = stack(aws, &shop).await;
    let mut report = Report::default();
    let services = stack.services(&known, &environment, shop.services.clock.clone());
    sources::look(&stack, &services, register, &mut report).await.unwrap();
    lines(&report).into_iter().map(|line| line.replace(&aws.uri(), "<url>")).collect()
}

#[tokio::test]
async fn subscriptions_that_are_missing_are_named_and_registered_on_request() {
    let aws = aws().await;
    let at = format!("{}/webhooks/shopify/corner-bakery", aws.uri());
    let graphql = move |request: &Request| {
        let asked: Value = request.body_json().unwrap();
        let listed: Vec<Value> = ::sources::api::SHOPIFY_TOPICS[2..]
            .iter()
            .map(|topic| json!({ "topic": topic, "uri": at }))
            .collect();
        let data = match asked["query"].as_str().unwrap().starts_with("query") {
            true => json!({ "webhookSubscriptions": {
                "nodes": listed, "pageInfo": { "hasNextPage": false, "endCursor": null },
            } }),
            false => json!({ "webhookSubscriptionCreate": { "userErrors": [] } }),
        };
        ResponseTemplate::new(200).set_body_json(json!({ "data": data }))
    };
    Mock::given(path_regex("/graphql.json$")).respond_with(graphql).mount(&aws).await;
    let square = ResponseTemplate::new(200).set_body_json(json!({}));
    Mock::given(path("/v2/webhooks/subscriptions")).respond_with(square).mount(&aws).await;

    insta::assert_snapshot!(subscriptions(&aws, false).await.join("\n"));
    let posts = async || {
        let requests = aws.received_requests().await.unwrap();
        let bodies = requests.iter().filter(|request| request.method.as_str() == "POST");
        bodies.map(|request| String::from_utf8(request.body.clone()).unwrap()).collect::<Vec<_>>()
    };
    let made = async || {
        let posts = posts().await;
        let shopify = posts.iter().filter(|body| body.contains("webhookSubscriptionCreate("));
        let square = posts.iter().filter(|body| body.contains("idempotency_key"));
        (shopify.count(), square.count())
    };
    assert_eq!(made().await, (0, 0));
    insta::assert_snapshot!("registered", subscriptions(&aws, true).await.join("\n"));
    assert_eq!(made().await, (2, 1));
}

#[tokio::test]
async fn a_deployment_that_isnt_there_fails_in_words() {
    let (aws, shop) = (aws().await, TestShop::open().await);
    let stack = stack(&aws, &shop).await;
    let args = DoctorArgs { stack: regulars(), register: false, json: true };
    let dns = dns::tests::with(&[]).await;
    let report = looked(&stack, &args, &environment(&aws), &dns, now()).await.unwrap();
    let lines = lines(&report);
    assert!(lines[0].starts_with("ok stack regulars in eu-central-1, account 123456789012"));
    let wrong = lines.iter().filter(|line| line.starts_with("wrong ")).count();
    assert!(wrong > 8, "{lines:#?}");
    assert_eq!(report.verdict().unwrap_err().to_string(), format!("{wrong} things are wrong"));
    let json: Value = serde_json::from_str(&report.json().unwrap()).unwrap();
    assert_eq!(json[0]["state"], "ok");
    assert_eq!(json[0]["check"], "stack");
}
