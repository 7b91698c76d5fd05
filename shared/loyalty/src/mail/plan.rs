//! From what happened to what is to be told: one mail for what one order or one night
//! caused, with a section for each thing to tell.
//!
//! Planning the same entries again gives the same triggers, and a trigger is one message:
//! so whatever is planned twice is told once.

use jiff::civil::{Date, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::gate::{House, Message, Recipient, Verdict, WhyNot, decide};
use super::{Class, Kind, Reason};
use crate::Points;
use crate::consent::{Act, Channel, Fact, Teller};
use crate::ids::OrderRef;
use crate::ledger::{Cause, Change, Entry, Origin};

/// Which purchases are told about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Receipts {
    /// None.
    Off,
    /// The first.
    First,
    /// Those of a week, together, after it.
    #[default]
    Weekly,
    /// Each by itself.
    Each,
}

/// Points that went back are told about only a day later: an exchange has brought them
/// back by then.
const TAKEN_BACK_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// What a message is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// An order.
    Order(OrderRef),
    /// The purchases of a week, as the shop's calendar has it.
    Week {
        /// The week, such as `2026-W47`.
        week: String,
    },
    /// Points that went back, from a moment on.
    TakenBack {
        /// The local day of the first.
        day: Date,
    },
    /// A consent to marketing mail that is to be confirmed.
    Consent {
        /// When she asked for it herself. `None`: a file that the owner brought has her, who
        /// is asked once and never reminded.
        asked_at: Option<Timestamp>,
    },
    /// What a night found.
    Night {
        /// The shop's local day that the night began.
        night: Date,
        /// What it found to tell, the most important first; the first is the trigger.
        reasons: Vec<Reason>,
    },
    /// A low score that waits for an answer: to the owner, or her second person.
    LowScore {
        /// The follow-up.
        follow_up: String,
        /// Which opening of it, from 1: a second low answer opens it again.
        round: u32,
        /// 1: at once; 2: the reminder; 3: the second person's.
        notice: u8,
    },
    /// The owner's answer to a customer who gave a low score.
    Answer {
        /// The follow-up.
        follow_up: String,
        /// Which answer, from 1.
        answer: u32,
        /// What the owner wrote.
        text: String,
    },
    /// What the shop did about what customers said.
    YouSaid {
        /// What the owner calls it, such as the month whose answers it is about: one mail each.
        id: String,
        /// What the owner wrote.
        text: String,
    },
}

impl About {
    /// What caused the message: one trigger is one message, ever.
    pub fn trigger(&self) -> String {
        match self {
            Self::Order(order) => format!("order {order}"),
            Self::Week { week } => format!("receipts {week}"),
            Self::TakenBack { day } => format!("taken back {day}"),
            Self::Consent { asked_at: Some(at) } => format!("consent {at}"),
            Self::Consent { asked_at: None } => "consent".to_owned(),
            Self::Night { night, reasons } => {
                reasons.first().map_or_else(|| format!("night {night}"), Reason::trigger)
            }
            Self::LowScore { follow_up, round, notice } => {
                format!("low score {follow_up} {round} {notice}")
            }
            Self::Answer { follow_up, answer, .. } => format!("answer {follow_up} {answer}"),
            Self::YouSaid { id, .. } => format!("you said {id}"),
        }
    }
}

/// Something to tell one customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// What it is about.
    #[serde(rename = "b")]
    pub about: About,
    /// What it tells is in the ledger from then on.
    #[serde(rename = "f", with = "jiff::fmt::serde::timestamp::microsecond::required")]
    pub from: Timestamp,
    /// What it tells, the most important first.
    #[serde(rename = "s")]
    pub sections: Vec<Kind>,
    /// When it may be told at the earliest.
    #[serde(rename = "t", with = "jiff::fmt::serde::timestamp::microsecond::required")]
    pub due: Timestamp,
    /// When what it tells happened.
    #[serde(rename = "a", with = "jiff::fmt::serde::timestamp::microsecond::required")]
    pub fact_at: Timestamp,
    /// When it began to be worth telling: what makes it late.
    #[serde(rename = "n", with = "jiff::fmt::serde::timestamp::microsecond::required")]
    pub news_from: Timestamp,
    /// When she did what it answers; `None`: nothing she did caused it.
    #[serde(rename = "c", default, with = "jiff::fmt::serde::timestamp::microsecond::optional")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caused_at: Option<Timestamp>,
}

