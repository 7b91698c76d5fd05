//! What people said about mail: taken in, kept with them, and proved.

use jiff::{SignedDuration, Timestamp};
use loyalty::birthday::Birthday;
use loyalty::consent::{Act, Channel, Consent, Fact, State, Teller};
use loyalty::ids::{CustomerId, ShopId, Source};
use loyalty::program::ConsentGrade;
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use super::item::{self, Check, Put};
use super::keys::{Entity, PROOFS};
use super::{Contact, Store, StoreError, Write, retry, table};
use crate::identity::{Identity, Kind};

/// How long a proof is kept: three years, and a day for leap years.
const PROOF_LIFE: SignedDuration = SignedDuration::from_hours((3 * 365 + 1) * 24);

/// How well Shopify's words for an opt-in show it.
///
/// `single_opt_in` is the box of Shopify's own checkout or form, `confirmed_opt_in` one that
/// the person confirmed by a link in a mail besides: as good as our own form, confirmed.
/// `unknown`, no word and a word we don't know say nothing of how it came: such a yes is
/// kept and shown, and is enough nowhere.
pub fn shopify_grade(opt_in_level: Option<&str>) -> Option<ConsentGrade> {
    match opt_in_level {
        Some("confirmed_opt_in") => Some(ConsentGrade::ConfirmedOwnForm),
        Some("single_opt_in") => Some(ConsentGrade::Checkout),
        _ => None,
    }
}

/// That an identity gave or withdrew consent. It names nobody, stands apart from the
/// person's data, and outlives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentProof {
    /// When it was said.
    pub at: Timestamp,
    /// When we heard of it.
    pub heard_at: Timestamp,
    /// By which channel mail would come.
    pub channel: Channel,
    /// What holds since.
    pub state: State,
    /// Who told.
    pub teller: Teller,
    /// How well a yes is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<ConsentGrade>,
    /// SHA-256 of the wording a yes was given to, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wording: Option<String>,
    /// The yes that this ended. Mail was sent by it until now, so it has to be shown as
    /// long as this: its own proof may be gone by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<EndedConsent>,
}

/// A yes that was ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedConsent {
    /// When it was given.
    pub at: Timestamp,
    /// How well it was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<ConsentGrade>,
    /// SHA-256 of its wording, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wording: Option<String>,
}

impl ConsentProof {
    /// The proof of a fact, where it changed what holds. What is only said again, or came
    /// too late to count, is no change.
    fn of(fact: &Fact, before: &Consent, after: &Consent, now: Timestamp) -> Option<Self> {
        let channel = fact.channel()?;
        let (was, is) = (before.permission(channel), after.permission(channel));
        let standing = after.standing(channel);
        if was == is && before.state(channel) == standing.state {
            return None;
        }
        let hashed = |wording: &Option<String>| wording.as_deref().map(hash);
        let ended = was.filter(|_| is.is_none());
        Some(Self {
            at: fact.at,
            heard_at: now,
            channel,
            state: standing.state,
            teller: standing.teller?,
            grade: standing.grade,
            wording: is.and_then(|yes| hashed(&yes.wording)),
            ended: ended.map(|yes| EndedConsent {
                at: yes.at,
                grade: yes.grade,
                wording: hashed(&yes.wording),
            }),
        })
    }

    fn put(&self, shop: &ShopId, identity: &Identity) -> Result<Put, StoreError> {
        // Two changes may fall into one second.
        let state = match self.state {
            State::None => "none",
            State::Pending => "pending",
            State::Subscribed => "subscribed",
            State::Unsubscribed => "unsubscribed",
        };
        let expires = self.heard_at.checked_add(PROOF_LIFE).unwrap_or(Timestamp::MAX);
        let put = Put::new(Entity::ConsentProof(identity, self.at, state).key(shop), self)?;
        Ok(put.expires(expires))
    }
}

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Contact {
    /// Takes in a fact about mail, and plans the proof where that changes what holds. It is
    /// kept under the address that the fact was `told` of, else under what is known of her.
    pub(super) fn hears(
        &mut self,
        shop: &ShopId,
        fact: &Fact,
        told: Option<&Identity>,
        now: Timestamp,
    ) -> Result<Option<Put>, StoreError> {
        let before = self.consent.clone();
        self.consent.hear(fact);
        let Some(proof) = ConsentProof::of(fact, &before, &self.consent, now) else {
            return Ok(None);
        };
        let known: Vec<Identity> =
            self.identities.iter().filter_map(|identity| identity.parse().ok()).collect();
        let email = known.iter().find(|identity| identity.kind == Kind::Email);
        let identity = told.filter(|told| told.kind == Kind::Email);
        let identity = identity.or(email).or(told).or(known.first());
        identity.map(|identity| proof.put(shop, identity)).transpose()
    }
}

impl Store {
    /// Takes in what a customer said about mail, or what her mailbox answered, with its
    /// proof where it changes what holds. Whoever stands for her hears it too: mail is sent
    /// by what that one said. Says whether it was news.
    pub async fn hear(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
        fact: &Fact,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        for attempt in 1.. {
            // Who was erased has nothing to keep it in. Read before whoever stands for her: a
            // merge that comes between writes it again, so that this plans again.
            let Some(known) = self.contact(shop, customer).await? else { return Ok(false) };
            let (holder, account) = self.account(shop, customer.clone()).await?;
            let mut contact = known.clone();
            let mut puts = Vec::new();
            puts.extend(contact.hears(shop, fact, None, now)?);
            if contact != known {
                puts.push(contact.put(shop, customer, &[])?);
            }
            let mut checks = Vec::new();
            if holder != *customer {
                puts.extend(self.tell_holder(shop, &holder, &Consent::from(fact), None).await?);
                // A merge undone meanwhile makes it nobody's business but hers.
                let key = Entity::Account(&holder).key(shop);
                checks.push(Check::version(key, "n", account.version));
            }
            let news = !puts.is_empty();
            if self.write_checked(puts, checks).await? == Write::Done {
                return Ok(news);
            }
            retry::pause(attempt).await?;
        }
        Err(StoreError::Contended { attempts: retry::ATTEMPTS })
    }

