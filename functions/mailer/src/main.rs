//! Plans and sends mail. See `lib.rs` for the behaviour.

use std::time::{Duration, SystemTime};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use mailer::{Mailer, invoke};
use platform::aws::Connection;
use platform::bus::Bus;
use platform::mail::Mail;
use platform::telemetry::{self, Format};
use platform::{Clock, Config, Services};
use serde_json::value::RawValue;

/// What is begun may take so long: one mail, or one question to a source.
const LAST_WORK: Duration = Duration::from_secs(40);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let variable = |name: &str| std::env::var(name).ok();
    telemetry::init(Format::Json, variable("RUST_LOG").as_deref());
    let config = Config::from_env(variable)?;
    let services = Services::connect(&config, Clock::system()).await?;
    let connection = Connection::from(&config);
    let bus = Bus::new(connection.eventbridge(), config.bus.clone());
    let mailer = Mailer::new(services, Mail::new(connection.ses()), bus)?;
    let mailer = mailer.with_configuration_sets(config.configuration_sets.clone());
    let handle = async |event: LambdaEvent<Box<RawValue>>| -> Result<Box<RawValue>, Error> {
        #[expect(clippy::disallowed_methods, reason = "Lambda's deadline is the machine's time")]
        let now = SystemTime::now();
        let left = event.context.deadline().duration_since(now).unwrap_or_default();
        let budget = left.saturating_sub(LAST_WORK);
        // Boxed: the compiler gives up on laying out so deep a future.
        Ok(Box::pin(invoke::handle(&mailer, &event.payload, budget)).await?)
    };
    lambda_runtime::run(service_fn(handle)).await
}
