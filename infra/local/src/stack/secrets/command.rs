//! Sets, lists and rotates.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Read};

use jiff::tz::TimeZone;
use loyalty::ids::ShopId;
use secrecy::{ExposeSecret, SecretString};

use super::names::{Kind, Name, Own, wanted};
use crate::cli::{Environment, SecretsArgs, SecretsCommand};
use crate::console;
use crate::failure::Failure;
use crate::secrets::random;
use crate::stack::vault::{Entry, Vault, split};
use crate::stack::{Record, Stack};

/// The longest a SecureString of SSM's standard tier may be, in bytes.
const LONGEST: usize = 4096;

/// Asks for a value that nobody looking on shall see.
type Ask<'a> = &'a dyn Fn(&str) -> Result<SecretString, Failure>;

/// Sets, lists or rotates secrets.
pub(crate) async fn run(args: &SecretsArgs, environment: Environment<'_>) -> Result<(), Failure> {
    console::say(told(args, environment, &ask).await?);
    Ok(())
}

pub(super) async fn told(
    args: &SecretsArgs,
    environment: Environment<'_>,
    ask: Ask<'_>,
) -> Result<String, Failure> {
    let stack = Stack::open(&args.stack, environment).await?;
    let vault = stack.vault();
    match &args.command {
        SecretsCommand::List => Ok(list(&vault.all().await?)),
        SecretsCommand::Set { name: None } => complete(&stack.record, &vault).await,
        SecretsCommand::Set { name: Some(name) } => {
            let name = named(&stack, name, args.shop.as_ref())?;
            set(&vault, &name, ask).await
        }
        SecretsCommand::Rotate { name, end } => {
            let name = named(&stack, name, args.shop.as_ref())?;
            match end {
                true => end_rotation(&vault, &name).await,
                false => rotate(&vault, &name, ask).await,
            }
        }
    }
}

/// The name with its shop, which the stack has to know.
fn named(stack: &Stack, name: &Name, shop: Option<&ShopId>) -> Result<Name, Failure> {
    let Name::OfShop(own, kind) = name else {
        return match shop {
            None => Ok(name.clone()),
            Some(_) => Err(Failure::new(format!("{name} is no shop's: leave --shop out"))),
        };
    };
    let shop = match (own, shop) {
        (Some(own), Some(shop)) if own != shop => {
            return Err(Failure::new(format!("{name} and --shop {shop} name two shops")));
        }
        (Some(own), _) => own.clone(),
        (None, Some(shop)) => shop.clone(),
        (None, None) => stack.only_shop()?,
    };
    stack.known(&shop)?;
    Ok(Name::OfShop(Some(shop), *kind))
}

/// Makes what can be made, and says what is missing beside it.
async fn complete(record: &Record, vault: &Vault) -> Result<String, Failure> {
    let known = vault.all().await?;
    let mut lines = Vec::new();
    for own in Own::ALL {
        let name = own.as_str();
        if known.contains_key(name) {
            lines.push(format!("{name} is there."));
        } else if vault.put(name, &[random()?.into()], true).await? {
            lines.push(format!("{name} was made."));
        } else {
            lines.push(format!("{name} was made by somebody else just now."));
        }
    }
    let stack = &record.stack;
    for (shop, of) in &record.shops {
        let is_set = |kind: Kind| known.contains_key(&format!("{shop}/{}", kind.as_str()));
        let missing = wanted(of, is_set);
        if missing.is_empty() {
            lines.push(format!("{shop} has what it needs."));
        }
        for (kind, why) in missing {
            let (kind, found_at) = (kind.as_str(), kind.found_at());
            lines.push(format!(
                "{shop}/{kind} is missing: {why}. It is {found_at}. Then: `regulars secrets set \
                 {shop}/{kind} --stack {stack}`"
            ));
        }
        if of.shopify.is_some() && !is_set(Kind::Square) {
            let found_at = Kind::Square.found_at();
            lines.push(format!(
                "If {shop} sells at Square too: {shop}/square, {found_at}; and \
                 {shop}/square-token."
            ));
        }
    }
    lines.push(format!("The token of the JSON API is read by: {}", reading(vault, "api")));
    Ok(lines.join("\n"))
}

fn reading(vault: &Vault, name: &str) -> String {
    format!(
        "aws ssm get-parameter --with-decryption --query Parameter.Value --output text --name {}",
        vault.place(name)
    )
}

