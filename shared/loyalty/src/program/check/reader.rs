//! Collects the problems of a file, and reads words and numbers.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use rust_decimal::Decimal;

use super::{Known, Problem};
use crate::money::parse_decimal;

/// The longest name, in characters: what fits a line of a page or a mail.
pub(super) const MAX_NAME: usize = 80;
/// The longest perk, in characters: a sentence.
pub(super) const MAX_PERK: usize = 200;
/// The longest id, in characters.
const MAX_ID: usize = 40;
/// The most entries of a list within a section.
pub(super) const MAX_LIST: usize = 1000;
/// The most decimal places of a factor.
const MAX_PLACES: u32 = 4;
/// The most words that are listed where one of them is needed.
const MAX_LISTED: usize = 24;
/// The most characters of a wrong value that are shown.
const MAX_FOUND: usize = 80;

/// Collects the problems of one file.
///
/// A reading method notes a problem and returns `None`, so its caller may go on; a
/// program that had a problem is thrown away in the end.
#[derive(Debug)]
pub(super) struct Checker {
    problems: Vec<Problem>,
    dropped: Vec<String>,
}

impl Checker {
    /// A list that begins with the problems of the file's shape. The keys in `dropped`
    /// are left out because of them.
    pub(super) fn new(problems: Vec<Problem>, dropped: Vec<String>) -> Self {
        Self { problems, dropped }
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Notes a problem.
    pub(super) fn report(&mut self, key: &str, message: String) {
        self.problems.push(Problem::new(key, message));
    }

    /// Notes that something isn't there, unless it was and has its problem already.
    pub(super) fn missing(&mut self, key: &str, wanted: &str) {
        self.lacks(key, &format!("is missing: write {wanted}"));
    }

    /// Notes that a section says too little, unless what it said has its problem already.
    pub(super) fn lacks(&mut self, key: &str, message: &str) {
        if !self.was_dropped(key) {
            self.report(key, message.to_owned());
        }
    }

    /// Whether a key, a part of it or what it is part of was left out.
    fn was_dropped(&self, key: &str) -> bool {
        self.dropped.iter().any(|dropped| is_within(dropped, key) || is_within(key, dropped))
    }

    /// Notes a key that has a meaning only elsewhere.
    pub(super) fn only_with(&mut self, key: &str, is_given: bool, owner: &str) {
        if is_given {
            self.report(key, format!("has no meaning here: it belongs to {owner}"));
        }
    }

    /// Notes a list that is too long, and cuts it.
    pub(super) fn at_most<T>(&mut self, key: &str, list: &mut Vec<T>, most: usize) {
        if list.len() > most {
            let found = list.len();
            self.report(key, format!("found {found} of them, at most {most} are allowed"));
            list.truncate(most);
        }
    }

    /// Notes ids that several sections of a kind have.
    pub(super) fn unique<'a>(&mut self, kind: &str, ids: impl Iterator<Item = Option<&'a str>>) {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, id) in ids.enumerate().filter_map(|(index, id)| Some((index, id?))) {
            if let Some(first) = seen.get(id) {
                let message = format!("found {}, which {kind}[{first}] has already", shown(id));
                self.report(&format!("{kind}[{index}].id"), message);
            } else {
                seen.insert(id, index);
            }
        }
    }

    /// A line of text.
    pub(super) fn text(
        &mut self,
        key: &str,
        value: Option<&str>,
        longest: usize,
    ) -> Option<String> {
        let wanted = format!("a line of 1 to {longest} characters in quotes");
        let Some(text) = value else {
            self.missing(key, &wanted);
            return None;
        };
        let text = text.trim();
        let fits = (1..=longest).contains(&text.chars().count());
        if !fits || text.chars().any(char::is_control) {
            self.report(key, format!("found {}; write {wanted}", shown(text)));
            return None;
        }
        Some(text.to_owned())
    }

    /// An id within the program.
    pub(super) fn id(&mut self, key: &str, value: Option<&str>) -> Option<String> {
        let wanted = format!("1 to {MAX_ID} of a-z, 0-9 and - in quotes");
        let Some(id) = value else {
            self.missing(key, &wanted);
            return None;
        };
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=MAX_ID).contains(&id.len()) || !id.bytes().all(plain) {
            self.report(key, format!("found {}; write {wanted}", shown(id)));
            return None;
        }
        Some(id.to_owned())
    }

    /// One of some words; `default` stands for a key that isn't there.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &str,
        value: Option<&str>,
        allowed: &[(&str, T)],
        default: Option<T>,
    ) -> Option<T> {
        let wanted = format!("one of {}", listed(allowed.iter().map(|(word, _)| *word)));
        let Some(value) = value else {
            if default.is_none() {
                self.missing(key, &wanted);
            }
            return default;
        };
        let found = allowed.iter().find(|(word, _)| *word == value);
        if found.is_none() {
            self.report(key, format!("found {}; write {wanted}", shown(value)));
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// A whole number; `default` stands for a key that isn't there.
    pub(super) fn whole<T: TryFrom<i64>>(
        &mut self,
        key: &str,
        value: Option<i64>,
        allowed: RangeInclusive<i64>,
        default: Option<T>,
    ) -> Option<T> {
        let wanted = format!("a whole number from {} to {}", allowed.start(), allowed.end());
        let Some(value) = value else {
            if default.is_none() {
                self.missing(key, &wanted);
            }
            return default;
        };
        let number = Some(value).filter(|value| allowed.contains(value));
        let number = number.and_then(|value| T::try_from(value).ok());
        if number.is_none() {
            self.report(key, format!("found {value}; write {wanted}"));
        }
        number
    }

    /// A factor or a percentage.
    pub(super) fn decimal(
        &mut self,
        key: &str,
        value: Option<&str>,
        allowed: RangeInclusive<Decimal>,
    ) -> Option<Decimal> {
        let (least, most) = (allowed.start(), allowed.end());
        let wanted = format!(
            "a number from {least} to {most} in quotes, with at most {MAX_PLACES} decimal places"
        );
        let Some(value) = value else {
            self.missing(key, &wanted);
            return None;
        };
        let number = parse_decimal(value).ok();
        let number = number.filter(|n| allowed.contains(n) && n.scale() <= MAX_PLACES);
        if number.is_none() {
            self.report(key, format!("found {}; write {wanted}", shown(value)));
        }
        number
    }

    /// Ids of categories.
    pub(super) fn in_categories(
        &mut self,
        key: &str,
        mut ids: Vec<String>,
        known: &Known,
    ) -> Vec<String> {
        self.at_most(key, &mut ids, MAX_LIST);
        for (index, id) in ids.iter().enumerate() {
            self.reference(&format!("{key}[{index}]"), id, "category", &known.categories);
        }
        ids
    }

    /// A reference to a section of a kind by its id. Silent where such a section has
    /// lost something, for it may have been its id.
    pub(super) fn reference(&mut self, key: &str, id: &str, kind: &str, known: &[String]) {
        if known.iter().any(|other| other == id) || self.lost_one(kind) {
            return;
        }
        let known = match known {
            [] => format!("the program has no [[{kind}]]"),
            _ => format!("write one of {}", listed(known.iter().map(String::as_str))),
        };
        self.report(key, format!("found {}, which is no {kind}; {known}", shown(id)));
    }

    fn lost_one(&self, kind: &str) -> bool {
        self.dropped.iter().any(|dropped| is_within(dropped, kind))
    }
}

/// A value as it is shown to the owner: in quotes, and not without end.
pub(super) fn shown(value: &str) -> String {
    let start: String = value.chars().take(MAX_FOUND).collect();
    let rest = if start.len() < value.len() { "…" } else { "" };
    format!("{:?}", format!("{start}{rest}"))
}

/// Words as a list for the owner, each once, and not without end.
pub(super) fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut different: Vec<String> = Vec::new();
    for word in words.map(shown) {
        if different.len() == MAX_LISTED {
            different.push("…".to_owned());
            break;
        }
        if !different.contains(&word) {
            different.push(word);
        }
    }
    different.join(", ")
}

/// Whether a key is another or part of it: `tier[0].id` is part of `tier`.
fn is_within(key: &str, other: &str) -> bool {
    key.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
