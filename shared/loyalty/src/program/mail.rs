//! What mail the program asks for. Who may get it is for [`crate::mail`] to say.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::mail::Kind;
use crate::mail::plan::Receipts;
use crate::{Language, Points};

/// Days after going live within which the owner sees each letter before it goes, if unsaid.
pub(super) const APPROVE_DAYS: u16 = 30;

/// What mail the program asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailRules {
    /// Which purchases members are told about.
    pub receipts: Receipts,
    /// Kinds the shop doesn't send at all; each of them [has a switch](Kind::has_switch).
    pub off: BTreeSet<Kind>,
    /// What the owner has mail say in her own words, in file order; a kind and language
    /// has one at most.
    pub templates: Vec<TemplateOverride>,
    /// Days after going live within which kinds that don't say it wait for approval.
    pub approve_days: u16,
    /// When somebody has stayed away for long, and the letter about it.
    pub win_back: WinBackRules,
    /// What a birthday brings.
    pub birthday: DayRules,
    /// What the anniversary of joining brings.
    pub anniversary: DayRules,
    /// The letter about what would keep a tier.
    pub tier_at_risk: LetterRules,
    /// The letter that asks about an order; it offers nothing. `[survey]` says how it goes.
    pub survey: LetterRules,
}

impl Default for MailRules {
    fn default() -> Self {
        Self {
            receipts: Receipts::default(),
            off: BTreeSet::new(),
            templates: Vec::new(),
            approve_days: APPROVE_DAYS,
            win_back: WinBackRules::default(),
            birthday: DayRules::default(),
            anniversary: DayRules::default(),
            tier_at_risk: LetterRules::default(),
            survey: LetterRules::default(),
        }
    }
}

/// How a kind of letter goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// By itself.
    Auto,
    /// Once the owner approves it.
    Approve,
}

/// What the program says of a kind of letter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LetterRules {
    /// How it goes; `None`: with approval for so many days after going live, then by itself.
    pub send: Option<Sending>,
    /// What it offers, as a sentence for customers; `None`: nothing.
    pub offer: Option<String>,
}

/// What a day of hers brings, and the letter that tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayRules {
    /// Points every member is given, whatever mail she gets; 0: none.
    pub points: Points,
    /// The letter.
    pub letter: LetterRules,
}

/// When somebody has stayed away for long, and the letter about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WinBackRules {
    /// What is long.
    pub rhythm: Rhythm,
    /// The letter.
    pub letter: LetterRules,
}

/// When somebody has stayed away for long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rhythm {
    /// By her own rhythm: once she has missed two purchases.
    #[default]
    Own,
    /// This many days after her last purchase, whoever she is.
    Fixed {
        /// At least 21.
        days: u16,
    },
}

/// An owner's own words for a kind of mail in a language. What it leaves out is said in
/// ours. Its texts are templates: what they say, and whether it can be rendered, is for
/// whoever renders it to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateOverride {
    /// The kind.
    pub kind: Kind,
    /// The language.
    pub language: Language,
    /// The subject, on one line.
    pub subject: Option<String>,
    /// What mailboxes show beside the subject, on one line.
    pub preheader: Option<String>,
    /// What the mail says between greeting and signature, as Markdown.
    pub body: Option<String>,
}

impl MailRules {
    /// The owner's words for a kind in a language, if she has any.
    pub fn template(&self, kind: Kind, language: Language) -> Option<&TemplateOverride> {
        self.templates.iter().find(|one| one.kind == kind && one.language == language)
    }

    /// What the program says of a kind of letter; `None`: nothing can be said of it.
    pub fn letter(&self, kind: Kind) -> Option<&LetterRules> {
        match kind {
            Kind::WinBack => Some(&self.win_back.letter),
            Kind::Birthday => Some(&self.birthday.letter),
            Kind::Anniversary => Some(&self.anniversary.letter),
            Kind::TierAtRisk => Some(&self.tier_at_risk),
            Kind::Survey => Some(&self.survey),
            _ => None,
        }
    }

    /// Whether, on the local day `day`, kinds that don't say how they go wait for approval:
    /// mail went live less than `approve_days` before. `mail_since`: the local day it did;
    /// `None`: it isn't live, and so nothing reaches anybody unseen.
    pub fn approves_at_first(&self, mail_since: Option<Date>, day: Date) -> bool {
        let until = |since: Date| since.checked_add(i64::from(self.approve_days).days()).ok();
        mail_since.is_some_and(|since| until(since).is_none_or(|until| day < until))
    }
}
