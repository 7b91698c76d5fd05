//! The table: its keys and indexes, and what keeps its data safe.

use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::types::{
    KeySchemaElement, KeyType, PointInTimeRecoveryStatus, StreamViewType, TableDescription,
    TableStatus, TimeToLiveStatus,
};
use platform::store::table::{EXPIRES_AT, INDEXES, PK, SK};

use super::report::Report;
use crate::stack::{Stack, refused};

const CHECK: &str = "table";

/// Looks at it.
pub(super) async fn look(stack: &Stack, report: &mut Report) {
    let (client, name) = (stack.connection.dynamodb(), &stack.record.table);
    let table = match client.describe_table().table_name(name).send().await {
        Ok(answer) => answer.table.unwrap_or_else(|| TableDescription::builder().build()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(DescribeTableError::is_resource_not_found_exception) =>
        {
            report
                .wrong(CHECK, format_args!("there is no table {name}: `terraform apply` makes it"));
            return;
        }
        Err(error) => {
            report.wrong(CHECK, refused("it can't be looked at", &error));
            return;
        }
    };
    let amiss = amiss(&table);
    report.is(
        CHECK,
        amiss.is_empty(),
        format_args!("{name} has its keys, its {} indexes and its stream", INDEXES.len()),
        format_args!("{name}: {}: `terraform apply` mends it", amiss.join("; ")),
    );
    expiry(stack, report).await;
    backups(stack, report).await;
}

/// What isn't as the one definition of the table has it.
fn amiss(table: &TableDescription) -> Vec<String> {
    let mut amiss = Vec::new();
    if table.table_status() != Some(&TableStatus::Active) {
        let status = table.table_status().map_or("unknown", TableStatus::as_str);
        amiss.push(format!("its status is {status}"));
    }
    if !is_key(table.key_schema(), PK, SK) {
        amiss.push(format!("its keys aren't {PK} and {SK}"));
    }
    for index in INDEXES {
        let found = table.global_secondary_indexes().iter();
        let found = found.clone().find(|found| found.index_name() == Some(index.name));
        match found {
            None => amiss.push(format!("its index {} is missing", index.name)),
            Some(found) if !is_key(found.key_schema(), index.partition, index.sort) => {
                amiss.push(format!("its index {} has other keys", index.name));
            }
            Some(_) => {}
        }
    }
    let stream = table.stream_specification();
    let whole = Some(&StreamViewType::NewAndOldImages);
    if !stream.is_some_and(|found| found.stream_enabled && found.stream_view_type() == whole) {
        amiss.push("its stream isn't on with old and new images".to_owned());
    }
    amiss
}

fn is_key(schema: &[KeySchemaElement], partition: &str, sort: &str) -> bool {
    let is = |name: &str, kind: &KeyType| {
        schema.iter().any(|one| one.attribute_name() == name && one.key_type() == kind)
    };
    schema.len() == 2 && is(partition, &KeyType::Hash) && is(sort, &KeyType::Range)
}

async fn expiry(stack: &Stack, report: &mut Report) {
    let (client, name) = (stack.connection.dynamodb(), &stack.record.table);
    match client.describe_time_to_live().table_name(name).send().await {
        Ok(answer) => {
            let found = answer.time_to_live_description();
            let status = found.and_then(|found| found.time_to_live_status());
            let on = matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling));
            let right = found.is_some_and(|found| found.attribute_name() == Some(EXPIRES_AT));
            report.is(
                "table's expiry",
                on && right,
                format_args!("old rubbish goes by {EXPIRES_AT}"),
                format_args!("nothing goes by {EXPIRES_AT}: `terraform apply` turns it on"),
            );
        }
        Err(error) => report.wrong("table's expiry", refused("it can't be looked at", &error)),
    }
}

async fn backups(stack: &Stack, report: &mut Report) {
    let (client, name) = (stack.connection.dynamodb(), &stack.record.table);
    match client.describe_continuous_backups().table_name(name).send().await {
        Ok(answer) => {
            let recovery = answer
                .continuous_backups_description
                .and_then(|found| found.point_in_time_recovery_description)
                .and_then(|found| found.point_in_time_recovery_status);
            report.is(
                "table's backups",
                recovery == Some(PointInTimeRecoveryStatus::Enabled),
                "any second of the last weeks can be brought back",
                "point-in-time recovery is off: `terraform apply` turns it on",
            );
        }
        Err(error) => report.wrong("table's backups", refused("it can't be looked at", &error)),
    }
}
