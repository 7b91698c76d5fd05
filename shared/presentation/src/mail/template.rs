//! Templates: text with values in it, rendered so that a value is never anything but text.

use jiff::civil::Date;
use loyalty::Points;
use minijinja::value::ValueKind;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, filters, tests as asked,
};

use super::facts::{Amount, Day, Facts, cleaned, is_right_to_left};
use crate::Locale;

/// How many steps a template may take: a letter takes some hundreds.
const FUEL: u64 = 20_000;
/// The statements a template may have. Others (`set` and its kin) could make a text that
/// doubles with every line.
const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];
/// The filters there are, for who meant another.
const FILTERS: &str = "date, day, default, first, join, last, length, lower, money, month, \
                       number, points, upper";

/// What a template is a template of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// A line of text.
    Line,
    /// Markdown.
    Markdown,
}

/// What keeps a template from being rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    /// The line of the template, from 1.
    pub(super) line: Option<usize>,
    /// What is wrong there and what there is instead.
    pub(super) message: String,
}

/// Renders a template.
pub(super) fn render(
    source: &str,
    of: Of,
    facts: &Facts,
    locale: &Locale,
) -> Result<String, Mistake> {
    refuse_statements(source)?;
    refuse_multiplying(source)?;
    let environment = environment(of, locale);
    let template = environment.template_from_str(source).map_err(|error| told(source, &error))?;
    let mut unknown: Vec<String> = template
        .undeclared_variables(true)
        .into_iter()
        .filter(|name| !is_known(name, facts))
        .collect();
    unknown.sort();
    if let Some(name) = unknown.first() {
        return Err(no_such_value(source, name, facts));
    }
    let rendered = template.render(facts).map_err(|error| told(source, &error))?;
    let rendered = match of {
        Of::Line => cleaned(&rendered),
        Of::Markdown => rendered,
    };
    if rendered.trim().is_empty() {
        return Err(Mistake { line: None, message: "says nothing".to_owned() });
    }
    Ok(rendered)
}

/// The values that a template names somewhere; none where it can't be read.
pub(super) fn named(source: &str, of: Of, locale: &Locale) -> Vec<String> {
    let environment = environment(of, locale);
    let template = environment.template_from_str(source);
    template
        .map_or_else(|_| Vec::new(), |read| read.undeclared_variables(false).into_iter().collect())
}

fn environment(of: Of, locale: &Locale) -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    // For the place of what is undefined.
    environment.set_debug(true);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.add_filter("upper", filters::upper);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("default", filters::default);
    environment.add_filter("length", filters::length);
    environment.add_filter("join", filters::join);
    environment.add_filter("first", filters::first);
    environment.add_filter("last", filters::last);
    environment.add_test("defined", asked::is_defined);
    environment.add_test("none", asked::is_none);
    let of_locale = locale.clone();
    environment.add_filter("points", move |points: i64| of_locale.points(Points(points)));
    let of_locale = locale.clone();
    environment.add_filter("number", move |number: i64| of_locale.number(number));
    let of_locale = locale.clone();
    environment.add_filter("money", move |value: &Value| match value.downcast_object_ref() {
        Some(Amount(money, _)) => Ok(of_locale.money(*money)),
        None => Err(unfit("money", "an amount of money", value)),
    });
    add_day_filter(&mut environment, "date", locale, Locale::date);
    add_day_filter(&mut environment, "day", locale, Locale::day);
    add_day_filter(&mut environment, "month", locale, Locale::month);
    let of_locale = locale.clone();
    environment.set_formatter(move |out, _, value| {
        let text = written(value, &of_locale)?;
        let text = match of {
            Of::Line => text,
            Of::Markdown => only_text(&text),
        };
        out.write_str(&text).map_err(Error::from)
    });
    environment
}

fn add_day_filter(
    environment: &mut Environment<'static>,
    name: &'static str,
    locale: &Locale,
    write: fn(&Locale, Date) -> String,
) {
    let locale = locale.clone();
    environment.add_filter(name, move |value: &Value| match value.downcast_object_ref() {
        Some(Day(day, _)) => Ok(write(&locale, *day)),
        None => Err(unfit(name, "a day", value)),
    });
}

fn unfit(filter: &str, needed: &str, value: &Value) -> Error {
    let found = value.kind();
    let message = format!("`{filter}` needs {needed}, not a {found}");
    Error::new(ErrorKind::InvalidOperation, message)
}

