//! What a night would do, as the API shows it.

use jiff::Timestamp;
use jiff::civil::Date;
use loyalty::ids::CustomerId;
use loyalty::mail::Kind;
use loyalty::points_night::PointsNight;
use loyalty::program::Program;
use platform::nights::letters::Plan;
use platform::store::DecidedOn;
use serde::Serialize;
use utoipa::ToSchema;

use super::Decision;
use super::ledger::Occasion;

/// What a mail night would do.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct MailNight {
    /// The night.
    pub(in crate::api) date: Date,
    /// Always true: nothing was written.
    pub(in crate::api) dry_run: bool,
    /// Customers looked at for this page, each as often as she is due.
    #[schema(example = 50)]
    pub(in crate::api) looked: usize,
    /// Those it would do something for.
    pub(in crate::api) customers: Vec<MailNightOf>,
    /// What to ask for next as `cursor`; null at the end.
    pub(in crate::api) next: Option<String>,
}

/// What a mail night would do for somebody.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct MailNightOf {
    /// Who.
    #[schema(example = "3w5e11264sgsf")]
    customer: String,
    /// What it would find and decide; `planned` asks again when it is sent.
    decisions: Vec<Decision>,
    /// Points it would give.
    gifts: Vec<GiftOf>,
    /// Mails that would wait for the morning.
    mails: Vec<NightMail>,
}

/// Points that a night gives.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct GiftOf {
    /// What for.
    occasion: Occasion,
    /// Its day.
    day: Date,
    /// How many.
    #[schema(example = 500)]
    points: i64,
}

/// A mail that a night plans.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct NightMail {
    /// What it tells, the most important first.
    #[schema(value_type = Vec<String>, example = json!(["birthday", "win-back"]))]
    kinds: Vec<Kind>,
    /// When it goes at the earliest.
    due: Timestamp,
}

/// What a points night would do.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct PointsNightPage {
    /// The night.
    pub(in crate::api) date: Date,
    /// Always true: nothing was written.
    pub(in crate::api) dry_run: bool,
    /// Customers looked at for this page, each as often as she is due.
    #[schema(example = 50)]
    pub(in crate::api) looked: usize,
    /// Those it would do something for.
    pub(in crate::api) customers: Vec<PointsNightOf>,
    /// What to ask for next as `cursor`; null at the end.
    pub(in crate::api) next: Option<String>,
}

/// What a points night would do for somebody.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct PointsNightOf {
    /// Who.
    #[schema(example = "3w5e11264sgsf")]
    customer: String,
    /// What it would do and why, in words.
    #[schema(example = json!(["keeps silver until 2027-12-31: has 60000 of 50000"]))]
    changes: Vec<String>,
    /// By how much her points would change.
    #[schema(example = -480)]
    points: i64,
    /// The night that would look at her next; null: none.
    next_look: Option<Date>,
}

impl MailNightOf {
    /// `None`: there is nothing to do but to look later.
    pub(in crate::api) fn of(
        customer: &CustomerId,
        plan: &Plan,
        (night, at): (Date, Timestamp),
        program: &Program,
    ) -> Option<Self> {
        if plan.decided.is_empty() && plan.gifts.is_empty() {
            return None;
        }
        let decided = plan.decisions(night, at, program).into_iter();
        let decided = decided.map(|decision| DecidedOn { customer: customer.clone(), decision });
        let gifts = plan.gifts.iter().map(|gift| GiftOf {
            occasion: gift.occasion.into(),
            day: gift.day,
            points: gift.points.0,
        });
        let mails = plan.drafts.iter();
        let mails = mails.map(|draft| NightMail { kinds: draft.sections.clone(), due: draft.due });
        Some(Self {
            customer: customer.to_string(),
            decisions: decided.map(|one| Decision::of(one, None)).collect(),
            gifts: gifts.collect(),
            mails: mails.collect(),
        })
    }
}

impl PointsNightOf {
    /// `None`: there is nothing to do but to look later.
    pub(in crate::api) fn of(customer: &CustomerId, night: &PointsNight) -> Option<Self> {
        let deltas = night.entries.iter().map(|entry| entry.delta.0);
        (!night.changes.is_empty()).then(|| Self {
            customer: customer.to_string(),
            changes: night.changes.iter().map(ToString::to_string).collect(),
            points: deltas.fold(0, i64::saturating_add),
            next_look: night.due,
        })
    }
}
