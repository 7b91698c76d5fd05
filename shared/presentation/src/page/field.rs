//! Fields of forms, each with its label and what there is to say about it.

use askama::Template;

/// A box to tick.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "page/checkbox.html")]
pub struct Checkbox<'a> {
    /// What it sends its value as. Several boxes may share it.
    pub name: &'a str,
    /// What it sends while it is ticked.
    pub value: &'a str,
    /// What ticking it means.
    pub label: &'a str,
    /// More about it.
    pub help: Option<&'a str>,
    /// Whether it is ticked.
    pub checked: bool,
}

/// One of several to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice<'a> {
    /// What it sends.
    pub value: &'a str,
    /// What choosing it means.
    pub label: &'a str,
    /// More about it.
    pub help: Option<&'a str>,
}

/// Several to choose one from.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "page/radio_group.html")]
pub struct RadioGroup<'a> {
    /// What it sends its value as.
    pub name: &'a str,
    /// What is chosen.
    pub legend: &'a str,
    /// What there is.
    pub choices: &'a [Choice<'a>],
    /// The value of the one that is chosen; `None`: she chooses.
    pub chosen: Option<&'a str>,
}

/// A list to choose one from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Template)]
#[template(path = "page/select.html")]
pub struct Select<'a> {
    /// What it sends its value as.
    pub name: &'a str,
    /// What is chosen.
    pub label: &'a str,
    /// What there is: what each sends, and what it says.
    pub options: &'a [(String, String)],
    /// What stands there while nothing is chosen, which sends an empty value.
    pub none: &'a str,
    /// The value of the one that is chosen.
    pub chosen: Option<&'a str>,
    /// Whether something is wrong with what she chose.
    pub wrong: bool,
    /// The ids of what describes it, for who hears the page read.
    pub described_by: Option<&'a str>,
    /// What a browser may choose, as HTML has them: `bday-day`, `off`.
    pub autocomplete: &'a str,
}

/// A line to write in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Template)]
#[template(path = "page/text_field.html")]
pub struct TextField<'a> {
    /// What it sends its value as.
    pub name: &'a str,
    /// The kind of line, as HTML has them: `text`, `email`, `tel`.
    pub kind: &'a str,
    /// What to write.
    pub label: &'a str,
    /// More about it.
    pub help: Option<&'a str>,
    /// What is wrong with what she wrote, and what to do.
    pub error: Option<&'a str>,
    /// What she wrote.
    pub value: &'a str,
    /// What a browser may fill it with, as HTML has them: `email`, `name`, `off`.
    pub autocomplete: &'a str,
    /// Whether it has to be filled.
    pub required: bool,
}

/// Lines to write in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Template)]
#[template(path = "page/text_area.html")]
pub struct TextArea<'a> {
    /// What it sends its value as.
    pub name: &'a str,
    /// What to write.
    pub label: &'a str,
    /// More about it.
    pub help: Option<&'a str>,
    /// What is wrong with what she wrote, and what to do.
    pub error: Option<&'a str>,
    /// What she wrote.
    pub value: &'a str,
}

impl Select<'_> {
    fn is_chosen(&self, value: &str) -> bool {
        self.chosen == Some(value)
    }
}

impl TextField<'_> {
    /// The ids of what describes it, for who hears the page read.
    fn described_by(&self) -> Option<String> {
        described_by(self.name, self.help, self.error)
    }
}

impl TextArea<'_> {
    /// The ids of what describes it, for who hears the page read.
    fn described_by(&self) -> Option<String> {
        described_by(self.name, self.help, self.error)
    }
}

fn described_by(name: &str, help: Option<&str>, error: Option<&str>) -> Option<String> {
    let help = help.map(|_| format!("{name}-help"));
    let error = error.map(|_| format!("{name}-error"));
    let ids: Vec<String> = error.into_iter().chain(help).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}
