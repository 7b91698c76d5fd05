//! Whose an order is: the strongest identity known, and never a way into somebody
//! else's account.
//!
//! A body's own customer record (a source's id, with the address and number it keeps for
//! it) may bring new identities to an account. What merely stands on an order is a hint:
//! it finds an account to credit, and opens none.

use serde::{Deserialize, Serialize};

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
    /// Whether she has a record of her own, at whatever source, under another id than the
    /// one asking. Who has is reached by that record too, and may not be the one whom an
    /// address that she, or somebody at a till, only typed belongs to.
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

/// Why two customers may be one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// A record has the other's address.
    Email,
    /// A record has the other's number.
    Phone,
    /// On an order stands the other's address.
    OrderEmail,
    /// On an order stands the other's number.
    OrderPhone,
}

/// What a body's identities come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<I> {
    /// Whose it is.
    pub whose: Whose<I>,
    /// The customer who is surely the same person: a record of the known one confirmed an
    /// address that was a guest's, who has no record of her own.
    pub same: Option<CustomerId>,
    /// Customers who may be the same person, for a person to judge.
    pub maybe: Vec<(CustomerId, Likeness)>,
}

impl<I> Found<I> {
    fn plainly(whose: Whose<I>) -> Self {
        Self { whose, same: None, maybe: Vec::new() }
    }
}

/// Decides whose an order is, given who owns each identity now.
pub fn whose<I: Clone>(claims: &Claims<I>, owner: impl Fn(&I) -> Option<Owner>) -> Found<I> {
    let mut found = match &claims.record {
        Some(record) => by_record(record, &owner),
        None => return Found::plainly(by_hint(claims, owner)),
    };
    let hints = [(&claims.email, Likeness::OrderEmail), (&claims.phone, Likeness::OrderPhone)];
    for (hint, likeness) in hints {
        let met = hint.as_ref().and_then(&owner);
        found.maybe.extend(met.map(|met| (met.customer, likeness)));
    }
    // Once is enough, by the strongest likeness; nobody is like herself.
    let (mut known, same) = (Vec::new(), found.same.clone());
    known.extend(same);
    if let Whose::Known { customer, .. } = &found.whose {
        known.push(customer.clone());
    }
    found.maybe.retain(|(customer, _)| {
        let news = !known.contains(customer);
        known.push(customer.clone());
        news
    });
    found
}

fn by_record<I: Clone>(record: &RecordClaims<I>, owner: &impl Fn(&I) -> Option<Owner>) -> Found<I> {
    let met = |identity: &Option<I>| identity.as_ref().and_then(owner);
    let free = |identity: &Option<I>| identity.clone().filter(|one| owner(one).is_none());
    let (email, phone) = (free(&record.email), free(&record.phone));
    // A guest whose address is confirmed is the same person. Somebody with a record of her
    // own isn't, whatever address she has: it may have been typed to get at this very
    // account once its owner confirms it. An unconfirmed address or a number proves nothing: anybody can type them.
    // Those become candidates for a person to judge.
    let has_email = met(&record.email);
    let confirmed = has_email.clone().filter(|_| record.email_verified);
    let confirmed = confirmed.filter(|met| !met.has_other_record).map(|met| met.customer);
    let maybe = [(has_email, Likeness::Email), (met(&record.phone), Likeness::Phone)];
    let maybe = maybe.into_iter().filter_map(|(met, likeness)| Some((met?.customer, likeness)));
    let maybe: Vec<_> = maybe.collect();
    match (owner(&record.id), confirmed) {
        (Some(known), confirmed) => {
            let same = confirmed.filter(|other| *other != known.customer);
            let gains = [email, phone].into_iter().flatten().collect();
            Found { whose: Whose::Known { customer: known.customer, gains }, same, maybe }
        }
        (None, Some(customer)) => {
            let gains = [Some(record.id.clone()), phone].into_iter().flatten().collect();
            Found { whose: Whose::Known { customer, gains }, same: None, maybe }
        }
        (None, None) => {
            let identities = [Some(record.id.clone()), email, phone];
            let whose = Whose::New(identities.into_iter().flatten().collect());
            Found { whose, same: None, maybe }
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
        assert_eq!(whose(claims, owner).whose, expected);
    }

    #[track_caller]
    fn maybe(claims: &Claims<&'static str>, expected: &[(&str, Likeness)]) {
        let found = whose(claims, owner);
        let found: Vec<_> = found.maybe.iter().map(|(who, why)| (who.as_str(), *why)).collect();
        assert_eq!(found, expected);
    }

    #[track_caller]
    fn new(claims: &Claims<&'static str>, identities: &[&str]) {
        assert_eq!(whose(claims, owner).whose, Whose::New(identities.to_vec()));
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
        maybe(&claims, &[("ben", Likeness::Email)]);
    }

    #[test]
    fn a_known_record_that_confirms_a_guests_address_is_the_guest() {
        let found = whose(&record("id:1", Some("ben@x.org"), None), owner);
        assert_eq!(found.same, Some("ben".parse().unwrap()));
        assert_eq!(found.maybe, []);
        let mut claims = record("id:1", Some("ben@x.org"), None);
        claims.record.as_mut().unwrap().email_verified = false;
        assert_eq!(whose(&claims, owner).same, None);
        maybe(&claims, &[("ben", Likeness::Email)]);
    }

    #[test]
    fn nobody_is_like_herself() {
        maybe(&record("id:1", Some("anna@x.org"), Some("+1")), &[]);
    }

    #[test]
    fn what_stands_on_an_order_beside_a_record_is_a_likeness_at_most() {
        let mut claims = record("id:1", Some("anna@x.org"), None);
        claims.email = Some("ben@x.org");
        maybe(&claims, &[("ben", Likeness::OrderEmail)]);
    }

    #[test]
    fn a_second_record_with_her_address_is_somebody_else_until_a_person_says_so() {
        new(&record("id:2", Some("anna@x.org"), None), &["id:2"]);
        maybe(&record("id:2", Some("anna@x.org"), Some("+1")), &[("anna", Likeness::Email)]);
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
        assert_eq!(whose(&NOBODY, owner).whose, Whose::Nobody);
    }
}
