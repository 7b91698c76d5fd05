//! Mail: what each kind says, in each language, as text and HTML.
//!
//! A kind has a template per language: subject, preheader and body. The body is Markdown
//! with values in it (minijinja), from which text and HTML are both made, so that they
//! can't say different things; values are only ever text. Greeting, signature and footer
//! are the frame's, and the one layout is MJML. An owner's own template stands in for
//! ours; where it can't be rendered, ours goes out, and [`Written::broken`] says so.

mod broken;
mod built_in;
mod facts;
mod layout;
mod markdown;
mod offer;
mod sample;
mod section;
mod template;
#[cfg(test)]
mod tests;

use loyalty::Points;
use loyalty::mail::{Class, Kind};
use loyalty::program::{Membership, Program, TemplateOverride};
use minijinja::Value;

pub use self::broken::{Broken, Finding, Part, check};
use self::facts::Facts;
use self::layout::Framed;
use self::markdown::Block;
pub use self::section::{LowScore, Section};
use self::template::{Mistake, Of};
use crate::{Brand, Locale};

/// Where the links of a mail lead.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// The page that says why she got it.
    pub why: Option<String>,
    /// The page where she chooses what she gets.
    pub preferences: Option<String>,
    /// The page that stops it.
    pub unsubscribe: Option<String>,
}

/// What a mail is written from.
#[derive(Debug, Clone)]
pub struct Occasion<'a> {
    /// The language, as the shop's country writes it.
    pub locale: &'a Locale,
    /// How the shop shows itself.
    pub brand: &'a Brand,
    /// Its program, with the owner's own templates.
    pub program: &'a Program,
    /// Her name, if she told it.
    pub name: Option<&'a str>,
    /// What she has; `None` leaves it out.
    pub balance: Option<Points>,
    /// What is told, the most important first: its subject and preheader are the mail's.
    pub sections: &'a [Section],
    /// Where she reads why and stops it; mail she asked for has none.
    pub links: Links,
    /// It goes to the owner instead, as nothing is live yet.
    pub to_owner: bool,
    /// Whether she may be sent marketing, so that an owner's template that makes marketing
    /// of an account mail may be used.
    pub marketing_allowed: bool,
}

/// A mail's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The subject, one line.
    pub subject: String,
    /// What mailboxes show beside it, one line.
    pub preheader: String,
    /// As text.
    pub text: String,
    /// As HTML, a whole document.
    pub html: String,
    /// An owner's template that makes marketing of an account mail was used.
    pub marketing: bool,
    /// Owner's templates that couldn't be rendered; ours stood in for them.
    pub broken: Vec<Broken>,
}

/// The longest subject, in characters, that is sent whole.
const MAX_SUBJECT: usize = 150;
/// The longest preheader, in characters, that is sent whole.
const MAX_PREHEADER: usize = 250;

impl Links {
    /// None: for mail she asked for.
    pub const NONE: Self = Self { why: None, preferences: None, unsubscribe: None };
}

/// Writes a mail. Never fails: an owner's template that can't be used is left out, part by
/// part, and ours is used.
pub fn write(occasion: &Occasion<'_>) -> Written {
    let mut writer = Writer { occasion, broken: Vec::new(), marketing: false };
    let mut head = None;
    let mut body = Vec::new();
    for section in occasion.sections {
        let facts = writer.facts(section);
        let template = writer.usable(section.kind());
        if head.is_none() {
            let subject = writer.part(section.kind(), Part::Subject, template, &facts);
            head = Some((subject, writer.part(section.kind(), Part::Preheader, template, &facts)));
        }
        let markdown = writer.part(section.kind(), Part::Body, template, &facts);
        body.extend(markdown::read(&markdown));
    }
    let (subject, preheader) = head.unwrap_or_default();
    let to_owner = if occasion.to_owner { "[not live] " } else { "" };
    let subject = facts::shortened(&format!("{to_owner}{subject}"), MAX_SUBJECT);
    let preheader = facts::shortened(&preheader, MAX_PREHEADER);
    let (opening, closing, foot) = writer.frame();
    let mut blocks = opening;
    blocks.extend(body);
    blocks.extend(closing);
    let html = layout::html(&Framed {
        language: occasion.locale.language,
        brand: occasion.brand,
        subject: &subject,
        preheader: &preheader,
        body: markdown::pieces(&blocks),
        foot: &markdown::foot_html(&foot),
    });
    let text = format!("{}\n\n-- \n{}\n", markdown::text(&blocks), markdown::text(&foot));
    let Writer { broken, marketing, .. } = writer;
    Written { subject, preheader, text, html, marketing, broken }
}

