//! The figures as a person reads them.

use std::fmt::Write;

use loyalty::ids::Source;
use loyalty::program::{Program, Tier};

use super::{Audit, Figures, NightFigures, OfSource, Orders, Points, Report};
use crate::demo::crawl::Crawled;
use crate::demo::mailroom::MailFigures;
use crate::demo::surveys::SurveyFigures;
use crate::demo::trial::{Difference, TestFigures};

/// Problems told one by one; the rest is counted.
const TOLD: usize = 20;

impl Report {
    /// All figures for a person.
    pub(in crate::demo) fn text(&self, program: &Program) -> String {
        let mut text = self.headline(program);
        for (name, row) in self.rows(program) {
            let row = row.replace('\n', &format!("\n{:13}", ""));
            let _ = write!(text, "\n  {name:<11}{row}");
        }
        for problem in self.figures.audit.problems.iter().take(TOLD) {
            let _ = write!(text, "\n- {problem}");
        }
        text.push('\n');
        text
    }

    fn rows(&self, program: &Program) -> [(&'static str, String); 13] {
        let Figures { accounts, orders, deliveries, points, audit, .. } = &self.figures;
        let again = &self.figures.delivered_again;
        let (seconds, tenth) = (self.wall_ms / 1_000, self.wall_ms % 1_000 / 100);
        [
            ("Customers", self.customers()),
            ("Accounts", format!("{}: {}", grouped(*accounts), self.tiers(program))),
            ("Orders", orders_text(orders)),
            ("Sources", self.sources()),
            (
                "Deliveries",
                format!(
                    "{}, signed: {} of them duplicates, {} out of order",
                    grouped(deliveries.all),
                    grouped(deliveries.duplicates),
                    grouped(deliveries.out_of_order)
                ),
            ),
            ("Points", points_text(points)),
            ("Nights", nights_text(&self.figures.nights)),
            ("Mail", mail_text(&self.figures.mail)),
            ("Test", test_text(&self.figures.test)),
            ("Surveys", surveys_text(&self.figures.surveys)),
            (
                "Once more",
                format!(
                    "{} deliveries of {} orders, shuffled: {} ledger changes, {} write units",
                    grouped(again.deliveries),
                    grouped(again.orders),
                    grouped(again.ledger_changes),
                    tenths(again.write_units_x10)
                ),
            ),
            ("Audit", audit_text(audit, *accounts, orders.all)),
            (
                "Time",
                format!(
                    "{seconds}.{tenth} s, the nights {}.{} of it; {} deliveries a second, {} write units",
                    self.nights_ms / 1_000,
                    self.nights_ms % 1_000 / 100,
                    grouped(self.deliveries_per_second),
                    tenths(deliveries.write_units_x10)
                ),
            ),
        ]
    }

    fn customers(&self) -> String {
        let Figures { customers, at_both_sources, merged_at_square, .. } = &self.figures;
        format!(
            "{}, {} of them at the web shop and at the till; of {} Square made one record of two",
            grouped(*customers),
            grouped(*at_both_sources),
            grouped(*merged_at_square)
        )
    }

    fn sources(&self) -> String {
        let one = |(source, of): (&&'static str, &OfSource)| {
            let name = if *source == Source::Square.as_str() { "Square" } else { "Shopify" };
            let OfSource { orders, deliveries, duplicates, out_of_order } = of;
            format!(
                "{name:<8}{} orders in {} deliveries, {} duplicates, {} out of order",
                grouped(*orders),
                grouped(*deliveries),
                grouped(*duplicates),
                grouped(*out_of_order)
            )
        };
        self.figures.sources.iter().map(one).collect::<Vec<_>>().join("\n")
    }

    fn tiers(&self, program: &Program) -> String {
        let count = |tier: &Tier| self.figures.tiers.get(tier.id.as_str()).copied().unwrap_or(0);
        let tier = |tier: &Tier| format!("{} {}", grouped(count(tier)), tier.name);
        program.tiers.iter().map(tier).collect::<Vec<_>>().join(", ")
    }

    fn headline(&self, program: &Program) -> String {
        let Figures { first_day, last_day, seed, .. } = &self.figures;
        format!("{}, {first_day} to {last_day} (seed {seed})\n", program.shop.name)
    }
}

fn orders_text(orders: &Orders) -> String {
    format!(
        "{}: {} refunded in part, {} in full, {} cancelled, {} edited, {} not paid yet,\n{} with a \
         gift card, {} test, {} in another currency, {} only copied from the till,\n{} paid in two \
         parts, {} named later, {} of nobody known",
        grouped(orders.all),
        grouped(orders.refunded_in_part),
        grouped(orders.refunded_in_full),
        grouped(orders.cancelled),
        grouped(orders.edited),
        grouped(orders.unpaid),
        grouped(orders.with_gift_card),
        grouped(orders.test),
        grouped(orders.foreign_currency),
        grouped(orders.mirrored),
        grouped(orders.in_two_parts),
        grouped(orders.named_late),
        grouped(orders.unclaimed)
    )
}

fn points_text(points: &Points) -> String {
    format!(
        "{} issued, {} clawed back, {} given in {} gifts, {} expired, {} outstanding",
        signed(points.issued),
        signed(points.clawed_back),
        signed(points.given),
        grouped(points.gifts),
        signed(points.expired),
        signed(points.outstanding)
    )
}

fn nights_text(nights: &NightFigures) -> String {
    let NightFigures { nights, looked_at, decisions, tiers_risen, tiers_fallen } = nights;
    let mut text = format!(
        "{} with {} looks at an account; {} tiers risen, {} fallen",
        grouped(*nights),
        grouped(*looked_at),
        grouped(*tiers_risen),
        grouped(*tiers_fallen)
    );
    for (kind, outcomes) in decisions {
        let outcomes = outcomes.iter().map(|(word, count)| format!("{} {word}", grouped(*count)));
        let _ = write!(text, "\n{kind}: {}", outcomes.collect::<Vec<_>>().join(", "));
    }
    text
}

fn surveys_text(surveys: &SurveyFigures) -> String {
    let SurveyFigures { asked, answered, csat, follow_ups, closed, told, .. } = surveys;
    let thousandths = |of: u64, all: u64| of.saturating_mul(1_000).checked_div(all).unwrap_or(0);
    let csat = match csat {
        Some([share, low, high]) => {
            format!("{share} % gave 4 or 5 (95 %: {low} to {high} %)")
        }
        None => "not enough data yet".to_owned(),
    };
    format!(
        "{} asked, {} answered ({} %): {csat}\n{} low scores told to the owner in {} mails: {} \
         looked after, {} open",
        grouped(*asked),
        grouped(*answered),
        tenths(thousandths(*answered, *asked)),
        grouped(*follow_ups),
        grouped(*told),
        grouped(*closed),
        grouped(follow_ups.saturating_sub(*closed))
    )
}

fn test_text(test: &TestFigures) -> String {
    let percent = |of: u64, all: u64| {
        let half_up = of.saturating_mul(200).saturating_add(all);
        half_up.checked_div(all.saturating_mul(2)).unwrap_or(0)
    };
    let known = match test.difference {
        Some(Difference { difference, low, high }) => format!(
            "{} points (95 %: {} to {})",
            points_of(difference),
            points_of(low),
            points_of(high)
        ),
        None => "not enough data yet".to_owned(),
    };
    format!(
        "of win-back: {} to be written to ({} letters found), {} held out;\n\
         came back in 30 days: {} % against {} %: {known}; truth {}",
        grouped(test.to_write_to),
        grouped(test.letters),
        grouped(test.held_out),
        percent(test.back_of_written_to, test.to_write_to),
        percent(test.back_of_held_out, test.held_out),
        points_of(test.truth)
    )
}

/// Per mille as percentage points, with its sign.
fn points_of(per_mille: i64) -> String {
    let sign = if per_mille < 0 { '−' } else { '+' };
    let rounded = per_mille.unsigned_abs().saturating_add(5) / 10;
    format!("{sign}{rounded}")
}

fn mail_text(mail: &MailFigures) -> String {
    let kinds = mail.kinds.iter().map(|(kind, count)| format!("{} {kind}", grouped(*count)));
    let crawled = mail.crawled.as_ref().map(crawl_text).unwrap_or_default();
    format!(
        "{} to {} people: {};\na member has {} in the median month, and never more than {}.\n{} events on the \
         bus, {} write units{crawled}",
        grouped(mail.sent),
        grouped(mail.people),
        kinds.collect::<Vec<_>>().join(", "),
        mail.median_a_month,
        mail.most_a_month,
        grouped(mail.events),
        tenths(mail.write_units_x10)
    )
}

fn crawl_text(crawled: &Crawled) -> String {
    format!(
        "\n{} links of it followed, {} answers: {} items changed; one button pressed: {}",
        grouped(crawled.links),
        grouped(crawled.answers),
        grouped(crawled.changed),
        grouped(crawled.changed_by_a_button)
    )
}

fn audit_text(audit: &Audit, accounts: u64, orders: u64) -> String {
    let (entries, accounts, orders) =
        (grouped(audit.ledger_entries), grouped(accounts), grouped(orders));
    match audit.problems.len() {
        0 => format!(
            "right. {entries} ledger entries of {accounts} accounts sum up to their \
             balances;\neach of {orders} orders has the points that the money left of it makes"
        ),
        count => format!("WRONG: {count} problems among {entries} ledger entries"),
    }
}

/// `12034` as `12,034`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && digits.len().saturating_sub(place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn signed(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(number.unsigned_abs()))
}

pub(super) fn tenths(number: u64) -> String {
    format!("{}.{}", grouped(number / 10), number % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(
            [0, 999, 1_000, 12_034, 1_234_567].map(grouped),
            ["0", "999", "1,000", "12,034", "1,234,567"]
        );
        assert_eq!(signed(-1_500), "-1,500");
        assert_eq!(tenths(12_345), "1,234.5");
    }

    #[test]
    fn a_test_is_told_with_its_interval_and_the_truth() {
        let known = TestFigures {
            to_write_to: 41,
            letters: 40,
            held_out: 39,
            back_of_written_to: 14,
            back_of_held_out: 8,
            difference: Some(Difference { difference: 136, low: -65, high: 322 }),
            kept: None,
            truth: 148,
        };
        assert_eq!(
            test_text(&known),
            "of win-back: 41 to be written to (40 letters found), 39 held out;\n\
             came back in 30 days: 34 % against 21 %: +14 points (95 %: −7 to +32); truth +15"
        );
        let early = test_text(&TestFigures::default());
        assert!(early.contains("not enough data yet"), "{early}");
    }
}
