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
use sha2::{Digest, Sha256};

pub use self::happened::{
    AnswerBy, ConsentChanged, CustomerLapsed, Direction, Failure, FollowUpOpened, Grade, Happened,
    MessageFailed, MessageSent, PointsCause, PointsChanged, PurchaseRecorded, RewardRedeemed,
    Scale, State, Suppressed, SurveyAnswered, Teller, TierChanged, To,
};

/// The form of a detail. It goes up when a field goes or changes its meaning; a field that is
/// new, or a new word in one, is no new form.
pub const VERSION: u32 = 1;

/// The `source` of every event on the bus.
pub const SOURCE: &str = "regulars";

/// Characters of an id: 130 bits, beyond any collision a deployment could meet.
const ID_LENGTH: usize = 26;

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

/// The id that texts make: base 32 of their SHA-256. None of them can reach into the next.
fn id_of(parts: &[String]) -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut sha = Sha256::new();
    for part in parts {
        sha.update(part.len().to_string());
        sha.update(b":");
        sha.update(part);
    }
    let (mut id, mut held, mut bits) = (String::with_capacity(ID_LENGTH), 0_u32, 0_u32);
    for byte in sha.finalize() {
        held = (held << 8) | u32::from(byte);
        bits = bits.saturating_add(8);
        while bits >= 5 && id.len() < ID_LENGTH {
            bits = bits.saturating_sub(5);
            let digit = usize::try_from((held >> bits) & 31).unwrap_or(0);
            id.push(DIGITS.get(digit).copied().map_or('a', char::from));
        }
        held &= 0xff;
    }
    id
}

#[cfg(test)]
mod tests;
