//! Customers: the record itself, and what it says about marketing mail.

use jiff::Timestamp;
use loyalty::consent::State;
use platform::store::{Person, shopify_grade};
use serde::Deserialize;

use crate::read::{at, filled};
use crate::{ConsentTold, PersonTold, Unreadable};

/// The customer resource, by itself or inside an order.
#[derive(Debug, Deserialize)]
pub(super) struct Customer {
    id: u64,
    email: Option<String>,
    phone: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    #[serde(default)]
    verified_email: Option<bool>,
    updated_at: Option<Timestamp>,
    locale: Option<String>,
}

/// `customers_email_marketing_consent/update`.
#[derive(Debug, Deserialize)]
pub(super) struct ConsentUpdate {
    customer_id: u64,
    email_address: Option<String>,
    email_marketing_consent: MarketingConsent,
}

#[derive(Debug, Deserialize)]
struct MarketingConsent {
    state: Option<String>,
    opt_in_level: Option<String>,
    consent_updated_at: Option<Timestamp>,
}

impl Customer {
    /// The record as the store knows records.
    pub(super) fn person(&self) -> Person {
        let names: Vec<String> =
            [filled(&self.first_name), filled(&self.last_name)].into_iter().flatten().collect();
        Person {
            id: self.id.to_string(),
            email: filled(&self.email),
            email_verified: self.verified_email == Some(true),
            phone: filled(&self.phone),
            name: Some(names.join(" ")).filter(|name| !name.is_empty()),
            language: filled(&self.locale),
            // Shopify has no such field.
            birthday: None,
            updated_at: self.updated_at,
        }
    }
}

/// What a customer body tells. It never tells consent: that has a topic of its own.
pub(super) fn told(customer: &Customer) -> PersonTold {
    PersonTold { person: customer.person(), consent: None }
}

/// What a consent body tells.
pub(super) fn consent_told(
    update: &ConsentUpdate,
    triggered_at: Option<Timestamp>,
) -> Result<PersonTold, Unreadable> {
    let consent = &update.email_marketing_consent;
    let state = match consent.state.as_deref() {
        Some("subscribed") => State::Subscribed,
        Some("unsubscribed") => State::Unsubscribed,
        Some("pending") => State::Pending,
        Some("not_subscribed" | "invalid" | "redacted") | None => State::None,
        Some(_) => return Err(at("email_marketing_consent.state", "a state we don't know")),
    };
    let email = update.email_address.clone().filter(|email| !email.trim().is_empty());
    let person = Person { id: update.customer_id.to_string(), email, ..Person::default() };
    let consent = ConsentTold {
        state,
        grade: shopify_grade(consent.opt_in_level.as_deref()),
        at: consent.consent_updated_at.or(triggered_at),
        dated: consent.consent_updated_at.is_some(),
    };
    Ok(PersonTold { person, consent: Some(consent) })
}
