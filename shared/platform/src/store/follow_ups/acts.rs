//! What a person does about a low score, each time with all it asks for in one transaction:
//! the mail, the points, the audit log, and marketing that goes on once nothing waits any more.

use std::collections::BTreeSet;

use jiff::Timestamp;
use loyalty::Points;
use loyalty::account::Account;
use loyalty::ids::{CustomerId, ShopId};
use loyalty::mail::Kind;
use loyalty::mail::plan::{About, Draft};
use loyalty::survey::AnswerBy;
use thiserror::Error;

use super::{FollowUp, FollowedUp, Step};
use crate::store::audit::{Act, What};
use crate::store::item::{self, Put};
use crate::store::keys::{Entity, SURVEYS, customer_partition};
use crate::store::merges::put_entry;
use crate::store::{Message, Store, StoreError, Survey, Whence, Write, retry};

/// What a person does about a follow-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FollowUpAct {
    /// Answers her by mail.
    Answer {
        /// What the mail says.
        text: String,
        /// Points that come with it.
        goodwill: Option<Goodwill>,
    },
    /// Called her.
    Called,
    /// Gives her points.
    Give(Goodwill),
}

/// Points that the owner gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goodwill {
    /// How many.
    pub points: Points,
    /// Her own sentence, which the customer reads; empty: the answer they come with says it.
    pub words: String,
}

/// Whether a follow-up is closed with what is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Closing {
    /// It stays open.
    #[default]
    No,
    /// It is closed, if somebody answered or called her.
    Answered,
    /// It is closed all the same.
    Unanswered,
}

/// Why nothing was done about a follow-up.
#[derive(Debug, Error)]
pub enum FollowUpError {
    /// There is no such follow-up.
    #[error("there is no such follow-up")]
    Unknown,
    /// It is closed.
    #[error("it was closed at {0}")]
    Closed(Timestamp),
    /// She didn't ask to be answered by mail.
    #[error("she didn't ask to be answered by mail")]
    NotByMail(Option<AnswerBy>),
    /// There is no address to write to: she was erased, or has none.
    #[error("there is no address to write to")]
    Unreachable,
    /// The very same answer was sent before.
    #[error("she was sent this very answer before")]
    SameAnswer,
    /// Points were given since it was opened.
    #[error("she was given points for it before")]
    Given,
    /// She isn't a member, so there is no account for points.
    #[error("she isn't a member")]
    NotAMember,
    /// Nobody answered or called her, and that wasn't insisted on.
    #[error("nobody answered or called her")]
    NotAnswered,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<loyalty::Overflow> for FollowUpError {
    fn from(error: loyalty::Overflow) -> Self {
        Self::Store(error.into())
    }
}

/// What one act comes to, until it is written.
struct Plan<'a> {
    shop: &'a ShopId,
    now: Timestamp,
    follow_up: FollowUp,
    holder: CustomerId,
    account: Account,
    read_version: u64,
    did: Vec<FollowedUp>,
    puts: Vec<Put>,
}

impl Store {
    /// Does something about a follow-up, closes it, or both. Losing a race looks again at what
    /// is there then, a bounded number of times.
    pub async fn act_on_follow_up(
        &self,
        shop: &ShopId,
        id: &str,
        act: Option<&FollowUpAct>,
        closing: Closing,
        (by, now): (Whence, Timestamp),
    ) -> Result<FollowUp, FollowUpError> {
        for attempt in 1.. {
            let known = self.follow_up(shop, id).await?.ok_or(FollowUpError::Unknown)?;
            if let Some(at) = known.closed_at {
                return Err(FollowUpError::Closed(at));
            }
            // Read before all that is hers: what a low answer writes besides, it writes with
            // her account.
            let (holder, account) = self.account(shop, known.customer.clone()).await?;
            let read_version = account.version;
            let (did, puts) = (Vec::new(), Vec::new());
            let mut plan =
                Plan { shop, now, follow_up: known, holder, account, read_version, did, puts };
            match act {
                Some(FollowUpAct::Answer { text, goodwill }) => {
                    self.plan_answer(&mut plan, text).await?;
                    if let Some(goodwill) = goodwill {
                        self.plan_goodwill(&mut plan, goodwill).await?;
                    }
                }
                Some(FollowUpAct::Called) => plan.did.push(FollowedUp::Called),
                Some(FollowUpAct::Give(goodwill)) => {
                    self.plan_goodwill(&mut plan, goodwill).await?;
                }
                None => {}
            }
            self.plan_closing(&mut plan, closing).await?;
            let (puts, done) = self.follow_up_writes(plan, by)?;
            if self.write(puts).await? == Write::Done {
                return Ok(done);
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS }.into())
    }

