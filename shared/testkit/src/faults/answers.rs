//! What a busy service answers, made up.

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use serde_json::json;

use super::{body_of, reply};
use crate::aws;

pub(super) fn throttled(operation: &str, variant: u32, request: &HttpRequest) -> HttpResponse {
    match operation {
        "SendEmail" | "GetAccount" => return busy_ses(),
        "PutEvents" => return busy_bus(variant, request),
        _ => {}
    }
    match variant % 5 {
        0 => error(400, "ProvisionedThroughputExceededException"),
        1 => error(400, "ThrottlingException"),
        2 => error(400, "RequestLimitExceeded"),
        3 => error(500, "InternalServerError"),
        _ if operation == "TransactWriteItems" => cancelled("ThrottlingError", request),
        _ => error(503, "ServiceUnavailable"),
    }
}

fn busy_ses() -> HttpResponse {
    let text = "Maximum sending rate exceeded.";
    aws::response(aws::Reply::error(429, "TooManyRequestsException", text))
}

/// The bus as a whole, or each of its entries.
fn busy_bus(variant: u32, request: &HttpRequest) -> HttpResponse {
    match variant % 3 {
        0 => aws::response(aws::Reply::error(400, "ThrottlingException", "made up")),
        1 => aws::response(aws::Reply::error(500, "InternalException", "made up")),
        _ => {
            let count = body_of(request.body())["Entries"].as_array().map_or(1, Vec::len);
            let failed = json!({"ErrorCode": "InternalFailure", "ErrorMessage": "made up"});
            reply(200, &json!({"FailedEntryCount": count, "Entries": vec![failed; count]}))
        }
    }
}

pub(super) fn conflict(operation: &str, variant: u32, request: &HttpRequest) -> HttpResponse {
    match (operation, variant % 3) {
        ("TransactWriteItems", 0) => cancelled("TransactionConflict", request),
        ("TransactWriteItems", 1) => cancelled("ConditionalCheckFailed", request),
        ("TransactWriteItems", _) => error(400, "TransactionInProgressException"),
        _ => error(400, "TransactionConflictException"),
    }
}

/// A transaction cancelled by its first item.
fn cancelled(code: &str, request: &HttpRequest) -> HttpResponse {
    let items = body_of(request.body())["TransactItems"].as_array().map_or(1, Vec::len);
    let mut reasons = vec![json!({"Code": "None"}); items];
    if let Some(first) = reasons.first_mut() {
        *first = json!({"Code": code, "Message": "made up"});
    }
    reply(
        400,
        &json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": format!("Transaction cancelled [{code}]"),
            "CancellationReasons": reasons,
        }),
    )
}

fn error(status: u16, code: &str) -> HttpResponse {
    let kind = format!("com.amazonaws.dynamodb.v20120810#{code}");
    reply(status, &json!({"__type": kind, "message": "made up"}))
}
