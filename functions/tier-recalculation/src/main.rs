//! The points night. See `lib.rs` for the behaviour.
fn main() {}
