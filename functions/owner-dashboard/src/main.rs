//! Serves the owner's JSON API. See `lib.rs` for the behaviour.

use lambda_http::Error;
use platform::telemetry::{self, Format};
use platform::{Clock, Config, Services};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let variable = |name: &str| std::env::var(name).ok();
    telemetry::init(Format::Json, variable("RUST_LOG").as_deref());
    let config = Config::from_env(variable)?;
    let services = Services::connect(&config, Clock::system()).await?;
    lambda_http::run(owner_dashboard::router(services)).await
}
