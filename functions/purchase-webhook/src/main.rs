//! Takes Shopify's webhooks. See `lib.rs` for the behaviour.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use platform::telemetry::{self, Format};
use platform::{Clock, Config, Services, invoke};
use purchase_webhook::bus;
use serde_json::value::RawValue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let variable = |name: &str| std::env::var(name).ok();
    telemetry::init(Format::Json, variable("RUST_LOG").as_deref());
    let config = Config::from_env(variable)?;
    let services = Services::connect(&config, Clock::system()).await?;
    let router = purchase_webhook::router(services.clone());
    let handle = async |event: LambdaEvent<Box<RawValue>>| -> Result<Box<RawValue>, Error> {
        if bus::is_shopifys(&event.payload) {
            // Boxed: the compiler gives up on laying out so deep a future.
            Box::pin(bus::handle(&services, &event.payload)).await?;
            return Ok(RawValue::NULL.to_owned());
        }
        Ok(Box::pin(invoke::http(router.clone(), event.payload)).await?)
    };
    lambda_runtime::run(service_fn(handle)).await
}
