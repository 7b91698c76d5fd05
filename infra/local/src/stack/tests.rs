//! Deployments, their AWS played by a server of its own protocols.

use serde_json::{Value, json};
use wiremock::matchers::{header, method};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::*;

/// What Terraform writes down.
pub(crate) const RECORD: &str = include_str!("tests/stack.json");

/// What services of AWS that have no paths are asked by.
pub(crate) const TARGET: &str = "x-amz-target";

/// An AWS with a deployment's record in SSM.
pub(crate) async fn aws() -> MockServer {
    let aws = MockServer::start().await;
    let parameter =
        json!({ "Name": "/regulars/regulars/stack", "Type": "String", "Value": RECORD });
    answer(&aws, "AmazonSSM.GetParameter", json!({ "Parameter": parameter })).await;
    aws
}

/// Has an operation answered.
pub(crate) async fn answer(aws: &MockServer, target: &str, body: Value) {
    let mock = Mock::given(method("POST")).and(header(TARGET, target));
    mock.respond_with(ResponseTemplate::new(200).set_body_json(body)).mount(aws).await;
}

/// Has an operation refused.
pub(crate) async fn refuse(aws: &MockServer, target: &str, code: &str, message: &str) {
    let body = json!({ "__type": code, "message": message });
    let mock = Mock::given(method("POST")).and(header(TARGET, target));
    let refusal = ResponseTemplate::new(400).set_body_json(body);
    mock.respond_with(refusal.insert_header("x-amzn-errortype", code)).mount(aws).await;
}

/// The environment of somebody who has keys for it.
pub(crate) fn environment(aws: &MockServer) -> impl Fn(&str) -> Option<String> + use<> {
    let url = aws.uri();
    move |name| match name {
        "AWS_REGION" => Some("eu-central-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("key".to_owned()),
        "AWS_ENDPOINT_URL" => Some(url.clone()),
        _ => None,
    }
}

/// The same, with a table of its own behind DynamoDB's protocol.
pub(crate) async fn with_table(
    aws: &MockServer,
    database: &testkit::embedded::Embedded,
) -> impl Fn(&str) -> Option<String> + use<> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let database = database.clone();
    tokio::spawn(async move { database.serve(listener, std::future::pending()).await });
    let others = environment(aws);
    move |name| match name {
        "AWS_ENDPOINT_URL_DYNAMODB" => Some(url.clone()),
        _ => others(name),
    }
}

/// What an operation was asked.
pub(crate) async fn asked(aws: &MockServer, target: &str) -> Vec<Value> {
    let is_it = |request: &&Request| {
        request.headers.get(TARGET).is_some_and(|found| found.to_str().unwrap() == target)
    };
    let requests = aws.received_requests().await.unwrap();
    requests.iter().filter(is_it).map(|request| request.body_json().unwrap()).collect()
}

pub(crate) fn regulars() -> StackName {
    DEFAULT_STACK.parse().unwrap()
}

#[test]
fn a_stacks_name_is_one_that_aws_takes_everywhere() {
    for name in ["regulars", "a1", "my-shop-2", "a23456789012345678901"] {
        assert_eq!(name.parse::<StackName>().unwrap().to_string(), name);
    }
    for name in ["", "a", "Regulars", "1a", "-a", "a_b", "a2345678901234567890123", "a/b"] {
        name.parse::<StackName>().unwrap_err();
    }
}

#[tokio::test]
async fn a_stack_is_known_by_what_terraform_wrote_down() {
    let aws = aws().await;
    let stack = Stack::open(&regulars(), &environment(&aws)).await.unwrap();
    assert_eq!(stack.store.table(), "regulars");
    stack.known(&"corner-bakery".parse().unwrap()).unwrap();
    assert_eq!(
        stack.known(&"nowhere".parse().unwrap()).unwrap_err().to_string(),
        "the stack regulars has no shop nowhere; it has corner-bakery, harbour-books. A new one is \
         a few lines in the variable `shops`, and `terraform apply`"
    );
    assert_eq!(
        stack.only_shop().unwrap_err().to_string(),
        "there are several shops: say which by --shop: corner-bakery, harbour-books"
    );
}

#[tokio::test]
async fn whoever_has_no_keys_is_told_how_to_get_them() {
    let aws = MockServer::start().await;
    let full = environment(&aws);
    let without = async |missing: &str| {
        let some = |name: &str| full(name).filter(|_| name != missing);
        Stack::open(&regulars(), &some).await.unwrap_err().to_string()
    };
    assert_eq!(
        without("AWS_ACCESS_KEY_ID").await,
        "AWS_ACCESS_KEY_ID isn't set: run `eval \"$(aws configure export-credentials --format \
         env)\"`, and the same again"
    );
    assert_eq!(
        without("AWS_REGION").await,
        "AWS_REGION isn't set: set it to the region of the stack, such as us-east-1"
    );
}

#[tokio::test]
async fn what_aws_refuses_says_what_to_do() {
    let told = async |code: &str, message: &str| {
        let aws = MockServer::start().await;
        refuse(&aws, "AmazonSSM.GetParameter", code, message).await;
        Stack::open(&regulars(), &environment(&aws)).await.unwrap_err().to_string()
    };
    assert_eq!(
        told("ParameterNotFound", "").await,
        "there is no stack regulars in eu-central-1, or not in this account: look at its name and \
         region, or run `terraform apply`"
    );
    assert_eq!(
        told("ExpiredTokenException", "The security token included in the request is expired")
            .await,
        "the stack can't be read: the keys of the environment have expired: run `eval \"$(aws \
         configure export-credentials --format env)\"`"
    );
    assert_eq!(
        told("AccessDeniedException", "no identity-based policy allows ssm:GetParameter").await,
        "the stack can't be read: whoever these keys are isn't allowed it (no identity-based \
         policy allows ssm:GetParameter)"
    );
}
