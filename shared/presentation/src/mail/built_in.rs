//! Our own words for each kind, in each language.

use loyalty::mail::Kind;

use crate::Language;

/// A template as we have it: the words of one kind in one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BuiltIn {
    pub(super) subject: &'static str,
    pub(super) preheader: &'static str,
    pub(super) body: &'static str,
}

/// What stands around the bodies of all kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    /// The greeting.
    pub(super) opening: &'static str,
    /// What she has, and who writes.
    pub(super) closing: &'static str,
    /// Who is behind it, why it came, and how to stop it.
    pub(super) footer: &'static str,
}

macro_rules! in_language {
    ($language:literal, $name:literal) => {
        include_str!(concat!("../../templates/mail/", $language, "/", $name, ".md"))
    };
}

macro_rules! of_kind {
    ($name:literal, $language:expr) => {
        match $language {
            Language::En => in_language!("en", $name),
            Language::De => in_language!("de", $name),
        }
    };
}

/// Our words for a kind.
pub(super) fn of(kind: Kind, language: Language) -> BuiltIn {
    let file = match kind {
        Kind::SignIn => of_kind!("sign-in", language),
        Kind::ConsentConfirmation => of_kind!("consent-confirmation", language),
        Kind::Export => of_kind!("export", language),
        Kind::Erasure => of_kind!("erasure", language),
        Kind::RewardIssued => of_kind!("reward-issued", language),
        Kind::FollowUpAnswer => of_kind!("follow-up-answer", language),
        Kind::Receipt => of_kind!("receipt", language),
        Kind::PointsTakenBack => of_kind!("points-taken-back", language),
        Kind::TierReached => of_kind!("tier-reached", language),
        Kind::PointsExpiring => of_kind!("points-expiring", language),
        Kind::TierEnding => of_kind!("tier-ending", language),
        Kind::ProgramChange => of_kind!("program-change", language),
        Kind::ProgramEnd => of_kind!("program-end", language),
        Kind::RetentionNotice => of_kind!("retention-notice", language),
        Kind::Welcome => of_kind!("welcome", language),
        Kind::Birthday => of_kind!("birthday", language),
        Kind::Anniversary => of_kind!("anniversary", language),
        Kind::TierAtRisk => of_kind!("tier-at-risk", language),
        Kind::WinBack => of_kind!("win-back", language),
        Kind::Survey => of_kind!("survey", language),
        Kind::YouSaid => of_kind!("you-said", language),
        Kind::LowScore => of_kind!("low-score", language),
    };
    let (head, body) = file.split_once("\n---\n").unwrap_or(("", file));
    let (subject, preheader) = head.split_once('\n').unwrap_or((head, ""));
    BuiltIn {
        subject: subject.trim_start_matches("subject: "),
        preheader: preheader.trim_start_matches("preheader: "),
        body,
    }
}

/// Our frame.
pub(super) fn frame(language: Language) -> Frame {
    Frame {
        opening: of_kind!("opening", language),
        closing: of_kind!("closing", language),
        footer: of_kind!("footer", language),
    }
}