fn list(known: &BTreeMap<String, Entry>) -> String {
    if known.is_empty() {
        return "No secret is set: `regulars secrets set` makes the first.".to_owned();
    }
    let longest = known.keys().map(String::len).max().unwrap_or(0);
    let line = |(name, entry): (&String, &Entry)| {
        let changed = entry.changed_at.map_or_else(
            || "at an unknown time".to_owned(),
            |at| at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string(),
        );
        format!("{name:<longest$}  {}, changed {changed}", values(entry.values.len()))
    };
    known.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn values(count: usize) -> String {
    if count == 1 { "1 value".to_owned() } else { format!("{count} values") }
}

async fn set(vault: &Vault, name: &Name, ask: Ask<'_>) -> Result<String, Failure> {
    let text = name.to_string();
    let only_new = match name {
        // Another key would take every known customer for a new one.
        Name::Own(Own::Identity) => Some("it is never changed: nobody would be recognised again"),
        Name::Own(Own::Links) => Some("`regulars secrets rotate links` puts a new key beside it"),
        _ => None,
    };
    if let Some(why) = only_new
        && vault.all().await?.contains_key(&text)
    {
        return Err(Failure::new(format!("{text} is set already, and {why}")));
    }
    let values = checked(&ask(&text)?)?;
    let count = values.len();
    if !vault.put(&text, &values, only_new.is_some()).await? {
        return Err(Failure::new(format!("{text} was set by somebody else just now")));
    }
    Ok(format!("{text} is set, {}. {}", self::values(count), taken(name)))
}

/// Puts a new value before those there are. Any of a list verifies, so that it doesn't matter
/// which of them the other side still signs with.
async fn rotate(vault: &Vault, name: &Name, ask: Ask<'_>) -> Result<String, Failure> {
    let text = name.to_string();
    let known = entry(vault, &text).await?;
    let mut values = match name {
        Name::Own(Own::Identity) => {
            return Err(Failure::new(
                "identity is never rotated: every customer is recognised by it, and by another \
                 nobody would be",
            ));
        }
        Name::Own(Own::Api | Own::Links) => vec![random()?.into()],
        Name::OfShop(..) => checked(&ask(&text)?)?,
    };
    let is_there = |new: &SecretString| {
        known.values.iter().any(|old| old.expose_secret() == new.expose_secret())
    };
    if values.iter().any(is_there) {
        return Err(Failure::new(format!("{text} has this value already: nothing was changed")));
    }
    values.extend(known.values);
    fits(&values).map_err(|why| match name {
        Name::Own(Own::Links) => Failure::new(format!(
            "{why}: links can't be rotated any more, since its old keys stay for ever"
        )),
        _ => Failure::new(format!("{why}: end the rotation before with --end")),
    })?;
    vault.put(&text, &values, false).await?;
    let then = match name {
        Name::Own(Own::Links) => {
            "The older ones stay for ever: links to unsubscribe work as long as theirs is there."
                .to_owned()
        }
        Name::Own(_) => format!(
            "Read the new one by: {}\nOnce all who use the API have it: `regulars secrets rotate \
             {text} --end`",
            reading(vault, &text)
        ),
        Name::OfShop(..) => format!(
            "Once the other side uses the new one alone: `regulars secrets rotate {text} --end`"
        ),
    };
    let count = self::values(values.len());
    Ok(format!("{text} has a new value before the older ones, {count}. {}\n{then}", taken(name)))
}

/// Drops all values but the newest.
async fn end_rotation(vault: &Vault, name: &Name) -> Result<String, Failure> {
    let text = name.to_string();
    match name {
        Name::Own(Own::Identity) => {
            return Err(Failure::new("identity is never rotated, so that nothing is to be ended"));
        }
        Name::Own(Own::Links) => {
            return Err(Failure::new(
                "links keeps its old keys for ever: the links to unsubscribe in every mail work as \
                 long as theirs is there",
            ));
        }
        Name::Own(Own::Api) | Name::OfShop(..) => {}
    }
    let known = entry(vault, &text).await?;
    let (Some(newest), older) = (known.values.first(), known.values.len().saturating_sub(1)) else {
        return Err(Failure::new(format!("{text} has no value: `regulars secrets set {text}`")));
    };
    if older == 0 {
        return Ok(format!("{text} has one value alone: there is nothing to end."));
    }
    vault.put(&text, std::slice::from_ref(newest), false).await?;
    Ok(format!("{text} has its newest value alone; {} dropped.", values(older)))
}

async fn entry(vault: &Vault, name: &str) -> Result<Entry, Failure> {
    let mut known = vault.all().await?;
    known.remove(name).ok_or_else(|| {
        Failure::new(format!("{name} isn't set, so that there is nothing to rotate: set it first"))
    })
}

/// When functions that run take a new value.
fn taken(name: &Name) -> &'static str {
    match name {
        Name::OfShop(_, Kind::ShopifyToken | Kind::ShopifyClientId | Kind::SquareToken) => {
            "The functions take it at their next start, within hours."
        }
        _ => {
            "The functions take it at their next start, or within a minute of something that \
             doesn't fit."
        }
    }
}

/// The values of a list that was given. Doesn't repeat them.
fn checked(given: &SecretString) -> Result<Vec<SecretString>, Failure> {
    let values = split(given.expose_secret());
    if values.is_empty() {
        return Err(Failure::new("no value was given: nothing was changed"));
    }
    let fits_one = |one: &SecretString| one.expose_secret().bytes().all(|c| c.is_ascii_graphic());
    if !values.iter().all(fits_one) {
        return Err(Failure::new(
            "the value has blanks or characters that no secret has: copy it again. Nothing was \
             changed",
        ));
    }
    fits(&values).map_err(|why| Failure::new(format!("{why}: nothing was changed")))?;
    Ok(values)
}

fn fits(values: &[SecretString]) -> Result<(), String> {
    let bytes: usize = values.iter().map(|one| one.expose_secret().len().saturating_add(1)).sum();
    if bytes > LONGEST {
        return Err(format!("together the values have more than {LONGEST} characters"));
    }
    Ok(())
}

/// From the terminal without echo, or from a pipe.
fn ask(name: &str) -> Result<SecretString, Failure> {
    let cannot = |error| Failure::because("the value can't be read", &error);
    let mut input = std::io::stdin();
    if input.is_terminal() {
        let terminal = ::console::Term::stderr();
        terminal.write_str(&format!("{name}: ")).map_err(cannot)?;
        return terminal.read_secure_line().map(SecretString::from).map_err(cannot);
    }
    let mut text = String::new();
    input.read_to_string(&mut text).map_err(cannot)?;
    Ok(text.trim().into())
}
