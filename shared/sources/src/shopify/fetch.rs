//! Orders that a body names without telling how they are.

use jiff::Timestamp;
use loyalty::ids::{OrderRef, Source};
use serde::Deserialize;

use super::shape::Shape;
use crate::read::{at, parse};
use crate::{Told, Unreadable};

#[derive(Debug, Deserialize)]
struct IdAlone {
    id: u64,
}

#[derive(Debug, Deserialize)]
struct OfEdit {
    order_edit: Edit,
}

#[derive(Debug, Deserialize)]
struct Edit {
    order_id: u64,
    committed_at: Option<Timestamp>,
}

/// What a bare id tells under a topic that expects `expected`. The bus sends it in place
/// of a body that is too large; an order can be asked for, of the rest nothing is told
/// by an id.
pub(super) fn by_id(
    expected: Shape,
    body: &str,
    triggered_at: Option<Timestamp>,
) -> Result<Told, Unreadable> {
    let what = match expected {
        Shape::Order => return fetch(parse::<IdAlone>(body)?.id, "id", triggered_at),
        // Which order it belongs to stood in the body.
        Shape::Refund => {
            "a refund can't be fetched by its id alone; its order's next webhook brings it"
        }
        Shape::Customer | Shape::Consent | Shape::CustomerMerge => {
            "a customer can't be fetched by an id alone; save the customer in Shopify again"
        }
        _ => {
            let expected = expected.name();
            return Err(Unreadable(format!("the topic says {expected}, the body is an id alone")));
        }
    };
    Err(Unreadable(format!("the body was too large to be sent, and {what}")))
}

/// The order that an edit belongs to.
pub(super) fn edited(body: &str) -> Result<Told, Unreadable> {
    let Edit { order_id, committed_at } = parse::<OfEdit>(body)?.order_edit;
    fetch(order_id, "order_edit.order_id", committed_at)
}

fn fetch(id: u64, path: &str, as_of: Option<Timestamp>) -> Result<Told, Unreadable> {
    let id = id.to_string().parse().map_err(|error| at(path, error))?;
    Ok(Told::Fetch { order: OrderRef { source: Source::Shopify, id }, as_of })
}
