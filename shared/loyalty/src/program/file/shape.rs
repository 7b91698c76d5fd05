//! Reads a file into its structs and lists everything that doesn't fit them.
//!
//! Serde stops at the first unknown key or value of the wrong kind. An owner wants to
//! know them all, so what doesn't fit is noted and dropped, and the rest is read again.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error};

use super::File;
use crate::program::{Problem, ProgramError};

/// The most problems of shape that are listed. A file with more isn't a program file.
const MAX_PROBLEMS: usize = 50;
/// The longest syntax error, in bytes, that is shown with its line of the file.
const MAX_SYNTAX: usize = 1000;
/// The most characters of a wrong value that are shown.
const MAX_FOUND: usize = 40;

/// What of a file fits its structs, and what doesn't.
#[derive(Debug)]
pub(super) struct Shape {
    /// The file without what doesn't fit.
    pub(super) file: File,
    /// A problem for each thing that was dropped.
    pub(super) problems: Vec<Problem>,
    /// The keys that were dropped, so that nobody calls them missing.
    pub(super) dropped: Vec<String>,
}

/// The sections of which there is one.
const SINGLE: &[&str] = &["shop", "program", "base", "tiers", "expiry", "mail", "survey"];
/// The sections within sections, of which there is one each.
const WITHIN: &[(&str, &str)] = &[
    ("shop", "hours"),
    ("mail", "win-back"),
    ("mail", "birthday"),
    ("mail", "anniversary"),
    ("mail", "tier-at-risk"),
];
/// The sections of which there may be several.
const SEVERAL: &[&str] = &["earn", "category", "multiplier", "tier", "reward"];

/// Reads a file.
pub(super) fn read(text: &str) -> Result<Shape, ProgramError> {
    let mut tree = DeTable::parse(text).map_err(|error| syntax(text, &error))?.into_inner();
    // each with the place it was found at
    let mut problems: Vec<(usize, Problem)> = Vec::new();
    let mut dropped = Vec::new();
    let mut file = None;
    while problems.len() < MAX_PROBLEMS {
        let (span, message) = match misfit(text, &tree) {
            Ok(fitting) => {
                file = Some(fitting);
                break;
            }
            Err(misfit) => misfit,
        };
        let Some(path) = find(&tree, &span) else {
            problems.push((span.start, Problem::new("the file", message)));
            break;
        };
        problems.push((span.start, Problem::new(&written(&path), message)));
        dropped.push(written(remove(&mut tree, &path)));
    }
    problems.sort_by_key(|(start, _)| *start);
    let problems = problems.into_iter().map(|(_, problem)| problem).collect();
    match file {
        Some(file) => Ok(Shape { file, problems, dropped }),
        None => Err(ProgramError::Invalid(problems)),
    }
}

/// The file, or where and why something doesn't fit it.
fn misfit(text: &str, tree: &DeTable<'_>) -> Result<File, (Range<usize>, String)> {
    // serde would take a list for a section, its values in the order of the keys
    if let Some((span, needed)) = wrong_brackets(tree) {
        let message = found(text, &span, &needed);
        return Err((span, message));
    }
    let tree = Spanned::new(0..text.len(), tree.clone());
    File::deserialize(Deserializer::from(tree)).map_err(|error| {
        let span = error.span().unwrap_or_default();
        let message = explain(text, &span, error.message());
        (span, message)
    })
}

/// A section that is none, or that has the wrong brackets, and what it needs.
fn wrong_brackets(tree: &DeTable<'_>) -> Option<(Range<usize>, String)> {
    let is_table = |value: &Spanned<DeValue<'_>>| matches!(value.get_ref(), DeValue::Table(_));
    for name in SINGLE {
        if let Some(value) = tree.get(*name).filter(|value| !is_table(value)) {
            return Some((value.span(), format!("to be one section, [{name}]")));
        }
    }
    for (section, name) in WITHIN {
        let section_table = tree.get(*section).and_then(|value| value.get_ref().as_table());
        let value = section_table.and_then(|table| table.get(*name));
        if let Some(value) = value.filter(|value| !is_table(value)) {
            return Some((value.span(), format!("to be one section, [{section}.{name}]")));
        }
    }
    for name in SEVERAL {
        let Some(value) = tree.get(*name) else { continue };
        let needed = format!("double brackets, because there may be several: [[{name}]]");
        let DeValue::Array(values) = value.get_ref() else { return Some((value.span(), needed)) };
        if let Some(value) = values.iter().find(|value| !is_table(value)) {
            return Some((value.span(), needed));
        }
    }
    None
}

