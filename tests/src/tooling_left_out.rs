//! Says which suites `cargo test` alone leaves out: the ones that need more than Rust.
//!
//! A test target with its own `main`, because libtest shows nothing of a test that passes.
#![expect(clippy::print_stdout, reason = "to be read is all it's for")]

/// The script that has all suites, and their list.
const RUN: &str = include_str!("../run");

fn main() {
    // nextest asks for a list of tests first; this is none.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    println!("\nleft out, for needing more than Rust (`./tests/run` has them):");
    for (name, needs, shows) in suites(RUN).filter(|(_, needs, _)| *needs != "nothing") {
        println!("  {name} (needs {needs}): {shows}");
    }
    println!();
}

/// Name, needs and description of each line between the two words `SUITES`.
fn suites(run: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    run.lines()
        .skip_while(|line| !line.ends_with("<<'SUITES'"))
        .skip(1)
        .take_while(|line| *line != "SUITES")
        .filter_map(|line| {
            let (name, rest) = line.split_once(' ')?;
            let (needs, shows) = rest.trim_start().split_once(' ')?;
            Some((name, needs, shows.trim_start()))
        })
}
