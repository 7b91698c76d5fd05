//! Takes what became of mail. See `lib.rs` for the behaviour.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use platform::telemetry::{self, Format};
use platform::{Clock, Config, Services};
use serde_json::value::RawValue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let variable = |name: &str| std::env::var(name).ok();
    telemetry::init(Format::Json, variable("RUST_LOG").as_deref());
    let config = Config::from_env(variable)?;
    let services = Services::connect(&config, Clock::system()).await?;
    let handle = async |event: LambdaEvent<Box<RawValue>>| -> Result<(), Error> {
        // Boxed: the compiler gives up on laying out so deep a future.
        Box::pin(mail_feedback::handle(&services, &event.payload)).await?;
        Ok(())
    };
    lambda_runtime::run(service_fn(handle)).await
}
