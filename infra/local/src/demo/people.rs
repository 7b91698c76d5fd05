//! The people of the demo, each with an own rhythm.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use super::Year;
use super::bakery::{AREA_CODES, FIRST_NAMES, LAST_NAMES, SHELF};
use super::till::TillRecords;
use super::{behaviour, orders};
use crate::shopify::{Buyer, Customer, Order, Product};
use crate::square::Payment;

/// Numbers per area code that nobody has: 555-0100 to 555-0199.
const NUMBERS: u32 = 100;

/// How a person is known to the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// By a Shopify account.
    Account,
    /// By a Shopify account, and by a record at the till with the same address. Nobody
    /// confirmed it there, so the two are two customers until somebody merges them.
    Both,
    /// By a record at the till.
    Till,
    /// First by a record at the till, then by a Shopify account too, where she confirmed
    /// the same address: one customer, whose sales come from both.
    TillThenAccount,
    /// By an address only, as a guest of the web shop.
    Email,
    /// By a number only, as a guest of the web shop.
    Phone,
    /// First as a guest, then by an account with the same address.
    GuestThenAccount,
    /// Not at all: pays at the till and goes.
    WalkIn,
}

/// Where somebody buys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    WebShop,
    Till,
}

impl Known {
    /// Where she buys this time; the web shop knows her already, or not yet.
    fn comes_by(self, has_account: bool, rng: &mut Rng) -> Place {
        match self {
            Self::Till | Self::WalkIn => Place::Till,
            Self::TillThenAccount if !has_account => Place::Till,
            Self::Both | Self::TillThenAccount if rng.u32(0..100) < 60 => Place::Till,
            _ => Place::WebShop,
        }
    }

    fn has_account(self) -> bool {
        !matches!(self, Self::Till | Self::Email | Self::Phone | Self::WalkIn)
    }

    fn has_record(self) -> bool {
        matches!(self, Self::Both | Self::Till | Self::TillThenAccount)
    }
}

/// A person, and all she ever buys.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) known: Known,
    /// Her record at Shopify, and when she made it.
    pub(crate) account: Option<Customer>,
    /// What she says about marketing mail as she makes it.
    pub(crate) consents: Option<bool>,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    /// What Square keeps of her.
    pub(crate) till: TillRecords,
    /// What she mostly takes.
    pub(crate) favourites: Vec<&'static Product>,
    /// The usual time between two visits.
    pub(crate) gap: SignedDuration,
    pub(crate) first_visit: Timestamp,
    pub(crate) last_visit: Timestamp,
    /// When she falls silent next: she comes no more from then on, unless something
    /// [brings her back](Person::comes_back).
    pub(crate) silent_from: Option<Timestamp>,
    /// Absences that have ended.
    pub(crate) absences: u64,
    /// Visits so far.
    pub(crate) visits: u64,
    /// The hour she comes at.
    pub(crate) hour: i8,
    /// Her orders at Shopify, those that only mirror a sale at the till too.
    pub(crate) orders: Vec<Order>,
    /// Her payments at Square.
    pub(crate) payments: Vec<Payment>,
}

impl Person {
    /// Where she buys at `at`.
    pub(super) fn comes_by(&self, at: Timestamp, rng: &mut Rng) -> Place {
        let account = self.account.as_ref().filter(|account| account.created_at <= at);
        self.known.comes_by(account.is_some(), rng)
    }

    /// Who stands on an order of the web shop that she makes at `at`.
    pub(crate) fn buyer(&self, at: Timestamp) -> Buyer {
        let account = self.account.clone().filter(|account| account.created_at <= at);
        let guest = account.is_none();
        Buyer {
            email: self.email.clone(),
            phone: self.phone.clone().filter(|_| guest),
            customer: account,
        }
    }

    /// Has her come back from an absence at `at`, and go on as before until she falls silent
    /// again. Says at which places among her orders and her payments the new ones begin.
    pub(super) fn comes_back(&mut self, year: &Year, index: u32, at: Timestamp) -> (usize, usize) {
        let before = (self.orders.len(), self.payments.len());
        self.absences = self.absences.saturating_add(1);
        let stays = behaviour::stays(year.seed, place(index), self.absences, self.gap);
        let silent_from = stays.and_then(|stays| at.checked_add(stays).ok());
        self.silent_from = silent_from.filter(|silent| *silent < self.last_visit);
        let until = self.silent_from.unwrap_or(self.last_visit);
        let mut rng = Rng::with_seed(year.seed.rotate_left(13) ^ self.visits ^ u64::from(index));
        let bought = orders::after_an_absence(year, self, index, (at, until), &mut rng);
        self.orders.extend(bought.orders);
        self.payments.extend(bought.payments);
        self.visits = self.visits.saturating_add(bought.visits);
        before
    }

    /// How many customers she is in the end: one for each source that knows her. That the
    /// till has the same address proves nothing.
    pub(crate) fn customers(&self) -> usize {
        let web = self.account.is_some()
            || self
                .orders
                .iter()
                .any(|order| order.buyer.email.is_some() || order.buyer.phone.is_some());
        usize::from(web).saturating_add(self.till.left())
    }
}

/// Everybody, with what they buy in the year.
pub(super) fn everybody(year: &Year) -> Vec<Person> {
    let mut root = Rng::with_seed(year.seed);
    let mut people: Vec<Person> = (0..=year.customers)
        .map(|index| {
            let mut rng = Rng::with_seed(root.u64(..));
            // The last one stands for all who just walk in.
            let walk_in = index == year.customers;
            let person = person(year, index, walk_in, &mut rng);
            let until = person.silent_from.unwrap_or(person.last_visit);
            let stay = (person.first_visit, until);
            let orders::Bought { orders, payments, visits } =
                orders::of(year, &person, index, stay, &mut rng);
            Person { orders, payments, visits, ..person }
        })
        .collect();
    orders::pay_one_abroad(&mut people);
    people
}

