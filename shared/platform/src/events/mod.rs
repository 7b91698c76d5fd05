//! What happens in a shop, told to whoever listens on the bus: Slack, a CRM, text messages.
//!
//! An event says that something happened and to which ids. It holds nothing personal: who
//! may know a customer's name asks the API for it. Delivery is at least once and in no order;
//! [`DomainEvent::id`] is a function of what happened, so that whoever listens can tell a
//! repeat. What each type holds is published as JSON Schema in `events/bus`.

mod happened;
mod stored;

use jiff::Timestamp;
use loyalty::ids::ShopId;
use serde::Serialize;

pub use self::happened::{
    ConsentChanged, CustomerLapsed, Direction, Failure, FollowUpOpened, Grade, Happened,
    MessageFailed, MessageSent, PointsCause, PointsChanged, PurchaseRecorded, RewardRedeemed,
    State, Suppressed, SurveyAnswered, Teller, TierChanged, To,
};
use crate::store::short_hash;

/// The form of a detail. It goes up when a field goes or changes its meaning; a field that is
/// new, or a new word in one, is no new form.
pub const VERSION: u32 = 1;

/// Something that happened in a shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainEvent {
    /// The shop.
    pub shop: ShopId,
    /// When it happened, which may be long before it is told.
    pub at: Timestamp,
    /// What.
    pub what: Happened,
}

/// The detail as it goes out.
#[derive(Serialize)]
struct Detail<'a> {
    version: u32,
    id: String,
    shop: &'a ShopId,
    at: Timestamp,
    #[serde(flatten)]
    what: &'a Happened,
}

impl DomainEvent {
    /// The event's `detail-type`, such as `PointsChanged`.
    pub fn detail_type(&self) -> &'static str {
        self.what.detail_type()
    }

    /// What tells this event from every other: the same for each time it is told, whoever
    /// tells it. 26 characters of `a-z2-7`.
    pub fn id(&self) -> String {
        let mut parts = vec![self.detail_type().to_owned(), self.shop.to_string()];
        parts.extend(self.what.key());
        id_of(&parts)
    }

    /// The event's `detail`, as JSON.
    pub fn detail(&self) -> Result<String, serde_json::Error> {
        let Self { shop, at, what } = self;
        serde_json::to_string(&Detail { version: VERSION, id: self.id(), shop, at: *at, what })
    }
}

/// The id that texts make. None of them can reach into the next.
fn id_of(parts: &[String]) -> String {
    let told: Vec<String> = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    short_hash(&told.concat())
}

#[cfg(test)]
mod tests;
