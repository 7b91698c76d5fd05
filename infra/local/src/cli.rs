//! The command line.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;
use loyalty::Language;
use loyalty::ids::{CustomerId, ShopId, Source};
use loyalty::mail::Kind;
use testkit::faults::Fault;

use crate::failure::Failure;
use crate::stack::secrets::Name;
use crate::stack::{DEFAULT_STACK, StackName};
use crate::{
    backfill, correct, demo, doctor, mail, nights, preview, program, replay, samples, send, serve,
    simulate, stack,
};

/// Exact loyalty points for small shops: the whole system on one machine.
#[derive(Debug, Parser)]
#[command(name = "regulars", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the system and keep its data
    Serve(ServeArgs),
    /// Play a year of a bakery through the webhooks, prove the points right, then serve it
    Demo(DemoArgs),
    /// Check or apply a shop's program
    #[command(subcommand)]
    Program(ProgramCommand),
    /// Show how far a shop's mail is, or set it; and who it comes from
    Mail(MailArgs),
    /// Set, list or rotate the secrets of a deployment
    Secrets(SecretsArgs),
    /// Check a deployment from outside, and say what to do next
    Doctor(DoctorArgs),
    /// Bring in what a new shop sold before it came here, without any mail
    Backfill(BackfillArgs),
    /// Live the hours of a span of days, nights included, on this machine's data
    Nights(NightsArgs),
    /// Put dead letters back where they were to go
    Replay(ReplayArgs),
    /// Write what a mail looks like, as HTML and text
    Preview(PreviewArgs),
    /// Send one mail with made-up facts to an address, to see it arrive
    SendTest(SendTestArgs),
    /// Sign a sample event as Shopify or Square would and post it to a running server
    Send(SendArgs),
    /// Play random histories with faults until a promise breaks
    Simulate(SimulateArgs),
    /// Write the sample events of purchase-webhook anew
    #[command(hide = true)]
    SampleEvents {
        /// Where to
        #[arg(default_value = "events/purchase-webhook")]
        dir: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen
    #[arg(long, default_value_t = DEFAULT_LISTEN)]
    pub(crate) listen: SocketAddr,
    /// Directory of the data, or `:memory:` for data that goes when the server stops
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    pub(crate) data: Data,
    /// A program to apply before the start; may be given once per shop
    #[arg(long = "program", value_name = "FILE")]
    pub(crate) programs: Vec<PathBuf>,
    /// Speak DynamoDB's protocol over the same data here too, for `cargo lambda watch`
    #[arg(long, value_name = "ADDR")]
    pub(crate) dynamodb_listen: Option<SocketAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Days of trade, ending yesterday
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub(crate) days: u16,
    /// Customers
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) customers: u32,
    /// The same seed makes the same year
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Stop after the summary instead of serving what was made
    #[arg(long)]
    pub(crate) no_serve: bool,
    /// Print the summary as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Follow every link of the year's mail as scanners do, and prove that it changes nothing
    #[arg(long)]
    pub(crate) crawl: bool,
    /// Where to serve afterwards
    #[arg(long, default_value_t = DEFAULT_LISTEN)]
    pub(crate) listen: SocketAddr,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// How many histories
    #[arg(long, default_value_t = 1000)]
    pub(crate) histories: u64,
    /// Seed of the first; each next one has the next seed
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Faults that may happen, all by default
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub(crate) faults: Vec<Fault>,
    /// Only ten purchases, each told twice, in a history; or all that changes points, and no mail
    #[arg(long, value_parser = ["purchases", "points"])]
    pub(crate) only: Option<String>,
    /// Print how often each fault met each operation
    #[arg(long)]
    pub(crate) report: bool,
    /// First every fault at every call of every handler, and every order of six events
    #[arg(long)]
    pub(crate) systematic: bool,
    /// With --systematic, also every pair of faults
    #[arg(long, requires = "systematic")]
    pub(crate) pairs: bool,
    /// Threads, each with its own share of the seeds
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=64))]
    pub(crate) jobs: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProgramCommand {
    /// Name every mistake of a program file, and what to know about it
    Check {
        /// The program, such as corner-bakery.toml
        file: PathBuf,
    },
    /// Save a program as its shop's next version
    Apply {
        /// The program, such as corner-bakery.toml
        file: PathBuf,
        /// Directory of the data
        #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
        data: PathBuf,
        /// A deployment instead
        #[arg(long, value_name = "NAME", conflicts_with = "data")]
        stack: Option<StackName>,
    },
    /// Count past orders by another version: only shown, unless --apply is given
    Correct(CorrectArgs),
}

