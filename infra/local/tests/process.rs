//! The binary as a process. What it does there is tested from outside, in `tests/`; that
//! this crate has such a test makes cargo build the binary for those.
#![cfg(test)]

use std::process::Command;

#[test]
fn the_binary_starts_and_tells_its_version() {
    let told = Command::new(env!("CARGO_BIN_EXE_regulars")).arg("--version").output().unwrap();
    assert!(told.status.success());
    assert_eq!(String::from_utf8(told.stdout).unwrap(), "regulars 0.1.0\n");
}
