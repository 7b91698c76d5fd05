//! A person under every name she has: her records at the sources, and what holds for her.

use std::collections::BTreeSet;

use loyalty::ids::{CustomerId, ShopId, Source};

use super::keys::Entity;
use super::{Contact, Store, StoreError, item};

/// A person, whatever names she has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Contact data of her, and of all her account stands for.
    contacts: Vec<(CustomerId, Contact)>,
}

impl Known {
    /// What is known under the name that stands for her; mail goes by that. `None`: nothing
    /// is known, or it was erased.
    pub fn holder(&self) -> Option<(&CustomerId, &Contact)> {
        self.contacts.first().map(|(customer, contact)| (customer, contact))
    }

    /// Whether a source has a record of her.
    pub fn has_record(&self, source: Source) -> bool {
        self.contacts.iter().any(|(_, contact)| contact.records.contains_key(&source))
    }

    /// The ids of her records at a source, as far as they are known.
    pub fn record_ids(&self, source: Source) -> BTreeSet<&str> {
        let ids = self.contacts.iter().flat_map(|(_, contact)| {
            contact.record_ids.get(&source).into_iter().flatten().map(String::as_str)
        });
        ids.collect()
    }

    /// Whether an identity is hers, as it prints.
    pub fn is_hers(&self, identity: &str) -> bool {
        self.contacts.iter().any(|(_, contact)| contact.identities.contains(identity))
    }
}

impl Store {
    /// A person, by any name of hers.
    pub async fn known_as(
        &self,
        shop: &ShopId,
        customer: &CustomerId,
    ) -> Result<Known, StoreError> {
        let (holder, account) = self.account(shop, customer.clone()).await?;
        let mut contacts = Vec::new();
        for one in self.family(shop, &holder, &account).await? {
            let found = self.get(&Entity::Contact(&one).key(shop)).await?;
            contacts.extend(found.map(item::read).transpose()?.map(|contact| (one, contact)));
        }
        // Without her own data nothing holds for her, whatever those merged into her said.
        if contacts.first().is_some_and(|(first, _)| *first != holder) {
            contacts.clear();
        }
        Ok(Known { contacts })
    }
}

#[cfg(test)]
mod tests {
    use serde_dynamo::{from_item, to_item};

    use super::*;
    use crate::store::Item;

    #[test]
    fn a_contact_of_before_ids_were_kept_is_readable() {
        let old = serde_json::json!({"version": 3, "created_at": "2026-01-01T00:00:00Z",
            "records": {"shopify": "2026-11-20T14:00:00Z", "square": null}});
        let item: Item = to_item(old).unwrap();
        let contact: Contact = from_item(item).unwrap();
        let known = Known { contacts: vec![("ada".parse().unwrap(), contact)] };
        assert!(known.has_record(Source::Shopify) && known.has_record(Source::Square));
        assert!(known.record_ids(Source::Shopify).is_empty());
    }
}
