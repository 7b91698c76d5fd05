//! Answering a survey: the answer, the follow-up that a low score asks for and the points that
//! the program gives for it, in one transaction.

use jiff::Timestamp;
use loyalty::Points;
use loyalty::account::Account;
use loyalty::ids::{CustomerId, OrderRef, ShopId};
use loyalty::ledger::{Entry, Occasion, Origin};
use loyalty::order::LineKind;
use loyalty::program::Programs;
use loyalty::survey::{AnswerBy, HELD_FOR, Score};

use super::{ANSWERS_KEPT, Answer, PRODUCTS_KEPT, Survey, closes};
use crate::store::follow_ups::FollowUp;
use crate::store::item::{Check, Put};
use crate::store::keys::Entity;
use crate::store::merges::put_entry;
use crate::store::{Store, StoreError, Write, retry};

/// An answer that somebody gives by the link of her survey.
#[derive(Debug, Clone, Copy)]
pub struct Answering<'a> {
    /// The shop.
    pub shop: &'a ShopId,
    /// Whom it asked: as the link has her, whoever stands for her now.
    pub customer: &'a CustomerId,
    /// The order it asked about.
    pub order: &'a OrderRef,
    /// When it asked.
    pub asked_at: Timestamp,
    /// The score, of the question it asked.
    pub score: Score,
    /// What she wrote, if she did.
    pub comment: Option<&'a str>,
    /// How she may be answered; `None`: she didn't say, and what she said before stands.
    pub answer_by: Option<AnswerBy>,
    /// Points that the program gives for an answer, whatever its score; 0: none.
    pub points: Points,
    /// When she answers.
    pub now: Timestamp,
}

/// What became of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// It is kept.
    Kept {
        /// The survey with it.
        survey: Box<Survey>,
        /// The follow-up, where a score of it ever was low.
        follow_up: Option<Box<FollowUp>>,
    },
    /// It was the same as the one before: at most how she may be answered is kept.
    Same,
    /// The survey has closed: nothing is written.
    Closed,
    /// Nothing is kept of her any more, and nothing is written.
    Nobody,
}

/// What a write of an answer goes by: everything as it was read.
struct Read {
    /// The survey and its version; 0 where there is none yet.
    survey: (Survey, u64),
    follow_up: Option<FollowUp>,
    holder: CustomerId,
    account: Account,
    /// The version of her contact data: who is erased meanwhile isn't answered for.
    contact: u64,
}

