//! The facts of a mail as templates have them: typed, and written as the language does.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;
use loyalty::survey::{AnswerBy, Question, Score};
use loyalty::{Money, Points};
use minijinja::Value;
use minijinja::value::{Object, ObjectRepr};

use super::{LowScore, Occasion, Section};
use crate::{Language, Locale, survey};

/// The longest name that is shown whole, in characters.
const MAX_NAME: usize = 60;
/// The longest sentence of an owner that is shown whole, in characters.
const MAX_SENTENCE: usize = 500;
/// The longest paragraph of a letter that is shown whole, in characters.
const MAX_PARAGRAPH: usize = 4_000;

/// Values by name.
pub(super) type Facts = BTreeMap<&'static str, Value>;

/// An amount of money that a template may write, alone or by `|money`.
#[derive(Debug)]
pub(super) struct Amount(pub(super) Money, pub(super) Locale);

/// A day that a template may write, alone or by `|date`, `|day`, `|month`.
#[derive(Debug)]
pub(super) struct Day(pub(super) Date, pub(super) Locale);

impl Object for Amount {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.1.money(self.0))
    }
}

impl Object for Day {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.1.date(self.0))
    }
}

/// What every mail has, whatever it tells.
pub(super) fn common(occasion: &Occasion<'_>) -> Facts {
    let link = |link: &Option<String>| link.as_deref().map(url);
    let links = BTreeMap::from([
        ("why", link(&occasion.links.why)),
        ("preferences", link(&occasion.links.preferences)),
        ("unsubscribe", link(&occasion.links.unsubscribe)),
    ]);
    Facts::from([
        ("name", Value::from(occasion.name.map(name).filter(|name| is_a_name(name)))),
        ("shop", Value::from(name(&occasion.brand.shop))),
        ("program", Value::from(name(&occasion.brand.program))),
        ("balance", Value::from(occasion.balance.map(points))),
        ("links", Value::from(links)),
    ])
}

/// What one section has besides.
pub(super) fn of(section: &Section, locale: &Locale, shop: &str) -> Facts {
    let money = |money: Money| Value::from_object(Amount(money, locale.clone()));
    let day = |day: Date| Value::from_object(Day(day, locale.clone()));
    let maybe = |money_or_none: Option<Money>| money_or_none.map_or(Value::from(()), money);
    let given = |text: &Option<String>| Value::from(text.as_deref().map(sentence));
    match section {
        Section::SignIn { url: to, minutes } => {
            Facts::from([("url", Value::from(url(to))), ("minutes", Value::from(*minutes))])
        }
        Section::ConsentConfirmation { url: to, wording } => {
            Facts::from([("url", url(to).into()), ("wording", sentence(wording).into())])
        }
        Section::Export { url: to } => Facts::from([("url", url(to).into())]),
        Section::Erasure { points: lost, worth, vouchers, on } => Facts::from([
            ("points", points(*lost).into()),
            ("worth", maybe(*worth)),
            ("vouchers", Value::from(*vouchers)),
            ("on", day(*on)),
        ]),
        Section::RewardIssued { reward, code, until } => Facts::from([
            ("reward", name(reward).into()),
            ("code", name(code).into()),
            ("until", until.map_or(Value::from(()), day)),
        ]),
        Section::FollowUpAnswer { text, points: given } => Facts::from([
            ("paragraphs", Value::from(paragraphs(text))),
            ("points", points(*given).into()),
        ]),
        Section::LowScore(low_score) => of_low_score(low_score, locale),
        Section::YouSaid { text } => Facts::from([("paragraphs", Value::from(paragraphs(text)))]),
        Section::Receipt { points: brought, purchases } => Facts::from([
            ("points", points(*brought).into()),
            ("purchases", Value::from(*purchases)),
        ]),
        Section::PointsTakenBack { points: back, returned } => {
            Facts::from([("points", points(*back).into()), ("returned", maybe(*returned))])
        }
        Section::TierReached { tier, perks } => {
            Facts::from([("tier", name(tier).into()), ("perks", sentences(perks))])
        }
        Section::PointsExpiring { points: lost, worth, on } => Facts::from([
            ("points", points(*lost).into()),
            ("worth", maybe(*worth)),
            ("on", day(*on)),
        ]),
        Section::TierEnding { tier, next, on } => Facts::from([
            ("tier", name(tier).into()),
            ("next", name(next).into()),
            ("on", day(*on)),
        ]),
        Section::ProgramChange { changes, from } => {
            Facts::from([("changes", sentences(changes)), ("from", day(*from))])
        }
        Section::ProgramEnd { on, redeem_until } => {
            Facts::from([("on", day(*on)), ("redeem_until", day(*redeem_until))])
        }
        Section::RetentionNotice { on } => Facts::from([("on", day(*on))]),
        Section::Welcome { offer, rewards } => {
            Facts::from([("offer", given(offer)), ("rewards", priced(rewards))])
        }
        Section::Birthday { gift } => Facts::from([("gift", given(gift))]),
        Section::Anniversary { years, gift } => {
            Facts::from([("years", Value::from(*years)), ("gift", given(gift))])
        }
        Section::TierAtRisk { tier, missing, until } => Facts::from([
            ("tier", name(tier).into()),
            ("missing", money(*missing)),
            ("until", day(*until)),
        ]),
        Section::WinBack { last_visit, offer } => {
            Facts::from([("last_visit", day(*last_visit)), ("offer", given(offer))])
        }
        Section::Survey { day, question, url: to } => {
            of_survey((*day, *question), to, locale, shop)
        }
    }
}

