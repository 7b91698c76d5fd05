//! The document describes the API that answers.

use std::collections::BTreeSet;

use http::StatusCode;
use platform::problem::Problem;
use serde_json::Value;

use super::Api;
use super::bakery::{paid, refund};

const ROUTES: &[&str] = &[
    "/api/v1/openapi.json",
    "/api/v1/shops/{shop}/approvals",
    "/api/v1/shops/{shop}/approvals/{id}",
    "/api/v1/shops/{shop}/customers",
    "/api/v1/shops/{shop}/customers/{id}",
    "/api/v1/shops/{shop}/customers/{id}/birthday",
    "/api/v1/shops/{shop}/customers/{id}/ledger",
    "/api/v1/shops/{shop}/customers/{id}/merge",
    "/api/v1/shops/{shop}/customers/{id}/messages",
    "/api/v1/shops/{shop}/customers/{id}/undo-merge",
    "/api/v1/shops/{shop}/customers/{id}/why",
    "/api/v1/shops/{shop}/decisions",
    "/api/v1/shops/{shop}/follow-ups",
    "/api/v1/shops/{shop}/follow-ups/{id}",
    "/api/v1/shops/{shop}/held-orders",
    "/api/v1/shops/{shop}/jobs/reengagement-scan",
    "/api/v1/shops/{shop}/jobs/tier-recalculation",
    "/api/v1/shops/{shop}/mail-mode",
    "/api/v1/shops/{shop}/mail-settings",
    "/api/v1/shops/{shop}/mail-templates",
    "/api/v1/shops/{shop}/marketing",
    "/api/v1/shops/{shop}/merge-candidates",
    "/api/v1/shops/{shop}/merge-candidates/dismiss",
    "/api/v1/shops/{shop}/messages",
    "/api/v1/shops/{shop}/orders/{source}/{id}",
    "/api/v1/shops/{shop}/orders/{source}/{id}/same-sale",
    "/api/v1/shops/{shop}/reconciliations",
    "/api/v1/shops/{shop}/surveys/answers",
    "/api/v1/shops/{shop}/surveys/results",
    "/api/v1/shops/{shop}/surveys/said",
    "/api/v1/shops/{shop}/tests",
    "/api/v1/shops/{shop}/tests/{id}",
    "/api/v1/shops/{shop}/tests/{id}/end",
    "/api/v1/shops/{shop}/withdrawals",
    "/api/v1/shops/{shop}/withdrawals/done",
];

async fn document() -> Value {
    let api = Api::with_secrets(&[]).await;
    api.ask(http::Method::GET, "/api/v1/openapi.json", None).await.body
}