    /// Plans to tell the one who stands for somebody what she said about mail, which was
    /// proved where she said it, and her birthday.
    pub(super) async fn tell_holder(
        &self,
        shop: &ShopId,
        holder: &CustomerId,
        said: &Consent,
        birthday: Option<Birthday>,
    ) -> Result<Option<Put>, StoreError> {
        let Some(known) = self.contact(shop, holder).await? else { return Ok(None) };
        let mut contact = known.clone();
        contact.consent.merge(said);
        contact.hears_birthday(birthday);
        (contact != known).then(|| contact.put(shop, holder, &[])).transpose()
    }

    /// The proofs kept of an identity, oldest first.
    pub async fn consent_proofs(
        &self,
        shop: &ShopId,
        identity: &Identity,
        now: Timestamp,
    ) -> Result<Vec<ConsentProof>, StoreError> {
        let pk = Entity::Tombstone(identity).key(shop).pk;
        let mut found = self.query_all(&pk, PROOFS).await?;
        let now = u64::try_from(now.as_second()).unwrap_or(0);
        found.retain(|proof| item::number(proof, table::EXPIRES_AT) > now);
        found.into_iter().map(item::read).collect()
    }
}

/// A consent as it stands in a contact: as it is written now, or as it was before it had a
/// history.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Old(OldConsent),
    New(Consent),
}

/// The last thing a source said, and nothing else.
#[derive(Deserialize)]
struct OldConsent {
    state: State,
    source: Source,
    level: Option<String>,
    at: Timestamp,
}

/// Reads a consent in either form.
pub(super) fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Consent, D::Error> {
    Ok(match Stored::deserialize(from)? {
        Stored::New(consent) => consent,
        Stored::Old(old) => Consent::from(&old.fact()),
    })
}

impl OldConsent {
    fn fact(self) -> Fact {
        let (channel, teller) = (Channel::Email, Teller::from(self.source));
        let act = match self.state {
            State::Subscribed => {
                let grade = shopify_grade(self.level.as_deref());
                Act::Subscribed { channel, teller, grade, hers: grade.is_some(), wording: None }
            }
            State::Pending => Act::Asked { channel, teller },
            State::Unsubscribed => Act::Unsubscribed { channel, teller },
            State::None => Act::Silent { channel, teller },
        };
        Fact { at: self.at, act }
    }
}

#[cfg(test)]
mod tests {
    use serde_dynamo::{from_item, to_item};

    use super::*;
    use crate::store::Item;

    /// A contact as it was written with only the last word about mail.
    fn old(state: &str, level: Option<&str>) -> Contact {
        let contact = serde_json::json!({
            "version": 3, "created_at": "2026-01-01T00:00:00Z", "email": "ada@example.com",
            "identities": ["email#lR8x"],
            "consent": {"state": state, "source": "shopify", "at": "2026-11-20T14:00:00.5Z",
                "level": level},
        });
        let mut item: Item = to_item(contact).unwrap();
        if level.is_none()
            && let Some(aws_sdk_dynamodb::types::AttributeValue::M(consent)) =
                item.get_mut("consent")
        {
            consent.remove("level");
        }
        from_item(item).unwrap()
    }

    #[test]
    fn a_contact_of_before_says_what_it_said() {
        for (word, level, state, grade) in [
            ("subscribed", Some("confirmed_opt_in"), State::Subscribed, true),
            ("subscribed", Some("unknown"), State::Subscribed, false),
            ("unsubscribed", None, State::Unsubscribed, false),
            ("pending", None, State::Pending, false),
            ("none", None, State::None, false),
        ] {
            let standing = old(word, level).consent.standing(Channel::Email);
            assert_eq!((standing.state, standing.grade.is_some()), (state, grade), "{word}");
            let at = standing.since.map(|at| at.to_string());
            assert_eq!(at.as_deref(), Some("2026-11-20T14:00:00.5Z"), "{word}");
        }
    }

    #[test]
    fn a_contact_reads_back_what_it_writes_and_hears_on_from_the_old_form() {
        let mut contact = old("unsubscribed", None);
        let at: Timestamp = "2026-11-21T00:00:00.123456789Z".parse().unwrap();
        for act in [Act::Complained, Act::BouncedForNow, Act::Monthly { on: true }] {
            contact.consent.hear(&Fact { at, act });
        }
        contact.consent.hear(&Fact::pause(at));
        let item: Item = to_item(&contact).unwrap();
        assert_eq!(from_item::<_, Contact>(item).unwrap(), contact);
        assert_eq!(contact.consent.state(Channel::Email), State::Unsubscribed);
    }

    #[test]
    fn a_contact_without_a_word_about_mail_writes_none() {
        let item: Item = to_item(Contact::default()).unwrap();
        assert!(!item.contains_key("consent"));
        assert_eq!(from_item::<_, Contact>(item).unwrap(), Contact::default());
    }

    #[test]
    fn a_consent_in_neither_form_is_unreadable_and_never_nothing() {
        let wrong = serde_json::json!({
            "version": 1, "created_at": "2026-01-01T00:00:00Z",
            "consent": {"state": "gone", "source": "shopify", "at": "2026-11-20T14:00:00Z"},
        });
        let item: Item = to_item(wrong).unwrap();
        assert!(from_item::<_, Contact>(item).is_err());
    }
}
