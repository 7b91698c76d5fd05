//! Her birthday: what she chose, what is wrong with it, and what the page shows.

use askama::Template;
use askama::filters::HtmlSafe;
use jiff::civil::{Date, date};
use loyalty::Points;
use loyalty::birthday::Birthday;
use loyalty::mail::Kind;
use presentation::Locale;
use presentation::page::{Button, Select};

use super::{Offer, quiet};
use crate::door::Visit;
use crate::words::Words;

/// A leap year, in which every birthday is a day.
const LEAP: i16 = 2000;

/// What a form asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// To keep this day.
    Keep(Chosen),
    /// To keep none.
    Forget,
}

/// What she chose of the lists; empty: nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Chosen {
    day: String,
    month: String,
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Day or month is missing.
    Half,
    /// The month has no such day.
    NoDay,
    /// She changed it within a year, and can again from this day on.
    TooSoon(Date),
}

/// What a form asks about her birthday, if that is what it is for.
pub(super) fn asked(fields: &[(String, String)]) -> Option<Asked> {
    let field = |name: &str| {
        let found = fields.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    match field("act").as_str() {
        "birthday" => Some(Asked::Keep(Chosen { day: field("day"), month: field("month") })),
        "no-birthday" => Some(Asked::Forget),
        _ => None,
    }
}

impl Chosen {
    /// The day she chose.
    pub(super) fn birthday(&self) -> Result<Birthday, Fault> {
        if self.day.is_empty() || self.month.is_empty() {
            return Err(Fault::Half);
        }
        let number = |text: &String| text.parse().map_err(|_| Fault::NoDay);
        Birthday::new(number(&self.month)?, number(&self.day)?).map_err(|_| Fault::NoDay)
    }
}

impl From<Birthday> for Chosen {
    fn from(birthday: Birthday) -> Self {
        Self { day: birthday.day().to_string(), month: birthday.month().to_string() }
    }
}

impl Fault {
    /// What is wrong, and what to do.
    pub(super) fn text(self, visit: &Visit) -> String {
        let words = visit.words;
        match self {
            Self::Half => words.birthday_half.to_owned(),
            Self::NoDay => words.birthday_no_day.to_owned(),
            Self::TooSoon(from) => (words.birthday_waits)(&visit.locale.date(from)),
        }
    }
}

/// A birthday, as her language writes days.
pub(super) fn written(birthday: Birthday, locale: &Locale) -> String {
    birthday.in_year(LEAP).map(|day| locale.day(day)).unwrap_or_default()
}

/// Day and month to choose from, or why they can't be changed now.
#[derive(Debug, Template)]
#[template(path = "birthday.html")]
pub(super) struct Field<'a> {
    words: &'static Words,
    action: &'a str,
    /// What it is for, what is known, and what can't be done now.
    texts: Vec<String>,
    /// What is wrong with what she chose.
    error: Option<String>,
    /// Nothing to choose from where nothing can be changed.
    lists: Option<Lists>,
    /// Takes it away, where one is known.
    forget: Option<Button<'static>>,
}

impl HtmlSafe for Field<'_> {}

#[derive(Debug)]
struct Lists {
    days: Vec<(String, String)>,
    months: Vec<(String, String)>,
    chosen: Chosen,
}

impl<'a> Field<'a> {
    /// What the page shows, after what she just chose was refused for a reason. Nothing where
    /// none is known and nobody would wish her well: the shop doesn't, or she complained.
    pub(super) fn of(visit: &'a Visit, refused: Option<(Chosen, Fault)>) -> Option<Self> {
        let (words, locale, now) = (visit.words, &visit.locale, &visit.now);
        let (contact, program) = (&visit.contact, &visit.program);
        let mail = &program.mail;
        let gives = mail.birthday.points > Points::ZERO;
        let told = gives || !mail.off.contains(&Kind::Birthday);
        let told = told && !Offer::of(visit).is_complaint();
        if !told && contact.birthday.is_none() {
            return None;
        }
        let today = program.local_day(*now);
        let waits = contact.birthday_waits(today, &program.shop.zone);
        let known = contact.birthday.map(|known| (words.birthday_known)(&written(known, locale)));
        let waits_until = waits.map(|from| (words.birthday_waits)(&locale.date(from)));
        let texts = [(words.birthday_why)(&visit.brand.shop)].into_iter();
        let (tried, fault) = refused.unzip();
        let chosen = tried.or(contact.birthday.map(Chosen::from)).unwrap_or_default();
        // Said once, above, where there is nothing to choose from.
        let error = fault.filter(|_| waits.is_none()).map(|fault: Fault| fault.text(visit));
        Some(Self {
            words,
            action: &visit.path,
            texts: texts.chain(known).chain(waits_until).collect(),
            error,
            lists: waits.is_none().then(|| Lists::of(locale, chosen)),
            forget: contact.birthday.map(|_| quiet(words.birthday_forget, "no-birthday")),
        })
    }

    fn save(&self) -> Button<'static> {
        quiet(self.words.birthday_save, "birthday")
    }

    fn described_by(&self) -> &'static str {
        if self.error.is_some() { "birthday-error birthday-help" } else { "birthday-help" }
    }

    fn day<'b>(&'b self, lists: &'b Lists) -> Select<'b> {
        let words = self.words;
        let (name, autocomplete, label) = ("day", "bday-day", words.birthday_day);
        self.select(name, autocomplete, label, &lists.days, &lists.chosen.day)
    }

    fn month<'b>(&'b self, lists: &'b Lists) -> Select<'b> {
        let words = self.words;
        let (name, autocomplete, label) = ("month", "bday-month", words.birthday_month);
        self.select(name, autocomplete, label, &lists.months, &lists.chosen.month)
    }

    fn select<'b>(
        &'b self,
        name: &'b str,
        autocomplete: &'b str,
        label: &'b str,
        options: &'b [(String, String)],
        chosen: &'b str,
    ) -> Select<'b> {
        Select {
            name,
            label,
            options,
            none: self.words.birthday_none,
            chosen: Some(chosen),
            wrong: self.error.is_some(),
            described_by: Some(self.described_by()),
            autocomplete,
        }
    }
}

impl Lists {
    fn of(locale: &Locale, chosen: Chosen) -> Self {
        let first = |month: i8| Date::new(LEAP, month, 1).unwrap_or(date(LEAP, 1, 1));
        let month = |month: i8| (month.to_string(), locale.month(first(month)));
        let day = |day: i8| (day.to_string(), day.to_string());
        Self { days: (1..=31).map(day).collect(), months: (1..=12).map(month).collect(), chosen }
    }
}
