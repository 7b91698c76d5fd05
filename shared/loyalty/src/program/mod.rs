//! What the owner promised: the rules of one shop, versioned and validated.
//!
//! A program is written as TOML. [`Program::parse`] reads and checks it as a whole and
//! names every key that is wrong and what is allowed there; nothing downstream checks
//! again. A saved version never changes: an order keeps the version that was in force
//! when it was first paid.

mod cash;
mod check;
mod file;
mod hours;
mod mail;
mod preset;
mod survey;
mod versions;

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

pub use self::check::{Problem, ProgramError};
pub use self::hours::{OpeningHours, Shift};
pub use self::mail::{
    DayRules, LetterRules, MailRules, Rhythm, Sending, TemplateOverride, WinBackRules,
};
pub use self::preset::{ConsentGrade, ExpiryLimit, Preset};
pub use self::survey::SurveyRules;
pub use self::versions::{ProgramVersion, Programs, starts};
use crate::Points;
use crate::ids::{ShopId, SourceId, TierId};
use crate::money::CurrencyCode;
use crate::month::Month;

/// The sample program, `corner-bakery`: the default program of the rules.
pub const CORNER_BAKERY: &str = include_str!("../../programs/corner-bakery.toml");

/// A validated program.
#[derive(Debug, Clone, PartialEq)]
pub struct Program {
    /// The shop it is for, with what its settings start from.
    pub shop: Shop,
    /// The program's name, as customers see it.
    pub name: String,
    /// First local day it is in force; `None` leaves it to when it is applied.
    pub effective_from: Option<Date>,
    /// Who takes part.
    pub membership: Membership,
    /// Days after payment within which a person who joins still gets an order's points.
    pub claim_days: u16,
    /// Days from payment until an order's points can be spent.
    pub pending_days: u16,
    /// What of an order counts.
    pub base: Base,
    /// Ways to earn, in file order; at least one.
    pub earn: Vec<Earn>,
    /// Campaigns; per line the best single factor applies, the tier's included.
    pub multipliers: Vec<Multiplier>,
    /// Named groups of products.
    pub categories: Vec<Category>,
    /// How a target becomes whole.
    pub rounding: Rounding,
    /// When points expire.
    pub expiry: Expiry,
    /// What a tier is measured by and for how long it is held.
    pub tier_rules: TierRules,
    /// Tiers from the lowest, whose threshold is 0; at least one.
    pub tiers: Vec<Tier>,
    /// What points buy.
    pub rewards: Vec<Reward>,
    /// What mail it asks for.
    pub mail: MailRules,
    /// What it asks customers about their orders.
    pub survey: SurveyRules,
}

/// The shop as the program file introduces it. Settings may change later without a new
/// program version.
#[derive(Debug, Clone, PartialEq)]
pub struct Shop {
    /// Its id.
    pub id: ShopId,
    /// Its name, as customers know it.
    pub name: String,
    /// What its country's law and habits ask.
    pub preset: Preset,
    /// The only currency that earns.
    pub currency: CurrencyCode,
    /// Where its days begin and end.
    pub zone: TimeZone,
    /// ISO 3166 country of its phone numbers, two letters.
    pub country: String,
    /// When it is open; `None`: nobody said, and so no silence of it means anything.
    pub hours: Option<OpeningHours>,
    /// Days it doesn't open on.
    pub closed: BTreeSet<Date>,
}

impl Shop {
    /// Whether it was open for too long since a purchase was last heard of.
    pub fn is_silent(&self, heard: Timestamp, now: Timestamp) -> bool {
        let silent = |hours: &OpeningHours| hours.is_silent(heard, now, &self.zone, &self.closed);
        self.hours.as_ref().is_some_and(silent)
    }
}

/// Who takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// Everybody known to the shop, told how to leave by the first account mail.
    Automatic,
    /// Who joined, having seen the terms.
    Join,
}

/// What of an order counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// Whether tax counts.
    pub tax: TaxRule,
    /// Whether shipping counts.
    pub shipping: bool,
    /// Whether tips count.
    pub tip: bool,
    /// Categories that never earn.
    pub exclude: Vec<String>,
    /// Channels whose orders only mirror sales made elsewhere: Shopify's `source_name`s
    /// and Square's application ids.
    pub ignore: Vec<String>,
}

/// Whether tax counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaxRule {
    /// As prices are shown: tax counts where they include it, else not.
    AsPriced,
    /// Tax always counts.
    Counts,
    /// Tax never counts.
    LeftOut,
}

