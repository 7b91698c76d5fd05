//! Looks at one person.

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Found, Gift, Look, Person, Shop, absence, asking, days, notices};
use crate::account::{Letters, Place, earliest};
use crate::ledger::Occasion;
use crate::mail::Reason;

/// More rounds than there are rules, each of which finds one thing in a night.
const ROUNDS: usize = 100;

/// The next thing that a rule brings, now or later.
#[derive(Debug)]
pub(super) struct Coming {
    /// Its day.
    pub(super) day: Date,
    /// What there is to tell of it.
    pub(super) found: Option<Found>,
    /// What is to be issued.
    pub(super) gift: Option<Gift>,
}

impl Coming {
    pub(super) fn found(found: Found) -> Self {
        Self { day: found.day, found: Some(found), gift: None }
    }
}

/// So many days after a day, or before it.
pub(crate) fn after(day: Date, days: i32) -> Option<Date> {
    day.checked_add(days.days()).ok()
}

/// What time has brought her by the night that begins the local day `night`, and when to
/// look next. Looking only on the nights that are [due](Look::due) finds what looking every
/// night would, for facts and rules that stay as they are; a purchase moves the day by
/// [`Account::earliest_mail`](crate::account::Account::earliest_mail).
///
/// What was found before, and [noted](Letters::note), isn't found again.
pub fn look(person: &Person<'_>, shop: &Shop<'_>, night: Date) -> Look {
    let account = person.account;
    let mut look = Look::default();
    if !account.is_member() || account.merged.is_some() {
        return look;
    }
    let mut letters = account.letters.clone();
    // What comes after a thing that was found shows once that is noted.
    for _ in 0..ROUNDS {
        let (now, later): (Vec<Coming>, Vec<Coming>) =
            coming(person, shop, &letters, night).into_iter().partition(|one| one.day <= night);
        look.due = earliest(later.into_iter().map(|one| Some(one.day)));
        if now.is_empty() {
            break;
        }
        for one in now {
            if let Some(gift) = one.gift {
                letters.give(&gift);
                look.gifts.push(gift);
            }
            if let Some(found) = one.found {
                letters.note(&found, night);
                look.found.push(found);
            }
        }
    }
    look.found.sort_by_key(|found| found.reason.kind().rank());
    if !look.gifts.is_empty() {
        let told = gifts_told(person, shop, &letters, night, &look.gifts);
        look.due = earliest([look.due, told]);
    }
    look
}

/// What every rule would bring her next, each with its day, past or to come, and what that
/// rests on: why a letter didn't go yet, and when it would. A rule that has nothing more for
/// her, as things stand, isn't there.
pub fn outlook(person: &Person<'_>, shop: &Shop<'_>, night: Date) -> Vec<Found> {
    let account = person.account;
    if !account.is_member() || account.merged.is_some() {
        return Vec::new();
    }
    let coming = coming(person, shop, &account.letters, night);
    let mut next: Vec<Found> = coming.into_iter().filter_map(|one| one.found).collect();
    next.sort_by_key(|found| (found.day, found.reason.kind().rank()));
    next
}

/// When the first notice of points comes about once these gifts are in their lot: points
/// that are given may expire too.
fn gifts_told(
    person: &Person<'_>,
    shop: &Shop<'_>,
    letters: &Letters,
    night: Date,
    gifts: &[Gift],
) -> Option<Date> {
    let mut account = person.account.clone();
    let place = Place { lot: shop.program.lot_of(night).into(), matures: None };
    for gift in gifts {
        // A wallet that overflows is for the transaction that issues the gift to refuse.
        account.wallet.credit(place, gift.points).ok()?;
    }
    let later = Person { account: &account, ..*person };
    let days = notices::expiring(&later, shop, letters, night).into_iter().map(|one| one.day);
    days.min().map(|day| night.tomorrow().map_or(day, |next| day.max(next)))
}

/// The next thing of every rule.
fn coming(person: &Person<'_>, shop: &Shop<'_>, letters: &Letters, night: Date) -> Vec<Coming> {
    let single = [
        days::birthday(person, shop, letters, night),
        days::anniversary(person, shop, letters, night),
        notices::tier_ending(person, shop, letters, night),
        notices::tier_at_risk(person, shop, letters, night),
        asking::survey(shop, letters),
        absence::win_back(person, shop, letters, night),
    ];
    let mut coming = notices::expiring(person, shop, letters, night);
    coming.extend(single.into_iter().flatten());
    coming
}

impl Letters {
    /// Marks something found, whatever becomes of it: so the same is never found again. What
    /// was left out isn't made up for, and a letter that was held out by a test counts as one.
    pub fn note(&mut self, found: &Found, night: Date) {
        match &found.reason {
            Reason::Birthday { year } => self.birthday = Some(*year),
            Reason::Anniversary { years } => self.anniversary = Some(*years),
            Reason::WinBack { .. } => {
                self.win_backs.push(night);
                let old = self.win_backs.len().saturating_sub(2);
                self.win_backs.drain(..old);
            }
            Reason::Survey { order, .. } => {
                self.survey = Some(night);
                self.never_ask_about(order);
            }
            Reason::TierAtRisk { on, .. } => self.tier_at_risk = Some(*on),
            Reason::TierEnding { on, notice, .. } => self.tier_ending = Some((*on, *notice)),
            Reason::PointsExpiring { on, notice } => {
                self.expiring.retain(|(day, _)| *day >= night && day != on);
                self.expiring.push((*on, *notice));
                self.expiring.sort_unstable();
            }
        }
    }

    /// Marks a gift as given.
    pub fn give(&mut self, gift: &Gift) {
        match gift.occasion {
            Occasion::Birthday => self.birthday = Some(gift.mark),
            Occasion::Anniversary => self.anniversary = Some(gift.mark),
            // No night brings that one.
            Occasion::Opening => {}
        }
    }
}
