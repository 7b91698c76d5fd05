//! Owner's templates that can't be used as they are, and checking them before they are.

use std::fmt;

use loyalty::mail::{Class, Kind};
use loyalty::program::{Program, TemplateOverride};

use super::offer;
use super::template::{self, Mistake, Of};
use super::{Links, Occasion, Section, facts};
use crate::{Brand, Colour, Language, Locale};

/// A part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The subject.
    Subject,
    /// What mailboxes show beside it.
    Preheader,
    /// The body.
    Body,
}

/// An owner's template that can't be rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Its kind.
    pub kind: Kind,
    /// Its language.
    pub language: Language,
    /// The part that is broken.
    pub part: Part,
    /// The line within that part, from 1.
    pub line: Option<usize>,
    /// What is wrong there and what there is instead.
    pub message: String,
}

/// What checking a program's templates found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It can't be rendered; ours would go out.
    Broken(Broken),
    /// It makes marketing of an account mail, so that it goes only to who agreed to that;
    /// others get ours.
    BecomesMarketing {
        /// Its kind.
        kind: Kind,
        /// Its language.
        language: Language,
        /// What makes it so.
        why: String,
    },
    /// It makes marketing of a mail that must be none, so it would never be used.
    Refused {
        /// Its kind.
        kind: Kind,
        /// Its language.
        language: Language,
        /// What makes it so.
        why: String,
    },
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Subject, Self::Preheader, Self::Body];

    /// As it stands in a program file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Preheader => "preheader",
            Self::Body => "body",
        }
    }

    pub(super) fn of(self, template: &TemplateOverride) -> Option<&str> {
        match self {
            Self::Subject => template.subject.as_deref(),
            Self::Preheader => template.preheader.as_deref(),
            Self::Body => template.body.as_deref(),
        }
    }

    pub(super) fn kind(self) -> Of {
        match self {
            Self::Subject | Self::Preheader => Of::Line,
            Self::Body => Of::Markdown,
        }
    }
}

impl Broken {
    pub(super) fn new(kind: Kind, language: Language, part: Part, mistake: Mistake) -> Self {
        let Mistake { line, message } = mistake;
        Self { kind, language, part, line, message }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", named(self.kind, self.language), self.part.as_str())?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl Finding {
    /// Which template it is about.
    pub fn about(&self) -> (Kind, Language) {
        match self {
            Self::Broken(Broken { kind, language, .. })
            | Self::BecomesMarketing { kind, language, .. }
            | Self::Refused { kind, language, .. } => (*kind, *language),
        }
    }

    /// Whether it keeps a program from being used.
    pub fn is_error(&self) -> bool {
        !matches!(self, Self::BecomesMarketing { .. })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(broken) => broken.fmt(f),
            Self::BecomesMarketing { kind, language, why } => write!(
                f,
                "{}: {why}, which makes it marketing: who didn't agree to marketing gets our \
                 words instead",
                named(*kind, *language)
            ),
            Self::Refused { kind, language, why } => write!(
                f,
                "{}: {why}, and a mail of this kind may not be marketing; leave that out",
                named(*kind, *language)
            ),
        }
    }
}

fn named(kind: Kind, language: Language) -> String {
    format!("mail.template for {} in {}", kind.as_str(), language.as_str())
}

/// Checks every template of a program by rendering it with facts such as its customers
/// could have, full ones and bare ones.
pub fn check(program: &Program) -> Vec<Finding> {
    program.mail.templates.iter().flat_map(|template| check_one(template, program)).collect()
}

/// What a body of a kind has to name somewhere: what its reader got the mail for.
fn needed(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::SignIn | Kind::ConsentConfirmation | Kind::Export => &["url"],
        Kind::RewardIssued => &["code"],
        Kind::FollowUpAnswer | Kind::YouSaid => &["paragraphs"],
        Kind::LowScore => &["score"],
        Kind::PointsExpiring => &["points", "on"],
        Kind::ProgramEnd | Kind::RetentionNotice => &["on"],
        Kind::ProgramChange => &["changes", "from"],
        Kind::Survey => &["scores"],
        _ => &[],
    }
}

fn check_one(template: &TemplateOverride, program: &Program) -> Vec<Finding> {
    let (kind, language) = (template.kind, template.language);
    let locale = Locale::new(language, &program.shop.country);
    let samples = [Section::sample(kind, program, &locale), Section::bare(kind, program, &locale)];
    let mut findings = Vec::new();
    for part in Part::ALL {
        let Some(source) = part.of(template) else { continue };
        let mistake = samples.iter().find_map(|section| {
            let facts = sample_facts(section, program, &locale);
            template::render(source, part.kind(), &facts, &locale).err()
        });
        let broken = mistake.map(|mistake| Broken::new(kind, language, part, mistake));
        findings.extend(broken.map(Finding::Broken));
    }
    if let Some(body) = &template.body
        && findings.is_empty()
    {
        let named = template::named(body, Part::Body.kind(), &locale);
        let lacking = needed(kind).iter().find(|needed| !named.iter().any(|one| one == *needed));
        findings.extend(lacking.map(|needed| {
            let message = format!("lacks `{needed}`, without which such a mail is of no use");
            let mistake = Mistake { line: None, message };
            Finding::Broken(Broken::new(kind, language, Part::Body, mistake))
        }));
    }
    if kind.class() != Class::Marketing
        && let Some(why) = offer::found(template, program)
    {
        findings.push(match offer::is_refused(kind) {
            true => Finding::Refused { kind, language, why },
            false => Finding::BecomesMarketing { kind, language, why },
        });
    }
    findings
}

/// A sample's facts, with nothing in them that isn't in every mail of its kind.
pub(super) fn sample_facts(section: &Section, program: &Program, locale: &Locale) -> facts::Facts {
    let brand = Brand {
        shop: program.shop.name.clone(),
        program: program.name.clone(),
        accent: Colour::DEFAULT,
        logo: None,
        postal_address: None,
        contact: None,
        imprint: None,
    };
    let is_asked_for = section.kind().class() <= Class::AskedFor;
    let link = |path: &str| (!is_asked_for).then(|| format!("https://shop.example/{path}/"));
    let occasion = Occasion {
        locale,
        brand: &brand,
        program,
        name: Some("Ada"),
        balance: (!is_asked_for).then_some(loyalty::Points(390)),
        sections: &[],
        links: Links { why: link("why"), preferences: link("p"), unsubscribe: link("u") },
        to_owner: false,
        marketing_allowed: false,
    };
    let mut facts = facts::common(&occasion);
    facts.extend(facts::of(section, locale, &brand.shop));
    facts
}
