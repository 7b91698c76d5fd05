//! `regulars serve`: the system, until it is told to stop.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

use loyalty::ids::ShopId;
use loyalty::program::CORNER_BAKERY;
use platform::store::Applied;
use platform::{Clock, Services, Sites};
use testkit::aws::Cloud;
use testkit::bus::Bus;
use testkit::ses::Ses;
use tokio::net::TcpListener;

use crate::cli::{DEFAULT_DATA, DEFAULT_LISTEN, Data, Environment, ServeArgs};
use crate::clock::MovableClock;
use crate::console;
use crate::failure::Failure;
use crate::home::{Home, Lock, ProgramFile};
use crate::local;
use crate::program;
use crate::pump::Pump;
use crate::secrets::API_VARIABLE;
use crate::server::{self, Stop};

/// Runs the command.
pub(crate) async fn run(args: ServeArgs, environment: Environment<'_>) -> Result<(), Failure> {
    let programs: Vec<ProgramFile> =
        args.programs.iter().map(|path| ProgramFile::read(path)).collect::<Result<_, _>>()?;
    let _lock = match &args.data {
        Data::Dir(dir) => Some(Lock::of_server(dir)?),
        Data::Memory => None,
    };
    let listener = server::bind(args.listen, "--listen").await?;
    let dynamodb = match args.dynamodb_listen {
        Some(listen) => Some(server::bind(listen, "--dynamodb-listen").await?),
        None => None,
    };
    let mut home = Home::open(&args.data, environment).await?;
    let applied = apply(&mut home, programs).await?;
    let sites = sites(&home, environment, address(&listener)?)?;
    let clock = MovableClock::new(Clock::system());
    let cloud = cloud(&home, &args.data, clock.clock())?;
    let running = Running { home, applied, clock, sites, cloud };
    running.until_stopped(listener, dynamodb, Stop::on_signal()?, console::say).await
}

/// Where the system is reached: as the environment says, else where it listens, with each
/// shop at Shopify's domain of the same name.
pub(crate) fn sites(
    home: &Home<'_>,
    environment: Environment<'_>,
    listens: SocketAddr,
) -> Result<Sites, Failure> {
    let mut sites = Sites::from_env(environment)
        .map_err(|error| Failure::because("the configuration can't be read", &error))?;
    sites.public_url.get_or_insert_with(|| on(listens));
    if sites.shopify.is_empty() {
        let domain = |shop: &ShopId| (format!("{shop}.myshopify.com"), shop.clone());
        sites.shopify = home.secrets.shops().map(domain).collect();
    }
    Ok(sites)
}

/// The mail that was sent, in the data directory.
const MAILBOX_NAME: &str = "mailbox.jsonl";

/// The events that were put on the bus, in the data directory.
const EVENTS_NAME: &str = "events.jsonl";

/// SES and EventBridge beside the database. What they were given stays with its data; a
/// database in memory goes away, and they with it.
pub(crate) fn cloud(home: &Home<'_>, data: &Data, clock: Clock) -> Result<Cloud, Failure> {
    let mut cloud = Cloud::new(home.embedded.clone(), clock);
    if let Data::Dir(dir) = data {
        let cannot = |error| Failure::because("cannot open the data", &error);
        cloud.ses = Ses::kept_in(&dir.join(MAILBOX_NAME)).map_err(cannot)?;
        cloud.bus = Bus::kept_in(&dir.join(EVENTS_NAME)).map_err(cannot)?;
    }
    Ok(cloud)
}

/// Applies programs; to data that knows no shop and is given none, the sample. Tells what
/// that changed.
async fn apply(
    home: &mut Home<'_>,
    mut programs: Vec<ProgramFile>,
) -> Result<Vec<String>, Failure> {
    if programs.is_empty() && home.secrets.shops().next().is_none() {
        programs.push(sample()?);
    }
    let now = Clock::system().now();
    let mut told = Vec::new();
    for file in &programs {
        let applied = home.apply(file, now).await?;
        if matches!(applied, Applied::Saved { .. }) {
            told.push(program::told(file, &applied));
        }
    }
    Ok(told)
}

/// The sample program.
pub(crate) fn sample() -> Result<ProgramFile, Failure> {
    ProgramFile::parse(Path::new("the sample program"), CORNER_BAKERY.to_owned())
}