fn syntax(text: &str, error: &Error) -> ProgramError {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline.saturating_add(1));
    let column = before.get(line_start..).map_or(0, |line| line.chars().count());
    let column = column.saturating_add(1);
    let line = line_of(text, start);
    let mut text = error.to_string().trim_end().to_owned();
    if text.len() > MAX_SYNTAX {
        let message = error.message();
        text = format!("TOML parse error at line {line}, column {column}\n{message}");
    }
    ProgramError::Syntax { line, column, text }
}

/// The line of a byte, from 1.
fn line_of(text: &str, byte: usize) -> usize {
    let before = text.get(..byte).unwrap_or(text);
    before.matches('\n').count().saturating_add(1)
}

/// One step from the root of a file to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// A path as problems name it: `earn[0].amount`.
fn written(path: &[Step]) -> String {
    path.iter().fold(String::new(), |written, step| match step {
        Step::Key(key) if written.is_empty() => key.clone(),
        Step::Key(key) => format!("{written}.{key}"),
        Step::Index(index) => format!("{written}[{index}]"),
    })
}

/// The path to the key or value that stands at `span`.
fn find(table: &DeTable<'_>, span: &Range<usize>) -> Option<Vec<Step>> {
    table.iter().find_map(|(key, value)| {
        let step = Step::Key(key.get_ref().to_string());
        if key.span() == *span { Some(vec![step]) } else { find_in(value, span, step) }
    })
}

fn find_in(value: &Spanned<DeValue<'_>>, span: &Range<usize>, step: Step) -> Option<Vec<Step>> {
    if value.span() == *span {
        return Some(vec![step]);
    }
    let mut path = match value.get_ref() {
        DeValue::Table(table) => find(table, span)?,
        DeValue::Array(values) => values
            .iter()
            .enumerate()
            .find_map(|(index, value)| find_in(value, span, Step::Index(index)))?,
        _ => return None,
    };
    path.insert(0, step);
    Some(path)
}

/// Drops what a path leads to, with the whole list if it is part of one. Returns the
/// path that was dropped.
fn remove<'p>(table: &mut DeTable<'_>, path: &'p [Step]) -> &'p [Step] {
    let last_key = path.iter().rposition(|step| matches!(step, Step::Key(_)));
    let kept = path.get(..=last_key.unwrap_or(0)).unwrap_or(path);
    remove_key(table, kept);
    kept
}

fn remove_key(table: &mut DeTable<'_>, path: &[Step]) {
    let Some((Step::Key(key), rest)) = path.split_first() else { return };
    if rest.is_empty() {
        table.remove(key.as_str());
        return;
    }
    let mut rest = rest;
    let mut value = table.get_mut(key.as_str()).map(Spanned::get_mut);
    while let Some((Step::Index(index), further)) = rest.split_first() {
        rest = further;
        value = match value {
            Some(DeValue::Array(values)) => values.get_mut(*index).map(Spanned::get_mut),
            _ => None,
        };
    }
    if let Some(DeValue::Table(inner)) = value {
        remove_key(inner, rest);
    }
}

/// Serde's words for one problem in those of the file format.
fn explain(text: &str, span: &Range<usize>, message: &str) -> String {
    let line = line_of(text, span.start);
    if let Some((_, allowed)) =
        message.strip_prefix("unknown field ").and_then(|rest| rest.split_once(", expected "))
    {
        let allowed = allowed.trim_start_matches("one of ");
        return format!("unknown key in line {line}; allowed here: {allowed}");
    }
    let value = snippet(text, span);
    let Some((_, expected)) = message.rsplit_once("expected ") else {
        return format!("found `{value}` in line {line}: {message}");
    };
    let needed = match expected {
        "a string" if is_bare(&value) => format!("text in quotes: \"{value}\""),
        "a string" => "text in quotes".to_owned(),
        "i64" => "a whole number without quotes".to_owned(),
        "a boolean" => "true or false, without quotes".to_owned(),
        "a sequence" => "a list in brackets, such as [1, 2] or [\"a\", \"b\"]".to_owned(),
        "a TOML datetime" => {
            "a date or time without quotes, such as 2026-01-31 or 14:00:00".to_owned()
        }
        other => other.to_owned(),
    };
    found(text, span, &needed)
}

fn found(text: &str, span: &Range<usize>, needed: &str) -> String {
    let (value, line) = (snippet(text, span), line_of(text, span.start));
    format!("found `{value}` in line {line}; this needs {needed}")
}

/// The beginning of what stands at a place.
fn snippet(text: &str, span: &Range<usize>) -> String {
    let found = text.get(span.clone()).and_then(|found| found.lines().next()).unwrap_or_default();
    found.chars().take(MAX_FOUND).collect()
}

