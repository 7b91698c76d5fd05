//! `regulars demo`: a seeded year of a bakery, its web shop at Shopify and its till at
//! Square, played through the real webhook routes and lived through night by night, and the
//! proof that the points are right. People fall silent, and some come back by a letter: what
//! that test of win-back finds is told beside the truth of the model.
//!
//! The same seed, days and customers make the same year and the same figures. Each
//! person's deliveries arrive one after another, by a clock of her own; different people
//! have nothing to do with each other, so they are worked off side by side.

mod audit;
mod bakery;
mod behaviour;
mod chance;
mod crawl;
mod deliver;
mod expected;
mod fate;
mod lives;
mod mailroom;
mod orders;
mod people;
mod report;
mod schedule;
mod surveys;
mod till;
mod trial;

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use jiff::civil::Date;
use loyalty::ids::{ShopId, Source};
use platform::{Clock, Sites};
use secrecy::SecretString;
use testkit::aws::Cloud;

use self::lives::Comeback;
use self::mailroom::Mailroom;
use self::people::Person;
use self::report::{Found, Report};
use self::schedule::Delivery;
use crate::cli::{Data, DemoArgs, Environment};
use crate::clock::MovableClock;
use crate::console;
use crate::failure::Failure;
use crate::home::{Home, ProgramFile};
use crate::serve::{self, Running};
use crate::server::{self, Stop};
use crate::shopify::Sender;

/// Where the bakery's webhooks go, as Square was told.
const PUBLIC_URL: &str = "https://regulars.example.com";

/// Orders that are delivered once more at the end.
const REDELIVERED: usize = 500;

/// The year that is played.
#[derive(Debug, Clone)]
pub(crate) struct Year {
    pub(crate) seed: u64,
    pub(crate) customers: u32,
    pub(crate) sender: Sender,
    /// The first day, by the shop's clock.
    pub(crate) first_day: Date,
    /// The last day; what happens happens before it ends.
    pub(crate) last_day: Date,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
}

/// A year with its people and all that is delivered of them.
#[derive(Debug)]
pub(crate) struct Play {
    pub(crate) year: Year,
    pub(crate) people: Vec<Person>,
    pub(crate) deliveries: Vec<Vec<Delivery>>,
    pub(crate) shop: ShopId,
    /// What each source signs with.
    pub(crate) secrets: BTreeMap<Source, SecretString>,
    /// Where Square was told to send to.
    pub(crate) sites: Arc<Sites>,
}

/// Runs the command.
pub(crate) async fn run(args: DemoArgs, environment: Environment<'_>) -> Result<(), Failure> {
    let listener = match args.no_serve {
        true => None,
        false => Some(server::bind(args.listen, "--listen").await?),
    };
    let mut home = Home::open(&Data::Memory, environment).await?;
    let program = bakery::program()?;
    let year = Year::ending(&program, Clock::system().now(), &args)?;
    let stop = Stop::on_signal()?;
    // Where the year is served afterwards: so that the links in its mail lead there.
    let public_url = match &listener {
        Some(listener) => serve::sites(&home, environment, serve::address(listener)?)?.public_url,
        None => None,
    };
    let public_url = public_url.unwrap_or_else(|| PUBLIC_URL.to_owned());
    let (report, mail) = tokio::select! {
        played = play(&mut home, &program, year, public_url, args.crawl) => played?,
        () = stop.clone().told() => return Err(Failure::new("stopped before the year was over")),
    };
    if args.json {
        console::say(report.json()?);
    } else {
        console::say(report.text(&program.program));
    }
    if !report.is_right() {
        return Err(Failure::new("the audit failed: the points aren't what they should be"));
    }
    let Some(listener) = listener else { return Ok(()) };
    let sites = serve::sites(&home, environment, serve::address(&listener)?)?;
    let clock = MovableClock::new(Clock::system());
    // The year's mail stays to be read.
    let cloud = Cloud { clock: clock.clock(), ..mail };
    let running = Running { home, applied: Vec::new(), clock, sites, cloud };
    // With --json, standard output is one object and nothing else.
    let tell = if args.json { console::complain } else { console::say };
    running.until_stopped(listener, None, stop, tell).await
}

