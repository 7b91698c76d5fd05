//! `regulars mail`: how far a shop's mail is.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use loyalty::ids::ShopId;
use platform::Clock;
use platform::store::{MailMode, Settings, Status, Store, Whence};

use crate::cli::{Data, Environment, MailArgs, MailWanted};
use crate::console;
use crate::failure::Failure;
use crate::home::{Home, has_data};

/// Shows a shop's mail mode, or sets it. A running server may have the data open at the same
/// time: it asks for the mode each time it decides.
pub(crate) async fn run(args: &MailArgs, environment: Environment<'_>) -> Result<(), Failure> {
    let now = Clock::system().now();
    console::say(told(args, environment, now).await?);
    Ok(())
}

async fn told(
    args: &MailArgs,
    environment: Environment<'_>,
    now: Timestamp,
) -> Result<String, Failure> {
    // Asking after nothing shouldn't make it.
    if !has_data(&args.data) {
        return Err(no_shop(&args.data));
    }
    let home = Home::open(&Data::Dir(args.data.clone()), environment).await?;
    let (shop, settings) = shop(&home, args).await?;
    let cannot = |error| Failure::because(format!("cannot reach the mail mode of {shop}"), &error);
    let status = match args.mode {
        None => home.store.status(&shop).await,
        Some(mode) => home.store.set_mail_mode(&shop, mode.into(), Whence::Command, now).await,
    };
    Ok(describe(&shop, &settings, &status.map_err(cannot)?))
}

/// The shop that is meant: the one named, or the only one there is.
async fn shop(home: &Home<'_>, args: &MailArgs) -> Result<(ShopId, Settings), Failure> {
    if let Some(shop) = &args.shop {
        let settings = settings(&home.store, shop).await?;
        let unknown = || {
            let dir = args.data.display();
            Failure::new(format!(
                "there is no shop {shop} in {dir}: `regulars program apply` opens one"
            ))
        };
        return Ok((shop.clone(), settings.ok_or_else(unknown)?));
    }
    let mut found = Vec::new();
    for shop in home.secrets.shops() {
        if let Some(settings) = settings(&home.store, shop).await? {
            found.push((shop.clone(), settings));
        }
    }
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(no_shop(&args.data)),
        (Some(last), false) => {
            found.push(last);
            let shops: Vec<&str> = found.iter().map(|(shop, _)| shop.as_str()).collect();
            Err(Failure::new(format!(
                "there are several shops: say which by --shop: {}",
                shops.join(", ")
            )))
        }
    }
}

async fn settings(store: &Store, shop: &ShopId) -> Result<Option<Settings>, Failure> {
    let settings = store.settings(shop).await;
    settings.map_err(|error| Failure::because(format!("cannot read the shop {shop}"), &error))
}

fn no_shop(dir: &Path) -> Failure {
    Failure::new(format!(
        "there is no shop in {}: `regulars program apply` opens one",
        dir.display()
    ))
}

fn describe(shop: &ShopId, settings: &Settings, status: &Status) -> String {
    let local = |at: Timestamp| {
        let zone = TimeZone::get(&settings.zone).unwrap_or(TimeZone::UTC);
        let name = zone.iana_name().unwrap_or("UTC").to_owned();
        format!("{} {name}", at.to_zoned(zone).strftime("%Y-%m-%d %H:%M"))
    };
    let mut line = match (status.mail_mode, status.live_since) {
        (MailMode::Off, _) => format!("Mail of {shop} is off: nobody gets any."),
        (MailMode::OwnerOnly, _) => {
            format!("Mail of {shop} goes to the owner alone: no customer gets any.")
        }
        (MailMode::Live, since) => {
            let since = since.map(|since| format!(" since {}", local(since))).unwrap_or_default();
            format!("Mail of {shop} is live{since}: what happened before causes none.")
        }
    };
    // Of live mail the line has said so already.
    if let Some(at) = status.mail_changed_at().filter(|_| status.mail_mode != MailMode::Live) {
        line = format!("{line} So since {}.", local(at));
    }
    line
}

