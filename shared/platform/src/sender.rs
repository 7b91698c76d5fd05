//! Who a shop's mail comes from, and who answers it: what the owner says of it, checked.

mod address;

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use loyalty::Language;
use loyalty::program::{Preset, Program};
use presentation::{Brand, Colour, Locale};
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

use crate::store::MailMode;

/// The longest name of a sender, in characters: what fits a line of a mailbox.
const MAX_NAME: usize = 80;
/// The longest postal address, in characters.
const MAX_POSTAL: usize = 200;

/// The longest URL of a logo or a page, in characters.
const MAX_URL: usize = 300;

/// Who a shop's mail comes from, and how it looks. The owner's own data: never logged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailSettings {
    /// Counts writes.
    #[serde(default)]
    pub version: u64,
    /// The address mail comes from; without it none goes out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The name beside it; the shop's own where none is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_name: Option<String>,
    /// Where answers go, and somebody reads them; to `from` where none is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The owner's address: where mail to the owner alone goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The second person's address: who is told when a low score has waited too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<String>,
    /// The shop's postal address, on one line, as marketing mail has to carry it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_address: Option<String>,
    /// Where the shop's logo is: an `https` URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
    /// The shop's colour, as `#rrggbb`; how light or dark it has to be to be read is for
    /// whoever shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<String>,
    /// The language of who has none that we speak, as `en`; else her country's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The page that says who is behind the shop: an `https` URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imprint: Option<String>,
    /// The local day the owner is back, as `2027-01-10`; nobody who stayed away is written to
    /// before, nor in the week after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away_until: Option<String>,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// What was last found about its sending from this domain; `None`: nobody looked since
    /// the domain was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<SenderCheck>,
}

/// What somebody found who looked from outside whether a shop's mail can be sent and believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SenderCheck {
    /// When.
    pub at: Timestamp,
    /// The domain of the from-address then.
    pub domain: String,
    /// What was missing, as sentences; empty where nothing was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// Who carries mail to its readers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Carrier {
    /// Nobody: it stays on this machine.
    #[default]
    Local,
    /// Amazon SES. Live mail asks for a check of its sender before.
    Ses,
}

/// What shall become of one setting. In JSON: left out, null, or the value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Wish {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is set no more.
    Clear,
    /// It is this.
    Set(String),
}

impl<'de> Deserialize<'de> for Wish {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(from)?.map_or(Self::Clear, Self::Set))
    }
}

/// A change of who a shop's mail comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailSettingsChange {
    /// The address mail comes from.
    pub from: Wish,
    /// The name beside it.
    pub from_name: Wish,
    /// Where answers go.
    pub reply_to: Wish,
    /// The owner's address.
    pub owner: Wish,
    /// The second person's address.
    pub second: Wish,
    /// The postal address.
    pub postal_address: Wish,
    /// The logo's URL.
    pub logo: Wish,
    /// The colour.
    pub accent: Wish,
    /// The language of who has none that we speak.
    pub language: Wish,
    /// The imprint's URL.
    pub imprint: Wish,
    /// The day the owner is back.
    pub away_until: Wish,
}

/// One setting that can't be as it was wished. Doesn't repeat what was written: it may be
/// about a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// The setting, by its name.
    pub setting: &'static str,
    /// What is wrong with it and what to do.
    pub message: String,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.setting, self.message)
    }
}

/// Settings of mail that can't be used: everything that is wrong with them.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", on_one_line(.0))]
pub struct UnfitSettings(pub Vec<Unfit>);

fn on_one_line(unfit: &[Unfit]) -> String {
    unfit.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Something mail needs that isn't there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// The address mail comes from.
    From,
    /// The owner's address.
    Owner,
    /// The postal address.
    PostalAddress,
    /// The imprint's URL.
    Imprint,
    /// Anybody who looked whether its sender is believed.
    Check,
    /// What was missing when somebody looked.
    Sender(String),
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::From => "no from-address: nothing can be sent",
            Self::Owner => "no owner's address: mail to the owner alone goes nowhere",
            Self::PostalAddress => {
                "no postal address: many countries ask marketing mail to carry the shop's"
            }
            Self::Imprint => "no imprint: German pages and mail must link one (§ 5 DDG)",
            Self::Check => "its sender isn't checked yet: run `regulars doctor`",
            Self::Sender(missing) => missing,
        })
    }
}

