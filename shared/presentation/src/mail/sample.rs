//! Samples of sections, for previews and for checking templates before they are used.

use jiff::civil::{Date, date};
use loyalty::mail::Kind;
use loyalty::program::{Per, Program};
use loyalty::{Money, Points};

use super::Section;
use crate::{Language, Locale};

/// Where a sample's links begin.
pub(super) const LINKS: &str = "https://shop.example/";

/// The day samples are of.
const DAY: Date = date(2026, 3, 14);

/// How many rewards a welcome lists.
const REWARDS: usize = 4;

impl Section {
    /// A section as a customer of this program could get it, with all its facts known.
    pub fn sample(kind: Kind, program: &Program, locale: &Locale) -> Self {
        let url = |path: &str| format!("{LINKS}{path}/sample");
        let by_language = |english: &str, german: &str| match locale.language {
            Language::En => english.to_owned(),
            Language::De => german.to_owned(),
        };
        let tier = program.tiers.last();
        let tier_name = tier.map_or_else(|| program.name.clone(), |tier| tier.name.clone());
        let points = sample_points(45, program);
        let reward = program.rewards.first();
        let reward = reward
            .map_or_else(|| by_language("A coffee", "Ein Kaffee"), |reward| reward.name.clone());
        match kind {
            Kind::SignIn => Self::SignIn { url: url("s"), minutes: 10 },
            Kind::ConsentConfirmation => Self::ConsentConfirmation {
                url: url("c"),
                wording: by_language(
                    "Yes, write to me now and then about what is new.",
                    "Ja, schreibt mir ab und zu, was es Neues gibt.",
                ),
            },
            Kind::Export => Self::Export { url: url("x") },
            Kind::Erasure => {
                Self::Erasure { points, worth: program.worth(points), vouchers: 1, on: DAY }
            }
            Kind::RewardIssued => Self::RewardIssued {
                reward,
                code: "K7M-PQ2-XWA".to_owned(),
                until: Some(date(2026, 9, 14)),
            },
            Kind::FollowUpAnswer => Self::FollowUpAnswer {
                text: by_language(
                    "I am sorry the loaf was dry on Saturday.\n\nYou were right to tell us.",
                    "Es tut mir leid, dass das Brot am Samstag trocken war.\n\nGut, dass du es \
                     uns gesagt hast.",
                ),
                points: Points::ZERO,
            },
            Kind::LowScore => Self::LowScore {
                who: Some("Ada".to_owned()),
                score: by_language("2 of 5", "2 von 5"),
                about: by_language("the order of March 14", "die Bestellung vom 14. März"),
                comment: Some(by_language("The loaf was dry.", "Das Brot war trocken.")),
                answer_by: by_language(
                    "She asks for an answer by mail.",
                    "Sie bittet um Antwort per E-Mail.",
                ),
                history: vec![by_language(
                    "12 orders since January 2025.",
                    "12 Bestellungen seit Januar 2025.",
                )],
                notice: 1,
            },
            Kind::YouSaid => Self::YouSaid {
                text: by_language(
                    "Many of you found the mornings too slow. Since Monday there are two of us at \
                     the counter until ten.",
                    "Vielen ging es morgens zu langsam. Seit Montag sind wir bis zehn Uhr zu zweit.",
                ),
            },
            Kind::Receipt => Self::Receipt { points, purchases: 1 },
            Kind::PointsTakenBack => {
                let points = sample_points(10, program);
                Self::PointsTakenBack { points, returned: Some(amount(10, program)) }
            }
            Kind::TierReached => Self::TierReached {
                tier: tier_name,
                perks: tier.map(|tier| tier.perks.clone()).unwrap_or_default(),
            },
            Kind::PointsExpiring => {
                Self::PointsExpiring { points, worth: program.worth(points), on: DAY }
            }
            Kind::TierEnding => {
                let next = program.tiers.iter().rev().nth(1).map(|tier| tier.name.clone());
                let next = next.unwrap_or_else(|| tier_name.clone());
                Self::TierEnding { tier: tier_name, next, on: DAY }
            }
            Kind::ProgramChange => {
                Self::ProgramChange { changes: vec![change(program, locale, &reward)], from: DAY }
            }
            Kind::ProgramEnd => Self::ProgramEnd { on: DAY, redeem_until: date(2026, 6, 12) },
            Kind::RetentionNotice => Self::RetentionNotice { on: DAY },
            Kind::Welcome => Self::Welcome { offer: Some(reward), rewards: rewards(program) },
            Kind::Birthday => Self::Birthday { gift: Some(reward) },
            Kind::Anniversary => Self::Anniversary { years: 2, gift: Some(reward) },
            Kind::TierAtRisk => {
                Self::TierAtRisk { tier: tier_name, missing: amount(60, program), until: DAY }
            }
            Kind::WinBack => Self::WinBack { last_visit: DAY, offer: Some(reward) },
            Kind::Survey => survey(locale, url("q")),
        }
    }

