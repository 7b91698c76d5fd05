//! What the page shows: choices, and what was just saved.

use askama::Template;
use askama::filters::HtmlSafe;
use loyalty::mail::Class;
use presentation::page::{Button, Checkbox, Choice, Look, RadioGroup};

use super::SAVED;
use super::birthday::written;
use super::plan::{Offer, Topic, offered};
use crate::door::Visit;
use crate::words::Words;

/// Kinds to tick, how often, and a yes where there is none.
#[derive(Debug, Template)]
#[template(path = "choices.html")]
pub(crate) struct Choices {
    words: &'static Words,
    action: String,
    account: Vec<Checkbox<'static>>,
    /// Kinds of offers and news, where she gets any.
    offers: Vec<Checkbox<'static>>,
    /// What she would say yes to, where nobody may write to her.
    wording: Option<String>,
    often: Option<Often>,
    save: Button<'static>,
}

impl HtmlSafe for Choices {}

#[derive(Debug)]
struct Often {
    choices: [Choice<'static>; 2],
    monthly: bool,
}

impl Choices {
    /// The choices of a visitor, in a form that goes to this path.
    pub(crate) fn of(visit: &Visit, action: &str) -> Self {
        let (words, consent) = (visit.words, &visit.contact.consent);
        let boxes = |class| {
            let kinds = offered(&visit.program.mail, class);
            let tick = |kind: loyalty::mail::Kind| Checkbox {
                name: "kind",
                value: kind.as_str(),
                label: (words.kind)(kind),
                help: None,
                checked: !consent.is_off(kind.as_str()),
            };
            kinds.map(tick).collect::<Vec<_>>()
        };
        let offer = Offer::of(visit);
        let gets_offers = offer == Offer::On;
        let choice = |value, label| Choice { value, label, help: None };
        let often = Often {
            choices: [choice("as-it-comes", words.as_it_comes), choice("monthly", words.monthly)],
            monthly: consent.at_most_monthly(),
        };
        Self {
            words,
            action: action.to_owned(),
            account: boxes(Class::Account),
            offers: if gets_offers { boxes(Class::Marketing) } else { Vec::new() },
            wording: offer.asks().then(|| visit.wording()),
            often: gets_offers.then_some(often),
            save: Button { label: words.save, look: Look::Primary, sends: None },
        }
    }

    /// Unticked: only she ticks it.
    fn yes(wording: &str) -> Checkbox<'_> {
        Checkbox { name: "yes", value: "yes", label: wording, help: None, checked: false }
    }
}

impl Often {
    fn group(&self, words: &'static Words) -> RadioGroup<'_> {
        let chosen = if self.monthly { "monthly" } else { "as-it-comes" };
        let (name, legend, chosen) = ("often", words.often, Some(chosen));
        RadioGroup { name, legend, choices: &self.choices, chosen }
    }
}

/// What was saved, as the query names it and as things stand.
pub(super) fn saved(visit: &Visit, query: &str) -> Option<String> {
    let names = query.split('&').find_map(|one| one.strip_prefix(SAVED)?.strip_prefix('='))?;
    let (words, consent) = (visit.words, &visit.contact.consent);
    let on = |on| if on { words.is_on } else { words.is_off };
    let mut said = Vec::new();
    for topic in names.split('.').take(20).filter_map(Topic::read) {
        said.push(match topic {
            Topic::Unchanged => return Some(words.unchanged.to_owned()),
            // As things stand: the page may be looked at again later.
            Topic::Nothing if comes(visit) => return None,
            Topic::Nothing => return Some(words.nothing_saved.to_owned()),
            Topic::Offers => format!("{}: {}", words.offers, on(Offer::of(visit) == Offer::On)),
            Topic::Monthly if consent.at_most_monthly() => words.monthly_saved.to_owned(),
            Topic::Monthly => words.as_it_comes_saved.to_owned(),
            Topic::Pause => match consent.paused_until(visit.now) {
                Some(until) => (words.pause_saved)(&visit.date(until)),
                None => words.resume_saved.to_owned(),
            },
            Topic::Birthday => match visit.contact.birthday {
                Some(known) => (words.birthday_saved)(&written(known, &visit.locale)),
                None => words.birthday_gone.to_owned(),
            },
            Topic::Kind(kind) => {
                format!("{}: {}", (words.kind)(kind), on(!consent.is_off(kind.as_str())))
            }
        });
    }
    (!said.is_empty()).then(|| format!("{} {}.", words.saved, said.join("; ")))
}

/// Whether any mail comes that she can choose.
fn comes(visit: &Visit) -> bool {
    let on = |kind: loyalty::mail::Kind| !visit.contact.consent.is_off(kind.as_str());
    Offer::of(visit) == Offer::On || offered(&visit.program.mail, Class::Account).any(on)
}

/// Whether mail goes on coming to who stops offers, or else this kind.
pub(crate) fn goes_on(visit: &Visit, stopped: Option<loyalty::mail::Kind>) -> bool {
    let consent = &visit.contact.consent;
    let held = consent.paused_until(visit.now).is_some() || consent.suppressed().is_some();
    let on = |kind: loyalty::mail::Kind| stopped != Some(kind) && !consent.is_off(kind.as_str());
    let offers = stopped.is_some() && Offer::of(visit) == Offer::On;
    !held && (offers || offered(&visit.program.mail, Class::Account).any(on))
}

/// What keeps mail from her, whatever she chooses here.
pub(super) fn hold(visit: &Visit, offer: &Offer) -> Option<String> {
    let words = visit.words;
    match offer {
        Offer::Complained { since } => Some((words.complained)(&visit.date(*since))),
        Offer::Bounced { since } => Some((words.bounced)(&visit.date(*since))),
        _ => None,
    }
}
