//! Not by chance: each fault at each call of each handler, every pair of them, and every
//! order in which six events of one order can arrive.

use std::collections::BTreeMap;

use platform::store::keys::Nightly;
use testkit::faults::{Fault, Made, Place};

use super::events::{
    Pay, as_guest, by_hand, consent, garbage, lines, merged_at_shopify, merged_at_square, payment,
    picture, record, redact, refund, till_record, till_refund,
};
use super::history::{Door, Event, History, Meaning};
use super::mail::{self, Batch, Chore, Word};
use super::play::{Faults, World};
use super::{HISTORIES_PER_WORLD, Options, Report, play};

/// Kinds of one fault: errors that say it, done or not.
fn variants(fault: Fault) -> u32 {
    match fault {
        Fault::Throttled => 5,
        Fault::Conflict => 3,
        Fault::Timeout | Fault::Killed => 2,
        Fault::NotSent | Fault::ReplyLost | Fault::HalfPage | Fault::Unprocessed => 1,
    }
}

/// What a handler is asked, after what has happened before: the last event meets faults.
fn scenarios() -> Vec<Vec<Event>> {
    let paid = |order, buyer| picture(order, 10, 4_995, true, false, buyer);
    vec![
        // A new customer's first purchase, a known one's, and one that promotes.
        vec![paid(1, Some(1))],
        vec![paid(1, Some(1)), paid(2, Some(1))],
        vec![paid(1, Some(1)), picture(2, 10, 60_000, true, false, Some(1))],
        // An order that nobody claims, and its claim.
        vec![paid(1, None)],
        vec![paid(1, None), picture(1, 20, 4_995, true, false, Some(1))],
        // A refund, before and after its order; a cancellation; a repeat.
        vec![refund(1, 0, 1_000)],
        vec![paid(1, Some(1)), refund(1, 0, 1_000)],
        vec![paid(1, Some(1)), picture(1, 50, 4_995, true, true, Some(1))],
        vec![paid(1, Some(1)), paid(1, Some(1))],
        // An order that turns out to be somebody else's, known or new.
        vec![paid(1, Some(1)), paid(2, Some(2)), picture(1, 30, 4_995, true, false, Some(2))],
        vec![paid(1, Some(1)), paid(2, Some(1)), picture(1, 30, 4_995, true, false, Some(2))],
        // A customer's record, new and known; what can't be read; what is for later.
        vec![record(1)],
        vec![paid(1, Some(1)), record(1)],
        vec![garbage(1)],
        vec![redact()],
        // At the till: of nobody, of somebody, claimed late; its refund; called off.
        vec![till(1_001, None)],
        vec![till(1_001, Some(101))],
        vec![till(1_001, None), payment(1_001, 20, 4_995, Pay::Completed, Some(101))],
        vec![till(1_001, Some(101)), till_refund(1_001, 0, 1_000)],
        vec![payment(1_001, 1, 4_995, Pay::Approved, None), canceled(1_001)],
        // What a look-up finds, and a customer's record.
        vec![till(1_001, Some(101)), lines(1_001, 4_995, 3_000)],
        vec![till_record(101)],
        // From the bus; by a guest, whose record then is confirmed, as an order or itself.
        vec![Event { door: Door::Bus, ..paid(1, Some(1)) }],
        vec![as_guest(&paid(1, Some(1)))],
        vec![as_guest(&paid(1, Some(1))), consent(1), record(1)],
        vec![as_guest(&paid(1, Some(1))), consent(1), paid(2, Some(1))],
        // Two who are one: known and new, at their source and by hand; and taken apart.
        vec![paid(1, Some(1)), paid(2, Some(2)), merged_at_shopify(1, 2)],
        vec![merged_at_square(101, 102)],
        vec![paid(1, Some(1)), till(1_002, Some(101)), one_by_hand()],
        vec![
            paid(1, Some(1)),
            till(1_002, Some(101)),
            one_by_hand(),
            payment(1_003, 10, 2_000, Pay::Completed, Some(101)),
            by_hand(Meaning::Undone { gone: 101 }),
        ],
        // One sale that two sources tell.
        vec![paid(1, Some(1)), till_record(101), one_by_hand(), till(1_002, Some(101))],
        // What is planned, and sent: what she has a right to know, and marketing.
        vec![paid(1, Some(1)), mail::chore(STREAM)],
        vec![paid(1, Some(1)), mail::chore(STREAM), mail::chore(Chore::Drain)],
        vec![paid(1, Some(1)), says(Word::Yes), mail::chore(STREAM), mail::chore(Chore::Drain)],
        // A claim that ended, and what SES says of a mail.
        vec![paid(1, Some(1)), mail::chore(STREAM), mail::chore(Chore::Drain), feedback()],
        // A no, and an end of all mail, while something waits.
        vec![paid(1, Some(1)), says(Word::Yes), mail::chore(STREAM), says(Word::No)],
        vec![paid(1, Some(1)), says(Word::Yes), mail::chore(STREAM), says(Word::NoAtShopify)],
        vec![paid(1, Some(1)), mail::chore(STREAM), mail::chore(Chore::Live(false))],
        // A night with a birthday, with who stayed away, and with a refund that takes a tier.
        vec![paid(1, Some(1)), birthday(), mail::chore(MAIL_NIGHT)],
        vec![paid(1, Some(1)), says(Word::Yes), weeks(), mail::chore(MAIL_NIGHT)],
        vec![
            picture(1, 10, 60_000, true, false, Some(1)),
            refund(1, 0, 50_000),
            weeks(),
            mail::chore(POINTS_NIGHT),
        ],
    ]
}