/// A value as a reader sees it.
fn written(value: &Value, locale: &Locale) -> Result<String, Error> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Ok(String::new()),
        ValueKind::Number => Ok(i64::try_from(value.clone())
            .map_or_else(|_| value.to_string(), |number| locale.number(number))),
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => Err(Error::new(
            ErrorKind::InvalidOperation,
            "there is more than one value here: write each in a loop, {% for one in … %}",
        )),
        _ => Ok(cleaned(&value.to_string())),
    }
}

/// A text as Markdown that is nothing but this text, wherever it stands.
fn only_text(text: &str) -> String {
    let mut markdown = String::with_capacity(text.len());
    // Text from the right stands by itself, so that what follows it stays where it is.
    let is_right_to_left = is_right_to_left(text);
    if is_right_to_left {
        markdown.push('\u{2068}');
    }
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            markdown.push('\\');
        }
        markdown.push(c);
    }
    if is_right_to_left {
        markdown.push('\u{2069}');
    }
    markdown
}

fn refuse_statements(source: &str) -> Result<(), Mistake> {
    for (start, _) in source.match_indices("{%") {
        let (before, rest) = source.split_at(start);
        let rest = rest.trim_start_matches("{%").trim_start_matches(['-', '+']).trim_start();
        let word: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
        if !STATEMENTS.contains(&word.as_str()) {
            let line = line_at(before);
            let message = format!("`{{% {word} %}}` can't be used here; there are if and for");
            return Err(Mistake { line: Some(line), message });
        }
    }
    Ok(())
}

