//! From news to a letter: plain words for each kind, until an owner's own templates.

use loyalty::Points;
use loyalty::ids::ShopId;
use loyalty::mail::Class;
use loyalty::mail::news::News;
use loyalty::program::Program;
use platform::mail::{AddressError, Letter, Mailbox};
use platform::sender::MailSettings;
use platform::store::{Desk, Kept, trigger_tag};
use thiserror::Error;

/// What a letter is written from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occasion<'a> {
    pub(crate) shop: &'a ShopId,
    pub(crate) kept: &'a Kept,
    pub(crate) desk: &'a Desk,
    pub(crate) program: &'a Program,
    pub(crate) settings: &'a MailSettings,
    pub(crate) news: &'a [News],
    pub(crate) to_owner: bool,
    pub(crate) configuration_sets: Option<&'a str>,
}

/// A letter can't be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum LetterError {
    /// The owner has to set something.
    #[error("{0}")]
    Settings(&'static str),
    /// The recipient's address is none that mail goes to.
    #[error("the customer's address can't be written to: {0}")]
    Address(#[from] AddressError),
}

/// Writes the letter.
pub(crate) fn write(occasion: &Occasion<'_>) -> Result<Letter, LetterError> {
    let Occasion { shop, kept, desk, program, settings, news, to_owner, .. } = *occasion;
    let from = settings.from.as_deref().ok_or(LetterError::Settings(
        "the shop has no address that mail comes from: `regulars mail sender --from` sets it",
    ))?;
    let name = settings.from_name.as_deref().unwrap_or(&program.shop.name);
    let from = Mailbox::new(name, from).map_err(|_| {
        LetterError::Settings("the shop's own address is none: `regulars mail sender` sets it")
    })?;
    let to = if to_owner {
        settings.owner.clone().ok_or(LetterError::Settings(
            "the owner's address isn't known: `regulars mail sender --owner` sets it",
        ))?
    } else {
        let email = desk.contact.as_ref().and_then(|contact| contact.email.as_deref());
        platform::mail::address(email.unwrap_or_default())?
    };
    let class = news.iter().map(|one| one.kind().class()).max().unwrap_or(Class::Account);
    let kind = news.first().map_or("none", |one| one.kind().as_str());
    let recipient = if to_owner { "owner" } else { "customer" };
    let tag = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut subject = subject(news, program);
    if to_owner {
        subject = format!("[not live] {subject}");
    }
    Ok(Letter {
        from,
        reply_to: settings.reply_to.clone(),
        to,
        subject,
        text: text(occasion, class),
        html: None,
        headers: Vec::new(),
        tags: trigger_tag(&kept.message.trigger())
            .map(|trigger| tag("trigger", &trigger))
            .into_iter()
            .chain([
                tag("shop", shop.as_str()),
                tag("customer", kept.customer.as_str()),
                tag("message", &kept.message.id),
                tag("kind", kind),
                tag("to", recipient),
            ])
            .collect(),
        configuration_set: occasion.configuration_sets.map(|prefix| format!("{prefix}-{shop}")),
    })
}

fn subject(news: &[News], program: &Program) -> String {
    let shop = &program.shop.name;
    match news.first() {
        Some(News::TierReached { tier }) => format!("You are {} now", tier_name(program, tier)),
        Some(News::Receipt { points, .. }) => format!("{} from {shop}", counted(*points)),
        Some(News::PointsTakenBack { points }) => format!("{} went back", counted(*points)),
        Some(News::Welcome) => format!("Welcome to {}", program.name),
        Some(News::ConsentConfirmation) => format!("Would you like mail from {shop}?"),
        None => shop.clone(),
    }
}

fn text(occasion: &Occasion<'_>, class: Class) -> String {
    let Occasion { desk, program, settings, news, .. } = *occasion;
    let shop = &program.shop.name;
    let name = desk.contact.as_ref().and_then(|contact| contact.name.as_deref());
    let mut parts = vec![match name {
        Some(name) => format!("Hello {name},"),
        None => "Hello,".to_owned(),
    }];
    parts.extend(news.iter().map(|one| paragraph(one, program)));
    if class != Class::AskedFor {
        let balance = desk.account.wallet.balance().unwrap_or(Points::ZERO);
        parts.push(format!("You have {}.", counted(balance)));
    }
    parts.push(format!("Until soon,\n{shop}"));
    let mut foot = vec!["Answer this mail, and a person reads it.".to_owned()];
    if class == Class::Marketing {
        foot.push("If you would rather not get mail like this, answer \"no more\".".to_owned());
    }
    foot.extend(settings.postal_address.clone());
    parts.push(format!("-- \n{}", foot.join("\n")));
    parts.join("\n\n")
}

fn paragraph(news: &News, program: &Program) -> String {
    let shop = &program.shop.name;
    match news {
        News::Receipt { points, purchases: 1 } => {
            format!("Thank you for your purchase. It brought you {}.", counted(*points))
        }
        News::Receipt { points, purchases } => {
            format!("Thank you for {purchases} purchases. They brought you {}.", counted(*points))
        }
        News::PointsTakenBack { points } => {
            format!("Something you bought went back, so {} went back too.", counted(*points))
        }
        News::TierReached { tier } => {
            let found = program.tier(tier);
            let perks = found.map(|tier| tier.perks.join("\n- ")).unwrap_or_default();
            let name = tier_name(program, tier);
            match perks.is_empty() {
                true => format!("You are {name} now."),
                false => format!("You are {name} now. That means:\n\n- {perks}"),
            }
        }
        News::Welcome => format!(
            "Welcome to {}: every purchase at {shop} brings you points, and points buy rewards.",
            program.name
        ),
        News::ConsentConfirmation => format!(
            "Somebody, hopefully you, asked {shop} to write to this address now and then. If you \
             would like that, answer this mail with a yes. If not, do nothing, and nobody will \
             write to you again."
        ),
    }
}

fn tier_name<'a>(program: &'a Program, tier: &'a loyalty::ids::TierId) -> &'a str {
    program.tier(tier).map_or(tier.as_str(), |tier| &tier.name)
}

fn counted(points: Points) -> String {
    match points.0 {
        1 => "1 point".to_owned(),
        count => format!("{count} points"),
    }
}