impl Draft {
    /// A consent that is to be confirmed.
    pub fn consent(fact: &Fact) -> Option<Self> {
        let Act::Asked { teller, channel: Channel::Email } = &fact.act else { return None };
        let asked_at = match teller {
            Teller::Own => Some(fact.at),
            Teller::Import => None,
            // They ask by mail of their own.
            Teller::Shopify | Teller::Square => return None,
        };
        Some(Self {
            about: About::Consent { asked_at },
            from: fact.at,
            sections: vec![Kind::ConsentConfirmation],
            due: fact.at,
            fact_at: fact.at,
            news_from: fact.at,
            caused_at: asked_at,
        })
    }
}

/// What planning needs to know besides the entries.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// Which purchases are told about.
    pub receipts: Receipts,
    /// Whether the entries' order is the customer's first that is known.
    pub first_order: bool,
    /// Where the shop's weeks begin.
    pub zone: &'a TimeZone,
}

/// What the entries of one commit ask to be told. Only live facts do.
pub fn drafts(entries: &[Entry], scene: &Scene<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for entry in entries.iter().filter(|entry| entry.origin == Origin::Live) {
        let Cause::Order { order, what } = &entry.cause else { continue };
        let gained = entry.delta > Points::ZERO && matches!(what, Change::Paid | Change::Claimed);
        let mut sections = Vec::new();
        if entry.promotion.is_some() {
            sections.push(Kind::TierReached);
        }
        if gained {
            match scene.receipts {
                Receipts::Each => sections.push(Kind::Receipt),
                Receipts::First if scene.first_order => sections.push(Kind::Receipt),
                Receipts::Weekly => {
                    // A mail about the purchase tells of its points too, and the week needs
                    // no second one.
                    if entry.promotion.is_some() {
                        sections.push(Kind::Receipt);
                    }
                    drafts.extend(weekly(entry, scene.zone));
                }
                Receipts::First | Receipts::Off => {}
            }
            if scene.first_order {
                sections.push(Kind::Welcome);
            }
        }
        if !sections.is_empty() {
            sections.sort_by_key(|kind| kind.rank());
            let fact_at = entry.fact_at.unwrap_or(entry.at);
            drafts.push(Draft {
                about: About::Order(order.clone()),
                from: entry.at,
                sections,
                due: entry.at,
                fact_at,
                news_from: fact_at,
                caused_at: Some(fact_at),
            });
        }
        if entry.delta < Points::ZERO {
            drafts.extend(taken_back(entry, scene.zone));
        }
    }
    drafts
}

/// The receipts of a week, on the morning after it: told with the week's end, which is
/// what makes them late or not.
fn weekly(entry: &Entry, zone: &TimeZone) -> Option<Draft> {
    let day = entry.at.to_zoned(zone.clone()).date();
    let week = day.iso_week_date();
    let days_left = 8_i32.checked_sub(i32::from(week.weekday().to_monday_one_offset()))?;
    let monday = day.checked_add(days_left.days()).ok()?;
    let due = monday.to_datetime(time(9, 0, 0, 0)).to_zoned(zone.clone()).ok()?.timestamp();
    let first = week.first_of_week().ok()?.date();
    Some(Draft {
        about: About::Week { week: format!("{}-W{:02}", week.year(), week.week()) },
        from: first.to_zoned(zone.clone()).ok()?.timestamp(),
        sections: vec![Kind::Receipt],
        due,
        fact_at: due,
        news_from: due,
        caused_at: None,
    })
}

