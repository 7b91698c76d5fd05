//! `regulars`: the whole system on one machine. The server, a demo of a year, and what
//! an owner needs from a shell.

mod backfill;
mod cli;
mod clock;
mod console;
mod correct;
mod demo;
mod doctor;
mod failure;
mod home;
mod local;
mod mail;
mod nights;
mod preview;
mod program;
mod pump;
mod replay;
mod samples;
mod secrets;
mod send;
mod serve;
mod server;
mod shopify;
mod simulate;
mod square;
mod stack;

use std::process::ExitCode;

use clap::Parser;
use platform::telemetry::{self, Format};

use crate::cli::Cli;

/// The engine and the SDK allocate all day: the system's allocator would take a quarter
/// more of the demo's and the simulator's time. The Lambdas keep the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let variable = |name: &str| std::env::var(name).ok();
    let cli = Cli::parse();
    let filter = variable("RUST_LOG").unwrap_or_else(|| cli.command.log_filter().to_owned());
    telemetry::init(Format::Text, Some(&filter));
    match cli.command.run(&variable).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            console::complain(format_args!("regulars: {failure}"));
            ExitCode::FAILURE
        }
    }
}