/// An order keeps the version that was in force when it was first paid. This gives chosen
/// orders another one, and posts the difference: upward only, unless you insist with a reason,
/// and never below 0. Every correction is kept in the audit log. No mail goes out.
///
/// Broken off, the same command goes on where it was.
#[derive(Debug, Args)]
pub(crate) struct CorrectArgs {
    /// The version to count by
    #[arg(long, value_name = "N")]
    pub(crate) to_version: u32,
    /// Only orders counted by this version
    #[arg(long, value_name = "N")]
    pub(crate) from_version: Option<u32>,
    /// Only orders paid from this day on
    #[arg(long, value_name = "DATE")]
    pub(crate) paid_from: Option<Date>,
    /// Only orders paid up to this day
    #[arg(long, value_name = "DATE")]
    pub(crate) paid_to: Option<Date>,
    /// Take points too, for this reason
    #[arg(long, value_name = "REASON")]
    pub(crate) insist: Option<String>,
    /// Do it
    #[arg(long)]
    pub(crate) apply: bool,
    /// The shop, where there are several
    #[arg(long, value_name = "ID")]
    pub(crate) shop: Option<ShopId>,
    /// Directory of the data
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    pub(crate) data: PathBuf,
    /// A deployment instead
    #[arg(long, value_name = "NAME", conflicts_with = "data")]
    pub(crate) stack: Option<StackName>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct MailArgs {
    #[command(subcommand)]
    pub(crate) command: Option<MailCommand>,
    /// How far mail shall go; left out, how far it goes is only shown
    pub(crate) mode: Option<MailWanted>,
    /// The shop, where there are several
    #[arg(long, value_name = "ID", global = true)]
    pub(crate) shop: Option<ShopId>,
    /// Directory of the data
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA, global = true)]
    pub(crate) data: PathBuf,
    /// A deployment instead
    #[arg(long, value_name = "NAME", conflicts_with = "data", global = true)]
    pub(crate) stack: Option<StackName>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MailCommand {
    /// Show who a shop's mail comes from and how it looks, or set it; an empty text takes
    /// away what was set
    Sender(SenderArgs),
}

