//! What must be true of surveys and of low scores, whatever goes wrong meanwhile.
//!
//! What was taken before something else began can't come after it: of an answer that was
//! acknowledged nothing older may be left, and of a low score neither less nor more than what
//! was done.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;
use testkit::faults::Made;

use super::message::Message;
use super::surveys::Reply;
use super::tries::{Did, HELD, Held, Survey, Tried, Tries};
use super::{Chore, Post};
use crate::simulate::history::{History, Meaning};
use crate::simulate::model::Violation;
use crate::simulate::raw::{at, number, text};

/// What of a table's operations leaves it as it was.
const READS: [&str; 3] = ["GetItem", "BatchGetItem", "Query"];

/// A survey and its follow-up as the table has them.
struct Stored {
    survey: Option<Value>,
    follow_up: Option<Value>,
}

impl Stored {
    /// The answer that counts.
    fn last(&self) -> Option<(u8, Option<String>)> {
        let answers = self.survey.as_ref()?.get("answers")?.get("L")?.as_array()?;
        let last = answers.last();
        let score = u8::try_from(number(at(last, "score"))).unwrap_or(u8::MAX);
        Some((score, text(at(last, "comment"))))
    }

    fn id(&self) -> Option<String> {
        text(self.follow_up.as_ref()?.get("id"))
    }

    fn is_open(&self) -> bool {
        self.follow_up.as_ref().is_some_and(|one| text(one.get("closed_at")).is_none())
    }

    fn number(&self, name: &str) -> i64 {
        number(self.follow_up.as_ref().and_then(|one| one.get(name)))
    }

    /// Points that its steps gave, each time.
    fn given(&self) -> Vec<i64> {
        let steps = self.follow_up.as_ref().and_then(|one| one.get("steps")?.get("L")?.as_array());
        let gave = |step: &&Value| text(at(Some(step), "did")).as_deref() == Some("gave");
        let steps = steps.into_iter().flatten().filter(gave);
        steps.map(|step| number(at(Some(step), "points"))).collect()
    }
}

impl Post {
    /// Whether marketing still has to wait for a low answer, at the time of a claim.
    pub(super) async fn waits(&self, held: &Held, claimed_at: Option<Timestamp>) -> bool {
        let id = self.stored(&held.survey).await.id().unwrap_or_default();
        let in_time = claimed_at.is_none_or(|at| at < held.until);
        in_time && !self.watch(|watch| watch.tries.may_be_closed(&id, held.since))
    }

    async fn stored(&self, (customer, order): &Survey) -> Stored {
        let pk = format!("SHOP#{}#CUST#{customer}", self.shop);
        let surveys = self.raw().below(pk, "SURVEY#").await;
        let about = |name: &str, item: &Value| text(item.get(name)).as_ref() == Some(order);
        let survey = surveys.into_iter().find(|item| about("order", item));
        let follow_ups = self.raw().below(format!("SHOP#{}", self.shop), "FOLLOWUP#").await;
        let follow_up = follow_ups.into_iter().find(|item| {
            about("order", item) && text(item.get("customer")).as_ref() == Some(customer)
        });
        Stored { survey, follow_up }
    }

    /// What must be true of every survey that somebody answered, at any time.
    pub(super) async fn check_surveys(&self) -> Result<(), Violation> {
        let tries = self.watch(|watch| watch.tries.clone());
        let surveys: BTreeSet<&Survey> = tries
            .all
            .iter()
            .filter_map(|one| match &one.did {
                Did::Answered { survey, .. } => Some(survey),
                Did::Acted { .. } => None,
            })
            .collect();
        for survey in surveys {
            let stored = self.stored(survey).await;
            let told = |what: &str| {
                let (survey, follow_up) = (&stored.survey, &stored.follow_up);
                format!("{what}: {survey:?} with {follow_up:?}; tried was {:#?}", tries.all)
            };
            check_answer(survey, &stored, &tries).map_err(|what| told(&what))?;
            check_follow_up(survey, &stored, &tries).map_err(|what| told(&what))?;
            self.check_held(survey, &stored).await.map_err(|what| told(&what))?;
            self.check_goodwill(survey, &stored, &tries).await.map_err(|what| told(&what))?;
        }
        Ok(())
    }

