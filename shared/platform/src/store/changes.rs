//! What changed in the table, as its stream tells it: typed, or nothing that matters here.

use loyalty::account::Account;
use loyalty::ids::{CustomerId, OrderRef, ShopId};
use loyalty::ledger::Entry;

use super::keys::{ACCOUNT, CONTACT, FOLLOW_UPS, LEDGER, MESSAGES, ORDER, SURVEYS};
use super::messages::{self, customer_of};
use super::reads::stored_order;
use super::{
    Contact, FollowUp, Item, Message, StoreError, StoredOrder, Survey, item, merges, table,
};

/// Something that changed, and whose shop's it is.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The shop.
    pub shop: ShopId,
    /// What.
    pub change: Change,
}

/// What changed.
#[derive(Debug, Clone)]
pub enum Change {
    /// A ledger entry was written. They never change.
    Entered {
        /// In whose ledger.
        customer: CustomerId,
        /// The entry.
        entry: Box<Entry>,
    },
    /// An order.
    Order {
        /// Which.
        order: OrderRef,
        /// As it stood; `None`: it is new.
        before: Option<Box<StoredOrder>>,
        /// As it stands.
        after: Box<StoredOrder>,
    },
    /// An account.
    Account {
        /// Whose.
        customer: CustomerId,
        /// As it stands.
        after: Box<Account>,
    },
    /// Contact data.
    Contact {
        /// Whose.
        customer: CustomerId,
        /// As it stood.
        before: Option<Box<Contact>>,
        /// As it stands.
        after: Box<Contact>,
    },
    /// A message.
    Message {
        /// Whose.
        customer: CustomerId,
        /// As it stood.
        before: Option<Box<Message>>,
        /// As it stands.
        after: Box<Message>,
    },
    /// A survey.
    Survey {
        /// Whose.
        customer: CustomerId,
        /// As it stood; `None`: it is new.
        before: Option<Box<Survey>>,
        /// As it stands.
        after: Box<Survey>,
    },
    /// A follow-up after a low score.
    FollowUp {
        /// As it stood; `None`: it is new.
        before: Option<Box<FollowUp>>,
        /// As it stands.
        after: Box<FollowUp>,
    },
}

impl Changed {
    /// Whether items with this sort key concern anybody, and if so, whether it matters how
    /// they stood before: most records of a stream needn't be read further.
    pub fn concerns(sk: &str) -> Option<bool> {
        match sk {
            ACCOUNT => Some(false),
            CONTACT | ORDER => Some(true),
            sk if sk.starts_with(LEDGER) => Some(false),
            sk if [MESSAGES, SURVEYS, FOLLOW_UPS].iter().any(|kind| sk.starts_with(kind)) => {
                Some(true)
            }
            _ => None,
        }
    }

    /// Reads a stream record's images, `new` one and where there was one the old. `None`:
    /// nothing that concerns anybody.
    pub fn read(
        old: Option<serde_dynamo::Item>,
        new: Option<serde_dynamo::Item>,
    ) -> Result<Option<Self>, StoreError> {
        let sdk = |item: serde_dynamo::Item| -> Item { item.into() };
        let (Some(new), old) = (new.map(sdk), old.map(sdk)) else { return Ok(None) };
        let part = |name| item::text(&new, name).unwrap_or_default();
        let (pk, sk) = (part(table::PK), part(table::SK));
        let shop = pk.split('#').nth(1).and_then(|shop| shop.parse().ok());
        let Some(shop) = shop else { return Ok(None) };
        let change = match (customer_of(&pk), sk.as_str()) {
            (None, ORDER) => {
                let Some(order) = merges::order_ref(&new) else { return Ok(None) };
                let before = old.map(stored_order).transpose()?.map(Box::new);
                Change::Order { order, before, after: stored_order(new)?.into() }
            }
            (Some(customer), ACCOUNT) => Change::Account { customer, after: item::read(new)? },
            (Some(customer), CONTACT) => {
                let before = old.map(item::read).transpose()?;
                Change::Contact { customer, before, after: item::read(new)? }
            }
            (Some(customer), sk) if sk.starts_with(LEDGER) => {
                Change::Entered { customer, entry: item::read(new)? }
            }
            (Some(customer), sk) if sk.starts_with(MESSAGES) => {
                let before = old.map(messages::read).transpose()?.map(Box::new);
                Change::Message { customer, before, after: messages::read(new)?.into() }
            }
            (Some(customer), sk) if sk.starts_with(SURVEYS) => {
                let before = old.map(item::read).transpose()?;
                Change::Survey { customer, before, after: item::read(new)? }
            }
            (None, sk) if sk.starts_with(FOLLOW_UPS) => {
                let before = old.map(item::read).transpose()?;
                Change::FollowUp { before, after: item::read(new)? }
            }
            _ => return Ok(None),
        };
        Ok(Some(Self { shop, change }))
    }
}