const MAIL_NIGHT: Chore = Chore::Night(Nightly::Mail);
const POINTS_NIGHT: Chore = Chore::Night(Nightly::Points);

/// The first person's birthday is the day the history begins.
fn birthday() -> Event {
    mail::chore(Chore::Born { person: 1, day: "11-20" })
}

/// Weeks pass.
fn weeks() -> Event {
    mail::chore(Chore::HoursPass)
}

const STREAM: Chore = Chore::Stream(Batch::Whole);

/// The first person says something, a no after a yes.
fn says(word: Word) -> Event {
    let at = if word == Word::Yes { 0 } else { 1 };
    mail::chore(Chore::Says { person: 1, word, at })
}

fn feedback() -> Event {
    mail::chore(Chore::Feedback(1))
}

/// A payment at the till.
fn till(order: u64, buyer: Option<u64>) -> Event {
    payment(order, 10, 4_995, Pay::Completed, buyer)
}

fn canceled(order: u64) -> Event {
    payment(order, 10, 4_995, Pay::Canceled, Some(101))
}

/// The first record of each source is one person.
fn one_by_hand() -> Event {
    by_hand(Meaning::Merged { kept: 1, gone: 101 })
}

/// Plays all of it, until something breaks.
pub(super) async fn run(options: &Options, report: &mut Report) -> Result<(), String> {
    let mut worlds = Worlds { world: World::new().await?, played: 0, seed: 1 << 40 };
    for events in scenarios() {
        let calls = worlds.calls(&events, report).await?;
        for plan in singles(&calls, &options.faults) {
            worlds.play(&events, plan, report).await?;
        }
        if options.pairs {
            let calls = u32::try_from(calls.len()).unwrap_or(u32::MAX);
            for plan in pairs(calls, &options.faults) {
                worlds.play(&events, plan, report).await?;
            }
        }
    }
    for order in permutations(6) {
        let six = six_events();
        let events: Vec<Event> = order.iter().filter_map(|one| six.get(*one).cloned()).collect();
        // Each is told a second time, in the opposite order.
        let twice = events.iter().chain(events.iter().rev()).cloned().collect::<Vec<_>>();
        worlds.play(&twice, Plan::new(), report).await?;
    }
    Ok(())
}

type Plan = BTreeMap<(u32, u32), (Fault, u32)>;

/// Databases that get replaced before their streams grow long.
struct Worlds {
    world: World,
    played: u64,
    seed: u64,
}