/// Plays a year on an empty database, and looks whether everything came out right. Gives
/// what SES and the bus were given too.
async fn play(
    home: &mut Home<'_>,
    program: &ProgramFile,
    year: Year,
    public_url: String,
    crawl: bool,
) -> Result<(Report, Cloud), Failure> {
    let mut play = Arc::new(Play::on(home, program, year, public_url).await?);
    let mut mailroom = Mailroom::open(home, &play).await?;
    let bar = bar(&play);
    let started = Instant::now();
    let delivered = deliver::everything(home, &mut play, &bar, Some(&mut mailroom)).await?;
    let took = started.elapsed();
    bar.finish_and_clear();
    let audited = audit::everything(home, &play).await?;
    let again = deliver::again(home, &play, &audited, REDELIVERED).await?;
    let mut mail = mailroom.look_over(&play, audited.customers.len());
    if crawl {
        let mut crawled = crawl::every_link(home, &play, &mailroom.cloud.ses.mails()).await?;
        mail.problems.append(&mut crawled.problems);
        mail.crawled = Some(crawled);
    }
    let nights = mailroom.nights(&play).await?;
    let test = trial::result(&play, &mailroom.lives.tested, &audited);
    let surveys = mailroom.surveys.figures(&play.year).await?;
    let found = Found { delivered, audited, again, mail, nights, test, surveys };
    Ok((Report::new(&play, found, took), mailroom.cloud))
}

impl Play {
    /// Makes a year for a database that gets its program here.
    async fn on(
        home: &mut Home<'_>,
        program: &ProgramFile,
        year: Year,
        public_url: String,
    ) -> Result<Self, Failure> {
        home.apply(program, year.start).await?;
        let shop = program.shop().clone();
        let signs = |source| Some((source, home.secrets.signs(source, &shop)?));
        let secrets = [Source::Shopify, Source::Square].into_iter().filter_map(signs).collect();
        let sites = Sites { public_url: Some(public_url), ..Sites::default() };
        let sites = Arc::new(sites);
        let people = people::everybody(&year);
        let own = |(index, person)| schedule::of(&year, person, index);
        let deliveries = people.iter().enumerate().map(own).collect();
        Ok(Self { deliveries, people, shop, secrets, sites, year })
    }

    /// Has somebody come back and go on buying. Says from which of her deliveries on they are
    /// new.
    fn comes_back(&mut self, one: Comeback) -> usize {
        let Self { year, people, deliveries, .. } = self;
        let own = deliveries.get_mut(one.person);
        let (Some(who), Some(own)) = (people.get_mut(one.person), own) else { return 0 };
        let index = u32::try_from(one.person).unwrap_or(u32::MAX);
        let bought = who.comes_back(year, index, one.at);
        let from = own.len();
        own.extend(schedule::since(year, who, one.person, bought));
        from
    }
}

/// Shown on a terminal only.
fn bar(play: &Play) -> ProgressBar {
    let total: usize = play.deliveries.iter().map(Vec::len).sum();
    let total = u64::try_from(total).unwrap_or(u64::MAX);
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template(
        "A year of webhooks {bar:32} {human_pos} of {human_len}, {per_sec:.0}, {eta} to go",
    );
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Deliveries worked off at once.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

impl Year {
    /// The days that end with yesterday, by the clock of the program's shop.
    fn ending(program: &ProgramFile, now: Timestamp, args: &DemoArgs) -> Result<Self, Failure> {
        let zone = program.program.shop.zone.clone();
        let today = program.program.local_day(now);
        let first_day = today.checked_sub(jiff::Span::new().days(i64::from(args.days)));
        let begins = |day: Date| day.to_zoned(zone.clone()).map(|begin| begin.timestamp());
        let days = first_day.and_then(|first| Ok((first, begins(first)?, begins(today)?)));
        let last_day = today.yesterday();
        let days = days.and_then(|days| Ok((days, last_day?)));
        let ((first_day, start, end), last_day) =
            days.map_err(|error| Failure::because("the calendar ends here", &error))?;
        let sender = Sender { domain: "corner-bakery.myshopify.com".to_owned(), zone };
        let (seed, customers) = (args.seed, args.customers);
        Ok(Self { seed, customers, sender, first_day, last_day, start, end })
    }
}

#[cfg(test)]
mod tests;