impl MailSettings {
    /// How the shop shows itself in mail and pages.
    pub fn brand(&self, program: &Program) -> Brand {
        let accent = self.accent.as_deref().and_then(|accent| accent.parse().ok());
        Brand {
            shop: program.shop.name.clone(),
            program: program.name.clone(),
            accent: accent.unwrap_or(Colour::DEFAULT),
            logo: self.logo.clone(),
            postal_address: self.postal_address.clone(),
            contact: self.reply_to.clone().or_else(|| self.from.clone()),
            imprint: self.imprint.clone(),
        }
    }

    /// The language somebody is written to in: her own if we speak it, else the shop's,
    /// else the country's; written as the shop's country does.
    pub fn locale(&self, program: &Program, hers: Option<&str>) -> Locale {
        let of = |tag: Option<&str>| tag.and_then(Language::of_tag);
        let language = of(hers).or_else(|| of(self.language.as_deref()));
        let country = &program.shop.country;
        Locale::new(language.unwrap_or_else(|| Language::of_country(country)), country)
    }

    /// What mail lacks to be in a mode, under a country's preset, and carried so.
    pub fn lacks(&self, mode: MailMode, preset: Preset, carrier: Carrier) -> Vec<Lack> {
        let from = (Lack::From, self.from.is_none());
        let lacks = match mode {
            MailMode::Off => Vec::new(),
            MailMode::OwnerOnly => vec![from, (Lack::Owner, self.owner.is_none())],
            MailMode::Live => vec![
                from,
                (Lack::PostalAddress, self.postal_address.is_none()),
                (Lack::Imprint, preset.imprint() && self.imprint.is_none()),
            ],
        };
        let lacks = lacks.into_iter().filter_map(|(lack, lacks)| lacks.then_some(lack));
        match mode {
            MailMode::Live => lacks.chain(self.unproven(carrier)).collect(),
            MailMode::Off | MailMode::OwnerOnly => lacks.collect(),
        }
    }

    /// What keeps mail to customers from going out, because nobody found its sender in order:
    /// mail that isn't believed harms the domain that it comes from. Mail to the owner shows
    /// it alone.
    pub fn unproven(&self, carrier: Carrier) -> Vec<Lack> {
        match (carrier, &self.checked) {
            (Carrier::Local, _) => Vec::new(),
            (Carrier::Ses, None) => vec![Lack::Check],
            (Carrier::Ses, Some(check)) => {
                check.missing.iter().cloned().map(Lack::Sender).collect()
            }
        }
    }

    /// The domain that mail comes from.
    pub fn domain(&self) -> Option<&str> {
        Some(self.from.as_deref()?.rsplit_once('@')?.1)
    }

    /// The same after somebody looked. What was found about another domain than today's says
    /// nothing of it.
    #[must_use]
    pub fn with_check(&self, check: SenderCheck) -> Self {
        let checked = Some(check).filter(|check| self.domain() == Some(&check.domain));
        Self { checked, ..self.clone() }
    }

    /// The local day the owner is back.
    pub fn away_until(&self) -> Option<Date> {
        self.away_until.as_deref()?.parse().ok()
    }

