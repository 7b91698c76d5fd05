//! What a country's law and habits ask of a program.
//!
//! Everything here is our reading of the rules named beside it, on the careful side
//! where they leave room. It is not legal advice, and the pages that show it say so.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A country's law and habits, as the owner names them: `preset = "us-ny"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Preset {
    /// The United States.
    Us,
    /// New York.
    UsNy,
    /// Canada, Ontario included.
    Ca,
    /// Quebec.
    CaQc,
    /// The United Kingdom.
    Uk,
    /// The European Union.
    Eu,
    /// Germany.
    De,
}

/// A preset was named that doesn't exist.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a preset: use us, us-ny, ca, ca-qc, uk, eu or de")]
pub struct PresetError(String);

/// How well a person's agreement to marketing mail is shown, strongest first. Names in
/// storage are short: each contact has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ConsentGrade {
    /// The shop's own form, then confirmed by a link in a mail.
    #[serde(rename = "f")]
    ConfirmedOwnForm,
    /// The shop's own form, not confirmed.
    #[serde(rename = "o")]
    OwnForm,
    /// A box the person ticked at checkout.
    #[serde(rename = "c")]
    Checkout,
    /// Imported with the time and the wording the person agreed to.
    #[serde(rename = "i")]
    ImportWithWording,
    /// Gave the address with a purchase and was offered to refuse right there.
    #[serde(rename = "x")]
    ExistingCustomer,
}

/// When points may expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpiryLimit {
    /// The least months for an expiry by time alone; `None`: not allowed at all.
    pub by_time: Option<u16>,
    /// The least months without activity for an expiry by inactivity.
    pub inactivity: u16,
}

/// The shortest inactivity after which points may expire anywhere, in months. Quebec
/// asks for a year (Regulation respecting the application of the Consumer Protection
/// Act, s. 79.6.3); we ask it of every shop.
const INACTIVITY_MONTHS: u16 = 12;

/// The consent grades of a country with opt-in, as far as nothing else is known.
const OPTED_IN: &[ConsentGrade] = &[
    ConsentGrade::ConfirmedOwnForm,
    ConsentGrade::OwnForm,
    ConsentGrade::Checkout,
    ConsentGrade::ImportWithWording,
];

/// The consent grades where a purchase is enough, if refusing was offered with it.
const OPTED_IN_OR_BOUGHT: &[ConsentGrade] = &[
    ConsentGrade::ConfirmedOwnForm,
    ConsentGrade::OwnForm,
    ConsentGrade::Checkout,
    ConsentGrade::ImportWithWording,
    ConsentGrade::ExistingCustomer,
];

