//! From news to a letter: who it is from and goes to, what it says, and the links that stop
//! it or say why it came.

use jiff::Timestamp;
use loyalty::Points;
use loyalty::ids::{CustomerId, ShopId, TierId};
use loyalty::mail::news::{Gift, News};
use loyalty::mail::{Class, Kind, LowScore};
use loyalty::program::Program;
use loyalty::survey::AnswerBy;
use platform::mail::{AddressError, Letter, Mailbox};
use platform::sender::MailSettings;
use platform::store::{Desk, Kept, trigger_tag};
use platform::tokens::{Door, Links, address_mark};
use presentation::mail::{self, Broken, Occasion as Mail, Section, Written};
use presentation::{Locale, consent};
use thiserror::Error;

use crate::follow_up::asked_at;
use crate::lookout::Telling;

/// Rewards that a welcome names.
const FIRST_REWARDS: usize = 3;

/// No customer's id: those are longer.
const NOBODY: &str = "owner";

/// What a letter is written from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occasion<'a> {
    pub(crate) shop: &'a ShopId,
    pub(crate) kept: &'a Kept,
    pub(crate) desk: &'a Desk,
    pub(crate) program: &'a Program,
    pub(crate) settings: &'a MailSettings,
    pub(crate) telling: &'a Telling,
    pub(crate) configuration_sets: Option<&'a str>,
    pub(crate) links: &'a Links,
    pub(crate) now: Timestamp,
}

/// A letter, and what was found while it was written.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) letter: Letter,
    /// Whether the owner's own words made marketing of what else would be none.
    pub(crate) marketing: bool,
    /// The owner's own words that couldn't be used; ours stand there.
    pub(crate) broken: Vec<Broken>,
}

/// A letter can't be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum LetterError {
    /// Somebody has to set something, and it can be written then.
    #[error("{0}")]
    Held(String),
    /// The recipient's address is none that mail goes to.
    #[error("the customer's address can't be written to: {0}")]
    Address(#[from] AddressError),
}

/// Writes the letter.
pub(crate) fn write(occasion: &Occasion<'_>) -> Result<Ready, LetterError> {
    let Occasion { desk, program, settings, .. } = *occasion;
    let from = sender(settings, program)?;
    let to = recipient(occasion)?;
    let contact = desk.contact.as_ref();
    let class = occasion.telling.news.iter().map(|one| one.kind().class()).max();
    let class = class.unwrap_or(Class::Account);
    // The shop's own people read their own language, and are greeted by no customer's name.
    let reader = contact.filter(|_| class != Class::Owner);
    let locale = settings.locale(program, reader.and_then(|reader| reader.language.as_deref()));
    let sections: Vec<Section> =
        occasion.telling.news.iter().map(|one| section(one, occasion, &locale)).collect();
    let written = |class: Class| {
        let stop = stop(occasion, class).map(|door| url(occasion, &door));
        let words = mail::write(&Mail {
            locale: &locale,
            brand: &settings.brand(program),
            program,
            name: reader.and_then(|reader| reader.name.as_deref()),
            balance: desk.account.wallet.balance().ok(),
            sections: &sections,
            links: mail::Links { unsubscribe: stop.clone(), ..links(occasion, class) },
            to_owner: occasion.telling.to_owner && class != Class::Owner,
            marketing_allowed: occasion.telling.marketing_allowed,
        });
        (words, stop)
    };
    let (mut words, mut stop) = written(class);
    if words.marketing && class != Class::Marketing {
        // What became marketing by the owner's own words is stopped as marketing is.
        (words, stop) = written(Class::Marketing);
    }
    let Written { subject, text, html, marketing, broken, .. } = words;
    let sets = occasion.configuration_sets;
    let letter = Letter {
        from,
        reply_to: reply_to(occasion),
        to,
        subject,
        text,
        html: Some(html),
        // The owner's mail program must not stop a customer's mail.
        headers: stop
            .filter(|_| !occasion.telling.to_owner)
            .map(Letter::one_click)
            .unwrap_or_default(),
        tags: tags(occasion),
        configuration_set: sets.map(|prefix| format!("{prefix}-{}", occasion.shop)),
    };
    Ok(Ready { letter, marketing, broken })
}

fn held(why: &str) -> LetterError {
    LetterError::Held(why.to_owned())
}

