//! The section `[mail]`.

use std::collections::BTreeSet;

use super::reader::{Checker, listed, shown};
use crate::Language;
use crate::mail::plan::Receipts;
use crate::mail::{Class, Kind};
use crate::program::file::{MailFile, TemplateFile};
use crate::program::mail::APPROVE_DAYS;
use crate::program::{LetterRules, MailRules, TemplateOverride};

/// The longest template of a subject or preheader, in characters: what stands in a line of
/// a mailbox, with room for the names of values.
const MAX_LINE: usize = 300;
/// The longest template of a body, in characters: a letter of two pages.
const MAX_BODY: usize = 10_000;
/// Both languages of every kind.
const MAX_TEMPLATES: usize = Kind::ALL.len() * Language::ALL.len();

/// The most days after going live for which everything may wait for approval: a year.
const MAX_APPROVE_DAYS: i64 = 365;

const RECEIPTS: &[(&str, Receipts)] = &[
    ("off", Receipts::Off),
    ("first", Receipts::First),
    ("weekly", Receipts::Weekly),
    ("each", Receipts::Each),
];

impl Checker {
    pub(super) fn mail(&mut self, file: MailFile) -> Option<MailRules> {
        let templates = self.templates(file.template);
        let off = self.kinds_off(file.off);
        let no_receipts = off.contains(&Kind::Receipt);
        let default = if no_receipts { Receipts::Off } else { Receipts::default() };
        let key = "mail.receipts";
        let receipts = self.choice(key, file.receipts.as_deref(), RECEIPTS, Some(default));
        let approve_days = self.whole(
            "mail.approve_days",
            file.approve_days,
            0..=MAX_APPROVE_DAYS,
            Some(APPROVE_DAYS),
        );
        let win_back = self.win_back(file.win_back.unwrap_or_default());
        let birthday = self.day_rules("mail.birthday", file.birthday.unwrap_or_default());
        let anniversary = self.day_rules("mail.anniversary", file.anniversary.unwrap_or_default());
        let at_risk = file.tier_at_risk.unwrap_or_default().send;
        let tier_at_risk = self.letter("mail.tier-at-risk", at_risk, None);
        let receipts = receipts?;
        if no_receipts && receipts != Receipts::Off {
            let found = shown(file.receipts.as_deref().unwrap_or_default());
            let message = format!("found {found}, but mail.off has \"receipt\"; leave one out");
            self.report(key, message);
        }
        Some(MailRules {
            receipts,
            off,
            templates,
            approve_days: approve_days?,
            win_back: win_back?,
            birthday: birthday?,
            anniversary: anniversary?,
            tier_at_risk: tier_at_risk?,
            // `[survey]` says it.
            survey: LetterRules::default(),
        })
    }

    /// Kinds the shop doesn't send: such as have a switch, each once.
    fn kinds_off(&mut self, mut names: Vec<String>) -> BTreeSet<Kind> {
        self.at_most("mail.off", &mut names, Kind::ALL.len());
        let mut off = BTreeSet::new();
        for (index, name) in names.iter().enumerate() {
            let key = format!("mail.off[{index}]");
            let Some(kind) = self.kind_off(&key, name) else { continue };
            if !off.insert(kind) {
                let first = names.iter().position(|other| other == name).unwrap_or_default();
                let message = format!("found {}, which mail.off[{first}] has already", shown(name));
                self.report(&key, message);
            }
        }
        off
    }