    /// A section of this kind with as little known as there can be.
    pub(super) fn bare(kind: Kind, program: &Program, locale: &Locale) -> Self {
        let mut section = Self::sample(kind, program, locale);
        match &mut section {
            Self::ConsentConfirmation { wording, .. } => wording.clear(),
            Self::Erasure { points, worth, vouchers, .. } => {
                (*points, *worth, *vouchers) = (Points::ZERO, None, 0);
            }
            Self::RewardIssued { until, .. } => *until = None,
            Self::Receipt { points, purchases } => (*points, *purchases) = (Points(1), 2),
            Self::PointsTakenBack { points, returned } => {
                (*points, *returned) = (Points(1), None);
            }
            Self::TierReached { perks, .. } => perks.clear(),
            Self::PointsExpiring { points, worth, .. } => (*points, *worth) = (Points(1), None),
            Self::Welcome { offer, rewards } => {
                *offer = None;
                rewards.clear();
            }
            Self::Birthday { gift } => *gift = None,
            Self::Anniversary { years, gift } => (*years, *gift) = (1, None),
            Self::WinBack { offer, .. } => *offer = None,
            Self::SignIn { .. }
            | Self::Export { .. }
            | Self::FollowUpAnswer { .. }
            | Self::LowScore { .. }
            | Self::YouSaid { .. }
            | Self::TierEnding { .. }
            | Self::ProgramChange { .. }
            | Self::ProgramEnd { .. }
            | Self::RetentionNotice { .. }
            | Self::TierAtRisk { .. }
            | Self::Survey { .. } => {}
        }
        section
    }
}

/// What a purchase of so many units of the currency may bring.
fn sample_points(units: i64, program: &Program) -> Points {
    let of_amount = program.earn.iter().find_map(|earn| match earn.per {
        Per::Amount { amount } => Some((earn.points.0, amount)),
        _ => None,
    });
    let spent = amount(units, program).minor;
    let earned = of_amount.and_then(|(points, per)| points.checked_mul(spent)?.checked_div(per));
    Points(earned.unwrap_or(units).max(2))
}

/// So many units of the shop's currency.
fn amount(units: i64, program: &Program) -> Money {
    let currency = program.shop.currency;
    let unit = 10_i64.checked_pow(currency.exponent()).unwrap_or(1);
    Money { minor: units.saturating_mul(unit), currency }
}

fn rewards(program: &Program) -> Vec<(String, Points)> {
    let open = program.rewards.iter().filter(|reward| reward.tier.is_none());
    open.take(REWARDS).map(|reward| (reward.name.clone(), reward.points)).collect()
}

/// A change this program could make.
fn change(program: &Program, locale: &Locale, reward: &str) -> String {
    let dearer = program.rewards.first().map_or(Points(400), |reward| {
        Points(reward.points.0.saturating_add(reward.points.0.checked_div(5).unwrap_or(0)))
    });
    let points = locale.points(dearer);
    match locale.language {
        Language::En => format!("{reward}: from then on for {points}"),
        Language::De => format!("{reward}: dann für {points}"),
    }
}

fn survey(locale: &Locale, url: String) -> Section {
    let (about, question, words) = match locale.language {
        Language::En => (
            format!("your order of {}", locale.day(DAY)),
            "How did you like it?",
            ["very bad", "not good", "all right", "good", "very good"],
        ),
        Language::De => (
            format!("deine Bestellung vom {}", locale.day(DAY)),
            "Wie hat es dir gefallen?",
            ["sehr schlecht", "nicht gut", "in Ordnung", "gut", "sehr gut"],
        ),
    };
    let scores = (1_u8..).zip(words);
    let score =
        |(score, words): (u8, &str)| (score, format!("{score}, {words}"), format!("{url}/{score}"));
    Section::Survey { about, question: question.to_owned(), scores: scores.map(score).collect() }
}