fn walk<'a>(value: &'a Value, visit: &mut dyn FnMut(&'a serde_json::Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            visit(object);
            object.values().for_each(|value| walk(value, visit));
        }
        Value::Array(array) => array.iter().for_each(|value| walk(value, visit)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_is_as_published() {
    insta::assert_json_snapshot!(document().await);
}

#[tokio::test]
async fn every_route_is_described_and_every_described_one_answers() {
    let document = document().await;
    let described: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(described, ROUTES);

    let api = Api::open().await;
    for path in described {
        let path = path
            .replace("{shop}", "corner-bakery")
            .replace("{source}", "shopify")
            .replace("{id}", "1");
        let body = api.get(&path).await.body;
        assert_ne!(body["type"], "about:blank#unknown-route", "{path}");
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let document = document().await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut references = BTreeSet::new();
    walk(&document, &mut |object| {
        references.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
    });
    assert!(references.len() > 10);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn every_parameter_of_a_path_is_described_and_every_refusal_is_a_problem() {
    let document = document().await;
    for (path, item) in document["paths"].as_object().unwrap() {
        let item = operation(item);
        let parameters = item["parameters"].as_array().cloned().unwrap_or_default();
        let named: BTreeSet<String> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| format!("{{{}}}", parameter["name"].as_str().unwrap()))
            .collect();
        let asked = path.split('/').filter(|part| part.starts_with('{'));
        assert_eq!(named, asked.map(str::to_owned).collect(), "{path}");

        for (status, response) in item["responses"].as_object().unwrap() {
            let kind =
                if status == "200" { "application/json" } else { "application/problem+json" };
            assert!(response["content"][kind]["schema"].is_object(), "{path} {status}");
        }
    }
}

#[tokio::test]
async fn all_but_the_document_ask_for_the_bearer_token() {
    let document = document().await;
    assert_eq!(document["security"], serde_json::json!([{ "bearer": [] }]));
    let scheme = &document["components"]["securitySchemes"]["bearer"];
    assert_eq!((&scheme["type"], &scheme["scheme"]), (&"http".into(), &"bearer".into()));
    for path in ROUTES.iter().copied() {
        let own = &operation(&document["paths"][path])["security"];
        assert_eq!(own.is_null(), path != ROUTES[0], "{path}: {own}");
    }
}

#[tokio::test]
async fn nothing_can_be_done_without_the_token() {
    let document = document().await;
    let api = Api::open().await;
    for path in ROUTES.iter().filter(|path| document["paths"][*path]["post"].is_object()) {
        let path = path
            .replace("{shop}", "corner-bakery")
            .replace("{source}", "shopify")
            .replace("{id}", "1");
        for token in [None, Some("Bearer guess")] {
            api.ask(http::Method::POST, &path, token).await.problem(401, "unauthorized");
        }
    }
}

/// The one thing a path does.
fn operation(item: &Value) -> &Value {
    if item["post"].is_object() { &item["post"] } else { &item["get"] }
}

#[tokio::test]
async fn a_problem_has_the_fields_the_document_says() {
    let document = document().await;
    let problem = serde_json::to_value(Problem::new(StatusCode::NOT_FOUND, "x", "y")).unwrap();
    fits(&document, &problem, "Problem");
}

#[tokio::test]
async fn what_may_be_left_out_of_a_body_is_not_required() {
    let schemas = &document().await["components"]["schemas"];
    assert_eq!(schemas["MailModeWanted"]["required"], serde_json::json!(["mode"]));
    assert!(schemas["MailSettingsWanted"]["required"].is_null());
}

#[tokio::test]
async fn answers_have_the_fields_the_document_says() {
    let document = document().await;
    let api = Api::open().await;
    let id = api.tell("1", paid(60_000)).await;
    api.tell("1", refund("r1", 10_00)).await;
    super::reconciliations::compared(&api, 20).await;
    let shop = "/api/v1/shops/corner-bakery";
    let answers = [
        (format!("{shop}/customers?shopify_id=207119551"), "Customers"),
        (format!("{shop}/customers/{id}"), "Customer"),
        (format!("{shop}/customers/{id}/ledger"), "LedgerPage"),
        (format!("{shop}/orders/shopify/1"), "Order"),
        (format!("{shop}/mail-mode"), "MailSetting"),
        (format!("{shop}/mail-settings"), "MailSettings"),
        (format!("{shop}/marketing"), "Marketing"),
        (format!("{shop}/reconciliations"), "Reconciliations"),
        (format!("{shop}/messages"), "Messages"),
        (format!("{shop}/tests"), "Trials"),
        (format!("{shop}/decisions"), "Decisions"),
        (format!("{shop}/approvals"), "Approvals"),
        (format!("{shop}/customers/{id}/why?kind=win-back"), "Why"),
        (format!("{shop}/customers/{id}/messages"), "CustomerMessages"),
    ];
    for (path, schema) in answers {
        fits(&document, &api.read(&path).await, schema);
    }
}

/// Checks a value against a named schema, as far as the document's kinds of schema go.
#[track_caller]
fn fits(document: &Value, value: &Value, schema: &str) {
    let schema = &document["components"]["schemas"][schema];
    assert!(schema.is_object());
    if let Err(why) = check(document, value, schema) {
        panic!("{why} in {value:#}");
    }
}

fn check(document: &Value, value: &Value, schema: &Value) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let found = document.pointer(reference.strip_prefix('#').unwrap()).unwrap();
        return check(document, value, found);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let tried: Vec<_> = choices.iter().map(|one| check(document, value, one)).collect();
        let fitting = tried.iter().filter(|result| result.is_ok()).count();
        return if fitting == 1 { Ok(()) } else { Err(format!("{fitting} fit: {tried:?}")) };
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        check(document, value, part)?;
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.clone(),
        Value::Null => vec![],
        one => vec![one.clone()],
    };
    if !kinds.is_empty() && !kinds.iter().any(|one| one == kind) {
        return Err(format!("{value} is not {kinds:?}"));
    }
    if schema["enum"].as_array().is_some_and(|values| !values.contains(value)) {
        return Err(format!("{value} is not one of {}", schema["enum"]));
    }
    for item in value.as_array().into_iter().flatten() {
        check(document, item, &schema["items"])?;
    }
    let (Some(object), Some(properties)) = (value.as_object(), schema["properties"].as_object())
    else {
        return Ok(());
    };
    if object.keys().collect::<BTreeSet<_>>() != properties.keys().collect() {
        return Err(format!("{:?} are not {:?}", object.keys(), properties.keys()));
    }
    let required = schema["required"].as_array().map_or(0, Vec::len);
    if required != properties.len() {
        return Err(format!("{required} of {} are required", properties.len()));
    }
    object.iter().try_for_each(|(name, value)| check(document, value, &properties[name]))
}