impl Preset {
    /// All of them, with the name each has in a program file.
    pub(super) const NAMES: &'static [(&'static str, Self)] = &[
        ("us", Self::Us),
        ("us-ny", Self::UsNy),
        ("ca", Self::Ca),
        ("ca-qc", Self::CaQc),
        ("uk", Self::Uk),
        ("eu", Self::Eu),
        ("de", Self::De),
    ];

    /// Its name in a program file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::UsNy => "us-ny",
            Self::Ca => "ca",
            Self::CaQc => "ca-qc",
            Self::Uk => "uk",
            Self::Eu => "eu",
            Self::De => "de",
        }
    }

    /// Whether the shop's pages and mail have to link an imprint: a page that says who is
    /// behind it.
    ///
    /// § 5 DDG asks it in Germany of whoever offers something there as a business.
    pub fn imprint(self) -> bool {
        self == Self::De
    }

    /// Whether everybody known to the shop may take part without having joined.
    ///
    /// Not under the GDPR as the EU and Germany read it: keeping a profile of somebody's
    /// purchases for a program needs a contract they entered or their consent (Art. 6
    /// (1) a, b), and no more data than that (Art. 5 (1) c). The others allow it with
    /// notice and an easy way out, which the first account mail gives. The United
    /// Kingdom is a close call (legitimate interests); a careful shop lets people join.
    pub fn automatic_membership(self) -> bool {
        match self {
            Self::Us | Self::UsNy | Self::Ca | Self::CaQc | Self::Uk => true,
            Self::Eu | Self::De => false,
        }
    }

    /// When points may expire.
    ///
    /// - Ontario (Consumer Protection Act, 2002, s. 47.1) and Quebec (Consumer
    ///   Protection Act, s. 187.8) forbid expiry by the passage of time alone; what
    ///   Ontario forbids, `ca` does.
    /// - The others name no number. A year is our own floor; two for the EU and three
    ///   for Germany follow the idea that a term far shorter than the ordinary
    ///   limitation of claims (Germany: three years, § 195 BGB) may be unfair
    ///   (Directive 93/13/EEC, § 307 BGB).
    pub fn expiry_limit(self) -> ExpiryLimit {
        let by_time = match self {
            Self::Ca | Self::CaQc => None,
            Self::Us | Self::UsNy | Self::Uk => Some(12),
            Self::Eu => Some(24),
            Self::De => Some(36),
        };
        ExpiryLimit { by_time, inactivity: INACTIVITY_MONTHS }
    }

    /// Days between telling members and a change that costs them, at the least.
    ///
    /// Quebec asks for a notice 60 to 90 days before (Consumer Protection Act, s. 187.9
    /// and its regulation; small programs are exempt). Elsewhere 30 is our own choice.
    pub fn notice_days(self) -> u16 {
        match self {
            Self::CaQc => 60,
            Self::Us | Self::UsNy | Self::Ca | Self::Uk | Self::Eu | Self::De => 30,
        }
    }

    /// Whether an address given in a form counts only once its owner confirmed it.
    ///
    /// German courts ask the sender to prove who agreed, and take a confirmed address
    /// as the proof (§ 7 UWG; BGH I ZR 164/09).
    pub fn double_opt_in(self) -> bool {
        self == Self::De
    }

    /// The consent grades that are enough for marketing mail.
    ///
    /// - United States: the law asks for a way out (CAN-SPAM, 15 U.S.C. § 7704), so
    ///   every grade will do. No consent at all still won't: that is our own rule.
    /// - United Kingdom: consent or the soft opt-in of an existing customer (PECR,
    ///   reg. 22).
    /// - Canada: consent, expressly given (CASL, s. 6). An existing customer counts for
    ///   two years only (s. 10), which a grade can't tell, so it is left out.
    /// - EU: consent (Directive 2002/58/EC, Art. 13 (1)). The exception for customers in
    ///   Art. 13 (2) differs from country to country, so it is left out.
    /// - Germany: see [`Preset::double_opt_in`].
    pub fn sufficient_consent(self) -> &'static [ConsentGrade] {
        match self {
            Self::Us | Self::UsNy | Self::Uk => OPTED_IN_OR_BOUGHT,
            Self::Ca | Self::CaQc | Self::Eu => OPTED_IN,
            Self::De => &[ConsentGrade::ConfirmedOwnForm],
        }
    }

    /// Whether mail has to say how the shop is reached besides its postal address.
    ///
    /// Canada: a telephone number, an e-mail or a web address (CASL, s. 6 (2) (c);
    /// Electronic Commerce Protection Regulations (CRTC), s. 2 (1) (d)). All mail carries
    /// the name and the postal address anyway (CAN-SPAM, 15 U.S.C. § 7704 (a) (5); PECR,
    /// reg. 23; Directive 2002/58/EC, Art. 13 (4)), and an imprint where the shop has one
    /// (§ 5 DDG).
    pub fn mail_shows_contact(self) -> bool {
        matches!(self, Self::Ca | Self::CaQc)
    }

    /// Whether who bought something and didn't refuse may be sent marketing, so that
    /// nothing may say she agreed to it.
    pub fn customers_may_be_written_to(self) -> bool {
        self.sufficient_consent().contains(&ConsentGrade::ExistingCustomer)
    }

    /// The country by whose habits phone numbers are read; `None` where the preset
    /// stands for many and the shop has to say.
    pub fn default_country(self) -> Option<&'static str> {
        match self {
            Self::Us | Self::UsNy => Some("US"),
            Self::Ca | Self::CaQc => Some("CA"),
            Self::Uk => Some("GB"),
            Self::De => Some("DE"),
            Self::Eu => None,
        }
    }

    /// What a page or a mail of such a shop must carry, as sentences for the owner. The
    /// last one says that this is no legal advice.
    pub fn notes(self) -> &'static [&'static str] {
        match self {
            Self::Us => &[US_MAIL, NOT_ADVICE],
            Self::UsNy => &[US_MAIL, NEW_YORK_PRICES, NOT_ADVICE],
            Self::Ca => &[CANADA_MAIL, CANADA_EXPIRY, NOT_ADVICE],
            Self::CaQc => &[CANADA_MAIL, QUEBEC_EXPIRY, QUEBEC_LANGUAGE, NOT_ADVICE],
            Self::Uk => &[UK_MAIL, GDPR_PAGES, NOT_ADVICE],
            Self::Eu => &[EU_MAIL, GDPR_PAGES, NOT_ADVICE],
            Self::De => &[GERMAN_MAIL, GERMAN_IMPRINT, GDPR_PAGES, NOT_ADVICE],
        }
    }
}

/// Part of every preset's notes.
const NOT_ADVICE: &str =
    "this is our reading of the rules, not legal advice: ask somebody who may give it";
