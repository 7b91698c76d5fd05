//! What becomes of what a night found, and the mail it makes.

use jiff::Timestamp;
use jiff::civil::{Date, time};
use jiff::tz::TimeZone;

use super::{Fate, Found, Person, Shop, after};
use crate::ledger::Origin;
use crate::mail::{
    About, Class, Draft, House, Kind, Message, Reason, Recipient, Verdict, WhyNot, decide,
};
use crate::program::Sending;
use crate::trial::{FOLLOWED_DAYS, Trial};

/// Decides about one thing found. `at`: when it is planned to be told, the morning after the
/// night.
///
/// First the gate: what it would drop is skipped, and what it would let wait is to be told,
/// for it is asked again then. Then tests, then approval; neither has a say in what is owed,
/// nor in what goes to the owner alone.
pub fn fate(
    found: &Found,
    recipient: &Recipient<'_>,
    house: House<'_>,
    shop: &Shop<'_>,
    person: &Person<'_>,
    at: Timestamp,
) -> Fate {
    let kind = found.reason.kind();
    let day = shop.program.local_day(at);
    let is_owed = kind.class() != Class::Marketing;
    let (origin, caused_at) = (Origin::Live, None);
    // As the mail's own draft has it, or what is approved would be dropped as too early.
    let fact_at = begins(day, &shop.program.shop.zone).unwrap_or(at);
    let message = Message { kind, fact_at, news_from: at, origin, caused_at };
    let verdict = decide(&message, recipient, house, at);
    if let Verdict::Drop(why) = verdict {
        return Fate::Skipped { why };
    }
    if is_owed {
        return Fate::Tell;
    }
    if let Some(why) = too_late(found, kind, shop, day) {
        return Fate::Skipped { why };
    }
    if verdict == Verdict::ToOwner {
        return Fate::Tell;
    }
    let drawn = drawn_on(found, person, day);
    let held = |trial: &&Trial| trial.covers(kind, drawn) && trial.holds_out(person.id);
    if let Some(trial) = shop.trials.iter().find(held) {
        return Fate::HeldOut { test: trial.id.clone() };
    }
    let send = shop.program.mail.letter(kind).and_then(|letter| letter.send);
    let by_default = if shop.approves { Sending::Approve } else { Sending::Auto };
    match send.unwrap_or(by_default) {
        Sending::Approve => Fate::Awaiting,
        Sending::Auto => Fate::Tell,
    }
}

/// The day whose tests decide. While she is followed after a first letter about her absence,
/// or after being held out of it, that is the first's: else the second, of a test that has
/// ended meanwhile, would reach those who stand for no letter.
fn drawn_on(found: &Found, person: &Person<'_>, day: Date) -> Date {
    let Reason::WinBack { letter: 2.., .. } = found.reason else { return day };
    let first = person.account.letters.win_backs.iter().copied().rfind(|night| *night < day);
    first.filter(|first| after(*first, FOLLOWED_DAYS).is_some_and(|end| day < end)).unwrap_or(day)
}

/// Why something that came about on an earlier day isn't told any more: mail wasn't live then,
/// or it was too long ago.
fn too_late(found: &Found, kind: Kind, shop: &Shop<'_>, day: Date) -> Option<WhyNot> {
    if shop.mail_since.is_some_and(|since| found.day < since) {
        return Some(WhyNot::BeforeLive);
    }
    let stale_from = kind.valid_for().and_then(|valid| found.day.checked_add(valid).ok());
    stale_from.is_some_and(|stale_from| day > stale_from).then_some(WhyNot::Stale)
}

/// The mail of a night's decisions: what is [to be told](Fate::Tell), as [`drafts`] has it.
pub fn merge(decided: &[(Found, Fate)], night: Date, zone: &TimeZone) -> Vec<Draft> {
    let told = decided.iter().filter(|(_, fate)| *fate == Fate::Tell);
    let told: Vec<&Found> = told.map(|(found, _)| found).collect();
    drafts(&told, night, zone)
}

/// One mail with a section for each thing, but for those that stand alone; the most important
/// first. They are due on the morning of the local day `night`. Also for what the owner
/// approved.
pub fn drafts(found: &[&Found], night: Date, zone: &TimeZone) -> Vec<Draft> {
    let mut found = found.to_vec();
    found.sort_by_key(|found| found.reason.kind().rank());
    let (alone, together): (Vec<&Found>, Vec<&Found>) =
        found.into_iter().partition(|found| found.reason.kind().stands_alone());
    let mails = alone.into_iter().map(|found| vec![found]);
    let mails = mails.chain((!together.is_empty()).then_some(together));
    mails.filter_map(|mail| draft(&mail, night, zone)).collect()
}

fn draft(found: &[&Found], night: Date, zone: &TimeZone) -> Option<Draft> {
    let begun = begins(night, zone)?;
    Some(Draft {
        about: About::Night {
            night,
            reasons: found.iter().map(|found| found.reason.clone()).collect(),
        },
        from: begun,
        sections: found.iter().map(|found| found.reason.kind()).collect(),
        due: morning(night, zone)?,
        fact_at: begun,
        news_from: begun,
        caused_at: None,
    })
}

/// When the night of a local day begins: 04:00.
pub fn begins(night: Date, zone: &TimeZone) -> Option<Timestamp> {
    local(night, 4, zone)
}

/// When what a night found is told at the earliest: 09:00.
pub fn morning(night: Date, zone: &TimeZone) -> Option<Timestamp> {
    local(night, 9, zone)
}

fn local(day: Date, hour: i8, zone: &TimeZone) -> Option<Timestamp> {
    Some(day.to_datetime(time(hour, 0, 0, 0)).to_zoned(zone.clone()).ok()?.timestamp())
}
