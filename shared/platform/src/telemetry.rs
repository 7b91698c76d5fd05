//! JSON logs: what happened and to which id, never a name, an address, a body or a token.
//!
//! Counts are log lines with a `metric` field, which a metric filter adds up: a counter
//! item in the table would cost a write a request and be a hot key.

use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How a process logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A JSON object a line, for machines.
    Json,
    /// For a terminal.
    Text,
}

/// Starts logging. `filter` names levels as `RUST_LOG` does, by target: `info`, or
/// `warn,purchase_webhook=debug`; unreadable, it is `info`. (Its finer forms, by span and
/// field, would cost every cold start a third of a megabyte.) Logging that has been
/// started stays as it is.
pub fn init(format: Format, filter: Option<&str>) {
    let filter = filter.and_then(|text| text.parse().ok());
    let filter: Targets = filter.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    // At TRACE the Lambda runtime prints whole events, tokens and addresses included.
    let calmed = ["lambda_runtime", "lambda_http", "aws_smithy_runtime"];
    let filter = calmed.into_iter().fold(filter, |filter, target| {
        let wanted = filter.would_enable(target, &Level::DEBUG);
        if wanted { filter.with_target(target, LevelFilter::INFO) } else { filter }
    });
    let layer = fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(filter);
    let started = match format {
        Format::Json => {
            registry.with(layer.json().flatten_event(true).with_current_span(false)).try_init()
        }
        Format::Text => registry.with(layer.with_target(false)).try_init(),
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
