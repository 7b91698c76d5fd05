//! What is allowed but worth knowing.

use super::Problem;
use crate::Money;
use crate::program::{Multiplier, Per, Program, Rounding};

/// The money one point may take before rounding down is worth a word, in minor units:
/// 10.00 dollars or euros, 1000 yen.
const COARSE: i64 = 1000;

impl Program {
    /// Hints that don't keep a program from being used: what the preset asks of pages
    /// and mail (our reading, not legal advice), and rules that may cost members more
    /// than the owner thinks. Never empty, because every preset has its notes.
    pub fn warnings(&self) -> Vec<Problem> {
        let preset = self.shop.preset;
        let notes = preset.notes().iter().map(|note| format!("{preset}: {note}"));
        let notes = notes.map(|note| Problem::new("shop.preset", note));
        let coarse = self.earn.iter().enumerate().filter_map(|(index, earn)| {
            let Per::Amount { amount } = earn.per else { return None };
            let message = self.rounding_cost(amount, earn.points.0)?;
            Some(Problem::new(&format!("earn[{index}].amount"), message))
        });
        let nights = self.multipliers.iter().enumerate().filter_map(|(index, multiplier)| {
            let message = over_midnight(multiplier)?;
            Some(Problem::new(&format!("multiplier[{index}].until"), message))
        });
        notes.chain(coarse).chain(nights).chain(self.paid_reviews()).collect()
    }

    /// A word on points for answers beside a review link, which isn't shown then.
    fn paid_reviews(&self) -> Option<Problem> {
        let hidden = self.survey.review_url.is_some() && self.survey.review_link().is_none();
        let message = "isn't shown while survey.points are given for answers: points for reviews \
                       are against Google's policy, and deceptive to the FTC";
        hidden.then(|| Problem::new("survey.review_url", message.to_owned()))
    }

    /// A word on rounding down where one point takes much money: an order loses half a
    /// point on average, whatever it is worth.
    fn rounding_cost(&self, amount: i64, points: i64) -> Option<String> {
        let for_one = amount.checked_div(points)?;
        if self.rounding != Rounding::Floor || for_one <= COARSE {
            return None;
        }
        let currency = self.shop.currency;
        let for_one = Money { minor: for_one, currency };
        let lost = Money { minor: for_one.minor.checked_div(2)?, currency };
        Some(format!(
            "one point takes {for_one}, and rounding down loses about half of that, {lost}, of an \
             average order; rounding = \"half-up\" or more points for the same amount lose less"
        ))
    }
}

/// A word on hours over midnight on certain days of the week: they are the hours of one
/// calendar day, not of one night.
fn over_midnight(multiplier: &Multiplier) -> Option<String> {
    let (from, until) = multiplier.from.zip(multiplier.until)?;
    (until < from && !multiplier.weekdays.is_empty()).then(|| {
        format!(
            "the hours after midnight, to {until}, count on the weekdays themselves, not on the \
             days after them"
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::program::{CORNER_BAKERY, Program};

    /// The default program, edited, has these warnings besides its preset's.
    #[track_caller]
    fn check(edit: impl FnOnce(&str) -> String, expected: &[&str]) {
        let program = Program::parse(&edit(CORNER_BAKERY)).unwrap();
        let warnings = program.warnings().into_iter().filter(|hint| hint.key != "shop.preset");
        assert_eq!(warnings.map(|hint| hint.to_string()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_presets_notes_are_among_the_warnings() {
        let warnings = Program::parse(CORNER_BAKERY).unwrap().warnings();
        assert!(warnings.iter().all(|hint| hint.key == "shop.preset"));
        assert!(warnings[1].message.starts_with("us-ny: a sentence beside a price set from"));
        assert!(warnings[2].message.contains("not legal advice"));
    }

    #[test]
    fn rounding_down_is_worth_a_word_where_a_point_takes_much_money() {
        let two_per = |amount: &'static str| {
            move |text: &str| {
                text.replace("points = 10\n", "points = 2\n").replace("\"1.00\"", amount)
            }
        };
        check(two_per("\"20.00\""), &[]);
        check(
            two_per("\"50.00\""),
            &["earn[0].amount: one point takes 25.00 USD, and rounding down loses about half of \
               that, 12.50 USD, of an average order; rounding = \"half-up\" or more points for \
               the same amount lose less"],
        );
        check(|text| two_per("\"50.00\"")(text).replace("\"floor\"", "\"half-up\""), &[]);
    }

    #[test]
    fn a_review_link_beside_points_for_answers_is_explained() {
        let survey = |keys: &'static str| {
            move |text: &str| format!("{text}\n[survey]\nreview_url = 'https://g.page/r'\n{keys}")
        };
        check(survey(""), &[]);
        check(
            survey("points = 10"),
            &["survey.review_url: isn't shown while survey.points are given for answers: points \
               for reviews are against Google's policy, and deceptive to the FTC"],
        );
    }

    #[test]
    fn hours_over_midnight_are_explained() {
        let late =
            "[[multiplier]]\nid = \"late\"\nfactor = \"2\"\nfrom = 22:00:00\nuntil = 02:00:00\n";
        check(|text| format!("{text}{late}"), &[]);
        check(
            |text| format!("{text}{late}weekdays = [\"fri\"]"),
            &["multiplier[0].until: the hours after midnight, to 02:00:00, count on the weekdays \
               themselves, not on the days after them"],
        );
    }
}