impl From<MailWanted> for MailMode {
    fn from(wanted: MailWanted) -> Self {
        match wanted {
            MailWanted::Off => Self::Off,
            MailWanted::Owner => Self::OwnerOnly,
            MailWanted::Live => Self::Live,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use loyalty::program::CORNER_BAKERY;

    use super::*;
    use crate::home::{Lock, ProgramFile};

    fn nothing(_: &str) -> Option<String> {
        None
    }

    async fn opened(data: &Path, shops: &[&str]) {
        let mut home = Home::open(&Data::Dir(data.to_owned()), &nothing).await.unwrap();
        for shop in shops {
            let toml = CORNER_BAKERY.replace("corner-bakery", shop);
            let file = ProgramFile::parse(Path::new("b.toml"), toml).unwrap();
            home.apply(&file, at("2026-11-22T12:00:00Z")).await.unwrap();
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn args(data: PathBuf, mode: Option<MailWanted>, shop: Option<&str>) -> MailArgs {
        MailArgs { mode, shop: shop.map(|shop| shop.parse().unwrap()), data }
    }

    #[tokio::test]
    async fn mail_is_shown_set_and_stays_as_it_was_set() {
        let dir = tempfile::tempdir().unwrap();
        opened(dir.path(), &["corner-bakery"]).await;
        let tell = async |mode, now| {
            told(&args(dir.path().to_owned(), mode, None), &nothing, at(now)).await.unwrap()
        };
        let off = "Mail of corner-bakery is off: nobody gets any.";
        assert_eq!(tell(None, "2026-11-22T12:00:00Z").await, off);
        assert_eq!(
            tell(Some(MailWanted::Owner), "2026-11-22T13:00:00Z").await,
            "Mail of corner-bakery goes to the owner alone: no customer gets any. So since \
             2026-11-22 08:00 America/New_York."
        );
        let live = "Mail of corner-bakery is live since 2026-11-22 09:00 America/New_York: what \
                    happened before causes none.";
        assert_eq!(tell(Some(MailWanted::Live), "2026-11-22T14:00:00Z").await, live);
        assert_eq!(tell(Some(MailWanted::Live), "2026-11-22T15:00:00Z").await, live);
        assert_eq!(tell(None, "2026-11-22T15:00:00Z").await, live);
        let off = format!("{off} So since 2026-11-22 11:00 America/New_York.");
        assert_eq!(tell(Some(MailWanted::Off), "2026-11-22T16:00:00Z").await, off);
    }

    #[tokio::test]
    async fn mail_can_be_set_while_a_server_has_the_data() {
        let dir = tempfile::tempdir().unwrap();
        opened(dir.path(), &["corner-bakery"]).await;
        let _lock = Lock::of_server(dir.path()).unwrap();
        let server = Home::open(&Data::Dir(dir.path().to_owned()), &nothing).await.unwrap();
        let live = args(dir.path().to_owned(), Some(MailWanted::Live), None);
        told(&live, &nothing, at("2026-11-22T14:00:00Z")).await.unwrap();
        let status = server.store.status(&"corner-bakery".parse().unwrap()).await.unwrap();
        assert_eq!(status.mail_mode, MailMode::Live);
    }

    #[tokio::test]
    async fn of_several_shops_one_has_to_be_named_and_it_has_to_be_there() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().to_owned();
        opened(&data, &["corner-bakery", "harbour-books"]).await;
        let now = at("2026-11-22T14:00:00Z");
        let refused = async |shop| {
            let live = args(data.clone(), Some(MailWanted::Live), shop);
            told(&live, &nothing, now).await.unwrap_err().to_string()
        };
        let failure = refused(None).await;
        assert!(failure.ends_with("by --shop: corner-bakery, harbour-books"), "{failure}");
        let failure = refused(Some("nowhere")).await;
        assert!(failure.starts_with("there is no shop nowhere in "), "{failure}");
        let named = args(data.clone(), Some(MailWanted::Live), Some("harbour-books"));
        let told_live = told(&named, &nothing, now).await.unwrap();
        assert!(told_live.starts_with("Mail of harbour-books is live"), "{told_live}");
        let other = args(data.clone(), None, Some("corner-bakery"));
        assert!(told(&other, &nothing, now).await.unwrap().contains("corner-bakery is off"));
    }

    #[tokio::test]
    async fn where_there_is_no_data_none_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let live = args(data.clone(), Some(MailWanted::Live), None);
        let failure = told(&live, &nothing, at("2026-11-22T14:00:00Z")).await.unwrap_err();
        assert!(failure.to_string().contains("`regulars program apply` opens one"), "{failure}");
        assert!(!data.exists());
    }
}