    /// A mail in the owner's name, at once.
    async fn plan_answer(&self, plan: &mut Plan<'_>, text: &str) -> Result<(), FollowUpError> {
        let Plan { shop, now, follow_up, holder, .. } = &*plan;
        if follow_up.answer_by != Some(AnswerBy::Mail) {
            return Err(FollowUpError::NotByMail(follow_up.answer_by));
        }
        let contact = self.contact(shop, holder).await?;
        if contact.is_none_or(|contact| contact.email.is_none()) {
            return Err(FollowUpError::Unreachable);
        }
        if let Some(trigger) = follow_up.answers().last() {
            let last = self.message(shop, &follow_up.customer, trigger).await?;
            let last = last.map(|message| message.draft.about);
            if matches!(last, Some(About::Answer { text: last, .. }) if last == text) {
                return Err(FollowUpError::SameAnswer);
            }
        }
        let count = u32::try_from(follow_up.answers().count()).unwrap_or(u32::MAX);
        let about = About::Answer {
            follow_up: follow_up.id.clone(),
            answer: count.saturating_add(1),
            text: text.to_owned(),
        };
        let trigger = about.trigger();
        let draft = Draft {
            about,
            from: *now,
            sections: vec![Kind::FollowUpAnswer],
            due: *now,
            fact_at: *now,
            news_from: *now,
            caused_at: Some(follow_up.opened_at),
        };
        let message = Message::new(shop, &follow_up.customer, draft, *now);
        let put = message.put(shop, &follow_up.customer)?;
        plan.puts.push(put);
        plan.did.push(FollowedUp::Answered { trigger });
        Ok(())
    }

    /// Points, once each time it was opened.
    async fn plan_goodwill(
        &self,
        plan: &mut Plan<'_>,
        goodwill: &Goodwill,
    ) -> Result<(), FollowUpError> {
        if plan.follow_up.was_given_points() {
            return Err(FollowUpError::Given);
        }
        let (shop, now) = (plan.shop, plan.now);
        let rules = self.rules(shop, now).await?;
        let current = rules.programs.current(now).filter(|_| plan.account.is_member());
        let Some(current) = current else { return Err(FollowUpError::NotAMember) };
        let (program, id) = (&current.program, &plan.follow_up.id);
        let (given, when) = ((goodwill.points, &*goodwill.words), (program.local_day(now), now));
        let mut entry = plan.account.goodwill(id, given, program, when)?;
        entry.of = Some(plan.follow_up.customer.clone()).filter(|of| *of != plan.holder);
        plan.account.due = self.due(shop, &plan.account, &rules.programs, now).await?;
        plan.puts.push(put_entry(shop, &plan.holder, &entry)?);
        plan.did.push(FollowedUp::Gave { points: goodwill.points, entry: entry.number });
        Ok(())
    }

    /// Closes it, and lets marketing go on unless another low score of hers waits.
    async fn plan_closing(
        &self,
        plan: &mut Plan<'_>,
        closing: Closing,
    ) -> Result<(), FollowUpError> {
        if closing == Closing::No {
            return Ok(());
        }
        let answers = |did: &FollowedUp| did.is_answer();
        let answered = plan.follow_up.was_answered() || plan.did.iter().any(answers);
        if closing == Closing::Answered && !answered {
            return Err(FollowUpError::NotAnswered);
        }
        plan.did.push(FollowedUp::Closed);
        plan.follow_up.closed_at = Some(plan.now);
        if plan.account.held_until.is_none() {
            return Ok(());
        }
        let others = self.open_follow_ups_of(plan.shop, &plan.holder, &plan.account).await?;
        let others = others.iter().filter(|one| one.id != plan.follow_up.id);
        let held_until = others.map(FollowUp::holds_until).max();
        if held_until != plan.account.held_until {
            plan.account.held_until = held_until;
            let next = plan.read_version.checked_add(1).ok_or(loyalty::Overflow)?;
            plan.account.version = plan.account.version.max(next);
        }
        Ok(())
    }

    /// All writes of an act, and the follow-up as it stands after them.
    fn follow_up_writes(
        &self,
        plan: Plan<'_>,
        by: Whence,
    ) -> Result<(Vec<Put>, FollowUp), StoreError> {
        let Plan { shop, now, mut follow_up, holder, account, read_version, did, mut puts } = plan;
        let version = follow_up.version;
        follow_up.version = version.saturating_add(1);
        for what in did {
            let number = u32::try_from(follow_up.steps.len()).unwrap_or(u32::MAX);
            let id = follow_up.id.clone();
            let step = number.saturating_add(1);
            let what_done = What::FollowedUp { follow_up: id, step, did: what.clone() };
            puts.push(Act { at: now, by, what: what_done, why: None }.put(shop)?);
            follow_up.steps.push(Step { at: now, by, what });
        }
        puts.push(follow_up.put(shop)?.if_version("version", version));
        if account.version != read_version {
            puts.push(self.put_account_of(shop, &holder, &account, read_version)?);
        }
        Ok((puts, follow_up))
    }

    /// The open follow-ups of a customer, and of everybody her account stands for; from her
    /// surveys, so that none is missed that an index doesn't show yet.
    async fn open_follow_ups_of(
        &self,
        shop: &ShopId,
        holder: &CustomerId,
        account: &Account,
    ) -> Result<Vec<FollowUp>, StoreError> {
        let mut ids = BTreeSet::new();
        for one in self.family(shop, holder, account).await? {
            for item in self.query_all(&customer_partition(shop, &one), SURVEYS).await? {
                let survey: Survey = item::read(item)?;
                ids.extend(survey.follow_up);
            }
        }
        let keys = ids.iter().map(|id| Entity::FollowUp(id).key(shop)).collect();
        let mut found = Vec::new();
        for item in self.get_all(keys).await? {
            found.push(item::read::<FollowUp>(item)?);
        }
        found.retain(FollowUp::is_open);
        Ok(found)
    }
}