    fn kind_off(&mut self, key: &str, name: &str) -> Option<Kind> {
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == name);
        let why_not = match kind {
            Some(kind) if kind.has_switch() => return Some(kind),
            Some(kind) if kind.class() == Class::AskedFor => {
                ", which can't be off, for it answers what somebody asked for"
            }
            Some(kind) if kind.class() == Class::Owner => {
                ", which can't be off, for it tells you of a customer who waits for an answer"
            }
            Some(_) => ", which can't be off, for it tells members what they stand to lose",
            None => "",
        };
        let switched = Kind::ALL.into_iter().filter(|kind| kind.has_switch()).map(Kind::as_str);
        let wanted = listed(switched);
        self.report(key, format!("found {}{why_not}; write one of {wanted}", shown(name)));
        None
    }

    /// The owner's own words, one block for a kind and language.
    fn templates(&mut self, mut files: Vec<TemplateFile>) -> Vec<TemplateOverride> {
        self.at_most("mail.template", &mut files, MAX_TEMPLATES);
        let mut templates: Vec<(usize, TemplateOverride)> = Vec::new();
        for (index, file) in files.into_iter().enumerate() {
            let Some(one) = self.template(&format!("mail.template[{index}]"), file) else {
                continue;
            };
            let same =
                |other: &TemplateOverride| (other.kind, other.language) == (one.kind, one.language);
            if let Some((first, _)) = templates.iter().find(|(_, other)| same(other)) {
                let (kind, language) = (one.kind.as_str(), one.language.as_str());
                let message = format!(
                    "is for {kind} in {language}, for which mail.template[{first}] is already"
                );
                self.report(&format!("mail.template[{index}]"), message);
            }
            templates.push((index, one));
        }
        templates.into_iter().map(|(_, template)| template).collect()
    }

    fn template(&mut self, key: &str, file: TemplateFile) -> Option<TemplateOverride> {
        let kind = self.template_kind(&format!("{key}.kind"), file.kind.as_deref());
        let languages = Language::ALL.map(|language| (language.as_str(), language));
        let language = file.language.as_deref();
        let language = self.choice(&format!("{key}.language"), language, &languages, None);
        let given = [&file.subject, &file.preheader, &file.body];
        if given.iter().all(|text| text.is_none()) {
            self.lacks(key, "has no subject, preheader or body, so it would change nothing");
        }
        let mut line = |name: &str, text: Option<String>| {
            text.and_then(|text| self.text(&format!("{key}.{name}"), Some(&text), MAX_LINE))
        };
        let (subject, preheader) =
            (line("subject", file.subject), line("preheader", file.preheader));
        let body = file.body.and_then(|body| self.body(&format!("{key}.body"), body));
        Some(TemplateOverride { kind: kind?, language: language?, subject, preheader, body })
    }

    /// A kind that customers read: what the shop's own people are told is in our words.
    fn template_kind(&mut self, key: &str, name: Option<&str>) -> Option<Kind> {
        let to_owner = |kind: &Kind| kind.class() == Class::Owner;
        if let Some(kind) =
            Kind::ALL.into_iter().filter(to_owner).find(|it| Some(it.as_str()) == name)
        {
            let found = shown(kind.as_str());
            self.report(
                key,
                format!("found {found}, which only you and your staff get; leave it out"),
            );
            return None;
        }
        let kinds = Kind::ALL.into_iter().filter(|kind| !to_owner(kind));
        let kinds: Vec<(&str, Kind)> = kinds.map(|kind| (kind.as_str(), kind)).collect();
        self.choice(key, name, &kinds, None)
    }

    fn body(&mut self, key: &str, body: String) -> Option<String> {
        let wanted = format!("1 to {MAX_BODY} characters in quotes, three before and after");
        let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        let length = body.trim().chars().count();
        if (1..=MAX_BODY).contains(&length) && !body.contains(is_odd) {
            return Some(body);
        }
        let found = match length {
            0 | 1..=MAX_BODY => shown(&body),
            _ => format!("{length} characters"),
        };
        self.report(key, format!("found {found}; write {wanted}"));
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SMALLEST, check};
    use super::*;
    use crate::program::Program;

    fn read(section: &str) -> MailRules {
        Program::parse(&format!("{SMALLEST}{section}")).unwrap().mail
    }

    #[test]
    fn a_program_that_says_nothing_of_mail_sends_every_kind_and_receipts_weekly() {
        let rules = MailRules { receipts: Receipts::Weekly, ..MailRules::default() };
        assert_eq!(read(""), rules);
        assert_eq!(read("[mail]\n"), rules);
        assert_eq!(rules, MailRules::default());
    }

    #[test]
    fn each_way_to_send_receipts_has_its_word() {
        for (word, receipts) in RECEIPTS {
            assert_eq!(read(&format!("[mail]\nreceipts = \"{word}\"")).receipts, *receipts);
        }
        check(
            "[mail]\nreceipts = \"daily\"",
            "mail.receipts: found \"daily\"; write one of \"off\", \"first\", \"weekly\", \"each\"",
        );
    }

    #[test]
    fn every_kind_with_a_switch_can_be_off_and_no_other() {
        for kind in Kind::ALL {
            let file = format!("{SMALLEST}[mail]\noff = [\"{}\"]", kind.as_str());
            let read = Program::parse(&file).map(|program| program.mail.off);
            match kind.has_switch() {
                true => assert_eq!(read, Ok(BTreeSet::from([kind]))),
                false => assert!(read.is_err(), "{kind:?}"),
            }
        }
        let ones = "write one of \"tier-reached\", \"points-taken-back\", \"receipt\", \
                    \"birthday\", \"anniversary\", \"welcome\", \"tier-at-risk\", \"survey\", \
                    \"you-said\", \"win-back\"";
        check(
            "[mail]\noff = [\"welcome\", \"points-expiring\"]",
            &format!(
                "mail.off[1]: found \"points-expiring\", which can't be off, for it tells members \
                 what they stand to lose; {ones}"
            ),
        );
        check(
            "[mail]\noff = [\"sign-in\"]",
            &format!(
                "mail.off[0]: found \"sign-in\", which can't be off, for it answers what somebody \
                 asked for; {ones}"
            ),
        );
        check(
            "[mail]\noff = [\"low-score\"]",
            &format!(
                "mail.off[0]: found \"low-score\", which can't be off, for it tells you of a \
                 customer who waits for an answer; {ones}"
            ),
        );
        check("[mail]\noff = [\"news\"]", &format!("mail.off[0]: found \"news\"; {ones}"));
    }

    #[test]
    fn a_kind_is_off_once_and_receipts_by_one_key() {
        check(
            "[mail]\noff = [\"survey\", \"welcome\", \"survey\"]",
            "mail.off[2]: found \"survey\", which mail.off[0] has already",
        );
        check(
            "[mail]\nreceipts = \"each\"\noff = [\"receipt\"]",
            "mail.receipts: found \"each\", but mail.off has \"receipt\"; leave one out",
        );
        assert_eq!(read("[mail]\noff = [\"receipt\"]").receipts, Receipts::Off);
    }

    #[test]
    fn the_section_has_no_other_keys_and_is_there_once() {
        check(
            "[mail]\nfrom = \"a@example.com\"",
            "mail.from: unknown key in line 17; allowed here: `receipts`, `off`, \
             `approve_days`, `win-back`, `birthday`, `anniversary`, `tier-at-risk`, `template`",
        );
        check(
            "[[mail]]\nreceipts = \"off\"",
            "mail: found `[[mail]]` in line 16; this needs to be one section, [mail]",
        );
        check(
            "[mail]\noff = \"welcome\"",
            "mail.off: found `\"welcome\"` in line 17; this needs a list in brackets, such as \
             [1, 2] or [\"a\", \"b\"]",
        );
    }

    #[test]
    fn an_owner_may_say_any_kind_in_her_own_words() {
        let rules = read(
            "[mail]\n[[mail.template]]\nkind = \"follow-up-answer\"\nlanguage = \"de\"\n\
             subject = \" Antwort \"\n[[mail.template]]\nkind = \"receipt\"\nlanguage = \"en\"\n\
             preheader = \"Yours\"\nbody = \"\"\"\nThank you.\n\nSee {{ points }}.\n\"\"\"\n",
        );
        let template = |kind, language| rules.template(kind, language).cloned();
        let german = template(Kind::FollowUpAnswer, Language::De).unwrap();
        assert_eq!(german.subject.as_deref(), Some("Antwort"));
        assert_eq!((german.preheader, german.body), (None, None));
        let english = template(Kind::Receipt, Language::En).unwrap();
        assert_eq!(english.body.as_deref(), Some("Thank you.\n\nSee {{ points }}.\n"));
        assert_eq!(template(Kind::Receipt, Language::De), None);
    }

    #[test]
    fn each_mistake_of_a_template_has_its_sentence() {
        let check =
            |keys: &str, problem: &str| check(&format!("[[mail.template]]\n{keys}"), problem);
        let receipt = "kind = \"receipt\"\nlanguage = \"en\"\n";
        check(
            receipt,
            "mail.template[0]: has no subject, preheader or body, so it would change nothing",
        );
        check(
            "kind = \"receipt\"\nlanguage = \"fr\"\nsubject = \"Merci\"",
            "mail.template[0].language: found \"fr\"; write one of \"en\", \"de\"",
        );
        check(
            "kind = \"receipt\"\nsubject = \"Merci\"",
            "mail.template[0].language: is missing: write one of \"en\", \"de\"",
        );
        check(
            &format!("{receipt}subject = \"{}\"", "a".repeat(301)),
            &format!(
                "mail.template[0].subject: found \"{}…\"; write a line of 1 to 300 characters in \
                 quotes",
                "a".repeat(80)
            ),
        );
        check(
            &format!("{receipt}body = \" \""),
            "mail.template[0].body: found \" \"; write 1 to 10000 characters in quotes, three \
             before and after",
        );
        check(
            &format!("{receipt}body = \"{}\"", "a".repeat(10_001)),
            "mail.template[0].body: found 10001 characters; write 1 to 10000 characters in \
             quotes, three before and after",
        );
        check(
            &format!("{receipt}html = \"<b>\""),
            "mail.template[0].html: unknown key in line 19; allowed here: `kind`, `language`, \
             `subject`, `preheader`, `body`",
        );
        let twice = format!("{receipt}body = \"a\"\n[[mail.template]]\n{receipt}body = \"b\"");
        check(
            &twice,
            "mail.template[1]: is for receipt in en, for which mail.template[0] is already",
        );
    }

    #[test]
    fn what_only_the_shops_own_people_get_has_no_template() {
        check(
            "[[mail.template]]\nkind = \"low-score\"\nlanguage = \"en\"\nsubject = \"Help\"",
            "mail.template[0].kind: found \"low-score\", which only you and your staff get; leave \
             it out",
        );
    }

    #[test]
    fn an_unknown_kind_of_template_is_told_which_there_are() {
        let file = "[[mail.template]]\nkind = \"recipt\"\nlanguage = \"en\"\nsubject = \"a\"";
        let error = Program::parse(&format!("{SMALLEST}{file}")).unwrap_err().to_string();
        assert!(error.contains("mail.template[0].kind: found \"recipt\"; write one of"), "{error}");
        let theirs = Kind::ALL.iter().filter(|kind| kind.class() != Class::Owner);
        assert!(theirs.clone().all(|kind| error.contains(kind.as_str())), "{error}");
        assert!(!error.contains("low-score"), "{error}");
    }
}
