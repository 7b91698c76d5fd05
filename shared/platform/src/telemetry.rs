//! JSON logs: what happened and to which id, never a name, an address, a body or a token.
//!
//! Counts are log lines with a `metric` field, which a metric filter adds up: a counter
//! item in the table would cost a write a request and be a hot key.

use tracing_subscriber::EnvFilter;

/// How a process logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A JSON object a line, for machines.
    Json,
    /// For a terminal.
    Text,
}

/// Starts logging. `filter` is of the form of `RUST_LOG`; unreadable, it is `info`.
/// Logging that has been started stays as it is.
pub fn init(format: Format, filter: Option<&str>) {
    let filter = filter.and_then(|text| EnvFilter::try_new(text).ok());
    let filter = filter.unwrap_or_else(|| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        Format::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
        Format::Text => builder.with_target(false).try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}

/// Counts one of `name`, with what tells one kind from another.
#[macro_export]
macro_rules! count {
    ($name:literal $(, $field:ident = $value:expr)* $(,)?) => {
        ::tracing::info!(metric = $name, count = 1_u64 $(, $field = $value)*)
    };
}