/// CAN-SPAM, 15 U.S.C. § 7704 (a) (5).
const US_MAIL: &str =
    "marketing mail must carry the shop's postal address and a way to stop it (CAN-SPAM)";
/// General Business Law § 349-a, in force since 2025-11-10.
const NEW_YORK_PRICES: &str = "a sentence beside a price set from personal data may be needed: \
     \"THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA.\" (General Business Law \
     § 349-a)";
/// CASL, s. 6.
const CANADA_MAIL: &str = "marketing mail must carry the shop's name, its postal address, a way \
     to reach it and a way to stop the mail (CASL)";
/// Consumer Protection Act, 2002 (Ontario), s. 47.1.
const CANADA_EXPIRY: &str = "the terms must not let points expire by time alone (Ontario)";
/// Regulation respecting the application of the Consumer Protection Act, s. 79.6.3.
const QUEBEC_EXPIRY: &str = "the terms must not let points expire by time alone; the notice that \
     they expire by inactivity goes out alone, 30 to 60 days before (Quebec)";
/// Charter of the French language, ss. 52 and 55.
const QUEBEC_LANGUAGE: &str =
    "terms and mail must be offered in French (Charter of the French language)";
/// PECR, regs. 22 and 23.
const UK_MAIL: &str = "marketing mail must say who sends it and carry a way to stop it (PECR)";
/// GDPR, Art. 13 and 21.
const GDPR_PAGES: &str = "the join page must link a privacy notice that names the profile kept \
     of purchases, its purpose and how to object (GDPR Art. 13 and 21)";
/// Directive 2002/58/EC, Art. 13 (4).
const EU_MAIL: &str = "marketing mail needs consent and must say who sends it and carry a way to \
     stop it; some countries ask for more (ePrivacy Directive Art. 13)";
/// § 7 UWG; surveys count as advertising since BGH VI ZR 225/17.
const GERMAN_MAIL: &str = "marketing mail, surveys included, needs a confirmed consent and must \
     carry a way to stop it (§ 7 UWG)";
/// § 5 DDG.
const GERMAN_IMPRINT: &str = "pages and mail must link or carry an imprint (§ 5 DDG)";

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Preset {
    type Err = PresetError;

    fn from_str(text: &str) -> Result<Self, PresetError> {
        let known = Self::NAMES.iter().find(|(name, _)| *name == text);
        known.map(|(_, preset)| *preset).ok_or_else(|| PresetError(text.chars().take(80).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, automatic: bool, by_time: Option<u16>, notice_days: u16) {
        let preset: Preset = name.parse().unwrap();
        assert_eq!(preset.to_string(), name);
        assert_eq!(preset.automatic_membership(), automatic);
        assert_eq!(preset.expiry_limit().by_time, by_time);
        assert_eq!(preset.notice_days(), notice_days);
    }

    #[test]
    fn each_preset_has_its_limits() {
        check("us", true, Some(12), 30);
        check("us-ny", true, Some(12), 30);
        check("ca", true, None, 30);
        check("ca-qc", true, None, 60);
        check("uk", true, Some(12), 30);
        check("eu", false, Some(24), 30);
        check("de", false, Some(36), 30);
    }

    #[test]
    fn every_preset_says_it_is_no_legal_advice() {
        for (name, preset) in Preset::NAMES {
            assert_eq!(preset.as_str(), *name);
            assert!(preset.notes().last().unwrap().contains("not legal advice"), "{name}");
        }
    }

    #[test]
    fn a_confirmed_address_is_enough_everywhere_and_in_germany_the_only_proof() {
        for (name, preset) in Preset::NAMES {
            let grades = preset.sufficient_consent();
            assert!(grades.contains(&ConsentGrade::ConfirmedOwnForm), "{name}");
            assert_eq!(preset.double_opt_in(), grades.len() == 1, "{name}");
        }
    }

    #[test]
    fn mail_says_more_of_the_shop_in_canada_and_less_of_consent_where_buying_is_enough() {
        let those = |is: fn(Preset) -> bool| {
            let fitting = Preset::NAMES.iter().filter(|(_, preset)| is(*preset));
            fitting.map(|(name, _)| *name).collect::<Vec<_>>()
        };
        assert_eq!(those(Preset::mail_shows_contact), ["ca", "ca-qc"]);
        assert_eq!(those(Preset::customers_may_be_written_to), ["us", "us-ny", "uk"]);
    }

    #[test]
    fn an_unknown_preset_is_told_which_there_are() {
        let error = "us-ca".parse::<Preset>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`us-ca` is not a preset: use us, us-ny, ca, ca-qc, uk, eu or de"
        );
    }
}
