//! Whose an order is: the strongest identity known, and never a way into somebody
//! else's account.
//!
//! A body's own customer record (a source's id, with the address and number it keeps for
//! it) may bring new identities to an account. What merely stands on an order is a hint:
//! it finds an account to credit, and opens none.

use crate::ids::CustomerId;

/// What a body tells about its buyer. `I` is an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims<I> {
    /// The source's own customer record.
    pub record: Option<RecordClaims<I>>,
    /// The address that stands on the order.
    pub email: Option<I>,
    /// The number that stands on the order.
    pub phone: Option<I>,
}

/// A source's own customer record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordClaims<I> {
    /// Its id there.
    pub id: I,
    /// The address it keeps.
    pub email: Option<I>,
    /// Whether the source says the address was confirmed.
    pub email_verified: bool,
    /// The number it keeps.
    pub phone: Option<I>,
}

/// Whose an identity is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The customer.
    pub customer: CustomerId,
    /// Whether she has a record at the source that is asking, under another id.
    pub has_other_record: bool,
}

/// Whose an order is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose<I> {
    /// Nobody is known.
    Nobody,
    /// A known customer, who gains these identities.
    Known {
        /// Who.
        customer: CustomerId,
        /// Identities that nobody has yet.
        gains: Vec<I>,
    },
    /// A new customer with these identities.
    New(Vec<I>),
}

/// Decides whose an order is, given who owns each identity now.
pub fn whose<I: Clone>(claims: &Claims<I>, owner: impl Fn(&I) -> Option<Owner>) -> Whose<I> {
    match &claims.record {
        Some(record) => by_record(record, owner),
        None => by_hint(claims, owner),
    }
}

fn by_record<I: Clone>(record: &RecordClaims<I>, owner: impl Fn(&I) -> Option<Owner>) -> Whose<I> {
    let free = |identity: &Option<I>| identity.clone().filter(|one| owner(one).is_none());
    let (email, phone) = (free(&record.email), free(&record.phone));
    if let Some(known) = owner(&record.id) {
        let gains = [email, phone].into_iter().flatten().collect();
        return Whose::Known { customer: known.customer, gains };
    }
    // A new record whose confirmed address is somebody's: the same person, unless she
    // has another record there already. An unconfirmed address or a number proves
    // nothing: anybody can type them. Those two become candidates for a person to judge.
    let by_email = record.email.as_ref().filter(|_| record.email_verified).and_then(&owner);
    match by_email.filter(|known| !known.has_other_record) {
        Some(known) => {
            let gains = [Some(record.id.clone()), phone].into_iter().flatten().collect();
            Whose::Known { customer: known.customer, gains }
        }
        None => {
            let identities = [Some(record.id.clone()), email, phone];
            Whose::New(identities.into_iter().flatten().collect())
        }
    }
}

fn by_hint<I: Clone>(claims: &Claims<I>, owner: impl Fn(&I) -> Option<Owner>) -> Whose<I> {
    // The address decides where there is one: a number beside it may be anybody's.
    let Some(hint) = claims.email.as_ref().or(claims.phone.as_ref()) else {
        return Whose::Nobody;
    };
    match owner(hint) {
        Some(known) => Whose::Known { customer: known.customer, gains: Vec::new() },
        None => Whose::New(vec![hint.clone()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: Claims<&str> = Claims { record: None, email: None, phone: None };

    fn record(
        id: &'static str,
        email: Option<&'static str>,
        phone: Option<&'static str>,
    ) -> Claims<&'static str> {
        let record = RecordClaims { id, email, email_verified: true, phone };
        Claims { record: Some(record), ..NOBODY }
    }

    /// Anna has record 1, an address and a number; Ben bought once as a guest.
    fn owner(identity: &&str) -> Option<Owner> {
        let (customer, has_other_record) = match *identity {
            "id:1" | "anna@x.org" | "+1" => ("anna", *identity != "id:1"),
            "ben@x.org" => ("ben", false),
            _ => return None,
        };
        Some(Owner { customer: customer.parse().unwrap(), has_other_record })
    }

    #[track_caller]
    fn known(claims: &Claims<&'static str>, who: &str, gains: &[&str]) {
        let expected = Whose::Known { customer: who.parse().unwrap(), gains: gains.to_vec() };
        assert_eq!(whose(claims, owner), expected);
    }

    #[track_caller]
    fn new(claims: &Claims<&'static str>, identities: &[&str]) {
        assert_eq!(whose(claims, owner), Whose::New(identities.to_vec()));
    }

    #[test]
    fn a_known_record_is_hers_and_brings_what_is_free() {
        known(&record("id:1", Some("anna@new.org"), Some("+1")), "anna", &["anna@new.org"]);
        known(&record("id:1", Some("ben@x.org"), None), "anna", &[]);
    }

    #[test]
    fn a_guest_who_registers_keeps_what_she_earned_as_a_guest() {
        known(&record("id:2", Some("ben@x.org"), Some("+2")), "ben", &["id:2", "+2"]);
    }

    #[test]
    fn an_unconfirmed_address_opens_no_account() {
        let mut claims = record("id:2", Some("ben@x.org"), None);
        claims.record.as_mut().unwrap().email_verified = false;
        new(&claims, &["id:2"]);
    }

    #[test]
    fn a_second_record_with_her_address_is_somebody_else_until_a_person_says_so() {
        new(&record("id:2", Some("anna@x.org"), None), &["id:2"]);
    }

    #[test]
    fn somebody_elses_number_opens_no_account() {
        new(&record("id:2", Some("eve@x.org"), Some("+1")), &["id:2", "eve@x.org"]);
        new(&record("id:2", None, Some("+1")), &["id:2"]);
    }

    #[test]
    fn a_guests_address_finds_an_account_and_never_adds_to_it() {
        known(&Claims { email: Some("anna@x.org"), phone: Some("+9"), ..NOBODY }, "anna", &[]);
        new(&Claims { email: Some("eve@x.org"), phone: Some("+1"), ..NOBODY }, &["eve@x.org"]);
    }

    #[test]
    fn a_number_alone_counts() {
        known(&Claims { phone: Some("+1"), ..NOBODY }, "anna", &[]);
        new(&Claims { phone: Some("+9"), ..NOBODY }, &["+9"]);
        assert_eq!(whose(&NOBODY, owner), Whose::Nobody);
    }
}
