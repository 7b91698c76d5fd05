//! The hourly schedules: the mailer's, and one for each night.

use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::operation::get_schedule::{GetScheduleError, GetScheduleOutput};
use aws_sdk_scheduler::types::ScheduleState;
use platform::store::keys::Nightly;

use super::report::Report;
use crate::stack::{SCHEDULER, Stack, refused};

const CHECK: &str = "schedule";

/// Looks at them. The mailer's is the one that the stack is known by; the others are called
/// after it and their function.
pub(super) async fn look(stack: &Stack, report: &mut Report) {
    let client = Client::new(&stack.connection.service(SCHEDULER));
    let mailers = &stack.record.schedule;
    of_function(&client, stack, mailers, "mailer", report).await;
    for night in [Nightly::Mail, Nightly::Points].map(Nightly::deployed) {
        of_function(&client, stack, &format!("{mailers}-{night}"), night, report).await;
    }
}

async fn of_function(
    client: &Client,
    stack: &Stack,
    name: &str,
    function: &str,
    report: &mut Report,
) {
    match client.get_schedule().name(name).send().await {
        Ok(found) => {
            let amiss = amiss(&found, stack.record.function(function).unwrap_or_default());
            report.is(
                CHECK,
                amiss.is_none(),
                format_args!("{name} starts {function} each hour"),
                format_args!("{name} {}: `terraform apply` mends it", amiss.unwrap_or_default()),
            );
        }
        Err(error)
            if error
                .as_service_error()
                .is_some_and(GetScheduleError::is_resource_not_found_exception) =>
        {
            report.wrong(CHECK, format_args!("there is no {name}: `terraform apply` makes it"));
        }
        Err(error) => report.wrong(CHECK, refused("it can't be looked at", &error)),
    }
}

fn amiss(found: &GetScheduleOutput, function: &str) -> Option<&'static str> {
    let target = found.target();
    let goes_to = |arn: &str| arn.split(':').nth(6) == Some(function);
    if found.state() != Some(&ScheduleState::Enabled) {
        Some("is off, so that what is due waits")
    } else if !found.schedule_expression().is_some_and(is_hourly) {
        Some("isn't hourly")
    } else if !target.is_some_and(|target| goes_to(target.arn())) {
        Some("doesn't go to its function")
    } else if !target.and_then(|target| target.input()).is_some_and(|it| it.contains("\"hourly\""))
    {
        Some("doesn't say that it is the hour's")
    } else {
        None
    }
}

/// Whether an expression means each hour: by a rate, or at a minute of every hour.
fn is_hourly(expression: &str) -> bool {
    if matches!(expression, "rate(1 hour)" | "rate(1 hours)" | "rate(60 minutes)") {
        return true;
    }
    let fields = expression.strip_prefix("cron(").and_then(|rest| rest.strip_suffix(')'));
    let Some((minute, rest)) = fields.and_then(|fields| fields.split_once(' ')) else {
        return false;
    };
    minute.parse::<u8>().is_ok_and(|minute| minute < 60)
        && matches!(rest, "* * * ? *" | "* ? * * *")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hourly_expression_is_told_from_others() {
        for hourly in ["rate(1 hour)", "cron(0 * * * ? *)", "cron(17 * * * ? *)"] {
            assert!(is_hourly(hourly), "{hourly}");
        }
        for other in
            ["rate(1 day)", "rate(2 hours)", "cron(0 4 * * ? *)", "cron(0/5 * * * ? *)", ""]
        {
            assert!(!is_hourly(other), "{other}");
        }
    }
}
