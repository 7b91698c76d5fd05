//! What is told on the bus of a change.

use jiff::Timestamp;
use loyalty::ids::{CustomerId, ShopId};
use loyalty::mail::Kind;
use platform::bus::BusEvent;
use platform::events::{DomainEvent, Failure, Happened, MessageFailed, MessageSent, To};
use platform::store::{Change, Changed, Message, MessageState};

use crate::follow_up::is_opened;

/// The events of a change.
pub(crate) fn events(
    changed: &Changed,
    now: Timestamp,
) -> Result<Vec<BusEvent>, serde_json::Error> {
    let shop = &changed.shop;
    let told = match &changed.change {
        Change::Entered { customer, entry } => DomainEvent::of_entry(shop, customer, entry),
        Change::Order { order, before, after } => {
            let before = before.as_ref().map(|before| &before.record);
            DomainEvent::purchase(shop, order, before, &after.record).into_iter().collect()
        }
        Change::Contact { customer, before, after } => {
            let told = DomainEvent::consent(shop, customer, before.as_deref(), after, now);
            told.into_iter().collect()
        }
        Change::Message { customer, before, after } => {
            of_message(shop, customer, before.as_deref(), after, now)
        }
        Change::Survey { customer, before, after } => {
            DomainEvent::answers(shop, customer, before.as_deref(), after)
        }
        Change::FollowUp { before, after } => {
            let opened = is_opened(before.as_deref(), after);
            opened.then(|| DomainEvent::follow_up(shop, after)).into_iter().collect()
        }
        Change::Account { .. } => Vec::new(),
    };
    let event = |event: DomainEvent| {
        Ok(BusEvent {
            detail_type: event.detail_type().to_owned(),
            detail: event.detail()?,
            time: event.at,
        })
    };
    told.into_iter().map(event).collect()
}

/// What became of a message with a write of it.
fn of_message(
    shop: &ShopId,
    customer: &CustomerId,
    before: Option<&Message>,
    after: &Message,
    now: Timestamp,
) -> Vec<DomainEvent> {
    let was = before.map(|before| before.state);
    let became = |state: MessageState| after.state == state && was != Some(state);
    let bounced = after.bounced.filter(|_| after.bounced != before.and_then(|one| one.bounced));
    let complained =
        after.complained_at.filter(|_| before.is_none_or(|one| one.complained_at.is_none()));
    let mut told = Vec::new();
    if became(MessageState::Sent) {
        told.push((after.sent_at.unwrap_or(now), None));
    }
    if became(MessageState::Failed) {
        let failure = match (after.gave_up, after.ses_id.is_some()) {
            (true, _) => Failure::GaveUp,
            (false, true) => Failure::Rejected,
            (false, false) => Failure::Refused,
        };
        told.push((now, Some(failure)));
    }
    if became(MessageState::Unknown) {
        told.push((now, Some(Failure::Unknown)));
    }
    if let Some(bounced) = bounced {
        let failure = if bounced.permanent { Failure::Bounced } else { Failure::BouncedForNow };
        told.push((bounced.at, Some(failure)));
    }
    told.extend(complained.map(|at| (at, Some(Failure::Complained))));
    let event = |(at, failure)| DomainEvent {
        shop: shop.clone(),
        at,
        what: what(customer, after, failure),
    };
    told.into_iter().map(event).collect()
}

fn what(customer: &CustomerId, message: &Message, failure: Option<Failure>) -> Happened {
    let kinds = message.claim.as_ref().map_or(&message.draft.sections, |claim| &claim.kinds);
    // A message with sections goes by the first, which is the most important.
    let kind = kinds.first().copied().unwrap_or(Kind::Receipt);
    let class = kinds.iter().map(|kind| kind.class()).max().unwrap_or(kind.class());
    let to_owner = message.claim.as_ref().is_some_and(|claim| claim.to_owner);
    let to = if to_owner { To::Owner } else { To::Customer };
    let (customer, trigger, message) = (customer.clone(), message.trigger(), message.id.clone());
    match failure {
        None => Happened::MessageSent(MessageSent { customer, message, kind, class, trigger, to }),
        Some(reason) => {
            let failed = MessageFailed { customer, message, kind, class, trigger, to, reason };
            Happened::MessageFailed(failed)
        }
    }
}
