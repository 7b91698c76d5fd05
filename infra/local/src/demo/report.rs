//! What the demo tells at its end.

mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use loyalty::ids::Source;
use serde::Serialize;

use super::Play;
use super::audit::Audited;
use super::deliver::{Again, Delivered};
use super::lives::Decisions;
use super::mailroom::{MailFigures, Nights};
use super::people::{Known, Person};
use super::schedule::{Delivery, out_of_order};
use super::surveys::SurveyFigures;
use super::trial::TestFigures;
use crate::failure::Failure;
use crate::shopify::{Change, Channel, Order};
use crate::square;

/// All figures. Those of one seed, size and last day are the same each time, but for the
/// last part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Report {
    #[serde(flatten)]
    pub(super) figures: Figures,
    wall_ms: u64,
    /// Of these, so many went into the nights.
    nights_ms: u64,
    deliveries_per_second: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Figures {
    ok: bool,
    seed: u64,
    first_day: String,
    last_day: String,
    /// People the shop knows by some name.
    customers: u64,
    /// Of these, known to the web shop and to the till.
    pub(super) at_both_sources: u64,
    /// Of these, with several records at the till that Square made one of.
    pub(super) merged_at_square: u64,
    /// Who is known to both sources has two.
    accounts: u64,
    tiers: BTreeMap<String, u64>,
    pub(super) orders: Orders,
    pub(super) deliveries: Deliveries,
    pub(super) sources: BTreeMap<&'static str, OfSource>,
    points: Points,
    pub(super) nights: NightFigures,
    pub(super) test: TestFigures,
    pub(super) surveys: SurveyFigures,
    pub(super) delivered_again: DeliveredAgain,
    pub(super) mail: MailFigures,
    audit: Audit,
}

/// What a year brought.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) delivered: Delivered,
    pub(super) audited: Audited,
    pub(super) again: Again,
    pub(super) mail: MailFigures,
    pub(super) nights: Nights,
    pub(super) test: TestFigures,
    pub(super) surveys: SurveyFigures,
}

/// What the nights did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct NightFigures {
    /// Local dates whose night both functions worked off.
    pub(super) nights: u64,
    /// Accounts looked at, by both.
    pub(super) looked_at: u64,
    /// What was decided: how often, by kind and outcome.
    pub(super) decisions: Decisions,
    /// By purchases too.
    pub(super) tiers_risen: u64,
    pub(super) tiers_fallen: u64,
}

