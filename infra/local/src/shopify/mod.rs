//! What Shopify sends: orders as they change, and the bodies that tell of them.
//!
//! The demo and the sample events are made of this. It knows nothing of points.

mod money;
mod order_body;
mod people_body;
mod refund_body;
mod webhook;

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(crate) use self::money::percent_of;
pub(crate) use self::people_body::{consent_body, customer_body};
pub(crate) use self::webhook::{
    CONSENT, CUSTOMER_CREATED, EDITED, Webhook, order_webhook_body, topics,
};

/// The API version that the bodies are like.
pub(crate) const API_VERSION: &str = "2026-10";

/// New York's sales tax with the city's, in hundred-thousandths.
pub(crate) const SALES_TAX: i64 = 8_875;

/// The shop that sends.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    pub(crate) domain: String,
    pub(crate) zone: TimeZone,
}

/// Something on the shelf.
#[derive(Debug)]
pub(crate) struct Product {
    pub(crate) id: u64,
    pub(crate) sku: &'static str,
    pub(crate) title: &'static str,
    /// The price of one, minor units.
    pub(crate) price: i64,
    pub(crate) grams: u32,
    pub(crate) taxable: bool,
    pub(crate) gift_card: bool,
}

/// A person as Shopify keeps her.
#[derive(Debug, Clone)]
pub(crate) struct Customer {
    pub(crate) id: u64,
    pub(crate) first_name: &'static str,
    pub(crate) last_name: &'static str,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// Who bought.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buyer {
    /// Shopify's record, unless she bought as a guest.
    pub(crate) customer: Option<Customer>,
    /// The address on the order.
    pub(crate) email: Option<String>,
    /// The number on the order.
    pub(crate) phone: Option<String>,
}

/// Where an order was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    Web,
    /// Copied from another system's till by an app of this id.
    Connector(u64),
}

/// A line of an order. Amounts in minor units.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) id: u64,
    pub(crate) product: &'static Product,
    pub(crate) quantity: i64,
    /// Its part of the order's discount.
    pub(crate) discount: i64,
}

impl Line {
    /// Its price after discounts, without tax.
    pub(crate) fn net(&self) -> i64 {
        self.product.price.saturating_mul(self.quantity).saturating_sub(self.discount)
    }

    /// The tax on it.
    pub(crate) fn tax(&self) -> i64 {
        if self.product.taxable { percent_of(self.net(), SALES_TAX) } else { 0 }
    }

    /// What the buyer pays for it.
    pub(crate) fn gross(&self) -> i64 {
        self.net().saturating_add(self.tax())
    }
}

/// An order, and all that ever happens to it.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) channel: Channel,
    pub(crate) currency: &'static str,
    pub(crate) test: bool,
    pub(crate) buyer: Buyer,
    /// Lines it was placed with.
    pub(crate) lines: Vec<Line>,
    /// A code that takes a tenth off everything but gift cards.
    pub(crate) discount_code: Option<&'static str>,
    pub(crate) shipping: i64,
    pub(crate) tip: i64,
    /// What happened, in its order; the first is `Placed`.
    pub(crate) steps: Vec<Step>,
}

/// Something that happened to an order.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) at: Timestamp,
    pub(crate) change: Change,
}

/// What happened.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// It was placed, paid at once or not yet.
    Placed { paid: bool },
    /// Everything due was paid.
    Paid,
    /// The goods were handed over.
    Fulfilled,
    /// Goods were taken off before they were paid.
    Removed { edit: u64, refund: Refund },
    /// Something was added.
    Added { edit: u64, line: Line },
    /// Money went back.
    Refunded(Refund),
    /// It was called off; what was paid goes back.
    Cancelled { refund: Option<Refund> },
}

/// Goods or money that went back.
#[derive(Debug, Clone)]
pub(crate) struct Refund {
    pub(crate) id: u64,
    /// Goods it names.
    pub(crate) lines: Vec<RefundLine>,
    /// Shipping it names.
    pub(crate) shipping: i64,
    /// Transaction and amount; `None`: no money moved.
    pub(crate) payment: Option<(u64, i64)>,
    pub(crate) note: &'static str,
}

/// Goods that went back.
#[derive(Debug, Clone)]
pub(crate) struct RefundLine {
    /// The line, with the quantity that went back and its part of the discount.
    pub(crate) line: Line,
}

impl Refund {
    /// What the goods and the shipping named are worth to the buyer.
    pub(crate) fn gross(&self) -> i64 {
        self.lines.iter().fold(self.shipping, |sum, row| sum.saturating_add(row.line.gross()))
    }