#[derive(Debug, Default, Args)]
pub(crate) struct SenderArgs {
    /// The address mail comes from, of the shop's own domain
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) from: Option<String>,
    /// The name beside it, where the shop's own isn't wanted
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Where answers go and somebody reads them
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) reply_to: Option<String>,
    /// The owner's address, where mail to the owner alone goes
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) owner: Option<String>,
    /// The address of a second person, who is told when a low score has waited for 5 days
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) second: Option<String>,
    /// The shop's postal address, on one line
    #[arg(long, value_name = "TEXT")]
    pub(crate) postal_address: Option<String>,
    /// Where the shop's logo is, as https://…
    #[arg(long, value_name = "URL")]
    pub(crate) logo: Option<String>,
    /// The shop's colour, such as "#9a3412"; where it can't be read it is shown darker or
    /// lighter
    #[arg(long, value_name = "COLOUR")]
    pub(crate) accent: Option<String>,
    /// The language of customers whose own isn't known or isn't one we write
    #[arg(long, value_name = "en|de")]
    pub(crate) language: Option<String>,
    /// The page that says who is behind the shop, as https://…
    #[arg(long, value_name = "URL")]
    pub(crate) imprint: Option<String>,
    /// The local day you are back: until a week after it, nobody who stayed away is written to;
    /// "" takes it away
    #[arg(long, value_name = "DATE")]
    pub(crate) away_until: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SecretsArgs {
    #[command(subcommand)]
    pub(crate) command: SecretsCommand,
    /// The deployment
    #[arg(long, value_name = "NAME", default_value = DEFAULT_STACK, global = true)]
    pub(crate) stack: StackName,
    /// The shop, where the secret's name doesn't say it and there are several
    #[arg(long, value_name = "ID", global = true)]
    pub(crate) shop: Option<ShopId>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretsCommand {
    /// Set a secret, its value typed unseen or piped; without a name: make what can be made,
    /// and say what is missing
    Set {
        /// identity, api, links, SHOP/shopify, SHOP/square, …
        name: Option<Name>,
    },
    /// Show which secrets there are, and never their values
    List,
    /// Put a new value before the old ones, which go on being good
    Rotate {
        /// api, links, SHOP/shopify, SHOP/square, …
        name: Name,
        /// Drop the older values
        #[arg(long)]
        end: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// The deployment
    #[arg(long, value_name = "NAME", default_value = DEFAULT_STACK)]
    pub(crate) stack: StackName,
    /// Register the webhook subscriptions that are missing
    #[arg(long)]
    pub(crate) register: bool,
    /// Print what was found as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Old orders count for each customer's rhythm, her tier and her first order, but they earn
/// no points unless that is asked for: a year of them at once is a debt that no till has
/// promised anybody. An opening gift says welcome at a price that is known before.
///
/// Broken off, by a kill or by a source that asks to wait, the same command goes on where it
/// was. Shopify shows an app the last 60 days of orders, and older ones only to one that was
/// given the scope `read_all_orders`; Square shows all.
#[derive(Debug, Args)]
pub(crate) struct BackfillArgs {
    /// The shop, where there are several
    #[arg(long, value_name = "ID")]
    pub(crate) shop: Option<ShopId>,
    /// Where the orders are: shopify or square
    #[arg(long)]
    pub(crate) source: Source,
    /// How many months back
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=120))]
    pub(crate) months: u16,
    /// Have old orders earn points, by the rules in force when they were paid, or the first
    #[arg(long)]
    pub(crate) earn_points: bool,
    /// Points that every member found gets, once
    #[arg(long, value_name = "POINTS", conflicts_with = "earn_points")]
    #[arg(value_parser = clap::value_parser!(i64).range(1..=10_000_000))]
    pub(crate) opening_gift: Option<i64>,
    /// Directory of the data
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    pub(crate) data: PathBuf,
    /// A deployment instead
    #[arg(long, value_name = "NAME", conflicts_with = "data")]
    pub(crate) stack: Option<StackName>,
    /// Only count what would be brought in
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Every hour between the first midnight and the last is lived in order, by the shop's clock,
/// as if time had passed: points mature and expire, tiers are reviewed, letters are found, and
/// mail goes to the mailbox of this machine. No server may run on the data meanwhile.
#[derive(Debug, Args)]
pub(crate) struct NightsArgs {
    /// The first day
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Date,
    /// The last day
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Date,
    /// The shop whose clock counts, where there are several
    #[arg(long, value_name = "ID")]
    pub(crate) shop: Option<ShopId>,
    /// Directory of the data
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// Directory of the data
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    pub(crate) data: PathBuf,
    /// A deployment instead
    #[arg(long, value_name = "NAME", conflicts_with = "data")]
    pub(crate) stack: Option<StackName>,
    /// Only say what there is
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// What a previewed mail is about, and whose it is.
#[derive(Debug, Args)]
pub(crate) struct SampleArgs {
    /// Whose mail it is: her name, language and balance; somebody made up, where left out
    #[arg(long, value_name = "ID")]
    pub(crate) customer: Option<CustomerId>,
    /// The language, `en` or `de`; hers or the shop's, where left out
    #[arg(long, value_parser = language)]
    pub(crate) language: Option<Language>,
    /// The shop, where there are several
    #[arg(long, value_name = "ID")]
    pub(crate) shop: Option<ShopId>,
    /// A program that isn't applied yet, for its words
    #[arg(long, value_name = "FILE")]
    pub(crate) program: Option<PathBuf>,
    /// Directory of the data; without data there, the sample program is taken
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct PreviewArgs {
    /// The kind of mail, such as receipt
    #[arg(value_parser = kind, required_unless_present = "all")]
    pub(crate) kind: Option<Kind>,
    /// Every kind, in every language unless one is chosen
    #[arg(long, conflicts_with = "kind")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) sample: SampleArgs,
    /// Directory to write to
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out: PathBuf,
    /// Write the whole mail too, headers and all, as mail programs open it
    #[arg(long)]
    pub(crate) eml: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SendTestArgs {
    /// The kind of mail, such as receipt
    #[arg(value_parser = kind)]
    pub(crate) kind: Kind,
    /// Where to
    pub(crate) address: String,
    #[command(flatten)]
    pub(crate) sample: SampleArgs,
    /// The running server, whose mailbox it goes to
    #[arg(long, default_value = "http://127.0.0.1:8787")]
    pub(crate) url: String,
    /// Send it by Amazon SES instead, with AWS_REGION and the keys of the environment
    #[arg(long, conflicts_with = "url")]
    pub(crate) aws: bool,
}

fn kind(text: &str) -> Result<Kind, String> {
    let known = Kind::ALL.into_iter().find(|kind| kind.as_str() == text);
    let names = || Kind::ALL.map(Kind::as_str).join(", ");
    known.ok_or_else(|| format!("there is no such kind; there are {}", names()))
}

fn language(text: &str) -> Result<Language, String> {
    let names = || Language::ALL.map(Language::as_str).join(", ");
    Language::of_tag(text).ok_or_else(|| format!("we have no words in it; we have {}", names()))
}

/// How far mail shall go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MailWanted {
    /// Nobody gets any
    Off,
    /// All of it goes to the owner alone
    Owner,
    /// Customers get it, about what happens from now on
    Live,
}

#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// An event as in events/purchase-webhook/, a bare Square body, or a bare Shopify body
    /// with --topic
    pub(crate) file: PathBuf,
    /// The shop; where the file is an event, the one of its path if not given
    #[arg(long)]
    pub(crate) shop: Option<ShopId>,
    /// The server, as it calls itself: Square signs its address too
    #[arg(long, default_value = "http://127.0.0.1:8787")]
    pub(crate) url: String,
    /// The server's data directory, for the shop's secret
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    pub(crate) data: PathBuf,
    /// The topic, such as orders/paid; an event file knows its own
    #[arg(long)]
    pub(crate) topic: Option<String>,
}

/// Where `serve` listens, and where `send` posts to.
pub(crate) const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8787);

/// Where the data is kept.
pub(crate) const DEFAULT_DATA: &str = "./data";

/// What stands for no directory at all.
const MEMORY: &str = ":memory:";

/// Where data is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Data {
    Dir(PathBuf),
    Memory,
}