/// A system ready to be served.
pub(crate) struct Running<'a> {
    pub(crate) home: Home<'a>,
    /// What applying programs changed, as sentences.
    pub(crate) applied: Vec<String>,
    pub(crate) clock: MovableClock,
    /// Where it is reached.
    pub(crate) sites: Sites,
    /// SES and EventBridge, beside the database.
    pub(crate) cloud: Cloud,
}

impl Running<'_> {
    /// What the functions work with.
    pub(crate) fn services(&self) -> Services {
        Services {
            store: self.home.store.clone(),
            secrets: self.home.secrets.lists(),
            sites: std::sync::Arc::new(self.sites.clone()),
            clock: self.clock.clock(),
            metrics: Default::default(),
        }
    }

    /// Tells how to use it by `tell`, and serves it until the process is told to stop.
    pub(crate) async fn until_stopped(
        self,
        listener: TcpListener,
        dynamodb: Option<TcpListener>,
        stop: Stop,
        tell: fn(String),
    ) -> Result<(), Failure> {
        let address = address(&listener)?;
        let mut text = self.start_text(address);
        let dynamodb = match dynamodb {
            Some(listener) => {
                let _ = write!(text, "\n  DynamoDB   {}", on(self::address(&listener)?));
                let (embedded, stop) = (self.home.embedded.clone(), stop.clone());
                let serving = async move { embedded.serve(listener, stop.told()).await };
                Some(tokio::spawn(serving))
            }
            None => None,
        };
        if !address.ip().is_loopback() {
            console::complain(format_args!(
                "warning: {address} can be reached from other machines. The API asks for its \
                 token and webhooks for their signature; /_local/ answers this machine only."
            ));
        }
        let _ = write!(text, "\n  Mail       {}/_local/mailbox/", on(address));
        text.push_str(&self.how_to_try(address));
        tell(text);
        let services = self.services();
        let pump = Pump::open(&services, &self.cloud).await?;
        let time = pump.keep_working(self.clock.clone(), stop.clone())?;
        let clock = local::Time { clock: self.clock.clone(), machine: Some(time) };
        let router = server::router(&services, clock, self.cloud.clone());
        let served = server::serve(listener, router, stop).await;
        if let Some(serving) = dynamodb
            && let Ok(Err(error)) = serving.await
        {
            return Err(Failure::because("the DynamoDB endpoint failed", &error));
        }
        served
    }

    fn start_text(&self, address: SocketAddr) -> String {
        let shops: Vec<&str> = self.home.secrets.shops().map(ShopId::as_str).collect();
        let token = match self.home.secrets.api_is_given() {
            true => format!("${API_VARIABLE}"),
            false => format!("`api` in {}", self.home.secrets.path().display()),
        };
        let mut text = format!(
            "Regulars is running at {}. Ctrl-C stops it.\n\n  Data       {}\n  Shops      {}\n  \
             API token  {token}",
            on(address),
            self.home.dir().display(),
            shops.join(", "),
        );
        for applied in &self.applied {
            let _ = write!(text, "\n  Program    {applied}");
        }
        text
    }

    fn how_to_try(&self, address: SocketAddr) -> String {
        let secrets = &self.home.secrets;
        let Some(shop) = secrets.shops().next() else { return String::new() };
        let url = on(address);
        let mut options = String::new();
        if self.home.dir() != Path::new(DEFAULT_DATA) {
            let _ = write!(options, " --data {}", self.home.dir().display());
        }
        if address != DEFAULT_LISTEN {
            let _ = write!(options, " --url {url}");
        }
        let token = match secrets.api_is_given() {
            true => format!("${API_VARIABLE}"),
            false => {
                format!("$(sed -n 's/^api = \"\\(.*\\)\"/\\1/p' {})", secrets.path().display())
            }
        };
        format!(
            "\n\nTry it: a purchase, and what it brought.\n\n  {} send \
             events/purchase-webhook/shopify-orders-paid.json --shop {shop}{options}\n  curl -H \
             \"Authorization: Bearer {token}\" \\\n    \
             '{url}/api/v1/shops/{shop}/customers?email=imogen.vale@example.com'\n",
            command(),
        )
    }
}

/// How this program was called.
fn command() -> String {
    std::env::args().next().unwrap_or_else(|| "regulars".to_owned())
}

/// Where a listener listens.
pub(crate) fn address(listener: &TcpListener) -> Result<SocketAddr, Failure> {
    listener.local_addr().map_err(|error| Failure::because("the listener has no address", &error))
}

/// The URL of an address. One that stands for every interface is reached through loopback.
fn on(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        let loopback = match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        address.set_ip(loopback);
    }
    format!("http://{address}")
}
