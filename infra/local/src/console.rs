//! The one place that writes to the terminal.
//!
//! A reader who went away (`regulars demo | head`) is no reason to fail, so that errors
//! of the streams themselves are let go.

use std::fmt::Display;
use std::io::Write;

/// Says something on standard output, as a line.
pub(crate) fn say(text: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Says what is wrong or worth noting on standard error, as a line.
pub(crate) fn complain(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
