//! The gate: whether one message may go to one person now, and why not.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::pace::{JUST_NOW, awake};
use super::{Class, Kind, Sent};
use crate::ledger::Origin;

/// How long what is held waits until it is decided about again.
const LOOKED_AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// How far a shop's mail is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailMode {
    /// Nothing goes out.
    #[default]
    Off,
    /// Everything goes to the owner instead, so that she sees what would go out.
    Owner,
    /// Mail goes to customers, about what happened since then.
    Live {
        /// Since when.
        since: Timestamp,
    },
}

/// The shop's side.
#[derive(Debug, Clone, Copy)]
pub struct House<'a> {
    /// How far its mail is.
    pub mode: MailMode,
    /// Whether all of it is held.
    pub paused: bool,
    /// Whether its marketing mail is held.
    pub marketing_paused: bool,
    /// Kinds the shop doesn't send.
    pub off: &'a [Kind],
}

/// A message to be decided about.
#[derive(Debug, Clone, Copy)]
pub struct Message {
    /// What it is about.
    pub kind: Kind,
    /// When what it tells happened.
    pub fact_at: Timestamp,
    /// When it began to be worth telling, which is what makes it late: for what is told
    /// together at the end of a week, that end.
    pub news_from: Timestamp,
    /// How that reached us.
    pub origin: Origin,
    /// When the recipient did what it answers; `None`: nothing she did caused it.
    pub caused_at: Option<Timestamp>,
}

/// The recipient's side.
#[derive(Debug, Clone, Copy)]
pub struct Recipient<'a> {
    /// Whether she was erased, or has no address.
    pub unreachable: bool,
    /// Whether all mail to her is held.
    pub paused: bool,
    /// Until when marketing mail to her is held, because a low score of hers waits for an
    /// answer; `None`: none does.
    pub held_until: Option<Timestamp>,
    /// Whether she takes part.
    pub is_member: bool,
    /// Whether her consent is good enough for the shop's preset, and not withdrawn.
    pub consented: bool,
    /// Whether she complained: no marketing and no account mail, for good.
    pub complained: bool,
    /// Whether mail to her address came back for good.
    pub bounced: bool,
    /// Kinds she switched off.
    pub off: &'a [Kind],
    /// Whether she wants marketing mail at most once a month.
    pub monthly: bool,
    /// Where her quiet hours are: her own zone, or the shop's.
    pub zone: &'a TimeZone,
    /// What went to her lately.
    pub sent: &'a Sent,
}

/// What becomes of a message now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It goes.
    Send,
    /// It goes to the owner instead.
    ToOwner,
    /// It waits, and is decided about again then.
    Wait {
        /// Until when.
        until: Timestamp,
        /// Why.
        why: WhyNot,
    },
    /// It is left out, for good.
    Drop(WhyNot),
}

/// Why a message doesn't go. The owner reads it, and the recipient where it is about her.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhyNot {
    /// Mail isn't live.
    #[error("mail is not live")]
    NotLive,
    /// It happened before mail went live.
    #[error("it happened before mail went live")]
    BeforeLive,
    /// It isn't news: it came from an import, a correction or the like.
    #[error("it came from an import, a correction or the like, which cause no mail")]
    NoNews,
    /// The shop's mail is held.
    #[error("the shop's mail is paused")]
    ShopPaused,
    /// The shop's marketing mail is held.
    #[error("the shop's marketing mail is paused")]
    MarketingPaused,
    /// A low score of hers waits for an answer, which she is owed first.
    #[error("an answer to a low score is owed first")]
    FollowUpOpen,
    /// Mail to her is held.
    #[error("mail to this customer is paused")]
    Paused,
    /// There is no address, or she was erased.
    #[error("there is no address to write to")]
    Unreachable,
    /// Mail to her address came back for good.
    #[error("mail to the address came back")]
    Bounced,
    /// She complained.
    #[error("the customer marked mail as spam")]
    Complained,
    /// She doesn't take part.
    #[error("the customer isn't a member")]
    NotAMember,
    /// Her consent isn't good enough, or she withdrew it.
    #[error("there is no sufficient consent to marketing mail")]
    NoConsent,
    /// The shop switched the kind off.
    #[error("the shop doesn't send this kind")]
    NotSent,
    /// She switched the kind off.
    #[error("the customer switched this kind off")]
    SwitchedOff,
    /// It is night where she is.
    #[error("it is night where the customer is")]
    Quiet,
    /// She has had enough for now.
    #[error("the customer had mail recently")]
    Capped,
    /// It is too late to make sense.
    #[error("it came too late to make sense")]
    Stale,
    /// What it would tell isn't so any more, or was told.
    #[error("what it would tell isn't so any more, or was told before")]
    NothingToTell,
    /// Its time hasn't come.
    #[error("its time hasn't come")]
    NotDue,
}

