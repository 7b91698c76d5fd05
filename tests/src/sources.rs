//! What the product's source promises by what isn't in it.

use std::path::Path;

use crate::process::workspace;

/// Every Rust file below a directory that isn't a test.
fn sources(dir: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.display().to_string();
        if path.is_dir() && !name.ends_with("tests") && !name.ends_with("target") {
            sources(&path, found);
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn no_function_scans_the_table() {
    let mut found = Vec::new();
    for dir in ["functions", "shared/platform"] {
        sources(&workspace(dir), &mut found);
    }
    assert!(found.len() > 30, "the sources weren't found");
    for (name, text) in found {
        assert!(
            !text.contains(".scan()"),
            "{name} scans: a scan costs what exists, not what is due"
        );
    }
}
