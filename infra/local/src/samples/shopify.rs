//! The cases: an order for a birthday, from the click to the money back.

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::{Value, json};

use crate::shopify::{
    Buyer, CONSENT, CUSTOMER_CREATED, Change, Channel, Customer, Line, Order, Product, Refund,
    RefundLine, Sender, Step, Webhook, consent_body, customer_body, order_webhook_body, percent_of,
};

/// Beyond 2^53, as real ids may be.
const ORDER: u64 = 5_928_374_650_192_837_465;
const CUSTOMER: u64 = 7_314_159_265_358_979_323;
const SHOP_ID: u64 = 61_803_398_874;

static LOAF: Product = shelf(8_125_400_700_001, "LOAF-SOURDOUGH", "Sourdough loaf", 850, 900);
static CROISSANT: Product = shelf(8_125_400_700_005, "CROISSANT", "Butter croissant", 395, 70);
static TART: Product = shelf(8_125_400_700_011, "TART-LEMON", "Lemon tart", 620, 150);
static SANDWICH: Product = Product {
    taxable: true,
    ..shelf(8_125_400_700_015, "SANDWICH-EGG", "Egg and cress sandwich", 920, 260)
};
static GIFT_CARD: Product =
    Product { gift_card: true, ..shelf(8_125_400_700_030, "GIFT-25", "Gift card 25", 2_500, 0) };

const fn shelf(id: u64, sku: &'static str, title: &'static str, price: i64, grams: u32) -> Product {
    Product { id, sku, title, price, grams, taxable: false, gift_card: false }
}

/// Every case, one per topic.
pub(super) fn all(sender: &Sender) -> Vec<Webhook> {
    let order = order(sender);
    let story = [
        (0, "orders/create"),
        (1, "orders/edited"),
        (2, "orders/paid"),
        (3, "orders/updated"),
        (4, "refunds/create"),
        (5, "orders/cancelled"),
    ];
    let of_order = story.iter().filter_map(|(step, topic)| {
        let at = order.steps.get(*step)?.at;
        Some((*topic, at, order_webhook_body(sender, &order, *step, topic)))
    });
    (1_u64..)
        .zip(of_order.chain(of_customer(sender)).chain(of_shop(sender)))
        .map(|(number, (topic, at, body))| Webhook {
            topic,
            id: format!("0b9e6f52-7c1d-4e8a-9f30-{number:012}"),
            triggered_at: at.checked_add(jiff::SignedDuration::from_micros(482_913)).unwrap_or(at),
            body: body.to_string(),
        })
        .collect()
}

/// A moment of November 2026 by the shop's clock.
fn at(sender: &Sender, day: i8, hour: i8, minute: i8) -> Timestamp {
    let local = DateTime::new(2026, 11, day, hour, minute, 0, 0);
    let local = local.and_then(|local| local.to_zoned(sender.zone.clone()));
    local.map_or(Timestamp::UNIX_EPOCH, |local| local.timestamp())
}

fn customer(sender: &Sender) -> Customer {
    Customer {
        id: CUSTOMER,
        first_name: "Imogen",
        last_name: "Vale",
        email: Some("imogen.vale@example.com".to_owned()),
        phone: Some("+18455550142".to_owned()),
        created_at: at(sender, 9, 18, 20),
        updated_at: at(sender, 9, 18, 20),
    }
}

fn line(index: u64, product: &'static Product, quantity: i64) -> Line {
    let full = product.price.saturating_mul(quantity);
    let discount = if product.gift_card { 0 } else { percent_of(full, 10_000) };
    Line { id: ORDER.saturating_add(index), product, quantity, discount }
}

/// Ordered for pick-up, the tarts taken off before it was paid, paid at the counter,
/// one croissant burnt; then the rest came back too.
fn order(sender: &Sender) -> Order {
    let customer = customer(sender);
    let (loaves, croissants) = (line(1_001, &LOAF, 2), line(1_002, &CROISSANT, 6));
    let (sandwiches, card) = (line(1_003, &SANDWICH, 2), line(1_004, &GIFT_CARD, 1));
    let tarts = line(1_005, &TART, 4);
    let burnt = Line { quantity: 1, discount: 40, ..croissants.clone() };
    let good = Line { quantity: 5, discount: 197, ..croissants.clone() };
    let refund = |index: u64, lines: Vec<&Line>, moved: bool, note| {
        let id = ORDER.saturating_add(index);
        let lines = lines.into_iter().map(|line| RefundLine { line: line.clone() }).collect();
        let mut refund = Refund { id, lines, shipping: 0, payment: None, note };
        refund.payment = moved.then(|| (id.saturating_add(500), refund.gross()));
        refund
    };
    let taken_off = refund(2_001, vec![&tarts], false, "");
    let one = refund(2_002, vec![&burnt], true, "one was burnt");
    let rest = refund(2_003, vec![&loaves, &good, &sandwiches, &card], true, "called off");
    let edit = ORDER.saturating_add(3_001);
    let steps = [
        (at(sender, 17, 7, 41), Change::Placed { paid: false }),
        (at(sender, 17, 9, 5), Change::Removed { edit, refund: taken_off }),
        (at(sender, 18, 8, 2), Change::Paid),
        (at(sender, 18, 8, 9), Change::Fulfilled),
        (at(sender, 18, 16, 30), Change::Refunded(one)),
        (at(sender, 19, 10, 15), Change::Cancelled { refund: Some(rest) }),
    ];
    Order {
        id: ORDER,
        number: 1_482,
        channel: Channel::Web,
        currency: "USD",
        test: false,
        buyer: Buyer {
            email: customer.email.clone(),
            phone: customer.phone.clone(),
            customer: Some(customer),
        },
        lines: vec![loaves, croissants, sandwiches, card, tarts],
        discount_code: Some("NEIGHBOR10"),
        shipping: 0,
        tip: 0,
        steps: steps.map(|(at, change)| Step { at, change }).into(),
    }
}

