//! Walks over all customers of a shop: what concerns everybody is done page by page, and goes
//! on where it was broken off.

use loyalty::ids::ShopId;
use serde::{Deserialize, Serialize};

use super::item::{self, Put};
use super::keys::Entity;
use super::{CustomersCursor, Store, StoreError, Write};

/// How far a walk over all customers is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// Counts writes.
    pub version: u64,
    /// Where it goes on; `None`: at the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    /// Customers passed.
    pub passed: u64,
    /// Whether everybody was passed.
    pub done: bool,
}

impl Walk {
    /// Where it goes on. One that can't be read begins anew: what a walk does twice is done
    /// once.
    pub fn cursor(&self) -> Option<CustomersCursor> {
        self.cursor.as_deref()?.parse().ok()
    }

    /// The same, from the beginning again.
    pub fn again(self) -> Self {
        Self { version: self.version, ..Self::default() }
    }

    /// The same, so many customers further.
    pub fn further(&self, passed: usize, next: Option<&CustomersCursor>) -> Self {
        let passed = u64::try_from(passed).unwrap_or(u64::MAX);
        Self {
            version: self.version,
            cursor: next.map(ToString::to_string),
            passed: self.passed.saturating_add(passed),
            done: next.is_none(),
        }
    }
}

impl Store {
    /// How far a walk of this name is.
    pub async fn walk(&self, shop: &ShopId, name: &str) -> Result<Walk, StoreError> {
        let known = self.get(&Entity::Walk(name).key(shop)).await?;
        known.map_or_else(|| Ok(Walk::default()), item::read)
    }

    /// Keeps how far it is. `Ok(None)`: somebody else walks it too, and got further.
    pub async fn keep_walk(
        &self,
        shop: &ShopId,
        name: &str,
        walk: &Walk,
    ) -> Result<Option<Walk>, StoreError> {
        let next = Walk { version: walk.version.saturating_add(1), ..walk.clone() };
        let put = Put::new(Entity::Walk(name).key(shop), &next)?;
        let written = self.put_surely(put.if_version("version", walk.version)).await?;
        Ok((written == Write::Done).then_some(next))
    }
}
