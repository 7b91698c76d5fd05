//! The owner's own words of mail.

use jiff::Timestamp;
use loyalty::program::{Program, TemplateOverride};
use platform::store::TemplateFault;
use presentation::mail::{self, Finding};
use serde::Serialize;
use utoipa::ToSchema;

/// The owner's own words of mail.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct MailTemplates {
    /// The program version in force.
    #[schema(example = 3)]
    program_version: u32,
    /// Each of its templates.
    templates: Vec<MailTemplate>,
    /// What was found wrong when a mail was written, oldest first.
    faults: Vec<MailTemplateFault>,
}

/// The owner's own words of one kind of mail in one language.
#[derive(Debug, Serialize, ToSchema)]
struct MailTemplate {
    /// The kind of mail.
    #[schema(example = "receipt")]
    kind: &'static str,
    /// The language.
    #[schema(example = "en")]
    language: &'static str,
    /// The parts that are the owner's own: `subject`, `preheader`, `body`.
    parts: Vec<&'static str>,
    /// Why it makes marketing of a mail that else is none: then it goes only to who agreed to
    /// marketing mail, and our own words to everybody else.
    marketing: Option<String>,
    /// What is wrong with it. Our own words go out instead.
    problems: Vec<String>,
}

/// Words that couldn't be used in a mail that went out.
#[derive(Debug, Serialize, ToSchema)]
struct MailTemplateFault {
    /// When that was noticed first.
    at: Timestamp,
    /// The kind of mail.
    #[schema(example = "receipt")]
    kind: String,
    /// The language.
    #[schema(example = "en")]
    language: String,
    /// Which part, and what is wrong there.
    message: String,
}

impl MailTemplates {
    /// What a program says, and what was found wrong with it when mail was written.
    pub(in crate::api) fn of(
        program_version: u32,
        program: &Program,
        faults: Vec<(Timestamp, TemplateFault)>,
    ) -> Self {
        let findings = mail::check(program);
        let fault = |(at, fault): (Timestamp, TemplateFault)| {
            let TemplateFault { kind, language, message, .. } = fault;
            MailTemplateFault { at, kind, language, message }
        };
        Self {
            program_version,
            templates: program
                .mail
                .templates
                .iter()
                .map(|own| MailTemplate::of(own, &findings))
                .collect(),
            faults: faults.into_iter().map(fault).collect(),
        }
    }
}

impl MailTemplate {
    fn of(own: &TemplateOverride, findings: &[Finding]) -> Self {
        let parts = [("subject", &own.subject), ("preheader", &own.preheader), ("body", &own.body)];
        let mut template = Self {
            kind: own.kind.as_str(),
            language: own.language.as_str(),
            parts: parts.iter().filter(|(_, text)| text.is_some()).map(|(name, _)| *name).collect(),
            marketing: None,
            problems: Vec::new(),
        };
        for finding in findings.iter().filter(|finding| finding.about() == (own.kind, own.language))
        {
            match finding {
                Finding::BecomesMarketing { why, .. } => template.marketing = Some(why.clone()),
                Finding::Broken(_) | Finding::Refused { .. } => {
                    template.problems.push(finding.to_string());
                }
            }
        }
        template
    }
}
