//! Every kind of dead letter, from the queue to where it was to go.

use serde_json::{Value, json};
use testkit::shop::TestShop;
use testkit::shopify::order;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::letter::{Letter, read};
use super::*;
use crate::stack::tests::{RECORD, TARGET, answer, asked, aws, refuse, regulars, with_table};

const ASYNC: &str = include_str!("../../../../events/dead-letters/lambda-async.json");
const RULE: &str = include_str!("../../../../events/dead-letters/event-rule.json");
const SCHEDULE: &str = include_str!("../../../../events/dead-letters/schedule.json");
const STREAM: &str = include_str!("../../../../events/dead-letters/stream.json");

const RECEIVE: &str = "AmazonSQS.ReceiveMessage";
const DELETE: &str = "AmazonSQS.DeleteMessage";
const RELEASE: &str = "AmazonSQS.ChangeMessageVisibility";
const ITERATOR: &str = "DynamoDBStreams_20120810.GetShardIterator";
const RECORDS: &str = "DynamoDBStreams_20120810.GetRecords";

/// A message as SQS hands it out: its body is text.
fn message(sample: &str) -> Value {
    let mut message: Value = serde_json::from_str(sample).unwrap();
    message["Body"] = Value::String(message["Body"].to_string());
    message
}

/// A deployment whose queue has these messages, with the shop of its table.
async fn with(messages: &[Value]) -> (MockServer, TestShop) {
    let aws = aws().await;
    answer(
        &aws,
        "AmazonSSM.GetParametersByPath",
        json!({ "Parameters": [{
        "Name": "/regulars/regulars/secrets/identity", "Type": "SecureString",
        "Value": "identity-key", "LastModifiedDate": 1_795_348_800,
    }] }),
    )
    .await;
    Mock::given(method("POST"))
        .and(header(TARGET, RECEIVE))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "Messages": messages })))
        .up_to_n_times(1)
        .mount(&aws)
        .await;
    for target in [RECEIVE, DELETE, RELEASE] {
        answer(&aws, target, json!({})).await;
    }
    (aws, TestShop::open().await)
}

/// Has a function answer.
async fn function(aws: &MockServer, name: &str, answer: ResponseTemplate) {
    let at = path(format!("/2015-03-31/functions/{name}/invocations"));
    Mock::given(method("POST")).and(at).respond_with(answer).mount(aws).await;
}

/// What functions were run with: name, how, and the payload.
async fn invoked(aws: &MockServer) -> Vec<(String, String, Value)> {
    let requests = aws.received_requests().await.unwrap();
    let one = |request: &wiremock::Request| {
        let name = request.url.path().strip_prefix("/2015-03-31/functions/")?;
        let name = name.strip_suffix("/invocations")?.to_owned();
        let how = request.headers.get("x-amz-invocation-type");
        let how = how.map_or("RequestResponse", |how| how.to_str().unwrap()).to_owned();
        Some((name, how, request.body_json().unwrap()))
    };
    requests.iter().filter_map(one).collect()
}

async fn replay(aws: &MockServer, shop: &TestShop, dry_run: bool) -> String {
    let environment = with_table(aws, &shop.database).await;
    let clock = shop.services.clock.clone();
    let told = Box::pin(in_stack(&regulars(), dry_run, &environment, clock)).await.unwrap();
    told.text(dry_run)
}

fn accepted() -> ResponseTemplate {
    ResponseTemplate::new(202)
}