    /// As a change asks for it; version and time stay. A change that leads to what is there
    /// gives the same.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn changed(&self, change: MailSettingsChange) -> Result<Self, UnfitSettings> {
        let mut unfit = Vec::new();
        let mut one = |setting, old: &Option<String>, wish, read: Reader| match wish {
            Wish::Keep => old.clone(),
            Wish::Clear => None,
            Wish::Set(text) => match read(&text) {
                Ok(value) => Some(value),
                Err(message) => {
                    unfit.push(Unfit { setting, message });
                    None
                }
            },
        };
        let next = Self {
            version: self.version,
            from: one("from", &self.from, change.from, from),
            from_name: one("from_name", &self.from_name, change.from_name, name),
            reply_to: one("reply_to", &self.reply_to, change.reply_to, reply_to),
            owner: one("owner", &self.owner, change.owner, address),
            second: one("second", &self.second, change.second, address),
            postal_address: one(
                "postal_address",
                &self.postal_address,
                change.postal_address,
                postal_address,
            ),
            logo: one("logo", &self.logo, change.logo, url),
            accent: one("accent", &self.accent, change.accent, colour),
            language: one("language", &self.language, change.language, language),
            imprint: one("imprint", &self.imprint, change.imprint, url),
            away_until: one("away_until", &self.away_until, change.away_until, day),
            changed_at: self.changed_at,
            checked: None,
        };
        let next = match self.checked.clone() {
            Some(check) => next.with_check(check),
            None => next,
        };
        let is_unread = next.from.as_deref().is_some_and(address::is_unread);
        if unfit.is_empty() && next.reply_to.is_none() && is_unread {
            let message = "is needed beside such a from-address: nobody reads what comes in \
                           there, so say where answers go";
            unfit.push(Unfit { setting: "reply_to", message: message.to_owned() });
        }
        if unfit.is_empty() { Ok(next) } else { Err(UnfitSettings(unfit)) }
    }
}

/// Whether an address is at a provider of mailboxes, whose rules have mail from elsewhere
/// refused.
pub fn is_freemail(address: &str) -> bool {
    address::is_freemail(address)
}

/// Reads one setting; what is wrong with it otherwise.
type Reader = fn(&str) -> Result<String, String>;

fn address(text: &str) -> Result<String, String> {
    crate::mail::address(text).map_err(|error| {
        format!("can't be used: {error}; write the address alone, such as hello@example.com")
    })
}

fn from(text: &str) -> Result<String, String> {
    let from = address(text)?;
    if address::is_freemail(&from) {
        return Err("is at a provider of mailboxes, whose own rules (DMARC) have mail from \
                    elsewhere refused: use an address of the shop's own domain; answers may \
                    go to the provider's"
            .to_owned());
    }
    Ok(from)
}

fn reply_to(text: &str) -> Result<String, String> {
    let reply_to = address(text)?;
    if address::is_unread(&reply_to) {
        return Err("says that nobody reads it: use an address where somebody reads what \
                    customers answer"
            .to_owned());
    }
    if reply_to.contains(['?', '%', '&', '#', '/']) {
        return Err("has a character that a link to it can't have: use another address".to_owned());
    }
    Ok(reply_to)
}

fn name(text: &str) -> Result<String, String> {
    line(text, MAX_NAME)
}

fn postal_address(text: &str) -> Result<String, String> {
    line(text, MAX_POSTAL)
}

/// What a mail program fetches, or a reader follows: nothing but plain `https`, and nothing
/// that could end the attribute it stands in.
fn url(text: &str) -> Result<String, String> {
    let text = text.trim();
    let host = text.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
    let has_host = host.is_some_and(|host| {
        let (name, port) =
            host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
        let label = |label: &str| {
            let fits = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
            !label.is_empty() && !label.starts_with('-') && label.bytes().all(fits)
        };
        name.contains('.')
            && name.split('.').all(label)
            && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
    });
    let plain = text.bytes().all(|c| c.is_ascii_graphic() && !b"\"'<>\\".contains(&c));
    if has_host && plain && text.len() <= MAX_URL {
        return Ok(text.to_owned());
    }
    Err(format!(
        "has to be a URL that begins with https://, of at most {MAX_URL} characters and without \
         blanks, such as https://corner-bakery.com/logo.png"
    ))
}