fn of_survey((paid, question): (Date, Question), to: &str, locale: &Locale, shop: &str) -> Facts {
    let to = url(to);
    let about = match locale.language {
        Language::En => format!("your order of {}", locale.day(paid)),
        Language::De => format!("deine Bestellung vom {}", locale.day(paid)),
    };
    let one = |score: Score| {
        let value = score.value();
        let means = survey::means(score, locale.language);
        BTreeMap::from([
            ("score", Value::from(value)),
            ("words", Value::from(survey::label(score, locale.language))),
            ("means", Value::from(means)),
            ("url", Value::from(format!("{to}?score={value}"))),
        ])
    };
    let asks = survey::asks(question, &name(shop), locale.language);
    Facts::from([
        ("about", about.into()),
        ("question", sentence(&asks).into()),
        ("scores", question.scores().map(one).map(Value::from).collect::<Vec<_>>().into()),
    ])
}

fn of_low_score(told: &LowScore, locale: &Locale) -> Facts {
    let day = |day: Date| Value::from_object(Day(day, locale.clone()));
    let maybe = |date: Option<Date>| date.map_or(Value::from(()), day);
    let shown = |text: &Option<String>| text.as_deref().map(name).filter(|text| is_a_name(text));
    let comment = told.comment.as_deref().map(paragraphs).unwrap_or_default();
    let answer_by = told.answer_by.map(|by| match by {
        AnswerBy::Mail => "mail",
        AnswerBy::Phone => "phone",
        AnswerBy::No => "no",
    });
    Facts::from([
        ("who", shown(&told.who).into()),
        ("score", told.score.value().into()),
        ("low", told.score.is_low().into()),
        ("best", told.score.question().best().into()),
        ("day", maybe(told.day)),
        ("comment", Value::from(comment)),
        ("answer_by", answer_by.into()),
        ("phone", shown(&told.phone).into()),
        ("orders", told.orders.into()),
        ("since", maybe(told.since)),
        ("tier", told.tier.as_deref().map(name).into()),
        ("points", points(told.points).into()),
        ("notice", told.notice.into()),
    ])
}

fn points(points: Points) -> i64 {
    points.0
}

fn name(text: &str) -> String {
    shortened(text, MAX_NAME)
}

fn sentence(text: &str) -> String {
    shortened(text, MAX_SENTENCE)
}

fn sentences(texts: &[String]) -> Value {
    Value::from(texts.iter().map(|text| sentence(text)).collect::<Vec<_>>())
}

