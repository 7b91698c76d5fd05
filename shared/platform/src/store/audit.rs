//! What people did by hand, which nothing else remembers: who, when, what and why.

use jiff::Timestamp;
use loyalty::Points;
use loyalty::ids::{OrderRef, ShopId};
use serde::{Deserialize, Serialize};

use super::item::{self, Put};
use super::keys::{AUDIT, Entity};
use super::{FollowedUp, Store, StoreError, Whence};

/// An act of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// By which door it came.
    pub by: Whence,
    /// What was done.
    pub what: What,
    /// Why, in the person's own words; `None`: it needed no reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What a person did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// Let an order be counted by another program version.
    Corrected {
        /// The order.
        order: OrderRef,
        /// The version it was counted by.
        from: u32,
        /// The version it is counted by now.
        to: u32,
        /// Points it brought or took.
        delta: Points,
    },
    /// Did something about a low score.
    FollowedUp {
        /// The follow-up.
        follow_up: String,
        /// Which of its steps, from 1.
        step: u32,
        /// What.
        did: FollowedUp,
    },
}

impl What {
    /// What tells it from other acts of the same moment.
    fn id(&self) -> String {
        match self {
            Self::Corrected { order, to, .. } => format!("corrected {order} {to}"),
            Self::FollowedUp { follow_up, step, .. } => format!("followed up {follow_up} {step}"),
        }
    }
}

impl Act {
    /// Its write: the same act of the same moment is one.
    pub(super) fn put(&self, shop: &ShopId) -> Result<Put, StoreError> {
        Put::new(Entity::Audit(self.at, &self.what.id()).key(shop), self)
    }
}

impl Store {
    /// What people did by hand, oldest first.
    pub async fn acts(&self, shop: &ShopId) -> Result<Vec<Act>, StoreError> {
        let found = self.query_all(&Entity::Settings.key(shop).pk, AUDIT).await?;
        found.into_iter().map(item::read).collect()
    }
}
