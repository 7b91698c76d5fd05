//! `regulars doctor`: looks at a deployment from outside and says what to do next.

mod dns;
mod events;
mod functions;
mod report;
mod schedule;
mod sender;
mod sources;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use platform::Clock;
use secrecy::SecretString;

use self::dns::Dns;
use self::report::Report;
use crate::cli::{DoctorArgs, Environment};
use crate::console;
use crate::failure::Failure;
use crate::stack::secrets::{Own, wanted};
use crate::stack::{Entry, Stack};

/// The secrets of a deployment, as far as they could be read.
type Known = BTreeMap<String, Entry>;

/// Looks at a deployment.
pub(crate) async fn run(args: &DoctorArgs, environment: Environment<'_>) -> Result<(), Failure> {
    let stack = Stack::open(&args.stack, environment).await?;
    let dns = Dns::of_this_machine()?;
    let report = looked(&stack, args, environment, &dns, Clock::system().now()).await?;
    match args.json {
        true => console::say(report.json()?),
        false => console::say(&report),
    }
    report.verdict()
}

async fn looked(
    stack: &Stack,
    args: &DoctorArgs,
    environment: Environment<'_>,
    dns: &Dns,
    now: Timestamp,
) -> Result<Report, Failure> {
    let mut report = Report::default();
    let record = &stack.record;
    let at = format!("{} in {}, account {}", record.stack, record.region, record.account);
    report.ok("stack", at);
    table::look(stack, &mut report).await;
    let known = secrets(stack, &mut report).await;
    functions::look(stack, &known, &mut report).await?;
    schedule::look(stack, &mut report).await;
    let services = stack.services(&known, environment, Clock::fixed(now));
    sources::look(stack, &services, args.register, &mut report).await?;
    sender::look(stack, dns, now, &mut report).await;
    events::look(stack, now, &mut report).await;
    Ok(report)
}

/// Whether every secret is there that the shops need.
async fn secrets(stack: &Stack, report: &mut Report) -> Known {
    let known = match stack.vault().all().await {
        Ok(known) => known,
        Err(failure) => {
            report.wrong("secrets", failure);
            return Known::new();
        }
    };
    let name = &stack.record.stack;
    let missing = Own::ALL.map(Own::as_str).into_iter().filter(|own| !known.contains_key(*own));
    let missing: Vec<&str> = missing.collect();
    report.is(
        "secrets",
        missing.is_empty(),
        "identity, api and links are there",
        format_args!(
            "{} missing: `regulars secrets set --stack {name}` makes what can be made",
            missing.join(", ")
        ),
    );
    for (shop, of) in &stack.record.shops {
        let check = format!("secrets of {shop}");
        let missing = wanted(of, |kind| known.contains_key(&format!("{shop}/{}", kind.as_str())));
        if missing.is_empty() {
            report.ok(&check, "what it needs is there");
        }
        for (kind, why) in missing {
            let kind = kind.as_str();
            report.todo(
                &check,
                format_args!("`regulars secrets set {shop}/{kind} --stack {name}`: {why}"),
            );
        }
    }
    known
}

/// The first value of a secret.
fn first<'a>(known: &'a Known, name: &str) -> Option<&'a SecretString> {
    known.get(name)?.values.first()
}
