//! `regulars program`: the owner's rules.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use loyalty::Money;
use loyalty::mail::Kind;
use loyalty::mail::plan::Receipts;
use loyalty::program::{Expiry, MailRules, Membership, Per, Program, Qualify};
use platform::Clock;
use platform::store::Applied;

use crate::cli::{Data, Environment};
use crate::console;
use crate::failure::Failure;
use crate::home::{Home, Lock, ProgramFile};
use crate::stack::{Stack, StackName};

/// Checks a file, and says what it promises and what to know about it.
pub(crate) fn check(path: &Path) -> Result<(), Failure> {
    let file = ProgramFile::read(path)?;
    console::say(format_args!("{} is OK.\n\n{}", path.display(), summary(&file.program)));
    console::say("\nWorth knowing:");
    for warning in file.program.warnings() {
        console::say(format_args!("- {warning}"));
    }
    for finding in &file.templates {
        console::say(format_args!("- {finding}"));
    }
    Ok(())
}

/// Saves a file as its shop's next version.
pub(crate) async fn apply(
    path: &Path,
    data: &Path,
    environment: Environment<'_>,
) -> Result<(), Failure> {
    let file = ProgramFile::read(path)?;
    // A running server has the lock, and may have the data open at the same time.
    let lock = Lock::take(data)?;
    let mut home = Home::open(&Data::Dir(data.to_owned()), environment).await?;
    let is_new = !home.secrets.shops().any(|shop| shop == file.shop());
    let applied = home.apply(&file, Clock::system().now()).await?;
    console::say(told(&file, &applied));
    if is_new && lock.is_err() {
        console::say("The running server doesn't know this shop yet: start it again.");
    }
    Ok(())
}

/// The same in a deployment, whose functions look at the programs each minute.
pub(crate) async fn apply_to_stack(
    path: &Path,
    stack: &StackName,
    environment: Environment<'_>,
) -> Result<(), Failure> {
    let file = ProgramFile::read(path)?;
    let stack = Stack::open(stack, environment).await?;
    stack.known(file.shop())?;
    console::say(told(&file, &file.save(&stack.store, Clock::system().now()).await?));
    Ok(())
}

/// What applying a file did.
pub(crate) fn told(file: &ProgramFile, applied: &Applied) -> String {
    let shop = file.shop();
    match applied {
        Applied::Unchanged { version } => {
            format!("Unchanged: version {version} of {shop} already says the same.")
        }
        Applied::Saved { version, effective_from } => {
            let from = local(&file.program, *effective_from);
            format!("Saved as version {version} of {shop}. It counts orders paid from {from} on.")
        }
    }
}

fn local(program: &Program, at: Timestamp) -> String {
    let local = at.to_zoned(program.shop.zone.clone());
    let zone = program.shop.zone.iana_name().unwrap_or_default();
    format!("{} {zone}", local.strftime("%Y-%m-%d %H:%M"))
}

fn summary(program: &Program) -> String {
    let shop = &program.shop;
    let zone = shop.zone.iana_name().unwrap_or_default();
    let members = match program.membership {
        Membership::Automatic => "everybody takes part and can leave",
        Membership::Join => "who joins takes part",
    };
    let earning: Vec<String> = program
        .earn
        .iter()
        .map(|earn| {
            let points = earn.points;
            match &earn.per {
                Per::Amount { amount } => format!("{points} per {}", money(program, *amount)),
                Per::Order { at_least } => {
                    format!("{points} per order of at least {}", money(program, *at_least))
                }
                Per::Item { .. } => format!("{points} per item of some goods"),
            }
        })
        .collect();
    let rewards: Vec<String> = program
        .rewards
        .iter()
        .map(|reward| format!("{} for {}", reward.name, reward.points))
        .collect();
    let lines = [
        (
            "Shop",
            format!(
                "{} ({}), {}, {zone}, preset {}",
                shop.name, shop.id, shop.currency, shop.preset
            ),
        ),
        ("Program", format!("{}: {members}", program.name)),
        ("Points", earning.join("; ")),
        ("Expiry", expiry(program.expiry)),
        ("Tiers", tiers(program)),
        ("Rewards", if rewards.is_empty() { "none".to_owned() } else { rewards.join("; ") }),
        ("Mail", mail(&program.mail)),
    ];
    lines.map(|(name, text)| format!("{name:<8} {text}")).join("\n")
}

fn tiers(program: &Program) -> String {
    let tier = |tier: &loyalty::program::Tier| {
        let threshold = match program.tier_rules.qualify {
            _ if tier.threshold == 0 => "from the start".to_owned(),
            Qualify::Spend => format!("from {}", money(program, tier.threshold)),
            Qualify::Points => format!("from {} points", tier.threshold),
            Qualify::Orders => format!("from {} orders", tier.threshold),
        };
        format!("{} {threshold} (× {})", tier.name, tier.rate.normalize())
    };
    program.tiers.iter().map(tier).collect::<Vec<_>>().join("; ")
}

fn expiry(expiry: Expiry) -> String {
    match expiry {
        Expiry::None => "never".to_owned(),
        Expiry::Inactivity { months } => format!("after {months} months without a visit"),
        Expiry::Months { months } => format!("after {months} months"),
    }
}

