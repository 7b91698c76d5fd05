//! The functions: that they are there, know their stack, and may do what they have to; and
//! that the world reaches them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{LastUpdateStatus, State as FunctionState};
use loyalty::ids::Source;
use serde_json::{Value, json};
use sources::api::{Answered, Http};

use super::report::Report;
use super::{Known, first};
use crate::failure::{Failure, chain};
use crate::stack::{LAMBDA, Record, Stack, refused};

/// Every function that a deployment has.
const FUNCTIONS: [&str; 8] = [
    "purchase-webhook",
    "owner-dashboard",
    "customer-portal",
    "survey-response",
    "mailer",
    "mail-feedback",
    "reengagement-scan",
    "tier-recalculation",
];

/// The variable that lists shops by their domains, in no order.
const SHOPIFY_SHOPS: &str = "REGULARS_SHOPIFY_SHOPS";

/// Looks at them.
pub(super) async fn look(stack: &Stack, known: &Known, report: &mut Report) -> Result<(), Failure> {
    let client = Client::new(&stack.connection.service(LAMBDA));
    for which in FUNCTIONS {
        match stack.record.function(which) {
            Some(name) => configuration(&client, &stack.record, name, report).await,
            None => report.wrong(which, "the stack doesn't name it: `terraform apply`"),
        }
    }
    let http = Http::new().map_err(|error| Failure::because("nothing can be asked", &error))?;
    webhooks(&http, &stack.record, report).await;
    api(&http, &stack.record, known, report).await;
    pages(&http, &stack.record, report).await;
    mailer(&client, &stack.record, report).await;
    mail_feedback(&client, &stack.record, report).await;
    Ok(())
}

async fn configuration(client: &Client, record: &Record, name: &str, report: &mut Report) {
    match client.get_function_configuration().function_name(name).send().await {
        Ok(found) => {
            let amiss = amiss(&found, record);
            report.is(
                name,
                amiss.is_empty(),
                "it is active and knows its stack",
                format_args!("{}: `terraform apply` mends it", amiss.join("; ")),
            );
        }
        Err(error)
            if error.as_service_error().is_some_and(|it| it.is_resource_not_found_exception()) =>
        {
            report.wrong(name, "it isn't there: `terraform apply` makes it");
        }
        Err(error) => report.wrong(name, refused("it can't be looked at", &error)),
    }
}

/// What isn't as the stack's record has it.
fn amiss(found: &GetFunctionConfigurationOutput, record: &Record) -> Vec<String> {
    let mut amiss = Vec::new();
    // Inactive: not run for weeks, and started by the next call.
    if !matches!(found.state(), Some(FunctionState::Active | FunctionState::Inactive)) {
        let why = found.state_reason().unwrap_or("it isn't said why");
        amiss.push(format!("it isn't active ({why})"));
    }
    if found.last_update_status() == Some(&LastUpdateStatus::Failed) {
        let why = found.last_update_status_reason().unwrap_or("it isn't said why");
        amiss.push(format!("its last update failed ({why})"));
    }
    let set = found.environment().and_then(|found| found.variables().cloned()).unwrap_or_default();
    for (name, expected) in expected(record) {
        if !is_set(&set, name, &expected) {
            amiss.push(format!("its variable {name} isn't `{expected}`"));
        }
    }
    amiss
}

fn expected(record: &Record) -> BTreeMap<&'static str, String> {
    let domain = |(shop, of): (_, &crate::stack::record::Shop)| {
        Some(format!("{}={shop}", of.shopify.as_ref()?))
    };
    let domains: Vec<String> = record.shops.iter().filter_map(domain).collect();
    [
        ("REGULARS_STACK", record.stack.clone()),
        ("REGULARS_TABLE", record.table.clone()),
        ("REGULARS_SECRETS_PATH", record.secrets_path.clone()),
        ("REGULARS_PUBLIC_URL", record.public_url.clone()),
        ("REGULARS_CONFIGURATION_SETS", record.stack.clone()),
        (SHOPIFY_SHOPS, domains.join(",")),
    ]
    .into()
}

fn is_set(set: &HashMap<String, String>, name: &str, expected: &str) -> bool {
    let found = set.get(name).map_or("", String::as_str);
    let parts = |list: &str| -> BTreeSet<String> {
        let parts = list.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    };
    match name {
        SHOPIFY_SHOPS => parts(found) == parts(expected),
        _ => found == expected,
    }
}