#[tokio::test]
async fn what_was_to_run_a_function_runs_it_again_and_leaves_the_queue() {
    let samples = [ASYNC, RULE, SCHEDULE].map(message);
    let (aws, shop) = with(&samples).await;
    for name in ["regulars-mailer", "regulars-mail-feedback"] {
        function(&aws, name, accepted()).await;
    }
    insta::assert_snapshot!(replay(&aws, &shop, false).await);
    let bodies = samples
        .map(|sample| serde_json::from_str::<Value>(sample["Body"].as_str().unwrap()).unwrap());
    let event = "Event".to_owned();
    assert_eq!(
        invoked(&aws).await,
        [
            (
                "regulars-mail-feedback".to_owned(),
                event.clone(),
                bodies[0]["requestPayload"].clone()
            ),
            ("regulars-mailer".to_owned(), event.clone(), bodies[1].clone()),
            ("regulars-mailer".to_owned(), event, bodies[2].clone()),
        ]
    );
    assert_eq!(asked(&aws, DELETE).await.len(), 3);
    assert!(asked(&aws, RELEASE).await.is_empty());
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_hides_nothing() {
    let (aws, shop) = with(&[ASYNC, RULE, SCHEDULE, STREAM].map(message)).await;
    insta::assert_snapshot!(replay(&aws, &shop, true).await);
    assert!(invoked(&aws).await.is_empty());
    assert!(asked(&aws, DELETE).await.is_empty());
    assert_eq!(asked(&aws, RELEASE).await.len(), 4, "seen by others at once");
}

#[tokio::test]
async fn what_a_function_doesnt_take_stays_in_the_queue() {
    let (aws, shop) = with(&[message(RULE)]).await;
    let error = json!({ "message": "Rate Exceeded.", "Reason": "CallerRateLimitExceeded" });
    // Not one that the SDK would try again for.
    let refusal = ResponseTemplate::new(403)
        .insert_header("x-amzn-errortype", "AccessDeniedException")
        .set_body_json(error);
    function(&aws, "regulars-mailer", refusal).await;
    let told = replay(&aws, &shop, false).await;
    assert!(
        told.contains("It stays in the queue") && told.ends_with("0 put back, 1 stay."),
        "{told}"
    );
    assert!(asked(&aws, DELETE).await.is_empty());
    assert_eq!(asked(&aws, RELEASE).await.len(), 1);
}

#[tokio::test]
async fn what_came_after_the_start_is_left_for_the_next_time() {
    let mut late = message(SCHEDULE);
    late["Attributes"]["SentTimestamp"] = "1795348801000".into();
    let (aws, shop) = with(&[late]).await;
    assert_eq!(replay(&aws, &shop, false).await, "There are no dead letters.");
    assert!(invoked(&aws).await.is_empty());
    assert_eq!(asked(&aws, RELEASE).await.len(), 1);
}

fn records() -> Value {
    let record = |number: &str| {
        json!({
            "eventID": "7de3041dd709b024af6f29e4fa13d34c", "eventName": "MODIFY",
            "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": "eu-central-1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_795_343_414,
                "Keys": { "pk": { "S": "SHOP#corner-bakery" }, "sk": { "S": "STATUS" } },
                "NewImage": { "pk": { "S": "SHOP#corner-bakery" }, "version": { "N": "2" } },
                "OldImage": { "pk": { "S": "SHOP#corner-bakery" }, "version": { "N": "1" } },
                "SequenceNumber": number, "SizeBytes": 60, "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
        })
    };
    let numbers = ["800000000003126276362", "800000000003126276364", "800000000003126276370"];
    json!({ "Records": numbers.map(record), "NextShardIterator": "on" })
}

#[tokio::test]
async fn a_batch_of_the_stream_is_read_again_and_handed_to_the_mailer_as_lambda_does() {
    let (aws, shop) = with(&[message(STREAM)]).await;
    answer(&aws, ITERATOR, json!({ "ShardIterator": "here" })).await;
    answer(&aws, RECORDS, records()).await;
    let good = ResponseTemplate::new(200).set_body_json(json!({ "batchItemFailures": [] }));
    function(&aws, "regulars-mailer", good).await;
    let told = replay(&aws, &shop, false).await;
    assert_eq!(told, "the mailer worked 2 changes of the table off\n1 put back, 0 stay.");
    let from = asked(&aws, ITERATOR).await.remove(0);
    assert_eq!(from["ShardIteratorType"], "AT_SEQUENCE_NUMBER");
    assert_eq!(from["SequenceNumber"], "800000000003126276362");
    let (name, how, payload) = invoked(&aws).await.remove(0);
    assert_eq!((name.as_str(), how.as_str()), ("regulars-mailer", "RequestResponse"));
    let mut expected = records()["Records"].as_array().unwrap().clone();
    expected.truncate(2);
    for record in &mut expected {
        let batch: Value = serde_json::from_str(STREAM).unwrap();
        record["eventSourceARN"] = batch["Body"]["DDBStreamBatchInfo"]["streamArn"].clone();
    }
    assert_eq!(payload["Records"], Value::Array(expected));
    assert_eq!(asked(&aws, DELETE).await.len(), 1);
}

#[tokio::test]
async fn a_batch_that_the_mailer_fails_on_again_stays() {
    let (aws, shop) = with(&[message(STREAM)]).await;
    answer(&aws, ITERATOR, json!({ "ShardIterator": "here" })).await;
    answer(&aws, RECORDS, records()).await;
    let failures = json!({ "batchItemFailures": [{ "itemIdentifier": "800000000003126276364" }] });
    let bad = ResponseTemplate::new(200).set_body_json(failures);
    function(&aws, "regulars-mailer", bad).await;
    let told = replay(&aws, &shop, false).await;
    assert!(told.contains("the mailer couldn't work 1 of them off"), "{told}");
    assert!(asked(&aws, DELETE).await.is_empty());
}

#[tokio::test]
async fn a_batch_older_than_the_stream_says_what_is_lost_and_what_isnt() {
    let (aws, shop) = with(&[message(STREAM)]).await;
    refuse(&aws, ITERATOR, "TrimmedDataAccessException", "beyond the trim horizon").await;
    let told = replay(&aws, &shop, false).await;
    assert!(
        told.contains("older than the 24 hours") && told.contains("Points are right"),
        "{told}"
    );
    assert_eq!(asked(&aws, DELETE).await.len(), 1);
    assert!(invoked(&aws).await.is_empty());
}

#[tokio::test]
async fn what_the_table_set_aside_is_taken_by_a_deployments_secrets() {
    let (aws, shop) = with(&[]).await;
    let (store, now) = (&shop.services.store, shop.services.clock.now());
    let body = serde_json::to_vec(&order(1, "10.00")).unwrap();
    for (topic, body) in [("shopify orders/paid", body.as_slice()), ("square ", b"garbage")] {
        store.keep_dead_letter(&shop.id, topic, body, "why", now).await.unwrap();
    }
    let dry = replay(&aws, &shop, true).await;
    assert!(dry.ends_with("2 would be put back, 0 stay."), "{dry}");
    assert!(shop.by_email("ada@example.com").await.is_none());
    let told = replay(&aws, &shop, false).await;
    assert!(told.contains("shopify orders/paid of 2026-11-22 12:00 UTC"), "{told}");
    assert!(told.ends_with("1 put back, 1 stay."), "{told}");
    let ada = shop.by_email("ada@example.com").await.unwrap();
    assert!(ada.account.wallet.available().unwrap().0 > 0);
    let again = replay(&aws, &shop, false).await;
    assert!(again.ends_with("0 put back, 1 stay."), "{again}");
}

#[tokio::test]
async fn a_change_that_was_set_aside_is_planned_from_the_item_as_it_is() {
    let (aws, shop) = with(&[]).await;
    let good = ResponseTemplate::new(200).set_body_json(json!({ "batchItemFailures": [] }));
    function(&aws, "regulars-mailer", good).await;
    let (store, now) = (&shop.services.store, shop.services.clock.now());
    let keys = json!({ "pk": { "S": "SHOP#corner-bakery" }, "sk": { "S": "SETTINGS" } });
    let gone = json!({ "pk": { "S": "SHOP#corner-bakery" }, "sk": { "S": "GONE" } });
    for keys in [&keys, &gone] {
        let body = keys.to_string();
        store.keep_dead_letter(&shop.id, "stream", body.as_bytes(), "why", now).await.unwrap();
    }
    let told = replay(&aws, &shop, false).await;
    assert!(told.ends_with("2 put back, 0 stay."), "{told}");
    let runs = invoked(&aws).await;
    let [(name, _, payload)] = runs.as_slice() else { panic!("{runs:?}") };
    assert_eq!(name, "regulars-mailer");
    let record = &payload["Records"][0]["dynamodb"];
    assert_eq!(record["Keys"], keys);
    assert_eq!(record["NewImage"]["name"]["S"], "Corner Bakery");
    assert_eq!(replay(&aws, &shop, false).await, "There are no dead letters.");
}

#[tokio::test]
async fn a_directory_of_data_has_its_own_dead_letters() {
    use crate::home::ProgramFile;
    let dir = tempfile::tempdir().unwrap();
    let nothing = |_: &str| None;
    let data = dir.path().to_owned();
    let args = |data| ReplayArgs { data, stack: None, dry_run: false };
    let clock = Clock::fixed("2026-11-22T12:00:00Z".parse().unwrap());
    let none = here(&args(data.join("none")), &nothing, clock.clone()).await.unwrap_err();
    assert!(none.to_string().starts_with("there is no data in "), "{none}");
    let program = loyalty::program::CORNER_BAKERY.to_owned();
    let file = ProgramFile::parse(std::path::Path::new("b.toml"), program).unwrap();
    let mut home = Home::open(&Data::Dir(data.clone()), &nothing).await.unwrap();
    home.apply(&file, clock.now()).await.unwrap();
    let body = serde_json::to_vec(&order(1, "10.00")).unwrap();
    let topic = "shopify orders/paid";
    let kept = home.store.keep_dead_letter(file.shop(), topic, &body, "why", clock.now()).await;
    kept.unwrap();
    drop(home);
    let told = Box::pin(here(&args(data), &nothing, clock)).await.unwrap().text(false);
    assert!(told.ends_with(": taken\n1 put back, 0 stay."), "{told}");
}

#[test]
fn what_isnt_known_or_isnt_this_stacks_is_told_and_left() {
    let record: crate::stack::Record = serde_json::from_str(RECORD).unwrap();
    let told = |body: Value, target: Option<&str>| {
        let target = target.map(|arn| ("TARGET_ARN".to_owned(), arn.to_owned()));
        match read(&record, &body.to_string(), &target.into_iter().collect()) {
            Letter::Unknown(why) => why,
            other => panic!("{other:?}"),
        }
    };
    let event = || json!({ "detail-type": "WorkDue", "detail": {} });
    assert_eq!(told(json!([1]), None), "its body isn't of any shape we know");
    assert_eq!(told(json!({ "a": 1 }), None), "it is no event of ours");
    assert_eq!(told(event(), None), "it doesn't say which function it was for");
    let other = "arn:aws:lambda:eu-central-1:123456789012:function:pay-everybody";
    assert_eq!(told(event(), Some(other)), "the function it was for isn't of this stack");
    // Without attributes the hour still is the mailer's.
    let hour = json!({ "hourly": "2026-11-22T10:00:00Z" });
    let letter = read(&record, &hour.to_string(), &Default::default());
    assert!(matches!(letter, Letter::Invoke { function, .. } if function == "regulars-mailer"));
}
