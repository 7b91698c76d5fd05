//! What the nights decide about people, what of it reaches them, and who comes back by it.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use loyalty::ids::{CustomerId, Source};
use loyalty::mail::Kind;
use loyalty::trial::{Key, Trial};
use platform::Store;
use platform::identity::Identities;
use platform::store::{Decided, DecidedOn, StoreError};
use testkit::ses::Mail;

use super::behaviour::Absence;
use super::people::Person;
use super::{Play, Year, orders};

/// The test of win-back that runs all year.
const TEST: &str = "win-back-all-year";

/// Decisions in one read.
const PAGE: u16 = 100;

/// A letter that hasn't gone by then isn't waited for any more: it would find her another day.
const LETTER_WAITS: SignedDuration = SignedDuration::from_hours(14 * 24);

/// She is back within so long, or she isn't in time.
const IN_TIME: SignedDuration = SignedDuration::from_hours(29 * 24);

/// How often something was decided, by kind and outcome.
pub(super) type Decisions = BTreeMap<String, BTreeMap<&'static str, u64>>;

/// People, as the nights find them.
pub(super) struct Lives {
    identities: Identities,
    /// By their addresses.
    people: BTreeMap<String, usize>,
    /// Absences that a night has missed somebody in, by person and number.
    missed: BTreeSet<(usize, u64)>,
    /// First letters that are to go.
    letters: Vec<Letter>,
    /// What nights decided: how often, by kind and outcome.
    pub(super) decisions: Decisions,
    /// Everybody who was drawn for the test, each time.
    pub(super) tested: Vec<Tested>,
}

/// Somebody for whom the test's draw decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tested {
    pub(super) customer: CustomerId,
    /// The night.
    pub(super) night: Date,
    /// Whether she was held out.
    pub(super) held: bool,
    /// Whether a letter reached her.
    pub(super) written_to: bool,
    /// What a letter adds to her chance to come back, in ten thousandths: nothing for who
    /// isn't gone, but only thought to be.
    pub(super) effect: i64,
}

/// A first letter that is to go to somebody.
struct Letter {
    person: usize,
    /// Her place among the tested.
    tested: usize,
    night: Timestamp,
    /// The absence that it may end.
    absence: Option<Absence>,
}

/// Somebody comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Comeback {
    pub(super) person: usize,
    pub(super) at: Timestamp,
}

/// The test of win-back that runs while the year does: half and half.
pub(super) fn trial(year: &Year) -> Trial {
    let mut rng = Rng::with_seed(year.seed.rotate_left(7));
    let key = Key(std::array::from_fn(|_| rng.u8(..)));
    let (id, kind, share_held) = (TEST.to_owned(), Kind::WinBack, 50);
    Trial { id, kind, share_held, key, starts: year.first_day, ends: year.last_day }
}

impl Lives {
    /// Nobody has been missed yet.
    pub(super) fn new(play: &Play, identities: Identities) -> Self {
        let address = |(index, person): (usize, &Person)| {
            person.email.as_ref().map(|email| (email.to_lowercase(), index))
        };
        Self {
            identities,
            people: play.people.iter().enumerate().filter_map(address).collect(),
            missed: BTreeSet::new(),
            letters: Vec::new(),
            decisions: Decisions::new(),
            tested: Vec::new(),
        }
    }

    /// Takes in what a night decided, and says who comes back whatever becomes of her letter.
    pub(super) async fn night(
        &mut self,
        play: &Play,
        store: &Store,
        (night, at): (Date, Timestamp),
    ) -> Result<Vec<Comeback>, StoreError> {
        let (mut back, mut after) = (Vec::new(), None);
        loop {
            let (decided, next) =
                store.decisions_of(&play.shop, (night, false), None, after.as_ref(), PAGE).await?;
            for one in decided {
                let of_kind = self.decisions.entry(one.decision.kind.as_str().to_owned());
                let count = of_kind.or_default().entry(word(one.decision.outcome)).or_default();
                *count = count.saturating_add(1);
                back.extend(self.decided(play, store, &one, at).await?);
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(back),
            }
        }
    }

