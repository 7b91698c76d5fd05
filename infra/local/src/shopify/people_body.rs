//! Bodies about people who don't exist.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Customer, Sender, local};

/// A customer, for `customers/create` and `customers/update`.
pub(crate) fn customer_body(sender: &Sender, customer: &Customer) -> Value {
    json!({
        "id": customer.id,
        "addresses": [address(customer)],
        "admin_graphql_api_id": format!("gid://shopify/Customer/{}", customer.id),
        "created_at": local(sender, customer.created_at),
        "currency": "USD",
        "default_address": address(customer),
        "email": customer.email,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "multipass_identifier": null,
        "note": null,
        "phone": customer.phone,
        "state": "enabled",
        "tax_exempt": false,
        "tax_exemptions": [],
        "updated_at": local(sender, customer.updated_at),
        "verified_email": customer.email.is_some(),
    })
}

/// What a customer said about marketing mail.
pub(crate) fn consent_body(
    sender: &Sender,
    customer: &Customer,
    yes: bool,
    at: Timestamp,
) -> Value {
    json!({
        "customer_id": customer.id,
        "email_address": customer.email,
        "email_marketing_consent": {
            "consent_updated_at": local(sender, at),
            "opt_in_level": yes.then_some("confirmed_opt_in"),
            "state": if yes { "subscribed" } else { "unsubscribed" },
        },
    })
}

pub(super) fn address(customer: &Customer) -> Value {
    json!({
        "id": customer.id.saturating_add(9),
        "address1": "18 Kiln Street",
        "address2": null,
        "city": "Kingston",
        "company": null,
        "country": "United States",
        "country_code": "US",
        "country_name": "United States",
        "customer_id": customer.id,
        "default": true,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "name": format!("{} {}", customer.first_name, customer.last_name),
        "phone": customer.phone,
        "province": "New York",
        "province_code": "NY",
        "zip": "12401",
    })
}