/// Writes one mail, and remembers what an owner has to know of it.
struct Writer<'a> {
    occasion: &'a Occasion<'a>,
    broken: Vec<Broken>,
    marketing: bool,
}

impl<'a> Writer<'a> {
    fn facts(&self, section: &Section) -> Facts {
        let mut facts = facts::common(self.occasion);
        facts.extend(facts::of(section, self.occasion.locale, &self.occasion.brand.shop));
        facts
    }

    /// The owner's template for a kind, if it may be used here.
    fn usable(&mut self, kind: Kind) -> Option<&'a TemplateOverride> {
        let program = self.occasion.program;
        let template = program.mail.template(kind, self.occasion.locale.language)?;
        if kind.class() == Class::Marketing || offer::found(template, program).is_none() {
            return Some(template);
        }
        if offer::is_refused(kind) || !self.occasion.marketing_allowed {
            return None;
        }
        self.marketing = true;
        Some(template)
    }

    /// A part in the owner's words, or else in ours.
    fn part(
        &mut self,
        kind: Kind,
        part: Part,
        template: Option<&TemplateOverride>,
        facts: &Facts,
    ) -> String {
        let locale = self.occasion.locale;
        if let Some(own) = template.and_then(|template| part.of(template)) {
            match template::render(own, part.kind(), facts, locale) {
                Ok(rendered) => return rendered,
                Err(mistake) => self.broken.push(Broken::new(kind, locale.language, part, mistake)),
            }
        }
        let ours = built_in::of(kind, locale.language);
        let ours = match part {
            Part::Subject => ours.subject,
            Part::Preheader => ours.preheader,
            Part::Body => ours.body,
        };
        // Ours can be rendered with any facts: the tests of this module hold them to it.
        template::render(ours, part.kind(), facts, locale).unwrap_or_default()
    }

    /// What stands before and after the bodies, and the footer.
    fn frame(&self) -> (Vec<Block>, Vec<Block>, Vec<Block>) {
        let frame = built_in::frame(self.occasion.locale.language);
        let facts = self.frame_facts();
        let locale = self.occasion.locale;
        let read = |source: &str| -> Result<Vec<Block>, Mistake> {
            Ok(markdown::read(&template::render(source, Of::Markdown, &facts, locale)?))
        };
        let read = |source: &str| read(source).unwrap_or_default();
        (read(frame.opening), read(frame.closing), read(frame.footer))
    }

    fn frame_facts(&self) -> Facts {
        let Occasion { brand, program, sections, .. } = self.occasion;
        let class = sections.iter().map(|section| section.kind().class()).max();
        let class = class.filter(|_| !self.marketing).unwrap_or(Class::Marketing);
        let first = sections.first().map(Section::kind);
        let preset = program.shop.preset;
        let contact = brand.contact.as_deref().filter(|_| preset.mail_shows_contact());
        let mut facts = facts::common(self.occasion);
        let text = |text: Option<&str>| Value::from(text.map(facts::cleaned));
        facts.extend([
            ("class", Value::from(class_name(class))),
            ("has_switch", Value::from(first.is_some_and(Kind::has_switch))),
            ("address", text(brand.postal_address.as_deref())),
            ("contact", text(contact)),
            ("imprint", text(brand.imprint.as_deref())),
            ("leave", Value::from(program.membership == Membership::Automatic)),
            ("consent_only", Value::from(!preset.customers_may_be_written_to())),
        ]);
        facts
    }
}

fn class_name(class: Class) -> &'static str {
    match class {
        Class::Owner => "owner",
        Class::AskedFor => "asked-for",
        Class::Account => "account",
        Class::Marketing => "marketing",
    }
}
