//! `regulars mail`: how far a shop's mail is, and who it comes from.

mod mode;
mod sender;

use std::path::Path;

use jiff::Timestamp;
use loyalty::ids::ShopId;
use loyalty::program::Preset;
use platform::Clock;
use platform::sender::{Carrier, MailSettings};
use platform::store::{MailMode, Settings, Store, Whence};

use crate::cli::{Data, Environment, MailArgs, MailCommand};
use crate::console;
use crate::failure::Failure;
use crate::home::{Home, has_data};
use crate::stack::Stack;

/// What stands above what mail lacks.
const MISSING: &str = "Missing (`regulars mail sender` sets it)";
/// The same while mail is off.
const MISSING_BEFORE_LIVE: &str = "Missing before it goes live (`regulars mail sender` sets it)";

/// Shows how far a shop's mail is or who it comes from, or sets it. A running server may have
/// the data open at the same time: it asks each time it decides.
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
    if let Some(name) = &args.stack {
        let stack = Stack::open(name, environment).await?;
        let (shop, settings) = stack.shop(args.shop.as_ref()).await?;
        let of = Of { store: &stack.store, shop, settings, by: Carrier::Ses };
        return told_of(args, &of, now).await;
    }
    // Asking after nothing shouldn't make it.
    if !has_data(&args.data) {
        return Err(no_shop(&args.data));
    }
    let home = Home::open(&Data::Dir(args.data.clone()), environment).await?;
    let (shop, settings) = shop(&home, args.shop.as_ref(), &args.data).await?;
    let of = Of { store: &home.store, shop, settings, by: Carrier::Local };
    told_of(args, &of, now).await
}

/// Whose mail it is about.
struct Of<'a> {
    store: &'a Store,
    shop: ShopId,
    settings: Settings,
    by: Carrier,
}

async fn told_of(args: &MailArgs, of: &Of<'_>, now: Timestamp) -> Result<String, Failure> {
    let Of { store, shop, settings, .. } = of;
    if let Some(MailCommand::Sender(wanted)) = &args.command {
        return sender::told(of, wanted, now).await;
    }
    let cannot = |error| Failure::because(format!("cannot reach the mail mode of {shop}"), &error);
    let status = match args.mode {
        None => store.status(shop).await,
        Some(mode) => store.set_mail_mode(shop, mode.into(), Whence::Command, now).await,
    };
    let status = status.map_err(cannot)?;
    let sender = store.mail_settings(shop).await.map_err(cannot)?;
    let missing = match status.mail_mode {
        MailMode::Off => lacking(&sender, of, MailMode::Live, MISSING_BEFORE_LIVE),
        mode => lacking(&sender, of, mode, MISSING),
    };
    Ok(mode::describe(shop, settings, &status) + &missing)
}

/// What mail lacks to be in a mode, as further lines; none where it lacks nothing.
fn lacking(sender: &MailSettings, of: &Of<'_>, mode: MailMode, heading: &str) -> String {
    // A preset this version doesn't know asks for what all do.
    let preset = of.settings.preset.parse().unwrap_or(Preset::Us);
    let lacks = sender.lacks(mode, preset, of.by);
    if lacks.is_empty() {
        return String::new();
    }
    let lines: String = lacks.iter().map(|lack| format!("\n- {lack}")).collect();
    format!("\n{heading}:{lines}")
}

