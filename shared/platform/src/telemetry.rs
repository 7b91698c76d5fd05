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
    let mut filter = filter.unwrap_or_else(|| EnvFilter::new("info"));
    // At TRACE the Lambda runtime prints whole events, tokens and addresses included.
    if filter.max_level_hint().is_none_or(|level| level > tracing::Level::INFO) {
        for calmed in ["lambda_runtime=info", "lambda_http=info", "aws_smithy_runtime=info"] {
            if let Ok(directive) = calmed.parse() {
                filter = filter.add_directive(directive);
            }
        }
    }
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        Format::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
        Format::Text => builder.with_target(false).try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}

/// An error and its causes on one line. The JSON formatter prints an error's first line
/// only, and the cause is what one looks for.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}

/// Counts one of `name`, with what tells one kind from another.
#[macro_export]
macro_rules! count {
    ($name:literal $(, $field:ident = $value:expr)* $(,)?) => {
        ::tracing::info!(metric = $name, count = 1_u64 $(, $field = $value)*)
    };
}
