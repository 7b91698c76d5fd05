//! A customer as the API shows her.

use jiff::civil::Date;
use loyalty::account::{Account, Tiered, Wallet};
use loyalty::program::Program;
use loyalty::{Money, Overflow};
use platform::store;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Amount, mirror};

/// Customers found.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Customers {
    /// One, or none.
    pub(in crate::api) customers: Vec<Customer>,
}

/// A customer of a shop.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Customer {
    /// Her id in this shop.
    #[schema(example = "3w5e11264sgsf")]
    id: String,
    /// Her name.
    name: Option<String>,
    /// Her address, as she writes it.
    email: Option<String>,
    /// Her number, as she writes it.
    phone: Option<String>,
    /// Her points.
    points: CustomerPoints,
    /// Her tier; null for who isn't a member.
    tier: Option<CustomerTier>,
    /// Money kept of her orders in the window that tiers are measured over.
    window_spend: Amount,
    /// Orders of which something is kept, ever.
    orders: i64,
    /// The first day she paid.
    first_order_at: Option<Date>,
    /// The last day she paid.
    last_order_at: Option<Date>,
    /// What she said about mail.
    consent: CustomerConsent,
    /// Whether she takes part.
    member: bool,
    /// Whether all mail to her is held.
    paused: bool,
}

/// A customer's points.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct CustomerPoints {
    /// To be spent now. Below 0 after a refund of points already spent.
    available: i64,
    /// Earned, and not yet to be spent.
    pending: i64,
    /// Earned in all, less what refunds took back.
    lifetime_earned: i64,
    /// Spent in all.
    redeemed: i64,
    /// Expired in all.
    expired: i64,
}

/// A customer's tier.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct CustomerTier {
    /// Its id in the program.
    #[schema(example = "silver")]
    id: String,
    /// Its name in the program in force.
    #[schema(example = "Silver")]
    name: String,
    /// The day she reached it.
    since: Date,
    /// The day it is looked at again; null for the lowest tier, and for one held for life.
    review_on: Option<Date>,
}

/// What a customer said about marketing mail.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct CustomerConsent {
    /// By e-mail.
    email: EmailConsent,
}

mirror!(
    /// What she said: yes, no more, asked and not answered, or nothing.
    EmailConsent = store::ConsentState { Subscribed, Unsubscribed, Pending, None }
);

impl Customer {
    /// A customer as the rules in `program` show her on the local day `today`.
    pub(in crate::api) fn of(
        customer: &store::Customer,
        program: &Program,
        today: Date,
    ) -> Result<Self, Overflow> {
        let store::Customer { id, account, contact } = customer;
        let contact = contact.clone().unwrap_or_default();
        let Account { facts, wallet, tier, paused, .. } = account;
        let spend = facts.window(program, today)?.spend;
        let said = contact.consent.map_or(store::ConsentState::None, |consent| consent.state);
        Ok(Self {
            id: id.to_string(),
            name: contact.name,
            email: contact.email,
            phone: contact.phone,
            points: CustomerPoints::of(wallet)?,
            tier: tier.as_ref().map(|tier| CustomerTier::of(tier, program)),
            window_spend: Money { minor: spend, currency: program.shop.currency }.into(),
            orders: facts.ever.orders,
            first_order_at: facts.first,
            last_order_at: facts.last(),
            consent: CustomerConsent { email: said.into() },
            member: account.is_member(),
            paused: *paused,
        })
    }
}

impl CustomerPoints {
    fn of(wallet: &Wallet) -> Result<Self, Overflow> {
        Ok(Self {
            available: wallet.available()?.0,
            pending: wallet.pending()?.0,
            lifetime_earned: wallet.earned().0,
            redeemed: wallet.redeemed().0,
            expired: wallet.expired().0,
        })
    }
}

impl CustomerTier {
    fn of(held: &Tiered, program: &Program) -> Self {
        // A tier that vanished is the one that stands in for it. Every saved program has
        // one: `check_successor` sees to it.
        let (id, name) = match program.tier(&held.id) {
            Some(tier) => (tier.id.to_string(), tier.name.clone()),
            None => (held.id.to_string(), held.id.to_string()),
        };
        Self { id, name, since: held.since, review_on: held.review_on }
    }
}
