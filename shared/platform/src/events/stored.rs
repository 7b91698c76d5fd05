//! From what stands in the table to the events it tells.

use jiff::Timestamp;
use loyalty::consent::Channel;
use loyalty::ids::{CustomerId, OrderRef, ShopId};
use loyalty::ledger::{Cause, Change, Entry};
use loyalty::money::Money;
use loyalty::posting::Record;

use super::DomainEvent;
use super::happened::{
    ConsentChanged, Direction, FollowUpOpened, Happened, PointsCause, PointsChanged,
    PurchaseRecorded, SurveyAnswered, TierChanged,
};
use crate::store::{Answer, Contact, FollowUp, Survey};

impl DomainEvent {
    /// That an order was paid: told with the write that first has its snapshot, when what
    /// stood there `before` has none.
    pub fn purchase(
        shop: &ShopId,
        order: &OrderRef,
        before: Option<&Record>,
        record: &Record,
    ) -> Option<Self> {
        let snapshot = record.snapshot.as_ref()?;
        if before.is_some_and(|before| before.snapshot.is_some()) {
            return None;
        }
        let sale = record.state.sale.as_ref().map(|sale| &sale.value).filter(|sale| !sale.test)?;
        let money = |minor| Money { minor, currency: sale.currency };
        let what = Happened::PurchaseRecorded(PurchaseRecorded {
            customer: record.customer.clone(),
            order: order.clone(),
            total: money(sale.total),
            kept: record.counted.map(|counted| money(counted.kept)),
            points: record.posted(),
            program_version: snapshot.program,
            held: record.waits(),
        });
        Some(Self { shop: shop.clone(), at: snapshot.paid_at, what })
    }

    /// What an entry of a customer's ledger tells: points, and a tier where it brought one.
    pub fn of_entry(shop: &ShopId, customer: &CustomerId, entry: &Entry) -> Vec<Self> {
        let mut told = Vec::new();
        if !entry.delta.is_zero() {
            told.extend(points(customer, entry).map(Happened::PointsChanged));
        }
        if let Some(promotion) = &entry.promotion {
            let is_down = matches!(entry.cause, Cause::Reviewed { why } if why.is_down());
            told.push(Happened::TierChanged(TierChanged {
                customer: customer.clone(),
                account_version: entry.number,
                from: promotion.from.clone(),
                to: promotion.to.clone(),
                direction: if is_down { Direction::Down } else { Direction::Up },
                origin: entry.origin,
            }));
        }
        let event = |what| Self { shop: shop.clone(), at: entry.at, what };
        told.into_iter().map(event).collect()
    }

    /// What a customer answered with a write of her survey: each answer once.
    pub fn answers(
        shop: &ShopId,
        customer: &CustomerId,
        before: Option<&Survey>,
        survey: &Survey,
    ) -> Vec<Self> {
        let known = before.map_or(0, |before| before.answered);
        let event = |(number, answer): (u32, &Answer)| Self {
            shop: shop.clone(),
            at: answer.at,
            what: Happened::SurveyAnswered(SurveyAnswered {
                customer: customer.clone(),
                survey: survey.order.to_string(),
                order: Some(survey.order.clone()),
                scale: survey.question,
                score: answer.score,
                answer: number,
                with_words: answer.comment.is_some(),
            }),
        };
        let numbered = (0..=survey.answered).rev().zip(survey.answers.iter().rev());
        let mut told: Vec<_> =
            numbered.take_while(|(number, _)| *number > known).map(event).collect();
        told.reverse();
        told
    }

    /// That a low score asks for a person's answer: told with each opening of its follow-up.
    pub fn follow_up(shop: &ShopId, follow_up: &FollowUp) -> Self {
        Self {
            shop: shop.clone(),
            at: follow_up.opened_at,
            what: Happened::FollowUpOpened(FollowUpOpened {
                customer: follow_up.customer.clone(),
                follow_up: follow_up.id.clone(),
                survey: follow_up.order.to_string(),
                scale: follow_up.question,
                score: follow_up.score,
                with_words: follow_up.with_words,
                round: follow_up.round,
                answer_by: follow_up.answer_by,
            }),
        }
    }

    /// That what a customer said about marketing mail changed, or whether mail reaches her:
    /// nothing where a write changed neither. `now` is when, where nobody says.
    pub fn consent(
        shop: &ShopId,
        customer: &CustomerId,
        before: Option<&Contact>,
        contact: &Contact,
        now: Timestamp,
    ) -> Option<Self> {
        let channel = Channel::Email;
        let was = before.map(|before| &before.consent);
        let had = was.map(|was| was.standing(channel)).unwrap_or_default();
        let has = contact.consent.standing(channel);
        let (kept, keeps) = (was.and_then(|was| was.suppressed()), contact.consent.suppressed());
        let told_anew = (had.state, had.grade, had.teller) != (has.state, has.grade, has.teller);
        let why = |suppressed: loyalty::consent::Suppressed| suppressed.why;
        let reached_anew = kept.map(why) != keeps.map(why);
        if !told_anew && !reached_anew {
            return None;
        }
        let kept_since = keeps.filter(|_| reached_anew).map(|keeps| keeps.since);
        let at = kept_since.or(has.since.filter(|_| told_anew)).unwrap_or(now);
        let what = Happened::ConsentChanged(ConsentChanged {
            customer: customer.clone(),
            contact_version: contact.version,
            channel: "email",
            state: has.state.into(),
            was: had.state.into(),
            grade: has.grade.map(Into::into),
            told_by: has.teller.map(Into::into),
            suppressed: keeps.map(|keeps| keeps.why.into()),
        });
        Some(Self { shop: shop.clone(), at, what })
    }
}

/// What an entry tells of points; nothing where its cause moves none.
fn points(customer: &CustomerId, entry: &Entry) -> Option<PointsChanged> {
    let (cause, order, other) = match &entry.cause {
        Cause::Order { order, what } => (order_cause(*what), Some(order), None),
        Cause::ExpiryReversed { order } => (PointsCause::ExpiryReversed, Some(order), None),
        Cause::Gift { .. } => (PointsCause::Gift, None, None),
        Cause::Goodwill { .. } => (PointsCause::Goodwill, None, None),
        Cause::Expired { .. } => (PointsCause::Expired, None, None),
        Cause::Reviewed { .. } => return None,
        Cause::MergedInto { customer } => (PointsCause::MergedInto, None, Some(customer)),
        Cause::MergedFrom { customer } => (PointsCause::MergedFrom, None, Some(customer)),
        Cause::SplitFrom { customer } => (PointsCause::SplitFrom, None, Some(customer)),
        Cause::SplitOff { customer } => (PointsCause::SplitOff, None, Some(customer)),
    };
    Some(PointsChanged {
        customer: customer.clone(),
        entry: entry.number,
        delta: entry.delta,
        balance: entry.balance_after,
        cause,
        order: order.cloned(),
        other_customer: other.cloned(),
        origin: entry.origin,
        fact_at: entry.fact_at,
    })
}

fn order_cause(what: Change) -> PointsCause {
    match what {
        Change::Paid => PointsCause::Paid,
        Change::Refunded => PointsCause::Refunded,
        Change::Cancelled => PointsCause::Cancelled,
        Change::Edited => PointsCause::Edited,
        Change::Claimed => PointsCause::Claimed,
        Change::Released => PointsCause::Released,
        Change::Judged => PointsCause::Judged,
        Change::Corrected => PointsCause::Corrected,
    }
}