impl FromStr for Data {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == MEMORY { Self::Memory } else { Self::Dir(PathBuf::from(text)) })
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dir(dir) => dir.display().fmt(f),
            Self::Memory => f.write_str(MEMORY),
        }
    }
}

/// Asks for an environment variable by its name.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Command {
    /// What is logged unless `RUST_LOG` says otherwise: a server tells what it does, a
    /// command speaks for itself.
    pub(crate) fn log_filter(&self) -> &'static str {
        match self {
            Self::Serve(_) => "info",
            // It makes things go wrong by the thousand.
            Self::Simulate(_) => "off",
            _ => "warn",
        }
    }

    pub(crate) async fn run(self, environment: Environment<'_>) -> Result<(), Failure> {
        match self {
            Self::Serve(args) => serve::run(args, environment).await,
            Self::Demo(args) => demo::run(args, environment).await,
            Self::Program(ProgramCommand::Check { file }) => program::check(&file),
            Self::Program(ProgramCommand::Correct(args)) => correct::run(&args, environment).await,
            Self::Program(ProgramCommand::Apply { file, stack: Some(stack), .. }) => {
                program::apply_to_stack(&file, &stack, environment).await
            }
            Self::Program(ProgramCommand::Apply { file, data, .. }) => {
                program::apply(&file, &data, environment).await
            }
            Self::Mail(args) => mail::run(&args, environment).await,
            Self::Secrets(args) => stack::secrets::run(&args, environment).await,
            Self::Doctor(args) => doctor::run(&args, environment).await,
            Self::Backfill(args) => backfill::run(&args, environment).await,
            Self::Nights(args) => nights::run(&args, environment).await,
            Self::Replay(args) => replay::run(&args, environment).await,
            Self::Preview(args) => preview::run(&args, environment).await,
            Self::SendTest(args) => preview::send(&args, environment).await,
            Self::Send(args) => send::run(args, environment).await,
            Self::Simulate(args) => simulate::command::run(&args),
            Self::SampleEvents { dir } => samples::write(&dir),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn memory_is_no_directory() {
        assert_eq!(":memory:".parse(), Ok(Data::Memory));
        assert_eq!("memory".parse(), Ok(Data::Dir(PathBuf::from("memory"))));
    }
}