/// Decides about one message. Deciding again later may end otherwise: what waits is never
/// just let go.
pub fn decide(
    message: &Message,
    recipient: &Recipient<'_>,
    house: House<'_>,
    now: Timestamp,
) -> Verdict {
    if let Some(why) = barred(message, recipient, house) {
        return Verdict::Drop(why);
    }
    let stale_at =
        message.kind.valid_for().and_then(|valid| message.news_from.checked_add(valid).ok());
    if stale_at.is_some_and(|stale_at| now > stale_at) {
        return Verdict::Drop(WhyNot::Stale);
    }
    if house.mode == MailMode::Owner || message.kind.class() == Class::Owner {
        return Verdict::ToOwner;
    }
    let (until, why) = waits(message, recipient, now);
    if message.kind.class() == Class::Marketing
        && let Some(why) = held(recipient, house, now)
    {
        return looked_again(until.max(now), recipient, stale_at, why);
    }
    if until <= now {
        Verdict::Send
    } else if stale_at.is_some_and(|stale_at| until > stale_at) {
        Verdict::Drop(WhyNot::Stale)
    } else {
        Verdict::Wait { until, why }
    }
}

/// What holds all marketing to her: the shop's hold, or an answer that she is owed first.
fn held(recipient: &Recipient<'_>, house: House<'_>, now: Timestamp) -> Option<WhyNot> {
    let owed = recipient.held_until.is_some_and(|until| now < until);
    let of_shop = house.marketing_paused.then_some(WhyNot::MarketingPaused);
    of_shop.or(owed.then_some(WhyNot::FollowUpOpen))
}

/// What becomes of marketing while it is held: it is looked at again every morning, for as
/// long as it makes sense. A follow-up may be closed any day, so nobody waits for its end.
fn looked_again(
    at: Timestamp,
    recipient: &Recipient<'_>,
    stale_at: Option<Timestamp>,
    why: WhyNot,
) -> Verdict {
    let until = awake(at.checked_add(LOOKED_AGAIN).unwrap_or(at), recipient.zone);
    match stale_at {
        Some(stale_at) if until > stale_at => Verdict::Drop(why),
        _ => Verdict::Wait { until, why },
    }
}

/// What keeps a message from ever going, as things stand.
fn barred(message: &Message, recipient: &Recipient<'_>, house: House<'_>) -> Option<WhyNot> {
    let class = message.kind.class();
    if class == Class::Owner {
        // Her own people are told of their work whenever the shop sends mail at all.
        let off = (house.mode == MailMode::Off).then_some(WhyNot::NotLive);
        return off.or(house.paused.then_some(WhyNot::ShopPaused));
    }
    let mode = match house.mode {
        MailMode::Off => Some(WhyNot::NotLive),
        MailMode::Owner => None,
        MailMode::Live { since } => (message.fact_at < since).then_some(WhyNot::BeforeLive),
    };
    let news = (message.origin != Origin::Live).then_some(WhyNot::NoNews);
    let again = message.kind == Kind::Welcome && recipient.sent.welcomed();
    let always = [
        house.paused.then_some(WhyNot::ShopPaused),
        mode,
        news,
        recipient.unreachable.then_some(WhyNot::Unreachable),
        recipient.paused.then_some(WhyNot::Paused),
        house.off.contains(&message.kind).then_some(WhyNot::NotSent),
        again.then_some(WhyNot::NothingToTell),
    ];
    let unasked = [
        recipient.complained.then_some(WhyNot::Complained),
        recipient.bounced.then_some(WhyNot::Bounced),
        recipient.off.contains(&message.kind).then_some(WhyNot::SwitchedOff),
    ];
    let of_class = match class {
        Class::Owner | Class::AskedFor => None,
        Class::Account => (!recipient.is_member).then_some(WhyNot::NotAMember),
        Class::Marketing => (!recipient.consented).then_some(WhyNot::NoConsent),
    };
    let unasked = unasked.into_iter().filter(|_| class != Class::AskedFor);
    always.into_iter().chain(unasked).chain([of_class]).flatten().next()
}

