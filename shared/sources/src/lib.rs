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
#[cfg(feature = "lookup")]
pub mod reconcile;
pub mod shopify;
pub mod square;
#[cfg(feature = "lookup")]
pub mod withdrawals;

use jiff::{SignedDuration, Timestamp};
use loyalty::consent::{Act, Channel, Fact, State, Teller};
use loyalty::ids::{OrderRef, Source};
use loyalty::program::ConsentGrade;
use platform::store::{Observation, Person};

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
    pub state: State,
    /// How well the source's words show a yes; `None`: they don't say how it came.
    pub grade: Option<ConsentGrade>,
    /// When, where the source tells.
    pub at: Option<Timestamp>,
    /// Whether that is when she said it, and not only when the source told of it.
    pub dated: bool,
}

/// How far a source's clock may be ahead of ours. What it dates later than that is dated
/// when we heard of it: else nothing she says could ever be later.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_hours(24);

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
    /// The fact, told by `source`; at `now` where nobody says when.
    ///
    /// A yes is an act of hers where the source says how and when she gave it. Of any other
    /// nobody can say that it came after a withdrawal, and a merchant can set one by hand:
    /// it is kept, and enough nowhere.
    pub fn fact(&self, source: Source, now: Timestamp) -> Fact {
        let at = self.at.filter(|at| at.duration_since(now) <= CLOCKS_DIFFER).unwrap_or(now);
        let (channel, teller) = (Channel::Email, Teller::from(source));
        let act = match self.state {
            State::Subscribed => {
                let grade = self.grade.filter(|_| self.dated);
                Act::Subscribed { channel, teller, grade, hers: grade.is_some(), wording: None }
            }
            State::Unsubscribed => Act::Unsubscribed { channel, teller },
            State::Pending => Act::Asked { channel, teller },
            State::None => Act::Silent { channel, teller },
        };
        Fact { at, act }
    }
}
