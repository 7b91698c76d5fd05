//! What makes marketing of a mail that is none: the reading is on the careful side, for a
//! word too many costs an owner a sentence, and one too few costs members their trust.

use loyalty::mail::{Class, Kind};
use loyalty::program::{Program, TemplateOverride};

use super::broken::{Part, sample_facts};
use super::{Section, markdown, template};
use crate::Locale;

/// English words of offers and of buying; one that ends in `*` stands for all that begin so.
const ENGLISH: &str = "\
    discount*, offer, offers, sale, sales, save, saving, savings, deal, deals, bargain*, free, \
    freebie*, gift, gifts, coupon*, voucher*, promo*, special, specials, exclusive*, bonus*, buy, \
    buying, order now, order today, shop now, shop online, spend, spending, come back, visit us, \
    stop by, drop in, see you soon, new in, new arrival*, in stock, limited, only today, \
    last chance, hurry, don't miss, check out, try our, introducing, now available, refer, \
    referral*, recommend*, invite*, half price, reduced, cheap*, percent, dollar*, euro, euros, \
    pound, pounds, usd, eur, gbp, chf, cad, off, per cent, bucks, bogo, for one, for 1, pay for, \
    take two, this week, this weekend, on the house";

/// German ones.
const GERMAN: &str = "\
    rabatt*, angebot*, sonderangebot*, gratis*, kostenlos*, umsonst, gutschein*, sparen, sparst, \
    spart, spar, sparpreis*, ersparnis*, kauf, kaufe*, kaufst, kauft, einkaufen, bestell*, \
    geschenk*, aktion, aktionen, aktionspreis*, schnäppchen*, reduziert*, ermäßig*, günstig*, \
    billig*, exklusiv*, sonderpreis*, nachlass*, neu bei uns, neu im, neuheit*, schau vorbei, \
    komm vorbei, komm wieder, besuch uns, besuche uns, nur heute, nur noch, letzte chance, beeil*, \
    verpass*, empfiehl*, empfehl*, weiterempfehl*, freunde werben, prozent, franken, zum preis von, v. h., v.h., diese woche, dieses wochenende, \
    aufs haus";

/// What mail about vouchers she has calls by their name.
const WORDS_OF_VOUCHERS: &[&str] = &["voucher*", "coupon*", "gutschein*"];

/// Signs of amounts and percentages.
const SIGNS: &[char] = &['$', '€', '£', '¥', '¢', '%', '％', '﹪', '＄', '￡', '￥'];

/// Whether a template of a kind is not used at all where it makes marketing: nobody may be
/// kept from these mails, and mail somebody asked for is the answer and nothing else.
pub(super) fn is_refused(kind: Kind) -> bool {
    matches!(kind.class(), Class::Owner | Class::AskedFor)
        || (kind.class() == Class::Account && !kind.has_switch())
}

/// What in a template makes marketing of its mail, quoted, if anything does.
pub(super) fn found(template: &TemplateOverride, program: &Program) -> Option<String> {
    Part::ALL.iter().find_map(|part| {
        let source = part.of(template)?;
        let found = in_words(source, template.kind, program)
            .or_else(|| in_links(source, *part, template, program))?;
        Some(format!("its {} {found}", part.as_str()))
    })
}

/// A sign, a word or a name in what the owner wrote, in every branch of it: as it is
/// written, and as Markdown reads it.
fn in_words(source: &str, kind: Kind, program: &Program) -> Option<String> {
    let source = without_tags(source);
    let as_read = markdown::said(&markdown::read(&source));
    let has_sign = |c: &char| SIGNS.contains(c);
    if let Some(sign) = source.chars().chain(as_read.chars()).find(has_sign) {
        return Some(format!("has an amount or a share (\"{sign}\")"));
    }
    let texts = [words_of(&source), words_of(&as_read)];
    let has = |word: &str| texts.iter().any(|text| has_word(text, word));
    let of_vouchers = matches!(kind, Kind::RewardIssued | Kind::Erasure);
    let word = ENGLISH.split(", ").chain(GERMAN.split(", ")).find(|word| {
        let is_its_own = of_vouchers && WORDS_OF_VOUCHERS.contains(word);
        !is_its_own && has(word)
    });
    if let Some(word) = word {
        return Some(format!("speaks of an offer (\"{}\")", word.trim_end_matches('*')));
    }
    let rewards = program.rewards.iter().map(|reward| &reward.name);
    let goods = program.categories.iter().map(|category| &category.name);
    let name = rewards.chain(goods).find(|name| has(words_of(name).trim()));
    name.map(|name| format!("names what the shop sells or gives (\"{name}\")"))
}

/// A link or an image that isn't one of ours, or an address that mailboxes make a link of.
fn in_links(
    source: &str,
    part: Part,
    template: &TemplateOverride,
    program: &Program,
) -> Option<String> {
    if ["://", "www.", "mailto:"].iter().any(|sign| source.to_lowercase().contains(sign)) {
        return Some("leads somewhere else (a link of its own)".to_owned());
    }
    let locale = Locale::new(template.language, &program.shop.country);
    let section = Section::sample(template.kind, program, &locale);
    let facts = sample_facts(&section, program, &locale);
    let rendered = template::render(source, part.kind(), &facts, &locale).ok()?;
    let blocks = match part {
        Part::Body => markdown::read(&rendered),
        Part::Subject | Part::Preheader => Vec::new(),
    };
    let ours = |url: &String| url.starts_with(super::sample::LINKS);
    let other = markdown::urls(&blocks).into_iter().find(|url| !ours(url));
    let said = if part == Part::Body { markdown::said(&blocks) } else { rendered };
    let other = other.or_else(|| {
        let said = said.replace(&program.shop.name, "").replace(&program.name, "");
        said.split_whitespace().find(|word| is_address(word)).map(str::to_owned)
    });
    other.map(|url| format!("leads somewhere else ({url})"))
}

/// Whether mailboxes would take a word for an address: `corner.example/cakes`.
fn is_address(word: &str) -> bool {
    if word.starts_with(super::sample::LINKS) {
        return false;
    }
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let host = word.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((before, last)) = host.rsplit_once('.') else { return false };
    let is_part = |c: char| c.is_alphanumeric() || "-.@".contains(c);
    last.chars().count() >= 2
        && last.chars().all(char::is_alphabetic)
        && before.chars().next_back().is_some_and(char::is_alphanumeric)
        && before.chars().all(is_part)
}

/// A template without comments, and without the signs that only set values off from text.
fn without_tags(source: &str) -> String {
    let mut said = String::with_capacity(source.len());
    let mut rest = source;
    while let Some((before, after)) = rest.split_once("{#") {
        said.push_str(before);
        rest = after.split_once("#}").map_or("", |(_, after)| after);
    }
    said.push_str(rest);
    said.replace("{%", "{").replace("%}", "}")
}

/// Text as words with one blank before, between and after them, lower case; what stands
/// between them counts as a blank, and marks within a word as nothing.
fn words_of(text: &str) -> String {
    let mut words = String::from(" ");
    let mut plain = text.to_lowercase();
    for mark in ["**", "__", "\u{ad}", "\u{200b}"] {
        plain = plain.replace(mark, "");
    }
    for word in plain.split(|c: char| !c.is_alphanumeric() && c != '\'') {
        if !word.is_empty() {
            words.push_str(word);
            words.push(' ');
        }
    }
    words
}

fn has_word(words: &str, word: &str) -> bool {
    if word.is_empty() {
        return false;
    }
    match word.strip_suffix('*') {
        Some(start) => words.contains(&format!(" {start}")),
        None => words.contains(&format!(" {word} ")),
    }
}
