//! Samples of sections, for previews and for checking templates before they are used.

use jiff::civil::{Date, date};
use loyalty::mail::Kind;
use loyalty::program::{Per, Program};
use loyalty::survey::AnswerBy;
use loyalty::{Money, Points};

use super::{LowScore, Section};
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
                points,
            },
            Kind::LowScore => Self::LowScore(low_score(program, locale, tier_name)),
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
            Kind::Survey => {
                Self::Survey { day: DAY, question: program.survey.question, url: url("q") }
            }
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
            Self::FollowUpAnswer { points, .. } => *points = Points::ZERO,
            Self::LowScore(low_score) => low_score.forget(),
            Self::SignIn { .. }
            | Self::Export { .. }
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

impl LowScore {
    /// Leaves nothing known but the score, which waits for long.
    fn forget(&mut self) {
        let Self { score, .. } = *self;
        *self = Self {
            who: None,
            score,
            day: None,
            comment: None,
            answer_by: None,
            phone: None,
            orders: 0,
            since: None,
            tier: None,
            points: Points::ZERO,
            notice: 3,
        };
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

/// A low score that could come in, of the lowest but one.
fn low_score(program: &Program, locale: &Locale, tier: String) -> LowScore {
    let comment = match locale.language {
        Language::En => "The loaf was dry.\n\nAnd nobody said hello.",
        Language::De => "Das Brot war trocken.\n\nUnd niemand hat gegrüßt.",
    };
    let question = program.survey.question;
    LowScore {
        who: Some("Ada Lovelace".to_owned()),
        score: question.scores().nth(1).unwrap_or(question.worst()),
        day: Some(DAY),
        comment: Some(comment.to_owned()),
        answer_by: Some(AnswerBy::Mail),
        phone: Some("+1 212 555 0139".to_owned()),
        orders: 12,
        since: Some(date(2025, 1, 9)),
        tier: Some(tier),
        points: Points(390),
        notice: 1,
    }
}
