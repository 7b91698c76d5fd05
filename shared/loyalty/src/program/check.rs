//! Checks a program file against the rules and says everything that is wrong with it.

mod earning;
mod hours;
mod letters;
mod mail;
mod reader;
mod rewards;
mod shop;
mod survey;
mod tiers;
mod values;
mod warnings;

use std::fmt;

use thiserror::Error;

use self::reader::Checker;
use super::file::File;
use super::{MailRules, Program};

/// One thing that is wrong with a program, or worth knowing about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: `tier[1].threshold` is that key of the second `[[tier]]`, counted from 0.
    pub key: String,
    /// What was found there and what is allowed, as a sentence for the owner.
    pub message: String,
}

impl Problem {
    pub(crate) fn new(key: &str, message: String) -> Self {
        Self { key: key.to_owned(), message }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}

/// A program file can't be used. Shown to the owner as it is; asking again with the same
/// file never helps.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProgramError {
    /// The text isn't TOML.
    #[error("{text}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// The place with its line of text, and what was expected there.
        text: String,
    },
    /// The text is TOML, but not a program: every problem it has, in the order of the
    /// sections of a file, first those of unknown keys and wrong kinds of values.
    #[error("the program can't be used:{}", on_lines(.0))]
    Invalid(Vec<Problem>),
}

fn on_lines(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("\n- {problem}")).collect()
}

/// What the sections of a file need to know of each other.
#[derive(Debug)]
struct Known {
    /// `None` where the file names none that exists.
    preset: Option<super::Preset>,
    /// `None` where the file names none that exists.
    currency: Option<crate::CurrencyCode>,
    /// The ids of the categories, valid or not.
    categories: Vec<String>,
    /// The ids of the tiers, valid or not.
    tiers: Vec<String>,
}

/// Makes a program of a file, or lists its problems after those of its shape.
/// `dropped` are the keys that aren't in `file` because of their shape.
pub(super) fn program(
    file: File,
    shape: Vec<Problem>,
    dropped: Vec<String>,
) -> Result<Program, ProgramError> {
    let mut checker = Checker::new(shape, dropped);
    let program = checker.program(file);
    let problems = checker.into_problems();
    match program {
        Some(program) if problems.is_empty() => Ok(program),
        _ => Err(ProgramError::Invalid(problems)),
    }
}