    /// Her account says that marketing waits as long as a low score of hers does.
    async fn check_held(&self, (customer, _): &Survey, stored: &Stored) -> Result<(), Violation> {
        let family = self.raw().family(&self.shop, customer).await;
        let Some((holder, _)) = family.first() else { return Ok(()) };
        let held = self.raw().held_until(&self.shop, holder).await;
        if stored.is_open() {
            let opened_at = text(stored.follow_up.as_ref().and_then(|one| one.get("opened_at")));
            let opened_at: Option<Timestamp> = opened_at.and_then(|at| at.parse().ok());
            let until = opened_at.and_then(|at| at.checked_add(HELD).ok());
            return match held.filter(|held| Some(*held) >= until) {
                Some(_) => Ok(()),
                None => Err(format!("a low score waits, and marketing to {holder} doesn't")),
            };
        }
        let mut open = false;
        for item in self.raw().below(format!("SHOP#{}", self.shop), "FOLLOWUP#").await {
            let whose = text(item.get("customer")).unwrap_or_default();
            open |= text(item.get("closed_at")).is_none()
                && family.iter().any(|(one, _)| *one == whose);
        }
        // Of two who were taken apart, each waits for what may be the other's.
        match held.filter(|_| !open && !self.comes_apart()) {
            None => Ok(()),
            Some(until) => {
                Err(format!("marketing to {holder} waits until {until}, and no low score does"))
            }
        }
    }

    /// Points of goodwill are in the ledgers as often as they were given, and once each time
    /// it was opened.
    async fn check_goodwill(
        &self,
        (customer, _): &Survey,
        stored: &Stored,
        tries: &Tries,
    ) -> Result<(), Violation> {
        let Some(id) = stored.id() else { return Ok(()) };
        let mut entered = Vec::new();
        for (one, _) in self.raw().family(&self.shop, customer).await {
            let pk = format!("SHOP#{}#CUST#{one}", self.shop);
            for entry in self.raw().below(pk, "LEDGER#").await {
                if text(at(entry.get("c"), "follow_up")).as_deref() == Some(&id) {
                    entered.push(number(entry.get("d")));
                }
            }
        }
        let mut given = stored.given();
        given.sort_unstable();
        entered.sort_unstable();
        let count = |tried: &mut dyn Iterator<Item = &Tried>| {
            i64::try_from(tried.count()).unwrap_or(i64::MAX)
        };
        let gave = tries.acts(&id).filter(|one| one.gives());
        let acknowledged = count(&mut gave.clone().filter(|one| one.was_taken()));
        let times = i64::try_from(given.len()).unwrap_or(i64::MAX);
        if entered != given {
            return Err(format!("P2: goodwill of {given:?} stands in the ledgers as {entered:?}"));
        }
        if times > stored.number("round")
            || times < acknowledged
            || times > count(&mut gave.clone())
        {
            return Err(format!("P1: goodwill was given {times} times"));
        }
        Ok(())
    }

    /// What must be true of surveys once all has settled.
    pub(super) async fn check_asked(
        &self,
        history: &History,
        messages: &[Message],
        made: &[Made],
    ) -> Result<(), Violation> {
        self.check_surveys().await?;
        check_looks(history, made)?;
        self.check_paid().await?;
        let off = history.events.iter().any(|one| one.meaning == Meaning::Mail(Chore::Live(false)));
        for item in self.raw().below(format!("SHOP#{}", self.shop), "FOLLOWUP#").await {
            let id = text(item.get("id")).unwrap_or_default();
            let last = number(item.get("round"));
            let open = text(item.get("closed_at")).is_none();
            for (round, notice) in (1..=last).flat_map(|round| [(round, 1), (round, 2), (round, 3)])
            {
                let sk = format!("MESSAGE#low%20score%20{id}%20{round}%20{notice}");
                let Some(message) = messages.iter().find(|one| one.sk == sk) else {
                    return Err(format!(
                        "P5: notice {notice} of opening {round} of {id} is missing"
                    ));
                };
                let waits = open && round == last && notice == 1 && !off;
                if waits && !matches!(message.state.as_str(), "sent" | "unknown" | "failed") {
                    return Err(format!("P5: nobody was told of {id}: {message:?}"));
                }
            }
        }
        Ok(())
    }

    /// Points for answers: once for each survey that says so, and for no other.
    async fn check_paid(&self) -> Result<(), Violation> {
        let (mut said, mut entered) = (Vec::new(), Vec::new());
        for customer in self.raw().customers_listed(&self.shop, &["customer"]).await {
            let pk = format!("SHOP#{}#CUST#{customer}", self.shop);
            for survey in self.raw().below(pk.clone(), "SURVEY#").await {
                said.extend(survey.get("points").map(|points| number(Some(points))));
            }
            for entry in self.raw().below(pk, "LEDGER#").await {
                if text(at(entry.get("c"), "occasion")).as_deref() == Some("answer") {
                    entered.push(number(entry.get("d")));
                }
            }
        }
        said.sort_unstable();
        entered.sort_unstable();
        match said == entered {
            true => Ok(()),
            false => {
                Err(format!("P2: answers brought {said:?}, and {entered:?} is in the ledgers"))
            }
        }
    }
}

