//! "You said, we did": what the owner writes to those who answered, which is the same text for
//! all of them however often she asks to go on.

use jiff::Timestamp;
use loyalty::ids::ShopId;
use loyalty::month::Month;
use serde::{Deserialize, Serialize};

use super::item::{self, Put};
use super::keys::Entity;
use super::{Store, StoreError, Write, short_hash};

/// A mail that the owner writes to those who answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// What the owner calls it.
    pub id: String,
    /// The first month (local) of the answers it is about.
    pub from: Month,
    /// The last.
    pub to: Month,
    /// What tells its text from another; the text itself stands in the messages.
    pub text: String,
    /// When it was first asked for.
    pub at: Timestamp,
}

impl Said {
    /// One of this text.
    pub fn new(id: &str, (from, to): (Month, Month), text: &str, at: Timestamp) -> Self {
        Self { id: id.to_owned(), from, to, text: short_hash(text), at }
    }

    /// Whether both say the same to the same people.
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.id, self.from, self.to, &self.text) == (&other.id, other.from, other.to, &other.text)
    }
}

impl Store {
    /// What was said under this name; `None`: nothing yet.
    pub async fn said(&self, shop: &ShopId, id: &str) -> Result<Option<Said>, StoreError> {
        self.get(&Entity::Said(id).key(shop)).await?.map(item::read).transpose()
    }

    /// Keeps what is said under its name, unless something is, and gives what is said under it.
    pub async fn keep_said(&self, shop: &ShopId, said: &Said) -> Result<Said, StoreError> {
        let put = Put::new(Entity::Said(&said.id).key(shop), said)?.if_absent();
        if self.put_surely(put).await? == Write::Done {
            return Ok(said.clone());
        }
        Ok(self.said(shop, &said.id).await?.unwrap_or_else(|| said.clone()))
    }
}
