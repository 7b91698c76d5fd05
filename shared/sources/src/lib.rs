//! The sources' wire: from the bodies that Shopify and Square send to what they tell.
//!
//! Here nothing is stored and nothing decided. A body becomes a [`Told`]: an observation
//! of an order, a customer's record, or something for a person to see to. Whoever gets a
//! body, by webhook, by event or by asking for it, reads it here.

#[cfg(feature = "lookup")]
pub mod api;
#[cfg(feature = "lookup")]
pub mod lookup;
mod read;
pub mod shopify;
pub mod square;

use jiff::Timestamp;
use loyalty::ids::{OrderRef, Source};
use platform::store::{Consent, ConsentState, Observation, Person};

pub use self::read::Unreadable;

/// What a body tells.
#[derive(Debug)]
pub enum Told {
    /// Something about an order.
    Order(Box<Observation>),
    /// A customer's record.
    Person(Box<PersonTold>),
    /// Two or more records of one customer became one.
    Merged(Merged),
    /// We are no longer connected to the source.
    Disconnected,
    /// That an order changed, but not how: it has to be asked for.
    Fetch {
        /// Which order.
        order: OrderRef,
        /// The moment whose picture is wanted, where the body says.
        as_of: Option<Timestamp>,
    },
    /// Something for a later job or a person.
    Task,
    /// Nothing of use here.
    Nothing,
}

/// What a body tells about a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonTold {
    /// Her record at the source.
    pub person: Person,
    /// What she said about marketing mail, where the body tells.
    pub consent: Option<ConsentTold>,
}

/// What a body tells about a customer's consent to marketing mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentTold {
    /// What she said.
    pub state: ConsentState,
    /// The source's own word for how sure it is.
    pub level: Option<String>,
    /// When, where the source tells.
    pub at: Option<Timestamp>,
}

/// Records of one customer that became one at their source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The record that stays.
    pub kept: String,
    /// The records that are gone.
    pub gone: Vec<String>,
    /// What the body says of the record that stays.
    pub record: Option<Box<PersonTold>>,
}

impl ConsentTold {
    /// The consent, said to `source`; at `now` where nobody says when.
    pub fn consent(&self, source: Source, now: Timestamp) -> Consent {
        let Self { state, level, at } = self.clone();
        Consent { state, source, level, at: at.unwrap_or(now) }
    }
}