impl Checker {
    /// The program, or `None` with at least one problem noted. Every part is read before
    /// the first `?`, so that one bad part doesn't hide the problems of the next.
    fn program(&mut self, file: File) -> Option<Program> {
        let shop = file.shop.unwrap_or_default();
        let known = Known {
            preset: self.preset(shop.preset.as_deref()),
            currency: self.currency(shop.currency.as_deref()),
            categories: file.category.iter().filter_map(|category| category.id.clone()).collect(),
            tiers: file.tier.iter().filter_map(|tier| tier.id.clone()).collect(),
        };
        let shop = self.shop(shop, &known);
        let settings = self.settings(file.program.unwrap_or_default(), &known);
        let base = self.base(file.base.unwrap_or_default(), &known);
        let earn = self.earn(file.earn, &known);
        let categories = self.categories(file.category);
        let multipliers = self.multipliers(file.multiplier, &known);
        let rules = file.tiers.unwrap_or_default();
        let qualify = self.qualify(&rules);
        let tier_rules = self.tier_rules(&rules, qualify);
        let tiers = self.tiers(file.tier, qualify, &known);
        let rewards = self.rewards(file.reward, &known);
        let expiry = self.expiry(file.expiry, &known);
        let mail = self.mail(file.mail.unwrap_or_default());
        let survey = self.survey(file.survey.unwrap_or_default());
        let settings = settings?;
        let (survey, letter) = survey?;
        Some(Program {
            shop: shop?,
            name: settings.name,
            effective_from: settings.effective_from,
            membership: settings.membership,
            claim_days: settings.claim_days,
            pending_days: settings.pending_days,
            base: base?,
            earn,
            multipliers,
            categories,
            rounding: settings.rounding,
            expiry: expiry?,
            tier_rules: tier_rules?,
            tiers,
            rewards,
            mail: MailRules { survey: letter, ..mail? },
            survey,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::{Weekday, date, time};
    use proptest::prelude::*;
    use proptest::sample::Index;
    use rust_decimal::Decimal;

    use super::*;
    use crate::Points;
    use crate::mail::Kind;
    use crate::mail::plan::Receipts;
    use crate::program::{
        CORNER_BAKERY, DayRules, Downgrade, Expiry, MailRules, Membership, Per, Preset, Qualify,
        RewardKind, Rounding, TaxRule, Window,
    };

    const HARBOUR_BOOKS: &str = include_str!("../../programs/harbour-books.toml");

    /// The least a program may say.
    pub(super) const SMALLEST: &str = r#"
[shop]
id = "corner"
name = "Corner"
preset = "us"
currency = "USD"
timezone = "America/New_York"

[program]
name = "Regulars"

[[earn]]
per = "amount"
points = 1
amount = "1.00"
"#;

    /// A program that says so much more has this one problem.
    #[track_caller]
    pub(super) fn check(more: &str, problem: &str) {
        check_edited(&format!("{SMALLEST}{more}"), problem);
    }

    /// The smallest program with one line replaced has this one problem.
    #[track_caller]
    pub(super) fn check_line(line: &str, with: &str, problem: &str) {
        assert!(SMALLEST.contains(line), "no such line: {line}");
        check_edited(&SMALLEST.replacen(line, with, 1), problem);
    }

    /// The smallest program under another preset, with one section replaced, is accepted or
    /// has this one problem.
    #[track_caller]
    pub(super) fn check_preset(preset: &str, program: &str, problem: Option<&str>) {
        let text = SMALLEST.replacen("\"us\"", &format!("\"{preset}\""), 1);
        let text = text.replacen("[program]", program, 1);
        match problem {
            Some(problem) => check_edited(&text, problem),
            None => drop(Program::parse(&text).unwrap()),
        }
    }

    #[track_caller]
    fn check_edited(text: &str, problem: &str) {
        let error = Program::parse(text).expect_err("was accepted");
        assert_eq!(error.to_string(), format!("the program can't be used:\n- {problem}"));
    }

    #[test]
    fn the_default_program_is_the_one_of_the_rules() {
        let program = Program::parse(CORNER_BAKERY).unwrap();
        assert_eq!(program.shop.preset, Preset::UsNy);
        assert_eq!(program.shop.zone.iana_name(), Some("America/New_York"));
        assert_eq!(program.shop.country, "US");
        assert_eq!(program.membership, Membership::Automatic);
        assert_eq!((program.claim_days, program.pending_days), (90, 0));
        assert_eq!(program.effective_from, Some(date(2020, 1, 1)));
        assert_eq!(program.earn[0].per, Per::Amount { amount: 100 });
        assert!(program.earn[0].multiply);
        assert_eq!(program.expiry, Expiry::None);
        let day = |points| DayRules { points: Points(points), ..DayRules::default() };
        let (birthday, anniversary) = (day(100), day(50));
        let mail = MailRules { birthday, anniversary, ..MailRules::default() };
        assert_eq!(program.mail, mail);
        let tiers: Vec<_> = program
            .tiers
            .iter()
            .map(|tier| (tier.id.as_str(), tier.threshold, tier.rate.to_string()))
            .collect();
        assert_eq!(
            tiers,
            [
                ("bronze", 0, "1".to_owned()),
                ("silver", 50_000, "1.25".to_owned()),
                ("gold", 100_000, "1.5".to_owned())
            ]
        );
        let rewards: Vec<_> =
            program.rewards.iter().map(|reward| (reward.id.as_str(), reward.points.0)).collect();
        assert_eq!(
            rewards,
            [
                ("coffee", 350),
                ("loaf", 600),
                ("five-off", 1000),
                ("cake", 3000),
                ("baking-morning", 5000)
            ]
        );
        assert_eq!(program.rewards[2].kind, RewardKind::AmountOff(500));
        assert_eq!(program.rewards[3].tier, Some("silver".parse().unwrap()));
        assert_eq!(program.rewards[4].tier, Some("gold".parse().unwrap()));
    }

    #[test]
    fn the_second_sample_takes_the_other_paths() {
        let program = Program::parse(HARBOUR_BOOKS).unwrap();
        assert_eq!((program.shop.preset, program.shop.country.as_str()), (Preset::Eu, "IE"));
        assert_eq!((program.membership, program.rounding), (Membership::Join, Rounding::HalfUp));
        assert_eq!(
            (program.effective_from, program.claim_days, program.pending_days),
            (None, 90, 14)
        );
        assert_eq!(program.base.tax, TaxRule::Counts);
        assert_eq!(program.earn[1].per, Per::Order { at_least: 4000 });
        assert!(!program.earn[2].multiply);
        let campaign = &program.multipliers[0];
        assert_eq!(campaign.weekdays, [Weekday::Tuesday, Weekday::Wednesday]);
        assert_eq!(campaign.from, Some(time(14, 0, 0, 0)));
        assert_eq!(campaign.last_day, Some(date(2026, 11, 30)));
        let rules = program.tier_rules;
        assert_eq!(rules.qualify, Qualify::Orders);
        assert_eq!((rules.window, rules.downgrade), (Window::Calendar, Downgrade::ToFit));
        assert_eq!(program.tiers[1].threshold, 12);
        assert_eq!(program.rewards[1].kind, RewardKind::PercentOff(Decimal::TEN));
        assert_eq!(program.rewards[4].stock, Some(12));
        assert_eq!(program.expiry, Expiry::Months { months: 36 });
        assert_eq!(program.mail.receipts, Receipts::First);
        assert_eq!(program.mail.off, BTreeSet::from([Kind::Anniversary]));
    }

    #[test]
    fn a_program_without_tiers_has_one_for_everybody() {
        let program = Program::parse(SMALLEST).unwrap();
        assert_eq!(program.tiers.len(), 1);
        assert_eq!(program.tiers[0].id.as_str(), "member");
        assert_eq!(program.tiers[0].rate, Decimal::ONE);
        assert_eq!(program.membership, Membership::Join);
        assert_eq!(program.earn[0].points, Points(1));
    }

    #[test]
    fn every_problem_of_a_file_is_listed_at_once() {
        let broken = include_str!("check/broken.toml");
        insta::assert_snapshot!(Program::parse(broken).unwrap_err());
    }

    #[test]
    fn an_empty_file_is_told_what_it_needs() {
        insta::assert_snapshot!(Program::parse("").unwrap_err(), @r#"
        the program can't be used:
        - shop.preset: is missing: write one of "us", "us-ny", "ca", "ca-qc", "uk", "eu", "de"
        - shop.currency: is missing: write the three letters of ISO 4217, such as "USD"
        - shop.id: is missing: write 1 to 40 of a-z, 0-9 and -, such as "corner-bakery"
        - shop.name: is missing: write a line of 1 to 80 characters in quotes
        - shop.timezone: is missing: write a name of the IANA time zone database, such as "America/New_York" or "Europe/Berlin"
        - program.name: is missing: write a line of 1 to 80 characters in quotes
        - earn: is missing: write at least one [[earn]], without which nobody gets points
        "#);
    }

    #[test]
    fn text_that_is_no_toml_is_shown_with_its_place() {
        let error = Program::parse("[shop]\nname = \"Corner\nid = 1").unwrap_err();
        let ProgramError::Syntax { line, column, .. } = error else { panic!("{error}") };
        assert_eq!((line, column), (2, 15));
        insta::assert_snapshot!(error, @r#"
        TOML parse error at line 2, column 15
          |
        2 | name = "Corner
          |               ^
        invalid basic string, expected `"`
        "#);
    }

    #[test]
    fn a_file_that_is_too_long_is_not_read() {
        let error = Program::parse(&"#".repeat(300_000)).unwrap_err();
        assert!(error.to_string().contains("300000 bytes"), "{error}");
    }

    #[test]
    fn lists_are_bounded() {
        let rewards: String = (0..101)
            .map(|n| {
                format!("[[reward]]\nid = \"r{n}\"\nname = \"R\"\npoints = 1\nkind = \"custom\"\n")
            })
            .collect();
        check(&rewards, "reward: found 101 of them, at most 100 are allowed");
    }

    /// What an owner, or something worse, may put anywhere into a file.
    const SCRAPS: &[&str] = &[
        "[[tier]]\n",
        "[tier]\n",
        "[[reward]]\n",
        "[shop]\n",
        "[",
        "]",
        "=",
        "\"",
        "\n",
        "\\",
        "-",
        "99999999999999999999",
        "1e400",
        "nan",
        "true",
        "0x7fffffffffffffff",
        "9999-12-31",
        "23:59:60",
        "2026-02-30",
        "2026-01-01T00:00:00Z",
        "{a = 1}",
        "[1, \"a\"]",
        "points = 0\n",
        "id = \"silver\"\n",
        "threshold = \"1\"\n",
        "a.b.c = 1\n",
        "\r\n",
        "\u{feff}",
        "\u{0}",
        "é",
    ];

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(
            sample in prop::sample::select(vec![CORNER_BAKERY, HARBOUR_BOOKS]),
            edits in prop::collection::vec(
                (any::<Index>(), 0..40_usize, prop_oneof![
                    prop::sample::select(SCRAPS).prop_map(str::to_owned),
                    any::<String>(),
                ]),
                1..6,
            ),
        ) {
            let mut text: Vec<char> = sample.chars().collect();
            for (place, length, scrap) in edits {
                let from = place.index(text.len().max(1)).min(text.len());
                let to = from.saturating_add(length).min(text.len());
                text.splice(from..to, scrap.chars());
            }
            let text: String = text.into_iter().collect();
            match Program::parse(&text) {
                Ok(program) => {
                    prop_assert!(program.tiers.is_sorted_by(|a, b| a.threshold < b.threshold));
                    prop_assert!(!program.warnings().is_empty());
                }
                Err(ProgramError::Invalid(problems)) => prop_assert!(!problems.is_empty()),
                Err(ProgramError::Syntax { line, .. }) => prop_assert!(line > 0),
            }
        }
    }
}