/// What went back on a day, a day later: whatever else happens by then is netted.
fn taken_back(entry: &Entry, zone: &TimeZone) -> Option<Draft> {
    let day = entry.at.to_zoned(zone.clone()).date();
    let due = entry.at.checked_add(TAKEN_BACK_AFTER).ok()?;
    Some(Draft {
        about: About::TakenBack { day },
        from: day.to_zoned(zone.clone()).ok()?.timestamp(),
        sections: vec![Kind::PointsTakenBack],
        due,
        fact_at: entry.fact_at.unwrap_or(entry.at),
        news_from: due,
        caused_at: None,
    })
}

/// Whether points that went back are worth a mail: not where an exchange brought them back,
/// and not where nothing she could have had before is out of reach now.
pub fn matters(before: Points, after: Points, costs: impl IntoIterator<Item = Points>) -> bool {
    let lost = |cost: Points| after < cost && cost <= before;
    after < before && (after < Points::ZERO || costs.into_iter().any(lost))
}

/// What becomes of a draft now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It goes with these sections; the others are left out for their reasons.
    Send {
        /// What it tells.
        sections: Vec<Kind>,
        /// Its class: that of the section that asks the most.
        class: Class,
        /// Whether it goes to the owner instead.
        to_owner: bool,
        /// What it doesn't tell, and why.
        without: Vec<(Kind, WhyNot)>,
    },
    /// It waits as a whole.
    Wait {
        /// Until when.
        until: Timestamp,
        /// Why.
        why: WhyNot,
    },
    /// It is left out, each section for its reason.
    Drop(Vec<(Kind, WhyNot)>),
}

