//! An order as the API shows it: the merged state, what it is worth, and why.

use jiff::Timestamp;
use jiff::civil::Date;
use loyalty::ids::{CustomerId, OrderRef};
use loyalty::order::{self, Sale};
use loyalty::posting::{Record, Standing};
use loyalty::worth::{self, Worth};
use loyalty::{CurrencyCode, Money};
use platform::store::StoredOrder;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Amount, Source, decimal, mirror};

/// One sale.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Order {
    /// Its id at the source.
    #[schema(example = "820982911946154508")]
    id: String,
    /// Where it comes from.
    source: Source,
    /// Whose it is; null while nobody is known to have bought it.
    customer: Option<String>,
    /// Everything known of it.
    state: OrderState,
    /// Money received; null where the order can't be worth anything, for the reason in `why`.
    received: Option<Amount>,
    /// Money that went back.
    refunded: Option<Amount>,
    /// What of it counts.
    kept: Option<Amount>,
    /// Points it should have brought.
    target: i64,
    /// Points it has brought. Where they differ, as when the buyer has joined since, what
    /// is heard of the order next brings them together.
    posted: i64,
    /// Why it brings none, where a reason is known.
    why: Option<String>,
    /// The rules it is counted by, fixed when money first arrived; null until then.
    snapshot: Option<OrderSnapshot>,
    /// What is still to be looked up at the source; null where nothing is. Until then an
    /// order without lines counts by the amount paid.
    lookup: Option<Lookup>,
}

/// Something to be looked up at a source.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderLookup)]
struct Lookup {
    /// Since when.
    since: Timestamp,
    /// When it is tried next; null once it was given up, after a week.
    next_at: Option<Timestamp>,
    /// Attempts that failed.
    tries: u16,
    /// Why the last one did.
    why: Option<String>,
}

/// Everything known of a sale. What no message has told yet is null. Amounts are in the
/// order's `currency`.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct OrderState {
    /// How far it is paid.
    payment: Option<Payment>,
    /// Whether it was cancelled.
    cancelled: bool,
    /// Whether it was voided.
    voided: bool,
    /// Whether it is a test.
    test: Option<bool>,
    /// The order's own currency.
    #[schema(example = "USD")]
    currency: Option<String>,
    /// Everything owed or paid, before returns.
    #[schema(example = "49.95")]
    total: Option<String>,
    /// The same after edits and returns, where the source tells it apart.
    current_total: Option<String>,
    /// Still to be paid.
    outstanding: Option<String>,
    /// Whether prices include tax.
    taxes_included: Option<bool>,
    /// Shipping after its discounts.
    shipping: Option<Charge>,
    /// Tips that aren't lines.
    tip: Option<String>,
    /// When the sale was made.
    placed_at: Option<Timestamp>,
    /// The source's location.
    location: Option<String>,
    /// The source's name for the channel.
    #[schema(example = "web")]
    channel: Option<String>,
    /// What was bought; null where the source has told only the amount.
    lines: Option<Vec<Line>>,
    /// Refunds, in the order of their ids.
    refunds: Vec<Refund>,
}

mirror!(
    /// How far an order is paid: not at all, in part, in full (refunded or not), or called
    /// off before money moved.
    Payment = order::Payment { Unpaid, Deposit, Paid, Voided }
);

/// An amount and the tax on it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Charge {
    /// As the price is shown: with tax where prices include it.
    #[schema(example = "5.95")]
    amount: String,
    /// Its tax.
    #[schema(example = "0.95")]
    tax: String,
}

/// One line of an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderLine)]
pub(in crate::api) struct Line {
    /// Its id at the source.
    id: String,
    /// How many were ordered.
    quantity: i64,
    /// The price of one.
    price: String,
    /// Discounts on the whole line.
    discount: String,
    /// Tax on the whole line.
    tax: String,
    /// What kind of line it is.
    kind: LineKind,
    /// Product id at the source.
    product: Option<String>,
    /// Stock-keeping unit.
    sku: Option<String>,
}

mirror!(
    /// What kind of line it is. A gift card earns when it is spent.
    LineKind = order::LineKind { Goods, GiftCard, Tip }
);

/// One refund. It may name goods and move no money, or the reverse.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderRefund)]
pub(in crate::api) struct Refund {
    /// Its id at the source.
    id: String,
    /// When it was made.
    created_at: Option<Timestamp>,
    /// The money.
    payments: Vec<RefundPayment>,
    /// What it names; null where it names nothing.
    named: Option<Named>,
}

/// One movement of money back to the buyer.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct RefundPayment {
    /// Its id at the source.
    id: String,
    /// How far it got.
    state: RefundState,
    /// How much.
    amount: String,
    /// Of which currency: the order's own, or the buyer's.
    currency: Option<String>,
    /// When this was true.
    updated_at: Timestamp,
}

mirror!(
    /// How far a refund's money got.
    RefundState = order::RefundState { Failed, Pending, Succeeded }
);

/// What a refund names, in the order's own currency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefundNamed)]
pub(in crate::api) struct Named {
    /// Lines.
    lines: Vec<NamedLine>,
    /// Shipping.
    shipping: Charge,
    /// Duties, which never count.
    duties: String,
}

/// A line that a refund names.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefundLine)]
pub(in crate::api) struct NamedLine {
    /// The line's id.
    line: String,
    /// How many.
    quantity: i64,
    /// Their price after discounts; with tax where prices include it.
    subtotal: String,
    /// Their tax.
    tax: String,
}

