//! What mail the program asks for. Who may get it is for [`crate::mail`] to say.

use std::collections::BTreeSet;

use crate::Language;
use crate::mail::Kind;
use crate::mail::plan::Receipts;

/// What mail the program asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailRules {
    /// Which purchases members are told about.
    pub receipts: Receipts,
    /// Kinds the shop doesn't send at all; each of them [has a switch](Kind::has_switch).
    pub off: BTreeSet<Kind>,
    /// What the owner has mail say in her own words, in file order; a kind and language
    /// has one at most.
    pub templates: Vec<TemplateOverride>,
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
}
