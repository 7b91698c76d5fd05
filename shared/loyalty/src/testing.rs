//! What this crate's tests share.

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::program::{Program, ProgramVersion};

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn decimal(text: &str) -> Decimal {
    crate::money::parse_decimal(text).unwrap()
}

/// A US program in dollars with one earning rule per amount; more TOML may follow it.
pub(crate) fn program(earn: &str) -> String {
    format!(
        "[shop]\nid = 'corner-bakery'\nname = 'Corner Bakery'\npreset = 'us'\n\
         currency = 'USD'\ntimezone = 'America/New_York'\n\
         [program]\nname = 'Regulars'\neffective_from = 2020-01-01\nmembership = 'automatic'\n\
         [[earn]]\nper = 'amount'\n{earn}\n"
    )
}

/// Version 1, in force since 2020.
#[track_caller]
pub(crate) fn version(toml: &str) -> ProgramVersion {
    ProgramVersion {
        number: 1,
        effective_from: at("2020-01-01T00:00:00Z"),
        program: Program::parse(toml).unwrap_or_else(|error| panic!("{error}")).into(),
    }
}
