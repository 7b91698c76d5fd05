//! `regulars secrets`: what a deployment's secrets are called, and how they are set, listed
//! and rotated. A value is read from the terminal or from a pipe and never shown.

mod command;
mod names;
#[cfg(test)]
mod tests;

pub(crate) use self::command::run;
pub(crate) use self::names::{Name, Own, wanted};