    async fn decided(
        &mut self,
        play: &Play,
        store: &Store,
        one: &DecidedOn,
        at: Timestamp,
    ) -> Result<Option<Comeback>, StoreError> {
        let DecidedOn { customer, decision } = one;
        // The second letter of an absence changes nothing any more.
        if decision.kind != Kind::WinBack || !decision.trigger.ends_with(" 1") {
            return Ok(None);
        }
        let Some(person) = self.whose(play, store, customer).await? else { return Ok(None) };
        let Some(who) = play.people.get(person) else { return Ok(None) };
        let is_gone = who.silent_from.is_some_and(|from| from <= at)
            && self.missed.insert((person, who.absences));
        let absence = is_gone.then(|| Absence::drawn(play.year.seed, person, who.absences));
        let (tested, effect) = (self.tested.len(), absence.map_or(0, |absence| absence.effect()));
        if matches!(decision.outcome, Decided::Planned | Decided::HeldOut) {
            let (night, held) = (decision.date, decision.outcome == Decided::HeldOut);
            let (customer, written_to) = (customer.clone(), false);
            self.tested.push(Tested { customer, night, held, written_to, effect });
        }
        let mut waits = false;
        if decision.outcome == Decided::Planned {
            waits = absence.is_some_and(|absence| absence.asked().is_some());
            self.letters.push(Letter { person, tested, night: at, absence });
        }
        let unasked = absence.filter(|_| !waits).and_then(|absence| absence.unasked());
        Ok(unasked.and_then(|days| comeback(play, person, at, days)))
    }

    /// Whom a customer is: `None` for the till's record of somebody who has an account, for
    /// that one alone stands for her coming and going.
    async fn whose(
        &self,
        play: &Play,
        store: &Store,
        customer: &CustomerId,
    ) -> Result<Option<usize>, StoreError> {
        let contact = store.contact(&play.shop, customer).await?;
        let email = contact.and_then(|contact| contact.email);
        let person = email.and_then(|email| self.people.get(&email.to_lowercase()).copied());
        let Some(who) = person.and_then(|person| play.people.get(person)) else { return Ok(None) };
        let Some(account) = &who.account else { return Ok(person) };
        let identity = self.identities.customer(Source::Shopify, &account.id.to_string());
        let Some(at_shopify) = store.find_customer(&play.shop, &identity).await? else {
            return Ok(person);
        };
        let known = store.customer(&play.shop, &at_shopify).await?;
        Ok(person.filter(|_| known.is_some_and(|known| known.id == *customer)))
    }

    /// Looks whether letters that are to go are in the mailboxes, and says who comes back by
    /// them, or though none came.
    pub(super) fn post(&mut self, play: &Play, mails: &[Mail], now: Timestamp) -> Vec<Comeback> {
        let mut back = Vec::new();
        for letter in std::mem::take(&mut self.letters) {
            let Some(who) = play.people.get(letter.person) else { continue };
            let address = who.email.as_deref().unwrap_or_default();
            let arrived = mails.iter().rev().take_while(|mail| mail.at >= letter.night);
            let mut hers = arrived.filter(|mail| mail.kind() == Some(Kind::WinBack.as_str()));
            let waits_for = |absence: &Absence| absence.asked().is_some();
            let absence = letter.absence.filter(waits_for);
            if let Some(mail) = hers.find(|mail| mail.is_to(address)) {
                if let Some(tested) = self.tested.get_mut(letter.tested) {
                    tested.written_to = true;
                }
                let days = absence.and_then(|absence| absence.asked());
                let last = letter.night.checked_add(IN_TIME).unwrap_or(Timestamp::MAX);
                let follows = days.and_then(|days| comeback(play, letter.person, mail.at, days));
                back.extend(follows.map(|one| Comeback { at: one.at.min(last), ..one }));
            } else if now.duration_since(letter.night) < LETTER_WAITS {
                self.letters.push(letter);
            } else {
                let days = absence.and_then(|absence| absence.unasked());
                back.extend(
                    days.and_then(|days| comeback(play, letter.person, letter.night, days)),
                );
            }
        }
        back
    }

    /// Whether a letter is looked for in the mailboxes.
    pub(super) fn awaits_mail(&self) -> bool {
        !self.letters.is_empty()
    }
}

/// Somebody comes so many days after a moment, about her hour, if the year isn't over by then.
fn comeback(play: &Play, person: usize, after: Timestamp, days: i64) -> Option<Comeback> {
    let who = play.people.get(person)?;
    let days = SignedDuration::from_hours(days.checked_mul(24)?);
    let mut rng = Rng::with_seed(play.year.seed ^ who.visits.rotate_left(24));
    let at = after.checked_add(days).ok()?;
    let at = orders::within_hours(&play.year, at, who.hour, &mut rng);
    (at < play.year.end).then_some(Comeback { person, at })
}

fn word(outcome: Decided) -> &'static str {
    match outcome {
        Decided::Skipped => "skipped",
        Decided::Planned => "planned",
        Decided::HeldOut => "held out",
        Decided::Awaiting => "awaiting approval",
        Decided::Refused => "refused",
        Decided::Lapsed => "lapsed",
    }
}
