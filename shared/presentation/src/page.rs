//! Components of pages: layout, field, scores, notice, button, table, facts.
//!
//! Each is a struct that renders itself and escapes what it is given, so that a page's own
//! template embeds it as `{{ notice }}`. [`Page`] is the whole document around them; it comes
//! with the headers it needs. Pages have no script, ask no other host for anything but the
//! shop's logo, and carry their stylesheet, which the policy names by its hash.

mod field;
mod scores;
mod style;
mod words;

use std::fmt::Display;

use askama::Template;
use askama::filters::HtmlSafe;

pub use self::field::{Checkbox, Choice, RadioGroup, Select, TextArea, TextField};
pub use self::scores::{ScoreChoice, Scores};
use self::words::Words;
use crate::{Brand, Language};

/// What stands on every answer of a page's address, whatever is answered. Links in mail are
/// secrets: no referrer tells them, no cache keeps them, no search finds them.
pub const HEADERS: [(&str, &str); 5] = [
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("cache-control", "no-store"),
    ("x-robots-tag", "noindex"),
    ("strict-transport-security", "max-age=63072000"),
];

/// Marks components as HTML: a template that embeds one doesn't escape it again.
macro_rules! components {
    ($($name:ident),+) => {$(
        impl HtmlSafe for $name<'_> {}
    )+};
}

components!(
    Notice, Button, Table, Facts, Checkbox, RadioGroup, Scores, Select, TextArea, TextField
);

/// What a notice says of what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// How things stand.
    Info,
    /// It is done.
    Success,
    /// It isn't done, or something is wrong.
    Error,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Success => "success",
            Self::Error => "error",
        }
    }

    /// Who hears the page read is told at once of an error, and of the rest when it suits.
    fn role(self) -> &'static str {
        match self {
            Self::Info => "note",
            Self::Success => "status",
            Self::Error => "alert",
        }
    }
}

/// One thing to be known before the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Template)]
#[template(path = "page/notice.html")]
pub struct Notice<'a> {
    /// What sort of thing.
    pub tone: Tone,
    /// The thing, in a sentence or two.
    pub text: &'a str,
}

/// How much a button asks to be pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// What most come for; one to a form.
    Primary,
    /// Everything else.
    Quiet,
}

/// A button that sends its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Template)]
#[template(path = "page/button.html")]
pub struct Button<'a> {
    /// What it does, as a verb.
    pub label: &'a str,
    /// How it looks.
    pub look: Look,
    /// What it sends, by name and value.
    pub sends: Option<(&'a str, &'a str)>,
}

/// Facts with their names, one under the other.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "page/facts.html")]
pub struct Facts<'a> {
    /// Name and fact.
    pub facts: Vec<(&'a str, String)>,
}

/// A table; on a phone each row is a card.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "page/table.html")]
pub struct Table<'a> {
    /// What it lists.
    pub caption: &'a str,
    /// Names of the columns; the first one's cells name their rows.
    pub columns: &'a [Column<'a>],
    /// Rows of as many cells.
    pub rows: Vec<Vec<String>>,
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it holds numbers, which stand under one another.
    pub numeric: bool,
}

/// A page: everything around what it says.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a, M> {
    /// The shop it is of; `None` where none is known.
    pub brand: Option<&'a Brand>,
    /// Its language.
    pub language: Language,
    /// Its heading, and its title beside the shop's name.
    pub title: &'a str,
    /// What it says, as a component or a template.
    pub main: M,
}

/// A page as it goes over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The page.
    pub html: String,
    /// The headers it needs, by name.
    pub headers: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "page/layout.html")]
struct Layout<'a, M: Display> {
    page: &'a Page<'a, M>,
    words: &'static Words,
    style: &'a str,
    logo: Option<&'a str>,
}

impl<M: Display> Page<'_, M> {
    /// The page with its headers: what a browser may do with it is said by the same hands.
    ///
    /// # Errors
    ///
    /// Only what the main part itself fails with.
    pub fn document(&self) -> Result<Document, askama::Error> {
        let style = style::sheet(self.brand);
        let logo = self.brand.and_then(|brand| brand.logo.as_deref());
        let host = logo.and_then(style::origin);
        // A logo whose host can't be named in the policy wouldn't be shown.
        let logo = logo.filter(|_| host.is_some());
        let words = Words::of(self.language);
        let html = Layout { page: self, words, style: &style, logo }.render()?;
        let policy = style::policy(&style, host);
        let own = [
            ("content-type", "text/html; charset=utf-8".to_owned()),
            ("content-language", self.language.as_str().to_owned()),
            ("content-security-policy", policy),
        ];
        let same = HEADERS.map(|(name, value)| (name, value.to_owned()));
        let headers = own.into_iter().chain(same).collect();
        Ok(Document { html, headers })
    }
}

#[cfg(test)]
mod tests;