fn priced(rewards: &[(String, Points)]) -> Value {
    let one = |(reward, price): &(String, Points)| {
        BTreeMap::from([
            ("name", Value::from(name(reward))),
            ("points", Value::from(points(*price))),
        ])
    };
    Value::from(rewards.iter().map(one).map(Value::from).collect::<Vec<_>>())
}

/// A letter's paragraphs; its lines stay lines of one.
fn paragraphs(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n");
    let paragraphs = text.split("\n\n").map(|paragraph| shortened(paragraph, MAX_PARAGRAPH));
    paragraphs.filter(|paragraph| !paragraph.is_empty()).collect()
}

/// A URL of ours, as it is but for what no URL has.
fn url(url: &str) -> String {
    url.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect()
}

/// A text on one line that isn't longer than a layout bears.
pub(super) fn shortened(text: &str, longest: usize) -> String {
    let text = cleaned(text);
    if text.chars().count() <= longest {
        return text;
    }
    let start: String = text.chars().take(longest.saturating_sub(1)).collect();
    format!("{}…", start.trim_end())
}

/// A text on one line: blanks are one blank, and there is nothing in it that isn't seen or
/// that turns the direction of what stands after it.
pub(super) fn cleaned(text: &str) -> String {
    let seen = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let seen: String = seen.filter(|c| is_seen(*c) && !is_direction(*c)).collect();
    let mut words = Vec::new();
    words.extend(seen.split(' ').filter(|word| !word.is_empty()));
    words.join(" ")
}

/// Whether it is a character that text may have: XML, which the layout is, has no control
/// characters and no two that are none at all.
pub(super) fn is_seen(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a text may stand for somebody: it can be seen, and mail programs make no link of
/// it. Whoever types a stranger's address at a checkout types her name too.
pub(super) fn is_a_name(text: &str) -> bool {
    let blank = |c: char| {
        c.is_whitespace()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
            || matches!(c, '\u{034f}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
    };
    let is_domain = |word: &str| {
        let end = word
            .rsplit_once('.')
            .map(|(before, end)| (before.ends_with(char::is_alphanumeric), end));
        end.is_some_and(|(follows, end)| {
            let end = end.split(['/', ':', '?', '#', ',', ')']).next().unwrap_or_default();
            follows && end.chars().count() >= 2 && end.chars().all(char::is_alphabetic)
        })
    };
    let is_link = |word: &str| {
        let host = word.split('/').find(|part| part.contains('.')).unwrap_or(word);
        word.contains("://") || word.to_lowercase().starts_with("www.") || is_domain(host)
    };
    !text.chars().all(blank) && !text.split(' ').any(is_link)
}

/// Unicode's marks that turn the direction of text.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether it has letters that are written from the right.
pub(super) fn is_right_to_left(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(c,
            '\u{0590}'..='\u{08ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_ends_in_an_ellipsis_and_a_short_one_stays() {
        assert_eq!(name(&"a".repeat(60)), "a".repeat(60));
        assert_eq!(name(&"a".repeat(400)), format!("{}…", "a".repeat(59)));
        assert_eq!(name("  Ada \r\n Lovelace\t"), "Ada Lovelace");
        assert_eq!(name("Ada\u{202e}\u{0}\u{2067}"), "Ada");
    }

    #[test]
    fn what_cannot_be_seen_or_would_be_a_link_is_no_name() {
        for none in [
            "",
            "\u{200b}\u{2060}",
            "\u{3164} \u{3164}",
            "See https://evil.example/win now",
            "www.evil.example",
            "evil.example",
            "evil.example/win",
            "Ada (evil.example)",
            "Ada evil.example:80",
            "EVIL.EXAMPLE,",
        ] {
            assert!(!is_a_name(none), "{none}");
        }
        for name in
            ["Ada", "J. R. R. Tolkien", "J.R. Ewing", "Dr. Ada", "🥐", "O'Neill", "王", "Ada ..."]
        {
            assert!(is_a_name(name), "{name}");
        }
    }

    #[test]
    fn a_letter_keeps_its_paragraphs() {
        assert_eq!(
            paragraphs("Sorry!\r\n\r\nIt was\nmy fault.\n\n\n"),
            ["Sorry!", "It was my fault."]
        );
    }
}