fn sender(settings: &MailSettings, program: &Program) -> Result<Mailbox, LetterError> {
    let from = settings.from.as_deref().ok_or(held(
        "the shop has no address that mail comes from: `regulars mail sender --from` sets it",
    ))?;
    let name = settings.from_name.as_deref().unwrap_or(&program.shop.name);
    Mailbox::new(name, from)
        .map_err(|_| held("the shop's own address is none: `regulars mail sender` sets it"))
}

fn recipient(occasion: &Occasion<'_>) -> Result<String, LetterError> {
    if occasion.telling.to_owner {
        let MailSettings { owner, second, .. } = occasion.settings;
        let is_seconds = |news: &News| matches!(news, News::LowScore(told) if told.notice > 2);
        let second = second.as_ref().filter(|_| occasion.telling.news.iter().any(is_seconds));
        return second.or(owner.as_ref()).cloned().ok_or(held(
            "the owner's address isn't known: `regulars mail sender --owner` sets it",
        ));
    }
    Ok(platform::mail::address(hers(occasion.desk).unwrap_or_default())?)
}

/// Where an answer to a letter goes. One to what the owner is told of a low score goes to the
/// customer herself, if she wants it by mail; one to the owner's own answer goes to the owner.
fn reply_to(occasion: &Occasion<'_>) -> Option<String> {
    let Occasion { settings, desk, telling, .. } = *occasion;
    match telling.news.first() {
        Some(News::LowScore(told)) => {
            let hers = hers(desk).filter(|_| told.answer_by == Some(AnswerBy::Mail))?;
            platform::mail::address(hers).ok()
        }
        Some(News::Answer { .. }) => settings.owner.clone().or_else(|| settings.reply_to.clone()),
        _ => settings.reply_to.clone(),
    }
}

fn hers(desk: &Desk) -> Option<&str> {
    desk.contact.as_ref()?.email.as_deref()
}

fn tags(occasion: &Occasion<'_>) -> Vec<(String, String)> {
    let Occasion { shop, kept, telling, .. } = *occasion;
    let tag = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let kind = telling.news.first().map_or("none", |one| one.kind().as_str());
    let recipient = if occasion.telling.to_owner { "owner" } else { "customer" };
    trigger_tag(&kept.message.trigger())
        .map(|trigger| tag("trigger", &trigger))
        .into_iter()
        .chain([
            tag("shop", shop.as_str()),
            tag("customer", kept.customer.as_str()),
            tag("message", &kept.message.id),
            tag("kind", kind),
            tag("to", recipient),
        ])
        .collect()
}

/// What a reader does about a letter beside stopping it; nothing about one she asked for.
fn links(occasion: &Occasion<'_>, class: Class) -> mail::Links {
    if matches!(class, Class::Owner | Class::AskedFor) {
        return mail::Links::default();
    }
    let Occasion { kept, desk, .. } = *occasion;
    let customer = whose(occasion, &kept.customer);
    let why = Door::Why { customer, trigger: kept.message.trigger() };
    let preferences = Door::Preferences { customer: whose(occasion, &desk.holder) };
    mail::Links {
        why: Some(url(occasion, &why)),
        preferences: Some(url(occasion, &preferences)),
        unsubscribe: None,
    }
}

/// The door that ends mail like this: all marketing, or the first kind of what it tells.
fn stop(occasion: &Occasion<'_>, class: Class) -> Option<Door> {
    let customer = whose(occasion, &occasion.desk.holder);
    let kinds = || occasion.telling.news.iter().map(News::kind);
    let kind = match class {
        Class::Owner | Class::AskedFor => return None,
        Class::Account => kinds().next(),
        // Each kind of marketing stands for all of them, also for the owner's own.
        Class::Marketing => {
            kinds().find(|kind| kind.class() == Class::Marketing).or(Some(Kind::Welcome))
        }
    };
    kind.map(|kind| Door::Unsubscribe { customer, kind })
}

/// Whose doors the links of a letter open: hers, and nobody's where it goes to the owner, who
/// mustn't say yes or no for her by trying them.
fn whose(occasion: &Occasion<'_>, customer: &CustomerId) -> CustomerId {
    let nobody = || NOBODY.parse().ok();
    let owners = occasion.telling.to_owner.then(nobody).flatten();
    owners.unwrap_or_else(|| customer.clone())
}

