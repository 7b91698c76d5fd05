//! The points night. See `lib.rs` for the behaviour.

use std::time::{Duration, SystemTime};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use platform::aws::Connection;
use platform::bus::Bus;
use platform::telemetry::{self, Format};
use platform::{Clock, Config, Services};

use serde_json::value::RawValue;
use sources::api::ShopifyAccess;
use tier_recalculation::Recalculation;

/// What is begun may take so long: a page of customers, or one question to a source.
const LAST_WORK: Duration = Duration::from_secs(40);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let variable = |name: &str| std::env::var(name).ok();
    telemetry::init(Format::Json, variable("RUST_LOG").as_deref());
    let config = Config::from_env(variable)?;
    let services = Services::connect(&config, Clock::system()).await?;
    let bus = Bus::new(Connection::from(&config).eventbridge(), config.bus.clone());
    let function = Recalculation::new(services, bus, ShopifyAccess::new()?);
    let handle = async |event: LambdaEvent<Box<RawValue>>| -> Result<(), Error> {
        #[expect(clippy::disallowed_methods, reason = "Lambda's deadline is the machine's time")]
        let now = SystemTime::now();
        let left = event.context.deadline().duration_since(now).unwrap_or_default();
        let budget = left.saturating_sub(LAST_WORK);
        Ok(Box::pin(tier_recalculation::handle(&function, &event.payload, budget)).await?)
    };
    lambda_runtime::run(service_fn(handle)).await
}