fn of_customer(sender: &Sender) -> Vec<(&'static str, Timestamp, Value)> {
    let created = customer(sender);
    let moved = at(sender, 12, 20, 3);
    let updated =
        Customer { phone: Some("+18455550178".to_owned()), updated_at: moved, ..created.clone() };
    let (email, phone) = (created.email.clone(), created.phone.clone());
    let person = json!({ "id": CUSTOMER, "email": email, "phone": phone });
    let asked = |extra: (&str, Value)| {
        let mut body =
            json!({ "shop_id": SHOP_ID, "shop_domain": sender.domain, "customer": person });
        if let Value::Object(fields) = &mut body {
            fields.insert(extra.0.to_owned(), extra.1);
        }
        body
    };
    let mut data_request = asked(("orders_requested", json!([ORDER])));
    if let Value::Object(fields) = &mut data_request {
        fields.insert("data_request".to_owned(), json!({ "id": 907_112_004 }));
    }
    let consent = consent_body(sender, &created, true, at(sender, 9, 18, 22));
    let merge = json!({
        "admin_graphql_api_customer_deleted_id": format!("gid://shopify/Customer/{}", CUSTOMER - 1_000),
        "admin_graphql_api_customer_kept_id": format!("gid://shopify/Customer/{CUSTOMER}"),
        "admin_graphql_api_job_id": null,
        "errors": [],
        "status": "success",
    });
    vec![
        (CUSTOMER_CREATED, created.created_at, customer_body(sender, &created)),
        ("customers/update", moved, customer_body(sender, &updated)),
        (CONSENT, at(sender, 9, 18, 22), consent),
        ("customers/merge", at(sender, 13, 11, 48), merge),
        ("customers/data_request", at(sender, 20, 9, 0), data_request),
        ("customers/redact", at(sender, 21, 9, 0), asked(("orders_to_redact", json!([ORDER])))),
    ]
}

fn of_shop(sender: &Sender) -> Vec<(&'static str, Timestamp, Value)> {
    let redact = json!({ "shop_id": SHOP_ID, "shop_domain": sender.domain });
    vec![
        ("app/uninstalled", at(sender, 19, 17, 55), shop(sender)),
        ("shop/redact", at(sender, 21, 18, 0), redact),
    ]
}

/// The Shop resource.
fn shop(sender: &Sender) -> Value {
    let mut shop = about_the_shop(sender);
    if let (Value::Object(fields), Value::Object(more)) = (&mut shop, settings_of_the_shop()) {
        fields.extend(more);
    }
    shop
}

fn about_the_shop(sender: &Sender) -> Value {
    json!({
        "id": SHOP_ID,
        "address1": "3 Mill Lane",
        "address2": null,
        "city": "Kingston",
        "country": "US",
        "country_code": "US",
        "country_name": "United States",
        "created_at": "2021-04-06T08:00:00-04:00",
        "customer_email": "hello@example.com",
        "domain": "corner-bakery.example.com",
        "email": "owner@example.com",
        "latitude": null,
        "longitude": null,
        "myshopify_domain": sender.domain,
        "name": "Corner Bakery",
        "phone": "+18455550100",
        "province": "New York",
        "province_code": "NY",
        "shop_owner": "Hugo Larch",
        "source": null,
        "updated_at": "2026-11-19T17:55:00-05:00",
        "zip": "12401",
    })
}

fn settings_of_the_shop() -> Value {
    json!({
        "auto_configure_tax_inclusivity": null,
        "checkout_api_supported": true,
        "county_taxes": true,
        "currency": "USD",
        "eligible_for_payments": true,
        "enabled_presentment_currencies": ["USD"],
        "finances": true,
        "google_apps_domain": null,
        "google_apps_login_enabled": null,
        "has_discounts": true,
        "has_gift_cards": true,
        "has_storefront": true,
        "iana_timezone": "America/New_York",
        "marketing_sms_consent_enabled_at_checkout": false,
        "money_format": "${{amount}}",
        "money_in_emails_format": "${{amount}}",
        "money_with_currency_format": "${{amount}} USD",
        "money_with_currency_in_emails_format": "${{amount}} USD",
        "multi_location_enabled": false,
        "password_enabled": false,
        "plan_display_name": "Basic",
        "plan_name": "basic",
        "pre_launch_enabled": false,
        "primary_locale": "en",
        "primary_location_id": 88_400_132_017_u64,
        "requires_extra_payments_agreement": false,
        "setup_required": false,
        "tax_shipping": null,
        "taxes_included": false,
        "timezone": "(GMT-05:00) America/New_York",
        "transactional_sms_disabled": false,
        "weight_unit": "lb",
    })
}