/// Whether a value is a number, a date or a word that only lacks its quotes.
fn is_bare(found: &str) -> bool {
    found.starts_with(|first: char| first.is_ascii_alphanumeric() || "+-.".contains(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, key: &str, message: &str) {
        let shape = read(text).unwrap();
        let [problem] = shape.problems.as_slice() else { panic!("{:?}", shape.problems) };
        assert_eq!((problem.key.as_str(), problem.message.as_str()), (key, message));
    }

    #[test]
    fn an_unknown_key_is_told_which_there_are() {
        check(
            "[expiry]\nruel = \"none\"",
            "expiry.ruel",
            "unknown key in line 2; allowed here: `rule` or `months`",
        );
        check(
            "[[tier]]\nid = \"a\"\n[[tier]]\ntreshold = 5",
            "tier[1].treshold",
            "unknown key in line 4; allowed here: \
             `id`, `name`, `threshold`, `rate`, `perks`, `replaces`",
        );
        check(
            "[rewards]\nid = 5",
            "rewards",
            "unknown key in line 1; allowed here: `shop`, `program`, `base`, `earn`, \
             `category`, `multiplier`, `tiers`, `tier`, `reward`, `expiry`, `mail`, \
             `survey`",
        );
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_told_which_is_needed() {
        check(
            "[[earn]]\namount = 1.00",
            "earn[0].amount",
            "found `1.00` in line 2; this needs text in quotes: \"1.00\"",
        );
        check(
            "[[reward]]\npoints = \"350\"",
            "reward[0].points",
            "found `\"350\"` in line 2; this needs a whole number without quotes",
        );
        check(
            "[[reward]]\npoints = 350.5",
            "reward[0].points",
            "found `350.5` in line 2; this needs a whole number without quotes",
        );
        check(
            "[base]\ntip = \"yes\"",
            "base.tip",
            "found `\"yes\"` in line 2; this needs true or false, without quotes",
        );
        check(
            "[program]\neffective_from = \"2026-01-01\"",
            "program.effective_from",
            "found `\"2026-01-01\"` in line 2; this needs a date or time without quotes, \
             such as 2026-01-31 or 14:00:00",
        );
        check(
            "[base]\nexclude = \"tea\"",
            "base.exclude",
            "found `\"tea\"` in line 2; this needs a list in brackets, \
             such as [1, 2] or [\"a\", \"b\"]",
        );
        check(
            "[[earn]]\nskus = [\"A\", 2]",
            "earn[0].skus[1]",
            "found `2` in line 2; this needs text in quotes: \"2\"",
        );
    }

    #[test]
    fn single_and_double_brackets_are_told_apart() {
        check(
            "[tier]\nid = \"a\"",
            "tier",
            "found `[tier]` in line 1; this needs double brackets, because there may be \
             several: [[tier]]",
        );
        check(
            "[[shop]]\nid = \"a\"",
            "shop",
            "found `[[shop]]` in line 1; this needs to be one section, [shop]",
        );
        check("shop = 5", "shop", "found `5` in line 1; this needs to be one section, [shop]");
        check(
            "tier = [5]",
            "tier[0]",
            "found `5` in line 1; this needs double brackets, because there may be several: \
             [[tier]]",
        );
        check(
            "shop = [\"corner-bakery\", \"Corner Bakery\"]",
            "shop",
            "found `[\"corner-bakery\", \"Corner Bakery\"]` in line 1; this needs to be one \
             section, [shop]",
        );
    }

    #[test]
    fn everything_that_fits_is_read_all_the_same() {
        let shape =
            read("[shop]\nid = 1\nname = \"A\"\nx = 2\n[[earn]]\nper = 3\npoints = 4").unwrap();
        let keys: Vec<&str> = shape.problems.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(keys, ["shop.id", "shop.x", "earn[0].per"]);
        assert_eq!(shape.file.shop.unwrap().name.as_deref(), Some("A"));
        assert_eq!(shape.file.earn[0].points, Some(4));
    }

    #[test]
    fn what_is_nested_without_end_is_refused_in_a_few_words() {
        let deep = 100_000;
        for text in [
            format!("{}a = 1", "a.".repeat(deep)),
            format!("[{}a]", "a.".repeat(deep)),
            format!("a = {}", "[".repeat(deep)),
        ] {
            let error = read(&text).unwrap_err();
            assert!(matches!(error, ProgramError::Syntax { line: 1, .. }), "{error}");
            assert!(error.to_string().len() < MAX_SYNTAX);
        }
    }

    #[test]
    fn a_file_of_nothing_but_mistakes_is_given_up_on() {
        let text: String = (0..200).map(|n| format!("key{n:03} = 1\n")).collect();
        let Err(ProgramError::Invalid(problems)) = read(&text) else { panic!("was read") };
        assert_eq!(problems.len(), MAX_PROBLEMS);
    }
}