/// What came from one source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct OfSource {
    /// Orders found in the table.
    pub(super) orders: u64,
    pub(super) deliveries: u64,
    duplicates: u64,
    out_of_order: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Orders {
    pub(super) all: u64,
    refunded_in_full: u64,
    refunded_in_part: u64,
    cancelled: u64,
    edited: u64,
    unpaid: u64,
    with_gift_card: u64,
    test: u64,
    foreign_currency: u64,
    /// Copied by a connector from the till, and ignored.
    pub(super) mirrored: u64,
    /// Visits to the till that were paid in two parts.
    in_two_parts: u64,
    /// Payments whose buyer Square found later.
    pub(super) named_late: u64,
    unclaimed: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Deliveries {
    pub(super) all: u64,
    pub(super) duplicates: u64,
    pub(super) out_of_order: u64,
    /// Tenths, as DynamoDB would bill them.
    write_units_x10: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Points {
    issued: i64,
    clawed_back: i64,
    /// Gifts, and their points.
    gifts: u64,
    given: i64,
    expired: i64,
    outstanding: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct DeliveredAgain {
    orders: u64,
    deliveries: u64,
    pub(super) ledger_changes: u64,
    pub(super) write_units_x10: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Audit {
    ledger_entries: u64,
    problems: Vec<String>,
}

impl Report {
    pub(super) fn new(play: &Play, found: Found, took: Duration) -> Self {
        let Found { delivered, audited, again, mail, nights, test, surveys } = found;
        let mut problems = audited.problems;
        problems.extend(mail.problems.iter().chain(&surveys.problems).cloned());
        let refused = delivered.refused.iter().chain(&again.refused);
        problems.extend(refused.map(|one| format!("a delivery wasn't taken: {one}")));
        let changes = (again.ledger_changes, again.write_units_x10);
        if changes != (0, 0) {
            problems.push(format!(
                "delivering once more changed {} ledger entries and wrote {} units",
                changes.0,
                text::tenths(changes.1)
            ));
        }
        let mut orders = orders(play);
        orders.unclaimed = audited.unclaimed;
        let wall_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let per_second = delivered.deliveries.saturating_mul(1_000).checked_div(wall_ms.max(1));
        let figures = Figures {
            ok: problems.is_empty(),
            seed: play.year.seed,
            first_day: play.year.first_day.to_string(),
            last_day: play.year.last_day.to_string(),
            customers: people(play, |who| who.known != Known::WalkIn),
            at_both_sources: people(play, |who| {
                matches!(who.known, Known::Both | Known::TillThenAccount)
            }),
            merged_at_square: people(play, |who| who.till.were_merged()),
            accounts: count(audited.customers.len()),
            tiers: audited.tiers,
            orders,
            deliveries: deliveries(play, &delivered),
            sources: sources(play, &audited.orders),
            points: Points {
                issued: audited.issued,
                clawed_back: audited.clawed_back.saturating_neg(),
                gifts: audited.gifts,
                given: audited.given,
                expired: audited.expired.saturating_neg(),
                outstanding: audited.outstanding,
            },
            nights: NightFigures {
                nights: nights.nights,
                looked_at: nights.looked_at,
                decisions: nights.decisions,
                tiers_risen: audited.risen,
                tiers_fallen: audited.fallen,
            },
            test,
            surveys,
            delivered_again: DeliveredAgain {
                orders: again.orders,
                deliveries: again.deliveries,
                ledger_changes: again.ledger_changes,
                write_units_x10: again.write_units_x10,
            },
            mail,
            audit: Audit { ledger_entries: audited.ledger_entries, problems },
        };
        let nights_ms = u64::try_from(nights.took.as_millis()).unwrap_or(u64::MAX);
        Self { figures, wall_ms, nights_ms, deliveries_per_second: per_second.unwrap_or(0) }
    }

    /// Whether everything is as it should be.
    pub(super) fn is_right(&self) -> bool {
        self.figures.ok
    }

    /// All figures as one JSON object.
    pub(super) fn json(&self) -> Result<String, Failure> {
        serde_json::to_string_pretty(self)
            .map_err(|error| Failure::because("the figures can't be printed", &error))
    }
}

fn deliveries(play: &Play, delivered: &Delivered) -> Deliveries {
    let all = play.deliveries.iter().flatten();
    Deliveries {
        all: delivered.deliveries,
        duplicates: count(all.filter(|one| one.repeat).count()),
        out_of_order: play.deliveries.iter().map(|own| out_of_order(own, |_| true)).sum(),
        write_units_x10: delivered.write_units_x10,
    }
}

fn sources(play: &Play, orders: &BTreeMap<Source, u64>) -> BTreeMap<&'static str, OfSource> {
    let of = |source: Source| {
        let from = |one: &&Delivery| one.subject.source() == source;
        let all = || play.deliveries.iter().flatten().filter(from);
        let late = |own: &Vec<Delivery>| out_of_order(own, |one| one.subject.source() == source);
        OfSource {
            orders: orders.get(&source).copied().unwrap_or_default(),
            deliveries: count(all().count()),
            duplicates: count(all().filter(|one| one.repeat).count()),
            out_of_order: play.deliveries.iter().map(late).sum(),
        }
    };
    [Source::Shopify, Source::Square].map(|source| (source.as_str(), of(source))).into()
}

fn people(play: &Play, are: impl Fn(&Person) -> bool) -> u64 {
    count(play.people.iter().filter(|who| are(who)).count())
}

fn orders(play: &Play) -> Orders {
    let mut orders = Orders::default();
    for order in play.people.iter().flat_map(|person| &person.orders) {
        let end = order.at_last();
        orders.add_sale((end.paid, end.refunded()), end.cancelled.is_some());
        add(&mut orders.edited, was_edited(order));
        add(&mut orders.with_gift_card, end.lines.iter().any(|line| line.product.gift_card));
        add(&mut orders.test, order.test);
        add(&mut orders.foreign_currency, order.currency != "USD");
        add(&mut orders.mirrored, order.channel != Channel::Web);
    }
    for person in &play.people {
        let mut visits = BTreeSet::new();
        for payment in &person.payments {
            let end = payment.at_last();
            let paid = if end.completed.is_some() { payment.total() } else { 0 };
            orders.add_sale((paid, end.refunded()), end.voided);
            let named =
                payment.steps.iter().any(|step| matches!(step.change, square::Change::Named(_)));
            add(&mut orders.named_late, named);
            add(&mut orders.in_two_parts, !visits.insert(&payment.order));
        }
    }
    orders
}

impl Orders {
    fn add_sale(&mut self, (paid, refunded): (i64, i64), cancelled: bool) {
        add(&mut self.all, true);
        add(&mut self.cancelled, cancelled);
        add(&mut self.refunded_in_full, !cancelled && refunded > 0 && refunded >= paid);
        add(&mut self.refunded_in_part, !cancelled && refunded > 0 && refunded < paid);
        add(&mut self.unpaid, !cancelled && paid == 0);
    }
}

fn add(sum: &mut u64, what: bool) {
    *sum = sum.saturating_add(u64::from(what));
}

fn was_edited(order: &Order) -> bool {
    let is_edit = |change: &Change| matches!(change, Change::Added { .. } | Change::Removed { .. });
    order.steps.iter().any(|step| is_edit(&step.change))
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
