//! What happened last: the queue of dead letters, and the newest things in the table.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use loyalty::ids::ShopId;
use loyalty::month::Month;
use platform::store::StoreError;
use platform::store::keys::List;

use super::report::Report;
use crate::replay::latest_months;
use crate::stack::{SQS, Stack, refused};

/// Looks at them.
pub(super) async fn look(stack: &Stack, now: Timestamp, report: &mut Report) {
    queue(stack, report).await;
    for shop in stack.record.shops.keys() {
        let check = format!("events of {shop}");
        match of_shop(stack, shop, now, &check, report).await {
            Ok(()) => {}
            Err(error) => {
                let chain = error.chain();
                report.wrong(&check, format_args!("the table can't be read: {chain}"));
            }
        }
    }
}

async fn queue(stack: &Stack, report: &mut Report) {
    const CHECK: &str = "dead letters";
    let client = Client::new(&stack.connection.service(SQS));
    let depth = QueueAttributeName::ApproximateNumberOfMessages;
    let asked = client.get_queue_attributes().queue_url(&stack.record.dead_letters);
    match asked.attribute_names(depth.clone()).send().await {
        Ok(answer) => {
            let found = answer.attributes.unwrap_or_default().remove(&depth);
            let name = &stack.record.stack;
            match found.as_deref() {
                Some("0") => report.ok(CHECK, "none waits in the queue"),
                Some(count) => report.todo(
                    CHECK,
                    format_args!(
                        "{count} in the queue: find out why, then `regulars replay --stack {name}` \
                         puts them back"
                    ),
                ),
                None => report.wrong(CHECK, "the queue doesn't say how many it has"),
            }
        }
        Err(error) => report.wrong(CHECK, refused("the queue can't be looked at", &error)),
    }
}

async fn of_shop(
    stack: &Stack,
    shop: &ShopId,
    now: Timestamp,
    check: &str,
    report: &mut Report,
) -> Result<(), StoreError> {
    let mut known = Vec::new();
    type Of = fn(Month) -> List<'static>;
    let lists: [(&str, Of); 3] = [
        ("new customer", List::Customers),
        ("purchase of nobody known", List::Unclaimed),
        ("message", |month| List::Messages { troubled: false, month }),
    ];
    for (what, list) in lists {
        if let Some(at) = newest(stack, shop, list, now).await? {
            let at = at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC");
            known.push(format!("last {what} {at}"));
        }
    }
    match known.is_empty() {
        true => report.todo(
            check,
            "nothing yet in these two months: a paid test order shows whether purchases arrive",
        ),
        false => report.ok(check, known.join(", ")),
    }
    let mut letters = 0_usize;
    for month in latest_months(now) {
        letters = letters.saturating_add(stack.store.dead_letters(shop, month).await?.len());
    }
    if letters > 0 {
        let name = &stack.record.stack;
        report.todo(
            check,
            format_args!(
                "{letters} set aside in the table: `regulars replay --stack {name} --dry-run` \
                 says why"
            ),
        );
    }
    Ok(())
}

async fn newest(
    stack: &Stack,
    shop: &ShopId,
    list: fn(Month) -> List<'static>,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    for month in latest_months(now) {
        if let Some(at) = stack.store.latest_in(shop, list(month)).await? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}