/// The shop that is meant: the one named, or the only one there is.
pub(crate) async fn shop(
    home: &Home<'_>,
    named: Option<&ShopId>,
    data: &Path,
) -> Result<(ShopId, Settings), Failure> {
    if let Some(shop) = named {
        let settings = settings(&home.store, shop).await?;
        let unknown = || {
            let dir = data.display();
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
        (None, _) => Err(no_shop(data)),
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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use loyalty::program::CORNER_BAKERY;
    use platform::sender::{MailSettingsChange, Wish};

    use super::*;
    use crate::cli::{MailWanted, SenderArgs};
    use crate::home::{Lock, ProgramFile};

    pub(super) fn nothing(_: &str) -> Option<String> {
        None
    }

    pub(super) async fn opened(data: &Path, shops: &[&str]) {
        let mut home = Home::open(&Data::Dir(data.to_owned()), &nothing).await.unwrap();
        for shop in shops {
            let toml = CORNER_BAKERY.replace("corner-bakery", shop);
            let file = ProgramFile::parse(Path::new("b.toml"), toml).unwrap();
            home.apply(&file, at("2026-11-22T12:00:00Z")).await.unwrap();
        }
    }

    pub(super) fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn args(data: PathBuf, mode: Option<MailWanted>, shop: Option<&str>) -> MailArgs {
        MailArgs {
            command: None,
            mode,
            shop: shop.map(|shop| shop.parse().unwrap()),
            data,
            stack: None,
        }
    }

    /// Says all that mail needs.
    async fn complete(data: &Path) {
        let home = Home::open(&Data::Dir(data.to_owned()), &nothing).await.unwrap();
        let set = |text: &str| Wish::Set(text.to_owned());
        let change = MailSettingsChange {
            from: set("hello@corner.example"),
            owner: set("maria@gmail.com"),
            postal_address: set("5 Main Street"),
            ..MailSettingsChange::default()
        };
        let shop = "corner-bakery".parse().unwrap();
        home.store.set_mail_settings(&shop, change, at("2026-11-22T12:00:00Z")).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_missing_is_told_before_mail_goes_live_and_after() {
        let dir = tempfile::tempdir().unwrap();
        opened(dir.path(), &["corner-bakery"]).await;
        let tell = async |mode| {
            let args = args(dir.path().to_owned(), mode, None);
            told(&args, &nothing, at("2026-11-22T12:00:00Z")).await.unwrap()
        };
        let [from, owner, postal] = [
            "- no from-address: nothing can be sent",
            "- no owner's address: mail to the owner alone goes nowhere",
            "- no postal address: many countries ask marketing mail to carry the shop's",
        ];
        let sets = "(`regulars mail sender` sets it)";
        assert_eq!(
            tell(None).await,
            format!(
                "Mail of corner-bakery is off: nobody gets any.\nMissing before it goes live \
                 {sets}:\n{from}\n{postal}"
            )
        );
        let ends = async |mode, missing: String| {
            let told = tell(Some(mode)).await;
            assert!(told.ends_with(&format!("\nMissing {sets}:\n{missing}")), "{told}");
        };
        ends(MailWanted::Owner, format!("{from}\n{owner}")).await;
        ends(MailWanted::Live, format!("{from}\n{postal}")).await;
        complete(dir.path()).await;
        assert!(!tell(None).await.contains("Missing"));
    }

    #[tokio::test]
    async fn mail_is_shown_set_and_stays_as_it_was_set() {
        let dir = tempfile::tempdir().unwrap();
        opened(dir.path(), &["corner-bakery"]).await;
        complete(dir.path()).await;
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

    #[tokio::test]
    async fn a_deployments_mail_is_set_by_its_name_and_asks_for_a_check() {
        use crate::stack::tests::{aws, regulars, with_table};
        let (aws, shop) = (aws().await, testkit::shop::TestShop::open().await);
        let environment = with_table(&aws, &shop.database).await;
        let now = at("2026-11-22T14:00:00Z");
        let of_stack = |mode, shop| {
            let stack = Some(regulars());
            MailArgs { stack, ..args("nowhere".into(), mode, shop) }
        };
        let bakery = Some("corner-bakery");
        let live = of_stack(Some(MailWanted::Live), bakery);
        let told_live = told(&live, &environment, now).await.unwrap();
        assert!(
            told_live.starts_with("Mail of corner-bakery is live since 2026-11-22"),
            "{told_live}"
        );
        let check = "\n- its sender isn't checked yet: run `regulars doctor`";
        assert!(told_live.ends_with(check), "{told_live}");
        let status = shop.services.store.status(&shop.id).await.unwrap();
        assert_eq!(status.mail_mode, MailMode::Live);

        let from = Some("hello@corner-bakery.example".to_owned());
        let sender = SenderArgs { from, ..SenderArgs::default() };
        let command = Some(MailCommand::Sender(sender));
        let args = MailArgs { command, ..of_stack(None, bakery) };
        let told_sender = told(&args, &environment, now).await.unwrap();
        assert!(told_sender.contains("From     hello@corner-bakery.example"), "{told_sender}");

        let books = of_stack(None, Some("harbour-books"));
        let failure = told(&books, &environment, now).await.unwrap_err().to_string();
        assert!(failure.contains("`regulars program apply FILE --stack regulars`"), "{failure}");
    }

    #[tokio::test]
    async fn a_program_is_applied_in_a_deployment_that_has_its_shop() {
        use crate::stack::tests::{aws, regulars, with_table};
        let (aws, shop) = (aws().await, testkit::shop::TestShop::open().await);
        let environment = with_table(&aws, &shop.database).await;
        let dir = tempfile::tempdir().unwrap();
        let apply = async |id: &str| {
            let file = dir.path().join("program.toml");
            let text = loyalty::program::CORNER_BAKERY.replace("id = \"corner-bakery\"", id);
            std::fs::write(&file, text).unwrap();
            crate::program::apply_to_stack(&file, &regulars(), &environment).await
        };
        apply("id = \"harbour-books\"").await.unwrap();
        let books = "harbour-books".parse().unwrap();
        assert!(shop.services.store.settings(&books).await.unwrap().is_some());
        let failure = apply("id = \"nowhere\"").await.unwrap_err().to_string();
        assert!(failure.starts_with("the stack regulars has no shop nowhere"), "{failure}");
    }
}
