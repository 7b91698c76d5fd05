//! Serves the pages that ask customers how it was. See `lib.rs` for the behaviour.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use platform::telemetry::{self, Format};
use platform::{Clock, Config, Services, invoke};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let variable = |name: &str| std::env::var(name).ok();
    telemetry::init(Format::Json, variable("RUST_LOG").as_deref());
    let config = Config::from_env(variable)?;
    let services = Services::connect(&config, Clock::system()).await?;
    let router = survey_response::router(services);
    lambda_runtime::run(service_fn(|event: LambdaEvent<_>| {
        let answer = invoke::http(router.clone(), event.payload);
        async { answer.await.map_err(Error::from) }
    }))
    .await
}
