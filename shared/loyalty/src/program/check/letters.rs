//! The sections of `[mail]` about what time alone brings: `[mail.win-back]` and others.

use super::reader::{Checker, MAX_PERK};
use crate::Points;
use crate::program::file::{DayFile, WinBackFile};
use crate::program::{DayRules, LetterRules, Rhythm, Sending, WinBackRules};

/// The fewest days somebody may be called away after: nobody is earlier.
const MIN_FIXED: i64 = 21;
/// The most of them: two years. Who stayed away for longer is gone.
const MAX_FIXED: i64 = 730;
/// The most points a day may bring. More is a slip of the pen.
const MAX_GIFT: i64 = 1_000_000;

const SENDING: &[(&str, Sending)] = &[("auto", Sending::Auto), ("approve", Sending::Approve)];

impl Checker {
    /// `[mail.win-back]`.
    pub(super) fn win_back(&mut self, file: WinBackFile) -> Option<WinBackRules> {
        let kinds = &[("own", false), ("fixed", true)];
        let is_fixed =
            self.choice("mail.win-back.rhythm", file.rhythm.as_deref(), kinds, Some(false));
        let key = "mail.win-back.days";
        let rhythm = match is_fixed {
            Some(true) => self
                .whole(key, file.days, MIN_FIXED..=MAX_FIXED, None)
                .map(|days| Rhythm::Fixed { days }),
            Some(false) => {
                self.only_with(key, file.days.is_some(), "rhythm = \"fixed\"");
                Some(Rhythm::Own)
            }
            None => None,
        };
        let letter = self.letter("mail.win-back", file.send, file.offer);
        Some(WinBackRules { rhythm: rhythm?, letter: letter? })
    }

    /// `[mail.birthday]` and `[mail.anniversary]`.
    pub(super) fn day_rules(&mut self, at: &str, file: DayFile) -> Option<DayRules> {
        let points = self.whole(&format!("{at}.points"), file.points, 0..=MAX_GIFT, Some(0));
        let letter = self.letter(at, file.send, file.offer);
        Some(DayRules { points: Points(points?), letter: letter? })
    }

    /// What every section about a kind of letter may say.
    pub(super) fn letter(
        &mut self,
        at: &str,
        send: Option<String>,
        offer: Option<String>,
    ) -> Option<LetterRules> {
        let key = format!("{at}.send");
        let send = send.map(|word| self.choice(&key, Some(&word), SENDING, None));
        let key = format!("{at}.offer");
        let offer = offer.map(|text| self.text(&key, Some(&text), MAX_PERK));
        // A value that was wrong has its problem noted; the letter is none without it.
        let send = send.map_or(Some(None), |send| send.map(Some))?;
        let offer = offer.map_or(Some(None), |offer| offer.map(Some))?;
        Some(LetterRules { send, offer })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SMALLEST, check};
    use super::*;
    use crate::program::{MailRules, Program};

    fn read(section: &str) -> MailRules {
        Program::parse(&format!("{SMALLEST}{section}")).unwrap().mail
    }

    #[test]
    fn a_program_that_says_nothing_goes_by_the_rhythm_and_gives_nothing() {
        let rules =
            read("[mail.win-back]\n[mail.birthday]\n[mail.anniversary]\n[mail.tier-at-risk]");
        assert_eq!(rules, MailRules::default());
        assert_eq!((rules.approve_days, rules.win_back.rhythm), (30, Rhythm::Own));
        assert_eq!((rules.birthday.points, rules.anniversary.points), (Points(0), Points(0)));
    }

    #[test]
    fn what_each_letter_may_say_is_read() {
        let rules = read(
            "[mail]\napprove_days = 0\n\
             [mail.win-back]\nrhythm = \"fixed\"\ndays = 60\noffer = \"A coffee on us\"\n\
             send = \"approve\"\n\
             [mail.birthday]\npoints = 100\nsend = \"auto\"\n\
             [mail.anniversary]\npoints = 50\noffer = \"A cake\"\n\
             [mail.tier-at-risk]\nsend = \"auto\"",
        );
        assert_eq!(rules.approve_days, 0);
        assert_eq!(rules.win_back.rhythm, Rhythm::Fixed { days: 60 });
        assert_eq!(rules.win_back.letter.offer.as_deref(), Some("A coffee on us"));
        assert_eq!(rules.win_back.letter.send, Some(Sending::Approve));
        assert_eq!(rules.birthday.points, Points(100));
        assert_eq!(rules.birthday.letter.send, Some(Sending::Auto));
        assert_eq!(rules.anniversary.points, Points(50));
        assert_eq!(rules.anniversary.letter.offer.as_deref(), Some("A cake"));
        assert_eq!(rules.tier_at_risk.send, Some(Sending::Auto));
    }

    #[test]
    fn a_fixed_rhythm_says_its_days_and_no_other_has_any() {
        check(
            "[mail.win-back]\nrhythm = \"fixed\"",
            "mail.win-back.days: is missing: write a whole number from 21 to 730",
        );
        check(
            "[mail.win-back]\nrhythm = \"fixed\"\ndays = 20",
            "mail.win-back.days: found 20; write a whole number from 21 to 730",
        );
        check(
            "[mail.win-back]\ndays = 60",
            "mail.win-back.days: has no meaning here: it belongs to rhythm = \"fixed\"",
        );
        check(
            "[mail.win-back]\nrhythm = \"weekly\"",
            "mail.win-back.rhythm: found \"weekly\"; write one of \"own\", \"fixed\"",
        );
    }

    #[test]
    fn a_wrong_value_of_a_letter_is_told_what_is_allowed() {
        check(
            "[mail]\napprove_days = 366",
            "mail.approve_days: found 366; write a whole number from 0 to 365",
        );
        check(
            "[mail.birthday]\npoints = -1",
            "mail.birthday.points: found -1; write a whole number from 0 to 1000000",
        );
        check(
            "[mail.anniversary]\nsend = \"later\"",
            "mail.anniversary.send: found \"later\"; write one of \"auto\", \"approve\"",
        );
        check(
            "[mail.win-back]\noffer = \"\"",
            "mail.win-back.offer: found \"\"; write a line of 1 to 200 characters in quotes",
        );
    }

    #[test]
    fn a_section_of_letters_stands_once_and_has_only_its_keys() {
        check(
            "[mail]\nbirthday = 100",
            "mail.birthday: found `100` in line 17; this needs to be one section, [mail.birthday]",
        );
        check(
            "[mail.tier-at-risk]\noffer = \"A cake\"",
            "mail.tier-at-risk.offer: unknown key in line 17; allowed here: `send`",
        );
    }
}
