//! Ledger entries and their receipts, as the API shows them.

use jiff::Timestamp;
use loyalty::ids::CustomerId;
use loyalty::ledger;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Amount, OrderName, mirror};

/// A part of a ledger, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct LedgerPage {
    /// The entries.
    pub(in crate::api) entries: Vec<Entry>,
    /// What to send as `before` for older ones; null at the end.
    pub(in crate::api) next: Option<String>,
}

/// One change of a customer's points. It never changes itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LedgerEntry)]
pub(in crate::api) struct Entry {
    /// Its id, the same for good.
    #[schema(example = "3w5e11264sgsf-17")]
    id: String,
    /// When it was written.
    at: Timestamp,
    /// The fact's own time: for an order, when it was paid.
    fact_at: Option<Timestamp>,
    /// Points gained or, negative, lost.
    delta: i64,
    /// Why.
    cause: Cause,
    /// How the number came about.
    receipt: Option<Receipt>,
    /// Available and pending points after it.
    balance_after: i64,
    /// The change of tier it brought: up, but where the cause is a review that took one away.
    promotion: Option<Promotion>,
    /// How the fact reached us.
    origin: Origin,
}

/// Why points changed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(in crate::api) enum Cause {
    /// An order is worth something else than before.
    Order {
        /// The order.
        order: OrderName,
        /// What happened to it.
        what: Change,
    },
    /// An order was taken back whose points had expired: they are given back first,
    /// because they can't be taken twice.
    ExpiryReversed {
        /// The order.
        order: OrderName,
    },
    /// A gift that the program promises, for a day of hers.
    Gift {
        /// Which day.
        occasion: Occasion,
    },
    /// Points that the owner gave her after a low score.
    Goodwill {
        /// The follow-up.
        follow_up: String,
        /// The owner's own sentence; null where the answer they came with says it.
        words: Option<String>,
    },
    /// Points expired, after she was told.
    Expired {
        /// The last local day they could be used.
        #[schema(value_type = String, format = Date)]
        on: jiff::civil::Date,
    },
    /// A night looked at her tier and changed it. No points move.
    Reviewed {
        /// Why.
        why: Review,
    },
    /// Her account was merged into another, which has her points now.
    MergedInto {
        /// The other.
        customer: String,
    },
    /// Another account was merged into hers and brought its points.
    MergedFrom {
        /// The other.
        customer: String,
    },
    /// A merge was undone, and she has her own points again.
    SplitFrom {
        /// The account they were merged into.
        customer: String,
    },
    /// A merge was undone, and the other has her own points again.
    SplitOff {
        /// The other.
        customer: String,
    },
}

mirror!(
    /// What brings a gift: her birthday, the anniversary of her joining, that the program
    /// opened and she had bought before, or that she answered a survey.
    Occasion = ledger::Occasion { Birthday, Anniversary, Opening, Answer }
);

mirror!(
    /// Why a night changed a tier: its review came and she lost it, the order that reached
    /// it lost value and she lost it, or the rules of today give her a higher one.
    Review = ledger::Review { Ended, Refunded, Raised }
);

mirror!(
    /// What happened to an order: money arrived for the first time, money went back, it
    /// was called off, it changed otherwise, it turned out to be this customer's or
    /// somebody else's, a person said whether it is the same sale as another, or the owner let
    /// it be counted by another program version.
    Change = ledger::Change { Paid, Refunded, Cancelled, Edited, Claimed, Released, Judged, Corrected }
);

mirror!(
    /// How a fact reached us. Only live ones ever cause mail.
    Origin = ledger::Origin { Live, Import, Backfill, Replay, Reconcile, Correct, Merge, Adjust }
);

/// How a number of points came about, so that a person can check it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Receipt {
    /// Money kept that counts.
    base: Amount,
    /// Whether the base was built from the order's lines; if not, it is the amount paid.
    from_lines: bool,
    /// The earning rules.
    #[schema(example = json!(["10 per 1.00"]))]
    rate: Vec<String>,
    /// The tier whose factor took part.
    tier: Option<ReceiptTier>,
    /// Campaigns that took part.
    multipliers: Vec<ReceiptMultiplier>,
    /// How the sum became whole.
    #[schema(example = "floor: 499.5 → 499")]
    rounding: String,
    /// The program version.
    program_version: u32,
}

/// A tier on a receipt.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ReceiptTier {
    /// The tier.
    id: String,
    /// Its factor.
    #[schema(example = "1.25")]
    rate: String,
}

/// A campaign on a receipt.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ReceiptMultiplier {
    /// The campaign.
    id: String,
    /// Its factor.
    #[schema(example = "2")]
    factor: String,
}

/// A step from a tier to another.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Promotion {
    /// From this tier.
    from: String,
    /// To this one; a tier between was passed through.
    to: String,
}

impl Entry {
    /// An entry of this customer's ledger.
    pub(in crate::api) fn of(customer: &CustomerId, entry: ledger::Entry) -> Self {
        Self {
            id: format!("{customer}-{}", entry.number),
            at: entry.at,
            fact_at: entry.fact_at,
            delta: entry.delta.0,
            cause: entry.cause.into(),
            receipt: entry.receipt.map(Receipt::from),
            balance_after: entry.balance_after.0,
            promotion: entry.promotion.map(Promotion::from),
            origin: entry.origin.into(),
        }
    }
}

impl From<ledger::Cause> for Cause {
    fn from(cause: ledger::Cause) -> Self {
        match cause {
            ledger::Cause::Order { order, what } => {
                Self::Order { order: (&order).into(), what: what.into() }
            }
            ledger::Cause::ExpiryReversed { order } => {
                Self::ExpiryReversed { order: (&order).into() }
            }
            ledger::Cause::Gift { occasion } => Self::Gift { occasion: occasion.into() },
            ledger::Cause::Goodwill { follow_up, words } => {
                Self::Goodwill { follow_up, words: Some(words).filter(|words| !words.is_empty()) }
            }
            ledger::Cause::Expired { on } => Self::Expired { on },
            ledger::Cause::Reviewed { why } => Self::Reviewed { why: why.into() },
            ledger::Cause::MergedInto { customer } => {
                Self::MergedInto { customer: customer.into() }
            }
            ledger::Cause::MergedFrom { customer } => {
                Self::MergedFrom { customer: customer.into() }
            }
            ledger::Cause::SplitFrom { customer } => Self::SplitFrom { customer: customer.into() },
            ledger::Cause::SplitOff { customer } => Self::SplitOff { customer: customer.into() },
        }
    }
}

impl From<ledger::Receipt> for Receipt {
    fn from(receipt: ledger::Receipt) -> Self {
        let tier = |tier: ledger::ReceiptTier| ReceiptTier { id: tier.id.into(), rate: tier.rate };
        let multiplier =
            |one: ledger::ReceiptMultiplier| ReceiptMultiplier { id: one.id, factor: one.factor };
        Self {
            base: receipt.base.into(),
            from_lines: receipt.from_lines,
            rate: receipt.rate,
            tier: receipt.tier.map(tier),
            multipliers: receipt.multipliers.into_iter().map(multiplier).collect(),
            rounding: receipt.rounding,
            program_version: receipt.program_version,
        }
    }
}

impl From<ledger::Promotion> for Promotion {
    fn from(promotion: ledger::Promotion) -> Self {
        Self { from: promotion.from.into(), to: promotion.to.into() }
    }
}