    /// The money that moved.
    pub(crate) fn amount(&self) -> i64 {
        self.payment.map_or(0, |(_, amount)| amount)
    }
}

/// An order as it stood after some of its steps.
#[derive(Debug)]
pub(crate) struct Picture<'a> {
    pub(crate) order: &'a Order,
    /// When the last of these steps happened.
    pub(crate) at: Timestamp,
    pub(crate) placed: Timestamp,
    pub(crate) lines: Vec<&'a Line>,
    pub(crate) paid: i64,
    pub(crate) refunds: Vec<(Timestamp, &'a Refund)>,
    pub(crate) fulfilled: Option<Timestamp>,
    pub(crate) cancelled: Option<Timestamp>,
}

impl Order {
    /// The order after its first `steps` steps.
    pub(crate) fn after(&self, steps: usize) -> Picture<'_> {
        let placed = self.steps.first().map_or(Timestamp::UNIX_EPOCH, |step| step.at);
        let mut picture = Picture {
            order: self,
            at: placed,
            placed,
            lines: self.lines.iter().collect(),
            paid: 0,
            refunds: Vec::new(),
            fulfilled: None,
            cancelled: None,
        };
        for step in self.steps.iter().take(steps) {
            picture.happens(step);
        }
        picture
    }

    /// The order after everything.
    pub(crate) fn at_last(&self) -> Picture<'_> {
        self.after(self.steps.len())
    }
}

impl<'a> Picture<'a> {
    fn happens(&mut self, step: &'a Step) {
        self.at = step.at;
        match &step.change {
            Change::Placed { paid: false } => {}
            Change::Placed { paid: true } | Change::Paid => {
                self.paid = self.due();
                if self.order.channel != Channel::Web {
                    self.fulfilled = Some(step.at); // over the counter
                }
            }
            Change::Fulfilled => self.fulfilled = Some(step.at),
            Change::Added { line, .. } => self.lines.push(line),
            Change::Removed { refund, .. } | Change::Refunded(refund) => {
                self.refunds.push((step.at, refund));
            }
            Change::Cancelled { refund } => {
                self.cancelled = Some(step.at);
                self.fulfilled = None;
                self.refunds.extend(refund.iter().map(|refund| (step.at, refund)));
            }
        }
    }

    /// Everything it came to, before anything went back.
    pub(crate) fn total(&self) -> i64 {
        let lines = self.lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.gross()));
        lines.saturating_add(self.order.shipping).saturating_add(self.order.tip)
    }

    /// What the buyer owes or owed: without what was taken off before it was paid.
    pub(crate) fn due(&self) -> i64 {
        let removed = self.refunds.iter().filter(|(_, refund)| refund.payment.is_none());
        removed.fold(self.total(), |due, (_, refund)| due.saturating_sub(refund.gross()))
    }

    /// The total without all goods that went back.
    pub(crate) fn current_total(&self) -> i64 {
        self.refunds
            .iter()
            .fold(self.total(), |sum, (_, refund)| sum.saturating_sub(refund.gross()))
    }

    /// Money that went back.
    pub(crate) fn refunded(&self) -> i64 {
        self.refunds.iter().fold(0, |sum, (_, refund)| sum.saturating_add(refund.amount()))
    }

    /// Shopify's word for how far it is paid.
    pub(crate) fn financial_status(&self) -> &'static str {
        match (self.paid, self.refunded()) {
            (0, _) if self.cancelled.is_some() => "voided",
            (0, _) => "pending",
            (paid, 0) if paid < self.due() => "partially_paid",
            (_, 0) => "paid",
            (paid, refunded) if refunded < paid => "partially_refunded",
            _ => "refunded",
        }
    }

    /// Still to be paid.
    pub(crate) fn outstanding(&self) -> i64 {
        if self.cancelled.is_some() { 0 } else { self.due().saturating_sub(self.paid).max(0) }
    }

    /// How many of a line are left.
    pub(crate) fn left_of(&self, line: &Line) -> i64 {
        let back = self.refunds.iter().flat_map(|(_, refund)| &refund.lines);
        let back = back.filter(|row| row.line.id == line.id);
        back.fold(line.quantity, |left, row| left.saturating_sub(row.line.quantity))
    }
}

/// A time as Shopify prints it: by the shop's clock, to the second.
fn local(sender: &Sender, at: Timestamp) -> String {
    at.to_zoned(sender.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}