/// One way to earn.
#[derive(Debug, Clone, PartialEq)]
pub struct Earn {
    /// What the points are for.
    pub per: Per,
    /// Points each time.
    pub points: Points,
    /// Whether tiers and campaigns multiply it. Default: only `per = "amount"`.
    pub multiply: bool,
}

/// What points are earned for.
#[derive(Debug, Clone, PartialEq)]
pub enum Per {
    /// Each `amount` of money kept, in minor units (`1 per 10.00` is 1000).
    Amount {
        /// Minor units of the shop's currency; above 0.
        amount: i64,
    },
    /// Each order of which at least this much is kept.
    Order {
        /// Minor units of the shop's currency; above 0.
        at_least: i64,
    },
    /// Each item kept of these products: the stamp card.
    Item {
        /// Which items.
        goods: Goods,
    },
}

/// A set of products. A line belongs to it if any of the lists names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Goods {
    /// Product ids at the source.
    pub products: Vec<SourceId>,
    /// Stock-keeping units, compared without case; a `*` at the end stands for any rest.
    pub skus: Vec<String>,
    /// Ids of categories of the same program.
    pub categories: Vec<String>,
}

/// A named group of products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// Its id within the program.
    pub id: String,
    /// Its name, as customers see it.
    pub name: String,
    /// What belongs to it; no further categories.
    pub goods: Goods,
}

/// A campaign: a factor on what matches all its conditions.
#[derive(Debug, Clone, PartialEq)]
pub struct Multiplier {
    /// Its id within the program.
    pub id: String,
    /// The factor, at least 1.
    pub factor: Decimal,
    /// Only lines of these categories; empty: every line, shipping and tip included.
    pub categories: Vec<String>,
    /// Only orders of these locations of the source; empty: anywhere.
    pub locations: Vec<SourceId>,
    /// Only orders paid on these days of the week; empty: any.
    pub weekdays: Vec<Weekday>,
    /// Only orders paid from this local time on.
    pub from: Option<Time>,
    /// Only orders paid before this local time; not above `from` means over midnight.
    pub until: Option<Time>,
    /// First local day.
    pub first_day: Option<Date>,
    /// Last local day, included.
    pub last_day: Option<Date>,
}

/// How a target becomes whole points, once per order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Down.
    Floor,
    /// To the nearest, halves up.
    HalfUp,
}

/// When points expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// Never.
    None,
    /// This many months after the last earning, redeeming or signing in.
    Inactivity {
        /// At least 12.
        months: u16,
    },
    /// At the end of the month this many months after they were earned.
    Months {
        /// At least what the preset allows.
        months: u16,
    },
}

/// What a tier is measured by and for how long it is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TierRules {
    /// The measure.
    pub qualify: Qualify,
    /// Over what time.
    pub window: Window,
    /// What a failed review does.
    pub downgrade: Downgrade,
}

/// What a tier is measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qualify {
    /// Money kept, in minor units.
    Spend,
    /// Points earned.
    Points,
    /// Orders.
    Orders,
}

/// The time a tier is measured over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The current local month and the 12 before it.
    Rolling,
    /// The current local year.
    Calendar,
    /// Ever.
    Lifetime,
}

/// What a failed tier review does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Downgrade {
    /// One tier down.
    OneDown,
    /// Down to the tier that fits.
    ToFit,
}

/// One tier.
#[derive(Debug, Clone, PartialEq)]
pub struct Tier {
    /// Its id; it may vanish from a later version only with `replaced_by`.
    pub id: TierId,
    /// Its name, as customers see it.
    pub name: String,
    /// What it takes: minor units for spend, else a count.
    pub threshold: i64,
    /// The factor on points earned, at least 1.
    pub rate: Decimal,
    /// What it brings besides, as sentences for customers.
    pub perks: Vec<String>,
    /// Ids of tiers of earlier versions that this one stands in for.
    pub replaces: Vec<TierId>,
}

/// What points buy.
#[derive(Debug, Clone, PartialEq)]
pub struct Reward {
    /// Its id within the program.
    pub id: String,
    /// Its name, as customers see it.
    pub name: String,
    /// Its price in points, above 0.
    pub points: Points,
    /// What it is.
    pub kind: RewardKind,
    /// The lowest tier that may have it.
    pub tier: Option<TierId>,
    /// How many there are; `None`: as many as wanted.
    pub stock: Option<u32>,
    /// First local day.
    pub first_day: Option<Date>,
    /// Last local day, included.
    pub last_day: Option<Date>,
}