/// An unsigned webhook is refused by the function itself.
async fn webhooks(http: &Http, record: &Record, report: &mut Report) {
    let Some(shop) = record.shops.keys().next() else { return };
    let url = record.webhook_url(Source::Shopify, shop);
    let answered = http.look(&url, Some("{}"), None).await;
    told(report, "webhooks", answered, |answered| match answered.status {
        401 => Ok("an unsigned one is refused, as it has to be".to_owned()),
        status => Err(format!(
            "an unsigned one is answered {status} and not 401: look at the log of {}",
            record.function("purchase-webhook").unwrap_or("purchase-webhook")
        )),
    });
}

/// The API answers to its token.
async fn api(http: &Http, record: &Record, known: &Known, report: &mut Report) {
    const CHECK: &str = "API";
    let Some(token) = first(known, "api") else {
        report.todo(CHECK, "its token isn't set, so that it can't be asked");
        return;
    };
    let Some(shop) = record.shops.keys().next() else { return };
    let base = record.public_url.trim_end_matches('/');
    let url = format!("{base}/api/v1/shops/{shop}/mail-mode");
    let stack = &record.stack;
    told(report, CHECK, http.look(&url, None, Some(token)).await, |answered| {
        match answered.status {
            200 => Ok("it answers to its token".to_owned()),
            // Of ours are problems alone; the gateway says JSON.
            404 if answered.content_type.starts_with("application/problem") => Ok(format!(
                "it answers to its token; {shop} has no program yet: `regulars program apply FILE \
                 --stack {stack}`"
            )),
            401 => Err("it doesn't take its token: it may take a minute after a rotation".into()),
            status => Err(format!(
                "it answers {status}: look at the log of {}",
                record.function("owner-dashboard").unwrap_or("owner-dashboard")
            )),
        }
    });
}

/// A link that isn't ours is answered with a page that says so.
async fn pages(http: &Http, record: &Record, report: &mut Report) {
    for (shop, of) in &record.shops {
        let base = of.link_url.as_deref().unwrap_or(&record.public_url).trim_end_matches('/');
        let answered = http.look(&format!("{base}/u/doctor"), None, None).await;
        told(report, &format!("pages of {shop}"), answered, |answered| {
            if answered.status < 500 && answered.content_type.starts_with("text/html") {
                return Ok(format!("they answer at {base}"));
            }
            Err(format!(
                "{base} answers {} without a page: look at the log of {}, and at the DNS record \
                 of the host",
                answered.status,
                record.function("customer-portal").unwrap_or("customer-portal")
            ))
        });
    }
}

fn told(
    report: &mut Report,
    check: &str,
    answered: Result<Answered, sources::api::ApiError>,
    judge: impl Fn(&Answered) -> Result<String, String>,
) {
    match answered.map(|answered| judge(&answered)) {
        Ok(Ok(good)) => report.ok(check, good),
        Ok(Err(bad)) => report.wrong(check, bad),
        Err(error) => {
            let chain = chain(&error);
            report.wrong(check, format_args!("nobody answers ({chain}): is the URL right?"));
        }
    }
}

/// A batch of no records starts the mailer and has it read its secrets.
async fn mailer(client: &Client, record: &Record, report: &mut Report) {
    run(client, record, "mailer", &json!({ "Records": [] }), report, |answer| {
        answer.get("batchItemFailures").and_then(Value::as_array).is_some_and(Vec::is_empty)
    })
    .await;
}

/// An event about a message that nobody planned has mail feedback look for it in the table.
async fn mail_feedback(client: &Client, record: &Record, report: &mut Report) {
    let Some(shop) = record.shops.keys().next() else { return };
    let tags = json!({
        "shop": [shop], "customer": ["doctor"], "message": ["doctor"], "to": ["owner"],
    });
    let event = json!({
        "source": "aws.ses", "detail-type": "Email Sent", "detail": {
            "eventType": "Send", "send": {},
            "mail": {
                "timestamp": "2026-01-01T00:00:00.000Z", "messageId": "doctor",
                "destination": [], "tags": tags,
            },
        },
    });
    run(client, record, "mail-feedback", &event, report, |_| true).await;
}

/// Runs a function with something that changes nothing.
async fn run(
    client: &Client,
    record: &Record,
    which: &str,
    event: &Value,
    report: &mut Report,
    fits: impl Fn(&Value) -> bool,
) {
    let Some(name) = record.function(which) else { return };
    let check = format!("{which} runs");
    let payload = Blob::new(event.to_string());
    match client.invoke().function_name(name).payload(payload).send().await {
        Ok(answer) => {
            let payload = answer.payload().map(Blob::as_ref).unwrap_or_default();
            let value: Value = serde_json::from_slice(payload).unwrap_or_default();
            report.is(
                &check,
                answer.function_error().is_none() && fits(&value),
                "it starts, reads its secrets and answers",
                format_args!("it fails: look at the log of {name}"),
            );
        }
        Err(error) => report.wrong(&check, refused("it can't be run", &error)),
    }
}