impl Worlds {
    /// The operations that the last event's handler asks for when nothing goes wrong.
    async fn calls(
        &mut self,
        events: &[Event],
        report: &mut Report,
    ) -> Result<Vec<String>, String> {
        let made = self.play(events, Plan::new(), report).await?;
        let last = u32::try_from(events.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let calls = made.into_iter().filter(|made| made.place.delivery == last);
        Ok(calls.map(|made| made.operation).collect())
    }

    /// Plays the events one after the other; the last one's calls meet the plan's faults,
    /// by attempt and call.
    async fn play(
        &mut self,
        events: &[Event],
        plan: Plan,
        report: &mut Report,
    ) -> Result<Vec<Made>, String> {
        if report.failure.is_some() {
            return Ok(Vec::new());
        }
        self.played = self.played.saturating_add(1);
        self.seed = self.seed.saturating_add(1);
        if self.played.is_multiple_of(HISTORIES_PER_WORLD) {
            self.world.check_shops().await?;
            self.world = World::new().await?;
        }
        let history = History::in_turn(self.seed, events.to_vec());
        let delivery = u32::try_from(events.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let at = |((attempt, call), fault)| (Place { delivery, attempt, call }, fault);
        let faults = Faults::Listed(plan.into_iter().map(at).collect());
        let played = play(&self.world, &history, &faults).await?;
        let made = played.made.clone();
        report.take(played, &history, &faults).await?;
        Ok(made)
    }
}

/// Each fault in each of its kinds at each call of the first attempt.
fn singles(calls: &[String], faults: &[Fault]) -> Vec<Plan> {
    let mut plans = Vec::new();
    for (operation, call) in calls.iter().zip(0..) {
        for fault in faults.iter().filter(|fault| fault.befalls(operation)) {
            for variant in 0..variants(*fault) {
                plans.push(Plan::from([((0, call), (*fault, variant))]));
            }
        }
    }
    plans
}

/// Every two faults at two calls: both in the first attempt, whose retries make it
/// longer, or one in it and one in the second.
fn pairs(calls: u32, faults: &[Fault]) -> Vec<Plan> {
    let first: Vec<(u32, u32)> = (0..calls.saturating_add(3)).map(|call| (0, call)).collect();
    let second = (0..calls).map(|call| (1, call));
    let places: Vec<(u32, u32)> = first.iter().copied().chain(second).collect();
    let mut plans = Vec::new();
    for (index, one) in places.iter().enumerate() {
        for other in places.iter().skip(index.saturating_add(1)) {
            for a in faults {
                for b in faults {
                    plans.push(Plan::from([(*one, (*a, 1)), (*other, (*b, 1))]));
                }
            }
        }
    }
    plans
}

/// Six events of one order that all change what it is worth.
fn six_events() -> [Event; 6] {
    [
        picture(1, 1, 9_000, false, false, None),
        picture(1, 10, 9_000, true, false, Some(1)),
        picture(1, 20, 8_000, true, false, Some(2)),
        refund(1, 0, 1_500),
        refund(1, 1, 2_500),
        picture(1, 50, 8_000, true, true, None),
    ]
}

/// Every order of the numbers below `n`.
fn permutations(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for shorter in permutations(n.saturating_sub(1)) {
        for place in 0..n {
            let mut longer = shorter.clone();
            longer.insert(place.min(longer.len()), n.saturating_sub(1));
            all.push(longer);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{permutations, scenarios};
    use crate::simulate::history::History;
    use crate::simulate::play;
    use crate::simulate::play::{Faults, World};

    #[tokio::test(start_paused = true)]
    async fn every_scenario_keeps_its_promises_where_nothing_goes_wrong() {
        let world = World::new().await.unwrap();
        for (seed, events) in (1..).zip(scenarios()) {
            let history = History::in_turn(seed, events);
            let played = play(&world, &history, &Faults::Seeded(Vec::new())).await.unwrap();
            assert_eq!(played.violation, None, "scenario {seed}: {:#?}", played.trace);
            assert!(!played.made.is_empty());
        }
    }

    #[test]
    fn six_events_have_720_orders() {
        let mut all = permutations(6);
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 720);
    }
}