fn colour(text: &str) -> Result<String, String> {
    text.parse().map(|colour: Colour| colour.to_string()).map_err(|error| error.to_string())
}

fn language(text: &str) -> Result<String, String> {
    let known = Language::ALL.map(Language::as_str);
    let text = text.trim().to_lowercase();
    if known.contains(&text.as_str()) {
        Ok(text)
    } else {
        Err(format!("has to be one of {}", known.join(", ")))
    }
}

fn day(text: &str) -> Result<String, String> {
    let day: Result<Date, _> = text.trim().parse();
    day.map(|day| day.to_string()).map_err(|_| "has to be a day, such as 2027-01-10".to_owned())
}

fn line(text: &str, longest: usize) -> Result<String, String> {
    let text = text.trim();
    let fits = (1..=longest).contains(&text.chars().count());
    // Breaks of lines, marks that turn the direction of text, and letters nobody sees.
    let unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{3164}')
    };
    if !fits || text.chars().any(unseen) {
        return Err(format!("has to be one line of 1 to {longest} characters"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> Wish {
        Wish::Set(text.to_owned())
    }

    fn bakery() -> MailSettings {
        let change = MailSettingsChange {
            from: set("hello@corner.example"),
            from_name: set(" Maria of Corner Bakery "),
            reply_to: set("corner.bakery@gmail.com"),
            owner: set("maria@gmail.com"),
            postal_address: set("5 Main Street, Springfield, NY 12345"),
            ..Default::default()
        };
        MailSettings::default().changed(change).unwrap()
    }

    #[track_caller]
    fn refused(change: MailSettingsChange) -> String {
        MailSettings::default().changed(change).unwrap_err().to_string()
    }

    #[test]
    fn what_a_change_leaves_out_stays() {
        let bakery = bakery();
        assert_eq!(bakery.from_name.as_deref(), Some("Maria of Corner Bakery"));
        assert_eq!(bakery.changed(MailSettingsChange::default()), Ok(bakery.clone()));
        let change = MailSettingsChange {
            from_name: Wish::Clear,
            owner: set("maria@corner.example"),
            ..Default::default()
        };
        let after = bakery.changed(change).unwrap();
        let owner = Some("maria@corner.example".to_owned());
        assert_eq!(after, MailSettings { from_name: None, owner, ..bakery });
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once_and_nothing_repeated() {
        let change = MailSettingsChange {
            from: set("maria@gmail.com"),
            from_name: set("Corner\r\nBcc: everybody"),
            reply_to: set("no-reply@corner.example"),
            owner: set("maria"),
            second: set("maria"),
            postal_address: set(&"a".repeat(201)),
            logo: set("http://corner.example/maria.png"),
            accent: set("maria"),
            language: set("maria"),
            imprint: set("https://corner.example/\"onload=maria"),
            away_until: set("maria"),
        };
        let text = refused(change);
        let settings = [
            "from",
            "from_name",
            "reply_to",
            "owner",
            "second",
            "postal_address",
            "logo",
            "accent",
            "language",
            "imprint",
            "away_until",
        ];
        let places = settings.map(|setting| text.find(&format!("`{setting}` ")));
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{text}");
        assert!(!text.contains("maria"), "{text}");
    }

    #[test]
    fn answers_go_where_somebody_reads_them() {
        let from = set("noreply@corner.example");
        let told = refused(MailSettingsChange { from: from.clone(), ..Default::default() });
        assert!(told.starts_with("`reply_to` is needed beside such a from-address"), "{told}");
        let reply_to = set("maria@gmail.com");
        let both = MailSettingsChange { from, reply_to, ..Default::default() };
        let settings = MailSettings::default().changed(both).unwrap();
        let change = MailSettingsChange { reply_to: Wish::Clear, ..Default::default() };
        settings.changed(change).unwrap_err();
    }

    #[test]
    fn what_cannot_be_reached_seen_or_linked_is_refused() {
        for url in [
            "https://x.example:99999/a",
            "https://x.example:/a",
            "https://a..b/x",
            "https://-.:/x",
            "https://a.b:0",
        ] {
            refused(MailSettingsChange { logo: set(url), ..Default::default() });
        }
        for name in ["\u{200b}", "A\u{202e}B", "A\u{2028}B"] {
            refused(MailSettingsChange { from_name: set(name), ..Default::default() });
        }
        for address in ["a?bcc=x%40y.example@x.example", "a%0a@x.example"] {
            refused(MailSettingsChange { reply_to: set(address), ..Default::default() });
        }
        let logo = set("https://cdn.shop-files.example:8443/a/logo.png?v=1");
        let change = MailSettingsChange { logo, ..Default::default() };
        MailSettings::default().changed(change).unwrap();
    }

    #[test]
    fn what_mail_lacks_depends_on_how_far_it_is_to_go() {
        let nothing = MailSettings::default();
        let lacks = |mode| nothing.lacks(mode, Preset::Us, Carrier::Local);
        assert_eq!(lacks(MailMode::Off), []);
        assert_eq!(lacks(MailMode::OwnerOnly), [Lack::From, Lack::Owner]);
        assert_eq!(lacks(MailMode::Live), [Lack::From, Lack::PostalAddress]);
        for mode in [MailMode::OwnerOnly, MailMode::Live] {
            assert_eq!(bakery().lacks(mode, Preset::Us, Carrier::Local), []);
        }
    }

    #[test]
    fn live_mail_by_ses_lacks_a_check_of_its_domain_until_somebody_looked() {
        let at = "2026-11-22T12:00:00Z".parse().unwrap();
        let lacks = |settings: &MailSettings, mode| settings.lacks(mode, Preset::Us, Carrier::Ses);
        assert_eq!(lacks(&bakery(), MailMode::Live), [Lack::Check]);
        assert_eq!(lacks(&bakery(), MailMode::OwnerOnly), []);
        let check = |domain: &str, missing: &[&str]| SenderCheck {
            at,
            domain: domain.to_owned(),
            missing: missing.iter().map(|&one| one.to_owned()).collect(),
        };
        let found = bakery().with_check(check("corner.example", &["no DMARC"]));
        assert_eq!(lacks(&found, MailMode::Live), [Lack::Sender("no DMARC".to_owned())]);
        let good = found.with_check(check("corner.example", &[]));
        assert_eq!(lacks(&good, MailMode::Live), []);
        assert_eq!(
            lacks(&bakery().with_check(check("b.example", &[])), MailMode::Live),
            [Lack::Check]
        );
        let name = MailSettingsChange { from_name: set("Maria"), ..Default::default() };
        assert_eq!(lacks(&good.changed(name).unwrap(), MailMode::Live), []);
        let moved = MailSettingsChange { from: set("a@b.example"), ..Default::default() };
        assert_eq!(lacks(&good.changed(moved).unwrap(), MailMode::Live), [Lack::Check]);
    }

    #[test]
    fn live_mail_of_a_german_shop_lacks_an_imprint_until_one_is_named() {
        let lacks =
            |settings: &MailSettings, mode| settings.lacks(mode, Preset::De, Carrier::Local);
        assert_eq!(lacks(&bakery(), MailMode::Live), [Lack::Imprint]);
        assert_eq!(lacks(&bakery(), MailMode::OwnerOnly), []);
        let imprint = set("https://corner.example/impressum");
        let change = MailSettingsChange { imprint, ..Default::default() };
        assert_eq!(lacks(&bakery().changed(change).unwrap(), MailMode::Live), []);
    }

    #[test]
    fn in_json_null_clears_and_what_is_left_out_stays() {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            from: Wish,
            #[serde(default)]
            owner: Wish,
            #[serde(default)]
            reply_to: Wish,
        }
        let body: Body = serde_json::from_str(r#"{"from": null, "owner": "a"}"#).unwrap();
        assert_eq!((body.from, body.owner, body.reply_to), (Wish::Clear, set("a"), Wish::Keep));
    }
}