impl Store {
    /// Keeps an answer. The last counts, and the latest ten stay. A low score opens a
    /// follow-up, or opens the closed one again, and marketing mail to her waits; the first
    /// answer brings her the program's points. Losing a race plans again from what is there
    /// then, a bounded number of times.
    pub async fn answer_survey(&self, answering: &Answering<'_>) -> Result<Answered, StoreError> {
        let Answering { shop, asked_at, now, .. } = *answering;
        if now >= closes(asked_at) {
            return Ok(Answered::Closed);
        }
        let rules = self.rules(shop, now).await?;
        for attempt in 1.. {
            let Some(read) = self.read_survey(answering).await? else {
                return Ok(Answered::Nobody);
            };
            if says_the_same(answering, &read.survey.0) {
                if let Some(by) = answering.answer_by {
                    self.answer_by(shop, answering.customer, answering.order, by).await?;
                }
                return Ok(Answered::Same);
            }
            let (puts, checks, kept) =
                self.planned_answer(answering, read, &rules.programs).await?;
            if self.write_checked(puts, checks).await? == Write::Done {
                return Ok(kept);
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    /// Keeps how somebody who gave a low score may be answered; says whether that is new.
    /// Where no score of hers asks for an answer, nothing is written.
    pub async fn answer_by(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        order: &OrderRef,
        by: AnswerBy,
    ) -> Result<bool, StoreError> {
        for attempt in 1.. {
            let id = FollowUp::id(shop, customer, order);
            let Some(mut follow_up) = self.follow_up(shop, &id).await? else { return Ok(false) };
            if follow_up.answer_by == Some(by) {
                return Ok(false);
            }
            let version = follow_up.version;
            follow_up.answer_by = Some(by);
            if self.put(put_follow_up(shop, &mut follow_up, version)?).await? == Write::Done {
                return Ok(true);
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    async fn read_survey(&self, answering: &Answering<'_>) -> Result<Option<Read>, StoreError> {
        let Answering { shop, customer, order, asked_at, score, .. } = *answering;
        let (holder, account) = self.account(shop, customer.clone()).await?;
        let Some(contact) = self.contact(shop, &holder).await? else { return Ok(None) };
        let known = self.survey(shop, customer, order).await?;
        let survey = match known {
            Some(survey) => {
                let version = survey.version;
                (survey, version)
            }
            // The mail that asks tells of it when it went out, which may be later than this.
            None => (Survey::asked(order.clone(), score.question(), asked_at), 0),
        };
        let id = FollowUp::id(shop, customer, order);
        let follow_up = self.follow_up(shop, &id).await?;
        Ok(Some(Read { survey, follow_up, holder, account, contact: contact.version }))
    }

    /// What to write of an answer that isn't the one before.
    async fn planned_answer(
        &self,
        answering: &Answering<'_>,
        read: Read,
        programs: &Programs,
    ) -> Result<(Vec<Put>, Vec<Check>, Answered), StoreError> {
        let Answering { shop, customer, now, .. } = *answering;
        let Read { survey: (mut survey, version), follow_up, holder, mut account, contact } = read;
        let account_version = account.version;
        let (mut puts, mut checks) = (Vec::new(), Vec::new());
        self.add_answer(answering, &mut survey, &account).await?;
        if answering.score.is_low() {
            let until = now.checked_add(HELD_FOR).unwrap_or(Timestamp::MAX);
            account.held_until = account.held_until.max(Some(until));
            account.version = account_version.saturating_add(1);
        }
        if let Some(entry) = given(answering, &mut survey, (&holder, &mut account), programs)? {
            account.due = self.due(shop, &account, programs, now).await?;
            puts.push(put_entry(shop, &holder, &entry)?);
        }
        let (before, mut follow_up) = (follow_up.clone(), followed(answering, follow_up));
        if let Some(next) = follow_up.as_mut().filter(|next| before.as_ref() != Some(&**next)) {
            let version = before.map_or(0, |before| before.version);
            puts.push(put_follow_up(shop, next, version)?);
        }
        survey.follow_up = follow_up.as_ref().map(|one| one.id.clone());
        survey.version = version.saturating_add(1);
        puts.push(survey.put(shop, customer)?.if_version("version", version));
        if account.version == account_version {
            // Merged meanwhile, another account would be hers.
            let key = Entity::Account(&holder).key(shop);
            checks.push(Check::version(key, "n", account_version));
        } else {
            puts.push(self.put_account_of(shop, &holder, &account, account_version)?);
        }
        checks.push(Check::version(Entity::Contact(&holder).key(shop), "version", contact));
        let (survey, follow_up) = (Box::new(survey), follow_up.map(Box::new));
        Ok((puts, checks, Answered::Kept { survey, follow_up }))
    }

    /// Adds an answer to its survey; with the first, what results are told by.
    async fn add_answer(
        &self,
        answering: &Answering<'_>,
        survey: &mut Survey,
        account: &Account,
    ) -> Result<(), StoreError> {
        let Answering { shop, order, score, comment, now, .. } = *answering;
        if survey.answered == 0 {
            survey.tier = account.tier.as_ref().map(|tier| tier.id.clone());
            survey.products = self.products(shop, order).await?;
        }
        let comment = comment.map(str::to_owned);
        survey.answers.push(Answer { at: now, score: score.value(), comment });
        let over = survey.answers.len().saturating_sub(ANSWERS_KEPT);
        survey.answers.drain(..over);
        survey.answered = survey.answered.saturating_add(1);
        Ok(())
    }

    /// What an order was of, each product once.
    async fn products(&self, shop: &ShopId, order: &OrderRef) -> Result<Vec<String>, StoreError> {
        let state = self.order(shop, order).await?.record.state;
        let lines = state.lines.map(|lines| lines.value).unwrap_or_default();
        let goods = lines.into_iter().filter(|line| line.kind == LineKind::Goods);
        let mut products: Vec<String> = Vec::new();
        for product in goods.filter_map(|line| line.product).map(|product| product.to_string()) {
            if products.len() < PRODUCTS_KEPT && !products.contains(&product) {
                products.push(product);
            }
        }
        Ok(products)
    }
}

/// Whether an answer is the one that counts already.
fn says_the_same(answering: &Answering<'_>, survey: &Survey) -> bool {
    survey.answer().is_some_and(|last| {
        last.score == answering.score.value() && last.comment.as_deref() == answering.comment
    })
}

/// The follow-up after an answer. A high score leaves an open one open, with the new score on
/// it: somebody was to look after her, and she may have been asked to change it.
fn followed(answering: &Answering<'_>, before: Option<FollowUp>) -> Option<FollowUp> {
    let Answering { shop, customer, order, score, comment, answer_by, now, .. } = *answering;
    let low = score.is_low();
    let mut next = match before {
        None if low => FollowUp::opened(shop, customer, order, score, now),
        None => return None,
        Some(before) => before,
    };
    if low && !next.is_open() {
        // What was done about it before doesn't answer it.
        next.closed_at = None;
        next.opened_at = now;
        next.round = next.round.saturating_add(1);
        next.answer_by = None;
    }
    if next.is_open() {
        next.score = score.value();
        next.with_words = comment.is_some();
    }
    if low {
        next.answer_by = answer_by.or(next.answer_by);
    }
    Some(next)
}

/// Gives her the program's points for her first answer, if she takes part.
fn given(
    answering: &Answering<'_>,
    survey: &mut Survey,
    (holder, account): (&CustomerId, &mut Account),
    programs: &Programs,
) -> Result<Option<Entry>, StoreError> {
    let Answering { customer, points, now, .. } = *answering;
    let first = survey.answered == 1 && survey.points.is_none();
    let Some(version) = programs.current(now).filter(|_| first && points > Points::ZERO) else {
        return Ok(None);
    };
    if !account.is_member() {
        return Ok(None);
    }
    let program = &version.program;
    let when = (program.local_day(now), now);
    // It counts the account's writes itself.
    let entry = account.give(Occasion::Answer, points, program, when, Origin::Live)?;
    survey.points = Some(points);
    let of = Some(customer.clone()).filter(|customer| customer != holder);
    Ok(Some(Entry { of, ..entry }))
}

/// The write of a follow-up that was read as this version; 0: it wasn't there.
fn put_follow_up(shop: &ShopId, follow_up: &mut FollowUp, version: u64) -> Result<Put, StoreError> {
    follow_up.version = version.saturating_add(1);
    Ok(follow_up.put(shop)?.if_version("version", version))
}
