//! What must be true of a history's mail once everything has settled: P3, P5, the caps.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use testkit::faults::{Fault, Made};

use super::message::{Class, Message};
use super::watch::{Accepted, Watch};
use super::{Post, last_moment};
use crate::simulate::history::History;
use crate::simulate::model::Violation;
use crate::simulate::raw::{at, number, text};

/// Where the shop's days begin.
const ZONE: &str = "America/New_York";

/// The most that SES takes of one message.
const AT_MOST: usize = 2;

/// Everything about mail, at the end.
pub(crate) async fn check_end(
    post: &Post,
    history: &History,
    made: &[Made],
) -> Result<(), Violation> {
    let messages = post.raw().messages(&post.shop).await?;
    let watch = post.watch(|watch| watch.clone());
    for message in &messages {
        check_settled(message, post.at(last_moment(history)))?;
        check_once(message, &watch, made)?;
    }
    check_caps(&watch)?;
    post.check_nights(history).await?;
    post.check_asked(history, &messages, made).await?;
    check_outbox(post, &messages).await
}

/// Nothing is left lying.
fn check_settled(message: &Message, now: Timestamp) -> Result<(), Violation> {
    let Message { id, due, .. } = message;
    match message.state.as_str() {
        "claimed" => Err(format!("P5: message {id} stays claimed")),
        "waiting" if due.is_none_or(|due| due <= now) => {
            Err(format!("P5: message {id} waits since {due:?}"))
        }
        _ => Ok(()),
    }
}

/// P3 for one message: what SES was asked and what it took.
fn check_once(message: &Message, watch: &Watch, made: &[Made]) -> Result<(), Violation> {
    let id = &message.id;
    let sends: Vec<&Made> = made
        .iter()
        .filter(|one| one.message.as_ref() == Some(id) && one.fault != Some(Fault::Throttled))
        .collect();
    let taken: Vec<&Accepted> = watch.accepted.iter().filter(|one| one.message == *id).collect();
    let told = || {
        let sends: Vec<String> = sends
            .iter()
            .map(|one| format!("{} {}", one.place, one.fault.map_or("", Fault::as_str)))
            .collect();
        format!("message {id}, sent at [{}], taken {taken:?}", sends.join(", "))
    };
    if taken.len() > AT_MOST || sends.len() > AT_MOST {
        return Err(format!("P3: more than twice: {}", told()));
    }
    let marketing =
        taken.iter().any(|one| one.class == Class::Marketing) || message.class == Class::Marketing;
    if sends.len() > 1 && marketing {
        return Err(format!("P3: marketing twice: {}", told()));
    }
    let ([first, _], [_, again]) = (sends.as_slice(), taken.as_slice()) else { return Ok(()) };
    // Its answer was lost, or what was to be written after it.
    let lost = made.iter().any(|one| {
        let same =
            (one.place.delivery, one.place.attempt) == (first.place.delivery, first.place.attempt);
        same && one.place.call >= first.place.call && one.fault.is_some()
    });
    if !lost {
        return Err(format!("P3: twice, and nothing was lost: {}", told()));
    }
    let known = watch.settled.get(id).filter(|at| Some(**at) < again.claimed_at);
    match known {
        Some(at) => Err(format!("P3: twice, though SES's event came at {at}: {}", told())),
        None => Ok(()),
    }
}

/// One mail a day, and of marketing one in seven days and three in thirty.
fn check_caps(watch: &Watch) -> Result<(), Violation> {
    let mut days: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    let mut marketing: BTreeMap<&str, BTreeMap<&str, _>> = BTreeMap::new();
    for mail in watch.accepted.iter().filter(|mail| mail.class > Class::Asked) {
        let day = mail.at.in_tz(ZONE).map_err(|error| error.to_string())?.date();
        days.entry((mail.to.as_str(), day)).or_default().insert(&mail.message);
        if mail.class == Class::Marketing {
            marketing.entry(&mail.to).or_default().entry(&*mail.message).or_insert(day);
        }
    }
    if let Some(((to, day), mails)) = days.iter().find(|(_, mails)| mails.len() > 1) {
        return Err(format!("caps: {to} got {mails:?} on {day}"));
    }
    for (to, mails) in marketing {
        let mut days: Vec<_> = mails.values().copied().collect();
        days.sort_unstable();
        let near = |several: &[Date], least: i32| match several {
            [first, .., last] => first.until(*last).is_ok_and(|span| span.get_days() < least),
            _ => false,
        };
        let crowded =
            days.windows(2).any(|two| near(two, 7)) || days.windows(4).any(|four| near(four, 30));
        if crowded {
            return Err(format!("caps: {to} got marketing on {days:?}: {mails:?}"));
        }
    }
    Ok(())
}

/// P5 of the outbox: every purchase that brought points was planned, or it was decided that
/// nobody hears of it.
async fn check_outbox(post: &Post, messages: &[Message]) -> Result<(), Violation> {
    let planned: BTreeSet<&str> = messages.iter().map(|one| one.sk.as_str()).collect();
    let raw = post.raw();
    for customer in raw.customers_listed(&post.shop, &["customer"]).await {
        let pk = format!("SHOP#{}#CUST#{customer}", post.shop);
        let decided = !raw.below(pk.clone(), "DECISION#").await.is_empty();
        for entry in raw.below(pk, "LEDGER#").await {
            let what = text(at(entry.get("c"), "what")).unwrap_or_default();
            let live = text(entry.get("o")).as_deref() == Some("live");
            let order = text(at(entry.get("c"), "order")).unwrap_or_default();
            let tells = live && what == "paid" && number(entry.get("d")) > 0;
            if tells && !decided && !planned.contains(format!("MESSAGE#order%20{order}").as_str()) {
                return Err(format!("P5: nobody planned to tell {customer} of order {order}"));
            }
        }
    }
    Ok(())
}