fn url(occasion: &Occasion<'_>, door: &Door) -> String {
    occasion.links.url(occasion.shop, door, occasion.now)
}

/// What is told of a piece of news, with the names customers know.
fn section(news: &News, occasion: &Occasion<'_>, locale: &Locale) -> Section {
    let Occasion { program, desk, kept, .. } = *occasion;
    match news {
        News::Receipt { points, purchases } => Section::Receipt {
            points: *points,
            purchases: u32::try_from(*purchases).unwrap_or(u32::MAX),
        },
        News::PointsTakenBack { points, returned } => {
            Section::PointsTakenBack { points: *points, returned: *returned }
        }
        News::TierReached { tier } => {
            let perks = program.tier(tier).map(|tier| tier.perks.clone()).unwrap_or_default();
            Section::TierReached { tier: tier_name(tier, program), perks }
        }
        News::TierAtRisk { tier, missing, on } => {
            Section::TierAtRisk { tier: tier_name(tier, program), missing: *missing, until: *on }
        }
        News::TierEnding { tier, next, on } => {
            let next = tier_name(next, program);
            Section::TierEnding { tier: tier_name(tier, program), next, on: *on }
        }
        News::PointsExpiring { points, worth, on } => {
            Section::PointsExpiring { points: *points, worth: *worth, on: *on }
        }
        News::Birthday(gift) => Section::Birthday { gift: given(gift, locale) },
        News::Anniversary { years, gift } => Section::Anniversary {
            years: u16::try_from(*years).unwrap_or_default(),
            gift: given(gift, locale),
        },
        News::WinBack { last_visit, offer } => {
            Section::WinBack { last_visit: *last_visit, offer: offer.clone() }
        }
        News::Welcome => {
            let for_all = program.rewards.iter().filter(|reward| reward.tier.is_none());
            let mut rewards: Vec<_> =
                for_all.map(|reward| (reward.name.clone(), reward.points)).collect();
            rewards.sort_by_key(|(_, points)| *points);
            rewards.truncate(FIRST_REWARDS);
            Section::Welcome { offer: None, rewards }
        }
        News::ConsentConfirmation => {
            let customer = whose(occasion, &kept.customer);
            let address = address_mark(hers(desk).unwrap_or_default());
            Section::ConsentConfirmation {
                url: url(occasion, &Door::Confirmation { customer, address }),
                wording: consent::wording(locale, &program.shop.name),
            }
        }
        News::Survey { order, day, question } => {
            let (customer, asked_at) = (whose(occasion, &kept.customer), asked_at(occasion.now));
            let (order, question, day) = (order.clone(), *question, *day);
            let door = Door::Survey { customer, order, question, asked_at };
            Section::Survey { day, question, url: url(occasion, &door) }
        }
        News::LowScore(told) => Section::LowScore(low_score(told, occasion)),
        News::Answer { text, points } => {
            Section::FollowUpAnswer { text: text.clone(), points: *points }
        }
        News::YouSaid { text } => Section::YouSaid { text: text.clone() },
    }
}

/// A low score with what is known of her who gave it.
fn low_score(told: &LowScore, occasion: &Occasion<'_>) -> mail::LowScore {
    let Desk { contact, account, .. } = occasion.desk;
    let contact = contact.as_ref();
    let LowScore { score, day, answer_by, notice, .. } = *told;
    mail::LowScore {
        who: contact.and_then(|contact| contact.name.clone()),
        score,
        day,
        comment: told.comment.clone(),
        answer_by,
        phone: contact.and_then(|contact| contact.phone.clone()),
        orders: account.facts.ever.orders,
        since: account.facts.first,
        tier: account.tier.as_ref().map(|tier| tier_name(&tier.id, occasion.program)),
        points: account.wallet.balance().unwrap_or(Points::ZERO),
        notice,
    }
}

/// A tier's name, as customers know it.
fn tier_name(tier: &TierId, program: &Program) -> String {
    program.tier(tier).map_or(tier.as_str(), |tier| &tier.name).to_owned()
}

/// What a day of hers brought her, on one line: the points, and what the shop gives besides.
fn given(gift: &Gift, locale: &Locale) -> Option<String> {
    let points = gift.points.map(|points| locale.points(points));
    let parts: Vec<String> = points.into_iter().chain(gift.offer.clone()).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