fn mail(mail: &MailRules) -> String {
    let receipts = match mail.receipts {
        Receipts::Off => "no receipts of points",
        Receipts::First => "a receipt of the first points alone",
        Receipts::Weekly => "receipts of points once a week",
        Receipts::Each => "a receipt of points for each order",
    };
    // The line says so already.
    let off = mail.off.iter().filter(|kind| **kind != Kind::Receipt);
    let off: Vec<&str> = off.map(|kind| kind.as_str()).collect();
    let mut said = receipts.to_owned();
    if !off.is_empty() {
        said = format!("{said}; not sent: {}", off.join(", "));
    }
    let own: BTreeSet<&str> = mail.templates.iter().map(|one| one.kind.as_str()).collect();
    if !own.is_empty() {
        let own: Vec<&str> = own.into_iter().collect();
        said = format!("{said}; in your own words: {}", own.join(", "));
    }
    said
}

fn money(program: &Program, minor: i64) -> Money {
    Money { minor, currency: program.shop.currency }
}

#[cfg(test)]
mod tests {
    use loyalty::program::CORNER_BAKERY;

    use super::*;

    fn sample() -> ProgramFile {
        ProgramFile::parse(Path::new("b.toml"), CORNER_BAKERY.to_owned()).unwrap()
    }

    #[test]
    fn a_program_is_summed_up_in_an_owners_words() {
        assert_eq!(
            summary(&sample().program),
            "\
Shop     Corner Bakery (corner-bakery), USD, America/New_York, preset us-ny
Program  Corner Bakery Regulars: everybody takes part and can leave
Points   10 per 1.00 USD
Expiry   never
Tiers    Bronze from the start (× 1); Silver from 500.00 USD (× 1.25); Gold from 1000.00 USD (× 1.5)
Rewards  A coffee for 350; A loaf of your choice for 600; 5.00 off your order for 1000; \
A whole cake for 3000; A morning of baking with us for 5000
Mail     receipts of points once a week"
        );
    }

    #[test]
    fn mail_that_is_off_is_named() {
        let check = |section: &str, expected: &str| {
            let text = CORNER_BAKERY.replace("receipts = \"weekly\"", "");
            let text = text.replace("off = []", section);
            let file = ProgramFile::parse(Path::new("b.toml"), text).unwrap();
            assert_eq!(mail(&file.program.mail), expected);
        };
        check(
            "receipts = \"each\"\noff = [\"welcome\", \"tier-reached\"]",
            "a receipt of points for each order; not sent: tier-reached, welcome",
        );
        check("off = [\"receipt\"]", "no receipts of points");
    }

    /// The sample with one more template of a kind.
    fn with_template(kind: &str, body: &str) -> Result<ProgramFile, Failure> {
        let template =
            format!("[[mail.template]]\nkind = \"{kind}\"\nlanguage = \"en\"\nbody = \"{body}\"\n");
        ProgramFile::parse(Path::new("b.toml"), format!("{CORNER_BAKERY}\n{template}"))
    }

    #[test]
    fn a_template_that_cant_be_rendered_keeps_a_program_from_being_used() {
        let failure = with_template("receipt", "You have {{ pionts }}.").unwrap_err().to_string();
        assert!(
            failure.starts_with(
                "b.toml: the program can't be used:\n- mail.template for receipt in en, body, \
                 line 1: there is no `pionts` here; there are balance, links, name, points,"
            ),
            "{failure}"
        );
        let failure = with_template("points-expiring", "Buy something.").unwrap_err().to_string();
        assert!(failure.contains("(\"buy\"), and a mail of this kind may not be"), "{failure}");
    }

    #[test]
    fn a_template_that_makes_marketing_is_worth_knowing_and_own_words_are_named() {
        let file = with_template("receipt", "Cakes are 10 % off.").unwrap();
        let told: Vec<String> = file.templates.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            ["mail.template for receipt in en: its body has an amount or a share (\"%\"), which \
              makes it marketing: who didn't agree to marketing gets our words instead"]
        );
        assert_eq!(
            mail(&file.program.mail),
            "receipts of points once a week; in your own words: receipt"
        );
        assert_eq!(with_template("receipt", "Thank you, {{ name }}.").unwrap().templates, []);
    }

    #[test]
    fn a_saved_program_tells_its_start_by_the_shops_clock() {
        let effective_from = "2026-11-23T09:00:00Z".parse().unwrap();
        assert_eq!(
            told(&sample(), &Applied::Saved { version: 2, effective_from }),
            "Saved as version 2 of corner-bakery. It counts orders paid from 2026-11-23 04:00 \
             America/New_York on."
        );
        assert_eq!(
            told(&sample(), &Applied::Unchanged { version: 2 }),
            "Unchanged: version 2 of corner-bakery already says the same."
        );
    }

    #[tokio::test]
    async fn applying_twice_saves_once_and_a_broken_file_names_its_problems() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("bakery.toml");
        std::fs::write(&path, CORNER_BAKERY).unwrap();
        let data = home.path().join("data");
        apply(&path, &data, &|_| None).await.unwrap();
        apply(&path, &data, &|_| None).await.unwrap();

        std::fs::write(&path, CORNER_BAKERY.replace("points = 350", "points = 0")).unwrap();
        let failure = apply(&path, &data, &|_| None).await.unwrap_err().to_string();
        assert!(failure.starts_with(path.to_str().unwrap()), "{failure}");
        assert!(failure.contains("reward[0].points"), "{failure}");
        assert_eq!(check(&path).unwrap_err().to_string(), failure);
    }
}
