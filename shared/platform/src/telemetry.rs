//! JSON logs: what happened and to which id, never a name, an address, a body or a token.
//!
//! Counts are log lines with a `metric` field, which a metric filter adds up: a counter
//! item in the table would cost a write a request and be a hot key.
//!
//! The few numbers that an alarm waits for are metrics of their own ([`Metrics`]): a line in
//! CloudWatch's embedded metric format, which costs no call.

use std::io::Write;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

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

/// The namespace of our own metrics at CloudWatch.
const NAMESPACE: &str = "Regulars";

/// A number that an alarm waits for. Each is told only when there is something to tell: a
/// metric without data costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Shops of which nothing was heard for too many opening hours: how many, by the hour.
    SilentShops,
    /// A shop's marketing paused itself: 1 each time.
    MarketingPaused,
}

impl Metric {
    fn name(self) -> &'static str {
        match self {
            Self::SilentShops => "SilentShops",
            Self::MarketingPaused => "MarketingPaused",
        }
    }
}

/// Tells metrics of a deployment; by default to nobody.
#[derive(Clone, Default)]
pub struct Metrics(Option<Arc<Told>>);

/// To whom metrics are told, and of which deployment.
struct Told {
    stack: String,
    tell: Box<dyn Fn(&str) + Send + Sync>,
}

impl Metrics {
    /// Metrics of this deployment on standard output, from where Lambda takes them to
    /// CloudWatch.
    pub fn on_stdout(stack: &str) -> Self {
        Self::told_to(stack, |line| {
            // Without anybody who reads there is nobody to tell of it either.
            let _ = writeln!(std::io::stdout().lock(), "{line}");
        })
    }

    /// Metrics of this deployment, a line each, to somebody else.
    pub fn told_to(stack: &str, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(Told { stack: stack.to_owned(), tell: Box::new(tell) })))
    }

    /// Tells one number.
    pub fn tell(&self, metric: Metric, value: u64, now: Timestamp) {
        if let Some(told) = &self.0 {
            (told.tell)(&embedded(&told.stack, metric.name(), value, now));
        }
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Metrics({:?})", self.0.as_ref().map(|told| &told.stack))
    }
}

/// A number in CloudWatch's embedded metric format.
fn embedded(stack: &str, name: &str, value: u64, now: Timestamp) -> String {
    let metric = json!({ "Name": name, "Unit": "Count" });
    let directive =
        json!({ "Namespace": NAMESPACE, "Dimensions": [["Stack"]], "Metrics": [metric] });
    let aws = json!({ "Timestamp": now.as_millisecond(), "CloudWatchMetrics": [directive] });
    json!({ "_aws": aws, "Stack": stack, name: value }).to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_metric_is_a_line_that_cloudwatch_reads() {
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&lines);
        let metrics =
            Metrics::told_to("bakery", move |line| kept.lock().unwrap().push(line.to_owned()));
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        metrics.tell(Metric::SilentShops, 2, now);
        insta::assert_snapshot!(
            lines.lock().unwrap().join("\n"),
            @r#"{"SilentShops":2,"Stack":"bakery","_aws":{"CloudWatchMetrics":[{"Dimensions":[["Stack"]],"Metrics":[{"Name":"SilentShops","Unit":"Count"}],"Namespace":"Regulars"}],"Timestamp":1795348800000}}"#
        );
        Metrics::default().tell(Metric::SilentShops, 2, now);
        assert_eq!(lines.lock().unwrap().len(), 1);
    }
}
