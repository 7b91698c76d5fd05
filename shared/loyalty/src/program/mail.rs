//! What mail the program asks for. Who may get it is for [`crate::mail`] to say.

use std::collections::BTreeSet;

use crate::mail::Kind;
use crate::mail::plan::Receipts;

/// What mail the program asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailRules {
    /// Which purchases members are told about.
    pub receipts: Receipts,
    /// Kinds the shop doesn't send at all; each of them [has a switch](Kind::has_switch).
    pub off: BTreeSet<Kind>,
}