/// A list or text that is made many times as long costs one step, and comparing such a one
/// minutes. What a mail tells is worked out already.
fn refuse_multiplying(source: &str) -> Result<(), Mistake> {
    for (start, _) in source.match_indices('{') {
        let (before, rest) = source.split_at(start);
        let (inner, end) = match (rest.strip_prefix("{{"), rest.strip_prefix("{%")) {
            (Some(inner), _) => (inner, "}}"),
            (_, Some(inner)) => (inner, "%}"),
            _ => continue,
        };
        let inner = inner.split(end).next().unwrap_or_default();
        let mut quoted = None;
        for c in inner.chars() {
            match (c, quoted) {
                (c, Some(quote)) if c == quote => quoted = None,
                ('"' | '\'', None) => quoted = Some(c),
                ('*', None) => {
                    let message = "nothing can be multiplied here".to_owned();
                    return Err(Mistake { line: Some(line_at(before)), message });
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn line_at(before: &str) -> usize {
    before.matches('\n').count().saturating_add(1)
}

fn is_known(name: &str, facts: &Facts) -> bool {
    let (root, field) =
        name.split_once('.').map_or((name, None), |(root, rest)| (root, Some(rest)));
    match (facts.get(root), field) {
        (None, _) => false,
        (Some(value), Some(field)) if value.kind() == ValueKind::Map => {
            value.get_attr(field).is_ok_and(|inner| !inner.is_undefined())
        }
        (Some(_), _) => true,
    }
}

fn no_such_value(source: &str, name: &str, facts: &Facts) -> Mistake {
    let (root, field) = name.split_once('.').unwrap_or((name, ""));
    let known = match facts.get(root) {
        Some(map) => map.try_iter().map_or_else(
            |_| String::new(),
            |keys| keys.map(|key| format!("{root}.{key}")).collect::<Vec<_>>().join(", "),
        ),
        None => facts.keys().copied().collect::<Vec<_>>().join(", "),
    };
    let sought = if facts.contains_key(root) { field } else { root };
    let message = format!("there is no `{name}` here; there are {known}");
    Mistake { line: line_of_word(source, sought), message }
}

/// The first line that has a word in an expression or statement.
fn line_of_word(source: &str, word: &str) -> Option<usize> {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let found = source.match_indices(word).find(|(start, _)| {
        let (before, rest) = source.split_at(*start);
        let after = rest.strip_prefix(word).and_then(|rest| rest.chars().next());
        let opened = before.rfind("{{").max(before.rfind("{%"));
        let closed = before.rfind("}}").max(before.rfind("%}"));
        opened > closed && !is_part(before.chars().next_back()) && !is_part(after)
    });
    found.and_then(|(start, _)| source.get(..start)).map(line_at)
}

/// The engine's error in an owner's words.
fn told(source: &str, error: &Error) -> Mistake {
    let detail = error.detail().unwrap_or("it can't be understood");
    let place = error.range().and_then(|range| source.get(range)).unwrap_or_default().trim();
    let message = match error.kind() {
        ErrorKind::OutOfFuel => "takes too long: it may repeat itself without end".to_owned(),
        ErrorKind::UndefinedError if !place.is_empty() => {
            format!("`{place}` is nothing here")
        }
        ErrorKind::UnknownFilter => format!("{detail}; there are {FILTERS}"),
        ErrorKind::SyntaxError => format!("can't be read: {detail}"),
        // The engine says which values, and they may be a customer's.
        ErrorKind::InvalidOperation if detail.starts_with("unable to calculate") => {
            "can't be calculated for every customer".to_owned()
        }
        ErrorKind::InvalidOperation => detail.to_owned(),
        kind => format!("{kind}: {detail}"),
    };
    Mistake { line: error.line(), message }
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;
    use crate::mail::Section;
    use crate::mail::facts;

    fn receipt(points: i64) -> Facts {
        let section = Section::Receipt { points: Points(points), purchases: 1 };
        facts::of(&section, &Locale::new(Language::En, "US"), "Corner Bakery")
    }

    #[test]
    fn a_list_that_is_made_long_by_one_step_is_refused_at_once() {
        for source in [
            "{% if [1]*9000000 == [1]*9000000 %}a{% endif %}",
            "a\n{{ 'ab' * 9 }}",
            "{{ points **2 }}",
        ] {
            let told = rendered(source, Of::Line).unwrap_err();
            assert!(told.contains("nothing can be multiplied"), "{told}");
        }
        for source in ["**{{ points }}**", "{{ name|default('*') }} * {{ points }}"] {
            let told = rendered(source, Of::Line);
            assert!(!told.is_err_and(|told| told.contains("multiplied")), "{source}");
        }
    }

    #[test]
    fn what_cannot_be_calculated_tells_no_customers_number() {
        let told = rendered("{{ 1 / (points - 1234) }}", Of::Line).unwrap_err();
        assert!(!told.contains("1234") && !told.contains("/ 0"), "{told}");
        assert!(told.contains("can't be calculated"), "{told}");
    }

    fn rendered(source: &str, of: Of) -> Result<String, String> {
        let locale = Locale::new(Language::En, "US");
        render(source, of, &receipt(1_234), &locale).map_err(|mistake| mistake.to_string())
    }

    #[test]
    fn values_are_written_as_the_language_does() {
        assert_eq!(rendered("{{ points|points }}", Of::Line).unwrap(), "1,234 points");
        assert_eq!(rendered("{{ points }}", Of::Line).unwrap(), "1,234");
        assert_eq!(rendered("{{ points|points }}", Of::Markdown).unwrap(), "1\\,234 points");
        assert_eq!(rendered("{% if points == 1234 %}yes{% endif %}", Of::Line).unwrap(), "yes");
    }

    #[track_caller]
    fn check(source: &str, expected: &str) {
        assert_eq!(rendered(source, Of::Markdown).unwrap_err(), expected);
    }

    #[test]
    fn a_mistake_is_told_with_its_line_and_what_there_is() {
        check(
            "Hi\n\nYou have {{ pionts }}.",
            "line 3: there is no `pionts` here; there are points, purchases",
        );
        check(
            "{% if false %}\n{{ pionts }}{% endif %}",
            "line 2: there is no `pionts` here; there are points, purchases",
        );
        check(
            "a\n{{ points",
            "line 2: can't be read: unexpected end of input, expected end of variable block",
        );
        check(
            "{% for a in [1] %}",
            "line 1: can't be read: unexpected end of input, expected end of block",
        );
        check("{{ points|euro }}", &format!("line 1: filter euro is unknown; there are {FILTERS}"));
        check("{{ points|money }}", "line 1: `money` needs an amount of money, not a number");
        check("{{ points.many }}", "line 1: `points.many` is nothing here");
        check(
            "{{ [1, 2] }}",
            "line 1: there is more than one value here: write each in a loop, {% for one in … %}",
        );
        check("\n{% set a = 1 %}", "line 2: `{% set %}` can't be used here; there are if and for");
        check("{% if points == 0 %}Hi{% endif %}", "says nothing");
        check(
            "{% for a in 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz' %}{% for b in 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz' %}{% for c in 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz' %}y{% endfor %}{% endfor %}{% endfor %}",
            "line 1: takes too long: it may repeat itself without end",
        );
    }
}
