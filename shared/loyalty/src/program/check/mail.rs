//! The section `[mail]`.

use std::collections::BTreeSet;

use super::reader::{Checker, listed, shown};
use crate::mail::plan::Receipts;
use crate::mail::{Class, Kind};
use crate::program::MailRules;
use crate::program::file::MailFile;

const RECEIPTS: &[(&str, Receipts)] = &[
    ("off", Receipts::Off),
    ("first", Receipts::First),
    ("weekly", Receipts::Weekly),
    ("each", Receipts::Each),
];

impl Checker {
    pub(super) fn mail(&mut self, file: MailFile) -> Option<MailRules> {
        let off = self.kinds_off(file.off);
        let no_receipts = off.contains(&Kind::Receipt);
        let default = if no_receipts { Receipts::Off } else { Receipts::default() };
        let key = "mail.receipts";
        let receipts = self.choice(key, file.receipts.as_deref(), RECEIPTS, Some(default))?;
        if no_receipts && receipts != Receipts::Off {
            let found = shown(file.receipts.as_deref().unwrap_or_default());
            let message = format!("found {found}, but mail.off has \"receipt\"; leave one out");
            self.report(key, message);
        }
        Some(MailRules { receipts, off })
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
            Some(_) => ", which can't be off, for it tells members what they stand to lose",
            None => "",
        };
        let switched = Kind::ALL.into_iter().filter(|kind| kind.has_switch()).map(Kind::as_str);
        let wanted = listed(switched);
        self.report(key, format!("found {}{why_not}; write one of {wanted}", shown(name)));
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
        let rules = MailRules { receipts: Receipts::Weekly, off: BTreeSet::new() };
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
                    \"win-back\"";
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
            "mail.from: unknown key in line 17; allowed here: `receipts` or `off`",
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
}