/// Decides about a draft: a section that may not go doesn't hold the others back, and one
/// that would have to wait is left out where others go, for it would be a second mail.
pub fn settle(
    draft: &Draft,
    recipient: &Recipient<'_>,
    house: House<'_>,
    now: Timestamp,
) -> Outcome {
    if now < draft.due {
        return Outcome::Wait { until: draft.due, why: WhyNot::NotDue };
    }
    let (mut sections, mut without, mut waits) = (Vec::new(), Vec::new(), Vec::new());
    let mut to_owner = false;
    for kind in &draft.sections {
        let Draft { fact_at, news_from, caused_at, .. } = *draft;
        let (kind, origin) = (*kind, Origin::Live);
        let message = Message { kind, fact_at, news_from, origin, caused_at };
        match decide(&message, recipient, house, now) {
            Verdict::Send => sections.push(kind),
            Verdict::ToOwner => {
                to_owner = true;
                sections.push(kind);
            }
            Verdict::Wait { until, why } => waits.push((until, kind, why)),
            Verdict::Drop(why) => without.push((kind, why)),
        }
    }
    let class = sections.iter().map(|kind| kind.class()).max();
    match (class, waits.iter().map(|(until, _, why)| (*until, *why)).min_by_key(|wait| wait.0)) {
        (Some(class), _) => {
            without.extend(waits.into_iter().map(|(_, kind, why)| (kind, why)));
            Outcome::Send { sections, class, to_owner, without }
        }
        (None, Some((until, why))) => Outcome::Wait { until, why },
        (None, None) => Outcome::Drop(without),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{OrderRef, Source};
    use crate::ledger::Promotion;
    use crate::mail::{MailMode, Sent};
    use crate::testing::at;

    const NOON: &str = "2026-11-19T17:00:00Z";

    fn zone() -> TimeZone {
        TimeZone::get("America/New_York").unwrap()
    }

    fn entry(delta: i64, what: Change) -> Entry {
        let order = OrderRef { source: Source::Shopify, id: "1".parse().unwrap() };
        Entry {
            number: 1,
            at: at(NOON),
            fact_at: Some(at(NOON)),
            delta: Points(delta),
            cause: Cause::Order { order, what },
            receipt: None,
            balance_after: Points(delta.max(0)),
            promotion: None,
            origin: Origin::Live,
            of: None,
        }
    }

    fn promoted(mut entry: Entry) -> Entry {
        let tier = |id: &str| id.parse().unwrap();
        entry.promotion = Some(Promotion { from: tier("bronze"), to: tier("silver") });
        entry
    }

    fn planned(entry: Entry, receipts: Receipts, first_order: bool) -> Vec<(String, Vec<Kind>)> {
        let zone = zone();
        let scene = Scene { receipts, first_order, zone: &zone };
        let drafts = drafts(&[entry], &scene);
        drafts.into_iter().map(|draft| (draft.about.trigger(), draft.sections)).collect()
    }

    #[test]
    fn what_one_order_causes_is_one_mail_with_sections() {
        let first = promoted(entry(5000, Change::Paid));
        let sections = vec![Kind::TierReached, Kind::Receipt, Kind::Welcome];
        assert_eq!(
            planned(first, Receipts::Each, true),
            [("order shopify:1".to_owned(), sections)]
        );
        assert_eq!(planned(entry(100, Change::Paid), Receipts::First, false), []);
        assert_eq!(planned(entry(100, Change::Paid), Receipts::Off, false), []);
    }

    #[test]
    fn a_tier_is_told_with_the_points_that_reached_it() {
        let told = planned(promoted(entry(5000, Change::Paid)), Receipts::Weekly, false);
        let order = ("order shopify:1".to_owned(), vec![Kind::TierReached, Kind::Receipt]);
        assert_eq!(told, [("receipts 2026-W47".to_owned(), vec![Kind::Receipt]), order]);
    }

    #[test]
    fn a_weeks_receipts_are_one_mail_on_monday_morning() {
        let zone = zone();
        let scene = Scene { receipts: Receipts::Weekly, first_order: false, zone: &zone };
        let days = ["2026-11-16T06:00:00Z", "2026-11-19T17:00:00Z", "2026-11-23T04:59:59Z"];
        for day in days {
            let entry = Entry { at: at(day), ..entry(100, Change::Paid) };
            let draft = drafts(&[entry], &scene).pop().unwrap();
            assert_eq!(draft.about.trigger(), "receipts 2026-W47", "{day}");
            assert_eq!(draft.due, at("2026-11-23T14:00:00Z"));
        }
        let monday = Entry { at: at("2026-11-23T05:00:00Z"), ..entry(100, Change::Paid) };
        assert_eq!(drafts(&[monday], &scene)[0].about.trigger(), "receipts 2026-W48");
    }

    #[test]
    fn what_goes_back_is_told_a_day_later_and_once_a_day() {
        let zone = zone();
        let scene = Scene { receipts: Receipts::Each, first_order: false, zone: &zone };
        let both = [entry(-100, Change::Refunded), entry(-50, Change::Cancelled)];
        let drafts = drafts(&both, &scene);
        assert!(drafts.iter().all(|draft| draft.about.trigger() == "taken back 2026-11-19"));
        assert_eq!(drafts[0].due, at("2026-11-20T17:00:00Z"));
    }

    #[test]
    fn it_matters_only_where_something_is_out_of_reach() {
        let costs = || [350, 600].map(Points);
        assert!(!matters(Points(500), Points(500), costs()), "an exchange");
        assert!(!matters(Points(500), Points(400), costs()), "she can have the same");
        assert!(matters(Points(620), Points(590), costs()));
        assert!(matters(Points(100), Points(-5), costs()), "a debt");
    }

    #[test]
    fn what_is_no_news_is_not_told() {
        let import = Entry { origin: Origin::Import, ..entry(100, Change::Paid) };
        assert_eq!(planned(import, Receipts::Each, true), []);
    }

    #[test]
    fn a_consent_is_confirmed_where_she_asked_us_or_a_file_has_no_evidence() {
        let asked =
            |teller| Fact { at: at(NOON), act: Act::Asked { channel: Channel::Email, teller } };
        let trigger = |teller| Draft::consent(&asked(teller)).map(|draft| draft.about.trigger());
        assert_eq!(trigger(Teller::Own).as_deref(), Some("consent 2026-11-19T17:00:00Z"));
        assert_eq!(trigger(Teller::Import).as_deref(), Some("consent"), "asked once, ever");
        assert_eq!(trigger(Teller::Shopify), None, "Shopify asks by a mail of its own");
    }

    fn ada(zone: &TimeZone) -> Recipient<'_> {
        Recipient {
            unreachable: false,
            paused: false,
            held_until: None,
            is_member: true,
            consented: false,
            complained: false,
            bounced: false,
            off: &[],
            monthly: false,
            zone,
            sent: NONE,
        }
    }

    const NONE: &Sent = &Sent::NONE;
    const LIVE: House<'_> = House {
        mode: MailMode::Live { since: Timestamp::UNIX_EPOCH },
        paused: false,
        marketing_paused: false,
        off: &[],
    };

    fn draft(sections: &[Kind]) -> Draft {
        let (due, fact_at, news_from) = (at(NOON), at(NOON), at(NOON));
        let about = About::Order(OrderRef { source: Source::Shopify, id: "1".parse().unwrap() });
        let (sections, caused_at) = (sections.to_vec(), None);
        Draft { about, from: fact_at, sections, due, fact_at, news_from, caused_at }
    }

    #[test]
    fn a_section_that_may_not_go_does_not_hold_the_others_back() {
        let zone = zone();
        let both = draft(&[Kind::Receipt, Kind::Welcome]);
        let outcome = settle(&both, &ada(&zone), LIVE, at(NOON));
        let without = vec![(Kind::Welcome, WhyNot::NoConsent)];
        let sections = vec![Kind::Receipt];
        let (class, to_owner) = (Class::Account, false);
        assert_eq!(outcome, Outcome::Send { sections, class, to_owner, without });
        let consented = Recipient { consented: true, ..ada(&zone) };
        match settle(&both, &consented, LIVE, at(NOON)) {
            Outcome::Send { class, sections, .. } => {
                assert_eq!((class, sections.len()), (Class::Marketing, 2), "an offer makes it one");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_section_that_would_wait_is_left_out_where_another_goes() {
        let zone = zone();
        let mut letter = Sent::default();
        letter.take(&[Kind::WinBack], Class::Marketing, at("2026-11-17T17:00:00Z"));
        let recipient = Recipient { consented: true, sent: &letter, ..ada(&zone) };
        match settle(&draft(&[Kind::Receipt, Kind::Welcome]), &recipient, LIVE, at(NOON)) {
            Outcome::Send { sections, without, .. } => {
                assert_eq!(sections, [Kind::Receipt]);
                assert_eq!(without, [(Kind::Welcome, WhyNot::Capped)]);
            }
            other => panic!("{other:?}"),
        }
        let alone = settle(&draft(&[Kind::Welcome]), &recipient, LIVE, at(NOON));
        let until = at("2026-11-24T17:00:00Z");
        assert_eq!(alone, Outcome::Wait { until, why: WhyNot::Capped });
    }

    #[test]
    fn a_draft_nobody_may_have_is_dropped_with_every_reason() {
        let zone = zone();
        let stranger = Recipient { is_member: false, ..ada(&zone) };
        let outcome = settle(&draft(&[Kind::Receipt, Kind::Welcome]), &stranger, LIVE, at(NOON));
        let reasons = vec![(Kind::Receipt, WhyNot::NotAMember), (Kind::Welcome, WhyNot::NoConsent)];
        assert_eq!(outcome, Outcome::Drop(reasons));
    }
}
