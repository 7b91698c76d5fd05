//! Which object an event brings.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Data, Event};
use crate::Unreadable;
use crate::read::{Any, parse};

/// An object whose events tell something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Payment,
    Refund,
    Customer,
    Revocation,
}

#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct Objects(BTreeMap<String, Any>);

/// Fails unless the event brings the object `expected`.
pub(super) fn expect(expected: Shape, body: &str) -> Result<(), Unreadable> {
    let Event { data: Data { object: Objects(found) }, .. } = parse::<Event<Objects>>(body)?;
    if found.contains_key(expected.key()) {
        return Ok(());
    }
    // Not the key itself: that could be anything.
    let all = [Shape::Payment, Shape::Refund, Shape::Customer, Shape::Revocation];
    let found = all.into_iter().find(|shape| found.contains_key(shape.key()));
    let found = found.map_or("nothing we know", Shape::name);
    let expected = expected.name();
    Err(Unreadable(format!("the type says {expected}, the body has {found}")))
}

impl Shape {
    fn key(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Refund => "refund",
            Self::Customer => "customer",
            Self::Revocation => "revocation",
        }
    }

    /// As a person would call it.
    fn name(self) -> &'static str {
        match self {
            Self::Payment => "a payment",
            Self::Refund => "a refund",
            Self::Customer => "a customer",
            Self::Revocation => "a revocation",
        }
    }
}
