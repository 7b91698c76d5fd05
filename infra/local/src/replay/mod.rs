//! `regulars replay`: puts dead letters back where they were to go, once what was wrong is
//! mended. Everything takes the same thing twice, so that an answer that was lost does no harm.

mod attribute;
mod letter;
mod queue;
mod set_aside;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use loyalty::ids::ShopId;
use loyalty::month::Month;
use mailer::Mailer;
use platform::telemetry::Metrics;
use platform::{Clock, Services, Sites};
use testkit::aws::Cloud;

use self::set_aside::Planner;
use crate::cli::{Data, Environment, ReplayArgs};
use crate::console;
use crate::failure::Failure;
use crate::home::{Home, has_data};
use crate::stack::{Stack, StackName};

/// What was done, a line a letter.
#[derive(Debug, Default)]
struct Told {
    lines: Vec<String>,
    /// Letters that were put back, or would be.
    back: usize,
    /// Letters that stay.
    stay: usize,
}

impl Told {
    fn back(&mut self, line: String) {
        self.back = self.back.saturating_add(1);
        self.lines.push(line);
    }

    fn stays(&mut self, line: String) {
        self.stay = self.stay.saturating_add(1);
        self.lines.push(line);
    }

    fn text(&self, dry_run: bool) -> String {
        let Self { lines, back, stay } = self;
        if lines.is_empty() {
            return "There are no dead letters.".to_owned();
        }
        let how = if dry_run { "would be put back" } else { "put back" };
        format!("{}\n{back} {how}, {stay} stay.", lines.join("\n"))
    }
}

/// Puts dead letters back.
pub(crate) async fn run(args: &ReplayArgs, environment: Environment<'_>) -> Result<(), Failure> {
    let clock = Clock::system();
    let told = match &args.stack {
        Some(name) => in_stack(name, args.dry_run, environment, clock).await?,
        None => here(args, environment, clock).await?,
    };
    console::say(told.text(args.dry_run));
    Ok(())
}

async fn in_stack(
    name: &StackName,
    dry_run: bool,
    environment: Environment<'_>,
    clock: Clock,
) -> Result<Told, Failure> {
    let stack = Stack::open(name, environment).await?;
    let mut told = Told::default();
    queue::replay(&stack, dry_run, clock.now(), &mut told).await?;
    let services = stack.services(&stack.vault().all().await?, environment, clock);
    let planner = Planner::of(&stack);
    let shops = stack.record.shops.keys();
    set_aside::replay(&services, &planner, shops, dry_run, &mut told).await?;
    Ok(told)
}

async fn here(
    args: &ReplayArgs,
    environment: Environment<'_>,
    clock: Clock,
) -> Result<Told, Failure> {
    // Asking after nothing shouldn't make it.
    if !has_data(&args.data) {
        return Err(Failure::new(format!("there is no data in {}", args.data.display())));
    }
    let home = Home::open(&Data::Dir(args.data.clone()), environment).await?;
    let sites = Sites::from_env(environment)
        .map_err(|error| Failure::because("the environment can't be read", &error))?;
    let services = Services {
        store: home.store.clone(),
        secrets: home.secrets.lists(),
        sites: Arc::new(sites),
        clock: clock.clone(),
        metrics: Metrics::default(),
    };
    // Planning sends nothing: what is due is found by the running server within the hour.
    let cloud = Cloud::new(home.embedded.clone(), clock);
    let mailer = Mailer::new(services.clone(), cloud.mail(), cloud.events());
    let mailer = mailer.map_err(|error| Failure::because("mail can't be planned", &error))?;
    let mut told = Told::default();
    let planner = Planner::Here(Box::new(mailer));
    let shops: BTreeSet<ShopId> = home.secrets.shops().cloned().collect();
    set_aside::replay(&services, &planner, &shops, args.dry_run, &mut told).await?;
    Ok(told)
}

/// The months whose lists may have something of the last weeks: this one and the last.
pub(crate) fn latest_months(now: Timestamp) -> [Month; 2] {
    let month = Month::of(now.to_zoned(TimeZone::UTC).date());
    [month, month.plus(-1)]
}