/// The last answer that was acknowledged counts, unless another came after it or at the same
/// time.
fn check_answer(survey: &Survey, stored: &Stored, tries: &Tries) -> Result<(), Violation> {
    let answers = tries.answers(survey);
    let mut taken = answers.clone().filter(|one| one.was_taken());
    let Some(last) = stored.last() else {
        return match taken.next() {
            None => Ok(()),
            Some(lost) => Err(format!("P5: an answer was taken and isn't there: {lost:?}")),
        };
    };
    let standing = |one: &&Tried| {
        one.says(&last) && !taken.clone().any(|later| !later.says(&last) && one.is_before(later))
    };
    if !answers.clone().any(|one| standing(&one)) {
        return Err(format!("P1: {last:?} counts, and a later answer was taken"));
    }
    let counted = number(stored.survey.as_ref().and_then(|survey| survey.get("answered")));
    let different: BTreeSet<_> = taken.map(|one| format!("{:?}", one.did)).collect();
    let (least, most) = (different.len(), answers.count());
    match usize::try_from(counted).is_ok_and(|counted| (least.max(1)..=most).contains(&counted)) {
        true => Ok(()),
        false => Err(format!("P1: {counted} answers are counted, {least} to {most} were given")),
    }
}

/// A low score waits from when it was given until somebody closes it, and nothing else does.
fn check_follow_up(survey: &Survey, stored: &Stored, tries: &Tries) -> Result<(), Violation> {
    let low = tries.answers(survey).filter(|one| one.is_low());
    let Some(id) = stored.id() else {
        return match low.clone().find(|one| one.was_taken()) {
            None => Ok(()),
            Some(lost) => Err(format!("P5: a low score opened nothing: {lost:?}")),
        };
    };
    if low.clone().next().is_none() {
        return Err(format!("follow-ups: {id} was opened by no low score"));
    }
    let named = stored.survey.as_ref().and_then(|survey| text(survey.get("follow_up")));
    if named.as_ref() != Some(&id) {
        return Err(format!("follow-ups: the survey names {named:?}, not {id}"));
    }
    let closings = tries.acts(&id).filter(|one| one.closes());
    let closings_count = i64::try_from(closings.clone().count()).unwrap_or(i64::MAX);
    if !(1..=closings_count.saturating_add(1)).contains(&stored.number("round")) {
        return Err(format!("follow-ups: {id} was opened too often"));
    }
    if stored.is_open() {
        let last = stored.last().map(|(score, _)| i64::from(score));
        if last != Some(stored.number("score")) {
            return Err(format!("follow-ups: {id} tells another score than the last"));
        }
        let closed = closings.clone().find(|closing| {
            closing.was_taken() && low.clone().all(|answer| answer.is_before(closing))
        });
        return match closed {
            None => Ok(()),
            Some(closing) => Err(format!("follow-ups: {id} is open after {closing:?}")),
        };
    }
    if closings_count == 0 {
        return Err(format!("follow-ups: {id} is closed, and nobody closed it"));
    }
    let opened = low.filter(|answer| answer.was_taken());
    let mut opened =
        opened.filter(|answer| !tries.may_be_closed(&id, tries.first_of(survey, answer)));
    match opened.next() {
        None => Ok(()),
        Some(answer) => Err(format!("follow-ups: {id} is closed, and was opened by {answer:?}")),
    }
}

/// Who looks changes nothing: no call of hers writes.
fn check_looks(history: &History, made: &[Made]) -> Result<(), Violation> {
    let looks = |made: &&Made| {
        let delivery = usize::try_from(made.place.delivery).unwrap_or(usize::MAX);
        let event = history
            .deliveries
            .iter()
            .find(|one| usize::try_from(one.id).is_ok_and(|id| id == delivery));
        let event = event.and_then(|one| history.events.get(one.event));
        event.is_some_and(|event| {
            let looks = |chore| matches!(chore, Chore::Asked { reply: Reply::Looks, .. });
            matches!(event.meaning, Meaning::Mail(chore) if looks(chore))
        })
    };
    let writes = |made: &&Made| !READS.contains(&made.operation.as_str());
    match made.iter().filter(looks).find(writes) {
        None => Ok(()),
        Some(made) => Err(format!("a GET or HEAD at {} did {}", made.place, made.operation)),
    }
}

#[cfg(test)]
mod tests;
