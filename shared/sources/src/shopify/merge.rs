//! `customers/merge`: two records of one customer became one.

use serde::Deserialize;

use crate::read::at;
use crate::{Merged, Told, Unreadable};

#[derive(Debug, Deserialize)]
pub(super) struct Merge {
    admin_graphql_api_customer_kept_id: String,
    admin_graphql_api_customer_deleted_id: String,
    status: Option<String>,
}

/// What a merge tells. Only one that is done merges anything: the same topic tells of
/// those asked for and of those that failed.
pub(super) fn told(merge: &Merge) -> Result<Told, Unreadable> {
    let done = merge.status.as_deref().is_some_and(|status| {
        ["completed", "success"].iter().any(|word| status.eq_ignore_ascii_case(word))
    });
    if !done {
        return Ok(Told::Nothing);
    }
    let kept = id(&merge.admin_graphql_api_customer_kept_id)
        .ok_or_else(|| at("admin_graphql_api_customer_kept_id", "it is no customer's id"))?;
    let gone = id(&merge.admin_graphql_api_customer_deleted_id)
        .ok_or_else(|| at("admin_graphql_api_customer_deleted_id", "it is no customer's id"))?;
    Ok(Told::Merged(Merged { kept, gone: vec![gone], record: None }))
}

/// The number of a `gid://shopify/Customer/…`.
fn id(gid: &str) -> Option<String> {
    let number: u64 = gid.strip_prefix("gid://shopify/Customer/")?.parse().ok()?;
    Some(number.to_string())
}
