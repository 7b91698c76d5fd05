//! Tests of whether a kind of mail is worth sending: some of those who would get it are
//! held out by chance, and both groups are followed.

mod draw;

pub use self::draw::{Key, KeyError, Trial};
