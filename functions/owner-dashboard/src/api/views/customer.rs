//! A customer as the API shows her.

use jiff::Timestamp;
use jiff::civil::Date;
use loyalty::account::{Account, Tiered, Wallet};
use loyalty::consent::{self, Channel, Consent};
use loyalty::program::{self, Program};
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
    /// Her birthday, month and day; no year is kept.
    #[schema(example = "02-29")]
    birthday: Option<String>,
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

/// What a customer said about marketing mail, and what keeps mail from her.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct CustomerConsent {
    /// What she said about marketing by e-mail.
    email: EmailConsent,
    /// How well a yes is shown; null for anything else, and for a yes of which nobody says
    /// how it came, which is enough nowhere.
    grade: Option<ConsentGrade>,
    /// Who told it; null where nobody told anything.
    source: Option<ConsentSource>,
    /// Since when it holds.
    since: Option<Timestamp>,
    /// What keeps mail from her address; null where nothing does.
    suppressed: Option<Suppressed>,
    /// Kinds of mail she switched off.
    #[schema(example = json!(["receipt"]))]
    off: Vec<String>,
    /// Whether she wants marketing at most once a month.
    at_most_monthly: bool,
    /// Until when she wanted no mail at all, which may be over; null where she wanted no pause.
    paused_until: Option<Timestamp>,
}

/// Why mail is kept from an address. What she asks for still tries to reach her.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Suppressed {
    /// Why.
    reason: SuppressedBy,
    /// Since when.
    since: Timestamp,
}

mirror!(
    /// What she said: yes, no more, asked and not answered, or nothing.
    EmailConsent = consent::State { Subscribed, Unsubscribed, Pending, None }
);

mirror!(
    /// How well a yes is shown, strongest first: on the shop's own form and confirmed by a
    /// link in a mail, on that form alone, by a box at checkout, in an import with its
    /// wording, or as a customer who was offered to refuse.
    ConsentGrade = program::ConsentGrade {
        ConfirmedOwnForm, OwnForm, Checkout, ImportWithWording, ExistingCustomer
    }
);

mirror!(
    /// Who told: Shopify, Square, she herself, or an import.
    ConsentSource = consent::Teller { Shopify, Square, Own, Import }
);

mirror!(
    /// She marked a mail as spam, for good; a mail came back for good; or mail came back
    /// for now three times within 30 days. The latter two end when she confirms her address.
    SuppressedBy = consent::Suppression { Complaint, Bounce, Bounces }
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
        Ok(Self {
            id: id.to_string(),
            name: contact.name,
            email: contact.email,
            phone: contact.phone,
            birthday: contact.birthday.map(Into::into),
            points: CustomerPoints::of(wallet)?,
            tier: tier.as_ref().map(|tier| CustomerTier::of(tier, program)),
            window_spend: Money { minor: spend, currency: program.shop.currency }.into(),
            orders: facts.ever.orders,
            first_order_at: facts.first,
            last_order_at: facts.last(),
            consent: CustomerConsent::of(&contact.consent),
            member: account.is_member(),
            paused: *paused,
        })
    }
}

impl CustomerConsent {
    fn of(consent: &Consent) -> Self {
        let standing = consent.standing(Channel::Email);
        let suppressed = consent.suppressed();
        Self {
            email: standing.state.into(),
            grade: standing.grade.map(Into::into),
            source: standing.teller.map(Into::into),
            since: standing.since,
            suppressed: suppressed.map(|by| Suppressed { reason: by.why.into(), since: by.since }),
            off: consent.off().map(str::to_owned).collect(),
            at_most_monthly: consent.at_most_monthly(),
            paused_until: consent.last_pause(),
        }
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
