//! `regulars simulate`.

use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use testkit::faults::Fault;

use super::{Kind, Options, Report, fault_table};
use crate::cli::SimulateArgs;
use crate::console;
use crate::failure::Failure;

/// Simulates as the command line says, and tells what it found.
fn simulate(args: &SimulateArgs) -> Result<Report, Failure> {
    let faults = if args.faults.is_empty() { Fault::ALL.to_vec() } else { args.faults.clone() };
    let kind = match args.only.as_deref() {
        Some("purchases") => Kind::Purchases,
        Some(_) => Kind::Points,
        None => Kind::All,
    };
    let bar = ProgressBar::new(args.histories);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} histories {elapsed}") {
        bar.set_style(style);
    }
    let share = args.histories.div_ceil(args.jobs);
    let found = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..args.jobs)
            .map(|job| {
                let before = job.saturating_mul(share).min(args.histories);
                let options = Options {
                    histories: share.min(args.histories.saturating_sub(before)),
                    seed: args.seed.wrapping_add(before),
                    faults: faults.clone(),
                    kind,
                    systematic: args.systematic && job == 0,
                    pairs: args.pairs,
                };
                let bar = bar.clone();
                scope.spawn(move || super::run(&options, |more| bar.inc(more)))
            })
            .collect();
        let ended = threads.into_iter().map(|thread| {
            thread.join().unwrap_or_else(|_| Err("the simulator itself panicked".to_owned()))
        });
        ended.collect::<Result<Vec<Report>, String>>()
    });
    bar.finish_and_clear();
    let mut report = Report::default();
    for one in found.map_err(Failure::new)? {
        report.add(one);
    }
    Ok(report)
}

/// `regulars simulate`: exit code 1 at the first broken promise.
pub(crate) fn run(args: &SimulateArgs) -> Result<(), Failure> {
    let began = Instant::now();
    let report = simulate(args)?;
    let millis = began.elapsed().as_millis().max(1);
    let per_second = u128::from(report.histories).saturating_mul(1000) / millis;
    if args.report {
        console::say(fault_table(&report.tally, &Fault::ALL));
    }
    let Report { histories, deliveries, .. } = report;
    console::say(format_args!(
        "{histories} histories, {deliveries} deliveries, {per_second} histories a second on \
         {} thread(s)",
        args.jobs
    ));
    match report.failure {
        Some(failure) => Err(Failure::new(failure)),
        None => {
            console::say("0 violations");
            Ok(())
        }
    }
}