/// When it may go at the earliest, and what holds it until then.
fn waits(message: &Message, recipient: &Recipient<'_>, now: Timestamp) -> (Timestamp, WhyNot) {
    let class = message.kind.class();
    let just_now = message.caused_at.is_some_and(|at| now.duration_since(at) <= JUST_NOW);
    // A morning after the cap may be capped again only by what goes out meanwhile, and a cap
    // may end at night: two steps reach a moment that both allow.
    let capped = recipient.sent.allowed(class, recipient.monthly, now, recipient.zone);
    let until = if just_now && capped <= now { now } else { awake(capped, recipient.zone) };
    let why = if capped > now { WhyNot::Capped } else { WhyNot::Quiet };
    (until, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    const LIVE: House<'_> = House {
        mode: MailMode::Live { since: Timestamp::UNIX_EPOCH },
        paused: false,
        marketing_paused: false,
        off: &[],
    };
    const NONE: &Sent = &Sent::NONE;
    const NOON: &str = "2026-11-22T17:00:00Z";

    fn zone() -> TimeZone {
        TimeZone::get("America/New_York").unwrap()
    }

    fn told(kind: Kind) -> Message {
        let (fact_at, news_from) = (at(NOON), at(NOON));
        Message { kind, fact_at, news_from, origin: Origin::Live, caused_at: None }
    }

    /// A member who consented, and had no mail yet.
    fn ada(zone: &TimeZone) -> Recipient<'_> {
        Recipient {
            unreachable: false,
            paused: false,
            held_until: None,
            is_member: true,
            consented: true,
            complained: false,
            bounced: false,
            off: &[],
            monthly: false,
            zone,
            sent: NONE,
        }
    }

    #[track_caller]
    fn dropped(kind: Kind, recipient: &Recipient<'_>, why: WhyNot) {
        assert_eq!(decide(&told(kind), recipient, LIVE, at(NOON)), Verdict::Drop(why));
    }

    #[track_caller]
    fn sent(kind: Kind, recipient: &Recipient<'_>) {
        assert_eq!(decide(&told(kind), recipient, LIVE, at(NOON)), Verdict::Send, "{kind:?}");
    }

    #[test]
    fn who_may_have_what_goes_by_the_class() {
        let zone = zone();
        let stranger = Recipient { is_member: false, consented: false, ..ada(&zone) };
        for kind in Kind::ALL {
            if kind.class() == Class::Owner {
                assert_eq!(decide(&told(kind), &stranger, LIVE, at(NOON)), Verdict::ToOwner);
                continue;
            }
            sent(kind, &ada(&zone));
            match kind.class() {
                Class::AskedFor | Class::Owner => sent(kind, &stranger),
                Class::Account => dropped(kind, &stranger, WhyNot::NotAMember),
                Class::Marketing => dropped(kind, &stranger, WhyNot::NoConsent),
            }
        }
    }

    #[test]
    fn who_complained_or_cannot_be_reached_gets_only_what_she_asked_for() {
        let zone = zone();
        let complained = Recipient { complained: true, ..ada(&zone) };
        let bounced = Recipient { bounced: true, ..ada(&zone) };
        for kind in Kind::ALL.into_iter().filter(|kind| kind.class() != Class::Owner) {
            if kind.class() == Class::AskedFor {
                sent(kind, &complained);
                sent(kind, &bounced);
            } else {
                dropped(kind, &complained, WhyNot::Complained);
                dropped(kind, &bounced, WhyNot::Bounced);
            }
        }
    }

    #[test]
    fn nothing_goes_to_an_erased_or_paused_customer_or_from_a_paused_shop() {
        let zone = zone();
        for kind in Kind::ALL.into_iter().filter(|kind| kind.class() != Class::Owner) {
            dropped(kind, &Recipient { unreachable: true, ..ada(&zone) }, WhyNot::Unreachable);
            dropped(kind, &Recipient { paused: true, ..ada(&zone) }, WhyNot::Paused);
            let paused = House { paused: true, ..LIVE };
            let verdict = decide(&told(kind), &ada(&zone), paused, at(NOON));
            assert_eq!(verdict, Verdict::Drop(WhyNot::ShopPaused));
        }
    }

    #[test]
    fn only_live_facts_after_going_live_cause_mail() {
        let zone = zone();
        let house = |mode| House { mode, ..LIVE };
        let verdict = |mode| decide(&told(Kind::Receipt), &ada(&zone), house(mode), at(NOON));
        assert_eq!(verdict(MailMode::Off), Verdict::Drop(WhyNot::NotLive));
        assert_eq!(verdict(MailMode::Owner), Verdict::ToOwner);
        let later = MailMode::Live { since: at("2026-11-22T17:00:01Z") };
        assert_eq!(verdict(later), Verdict::Drop(WhyNot::BeforeLive));
        for origin in [
            Origin::Import,
            Origin::Backfill,
            Origin::Replay,
            Origin::Reconcile,
            Origin::Correct,
            Origin::Merge,
            Origin::Adjust,
        ] {
            let message = Message { origin, ..told(Kind::TierReached) };
            let verdict = decide(&message, &ada(&zone), LIVE, at(NOON));
            assert_eq!(verdict, Verdict::Drop(WhyNot::NoNews), "{origin:?}");
        }
    }

    #[test]
    fn a_kind_switched_off_stays_off_and_the_others_go_on() {
        let zone = zone();
        let off = Recipient { off: &[Kind::Receipt], ..ada(&zone) };
        dropped(Kind::Receipt, &off, WhyNot::SwitchedOff);
        sent(Kind::TierReached, &off);
    }

    #[test]
    fn a_kind_the_shop_does_not_send_goes_to_nobody() {
        let zone = zone();
        let house = House { off: &[Kind::Welcome], ..LIVE };
        let verdict = |kind| decide(&told(kind), &ada(&zone), house, at(NOON));
        assert_eq!(verdict(Kind::Welcome), Verdict::Drop(WhyNot::NotSent));
        assert_eq!(verdict(Kind::Receipt), Verdict::Send);
    }

    #[test]
    fn while_marketing_is_paused_the_rest_goes_on_and_it_waits_for_as_long_as_it_makes_sense() {
        let zone = zone();
        let house = House { marketing_paused: true, ..LIVE };
        let verdict = |message: &Message, now| decide(message, &ada(&zone), house, now);
        for kind in Kind::ALL {
            assert_eq!(verdict(&told(kind), at(NOON)), held_back(kind, WhyNot::MarketingPaused));
        }
        let later = verdict(&told(Kind::Welcome), at("2026-11-29T12:00:00Z"));
        assert_eq!(later, Verdict::Drop(WhyNot::MarketingPaused));
    }

    /// What becomes of a kind while marketing is held.
    fn held_back(kind: Kind, why: WhyNot) -> Verdict {
        match kind.class() {
            Class::Marketing => Verdict::Wait { until: at("2026-11-23T17:00:00Z"), why },
            Class::Owner => Verdict::ToOwner,
            Class::AskedFor | Class::Account => Verdict::Send,
        }
    }

    #[test]
    fn while_a_low_score_waits_for_an_answer_marketing_waits_and_the_rest_goes_on() {
        let zone = zone();
        let owed = |until: &str| Recipient { held_until: Some(at(until)), ..ada(&zone) };
        for kind in Kind::ALL {
            let verdict = decide(&told(kind), &owed("2026-12-20T17:00:00Z"), LIVE, at(NOON));
            assert_eq!(verdict, held_back(kind, WhyNot::FollowUpOpen), "{kind:?}");
        }
        sent(Kind::Welcome, &owed(NOON));
        let late = at("2026-11-29T12:00:00Z");
        let later = decide(&told(Kind::Welcome), &owed("2026-12-20T17:00:00Z"), LIVE, late);
        assert_eq!(later, Verdict::Drop(WhyNot::FollowUpOpen));
        let paused = House { marketing_paused: true, ..LIVE };
        let both = decide(&told(Kind::Welcome), &owed("2026-12-20T17:00:00Z"), paused, at(NOON));
        assert_eq!(both, held_back(Kind::Welcome, WhyNot::MarketingPaused));
    }

    #[test]
    fn the_shops_own_people_are_told_whoever_it_is_about_unless_no_mail_goes_at_all() {
        let zone = zone();
        let told = told(Kind::LowScore);
        let gone = Recipient { unreachable: true, paused: true, ..ada(&zone) };
        let verdict = |house| decide(&told, &gone, house, at(NOON));
        let off = House { mode: MailMode::Off, ..LIVE };
        let paused = House { paused: true, ..LIVE };
        assert_eq!(verdict(LIVE), Verdict::ToOwner);
        assert_eq!(verdict(off), Verdict::Drop(WhyNot::NotLive));
        assert_eq!(verdict(paused), Verdict::Drop(WhyNot::ShopPaused));
    }

    #[test]
    fn nobody_is_welcomed_twice() {
        let zone = zone();
        let mut had = Sent::default();
        had.take(&[Kind::Welcome], Class::Marketing, at("2026-01-01T12:00:00Z"));
        dropped(Kind::Welcome, &Recipient { sent: &had, ..ada(&zone) }, WhyNot::NothingToTell);
    }

    #[test]
    fn the_night_holds_what_she_did_not_cause_just_now() {
        let zone = zone();
        let night = at("2026-11-23T03:00:00Z");
        let morning = at("2026-11-23T13:00:00Z");
        let message = Message { news_from: night, ..told(Kind::Receipt) };
        let waits = Verdict::Wait { until: morning, why: WhyNot::Quiet };
        assert_eq!(decide(&message, &ada(&zone), LIVE, night), waits);
        let caused = Message { caused_at: Some(night), ..message };
        assert_eq!(decide(&caused, &ada(&zone), LIVE, night), Verdict::Send);
        assert_eq!(decide(&message, &ada(&zone), LIVE, morning), Verdict::Send);
    }

    #[test]
    fn what_waits_for_the_cap_wakes_in_the_morning_and_is_dropped_once_it_makes_no_sense() {
        let zone = zone();
        let mut had = Sent::default();
        had.take(&[Kind::Receipt], Class::Account, at("2026-11-22T14:00:00Z"));
        let recipient = Recipient { sent: &had, ..ada(&zone) };
        let waits = Verdict::Wait { until: at("2026-11-23T13:00:00Z"), why: WhyNot::Capped };
        assert_eq!(decide(&told(Kind::Receipt), &recipient, LIVE, at(NOON)), waits);
        let old = Message { news_from: at("2026-11-21T12:00:00Z"), ..told(Kind::Receipt) };
        let verdict = decide(&old, &recipient, LIVE, at(NOON));
        assert_eq!(verdict, Verdict::Drop(WhyNot::Stale), "tomorrow morning it is two days old");
        let late = at("2026-11-24T17:00:01Z");
        let verdict = decide(&told(Kind::Receipt), &ada(&zone), LIVE, late);
        assert_eq!(verdict, Verdict::Drop(WhyNot::Stale));
    }
}
