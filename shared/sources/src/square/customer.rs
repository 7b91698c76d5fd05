//! The customer object, and what an event says about records that became one.

use jiff::Timestamp;
use loyalty::birthday::Birthday;
use loyalty::consent::State;
use platform::store::Person;
use serde::Deserialize;
use serde_json::Value;

use crate::read::filled;
use crate::{ConsentTold, Merged, PersonTold, Told};

#[derive(Debug, Deserialize)]
pub(super) struct Customer {
    id: String,
    email_address: Option<String>,
    phone_number: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    birthday: Option<Value>,
    preferences: Option<Preferences>,
    updated_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct Preferences {
    email_unsubscribed: Option<bool>,
}

/// An event about a customer. Why it was sent stands beside the customer, or a floor up.
#[derive(Debug, Deserialize)]
pub(super) struct CustomerEvent {
    data: CustomerData,
}

#[derive(Debug, Deserialize)]
struct CustomerData {
    object: CustomerObject,
    event_context: Option<Context>,
}

#[derive(Debug, Deserialize)]
struct CustomerObject {
    customer: Customer,
    event_context: Option<Context>,
}

#[derive(Debug, Deserialize)]
struct Context {
    merge: Option<Merge>,
}

#[derive(Debug, Deserialize)]
struct Merge {
    #[serde(default)]
    from_customer_ids: Vec<String>,
    to_customer_id: Option<String>,
}

/// What an event about a customer tells.
pub(super) fn told(event: CustomerEvent, deleted: bool) -> Told {
    let CustomerData { object, event_context } = event.data;
    let contexts = [object.event_context, event_context];
    let merge = contexts.into_iter().flatten().find_map(|context| context.merge);
    match merge.and_then(Merge::merged) {
        Some(mut merged) => {
            // Of the record that is new with the merge no other event tells.
            let is_kept = !deleted && object.customer.id == merged.kept;
            merged.record = is_kept.then(|| Box::new(object.customer.told()));
            Told::Merged(merged)
        }
        // Deleted by itself: whether she is to be forgotten here too, a person decides.
        None if deleted => Told::Task,
        None => Told::Person(Box::new(object.customer.told())),
    }
}

impl Merge {
    /// The merge, if it says which records became which.
    fn merged(self) -> Option<Merged> {
        let kept = filled(&self.to_customer_id)?;
        let gone = self.from_customer_ids.into_iter();
        let gone: Vec<_> = gone.filter(|id| !id.trim().is_empty() && *id != kept).collect();
        (!gone.is_empty()).then_some(Merged { kept, gone, record: None })
    }
}

impl Customer {
    /// What a record tells.
    pub(super) fn told(&self) -> PersonTold {
        let names = [filled(&self.given_name), filled(&self.family_name)];
        let names: Vec<String> = names.into_iter().flatten().collect();
        let person = Person {
            id: self.id.clone(),
            email: filled(&self.email_address),
            // Square asks nobody whether an address is theirs.
            email_verified: false,
            phone: filled(&self.phone_number),
            name: Some(names.join(" ")).filter(|name| !name.is_empty()),
            language: None,
            birthday: self.birthday(),
            updated_at: self.updated_at,
        };
        // There is a field for no and none for yes: what isn't a no says nothing.
        let preferences = self.preferences.as_ref();
        let said_no =
            preferences.is_some_and(|preferences| preferences.email_unsubscribed == Some(true));
        // The record says only that she has said so by then.
        let (state, at) = (State::Unsubscribed, self.updated_at);
        let consent = said_no.then_some(ConsentTold { state, grade: None, at, dated: false });
        PersonTold { person, consent }
    }

    /// Day and month of her birthday, whatever year stands there: Square writes 0000 for none.
    /// A day there isn't is left out: nobody here could put it right.
    fn birthday(&self) -> Option<Birthday> {
        let told = self.birthday.as_ref().filter(|told| *told != "")?;
        let birthday = told.as_str().and_then(|told| told.trim().parse().ok());
        if birthday.is_none() {
            tracing::warn!(
                record = self.id,
                "Square has a birthday that is no day: it is left out"
            );
        }
        birthday
    }
}
