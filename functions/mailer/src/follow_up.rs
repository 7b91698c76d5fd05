//! Surveys and what follows a low score: that somebody was asked, whom the shop's own people
//! are told of, and what an answer of theirs brings.

use jiff::Timestamp;
use loyalty::Points;
use loyalty::ids::{CustomerId, OrderRef, ShopId};
use loyalty::mail::news::News;
use loyalty::mail::{About, Draft, Kind, LowScore, Reason};
use loyalty::program::Program;
use platform::Services;
use platform::store::{
    Claim, Desk, FollowUp, FollowedUp, Message, MessageState, Step, StoreError, Survey,
};

use crate::Mailer;
use crate::stream::Batch;

/// Whether a write opened a follow-up, or opened it again.
pub(crate) fn is_opened(before: Option<&FollowUp>, after: &FollowUp) -> bool {
    before.is_none_or(|before| before.round < after.round)
}

/// When a mail of this claim asked: what its links say, to the second.
pub(crate) fn asked_at(claimed_at: Timestamp) -> Timestamp {
    Timestamp::from_second(claimed_at.as_second()).unwrap_or(claimed_at)
}

impl Mailer {
    /// Plans what the shop's own people are told of a follow-up that was opened.
    pub(crate) async fn opened(
        &self,
        shop: &ShopId,
        follow_up: &FollowUp,
        batch: &mut Batch,
    ) -> Result<(), StoreError> {
        let (store, now) = (&self.services.store, self.services.clock.now());
        let FollowUp { id, round, opened_at, customer, .. } = follow_up;
        // Whether mail may go at all is asked when each is due: it may be live by then.
        for draft in Draft::low_score(id, *round, *opened_at) {
            let planned = store.plan_message_alone(shop, customer, draft, now).await?;
            batch.wants_drain(shop, planned, now);
        }
        Ok(())
    }

    /// Keeps that she was asked about an order, once the mail that asks has gone out.
    pub(crate) async fn asked(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        before: Option<&Message>,
        after: &Message,
    ) -> Result<(), StoreError> {
        let was_sent = before.is_some_and(|before| before.state == MessageState::Sent);
        let Some((claim, order)) = asks(after).filter(|_| !was_sent) else { return Ok(()) };
        let (store, now) = (&self.services.store, self.services.clock.now());
        let rules = store.rules(shop, now).await?;
        let Some(version) = rules.programs.current(claim.at) else { return Ok(()) };
        let question = version.program.survey.question;
        let survey = Survey::asked(order.clone(), question, asked_at(claim.at));
        store.keep_survey(shop, customer, &survey).await
    }
}

/// What a message asked her about, and with which claim, if it has gone out to her.
fn asks(message: &Message) -> Option<(&Claim, &OrderRef)> {
    let claim = message.claim.as_ref().filter(|_| message.state == MessageState::Sent)?;
    if claim.to_owner || !claim.kinds.contains(&Kind::Survey) {
        return None;
    }
    let About::Night { reasons, .. } = &message.draft.about else { return None };
    let order = reasons.iter().find_map(|reason| match reason {
        Reason::Survey { order, .. } => Some(order),
        _ => None,
    })?;
    Some((claim, order))
}

/// What the shop's own people are told of a low score now: nothing where it is closed, was
/// opened again since, or where somebody has answered before a reminder. A better score given
/// since closes nothing: it is told as it now stands.
pub(crate) async fn low_score(
    services: &Services,
    shop: &ShopId,
    desk: &Desk,
    program: &Program,
    (id, round, notice): (&str, u32, u8),
) -> Result<Option<News>, StoreError> {
    let store = &services.store;
    let Some(follow_up) = store.follow_up(shop, id).await? else { return Ok(None) };
    let waits = follow_up.is_open() && follow_up.round == round;
    let is_done = notice > 1 && follow_up.was_answered();
    let score = follow_up.question.score(follow_up.score).ok();
    let (Some(score), Some(_), true) = (score, &desk.contact, waits && !is_done) else {
        return Ok(None);
    };
    let FollowUp { customer, order, answer_by, .. } = follow_up;
    let survey = store.survey(shop, &customer, &order).await?;
    let comment = survey.and_then(|survey| survey.answer()?.comment.clone());
    let paid = store.order(shop, &order).await?.record.snapshot.map(|snapshot| snapshot.paid_at);
    let day = paid.map(|paid_at| program.local_day(paid_at));
    Ok(Some(News::LowScore(LowScore { score, order, day, comment, answer_by, notice })))
}

/// The owner's answer, with the points that were given for it: those since the answer before.
pub(crate) async fn answer(
    services: &Services,
    shop: &ShopId,
    (id, trigger, text): (&str, String, &str),
) -> Result<News, StoreError> {
    let follow_up = services.store.follow_up(shop, id).await?;
    let steps = follow_up.map(|follow_up| follow_up.steps).unwrap_or_default();
    Ok(News::Answer { text: text.to_owned(), points: given_with(&steps, &trigger) })
}

/// Points given since the answer before this one, up to the moment of this one.
fn given_with(steps: &[Step], trigger: &str) -> Points {
    let (mut points, mut given_at) = (Points::ZERO, None);
    for step in steps {
        match &step.what {
            FollowedUp::Answered { trigger: of } if of == trigger => given_at = Some(step.at),
            FollowedUp::Answered { .. } if given_at.is_none() => points = Points::ZERO,
            FollowedUp::Answered { .. } => break,
            // Answer and points may be one act, in either order.
            FollowedUp::Gave { points: gave, .. } if given_at.is_none_or(|at| at == step.at) => {
                points = points.plus(*gave).unwrap_or(points);
            }
            _ => {}
        }
    }
    if given_at.is_some() { points } else { Points::ZERO }
}