fn person(year: &Year, index: u32, walk_in: bool, rng: &mut Rng) -> Person {
    let known = match rng.u32(0..100) {
        _ if walk_in => Known::WalkIn,
        0..25 => Known::Account,
        25..38 => Known::Both,
        38..46 => Known::TillThenAccount,
        46..83 => Known::Till,
        83..87 if phone(index).is_some() => Known::Phone,
        83..93 => Known::Email,
        _ => Known::GuestThenAccount,
    };
    let gap = if walk_in { SignedDuration::from_hours(40) } else { gap(rng) };
    let hour = rng.i8(7..17);
    let (first_visit, last_visit) =
        if walk_in { (year.start, year.end) } else { stay(year, gap, rng) };
    let first_visit = orders::within_hours(year, first_visit, hour, rng);
    // Who can't be written to is nobody whose absence a letter could end.
    let stays = if matches!(known, Known::Phone | Known::WalkIn) {
        None
    } else {
        behaviour::stays(year.seed, place(index), 0, gap)
    };
    let silent_from = stays.and_then(|stays| first_visit.checked_add(stays).ok());
    // Who falls silent doesn't move away besides.
    let last_visit = if silent_from.is_some() { year.end } else { last_visit };
    let arrives = first_visit.checked_sub(SignedDuration::from_mins(3)).unwrap_or(first_visit);
    let registers = match known {
        Known::GuestThenAccount | Known::TillThenAccount => between(first_visit, last_visit, rng),
        _ => arrives,
    };
    let first_name = pick(&FIRST_NAMES, rng).unwrap_or_default();
    let last_name = pick(&LAST_NAMES, rng).unwrap_or_default();
    let address = format!("{first_name}.{last_name}.{index}@example.com").to_lowercase();
    let email = Some(address).filter(|_| !matches!(known, Known::Phone | Known::WalkIn));
    let has_phone = match known {
        Known::Phone => true,
        Known::Till => rng.u32(0..100) < 70,
        Known::Account | Known::Both | Known::TillThenAccount | Known::GuestThenAccount => {
            rng.u32(0..100) < 40
        }
        Known::Email | Known::WalkIn => false,
    };
    let phone = phone(index).filter(|_| has_phone);
    let account = Customer {
        id: 7_205_900_100_000_u64.saturating_add(u64::from(index).saturating_mul(1_000)),
        first_name,
        last_name,
        email: email.clone(),
        phone: phone.clone(),
        created_at: registers,
        updated_at: registers,
    };
    let till = match known.has_record() {
        // A minute later: by then an account that she makes first has her address.
        true => TillRecords::kept(year, &account, u64::from(index), (arrives, last_visit), rng),
        false => TillRecords::default(),
    };
    let has_account = known.has_account();
    Person {
        known,
        account: Some(account).filter(|_| has_account),
        consents: Some(rng.u32(0..100) < 80).filter(|_| has_account && rng.u32(0..100) < 85),
        email,
        phone,
        till,
        favourites: (0..5).filter_map(|_| pick_ref(&SHELF, rng)).collect(),
        gap,
        first_visit,
        last_visit,
        silent_from: silent_from.filter(|silent| *silent < last_visit),
        absences: 0,
        visits: 0,
        hour,
        orders: Vec::new(),
        payments: Vec::new(),
    }
}

/// Two in three know the shop from before the year, and most stay with it.
fn stay(year: &Year, gap: SignedDuration, rng: &mut Rng) -> (Timestamp, Timestamp) {
    let soon = year.start.checked_add(gap).map_or(year.end, |soon| soon.min(year.end));
    let first = match rng.u32(0..100) {
        0..74 => between(year.start, soon, rng),
        _ => between(year.start, year.end, rng),
    };
    let last = match rng.u32(0..100) {
        0..88 => year.end,
        _ => between(first, year.end, rng),
    };
    (first, last)
}

/// From the neighbour who comes every other day to the friend from out of town.
fn gap(rng: &mut Rng) -> SignedDuration {
    let hours = match rng.u32(0..100) {
        0..25 => rng.i64(44..84),
        25..58 => rng.i64(110..190),
        58..84 => rng.i64(210..390),
        84..95 => rng.i64(600..1_000),
        _ => rng.i64(1_400..2_900),
    };
    SignedDuration::from_hours(hours)
}

/// A number of her own; there are no more than so many that nobody has.
fn phone(index: u32) -> Option<String> {
    let area = AREA_CODES.get(usize::try_from(index / NUMBERS).ok()?)?;
    Some(format!("+1{area}5550{}", NUMBERS.saturating_add(index % NUMBERS)))
}

/// Where a person stands among all.
fn place(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

/// A moment between two.
pub(super) fn between(from: Timestamp, to: Timestamp, rng: &mut Rng) -> Timestamp {
    let seconds = to.duration_since(from).as_secs().max(1);
    from.checked_add(SignedDuration::from_secs(rng.i64(0..seconds))).unwrap_or(to)
}

/// One of them.
pub(super) fn pick<T: Copy>(from: &[T], rng: &mut Rng) -> Option<T> {
    from.get(rng.usize(0..from.len().max(1))).copied()
}

/// A reference to one of them.
pub(super) fn pick_ref<T>(from: &'static [T], rng: &mut Rng) -> Option<&'static T> {
    from.get(rng.usize(0..from.len().max(1)))
}