/// What was decided about an order when money first arrived, and never again.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct OrderSnapshot {
    /// The program version in force when it was paid.
    program_version: u32,
    /// When it was paid.
    paid_at: Timestamp,
    /// The member's tier before this order.
    tier: Option<String>,
    /// The day its points can be spent from; null: at once.
    matures_on: Option<Date>,
    /// The last day of its points; null: they don't expire by their age.
    expires_on: Option<Date>,
}

impl Order {
    /// An order, what it stands at, and whose it is.
    pub(in crate::api) fn of(
        order: &OrderRef,
        stored: &StoredOrder,
        standing: Standing,
        customer: Option<CustomerId>,
    ) -> Self {
        let record = &stored.record;
        let Record { state, snapshot, .. } = record;
        let currency = state.sale.as_ref().map(|sale| sale.value.currency);
        let money = |part: fn(&Worth) -> i64| {
            let (worth, currency) = standing.worth.as_ref().zip(currency)?;
            Some(Amount::from(Money { minor: part(worth), currency }))
        };
        Self {
            id: order.id.to_string(),
            source: order.source.into(),
            customer: customer.map(String::from),
            state: OrderState::of(state, currency),
            received: money(|worth| worth.received),
            refunded: money(|worth| worth.refunded),
            kept: money(|worth| worth.kept),
            target: standing.target.0,
            posted: record.posted().0,
            why: standing.because.map(|because| because.to_string()),
            snapshot: snapshot.as_ref().map(OrderSnapshot::from),
            lookup: stored.lookup.as_ref().map(|lookup| Lookup {
                since: lookup.since,
                next_at: lookup.at,
                tries: lookup.tries,
                why: lookup.why.clone(),
            }),
        }
    }
}

impl OrderState {
    fn of(state: &order::Order, currency: Option<CurrencyCode>) -> Self {
        let sale = state.sale.as_ref().map(|sale| &sale.value);
        let amount = |part: fn(&Sale) -> i64| {
            sale.map(|sale| Money { minor: part(sale), currency: sale.currency }.decimal())
        };
        // Lines that arrived before their order have no currency to be shown in yet.
        let lines = state.lines.as_ref().zip(currency).map(|(lines, currency)| {
            lines.value.iter().map(|line| Line::of(line, currency)).collect()
        });
        let refunds = state.refunds.iter();
        Self {
            payment: sale.map(|sale| sale.payment.into()),
            cancelled: state.cancelled,
            voided: state.voided,
            test: sale.map(|sale| sale.test),
            currency: currency.map(String::from),
            total: amount(|sale| sale.total),
            current_total: sale.and_then(|sale| {
                let minor = sale.current_total?;
                Some(Money { minor, currency: sale.currency }.decimal())
            }),
            outstanding: amount(|sale| sale.outstanding),
            taxes_included: sale.map(|sale| sale.taxes_included),
            shipping: sale.map(|sale| {
                let amount = |minor| Money { minor, currency: sale.currency }.decimal();
                Charge { amount: amount(sale.shipping.amount), tax: amount(sale.shipping.tax) }
            }),
            tip: amount(|sale| sale.tip),
            placed_at: sale.map(|sale| sale.placed_at),
            location: sale.and_then(|sale| sale.location.as_ref()).map(ToString::to_string),
            channel: sale.and_then(|sale| sale.channel.clone()),
            lines,
            refunds: refunds.map(|(id, refund)| Refund::of(id, refund, currency)).collect(),
        }
    }
}

impl Line {
    fn of(line: &order::Line, currency: CurrencyCode) -> Self {
        let amount = |minor| Money { minor, currency }.decimal();
        Self {
            id: line.id.to_string(),
            quantity: line.quantity,
            price: amount(line.price),
            discount: amount(line.discount),
            tax: amount(line.tax),
            kind: line.kind.into(),
            product: line.product.as_ref().map(ToString::to_string),
            sku: line.sku.clone(),
        }
    }
}

impl Refund {
    fn of(id: &str, refund: &order::Refund, own: Option<CurrencyCode>) -> Self {
        let payment = |(id, payment): (&String, &order::RefundPayment)| {
            let currency = payment.currency.or(own);
            RefundPayment {
                id: id.clone(),
                state: payment.state.into(),
                amount: decimal(payment.amount, currency),
                currency: currency.map(String::from),
                updated_at: payment.updated_at,
            }
        };
        Self {
            id: id.to_owned(),
            created_at: refund.created_at,
            payments: refund.payments.iter().map(payment).collect(),
            named: refund.named.as_ref().map(|named| Named::of(&named.value, own)),
        }
    }
}

impl Named {
    fn of(named: &order::Named, currency: Option<CurrencyCode>) -> Self {
        let amount = |amount| decimal(amount, currency);
        let line = |line: &order::NamedLine| NamedLine {
            line: line.line.to_string(),
            quantity: line.quantity,
            subtotal: amount(line.subtotal),
            tax: amount(line.tax),
        };
        Self {
            lines: named.lines.iter().map(line).collect(),
            shipping: Charge { amount: amount(named.shipping), tax: amount(named.shipping_tax) },
            duties: amount(named.duties),
        }
    }
}

impl From<&worth::Snapshot> for OrderSnapshot {
    fn from(snapshot: &worth::Snapshot) -> Self {
        Self {
            program_version: snapshot.program,
            paid_at: snapshot.paid_at,
            tier: snapshot.tier.clone().map(String::from),
            matures_on: snapshot.matures,
            expires_on: snapshot.lot.map(|month| month.last_day()),
        }
    }
}