/// What a reward is.
#[derive(Debug, Clone, PartialEq)]
pub enum RewardKind {
    /// An amount off, in minor units.
    AmountOff(i64),
    /// A percentage off, above 0 and at most 100.
    PercentOff(Decimal),
    /// A free item.
    FreeItem,
    /// Free delivery.
    FreeDelivery,
    /// A donation to a cause, named by the reward.
    Donation,
    /// Early access.
    EarlyAccess,
    /// An experience.
    Experience,
    /// Something else, told by the reward's name.
    Custom,
}

impl Program {
    /// The tier everybody starts with.
    pub fn base_tier(&self) -> Option<&Tier> {
        self.tiers.first()
    }

    /// A tier by its id, or the one that stands in for it.
    pub fn tier(&self, id: &TierId) -> Option<&Tier> {
        let by_id = self.tiers.iter().find(|tier| tier.id == *id);
        by_id.or_else(|| self.tiers.iter().find(|tier| tier.replaces.contains(id)))
    }

    /// The position of a tier from the bottom.
    pub fn rank(&self, id: &TierId) -> Option<usize> {
        let tier = self.tier(id)?;
        self.tiers.iter().position(|other| other.id == tier.id)
    }

    /// The highest tier that so much qualifies for.
    pub fn tier_for(&self, measure: i64) -> Option<&Tier> {
        self.tiers.iter().rev().find(|tier| tier.threshold <= measure)
    }

    /// The shop's local day of a moment.
    pub fn local_day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.shop.zone.clone()).date()
    }

    /// The month at whose end points earned on `day` expire; `None`: they stay, or the
    /// account's inactivity decides for all of them together.
    pub fn lot_of(&self, day: Date) -> Option<Month> {
        match self.expiry {
            Expiry::Months { months } => Some(Month::of(day).plus(i32::from(months))),
            Expiry::None | Expiry::Inactivity { .. } => None,
        }
    }

    /// Whether a category contains an item.
    pub fn category_has(&self, category: &str, item: &Item<'_>) -> bool {
        self.categories.iter().any(|known| known.id == category && known.goods.names(item))
    }

    /// Whether goods contain an item, by product, stock-keeping unit or category.
    pub fn goods_have(&self, goods: &Goods, item: &Item<'_>) -> bool {
        goods.names(item)
            || goods.categories.iter().any(|category| self.category_has(category, item))
    }

    /// Whether an item's category never earns.
    pub fn is_excluded(&self, item: &Item<'_>) -> bool {
        self.base.exclude.iter().any(|category| self.category_has(category, item))
    }
}

/// What a program can tell one item from another by.
#[derive(Debug, Clone, Copy, Default)]
pub struct Item<'a> {
    /// Product id at the source.
    pub product: Option<&'a SourceId>,
    /// Stock-keeping unit.
    pub sku: Option<&'a str>,
}

impl Goods {
    fn names(&self, item: &Item<'_>) -> bool {
        let by_product = item.product.is_some_and(|product| self.products.contains(product));
        by_product || item.sku.is_some_and(|sku| self.skus.iter().any(|own| sku_fits(own, sku)))
    }
}

fn sku_fits(pattern: &str, sku: &str) -> bool {
    let (pattern, sku) = (pattern.to_lowercase(), sku.to_lowercase());
    match pattern.strip_suffix('*') {
        Some(start) => sku.starts_with(start),
        None => pattern == sku,
    }
}

impl Multiplier {
    /// Whether it applies to an order paid at `paid` (local) at `location`.
    pub fn is_on(&self, paid: &jiff::Zoned, location: Option<&SourceId>) -> bool {
        let (day, time) = (paid.date(), paid.time());
        let in_hours = match (self.from, self.until) {
            (Some(from), Some(until)) if from < until => from <= time && time < until,
            (Some(from), Some(until)) => from <= time || time < until,
            (Some(from), None) => from <= time,
            (None, Some(until)) => time < until,
            (None, None) => true,
        };
        in_hours
            && (self.weekdays.is_empty() || self.weekdays.contains(&day.weekday()))
            && self.first_day.is_none_or(|first| first <= day)
            && self.last_day.is_none_or(|last| day <= last)
            && (self.locations.is_empty()
                || location.is_some_and(|here| self.locations.contains(here)))
    }

    /// Whether it applies to an item; `None` is shipping or a tip.
    pub fn covers(&self, program: &Program, item: Option<&Item<'_>>) -> bool {
        self.categories.is_empty()
            || item.is_some_and(|item| {
                self.categories.iter().any(|category| program.category_has(category, item))
            })
    }
}
