//! The loyalty rules, pure: given the program, the facts and the time, the answer is
//! fixed. No I/O, no clock, no environment, no randomness; that is why this crate
//! depends on no AWS crate and its tests run in seconds.
//!
//! Start with [`order`]: an order is a *state* that every observation only improves,
//! and its points are `target − posted`. [`account`] holds what one customer has,
//! [`program`] what the owner promised, [`posting`] brings the three together.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

pub mod account;
pub mod birthday;
pub mod consent;
pub mod estimate;
pub mod ids;
pub mod language;
pub mod ledger;
pub mod mail;
pub mod merging;
pub mod money;
pub mod month;
pub mod night;
pub mod opening;
pub mod order;
pub mod points_night;
pub mod posting;
pub mod program;
pub mod survey;
#[cfg(test)]
mod testing;
pub mod trial;
pub mod whose;
pub mod worth;

pub use language::Language;
pub use money::{CurrencyCode, Money, Overflow, Points};
